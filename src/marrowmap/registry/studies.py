"""Blinded reads: who reads which case, what a reader may see, and the consensus.

A reader of an open study sees cases by a neutral number in an order of their own, and their own readings.
No clinical data, no patient id, no other reader's marks. The organiser opens adjudication when every
assigned reading is signed; from then on the adjudicator sees all marks and states a consensus reading.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from marrowmap.errors import InvalidRecord, MarrowmapError
from marrowmap.registry.database import Registry
from marrowmap.registry.events import Trail, entity_id
from marrowmap.registry.readings import StoredReading, get_reading
from marrowmap.registry.schema import reading_studies, study_assignments, study_consensus


class NotForYou(MarrowmapError):
    """What a blinded reader asked for is hidden from them."""


@dataclass(frozen=True)
class Case:
    """One exam of a study. patient_id is never shown to a reader."""

    case_id: str
    exam_uid: str
    patient_id: str


@dataclass(frozen=True)
class BlindedCase:
    """What a reader may know of a case. done: their own reading is signed. prior_allowed: earlier exams shown."""

    case_id: str
    exam_uid: str
    position: int
    done: bool
    prior_allowed: bool


@dataclass(frozen=True)
class StudyInfo:
    """A study as its organiser knows it; it names no child. done: reader -> number of cases handed in."""

    study_id: str
    title: str
    state: str
    organiser: str
    adjudicator: str
    cases: tuple[str, ...]
    done: Mapping[str, int]
    agreed: tuple[str, ...]

    @property
    def readers(self) -> tuple[str, ...]:
        """Names of the readers."""
        return tuple(self.done)

    @property
    def complete(self) -> bool:
        """Whether every assigned case was handed in."""
        return all(n == len(self.cases) for n in self.done.values())


def open_study(
    registry: Registry,
    study_id: str,
    title: str,
    cases: Sequence[Case],
    readers: Sequence[str],
    who: str,
    seed: int,
    prior_allowed: bool = False,
    adjudicator: str = "",
) -> None:
    """Assign every case to every reader, each in a random order of their own (fixed by ``seed``).

    adjudicator: who states the consensus; the organiser (``who``) when empty. Raises InvalidRecord for fewer
    than two readers, no case, or an id that stands twice.
    """
    if len(set(readers)) < 2 or len(set(readers)) != len(readers):
        raise InvalidRecord(
            f"study {study_id}", "needs two or more different readers", "Name each reader once"
        )
    if not cases or len({c.case_id for c in cases}) != len(cases):
        raise InvalidRecord(f"study {study_id}", "needs cases, each with its own id", "Check the case ids")
    with registry.writing() as connection:
        if _study(connection, study_id) is not None:
            raise InvalidRecord(f"study {study_id}", "exists already", "Choose another id")
        trail = Trail(connection, who, "open study")
        study = {
            "study_id": study_id,
            "title": title,
            "state": "open",
            "prior_allowed": prior_allowed,
            "organiser": who,
            "adjudicator": adjudicator or who,
        }
        connection.execute(reading_studies.insert(), study)
        trail.note("reading_studies", study_id, {"cases": len(cases), "readers": list(readers)}, study)
        rows = []
        for reader in readers:
            order = list(cases)
            random.Random(f"{seed}/{study_id}/{reader}").shuffle(order)
            for position, case in enumerate(order, start=1):
                row = {
                    "study_id": study_id,
                    "case_id": case.case_id,
                    "reader": reader,
                    "exam_uid": case.exam_uid,
                    "patient_id": case.patient_id,
                    "position": position,
                    "reading_id": None,
                }
                rows.append(row)
                trail.note(
                    "study_assignments", entity_id(study_assignments, row), {"position": position}, row
                )
        connection.execute(study_assignments.insert(), rows)
        trail.store()


def study_info(registry: Registry, study_id: str) -> StudyInfo:
    """One study with its progress. Raises InvalidRecord when there is none."""
    with registry.reading() as connection:
        return _info(connection, _known_study(connection, study_id))


def all_studies(registry: Registry) -> tuple[StudyInfo, ...]:
    """Every study with its progress, by id."""
    with registry.reading() as connection:
        wanted = sa.select(reading_studies).order_by(reading_studies.c.study_id)
        return tuple(_info(connection, row) for row in connection.execute(wanted).mappings().all())


def _info(connection: sa.Connection, study: sa.RowMapping) -> StudyInfo:
    mine = sa.select(study_assignments).where(study_assignments.c.study_id == study["study_id"])
    rows = connection.execute(mine.order_by(study_assignments.c.reader)).mappings().all()
    done = {r["reader"]: 0 for r in rows}
    for row in rows:
        done[row["reader"]] += row["reading_id"] is not None
    agreed = sa.select(study_consensus.c.case_id).where(study_consensus.c.study_id == study["study_id"])
    return StudyInfo(
        study["study_id"],
        study["title"],
        study["state"],
        study["organiser"] or "",
        study["adjudicator"] or "",
        tuple(sorted({r["case_id"] for r in rows})),
        done,
        tuple(sorted(connection.execute(agreed).scalars())),
    )


def cases_of(registry: Registry, study_id: str) -> tuple[Case, ...]:
    """The cases with the children they are of: for the program, never for a reader."""
    with registry.reading() as connection:
        _known_study(connection, study_id)
        wanted = sa.select(
            study_assignments.c.case_id, study_assignments.c.exam_uid, study_assignments.c.patient_id
        )
        mine = wanted.where(study_assignments.c.study_id == study_id).distinct()
        return tuple(Case(*row) for row in connection.execute(mine.order_by(study_assignments.c.case_id)))


def worklist(registry: Registry, study_id: str, reader: str) -> list[BlindedCase]:
    """The reader's cases in their order; nothing else is in it."""
    with registry.reading() as connection:
        study = _known_study(connection, study_id)
        mine = sa.select(study_assignments).where(
            study_assignments.c.study_id == study_id, study_assignments.c.reader == reader
        )
        rows = connection.execute(mine.order_by(study_assignments.c.position)).mappings().all()
    return [
        BlindedCase(
            r["case_id"],
            r["exam_uid"],
            r["position"],
            r["reading_id"] is not None,
            bool(study["prior_allowed"]),
        )
        for r in rows
    ]


