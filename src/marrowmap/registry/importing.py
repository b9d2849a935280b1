"""Bring rows into the registry: all of them or none, and a second run changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from marrowmap.registry.checks import Row, check_tables
from marrowmap.registry.database import Registry
from marrowmap.registry.events import Trail
from marrowmap.registry.fields import TABLES, fields_of, key_of
from marrowmap.registry.longfiles import RawRow
from marrowmap.registry.parsing import parse_rows
from marrowmap.registry.problems import ImportRefused, ImportReport
from marrowmap.registry.schema import LONG_TABLES
from marrowmap.registry.values import write_cell


def import_rows(registry: Registry, raw: Mapping[str, list[RawRow]], who: str) -> ImportReport:
    """Store the rows. A column that a file does not have is left as it is in rows that are there already.

    Raises ImportRefused, with every problem found, and stores nothing.
    """
    parsed, origins = parse_rows(raw)
    with registry.writing() as connection:
        before = _stored(connection)
        after = {
            t: {**before[t], **{k: {**before[t].get(k, {}), **r} for k, r in parsed[t].items()}}
            for t in TABLES
        }
        problems = check_tables(after, origins)
        if problems:
            raise ImportRefused(problems)
        return _store(connection, who, before, after, parsed)


def _stored(connection: sa.Connection) -> dict[str, dict[str, Row]]:
    found: dict[str, dict[str, Row]] = {}
    for table in TABLES:
        key = key_of(table)
        rows = connection.execute(sa.select(LONG_TABLES[table])).mappings()
        found[table] = {row[key]: dict(row) for row in rows}
    return found


def _store(
    connection: sa.Connection,
    who: str,
    before: Mapping[str, Mapping[str, Row]],
    after: Mapping[str, Mapping[str, Row]],
    parsed: Mapping[str, Mapping[str, Row]],
) -> ImportReport:
    trail = Trail(connection, who, "import")
    counts: dict[str, dict[str, int]] = {k: defaultdict(int) for k in ("added", "changed", "unchanged")}
    for table in TABLES:
        target, key = LONG_TABLES[table], LONG_TABLES[table].c[key_of(table)]
        added = []
        for row_id in parsed[table]:
            full = {name: after[table][row_id].get(name) for name in fields_of(table)}
            old = before[table].get(row_id)
            if old is None:
                added.append(full)
                trail.note(table, row_id, changes({}, full), full)
                counts["added"][table] += 1
            elif changes(old, full):
                connection.execute(target.update().where(key == row_id).values(full))
                trail.note(table, row_id, changes(old, full), full)
                counts["changed"][table] += 1
            else:
                counts["unchanged"][table] += 1
        if added:
            connection.execute(target.insert(), added)
    trail.store()
    return ImportReport(*(dict(counts[k]) for k in ("added", "changed", "unchanged")))


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[str]]:
    """Column -> [text before, text after] for every column that differs."""
    return {
        name: [write_cell(old.get(name)), write_cell(value)]
        for name, value in new.items()
        if value != old.get(name)
    }
