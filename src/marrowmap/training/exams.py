"""Training exams: digital children through the whole simulated scanner, as the bench has them, on other seeds."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from marrowmap.bench.exams import BenchExam, exam_of
from marrowmap.training.cases import TRAIN_SEEDS, request_of

FIRST = TRAIN_SEEDS.start + 10_000
"""Seeds below are taken by ``training.cases``."""


def training_exam(seed: int, folder: Path | None) -> BenchExam:
    """Simulate the child of a training seed on a grid of its own, or read it from ``folder``, if that is given."""
    rng = np.random.default_rng([seed, 11])
    slice_mm, pixel_mm = float(rng.uniform(4, 6.2)), float(rng.uniform(1.7, 2.6))
    return exam_of(request_of(seed), folder, (slice_mm, pixel_mm, pixel_mm))


def training_exams(folder: Path | None, seeds: range) -> Iterator[tuple[int, BenchExam]]:
    """Children with CNO and healthy ones; those with a mimic of CNO are left out."""
    for seed in seeds:
        if request_of(seed).lesions in ("cno", "none"):
            yield seed, training_exam(seed, folder)


def exam_options(parser: argparse.ArgumentParser, *, count: int, looks: int) -> argparse.ArgumentParser:
    """``parser`` with the options of the steps that learn from training exams."""
    parser.add_argument(
        "--exams", type=Path, required=True, help="folder of simulated exams; filled when short"
    )
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--count", type=int, default=count, help="children; 0 takes the voxels as they are")
    parser.add_argument("--looks", type=int, default=looks, help="samples of each child")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Simulate training exams into a folder; those that are there already are kept."""
    parser = argparse.ArgumentParser(prog="python -m marrowmap.training exams")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--count", type=int, default=100)
    args = parser.parse_args(argv)
    begun = time.time()
    for seed, exam in training_exams(args.out, range(args.first, args.first + args.count)):
        print(
            f"{seed} {exam.request.lesions} {len(exam.truth)} lesions {time.time() - begun:.0f} s", flush=True
        )
        begun = time.time()
