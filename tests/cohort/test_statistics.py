"""Tests against textbook numbers, and the behaviour with too little data."""

import json

import numpy as np
import pytest

from marrowmap.cohort.questions import answer_all
from marrowmap.cohort.statistics import (
    fisher,
    mann_whitney,
    median_and_range,
    p_text,
    spearman,
    wilcoxon_signed_rank,
)
from marrowmap.cohort.survival import cox, kaplan_meier, log_rank

SIX_MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
SIX_MP_SEEN = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
"""Weeks in remission of leukaemia, Freireich 1963 / Gehan 1965; the drug group and placebo, 21 each."""


@pytest.fixture
def freireich():
    months = np.array(SIX_MP + PLACEBO, float)
    seen = np.array(SIX_MP_SEEN + [1] * 21, bool)
    return months, seen, np.arange(42) < 21


def test_kaplan_meier_of_freireichs_trial():
    """Printed in every text on survival: 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448; median 23."""
    curve = kaplan_meier(np.array(SIX_MP, float), np.array(SIX_MP_SEEN, bool))
    at = {s["month"]: s["share"] for s in curve.steps}
    assert [round(at[t], 3) for t in (6, 7, 10, 13, 16, 22, 23)] == [
        0.857,
        0.807,
        0.753,
        0.690,
        0.627,
        0.538,
        0.448,
    ]
    assert (curve.median, curve.n, curve.events) == (23, 21, 9)
    assert curve.at_risk[0]["n"] == 21
    assert curve.at_risk[1] == {"month": 12.0, "n": 12}
    assert len(curve.censored) == 12


def test_log_rank_of_freireichs_trial(freireich):
    assert log_rank(*freireich)["chi2"] == pytest.approx(16.79, abs=0.005)


def test_cox_of_freireichs_trial(freireich):
    """Efron's ties: coefficient -1.572, hazard ratio 0.208; the hazards are proportional."""
    months, seen, treated = freireich
    row = cox(months, seen, {"drug": treated.astype(float)})[0]
    assert row["hazard_ratio"] == pytest.approx(0.208, abs=0.001)
    assert row["proportional_p"] > 0.5


def test_cox_sees_hazards_that_cross():
    random = np.random.default_rng(5)
    group = np.repeat([0.0, 1.0], 150)
    months = np.where(group == 1, random.weibull(4, 300) * 10, random.weibull(0.6, 300) * 10)
    assert cox(months, np.ones(300, bool), {"group": group})[0]["proportional_p"] < 0.001


def test_cox_that_cannot_converge_says_so():
    months = np.arange(1, 21, dtype=float)
    with pytest.raises(ValueError, match="does not converge"):
        cox(months, np.ones(20, bool), {"x": (months > 10).astype(float), "y": (months > 10).astype(float)})


def test_mann_whitney_of_a_textbook():
    """Hollander and Wolfe: permeability at term and at 12 to 26 weeks, U = 35, exact p = 0.2544."""
    term = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
    early = np.array([1.15, 0.88, 0.90, 0.74, 1.21])
    statistic, p = mann_whitney(term, early)
    assert statistic["U"] == 35
    assert p == pytest.approx(0.2544, abs=0.0001)
    assert statistic["P(first larger)"] == pytest.approx(0.7)


def test_wilcoxon_of_a_textbook():
    """Hollander and Wolfe: Hamilton depression scale, V = 5 for the smaller sum, two-sided p = 0.0391."""
    before = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
    after = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    statistic, p = wilcoxon_signed_rank(before, after)
    assert statistic["W"] == 5
    assert p == pytest.approx(0.0391, abs=0.0001)


def test_spearman_of_a_textbook():
    """IQ and hours of television of ten people: rho = -29/165 = -0.176."""
    iq = np.array([106, 86, 100, 101, 99, 103, 97, 113, 112, 110], float)
    hours = np.array([7, 0, 27, 50, 28, 29, 20, 12, 6, 17], float)
    assert spearman(iq, hours)[0]["rho"] == pytest.approx(-29 / 165)


def test_fishers_tea():
    assert fisher(3, 1, 1, 3)[1] == pytest.approx(0.4857, abs=0.0001)


def test_too_little_data_has_no_p():
    nothing = np.array([np.nan])
    some = np.array([1.0, 2.0, 3.0])
    assert mann_whitney(nothing, some) is None
    assert wilcoxon_signed_rank(some, some) is None
    assert spearman(some[:2], some[:2]) is None
    assert spearman(some, np.ones(3)) is None
    assert median_and_range(nothing) == "no value"
    assert p_text(0.00001) == "< 0.001"


def test_every_question_is_answered_for_the_demo(demo_cohort):
    answers = answer_all(demo_cohort)
    assert len({a.id for a in answers}) == 8
    for answer in answers:
        assert answer.n + answer.missing == 30
        assert answer.synthetic
        assert "Synthetic" in answer.words() or answer.why_missing
        assert not answer.why_missing, answer
    json.dumps([a.data() for a in answers], allow_nan=False)
    model = answers[-1]
    assert "Proportional hazards" in model.assumption


def test_an_empty_cohort_answers_nothing_and_says_why(build):
    for answer in answer_all(build()):
        assert answer.p is None
        assert answer.why_missing
