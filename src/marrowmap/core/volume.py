"""An array of signal together with where it lies and what it shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid


class Contrast(StrEnum):
    """What an image shows, as decided from its acquisition values."""

    STIR = "STIR"
    T1 = "T1"
    T2 = "T2"
    T2FS = "T2FS"
    DIXON_WATER = "DIXON_WATER"
    DIXON_FAT = "DIXON_FAT"
    PD = "PD"
    DWI = "DWI"
    ADC = "ADC"
    LOCALIZER = "LOCALIZER"
    OTHER = "OTHER"

    @property
    def is_fluid_sensitive(self) -> bool:
        """Whether marrow oedema shows bright on it: STIR, fat-suppressed T2 or Dixon water."""
        return self in (Contrast.STIR, Contrast.T2FS, Contrast.DIXON_WATER)


@dataclass(frozen=True)
class Volume:
    """One contrast on one grid.

    array: shape ``grid.shape``, indexed [slice, row, column]; arbitrary signal units, but ADC in 1e-6 mm2/s.
    covered: bool array of the same shape, True where the scanner measured; None means everywhere.
        A voxel that is not covered holds 0 and must never be read as "dark".
    station: int16 array of shape (rows,) or the full shape: index of the station a voxel came from, -1 where
        none; None when the volume was not composed. Signal ratios use muscle of the same station.
    b_value: s/mm2 for DWI; None otherwise.
    """

    array: npt.NDArray[Any]
    grid: Grid
    contrast: Contrast
    covered: npt.NDArray[np.bool_] | None = None
    station: npt.NDArray[np.int16] | None = None
    b_value: float | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.array.shape != self.grid.shape:
            raise ValueError(f"array must have the grid's shape {self.grid.shape}, got {self.array.shape}")
        if self.covered is not None and self.covered.shape != self.grid.shape:
            raise ValueError(
                f"covered must have the grid's shape {self.grid.shape}, got {self.covered.shape}"
            )
