"""The patient record: not assessed stays so, dates and numbers are checked, units are converted."""

from dataclasses import fields
from datetime import date

import pytest
from clinical_cases import A, N, P, record, visit
from hypothesis import given
from hypothesis import strategies as st

from marrowmap.core.lesion import Assessment
from marrowmap.core.record.drugs import Drug, Treatment
from marrowmap.core.record.patient import (
    Biopsy,
    Complication,
    ComplicationKind,
    ExtraOsseous,
    FamilyHistory,
    PatientRecord,
    Serology,
    YearMonth,
    any_of,
    any_strict,
    states_of,
)  # fmt: skip
from marrowmap.core.record.units import UNITS, Analyte, LabValue, crp, stored_unit
from marrowmap.core.record.visit import (
    TABLE1_ITEMS,
    TABLE1_LABELS,
    ChaqDomain,
    Examination,
    Outcomes,
    Symptoms,
)
from marrowmap.errors import InvalidRecord


@pytest.mark.parametrize("kind", [Symptoms, Examination, ExtraOsseous, FamilyHistory, Serology, Biopsy])
def test_nothing_said_is_not_assessed(kind):
    assert set(states_of(kind()).values()) == {N}


def test_thirteen_items_of_table_1():
    assert len(TABLE1_ITEMS) == 13
    assert set(TABLE1_LABELS) == set(TABLE1_ITEMS)


def test_ever_over_visits():
    one = visit(id="a", symptoms=Symptoms(bone_pain=P, fatigue=A))
    two = visit(id="b", symptoms=Symptoms(bone_pain=A))
    child = record(visits=(one, two))
    assert [child.ever(n) for n in ("bone_pain", "fatigue", "weight_loss")] == [P, A, N]


def test_complications_need_a_look():
    child = record(complications=(Complication(ComplicationKind.KYPHOSIS, A),))
    assert child.complication(ComplicationKind.KYPHOSIS) is A
    assert child.complication(ComplicationKind.SCOLIOSIS) is N


@given(st.lists(st.sampled_from(list(Assessment))))
def test_not_assessed_never_becomes_absent(states):
    if N in states and P not in states:
        assert any_strict(*states) is N
    if set(states) <= {N}:
        assert any_of(*states) is N
    if P in states:
        assert any_of(*states) is any_strict(*states) is P


def test_crp_in_mg_per_dl_is_stored_in_mg_per_l():
    value = crp(1.2, "mg/dL")
    assert (value.value, value.unit) == (12, "mg/L")


@given(st.sampled_from(list(Analyte)), st.floats(0, 25).map(lambda v: round(v, 4)))
def test_units_convert_back_and_forth(analyte, value):
    for unit in UNITS[analyte]:
        if value * UNITS[analyte][unit] > 25:
            continue
        stored = LabValue.of(analyte, value, unit)
        assert stored.in_unit(unit) == pytest.approx(value, rel=1e-9, abs=1e-9)
        assert stored.unit == stored_unit(analyte)


BAD = [
    (lambda: crp(-3), "crp", "-3"),
    (lambda: crp(float("nan")), "crp", "nan"),
    (lambda: crp(3, "g/L"), "unit of crp", "g/L"),
    (lambda: LabValue.of(Analyte.ESR, 400, "mm/h"), "esr", "400"),
    (lambda: LabValue.of(Analyte.ESR, 10, "mm/h", reference_low=9, reference_high=3),
     "reference range of esr", "9"),
    (lambda: Outcomes(pain=11), "pain", "11"),
    (lambda: Outcomes(chaq_index=3.1), "chaq_index", "3.1"),
    (lambda: Outcomes(chaq=(ChaqDomain("reach", (1,)),), chaq_index=1), "chaq_index", "domains"),
    (lambda: ChaqDomain("running", (1,)), "CHAQ domain", "running"),
    (lambda: ChaqDomain("reach", (4,)), "CHAQ reach", "4"),
    (lambda: visit(temperature_c=98.6), "temperature_c", "98.6"),
    (lambda: visit(crp(3), crp(4)), "laboratory value", "crp"),
    (lambda: YearMonth(2014, 13), "month of birth", "13"),
    (lambda: Biopsy(site_id="femur"), "painful site", "femur"),
    (lambda: record(onset=date(2014, 5, 31)), "onset", "2014-05-31"),
    (lambda: record(diagnosed=date(2023, 1, 1)), "diagnosed", "2023-01-01"),
    (lambda: record(visits=(visit(), visit())), "visit id", "v"),
    (lambda: record(biopsies=(Biopsy(),)), "biopsy_done", "absent"),
    (lambda: PatientRecord(" "), "key", "empty"),
    (lambda: Complication(ComplicationKind.OTHER_FRACTURE, genant_grade=4), "genant_grade", "4"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "field", "value"), BAD)
def test_bad_input_names_field_value_and_what_is_accepted(make, field, value):
    with pytest.raises(InvalidRecord) as error:
        make()
    assert error.value.what == field
    assert value in error.value.why
    assert error.value.remedy


def test_dates_in_the_future():
    today = date(2024, 5, 1)
    for bad, field in (
        (record(visits=(visit(day=date(2024, 5, 2)),)), "date of visit v"),
        (record(treatments=(Treatment(Drug.NAPROXEN, date(2024, 6, 1)),)), "start of naproxen"),
        (record(seen_until=date(2025, 1, 1)), "seen_until"),
    ):
        with pytest.raises(InvalidRecord) as error:
            bad.check_dates(today)
        assert error.value.what == field
        assert "future" in error.value.why
        assert "2024-05-01" in error.value.remedy
    record(visits=(visit(day=today),)).check_dates(today)


def test_age_comes_from_the_month_of_birth():
    assert record(onset=date(2024, 6, 15)).age_at_onset == pytest.approx(10, abs=0.01)
    assert record(birth=None).age_at_onset is None


def test_pain_free_is_open_when_nobody_asked():
    assert visit(symptoms=Symptoms()).pain_free is N
    assert visit(symptoms=Symptoms(), painful_sites=()).pain_free is P
    assert visit(symptoms=Symptoms(bone_pain=A), outcomes=Outcomes(pain=2)).pain_free is A


def test_records_are_frozen():
    child = record()
    with pytest.raises(AttributeError):
        child.key = "other"
    assert {f.name for f in fields(child)} >= {"visits", "treatments", "complications", "biopsies"}
