"""Tables that our sources do not give and that a site enters from the paper it owns.

``tables/*.toml`` say which entries such a table must hold, without numbers. ``parse_table`` checks a site's
table against them: complete, monotone where the source says so, with its citation and the name of who entered
it.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

from marrowmap.errors import InvalidRecord

TABLE_SYSTEMS: tuple[str, ...] = ("rinbo", "eular_acr_2025", "mda_2025", "flare_2025")
"""Systems with a missing table."""

_KEYS = ("system", "citation", "place", "entered_by", "entered_on", "items")


@dataclass(frozen=True)
class Slot:
    """What one entry of a table must look like. kind: bands, flag, choice or limits.

    rising: more never gives fewer points. not_below: pairs (a, b) where a gives at least what b gives.
    """

    id: str
    label: str
    kind: str
    rising: bool = False
    options: tuple[str, ...] = ()
    not_below: tuple[tuple[str, str], ...] = ()
    at_most: float | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """The shape of a system's table, and what our sources lack."""

    system: str
    missing: str
    slots: tuple[Slot, ...]
    cut_off: float | None = None


@cache
def form_of(system: str) -> Form:
    """The form of a system's table. Raises InvalidRecord when the system has no missing table."""
    if system not in TABLE_SYSTEMS:
        raise InvalidRecord("system", f"{system!r} takes no table", f"Accepted: {', '.join(TABLE_SYSTEMS)}")
    text = resources.files("marrowmap.core.scores").joinpath(f"tables/{system}.toml").read_text("utf-8")
    data = tomllib.loads(text)
    slots = tuple(
        Slot(
            id=name,
            label=entry["label"],
            kind=entry["kind"],
            rising=entry.get("rising", False),
            options=tuple(entry.get("options", ())),
            not_below=tuple((a, b) for a, b in entry.get("not_below", ())),
            at_most=entry.get("at_most"),
            needs=tuple(entry.get("needs", ())),
        )
        for name, entry in data["items"].items()
    )
    return Form(system, data["missing"], slots, data.get("cut_off"))


@dataclass(frozen=True)
class Entry:
    """One entry of a site's table, as its slot asks. bands: (from this value on, points), rising."""

    bands: tuple[tuple[float, float], ...] = ()
    choices: Mapping[str, float] = field(default_factory=dict)
    alternatives: tuple[Mapping[str, float], ...] = ()
    names: tuple[str, ...] = ()

    def points_for(self, value: float) -> float:
        """Points of the band that holds ``value``."""
        return [points for start, points in self.bands if value >= start][-1]

    def points_of(self, option: str) -> float:
        """Points of one option; ``present`` and ``absent`` for a flag."""
        return self.choices[option]

    @property
    def lowest(self) -> float:
        """Fewest points this entry can give."""
        return min([p for _, p in self.bands] or list(self.choices.values()))

    @property
    def highest(self) -> float:
        """Most points this entry can give."""
        return max([p for _, p in self.bands] or list(self.choices.values()))


@dataclass(frozen=True)
class ScoreTable:
    """A table as a site entered it. sha256: of its content, so that a report can name the exact table."""

    system: str
    citation: str
    place: str
    entered_by: str
    entered_on: date
    entries: Mapping[str, Entry]
    sha256: str

    @property
    def sentence(self) -> str:
        """Names the table wherever it was used."""
        return (
            f"Computed with a table entered by {self.entered_by} on {self.entered_on.isoformat()} from "
            f"{self.citation}, {self.place} (table {self.sha256[:12]}); not checked by this project."
        )


