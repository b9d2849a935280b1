"""Whole days for ages, delays and times to remission whose means and ranges round to the printed ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

YEAR, MONTH = 365.25, 365.25 / 12


@dataclass(frozen=True)
class Target:
    """A printed mean with its range, in the printed unit; ``places``: decimals printed."""

    mean: float
    low: float
    high: float
    mean_places: int
    range_places: int


def draw_with_mean(
    random: np.random.Generator,
    n: int,
    target: Target,
    shape: Callable[[np.random.Generator, int], np.ndarray],
) -> np.ndarray:
    """n numbers with exactly the printed mean and ends: drawn, squeezed inside the ends, and shifted.

    shape: draws numbers between 0 and 1, which sets how they spread. The ends stand first and last.
    """
    wanted = target.mean * n - target.low - target.high
    room = target.high - target.low
    inner = target.low + room * (0.03 + 0.92 * np.clip(shape(random, n - 2), 0, 1))
    for _ in range(200):
        gap = wanted - inner.sum()
        if abs(gap) < 1e-9:
            break
        inner = np.clip(inner + gap / len(inner), target.low + 0.03 * room, target.high - 0.05 * room)
    return np.concatenate([[target.low], inner, [target.high]])


def ages_and_delays(
    random: np.random.Generator, n: int, onset: Target, diagnosis: Target, delay: Target
) -> tuple[np.ndarray, np.ndarray]:
    """Age at onset (years) and delay (months) of each child; the ages at diagnosis then agree as well.

    Drawn again until the youngest and the oldest at diagnosis are right. Raises RuntimeError when that fails.
    """
    for _ in range(2000):
        ages = draw_with_mean(random, n, onset, lambda r, k: r.beta(2.2, 2.4, k))
        delays = draw_with_mean(random, n, delay, lambda r, k: r.beta(0.9, 3.2, k))
        random.shuffle(delays)
        at_diagnosis = ages + delays / 12
        # the delays of the youngest and the oldest follow from their two printed ages
        shift = (diagnosis.low - onset.low) * 12 - delays[0], (diagnosis.high - onset.high) * 12 - delays[-1]
        if min(delays[0], delays[-1]) <= delay.low or max(delays[0], delays[-1]) >= delay.high:
            continue
        delays[0] += shift[0]
        delays[-1] += shift[1]
        inner = np.arange(1, n - 1)
        movable = inner[(delays[inner] > delay.low + 2) & (delays[inner] < delay.high - 2)]
        delays[movable] -= sum(shift) / len(movable)
        at_diagnosis = ages + delays / 12
        if (
            delays.min() >= delay.low - 1e-9
            and at_diagnosis[1:-1].min() > diagnosis.low + 0.05
            and at_diagnosis[1:-1].max() < diagnosis.high - 0.05
            and abs(at_diagnosis.mean() - diagnosis.mean) < 0.04
        ):
            return ages, delays
    raise RuntimeError("no ages and delays agree with these figures")
