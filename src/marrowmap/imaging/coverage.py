"""How far the images reach along the body, judged from the silhouette alone, without labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.exam import BodyRegion, Stack
from marrowmap.core.geometry import Plane
from marrowmap.core.protocol import CoronalReach
from marrowmap.core.volume import Volume
from marrowmap.imaging.body import coarse_body_mask

AIR_MARGIN_MM = 5.0
"""The last millimetres of the field by which its end is judged (ours)."""

END_SHARE = 0.12
INSIDE_MM = 60.0
"""An end of the body lies inside the field when the section over the last AIR_MARGIN_MM is less than END_SHARE of
the section INSIDE_MM further in: air, a last trace of scalp or toe, or a fold-over, but no cut head or foot (ours).
A head cut 10 mm under its vertex has a share near 0.25."""

MIN_ROW_AREA_CM2 = 1.5
"""Less body than this in one row counts as none (ours)."""

LONG_ENOUGH_MM = 400.0
"""A coronal row shorter than this is never called head to feet, whatever its ends show (ours)."""

#: Share of the length from sole (0) to vertex (1) at which each region lies: (low, high), children of 3 to 17
#: years, engineering estimates.
REGION_SHARES: dict[BodyRegion, tuple[float, float]] = {
    BodyRegion.FEET: (0.0, 0.08),
    BodyRegion.LOWER_LEGS: (0.08, 0.24),
    BodyRegion.KNEES: (0.24, 0.31),
    BodyRegion.THIGHS: (0.31, 0.47),
    BodyRegion.PELVIS: (0.47, 0.60),
    BodyRegion.ABDOMEN: (0.60, 0.70),
    BodyRegion.CHEST: (0.70, 0.82),
    BodyRegion.HEAD_NECK: (0.82, 1.0),
}
SPINE_SHARES = (0.60, 0.85)
"""A whole spine on sagittal images reaches at least over these shares of the length (ours): L5 to C3."""


@dataclass(frozen=True)
class Silhouette:
    """z of the lowest and highest body row seen (LPS mm), whether those are its true ends, and its middle x."""

    reach: CoronalReach
    low_z: float
    high_z: float
    middle_x: float

    @property
    def whole(self) -> bool:
        """Whether the child is seen from vertex to toes, so that shares of its length mean something."""
        return bool(self.reach.vertex and self.reach.soles)

    def z_of(self, share: float) -> float:
        """LPS z at a share of the length from the sole end (0) to the vertex (1)."""
        return self.low_z + share * (self.high_z - self.low_z)


def covered_z(volume: Volume) -> tuple[float, float]:
    """Lowest and highest LPS z that was measured (voxel edges), millimetres."""
    low, high = volume.grid.extent_mm()
    if volume.covered is None or volume.covered.all():
        return float(low.z), float(high.z)
    places = [
        np.flatnonzero(volume.covered.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)
    ]
    if any(not p.size for p in places):
        return low.z, low.z
    ends = np.array([[p[0] - 0.5, p[-1] + 0.5] for p in places])
    corners = [volume.grid.affine @ (ends[0][i], ends[1][j], ends[2][k], 1.0)
               for i in (0, 1) for j in (0, 1) for k in (0, 1)]  # fmt: skip
    zs = [float(c[2]) for c in corners]
    return min(zs), max(zs)


def silhouette(volume: Volume, *others: Volume) -> Silhouette | None:
    """Ends of the body on a coronal volume; None when it is not coronal or shows no body.

    others: further contrasts on the same grid that help to see the skin. Only places that ``volume`` itself
    covers count.
    """
    if volume.grid.plane is not Plane.CORONAL or np.any(np.abs(volume.grid.affine[2, (0, 2)]) > 0.1):
        return None
    mask, steps = coarse_body_mask(volume, *others)
    rows_mm = volume.grid.spacing[1] * steps[1]
    cell_cm2 = volume.grid.spacing[0] * volume.grid.spacing[2] * steps[2] / 100.0
    covered_rows = rows_covered(volume)[:: steps[1]][: mask.shape[1]]
    area = mask.sum(axis=(0, 2)) * cell_cm2
    area[~covered_rows] = 0
    body = np.flatnonzero(area >= MIN_ROW_AREA_CM2)
    if not body.size:
        return None
    seen = np.flatnonzero(covered_rows)
    row_z = lambda row: float(volume.grid.affine[2, 3] + volume.grid.affine[2, 1] * row * steps[1])  # noqa: E731
    margin = max(1, round(AIR_MARGIN_MM / rows_mm))
    long_enough = (seen[-1] - seen[0] + 1) * rows_mm >= LONG_ENOUGH_MM
    inside = max(margin + 1, round(INSIDE_MM / rows_mm))
    vertex = bool(long_enough and ends_inside(area[seen[0] : seen[-1] + 1], margin, inside))
    soles = bool(long_enough and ends_inside(area[seen[0] : seen[-1] + 1][::-1], margin, inside))
    gaps = tuple((row_z(b), row_z(a)) for a, b in runs(~covered_rows) if a > seen[0] and b < seen[-1])
    columns = np.flatnonzero(mask.any(axis=(0, 1)))
    x_of = volume.grid.affine[0, 3] + volume.grid.affine[0, 2] * columns.mean() * steps[2]
    reach = CoronalReach(vertex, soles, covered_z(volume), gaps, sides_cut(volume, mask, steps, row_z))
    return Silhouette(reach, row_z(body[-1]), row_z(body[0]), float(x_of))


def ends_inside(area: npt.NDArray[np.float64], margin: int, inside: int) -> bool:
    """Whether the body ends before the first row of ``area`` (its section row by row)."""
    first = int(np.argmax(area >= MIN_ROW_AREA_CM2))
    further = float(area[first + inside : first + inside + 3].mean()) if first + inside < len(area) else 0.0
    return float(area[:margin].mean()) < END_SHARE * further


def rows_covered(volume: Volume) -> npt.NDArray[np.bool_]:
    """Rows in which anything was measured."""
    if volume.covered is None:
        return np.ones(volume.grid.shape[1], dtype=bool)
    return volume.covered.any(axis=(0, 2))


def runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, one past last) of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def sides_cut(volume: Volume, mask, steps, row_z) -> tuple[tuple[float, float], ...]:
    """z ranges over which the body reaches the left or right edge of what was measured."""
    middle = mask.shape[0] // 2
    if volume.covered is None:
        seen = np.ones(mask.shape[1:], dtype=bool)
    else:
        seen = volume.covered[:, :: steps[1], :: steps[2]].any(axis=0)[: mask.shape[1], : mask.shape[2]]
    flat = mask.any(axis=0) if middle >= 0 else mask[0]
    touching = np.zeros(mask.shape[1], dtype=bool)
    for row in range(mask.shape[1]):
        columns = np.flatnonzero(seen[row])
        if columns.size:
            touching[row] = flat[row, columns[0]] or flat[row, columns[-1]]
    least = max(2, round(15.0 / (volume.grid.spacing[1] * steps[1])))
    return tuple((row_z(b - 1), row_z(a)) for a, b in runs(touching) if b - a >= least)


def regions_of(stack: Stack, body: Silhouette | None) -> frozenset[BodyRegion]:
    """What a stack shows: as its header says, else from its place along a body seen from vertex to toes.

    Sagittal stacks near the midline that span 150 mm or more of the trunk show the spine.
    """
    if stack.body_region not in (BodyRegion.UNKNOWN, BodyRegion.WHOLE_BODY):
        return frozenset({stack.body_region})
    if body is None or not body.whole:
        return frozenset()
    low, high = stack.grid.extent_mm()
    found = set()
    for region, (start, stop) in REGION_SHARES.items():
        a, b = body.z_of(start), body.z_of(stop)
        if min(b, high.z) - max(a, low.z) >= 0.5 * (b - a):
            found.add(region)
    trunk = min(high.z, body.z_of(0.9)) - max(low.z, body.z_of(0.5))
    if stack.plane is Plane.SAGITTAL and trunk >= 150 and low.x - 20 <= body.middle_x <= high.x + 20:
        found.add(BodyRegion.SPINE)
    return frozenset(found)


def sides_of(stack: Stack, body: Silhouette | None) -> frozenset[str]:
    """Sides of the body that a stack shows at least 30 mm of; patient's left is +x."""
    low, high = stack.grid.extent_mm()
    middle = body.middle_x if body is not None else 0.0
    sides = set()
    if high.x - middle >= 30:
        sides.add("L")
    if middle - low.x >= 30:
        sides.add("R")
    return frozenset(sides)
