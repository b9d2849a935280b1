"""Bring rows into the registry: all of them or none, and a second run changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from marrowmap.registry.checks import Origin, Row, check_tables
from marrowmap.registry.database import Registry
from marrowmap.registry.events import Trail
from marrowmap.registry.fields import TABLES, fields_of, key_of
from marrowmap.registry.longfiles import RawRow
from marrowmap.registry.problems import ImportRefused, ImportReport, Problem
from marrowmap.registry.schema import LONG_TABLES
from marrowmap.registry.values import BadCell, read_cell, write_cell


def parse_rows(
    raw: Mapping[str, list[RawRow]],
) -> tuple[dict[str, dict[str, Row]], dict[str, dict[str, Origin]]]:
    """Rows by table and key, and where each stands. Raises ImportRefused listing every bad cell and double key."""
    parsed: dict[str, dict[str, Row]] = {t: {} for t in TABLES}
    origins: dict[str, dict[str, Origin]] = {t: {} for t in TABLES}
    problems: list[Problem] = []
    for table, rows in raw.items():
        for row in rows:
            values, bad = _parse_row(table, row)
            problems += bad
            key = values.get(key_of(table))
            if not isinstance(key, str):
                continue
            if key in parsed[table]:
                why = f"{key!r} stands in line {origins[table][key].line} already"
                problems.append(
                    Problem(row.source, row.line, key_of(table), why, "Each row needs an id of its own")
                )
                continue
            parsed[table][key] = values
            origins[table][key] = Origin(row.source, row.line)
    if problems:
        raise ImportRefused(problems)
    return parsed, origins


def _parse_row(table: str, row: RawRow) -> tuple[Row, list[Problem]]:
    values: Row = {}
    bad: list[Problem] = []
    for name, variable in fields_of(table).items():
        if name not in row.cells and not variable.required:
            continue
        try:
            values[name] = read_cell(variable, row.cells.get(name, ""))
        except BadCell as error:
            bad.append(Problem(row.source, row.line, name, str(error), error.remedy))
    return values, bad


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


def check_rows(raw: Mapping[str, list[RawRow]]) -> dict[str, list[Row]]:
    """The rows of a complete set of long files, checked as an import into an empty registry would."""
    parsed, origins = parse_rows(raw)
    problems = check_tables(parsed, origins)
    if problems:
        raise ImportRefused(problems)
    return {t: list(parsed[t].values()) for t in TABLES}


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
                trail.note(table, row_id, _changes({}, full), full)
                counts["added"][table] += 1
            elif _changes(old, full):
                connection.execute(target.update().where(key == row_id).values(full))
                trail.note(table, row_id, _changes(old, full), full)
                counts["changed"][table] += 1
            else:
                counts["unchanged"][table] += 1
        if added:
            connection.execute(target.insert(), added)
    trail.store()
    return ImportReport(*(dict(counts[k]) for k in ("added", "changed", "unchanged")))


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[str]]:
    """Column -> [text before, text after] for every column that differs."""
    return {
        name: [write_cell(old.get(name)), write_cell(value)]
        for name, value in new.items()
        if value != old.get(name)
    }
