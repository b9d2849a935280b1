"""What the bench counts, on hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.bench.candidates import ExamRecord, LesionRecord, compare_marks, froc
from marrowmap.bench.exams import BenchExam, TrueLesion
from marrowmap.bench.followup import Tally
from marrowmap.bench.labels import compare_labels
from marrowmap.bench.statistics import interval, mean, share
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import mirror, sites_by_id
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.working import prepare
from marrowmap.phantom.exam import ExamRequest

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
    assert record.false == [(0.4, False)]


def test_froc_reads_sensitivity_at_a_rate_of_false_marks() -> None:
    def lesion(score: float | None) -> LesionRecord:
        return LesionRecord("femur_diaphysis_left", "lower_limb", False, 1.0, 0.5, score)

    records = [
        ExamRecord("clinical", {}, [lesion(0.9), lesion(0.3), lesion(None)], [(0.5, False), (0.2, False)]),
        ExamRecord("healthy", {}, [], [(0.4, False)]),
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


def test_worked_example_of_metrics_sensitivity_and_f1() -> None:
    """Definitions, section 11, example 1: of 10 lesions 8 are hit, 3 marks are false."""
    assert share([(8, 10)]) == pytest.approx(0.80)
    assert Tally(right=8, wrong=3, missed=2).f1 == pytest.approx(0.76, abs=0.005)


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
