"""Fit the ranker that turns a spot's features into a calibrated score, on exams that no network has learned from."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import optimize

from marrowmap.bench.candidates import truth_on
from marrowmap.bench.exams import BenchExam, exams, kind_of
from marrowmap.bench.overlap import lesions_hit, verdict
from marrowmap.bench.own_labels import own_labels
from marrowmap.imaging.candidates import scored_spots
from marrowmap.imaging.candidates_spots import FEATURES
from marrowmap.imaging.working import prepare
from marrowmap.training.exams import training_exams

USED = ("peak", "log_ml", "strict", "prone")
"""With some hundred spots to learn from, more features were no better on exams left out."""
FIRST_ROD = 139_500
"""Children of rods from here on are left to the ranker."""
AT_MOST = {"strict": -0.4, "prone": -0.2}
"""Where healthy children often show bright marrow the score falls by at least this (log odds; PROPOSED), whatever
the few spots there say; where they do so about half as often (definitions, 6.4), by half of it."""


def rows_of(exam: BenchExam, cache: Path | None) -> list[tuple[tuple[float, ...], bool]]:
    """(features, whether it hits a lesion) of every spot of one exam, with the product's own labels.

    A hit is what the bench calls a hit (``bench.overlap``). Spots on nothing but lesions that do not count (under
    0.5 ml, sclerotic) are left out.
    """
    skeleton = own_labels(exam, cache).skeleton
    work = prepare(exam.volumes)
    truth = truth_on(exam, work)
    size = np.bincount(truth.ravel(), minlength=1)
    rows = []
    for _, spot in scored_spots(work, skeleton).spots:
        hit = verdict(lesions_hit(truth[spot.box][spot.mask], size), exam.counted)
        if hit is not None:
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
        **{name: (None, low * spread[FEATURES.index(name)]) for name, low in AT_MOST.items()},
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


def exams_to_rank(mesh: int, rods: int, cache: Path | None) -> Iterator[BenchExam]:
    """The first exams of the validation set, then children of rods; those with a mimic of CNO are left out."""
    yield from (e for e in exams("validation", mesh, cache) if kind_of(e.request) != "mimic")
    yield from (e for _, e in training_exams(cache, range(FIRST_ROD, FIRST_ROD + rods)))


def main(argv: list[str] | None = None) -> None:
    """Label the exams, collect their spots, fit, write."""
    parser = argparse.ArgumentParser(prog="python -m marrowmap.training ranker")
    parser.add_argument("--out", type=Path, required=True, help="ranker.json")
    parser.add_argument("--exams", type=int, default=22)
    parser.add_argument("--rods", type=int, default=16, help="children of rods beside them")
    parser.add_argument("--cache", type=Path, help="folder that keeps the simulated exams")
    args = parser.parse_args(argv)
    rows: list[tuple[tuple[float, ...], bool]] = []
    for exam in exams_to_rank(args.exams, args.rods, args.cache):
        rows += rows_of(exam, args.cache)
        print(f"{exam.request.seed}: {len(rows)} spots, {sum(y for _, y in rows)} in lesions", flush=True)
    args.out.write_text(json.dumps(fit(rows), indent=1) + "\n", encoding="utf-8")
