"""EULAR/ACR 2025: gates, order of an invented weight table, the boundary at 55."""

from dataclasses import replace
from datetime import date

import pytest
from clinical_cases import NORMAL_COUNT, A, N, P, case, lab, lesion, reading, record, visit

from marrowmap.core.record.patient import Exclusions, ExtraOsseous
from marrowmap.core.record.units import Analyte
from marrowmap.core.record.visit import Symptoms
from marrowmap.core.rules.configuration import Rulebook
from marrowmap.core.scores import eular_acr_2025
from marrowmap.core.scores.result import State
from marrowmap.core.scores.table import parse_table
from marrowmap.errors import InvalidRecord

INVENTED = """
system = "eular_acr_2025"
citation = "INVENTED FOR TESTS"
place = "nowhere"
entered_by = "A. Tester"
entered_on = 2026-01-31
[items.site]
clavicle = 20
mandible = 20
skull = 1
hand = 2
other = 5
[items.pattern]
multifocal_symmetric = 22
multifocal_asymmetric = 21
unifocal = 0
[items.age_at_onset]
bands = [{at_least = 0, points = 0}, {at_least = 3, points = 4}]
[items.coexisting_conditions]
present = 6
absent = 0
conditions = ["psoriasis", "crohn_disease"]
[items.fever]
present = 0
absent = 3
[items.biopsy]
sterile_inflammation = 17
other_result = 0
not_done = 8
[items.anaemia]
present = 0
absent = 1
[items.crp]
bands = [{at_least = 0, points = 0}, {at_least = 5, points = 2}]
[items.esr]
bands = [{at_least = 0, points = 0}, {at_least = 10, points = 1}]
"""
RULES = Rulebook(tables={"eular_acr_2025": parse_table(INVENTED)})
PAIN = Symptoms(bone_pain=P, fever_above_38_5=A)


def child(day=date(2024, 6, 1), onset=date(2024, 1, 10), crp=12, **given):
    v = visit(*NORMAL_COUNT, lab(Analyte.ESR, 20, "mm/h"), crp=crp, symptoms=PAIN, day=day)
    given.setdefault("extra_osseous", ExtraOsseous(psoriasis=A, crohn_disease=A))
    return v, record(onset=onset, **given)


def gate(*, onset=date(2024, 1, 10), day=date(2024, 6, 1), **given):
    v, p = child(day=day, onset=onset, **given)
    return eular_acr_2025.score(case(reading(lesion("ilium_left")), v, p))


def test_worked_gates():
    adult = gate(onset=date(2033, 9, 1), day=date(2034, 1, 1))
    assert adult.answer == "entry not met (age)"
    short = gate(onset=date(2024, 5, 4))
    assert short.answer == "entry not met (duration)"
    scurvy = gate(exclusions=Exclusions(vitamin_c_deficiency=P))
    assert scurvy.answer == "excluded (vitamin c deficiency)"
    passed = gate()
    assert passed.state is State.NOT_COMPUTABLE
    assert "weights" in passed.answer
    assert passed.sentences[1] == "All gates are passed."


@pytest.mark.parametrize(("weeks", "met"), [(6, True), (5, False)])
def test_six_weeks_are_enough(weeks, met):
    onset = date.fromordinal(date(2024, 6, 1).toordinal() - 7 * weeks)
    assert (gate(onset=onset).state is State.NOT_COMPUTABLE) is met


def test_an_open_gate_is_named():
    result = gate(exclusions=Exclusions(malignancy=A))
    assert "mimicker" in result.sentences[1]


def total(*units, fever=A, day=date(2024, 6, 1), **given):
    v, p = child(day=day, **given)
    return eular_acr_2025.score(case(reading(*(lesion(u) for u in units)), v, p), RULES)


def test_order_of_sites_and_patterns():
    clavicle, rib, skull = (total(u).value for u in ("clavicle_medial_left", "ribs_left", "skull"))
    assert clavicle >= rib >= skull
    pair = total("tibia_distal_metaphysis_left", "tibia_distal_metaphysis_right")
    assert pair.value >= total("tibia_distal_metaphysis_left").value


