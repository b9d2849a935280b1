"""A table of a paper as data: every cell knows its unit, its denominator and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from marrowmap.cohort.units import Summary
from marrowmap.core.statistics.proportion import Proportion, round_half_up


@dataclass(frozen=True, slots=True)
class Count:
    """A plain count of things of one unit."""

    n: int
    unit: str


@dataclass(frozen=True, slots=True)
class NotComputable:
    """No number, and why."""

    why: str


Cell = Proportion | Summary | Count | NotComputable


@dataclass(frozen=True, slots=True)
class Row:
    """One line. id: stable in the table. level: 0, or 1 for a part of the line above."""

    id: str
    label: str
    cells: tuple[Cell, ...]
    level: int = 0


@dataclass(frozen=True)
class Table:
    """One table. columns: (id, heading). unit: what is counted, in words. denominator: of what, in words.

    missing: how missing values were treated, in words. synthetic: made from made-up records.
    """

    id: str
    title: str
    unit: str
    denominator: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    missing: str = "Missing values are left out of the denominator and counted in each row."
    notes: tuple[str, ...] = field(default_factory=tuple)
    synthetic: bool = False

    def cell(self, row: str, column: str) -> Cell:
        """One cell. Raises KeyError naming the row or column that is not there."""
        index = [c for c, _ in self.columns].index(column) if column in dict(self.columns) else -1
        found = next((r for r in self.rows if r.id == row), None)
        if found is None or index < 0:
            raise KeyError(f"table {self.id} has no row {row!r} or no column {column!r}")
        return found.cells[index]


def number_text(value: float | None, decimals: int = 1) -> str:
    """A number as papers print it, rounded half up; a dash when there is none."""
    if value is None:
        return "–"
    return f"{round_half_up(value, decimals):.{decimals}f}"


def cell_text(cell: Cell) -> str:
    """A cell in words: ``3/4 (75 %)``; ``mean 2.5, median 2.0 (1.0-5.0), n=4``; missing is added."""
    if isinstance(cell, Count):
        return str(cell.n)
    if isinstance(cell, NotComputable):
        return f"not computable: {cell.why}"
    missing = f"; {cell.missing} missing" if cell.missing else ""
    if isinstance(cell, Proportion):
        if cell.percent is None:
            return f"not assessed{missing}"
        return f"{cell.count}/{cell.of} ({number_text(cell.percent, 0)} %){missing}"
    if cell.n == 0:
        return f"not assessed{missing}"
    spread = f"{number_text(cell.minimum)}–{number_text(cell.maximum)}"
    return f"mean {number_text(cell.mean)}, median {number_text(cell.median)} ({spread}), n={cell.n}{missing}"


def interval_text(cell: Cell) -> str:
    """The 95 % interval of a proportion in words; "" for anything else."""
    if not isinstance(cell, Proportion) or cell.interval_percent is None:
        return ""
    low, high = cell.interval_percent
    return f"{number_text(low, 0)}–{number_text(high, 0)} %"


def cell_data(cell: Cell) -> dict[str, Any]:
    """A cell for JSON, unrounded."""
    if isinstance(cell, Count):
        return {"n": cell.n, "unit": cell.unit}
    if isinstance(cell, NotComputable):
        return {"not_computable": cell.why}
    if isinstance(cell, Proportion):
        return {
            "n": cell.count,
            "of": cell.of,
            "percent": cell.percent,
            "wilson_95_percent": cell.interval_percent,
            "missing": cell.missing,
            "unit": cell.unit,
        }
    return {name: getattr(cell, name) for name in Summary.__dataclass_fields__}


def table_data(table: Table) -> dict[str, Any]:
    """A table for JSON."""
    return {
        "id": table.id,
        "title": table.title,
        "unit": table.unit,
        "denominator": table.denominator,
        "missing": table.missing,
        "notes": list(table.notes),
        "synthetic": table.synthetic,
        "rows": [
            {
                "id": row.id,
                "label": row.label,
                "level": row.level,
                "cells": {c: cell_data(x) for (c, _), x in zip(table.columns, row.cells, strict=True)},
            }
            for row in table.rows
        ],
    }
