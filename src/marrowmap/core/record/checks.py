"""Checks that records make of their own fields; each error names field, value and what is accepted."""

from __future__ import annotations

import math
from datetime import date

from marrowmap.errors import InvalidRecord


def number_in(field: str, value: float | None, low: float, high: float, unit: str = "") -> None:
    """Raise InvalidRecord unless ``value`` is None (not recorded) or lies in low..high, ends included."""
    if value is None:
        return
    of = f" {unit}" if unit else ""
    if isinstance(value, bool) or not math.isfinite(value) or not low <= value <= high:
        raise InvalidRecord(
            field, f"{value!r} is not accepted", f"Accepted: a number from {low:g} to {high:g}{of}"
        )


def not_before(field: str, value: date | None, other: str, earliest: date | None) -> None:
    """Raise InvalidRecord when ``value`` lies before ``earliest``; None on either side is not checked."""
    if value is not None and earliest is not None and value < earliest:
        raise InvalidRecord(
            field,
            f"{value.isoformat()} lies before {other} ({earliest.isoformat()})",
            f"Accepted: {earliest.isoformat()} or later",
        )


def not_after_today(field: str, value: date | None, today: date) -> None:
    """Raise InvalidRecord when ``value`` lies in the future."""
    if value is not None and value > today:
        raise InvalidRecord(
            field, f"{value.isoformat()} lies in the future", f"Accepted: {today.isoformat()} or earlier"
        )


def no_repeats(field: str, values: list[str]) -> None:
    """Raise InvalidRecord when a value stands twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise InvalidRecord(field, f"{value!r} stands twice", "Accepted: each at most once")
        seen.add(value)


def stated(field: str, value: str) -> None:
    """Raise InvalidRecord when a text that must be there is empty."""
    if not value.strip():
        raise InvalidRecord(field, "is empty", "Accepted: a text")
