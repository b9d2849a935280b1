"""Calibration, with numbers made by hand."""

import pytest

from marrowmap.bench.calibration import calibration


def test_brier_score_and_bins_by_hand():
    told = calibration([[(0.9, True), (0.8, False)], [], [(0.1, False), (0.15, True), (1.0, True)]])

    assert told["n_marks"] == 5
    # 0.01 + 0.64 + 0.01 + 0.7225 + 0 over 5 marks; three of five hit: 0.6 * 0.4
    assert told["brier"]["value"] == pytest.approx(1.3825 / 5)
    assert told["brier"]["n_exams"] == 3
    assert told["brier_of_base_rate"]["value"] == pytest.approx(0.24)
    bins = told["bins"]
    assert len(bins) == 10
    assert bins["0.1 to 0.2"] == {"n": 2, "mean_score": 0.125, "share_hit": 0.5}
    assert bins["0.8 to 0.9"] == {"n": 1, "mean_score": 0.8, "share_hit": 0.0}
    assert bins["0.9 to 1"] == {"n": 2, "mean_score": 0.95, "share_hit": 1.0}
    assert bins["0 to 0.1"] == {"n": 0, "mean_score": None, "share_hit": None}


def test_a_score_that_is_always_right_beats_the_base_rate():
    told = calibration([[(1.0, True), (0.0, False)], [(0.0, False), (0.0, False)]])

    assert told["brier"]["value"] == 0.0
    assert told["brier_of_base_rate"]["value"] == pytest.approx(0.25 * 0.75)


def test_without_marks_there_is_no_calibration():
    told = calibration([[], []])

    assert told["n_marks"] == 0
    assert told["brier"]["value"] is None
    assert told["brier_of_base_rate"]["value"] is None
