"""Images in the form the pages want: int16, one file per series, compressed once and not at every request.

``pages/`` in a study folder holds ``series.json`` and per series ``NAME.i16`` (raw, for single slices),
``NAME.i16.zst`` and ``NAME.i16.gz`` (the whole series; browsers accept zstd only on localhost or https),
and for a projection ``NAME.depth`` (uint16: the slice that made each pixel).
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from marrowmap.core.geometry import Grid

FOLDER = "pages"
GREY_PERCENTILE = 99.0
STIR_PERCENTILE = 98.0
"""Share of tissue signal that the starting window shows below white (our choice). On whole-body STIR less:
bladder, bowel and cerebrospinal fluid are far brighter than marrow, which would be left in the dark."""
_FLUID = ("STIR", "T2FS", "DIXON_WATER")
_SAFE = re.compile(r"[A-Za-z0-9_.-]{1,60}")


@dataclass(frozen=True)
class PackedSeries:
    """What the browser needs to know of one series. slope: signal = stored int16 times slope."""

    name: str
    title: str
    kind: str  # "composed", "native" or "mip"
    contrast: str
    plane: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    affine_lps: list[list[float]]
    slope: float
    unit: str
    window: dict[str, float]

    def to_json(self, url: str) -> dict[str, Any]:
        """The form that the pages read (frontend/src/lib/viewer/series.ts)."""
        record = asdict(self)
        grid = {key: record.pop(key) for key in ("shape", "spacing_mm", "affine_lps")}
        return {**record, "grid": grid, "url": url}


class PackWriter:
    """Writes ``pages/`` of one study folder."""

    def __init__(self, study: Path) -> None:
        self._folder = study / FOLDER
        self._folder.mkdir(exist_ok=True)
        self._series: list[PackedSeries] = []

    def add(
        self,
        name: str,
        array: npt.NDArray[Any],
        grid: Grid,
        *,
        title: str,
        kind: str,
        contrast: str,
        unit: str = "",
        depth: npt.NDArray[np.uint16] | None = None,
    ) -> None:
        """Pack one series; array is [slice, row, column], for a projection one slice."""
        if not _SAFE.fullmatch(name):
            raise ValueError(f"a series name has letters, digits, '.', '_' and '-', got {name!r}")
        stored, slope = to_int16(array)
        whole_body_fluid = kind == "composed" and contrast in _FLUID
        share = STIR_PERCENTILE if whole_body_fluid else GREY_PERCENTILE
        raw = np.ascontiguousarray(stored).tobytes()
        (self._folder / f"{name}.i16").write_bytes(raw)
        (self._folder / f"{name}.i16.zst").write_bytes(zstandard.ZstdCompressor(level=3).compress(raw))
        (self._folder / f"{name}.i16.gz").write_bytes(gzip.compress(raw, compresslevel=1, mtime=0))
        if depth is not None:
            (self._folder / f"{name}.depth").write_bytes(depth.astype("<u2").tobytes())
        self._series.append(
            PackedSeries(
                name=name,
                title=title,
                kind=kind,
                contrast=contrast,
                plane=str(grid.plane),
                shape=grid.shape,
                spacing_mm=grid.spacing,
                affine_lps=np.round(grid.affine, 6).tolist(),
                slope=slope,
                unit=unit,
                window={"low": 0.0, "high": _bright(array, share)},
            )
        )

    def finish(self, extras: dict[str, Any]) -> None:
        """Write ``series.json`` last: a study without it has no pages yet."""
        record = {"series": [asdict(s) for s in self._series], **extras}
        text = json.dumps(record, ensure_ascii=False, allow_nan=False)
        (self._folder / "series.json").write_text(text, encoding="utf-8")


class Pack:
    """Reads ``pages/`` of one study folder."""

    def __init__(self, study: Path) -> None:
        self._folder = study / FOLDER
        record = json.loads((self._folder / "series.json").read_text("utf-8"))
        self.series = {raw["name"]: PackedSeries(**raw) for raw in record.pop("series")}
        self.extras: dict[str, Any] = record

    def whole(self, name: str, encoding: str) -> bytes:
        """One whole series, compressed as ``encoding`` ("zstd" or "gzip")."""
        return self._path(name, {"zstd": ".i16.zst", "gzip": ".i16.gz"}[encoding]).read_bytes()

    def slice(self, name: str, index: int) -> bytes:
        """One slice as little-endian int16, row by row. Raises IndexError outside the series."""
        shape = self.series[name].shape
        slices = 1 if self.series[name].kind == "mip" else shape[0]
        if not 0 <= index < slices:
            raise IndexError(f"{name} has slices 0 to {slices - 1}, not {index}")
        length = 2 * shape[1] * shape[2]
        with self._path(name, ".i16").open("rb") as file:
            file.seek(index * length)
            return file.read(length)

    def depth(self, name: str) -> bytes:
        """Which slice made each pixel of a projection, little-endian uint16."""
        return self._path(name, ".depth").read_bytes()

    def _path(self, name: str, ending: str) -> Path:
        return self._folder / f"{self.series[name].name}{ending}"


def to_int16(array: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int16], float]:
    """Signal as int16 and the slope that brings it back; integers that fit stay as they are."""
    if array.dtype == np.bool_ or (np.issubdtype(array.dtype, np.integer) and _fits(array)):
        return array.astype("<i2"), 1.0
    finite = np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0)
    top = float(np.abs(finite).max(initial=0.0))
    slope = top / 32767.0 if top > 32767 or top < 2000 else 1.0
    return np.round(finite / (slope or 1.0)).astype("<i2"), slope or 1.0


def _fits(array: npt.NDArray[Any]) -> bool:
    return array.size == 0 or (int(array.min()) >= -32768 and int(array.max()) <= 32767)


def _bright(array: npt.NDArray[Any], share: float) -> float:
    """Signal shown white at first: a high percentile of what is not air."""
    sample = array.ravel()[:: max(1, array.size // 200_000)]
    sample = sample[sample > 0.05 * float(sample.max(initial=0))]
    return float(np.percentile(sample, share)) if sample.size else 1.0
