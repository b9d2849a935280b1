"""A wrong denominator cannot be written down."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.extract import extract_in_memory
from marrowmap.cohort.tables import sites_table, symptoms_table
from marrowmap.cohort.units import Finding, LesionSet, PatientSet, VisitSet, WrongDenominator


def _visits(patient, n, **values):
    return [
        {"patient_id": patient, "visit_date": date(2020, 1, 1) + timedelta(days=30 * k), **values}
        for k in range(n)
    ]


def test_a_patient_with_ten_visits_counts_once(build):
    cohort = build(["A", "B"], [*_visits("A", 10, fatigue=True), *_visits("B", 1, fatigue=False)])
    cell = symptoms_table(cohort).cell("fatigue", "all")
    assert (cell.count, cell.of, cell.unit, cell.missing) == (1, 2, "patients", 0)


def test_a_patient_with_ten_lesions_is_one_patient_and_ten_lesions(build):
    lesions = [
        {"patient_id": "A", "kind": "imaging", "site_id": "tibia_distal_metaphysis_left", "lesion_id": f"{k}"}
        for k in range(10)
    ]
    cohort = build(["A", "B"], lesions=lesions)
    assert sites_table(cohort).cell("Tibia", "imaging").of == 10
    share = cohort.patients_with(cohort.lesions("imaging")).among(cohort.patients)
    assert (share.count, share.of) == (1, 2)


def test_never_asked_is_missing_and_not_absent(build):
    cohort = build(
        ["A", "B", "C"],
        [{"patient_id": "A", "fatigue": True}, {"patient_id": "B", "fatigue": False}, {"patient_id": "C"}],
    )
    cell = symptoms_table(cohort).cell("fatigue", "all")
    assert (cell.count, cell.of, cell.missing) == (1, 2, 1)


def test_asked_once_among_many_visits_is_enough(build):
    visits = [{"patient_id": "A"}, {"patient_id": "A", "fever_above_38_5": False}, {"patient_id": "A"}]
    cell = symptoms_table(build(["A"], visits)).cell("fever_above_38_5", "all")
    assert (cell.count, cell.of, cell.missing) == (0, 1, 0)


def _set(kind, *members, cohort=1):
    return kind(np.array([bool(m) for m in members]), cohort)


def test_lesions_cannot_be_counted_among_patients():
    finding = Finding(_set(LesionSet, 1, 0), _set(LesionSet, 1, 1))
    with pytest.raises(WrongDenominator, match="patients cannot be counted among lesions"):
        finding.among(_set(PatientSet, 1, 1))


def test_sets_of_two_cohorts_do_not_mix():
    finding = Finding(_set(PatientSet, 1, 0), _set(PatientSet, 1, 1))
    with pytest.raises(WrongDenominator, match="different cohorts"):
        finding.among(_set(PatientSet, 1, 1, cohort=2))
    with pytest.raises(WrongDenominator, match="different cohorts"):
        _set(PatientSet, 1, 0) & _set(PatientSet, 1, 0, 1)


def test_visits_have_no_percentages():
    with pytest.raises(WrongDenominator, match="turn them into patients"):
        Finding(_set(VisitSet, 1), _set(VisitSet, 1))


def test_present_but_not_assessed_is_refused():
    with pytest.raises(ValueError, match="not assessed"):
        Finding(_set(PatientSet, 1, 0), _set(PatientSet, 0, 1))


def test_either_of_two_findings_is_open_when_one_was_not_assessed():
    first = Finding(_set(PatientSet, 1, 0, 0), _set(PatientSet, 1, 1, 1))
    second = Finding(_set(PatientSet, 0, 0, 0), _set(PatientSet, 0, 0, 1))
    share = (first | second).among(_set(PatientSet, 1, 1, 1))
    assert (share.count, share.of, share.missing) == (1, 2, 1)


def test_bits_and_single_columns_agree(demo_cohort):
    from marrowmap.core.record.visit import TABLE1_ITEMS

    together = demo_cohort.ever(TABLE1_ITEMS)
    for name in TABLE1_ITEMS:
        alone = demo_cohort.at_visits(name).ever()
        assert (together[name].present.mask == alone.present.mask).all()
        assert (together[name].assessed.mask == alone.assessed.mask).all()


def test_a_cohort_without_anybody_has_no_percentages(build):
    table = symptoms_table(build())
    assert all(r.cells[0].percent is None for r in table.rows)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.sampled_from([True, False, None]), st.sampled_from([True, False, None])
        ),
        max_size=40,
    )
)
def test_table_1_equals_counting_by_hand(visits):
    patients = [f"P{n}" for n in range(6)]
    rows = [
        {
            "patient_id": f"P{p}",
            "visit_date": date(2020, 1, 1) + timedelta(days=n),
            "fatigue": a,
            "weight_loss": b,
        }
        for n, (p, a, b) in enumerate(visits)
    ]
    tables = {"patients": [{"patient_id": p} for p in patients], "visits": rows}
    table = symptoms_table(Cohort(extract_in_memory(tables, synthetic=False)))
    for item in ("fatigue", "weight_loss"):
        said = {p: [r[item] for r in rows if r["patient_id"] == p and r[item] is not None] for p in patients}
        cell = table.cell(item, "all")
        assert cell.count == sum(any(s) for s in said.values())
        assert cell.of == sum(bool(s) for s in said.values())
        assert cell.of + cell.missing == 6
