"""The course of one child as one figure: swimmer lanes of exams, lesion counts, scores, laboratory, treatments.

Every lane has its own scale, written at its left; time runs to the right and is the same for all lanes. A value
that is missing leaves a gap, never a zero, and no line is drawn over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from marrowmap.core.followup.comparison import Comparison
from marrowmap.core.reading import Reading
from marrowmap.core.record.patient import PatientRecord
from marrowmap.core.record.units import Analyte
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.scores import rai_cromris
from marrowmap.report.figures import FONT

WIDTH, LEFT, RIGHT = 1120.0, 196.0, 44.0
TOP = 34.0
LANE, BAR = 76.0, 26.0
COLOURS = ("#0077bb", "#ee7733", "#009988", "#cc3311", "#33bbee", "#aa4499")
TREATMENT_COLOUR = "#7a8fa3"


@dataclass(frozen=True)
class Track:
    """Values over time in one lane. None: not measured on that day; it breaks the line. unit: "" for a count."""

    name: str
    unit: str
    values: tuple[tuple[date, float | None], ...]


@dataclass(frozen=True)
class Span:
    """One course of a treatment. stop: None while it runs."""

    name: str
    start: date
    stop: date | None


@dataclass(frozen=True)
class Course:
    """What the figure shows. exams: day and words under its mark. end: last day drawn for what still runs."""

    exams: tuple[tuple[date, str], ...]
    tracks: tuple[Track, ...]
    spans: tuple[Span, ...]
    synthetic: bool = False

    @property
    def days(self) -> tuple[date, ...]:
        """Every day that is drawn, in order."""
        days = [d for d, _ in self.exams] + [d for t in self.tracks for d, _ in t.values]
        days += [s.start for s in self.spans] + [s.stop for s in self.spans if s.stop is not None]
        return tuple(sorted(set(days)))


def course_of(
    readings: Sequence[Reading],
    comparisons: Sequence[Comparison] = (),
    record: PatientRecord | None = None,
    rules: Rulebook = DEFAULT_RULES,
) -> Course:
    """The course from dated readings (two to twenty), what was compared, and the patient record.

    Readings without a date cannot be drawn and are left out. RAI is shown where it could be computed.
    """
    dated = sorted((r for r in readings if r.exam_date is not None), key=lambda r: str(r.exam_date))
    words = {c.after.id: _became(c) for c in comparisons}
    exams = tuple((r.exam_date, words.get(r.id, "")) for r in dated if r.exam_date is not None)
    tracks = [
        Track(
            "active lesions",
            "",
            tuple((r.exam_date, float(len(r.active_lesions))) for r in dated if r.exam_date),
        )
    ]
    rai = tuple((r.exam_date, rai_cromris.score(Case(reading=r), rules).value) for r in dated if r.exam_date)
    if any(v is not None for _, v in rai):
        tracks.append(Track("RAI-CROMRIS (unverified)", "points", rai))
    spans: list[Span] = []
    if record is not None:
        tracks += _of_visits(record)
        spans = [
            Span(t.name_as_documented or t.drug.replace("_", " "), t.start, t.stop) for t in record.treatments
        ]
    synthetic = any(r.synthetic for r in readings) or bool(record and record.synthetic)
    return Course(exams, tuple(tracks), tuple(spans), synthetic)


def _became(comparison: Comparison) -> str:
    counts = comparison.response.all_lesions.by_class
    shown = ("resolved", "improved", "worsened", "new")
    return ", ".join(f"{counts[name]} {name}" for name in shown if counts[name])


def _of_visits(record: PatientRecord) -> list[Track]:
    visits = record.visits_in_order
    found = []
    for analyte, name, unit in ((Analyte.CRP, "CRP", "mg/L"), (Analyte.ESR, "ESR", "mm/h")):
        values = tuple((v.date, None if (lab := v.lab(analyte)) is None else lab.value) for v in visits)
        found.append(Track(name, unit, values))
    for field, name in (("physician_global", "physician global"), ("patient_global", "patient global")):
        found.append(Track(name, "0 to 10", tuple((v.date, getattr(v.outcomes, field)) for v in visits)))
    return [t for t in found if any(v is not None for _, v in t.values)]


def timeline_svg(course: Course, title: str = "Course") -> str:
    """SVG text; colours of writing follow the page (``currentColor``). "" when nothing is dated."""
    days = course.days
    if not days:
        return ""
    scale = _Scale(days[0], days[-1])
    parts, y = [_marks_of_exams(course, scale)], TOP + 40.0
    for k, track in enumerate(course.tracks):
        parts.append(_lane(track, y, scale, COLOURS[k % len(COLOURS)]))
        y += LANE
    for span in course.spans:
        parts.append(_span(span, y, scale))
        y += BAR
    height = y + 46
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:g}" role="img" '
        f'aria-label={quoteattr(f"{title}. {_spoken(course)}")} font-family="{FONT}" fill="currentColor" '
        f'font-size="13">{_axis(scale, y + 6)}{_exam_lines(course, scale, y)}{"".join(parts)}'
        + (_text(8, 16, "synthetic child", "start", "var(--orange, #b45309)") if course.synthetic else "")
        + "</svg>"
    )


class _Scale:
    """Days to x."""

    def __init__(self, first: date, last: date) -> None:
        self.first, self.last = first, last
        self.days = max((last - first).days, 1)

    def x(self, day: date) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (day - self.first).days / self.days


def _text(x: float, y: float, text: str, anchor: str = "start", fill: str = "", size: float = 13) -> str:
    colour = f' fill="{fill}"' if fill else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}"{colour}>{escape(text)}</text>'


def _axis(scale: _Scale, y: float) -> str:
    out = [f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="currentColor" stroke-opacity=".5"/>']
    step = next(s for s in (1, 3, 6, 12, 24, 60, 120) if scale.days / 30.4 / s <= 14 or s == 120)
    month = scale.first.year * 12 + scale.first.month - 1
    month += -month % step
    while (day := date(month // 12, month % 12 + 1, 1)) <= scale.last:
        if day >= scale.first:
            x = scale.x(day)
            words = f"{day.year}" if step >= 12 else f"{day:%Y-%m}"
            out.append(
                f'<path d="M{x:.1f} {y}v6" stroke="currentColor"/>'
                + _text(x, y + 21, words, "middle", size=12)
            )
        month += step
    return "".join(out)


def _exam_lines(course: Course, scale: _Scale, bottom: float) -> str:
    return "".join(
        f'<path d="M{scale.x(day):.1f} {TOP + 14}V{bottom:.1f}" stroke="currentColor" stroke-opacity=".16"/>'
        for day, _ in course.exams
    )


def _marks_of_exams(course: Course, scale: _Scale) -> str:
    out, end = [_text(LEFT - 18, TOP + 11, "whole-body MRI", "end")], -1e9
    for day, words in course.exams:
        x = scale.x(day)
        told = f"{day.isoformat()}{': ' + words if words else ''}"
        out.append(
            f'<path d="M{x:.1f} {TOP - 2}l8 9l-8 9l-8 -9Z" fill="#0b5e8a" stroke="#ffffff" stroke-width="1">'
            f"<title>{escape(told)}</title></path>"
        )
        width = 6.1 * len(words)
        start = min(x - width / 2, WIDTH - RIGHT - width)
        if words and start > end + 8:
            out.append(_text(start, TOP - 9, words, size=11.5))
            end = start + width
    return "".join(out)


def _lane(track: Track, y: float, scale: _Scale, colour: str) -> str:
    known = [v for _, v in track.values if v is not None]
    top = _nice(max([*known, 0.0]))
    low, high = y + LANE - 14, y + 10

    def place(day: date, value: float) -> tuple[float, float]:
        return scale.x(day), low - (low - high) * value / top

    unit = f" ({track.unit})" if track.unit else ""
    out = [
        _text(LEFT - 18, y + LANE / 2, track.name, "end"),
        _text(LEFT - 18, y + LANE / 2 + 16, unit.strip(" ()"), "end", size=11),
        f'<path d="M{LEFT} {low}H{WIDTH - RIGHT}M{LEFT} {high}H{WIDTH - RIGHT}" stroke="currentColor" '
        'stroke-opacity=".18"/>',
        _text(LEFT - 6, low + 4, "0", "end", size=10),
        _text(LEFT - 6, high + 4, f"{top:g}", "end", size=11),
    ]
    run: list[str] = []
    for day, value in sorted(track.values, key=lambda v: v[0]):
        if value is None:
            out.append(_stroke(run, colour))
            run = []
            continue
        x, height = place(day, value)
        run.append(f"{x:.1f} {height:.1f}")
        out.append(
            f'<circle cx="{x:.1f}" cy="{height:.1f}" r="4.2" fill="{colour}" stroke="#ffffff" stroke-width="1">'
            f"<title>{escape(f'{day.isoformat()}: {track.name} {value:g}{unit}')}</title></circle>"
        )
        if len(known) <= 24:
            out.append(_text(max(x, LEFT + 8), height - 8, f"{value:g}", "middle", size=11))
    out.append(_stroke(run, colour))
    return "".join(out)


def _stroke(points: list[str], colour: str) -> str:
    if len(points) < 2:
        return ""
    return (
        f'<path d="M{"L".join(points)}" fill="none" stroke="{colour}" stroke-width="2" stroke-opacity=".75"/>'
    )


def _nice(top: float) -> float:
    """A round upper end of a scale at or above ``top``."""
    if top <= 0:
        return 1.0
    power = 10.0 ** (len(f"{int(top)}") - 1) if top >= 1 else 0.1
    return next(power * s for s in (1, 2, 3, 4, 5, 6, 8, 10) if power * s >= top - 1e-9)


def _span(span: Span, y: float, scale: _Scale) -> str:
    left, right = scale.x(span.start), scale.x(span.stop or scale.last)
    runs = span.stop is None
    tip = "l9 9l-9 9" if runs else "v18"
    told = f"{span.name}: {span.start.isoformat()} to {span.stop.isoformat() if span.stop else 'now'}"
    return (
        _text(LEFT - 18, y + 16, span.name, "end")
        + f'<path d="M{left:.1f} {y + 3:.1f}H{max(right, left + 3):.1f}{tip}H{left:.1f}Z" fill="{TREATMENT_COLOUR}" '
        f'fill-opacity=".8"><title>{escape(told)}</title></path>'
    )


def _spoken(course: Course) -> str:
    parts = [f"Exam {d.isoformat()}{': ' + w if w else ''}" for d, w in course.exams]
    for track in course.tracks:
        values = ", ".join("not measured" if v is None else f"{v:g}" for _, v in track.values)
        parts.append(f"{track.name}: {values}")
    parts += [f"{s.name} from {s.start} to {s.stop or 'now'}" for s in course.spans]
    return "; ".join(parts) + "."
