"""Rows of the long tables as the columns of an extract: dates become days, ids become numbers.

De-identification: ids, month of birth, centre, study UIDs and free text are left out; every date becomes the
number of days since the child's own day 0 (first symptom; else diagnosis; else the first date known), so that
intervals stay and dates go. Patients get new numbers in a random order.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np

from marrowmap.cohort.columns import Array, Codes, MemoryTable
from marrowmap.core.record.joints import place
from marrowmap.core.site import site
from marrowmap.registry.fields import TABLES, fields_of

Rows = Mapping[str, list[dict[str, Any]]]
"""Table -> rows, as ``registry.importing.check_rows`` or the registry give them."""

_NUMBER = {"int", "float"}


def columns_of(rows: Rows, shuffle_seed: int | None = None) -> dict[str, MemoryTable]:
    """The tables of an extract. shuffle_seed: None takes a fresh random order of patients."""
    patients = list(rows["patients"])
    order = random.SystemRandom() if shuffle_seed is None else random.Random(shuffle_seed)
    order.shuffle(patients)
    number = {p["patient_id"]: n for n, p in enumerate(patients)}
    zero = _day_zero(rows)
    tables = {"patients": _patients(patients, zero)}
    for table in TABLES[1:]:
        mine = sorted(rows.get(table, []), key=lambda r: (number[r["patient_id"]], _first_date(table, r)))
        tables[table] = _table(table, mine, number, zero)
    return tables


def day_columns(table: str) -> dict[str, str]:
    """Date variable -> name of its column of days."""
    return {n: n.removesuffix("_date") + "_day" for n, f in fields_of(table).items() if f.kind == "date"}


def kept_columns(table: str) -> list[str]:
    """Variables that go into an extract as they are."""
    kinds = _NUMBER | {"bool", "choice", "site", "place"}
    return [n for n, f in fields_of(table).items() if f.kind in kinds and not f.identifying]


def _table(
    table: str, rows: list[dict[str, Any]], number: Mapping[str, int], zero: Mapping[str, date]
) -> MemoryTable:
    columns = _plain(table, rows)
    columns = {"patient": np.array([number[r["patient_id"]] for r in rows], np.int32), **columns}
    zeros = [zero.get(r["patient_id"]) for r in rows]
    for name, day in day_columns(table).items():
        columns[day] = np.array([_days(z, r.get(name)) for z, r in zip(zeros, rows, strict=True)], float)
    if table == "lesions":
        columns.update(_lesion_columns(rows))
    return MemoryTable(columns, len(rows))


def _patients(rows: list[dict[str, Any]], zero: Mapping[str, date]) -> MemoryTable:
    columns = _plain("patients", rows)
    columns["age_onset_years"] = np.array([_age(r, "onset_date") for r in rows], float)
    columns["age_diagnosis_years"] = np.array([_age(r, "diagnosis_date") for r in rows], float)
    zeros = [zero.get(r["patient_id"]) for r in rows]
    for name, day in day_columns("patients").items():
        columns[day] = np.array([_days(z, r.get(name)) for z, r in zip(zeros, rows, strict=True)], float)
    return MemoryTable(columns, len(rows))


def _plain(table: str, rows: list[dict[str, Any]]) -> dict[str, Array | Codes]:
    columns: dict[str, Array | Codes] = {}
    for name in kept_columns(table):
        kind = fields_of(table)[name].kind
        values = [r.get(name) for r in rows]
        if kind == "bool":
            columns[name] = np.array([-1 if v is None else int(v) for v in values], np.int8)
        elif kind in _NUMBER:
            columns[name] = np.array([np.nan if v is None else v for v in values], float)
        else:
            columns[name] = Codes.of(values)
    return columns


def _lesion_columns(rows: Iterable[dict[str, Any]]) -> dict[str, Array | Codes]:
    """Row of Table 2, side and region; paired: joined to a lesion of the other kind by a person."""
    table2, sides, regions, paired = [], [], [], []
    for row in rows:
        unit = site(row["site_id"]) if row.get("site_id") else None
        where = place(row["place"]) if row.get("place") else None
        table2.append(where.table2_row if where else unit.table2_row)  # type: ignore[union-attr]
        sides.append(str((unit or where).side))  # type: ignore[union-attr]
        regions.append(str(unit.region if unit else site(min(where.units)).region))  # type: ignore[union-attr]
        paired.append(1 if row.get("pair_id") else 0)
    return {
        "table2_row": Codes.of(table2),
        "side": Codes.of(sides),
        "region": Codes.of(regions),
        "paired": np.array(paired, np.int8),
    }


def _day_zero(rows: Rows) -> dict[str, date]:
    zero: dict[str, date] = {}
    for row in rows["patients"]:
        day = row.get("onset_date") or row.get("diagnosis_date")
        if day:
            zero[row["patient_id"]] = day
    first: dict[str, date] = {}
    for table in TABLES[1:]:
        for row in rows.get(table, []):
            found = _first_date(table, row)
            key = row["patient_id"]
            if found != date.max and found < first.get(key, date.max):
                first[key] = found
    return {**first, **zero}


def _first_date(table: str, row: Mapping[str, Any]) -> date:
    known = [row[n] for n in day_columns(table) if row.get(n)]
    return min(known, default=date.max)


def _days(zero: date | None, day: date | None) -> float:
    return np.nan if zero is None or day is None else float((day - zero).days)


def _age(row: Mapping[str, Any], name: str) -> float:
    """Age in years from the 15th of the month of birth; right to two weeks. NaN when unknown."""
    born, day = row.get("birth_month"), row.get(name)
    if not born or day is None:
        return float("nan")
    return max(0.0, (day - date(int(born[:4]), int(born[5:]), 15)).days / 365.25)
