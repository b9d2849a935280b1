"""Each coefficient against a number printed in its own paper or handbook."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from marrowmap.core.statistics.agreement import (
    category_counts,
    cohen_kappa,
    confusion,
    fleiss_kappa,
    free_marginal_kappa,
    intraclass_correlation,
    involved,
    krippendorff_alpha,
)

NAN = np.nan
COHEN = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
"""Cohen 1960, and again 1968: 200 cases, three diagnoses, two judges."""

FLEISS_1971 = """
4 4 4 4 4 4|2 2 2 5 5 5|2 3 3 3 3 5|5 5 5 5 5 5|2 2 2 4 4 4|1 1 3 3 3 3|3 3 3 3 5 5|1 1 3 3 3 4
1 1 4 4 4 4|5 5 5 5 5 5|1 4 4 4 4 4|1 2 4 4 4 4|2 2 2 3 3 3|1 4 4 4 4 4|2 2 4 4 4 5|3 3 3 3 3 5
1 1 1 4 5 5|1 1 1 1 1 2|2 2 4 4 4 4|1 3 3 5 5 5|5 5 5 5 5 5|2 4 4 4 4 4|2 2 4 5 5 5|1 1 4 4 4 4
1 4 4 4 4 5|2 2 2 2 2 4|1 1 1 1 5 5|2 2 4 4 4 4|1 3 3 3 3 3|5 5 5 5 5 5
"""

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]


def test_cohen_1960_prints_kappa_492():
    result = cohen_kappa(COHEN)
    assert result.value == pytest.approx(0.492, abs=0.0005)
    assert (result.observed, result.expected) == (pytest.approx(0.70), pytest.approx(0.41))


def test_cohen_1968_prints_weighted_kappa_348():
    disagreement = np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]])
    assert cohen_kappa(COHEN, 1 - disagreement / 6).value == pytest.approx(0.348, abs=0.0005)


def test_standard_errors_of_a_printed_sas_example():
    table = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
    simple, weighted = cohen_kappa(table), cohen_kappa(table, "linear")
    assert simple.value == pytest.approx(0.4842, abs=5e-5)
    assert simple.interval == pytest.approx((0.2137, 0.7547), abs=5e-5)
    assert weighted.value == pytest.approx(0.4701, abs=5e-5)
    assert weighted.interval == pytest.approx((0.1845, 0.7558), abs=5e-5)


def test_fleiss_1971_prints_430():
    rows = [list(map(int, r.split())) for r in FLEISS_1971.replace("\n", "|").split("|") if r.strip()]
    counts = category_counts(np.array(rows).T - 1, 5)
    assert counts.shape == (30, 5)
    assert fleiss_kappa(counts).value == pytest.approx(0.430, abs=0.0005)


@pytest.mark.parametrize(
    ("table", "free"), [([[7, 1], [3, 5]], 0.214286), ([[6, 1, 0], [0, 7, 0]], 0.785714)]
)
def test_free_marginal_kappa_of_randolphs_calculator(table, free):
    assert free_marginal_kappa(table).value == pytest.approx(free, abs=6e-6)


def test_brennan_prediger_of_gwets_abstractors():
    """Gwet's handbook, 100 records in three diagnoses by two abstractors: 0.835."""
    table = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    rows = np.repeat(np.arange(9), table.ravel())
    counts = category_counts(np.stack([rows // 3, rows % 3]), 3)
    assert free_marginal_kappa(counts).value == pytest.approx(0.835, abs=0.0005)
    assert cohen_kappa(table).value == pytest.approx(0.7964094, abs=1e-7)


def test_shrout_and_fleiss_1979_print_six_forms():
    icc = intraclass_correlation(SHROUT_FLEISS)
    got = [icc.icc1, icc.icc2, icc.icc3, icc.icc1_mean, icc.icc2_mean, icc.icc3_mean]
    assert [round(v, 2) for v in got] == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    assert icc.mean_squares["units"] == pytest.approx(11.24, abs=0.005)
    assert icc.mean_squares["within"] == pytest.approx(6.26, abs=0.005)
    assert icc.mean_squares["readers"] == pytest.approx(32.49, abs=0.005)
    assert icc.mean_squares["residual"] == pytest.approx(1.02, abs=0.005)


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorff_prints_four_levels(level, alpha):
    assert krippendorff_alpha(KRIPPENDORFF, level).value == pytest.approx(alpha, abs=0.0005)


def test_involved_units_lower_a_flattering_agreement():
    ratings = np.zeros((2, 100))
    ratings[0, :4] = 1
    ratings[1, 2:6] = 1
    pick = involved(ratings)
    assert pick.sum() == 6
    overall = free_marginal_kappa(category_counts(ratings, 2)).value
    only = free_marginal_kappa(category_counts(ratings[:, pick], 2)).value
    assert overall == pytest.approx(0.92)
    assert only == pytest.approx(-1 / 3)


def test_two_missed_units_among_120_agree_in_98_percent_and_in_none_of_the_involved():
    """Worked example 4 of section 11: one reader marks the two involved units, the other neither."""
    ratings = np.zeros((2, 120))
    ratings[0, [7, 81]] = 1
    pick = involved(ratings)
    assert round(100 * np.mean(ratings[0] == ratings[1])) == 98
    assert (pick.sum(), np.mean(ratings[0, pick] == ratings[1, pick])) == (2, 0)
    assert free_marginal_kappa(category_counts(ratings, 2)).value == pytest.approx(2 * 118 / 120 - 1)
    assert free_marginal_kappa(category_counts(ratings[:, pick], 2)).value == -1


def test_what_is_not_defined_has_no_number():
    assert cohen_kappa([[5, 0], [0, 0]]).value is None
    assert "single category" in cohen_kappa([[5, 0], [0, 0]]).why_missing
    assert fleiss_kappa([[3, 0], [3, 0]]).value is None
    assert krippendorff_alpha([[1, 1], [1, 1]]).value is None
    assert krippendorff_alpha([[1, NAN], [NAN, 1]]).n == 0
    assert intraclass_correlation([[1, 2]]).icc1 is None
    assert free_marginal_kappa([[1, 0]]).value is None


def test_bad_tables_are_refused():
    with pytest.raises(ValueError, match="square"):
        cohen_kappa([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(ValueError, match="same number of readers"):
        fleiss_kappa([[2, 0], [3, 0]])
    with pytest.raises(ValueError, match="equal length"):
        confusion([1, 2], [1])
    with pytest.raises(ValueError, match="category numbers"):
        confusion([0.5], [1])


@settings(deadline=None)
@given(hnp.arrays(float, (2, 20), elements=st.sampled_from([0.0, 1.0, 2.0])))
def test_readers_may_be_swapped_and_self_agreement_is_one(ratings):
    first, second = ratings
    one, other = cohen_kappa(confusion(first, second, 3)), cohen_kappa(confusion(second, first, 3))
    assert (one.value is None and other.value is None) or one.value == pytest.approx(other.value)
    same = krippendorff_alpha(np.stack([first, first]))
    assert same.value is None or same.value == pytest.approx(1)


@settings(deadline=None)
@given(hnp.arrays(float, (3, 15), elements=st.sampled_from([0.0, 1.0, 2.0, NAN])))
def test_alpha_does_not_care_about_reader_order(ratings):
    a, b = krippendorff_alpha(ratings, "ordinal"), krippendorff_alpha(ratings[::-1], "ordinal")
    assert (a.value is None and b.value is None) or a.value == pytest.approx(b.value)
