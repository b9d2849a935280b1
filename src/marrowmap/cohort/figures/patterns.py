"""How many children show each of Andronikou's distribution patterns on imaging."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from marrowmap.cohort.cohort import IMAGING, Cohort
from marrowmap.cohort.figures.figure import BLUE, INK, Figure, draw, not_drawn
from marrowmap.core.lesion import Lesion, SiteExtent
from marrowmap.core.rules.configuration import DEFAULT_RULES
from marrowmap.core.rules.patterns import Pattern, pattern_of
from marrowmap.core.statistics.proportion import Proportion, round_half_up

_TITLE = "Distribution patterns on imaging"


def pattern_shares(cohort: Cohort) -> dict[Pattern, Proportion]:
    """Patients by pattern, of those with an imaging lesion that names a bone unit. Unit: patient."""
    units, owner = cohort.column("lesions", "site_id"), cohort.column("lesions", "patient")
    rows = np.flatnonzero(cohort.lesions(IMAGING).mask & (units.codes >= 0))
    lesions: dict[int, list[Lesion]] = defaultdict(list)
    for row in rows:
        lesions[int(owner[row])].append(Lesion(f"l{row}", (SiteExtent(units.words[units.codes[row]]),)))
    found = [pattern_of(tuple(mine), DEFAULT_RULES.limits) for mine in lesions.values()]
    missing = cohort.n_patients - len(found)
    return {p: Proportion(found.count(p), len(found), "patients", missing) for p in Pattern}


def patterns_figure(cohort: Cohort) -> Figure:
    """Bars with counts, percentages and 95 % intervals. Unit: patient."""
    import altair as alt

    synthetic = cohort.extract.synthetic
    shares = pattern_shares(cohort)
    n = next(iter(shares.values())).of
    if n == 0:
        return not_drawn("patterns", _TITLE, "no imaging lesion names a bone unit", synthetic)
    rows = []
    for pattern, share in shares.items():
        percent, (low, high) = share.percent or 0.0, share.interval_percent or (0.0, 0.0)
        label = f"{share.count}/{share.of} ({round_half_up(percent):.0f} %)"
        rows.append(
            {"pattern": str(pattern), "patients": share.count, "of": share.of, "percent": percent, "low": low,
             "high": high, "label": label}
        )  # fmt: skip
    y = alt.Y(
        "pattern:N",
        title=None,
        sort=[str(p) for p in Pattern],
        axis=alt.Axis(labelLimit=260, domain=False, ticks=False),
    )
    x = alt.X(
        "percent:Q",
        title="Percent of patients, with 95 % interval (Wilson)",
        scale=alt.Scale(domain=[0, 100]),
    )
    base = alt.Chart(alt.Data(values=rows))
    bars = base.mark_bar(height=20, color=BLUE, opacity=0.75).encode(x=x, y=y)
    spread = base.mark_rule(color=INK, strokeWidth=1.4).encode(x=alt.X("low:Q"), x2="high:Q", y=y)
    words = base.mark_text(align="left", dx=8, color=INK, fontSize=11).encode(
        x=alt.X("high:Q"), y=y, text="label:N"
    )
    chart = alt.layer(bars, spread, words).properties(width=520, height=150)
    missing = next(iter(shares.values())).missing
    subtitle = f"Unit: patient; of {n} patients with an imaging lesion in a bone; {missing} without"
    caption = (
        f"{subtitle}. Words of the patterns: Andronikou 2019; the numeric limits (few: at most "
        f"{DEFAULT_RULES.limits.paucifocal_max_lesions} lesions; half spinal or appendicular) are ours (proposed). "
        "All lesions over the course are taken together."
    )
    return Figure(
        "patterns", _TITLE, caption, draw(chart, _TITLE, subtitle, synthetic), tuple(rows), synthetic
    )
