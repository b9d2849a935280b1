"""A visit, with what is known of the child, as JSON (``contract/visit.schema.json``).

One file holds the record of the child (``patient``, optional) and one visit (``visit``). Visits of the past
may stand in ``patient.visits``; the one in ``visit`` is the one that is scored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from marrowmap.core.record.checks import not_after_today, not_before
from marrowmap.core.record.patient import PatientRecord
from marrowmap.core.record.visit import Visit
from marrowmap.errors import InvalidRecord
from marrowmap.exchange.reading_json import read_json, strip_format, whole_schema
from marrowmap.exchange.records import decode, encode, record_schema

FORMAT = "marrowmap-visit"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class VisitFile:
    """One visit and, when known, the record of the child."""

    visit: Visit
    patient: PatientRecord | None = None


def visit_to_dict(visit: Visit, patient: PatientRecord | None = None) -> dict[str, Any]:
    """The content of a visit file."""
    body = {"format": FORMAT, "format_version": FORMAT_VERSION}
    return {**body, "visit": encode(visit), "patient": encode(patient)}


def visit_from_dict(data: Any, *, today: date | None = None) -> VisitFile:
    """A visit file's content. today: dates after it are refused. Raises InvalidRecord naming the field."""
    made: VisitFile = decode(VisitFile, strip_format(data, FORMAT, FORMAT_VERSION))
    if today is not None:
        not_after_today("visit.date", made.visit.date, today)
        if made.patient is not None:
            made.patient.check_dates(today)
    if made.patient is not None and made.patient.birth is not None:
        not_before("visit.date", made.visit.date, "the month of birth", made.patient.birth.first_day)
    return made


def patient_to_dict(patient: PatientRecord) -> dict[str, Any]:
    """A whole record, visits included."""
    made: dict[str, Any] = encode(patient)
    return made


def patient_from_dict(data: Any, *, today: date | None = None) -> PatientRecord:
    """A whole record. Raises InvalidRecord naming the field."""
    made: PatientRecord = decode(PatientRecord, data)
    if today is not None:
        made.check_dates(today)
    return made


def read_visit(path: Path, *, today: date | None = None) -> VisitFile:
    """A visit from its file; the error names the file and the field."""
    try:
        return visit_from_dict(read_json(path), today=today)
    except InvalidRecord as error:
        raise InvalidRecord(f"{path}: {error.what}", error.why, error.remedy) from None


def visit_schema() -> dict[str, Any]:
    """JSON Schema of a visit file."""
    defs: dict[str, Any] = {}
    body = record_schema(VisitFile, defs)
    for name in ("pain", "patient_global", "physician_global"):
        defs["Outcomes"]["properties"][name] = {"type": ["number", "null"], "minimum": 0, "maximum": 10}
    defs["Outcomes"]["properties"]["chaq_index"] = {"type": ["number", "null"], "minimum": 0, "maximum": 3}
    return whole_schema("visit", FORMAT, body, defs)
