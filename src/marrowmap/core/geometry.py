"""Points and grids in the patient's body.

One frame everywhere: DICOM's patient system **LPS** in millimetres (+x to the patient's left, +y to the
back, +z to the head). Millimetres and voxels are different types and cannot be mixed by accident.

One order of axes everywhere: an array is indexed ``[slice, row, column]``, as a DICOM stack is read.
Source: DICOM PS3.3 C.7.6.2.1.1 (image position and orientation).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

OBLIQUE_LIMIT_DEGREES = 35.0
"""A plane turned further than this from coronal, sagittal and axial alike is called oblique (our choice)."""


class Plane(StrEnum):
    """Orientation of a stack, by the axis its slices advance along."""

    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    AXIAL = "axial"
    OBLIQUE = "oblique"


@dataclass(frozen=True, slots=True)
class PointMm:
    """A place in the patient, LPS millimetres."""

    x: float
    y: float
    z: float

    def __iter__(self) -> Iterator[float]:
        return iter((self.x, self.y, self.z))

    def distance_to(self, other: PointMm) -> float:
        """Length in millimetres of the straight line to ``other``."""
        return float(np.hypot(np.hypot(self.x - other.x, self.y - other.y), self.z - other.z))


@dataclass(frozen=True, slots=True)
class Voxel:
    """A place in an array: continuous (slice, row, column); whole numbers are voxel centres."""

    slice: float
    row: float
    column: float

    def rounded(self) -> tuple[int, int, int]:
        """Nearest whole (slice, row, column)."""
        return round(self.slice), round(self.row), round(self.column)


@dataclass(frozen=True)
class Grid:
    """Where the voxels of an array lie.

    shape: number of (slices, rows, columns).
    affine: 4 x 4; ``affine @ (slice, row, column, 1)`` is the voxel centre in LPS millimetres.
    Raises ValueError when the affine is not 4 x 4, not finite or singular.
    """

    shape: tuple[int, int, int]
    affine: FloatArray

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4):
            raise ValueError(f"affine must have shape (4, 4), got {affine.shape}")
        if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
            raise ValueError("affine must be finite and invertible")
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise ValueError(f"shape must be three positive numbers, got {self.shape}")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grid):
            return NotImplemented
        return self.shape == other.shape and bool(np.allclose(self.affine, other.affine, atol=1e-6))

    def __hash__(self) -> int:
        return hash((self.shape, np.round(self.affine, 5).tobytes()))

    @classmethod
    def coronal(
        cls, shape: tuple[int, int, int], spacing: tuple[float, float, float], origin: PointMm
    ) -> Grid:
        """Coronal grid, slices front to back, rows head to feet, columns right to left.

        spacing: millimetres between (slices, rows, columns). origin: centre of voxel (0, 0, 0): the
        front, head-most, right-most voxel.
        """
        affine = np.eye(4)
        affine[:3, 0] = (0.0, spacing[0], 0.0)
        affine[:3, 1] = (0.0, 0.0, -spacing[1])
        affine[:3, 2] = (spacing[2], 0.0, 0.0)
        affine[:3, 3] = tuple(origin)
        return cls(shape, affine)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres between neighbouring (slices, rows, columns)."""
        ds, dr, dc = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(ds), float(dr), float(dc)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    @property
    def plane(self) -> Plane:
        """Orientation, from the direction in which slices are stacked (the normal of rows and columns)."""
        normal = np.cross(self.affine[:3, 2], self.affine[:3, 1])
        normal = np.abs(normal / np.linalg.norm(normal))
        axis = int(np.argmax(normal))
        if normal[axis] < np.cos(np.deg2rad(OBLIQUE_LIMIT_DEGREES)):
            return Plane.OBLIQUE
        return (Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL)[axis]

    def part(self, box: tuple[slice, slice, slice]) -> Grid:
        """The grid of ``array[box]``; slices have a start and a stop, and no step."""
        affine = np.array(self.affine)
        affine[:3, 3] += affine[:3, :3] @ np.array([s.start for s in box])
        sizes = [s.stop - s.start for s in box]
        return Grid((sizes[0], sizes[1], sizes[2]), affine)

    def to_mm(self, voxel: Voxel) -> PointMm:
        """Centre of ``voxel`` in LPS millimetres."""
        x, y, z = self.affine[:3, :3] @ (voxel.slice, voxel.row, voxel.column) + self.affine[:3, 3]
        return PointMm(float(x), float(y), float(z))

    def to_voxel(self, point: PointMm) -> Voxel:
        """Continuous voxel place of ``point``; may lie outside the array."""
        s, r, c = np.linalg.solve(self.affine[:3, :3], np.array(tuple(point)) - self.affine[:3, 3])
        return Voxel(float(s), float(r), float(c))

    def contains(self, point: PointMm) -> bool:
        """Whether ``point`` falls inside a voxel of the array (half a voxel around the outer centres)."""
        v = self.to_voxel(point)
        places = (v.slice, v.row, v.column)
        return all(-0.5 <= p < n - 0.5 for p, n in zip(places, self.shape, strict=True))

    def corners_mm(self) -> FloatArray:
        """The eight outer voxel centres, shape (8, 3), LPS millimetres."""
        ends = np.array([[s, r, c] for s in (0, 1) for r in (0, 1) for c in (0, 1)], dtype=np.float64)
        corners: FloatArray = ends * (np.array(self.shape) - 1) @ self.affine[:3, :3].T + self.affine[:3, 3]
        return corners

    def extent_mm(self) -> tuple[PointMm, PointMm]:
        """Smallest and largest LPS coordinates reached by voxel *edges* of an axis-aligned grid."""
        half = np.abs(self.affine[:3, :3]).sum(axis=1) / 2
        corners = self.corners_mm()
        return PointMm(*(corners.min(axis=0) - half)), PointMm(*(corners.max(axis=0) + half))

    def aligned_with(self, other: Grid, tolerance: float = 0.02) -> bool:
        """Whether both share directions and spacing, offset by whole voxels within ``tolerance`` voxel."""
        if not np.allclose(self.affine[:3, :3], other.affine[:3, :3], atol=tolerance * min(self.spacing)):
            return False
        offset = np.linalg.solve(self.affine[:3, :3], other.affine[:3, 3] - self.affine[:3, 3])
        return bool(np.all(np.abs(offset - np.round(offset)) <= tolerance))
