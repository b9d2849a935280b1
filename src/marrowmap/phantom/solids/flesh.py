"""The outline of a body as a soft union of pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.core.geometry import Grid
from marrowmap.phantom.solids.shapes import Shape, window


@dataclass(frozen=True)
class Flesh:
    """A piece of the body's outline. fat_mm: fat under the skin. blend_mm: how softly it joins what was
    there."""

    shape: Shape
    fat_mm: float
    blend_mm: float


def depth_and_fat(pieces: list[Flesh], grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Millimetres below the skin (negative in air) and local thickness of the fat layer; float32, grid's
    shape."""
    distance = np.full(grid.shape, 60.0, dtype=np.float32)
    fat = np.zeros(grid.shape, dtype=np.float32)
    for piece in pieces:
        low, high = piece.shape.box()
        w = window(grid, low - 12, high + 12)
        if w is None:
            continue
        d = np.broadcast_to(piece.shape.distance(w), w.shape)
        there = distance[w.index]
        k = np.float32(max(piece.blend_mm, 0.5))
        closer = np.clip(0.5 + 0.5 * (there - d) / k, 0, 1)
        fat[w.index] = fat[w.index] * (1 - closer) + np.float32(piece.fat_mm) * closer
        distance[w.index] = there * (1 - closer) + d * closer - k * closer * (1 - closer)
    return -distance, fat
