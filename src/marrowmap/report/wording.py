"""How the report says numbers, dates and missing things."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from marrowmap.core.exam import Exam, Scanner, Sex
from marrowmap.core.lesion import Candidate, Measured, MeasuredHeights, UnitShare
from marrowmap.core.site import site

NOT_STATED = "not stated"


def age_text(years: float | None) -> str:
    """Age in years, in months below two."""
    if years is None:
        return "age not stated"
    if years < 2:
        return f"{round(years * 12)} months"
    return f"{years:.1f} years" if years % 1 else f"{years:.0f} years"


def sex_text(sex: Sex) -> str:
    """Sex in a word."""
    return {Sex.FEMALE: "female", Sex.MALE: "male", Sex.OTHER: "other"}.get(sex, "sex not stated")


def date_text(day: date | None) -> str:
    """ISO date."""
    return day.isoformat() if day else "date not stated"


def scanner_text(scanner: Scanner) -> str:
    """Maker, model and field."""
    field = f"{scanner.field_tesla:g} T" if scanner.field_tesla else ""
    return " ".join(x for x in (scanner.manufacturer, scanner.model, field) if x) or "scanner not stated"


def patient_line(exam: Exam) -> list[str]:
    """Age, sex, date, scanner; never a name."""
    parts = [
        age_text(exam.patient.age_years),
        sex_text(exam.patient.sex),
        date_text(exam.exam_date),
        scanner_text(exam.scanner),
    ]
    if exam.patient.size_m:
        parts.insert(2, f"{exam.patient.size_m * 100:.0f} cm")
    return parts


def measured_text(value: Measured, digits: int = 1, unit: str | None = None) -> str:
    """The number with its spread, unit and note, or why there is none; no more than ``digits`` decimals, and none that
    would say more than two figures of the spread do."""
    if value.value is None:
        return f"not measured{': ' + value.why_missing if value.why_missing else ''}"
    shown = unit if unit is not None else value.unit
    if value.uncertainty:
        digits = min(digits, max(0, 1 - math.floor(math.log10(value.uncertainty))))
    spread = f" ± {value.uncertainty:.{digits}f}" if value.uncertainty is not None else ""
    return f"{value.value:.{digits}f}{spread}{''.join(f' {x}' for x in (shown, value.note) if x)}"


def heights_text(heights: MeasuredHeights | None) -> str:
    """Heights of a vertebra and of those beside it, or why there are none."""
    if heights is None:
        return "not measured"
    body = (heights.anterior_mm, heights.middle_mm, heights.posterior_mm)
    if all(h.value is None for h in body):
        return measured_text(heights.anterior_mm)
    parts = [f"{n} {measured_text(h)}" for n, h in zip(("front", "middle", "back"), body, strict=True)]
    return f"{', '.join(parts)}; back of those beside it {measured_text(heights.reference_mm)}"


def units_text(units: Sequence[UnitShare]) -> str:
    """Every bone unit with the share of it that is taken."""
    if not units:
        return "not measured"
    return "; ".join(f"{site(unit.site_id).name} {measured_text(unit.share)}" for unit in units)


def segment_text(candidate: Candidate) -> str:
    """Segment in words: "distal metaphysis"; "" for a whole bone."""
    segment = candidate.site.segment.value
    return (
        ""
        if segment in ("whole", "vertebra")
        else segment.replace("_", " ").replace("s2 s5", "S2–S5").replace("s1", "S1")
    )


def bone_text(candidate: Candidate) -> str:
    """Bone without side: "tibia", "T8 vertebra"."""
    unit = candidate.site
    return f"{unit.level} vertebra" if unit.level else unit.bone.replace("_", " ")


def signal_step(log_ratio: float | None) -> str:
    """A natural logarithm of a signal ratio as percent: "+22 %"; "–" when unknown."""
    if log_ratio is None:
        return "–"
    percent = round(100 * (math.exp(log_ratio) - 1))
    return f"{percent:+d} %" if percent else "0 %"


def count(n: int, one: str, many: str | None = None) -> str:
    """ "1 candidate", "3 candidates", "no candidate"."""
    if n == 0:
        return f"no {one}"
    return f"{n} {one if n == 1 else many or one + 's'}"


def listed(items: list[str], most: int = 12) -> str:
    """Comma list, shortened with the number left out."""
    if len(items) <= most:
        return ", ".join(items)
    return ", ".join(items[:most]) + f" and {len(items) - most} more"
