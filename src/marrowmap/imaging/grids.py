"""Bring arrays onto other grids: turn to a standard orientation, make union grids, resample.

Everything here is geometry; no signal is judged. Arrays are [slice, row, column], millimetres are LPS.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid, Plane

Array = npt.NDArray[np.generic]
FloatArray = npt.NDArray[np.float64]

#: Unit directions (LPS) of slice, row and column in our standard orientation of each plane.
#: Coronal: front to back, head to feet, patient's right to left. Axial: feet to head, front to back, right to
#: left. Sagittal: right to left, head to feet, front to back.
STANDARD_DIRECTIONS: dict[Plane, FloatArray] = {
    Plane.CORONAL: np.array([[0, 1, 0], [0, 0, -1], [1, 0, 0]], dtype=float),
    Plane.AXIAL: np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], dtype=float),
    Plane.SAGITTAL: np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=float),
}

ALIGNED_TOLERANCE = 0.02
"""Voxels; two grids nearer than this are treated as the same grid (no interpolation)."""


def standard_orientation(array: Array, grid: Grid, plane: Plane) -> tuple[Array, Grid]:
    """Turn and flip, without interpolation, so that the axes run as in ``STANDARD_DIRECTIONS[plane]``.

    Returns a view of ``array`` and the grid that belongs to it; an oblique grid stays oblique and is only
    brought nearest to the standard.
    """
    affine = grid.affine[:3, :3] / np.array(grid.spacing)
    likeness = STANDARD_DIRECTIONS[plane] @ affine  # [standard axis, array axis]
    order = best_permutation(np.abs(likeness))
    flips = [bool(likeness[i, axis] < 0) for i, axis in enumerate(order)]
    turned = np.transpose(array, order)
    new = np.array(grid.affine)
    new[:3, :3] = grid.affine[:3, :3][:, order]
    shape = tuple(grid.shape[axis] for axis in order)
    for i, flip in enumerate(flips):
        if flip:
            new[:3, 3] += new[:3, i] * (shape[i] - 1)
            new[:3, i] *= -1
            turned = np.flip(turned, axis=i)
    return turned, Grid((shape[0], shape[1], shape[2]), new)


def best_permutation(likeness: FloatArray) -> tuple[int, int, int]:
    """Column chosen for each row of a 3 x 3 table so that the sum is largest."""
    best = max(itertools.permutations(range(3)), key=lambda p: sum(likeness[i, p[i]] for i in range(3)))
    return best[0], best[1], best[2]


def is_upright(grid: Grid, plane: Plane, tolerance: float = ALIGNED_TOLERANCE) -> bool:
    """Whether the grid's axes run exactly as the standard ones: a drift under ``tolerance`` voxel corner to corner."""
    ideal = STANDARD_DIRECTIONS[plane].T * np.array(grid.spacing)
    drift = np.abs(grid.affine[:3, :3] - ideal) @ np.array(grid.shape)
    return bool(np.all(drift <= tolerance * min(grid.spacing) * 2))


def union_grid(plane: Plane, reference: Grid, others: Sequence[Grid], only_z: Sequence[Grid] = ()) -> Grid:
    """Smallest upright grid with the reference's spacing and phase that cuts nothing of ``others`` off.

    only_z: grids for which the head-foot extent alone is guaranteed.
    """
    directions = STANDARD_DIRECTIONS[plane]
    spacing = np.array(reference.spacing)
    origin = np.array(reference.affine[:3, 3])
    low = np.zeros(3, dtype=int)
    high = np.zeros(3, dtype=int)

    def reach(grid: Grid, axes: tuple[int, ...]) -> None:
        # corners of voxel edges, brought half a target voxel inwards: the outer centres that are needed
        steps = directions @ (edge_corners(grid) - origin).T / spacing[:, None]
        for axis in axes:
            low[axis] = min(low[axis], int(np.floor(steps[axis].min() + 0.5 + ALIGNED_TOLERANCE)))
            high[axis] = max(high[axis], int(np.ceil(steps[axis].max() - 0.5 - ALIGNED_TOLERANCE)))

    for grid in (reference, *others):
        reach(grid, (0, 1, 2))
    z_axis = int(np.argmax(np.abs(directions[:, 2])))
    for grid in only_z:
        reach(grid, (z_axis,))
    affine = np.eye(4)
    affine[:3, :3] = directions.T * spacing
    affine[:3, 3] = origin + affine[:3, :3] @ low
    shape = high - low + 1
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def edge_corners(grid: Grid) -> FloatArray:
    """The eight outer corners of the outer voxels (edges, not centres), shape (8, 3), LPS millimetres."""
    ends = np.array([[s, r, c] for s in (0, 1) for r in (0, 1) for c in (0, 1)], dtype=float)
    places = ends * np.array(grid.shape) - 0.5
    return places @ grid.affine[:3, :3].T + grid.affine[:3, 3]


