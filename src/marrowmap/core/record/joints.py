"""Places a child points to, and how they meet bone units and the rows of Table 2 of the Belgian cohort.

A child names a joint or a part of the body ("left knee"); a reader names bone units ("left femur, distal
metaphysis"). ``joints.csv`` lists the places with the units that lie in or next to them, so that pain and
imaging can be compared at the level of the region. The list is ours (PROPOSED). ``table2.csv`` holds the
rows of Table 2 with their parents; the table prints "Knee" twice, so its sum is called ``Knee region``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from marrowmap.core.lesion import Lesion
from marrowmap.core.site import Side, Site, all_sites, sites_by_id
from marrowmap.errors import InvalidRecord


@dataclass(frozen=True, slots=True)
class Place:
    """A joint or a part of the body where pain is felt.

    kind: ``joint``, ``bone`` (a part of the body) or ``unit`` (a single bone unit of ``sites.csv``).
    table2_row: row under which Table 2 counts it; "" when it has none. units: bone units in or next to it.
    """

    id: str
    name: str
    kind: str
    side: Side
    table2_row: str
    units: frozenset[str]


def _table(name: str) -> list[dict[str, str]]:
    text = resources.files("marrowmap.core.record").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def listed_places() -> Mapping[str, Place]:
    """Every row of ``joints.csv`` by its id."""
    return MappingProxyType(
        {
            row["id"]: Place(
                row["id"],
                row["name"],
                row["kind"],
                Side(row["side"]),
                row["table2_row"],
                frozenset(row["units"].split()),
            )
            for row in _table("joints.csv")
        }
    )


def _same_row_and_side(unit: Site) -> frozenset[str]:
    if not unit.table2_row:
        return frozenset({unit.id})
    return frozenset(s.id for s in all_sites() if (s.table2_row, s.side) == (unit.table2_row, unit.side))


def is_place(place_id: str) -> bool:
    """Whether ``place`` would answer."""
    return place_id in listed_places() or place_id in sites_by_id()


def place(place_id: str) -> Place:
    """A listed place, or a bone unit widened to its Table 2 row on its side (region level).

    Raises InvalidRecord when it is neither.
    """
    found = listed_places().get(place_id)
    if found is not None:
        return found
    unit = sites_by_id().get(place_id)
    if unit is None:
        raise InvalidRecord(
            "painful site",
            f"{place_id!r} is not known",
            f"Accepted: an id of joints.csv ({', '.join(list(listed_places())[:4])}, ...) or of sites.csv",
        )
    return Place(unit.id, unit.name, "unit", unit.side, unit.table2_row, _same_row_and_side(unit))


@dataclass(frozen=True, slots=True)
class Table2Row:
    """A row of Table 2. parent: "" for a row of the first level. printed: the words of the paper."""

    row: str
    parent: str
    printed: str


@cache
def table2_rows() -> tuple[Table2Row, ...]:
    """The rows of Table 2 in the order of the paper."""
    return tuple(Table2Row(r["row"], r["parent"], r["printed"]) for r in _table("table2.csv"))


def table2_row(lesion: Lesion) -> str:
    """The row a lesion is filed in: that of its joint when the reader named one, else of its main unit.

    "" when the table has no such row (skull vault, toes).
    """
    return place(lesion.joint).table2_row if lesion.joint else lesion.site.table2_row


def counts_with_parents(rows: list[str]) -> dict[str, int]:
    """How often each row of Table 2 occurs, a parent counting its children; "" (no row) is kept as a key."""
    counts = {r.row: 0 for r in table2_rows()}
    parent = {r.row: r.parent for r in table2_rows()}
    counts[""] = 0
    for row in rows:
        if row not in counts:
            raise InvalidRecord("row of Table 2", f"{row!r} is not known", f"Accepted: {', '.join(parent)}")
        counts[row] += 1
        if parent.get(row):
            counts[parent[row]] += 1
    return counts
