"""The product's own labels of a bench exam, kept beside the exam so that several benches need them made only once."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from marrowmap.bench.exams import BenchExam
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.imaging.label import label_skeleton

LABEL_NETWORKS = ("units", "outline", "naming", "shape")
LABEL_MODULES = (
    "label",
    "levels",
    "naming",
    "network",
    "normalise",
    "outline",
    "silhouette",
    "surroundings",
    "working",
)
"""Beginnings of the names of the modules of ``imaging`` that decide on labels."""


@dataclass(frozen=True)
class Labelled:
    """seconds: what making the labels took, when they were made."""

    skeleton: Skeleton
    seconds: float


def own_labels(exam: BenchExam, cache: Path | None) -> Labelled:
    """Label the exam, or read the labels that these weights and this code gave it before."""
    r = exam.request
    name = f"labels-{labels_mark()}-{r.body}-{r.seed}-{r.lesions}-{r.difficulty}.npz"
    path = cache / name if cache is not None else None
    if path is not None and path.exists():
        return _read(path, exam)
    begun = time.perf_counter()
    skeleton = label_skeleton(exam.volumes)
    made = Labelled(skeleton, time.perf_counter() - begun)
    if path is not None:
        _write(made, path)
    return made


@cache
def labels_mark() -> str:
    """Eight characters that change with the networks and the code that make labels."""
    assets, imaging = resources.files("marrowmap.assets"), resources.files("marrowmap.imaging")
    code = sorted(
        f.name for f in imaging.iterdir() if f.name.endswith(".py") and f.name.startswith(LABEL_MODULES)
    )
    data = [assets.joinpath(f"{name}.onnx").read_bytes() for name in LABEL_NETWORKS]
    data += [imaging.joinpath(name).read_bytes() for name in code]
    return hashlib.sha256(b"".join(data)).hexdigest()[:8]


def _write(made: Labelled, path: Path) -> None:
    s = made.skeleton
    told = {
        "method": s.method,
        "certainty": s.certainty,
        "uncertain": sorted(s.uncertain_levels),
        "coverage": {k: str(v) for k, v in s.coverage.items()},
        "seconds": made.seconds,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp.npz")
    np.savez_compressed(partial, labels=s.labels, told=np.array(json.dumps(told)))
    partial.rename(path)


def _read(path: Path, exam: BenchExam) -> Labelled:
    with np.load(path) as d:
        told = json.loads(str(d["told"]))
        skeleton = Skeleton(
            d["labels"],
            exam.grid,
            told["method"],
            told["certainty"],
            frozenset(told["uncertain"]),
            {k: Coverage(v) for k, v in told["coverage"].items()},
        )
    return Labelled(skeleton, told["seconds"])
