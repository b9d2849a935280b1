"""The remission of one child (``core.rules``) and of many at once (``cohort``) are one rule."""

from datetime import date, timedelta

import numpy as np
from clinical_cases import A, N, P, lab, lesion, reading, record, visit
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.cohort.choices import RemissionReading, TimeOrigin
from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.extract import extract_in_memory
from marrowmap.cohort.remission import remission_times
from marrowmap.core.record.units import Analyte, LabValue
from marrowmap.core.record.visit import Outcomes, PainfulSite, Symptoms
from marrowmap.core.rules.remission import Definition, both_readings
from marrowmap.registry.core_records import rows_of

ONSET = date(2022, 1, 1)
READINGS = {Definition.A: RemissionReading.EITHER, Definition.B: RemissionReading.ALL}

LABS = st.sampled_from(
    [
        None,
        lab(Analyte.CRP, 2, "mg/L", 0, 5),
        lab(Analyte.CRP, 5, "mg/L", 0, 5),
        lab(Analyte.CRP, 40, "mg/L", 0, 5),
        lab(Analyte.CRP, 2, "mg/L"),
        LabValue.of(Analyte.CRP, 5, "mg/L", below=True, reference_high=5),
        LabValue.of(Analyte.CRP, 10, "mg/L", below=True, reference_high=5),
    ]
)
SITES = st.sampled_from([None, (), (PainfulSite("knee_left"),)])
IMAGING = st.sampled_from(["none", "clear", "active", "regional"])


@st.composite
def visits(draw):
    days = sorted(draw(st.sets(st.integers(0, 900), min_size=1, max_size=6)))
    # gaps of 180 to 182 days are where the rule decides
    gaps = draw(st.lists(st.sampled_from([180, 181, 182]), max_size=2))
    days = sorted({*days, *(days[0] + g for g in gaps)})
    found, readings = [], []
    for number, day in enumerate(days):
        when = ONSET + timedelta(days=day)
        imaging = draw(IMAGING)
        name = f"r{number}" if imaging != "none" else ""
        if name:
            lesions = [lesion("ilium_left")] if imaging == "active" else []
            whole = imaging != "regional"
            readings.append(reading(*lesions, id=name, exam_date=when, whole_body=whole))
        crp = draw(LABS)
        found.append(
            visit(
                *([crp] if crp else []),
                lab(Analyte.ESR, draw(st.sampled_from([5, 30])), "mm/h", 0, 15),
                id=f"v{number}",
                day=when,
                symptoms=Symptoms(bone_pain=draw(st.sampled_from([P, A, N]))),
                outcomes=Outcomes(pain=draw(st.sampled_from([None, 0, 3]))),
                painful_sites=draw(SITES),
                reading_id=name,
            )
        )
    return tuple(found), tuple(readings)


@given(visits())
@settings(max_examples=150, deadline=None)
def test_one_rule_for_one_child_and_for_many(given_visits):
    own, readings = given_visits
    child = record(onset=ONSET, visits=own)
    cohort = Cohort(extract_in_memory(rows_of(child, readings), synthetic=False, shuffle_seed=1))
    for single in both_readings(child, readings):
        many = remission_times(cohort, READINGS[single.definition], TimeOrigin.ONSET)
        assert many.reached.tolist() == [single.state is P]
        if single.state is P:
            assert np.round(many.months * 365.25 / 12).tolist() == [(single.since - ONSET).days]


def test_a_value_below_what_can_be_measured_is_normal():
    below = LabValue.of(Analyte.CRP, 5, "mg/L", below=True, reference_high=5)
    esr = lab(Analyte.ESR, 5, "mm/h", 0, 15)
    own = tuple(
        visit(below, esr, id=f"v{n}", day=day, symptoms=Symptoms(bone_pain=A))
        for n, day in enumerate((date(2023, 1, 1), date(2023, 8, 1)))
    )
    rows = rows_of(record(onset=ONSET, visits=own))
    assert (rows["visits"][0]["crp_mg_per_l"], rows["visits"][0]["crp_below"]) == (5, True)
    cohort = Cohort(extract_in_memory(rows, synthetic=False, shuffle_seed=1))
    assert remission_times(cohort, RemissionReading.EITHER, TimeOrigin.ONSET).reached.tolist() == [True]
