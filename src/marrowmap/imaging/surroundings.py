"""What surrounds a voxel, fine near by and coarse far away: the input of both networks.

A signal is averaged over boxes of some size, and boxes on a 3 x 3 x 3 lattice around the voxel are read; lattices
of several sizes together show a voxel its neighbourhood sharply and the rest of the body roughly.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.imaging.normalise import POOL, pool

Float = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Lattice:
    """Boxes of ``size_mm`` around a voxel, read in some channels.

    far: read on the grid pooled by four in plane, for boxes of 20 mm and more. along: extra boxes along the body,
    in boxes.
    """

    size_mm: float
    channels: tuple[int, ...]
    far: bool = False
    along: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Number of features."""
        return len(self.channels) * (27 + len(self.along))


@dataclass(frozen=True)
class Level:
    """One channel at one size. flat: padded array, flattened; shape and pad to find a voxel in it; steps: flat
    offsets of the boxes that are read."""

    flat: Float
    shape: tuple[int, ...]
    pad: tuple[int, int, int]
    shrink: int
    steps: npt.NDArray[np.int64]


def count_of(lattices: tuple[Lattice, ...]) -> int:
    """Number of features of a voxel."""
    return sum(lattice.count for lattice in lattices)


def levels_of(
    channels: Float, spacing: tuple[float, float, float], lattices: tuple[Lattice, ...]
) -> list[Level]:
    """channels: (channel, slices, rows, columns). The order of lattices and channels is that of the features."""
    pooled = {k: pool(channels[k]) for lattice in lattices if lattice.far for k in lattice.channels}

    def make(task: tuple[Lattice, int]) -> Level:
        lattice, k = task
        shrink = POOL if lattice.far else 1
        step_mm = (spacing[0], spacing[1] * shrink, spacing[2] * shrink)
        step = tuple(max(1, round(lattice.size_mm / s)) for s in step_mm)
        channel = pooled[k] if lattice.far else channels[k]
        return _level(channel, step, shrink, lattice.along)

    with ThreadPoolExecutor(os.cpu_count()) as threads:  # the filters leave the interpreter's lock
        return list(threads.map(make, [(lattice, k) for lattice in lattices for k in lattice.channels]))


def _level(channel: Float, step: tuple[int, ...], shrink: int, along: tuple[int, ...]) -> Level:
    """``channel`` averaged over boxes of ``step`` voxels, straight into its place between zeros."""
    reach = (1, max((abs(k) for k in along), default=1), 1)
    pad = tuple(k * s for k, s in zip(reach, step, strict=True))
    padded = np.zeros([n + 2 * p for n, p in zip(channel.shape, pad, strict=True)], dtype=np.float32)
    inside = padded[tuple(slice(p, p + n) for n, p in zip(channel.shape, pad, strict=True))]
    if max(step) > 1:
        ndimage.uniform_filter(channel, step, output=inside)
    else:
        inside[:] = channel
    _, rows, columns = padded.shape
    boxes = [(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
    boxes += [(0, b, 0) for b in along]
    offsets = [(a * step[0] * rows + b * step[1]) * columns + c * step[2] for a, b, c in boxes]
    return Level(padded.ravel(), padded.shape, (pad[0], pad[1], pad[2]), shrink, np.array(offsets))


def features_at(levels: list[Level], places: npt.NDArray[np.intp]) -> Float:
    """places: (n, 3) voxels. Returns (n, features)."""
    out = np.empty((sum(len(level.steps) for level in levels), len(places)), dtype=np.float32)
    row = 0
    for level in levels:
        s, r, c = places.T
        _, rows, columns = level.shape
        base = ((s + level.pad[0]) * rows + r // level.shrink + level.pad[1]) * columns
        base = (base + c // level.shrink + level.pad[2]).astype(np.int64)
        for offset in level.steps:
            np.take(level.flat, base + offset, out=out[row], mode="clip")
            row += 1
    return np.ascontiguousarray(out.T)
