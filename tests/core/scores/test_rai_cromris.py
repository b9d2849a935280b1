"""RAI-CROMRIS: worked examples, unseen units, bounds."""

import pytest
from clinical_cases import A, N, P, case, inactive, lesion, reading, regional
from hypothesis import given
from hypothesis import strategies as st

from marrowmap.core.rules.case import Case
from marrowmap.core.scores import rai_change, rai_cromris
from marrowmap.core.scores.result import State
from marrowmap.core.site import all_sites

FEMUR = lesion("femur_distal_metaphysis_left", 30)
T6 = lesion("vertebra_t6", 60, soft_tissue_oedema=P, bony_expansion=P, height_loss=P)
CLAVICLE = lesion("clavicle_medial_right", 55, periosteal_reaction=P, bony_expansion=P)
RIGHT_FOOT = frozenset(s.id for s in all_sites() if s.region == "foot" and s.side == "right")


@pytest.mark.parametrize(("one", "points"), [(FEMUR, 3), (T6, 7), (CLAVICLE, 6)])
def test_worked_units(one, points):
    assert rai_cromris.score(case(reading(one))).value == points


def test_sum_and_unseen_foot():
    assert rai_cromris.score(case(reading(FEMUR, T6, CLAVICLE))).value == 16
    result = rai_cromris.score(case(reading(FEMUR, T6, CLAVICLE, not_covered=RIGHT_FOOT)))
    assert result.value == 16
    assert result.details["not_covered"] == sorted(RIGHT_FOOT)
    assert result.details["units_seen"] == len(all_sites()) - len(RIGHT_FOOT)
    assert "not assessed: right talus" in result.sentences[1]
    assert (
        f"{len(all_sites()) - len(RIGHT_FOOT)} of {len(all_sites())} bone units seen" in result.sentences[1]
    )


@pytest.mark.parametrize(
    ("percent", "grade"), [(0, 0), (1, 1), (24.9, 1), (25, 2), (50, 2), (50.1, 3), (100, 3)]
)
def test_size_grade_boundaries(percent, grade):
    assert rai_cromris.size_grade(percent) == grade


def test_every_signal_unit_has_at_least_two_points_and_seven_needs_a_vertebra():
    all_there = {"soft_tissue_oedema": P, "periosteal_reaction": P, "bony_expansion": P, "height_loss": P}
    for unit in all_sites():
        low = rai_cromris.unit_score(unit, (lesion(unit.id, 1),)).bounds
        most = rai_cromris.unit_score(unit, (lesion(unit.id, 99, **all_there),)).bounds
        assert low == (2, 2)
        assert most == ((7, 7) if unit.is_vertebra else (6, 6))


def test_missing_parts_give_a_range():
    result = rai_cromris.score(case(reading(lesion("ilium_left", None, bony_expansion=N))))
    assert (result.low, result.high) == (2, 5)
    assert result.state is State.INDETERMINATE
    assert result.value is None
    assert "extension" in result.items[0].note


def test_a_part_of_the_body_has_no_index():
    assert rai_cromris.score(case(regional(FEMUR))).state is State.NOT_APPLICABLE


def test_an_old_lesion_has_no_signal_points():
    assert rai_cromris.score(case(reading(inactive("ilium_left")))).value == 0


def test_cromris_lists_grades_without_a_total():
    result = rai_cromris.grades(case(reading(T6)))
    assert result.state is State.NOT_COMPUTABLE
    assert result.value is None
    assert "size grade 3" in result.items[0].text
    assert "height loss" in result.items[0].text


STATES = st.sampled_from([P, A, N])
LESIONS = st.builds(
    lambda unit, percent, soft, expansion, loss: lesion(
        unit, percent, soft_tissue_oedema=soft, bony_expansion=expansion, height_loss=loss
    ),
    st.sampled_from(["vertebra_t6", "ilium_left", "femur_diaphysis_left", "talus_right", "skull"]),
    st.none() | st.floats(0, 100),
    STATES,
    STATES,
    STATES,
)


@given(st.lists(LESIONS, max_size=4, unique_by=lambda le: le.id), LESIONS)
def test_adding_a_lesion_never_lowers_the_index(lesions, extra):
    if extra.id in {le.id for le in lesions}:
        return
    old = rai_cromris.score(case(reading(*lesions)))
    new = rai_cromris.score(case(reading(*lesions, extra)))
    assert new.low >= old.low
    assert new.high >= old.high


@given(st.sets(st.sampled_from([s.id for s in all_sites()]), max_size=40))
def test_unseen_units_never_count_as_zero(unseen):
    """What is not covered leaves the denominator; it does not enter the sum."""
    outside = frozenset(unseen) - {FEMUR.site.id}
    result = rai_cromris.score(case(reading(FEMUR, not_covered=outside)))
    assert result.value == 3
    assert result.details["units_seen"] == len(all_sites()) - len(outside)
    assert {i.id for i in result.items}.isdisjoint(outside)


def test_change_counts_units_seen_at_both_times():
    before = reading(lesion("femur_distal_metaphysis_left", 60), lesion("talus_right", 60), id="a")
    after = reading(FEMUR, CLAVICLE, id="b", not_covered=RIGHT_FOOT)
    result = rai_change.score(Case(reading=after, earlier_reading=before))
    assert result.value == (3 - 4) + 6
    assert result.details["improved"] == 1
    assert result.details["new"] == 1
    assert result.details["gone"] == 0
