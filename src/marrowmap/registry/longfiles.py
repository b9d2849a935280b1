"""The long files: one CSV or Parquet file a table, as documented in ``docs/reference/import-format.md``."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from marrowmap.errors import InputError, MissingExtra, OutputExists
from marrowmap.registry.fields import TABLES, fields_of
from marrowmap.registry.problems import ImportRefused, Problem
from marrowmap.registry.values import write_cell

OTHER_UNITS: Mapping[tuple[str, str], tuple[str, float]] = {
    ("visits", "crp_mg_per_dl"): ("crp_mg_per_l", 10.0),
    ("visits", "crp_upper_mg_per_dl"): ("crp_upper_mg_per_l", 10.0),
    ("visits", "haemoglobin_g_per_l"): ("haemoglobin_g_per_dl", 0.1),
}
"""Columns accepted in another unit, for a whole file at a time: column -> stored variable and factor."""

_LARGEST_FILE = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as text, with the file and line it stands in."""

    source: str
    line: int
    cells: dict[str, str]


def read_long_files(folder: Path) -> dict[str, list[RawRow]]:
    """Rows of every table that has a file ``TABLE.csv`` or ``TABLE.parquet`` in the folder.

    Raises InputError when the folder holds none, and ImportRefused for a file that cannot be read as such:
    broken encoding, unknown or doubled columns, rows of another length.
    """
    if not folder.is_dir():
        raise InputError(str(folder), "is no folder", "Give the folder that holds patients.csv")
    found: dict[str, list[RawRow]] = {}
    problems: list[Problem] = []
    for table in TABLES:
        for path in (folder / f"{table}.csv", folder / f"{table}.parquet"):
            if not path.exists():
                continue
            try:
                if table in found:
                    problems.append(
                        Problem(path.name, 0, "", f"{table} is there twice", "Keep one of the files")
                    )
                else:
                    found[table] = (
                        _read_csv(path, table) if path.suffix == ".csv" else _read_parquet(path, table)
                    )
            except ImportRefused as refused:
                found.setdefault(table, [])
                problems.extend(refused.problems)
    if problems:
        raise ImportRefused(problems)
    if not found:
        names = ", ".join(f"{t}.csv" for t in TABLES)
        raise InputError(str(folder), "holds no table", f"Accepted: {names}, or the same as .parquet")
    return found