def may_hand_in(
    registry: Registry, study_id: str, case_id: str, reader: str, exam_uid: str, reading_id: str
) -> bool:
    """Whether a reading can be handed in; False when just this one was. Raises InvalidRecord with the reason."""
    with registry.reading() as connection:
        study = _known_study(connection, study_id)
        row = _assignment(connection, study_id, case_id, reader)
    if row["reading_id"] == reading_id:
        return False
    if row["reading_id"] is not None:
        raise InvalidRecord(f"case {case_id}", f"was handed in by {reader} already", "A read is final")
    if study["state"] != "open":
        raise InvalidRecord(
            f"study {study_id}", "no longer takes readings", "It is in adjudication or closed"
        )
    if row["exam_uid"] != exam_uid:
        raise InvalidRecord(
            f"reading {reading_id}", f"is of another exam than case {case_id}", "Check the case"
        )
    return True


def hand_in(registry: Registry, study_id: str, case_id: str, reader: str, reading_id: str) -> None:
    """Join a signed reading to the reader's assignment. It can be handed in once."""
    reading = get_reading(registry, reading_id)
    with registry.writing() as connection:
        study = _known_study(connection, study_id)
        if study["state"] != "open":
            raise InvalidRecord(
                f"study {study_id}", "no longer takes readings", "It is in adjudication or closed"
            )
        row = _assignment(connection, study_id, case_id, reader)
        if row["reading_id"] is not None:
            raise InvalidRecord(f"case {case_id}", f"was handed in by {reader} already", "A read is final")
        if not reading.signed or reading.reader != reader or reading.exam_uid != row["exam_uid"]:
            raise InvalidRecord(
                f"reading {reading_id}", f"is no signed reading of this exam by {reader}", "Sign it first"
            )
        trail = Trail(connection, reader, "hand in")
        after = {**row, "reading_id": reading_id}
        key = [study_assignments.c[c] == row[c] for c in ("study_id", "case_id", "reader")]
        connection.execute(study_assignments.update().where(*key).values(reading_id=reading_id))
        trail.note("study_assignments", entity_id(study_assignments, row), {"reading_id": reading_id}, after)
        trail.store()


def may_see(registry: Registry, study_id: str, reader: str, reading_id: str) -> bool:
    """Whether a person may see a reading of the study: one's own; all of them once adjudication has begun."""
    reading = get_reading(registry, reading_id)
    with registry.reading() as connection:
        study = _known_study(connection, study_id)
        handed_in = sa.select(study_assignments.c.reader).where(
            study_assignments.c.study_id == study_id, study_assignments.c.reading_id == reading_id
        )
        belongs = connection.execute(handed_in).first() is not None
    return reading.reader == reader or (belongs and study["state"] != "open")


def begin_adjudication(registry: Registry, study_id: str, who: str) -> None:
    """Close reading and show all marks. Raises InvalidRecord naming what is still to be read."""
    with registry.writing() as connection:
        study = _known_study(connection, study_id)
        if study["state"] != "open":
            raise InvalidRecord(f"study {study_id}", f"is in state {study['state']!r} already")
        open_rows = connection.execute(
            sa.select(study_assignments.c.reader, study_assignments.c.case_id)
            .where(study_assignments.c.study_id == study_id, study_assignments.c.reading_id.is_(None))
            .order_by(study_assignments.c.reader, study_assignments.c.case_id)
        ).all()
        if open_rows:
            missing = ", ".join(f"{case} by {reader}" for reader, case in open_rows[:5])
            raise InvalidRecord(f"study {study_id}", f"{len(open_rows)} read(s) are missing: {missing}")
        _set_state(connection, study, "adjudication", who)


