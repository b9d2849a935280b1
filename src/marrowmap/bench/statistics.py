"""Shares and means with bootstrap confidence intervals; exams, not lesions, are drawn again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

DRAWS = 1000


def interval(
    values: Sequence[Any], of: Callable[[Sequence[Any]], float | None], seed: int = 1
) -> dict[str, Any]:
    """``of`` applied to one record per exam: value, 95 % interval from 1000 draws of exams, n exams.

    value None: not computable (no exam counts); then the interval is None too.
    """
    value = of(values)
    if value is None or not values:
        return {"value": None, "ci95": None, "n_exams": len(values)}
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS):
        again = of([values[i] for i in rng.integers(len(values), size=len(values))])
        if again is not None:
            drawn.append(again)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {
        "value": round(float(value), 4),
        "ci95": [round(float(low), 4), round(float(high), 4)],
        "n_exams": len(values),
    }


def share(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Sum of the firsts over sum of the seconds; None when that is 0."""
    below = sum(p[1] for p in pairs)
    return sum(p[0] for p in pairs) / below if below else None


def median(groups: Sequence[Sequence[float]]) -> float | None:
    """Median of the values of all groups together; None without any."""
    values = [v for group in groups for v in group]
    return float(np.median(values)) if values else None


def mean(values: Sequence[float]) -> float | None:
    """Mean of finite values; None without any."""
    kept = [v for v in values if v is not None and np.isfinite(v)]
    return float(np.mean(kept)) if kept else None