def _read_csv(path: Path, table: str) -> list[RawRow]:
    if path.stat().st_size > _LARGEST_FILE:
        raise ImportRefused([Problem(path.name, 0, "", "is larger than 512 MiB", "Use Parquet, or split it")])
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        why = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise ImportRefused([Problem(path.name, line, "", why, "Save the file as UTF-8")]) from None
    if "\x00" in text:
        raise ImportRefused([Problem(path.name, 0, "", "holds zero bytes", "Save the file as UTF-8 CSV")])
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[RawRow] = []
    problems: list[Problem] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(path.name, table, header)
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) != len(header):
                why = f"has {len(cells)} cells, the header has {len(header)}"
                problems.append(Problem(path.name, reader.line_num, "", why, "Quote cells that hold commas"))
                continue
            rows.append(RawRow(path.name, reader.line_num, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        problems.append(Problem(path.name, reader.line_num, "", f"is no proper CSV: {error}"))
    if problems:
        raise ImportRefused(problems)
    return _one_unit(table, rows)


def _check_header(source: str, table: str, header: list[str]) -> None:
    known = set(fields_of(table)) | {column for t, column in OTHER_UNITS if t == table}
    problems = []
    if not header:
        problems.append(Problem(source, 0, "", "is empty", "The first line names the columns"))
    for name in dict.fromkeys(header):
        if name not in known:
            if len(header) == 1 and ";" in name:
                problems.append(
                    Problem(source, 1, "", "is separated by semicolons", "Separate cells by commas")
                )
            else:
                problems.append(Problem(source, 1, name, "is no column of this table", "Remove or rename it"))
        elif header.count(name) > 1:
            problems.append(Problem(source, 1, name, "stands twice in the header", "Keep one"))
    for variable in fields_of(table).values():
        if variable.required and header and variable.name not in header:
            problems.append(Problem(source, 1, variable.name, "is missing", "This column is needed"))
    if problems:
        raise ImportRefused(problems)


def _one_unit(table: str, rows: list[RawRow]) -> list[RawRow]:
    """Turn columns in another unit into the stored one; a file may use one unit of a variable only."""
    problems: list[Problem] = []
    for (name, other), (stored, factor) in OTHER_UNITS.items():
        if name != table:
            continue
        in_other = [r for r in rows if r.cells.get(other, "").strip()]
        in_stored = [r for r in rows if r.cells.get(stored, "").strip()]
        if in_other and in_stored:
            why = f"units are mixed: {len(in_stored)} row(s) use {stored}, {len(in_other)} row(s) use {other}"
            problems.append(
                Problem(in_other[0].source, in_other[0].line, other, why, "Use one unit in a file")
            )
            continue
        for row in rows:
            text = row.cells.pop(other, "").strip()
            if text:
                row.cells[stored] = _converted(text, factor)
    if problems:
        raise ImportRefused(problems)
    return rows


def _converted(text: str, factor: float) -> str:
    try:
        # twelve figures: 1.2 mg/dL must become 12 mg/L, not 11.999999999999998
        return f"{float(text) * factor:.12g}"
    except ValueError:
        return text


def _read_parquet(path: Path, table: str) -> list[RawRow]:
    pa, pq = _pyarrow("read")
    try:
        content = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise ImportRefused([Problem(path.name, 0, "", f"is no Parquet file: {error}")]) from None
    _check_header(path.name, table, content.column_names)
    rows = [
        RawRow(path.name, number, {k: _cell_text(v) for k, v in record.items()})
        for number, record in enumerate(content.to_pylist(), start=2)
    ]
    return _one_unit(table, rows)


def _cell_text(value: Any) -> str:
    if isinstance(value, datetime):
        value = value.date()
    return (
        write_cell(value)
        if value is None or isinstance(value, bool | int | float | str | date)
        else str(value)
    )


def write_long_files(folder: Path, tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Path]:
    """Write one CSV a table into an empty or new folder; the folder appears only when it is complete.

    Raises OutputExists when the folder holds anything.
    """
    with new_folder(folder) as fresh:
        for table, rows in tables.items():
            (fresh / f"{table}.csv").write_text(csv_text(table, rows), encoding="utf-8", newline="")
    return [folder / f"{t}.csv" for t in tables]


def write_parquet_files(folder: Path, tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Path]:
    """The same as Parquet, with types: numbers, true or false, days. Raises OutputExists, MissingExtra."""
    pa, pq = _pyarrow("write")
    kinds = {"float": pa.float64(), "int": pa.int64(), "bool": pa.bool_(), "date": pa.date32()}
    with new_folder(folder) as fresh:
        for table, rows in tables.items():
            known = fields_of(table)
            schema = pa.schema([(n, kinds.get(v.kind, pa.string())) for n, v in known.items()])
            records = [{n: row.get(n) for n in known} for row in rows]
            pq.write_table(pa.Table.from_pylist(records, schema), fresh / f"{table}.parquet")
    return [folder / f"{t}.parquet" for t in tables]


def _pyarrow(what: str) -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra(
            "pyarrow", f"is needed to {what} Parquet", "pip install 'marrowmap[cohort]'"
        ) from None
    return pa, pq


def csv_text(table: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """A table as CSV with all its columns."""
    names = list(fields_of(table))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([write_cell(row.get(n)) for n in names] for row in rows)
    return out.getvalue()


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder beside ``folder`` to write into, renamed to it at the end; removed when something fails.

    Raises OutputExists when ``folder`` holds anything.
    """
    import shutil
    import tempfile

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExists(str(folder), "is there already and not empty", "Choose a new folder")
    if not folder.parent.is_dir():
        raise InputError(str(folder.parent), "does not exist", "Make the folder first")
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield fresh
        if folder.exists():
            folder.rmdir()
        fresh.chmod(0o755)
        os.replace(fresh, folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
