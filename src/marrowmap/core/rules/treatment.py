"""Treatment stage (CARRA plans 2018, Nico 2022 Fig. 14): which plan, on which ground, which assessment is due.

Reference data for a physician, not advice. No dose is computed or checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from marrowmap.core.lesion import Activity, Assessment
from marrowmap.core.record.drugs import Drug, DrugGroup, Response, StopReason, Treatment
from marrowmap.core.record.months import add_months
from marrowmap.core.record.patient import PatientRecord
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Limits, Rulebook, explain
from marrowmap.core.rules.evidence import Evidence, Fact, of_lesions, open_fact
from marrowmap.core.rules.findings import NO_PATIENT, NO_READING
from marrowmap.core.scores import citations

CITATION = citations.CARRA
ASSESSMENT_MONTHS: tuple[int, ...] = (0, 3, 6, 12)
"""Months after the start of a plan (M-med)."""


class Plan(StrEnum):
    """What the running drugs correspond to."""

    NONE_RECORDED = "no treatment recorded"
    FIRST_LINE = "first line"
    PLAN_A = "plan A"
    PLAN_B = "plan B"
    PLAN_C = "plan C"
    SEVERAL = "more than one plan"
    OUTSIDE = "outside the plans"


PLAN_TEXT: dict[Plan, str] = {
    Plan.FIRST_LINE: "NSAID, with or without oral corticosteroids",
    Plan.PLAN_A: "methotrexate or sulfasalazine",
    Plan.PLAN_B: "TNF inhibitor (etanercept, adalimumab, infliximab), methotrexate optional",
    Plan.PLAN_C: "bisphosphonate (pamidronate; zoledronate in CARRA, from memory)",
}


@dataclass(frozen=True)
class Due:
    """One assessment of a plan. done: a visit within six weeks of the day (window ours)."""

    month: int
    day: date
    done: bool


@dataclass(frozen=True)
class TreatmentStage:
    """Where the child stands.

    eligible: PRESENT for plans A, B and C when either ground holds; grounds name which.
    plan: what the drugs running on ``day`` correspond to. started: first day of the plan.
    """

    plan: Plan
    eligible: Assessment
    grounds: tuple[str, ...]
    nsaid_refractory: Fact
    active_spinal_lesion: Fact
    running: tuple[Treatment, ...]
    started: date | None
    assessments: tuple[Due, ...]
    sentences: tuple[str, ...]
    ours: tuple[str, ...]
    citation: str = CITATION
    disclaimer: str = "Reference data, not advice. Doses are never computed."


def stage(case: Case, day: date | None = None, rules: Rulebook = DEFAULT_RULES) -> TreatmentStage:
    """The treatment stage on ``day``; without one, on the day of the case."""
    on = day or case.day
    refractory = nsaid_refractory(case.patient, on, rules.limits)
    spinal = active_spinal_lesion(case)
    running = () if case.patient is None or on is None else running_on(case.patient, on)
    plan = plan_of(running)
    started = _start(running, plan)
    grounds = []
    if refractory.holds:
        grounds.append("NSAID-refractory")
    if spinal.holds:
        grounds.append("active spinal lesion")
    eligible = Assessment.PRESENT
    if not grounds:
        either = (refractory.state, spinal.state)
        eligible = Assessment.NOT_ASSESSED if Assessment.NOT_ASSESSED in either else Assessment.ABSENT
    record = case.record
    visits = record.visits if record else ()
    due = assessments_due(started, tuple(v.date for v in visits)) if started else ()
    return TreatmentStage(
        plan=plan,
        eligible=eligible,
        grounds=tuple(grounds),
        nsaid_refractory=refractory,
        active_spinal_lesion=spinal,
        running=running,
        started=started,
        assessments=due,
        sentences=_sentences(plan, eligible, tuple(grounds), refractory, spinal, due),
        ours=explain(rules.limits, "nsaid_failure_days"),
    )


def running_on(patient: PatientRecord, day: date) -> tuple[Treatment, ...]:
    """Courses that cover this day."""
    return tuple(t for t in patient.treatments if t.runs_on(day))


def plan_of(running: tuple[Treatment, ...]) -> Plan:
    """The plan these drugs correspond to; NSAID and a steroid course are allowed in all of them.

    Methotrexate beside a TNF inhibitor belongs to plan B; a bisphosphonate with a DMARD is several plans.
    """
    drugs, groups = {t.drug for t in running}, {t.group for t in running}
    if not running:
        return Plan.NONE_RECORDED
    tnf = DrugGroup.TNF_INHIBITOR in groups
    bone = DrugGroup.BISPHOSPHONATE in groups
    conventional = bool(drugs & {Drug.METHOTREXATE, Drug.SULFASALAZINE})
    others = bool(
        groups & {DrugGroup.OTHER_BIOLOGIC, DrugGroup.OTHER, DrugGroup.ANTIBIOTIC}
        or Drug.AZATHIOPRINE in drugs
    )
    if others:
        return Plan.OUTSIDE
    if bone and (tnf or conventional):
        return Plan.SEVERAL
    if tnf:
        return Plan.SEVERAL if Drug.SULFASALAZINE in drugs else Plan.PLAN_B
    if bone:
        return Plan.PLAN_C
    return Plan.PLAN_A if conventional else Plan.FIRST_LINE


def _start(running: tuple[Treatment, ...], plan: Plan) -> date | None:
    leading = {
        Plan.FIRST_LINE: {DrugGroup.NSAID, DrugGroup.GLUCOCORTICOID},
        Plan.PLAN_A: {DrugGroup.CONVENTIONAL_DMARD},
        Plan.PLAN_B: {DrugGroup.TNF_INHIBITOR},
        Plan.PLAN_C: {DrugGroup.BISPHOSPHONATE},
    }.get(plan)
    if leading is None:
        return None
    return min((t.start for t in running if t.group in leading), default=None)


def nsaid_refractory(patient: PatientRecord | None, day: date | None, limits: Limits) -> Fact:
    """NSAID recorded as insufficient after long enough. "Long enough" is from memory and configurable."""
    if patient is None:
        return open_fact(NO_PATIENT)
    courses = [
        t for t in patient.treatments if t.group is DrugGroup.NSAID and (day is None or t.start <= day)
    ]
    if not courses:
        return Fact(Assessment.ABSENT, note="no NSAID course is recorded")
    failed, short = [], []
    for course in courses:
        insufficient = (
            course.response is Response.INSUFFICIENT or course.stop_reason is StopReason.INSUFFICIENT
        )
        if not insufficient:
            continue
        length = None if day is None and course.stop is None else course.days_until(day or date.max)
        if length is not None and length >= limits.nsaid_failure_days and course.full_dose is not False:
            failed.append(course)
        else:
            short.append(course)
    if failed:
        evidence = tuple(Evidence("drug", t.drug, f"{t.drug} since {t.start}: insufficient") for t in failed)
        note = "full dose is not stated" if any(t.full_dose is None for t in failed) else ""
        return Fact(Assessment.PRESENT, evidence, note)
    if short:
        return open_fact("insufficient, but shorter than the limit, below full dose, or of unknown length")
    if all(t.response is Response.NOT_ASSESSED for t in courses):
        return open_fact("the effect of the NSAID is not recorded")
    return Fact(
        Assessment.ABSENT, tuple(Evidence("drug", t.drug, f"{t.drug}: {t.response}") for t in courses)
    )


def active_spinal_lesion(case: Case) -> Fact:
    """An active lesion in a vertebra or the sacrum."""
    if case.reading is None:
        return open_fact(NO_READING)
    spinal = tuple(le for le in case.active_lesions if le.is_spinal)
    if spinal:
        return Fact(Assessment.PRESENT, of_lesions(spinal))
    if case.reading.not_whole:
        return open_fact(case.reading.not_whole)
    if any(le.is_spinal and le.activity is Activity.NOT_ASSESSED for le in case.lesions):
        return open_fact("activity of a spinal lesion is not assessed")
    return Fact(Assessment.ABSENT)


def assessments_due(started: date, visits: tuple[date, ...] = ()) -> tuple[Due, ...]:
    """Assessments at 0, 3, 6 and 12 months (M-med); done when a visit lies within six weeks (ours)."""
    due = []
    for month in ASSESSMENT_MONTHS:
        day = add_months(started, month)
        due.append(Due(month, day, any(abs((v - day).days) <= 42 for v in visits)))
    return tuple(due)


def _sentences(
    plan: Plan,
    eligible: Assessment,
    grounds: tuple[str, ...],
    refractory: Fact,
    spinal: Fact,
    due: tuple[Due, ...],
) -> tuple[str, ...]:
    now = f"Recorded drugs correspond to {plan}" + (f": {PLAN_TEXT[plan]}." if plan in PLAN_TEXT else ".")
    if plan is Plan.NONE_RECORDED:
        now = "No running treatment is recorded."
    if eligible is Assessment.PRESENT:
        gate = f"Eligible for plan A, B or C by the CARRA grounds: {' and '.join(grounds)}."
    elif eligible is Assessment.ABSENT:
        gate = "Not eligible for plan A, B or C: neither NSAID-refractory nor an active spinal lesion."
    else:
        lacking = "; ".join(n for n in (refractory.note, spinal.note) if n)
        gate = f"Eligibility for plan A, B or C is open: {lacking}."
    open_days = ", ".join(f"month {d.month} about {d.day.isoformat()}" for d in due if d.month and not d.done)
    tail = (f"Assessments not yet recorded: {open_days} (dates M-med).",) if open_days else ()
    return (now, gate, *tail)
