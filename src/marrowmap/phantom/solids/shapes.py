"""Solid shapes given by formulas, and the part of a grid each of them can reach.

All lengths are millimetres in LPS. A distance is negative inside; it is exact for rods and approximate (right
sign, right size near the surface) for everything else.
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
FAR = 60.0
"""Distance in millimetres that stands for "not near"."""


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
    grid: Grid

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

    def part(self, low: Vector, high: Vector) -> tuple[tuple[slice, ...], Window] | None:
        """The smaller block that a box touches, and where it lies in this one; None when they do not meet."""
        inner = window(self.grid, low, high)
        if inner is None:
            return None
        own = [
            slice(max(a.start, b.start), min(a.stop, b.stop))
            for a, b in zip(self.index, inner.index, strict=True)
        ]
        if any(cut.start >= cut.stop for cut in own):
            return None
        local = tuple(
            slice(cut.start - a.start, cut.stop - a.start) for cut, a in zip(own, self.index, strict=True)
        )
        lines = [
            line[tuple(cut if size > 1 else slice(None) for cut, size in zip(local, line.shape, strict=True))]
            for line in (self.x, self.y, self.z)
        ]
        return local, Window((own[0], own[1], own[2]), *lines, self.grid)


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
    return Window((index[0], index[1], index[2]), *coordinates, grid)


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
class Band:
    """A chain of flat rods: at every point half a width along ``wide`` and half a thickness across it.

    points: (n, 3). wide_mm, thin_mm: n. wide: one direction for all, or (n, 3), one for each point.
    """

    points: Vector
    wide_mm: Sequence[float]
    thin_mm: Sequence[float]
    wide: Vector

    def box(self) -> tuple[Vector, Vector]:
        """Smallest and largest coordinates."""
        r = max(*self.wide_mm, *self.thin_mm)
        return self.points.min(axis=0) - r, self.points.max(axis=0) + r

    def distance(self, w: Window) -> F32:
        """Signed distance, approximate."""
        return self.distance_and_place(w)[0]

    def distance_and_place(self, w: Window) -> tuple[F32, F32]:
        """Signed distance and the place along the chain, 0 at its first point and 1 at its last."""
        best = np.full(w.shape, FAR, dtype=np.float32)
        place = np.zeros(w.shape, dtype=np.float32)
        lengths = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        done = np.concatenate([[0.0], np.cumsum(lengths)]) / lengths.sum()
        wide = np.broadcast_to(self.wide, self.points.shape)
        for i, length in enumerate(lengths):
            a, b = self.points[i], self.points[i + 1]
            reach = 1.5 + max(*self.wide_mm[i : i + 2], *self.thin_mm[i : i + 2])
            found = w.part(np.minimum(a, b) - reach, np.maximum(a, b) + reach)
            if found is None or length < 1e-6:
                continue
            local, near = found
            axis, u, v = frame_of(b - a, wide[i] + wide[i + 1])
            t = near.dot(axis, a) / np.float32(length)
            h = np.clip(t, 0, 1)
            p, q = near.dot(u, a), near.dot(v, a)
            rp = np.float32(self.wide_mm[i]) + h * np.float32(self.wide_mm[i + 1] - self.wide_mm[i])
            rq = np.float32(self.thin_mm[i]) + h * np.float32(self.thin_mm[i + 1] - self.thin_mm[i])
            small = np.minimum(rp, rq)
            past = (t - h) * np.float32(length) / small
            d = (np.sqrt((p / rp) ** 2 + (q / rq) ** 2 + past * past) - 1) * small
            block = best[local]
            closer = d < block
            np.copyto(
                place[local], np.float32(done[i]) + h * np.float32(length / lengths.sum()), where=closer
            )
            np.copyto(block, d, where=closer)
        return best, place


@dataclass(frozen=True)
class Profile:
    """A solid around the line a to b with oval sections given at places t from 0 to 1.

    wide_mm, deep_mm: half widths at each t along ``wide`` and across it. off_wide_mm, off_deep_mm: how far
    the middle of each section lies off the straight line. power: 2 for ellipses, more for squarer sections.
    three: amount by which the section has three corners, one of them along ``wide`` (negative: against it).
    The ends are flat unless the widths run out to nearly nothing.
    """

    a: Vector
    b: Vector
    t: Sequence[float]
    wide_mm: Sequence[float]
    deep_mm: Sequence[float]
    wide: Sequence[float] | Vector = (1.0, 0.0, 0.0)
    off_wide_mm: Sequence[float] = ()
    off_deep_mm: Sequence[float] = ()
    power: float = 2.0
    three: float = 0.0

    def box(self) -> tuple[Vector, Vector]:
        """Smallest and largest coordinates."""
        _axis, u, v = frame_of(self.b - self.a, self.wide)
        n = len(self.t)
        off_u, off_v = np.array(self.off_wide_mm or [0.0] * n), np.array(self.off_deep_mm or [0.0] * n)
        middle = self.a + np.outer(self.t, self.b - self.a) + np.outer(off_u, u) + np.outer(off_v, v)
        grow = 1 + abs(self.three)
        half = grow * (np.outer(self.wide_mm, np.abs(u)) + np.outer(self.deep_mm, np.abs(v)))
        ends = np.array([self.a, self.b])
        low = np.minimum((middle - half).min(axis=0), ends.min(axis=0))
        return low, np.maximum((middle + half).max(axis=0), ends.max(axis=0))

    def distance(self, w: Window) -> F32:
        """Signed distance, approximate."""
        axis, u, v = frame_of(self.b - self.a, self.wide)
        length = float(np.linalg.norm(self.b - self.a))
        h = w.dot(axis, self.a)
        fine = np.linspace(0, 1, 193)
        step = np.clip(h * np.float32(192 / length), 0, 192).astype(np.int16)

        def at(values: Sequence[float]) -> F32:
            return np.interp(fine, self.t, values).astype(np.float32)[step]

        p, q = w.dot(u, self.a), w.dot(v, self.a)
        if self.off_wide_mm:
            p = p - at(self.off_wide_mm)
        if self.off_deep_mm:
            q = q - at(self.off_deep_mm)
        rp, rq = at(self.wide_mm), at(self.deep_mm)
        p, q = p / rp, q / rq
        if self.power != 2.0:
            n = np.float32(self.power)
            rho = (np.abs(p) ** n + np.abs(q) ** n) ** (1 / n)
        else:
            rho = np.sqrt(p * p + q * q)
        if self.three:
            c = p / np.maximum(rho, np.float32(1e-3))
            rho = rho / (1 + np.float32(self.three) * (4 * c * c - 3) * c)
        radial = (rho - 1) * np.minimum(rp, rq)
        return np.maximum(radial, np.maximum(-h, h - np.float32(length)))


@dataclass(frozen=True)
class Cut:
    """The part of ``shape`` on the inner side of planes: (point, normal that points out of what stays)."""

    shape: Shape
    planes: Sequence[tuple[Vector, Vector]]

    def box(self) -> tuple[Vector, Vector]:
        """Smallest and largest coordinates, of the whole shape."""
        return self.shape.box()

    def distance(self, w: Window) -> F32:
        """Signed distance, approximate."""
        best = self.shape.distance(w)
        for point, normal in self.planes:
            best = np.maximum(best, w.dot(unit(normal), point))
        return best


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


def union_distance(shapes: Sequence[Shape], w: Window, blend_mm: float = 0.0) -> F32:
    """Signed distance to the union of ``shapes``, right near their surfaces and ``FAR`` far outside.

    blend_mm: width over which shapes flow into each other instead of meeting in a crease.
    """
    best = np.full(w.shape, FAR, dtype=np.float32)
    margin = 1.0 + blend_mm
    for shape in shapes:
        low, high = shape.box()
        found = w.part(low - margin, high + margin)
        if found is None:
            continue
        local, near = found
        d = shape.distance(near)
        block = best[local]
        if blend_mm > 0:
            k = np.float32(blend_mm)
            closer = np.clip(0.5 + 0.5 * (block - d) / k, 0, 1)
            block[...] = block + (d - block) * closer - k * closer * (1 - closer)
        else:
            np.minimum(block, d, out=block)
    return best


def curve(points: Sequence[Sequence[float]] | Vector, n: int) -> Vector:
    """``n`` places on a smooth line (Catmull-Rom) through ``points``, evenly spaced in its parameter."""
    p = np.asarray(points, dtype=np.float64)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, len(p) - 3 - 1e-9, n)
    i = t.astype(int)
    f = (t - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    return 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)


def box_of(shapes: Sequence[Shape], margin: float = 0.0) -> tuple[Vector, Vector]:
    """Smallest box around ``shapes``, widened by ``margin``."""
    boxes = [s.box() for s in shapes]
    return np.min([b[0] for b in boxes], axis=0) - margin, np.max([b[1] for b in boxes], axis=0) + margin
