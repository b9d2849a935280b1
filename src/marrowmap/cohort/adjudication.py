"""From blinded reads to a consensus in the registry: what differs in each case, and the reading that settles it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from marrowmap.cohort.consensus import Question, consensus, questions
from marrowmap.core.reading import Reading
from marrowmap.errors import InvalidRecord
from marrowmap.exchange.reading_json import reading_from_dict, reading_to_dict
from marrowmap.registry.database import Registry
from marrowmap.registry.filing import refresh_lesions, registry_id
from marrowmap.registry.readings import NewReading, store_reading
from marrowmap.registry.studies import (
    cases_of,
    consensus_of,
    hand_in,
    marks_by_case,
    may_hand_in,
    state_consensus,
)


def case_readings(registry: Registry, study_id: str, who: str) -> dict[str, list[Reading]]:
    """All marks of each case, by reader. Raises NotForYou while the study is open."""
    marks = marks_by_case(registry, study_id, who)
    return {case: [reading_from_dict(r.content) for r in stored] for case, stored in marks.items()}


def questions_by_case(registry: Registry, study_id: str, who: str) -> dict[str, tuple[Question, ...]]:
    """The marked places of each case, those to decide and those agreed on."""
    return {case: questions(readings) for case, readings in case_readings(registry, study_id, who).items()}


def settle(
    registry: Registry,
    study_id: str,
    case_id: str,
    answers: Mapping[str, str],
    adjudicator: str,
    *,
    one_normal_is_enough: bool = False,
    comment: str = "",
) -> Reading:
    """Sign the consensus of a case and store it; the study closes with the last one.

    Its lesions are from then on those that a cohort counts for the exam. Raises InvalidRecord, and stores
    nothing, for an open question, an unknown case, or a case that has a consensus.
    """
    found = case_readings(registry, study_id, adjudicator)
    if case_id not in found:
        raise InvalidRecord(f"case {case_id}", "is unknown", f"Accepted: {', '.join(found)}")
    if case_id in consensus_of(registry, study_id):
        raise InvalidRecord(f"case {case_id}", "has a consensus already", "A consensus is final")
    case = next(c for c in cases_of(registry, study_id) if c.case_id == case_id)
    agreed = consensus(
        found[case_id],
        answers,
        adjudicator,
        consensus_id(study_id, case_id),
        one_normal_is_enough=one_normal_is_enough,
        comment=comment,
    ).signed(datetime.now(UTC).replace(microsecond=0))
    stored = NewReading(
        agreed.id, case.patient_id, agreed.exam_uid, adjudicator, reading_to_dict(agreed), agreed.signed_at
    )
    store_reading(registry, stored, adjudicator)
    state_consensus(registry, study_id, case_id, agreed.id, adjudicator)
    refresh_lesions(registry, case.patient_id, adjudicator, reading_from_dict)
    return agreed


def hand_in_signed(registry: Registry, study_id: str, case_id: str, reading: Reading) -> bool:
    """Store a reader's signed reading of a case and hand it in; False when this was done before.

    It does not count in a cohort: the consensus does. Raises InvalidRecord, and stores nothing, when the case is
    not this reader's, another reading was handed in, or reading is over.
    """
    name = registry_id(reading.id)
    if not may_hand_in(registry, study_id, case_id, reading.reader, reading.exam_uid, name):
        return False
    case = next(c for c in cases_of(registry, study_id) if c.case_id == case_id)
    stored = NewReading(
        name, case.patient_id, reading.exam_uid, reading.reader, reading_to_dict(reading), reading.signed_at
    )
    store_reading(registry, stored, reading.reader)
    hand_in(registry, study_id, case_id, reading.reader, name)
    return True


def consensus_id(study_id: str, case_id: str) -> str:
    """Id of the consensus reading of a case."""
    return registry_id(f"consensus.{study_id}.{case_id}")
