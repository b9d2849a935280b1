"""Slice positions along one line: even, with gaps, or uneven."""

from __future__ import annotations

import numpy as np

SPACING_TOLERANCE = 0.06
"""A distance between neighbours counts as one step (or k steps) within this share of a step."""
MAX_MISSING_SHARE = 0.25
"""With more slices missing than this share of the stack, it is read as separate stacks instead."""
SAME_PLACE_MM = 0.05

Run = tuple[list[int], tuple[int, ...]]


def regular_runs(depths: list[float]) -> list[Run]:
    """Cuts ascending positions (mm) into evenly spaced runs.

    Each run is (indices into ``depths``, slice numbers of the run that are missing). A few missing slices
    leave a run whole; an uneven distance cuts it.
    """
    n = len(depths)
    if n <= 2:
        return (
            [(list(range(n)), ())]
            if n < 2 or depths[1] - depths[0] > SAME_PLACE_MM
            else [([0], ()), ([1], ())]
        )
    steps = np.diff(depths)
    step = _typical(steps)
    if step <= SAME_PLACE_MM:
        return [(list(range(n)), ())] if n == 1 else _cut(steps, np.full(n - 1, np.inf))
    multiples = np.round(steps / step)
    # A mean step of many slices is known better than one distance: jitter may not add up.
    off = np.abs(steps - multiples * step)
    bad = (off > SPACING_TOLERANCE * step) | (multiples < 1)
    gaps = np.where(bad, np.inf, multiples - 1)
    missing = int(gaps[np.isfinite(gaps)].sum())
    if not bad.any() and missing <= MAX_MISSING_SHARE * n:
        return [(list(range(n)), _missing_numbers(gaps))]
    gaps = np.where(gaps > 0, np.inf, gaps)
    return _cut(steps, gaps)


def _typical(steps: np.ndarray) -> float:  # type: ignore[type-arg]
    """The commonest distance, as the mean of those near the median."""
    middle = float(np.median(steps))
    near = steps[np.abs(steps - middle) <= SPACING_TOLERANCE * max(middle, SAME_PLACE_MM)]
    return float(near.mean()) if near.size else middle


def _missing_numbers(gaps: np.ndarray) -> tuple[int, ...]:  # type: ignore[type-arg]
    missing, at = [], 0
    for gap in gaps.astype(int):
        missing.extend(range(at + 1, at + 1 + gap))
        at += 1 + gap
    return tuple(missing)


def _cut(steps: np.ndarray, gaps: np.ndarray) -> list[Run]:  # type: ignore[type-arg]
    runs: list[Run] = []
    start = 0
    for i, gap in enumerate(gaps):
        if not np.isfinite(gap):
            runs.append((list(range(start, i + 1)), ()))
            start = i + 1
    runs.append((list(range(start, len(steps) + 1)), ()))
    return runs
