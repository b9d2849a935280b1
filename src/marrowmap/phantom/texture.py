"""Smooth random fields fixed in the patient, so that every acquisition sees the same texture."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid

LATTICE = 48


class Field:
    """Random values on a repeating lattice, interpolated linearly: mean 0, standard deviation near 0.6.

    cell_mm: size of one lattice cell along x, y and z; the field repeats after 48 cells.
    """

    def __init__(self, seed: int | list[int], cell_mm: tuple[float, float, float]) -> None:
        self._seed = seed
        self.cell_mm = cell_mm

    @cached_property
    def _lattice(self) -> npt.NDArray[np.float32]:
        return np.random.default_rng(self._seed).normal(0, 1, (LATTICE,) * 3).astype(np.float32)

    def on(self, grid: Grid) -> npt.NDArray[np.float32]:
        """The field on ``grid``; float32 of the grid's shape."""
        step = grid.affine[:3, :3] / np.array(self.cell_mm)[:, None]
        start = (grid.affine[:3, 3] / np.array(self.cell_mm)) % LATTICE
        return ndimage.affine_transform(
            self._lattice, step, start, output_shape=grid.shape, output=np.float32, order=1, mode="grid-wrap"
        )

    def at(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """The field at ``points`` (n, 3) in LPS millimetres; float32 (n). The same values as ``on`` gives there."""
        places = (points / np.array(self.cell_mm)).T
        return ndimage.map_coordinates(self._lattice, places, output=np.float32, order=1, mode="grid-wrap")


def points_of(grid: Grid, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Millimetre places (n, 3) of the voxels in ``mask``."""
    return np.argwhere(mask) @ grid.affine[:3, :3].T + grid.affine[:3, 3]


def crop(grid: Grid, index: tuple[slice, slice, slice]) -> Grid:
    """The grid of the block ``index`` of ``grid``."""
    affine = grid.affine.copy()
    start = np.array([s.start for s in index])
    affine[:3, 3] = grid.affine[:3, :3] @ start + grid.affine[:3, 3]
    return Grid(
        (index[0].stop - index[0].start, index[1].stop - index[1].start, index[2].stop - index[2].start),
        affine,
    )


def block_around(
    grid: Grid, centre: npt.NDArray[np.float64], half_mm: npt.NDArray[np.float64] | float
) -> tuple[slice, slice, slice] | None:
    """Index slices of the block within ``half_mm`` of ``centre`` (LPS); None when it misses the grid."""
    half = np.broadcast_to(np.asarray(half_mm, dtype=np.float64), 3)
    inverse = np.linalg.inv(grid.affine)
    middle = inverse[:3, :3] @ centre + inverse[:3, 3]
    reach = np.abs(inverse[:3, :3]) @ half
    start = np.maximum(np.floor(middle - reach).astype(int), 0)
    stop = np.minimum(np.ceil(middle + reach).astype(int) + 1, grid.shape)
    if np.any(start >= stop):
        return None
    return tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))  # type: ignore[return-value]


def places(grid: Grid) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """x, y, z in millimetres of every voxel, as arrays that broadcast to the grid's shape."""
    lines = np.ogrid[tuple(slice(0, n) for n in grid.shape)]
    found = []
    for axis in range(3):
        value = np.full((1, 1, 1), grid.affine[axis, 3])
        for step, line in zip(grid.affine[axis, :3], lines, strict=True):
            if abs(step) > 1e-9:
                value = value + step * line
        found.append(value.astype(np.float32))
    return found[0], found[1], found[2]
