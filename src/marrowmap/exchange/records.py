"""Frozen records to plain JSON values and back, and their JSON Schema, all from the type hints of the record.

Strict when reading: an unknown key, a wrong type or a value outside its list is an InvalidRecord that names
the place, the value and what is accepted. A key that is missing takes the default of the record ("not
assessed", null), never a value that states something.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from marrowmap.core.geometry import PointMm
from marrowmap.core.record.patient import YearMonth
from marrowmap.core.record.units import UNITS, Analyte, LabValue
from marrowmap.errors import InvalidRecord


def encode(value: Any) -> Any:
    """A record, or anything inside one, as JSON values. Every field is written, also those not assessed."""
    if isinstance(value, LabValue):
        return {
            "analyte": str(value.analyte),
            "value": value.value,
            "unit": value.unit,
            "below": value.below,
            "reference_low": value.reference_low,
            "reference_high": value.reference_high,
        }
    if isinstance(value, YearMonth):
        return str(value)
    if isinstance(value, PointMm):
        return [float(v) for v in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if is_dataclass(value):
        return {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (frozenset, set)):
        return sorted(encode(v) for v in value)
    if isinstance(value, (tuple, list)):
        return [encode(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): encode(v) for k, v in value.items()}
    return value


def decode(kind: Any, data: Any, where: str = "") -> Any:
    """JSON values as a record of type ``kind``. Raises InvalidRecord naming the place."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = [a for a in get_args(kind) if a is not type(None)]
        return None if data is None else decode(inner[0], data, where)
    if origin in (tuple, frozenset):
        items = _expect(list, data, where, "a list")
        made = [decode(get_args(kind)[0], v, f"{where}[{i}]") for i, v in enumerate(items)]
        return tuple(made) if origin is tuple else frozenset(made)
    if origin is dict:
        pairs = _expect(dict, data, where, "an object")
        return {k: decode(get_args(kind)[1], v, _join(where, k)) for k, v in pairs.items()}
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(data, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind, data, where)
    if is_dataclass(kind):
        return _record(kind, data, where)
    raise TypeError(f"no decoder for {kind!r} at {where}")


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _refuse(where: str, data: Any, accepted: str) -> InvalidRecord:
    shown = repr(data)
    return InvalidRecord(where or "record", f"{shown[:80]} is not accepted", f"Accepted: {accepted}")


def _expect(kind: type | tuple[type, ...], data: Any, where: str, accepted: str) -> Any:
    if not isinstance(data, kind):
        raise _refuse(where, data, accepted)
    return data


def _record(kind: Any, data: Any, where: str) -> Any:
    given = _expect(dict, data, where, "an object")
    hints = get_type_hints(kind)
    known = {f.name: f for f in fields(kind) if f.init}
    for key in given:
        if key not in known:
            names = ", ".join(known)
            raise InvalidRecord(_join(where, key), "is not a known field", f"Accepted: {names}")
    for name, f in known.items():
        if name not in given and f.default is MISSING and f.default_factory is MISSING:
            raise InvalidRecord(_join(where, name), "is missing", "Accepted: a value for this field")
    made = {key: decode(hints[key], value, _join(where, key)) for key, value in given.items()}
    return _build(where, lambda: kind(**made))


def _build(where: str, make: Callable[[], Any]) -> Any:
    """Run a constructor; whatever it refuses becomes an InvalidRecord that names the place."""
    try:
        return make()
    except InvalidRecord as error:
        what = error.what if not where else f"{where}: {error.what}"
        raise InvalidRecord(what, error.why, error.remedy) from None
    except (KeyError, ValueError) as error:
        text = error.args[0] if error.args else str(error)
        remedy = "Accepted: an id of sites.csv" if isinstance(error, KeyError) else "Correct this field"
        raise InvalidRecord(where or "record", str(text), remedy) from None


def _enum(kind: type[Enum], data: Any, where: str) -> Enum:
    try:
        return kind(data)
    except ValueError:
        raise _refuse(where, data, ", ".join(str(m.value) for m in kind)) from None


def _number(data: Any, where: str) -> float:
    if isinstance(data, bool) or not isinstance(data, (int, float)) or data != data:
        raise _refuse(where, data, "a number")
    return float(data)


def _integer(data: Any, where: str) -> int:
    if isinstance(data, bool) or not isinstance(data, (int, float)) or data != int(data):
        raise _refuse(where, data, "a whole number")
    return int(data)


def _date(data: Any, where: str) -> date:
    try:
        return date.fromisoformat(_expect(str, data, where, "a date, 2026-01-31"))
    except ValueError:
        raise _refuse(where, data, "a date, 2026-01-31") from None


def _datetime(data: Any, where: str) -> datetime:
    try:
        return datetime.fromisoformat(_expect(str, data, where, "a date and time"))
    except ValueError:
        raise _refuse(where, data, "a date and time, 2026-01-31T12:00:00") from None


