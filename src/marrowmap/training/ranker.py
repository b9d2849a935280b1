"""Fit the ranker that turns a spot's features into a calibrated score, on exams of the validation set."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import optimize

from marrowmap.bench.candidates import truth_on
from marrowmap.bench.exams import SMALLEST_ML, BenchExam, exams, kind_of
from marrowmap.bench.own_labels import own_labels
from marrowmap.imaging.candidates import scored_spots
from marrowmap.imaging.candidates_spots import FEATURES
from marrowmap.imaging.working import prepare

USED = ("peak", "log_ml", "strict")
"""With some hundred spots to learn from, more features were no better on exams left out."""
STRICT_AT_MOST = -0.4
"""Where healthy children often show bright marrow the score falls by at least this (log odds; PROPOSED), whatever
the few spots there say."""


def rows_of(exam: BenchExam, cache: Path | None) -> list[tuple[tuple[float, ...], bool]]:
    """(features, whether it hits a lesion) of every spot of one exam, with the product's own labels.

    Spots on lesions that do not count (under 0.5 ml, sclerotic) are left out.
    """
    skeleton = own_labels(exam, cache).skeleton
    work = prepare(exam.volumes)
    truth = truth_on(exam, work)
    counted = [t.number for t in exam.truth if t.volume_ml >= SMALLEST_ML and not t.sclerotic]
    rows = []
    for _, spot in scored_spots(work, skeleton)[0]:
        inside = truth[spot.box][spot.mask]
        hit = bool(np.isin(inside, counted).mean() >= 0.1)
        if hit or not (inside > 0).mean() >= 0.1:
            rows.append((spot.features, hit))
    return rows


def fit(rows: list[tuple[tuple[float, ...], bool]], penalty: float = 2.0) -> dict[str, object]:
    """Penalised logistic regression, written as ``ranker.json``."""
    x = np.array([r[0] for r in rows])
    y = np.array([r[1] for r in rows], dtype=float)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 0.05
    u = (x - mean) / spread

    def cost(w: npt.NDArray[np.float64]) -> float:
        score = u @ w[:-1] + w[-1]
        return float(np.logaddexp(0, -score * (2 * y - 1)).sum() + penalty * (w[:-1] ** 2).sum())

    limits = {
        "peak": (0.0, None),
        "log_ml": (0.0, None),
        "strict": (None, STRICT_AT_MOST * spread[FEATURES.index("strict")]),
    }
    bounds = [limits.get(name, (0.0, 0.0)) for name in FEATURES]
    start = np.array([*(b[1] or 0.0 for b in bounds), 0.0])
    best = optimize.minimize(cost, start, bounds=[*bounds, (None, None)], method="L-BFGS-B")
    return {
        "features": list(FEATURES),
        "weights": [round(float(v), 4) for v in best.x[:-1]],
        "mean": [round(float(v), 4) for v in mean],
        "spread": [round(float(v), 4) for v in spread],
        "bias": round(float(best.x[-1]), 4),
        "spots": len(rows),
        "lesions": int(y.sum()),
    }


def main(argv: list[str] | None = None) -> None:
    """Label validation exams, collect their spots, fit, write."""
    parser = argparse.ArgumentParser(prog="python -m marrowmap.training ranker")
    parser.add_argument("--out", type=Path, required=True, help="ranker.json")
    parser.add_argument("--exams", type=int, default=22)
    parser.add_argument("--cache", type=Path, help="folder that keeps the simulated exams")
    args = parser.parse_args(argv)
    rows: list[tuple[tuple[float, ...], bool]] = []
    for exam in exams("validation", args.exams, args.cache):
        if kind_of(exam.request) == "mimic":
            continue
        rows += rows_of(exam, args.cache)
        print(f"{exam.request.seed}: {len(rows)} spots, {sum(y for _, y in rows)} in lesions", flush=True)
    args.out.write_text(json.dumps(fit(rows), indent=1) + "\n", encoding="utf-8")
