"""What surrounds a voxel, fine near by and coarse far away: the input of the unit network.

For every scale the signal is averaged over boxes of that size, and boxes on a 3 x 3 x 3 lattice around the
voxel are read; the largest scale reaches further along the body. Three channels: the fluid-sensitive and the
fat-bright sequence, each over its surroundings (``normalise``), and the body mask.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.imaging.normalise import POOL, pool

Float = npt.NDArray[np.float32]
NEAR_MM = (3.0, 6.0, 12.0)
"""Scales read at full resolution."""
FAR_MM = (24.0, 48.0, 96.0)
"""Scales read on the grid pooled by four in plane."""
LONG = (-4, -3, -2, 2, 3, 4)
"""Extra boxes along the body at the largest scale, in boxes."""
CHANNELS = 3
COUNT = CHANNELS * (27 * (len(NEAR_MM) + len(FAR_MM)) + len(LONG))
"""Number of features of a voxel."""


@dataclass(frozen=True)
class Level:
    """One channel at one scale. flat: padded array, flattened; strides and pad to find a voxel in it;
    steps: flat offsets of the boxes that are read."""

    flat: Float
    shape: tuple[int, ...]
    pad: tuple[int, int, int]
    shrink: int
    steps: npt.NDArray[np.int64]


def levels_of(channels: Float, spacing: tuple[float, float, float]) -> list[Level]:
    """channels: (3, slices, rows, columns) as described above. Order of levels fixes the order of features."""
    out = []
    pooled = np.stack([pool(c) for c in channels])
    for size in (*NEAR_MM, *FAR_MM):
        far = size in FAR_MM
        step_mm = (spacing[0], spacing[1] * (POOL if far else 1), spacing[2] * (POOL if far else 1))
        step = tuple(max(1, round(size / s)) for s in step_mm)
        for channel in pooled if far else channels:
            smooth = ndimage.uniform_filter(channel, step) if max(step) > 1 else channel
            out.append(_level(smooth, step, POOL if far else 1, size == FAR_MM[-1]))
    return out


def _level(smooth: Float, step: tuple[int, ...], shrink: int, longest: bool) -> Level:
    reach = (1, max(abs(k) for k in LONG) if longest else 1, 1)
    pad = tuple(k * s for k, s in zip(reach, step, strict=True))
    padded = np.pad(smooth, [(p, p) for p in pad]).astype(np.float32)
    _, rows, columns = padded.shape
    lattice = [(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
    if longest:
        lattice += [(0, b, 0) for b in LONG]
    offsets = [(a * step[0] * rows + b * step[1]) * columns + c * step[2] for a, b, c in lattice]
    return Level(padded.ravel(), padded.shape, (pad[0], pad[1], pad[2]), shrink, np.array(offsets))


def features_at(levels: list[Level], places: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """places: (n, 3) voxels. Returns (n, COUNT)."""
    out = np.empty((COUNT, len(places)), dtype=np.float32)
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