@dataclass(frozen=True)
class Axis1D:
    """How one axis of the target is read from one axis of the source.

    start, stop: target voxels whose centres the source covers (half a voxel around its outer centres).
    places: source positions, in source voxels, of those target voxels. step: source voxels per target voxel.
    """

    start: int
    stop: int
    places: FloatArray
    step: float

    @property
    def whole(self) -> int | None:
        """First source voxel when positions are whole numbers one apart; None when interpolation is needed."""
        if abs(self.step - 1) * max(len(self.places), 1) > 2 * ALIGNED_TOLERANCE:
            return None
        first = self.places[0] if len(self.places) else 0.0
        return round(first) if abs(first - round(first)) <= ALIGNED_TOLERANCE else None


def axis_map(n_source: int, n_target: int, offset: float, step: float) -> Axis1D:
    """Map of one axis: target voxel t reads source position ``offset + step * t`` (step > 0)."""
    slack = 1e-3
    start = max(0, int(np.ceil((-0.5 - slack - offset) / step)))
    stop = min(n_target, int(np.floor((n_source - 0.5 + slack - offset) / step)) + 1)
    stop = max(stop, start)
    return Axis1D(start, stop, offset + step * np.arange(start, stop), step)


def upright_axes(source: Grid, target: Grid) -> tuple[Axis1D, Axis1D, Axis1D]:
    """Axis maps between two grids whose axes run in the same directions."""
    offset = np.linalg.solve(source.affine[:3, :3], target.affine[:3, 3] - source.affine[:3, 3])
    steps = np.array(target.spacing) / np.array(source.spacing)
    a, b, c = (axis_map(source.shape[i], target.shape[i], offset[i], steps[i]) for i in range(3))
    return a, b, c


def read_axis(array: Array, axis: int, how: Axis1D) -> Array:
    """Read one axis as ``how`` says: a view for whole steps, else linear interpolation (float32).

    Where the target is coarser than the source the linear kernel is widened to the target's spacing, so that
    signal is averaged instead of picked.
    """
    whole = how.whole
    n = len(how.places)
    if whole is not None:
        first = min(max(whole, 0), array.shape[axis] - n)
        index = [slice(None)] * array.ndim
        index[axis] = slice(first, first + n)
        return array[tuple(index)]
    if how.step > 1.05:
        weights = widened_weights(array.shape[axis], how)
        moved = np.tensordot(weights, array.astype(np.float32, copy=False), axes=(1, axis))
        return np.ascontiguousarray(np.moveaxis(moved, 0, axis))
    places = np.clip(how.places, 0, array.shape[axis] - 1)
    below = np.minimum(places.astype(int), max(array.shape[axis] - 2, 0))
    above = np.minimum(below + 1, array.shape[axis] - 1)
    share = (places - below).astype(np.float32)
    shape = [1] * array.ndim
    shape[axis] = n
    share = share.reshape(shape)
    array = array.astype(np.float32, copy=False)
    low = np.take(array, below, axis=axis)
    high = np.take(array, above, axis=axis)
    high -= low
    high *= share
    low += high
    return low


def widened_weights(n_source: int, how: Axis1D) -> npt.NDArray[np.float32]:
    """Weights (target, source) of a triangle as wide as the target's spacing; each row sums to one."""
    distance = np.abs(how.places[:, None] - np.arange(n_source)[None, :]) / how.step
    weights = np.clip(1 - distance, 0, None)
    empty = weights.sum(axis=1) == 0
    if empty.any():
        nearest = np.clip(np.round(how.places[empty]), 0, n_source - 1).astype(int)
        weights[np.flatnonzero(empty), nearest] = 1
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class Placed:
    """A station brought onto a target grid.

    box: the slices (slice, row, column) of the target it fills. array: signal there, shape of the box.
    valid: bool array of that shape where the station really measured; None means the whole box.
    interpolated: False when voxels were only copied.
    """

    box: tuple[slice, slice, slice]
    array: Array
    valid: npt.NDArray[np.bool_] | None
    interpolated: bool

    @property
    def rows(self) -> tuple[int, int]:
        """First and one-past-last row of the target that the station fills."""
        return self.box[1].start, self.box[1].stop


