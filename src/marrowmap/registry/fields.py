"""The one list of variables, read from ``fields.csv``.

Database columns, import checks, the REDCap dictionary, the codebook of an extract and the reference page all
come from this list, so that a variable has one name, one unit and one meaning.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

TABLES: tuple[str, ...] = ("patients", "visits", "exams", "lesions", "treatments")
"""Tables of the long files, in the order in which they are stored."""


@dataclass(frozen=True, slots=True)
class Field:
    """One variable.

    kind: id, ref, text, date, month, bool, int, float, choice, site or place. unit: "" for none.
    required: an empty value is refused; everywhere else empty means "not known" or "not assessed".
    identifying: left out of, or replaced in, a frozen extract.
    """

    table: str
    name: str
    kind: str
    required: bool
    unit: str
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    identifying: bool
    meaning: str


@cache
def all_fields() -> tuple[Field, ...]:
    """Every variable in file order."""
    text = resources.files("marrowmap.registry").joinpath("fields.csv").read_text(encoding="utf-8")
    return tuple(
        Field(
            table=row["table"],
            name=row["name"],
            kind=row["kind"],
            required=row["required"] == "1",
            unit=row["unit"],
            minimum=float(row["minimum"]) if row["minimum"] else None,
            maximum=float(row["maximum"]) if row["maximum"] else None,
            choices=tuple(row["choices"].split()),
            identifying=row["identifying"] == "1",
            meaning=row["meaning"],
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def fields_of(table: str) -> Mapping[str, Field]:
    """Variables of one table by name, in file order. Raises KeyError for an unknown table."""
    found = {f.name: f for f in all_fields() if f.table == table}
    if not found:
        raise KeyError(f"unknown table {table!r}; known are {', '.join(TABLES)}")
    return MappingProxyType(found)


def key_of(table: str) -> str:
    """Name of the variable that identifies a row."""
    return next(iter(fields_of(table)))
