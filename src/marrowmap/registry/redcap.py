"""REDCap: a data dictionary made from ``fields.csv``, and long CSV exports both ways.

Patients are the form that does not repeat; visits, exams, lesions and treatments are repeating instruments.
Variable names carry a letter for their form (``v_``, ``e_``, ``l_``, ``t_``), because REDCap wants names that are
unique in a project.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from marrowmap.core.record.joints import listed_places
from marrowmap.core.site import all_sites
from marrowmap.registry.fields import TABLES, Field, fields_of, key_of
from marrowmap.registry.longfiles import RawRow, new_folder
from marrowmap.registry.problems import ImportRefused, Problem
from marrowmap.registry.values import write_cell

RECORD = "record_id"
INSTRUMENT, INSTANCE = "redcap_repeat_instrument", "redcap_repeat_instance"
_LETTER = {"patients": "", "visits": "v_", "exams": "e_", "lesions": "l_", "treatments": "t_"}
_HEADER = [
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
]
_VALIDATION = {"date": "date_ymd", "int": "integer", "float": "number"}


def redcap_name(variable: Field) -> str:
    """Name of a variable in REDCap."""
    if variable.name == "patient_id":
        return RECORD
    return _LETTER[variable.table] + variable.name


def dictionary_csv() -> str:
    """The data dictionary, ready for upload."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    for table in TABLES:
        for variable in fields_of(table).values():
            if table != "patients" and variable.name == "patient_id":
                continue
            writer.writerow(_entry(variable))
    return out.getvalue()


def _entry(variable: Field) -> list[str]:
    kind, choices = "text", ""
    if variable.kind == "bool":
        kind = "yesno"
    elif variable.kind == "choice":
        kind, choices = "dropdown", " | ".join(f"{c}, {c.replace('_', ' ')}" for c in variable.choices)
    elif variable.kind == "site":
        kind, choices = "dropdown", " | ".join(f"{s.id}, {s.name}" for s in all_sites())
    elif variable.kind == "place":
        kind, choices = "dropdown", " | ".join(f"{p.id}, {p.name}" for p in listed_places().values())
    note = " ".join(p for p in (variable.unit and f"Unit: {variable.unit}.", _format_note(variable)) if p)
    ends = ["" if v is None else f"{v:g}" for v in (variable.minimum, variable.maximum)]
    required = "y" if variable.required else ""
    identifier = "y" if variable.identifying else ""
    return [
        redcap_name(variable),
        variable.table,
        "",
        kind,
        variable.meaning,
        choices,
        note,
        _VALIDATION.get(variable.kind, ""),
        *ends,
        identifier,
        "",
        required,
        *[""] * 5,
    ]


def _format_note(variable: Field) -> str:
    if variable.kind == "month":
        return "YYYY-MM."
    return "Leave empty when not known or not assessed." if not variable.required else ""


def long_csv(rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> str:
    """All rows as one REDCap long CSV (raw values)."""
    columns = [redcap_name(v) for t in TABLES for v in fields_of(t).values() if v.name != "patient_id"]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [RECORD, INSTRUMENT, INSTANCE, *columns], lineterminator="\n", restval="")
    writer.writeheader()
    for table in TABLES:
        seen: dict[str, int] = {}
        for row in rows.get(table, ()):
            patient = row["patient_id"]
            seen[patient] = seen.get(patient, 0) + 1
            line = {redcap_name(v): write_cell(row.get(n)) for n, v in fields_of(table).items()}
            if table != "patients":
                line |= {INSTRUMENT: table, INSTANCE: str(seen[patient])}
            writer.writerow(line)
    return out.getvalue()


def write_redcap(folder: Path, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Path]:
    """Write ``dictionary.csv`` and ``records.csv`` into a new folder."""
    with new_folder(folder) as fresh:
        (fresh / "dictionary.csv").write_text(dictionary_csv(), encoding="utf-8", newline="")
        (fresh / "records.csv").write_text(long_csv(rows), encoding="utf-8", newline="")
    return [folder / "dictionary.csv", folder / "records.csv"]


def read_redcap(path: Path) -> dict[str, list[RawRow]]:
    """Rows of a REDCap long CSV (raw values), for ``registry.importing.import_rows``.

    A repeating row without an id of its own takes one from its record and instance. Raises ImportRefused for
    a broken encoding, an unknown column or instrument, and a value in a column of another instrument.
    """
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        why = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise ImportRefused([Problem(path.name, line, "", why, "Export the file as UTF-8")]) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    owner = {redcap_name(v): (t, n) for t in TABLES for n, v in fields_of(t).items() if n != "patient_id"}
    problems = _unknown_columns(path.name, list(reader.fieldnames or []), owner)
    if problems:
        raise ImportRefused(problems)
    found: dict[str, list[RawRow]] = {t: [] for t in TABLES}
    try:
        for cells in reader:
            row = _row(path.name, reader.line_num, cells, owner, problems)
            if row is not None:
                found[row[0]].append(row[1])
    except csv.Error as error:
        problems.append(Problem(path.name, reader.line_num, "", f"is no proper CSV: {error}"))
    if problems:
        raise ImportRefused(problems)
    return {t: rows for t, rows in found.items() if rows}


def _unknown_columns(source: str, names: list[str], owner: Mapping[str, Any]) -> list[Problem]:
    system = {RECORD, INSTRUMENT, INSTANCE, "redcap_event_name", "redcap_data_access_group"}
    ends = {f"{t}_complete" for t in TABLES}
    problems = [
        Problem(source, 1, n, "is no variable of our dictionary", "Export only forms made from it")
        for n in names
        if n not in owner and n not in system and n not in ends
    ]
    if RECORD not in names:
        problems.append(Problem(source, 1, RECORD, "is missing", "It is the first column of every export"))
    return problems


def _row(
    source: str,
    line: int,
    cells: dict[str, Any],
    owner: Mapping[str, tuple[str, str]],
    problems: list[Problem],
) -> tuple[str, RawRow] | None:
    if None in cells or None in cells.values():
        problems.append(Problem(source, line, "", "has another number of cells than the header"))
        return None
    table = cells.get(INSTRUMENT, "").strip() or "patients"
    if table not in TABLES:
        problems.append(
            Problem(source, line, INSTRUMENT, f"{table!r} is unknown", f"Accepted: {', '.join(TABLES[1:])}")
        )
        return None
    values = {"patient_id": cells.get(RECORD, "")}
    for name, text in cells.items():
        if name not in owner or not text.strip():
            continue
        where, variable = owner[name]
        if where != table:
            problems.append(
                Problem(source, line, name, f"holds a value in a row of {table}", "Check the export")
            )
        else:
            values[variable] = text
    key = key_of(table)
    if table != "patients" and key not in values:
        values[key] = f"{values['patient_id']}-{table}-{cells.get(INSTANCE, '').strip()}"
    return table, RawRow(source, line, values)
