"""Painful sites and imaging lesions as two circles that overlap, areas in proportion (Fig. 1 of seed 003)."""

from __future__ import annotations

from math import acos, pi, sqrt
from typing import Any

from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.figures.figure import BLUE, INK, YELLOW, Figure, draw, not_drawn
from marrowmap.cohort.tables.cross import overlap_counts

_TITLE = "Painful sites and imaging lesions"
_WIDTH, _HEIGHT = 640, 290


def overlap_figure(cohort: Cohort) -> Figure:
    """Both circles and their common part have areas in proportion to the counts. Unit: lesion."""
    import altair as alt

    both, pain_only, imaging_only = overlap_counts(cohort)
    synthetic = cohort.extract.synthetic
    painful, seen = both + pain_only, both + imaging_only
    if not painful or not seen:
        return not_drawn("overlap", _TITLE, "there are no painful sites or no imaging lesions", synthetic)
    scale = 120 / sqrt(max(painful, seen))
    r1, r2 = scale * sqrt(painful), scale * sqrt(seen)
    gap = _distance(r1, r2, both / painful * pi * r1 * r1)
    middle = (_WIDTH - gap + r1 - r2) / 2
    circles = [
        {"x": middle, "r": r1, "what": "painful sites", "n": painful},
        {"x": middle + gap, "r": r2, "what": "imaging lesions", "n": seen},
    ]
    left, right = middle - r1, middle + gap + r2
    inner_left, inner_right = middle + gap - r2, middle + r1
    labels = [
        {"x": (left + inner_left) / 2, "text": str(pain_only)},
        {"x": (inner_left + inner_right) / 2, "text": str(both)},
        {"x": (inner_right + right) / 2, "text": str(imaging_only)},
    ]
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, _WIDTH], nice=False), axis=None)
    y = alt.value(_HEIGHT / 2)
    base = alt.Chart(alt.Data(values=[{**c, "size": (2 * c["r"]) ** 2} for c in circles]))
    discs = base.mark_circle(opacity=0.62, blend="multiply", stroke=INK, strokeWidth=1).encode(
        x=x,
        y=y,
        size=alt.Size("size:Q", scale=None),
        color=alt.Color(
            "what:N",
            scale=alt.Scale(domain=["painful sites", "imaging lesions"], range=[BLUE, YELLOW]),
            legend=None,
        ),
    )
    text = alt.Chart(alt.Data(values=labels))
    numbers = text.mark_text(fontSize=24, fontWeight="bold", dy=-8, color=INK).encode(x=x, y=y, text="text:N")
    words = [
        _words(
            alt, left - 10, "right", f"Painful sites: {painful}", ["of them not on imaging:", f"{pain_only}"]
        ),
        _words(
            alt, right + 10, "left", f"Imaging lesions: {seen}", ["of them not painful:", f"{imaging_only}"]
        ),
    ]
    inside = alt.Chart(
        alt.Data(values=[{"x": (inner_left + inner_right) / 2, "t": ["painful and", "on imaging"]}])
    )
    common = inside.mark_text(fontSize=12, dy=14, color=INK, lineHeight=15).encode(x=x, y=y, text="t:N")
    chart = alt.layer(discs, numbers, common, *words).properties(width=_WIDTH, height=_HEIGHT)
    caption = (
        f"Unit: lesion. {both} + {pain_only} = {painful} painful sites; {both} + {imaging_only} = {seen} imaging "
        f"lesions; {both + pain_only + imaging_only} in all. Areas are in proportion."
    )
    data = (
        {"part": "painful, on imaging", "lesions": both},
        {"part": "painful, not on imaging", "lesions": pain_only},
        {"part": "on imaging, not painful", "lesions": imaging_only},
    )
    subtitle = f"Unit: lesion; {both + pain_only + imaging_only} sites with pain, imaging lesion or both"
    return Figure("overlap", _TITLE, caption, draw(chart, _TITLE, subtitle, synthetic), data, synthetic)


def _words(alt: Any, at: float, align: str, head: str, lines: list[str]) -> Any:
    """A heading and what it splits into, beside its circle."""
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, _WIDTH], nice=False), axis=None)
    base = alt.Chart(alt.Data(values=[{"x": at, "head": head, "lines": " ".join(lines)}]))
    top = base.mark_text(align=align, fontSize=14, fontWeight="bold", color=INK, dy=-10)
    below = base.mark_text(align=align, fontSize=12, color=INK, dy=10)
    y = alt.value(_HEIGHT / 2)
    return top.encode(x=x, y=y, text="head:N") + below.encode(x=x, y=y, text="lines:N")


def _distance(r1: float, r2: float, area: float) -> float:
    """Distance of the centres at which two circles share this area; found by halving."""
    low, high = abs(r1 - r2), r1 + r2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _shared(r1, r2, middle) > area else (low, middle)
    return (low + high) / 2


def _shared(r1: float, r2: float, d: float) -> float:
    if d >= r1 + r2:
        return 0.0
    if d <= abs(r1 - r2):
        return pi * min(r1, r2) ** 2
    a = acos((d * d + r1 * r1 - r2 * r2) / (2 * d * r1))
    b = acos((d * d + r2 * r2 - r1 * r1) / (2 * d * r2))
    root = sqrt((-d + r1 + r2) * (d + r1 - r2) * (d - r1 + r2) * (d + r1 + r2))
    return r1 * r1 * a + r2 * r2 * b - root / 2
