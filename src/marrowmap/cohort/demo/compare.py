"""Published figures beside recomputed ones. The only place where the two meet; the tables know nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marrowmap.cohort.demo.published import Figure, Published
from marrowmap.cohort.table import Cell, Count, NotComputable, Table, cell_text
from marrowmap.cohort.units import Summary
from marrowmap.core.statistics.proportion import Proportion, round_half_up


@dataclass(frozen=True)
class Comparison:
    """One figure. agrees: every printed part equals the recomputed one rounded to the printed decimals.

    A percentage that is a known misprint is compared by its counts; ``known_misprint`` names it and ``note``
    shows both percentages.
    """

    id: str
    place: str
    published: str
    recomputed: str
    agrees: bool
    note: str
    known_misprint: str = ""

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def compare(tables: Sequence[Table], published: Published) -> list[Comparison]:
    """Every published figure beside the cell it stands for."""
    by_id = {t.id: t for t in tables}
    return [_compare(figure, by_id) for figure in published.figures]


def inconsistencies(tables: Sequence[Table], published: Published) -> list[dict[str, Any]]:
    """What does not fit together in the paper, with the recomputed cells that bear on it."""
    by_id = {t.id: t for t in tables}
    return [
        {
            "id": item.id,
            "weight": item.weight,
            "text": item.text,
            "recomputed": {at: cell_text(_cell(by_id, *at.split("/"))) for at in item.see},
        }
        for item in published.inconsistencies
    ]


def _cell(tables: Mapping[str, Table], table: str, row: str, column: str = "all") -> Cell:
    try:
        return tables[table].cell(row, column)
    except KeyError as error:
        return NotComputable(str(error).strip("'\""))


def _compare(figure: Figure, tables: Mapping[str, Table]) -> Comparison:
    got = _recomputed(figure, tables)
    notes = [figure.note] if figure.note else []
    agrees = all(_same(want, got.get(key)) for key, want in figure.printed.items() if key != "percent")
    if "percent" in figure.printed and not _same(figure.printed["percent"], got.get("percent")):
        if figure.misprint:
            notes.append(
                f"known misprint {figure.misprint}: printed {figure.printed['percent']} %, "
                f"recomputed {got.get('percent'):.2f} %"
            )
        else:
            agrees = False
    return Comparison(
        figure.id,
        figure.place,
        _words(figure.printed, figure.printed),
        _words(figure.printed, got),
        agrees and bool(got),
        "; ".join(notes),
        figure.misprint,
    )


def _recomputed(figure: Figure, tables: Mapping[str, Table]) -> dict[str, float]:
    first, second, third = figure.at
    if first == "ratio":
        one, other = (_cell(tables, *at.split("/")) for at in (second, third))
        if isinstance(one, Proportion) and isinstance(other, Proportion) and other.count:
            return {"ratio": one.count / other.count}
        return {}
    if first == "years":
        cell = _cell(tables, *second.split("/"))
        return {"years": cell.mean / 12} if isinstance(cell, Summary) and cell.mean is not None else {}
    return _parts(_cell(tables, first, second, third))


def _parts(cell: Cell) -> dict[str, float]:
    if isinstance(cell, Count):
        return {"n": cell.n}
    if isinstance(cell, Proportion):
        percent = {} if cell.percent is None else {"percent": cell.percent}
        return {"n": cell.count, "of": cell.of, **percent}
    if isinstance(cell, Summary):
        found = {
            "count": cell.n,
            "mean": cell.mean,
            "min": cell.minimum,
            "max": cell.maximum,
            "total": cell.total,
        }
        return {k: v for k, v in found.items() if v is not None}
    return {}


def _same(want: Any, got: float | None) -> bool:
    return got is not None and _rounded(want, got) == float(want)


def _rounded(want: Any, got: float) -> float:
    """``got`` rounded half up to as many decimals as stand in print."""
    decimals = len(str(want).partition(".")[2]) if isinstance(want, str) else 0
    return round_half_up(got, decimals)


def _words(printed: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Both sides in the same words, with the decimals of the print."""

    def show(key: str) -> str:
        if values.get(key) is None:
            return "?"
        want = printed[key]
        decimals = len(str(want).partition(".")[2]) if isinstance(want, str) else 0
        return f"{_rounded(want, float(values[key])):.{decimals}f}"

    parts = []
    if "n" in printed:
        parts.append(f"{show('n')}/{show('of')}" if "of" in printed else show("n"))
    elif "of" in printed:
        parts.append(show("of"))
    if "percent" in printed:
        parts.append(f"({show('percent')} %)" if parts else f"{show('percent')} %")
    if "count" in printed:
        parts.append(show("count"))
    if "mean" in printed:
        parts.append(f"mean {show('mean')}")
    if "min" in printed:
        parts.append(f"range {show('min')} to {show('max')}")
    for key in ("total", "ratio", "years"):
        if key in printed:
            parts.append(f"{key} {show(key)}")
    return ", ".join(parts).replace(", (", " (")
