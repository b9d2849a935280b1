"""Whether a score says how likely a mark is to hit a lesion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marrowmap.bench.statistics import interval, share

BINS = 10


def calibration(exams: Sequence[Sequence[tuple[float, bool]]]) -> dict[str, Any]:
    """exams: of every exam (score from 0 to 1, whether it hits a lesion) of all its marks.

    Brier score: mean square of score less 1 for a hit, 0 for none; ``brier_of_base_rate``: the same of always saying
    the share of marks that hit. A score is worth something when the first is clearly below the second.
    """
    marks = [mark for exam in exams for mark in exam]
    return {
        "n_marks": len(marks),
        "brier": interval([(sum((s - hit) ** 2 for s, hit in e), float(len(e))) for e in exams], share),
        "brier_of_base_rate": interval(
            [(float(sum(h for _, h in e)), float(len(e))) for e in exams], _spread
        ),
        "bins": {f"{k / BINS:g} to {(k + 1) / BINS:g}": _bin(marks, k) for k in range(BINS)},
    }


def _spread(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Mean square distance of hits from their share."""
    rate = share(pairs)
    return None if rate is None else rate * (1 - rate)


def _bin(marks: Sequence[tuple[float, bool]], k: int) -> dict[str, Any]:
    some = [(s, hit) for s, hit in marks if min(int(s * BINS), BINS - 1) == k]
    n = len(some)
    return {
        "n": n,
        "mean_score": round(sum(s for s, _ in some) / n, 4) if n else None,
        "share_hit": round(sum(hit for _, hit in some) / n, 4) if n else None,
    }
