"""Calendar months between dates."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

MONTH_DAYS = 365.25 / 12
"""Days of a mean month."""


def add_months(day: date, months: int) -> date:
    """The same day of the month later, or the last day of a shorter month."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def months_between(first: date, second: date) -> float:
    """Months from ``first`` to ``second``, of 30.4 days."""
    return (second - first).days / MONTH_DAYS
