"""Fit the ranker that turns a spot's features into a calibrated score, on exams of the validation set."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import optimize

from marrowmap.core.geometry import Grid
from marrowmap.core.volume import Volume
from marrowmap.imaging.candidates import scored_spots
from marrowmap.imaging.candidates_spots import FEATURES
from marrowmap.imaging.label import label_skeleton
from marrowmap.imaging.working import enlarge, prepare
from marrowmap.phantom.exam import make_body, make_findings, make_scanner
from marrowmap.phantom.lesions import Surroundings
from marrowmap.phantom.scene import clouds_of
from marrowmap.phantom.sets import bench_set
from marrowmap.phantom.volumes import simulate_volumes

FIXED_SIGN = {"peak": 1, "mean": 1, "log_ml": 1, "stir_z": 1, "t1_z": -1, "dwi_z": 1, "strict": -1}
"""Features whose weight may only have this sign; with few exams chance would turn some around."""
LEFT_OUT = ("stir_ratio", "twin", "extent")


def rows_of(
    volumes: dict[str, Volume], lesions: npt.NDArray[np.uint16], grid: Grid
) -> list[tuple[tuple[float, ...], bool]]:
    """(features, whether it hits a lesion) of every spot of one exam, with the product's own labels."""
    skeleton = label_skeleton(volumes)
    work = prepare(volumes)
    truth = enlarge(lesions, grid, work.grid) > 0
    spots, *_ = scored_spots(work, skeleton)
    return [(s.features, bool(truth[s.box][s.mask].mean() >= 0.1)) for _, s in spots]


def fit(rows: list[tuple[tuple[float, ...], bool]], penalty: float = 2.0) -> dict[str, object]:
    """Penalised logistic regression, written as ``ranker.json``."""
    x = np.array([r[0] for r in rows])
    y = np.array([r[1] for r in rows], dtype=float)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 0.05
    u = (x - mean) / spread

    def cost(w: npt.NDArray[np.float64]) -> float:
        score = u @ w[:-1] + w[-1]
        return float(np.logaddexp(0, -score * (2 * y - 1)).sum() + penalty * (w[:-1] ** 2).sum())

    bounds: list[tuple[float | None, float | None]] = []
    for name in FEATURES:
        sign = FIXED_SIGN.get(name, 0)
        bounds.append(
            (0.0, 0.0)
            if name in LEFT_OUT
            else (0.0, None)
            if sign > 0
            else (None, 0.0)
            if sign < 0
            else (None, None)
        )
    best = optimize.minimize(
        cost, np.zeros(len(FEATURES) + 1), bounds=[*bounds, (None, None)], method="L-BFGS-B"
    )
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
    """Simulate exams, collect spots, fit, write."""
    parser = argparse.ArgumentParser(prog="python -m marrowmap.training ranker")
    parser.add_argument("--out", type=Path, required=True, help="ranker.json")
    parser.add_argument("--exams", type=int, default=22)
    args = parser.parse_args(argv)
    rows: list[tuple[tuple[float, ...], bool]] = []
    for request in bench_set("validation", args.exams):
        body = make_body(request)
        findings = make_findings(request, Surroundings.of(body, clouds_of(body)))
        made = simulate_volumes(body, findings, (5.0, 2.0, 2.0), make_scanner(request))
        rows += rows_of(made.volumes, made.lesions, made.grid)
        print(f"{request.seed}: {len(rows)} spots", flush=True)
    args.out.write_text(json.dumps(fit(rows), indent=1) + "\n", encoding="utf-8")
