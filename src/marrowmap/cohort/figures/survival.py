"""Kaplan-Meier curve of the time to remission, with its interval, censoring and numbers at risk."""

from __future__ import annotations

import numpy as np

from marrowmap.cohort.choices import RemissionChoice
from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.figures.figure import BLUE, INK, MUTED, Figure, draw, not_drawn
from marrowmap.cohort.survival import time_to_remission

_TITLE = "Time to remission"


def survival_figure(cohort: Cohort, choice: RemissionChoice | None = None) -> Figure:
    """Share of children not yet in remission. Children without remission are censored at their last contact."""
    import altair as alt

    chosen, synthetic = choice or RemissionChoice(), cohort.extract.synthetic
    curve = time_to_remission(cohort, chosen)
    if curve is None:
        return not_drawn("survival", _TITLE, "no child has a known time of follow-up", synthetic)
    top = float(np.ceil(curve.steps[-1]["month"] / 12) * 12)
    x = alt.X(
        "month:Q",
        title=f"Months since {chosen.origin}",
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(values=list(range(0, int(top) + 1, 12))),
    )
    y = alt.Y(
        "share:Q",
        title="Share not yet in remission",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%"),
    )
    steps = alt.Chart(alt.Data(values=curve.steps))
    band = steps.mark_area(interpolate="step-after", opacity=0.18, color=BLUE).encode(
        x=x, y=alt.Y("low:Q"), y2="high:Q"
    )
    line = steps.mark_line(interpolate="step-after", color=BLUE, strokeWidth=2).encode(x=x, y=y)
    ticks = alt.Chart(alt.Data(values=curve.censored)).mark_tick(
        orient="vertical", size=13, thickness=1.6, color=INK
    ).encode(x=x, y=y)  # fmt: skip
    main = alt.layer(band, line, ticks).properties(width=640, height=320)
    at_risk = alt.Chart(alt.Data(values=curve.at_risk)).mark_text(fontSize=11, color=INK).encode(
        x=alt.X("month:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=None), text="n:Q"
    ).properties(
        width=640, height=18,
        title=alt.TitleParams("Number at risk", fontSize=11, color=MUTED, anchor="start", offset=2),
    )  # fmt: skip
    chart = alt.vconcat(main, at_risk, spacing=6)
    median = "not reached" if curve.median is None else f"{curve.median:.1f} months"
    subtitle = (
        f"Unit: patient; {curve.n} patients, {curve.events} remissions, {curve.n - curve.events} censored (ticks); "
        f"median {median}"
    )
    caption = (
        f"Kaplan-Meier estimate with 95 % interval (log-log). {subtitle}. Remission: reading '{chosen.reading}', "
        f"{chosen.reading.words}. {cohort.n_patients - curve.n} patients without known times are left out."
    )
    return Figure(
        "survival", _TITLE, caption, draw(chart, _TITLE, subtitle, synthetic), tuple(curve.steps), synthetic
    )
