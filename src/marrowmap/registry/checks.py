"""What must hold between the rows of a registry: known patients, dates in order, pairs of two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from marrowmap.registry.fields import fields_of
from marrowmap.registry.problems import Problem

Row = dict[str, Any]
Tables = Mapping[str, Mapping[str, Row]]
"""table -> key -> row, as the registry would be after the import."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row was read: file and line."""

    source: str
    line: int


def check_tables(
    after: Tables, new: Mapping[str, Mapping[str, Origin]], today: date | None = None
) -> list[Problem]:
    """Every broken rule among the new rows. after: all rows, old and new. new: where each new row stands.

    today: days after it are refused; None takes the day of the clock.
    """
    found: list[Problem] = []
    last = today or date.today()
    for table, rows in new.items():
        for key, origin in rows.items():
            row = after[table][key]
            for column, why, remedy in (*_ROW_CHECKS[table](row, after), *_not_yet(table, row, last)):
                found.append(Problem(origin.source, origin.line, column, why, remedy))
    return found + _pairs(after, new.get("lesions", {}))


def _patient(row: Row, after: Tables) -> list[tuple[str, str, str]]:
    return _in_order(row, ("onset_date", "diagnosis_date", "last_seen_date")) + _after_birth(
        row.get("birth_month"), row, ("onset_date", "diagnosis_date")
    )


def _visit(row: Row, after: Tables) -> list[tuple[str, str, str]]:
    patient, problems = _owner(row, after)
    return problems + _after_birth(patient.get("birth_month"), row, ("visit_date",))


def _exam(row: Row, after: Tables) -> list[tuple[str, str, str]]:
    patient, problems = _owner(row, after)
    return problems + _after_birth(patient.get("birth_month"), row, ("exam_date",))


def _lesion(row: Row, after: Tables) -> list[tuple[str, str, str]]:
    _, problems = _owner(row, after)
    problems += _in_order(row, ("first_seen_date", "resolved_date"))
    if not row.get("site_id") and not row.get("place"):
        problems.append(("site_id", "neither site_id nor place is given", "Name the bone unit or the joint"))
    exam_id = row.get("exam_id")
    if exam_id:
        exam = after["exams"].get(exam_id)
        if exam is None:
            problems.append(("exam_id", f"exam {exam_id!r} is unknown", "Add it to exams"))
        elif exam["patient_id"] != row["patient_id"]:
            problems.append(("exam_id", f"exam {exam_id!r} belongs to another patient", "Check the ids"))
    return problems


def _treatment(row: Row, after: Tables) -> list[tuple[str, str, str]]:
    _, problems = _owner(row, after)
    start, stop = row.get("start_date"), row.get("stop_date")
    if start and stop and stop < start:
        problems.append(("stop_date", f"stops on {stop} before it starts on {start}", "Check both dates"))
    if row.get("dose") is not None and not row.get("dose_unit"):
        problems.append(("dose_unit", "is empty although a dose is given", "Name the unit of the dose"))
    return problems


_ROW_CHECKS = {
    "patients": _patient,
    "visits": _visit,
    "exams": _exam,
    "lesions": _lesion,
    "treatments": _treatment,
}


def _owner(row: Row, after: Tables) -> tuple[Row, list[tuple[str, str, str]]]:
    patient = after["patients"].get(row["patient_id"])
    if patient is None:
        return {}, [
            ("patient_id", f"patient {row['patient_id']!r} is unknown", "Add the patient to patients")
        ]
    return patient, []


def _not_yet(table: str, row: Row, today: date) -> list[tuple[str, str, str]]:
    """Days that have not come. A planned stop of a drug may lie in the future."""
    last = {"date": today, "month": today.isoformat()[:7]}
    return [
        (n, f"{row[n]} lies in the future", f"Accepted: until {last[v.kind]}")
        for n, v in fields_of(table).items()
        if v.kind in last and n != "stop_date" and row.get(n) and row[n] > last[v.kind]
    ]


def _in_order(row: Row, names: tuple[str, ...]) -> list[tuple[str, str, str]]:
    known = [(n, row[n]) for n in names if row.get(n)]
    return [
        (later, f"{later_day} lies before {earlier} {earlier_day}", "Check both dates")
        for (earlier, earlier_day), (later, later_day) in pairwise(known)
        if later_day < earlier_day
    ]


def _after_birth(birth_month: str | None, row: Row, names: tuple[str, ...]) -> list[tuple[str, str, str]]:
    if not birth_month:
        return []
    born = date(int(birth_month[:4]), int(birth_month[5:]), 1)
    return [
        (n, f"{row[n]} lies before the month of birth {birth_month}", "Check both dates")
        for n in names
        if row.get(n) and row[n] < born
    ]


def _pairs(after: Tables, new: Mapping[str, Origin]) -> list[Problem]:
    """A pair is one clinical and one imaging row of one patient."""
    touched = {after["lesions"][k].get("pair_id") for k in new} - {None, ""}
    members: dict[str, list[Row]] = defaultdict(list)
    for row in after["lesions"].values():
        if row.get("pair_id") in touched:
            members[row["pair_id"]].append(row)
    problems = []
    for pair, rows in sorted(members.items()):
        why = ""
        if sorted(r["kind"] for r in rows) != ["clinical", "imaging"]:
            why = f"pair {pair!r} must join one clinical and one imaging row, it has {len(rows)} row(s)"
        elif rows[0]["patient_id"] != rows[1]["patient_id"]:
            why = f"pair {pair!r} joins two patients"
        if why:
            origin = next(new[r["lesion_id"]] for r in rows if r["lesion_id"] in new)
            problems.append(Problem(origin.source, origin.line, "pair_id", why, "Check the pair"))
    return problems
