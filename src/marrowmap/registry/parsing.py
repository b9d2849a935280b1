"""Rows of long files as values, checked one by one and against each other; no database is needed."""

from __future__ import annotations

from collections.abc import Mapping

from marrowmap.registry.checks import Origin, Row, check_tables
from marrowmap.registry.fields import TABLES, fields_of, key_of
from marrowmap.registry.longfiles import RawRow
from marrowmap.registry.problems import ImportRefused, Problem
from marrowmap.registry.values import BadCell, read_cell

Parsed = tuple[dict[str, dict[str, Row]], dict[str, dict[str, Origin]]]


def parse_rows(raw: Mapping[str, list[RawRow]]) -> Parsed:
    """Rows by table and key, and where each stands. Raises ImportRefused listing every bad cell and key."""
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


def check_rows(raw: Mapping[str, list[RawRow]]) -> dict[str, list[Row]]:
    """The rows of a complete set of long files, checked as an import into an empty registry would."""
    parsed, origins = parse_rows(raw)
    problems = check_tables(parsed, origins)
    if problems:
        raise ImportRefused(problems)
    return {t: list(parsed[t].values()) for t in TABLES}
