"""From signed readings to rows that a cohort counts: the child, the exam, its imaging lesions.

A signed reading is kept whole (``registry.readings``). Beside it the program keeps rows of the long tables: the
child and the exam if the registry does not know them, and one imaging lesion for each lesion of the readings that
count. They are made anew from the readings each time, so that an amendment or a consensus changes them and a
second run changes nothing; rows that people imported are left as they are.

An exam of which people imported imaging lesions gets none from readings: no lesion is counted twice.

Which reading of an exam counts: the consensus of a blinded study, else the one signed last that no other amends.
Readings handed in to a study count only through its consensus.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from marrowmap.core.lesion import Lesion
from marrowmap.core.reading import Reading
from marrowmap.core.record.pain import match_pain
from marrowmap.core.record.visit import PainfulSite
from marrowmap.errors import InvalidRecord
from marrowmap.registry.core_records import lesion_row
from marrowmap.registry.database import Registry
from marrowmap.registry.events import Trail
from marrowmap.registry.fields import fields_of
from marrowmap.registry.importing import changes
from marrowmap.registry.readings import NewReading, store_in
from marrowmap.registry.schema import LONG_TABLES, readings, study_assignments, study_consensus

Row = dict[str, Any]
Decode = Callable[[Any], Reading]
"""From the stored JSON of a reading to the reading."""

SYNTHETIC_PREFIX = "SYN-"
"""Pseudonyms of made-up children begin like this; one of them marks a whole cohort as synthetic."""


@dataclass(frozen=True)
class Signed:
    """A signed reading to be filed. content: its JSON as it was signed. sex: "F", "M", "O" or "" (not known).

    patient_id: the child when it is known otherwise (a blinded reading names none); "" asks the registry.
    """

    reading: Reading
    content: Mapping[str, Any]
    sex: str = ""
    patient_id: str = ""


@dataclass(frozen=True)
class Filed:
    """What filing did. stored: readings that were new. lesions: imaging lesions that the readings now give."""

    stored: int
    known: int
    patients: tuple[str, ...]
    lesions: int


def registry_id(reading_id: str) -> str:
    """The id of a reading in the registry: its own, cut with a hash at the end where it is too long."""
    if len(reading_id) <= 64:
        return reading_id
    return f"{reading_id[:47]}-{_digest(reading_id)}"


def file_readings(registry: Registry, signed: Sequence[Signed], who: str, decode: Decode) -> Filed:
    """Store signed readings with the child, exam and lesions that they speak of: all of it or nothing.

    An exam that the registry knows by its study UID belongs to that child; otherwise the pseudonym of the images
    is the child's id. Raises InvalidRecord for a draft and for what ``store_readings`` refuses.
    """
    with registry.writing() as connection:
        stored, patients = 0, set()
        for one in sorted(signed, key=lambda s: (str(s.reading.signed_at), s.reading.id)):
            if one.reading.signed_at is None:
                raise InvalidRecord(
                    f"reading {one.reading.id}", "is a draft", "Sign it in the reading room first"
                )
            patient = one.patient_id or _patient_of(connection, one.reading)
            _child(connection, patient, one.sex, who)
            _exam(connection, patient, one.reading, who)
            stored += store_in(connection, _new(one, patient), who)
            patients.add(patient)
        lesions = sum(_lesions(connection, patient, who, decode) for patient in sorted(patients))
    return Filed(stored, len(signed) - stored, tuple(sorted(patients)), lesions)


def refresh_lesions(registry: Registry, patient_id: str, who: str, decode: Decode) -> int:
    """Make a child's imaging lesions anew, after a consensus; how many there are."""
    with registry.writing() as connection:
        return _lesions(connection, patient_id, who, decode)


def _new(one: Signed, patient: str) -> NewReading:
    reading = one.reading
    amends = registry_id(reading.amends) if reading.amends else ""
    return NewReading(
        registry_id(reading.id),
        patient,
        reading.exam_uid,
        reading.reader,
        one.content,
        reading.signed_at,
        amends,
    )


def _patient_of(connection: sa.Connection, reading: Reading) -> str:
    exams = LONG_TABLES["exams"]
    known = sa.select(exams.c.patient_id).where(exams.c.study_uid == reading.exam_uid)
    found = connection.execute(known).scalar()
    if found:
        return str(found)
    key = reading.patient_key
    if not key:
        raise InvalidRecord(
            f"reading {reading.id}", "names no child", "Import the exam with its study UID first"
        )
    made_up = reading.synthetic and not key.startswith(SYNTHETIC_PREFIX)
    return f"{SYNTHETIC_PREFIX}{key}" if made_up else key


def _child(connection: sa.Connection, patient: str, sex: str, who: str) -> None:
    table = LONG_TABLES["patients"]
    known = sa.select(table.c.patient_id).where(table.c.patient_id == patient)
    if connection.execute(known).first() is None:
        _put(connection, "patients", None, {"patient_id": patient, "sex": sex or None}, who)


