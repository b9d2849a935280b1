"""Tables as HTML, CSV, LaTeX, JSON and plain text. Each form prints unit, denominator and missing values."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from marrowmap.cohort.table import Cell, Table, cell_data, cell_text, interval_text, table_data
from marrowmap.registry.longfiles import new_folder

SYNTHETIC = "Synthetic: made-up records, no patients."

_STYLE = """
body{font:15px/1.45 system-ui,"Segoe UI",Roboto,sans-serif;color:#1c2430;max-width:60rem;
margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.4rem 0 .2rem}
caption{text-align:left;font-weight:650;font-size:1.1rem;padding:.3rem 0}
th,td{padding:.22rem .6rem;text-align:left;vertical-align:top}
thead th{border-top:2px solid #1c2430;border-bottom:1px solid #1c2430}
tbody tr:last-child>*{border-bottom:2px solid #1c2430}
tbody th{font-weight:400}.part th{padding-left:2rem}
td{font-variant-numeric:tabular-nums}.ci{color:#5a6675}
.facts{font-size:.88rem;color:#3d4856;margin:.1rem 0 2rem}
.synthetic{background:#fff1c9;border:1px solid #d9a400;padding:.4rem .8rem;font-weight:600}
@media(prefers-color-scheme:dark){body{background:#14181f;color:#e4e8ee}.ci,.facts{color:#a9b4c2}
thead th{border-color:#e4e8ee}tbody tr:last-child>*{border-color:#e4e8ee}.synthetic{color:#1c2430}}
"""


def write_tables(folder: Path, tables: Sequence[Table]) -> list[str]:
    """Write ``tables.html``, ``tables.json`` and one CSV and LaTeX file a table into a new folder.

    Returns the names of the files. Raises OutputExists when the folder holds anything.
    """
    with new_folder(folder) as fresh:
        (fresh / "tables.html").write_text(tables_html(tables), encoding="utf-8")
        content = json.dumps([table_data(t) for t in tables], indent=1, ensure_ascii=False)
        (fresh / "tables.json").write_text(content + "\n", encoding="utf-8")
        for table in tables:
            (fresh / f"{table.id}.csv").write_text(table_csv(table), encoding="utf-8", newline="")
            (fresh / f"{table.id}.tex").write_text(table_latex(table), encoding="utf-8")
        return sorted(p.name for p in fresh.iterdir())


def facts(table: Table) -> list[str]:
    """What must stand below every table."""
    lines = [
        f"Unit: {table.unit}.",
        f"Denominator: {table.denominator}.",
        f"Missing: {table.missing}",
        *table.notes,
    ]
    return [*lines, SYNTHETIC] if table.synthetic else lines


def tables_html(tables: Sequence[Table]) -> str:
    """One page with all tables."""
    banner = f'<p class="synthetic">{SYNTHETIC}</p>' if any(t.synthetic for t in tables) else ""
    body = "".join(table_html(t) for t in tables)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Cohort tables</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>Cohort tables</h1>{banner}{body}</body></html>\n"
    )


def table_html(table: Table) -> str:
    """One table with its facts below."""
    head = "".join(
        f'<th scope="col">{escape(h)}</th><th scope="col">95 % interval</th>' for _, h in table.columns
    )
    lines = []
    for row in table.rows:
        cells = "".join(
            f'<td>{escape(cell_text(c))}</td><td class="ci">{escape(interval_text(c))}</td>'
            for c in row.cells
        )
        part = ' class="part"' if row.level else ""
        lines.append(f'<tr{part}><th scope="row">{escape(row.label)}</th>{cells}</tr>')
    return (
        f'<table id="{table.id}"><caption>{escape(table.title)}</caption>'
        f'<thead><tr><th scope="col">Item</th>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
        f'<p class="facts">{"<br>".join(escape(f) for f in facts(table))}</p>'
    )


def table_csv(table: Table) -> str:
    """One line a row and column with every number; the facts stand as lines that begin with #."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    keys = [
        "n",
        "of",
        "percent",
        "wilson_low",
        "wilson_high",
        "missing",
        "mean",
        "median",
        "minimum",
        "maximum",
    ]
    writer.writerow(["row", "label", "level", "column", "unit", *keys, "text"])
    for row in table.rows:
        for (column, _), cell in zip(table.columns, row.cells, strict=True):
            data = _flat(cell)
            values = ["" if data.get(k) is None else data[k] for k in keys]
            writer.writerow(
                [row.id, row.label, row.level, column, data.get("unit", ""), *values, cell_text(cell)]
            )
    out.writelines(f"# {line}\n" for line in facts(table))
    return out.getvalue()


def _flat(cell: Cell) -> dict:
    data = cell_data(cell)
    low, high = data.pop("wilson_95_percent", None) or (None, None)
    return {**data, "wilson_low": low, "wilson_high": high}


def table_latex(table: Table) -> str:
    """A ``tabular`` with rules of booktabs; the facts stand below."""
    columns = "l" + "ll" * len(table.columns)
    head = " & ".join(["Item", *(f"{_tex(h)} & 95\\,\\% interval" for _, h in table.columns)])
    lines = []
    for row in table.rows:
        label = ("\\quad " if row.level else "") + _tex(row.label)
        cells = " & ".join(f"{_tex(cell_text(c))} & {_tex(interval_text(c))}" for c in row.cells)
        lines.append(f"{label} & {cells} \\\\")
    below = " ".join(_tex(f) for f in facts(table))
    return "\n".join(
        [
            "\\begin{table}",
            f"\\caption{{{_tex(table.title)}}}\\label{{tab:{table.id}}}",
            f"\\begin{{tabular}}{{{columns}}}",
            "\\toprule",
            head + " \\\\",
            "\\midrule",
            *lines,
            "\\bottomrule",
            "\\end{tabular}",
            f"\\par\\footnotesize {below}",
            "\\end{table}",
            "",
        ]
    )


_TEX = {
    "\\": "\\textbackslash{}",
    "&": "\\&",
    "%": "\\%",
    "$": "\\$",
    "#": "\\#",
    "_": "\\_",
    "{": "\\{",
    "}": "\\}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    ">": "$>$",
    "<": "$<$",
    "–": "--",
    "°": "\\textdegree{}",
}


def _tex(text: str) -> str:
    return "".join(_TEX.get(c, c) for c in text)


def table_plain(table: Table) -> str:
    """For a terminal."""
    width = max(len(r.label) + 2 * r.level for r in table.rows)
    lines = [table.title]
    for row in table.rows:
        label = "  " * row.level + row.label
        lines.append(f"  {label:<{width}}  " + "   ".join(f"{cell_text(c):<24}" for c in row.cells).rstrip())
    return "\n".join([*lines, *(f"  {f}" for f in facts(table))])
