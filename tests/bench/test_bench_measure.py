"""What the bench of measurements tells, on measures and on an exam made by hand."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from marrowmap.bench.exams import BenchExam, TrueLesion
from marrowmap.bench.measure import QUANTITIES, ExamRow, compare_measures, measure_exam, summary
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.lesion import Measured, VertebralHeights
from marrowmap.core.site import sites_by_id
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.phantom.exam import ExamRequest

T7, T8, FEMUR = (sites_by_id()[k] for k in ("vertebra_t7", "vertebra_t8", "femur_diaphysis_left"))


def measures(factor: float, heights: object = None, **others: Measured) -> Any:
    """Every quantity 10 times the factor, known to within 1; what ``compare_measures`` reads of RegionMeasures."""
    values = {q: Measured(10.0 * factor, "x", 1.0) for q in QUANTITIES}
    return SimpleNamespace(**{**values, **others}, heights=heights)


def group(age: str) -> dict[str, str]:
    return {"age": age, "difficulty": "clinical", "vendor": "ge", "field_t": "1.5"}


def test_errors_are_told_of_all_lesions_and_of_every_group() -> None:
    true = measures(1, VertebralHeights(20.0, 19.0, 21.0))
    spine = compare_measures(T8, measures(1.1, VertebralHeights(17.0, 19.5, None)), true, 0.9)
    arm = compare_measures(FEMUR, measures(0.7), measures(1), 0.5)
    leg = compare_measures(FEMUR, measures(1, si_ratio=Measured(None, "x")), measures(1), 0.7)
    rows = [ExamRow(group("5-7"), (spine, arm)), ExamRow(group("13-17"), (leg,)), ExamRow(group("8-12"), ())]

    told = summary(rows, "by hand")

    assert (told["n_exams"], told["n_lesions"]) == (3, 3)
    assert told["click_dice_median"]["value"] == 0.7
    for quantity in ("volume_ml", "periosteal_ratio", "soft_tissue_ratio"):
        assert told[quantity]["median_relative_error"]["value"] == pytest.approx(0.1)
        assert told[quantity]["median_bias"]["value"] == 0
        assert told[quantity]["within_two_uncertainties"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert told["heights"]["n_lesions"] == 1
    assert told["heights"]["n_measured"] == 0
    off = {k: v["median_absolute_error"]["value"] for k, v in told["heights"].items() if k.endswith("mm")}
    assert off == {"anterior_mm": 3.0, "middle_mm": 0.5, "posterior_mm": None}

    groups = told["by_group"]
    assert set(groups) == {
        "region=spine", "region=lower_limb", "age=5-7", "age=13-17", "difficulty=clinical", "vendor=ge", "field_t=1.5",
    }  # fmt: skip
    assert groups["region=lower_limb"]["n_lesions"] == 2
    assert groups["region=lower_limb"]["si_ratio"]["median_bias"]["value"] == pytest.approx(-0.3)
    assert groups["region=spine"]["click_dice_median"] == {"value": 0.9, "ci95": [0.9, 0.9], "n_exams": 1}
    assert groups["age=5-7"]["volume_ml"]["median_relative_error"]["value"] == pytest.approx(0.2)
    assert groups["difficulty=clinical"]["click_dice_median"]["n_exams"] == 2
    json.dumps(told)


def test_heights_are_read_with_or_without_uncertainty() -> None:
    told = {"anterior_mm": Measured(17.0, "mm", 1.0), "middle_mm": None, "posterior_mm": Measured(None, "mm")}
    row = compare_measures(
        T8, measures(1, SimpleNamespace(**told)), measures(1, VertebralHeights(20.0, 20.0, 20.0)), 1.0
    )
    assert row.height_errors == {"anterior_mm": 3.0}


def test_no_heights_of_a_bone_that_is_no_vertebra() -> None:
    both = measures(1, VertebralHeights(20.0, 20.0, 20.0))
    assert compare_measures(FEMUR, both, both, 1.0).height_errors == {}


def test_a_vertebra_drawn_too_high_is_seen_and_small_lesions_are_left_out() -> None:
    grid = Grid.coronal((12, 60, 40), (5.0, 3.0, 3.0), PointMm(0, 0, 0))
    sites = np.zeros(grid.shape, np.uint8)
    sites[2:10, 20:27, 14:26], sites[2:10, 30:37, 14:26] = T7.label, T8.label
    own = sites.copy()
    own[2:10, 37, 14:26] = T8.label
    lesions = np.zeros(grid.shape, np.uint16)
    lesions[4:7, 32:35, 17:21], lesions[4, 22, 17] = 1, 2
    signal = np.where(sites > 0, 60.0, 40.0).astype(np.float32)
    signal[lesions > 0] = 300.0
    volumes = {"STIR": Volume(signal, grid, Contrast.STIR)}
    truth = tuple(
        TrueLesion(k, unit.label, float((lesions == k).sum()) * grid.voxel_ml, 0.5, False)
        for k, unit in ((1, T8), (2, T7))
    )
    request = ExamRequest(1, age_years=9.0).settled()
    exam = BenchExam(request, volumes, grid, sites, lesions, np.zeros_like(lesions), truth)

    perfect = measure_exam(exam, Skeleton(sites, grid, "x"))
    high = measure_exam(exam, Skeleton(own, grid, "x"))

    (lesion,) = perfect.lesions
    assert (lesion.region, lesion.is_vertebra) == ("spine", True)
    assert lesion.click_dice > 0.5
    assert set(lesion.height_errors.values()) == {0.0}
    assert list(high.lesions[0].height_errors.values()) == pytest.approx([3.0, 3.0, 3.0])
