"""RINBO: the worked examples of its four inputs, and the total with an invented table."""

from clinical_cases import N, P, case, inactive, lesion, reading
from hypothesis import given
from hypothesis import strategies as st
from invented_tables import RINBO as INVENTED

from marrowmap.core.lesion import Activity
from marrowmap.core.rules.configuration import Rulebook
from marrowmap.core.scores import rinbo
from marrowmap.core.scores.result import State
from marrowmap.core.scores.table import parse_table


def test_no_active_lesion():
    found = rinbo.rinbo_inputs(())
    assert (found.n_ral, found.max_size_mm, found.extramedullary, found.spinal) == (0, None, False, False)
    result = rinbo.score(case(reading()))
    assert result.state is State.NOT_COMPUTABLE
    assert result.value is None
    assert result.low is None


def test_three_active_lesions():
    lesions = (
        lesion("tibia_distal_metaphysis_left", max_diameter_mm=32, periosteal_reaction=P),
        lesion("vertebra_t7", max_diameter_mm=14),
        lesion("clavicle_medial_right", max_diameter_mm=51),
    )
    result = rinbo.score(case(reading(*lesions)))
    assert result.details == {"n_ral": 3, "max_size_mm": 51, "extramedullary": True, "spinal": True}
    assert result.answer.startswith("not computable: definition missing")
    assert "Arnoldi 2017" in result.answer
    assert result.items[1].evidence[0].id == "clavicle_medial_right"


def test_inactive_lesions_count_for_nothing():
    old = inactive("vertebra_t7", max_diameter_mm=60, periosteal_reaction=P)
    found = rinbo.rinbo_inputs((old, lesion("femur_diaphysis_left", max_diameter_mm=20)))
    assert (found.n_ral, found.max_size_mm, found.extramedullary, found.spinal) == (1, 20, False, False)


def test_not_assessed_is_not_absent():
    found = rinbo.rinbo_inputs((lesion("femur_diaphysis_left", periosteal_reaction=N),))
    assert found.extramedullary is None
    assert found.unmeasured == ("femur_diaphysis_left",)


def test_total_with_a_table_names_it():
    rules = Rulebook(tables={"rinbo": parse_table(INVENTED)})
    result = rinbo.score(case(reading(lesion("vertebra_t7", max_diameter_mm=14))), rules)
    assert result.value == 101 + 0 + 0 + 11
    assert not result.verified
    assert result.table.sha256[:12] in result.sentences[-1]
    assert "A. Tester" in result.sentences[-1]


def test_open_inputs_give_a_range():
    rules = Rulebook(tables={"rinbo": parse_table(INVENTED)})
    result = rinbo.score(case(reading(lesion("tibia_diaphysis_left", soft_tissue_oedema=N))), rules)
    assert (result.low, result.high) == (101, 101 + 1001 + 7)
    assert result.state is State.INDETERMINATE


UNITS = ("vertebra_t7", "tibia_diaphysis_left", "ilium_right", "clavicle_medial_left", "talus_left")
LESIONS = st.builds(
    lambda unit, size, periosteum, activity: lesion(
        unit, max_diameter_mm=size, periosteal_reaction=periosteum, activity=activity
    ),
    st.sampled_from(UNITS),
    st.none() | st.integers(1, 90).map(float),
    st.sampled_from([P, N]) | st.just(P),
    st.sampled_from(list(Activity)),
)


@given(st.lists(LESIONS, unique_by=lambda le: le.id, max_size=4), LESIONS)
def test_adding_a_lesion_never_lowers_the_components(lesions, extra):
    if extra.id in {le.id for le in lesions}:
        return
    before, after = rinbo.rinbo_inputs(tuple(lesions)), rinbo.rinbo_inputs((*lesions, extra))
    assert after.n_ral >= before.n_ral
    assert (after.max_size_mm or 0) >= (before.max_size_mm or 0)
    assert not (before.extramedullary is True and after.extramedullary is not True)
    assert not (before.spinal is True and after.spinal is not True)
    rules = Rulebook(tables={"rinbo": parse_table(INVENTED)})
    old = rinbo.score(case(reading(*lesions)), rules)
    new = rinbo.score(case(reading(*lesions, extra)), rules)
    assert new.low >= old.low
    assert new.high >= old.high
