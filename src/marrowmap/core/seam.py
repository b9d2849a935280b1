"""Where two stations meet: what was found there and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Seam:
    """Between two neighbouring stations of one contrast, upper one first.

    overlap_mm: shared length along the direction the stations follow one another; negative means a gap.
    shift_mm: displacement of the lower station against its stated position, estimated in the overlap by
        correlation; positive towards the head; None where the overlap does not say.
    intensity_step_before, intensity_step_after: median natural logarithm of the signal ratio upper / lower
        in the overlap, before and after gain matching (0.1 is about 10 %), both measured in columns that the
        gain was not estimated from; None without overlap.
    """

    contrast: str
    upper: str
    lower: str
    overlap_mm: float
    shift_mm: float | None
    intensity_step_before: float | None
    intensity_step_after: float | None
    note: str = ""
