"""A case as some scanner might show it: of another build, with other marrow and contrast, cut, shaded, stepped between
stations, noisy, with or without sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.phantom.body import Tissue
from marrowmap.training.cases import Case

Float = npt.NDArray[np.float32]
Box = tuple[slice, slice, slice]

BUILD_SPREAD = 0.11
"""Standard deviation of the logarithm of the stretch along each axis."""
BEND_MM, BEND_EVERY_MM = 6.0, 75.0
"""Standard deviation of the bends, and the distance over which they change."""
MOST_VOXELS = 14_000_000
WATER = 0.1
"""Share of the appearances that show the water image of an adult in place of STIR."""
YELLOW = 0.3
"""Share of the appearances in which all marrow is fatty, as in adults."""


@dataclass(frozen=True)
class Shown:
    """Signals of one crop in arbitrary units; a sequence that is missing is None. station: int16 (rows,)."""

    stir: Float | None
    t1: Float | None
    b50: Float | None
    b800: Float | None
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


def warp(case: Case, rng: np.random.Generator, signals: tuple[str, ...]) -> Case:
    """The same child with another build: stretched along each axis, sheared and bent by a smooth random field.

    Only tissue, units and the named signals are made; left and right stay what they are.
    """
    shape = np.array(case.tissue.shape)
    stretch = np.exp(rng.uniform(-0.15, 0.25) + rng.normal(0, BUILD_SPREAD, 3)).clip(0.72, 1.4)
    out = np.maximum(np.round(shape * stretch).astype(int), 4)
    if out.prod() > MOST_VOXELS:
        stretch *= (MOST_VOXELS / out.prod()) ** (1 / 3)
        out = np.maximum(np.round(shape * stretch).astype(int), 4)
    spacing = np.array(case.spacing)
    shear = rng.normal(0, 0.06, (3, 3)) * (spacing[None, :] / spacing[:, None])
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
        at[k] += _bend(rng, out, spacing) * np.float32(1 / spacing[k])
    return replace(
        case,
        signal={
            k: ndimage.map_coordinates(case.signal[k].astype(np.float32), at, order=1).astype(np.float16)
            for k in signals
        },
        tissue=ndimage.map_coordinates(case.tissue, at, order=0),
        site=ndimage.map_coordinates(case.site, at, order=0),
    )


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


def show(
    case: Case, box: Box, rng: np.random.Generator, contrast_mix: float = 0.35, diffusion: bool = True
) -> Shown:
    """Draw a scanner. contrast_mix: odds that contrasts other than STIR and T1 stand in their places."""
    raw = {k: v[box].astype(np.float32) for k, v in case.signal.items() if diffusion or k != "b800"}
    tissue = case.tissue[box]
    if rng.random() < YELLOW:
        raw = _yellow_marrow(raw, tissue, rng)
    if rng.random() < 0.3:
        raw = _other_cortex(raw, tissue, rng)
    shape = raw["stir"].shape
    station = _stations(rng, shape[1], case.spacing[1])
    leak = rng.uniform(0, 0.25) * np.clip(_field(rng, shape, 1.0), 0, 2.0) if rng.random() < 0.8 else 0.0
    fluid = raw["stir"] + leak * raw["fat"]
    t1 = raw["t1"]
    if rng.random() < WATER:
        fluid = _water(_yellow_marrow(raw, tissue, rng, 1.0), tissue, rng)
    elif rng.random() < contrast_mix:
        fluid = _other_fluid(raw, fluid, rng)
    if rng.random() < contrast_mix:
        t1 = _other_fat(raw, t1, rng)
    if rng.random() < 0.25:
        fluid, t1 = _random_tissue(case, box, rng, fluid, t1)
    if rng.random() < 0.25:
        fluid, t1 = _no_physics(fluid, rng), _no_physics(t1, rng)
    if rng.random() < 0.5:
        fluid, t1 = _texture(fluid, rng), _texture(t1, rng)
    noise = rng.uniform(0.02, 0.12) if rng.random() < 0.75 else rng.uniform(0.12, 0.25)
    drift = [rng.normal(0, 4.0) / case.spacing[1], rng.normal(0, 2.0) / case.spacing[2]]
    if not diffusion:
        return Shown(
            _scan(fluid, rng, station, noise), _scan(t1, rng, station, 0.6 * noise), None, None, station
        )
    return Shown(
        _scan(fluid, rng, station, noise),
        _scan(t1, rng, station, 0.6 * noise),
        *_diffusion(_move(raw["b50"], drift, rng), _move(raw["b800"], drift, rng), rng, station, noise),
        station,
    )


def _scan(
    signal: Float, rng: np.random.Generator, station: npt.NDArray[np.int16], noise: float, blur: float = 0.0
) -> Float:
    gains = np.exp(rng.normal(0, 0.15, int(station.max()) + 1)).astype(np.float32)
    shading = np.exp(np.clip(0.2 * _field(rng, signal.shape, 1.0), -0.7, 0.7))
    out = signal * shading * gains[station][None, :, None]
    width = blur + rng.uniform(0, 0.5)
    across = rng.uniform(0, 0.7) if rng.random() < 0.3 else 0.0
    out = ndimage.gaussian_filter(out, (across, width, width))
    grain = np.float32(noise) * rng.standard_normal(out.shape, dtype=np.float32)
    real, imaginary = out + grain, np.roll(grain, 17, axis=1)
    scale = np.float32(np.exp(rng.normal(5, 1)))
    scanned: Float = (np.sqrt(real**2 + imaginary**2) * scale).astype(np.float32)
    return scanned


def _diffusion(
    low: Float, high: Float, rng: np.random.Generator, station: npt.NDArray[np.int16], noise: float
) -> tuple[Float, Float]:
    """Both b-values through the same coils and scale, so that their ratio means something."""
    seed = int(rng.integers(2**31))
    first, second = (_scan(s, np.random.default_rng(seed), station, noise, 0.8) for s in (low, high))
    return first, second


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


def _move(signal: Float, drift: list[float], rng: np.random.Generator) -> Float:
    """Diffusion images lie some millimetres off and are blurred by their coarser voxels."""
    moved = ndimage.shift(signal, (0, drift[0], drift[1]), order=1, mode="nearest")
    return ndimage.gaussian_filter(moved, (0, 0.4, 0.4))


def _other_fluid(raw: dict[str, Float], fluid: Float, rng: np.random.Generator) -> Float:
    kind = rng.integers(4)
    if kind == 0:  # T2 without fat suppression
        return fluid + raw["fat"] * np.float32(rng.uniform(0.5, 1.3))
    if kind == 1:  # fat-suppressed T2: muscle and marrow water closer together
        return np.maximum(raw["stir"], 0) ** np.float32(rng.uniform(0.6, 1.2)) + raw["b50"] * np.float32(
            rng.uniform(0, 0.7)
        )
    if (
        kind == 2
    ):  # Dixon water of short echo time: muscle nearly as bright as fluid, fat and yellow marrow black
        return 1 - np.exp(-np.float32(rng.uniform(0.8, 2.5)) * np.maximum(raw["stir"], 0))
    return raw["b50"] * np.float32(rng.uniform(0.4, 1)) + np.float32(rng.uniform(0, 0.8)) * fluid


def _other_fat(raw: dict[str, Float], t1: Float, rng: np.random.Generator) -> Float:
    kind = rng.integers(4)
    if kind == 0:
        return t1 ** np.float32(rng.uniform(0.6, 1.5))
    if kind == 1:  # proton density: fluid and fat both bright
        return 0.6 * t1 + np.float32(rng.uniform(0.2, 0.6)) * raw["stir"]
    if kind == 2:  # T2 without fat suppression
        return np.float32(rng.uniform(0.4, 1.0)) * raw["stir"] + np.float32(rng.uniform(0.5, 1.0)) * raw["fat"]
    return raw["fat"] + np.float32(rng.uniform(0.0, 0.3)) * t1


def _water(raw: dict[str, Float], tissue: npt.NDArray[np.uint8], rng: np.random.Generator) -> Float:
    """Water image of an adult: fat, marrow and cortex alike black, muscle nearly as bright as fluid."""
    water = 1 - np.exp(-np.float32(rng.uniform(1.0, 3.5)) * np.maximum(raw["stir"], 0))
    fat = np.isin(tissue, (Tissue.FAT, Tissue.MARROW, Tissue.CORTEX)).astype(np.float32)
    return water * (1 - np.float32(rng.uniform(0.8, 1.0)) * ndimage.gaussian_filter(fat, (0, 0.5, 0.5)))


def _yellow_marrow(
    raw: dict[str, Float], tissue: npt.NDArray[np.uint8], rng: np.random.Generator, least: float = 0.5
) -> dict[str, Float]:
    """Marrow drawn towards the signal of fat, by ``least`` or wholly: black where fat is suppressed."""
    fat = tissue == Tissue.FAT
    if not fat.any():
        return raw
    share = ndimage.gaussian_filter((tissue == Tissue.MARROW).astype(np.float32), (0, 0.5, 0.5))
    share *= np.float32(rng.uniform(least, 1.0))
    return {k: v + share * (np.median(v[fat]) - v) for k, v in raw.items()}


def _other_cortex(
    raw: dict[str, Float], tissue: npt.NDArray[np.uint8], rng: np.random.Generator
) -> dict[str, Float]:
    """Cortex thicker and darker than it was, or thinner, so that less of it fills a voxel."""
    cortex = ndimage.gaussian_filter((tissue == Tissue.CORTEX).astype(np.float32), (0, 0.7, 0.7))
    factor = 1 + cortex * np.float32(rng.uniform(-0.9, 0.6))
    return {k: v * factor for k, v in raw.items()}


def _no_physics(signal: Float, rng: np.random.Generator) -> Float:
    """A contrast from random small filters, blended with the signal (after Ouyang et al. 2022, global intensity
    non-linear augmentation)."""
    made = signal
    for _ in range(2):
        kernel = rng.normal(0, 1, (1, 3, 3)).astype(np.float32)
        made = ndimage.convolve(made, kernel / np.abs(kernel).sum())
        made = np.where(made > 0, made, np.float32(0.2) * made)
    made = made * (np.linalg.norm(signal) / max(float(np.linalg.norm(made)), 1e-6))
    share = np.float32(rng.uniform(0, 0.7))
    return np.abs((1 - share) * signal + share * made)


def _texture(signal: Float, rng: np.random.Generator) -> Float:
    """Tissue that is not even: streaks and grains of one to ten millimetres."""
    width = rng.uniform(0.4, 3.0)
    grain = ndimage.gaussian_filter(rng.standard_normal(signal.shape, dtype=np.float32), (0, width, width))
    return signal * np.exp(np.float32(rng.uniform(0, 0.2)) * grain / max(float(grain.std()), 1e-6))


def _random_tissue(
    case: Case, box: Box, rng: np.random.Generator, fluid: Float, t1: Float
) -> tuple[Float, Float]:
    """Tissues get other signals than physics gives them: no contrast is a given."""
    tissue = case.tissue[box]
    for signal in (fluid, t1):
        table = np.exp(rng.normal(0, 0.4, 64)).astype(np.float32)
        signal *= ndimage.gaussian_filter(table[tissue], (0, 0.6, 0.6))
    return fluid, t1
