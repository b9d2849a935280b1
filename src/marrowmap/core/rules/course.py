"""Course of the disease: time to diagnosis, unifocal to multifocal, time to remission with censoring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from marrowmap.core.lesion import Assessment
from marrowmap.core.reading import Reading
from marrowmap.core.record.months import months_between
from marrowmap.core.record.patient import PatientRecord
from marrowmap.core.rules.remission import Remission


def diagnostic_delay_months(patient: PatientRecord) -> float | None:
    """Months from the first symptom to the diagnosis; None when a date is unknown."""
    if patient.onset is None or patient.diagnosed is None:
        return None
    return months_between(patient.onset, patient.diagnosed)


@dataclass(frozen=True)
class Focality:
    """unifocal_at_onset by painful places at onset; became_multifocal: later more than one place or lesion.

    became_multifocal is NOT_ASSESSED unless the start is known to be unifocal and something later is known.
    """

    unifocal_at_onset: Assessment
    became_multifocal: Assessment
    since: date | None


def focality(patient: PatientRecord, readings: tuple[Reading, ...] = ()) -> Focality:
    """Whether a child who started with one painful place went on to several, by pain or by imaging."""
    start = _sites_at_onset(patient)
    unifocal = Assessment.of(None if start is None else start == 1)
    if unifocal is not Assessment.PRESENT:
        return Focality(unifocal, Assessment.NOT_ASSESSED, None)
    seen: list[tuple[date, bool]] = [
        (v.date, len(v.painful_sites) > 1) for v in patient.visits if v.painful_sites is not None
    ]
    seen += [(r.exam_date, len(r.lesions) > 1) for r in readings if r.exam_date is not None]
    several = sorted(day for day, more in seen if more)
    # Places that hurt one after the other make the course multifocal too.
    places: set[str] = set()
    for visit in patient.visits_in_order:
        places |= {p.place_id for p in visit.painful_sites or ()}
        if len(places) > 1:
            several.append(visit.date)
            break
    if several:
        return Focality(unifocal, Assessment.PRESENT, min(several))
    return Focality(unifocal, Assessment.ABSENT if seen else Assessment.NOT_ASSESSED, None)


def _sites_at_onset(patient: PatientRecord) -> int | None:
    if patient.painful_sites_at_onset is not None:
        return patient.painful_sites_at_onset
    first = next((v for v in patient.visits_in_order if v.painful_sites is not None), None)
    return None if first is None or first.painful_sites is None else len(first.painful_sites)


@dataclass(frozen=True)
class TimeToEvent:
    """Months from onset to the event, or to the last contact when the event was not seen (censored)."""

    months: float
    event: bool


def time_to_remission(patient: PatientRecord, found: Remission) -> TimeToEvent | None:
    """Months from onset to remission; a child lost to follow-up is censored, not a failure (ours).

    None when onset is unknown, or when there is neither an event nor a last contact after it.
    """
    if patient.onset is None:
        return None
    event = found.since if found.state is Assessment.PRESENT else None
    if event is not None:
        return TimeToEvent(months_between(patient.onset, event), True)
    contacts = [v.date for v in patient.visits] + [d for d in (patient.seen_until, patient.lost_on) if d]
    if not contacts:
        return None
    return TimeToEvent(months_between(patient.onset, max(contacts)), False)
