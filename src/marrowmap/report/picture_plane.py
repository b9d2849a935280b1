"""Volumes turned the way a radiologist looks at them, with orientation letters worked out from the affine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid, Plane, PointMm, Voxel
from marrowmap.core.volume import Volume

_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
"""Letter of the positive and the negative direction of LPS x, y, z."""

OBLIQUE_SHARE = 0.34
"""A second letter is given when a direction leans this much (cosine) to another axis: 20 degrees (ours)."""


@dataclass(frozen=True)
class Letters:
    """What lies at each edge of a picture: patient directions such as "R", "A" or "HA"."""

    left: str
    right: str
    top: str
    bottom: str


def direction_letters(direction: npt.ArrayLike) -> str:
    """Patient direction of an LPS vector, main axis first: (0, 0, 1) is "H"."""
    d = np.asarray(direction, dtype=np.float64)
    d = d / np.linalg.norm(d)
    order = np.argsort(-np.abs(d))
    text = ""
    for axis in order[:2]:
        if text and abs(d[axis]) < OBLIQUE_SHARE:
            break
        text += _LETTERS[axis][0 if d[axis] > 0 else 1]
    return text


def letters_of(grid: Grid) -> Letters:
    """Letters at the edges of the [row, column] pictures of a grid."""
    rows, columns = grid.affine[:3, 1], grid.affine[:3, 2]
    return Letters(
        direction_letters(-columns),
        direction_letters(columns),
        direction_letters(-rows),
        direction_letters(rows),
    )


_SCREEN = {
    # plane: (LPS direction that shall point right, LPS direction that shall point down)
    Plane.CORONAL: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    Plane.AXIAL: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    Plane.SAGITTAL: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}


def turned(volume: Volume) -> Volume:
    """The volume in radiological order: coronal and axial with the patient's right on the left, head or front
    on top; sagittal with the front on the left. Array and affine move together; oblique stacks stay as stored.
    """
    wanted = _SCREEN.get(volume.grid.plane)
    if wanted is None:
        return volume
    array, affine, covered = volume.array, np.array(volume.grid.affine), volume.covered
    right, down = np.array(wanted[0]), np.array(wanted[1])
    if abs(affine[:3, 1] @ right) / np.linalg.norm(affine[:3, 1]) > abs(
        affine[:3, 2] @ right
    ) / np.linalg.norm(affine[:3, 2]):
        array = array.swapaxes(1, 2)
        covered = None if covered is None else covered.swapaxes(1, 2)
        affine[:, [1, 2]] = affine[:, [2, 1]]
    for axis, direction in ((1, down), (2, right)):
        if affine[:3, axis] @ direction < 0:
            array = np.flip(array, axis)
            covered = None if covered is None else np.flip(covered, axis)
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
    return Volume(
        array,
        Grid(array.shape, affine),
        volume.contrast,
        covered=covered,
        b_value=volume.b_value,
        notes=volume.notes,
    )


def slice_labels(
    labels: npt.NDArray[np.integer], grid: Grid, onto: Grid, index: int
) -> npt.NDArray[np.integer]:
    """Label values at the pixel centres of slice ``index`` of ``onto`` (nearest voxel, 0 outside)."""
    rows, columns = np.meshgrid(np.arange(onto.shape[1]), np.arange(onto.shape[2]), indexing="ij")
    step = np.linalg.solve(grid.affine[:3, :3], onto.affine[:3, :3])
    start = np.linalg.solve(grid.affine[:3, :3], onto.affine[:3, 3] - grid.affine[:3, 3])
    out = np.zeros(rows.shape, dtype=labels.dtype)
    place = [start[i] + step[i, 0] * index + step[i, 1] * rows + step[i, 2] * columns for i in range(3)]
    nearest = [np.rint(p).astype(np.int64) for p in place]
    inside = np.ones(rows.shape, dtype=bool)
    for p, n in zip(nearest, grid.shape, strict=True):
        inside &= (p >= 0) & (p < n)
    out[inside] = labels[nearest[0][inside], nearest[1][inside], nearest[2][inside]]
    return out


def slice_of(grid: Grid, point: PointMm) -> int | None:
    """Slice whose slab holds ``point``; None when the point lies outside the grid."""
    return round(grid.to_voxel(point).slice) if grid.contains(point) else None


def pixel_of(grid: Grid, point: PointMm) -> tuple[float, float]:
    """(row, column) of a point, continuous."""
    v: Voxel = grid.to_voxel(point)
    return v.row, v.column
