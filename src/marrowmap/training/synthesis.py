"""A case as some scanner might show it: cut, in some contrast, shaded, stepped between stations, noisy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.training.cases import Case
from marrowmap.training.contrasts import Contrasts, contrasts

Float = npt.NDArray[np.float32]
Box = tuple[slice, slice, slice]

SHOWN = ("stir", "fat", "t1", "b50")
"""Signals of a case that an appearance is made of."""


@dataclass(frozen=True)
class Shown:
    """One crop in arbitrary units: in the place of STIR, and in the place of T1. station: int16 (rows,)."""

    fluid: Float
    fatty: Float
    station: npt.NDArray[np.int16]


def choose_box(case: Case, rng: np.random.Generator, rows: int, columns: int, slices: int) -> Box:
    """A window that holds a voxel of a randomly chosen bone unit; where the body is smaller, all of it."""
    labels = np.flatnonzero(np.bincount(case.site[::2, ::2, ::2].ravel(), minlength=256)[1:]) + 1
    places = np.argwhere(case.site[::2, ::2, ::2] == rng.choice(labels)) * 2
    centre = places[int(rng.integers(len(places)))]
    box = []
    for n, want, at in zip(case.site.shape, (slices, rows, columns), centre, strict=True):
        size = min(n, want)
        start = int(np.clip(at - rng.uniform(0.15, 0.85) * size, 0, n - size))
        box.append(slice(start, start + size))
    return box[0], box[1], box[2]


def show(
    case: Case, box: Box, rng: np.random.Generator, odds: Contrasts, noise: float | None = None
) -> Shown:
    """Draw a scanner and the contrasts it shows. noise: standard deviation over the signal of muscle; drawn if
    None."""
    raw = {k: case.signal[k][box].astype(np.float32) for k in SHOWN}
    shape = raw["stir"].shape
    station = _stations(rng, shape[1], case.spacing[1])
    leaks = rng.random() < 0.8
    leak = (
        rng.uniform(0, 0.25) * np.clip(_field(rng, shape, 1.0), 0, 2.0) if leaks else np.zeros(1, np.float32)
    )
    fluid, fatty = contrasts(raw, case.tissue[box], rng, odds, leak)
    if noise is None:
        noise = rng.uniform(0.02, 0.12) if rng.random() < 0.75 else rng.uniform(0.12, 0.25)
    return Shown(_scan(fluid, rng, station, noise), _scan(fatty, rng, station, 0.6 * noise), station)


def _scan(signal: Float, rng: np.random.Generator, station: npt.NDArray[np.int16], noise: float) -> Float:
    gains = np.exp(rng.normal(0, 0.15, int(station.max()) + 1)).astype(np.float32)
    shading = np.exp(np.clip(0.2 * _field(rng, signal.shape, 1.0), -0.7, 0.7))
    out = signal * shading * gains[station][None, :, None]
    width = rng.uniform(0, 0.5)
    across = rng.uniform(0, 0.7) if rng.random() < 0.3 else 0.0
    out = ndimage.gaussian_filter(out, (across, width, width))
    grain = np.float32(noise) * rng.standard_normal(out.shape, dtype=np.float32)
    real, imaginary = out + grain, np.roll(grain, 17, axis=1)
    scale = np.float32(np.exp(rng.normal(5, 1)))
    scanned: Float = (np.sqrt(real**2 + imaginary**2) * scale).astype(np.float32)
    return scanned


def _stations(rng: np.random.Generator, rows: int, row_mm: float) -> npt.NDArray[np.int16]:
    length = rng.uniform(260, 420) / row_mm
    offset = rng.uniform(0, length)
    return ((np.arange(rows) + offset) // length).astype(np.int16)


def _field(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> Float:
    """A smooth random field of unit size."""
    small = rng.normal(0, spread, (3, 6, 4)).astype(np.float32)
    zoomed = ndimage.zoom(small, (4, 6, 4), order=2)
    index = [np.linspace(0, n - 1.001, m).astype(int) for n, m in zip(zoomed.shape, shape, strict=True)]
    field: Float = ndimage.uniform_filter(zoomed[np.ix_(*index)], (3, 9, 9))
    return field
