"""Remission as the Belgian cohort words it, in both of its readings, and relapse.

The text joins no pain, no inflammation in blood "and/or" clear imaging, for at least six months. Reading A:
(no pain and normal blood) or imaging clear. Reading B: all three. Every answer says which reading it used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from marrowmap.core.lesion import Assessment
from marrowmap.core.reading import Reading
from marrowmap.core.record.months import add_months
from marrowmap.core.record.patient import PatientRecord
from marrowmap.core.record.units import Analyte
from marrowmap.core.record.visit import Visit
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.scores import citations

CITATION = citations.SEED_COHORT


@cache
def lasting_days(months: float) -> int:
    """Days that count as so many months: as many as the shortest run of calendar months has (six: 181).

    A visit on the same day of the month six months later then always counts, and records that keep only days
    between events (frozen extracts) answer as records with dates do. How days are counted is ours (PROPOSED).
    """
    whole = round(months)
    starts = (date(2023, 1, 1) + timedelta(days=n) for n in range(4 * 365 + 1))
    return min((add_months(day, whole) - day).days for day in starts)


class Definition(StrEnum):
    """Which reading of the sentence."""

    A = "A: (no pain and normal blood) or imaging clear"
    B = "B: no pain, normal blood and imaging clear"


@dataclass(frozen=True)
class Quiet:
    """The three parts on one day. NOT_ASSESSED is neither quiet nor active."""

    day: date
    no_pain: Assessment = Assessment.NOT_ASSESSED
    normal_blood: Assessment = Assessment.NOT_ASSESSED
    imaging_clear: Assessment = Assessment.NOT_ASSESSED

    def holds(self, definition: Definition) -> bool | None:
        """Whether the day counts as remission under one reading; None exactly when a gap could turn it."""
        pain, blood, clear = (s.as_bool() for s in (self.no_pain, self.normal_blood, self.imaging_clear))
        clinical = _and(pain, blood)
        return _or(clinical, clear) if definition is Definition.A else _and(clinical, clear)


def _and(first: bool | None, second: bool | None) -> bool | None:
    if first is False or second is False:
        return False
    return None if None in (first, second) else True


def _or(first: bool | None, second: bool | None) -> bool | None:
    if first or second:
        return True
    return None if None in (first, second) else False


@dataclass(frozen=True)
class Remission:
    """state: PRESENT once the definition held long enough; ABSENT when it did not; NOT_ASSESSED when open.

    since: first day of the quiet stretch. reached_on: the day on which it had lasted long enough.
    relapse_on: first day after remission on which the definition was broken.
    """

    definition: Definition
    state: Assessment
    since: date | None
    reached_on: date | None
    relapse_on: date | None
    months_needed: float
    sentence: str


def blood_normal(visit: Visit) -> Assessment:
    """CRP and ESR not above the laboratory's range: both must be known, one raised decides."""
    values = [visit.lab(Analyte.CRP), visit.lab(Analyte.ESR)]
    raised = [Assessment.NOT_ASSESSED if v is None else v.is_raised for v in values]
    if Assessment.PRESENT in raised:
        return Assessment.ABSENT
    return Assessment.NOT_ASSESSED if Assessment.NOT_ASSESSED in raised else Assessment.PRESENT


def imaging_clear(reading: Reading) -> Assessment:
    """No active lesion on whole-body MRI; a regional examination without lesions leaves it open."""
    if reading.active_lesions:
        return Assessment.ABSENT
    if reading.not_whole or any(le.activity.value == "not_assessed" for le in reading.lesions):
        return Assessment.NOT_ASSESSED
    return Assessment.PRESENT


def quiet_days(patient: PatientRecord, readings: tuple[Reading, ...] = ()) -> tuple[Quiet, ...]:
    """One entry for each visit and each dated reading, in order; a visit uses its own reading."""
    by_id = {r.id: r for r in readings}
    days = []
    used = set()
    for visit in patient.visits_in_order:
        reading = by_id.get(visit.reading_id)
        if reading is not None:
            used.add(reading.id)
        days.append(
            Quiet(
                visit.date,
                visit.pain_free,
                blood_normal(visit),
                imaging_clear(reading) if reading else Assessment.NOT_ASSESSED,
            )
        )
    for reading in readings:
        if reading.id not in used and reading.exam_date is not None:
            days.append(Quiet(reading.exam_date, imaging_clear=imaging_clear(reading)))
    return tuple(sorted(days, key=lambda q: q.day))


def remission(days: tuple[Quiet, ...], definition: Definition, rules: Rulebook = DEFAULT_RULES) -> Remission:
    """Remission from dated observations. Open days neither make nor break a stretch.

    A stretch runs from the first quiet day to the last quiet day before a day that breaks it.
    """
    needed = rules.limits.remission_months
    enough = timedelta(days=lasting_days(needed))
    since: date | None = None
    reached: date | None = None
    relapse: date | None = None
    start_of_reached: date | None = None
    for quiet in sorted(days, key=lambda q: q.day):
        holds = quiet.holds(definition)
        if holds is None:
            continue
        if not holds:
            if reached is not None and relapse is None:
                relapse = quiet.day
            since = None
            continue
        if since is None:
            since = quiet.day
        if reached is None and quiet.day - since >= enough:
            reached, start_of_reached = since + enough, since
    open_days = any(q.holds(definition) is None for q in days)
    if reached is not None:
        state = Assessment.PRESENT
    else:
        state = Assessment.NOT_ASSESSED if open_days or not days else Assessment.ABSENT
    return Remission(
        definition=definition,
        state=state,
        since=start_of_reached or since,
        reached_on=reached,
        relapse_on=relapse,
        months_needed=needed,
        sentence=_sentence(definition, state, start_of_reached, relapse, needed),
    )


def _sentence(
    definition: Definition, state: Assessment, since: date | None, relapse: date | None, needed: float
) -> str:
    head = f"Remission by reading {definition} for at least {needed:g} months ({CITATION}): "
    if state is Assessment.PRESENT and since is not None:
        tail = f"yes, since {since.isoformat()}"
        return head + tail + (f", relapse on {relapse.isoformat()}." if relapse else ".")
    return head + ("no." if state is Assessment.ABSENT else "open, entries are missing.")


def both_readings(
    patient: PatientRecord, readings: tuple[Reading, ...] = (), rules: Rulebook = DEFAULT_RULES
) -> tuple[Remission, Remission]:
    """Remission by reading A and by reading B."""
    days = quiet_days(patient, readings)
    return remission(days, Definition.A, rules), remission(days, Definition.B, rules)
