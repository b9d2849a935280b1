"""Solid shapes given by formulas, and the part of a grid each of them can reach.

All lengths are millimetres in LPS. A distance is negative inside; it is exact for rods and approximate (right
sign, right size near the surface) for drums, profiles and ellipsoids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid

F32 = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]


def unit(v: Sequence[float] | Vector) -> Vector:
    """The vector ``v`` with length 1."""
    v = np.asarray(v, dtype=np.float64)
    return v / np.linalg.norm(v)


def frame_of(axis: Vector, wide: Sequence[float] = (1.0, 0.0, 0.0)) -> tuple[Vector, Vector, Vector]:
    """Right-angled directions (along the axis, wide, deep); ``wide`` is made perpendicular to the axis."""
    w = unit(axis)
    u = np.asarray(wide, dtype=np.float64)
    u = u - w * (u @ w)
    if np.linalg.norm(u) < 1e-6:
        u = np.array([0.0, 1.0, 0.0]) - w * w[1]
    u = unit(u)
    return w, u, np.cross(w, u)


@dataclass(frozen=True)
class Window:
    """The block of a grid around a shape: index slices and the millimetre coordinates of its voxels.

    x, y, z broadcast against each other to the shape of the block; on axis-aligned grids each of them is a
    thin array, which makes the formulas cheap.
    """

    index: tuple[slice, slice, slice]
    x: F32
    y: F32
    z: F32

    def dot(self, v: Vector, origin: Vector) -> F32:
        """(point - origin) . v for every voxel."""
        return (
            (self.x - np.float32(origin[0])) * np.float32(v[0])
            + (self.y - np.float32(origin[1])) * np.float32(v[1])
            + (self.z - np.float32(origin[2])) * np.float32(v[2])
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels along each axis of the block."""
        return tuple(s.stop - s.start for s in self.index)