def parse_table(text: str) -> ScoreTable:
    """A site's table from its TOML text. Raises InvalidRecord naming the first thing that is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRecord(
            "table", f"is not TOML: {error}", "Correct the text and import it again"
        ) from None
    for key in data:
        if key not in _KEYS:
            raise InvalidRecord(f"key {key!r}", "is not known", f"Accepted: {', '.join(_KEYS)}")
    for key in ("system", "citation", "place", "entered_by"):
        if not isinstance(data.get(key), str) or not data[key].strip():
            raise InvalidRecord(key, "is missing or empty", "Accepted: a text")
    entered_on = data.get("entered_on")
    if type(entered_on) is not date:
        raise InvalidRecord("entered_on", f"{entered_on!r} is not a date", "Accepted: a date, 2026-01-31")
    form = form_of(data["system"])
    given = data.get("items")
    if not isinstance(given, dict):
        raise InvalidRecord("items", "is missing", f"Accepted: {', '.join(s.id for s in form.slots)}")
    for name in given:
        if name not in {s.id for s in form.slots}:
            names = ", ".join(s.id for s in form.slots)
            raise InvalidRecord(f"items.{name}", "is not known", f"Accepted: {names}")
    entries = {}
    for slot in form.slots:
        if not isinstance(given.get(slot.id), dict):
            raise InvalidRecord(f"items.{slot.id}", "is missing", f"The table must give: {slot.label}")
        entries[slot.id] = _entry(slot, given[slot.id])
    canonical = json.dumps(data, sort_keys=True, default=str, separators=(",", ":"))
    return ScoreTable(
        system=form.system,
        citation=data["citation"].strip(),
        place=data["place"].strip(),
        entered_by=data["entered_by"].strip(),
        entered_on=entered_on,
        entries=entries,
        sha256=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _entry(slot: Slot, data: dict[str, Any]) -> Entry:
    where = f"items.{slot.id}"
    names = _names(where, slot, data)
    if slot.kind == "bands":
        return Entry(bands=_bands(where, slot, data), names=names)
    if slot.kind == "limits":
        return Entry(alternatives=_alternatives(where, slot, data), names=names)
    options = ("absent", "present") if slot.kind == "flag" else slot.options
    _only(where, data, (*options, *slot.needs))
    choices = {option: _number(f"{where}.{option}", data.get(option)) for option in options}
    pairs = (("present", "absent"),) if slot.kind == "flag" and slot.rising else slot.not_below
    for more, less in pairs:
        if choices[more] < choices[less]:
            raise InvalidRecord(
                where,
                f"{more} gives {choices[more]:g}, less than {less} with {choices[less]:g}",
                f"Accepted: {more} at least as many points as {less}, as the source says",
            )
    for option, worth in choices.items():
        if slot.at_most is not None and worth > slot.at_most:
            raise InvalidRecord(
                f"{where}.{option}", f"{worth:g} is too much", f"Accepted: at most {slot.at_most:g}"
            )
    return Entry(choices=choices, names=names)


def _names(where: str, slot: Slot, data: dict[str, Any]) -> tuple[str, ...]:
    names: list[str] = []
    for need in slot.needs:
        given = data.get(need)
        if not isinstance(given, list) or not given or not all(isinstance(n, str) for n in given):
            raise InvalidRecord(f"{where}.{need}", f"{given!r} is not accepted", "Accepted: a list of names")
        names += given
    return tuple(names)


def _bands(where: str, slot: Slot, data: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    _only(where, data, ("bands", *slot.needs))
    rows = data.get("bands")
    if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) for r in rows):
        raise InvalidRecord(
            f"{where}.bands", "is missing or empty", "Accepted: [{at_least = 0, points = ...}, ...]"
        )
    bands = []
    for number, row in enumerate(rows, 1):
        _only(f"{where}.bands {number}", row, ("at_least", "points"))
        bands.append(
            (
                _number(f"{where}.bands {number}.at_least", row.get("at_least")),
                _number(f"{where}.bands {number}.points", row.get("points")),
            )
        )
    if bands[0][0] != 0:
        raise InvalidRecord(
            f"{where}.bands", f"start at {bands[0][0]:g}", "Accepted: the first band starts at 0"
        )
    for (start, worth), (next_start, next_worth) in pairwise(bands):
        if next_start <= start:
            raise InvalidRecord(
                f"{where}.bands", f"{next_start:g} follows {start:g}", "Accepted: rising limits"
            )
        if slot.rising and next_worth < worth:
            raise InvalidRecord(
                f"{where}.bands",
                f"points fall from {worth:g} to {next_worth:g} at {next_start:g}",
                "Accepted: points that never fall as the value rises",
            )
    return tuple(bands)


def _alternatives(where: str, slot: Slot, data: dict[str, Any]) -> tuple[Mapping[str, float], ...]:
    _only(where, data, ("any_of",))
    rows = data.get("any_of")
    if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) and r for r in rows):
        raise InvalidRecord(
            f"{where}.any_of", "is missing or empty", "Accepted: [{pain = ..., physician_global = ...}, ...]"
        )
    for row in rows:
        _only(f"{where}.any_of", row, slot.options)
    return tuple({k: _number(f"{where}.any_of.{k}", v) for k, v in row.items()} for row in rows)


def _only(where: str, data: Mapping[str, Any], accepted: tuple[str, ...]) -> None:
    for key in data:
        if key not in accepted:
            raise InvalidRecord(f"{where}.{key}", "is not known", f"Accepted: {', '.join(accepted)}")


def _number(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 100_000:
        raise InvalidRecord(where, f"{value!r} is not accepted", "Accepted: a number, 0 or more")
    return float(value)
