"""Apparent diffusion coefficient from measured b-values, and how it agrees with the scanner's map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MIN_B_SPAN = 300.0
"""s/mm2 between smallest and largest b-value under which an ADC is called not reliable (ours)."""

PERFUSION_B = 50.0
"""s/mm2: smaller b-values are left out of the fit when two others span MIN_B_SPAN (perfusion; ours)."""

FLOOR_SIGMAS = 3.0
"""Signal of a higher b-value under this many noise sigmas is treated as noise (ours)."""

TISSUE_SIGMAS = 5.0
"""The lowest b-value must exceed this many noise sigmas, or no ADC is computed (ours)."""

ADC_LIMITS = (0.0, 4000.0)
"""1e-6 mm2/s; free water at body temperature is near 3000, so more is noise."""


@dataclass(frozen=True)
class AdcMap:
    """values: 1e-6 mm2/s, float32, 0 where not computed. valid: bool, True where it was computed.

    lower_bound: bool, True where the high-b signal had fallen to the noise, so the ADC is at least the value.
    b_values: used in the fit, s/mm2. reliable: False when they lie too close together; why says so.
    noise: estimated noise sigma in signal units; 0 where the air was blanked by the scanner.
    """

    values: npt.NDArray[np.float32]
    valid: npt.NDArray[np.bool_]
    lower_bound: npt.NDArray[np.bool_]
    b_values: tuple[float, ...]
    reliable: bool
    why: str
    noise: float


@dataclass(frozen=True)
class AdcAgreement:
    """Our ADC against the scanner's map where both hold tissue.

    median_difference: median of (ours - scanner) / scanner; median_absolute: median of its absolute value.
    Both are shares (0.05 is 5 %). n_voxels: voxels compared.
    """

    median_difference: float
    median_absolute: float
    n_voxels: int


def fitted_b_values(measured: Mapping[float, object] | list[float]) -> list[float]:
    """The b-values that enter the fit, ascending."""
    every = sorted(measured)
    kept = [b for b in every if b >= PERFUSION_B]
    return kept if len(kept) >= 2 and kept[-1] - kept[0] >= MIN_B_SPAN else every


def noise_sigma(array: npt.NDArray) -> float:
    """Noise of a magnitude image from its air: the Rayleigh mode of the darkest voxels. 0 when air is blank."""
    sample = np.asarray(array, dtype=np.float32)[::2, ::2, ::2]
    bright = float(np.percentile(sample, 99)) if sample.size else 0.0
    air = sample[sample <= 0.1 * bright]
    if bright <= 0 or air.size < 100 or float((air == 0).mean()) > 0.5:
        return 0.0
    # median of a Rayleigh distribution is 1.1774 sigma
    return float(np.median(air) / 1.1774)


def adc_map(signals: Mapping[float, npt.NDArray], covered: npt.NDArray[np.bool_] | None = None) -> AdcMap:
    """Log-linear least squares ``ln S = ln S0 - b * ADC`` over the measured b-values.

    signals: b-value in s/mm2 -> magnitude signal, all of one shape and one intensity scale.
    A voxel whose lowest-b signal is under the noise floor is not computed. Signal of a higher b-value under
    the floor is raised to it: the ADC is then a lower bound and marked so.
    Raises ValueError with fewer than two b-values.
    """
    used = fitted_b_values(signals)
    if len(used) < 2:
        raise ValueError(f"an ADC needs two or more measured b-values, got {used}")
    lowest = signals[used[0]]
    sigma = noise_sigma(signals[used[-1]])
    bright = float(np.percentile(np.asarray(lowest)[::2, ::2, ::2], 99))
    floor = np.float32(max(FLOOR_SIGMAS * sigma, 1e-6))
    valid = lowest > max(TISSUE_SIGMAS * sigma, 0.02 * bright, float(floor))
    if covered is not None:
        valid &= covered
    index = np.flatnonzero(valid)
    weights = np.array(used) - np.mean(used)
    weights = weights / float((weights**2).sum())
    slope = np.zeros(index.size, dtype=np.float32)
    at_floor = np.zeros(index.size, dtype=bool)
    for b, weight in zip(used, weights, strict=True):
        signal = np.asarray(signals[b]).ravel()[index].astype(np.float32, copy=False)
        if b != used[0]:
            at_floor |= signal < floor
        slope += np.float32(weight) * np.log(np.maximum(signal, floor))
    values = np.zeros(lowest.shape, dtype=np.float32)
    values.ravel()[index] = np.clip(-1e6 * slope, *ADC_LIMITS)
    lower_bound = np.zeros(lowest.shape, dtype=bool)
    lower_bound.ravel()[index] = at_floor
    span = used[-1] - used[0]
    reliable = span >= MIN_B_SPAN
    names = ", ".join(f"{b:g}" for b in used)
    why = f"log-linear least squares over b {names} s/mm2"
    if not reliable:
        why += f"; not reliable: the b-values span only {span:g} s/mm2 (under {MIN_B_SPAN:g})"
    return AdcMap(values, valid, lower_bound, tuple(used), reliable, why, sigma)


def adc_agreement(
    ours: npt.NDArray, valid: npt.NDArray[np.bool_], scanner: npt.NDArray, signal: npt.NDArray
) -> AdcAgreement | None:
    """Compare where both maps hold tissue: our value computed, scanner's above 100, low-b signal well above air.

    None with fewer than 100 such voxels.
    """
    bright = float(np.percentile(np.asarray(signal)[::2, ::2, ::2], 99))
    tissue = valid & (scanner > 100) & (scanner < 3500) & (signal > 0.15 * bright)
    n = int(tissue.sum())
    if n < 100:
        return None
    relative = ours[tissue].astype(np.float32) / scanner[tissue].astype(np.float32) - 1
    return AdcAgreement(float(np.median(relative)), float(np.median(np.abs(relative))), n)
