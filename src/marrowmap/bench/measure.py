"""How right the measurements are: true outlines measured by the product, with the product's own labels.

Truth comes from the true outline with the true labels, or from what the child was made with; the stated
uncertainty is judged by how often the truth lies within two of its standard deviations.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from marrowmap.bench.exams import BenchExam, exams
from marrowmap.bench.own_labels import own_labels
from marrowmap.bench.statistics import interval, mean
from marrowmap.core.geometry import PointMm, Voxel
from marrowmap.core.lesion import Measured
from marrowmap.core.skeleton import Skeleton
from marrowmap.imaging.grow import grow_region
from marrowmap.imaging.measure import exam_muscle, measure_region
from marrowmap.phantom.sets import SetName

Say = Callable[[str], None]
QUANTITIES = ("volume_ml", "max_diameter_mm", "extent_percent", "si_ratio", "t1_ratio", "adc", "adc_p10")
SMALLEST_ML = 0.5


def bench_measure(
    name: SetName, limit: int | None = None, cache: Path | None = None, say: Say = lambda _: None
) -> dict[str, Any]:
    """Measure lesions of a set after one click each, and within their true outlines."""
    rows: list[dict[str, list[tuple[float, float, float]]]] = []
    clicks: list[list[float]] = []
    for exam in exams(name, limit, cache):
        own = own_labels(exam, cache).skeleton
        true = Skeleton(exam.sites, exam.grid, "truth")
        muscle_own, muscle_true = exam_muscle(exam.volumes, own), exam_muscle(exam.volumes, true)
        row: dict[str, list[tuple[float, float, float]]] = {q: [] for q in QUANTITIES}
        dice = []
        for lesion in exam.truth:
            if lesion.volume_ml < SMALLEST_ML or lesion.sclerotic:
                continue
            mask = exam.lesions == lesion.number
            wanted = measure_region(exam.volumes, true, mask, muscle=muscle_true)
            grown = grow_region(exam.volumes, own, _click(mask, exam), muscle=muscle_own)
            dice.append(2 * float((grown.mask & mask).sum()) / float(grown.mask.sum() + mask.sum()))
            for quantity in QUANTITIES:
                _compare(row[quantity], getattr(grown.measures, quantity), getattr(wanted, quantity))
        rows.append(row)
        clicks.append(dice)
        say(
            f"{exam.request.seed}: {len(dice)} lesions measured, median click Dice {np.median(dice) if dice else 0:.2f}"
        )
    return _summary(rows, clicks, name)


def _click(mask: np.ndarray, exam: BenchExam) -> PointMm:
    """The middle of the lesion, where a reader would click."""
    places = np.argwhere(mask)
    nearest = places[((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    return exam.grid.to_mm(Voxel(*(float(v) for v in nearest)))


def _compare(into: list[tuple[float, float, float]], found: Measured, wanted: Measured) -> None:
    if found.value is not None and wanted.value is not None:
        into.append((found.value, wanted.value, found.uncertainty or 0.0))


def _summary(
    rows: list[dict[str, list[tuple[float, float, float]]]], clicks: list[list[float]], name: str
) -> dict[str, Any]:
    out: dict[str, Any] = {
        "set": name,
        "n_exams": len(rows),
        "compared": "outline grown from one click and own labels, against the true outline and true labels",
        "click_dice_median": interval(clicks, _middle),
    }
    for quantity in QUANTITIES:
        groups = [row[quantity] for row in rows]
        out[quantity] = {
            "median_relative_error": interval(
                groups, lambda g: _middle([[abs(a / b - 1) for a, b, _ in x if b] for x in g])
            ),
            "median_bias": interval(
                groups, lambda g: _middle([[a / b - 1 for a, b, _ in x if b] for x in g])
            ),
            "within_two_uncertainties": interval(
                groups, lambda g: mean([float(abs(a - b) <= 2 * u) for x in g for a, b, u in x])
            ),
        }
    return out


def _middle(groups: Any) -> float | None:
    values = [v for group in groups for v in group]
    return float(np.median(values)) if values else None
