"""The diagnostic pathway, its red flags and the differential: worked examples and what must never be said."""

from datetime import date

from clinical_cases import NORMAL_COUNT, A, N, P, case, lab, lesion, reading, record, regional, visit
from hypothesis import given
from hypothesis import strategies as st

from marrowmap.core.imaging_signs import ImagingSigns
from marrowmap.core.lesion import Assessment
from marrowmap.core.record.patient import Exclusions, YearMonth
from marrowmap.core.record.units import Analyte
from marrowmap.core.record.visit import Examination, PainfulSite, Symptoms
from marrowmap.core.rules.pathway import Outcome, pathway


def fired(c):
    return {f.id for f in pathway(c).fired}


def test_typical():
    ankles = (PainfulSite("ankle_left"), PainfulSite("ankle_right"))
    lesions = ("tibia_distal_metaphysis_left", "tibia_distal_metaphysis_right", "vertebra_t8")
    found = pathway(
        case(
            reading(*(lesion(u) for u in lesions)),
            visit(*NORMAL_COUNT, crp=9, painful_sites=ankles),
            record(),
        )
    )
    assert found.outcome is Outcome.TYPICAL
    assert not found.fired
    assert "not a diagnosis" in found.disclaimer


def test_solitary_lesion_on_a_clean_whole_body_mri():
    found = pathway(case(reading(lesion("femur_distal_metaphysis_left"))))
    assert found.outcome is Outcome.ATYPICAL_BIOPSY
    assert "solitary_outside_clavicle" in {f.id for f in found.fired}
    assert any("Biopsy" in step for step in found.next_steps)


def test_knee_mri_alone_asks_for_whole_body_mri():
    found = pathway(case(regional(lesion("femur_distal_metaphysis_left"))))
    assert found.outcome is Outcome.INSUFFICIENT_IMAGING
    assert any(step.startswith("Whole-body MRI") for step in found.next_steps)
    assert "solitary_outside_clavicle" not in {f.id for f in found.fired}


def test_scurvy_gets_no_cno_label():
    metaphyses = [
        lesion(f"{bone}_{end}_metaphysis_{side}")
        for bone in ("femur", "tibia")
        for end in ("proximal", "distal")
        for side in ("left", "right")
    ]
    young = record(birth=YearMonth(2020, 1), onset=date(2024, 2, 1))
    v = visit(
        lab(Analyte.HAEMOGLOBIN, 8.5, "g/dL", 11, 14),
        examination=Examination(restricted_diet=P),
    )
    r = reading(*metaphyses, signs=ImagingSigns(all_metaphyses_symmetric=P))
    found = pathway(case(r, v, young))
    assert {"scurvy", "cytopenia"} <= {f.id for f in found.fired}
    assert found.outcome is Outcome.RED_FLAGS_FIRST
    assert any("ascorbic acid" in step for step in found.next_steps)
    assert found.differential[0].id == "scurvy"


def test_clavicle_alone_mentions_the_bristol_exception():
    found = pathway(case(reading(lesion("clavicle_medial_left"))))
    assert found.outcome is Outcome.ATYPICAL_BIOPSY
    assert "Bristol" in found.reasons[0]
    assert "solitary_outside_clavicle" not in {f.id for f in found.fired}


def test_several_atypical_lesions():
    found = pathway(case(reading(lesion("skull"), lesion("patella_left"))))
    assert found.outcome is Outcome.ATYPICAL_BIOPSY


def test_nothing_known_is_not_suspected_with_a_reason():
    assert pathway(case(reading())).outcome is Outcome.NOT_SUSPECTED
    assert pathway(case(None, visit())).outcome is Outcome.INSUFFICIENT_IMAGING
    calm = visit(symptoms=Symptoms(bone_pain=A, morning_stiffness=A, restricted_range_of_motion=A))
    assert pathway(case(None, calm)).outcome is Outcome.NOT_SUSPECTED


def test_night_pain_is_no_flag():
    assert fired(case(None, visit(symptoms=Symptoms(bone_pain=P, bone_pain_worse_at_night=P)))) == set()


def test_platelets_below_100():
    for count, fires in ((99, True), (100, False)):
        c = case(None, visit(lab(Analyte.PLATELETS, count, "10^9/L")))
        assert ("platelets_below_100" in fired(c)) is fires


def test_a_low_adc_alone_is_not_called_restricted():
    low = lesion("ilium_left", adc=700, diffusion_restricted=N)
    flag = next(f for f in pathway(case(reading(low))).flags if f.id == "low_adc")
    assert flag.fact.state is N
    seen = lesion("ilium_left", adc=700, diffusion_restricted=P)
    assert "low_adc" in fired(case(reading(seen)))


def test_antibiotic_cure_and_mass_hold_the_word_back():
    lesions = (lesion("tibia_distal_metaphysis_left"), lesion("vertebra_t8", soft_tissue_mass=P))
    assert pathway(case(reading(*lesions))).outcome is Outcome.RED_FLAGS_FIRST
    cured = record(exclusions=Exclusions(cured_by_antibiotics_alone=P))
    plain = reading(lesion("tibia_distal_metaphysis_left"), lesion("vertebra_t8"))
    assert pathway(case(plain, None, cured)).outcome is Outcome.RED_FLAGS_FIRST


def test_flags_without_entries_are_not_assessed():
    flags = pathway(case(None, visit(examination=Examination(), symptoms=Symptoms()), None)).flags
    assert {f.fact.state for f in flags} == {Assessment.NOT_ASSESSED}


UNITS = st.lists(
    st.sampled_from(
        ["femur_distal_metaphysis_left", "vertebra_t8", "clavicle_medial_left", "skull", "ilium_left"]
    ),
    max_size=4,
    unique=True,
)


@given(UNITS)
def test_missing_whole_body_mri_with_one_lesion_is_never_atypical(units):
    found = pathway(case(regional(*(lesion(u) for u in units))))
    if len(units) <= 1:
        assert found.outcome is Outcome.INSUFFICIENT_IMAGING
    assert found.outcome is not Outcome.ATYPICAL_BIOPSY


@given(UNITS)
def test_it_never_speaks_a_diagnosis(units):
    found = pathway(case(reading(*(lesion(u) for u in units))))
    text = " ".join((*found.reasons, *found.next_steps, found.disclaimer)).lower()
    assert "has cno" not in text
    assert "diagnosis of cno" not in text
