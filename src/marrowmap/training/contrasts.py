"""Contrasts a case may be shown in: physics of other sequences and of adult marrow, and contrasts no physics makes, so
that the network learns shapes and borders instead of one scanner's greys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.phantom.body import Tissue

Float = npt.NDArray[np.float32]
Tissues = npt.NDArray[np.uint8]
Signals = dict[str, Float]

OTHER_CORTEX = 0.3
RANDOM_TISSUE = 0.25
TEXTURE = 0.5


@dataclass(frozen=True)
class Contrasts:
    """Odds of an appearance.

    mix: that other sequences stand in the places of STIR and T1. water: that the water image of an adult stands in
    the place of STIR. yellow: that all marrow is fatty, as in adults. no_physics: that random filters blur the
    outline too.
    """

    mix: float = 0.5
    water: float = 0.1
    yellow: float = 0.3
    no_physics: float = 0.25


def contrasts(
    raw: Signals, tissue: Tissues, rng: np.random.Generator, odds: Contrasts, leak: Float
) -> tuple[Float, Float]:
    """(fluid-sensitive signal, fat-bright signal) of one appearance, without noise.

    leak: share of the fat that is not suppressed, voxel by voxel.
    """
    if rng.random() < odds.yellow:
        raw = _yellow_marrow(raw, tissue, rng)
    if rng.random() < OTHER_CORTEX:
        raw = _other_cortex(raw, tissue, rng)
    fluid, fatty = raw["stir"] + leak * raw["fat"], raw["t1"]
    if rng.random() < odds.water:
        fluid = _water(_yellow_marrow(raw, tissue, rng, 1.0), tissue, rng)
    elif rng.random() < odds.mix:
        fluid = _other_fluid(raw, fluid, rng)
    if rng.random() < odds.mix:
        fatty = _other_fat(raw, fatty, rng)
    if rng.random() < RANDOM_TISSUE:
        fluid, fatty = _random_tissue(tissue, rng, fluid, fatty)
    if rng.random() < odds.no_physics:
        fluid, fatty = _no_physics(fluid, rng), _no_physics(fatty, rng)
    if rng.random() < TEXTURE:
        fluid, fatty = _texture(fluid, rng), _texture(fatty, rng)
    return fluid, fatty


def _yellow_marrow(raw: Signals, tissue: Tissues, rng: np.random.Generator, least: float = 0.5) -> Signals:
    """Marrow drawn towards the signal of fat, by ``least`` or wholly: black where fat is suppressed."""
    fat = tissue == Tissue.FAT
    if not fat.any():
        return raw
    share = ndimage.gaussian_filter((tissue == Tissue.MARROW).astype(np.float32), (0, 0.5, 0.5))
    share *= np.float32(rng.uniform(least, 1.0))
    return {k: v + share * (np.median(v[fat]) - v) for k, v in raw.items()}


def _other_cortex(raw: Signals, tissue: Tissues, rng: np.random.Generator) -> Signals:
    """Cortex thicker and darker than it was, or thinner, so that less of it fills a voxel."""
    cortex = ndimage.gaussian_filter((tissue == Tissue.CORTEX).astype(np.float32), (0, 0.7, 0.7))
    factor = 1 + cortex * np.float32(rng.uniform(-0.9, 0.6))
    return {k: v * factor for k, v in raw.items()}


def _water(raw: Signals, tissue: Tissues, rng: np.random.Generator) -> Float:
    """Water image of an adult: fat, marrow and cortex alike black, muscle nearly as bright as fluid."""
    water = 1 - np.exp(-np.float32(rng.uniform(1.0, 3.5)) * np.maximum(raw["stir"], 0))
    fat = np.isin(tissue, (Tissue.FAT, Tissue.MARROW, Tissue.CORTEX)).astype(np.float32)
    return water * (1 - np.float32(rng.uniform(0.8, 1.0)) * ndimage.gaussian_filter(fat, (0, 0.5, 0.5)))


def _other_fluid(raw: Signals, fluid: Float, rng: np.random.Generator) -> Float:
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


def _other_fat(raw: Signals, t1: Float, rng: np.random.Generator) -> Float:
    kind = rng.integers(4)
    if kind == 0:
        return t1 ** np.float32(rng.uniform(0.6, 1.5))
    if kind == 1:  # proton density: fluid and fat both bright
        return 0.6 * t1 + np.float32(rng.uniform(0.2, 0.6)) * raw["stir"]
    if kind == 2:  # T2 without fat suppression
        return (
            np.float32(rng.uniform(0.4, 1.0)) * raw["stir"] + np.float32(rng.uniform(0.5, 1.0)) * raw["fat"]
        )
    return raw["fat"] + np.float32(rng.uniform(0.0, 0.3)) * t1


def _random_tissue(tissue: Tissues, rng: np.random.Generator, fluid: Float, t1: Float) -> tuple[Float, Float]:
    """Tissues get other signals than physics gives them: no contrast is a given."""
    for signal in (fluid, t1):
        table = np.exp(rng.normal(0, 0.4, 64)).astype(np.float32)
        signal *= ndimage.gaussian_filter(table[tissue], (0, 0.6, 0.6))
    return fluid, t1


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
