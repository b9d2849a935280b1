"""A case of another build: stretched, sheared and bent, so that the network does not know one body only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.training.cases import Case

Float = npt.NDArray[np.float32]

SPREAD = 0.11
"""Standard deviation of the logarithm of the stretch along each axis."""
BEND_MM, BEND_EVERY_MM = 6.0, 75.0
"""Standard deviation of the bends, and the distance over which they change."""
MOST_VOXELS = 14_000_000


def warp(case: Case, rng: np.random.Generator, signals: tuple[str, ...], growth: float | None = None) -> Case:
    """The same child with another build; only tissue, units and the named signals are made."""
    shown = {k: case.signal[k].astype(np.float32) for k in signals}
    made, (tissue, site) = warp_arrays(shown, (case.tissue, case.site), case.spacing, rng, growth)
    return replace(case, signal={k: v.astype(np.float16) for k, v in made.items()}, tissue=tissue, site=site)


def warp_arrays(
    signals: dict[str, Float],
    labels: tuple[npt.NDArray[np.uint8], ...],
    spacing: tuple[float, float, float],
    rng: np.random.Generator,
    growth: float | None = None,
) -> tuple[dict[str, Float], tuple[npt.NDArray[np.uint8], ...]]:
    """Arrays of one body stretched along each axis, sheared and bent by a smooth random field, on voxels of the same
    ``spacing`` (mm); left and right stay what they are. growth: logarithm of the stretch common to all axes; drawn
    if None."""
    shape = np.array(labels[0].shape)
    drawn = rng.uniform(-0.15, 0.25) if growth is None else growth
    stretch = np.exp(drawn + rng.normal(0, SPREAD if growth is None else 0.07, 3))
    stretch = stretch.clip(0.72, 1.4 if growth is None else 1.7)
    out = np.maximum(np.round(shape * stretch).astype(int), 4)
    if out.prod() > MOST_VOXELS:
        stretch *= (MOST_VOXELS / out.prod()) ** (1 / 3)
        out = np.maximum(np.round(shape * stretch).astype(int), 4)
    step = np.array(spacing)
    shear = rng.normal(0, 0.06, (3, 3)) * (step[None, :] / step[:, None])
    matrix = (np.eye(3) + shear * (1 - np.eye(3))) / stretch[None, :]
    middle = (shape - 1) / 2 - matrix @ ((out - 1) / 2)
    axes = [np.arange(n, dtype=np.float32) for n in out]
    at = np.empty((3, *out), np.float32)
    for k in range(3):
        ramps = [np.float32(matrix[k, j]) * axes[j] for j in range(3)]
        at[k] = (
            np.float32(middle[k])
            + ramps[0][:, None, None]
            + ramps[1][None, :, None]
            + ramps[2][None, None, :]
        )
        at[k] += _bend(rng, out, step) * np.float32(1 / step[k])
    made = {k: ndimage.map_coordinates(v, at, order=1) for k, v in signals.items()}
    return made, tuple(ndimage.map_coordinates(v, at, order=0) for v in labels)


def _bend(rng: np.random.Generator, shape: npt.NDArray[np.intp], spacing: Float) -> Float:
    """A smooth field in millimetres, zero on average."""
    knots = np.maximum(np.ceil(shape * spacing / BEND_EVERY_MM).astype(int), 2) + 1
    coarse = ndimage.zoom(rng.normal(0, BEND_MM, knots).astype(np.float32), 4, order=3)
    index = [np.linspace(0, n - 1, m, dtype=np.float32) for n, m in zip(coarse.shape, shape, strict=True)]
    for axis, places in enumerate(index):
        low = np.minimum(places.astype(int), coarse.shape[axis] - 2)
        share = (places - low).reshape([-1 if a == axis else 1 for a in range(3)])
        coarse = coarse.take(low, axis) * (1 - share) + coarse.take(low + 1, axis) * share
    return coarse
