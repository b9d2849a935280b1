"""Heights of vertebral bodies, read off the labels.

The label is turned so that axes run as in a coronal stack, in whatever plane it was drawn; nothing is interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.lesion import Measured, MeasuredHeights, VertebralHeights
from marrowmap.core.site import VERTEBRAL_LEVELS, Site, sites_by_id
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.imaging.grids import STANDARD_DIRECTIONS, standard_orientation

OBLIQUE_DEGREES = 10.0
"""A grid whose axes are turned further against the body's measures heights askew and is refused (PROPOSED): at ten
degrees a height reads 1.5 % too large."""
STRIP_MM = 7.0
"""Half the width of the middle columns that heights are read in (ours)."""
ROW_SD = float(np.sqrt(2 / 12))
"""Standard deviation of a height in rows: each of its two ends lies anywhere in its row (PROPOSED)."""


@dataclass(frozen=True)
class _Third:
    """Height of one third of a body in mm and its standard deviation."""

    height: float
    error: float


def vertebral_heights(skeleton: Skeleton, unit: Site) -> VertebralHeights:
    """The numbers of ``measured_heights`` alone."""
    return measured_heights(skeleton, unit).plain


def measured_heights(skeleton: Skeleton, unit: Site) -> MeasuredHeights:
    """Head-foot height of a vertebral body in its front, middle and back third, millimetres.

    Taken from the unit's middle columns, in the first unbroken run of slices from the front (the body, before the
    canal). Uncertainty (PROPOSED): where in a row both ends lie, and the spread over the columns. The reference is the
    mean back height of the neighbouring bodies.
    """
    tilt = _tilt_degrees(skeleton.grid)
    if tilt > OBLIQUE_DEGREES:
        return _none(f"the images are oblique, {tilt:.0f} degrees against the body's axes")
    own = _thirds(skeleton, unit)
    if isinstance(own, str):
        return _none(own)
    names = [f"vertebra_{level.lower()}" for level in VERTEBRAL_LEVELS]
    place = names.index(unit.bone)
    near = [sites_by_id()[names[k]] for k in (place - 1, place + 1) if 0 <= k < len(names)]
    beside = [thirds[2] for n in near if not isinstance(thirds := _thirds(skeleton, n), str)]
    reference = Measured(None, "mm", None, "no neighbouring vertebra could be measured")
    if beside:
        error = float(np.sqrt(sum(t.error**2 for t in beside))) / len(beside)
        reference = Measured(float(np.mean([t.height for t in beside])), "mm", error)
    front, middle, back = (Measured(t.height, "mm", t.error) for t in own)
    return MeasuredHeights(front, middle, back, reference)


def _none(why: str) -> MeasuredHeights:
    missing = Measured(None, "mm", None, why)
    return MeasuredHeights(missing, missing, missing, missing)


def _tilt_degrees(grid: Grid) -> float:
    """Largest angle between an axis of the grid and the body's axis that it follows."""
    _, turned = standard_orientation(np.empty(grid.shape, bool), grid, Plane.CORONAL)
    directions = turned.affine[:3, :3] / np.array(turned.spacing)
    cosines = (STANDARD_DIRECTIONS[Plane.CORONAL] * directions.T).sum(axis=1)
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).max())


def _thirds(skeleton: Skeleton, unit: Site) -> tuple[_Third, _Third, _Third] | str:
    """Front, middle and back third of a vertebral body; why not where it cannot be measured."""
    if skeleton.coverage.get(unit.id) is Coverage.PARTIAL:
        return "the vertebra is only partly in view"
    mask, grid = standard_orientation(skeleton.labels == unit.label, skeleton.grid, Plane.CORONAL)
    rows = np.flatnonzero(mask.any(axis=(0, 2)))
    small = "the label of this vertebra is too small"
    if rows.size < 2:
        return small
    if rows[0] == 0 or rows[-1] == mask.shape[1] - 1:
        return "the vertebra is cut by the edge of the images"
    part = mask[:, rows[0] : rows[-1] + 1]
    columns = np.flatnonzero(part.any(axis=(0, 1)))
    middle = int(np.median(np.repeat(columns, part.sum(axis=(0, 1))[columns])))
    half = max(1, round(STRIP_MM / grid.spacing[2]))
    strip = part[:, :, max(0, middle - half) : middle + half + 1]
    heights = strip.sum(axis=1) * grid.spacing[1]  # of every slice and column
    run = _body(heights.mean(axis=1))
    if run.stop - run.start < 3:
        return small
    front, centre, back = (_third(t, grid.spacing[1]) for t in np.array_split(heights[run], 3))
    return front, centre, back


def _body(profile: npt.NDArray[np.float64]) -> slice:
    """The slices of the body, before the canal, in a vertebra's heights from front to back."""
    filled = profile > 0.35 * profile.max()
    start = int(np.argmax(filled))
    return slice(start, start + int(np.argmin(np.append(filled[start:], False))))


def _third(heights: npt.NDArray[np.float64], row_mm: float) -> _Third:
    across = heights.mean(axis=0)
    return _Third(float(across.mean()), float(np.hypot(ROW_SD * row_mm, across.std())))
