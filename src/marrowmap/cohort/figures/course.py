"""Lesions and scores over time since diagnosis: medians with quartiles in steps of half a year."""

from __future__ import annotations

from typing import Any

import numpy as np

from marrowmap.cohort.cohort import CLINICAL, IMAGING, Cohort
from marrowmap.cohort.figures.figure import BLUE, MUTED, ORANGE, PURPLE, Figure, draw, not_drawn

_TITLE = "Course over time"
_STEP, _LAST = 6, 60
_MONTH = 365.25 / 12
_PANELS = (
    ("pain_score", "Pain (0 to 10)", PURPLE),
    ("physician_global", "Physician global (0 to 10)", BLUE),
    (CLINICAL, "Painful sites found so far", ORANGE),
    (IMAGING, "Imaging lesions found so far", "#b2182b"),
)


def course_figure(cohort: Cohort) -> Figure:
    """Four panels. Scores: each patient's mean in the half-year; lesions: found up to its end. Unit: patient."""
    import altair as alt

    synthetic = cohort.extract.synthetic
    rows: list[dict[str, Any]] = []
    for name, label, _ in _PANELS:
        values = _lesions_so_far(cohort, name) if name in (CLINICAL, IMAGING) else _scores(cohort, name)
        rows += _summaries(values, label)
    if not rows:
        return not_drawn("course", _TITLE, "no score and no lesion has a known day", synthetic)
    panels = []
    for _, label, colour in _PANELS:
        mine = [r for r in rows if r["panel"] == label]
        if not mine:
            continue
        x = alt.X(
            "month:Q",
            title="Months since diagnosis",
            axis=alt.Axis(values=list(range(0, _LAST + 1, 12)), labelFlush=False),
        )
        base = alt.Chart(alt.Data(values=mine))
        y = alt.Y("median:Q", title=label, scale=alt.Scale(domainMin=0))
        band = base.mark_area(opacity=0.2, color=colour).encode(x=x, y=alt.Y("lower:Q"), y2="upper:Q")
        line = base.mark_line(
            color=colour, strokeWidth=2, point=alt.OverlayMarkDef(color=colour, size=28)
        ).encode(x=x, y=y)
        low = (
            alt.Chart(alt.Data(values=mine[::2]))
            .mark_text(fontSize=9, color=MUTED)
            .encode(x=x, y=alt.value(-7), text="n:Q")
        )
        panels.append(alt.layer(band, line, low).properties(width=330, height=218))
    chart = alt.concat(*panels, columns=2, spacing=26)
    subtitle = "Unit: patient; line: median, band: quartiles, small numbers above: patients with a value"
    caption = (
        f"{subtitle}. Scores: each patient's mean over the visits of the half-year. Lesions: found up to the end "
        "of the half-year, in patients still followed; lesions that healed are not taken off."
    )
    return Figure("course", _TITLE, caption, draw(chart, _TITLE, subtitle, synthetic), tuple(rows), synthetic)


def _bins() -> np.ndarray:
    return np.arange(0, _LAST + _STEP, _STEP)


def _scores(cohort: Cohort, name: str) -> np.ndarray:
    """[patient, half-year]: mean of the score; NaN without a visit."""
    owner = cohort.column("visits", "patient")
    value = cohort.column("visits", name)
    month = (
        cohort.column("visits", "visit_day") - cohort.column("patients", "diagnosis_day")[owner]
    ) / _MONTH
    known = ~np.isnan(value) & ~np.isnan(month) & (month >= 0) & (month < _LAST + _STEP)
    step = (month[known] // _STEP).astype(int)
    total, count = (np.zeros((cohort.n_patients, len(_bins()))) for _ in range(2))
    np.add.at(total, (owner[known], step), value[known])
    np.add.at(count, (owner[known], step), 1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _lesions_so_far(cohort: Cohort, kind: str) -> np.ndarray:
    """[patient, half-year]: lesions found up to its end; NaN after the last contact."""
    from marrowmap.cohort.remission import last_contact

    rows = cohort.lesions(kind).mask
    owner = cohort.column("lesions", "patient")[rows]
    zero = cohort.column("patients", "diagnosis_day")
    month = (cohort.column("lesions", "first_seen_day")[rows] - zero[owner]) / _MONTH
    end = (last_contact(cohort) - zero) / _MONTH
    found = np.full((cohort.n_patients, len(_bins())), np.nan)
    for step, start in enumerate(_bins()):
        inside = month < start + _STEP
        here = np.bincount(owner[inside], minlength=cohort.n_patients).astype(float)
        found[:, step] = np.where(end >= start, here, np.nan)
    return found


def _summaries(values: np.ndarray, label: str) -> list[dict[str, Any]]:
    rows = []
    for step, start in enumerate(_bins()):
        known = values[:, step][~np.isnan(values[:, step])]
        if len(known):
            low, middle, high = (float(v) for v in np.percentile(known, [25, 50, 75]))
            rows.append(
                {
                    "panel": label,
                    "month": int(start),
                    "median": middle,
                    "lower": low,
                    "upper": high,
                    "n": len(known),
                }
            )
    return rows