def marks_by_case(registry: Registry, study_id: str, who: str) -> dict[str, list[StoredReading]]:
    """All readings of each case, by reader. Raises NotForYou while the study is open."""
    with registry.reading() as connection:
        study = _known_study(connection, study_id)
        if study["state"] == "open":
            raise NotForYou(f"study {study_id}", f"is still being read, {who} may not see marks of others")
        rows = connection.execute(
            sa.select(study_assignments.c.case_id, study_assignments.c.reading_id)
            .where(study_assignments.c.study_id == study_id)
            .order_by(study_assignments.c.case_id, study_assignments.c.reader)
        ).all()
    found: dict[str, list[StoredReading]] = {}
    for case_id, reading_id in rows:
        found.setdefault(case_id, []).append(get_reading(registry, reading_id))
    return found


def state_consensus(
    registry: Registry, study_id: str, case_id: str, reading_id: str, adjudicator: str
) -> None:
    """Record the consensus reading of a case; the study closes with the last one.

    Raises InvalidRecord unless adjudication is under way and the reading is signed by the adjudicator.
    """
    reading = get_reading(registry, reading_id)
    with registry.writing() as connection:
        study = _known_study(connection, study_id)
        if study["state"] != "adjudication":
            raise InvalidRecord(f"study {study_id}", "is not in adjudication", "Begin adjudication first")
        of_case = sa.select(study_assignments.c.exam_uid).where(
            study_assignments.c.study_id == study_id, study_assignments.c.case_id == case_id
        )
        exam = connection.execute(of_case).scalar()
        if exam is None or not reading.signed or reading.reader != adjudicator or reading.exam_uid != exam:
            raise InvalidRecord(
                f"reading {reading_id}",
                f"is no signed reading of case {case_id} by {adjudicator}",
                "Sign it first",
            )
        row = {"study_id": study_id, "case_id": case_id, "reading_id": reading_id, "adjudicator": adjudicator}
        known = sa.select(study_consensus.c.case_id).where(
            study_consensus.c.study_id == study_id, study_consensus.c.case_id == case_id
        )
        if connection.execute(known).first() is not None:
            raise InvalidRecord(f"case {case_id}", "has a consensus already", "A consensus is final")
        trail = Trail(connection, adjudicator, "consensus")
        connection.execute(study_consensus.insert(), row)
        trail.note("study_consensus", entity_id(study_consensus, row), {"reading_id": reading_id}, row)
        trail.store()
        if not _open_cases(connection, study_id):
            _set_state(connection, study, "closed", adjudicator)


def consensus_of(registry: Registry, study_id: str) -> dict[str, StoredReading]:
    """The consensus reading of each adjudicated case."""
    rows = [r for r in registry.rows(study_consensus) if r["study_id"] == study_id]
    return {r["case_id"]: get_reading(registry, r["reading_id"]) for r in rows}


def _study(connection: sa.Connection, study_id: str) -> sa.RowMapping | None:
    return (
        connection.execute(sa.select(reading_studies).where(reading_studies.c.study_id == study_id))
        .mappings()
        .first()
    )


def _known_study(connection: sa.Connection, study_id: str) -> sa.RowMapping:
    found = _study(connection, study_id)
    if found is None:
        raise InvalidRecord(f"study {study_id}", "is unknown")
    return found


def _assignment(connection: sa.Connection, study_id: str, case_id: str, reader: str) -> dict:
    key = {"study_id": study_id, "case_id": case_id, "reader": reader}
    wanted = sa.select(study_assignments).where(*(study_assignments.c[k] == v for k, v in key.items()))
    found = connection.execute(wanted).mappings().first()
    if found is None:
        raise InvalidRecord(f"case {case_id}", f"is not assigned to {reader}")
    return dict(found)


def _open_cases(connection: sa.Connection, study_id: str) -> set[str]:
    all_cases = connection.execute(
        sa.select(study_assignments.c.case_id).where(study_assignments.c.study_id == study_id)
    ).scalars()
    done = connection.execute(
        sa.select(study_consensus.c.case_id).where(study_consensus.c.study_id == study_id)
    ).scalars()
    return set(all_cases) - set(done)


def _set_state(connection: sa.Connection, study: sa.RowMapping, state: str, who: str) -> None:
    trail = Trail(connection, who, state)
    after = {**study, "state": state}
    connection.execute(
        reading_studies.update().where(reading_studies.c.study_id == study["study_id"]).values(state=state)
    )
    trail.note("reading_studies", study["study_id"], {"state": state}, after)
    trail.store()
