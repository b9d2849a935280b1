import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.core.statistics.proportion import Proportion, round_half_up, wilson_interval


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_newcombe_1998_table_1_method_3(count, of, low, high):
    assert wilson_interval(count, of) == pytest.approx((low, high), abs=5e-5)


def test_nothing_judged_has_no_percentage():
    nothing = Proportion(0, 0, "patients", missing=7)
    assert nothing.percent is None
    assert nothing.interval_percent is None


@pytest.mark.parametrize(("count", "of", "missing"), [(3, 2, 0), (-1, 2, 0), (1, 2, -1)])
def test_impossible_proportions_are_refused(count, of, missing):
    with pytest.raises(ValueError, match=r"impossible|negative"):
        Proportion(count, of, "patients", missing)


def test_a_half_goes_up_as_in_print():
    assert [round_half_up(v) for v in (0.5, 1.5, 2.5, 68.75)] == [1, 2, 3, 69]
    assert round_half_up(2.75, 1) == 2.8
    assert round_half_up(-0.5) == -1


@settings(deadline=None)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_holds_the_share_and_mirrors(pair):
    count, of = pair
    low, high = wilson_interval(count, of)
    assert 0 <= low <= count / of <= high <= 1
    mirrored = wilson_interval(of - count, of)
    assert mirrored == pytest.approx((1 - high, 1 - low))
