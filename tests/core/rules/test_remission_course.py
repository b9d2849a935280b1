"""Remission in both readings, relapse, course and censoring."""

from datetime import date

import pytest
from clinical_cases import A, N, P, lab, lesion, reading, record, regional, visit
from hypothesis import given
from hypothesis import strategies as st

from marrowmap.core.record.months import add_months
from marrowmap.core.record.units import Analyte
from marrowmap.core.record.visit import PainfulSite, Symptoms
from marrowmap.core.rules.course import diagnostic_delay_months, focality, time_to_remission
from marrowmap.core.rules.remission import Definition, Quiet, both_readings, lasting_days, remission


def quiet(day, pain=P, blood=P, clear=A):
    return Quiet(day, pain, blood, clear)


def test_worked_example():
    days = (quiet(date(2024, 1, 1)), quiet(date(2024, 8, 1)))
    first, second = (remission(days, d) for d in Definition)
    assert (first.state, first.since) == (P, date(2024, 1, 1))
    assert second.state is A
    assert "A: (no pain" in first.sentence
    assert "B: no pain" in second.sentence


@pytest.mark.parametrize(("last", "state"), [(date(2023, 7, 1), P), (date(2023, 6, 30), A)])
def test_six_months_to_the_day(last, state):
    assert remission((quiet(date(2023, 1, 1)), quiet(last)), Definition.A).state is state


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 24))
def test_the_same_day_of_a_later_month_always_counts(day, months):
    assert (add_months(day, months) - day).days >= lasting_days(months)
    assert lasting_days(months) > (months - 1) * 28
    assert lasting_days(6) == 181


def test_reading_a_by_imaging_alone():
    days = tuple(quiet(d, pain=A, blood=N, clear=P) for d in (date(2024, 1, 1), date(2024, 9, 1)))
    assert remission(days, Definition.A).state is P
    assert remission(days, Definition.B).state is A


def test_relapse():
    days = (quiet(date(2024, 1, 1)), quiet(date(2024, 8, 1)), quiet(date(2025, 2, 1), pain=A))
    found = remission(days, Definition.A)
    assert (found.state, found.relapse_on) == (P, date(2025, 2, 1))


def test_an_interruption_starts_the_stretch_anew():
    days = (quiet(date(2024, 1, 1)), quiet(date(2024, 4, 1), pain=A), quiet(date(2024, 8, 1)))
    assert remission(days, Definition.A).state is A


def test_open_days_neither_make_nor_break():
    days = (quiet(date(2024, 1, 1)), quiet(date(2024, 4, 1), blood=N), quiet(date(2024, 8, 1)))
    assert remission(days, Definition.A).state is P
    assert remission((quiet(date(2024, 1, 1), blood=N),), Definition.A).state is N
    assert remission((), Definition.A).state is N


def calm_visit(id, day, esr=8):
    return visit(
        lab(Analyte.ESR, esr, "mm/h", 0, 15), crp=2, id=id, day=day, symptoms=Symptoms(bone_pain=A),
        painful_sites=(), reading_id=f"r-{id}",
    )  # fmt: skip


def test_from_a_record():
    first, last = calm_visit("a", date(2024, 2, 1)), calm_visit("b", date(2024, 9, 1))
    child = record(visits=(first, last))
    silent = tuple(reading(lesion("ilium_left"), id=f"r-{v.id}", exam_date=v.date) for v in (first, last))
    a, b = both_readings(child, silent)
    assert (a.state, b.state) == (P, A)
    clear = tuple(reading(id=f"r-{v.id}", exam_date=v.date) for v in (first, last))
    assert [r.state for r in both_readings(child, clear)] == [P, P]
    knee = tuple(regional(id=f"r-{v.id}", exam_date=v.date) for v in (first, last))
    assert [r.state for r in both_readings(child, knee)] == [P, N]


def test_lost_children_are_censored():
    child = record(onset=date(2023, 1, 1), lost_on=date(2024, 1, 1))
    found = time_to_remission(child, both_readings(child)[0])
    assert found.event is False
    assert found.months == pytest.approx(12, abs=0.1)
    calm = record(
        onset=date(2023, 2, 1), visits=(calm_visit("a", date(2024, 2, 1)), calm_visit("b", date(2024, 9, 1)))
    )
    reached = time_to_remission(calm, both_readings(calm)[0])
    assert (reached.event, round(reached.months)) == (True, 12)


def test_time_to_diagnosis():
    child = record(onset=date(2022, 1, 1), diagnosed=date(2023, 6, 1))
    assert diagnostic_delay_months(child) == pytest.approx(17, abs=0.1)
    assert diagnostic_delay_months(record()) is None


def test_unifocal_to_multifocal():
    def at(id, day, *places):
        return visit(id=id, day=day, painful_sites=tuple(PainfulSite(p) for p in places))

    wandering = record(
        visits=(at("a", date(2024, 2, 1), "knee_left"), at("b", date(2024, 9, 1), "ankle_left"))
    )
    found = focality(wandering)
    assert (found.unifocal_at_onset, found.became_multifocal, found.since) == (P, P, date(2024, 9, 1))
    still = record(visits=(at("a", date(2024, 2, 1), "knee_left"), at("b", date(2024, 9, 1), "knee_left")))
    assert focality(still).became_multifocal is A
    silent = (reading(lesion("ilium_left"), lesion("vertebra_t4")),)
    assert focality(still, silent).became_multifocal is P
    assert focality(record(painful_sites_at_onset=3)).unifocal_at_onset is A
    assert focality(record()).unifocal_at_onset is N
