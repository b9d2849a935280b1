"""A grid being painted: boxes of world space as slices of the arrays, with their coordinates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid
from marrowmap.phantom.anatomy.shapes import Coordinates, Field
from marrowmap.phantom.body import Tissue

Box = tuple[slice, slice, slice]


class Canvas:
    """The maps of one grid while they are filled."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.matrix = grid.affine[:3, :3]
        self.offset = grid.affine[:3, 3]
        self.inverse = np.linalg.inv(self.matrix)
        self.aligned = bool((np.abs(self.matrix) > 1e-9).sum() == 3)
        self.inside = np.zeros(grid.shape, bool)
        self.tissue = np.zeros(grid.shape, np.uint8)
        self.site = np.zeros(grid.shape, np.uint8)
        self.part = np.zeros(grid.shape, np.uint8)
        self.along = np.full(grid.shape, np.nan, np.float16)
        self.to_physis = np.full(grid.shape, np.nan, np.float16)

    def box(self, low: Sequence[float], high: Sequence[float]) -> Box | None:
        """Slices that hold a world box; None when it lies outside the grid."""
        ends = np.array(
            [
                [(low, high)[i][0], (low, high)[j][1], (low, high)[k][2]]
                for i in (0, 1)
                for j in (0, 1)
                for k in (0, 1)
            ]
        )
        index = (ends - self.offset) @ self.inverse.T
        first = np.maximum(np.ceil(index.min(0) - 1e-6).astype(int), 0)
        last = np.minimum(np.floor(index.max(0) + 1e-6).astype(int) + 1, self.grid.shape)
        if (last <= first).any():
            return None
        return tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))  # type: ignore[return-value]

    def coordinates(self, box: Box) -> Coordinates:
        """World coordinates in a box; broadcastable axes when the grid is aligned with the body."""
        axes = [np.arange(s.start, s.stop, dtype=np.float64) for s in box]
        out = []
        for k in range(3):
            total: npt.NDArray[np.float64] = np.full((1, 1, 1), self.offset[k])
            for j in range(3):
                if abs(self.matrix[k, j]) > 1e-9:
                    shape = [1, 1, 1]
                    shape[j] = -1
                    total = total + (self.matrix[k, j] * axes[j]).reshape(shape)
            out.append(total.astype(np.float32))
        return out[0], out[1], out[2]

    def points(self, box: Box, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """World points (n, 3) of the voxels of a box where ``where`` holds."""
        index = np.argwhere(where) + [s.start for s in box]
        return index @ self.matrix.T + self.offset

    def sample(
        self, box: Box, values: npt.NDArray, matrix: npt.NDArray, offset: npt.NDArray, outside: float
    ) -> Field:
        """Values of a lattice at the voxels of a box; lattice index = matrix @ world + offset."""
        start = np.array([s.start for s in box], float)
        shape = tuple(s.stop - s.start for s in box)
        m = matrix @ self.matrix
        o = matrix @ (self.matrix @ start + self.offset) + offset
        order = [int(np.argmax(np.abs(m[:, j]))) for j in range(3)]
        if (np.abs(m) > 1e-9).sum() == 3 and len(set(order)) == 3:
            # Axes run along each other: a diagonal matrix takes scipy's much faster road.
            values, o = values.transpose(order), o[order]
            m = np.array([m[order[j], j] for j in range(3)])
        return ndimage.affine_transform(
            values, m, o, output_shape=shape, order=1, mode="constant", cval=outside, output=np.float32
        )

    def fill(self, box: Box, where: npt.NDArray[np.bool_], tissue: Tissue) -> None:
        """Paint a tissue; where it covers bone, the bone is gone."""
        where = np.broadcast_to(where, tuple(s.stop - s.start for s in box))
        self.tissue[box][where] = tissue
        self.site[box][where] = 0
