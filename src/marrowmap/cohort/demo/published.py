"""The figures printed for the Belgian cohort, each with its place in the paper and in our tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One printed figure. at: (table, row, column). printed: what stands in print; texts keep their decimals.

    misprint: id of a known misprint that concerns its percentage; "" otherwise.
    """

    id: str
    at: tuple[str, str, str]
    printed: dict[str, Any]
    place: str
    misprint: str
    note: str


@dataclass(frozen=True)
class Inconsistency:
    """Something in the paper that does not fit together. see: cells ``table/row/column`` that bear on it."""

    id: str
    weight: str
    text: str
    see: tuple[str, ...]


@dataclass(frozen=True)
class Published:
    """All printed figures."""

    citation: str
    figures: tuple[Figure, ...]
    inconsistencies: tuple[Inconsistency, ...]

    def value(self, figure_id: str, key: str) -> Any:
        """One printed value. Raises KeyError when it was not printed."""
        found = next((f for f in self.figures if f.id == figure_id), None)
        if found is None or key not in found.printed:
            raise KeyError(f"{key} of {figure_id} is not printed")
        return found.printed[key]

    def n(self, figure_id: str) -> int:
        """A printed count."""
        return int(self.value(figure_id, "n"))

    def of(self, figure_id: str) -> int:
        """A printed denominator."""
        return int(self.value(figure_id, "of"))


@cache
def published_figures() -> Published:
    """The figures of ``belgian_cohort.json``."""
    text = (
        resources.files("marrowmap.cohort.demo").joinpath("belgian_cohort.json").read_text(encoding="utf-8")
    )
    data = json.loads(text)
    figures = tuple(
        Figure(f["id"], tuple(f["at"]), f["printed"], f["place"], f.get("misprint", ""), f.get("note", ""))
        for f in data["figures"]
    )
    notes = tuple(
        Inconsistency(i["id"], i["weight"], i["text"], tuple(i["see"])) for i in data["inconsistencies"]
    )
    return Published(data["citation"], figures, notes)
