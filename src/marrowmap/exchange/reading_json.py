"""A reading as JSON: what the reading room saves and `marrowmap score` takes; see ``contract/``."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from marrowmap.core.reading import Reading
from marrowmap.core.record.checks import not_after_today
from marrowmap.core.record.joints import listed_places
from marrowmap.core.site import all_sites
from marrowmap.errors import InputError, InvalidRecord
from marrowmap.exchange.records import decode, encode, record_schema

FORMAT = "marrowmap-reading"
FORMAT_VERSION = 1


def reading_to_dict(reading: Reading) -> dict[str, Any]:
    """The content of a reading file. Every field is written; not assessed is written as such."""
    return {"format": FORMAT, "format_version": FORMAT_VERSION, **encode(reading)}


def reading_from_dict(data: Any, *, today: date | None = None) -> Reading:
    """A reading from the content of its file.

    today: dates after it are refused; None leaves them unchecked. Raises InvalidRecord naming the field.
    """
    body = strip_format(data, FORMAT, FORMAT_VERSION)
    reading: Reading = decode(Reading, body)
    for number, lesion in enumerate(reading.lesions):
        if lesion.joint and lesion.joint not in listed_places():
            raise InvalidRecord(
                f"lesions[{number}].joint", f"{lesion.joint!r} is not known", "Accepted: an id of joints.csv"
            )
    if today is not None:
        not_after_today("exam_date", reading.exam_date, today)
    return reading


def strip_format(data: Any, name: str, version: int) -> dict[str, Any]:
    """The body of a file without its format keys. Raises InvalidRecord for another format or version."""
    if not isinstance(data, dict):
        raise InvalidRecord("file", "does not hold a JSON object", f"Accepted: a {name} file")
    if data.get("format") != name:
        raise InvalidRecord("format", f"{data.get('format')!r} is not accepted", f"Accepted: {name!r}")
    if data.get("format_version") != version:
        raise InvalidRecord(
            "format_version", f"{data.get('format_version')!r} is not accepted", f"Accepted: {version}"
        )
    return {k: v for k, v in data.items() if k not in ("format", "format_version")}


def read_json(path: Path) -> Any:
    """The JSON of a file. Raises InputError when it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "Check the path") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"is not JSON: {error}", "Export the file again") from None


def read_reading(path: Path, *, today: date | None = None) -> Reading:
    """A reading from its file; the error names the file and the field."""
    try:
        return reading_from_dict(read_json(path), today=today)
    except InvalidRecord as error:
        raise InvalidRecord(f"{path}: {error.what}", error.why, error.remedy) from None


def reading_schema() -> dict[str, Any]:
    """JSON Schema of a reading file; bone units are listed by their ids."""
    defs: dict[str, Any] = {}
    body = record_schema(Reading, defs)
    ids = {"enum": [s.id for s in all_sites()], "description": "bone unit, an id of sites.csv"}
    defs["SiteId"] = ids
    reference = {"$ref": "#/$defs/SiteId"}
    defs["SiteExtent"]["properties"]["site_id"] = reference
    defs["SiteExtent"]["properties"]["percent"] = {"type": ["number", "null"], "minimum": 0, "maximum": 100}
    defs["Features"]["properties"]["signal_grade"] = {"enum": [None, 0, 1, 2]}
    defs["Lesion"]["properties"]["extents"]["minItems"] = 1
    defs["Lesion"]["properties"]["joint"] = {"enum": ["", *listed_places()]}
    for name in ("volume_ml", "max_diameter_mm", "si_ratio", "adc"):
        defs["Lesion"]["properties"][name] = {"type": ["number", "null"], "minimum": 0}
    for name in ("normal", "not_covered"):
        body["properties"][name]["items"] = reference
    return whole_schema("reading", FORMAT, body, defs)


def whole_schema(name: str, format_name: str, body: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """A complete schema file around a record."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:marrowmap:{name}:{FORMAT_VERSION}",
        "title": f"marrowmap {name}",
        "description": body["description"] + " null and not_assessed mean not known, never zero or absent.",
        "type": "object",
        "required": ["format", "format_version", *body["required"]],
        "additionalProperties": False,
        "properties": {
            "format": {"const": format_name},
            "format_version": {"const": FORMAT_VERSION},
            **body["properties"],
        },
        "$defs": defs,
    }
