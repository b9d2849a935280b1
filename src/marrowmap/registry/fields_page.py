"""The list of variables as a page of the documentation; a test keeps page and list the same."""

from __future__ import annotations

from marrowmap.registry.fields import TABLES, Field, fields_of

_KINDS = {
    "id": "id",
    "ref": "id of an exam",
    "text": "text",
    "date": "date, YYYY-MM-DD",
    "month": "month, YYYY-MM",
    "bool": "1, 0 or empty",
    "int": "whole number",
    "float": "number",
    "site": "bone unit of `sites.csv`",
    "place": "place of `joints.csv` or `sites.csv`",
}


def fields_markdown() -> str:
    """One table of Markdown a file."""
    parts = []
    for table in TABLES:
        parts.append(f"### `{table}.csv`\n\n| column | value | meaning |\n|---|---|---|")
        parts += [_line(variable) for variable in fields_of(table).values()]
        parts.append("")
    return "\n".join(parts)


def _line(variable: Field) -> str:
    value = _KINDS.get(variable.kind) or "one of " + ", ".join(f"`{c}`" for c in variable.choices)
    if variable.unit:
        value += f", {variable.unit}"
    if variable.minimum is not None and variable.maximum is not None:
        value += f", {variable.minimum:g} to {variable.maximum:g}"
    marks = [m for m, on in (("**needed**", variable.required), ("identifying", variable.identifying)) if on]
    meaning = variable.meaning + (f" ({', '.join(marks)})" if marks else "")
    return f"| `{variable.name}` | {value} | {meaning} |"
