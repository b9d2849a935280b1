"""How right the measurements are: true outlines measured by the product, with the product's own labels.

Truth comes from the true outline with the true labels, or from what the child was made with; the stated
uncertainty is judged by how often the truth lies within two of its standard deviations. Heights belong to the vertebra,
not to the outline: what the own labels tell is held against what the true labels tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from marrowmap.bench.exams import BenchExam, exams
from marrowmap.bench.own_labels import own_labels
from marrowmap.bench.statistics import interval, mean, median
from marrowmap.core.geometry import PointMm, Voxel
from marrowmap.core.site import Region, Site, site_of_label
from marrowmap.core.skeleton import Skeleton
from marrowmap.exchange.measures_json import QUANTITIES
from marrowmap.imaging.grow import grow_region
from marrowmap.imaging.measure import RegionMeasures, exam_muscle, measure_region
from marrowmap.phantom.sets import SetName

Say = Callable[[str], None]
IN_GROUPS = ("volume_ml", "si_ratio")
"""What is broken down by group."""
HEIGHTS = ("anterior_mm", "middle_mm", "posterior_mm")


@dataclass(frozen=True)
class LesionRow:
    """One lesion after one click. values: quantity -> (found, true, stated uncertainty), where both were measured.

    height_errors: of a vertebra, how far each height is off in mm, where both were measured.
    """

    region: str
    is_vertebra: bool
    click_dice: float
    values: dict[str, tuple[float, float, float]]
    height_errors: dict[str, float]


@dataclass(frozen=True)
class ExamRow:
    """The lesions of one exam that count, and by what they are broken down."""

    group: dict[str, str]
    lesions: tuple[LesionRow, ...]


Rows = list[ExamRow]


def bench_measure(
    name: SetName, limit: int | None = None, cache: Path | None = None, say: Say = lambda _: None
) -> dict[str, Any]:
    """Measure lesions of a set after one click each, and within their true outlines."""
    rows: Rows = []
    for exam in exams(name, limit, cache):
        row = measure_exam(exam, own_labels(exam, cache).skeleton)
        rows.append(row)
        dice = [x.click_dice for x in row.lesions]
        say(
            f"{exam.request.seed}: {len(dice)} lesions measured, median click Dice {np.median(dice) if dice else 0:.2f}"
        )
    return summary(rows, name)


def measure_exam(exam: BenchExam, own: Skeleton) -> ExamRow:
    """Every lesion that counts, after one click with the labels ``own`` and within its outline with the true ones."""
    true = Skeleton(exam.sites, exam.grid, "truth")
    muscle_own, muscle_true = exam_muscle(exam.volumes, own), exam_muscle(exam.volumes, true)
    lesions = []
    for lesion in exam.truth:
        unit = site_of_label(lesion.label)
        if lesion.number not in exam.counted or unit is None:
            continue
        mask = exam.lesions == lesion.number
        wanted = measure_region(exam.volumes, true, mask, muscle=muscle_true)
        grown = grow_region(exam.volumes, own, _click(mask, exam), muscle=muscle_own)
        dice = 2 * float((grown.mask & mask).sum()) / float(grown.mask.sum() + mask.sum())
        lesions.append(compare_measures(unit, grown.measures, wanted, dice))
    return ExamRow(exam.group, tuple(lesions))


def _click(mask: np.ndarray, exam: BenchExam) -> PointMm:
    """The middle of the lesion, where a reader would click."""
    places = np.argwhere(mask)
    nearest = places[((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    return exam.grid.to_mm(Voxel(*(float(v) for v in nearest)))


def compare_measures(
    unit: Site, found: RegionMeasures, wanted: RegionMeasures, click_dice: float
) -> LesionRow:
    """One lesion. unit: where it truly lies."""
    values = {}
    for quantity in QUANTITIES:
        a, b = getattr(found, quantity), getattr(wanted, quantity)
        if a.value is not None and b.value is not None:
            values[quantity] = (a.value, b.value, a.uncertainty or 0.0)
    errors = {}
    if unit.is_vertebra:
        for height in HEIGHTS:
            told, true = _mm(found, height), _mm(wanted, height)
            if told is not None and true is not None:
                errors[height] = abs(told - true)
    return LesionRow(str(unit.region), unit.is_vertebra, click_dice, values, errors)


def _mm(measures: RegionMeasures, height: str) -> float | None:
    """A height in mm, whether it is told with its uncertainty or without; None when it was not measured."""
    told = getattr(measures.heights, height, None)
    value = getattr(told, "value", told)
    return None if value is None else float(value)


def summary(rows: Rows, name: str) -> dict[str, Any]:
    """The bench's answer."""
    out: dict[str, Any] = {
        "set": name,
        "n_exams": len(rows),
        "n_lesions": sum(len(row.lesions) for row in rows),
        "compared": "outline grown from one click and own labels, against the true outline and true labels",
        "click_dice_median": _click_dice(rows),
    }
    for quantity in QUANTITIES:
        out[quantity] = {
            **_errors(rows, quantity),
            "within_two_uncertainties": interval(
                _values(rows, quantity),
                lambda g: mean([float(abs(a - b) <= 2 * u) for x in g for a, b, u in x]),
            ),
        }
    out["heights"] = _heights(rows)
    out["by_group"] = {
        group: {
            "n_lesions": sum(len(row.lesions) for row in some),
            "click_dice_median": _click_dice(some),
            **{quantity: _errors(some, quantity) for quantity in IN_GROUPS},
        }
        for group, some in _groups(rows).items()
    }
    return out


def _values(rows: Rows, quantity: str) -> list[list[tuple[float, float, float]]]:
    return [[x.values[quantity] for x in row.lesions if quantity in x.values] for row in rows]


def _errors(rows: Rows, quantity: str) -> dict[str, Any]:
    off = [[a / b - 1 for a, b, _ in of_exam if b] for of_exam in _values(rows, quantity)]
    return {
        "median_relative_error": interval([[abs(v) for v in of_exam] for of_exam in off], median),
        "median_bias": interval(off, median),
    }


def _click_dice(rows: Rows) -> dict[str, Any]:
    return interval([[x.click_dice for x in row.lesions] for row in rows], median)


def _heights(rows: Rows) -> dict[str, Any]:
    """Of lesions in vertebrae; ``n_measured`` of them have every height with own and with true labels."""
    lesions = [x for row in rows for x in row.lesions if x.is_vertebra]
    return {
        "n_lesions": len(lesions),
        "n_measured": sum(len(x.height_errors) == len(HEIGHTS) for x in lesions),
        **{
            height: {
                "median_absolute_error": interval(
                    [
                        [x.height_errors[height] for x in row.lesions if height in x.height_errors]
                        for row in rows
                    ],
                    median,
                )
            }
            for height in HEIGHTS
        },
    }


def _groups(rows: Rows) -> dict[str, Rows]:
    """Exams with a lesion of the group, and of these the lesions in it, by "region=spine", "age=5-7" and the like."""
    with_lesions = [row for row in rows if row.lesions]
    out: dict[str, Rows] = {}
    for region in Region:
        some = [ExamRow(r.group, tuple(x for x in r.lesions if x.region == region)) for r in with_lesions]
        out[f"region={region}"] = [r for r in some if r.lesions]
    for key in ("age", "difficulty", "vendor", "field_t"):
        for value in sorted({r.group[key] for r in with_lesions}):
            out[f"{key}={value}"] = [r for r in with_lesions if r.group[key] == value]
    return {group: some for group, some in out.items() if some}