def test_fifty_five_is_met_and_fifty_four_is_not():
    # clavicle, 21 multifocal, 4 age, 0 conditions, 3 no fever, 8 no biopsy, 1 no anaemia, CRP 0, ESR 1
    v, p = child(crp=3)
    for clavicle, value, answer in (
        (17, 55, "meets classification criteria"),
        (16, 54, "does not meet classification criteria"),
    ):
        table = parse_table(
            INVENTED.replace("clavicle = 20", f"clavicle = {clavicle}").replace(
                "mandible = 20", "mandible = 16"
            )
        )
        both = reading(lesion("clavicle_medial_left"), lesion("ilium_left"))
        result = eular_acr_2025.score(case(both, v, p), Rulebook(tables={"eular_acr_2025": table}))
        assert (result.value, result.answer) == (value, answer)
        assert not result.verified


def test_missing_entries_give_bounds():
    v = visit(*NORMAL_COUNT, symptoms=PAIN)
    result = eular_acr_2025.score(case(reading(lesion("ilium_left")), v, record()), RULES)
    assert result.low < result.high
    assert {"coexisting conditions", "CRP", "ESR"} <= {m.split(":")[0] for m in result.missing}


def test_a_table_that_breaks_the_published_order_is_refused():
    for old, new, field in (
        ("clavicle = 20", "clavicle = 4", "items.site"),
        ("sterile_inflammation = 17", "sterile_inflammation = 18", "items.biopsy.sterile_inflammation"),
        ("multifocal_symmetric = 22", "multifocal_symmetric = -1", "items.pattern.multifocal_symmetric"),
    ):
        with pytest.raises(InvalidRecord) as error:
            parse_table(INVENTED.replace(old, new))
        assert error.value.what == field


def test_classification_wording():
    result = total("clavicle_medial_left", "ilium_left")
    assert "classification criteria" in result.answer
    assert "has CNO" not in " ".join(result.sentences)


def test_early_onset_is_a_caution_not_a_gate():
    result = gate(onset=date(2015, 6, 1))
    assert any("Caution: onset" in s for s in result.sentences)
    assert result.state is State.NOT_COMPUTABLE


def test_unknown_fever_is_open():
    v, p = child()
    result = eular_acr_2025.score(
        case(
            reading(lesion("ilium_left")), replace(v, symptoms=Symptoms(bone_pain=P, fever_above_38_5=N)), p
        ),
        RULES,
    )
    fever = next(i for i in result.items if i.id == "fever")
    assert (fever.low, fever.high) == (0, 3)


def test_a_child_without_pain_today_may_have_had_six_weeks_of_it():
    calm = replace(
        visit(day=date(2024, 9, 1), id="later"), symptoms=Symptoms(bone_pain=A, loss_of_function=A)
    )
    sore = visit(day=date(2024, 4, 1), id="first")
    r = reading(lesion("ilium_left"))

    def gate_of(*visits):
        result = eular_acr_2025.score(case(r, calm, record(visits=visits)))
        return next(i.state for i in result.items if i.id == "gate_symptoms_6_weeks")

    assert gate_of(sore) is P
    assert gate_of() is N
    assert gate_of(visit(day=date(2024, 1, 20), id="early")) is N


def test_without_weights_everything_known_is_shown_and_nothing_counted():
    result = gate()
    text = {i.id: i.text for i in result.items}
    assert (text["site"], text["pattern"], text["biopsy"], text["crp"]) == (
        "other", "unifocal, not symmetric", "not done", "12 mg/L"
    )  # fmt: skip
    assert text["anaemia"] == text["fever"] == "absent"
    assert all(i.low is None for i in result.items)
    assert any("clavicle and mandible carry the most" in s for s in result.sentences)
    assert result.low is result.high is result.value is None
