"""A solid of one tissue, painted where the skin is far enough away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.body import Maps, Tissue
from marrowmap.phantom.solids.shapes import Shape, window


@dataclass(frozen=True)
class Filling:
    """An organ: painted where the skin is at least ``depth_mm`` away and only over the tissues ``over``."""

    shape: Shape
    tissue: Tissue
    over: tuple[Tissue, ...] = ()
    depth_mm: float = 4.0


def fill(filling: Filling, maps: Maps, depth: np.ndarray) -> None:
    """Paint ``filling``; ``depth`` is millimetres below the skin."""
    low, high = filling.shape.box()
    w = window(maps.grid, low, high)
    if w is None:
        return
    hit = np.broadcast_to(filling.shape.distance(w) < 0, w.shape) & (depth[w.index] > filling.depth_mm)
    block = maps.tissue[w.index]
    if filling.over:
        hit = hit & np.isin(block, [int(t) for t in filling.over])
    block[hit] = filling.tissue
