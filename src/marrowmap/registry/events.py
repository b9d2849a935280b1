"""The audit trail: every change is an event, and every event carries the hash of the one before.

Changing, removing or reordering an event breaks the chain. Changing a row behind the back of the program
leaves it different from the last event about it. Cutting events off the end together with their rows can be
seen only against a head hash noted elsewhere: ``marrowmap audit verify --expect HASH``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from marrowmap.registry.schema import AUDITED, events

GENESIS = "0" * 64
"""What the first event names as its predecessor."""

GONE = "gone"
"""Row hash of a deleted row."""


@dataclass(frozen=True)
class Audit:
    """Outcome of a check. problems: one line each, empty when the trail and the rows agree."""

    events: int
    rows: int
    head: str
    problems: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


class Trail:
    """Appends events inside one write transaction, all with the same author and action."""

    def __init__(self, connection: sa.Connection, who: str, action: str, at: datetime | None = None) -> None:
        self.connection, self.who, self.action = connection, who, action
        self.at = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
        last = connection.execute(
            sa.select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(1)
        ).first()
        self._seq, self._head = (last.seq, last.hash) if last else (0, GENESIS)
        self._waiting: list[dict[str, Any]] = []

    def note(
        self, entity: str, entity_id: str, detail: Mapping[str, Any], row: Mapping[str, Any] | None
    ) -> None:
        """Add one event. row: the whole row after the change, None when it was deleted."""
        self._seq += 1
        event = {
            "seq": self._seq,
            "at": self.at,
            "who": self.who,
            "action": self.action,
            "entity": entity,
            "entity_id": entity_id,
            "detail": canonical(detail),
            "row_sha256": GONE if row is None else row_hash(row),
            "previous": self._head,
        }
        event["hash"] = self._head = event_hash(event)
        self._waiting.append(event)

    def store(self) -> None:
        """Write the events; call it after the rows were written."""
        if self._waiting:
            self.connection.execute(events.insert(), self._waiting)
            self._waiting = []


def canonical(value: Any) -> str:
    """JSON with sorted keys and no blanks, so that equal content has equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def row_hash(row: Mapping[str, Any]) -> str:
    """Hash of a row; an absent column and an empty one are the same."""
    filled = {k: v for k, v in row.items() if v is not None}
    return hashlib.sha256(canonical(filled).encode()).hexdigest()


def event_hash(event: Mapping[str, Any]) -> str:
    """Hash of an event over all its other fields."""
    content = {k: v for k, v in event.items() if k != "hash"}
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def entity_id(table: sa.Table, row: Mapping[str, Any]) -> str:
    """The key of a row as one text; parts of a joint key are separated by a slash."""
    return "/".join(str(row[c.name]) for c in table.primary_key.columns)


def verify(connection: sa.Connection, expect_head: str = "") -> Audit:
    """Walk the chain and compare every row with the last event about it.

    expect_head: a head hash noted earlier; it must still be in the chain.
    """
    problems: list[str] = []
    latest: dict[tuple[str, str], str] = {}
    head, expected_seq, seen_head = GENESIS, 1, expect_head in ("", GENESIS)
    for event in connection.execute(sa.select(events).order_by(events.c.seq)).mappings():
        name = f"event {event['seq']} ({event['entity']} {event['entity_id']})"
        if event["seq"] != expected_seq:
            problems.append(f"{name}: event {expected_seq} is missing before it")
        if event["previous"] != head:
            problems.append(f"{name}: does not follow the event before it")
        if event_hash(event) != event["hash"]:
            problems.append(f"{name}: was changed after it was written")
        head, expected_seq = event["hash"], event["seq"] + 1
        seen_head = seen_head or head == expect_head
        latest[event["entity"], event["entity_id"]] = event["row_sha256"]
    if not seen_head:
        problems.append(
            f"the head {expect_head[:12]}... noted earlier is not in the chain: events were cut off"
        )
    rows = _verify_rows(connection, latest, problems)
    return Audit(expected_seq - 1, rows, head, tuple(problems))


def _verify_rows(connection: sa.Connection, latest: dict[tuple[str, str], str], problems: list[str]) -> int:
    count = 0
    for name, table in AUDITED.items():
        for row in connection.execute(sa.select(table)).mappings():
            count += 1
            key = entity_id(table, row)
            known = latest.pop((name, key), None)
            if known is None or known == GONE:
                problems.append(f"{name} {key}: no event tells of this row")
            elif known != row_hash(row):
                problems.append(f"{name} {key}: was changed without an event")
    problems += [
        f"{n} {k}: was deleted without an event" for (n, k), h in sorted(latest.items()) if h != GONE
    ]
    return count


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        # SQLite forgets the zone; both databases must give one text
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be part of an event")