def _exam(connection: sa.Connection, patient: str, reading: Reading, who: str) -> None:
    table = LONG_TABLES["exams"]
    known = sa.select(table.c.exam_id).where(table.c.study_uid == reading.exam_uid)
    if connection.execute(known).first() is None:
        row = {
            "exam_id": f"E-{_digest(reading.exam_uid)}",
            "patient_id": patient,
            "exam_date": reading.exam_date,
            "kind": "whole_body_mri" if reading.whole_body else "targeted_mri",
            "study_uid": reading.exam_uid,
        }
        _put(connection, "exams", None, row, who)


def _lesions(connection: sa.Connection, patient: str, who: str, decode: Decode) -> int:
    table = LONG_TABLES["lesions"]
    mine = sa.select(table).where(table.c.patient_id == patient)
    old = {r["lesion_id"]: dict(r) for r in connection.execute(mine).mappings()}
    wanted = _wanted(connection, patient, list(old.values()), decode)
    made = {key for key, row in old.items() if row["reading_id"]}
    for key in sorted(made - set(wanted)):
        connection.execute(table.delete().where(table.c.lesion_id == key))
        trail = Trail(connection, who, "file")
        trail.note("lesions", key, {"removed": "no reading that counts holds it"}, None)
        trail.store()
    for key, row in wanted.items():
        _put(connection, "lesions", old.get(key), row, who)
    return sum(bool(row.get("reading_id")) for row in wanted.values())


def _wanted(connection: sa.Connection, patient: str, old: Sequence[Row], decode: Decode) -> dict[str, Row]:
    """Lesion rows as the readings that count ask for them, and painful rows with the pair they now have."""
    seen: dict[str, tuple[Lesion, Reading, str]] = {}
    by_hand = {r["exam_id"] for r in old if r["kind"] == "imaging" and r["exam_id"] and not r["reading_id"]}
    for reading_id, reading in _counting(connection, patient, decode):
        if _exam_id(connection, reading.exam_uid) in by_hand:
            continue
        for lesion in reading.lesions:
            seen.setdefault(lesion.tracking_uid or f"{reading.id}/{lesion.id}", (lesion, reading, reading_id))
    found = list(seen.items())
    hurting = [r for r in old if r["kind"] == "clinical" and (not r["pair_id"] or _ours(r["pair_id"]))]
    places = tuple(PainfulSite(r["place"] or r["site_id"]) for r in hurting)
    pairs = match_pain(places, tuple(lesion for _, (lesion, _, _) in found)).pairs
    pair_of = {j: f"pair-{_digest(hurting[i]['lesion_id'])}" for i, j in pairs}
    rows: dict[str, Row] = {}
    for n, (key, (lesion, reading, reading_id)) in enumerate(found):
        row = lesion_row(patient, n, lesion, reading.exam_date, pair_of.get(n))
        row |= {"lesion_id": f"L-{_digest(f'{patient}/{key}')}", "reading_id": reading_id}
        row["exam_id"] = _exam_id(connection, reading.exam_uid)
        rows[row["lesion_id"]] = row
    paired = {i: pair_of[j] for i, j in pairs}
    for i, row in enumerate(hurting):
        if row["pair_id"] or i in paired:
            rows[row["lesion_id"]] = {**row, "pair_id": paired.get(i)}
    return rows


def _counting(connection: sa.Connection, patient: str, decode: Decode) -> list[tuple[str, Reading]]:
    """The reading that counts of each exam, earliest exam first."""
    mine = sa.select(readings).where(readings.c.patient_id == patient, readings.c.state == "signed")
    rows = sorted(connection.execute(mine).mappings(), key=lambda r: (str(r["signed_at"]), r["reading_id"]))
    agreed = set(connection.execute(sa.select(study_consensus.c.reading_id)).scalars())
    blinded = set(connection.execute(sa.select(study_assignments.c.reading_id)).scalars()) - agreed
    amended = {r["amends"] for r in rows if r["amends"]}
    best: dict[str, tuple[bool, str, Any]] = {}
    for row in rows:
        if row["reading_id"] in blinded or row["reading_id"] in amended:
            continue
        is_consensus = row["reading_id"] in agreed
        if is_consensus or not best.get(row["exam_uid"], (False,))[0]:
            best[row["exam_uid"]] = (is_consensus, row["reading_id"], row["content"])
    found = [(name, decode(json.loads(content))) for _, name, content in best.values()]
    return sorted(found, key=lambda f: (f[1].exam_date or date.max, f[0]))


def _exam_id(connection: sa.Connection, exam_uid: str) -> str | None:
    table = LONG_TABLES["exams"]
    return connection.execute(sa.select(table.c.exam_id).where(table.c.study_uid == exam_uid)).scalar()


def _put(connection: sa.Connection, name: str, old: Row | None, given: Row, who: str) -> None:
    """Insert or change one row with its event; nothing happens when it is there as it is."""
    table = LONG_TABLES[name]
    row = {column: given.get(column) for column in fields_of(name)}
    key = next(iter(table.primary_key.columns))
    found = changes(old or {}, row)
    if not found:
        return
    if old is None:
        connection.execute(table.insert(), row)
    else:
        connection.execute(table.update().where(key == row[key.name]).values(row))
    trail = Trail(connection, who, "file")
    trail.note(name, row[key.name], found, row)
    trail.store()


def _ours(pair_id: str) -> bool:
    return pair_id.startswith("pair-")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