def _year_month(data: Any, where: str) -> YearMonth:
    parts = _expect(str, data, where, "a month, 2014-03").split("-")
    if len(parts) != 2 or not all(p.isdigit() for p in parts):
        raise _refuse(where, data, "a month, 2014-03")
    return _build(where, lambda: YearMonth(int(parts[0]), int(parts[1])))  # type: ignore[no-any-return]


def _point(data: Any, where: str) -> PointMm:
    items = _expect(list, data, where, "three numbers, LPS millimetres")
    if len(items) != 3:
        raise _refuse(where, data, "three numbers, LPS millimetres")
    return PointMm(*(_number(v, where) for v in items))


_LAB_KEYS = ("analyte", "value", "unit", "below", "reference_low", "reference_high")


def _lab(data: Any, where: str) -> LabValue:
    given = _expect(dict, data, where, "an object")
    for key in given:
        if key not in _LAB_KEYS:
            raise InvalidRecord(
                _join(where, key), "is not a known field", f"Accepted: {', '.join(_LAB_KEYS)}"
            )
    for key in ("analyte", "value", "unit"):
        if key not in given:
            raise InvalidRecord(_join(where, key), "is missing", "Accepted: a value for this field")
    analyte = _enum(Analyte, given["analyte"], _join(where, "analyte"))
    assert isinstance(analyte, Analyte)
    value = _number(given["value"], _join(where, "value"))
    unit = _expect(str, given["unit"], _join(where, "unit"), ", ".join(UNITS[analyte]))
    below = _expect(bool, given.get("below", False), _join(where, "below"), "true or false")
    ends = [
        None if given.get(k) is None else _number(given[k], _join(where, k))
        for k in ("reference_low", "reference_high")
    ]
    made: LabValue = _build(
        where,
        lambda: LabValue.of(analyte, value, unit, below=below, reference_low=ends[0], reference_high=ends[1]),
    )
    return made


_SPECIAL: dict[Any, Callable[[Any, str], Any]] = {
    str: lambda data, where: _expect(str, data, where, "a text"),
    bool: lambda data, where: _expect(bool, data, where, "true or false"),
    int: _integer,
    float: _number,
    date: _date,
    datetime: _datetime,
    YearMonth: _year_month,
    PointMm: _point,
    LabValue: _lab,
}


def schema(kind: Any, defs: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of a type; records are put into ``defs`` by their name and referred to."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = [a for a in get_args(kind) if a is not type(None)]
        return {"anyOf": [schema(inner[0], defs), {"type": "null"}]}
    if origin in (tuple, frozenset):
        extra = {"uniqueItems": True} if origin is frozenset else {}
        return {"type": "array", "items": schema(get_args(kind)[0], defs), **extra}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema(get_args(kind)[1], defs)}
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    if kind is LabValue:
        defs.setdefault("LabValue", _lab_schema())
        return {"$ref": "#/$defs/LabValue"}
    if isinstance(kind, type) and issubclass(kind, Enum):
        defs.setdefault(kind.__name__, {"enum": [m.value for m in kind], "description": _first_line(kind)})
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if kind.__name__ not in defs:
        defs[kind.__name__] = {}
        defs[kind.__name__] = record_schema(kind, defs)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def record_schema(kind: Any, defs: dict[str, Any]) -> dict[str, Any]:
    """Schema of one record: its fields, which of them must be there, and no others."""
    hints = get_type_hints(kind)
    needed = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    return {
        "type": "object",
        "description": _first_line(kind),
        "required": needed,
        "additionalProperties": False,
        "properties": {f.name: schema(hints[f.name], defs) for f in fields(kind) if f.init},
    }


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _lab_schema() -> dict[str, Any]:
    number_or_null = {"type": ["number", "null"], "minimum": 0}
    units = {
        "oneOf": [
            {"properties": {"analyte": {"const": str(a)}, "unit": {"enum": list(UNITS[a])}}} for a in Analyte
        ]
    }
    return {
        "type": "object",
        "description": "One laboratory value in any accepted unit; kept in the first unit listed.",
        "required": ["analyte", "value", "unit"],
        "additionalProperties": False,
        "properties": {
            "analyte": {"enum": [str(a) for a in Analyte]},
            "value": {"type": "number", "minimum": 0},
            "unit": {"type": "string"},
            "below": {"type": "boolean", "description": "the laboratory reported 'less than value'"},
            "reference_low": number_or_null,
            "reference_high": number_or_null,
        },
        **units,
    }


_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    date: {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    datetime: {"type": "string", "format": "date-time"},
    YearMonth: {"type": "string", "pattern": r"^\d{4}-\d{2}$", "description": "month of birth"},
    PointMm: {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
}
