"""One cell of a long file as a value, and back. Empty means "not known" or "not assessed", never "no"."""

from __future__ import annotations

import math
import re
from datetime import date

from marrowmap.core.record.joints import is_place
from marrowmap.core.site import sites_by_id
from marrowmap.registry.fields import Field

Value = str | bool | int | float | date | None

_TRUE = frozenset({"1", "true", "yes"})
_FALSE = frozenset({"0", "false", "no"})
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_NUMBER_WITH_UNIT = re.compile(r"^\s*[<>]?\s*-?[\d.]+\s*(?P<unit>[A-Za-z%µ°/^][\w/^%µ°]*)\s*$")


class BadCell(ValueError):
    """A cell that cannot be read; the message says why, ``remedy`` what is accepted."""

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.remedy = remedy


def read_cell(variable: Field, text: str) -> Value:
    """The value of a cell; None when it is empty. Raises BadCell."""
    text = text.strip()
    if not text:
        if variable.required:
            raise BadCell("is empty", "This variable is needed in every row")
        return None
    return _READERS[variable.kind](variable, text)


def write_cell(value: Value) -> str:
    """A value as it stands in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, date):
        return value.isoformat()
    return (
        repr(value)
        if isinstance(value, float) and not value.is_integer()
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _name(variable: Field, text: str) -> str:
    if len(text) > 64 or any(ord(c) < 32 for c in text):
        raise BadCell(f"{text[:20]!r}... is longer than 64 characters or holds control characters")
    if text[0] in "=+-@":
        # a spreadsheet would run it as a formula
        raise BadCell(f"{text[:20]!r} begins with {text[0]!r}", "Ids begin with a letter or a digit")
    return text


def _text(variable: Field, text: str) -> str:
    if len(text) > 200 or any(ord(c) < 32 for c in text):
        raise BadCell("is longer than 200 characters or holds control characters")
    return text


def _date(variable: Field, text: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise BadCell(f"{text!r} is not a date", "Dates are written YYYY-MM-DD") from None


def _month(variable: Field, text: str) -> str:
    if not _MONTH.fullmatch(text):
        raise BadCell(f"{text!r} is not a month", "Months are written YYYY-MM")
    return text


def _bool(variable: Field, text: str) -> bool:
    lowered = text.lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise BadCell(
        f"{text!r} is neither yes nor no", "Accepted: 1, 0, true, false, yes, no, or empty for not assessed"
    )


def _number(variable: Field, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        with_unit = _NUMBER_WITH_UNIT.match(text)
        if with_unit:
            raise BadCell(
                f"{text!r} carries the unit {with_unit['unit']!r}, but this column is in {variable.unit}",
                f"Convert every row to {variable.unit} and write the number alone",
            ) from None
        hint = "Write a point, not a comma" if "," in text else "Write the number alone"
        raise BadCell(f"{text!r} is not a number", hint) from None
    if not math.isfinite(number):
        raise BadCell(f"{text!r} is not a number", "Leave the cell empty when the value is not known")
    low, high = variable.minimum, variable.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise BadCell(
            f"{number:g} lies outside {low:g} to {high:g} {variable.unit}".rstrip(), "Check the unit"
        )
    return number


def _int(variable: Field, text: str) -> int:
    number = _number(variable, text)
    if number != int(number):
        raise BadCell(f"{text!r} is not a whole number")
    return int(number)


def _choice(variable: Field, text: str) -> str:
    if text not in variable.choices:
        raise BadCell(f"{text!r} is not known", f"Accepted: {', '.join(variable.choices)}")
    return text


def _site(variable: Field, text: str) -> str:
    if text not in sites_by_id():
        raise BadCell(
            f"{text!r} is no bone unit", "Accepted: an id of sites.csv, for example clavicle_medial_left"
        )
    return text


def _place(variable: Field, text: str) -> str:
    if not is_place(text):
        raise BadCell(
            f"{text!r} is no place", "Accepted: an id of joints.csv or sites.csv, for example knee_left"
        )
    return text


_READERS = {
    "id": _name,
    "ref": _name,
    "text": _text,
    "date": _date,
    "month": _month,
    "bool": _bool,
    "int": _int,
    "float": _number,
    "choice": _choice,
    "site": _site,
    "place": _place,
}
