"""The child's silhouette: which voxels are inside the skin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.volume import Volume

AIR_FACTOR = 4.0
"""A voxel belongs to the body when its smoothed signal exceeds the air level of its station this many times, and
FLOOR_SHARE of the station's bright level (both ours)."""

FLOOR_SHARE = 0.06
COARSE_MM = 4.0
SMALLEST_PART = 0.01
"""Parts with less than this share of the largest part are noise."""


def body_mask(volume: Volume, *others: Volume) -> npt.NDArray[np.bool_]:
    """Bool array of ``volume.grid.shape``: inside the skin. ``others``: further contrasts on the same grid.

    Holes inside each slice are filled, so lungs and cortical bone count as body. Never True where no given
    volume was measured.
    """
    mask, steps = coarse_body_mask(volume, *others)
    out = mask
    for axis, (n, step) in enumerate(zip(volume.grid.shape, steps, strict=True)):
        if step > 1:
            index = np.minimum(np.arange(n) // step, mask.shape[axis] - 1)
            out = np.take(out, index, axis=axis)
    return out


def coarse_body_mask(volume: Volume, *others: Volume) -> tuple[npt.NDArray[np.bool_], tuple[int, int, int]]:
    """The mask in blocks of about COARSE_MM in plane, with the block size (slices, rows, columns) in voxels."""
    _, row_mm, column_mm = volume.grid.spacing
    steps = (1, max(1, int(COARSE_MM / row_mm)), max(1, int(COARSE_MM / column_mm)))
    mask: npt.NDArray[np.bool_] | None = None
    for one in (volume, *others):
        if one.grid != volume.grid:
            continue
        part = threshold_mask(one, steps)
        mask = part if mask is None else mask | part
    assert mask is not None
    # single blocks of noise go: a block stays when most of its neighbourhood in the slice belongs to the body
    mask = ndimage.uniform_filter(mask.astype(np.float32), (1, 3, 3), mode="constant") > 0.5
    mask = ndimage.binary_closing(mask, iterations=1, structure=np.ones((1, 3, 3))) | mask
    filled = np.stack([ndimage.binary_fill_holes(layer) for layer in mask])
    labels, n = ndimage.label(filled)
    if n > 1:
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        filled = np.isin(labels, np.flatnonzero(sizes >= SMALLEST_PART * sizes.max()))
    return filled, steps


def blocks(array: npt.NDArray, steps: Sequence[int]) -> npt.NDArray[np.float32]:
    """Mean over blocks of rows and columns; the last block may be smaller."""
    _, row_step, column_step = steps
    slices, rows, columns = array.shape
    padded = ((0, 0), (0, -rows % row_step), (0, -columns % column_step))
    whole = np.pad(array, padded, mode="edge") if any(b for _, b in padded) else np.asarray(array)
    out = np.zeros((slices, whole.shape[1] // row_step, whole.shape[2] // column_step), dtype=np.float32)
    # adding strided views is much faster than a mean over two short axes
    for row in range(row_step):
        for column in range(column_step):
            out += whole[:, row::row_step, column::column_step]
    out /= row_step * column_step
    return out


def threshold_mask(volume: Volume, steps: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Blocks above the air of their station."""
    signal = blocks(volume.array, steps)
    seen = np.ones(signal.shape, dtype=bool)
    if volume.covered is not None:
        seen = blocks(volume.covered, steps) > 0.5
    mask = np.zeros(signal.shape, dtype=bool)
    for here in station_blocks(volume, steps, signal.shape):
        values = signal[here & seen]
        if values.size < 50:
            continue
        bright = float(np.percentile(values, 99))
        dark = values[values < 0.1 * bright]
        air = float(np.median(dark)) if dark.size > 20 else 0.0
        mask |= here & seen & (signal > max(AIR_FACTOR * air, FLOOR_SHARE * bright))
    return mask


def station_blocks(
    volume: Volume, steps: Sequence[int], shape: tuple[int, ...]
) -> list[npt.NDArray[np.bool_]]:
    """For each station the blocks that come from it; one mask of everything when there is one station."""
    station = volume.station
    if station is None:
        return [np.ones(shape, dtype=bool)]
    if station.ndim == 1:
        coarse = np.broadcast_to(station[:: steps[1]][None, :, None], shape)
    else:
        coarse = station[:, :: steps[1], :: steps[2]]
    return [coarse == k for k in np.unique(coarse) if k >= 0]