def place(array: Array, grid: Grid, target: Grid, plane: Plane) -> Placed | None:
    """Bring ``array`` onto ``target`` (upright, in ``plane``); None when they do not meet."""
    turned, own = standard_orientation(array, grid, plane)
    if is_upright(own, plane):
        maps = upright_axes(own, target)
        if any(m.stop <= m.start for m in maps):
            return None
        box = (slice(maps[0].start, maps[0].stop), slice(maps[1].start, maps[1].stop),
               slice(maps[2].start, maps[2].stop))  # fmt: skip
        # coarsening axes first: they make the array smaller before the others make it larger
        for axis in sorted(range(3), key=lambda i: -maps[i].step):
            turned = read_axis(turned, axis, maps[axis])
        return Placed(box, turned, None, any(m.whole is None for m in maps))
    return place_tilted(turned, own, target)


def place_tilted(array: Array, grid: Grid, target: Grid) -> Placed | None:
    """Trilinear resampling for a station turned against the target."""
    to_source = np.linalg.inv(grid.affine) @ target.affine
    corners = edge_corners(grid)
    inside = (corners - target.affine[:3, 3]) @ np.linalg.inv(target.affine[:3, :3]).T
    low = np.maximum(np.floor(inside.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(inside.max(axis=0)).astype(int) + 1, target.shape)
    if np.any(high <= low):
        return None
    matrix = to_source[:3, :3]
    offset = to_source[:3, 3] + matrix @ low
    shape = tuple(int(n) for n in high - low)
    out = np.empty(shape, dtype=np.float32)
    ndimage.affine_transform(
        array.astype(np.float32, copy=False), matrix, offset, shape, output=out, order=1, mode="nearest"
    )
    steps = [np.arange(n) for n in shape]
    valid = np.ones(shape, dtype=bool)
    for axis in range(3):
        place_along = (
            offset[axis]
            + matrix[axis, 0] * steps[0][:, None, None]
            + matrix[axis, 1] * steps[1][None, :, None]
            + matrix[axis, 2] * steps[2][None, None, :]
        )
        valid &= (place_along >= -0.501) & (place_along <= grid.shape[axis] - 0.499)
    box = (
        slice(int(low[0]), int(high[0])),
        slice(int(low[1]), int(high[1])),
        slice(int(low[2]), int(high[2])),
    )
    return Placed(box, out, valid, True)


def resample(array: Array, grid: Grid, target: Grid) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Any array onto any grid, trilinear; returns (float32 signal, covered). Signal is 0 where not covered."""
    out = np.zeros(target.shape, dtype=np.float32)
    covered = np.zeros(target.shape, dtype=bool)
    for plane in (Plane.CORONAL, Plane.AXIAL, Plane.SAGITTAL):
        if is_upright(target, plane):
            placed = place(array, grid, target, plane)
            break
    else:
        placed = place_tilted(array, grid, target)
    if placed is None:
        return out, covered
    out[placed.box] = placed.array
    covered[placed.box] = True if placed.valid is None else placed.valid
    out[~covered] = 0
    return out, covered


def labels_onto(labels: npt.NDArray[Any], grid: Grid, target: Grid) -> npt.NDArray[np.uint16]:
    """Nearest-neighbour transfer of whole numbers between any two grids; 0 outside the source."""
    out = np.zeros(target.shape, dtype=np.uint16)
    matrix = np.linalg.inv(grid.affine) @ target.affine
    rows, columns = np.meshgrid(np.arange(target.shape[1]), np.arange(target.shape[2]), indexing="ij")
    for s in range(target.shape[0]):
        at = [
            np.round(matrix[k, 0] * s + matrix[k, 1] * rows + matrix[k, 2] * columns + matrix[k, 3]).astype(
                int
            )
            for k in range(3)
        ]
        inside = np.ones(rows.shape, dtype=bool)
        for k in range(3):
            inside &= (at[k] >= 0) & (at[k] < grid.shape[k])
        out[s][inside] = labels[at[0][inside], at[1][inside], at[2][inside]]
    return out
