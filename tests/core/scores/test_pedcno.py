"""PedCNO: worked examples, boundary at exactly 30 %, zero baseline, missing variables."""

from itertools import pairwise

import pytest
from clinical_cases import lab, lesion, outcomes, reading, visit
from hypothesis import given
from hypothesis import strategies as st

from marrowmap.core.record.units import Analyte
from marrowmap.core.rules.case import Case
from marrowmap.core.scores import pedcno
from marrowmap.core.scores.pedcno import VARIABLES, Pair, responds
from marrowmap.core.scores.result import State


def five(*pairs):
    return dict(zip(VARIABLES, (Pair(*p) for p in pairs), strict=True))


def test_three_of_five():
    values = five((40, 20), (6, 3), (5, 3), (4, 4), (0.5, 0.5))
    assert responds(values, 30) is True
    assert responds(values, 50) is False


def test_one_may_be_worse_two_may_not():
    assert responds(five((40, 20), (6, 3), (5, 3), (4, 6), (0.5, 0.5)), 30) is True
    assert responds(five((40, 20), (6, 3), (5, 3), (4, 6), (0.5, 0.75)), 30) is False


def test_exactly_thirty_percent_counts():
    assert responds(five((10, 7), (10, 7), (10, 7), (5, 5), (1, 1)), 30) is True
    assert responds(five((10, 7.01), (10, 7), (10, 7), (5, 5), (1, 1)), 30) is False


@given(st.integers(1, 400))
def test_exactly_thirty_percent_of_any_value(tenths):
    """The boundary holds for values that have no exact binary form."""
    baseline = tenths / 10
    assert Pair(baseline, baseline * 0.7).change(30) is pedcno.Change.IMPROVED
    assert Pair(baseline, baseline * 1.3).change(30) is pedcno.Change.UNCHANGED


def test_zero_baseline():
    better = ((10, 3), (0, 0), (10, 3), (10, 3), (1, 1))
    assert responds(five(*better), 70) is True
    assert responds(five(better[0], (0, 1), *better[2:]), 70) is True
    assert responds(five(better[0], (0, 1), *better[2:4], (1, 2)), 70) is False


def test_missing_variable_decides_only_when_it_can():
    values = five((40, 20), (6, 3), (5, 3), (4, 4), (None, 0.5))
    assert responds(values, 30) is True
    assert responds(five((40, 20), (6, 3), (5, 3), (4, 6), (None, 0.5)), 30) is None
    assert responds(five((40, 40), (6, 6), (5, 5), (4, 4), (None, 0.5)), 30) is False
    result = pedcno.compare(five((None, None), (6, 3), (5, 3), (4, 4), (1, 1)))
    assert result.state is State.INDETERMINATE
    assert "ESR" in result.missing[0]


PAIRS = st.tuples(st.none() | st.integers(0, 20), st.none() | st.integers(0, 20))


@given(st.lists(PAIRS, min_size=5, max_size=5))
def test_levels_are_nested_and_open_only_with_missing_values(pairs):
    values = five(*pairs)
    answers = [responds(values, level) for level in pedcno.LEVELS]
    for lower, higher in pairwise(answers):
        assert not (higher is True and lower is not True)
    if all(v is not None for pair in pairs for v in pair):
        assert None not in answers


def test_from_visits_and_readings():
    before, now = (
        visit(lab(Analyte.ESR, esr, "mm/h"), outcomes=outcomes(None, parent, physician, chaq), id=name)
        for name, esr, physician, parent, chaq in (("a", 40, 5, 4, 0.5), ("b", 20, 3, 4, 0.5))
    )
    six = [lesion(f"vertebra_t{i}") for i in range(1, 7)]
    result = pedcno.score(Case(reading(*six[:3], id="2"), now, None, reading(*six, id="1"), before))
    assert result.answer == "PedCNO30 reached"
    assert result.details["levels"] == {
        "PedCNO30": "yes", "PedCNO50": "no", "PedCNO70": "no", "PedCNO90": "no"
    }  # fmt: skip


def test_a_lesion_outside_the_coverage_has_not_gone():
    both = [lesion("talus_right"), lesion("ilium_left")]
    later = reading(both[1], id="2", not_covered=frozenset({"talus_right"}))
    pairs = pedcno.pairs_of(Case(reading=later, earlier_reading=reading(*both, id="1")))
    assert pairs["lesions"] == Pair(1.0, 1.0)


def test_needs_a_baseline():
    assert pedcno.score(Case(visit=visit())).state is State.NOT_APPLICABLE


@pytest.mark.parametrize("level", pedcno.LEVELS)
def test_no_change_is_no_response(level):
    assert responds(five(*[(5, 5)] * 5), level) is False
