"""Where two stations meet: what was found there and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Seam:
    """The meeting of two neighbouring stations of one contrast.

    contrast: key of the composed volume, such as "STIR" or "DWI_b800". upper, lower: stack ids.
    overlap_mm: shared length along LPS z; negative means a gap of that width.
    shift_mm: displacement along z at which the two agree best, 0 when the positions are right; None when
        the overlap holds too little to tell. Said, and applied only where ``note`` says so.
    step_before, step_after: natural log of the median signal ratio lower/upper inside the overlap, before
        and after intensity matching; None when there is no overlap.
    """

    contrast: str
    upper: str
    lower: str
    overlap_mm: float
    shift_mm: float | None
    step_before: float | None
    step_after: float | None
    note: str = ""
