"""The way of each patient through treatment, from treatment records (Fig. 2 of seed 003): Sankey and tree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from marrowmap.cohort.choices import RemissionChoice
from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.figures.figure import (
    BLUE,
    CYAN,
    GREEN,
    GREY,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    RED,
    YELLOW,
    Figure,
    draw,
    not_drawn,
)
from marrowmap.cohort.remission import remission_times
from marrowmap.cohort.tables.treatments import GROUPS, TOGETHER_DAYS, drug_rows
from marrowmap.core.record.drugs import DrugGroup

_SHORT = {
    DrugGroup.NSAID: "NSAID",
    DrugGroup.BISPHOSPHONATE: "bisphosphonate",
    DrugGroup.CONVENTIONAL_DMARD: "DMARD",
    DrugGroup.GLUCOCORTICOID: "corticosteroid",
    DrugGroup.TNF_INHIBITOR: "TNF inhibitor",
    DrugGroup.OTHER_BIOLOGIC: "other biologic",
}
_LEFT_OUT = frozenset({DrugGroup.GLUCOCORTICOID})
"""Bridging drugs are no line of their own in the flow; the table of treatments counts them."""
_COLOURS = {
    "NSAID": BLUE,
    "bisphosphonate": ORANGE,
    "DMARD": PURPLE,
    "bisphosphonate + DMARD": "#b0527a",
    "TNF inhibitor": YELLOW,
    "other biologic": CYAN,
    "remission": GREEN,
    "lost to follow-up": GREY,
    "no remission": RED,
}
_NOTE = (
    f"Drugs begun within {TOGETHER_DAYS} days of each other count as one step (our limit). Corticosteroids are "
    "left out. The end is the outcome at the last contact."
)


def treatment_paths(cohort: Cohort, choice: RemissionChoice) -> Counter[tuple[str, ...]]:
    """How many patients went which way: steps in order of their first dose, the outcome last. Unit: patient."""
    first = {group: _first_day(cohort, group) for group in GROUPS if group not in _LEFT_OUT}
    reached = remission_times(cohort, choice.reading, choice.origin).reached
    lost = cohort.column("patients", "lost_to_follow_up") == 1
    paths: Counter[tuple[str, ...]] = Counter()
    for patient in range(cohort.n_patients):
        begun = sorted((days[patient], _SHORT[g]) for g, days in first.items() if not np.isnan(days[patient]))
        outcome = (
            "remission" if reached[patient] else "lost to follow-up" if lost[patient] else "no remission"
        )
        paths[*_steps(begun), outcome] += 1
    return paths


def _first_day(cohort: Cohort, group: DrugGroup) -> np.ndarray:
    rows = drug_rows(cohort, group)
    first = np.full(cohort.n_patients, np.inf)
    np.minimum.at(
        first, cohort.column("treatments", "patient")[rows], cohort.column("treatments", "start_day")[rows]
    )
    return np.where(np.isinf(first), np.nan, first)


def _steps(begun: list[tuple[float, str]]) -> list[str]:
    steps: list[tuple[float, list[str]]] = []
    for day, name in begun:
        # the NSAID is the first line even when the second began in the same month
        if steps and day - steps[-1][0] <= TOGETHER_DAYS and "NSAID" not in steps[-1][1]:
            steps[-1][1].append(name)
        else:
            steps.append((day, [name]))
    return [" + ".join(sorted(names, key=list(_SHORT.values()).index)) for _, names in steps]


@dataclass
class _Node:
    name: str
    column: int
    n: int = 0
    top: float = 0.0
    used_in: float = 0.0
    used_out: float = 0.0


def sankey_figure(cohort: Cohort, choice: RemissionChoice | None = None) -> Figure:
    """Flow of patients between treatment steps; widths are numbers of patients."""
    import altair as alt

    chosen = choice or RemissionChoice()
    title, synthetic = "Treatment flow", cohort.extract.synthetic
    paths = treatment_paths(cohort, chosen)
    if not paths or len(cohort.extract.tables["treatments"]) == 0:
        return not_drawn("treatment_sankey", title, "no treatment is recorded", synthetic)
    last = max(len(p) for p in paths) - 1
    links: Counter[tuple[tuple[int, str], tuple[int, str]]] = Counter()
    for path, n in paths.items():
        spots = [*((k, s) for k, s in enumerate(path[:-1])), (last, path[-1])]
        for a, b in pairwise(spots):
            links[a, b] += n
    nodes = _laid_out(links, cohort.n_patients)
    width, height, bar = 780, 380, 14
    scale_x = alt.Scale(domain=[0, last * 100 + 14], nice=False)
    scale_y = alt.Scale(domain=[_total(nodes), 0], nice=False)
    ribbons = []
    for number, ((a, b), n) in enumerate(
        sorted(links.items(), key=lambda kv: (nodes[kv[0][0]].top, nodes[kv[0][1]].top))
    ):
        ribbons += _ribbon(nodes[a], nodes[b], n, number, bar / 7.8)
    bars = [
        {"x": n.column * 100, "x2": n.column * 100 + bar / 7.8, "y": n.top, "y2": n.top + n.n, "name": n.name,
         "label": f"{n.name} ({n.n})"}
        for n in nodes.values()
    ]  # fmt: skip
    names = sorted({b["name"] for b in bars})
    colour = alt.Color(
        "name:N", scale=alt.Scale(domain=names, range=[_colour(n) for n in names]), legend=None
    )
    x, y = alt.X("x:Q", scale=scale_x, axis=None), alt.Y("y:Q", scale=scale_y, axis=None)
    flows = (
        alt.Chart(alt.Data(values=ribbons))
        .mark_area(opacity=0.38)
        .encode(x=x, y=y, y2="y2:Q", detail="link:N", color=colour)
    )
    rects = alt.Chart(alt.Data(values=bars)).mark_rect().encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=colour)
    words = alt.Chart(alt.Data(values=[{**b, "mid": (b["y"] + b["y2"]) / 2} for b in bars]))
    halo, text = (
        words.mark_text(align="left", dx=18, fontSize=12, fontWeight="bold", **style).encode(
            x=x, y=alt.Y("mid:Q", scale=scale_y, axis=None), text="label:N"
        )
        for style in (
            {"color": "white", "stroke": "white", "strokeWidth": 3, "opacity": 0.75},
            {"color": INK},
        )
    )
    chart = alt.layer(flows, rects, halo, text).properties(width=width, height=height)
    caption = f"Unit: patient; {cohort.n_patients} patients, each with one way from left to right. {_NOTE}"
    subtitle = f"Unit: patient; {cohort.n_patients} patients; remission: reading '{chosen.reading}'"
    data = tuple(
        {"from": a[1], "to": b[1], "step": a[0] + 1, "patients": n} for (a, b), n in sorted(links.items())
    )
    return Figure(
        "treatment_sankey", title, caption, draw(chart, title, subtitle, synthetic), data, synthetic
    )


def _colour(name: str) -> str:
    return _COLOURS.get(name, MUTED)


def _laid_out(links: Counter, n_patients: int) -> dict[tuple[int, str], _Node]:
    nodes: dict[tuple[int, str], _Node] = {}
    for a, b in links:
        for key in (a, b):
            nodes.setdefault(key, _Node(key[1], key[0]))
    for key, node in nodes.items():
        into = sum(n for (_, b), n in links.items() if b == key)
        out = sum(n for (a, _), n in links.items() if a == key)
        node.n = max(into, out)
    gap = n_patients * 0.09
    order = list(_COLOURS)
    for column in {k[0] for k in nodes}:
        here = sorted(
            (n for n in nodes.values() if n.column == column),
            key=lambda n: order.index(n.name) if n.name in order else len(order),
        )
        top = 0.0
        for node in here:
            node.top = top
            top += node.n + gap
    # the shorter columns start lower, so that ribbons to the outcome pass above them
    tallest = _total(nodes)
    outcome = max(k[0] for k in nodes)
    for column in {k[0] for k in nodes}:
        here = [n for n in nodes.values() if n.column == column]
        height = max(n.top + n.n for n in here)
        shift = 0.0 if column in (0,) else (tallest - height) * (0.5 if column == outcome else 1.0)
        for node in here:
            node.top += shift
    return nodes


def _total(nodes: dict[tuple[int, str], _Node]) -> float:
    return max(n.top + n.n for n in nodes.values())


def _ribbon(a: _Node, b: _Node, n: int, link: int, bar: float) -> list[dict[str, Any]]:
    """Points of one ribbon: a smooth step from one bar to the other."""
    y0, y1 = a.top + a.used_out, b.top + b.used_in
    a.used_out += n
    b.used_in += n
    x0, x1 = a.column * 100 + bar, b.column * 100
    points = []
    for t in np.linspace(0, 1, 25):
        s = t * t * (3 - 2 * t)
        y = y0 + (y1 - y0) * s
        points.append(
            {"x": x0 + (x1 - x0) * float(t), "y": float(y), "y2": float(y + n), "link": link, "name": a.name}
        )
    return points


@dataclass
class _Branch:
    name: str
    n: int = 0
    children: dict[str, _Branch] = field(default_factory=dict)
    row: float = 0.0


def tree_figure(cohort: Cohort, choice: RemissionChoice | None = None) -> Figure:
    """The same ways as a tree: each box is a step after the same steps before, with its number of patients."""
    import altair as alt

    chosen = choice or RemissionChoice()
    title, synthetic = "Treatment flowchart", cohort.extract.synthetic
    if len(cohort.extract.tables["treatments"]) == 0:
        return not_drawn("treatment_tree", title, "no treatment is recorded", synthetic)
    root = _Branch(f"{cohort.n_patients} patients", cohort.n_patients)
    for path, n in treatment_paths(cohort, chosen).items():
        here = root
        for step in path:
            here = here.children.setdefault(step, _Branch(step))
            here.n += n
    boxes: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    rows = _place(root, 0, [0], boxes, lines)
    depth = max(b["x"] for b in boxes) + 1
    width, height = 208 * depth, 34 * rows
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, depth], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[rows, 0], nice=False), axis=None)
    wires = (
        alt.Chart(alt.Data(values=lines))
        .mark_line(color=GREY, strokeWidth=1.5)
        .encode(x=x, y=y, detail="line:N", order="k:Q")
    )
    names = sorted({b["name"] for b in boxes})
    colour = alt.Color(
        "name:N", scale=alt.Scale(domain=names, range=[_colour(n) for n in names]), legend=None
    )
    base = alt.Chart(alt.Data(values=boxes))
    fill = base.mark_rect(cornerRadius=4, opacity=0.22).encode(
        x=x, x2="right:Q", y=alt.Y("top:Q", scale=alt.Scale(domain=[rows, 0], nice=False), axis=None), y2="bottom:Q",
        color=colour,
    )  # fmt: skip
    edge = base.mark_rect(cornerRadius=4, filled=False, strokeWidth=1.4).encode(
        x=x, x2="right:Q", y=alt.Y("top:Q", scale=alt.Scale(domain=[rows, 0], nice=False), axis=None), y2="bottom:Q",
        color=colour,
    )  # fmt: skip
    text = base.mark_text(align="left", dx=8, fontSize=11.5, color=INK).encode(x=x, y=y, text="label:N")
    chart = alt.layer(wires, fill, edge, text).properties(width=width, height=height)
    caption = f"Unit: patient; each box counts the patients who went this way up to there. {_NOTE}"
    subtitle = f"Unit: patient; {cohort.n_patients} patients; remission: reading '{chosen.reading}'"
    data = tuple({"way": b["way"], "patients": b["n"]} for b in boxes)
    return Figure("treatment_tree", title, caption, draw(chart, title, subtitle, synthetic), data, synthetic)


def _place(branch: _Branch, depth: int, next_row: list[int], boxes: list, lines: list, way: str = "") -> int:
    """Give leaves their rows and parents the middle of their children; returns the number of rows."""
    order = list(_COLOURS)
    here = f"{way} > {branch.name}" if way else branch.name
    children = sorted(
        branch.children.values(), key=lambda c: order.index(c.name) if c.name in order else len(order)
    )
    for child in children:
        _place(child, depth + 1, next_row, boxes, lines, here)
    if children:
        branch.row = (children[0].row + children[-1].row) / 2
    else:
        branch.row = next_row[0] + 0.5
        next_row[0] += 1
    for child in children:
        number = len(lines)
        points = [
            (depth + 0.86, branch.row),
            (depth + 0.93, branch.row),
            (depth + 0.93, child.row),
            (depth + 1, child.row),
        ]
        lines += [{"x": px, "y": py, "line": number, "k": k} for k, (px, py) in enumerate(points)]
    label = branch.name if depth == 0 else f"{branch.name}: {branch.n}"
    boxes.append(
        {"x": depth, "right": depth + 0.86, "y": branch.row, "top": branch.row - 0.38, "bottom": branch.row + 0.38,
         "name": branch.name, "label": label, "n": branch.n, "way": here}
    )  # fmt: skip
    return next_row[0]
