"""Readings in the registry: a draft may change, a signed one never does, an amendment is a new one.

Contents are kept as canonical JSON (the reading file of ``contract/reading.schema.json``); who calls turns
them into objects. The database itself refuses to change or delete a signed row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from marrowmap.errors import InvalidRecord
from marrowmap.registry.database import Registry
from marrowmap.registry.events import Trail, canonical
from marrowmap.registry.schema import LONG_TABLES, pairs, readings


@dataclass(frozen=True)
class StoredReading:
    """A reading as it lies in the registry. content: parsed JSON. signed_at: UTC; None for a draft."""

    id: str
    patient_id: str
    exam_uid: str
    reader: str
    signed: bool
    signed_at: datetime | None
    amends: str
    content: dict[str, Any]


@dataclass(frozen=True)
class NewReading:
    """A reading to be stored. signed_at: None for a draft; with a zone otherwise."""

    id: str
    patient_id: str
    exam_uid: str
    reader: str
    content: Mapping[str, Any]
    signed_at: datetime | None = None
    amends: str = ""


def store_reading(registry: Registry, reading: NewReading, who: str) -> bool:
    """Store one reading; True when anything changed. See :func:`store_readings`."""
    return store_readings(registry, [reading], who) == 1


def store_readings(registry: Registry, new: Sequence[NewReading], who: str) -> int:
    """Store drafts and signed readings, all or none; the number of those that changed anything.

    Storing the same again changes nothing. Raises InvalidRecord for an unknown patient, for another content
    under the id of a signed reading, and for an amendment of what is not a signed reading of the same exam.
    """
    with registry.writing() as connection:
        return sum(store_in(connection, reading, who) for reading in new)


def store_in(connection: sa.Connection, reading: NewReading, who: str) -> bool:
    """Store one reading inside a write transaction; True when anything changed."""
    text, signed_at = canonical(reading.content), reading.signed_at
    row = {
        "reading_id": reading.id,
        "patient_id": reading.patient_id,
        "exam_uid": reading.exam_uid,
        "reader": reading.reader,
        "state": "draft" if signed_at is None else "signed",
        "signed_at": None if signed_at is None else signed_at.astimezone(UTC).replace(microsecond=0),
        "amends": reading.amends or None,
        "content": text,
        "content_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    _known_patient(connection, reading.patient_id)
    old = _row(connection, reading.id)
    if old is not None:
        if _same(old, row):
            return False
        if old["state"] == "signed":
            raise InvalidRecord(
                f"reading {reading.id}",
                f"is signed by {old['reader']} already with another content",
                "Give the new reading its own id, or amend the signed one",
            )
    if reading.amends:
        _amendable(connection, reading.amends, reading.patient_id, reading.exam_uid)
    action = "draft" if signed_at is None else "amend" if reading.amends else "sign"
    trail = Trail(connection, who, action)
    if old is None:
        connection.execute(readings.insert(), row)
    else:
        connection.execute(readings.update().where(readings.c.reading_id == reading.id).values(row))
    trail.note(
        "readings", reading.id, {"content_sha256": row["content_sha256"], "reader": reading.reader}, row
    )
    trail.store()
    return True


def get_reading(registry: Registry, reading_id: str) -> StoredReading:
    """One reading. Raises InvalidRecord when there is none."""
    with registry.reading() as connection:
        row = _row(connection, reading_id)
    if row is None:
        raise InvalidRecord(f"reading {reading_id}", "is unknown")
    return _stored(row)


def readings_of(registry: Registry, patient_id: str) -> list[StoredReading]:
    """Every reading of a child, amended ones included, by id."""
    return [_stored(row) for row in registry.rows(readings) if row["patient_id"] == patient_id]


def confirm_pair(
    registry: Registry, pair_id: str, earlier: tuple[str, str], later: tuple[str, str], who: str
) -> None:
    """Record that a person judged two lesions, (reading, lesion) each, to be the same one.

    Raises InvalidRecord unless both readings are signed and of the same child.
    """
    with registry.writing() as connection:
        found = [_row(connection, reading) for reading, _ in (earlier, later)]
        for (reading, _), row in zip((earlier, later), found, strict=True):
            if row is None or row["state"] != "signed":
                raise InvalidRecord(f"reading {reading}", "is not signed", "Pair lesions of signed readings")
        if found[0]["patient_id"] != found[1]["patient_id"]:  # type: ignore[index]
            raise InvalidRecord(f"pair {pair_id}", "joins lesions of two children", "Check the readings")
        row = {
            "pair_id": pair_id,
            "patient_id": found[0]["patient_id"],  # type: ignore[index]
            "earlier_reading": earlier[0],
            "earlier_lesion": earlier[1],
            "later_reading": later[0],
            "later_lesion": later[1],
            "confirmed_by": who,
        }
        trail = Trail(connection, who, "pair")
        connection.execute(pairs.insert(), row)
        trail.note("pairs", pair_id, {"lesions": [earlier[1], later[1]]}, row)
        trail.store()


def _row(connection: sa.Connection, reading_id: str) -> dict[str, Any] | None:
    found = (
        connection.execute(sa.select(readings).where(readings.c.reading_id == reading_id)).mappings().first()
    )
    return None if found is None else dict(found)


def _stored(row: Mapping[str, Any]) -> StoredReading:
    at = row["signed_at"]
    return StoredReading(
        row["reading_id"],
        row["patient_id"],
        row["exam_uid"],
        row["reader"],
        row["state"] == "signed",
        # SQLite gives the time back without its zone
        None if at is None else at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC),
        row["amends"] or "",
        json.loads(row["content"]),
    )


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    keys = ("patient_id", "exam_uid", "reader", "state", "amends", "content_sha256")
    return all(old[k] == new[k] for k in keys)


def _known_patient(connection: sa.Connection, patient_id: str) -> None:
    table = LONG_TABLES["patients"]
    known = connection.execute(sa.select(table.c.patient_id).where(table.c.patient_id == patient_id)).first()
    if known is None:
        raise InvalidRecord("reading", f"patient {patient_id!r} is unknown", "Import the patient first")


def _amendable(connection: sa.Connection, reading_id: str, patient_id: str, exam_uid: str) -> None:
    old = _row(connection, reading_id)
    if old is None or old["state"] != "signed":
        raise InvalidRecord(
            f"reading {reading_id}", "is not signed, so it cannot be amended", "Change the draft"
        )
    if (old["patient_id"], old["exam_uid"]) != (patient_id, exam_uid):
        raise InvalidRecord(f"reading {reading_id}", "is of another exam", "Amend a reading of the same exam")
