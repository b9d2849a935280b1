"""Treatment stage: worked examples of the plans, grounds, due dates. Never a dose."""

from datetime import date

import pytest
from clinical_cases import A, N, P, case, inactive, lesion, reading, record, regional

from marrowmap.core.record.drugs import Drug, Response, StopReason, Treatment
from marrowmap.core.record.months import add_months
from marrowmap.core.rules.treatment import Plan, assessments_due, plan_of, stage
from marrowmap.errors import InvalidRecord

START = date(2024, 3, 1)


def course(drug, start=START, **given):
    return Treatment(drug, start, **given)


def test_spinal_lesion_needs_no_nsaid_failure():
    found = stage(case(reading(lesion("vertebra_t7")), None, record()))
    assert found.eligible is P
    assert found.grounds == ("active spinal lesion",)
    assert found.plan is Plan.NONE_RECORDED


def test_pain_free_on_nsaid_is_not_eligible():
    on_nsaid = record(treatments=(course(Drug.NAPROXEN, response=Response.REMISSION),))
    found = stage(case(reading(lesion("tibia_diaphysis_left")), None, on_nsaid))
    assert found.eligible is A
    assert found.plan is Plan.FIRST_LINE


def test_due_dates():
    due = assessments_due(START)
    assert [d.day for d in due] == [START, date(2024, 6, 1), date(2024, 9, 1), date(2025, 3, 1)]
    assert [d.done for d in assessments_due(START, (date(2024, 6, 20),))] == [False, True, False, False]
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("drugs", "plan"),
    [
        ((Drug.ADALIMUMAB, Drug.METHOTREXATE), Plan.PLAN_B),
        ((Drug.METHOTREXATE,), Plan.PLAN_A),
        ((Drug.SULFASALAZINE, Drug.NAPROXEN), Plan.PLAN_A),
        ((Drug.ZOLEDRONATE, Drug.NAPROXEN), Plan.PLAN_C),
        ((Drug.PAMIDRONATE, Drug.METHOTREXATE), Plan.SEVERAL),
        ((Drug.NAPROXEN, Drug.PREDNISONE), Plan.FIRST_LINE),
        ((Drug.TOCILIZUMAB, Drug.METHOTREXATE), Plan.OUTSIDE),
        ((Drug.AZATHIOPRINE,), Plan.OUTSIDE),
        ((), Plan.NONE_RECORDED),
    ],
)
def test_plans(drugs, plan):
    assert plan_of(tuple(course(d) for d in drugs)) is plan


def test_stopped_drugs_do_not_count():
    over = record(treatments=(course(Drug.METHOTREXATE, stop=date(2024, 4, 1)),))
    assert stage(case(reading(), None, over), date(2024, 5, 1)).plan is Plan.NONE_RECORDED
    assert stage(case(reading(), None, over), date(2024, 4, 1)).plan is Plan.PLAN_A


def nsaid(**given):
    return record(treatments=(course(Drug.NAPROXEN, **given),))


@pytest.mark.parametrize(
    ("given", "day", "state"),
    [
        ({"response": Response.INSUFFICIENT}, date(2024, 3, 29), P),
        ({"response": Response.INSUFFICIENT}, date(2024, 3, 28), N),
        ({"stop_reason": StopReason.INSUFFICIENT, "stop": date(2024, 5, 1)}, date(2024, 6, 1), P),
        ({"response": Response.INSUFFICIENT, "full_dose": False}, date(2024, 6, 1), N),
        ({"response": Response.IMPROVED}, date(2024, 6, 1), A),
        ({}, date(2024, 6, 1), N),
    ],
)
def test_nsaid_failure(given, day, state):
    assert stage(case(reading(), None, nsaid(**given)), day).nsaid_refractory.state is state


def test_eligibility_is_open_while_a_ground_is_open():
    assert stage(case(regional(lesion("tibia_diaphysis_left")), None, record())).eligible is N
    old = reading(inactive("vertebra_t7"))
    assert stage(case(old, None, record())).eligible is A


def test_no_dose_is_computed():
    documented = record(treatments=(course(Drug.METHOTREXATE, dose_as_documented="15 mg/m2 weekly"),))
    found = stage(case(reading(), None, documented), date(2024, 5, 1))
    assert not any("mg" in s for s in (*found.sentences, *found.ours))
    assert "never computed" in found.disclaimer


def test_stop_before_start_is_refused():
    with pytest.raises(InvalidRecord) as error:
        course(Drug.NAPROXEN, stop=date(2024, 2, 1))
    assert error.value.what == "stop of naproxen"
    assert "2024-02-01" in error.value.why
    assert "2024-03-01" in error.value.remedy
