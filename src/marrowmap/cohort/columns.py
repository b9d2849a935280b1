"""Columns of a frozen extract as numpy arrays, with missing values kept apart.

bool: int8 with 1, 0 and -1 for "not assessed". int and float: float64 with NaN. choice, site and place:
:class:`Codes`. patient: int32 row number in ``patients``. Days are int-valued float64, counted from day 0 of
the child.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.errors import InputError, MissingExtra

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Codes:
    """Words stored as numbers. codes: [row], -1 where empty; words: by code."""

    codes: npt.NDArray[np.integer]
    words: tuple[str, ...]

    def is_(self, word: str) -> npt.NDArray[np.bool_]:
        """Rows that hold this word."""
        if word not in self.words:
            return np.zeros(len(self.codes), bool)
        return np.asarray(self.codes == self.words.index(word))

    def in_(self, words: frozenset[str]) -> npt.NDArray[np.bool_]:
        """Rows that hold one of these words."""
        wanted = np.array([w in words for w in self.words] + [False])
        return np.asarray(wanted[self.codes])

    def counts(self, rows: npt.NDArray[np.bool_] | None = None) -> dict[str, int]:
        """How often each word stands in these rows; empty cells are left out."""
        codes = self.codes if rows is None else self.codes[rows]
        found = np.bincount(codes + 1, minlength=len(self.words) + 1)[1:]
        return {w: int(n) for w, n in zip(self.words, found, strict=True)}

    def texts(self) -> list[str]:
        """The words row by row; "" where empty."""
        return ["" if c < 0 else self.words[c] for c in self.codes]

    @classmethod
    def of(cls, values: list[str | None]) -> Codes:
        """Codes of a list of words."""
        words = tuple(sorted({v for v in values if v}))
        index = {w: n for n, w in enumerate(words)}
        return cls(np.array([index.get(v or "", -1) for v in values], np.int32), words)


class ParquetTable:
    """One table of an extract; each column is read from the file when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _file(self) -> Any:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise MissingExtra(
                "pyarrow", "is needed to read an extract", "pip install 'marrowmap[cohort]'"
            ) from None
        try:
            words = [f.name for f in pq.read_schema(self.path) if pa.types.is_dictionary(f.type)]
            return pq.ParquetFile(self.path, read_dictionary=words, memory_map=True)
        except (pa.ArrowException, OSError) as error:
            raise InputError(str(self.path), f"is no Parquet file: {error}") from None

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self._file.schema_arrow.names)

    def read(self, names: list[str]) -> dict[str, Array | Codes]:
        """Several columns in one pass."""
        content = self._file.read(columns=names, use_threads=True)
        return {n: _array(content.column(n)) for n in names}


class MemoryTable:
    """One table of an extract that was made in memory."""

    def __init__(self, columns: dict[str, Array | Codes], length: int) -> None:
        self._columns, self._length = columns, length

    def __len__(self) -> int:
        return self._length

    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    def read(self, names: list[str]) -> dict[str, Array | Codes]:
        """Several columns."""
        return {n: self._columns[n] for n in names}


def _array(column: Any) -> Array | Codes:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        joined = column.unify_dictionaries().combine_chunks()
        if isinstance(joined, pa.ChunkedArray):
            joined = joined.chunk(0) if joined.num_chunks else pa.array([], kind)
        codes = joined.indices if joined.null_count == 0 else pc.fill_null(joined.indices, -1)
        return Codes(codes.to_numpy(zero_copy_only=False), tuple(joined.dictionary.to_pylist()))
    if pa.types.is_boolean(kind):
        return _tri_state(column)
    if pa.types.is_floating(kind):
        return np.asarray(column.to_numpy(), float)
    if column.null_count == 0:
        return np.asarray(column.to_numpy())
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(), float)


def _tri_state(column: Any) -> npt.NDArray[np.int8]:
    """Arrow keeps values and validity as bits; unpacking both is several times faster than casting."""
    parts = [_unpacked(chunk) for chunk in column.chunks]
    return np.concatenate(parts) if len(parts) != 1 else parts[0]


def _unpacked(chunk: Any) -> npt.NDArray[np.int8]:
    validity, values = chunk.buffers()
    bits = _bits(values, chunk.offset, len(chunk)).view(np.int8)
    if validity is None or chunk.null_count == 0:
        return bits
    known = _bits(validity, chunk.offset, len(chunk)).view(np.int8)
    # known 1: the value; known 0: -1
    return bits * known + (known - 1)


def _bits(buffer: Any, offset: int, length: int) -> npt.NDArray[np.uint8]:
    if length == 0:
        return np.zeros(0, np.uint8)
    first = offset // 8
    raw = np.frombuffer(buffer, np.uint8)[first : (offset + length + 7) // 8]
    start = offset - 8 * first
    return np.unpackbits(raw, bitorder="little")[start : start + length]
