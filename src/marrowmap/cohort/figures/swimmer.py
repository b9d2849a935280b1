"""One lane per child: follow-up, treatments, remission and loss. Months since diagnosis."""

from __future__ import annotations

from typing import Any

import numpy as np

from marrowmap.cohort.choices import RemissionChoice, TimeOrigin
from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.figures.figure import (
    BLUE,
    CYAN,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    RED,
    YELLOW,
    Figure,
    draw,
    not_drawn,
)
from marrowmap.cohort.remission import last_contact, remission_times
from marrowmap.cohort.tables.treatments import GROUPS, drug_rows
from marrowmap.core.record.drugs import DrugGroup

MOST_LANES = 60
_COLOURS = {
    DrugGroup.NSAID: BLUE,
    DrugGroup.BISPHOSPHONATE: ORANGE,
    DrugGroup.CONVENTIONAL_DMARD: PURPLE,
    DrugGroup.GLUCOCORTICOID: RED,
    DrugGroup.TNF_INHIBITOR: YELLOW,
    DrugGroup.OTHER_BIOLOGIC: CYAN,
}
_MONTH = 365.25 / 12


def swimmer_figure(cohort: Cohort, choice: RemissionChoice | None = None) -> Figure:
    """Lanes in order of follow-up; the first ``MOST_LANES`` in a larger cohort. Unit: patient."""
    import altair as alt

    chosen = choice or RemissionChoice()
    title, synthetic = "Course of each child", cohort.extract.synthetic
    diagnosis = np.asarray(cohort.column("patients", "diagnosis_day"), float)
    end = (last_contact(cohort) - diagnosis) / _MONTH
    known = np.flatnonzero(~np.isnan(end))
    if len(known) == 0:
        return not_drawn("swimmer", title, "no day of diagnosis or of last contact is known", synthetic)
    shown = known[np.argsort(-end[known], kind="stable")][:MOST_LANES]
    lane = {int(p): n for n, p in enumerate(shown)}
    drugs = _drugs(cohort, lane, diagnosis, end)
    marks = _marks(cohort, chosen, lane, end)
    follow = [{"lane": n, "x": 0.0, "x2": float(end[p]), "name": f"{n + 1}"} for p, n in lane.items()]
    y = alt.Y("lane:O", axis=alt.Axis(title="Patient", labels=False, ticks=False, domain=False, grid=False))
    years = list(range(0, int(np.nanmax(end[shown])) + 12, 12))
    x = alt.X("x:Q", title="Months since diagnosis", axis=alt.Axis(values=years, labelFlush=False))
    lanes = (
        alt.Chart(alt.Data(values=follow)).mark_bar(height=11, color="#e9edf1").encode(x=x, x2="x2:Q", y=y)
    )
    names = [GROUPS[g] for g in _COLOURS]
    colour = alt.Color(
        "drug:N", title="Treatment", scale=alt.Scale(domain=names, range=list(_COLOURS.values()))
    )
    bars = alt.Chart(alt.Data(values=drugs)).mark_rect(height=2.6).encode(
        x=x, x2="x2:Q", y=alt.Y("lane:O"), yOffset=alt.YOffset("slot:O", scale=alt.Scale(domain=list(range(6)))),
        color=colour,
    )  # fmt: skip
    shape = alt.Shape(
        "event:N",
        title="Event",
        scale=alt.Scale(
            domain=["remission begins", "lost to follow-up", "followed on"],
            range=["diamond", "cross", "triangle-right"],
        ),
    )
    points = (
        alt.Chart(alt.Data(values=marks))
        .mark_point(size=62, filled=True, stroke="white", strokeWidth=0.6)
        .encode(
            x=x,
            y=y,
            shape=shape,
            fill=alt.Fill(
                "event:N",
                scale=alt.Scale(
                    domain=["remission begins", "lost to follow-up", "followed on"], range=[GREEN, RED, INK]
                ),
                legend=None,
            ),
        )
    )
    chart = (
        alt.layer(lanes, bars, points)
        .properties(width=720, height=17 * len(shown))
        .resolve_scale(shape="independent")
    )
    kept = (
        f"the {len(shown)} longest followed of {len(known)}" if len(shown) < len(known) else f"{len(shown)}"
    )
    missing = cohort.n_patients - len(known)
    subtitle = f"Unit: patient; {kept} patients; {missing} without known follow-up left out"
    caption = (
        f"One lane a patient, longest follow-up first; {subtitle.lower()}. Remission: reading '{chosen.reading}'. "
        "A treatment without a stop runs to the last contact."
    )
    data = tuple({**d, "lane": d["lane"] + 1} for d in (*marks, *drugs))
    return Figure("swimmer", title, caption, draw(chart, title, subtitle, synthetic), data, synthetic)


def _drugs(
    cohort: Cohort, lane: dict[int, int], diagnosis: np.ndarray, end: np.ndarray
) -> list[dict[str, Any]]:
    owner = cohort.column("treatments", "patient")
    start, stop = cohort.column("treatments", "start_day"), cohort.column("treatments", "stop_day")
    found = []
    for slot, group in enumerate(_COLOURS):
        for row in np.flatnonzero(drug_rows(cohort, group)):
            patient = int(owner[row])
            if patient not in lane:
                continue
            begin = (start[row] - diagnosis[patient]) / _MONTH
            last = end[patient] if np.isnan(stop[row]) else (stop[row] - diagnosis[patient]) / _MONTH
            # a single infusion would have no width
            found.append(
                {"lane": lane[patient], "slot": slot, "x": float(begin), "x2": float(max(last, begin + 0.5)),
                 "drug": GROUPS[group]}
            )  # fmt: skip
    return found


def _marks(
    cohort: Cohort, choice: RemissionChoice, lane: dict[int, int], end: np.ndarray
) -> list[dict[str, Any]]:
    times = remission_times(cohort, choice.reading, TimeOrigin.DIAGNOSIS)
    lost = cohort.column("patients", "lost_to_follow_up") == 1
    found = []
    for patient, n in lane.items():
        if times.reached[patient]:
            found.append({"lane": n, "x": float(times.months[patient]), "event": "remission begins"})
        word = "lost to follow-up" if lost[patient] else "followed on"
        found.append({"lane": n, "x": float(end[patient]), "event": word})
    return found
