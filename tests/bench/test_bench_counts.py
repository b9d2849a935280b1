"""What the bench counts, on hand-made cases."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from marrowmap.bench.candidates import (
    ExamRecord,
    FalseMark,
    LesionRecord,
    Place,
    compare_marks,
    froc,
    summary,
)
from marrowmap.bench.exams import BenchExam, TrueLesion
from marrowmap.bench.followup import Tally
from marrowmap.bench.labels import compare_labels
from marrowmap.bench.labels import summary as label_summary
from marrowmap.bench.statistics import interval, mean, share
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import mirror, sites_by_id
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.working import prepare
from marrowmap.phantom.exam import ExamRequest
from marrowmap.phantom.sets import SHEETS, bench_set

UNIT = sites_by_id()["femur_distal_metaphysis_left"]


@pytest.fixture
def exam() -> BenchExam:
    grid = Grid.coronal((10, 40, 40), (5.0, 3.0, 3.0), PointMm(0, 0, 0))
    sites = np.zeros(grid.shape, np.uint8)
    sites[2:8, 10:30, 10:30] = UNIT.label
    lesions = np.zeros(grid.shape, np.uint16)
    lesions[3:6, 12:18, 12:18] = 1
    volume = Volume(np.full(grid.shape, 50, np.float32), grid, Contrast.STIR)
    millilitres = float((lesions == 1).sum()) * grid.voxel_ml
    truth = (TrueLesion(1, UNIT.label, millilitres, 0.5, False),)
    request = ExamRequest(1, age_years=9.0).settled()
    return BenchExam(request, {"STIR": volume}, grid, sites, lesions, np.zeros_like(lesions), truth)


def test_perfect_labels_have_dice_one_and_swapped_sides_are_seen(exam: BenchExam) -> None:
    perfect = compare_labels(exam, Skeleton(exam.sites, exam.grid, "x"))
    assert perfect.dice[UNIT.id] == 1
    assert share([perfect.side]) == 1
    assert share([perfect.lesion_segment]) == 1
    twin = mirror(UNIT)
    assert twin is not None
    swapped = compare_labels(
        exam, Skeleton(np.where(exam.sites > 0, twin.label, 0).astype(np.uint8), exam.grid, "x")
    )
    assert share([swapped.side]) == 0
    assert share([swapped.lesion_bone_side]) == 0
    assert share([swapped.recall]) == 1


def test_a_hit_and_a_false_mark(exam: BenchExam) -> None:
    work = prepare(exam.volumes)
    right, wrong = np.zeros((2, *exam.grid.shape), bool)
    right[3:6, 12:18, 12:18] = True
    wrong[6:8, 25:28, 25:28] = True
    record = compare_marks(exam, work, [(0.9, right, UNIT.label), (0.4, wrong, UNIT.label)], exam.sites)
    assert record.lesions[0].score == 0.9
    assert record.lesions[0].dice == 1
    assert record.false == [FalseMark(0.4, False, Place.BONE, "lower_limb")]
    assert record.judged == [(0.9, True), (0.4, False)]


def test_a_false_mark_tells_what_it_lies_on(exam: BenchExam) -> None:
    marks = np.zeros((3, *exam.grid.shape), bool)
    marks[0, 2:4, 24:28, 24:28] = True
    marks[1, 6:8, 24:28, 24:28] = True
    marks[2, 4:6, 33:37, 33:37] = True
    exam = replace(exam, others=marks[0].astype(exam.others.dtype))
    found = [(score, mask, UNIT.label) for score, mask in zip((0.9, 0.8, 0.7), marks, strict=True)]
    record = compare_marks(exam, prepare(exam.volumes), found, exam.sites)
    assert [f.on for f in record.false] == [Place.LOOK_ALIKE, Place.BONE, Place.NO_BONE]


def test_froc_reads_sensitivity_at_a_rate_of_false_marks() -> None:
    def lesion(score: float | None) -> LesionRecord:
        return LesionRecord("femur_diaphysis_left", "lower_limb", False, 1.0, 0.5, score)

    def mark(score: float) -> FalseMark:
        return FalseMark(score, False, Place.BONE)

    records = [
        ExamRecord("clinical", {}, [lesion(0.9), lesion(0.3), lesion(None)], [mark(0.5), mark(0.2)]),
        ExamRecord("healthy", {}, [], [mark(0.4)]),
    ]
    curve = froc(records)
    assert curve["0.5"] == pytest.approx(1 / 3, abs=1e-3)
    assert curve["8"] == pytest.approx(2 / 3, abs=1e-3)


def test_nothing_to_count_is_not_zero() -> None:
    assert share([]) is None
    assert share([(0, 0)]) is None
    assert mean([]) is None
    assert interval([], share)["value"] is None
    assert interval([(8.0, 10.0)], share)["value"] == 0.8


def test_worked_example_of_metrics_sensitivity_and_f1(exam: BenchExam) -> None:
    """Definitions, section 11, example 1: of 10 lesions 8 are hit, 3 marks are false."""
    lesions = np.zeros_like(exam.lesions)
    for number in range(1, 11):
        lesions[3:6, 12:15, 4 * number - 4 : 4 * number - 1] = number
    truth = tuple(TrueLesion(k, UNIT.label, 1.2, 0.5, False) for k in range(1, 11))
    exam = replace(exam, lesions=lesions, truth=truth)
    marks = [(0.9, lesions == k, UNIT.label) for k in range(1, 9)]
    for k in range(3):
        beside = np.zeros(lesions.shape, bool)
        beside[3:6, 20:23, 10 * k : 10 * k + 3] = True
        marks.append((0.8, beside, UNIT.label))
    record = compare_marks(exam, prepare(exam.volumes), marks, exam.sites)

    told = summary({"shown": [record], "product": [record]}, "by hand")

    assert told["sensitivity_body"]["value"] == told["sensitivity_all_bones"]["value"] == 0.80
    assert told["false_marks_per_exam_body"]["value"] == told["false_marks_per_exam_all_bones"]["value"] == 3
    found = sum(x.score is not None for x in record.lesions)
    tally = Tally(right=found, wrong=len(record.false), missed=len(record.lesions) - found)
    assert tally.f1 == pytest.approx(0.76, abs=0.005)


def test_summary_tells_hits_and_false_marks_of_every_region() -> None:
    spine = [LesionRecord("vertebra_t8", "spine", False, 1.0, 0.5, score) for score in (0.9, None)]
    foot = LesionRecord("toes_left", "foot", True, 1.0, 0.5, 0.8)
    group = {"age": "8-12", "vendor": "ge", "field_t": "1.5"}
    false = [FalseMark(0.7, False, Place.BONE, "spine"), FalseMark(0.6, True, Place.BONE, "foot")]
    sick = ExamRecord("clinical", group, [*spine, foot], false, [(0.9, True), (0.7, False), (0.6, False)])
    plain = ExamRecord("clinical", group)
    healthy = ExamRecord("healthy", group, [], [false[1]], [(0.6, False)])
    mimic = ExamRecord("mimic", group, [], false, [(0.1, False)] * 9)
    records = [sick, plain, healthy, mimic]

    told = summary({"shown": records, "product": records}, "by hand")

    assert told["by_region"]["spine"]["sensitivity"]["value"] == 0.5
    assert told["by_region"]["spine"]["false_marks_per_exam"]["value"] == 0.5
    assert told["by_region"]["foot"]["sensitivity"]["value"] == 1.0
    assert told["by_region"]["pelvis"]["sensitivity"]["value"] is None
    assert told["by_region"]["pelvis"]["false_marks_per_exam"]["value"] == 0.0
    assert told["healthy_false_marks_by_region"]["foot"] == {"value": 1.0, "ci95": [1.0, 1.0], "n_exams": 1}
    assert told["healthy_false_marks_by_region"]["spine"]["value"] == 0.0
    assert told["sensitivity_body"]["value"] == 0.5
    assert told["sensitivity_all_bones"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert told["calibration"]["n_marks"] == 4
    json.dumps(told)


def test_a_level_is_certain_unless_the_level_given_is_called_uncertain(exam: BenchExam) -> None:
    t8, t9, t10 = (sites_by_id()[f"vertebra_t{k}"] for k in (8, 9, 10))
    truth, found = np.zeros_like(exam.sites), np.zeros_like(exam.sites)
    truth[2:8, 5:10], truth[2:8, 12:17], truth[2:8, 20:25] = t8.label, t9.label, t10.label
    found[2:8, 5:10], found[2:8, 12:17], found[2:8, 20:25] = t8.label, t10.label, t10.label
    exam = replace(exam, sites=truth, truth=())
    unsure = frozenset({t9.id})  # true of the second body, given to none
    record = compare_labels(exam, Skeleton(found, exam.grid, "x", uncertain_levels=unsure))
    assert record.certain_levels == (3, 3)
    assert record.level == (2, 3)
    record = compare_labels(exam, Skeleton(found, exam.grid, "x", uncertain_levels=frozenset({t10.id})))
    assert record.certain_levels == (1, 3)
    assert record.level == (1, 1)
    assert record.level_within_one == (3, 3)


def test_accuracy_is_told_of_every_group_and_region(exam: BenchExam) -> None:
    right = compare_labels(exam, Skeleton(exam.sites, exam.grid, "x"))
    other = sites_by_id()["femur_diaphysis_left"].label
    wrong = compare_labels(
        replace(exam, request=ExamRequest(1, age_years=5.5).settled()),
        Skeleton(np.where(exam.sites > 0, other, 0).astype(np.uint8), exam.grid, "x"),
    )
    told = label_summary([right, wrong], "by hand")
    young, older = told["accuracy_by_group"]["age=5-7"], told["accuracy_by_group"]["age=8-12"]
    assert young["lesion_segment_accuracy"] == {"value": 0.0, "ci95": [0.0, 0.0], "n_exams": 1}
    assert young["lesion_bone_side_accuracy"]["value"] == young["bone_recall"]["value"] == 1.0
    assert young["vertebral_level_accuracy"]["value"] is None
    assert older["lesion_segment_accuracy"]["value"] == 1.0
    assert told["by_group"]["age=5-7"]["value"] == 0.0
    assert told["by_group"]["age=8-12"]["value"] == 1.0
    leg = told["lesion_accuracy_by_region"]["lower_limb"]
    assert (leg["lesion_bone_side_accuracy"]["value"], leg["lesion_segment_accuracy"]["value"]) == (1.0, 0.5)
    assert told["lesion_accuracy_by_region"]["spine"]["lesion_bone_side_accuracy"]["value"] is None


@pytest.mark.parametrize(("age", "name"), [(5.0, "5-7"), (7.9, "5-7"), (8.0, "8-12"), (17.0, "13-17")])
def test_ages_are_named_by_what_the_sets_hold(exam: BenchExam, age: float, name: str) -> None:
    assert replace(exam, request=ExamRequest(1, age_years=age).settled()).group["age"] == name
    ages = [r.age_years for kind in SHEETS for r in bench_set(kind)]
    assert min(ages) >= 5
    assert max(ages) < 18


def test_worked_example_of_metrics_dice() -> None:
    """Definitions, section 11, example 2: two masks of 100 voxels that share 68."""
    grid = Grid.coronal((4, 10, 20), (5.0, 3.0, 3.0), PointMm(0, 0, 0))
    truth, found = np.zeros(grid.shape, np.uint8), np.zeros(grid.shape, np.uint8)
    truth.ravel()[:100], found.ravel()[32:132] = UNIT.label, UNIT.label
    nothing = np.zeros(grid.shape, np.uint16)
    volume = Volume(np.full(grid.shape, 50, np.float32), grid, Contrast.STIR)
    request = ExamRequest(1, age_years=9.0).settled()
    one = BenchExam(request, {"STIR": volume}, grid, truth, nothing, nothing, ())
    assert compare_labels(one, Skeleton(found, grid, "x")).dice[UNIT.id] == pytest.approx(0.68)


def test_the_spread_is_the_distance_of_measured_from_true_change():
    from types import SimpleNamespace

    from marrowmap.bench.followup_pairs import TrueState
    from marrowmap.bench.followup_spread import Spread
    from marrowmap.core.followup.change import Change, ChangeClass
    from marrowmap.core.followup.measures import BRAIN_SHARE, ExamSignals, Measure

    exam = lambda ml, ratio, cm: SimpleNamespace(truth={1: TrueState(ml, ratio, True)}, height_cm=cm)  # noqa: E731
    pair = SimpleNamespace(before=exam(4.0, 5.0, 130), after=exam(4.0, 5.0, 130), true_pairs=lambda: {(1, 1)})
    change = Change(
        ChangeClass.STABLE, ChangeClass.STABLE, ("1",), ("1",), "sternum_body", "",
        (Measure("volume", "ml", 4.0, 4.4),),
    )  # fmt: skip
    seen = ExamSignals({"1": 3.0}, 6.0), ExamSignals({"1": 3.0 * 1.2}, 6.0 * 1.2 ** (1 / BRAIN_SHARE))
    spread = Spread()
    spread.count(pair, [change], seen)  # type: ignore[arg-type]
    told = spread.record()
    assert told["signal_against_muscle_percent"] == pytest.approx(18.2)  # ln 1.2: the scanner's, all of it
    assert told["signal_with_brain_percent"] == pytest.approx(0.0, abs=0.05)
    assert told["volume_from_2_ml_percent"] == pytest.approx(9.5)
    assert told["volume_below_2_ml_percent"] is None
