"""A curved plate of bone, such as the iliac wing: an outline, a bent middle surface and a thickness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from marrowmap.phantom.solids.shapes import F32, Vector, Window

STEP_MM = 0.75
EDGE_MM = 14.0


@dataclass(frozen=True)
class Sheet:
    """A plate in the plane of ``turn[0]`` (u) and ``turn[1]`` (v) around ``origin``; lengths in millimetres.

    outline: corners (u, v) in order. bend: (u, v, height along turn[2]) of the middle surface.
    half_mm: (u, v, half thickness). Between the given places both are interpolated by inverse distance.
    """

    origin: Vector
    turn: Vector
    outline: Sequence[tuple[float, float]]
    bend: Sequence[tuple[float, float, float]]
    half_mm: Sequence[tuple[float, float, float]]

    def box(self) -> tuple[Vector, Vector]:
        """Smallest and largest coordinates."""
        thick = max(h for _, _, h in self.half_mm)
        heights = [h for _, _, h in self.bend] + [0.0]
        places = np.array(
            [
                self.origin + u * self.turn[0] + v * self.turn[1] + n * self.turn[2]
                for u, v in self.outline
                for n in (min(heights) - thick, max(heights) + thick)
            ]
        )
        return places.min(axis=0), places.max(axis=0)

    @cached_property
    def _tables(self) -> tuple[Vector, F32, F32, F32]:
        corners = np.array(self.outline, dtype=np.float64)
        start = corners.min(axis=0) - EDGE_MM
        size = np.ceil((corners.max(axis=0) + EDGE_MM - start) / STEP_MM).astype(int)
        u, v = np.meshgrid(*(start[i] + STEP_MM * np.arange(size[i]) for i in (0, 1)), indexing="ij")
        rim = _outline_distance(corners, u, v).astype(np.float32)
        return start, rim, _blend(self.bend, u, v), _blend(self.half_mm, u, v)

    def distance(self, w: Window) -> F32:
        """Signed distance, approximate; the rim is rounded."""
        start, rim, bend, half = self._tables
        u, v, n = (w.dot(axis, self.origin) for axis in self.turn)
        i = np.clip(np.rint((u - np.float32(start[0])) / np.float32(STEP_MM)), 0, rim.shape[0] - 1)
        j = np.clip(np.rint((v - np.float32(start[1])) / np.float32(STEP_MM)), 0, rim.shape[1] - 1)
        cell = i.astype(np.int32) * np.int32(rim.shape[1]) + j.astype(np.int32)
        thick = half.ravel()[cell]
        edge = rim.ravel()[cell] + thick
        flat = np.abs(n - bend.ravel()[cell])
        outside = np.sqrt(np.maximum(edge, 0) ** 2 + flat**2) - thick
        return np.where(edge > 0, outside, flat - thick)


def _outline_distance(corners: Vector, u: Vector, v: Vector) -> Vector:
    """Signed distance to a polygon, negative inside."""
    best = np.full(u.shape, np.inf)
    inside = np.zeros(u.shape, dtype=bool)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        ab = b - a
        h = np.clip(((u - a[0]) * ab[0] + (v - a[1]) * ab[1]) / (ab @ ab), 0, 1)
        best = np.minimum(best, np.hypot(u - a[0] - h * ab[0], v - a[1] - h * ab[1]))
        crosses = (a[1] > v) != (b[1] > v)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (u < ab[0] * (v - a[1]) / ab[1] + a[0])
    return np.where(inside, -best, best)


def _blend(values: Sequence[tuple[float, float, float]], u: Vector, v: Vector) -> F32:
    total, weight = np.zeros(u.shape), np.zeros(u.shape)
    for a, b, value in values:
        near = 1 / ((u - a) ** 2 + (v - b) ** 2 + 16.0) ** 1.5
        total += near * value
        weight += near
    return (total / weight).astype(np.float32)