def window(grid: Grid, low: Vector, high: Vector) -> Window | None:
    """The block of ``grid`` that a box from ``low`` to ``high`` touches; None when they do not meet."""
    inverse = np.linalg.inv(grid.affine)
    corners = np.array(
        [[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    )
    places = corners @ inverse[:3, :3].T + inverse[:3, 3]
    start = np.maximum(np.floor(places.min(axis=0)).astype(int), 0)
    stop = np.minimum(np.ceil(places.max(axis=0)).astype(int) + 1, grid.shape)
    if np.any(start >= stop):
        return None
    index = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    ranges = [np.arange(a, b, dtype=np.float64) for a, b in zip(start, stop, strict=True)]
    lines = [ranges[0][:, None, None], ranges[1][None, :, None], ranges[2][None, None, :]]
    coordinates = []
    for axis in range(3):
        value: npt.NDArray[np.float64] = np.full((1, 1, 1), grid.affine[axis, 3])
        for step, line in zip(grid.affine[axis, :3], lines, strict=True):
            if abs(step) > 1e-9:
                value = value + step * line
        coordinates.append(value.astype(np.float32))
    return Window(index, *coordinates)  # type: ignore[arg-type]


class Shape(Protocol):
    """Anything with a box around it and a signed distance."""

    def box(self) -> tuple[Vector, Vector]:
        """Smallest and largest coordinates."""
        ...

    def distance(self, w: Window) -> F32:
        """Signed distance in millimetres, negative inside; shape of the window."""
        ...


@dataclass(frozen=True)
class Rod:
    """A chain of rounded rods whose radius changes linearly from point to point.

    points: (n, 3). radii: n. squash: factor on the y extent of the cross-section (below 1: flat).
    """

    points: Vector
    radii: Vector

    def box(self) -> tuple[Vector, Vector]:
        """Smallest and largest coordinates."""
        r = float(np.max(self.radii))
        return self.points.min(axis=0) - r, self.points.max(axis=0) + r

    def distance(self, w: Window) -> F32:
        """Signed distance, exact."""
        return self.distance_and_place(w)[0]

    def distance_and_place(self, w: Window) -> tuple[F32, F32]:
        """Signed distance and the place along the chain, 0 at its first point and 1 at its last."""
        lengths = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        total = float(lengths.sum())
        best: F32 | None = None
        place: F32 | None = None
        done = 0.0
        for a, b, ra, rb, length in zip(
            self.points[:-1], self.points[1:], self.radii[:-1], self.radii[1:], lengths, strict=True
        ):
            ab = b - a
            h = np.clip(w.dot(ab, a) / np.float32(length**2 + 1e-9), 0, 1)
            dx = w.x - np.float32(a[0]) - h * np.float32(ab[0])
            dy = w.y - np.float32(a[1]) - h * np.float32(ab[1])
            dz = w.z - np.float32(a[2]) - h * np.float32(ab[2])
            d = np.sqrt(dx * dx + dy * dy + dz * dz) - (np.float32(ra) + h * np.float32(rb - ra))
            t = (np.float32(done) + h * np.float32(length)) / np.float32(total)
            if best is None or place is None:
                best, place = d, t
            else:
                place = np.where(d < best, t, place)
                best = np.minimum(best, d)
            done += float(length)
        assert best is not None
        assert place is not None
        return best, place


@dataclass(frozen=True)
class Profile:
    """A solid around the straight line a to b with elliptic sections given at places t from 0 to 1.

    wide_mm, deep_mm: half widths at each t along ``wide`` and across it. The ends are flat unless the widths
    run out to nearly nothing.
    """

    a: Vector
    b: Vector
    t: Sequence[float]
    wide_mm: Sequence[float]
    deep_mm: Sequence[float]
    wide: Sequence[float] = (1.0, 0.0, 0.0)

    def box(self) -> tuple[Vector, Vector]:
        """Smallest and largest coordinates."""
        r = max(*self.wide_mm, *self.deep_mm)
        return np.minimum(self.a, self.b) - r, np.maximum(self.a, self.b) + r

    def distance(self, w: Window) -> F32:
        """Signed distance, approximate."""
        axis, u, v = frame_of(self.b - self.a, self.wide)
        length = float(np.linalg.norm(self.b - self.a))
        h = w.dot(axis, self.a)
        fine = np.linspace(0, 1, 129)
        step = np.clip(h * np.float32(128 / length), 0, 128).astype(np.int16)
        p = w.dot(u, self.a)
        q = w.dot(v, self.a)
        rp = np.interp(fine, self.t, self.wide_mm).astype(np.float32)[step]
        rq = np.interp(fine, self.t, self.deep_mm).astype(np.float32)[step]
        radial = (np.sqrt((p / rp) ** 2 + (q / rq) ** 2) - 1) * np.minimum(rp, rq)
        return np.maximum(radial, np.maximum(-h, h - np.float32(length)))


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid; ``turn`` holds its three axes as rows (default: the patient's axes)."""

    centre: Vector
    radii: Sequence[float]
    turn: Vector = field(default_factory=lambda: np.eye(3))

    def box(self) -> tuple[Vector, Vector]:
        """Smallest and largest coordinates."""
        half = np.sqrt(((self.turn * np.asarray(self.radii)[:, None]) ** 2).sum(axis=0))
        return self.centre - half, self.centre + half

    def distance(self, w: Window) -> F32:
        """Signed distance, approximate."""
        total: F32 | None = None
        for axis, r in zip(self.turn, self.radii, strict=True):
            part = (w.dot(axis, self.centre) / np.float32(r)) ** 2
            total = part if total is None else total + part
        assert total is not None
        return (np.sqrt(total) - 1) * np.float32(min(self.radii))


def union_distance(shapes: Sequence[Shape], w: Window) -> F32:
    """Signed distance to the union of ``shapes``."""
    best = shapes[0].distance(w)
    for shape in shapes[1:]:
        best = np.minimum(best, shape.distance(w))
    return np.broadcast_to(best, w.shape)


def box_of(shapes: Sequence[Shape], margin: float = 0.0) -> tuple[Vector, Vector]:
    """Smallest box around ``shapes``, widened by ``margin``."""
    boxes = [s.box() for s in shapes]
    return np.min([b[0] for b in boxes], axis=0) - margin, np.max([b[1] for b in boxes], axis=0) + margin
