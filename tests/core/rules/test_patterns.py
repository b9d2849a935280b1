"""Distribution patterns: worked examples, limits that are ours, open answers of regional examinations."""

import pytest
from clinical_cases import P, case, inactive, lesion, reading, regional

from marrowmap.core.rules import patterns
from marrowmap.core.rules.configuration import Limits, Rulebook
from marrowmap.core.rules.patterns import Pattern, pattern_of, symmetry_of
from marrowmap.core.scores.result import State


def of(*units):
    return pattern_of(tuple(lesion(u, id=f"{i}") for i, u in enumerate(units)), Limits())


def test_worked_examples():
    assert of("clavicle_medial_left", "tibia_distal_metaphysis_right", "vertebra_t5") is Pattern.CROSSOVER
    assert of("clavicle_medial_left", "vertebra_t4", "vertebra_t9") is Pattern.PAUCIFOCAL
    limbs = (
        "tibia_distal_metaphysis_left", "tibia_distal_metaphysis_right",
        "femur_distal_metaphysis_right", "calcaneus_left",
    )  # fmt: skip
    assert of(*limbs) is Pattern.APPENDICULAR
    found = symmetry_of(tuple(lesion(u) for u in limbs))
    assert (found.paired, found.all_active) == (2, 4)
    assert patterns.symmetry(case(reading(*(lesion(u) for u in limbs)))).answer == "symmetric"
    apart = (lesion("femur_distal_metaphysis_left"), lesion("femur_proximal_metaphysis_right"))
    assert patterns.symmetry(case(reading(*apart))).answer == "not symmetric"
    assert pattern_of(apart, Limits()) is Pattern.NONE


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (("clavicle_medial_left",), Pattern.PAUCIFOCAL),
        (("clavicle_medial_left", "vertebra_t4", "ilium_left"), Pattern.PAUCIFOCAL),
        (("clavicle_medial_left", "ilium_left", "pubis_left", "vertebra_t4"), Pattern.NONE),
        (("clavicle_medial_left", "vertebra_t1", "vertebra_t2", "vertebra_t3"), Pattern.PAUCIFOCAL),
        (("clavicle_medial_left", "vertebra_t1", "vertebra_t2", "vertebra_t3", "vertebra_t4"), Pattern.NONE),
        (("tibia_diaphysis_left",), Pattern.NONE),
        (("tibia_diaphysis_left", "ilium_left"), Pattern.APPENDICULAR),
        (("tibia_diaphysis_left", "ilium_left", "vertebra_t4"), Pattern.NONE),
        ((), Pattern.NONE),
    ],
)
def test_limits(units, expected):
    assert of(*units) is expected


def test_limits_are_configuration_and_named_as_ours():
    many = reading(lesion("clavicle_medial_left"), *(lesion(f"vertebra_t{i}") for i in range(1, 5)))
    wider = Rulebook(Limits(paucifocal_max_lesions=5))
    assert patterns.pattern(case(many)).answer == str(Pattern.NONE)
    result = patterns.pattern(case(many), wider)
    assert result.answer == str(Pattern.PAUCIFOCAL)
    assert any(s.startswith("Ours (PROPOSED)") and "at most 5 lesions" in s for s in result.ours)


def test_midline_and_inactive_lesions_do_not_pair():
    pair = (lesion("ilium_left"), inactive("ilium_right"), lesion("vertebra_t4"))
    assert symmetry_of(pair).paired == 0
    assert symmetry_of(pair).eligible == 1


def test_symmetry_is_open_when_the_other_side_was_not_seen():
    hidden = reading(lesion("talus_left"), not_covered={"talus_right"})
    assert patterns.symmetry(case(hidden)).state is State.INDETERMINATE


def test_typical_picture():
    knee = lesion("femur_distal_metaphysis_left")
    assert patterns.typical(case(reading(knee, lesion("vertebra_t4")))).answer == "typical"
    assert patterns.typical(case(reading(knee))).answer == "not typical"
    assert patterns.typical(case(regional(knee))).answer == "indeterminate"
    both = regional(knee, lesion("ilium_left"))
    assert patterns.typical(case(both)).answer == "typical"
    next_to = lesion("tibia_distal_epiphysis_left", next_to_physis=P)
    assert patterns.typical(case(reading(next_to, lesion("sternum_body")))).answer == "typical"


def test_one_lesion_on_a_regional_examination_is_not_unifocal():
    one = lesion("femur_distal_metaphysis_left")
    assert patterns.multifocality(case(reading(one))).answer == "unifocal"
    assert patterns.multifocality(case(regional(one))).answer == "indeterminate"
    assert patterns.multifocality(case(reading())).answer == "no lesion"
    assert patterns.pattern(case(regional(one))).state is State.INDETERMINATE
    crossover = regional(lesion("clavicle_medial_left"), lesion("tibia_diaphysis_left"))
    assert patterns.pattern(case(crossover)).answer == str(Pattern.CROSSOVER)
