"""One rule says what a hit is, in the synthetic bench, on own exams and for the ranker."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from marrowmap.bench.candidates import compare_marks
from marrowmap.bench.exams import BenchExam, TrueLesion
from marrowmap.bench.overlap import lesions_hit, verdict
from marrowmap.bench.own import count_marks
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import sites_by_id
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.candidates_spots import FEATURES, Spot
from marrowmap.imaging.working import prepare
from marrowmap.phantom.exam import ExamRequest
from marrowmap.training import ranker

UNIT = sites_by_id()["femur_distal_metaphysis_left"]
GRID = Grid.coronal((6, 40, 40), (5.0, 3.0, 3.0), PointMm(0, 0, 0))
Bool = npt.NDArray[np.bool_]


def strip(row: int, start: int, stop: int) -> Bool:
    """Voxels of one row of the second slice."""
    out = np.zeros(GRID.shape, bool)
    out[1, row, start:stop] = True
    return out


LARGE, OTHER, SMALL, OLD = 1, 2, 3, 4
"""Two lesions that count (1.35 ml), one under 0.5 ml and a sclerotic one."""
LESIONS = np.zeros(GRID.shape, np.uint16)
LESIONS[strip(4, 0, 30)] = LARGE
LESIONS[strip(8, 0, 30)] = OTHER
LESIONS[strip(12, 0, 10)] = SMALL
LESIONS[strip(16, 0, 30)] = OLD


@pytest.fixture
def exam() -> BenchExam:
    sites = np.zeros(GRID.shape, np.uint8)
    sites[1, 2:20] = UNIT.label
    volume = Volume(np.full(GRID.shape, 50, np.float32), GRID, Contrast.STIR)
    truth = tuple(
        TrueLesion(k, UNIT.label, float((k == LESIONS).sum()) * GRID.voxel_ml, 0.5, k == OLD)
        for k in (LARGE, OTHER, SMALL, OLD)
    )
    request = ExamRequest(1, age_years=9.0).settled()
    return BenchExam(request, {"STIR": volume}, GRID, sites, LESIONS, np.zeros_like(LESIONS), truth)


def beside(n: int) -> Bool:
    """So many voxels that touch no lesion."""
    out = np.zeros(GRID.shape, bool)
    out[3].ravel()[:n] = True
    return out


MARKS = {
    "all of it": (strip(4, 0, 30), True),
    "a tenth of the mark but too little of the smaller": (strip(4, 0, 4) | beside(32), False),
    "15 % of the smaller but too little of the mark": (strip(4, 0, 5) | beside(60), False),
    "enough of both": (strip(4, 0, 5) | beside(27), True),
    "one voxel": (strip(4, 0, 1) | beside(20), False),
    "crumbs of two lesions": (strip(4, 0, 3) | strip(8, 0, 3) | beside(24), False),
    "under 0.5 ml": (strip(12, 0, 10), None),
    "sclerotic": (strip(16, 0, 30), None),
    "under 0.5 ml, and one that counts": (strip(12, 0, 10) | strip(4, 0, 10), True),
    "nothing": (beside(20), False),
}
each_mark = pytest.mark.parametrize(("mark", "right"), MARKS.values(), ids=MARKS.keys())


def test_both_limits_count_and_are_reached_at_equality() -> None:
    size = np.array([0, 100, 1000])
    at = lambda n, of, number=1: np.array([number] * n + [0] * (of - n))  # noqa: E731
    assert lesions_hit(at(15, 100), size) == {1: 15}
    assert lesions_hit(at(14, 100), size) == {}
    assert lesions_hit(at(20, 200), size) == {1: 20}
    assert lesions_hit(at(19, 200), size) == {}
    assert lesions_hit(at(6, 40, number=2), size) == {2: 6}  # the mark is the smaller
    assert lesions_hit(np.zeros(5, int), size) == {}


def test_only_a_lesion_that_counts_makes_a_mark_right() -> None:
    assert verdict([], {1}) is False
    assert verdict([2], {1}) is None
    assert verdict([2, 1], {1}) is True


@each_mark
def test_the_synthetic_bench(exam: BenchExam, mark: Bool, right: bool | None) -> None:
    record = compare_marks(exam, prepare(exam.volumes), [(0.7, mark, UNIT.label)], exam.sites)
    assert len(record.lesions) == 2
    assert any(x.score is not None for x in record.lesions) == bool(right)
    assert len(record.false) == (right is False)
    assert record.judged == ([] if right is None else [(0.7, right)])


@each_mark
def test_the_ranker(exam: BenchExam, monkeypatch, mark: Bool, right: bool | None) -> None:
    features = tuple(float(k) for k in range(len(FEATURES)))
    box = (slice(1, 4), slice(0, 40), slice(0, 40))
    spot = Spot(mark[box], box, UNIT.label, features)
    monkeypatch.setattr(ranker, "own_labels", lambda *_: SimpleNamespace(skeleton=None))
    monkeypatch.setattr(ranker, "scored_spots", lambda *_: SimpleNamespace(spots=[(0.7, spot)]))
    assert ranker.rows_of(exam, None) == ([] if right is None else [(features, right)])


@each_mark
def test_own_exams(mark: Bool, right: bool | None) -> None:
    wanted = (LESIONS > 0) & (LESIONS != OLD)  # a centre outlines active lesions
    told = count_marks(mark.astype(np.uint16), wanted, GRID.voxel_ml)
    if right is None and mark[1, 16, 0]:
        right = False
    assert told["hits"] == (int(bool(right)), 2)
    assert told["false"] == (right is False)
    assert len(told["dice"]) == bool(right)


def test_own_exams_tell_how_well_found_lesions_are_outlined() -> None:
    marks = np.zeros(GRID.shape, np.uint16)
    marks[strip(4, 0, 10)], marks[strip(4, 10, 30)] = 7, 2  # the better of two counts
    marks[strip(8, 0, 30) | beside(30)] = 3
    told = count_marks(marks, LESIONS > 0, GRID.voxel_ml)
    assert told["hits"] == (2, 3)
    assert told["dice"] == [pytest.approx(2 * 20 / 50), pytest.approx(2 * 30 / 90)]
    assert told["false"] == 0
