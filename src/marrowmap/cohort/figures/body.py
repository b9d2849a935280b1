"""The share of patients with an imaging lesion in each bone, on the body map (Fig. 11 of seed 000)."""

from __future__ import annotations

from html import escape

import numpy as np

from marrowmap.cohort.cohort import IMAGING, Cohort
from marrowmap.cohort.figures.figure import FONT, INK, MUTED, SYNTHETIC, Figure, not_drawn
from marrowmap.core.site import Region, Side, Site, all_sites, site
from marrowmap.core.statistics.proportion import Proportion, round_half_up
from marrowmap.report.bodymap import Mark, bodymap_svg
from marrowmap.report.bodymap_theme import mix

_TITLE = "Patients with an imaging lesion, by bone"
_LOW, _HIGH = "#fdeee6", "#b2182b"
_STEPS = (0, 10, 20, 30, 40)
"""Lower ends of the classes of colour, percent of patients; 0 means more than none."""


def bone_group(unit: Site) -> str:
    """The bone a unit is counted under: the spine by region, small bones of hand and foot together."""
    if unit.region is Region.SPINE:
        return {"C": "cervical spine", "T": "thoracic spine", "L": "lumbar spine"}.get(
            (unit.level or "")[:1], "sacrum"
        )
    if unit.region is Region.HAND:
        return "hand"
    if unit.region is Region.FOOT:
        return (
            "metatarsals"
            if unit.bone.startswith("metatarsal")
            else "toes"
            if unit.bone == "toes"
            else "tarsus"
        )
    return {"greater_trochanter": "femur"}.get(unit.bone, unit.bone)


def patients_by_bone(cohort: Cohort) -> dict[str, Proportion]:
    """Patients with at least one imaging lesion in each bone, both sides together. Unit: patient."""
    codes = cohort.column("lesions", "site_id")
    group_of = {s.id: bone_group(s) for s in all_sites()}
    seen, everyone = cohort.lesions(IMAGING), cohort.patients
    found = {}
    for group in dict.fromkeys(group_of.values()):
        members = frozenset(k for k, g in group_of.items() if g == group)
        here = cohort.lesions_where(codes.in_(members)) & seen
        found[group] = cohort.patients_with(here).among(everyone)
    return found


def bodymap_figure(cohort: Cohort) -> Figure:
    """The body map with a colour for each bone and its percentage beside it. Unit: patient."""
    synthetic = cohort.extract.synthetic
    shares = patients_by_bone(cohort)
    if not any(p.count for p in shares.values()):
        return not_drawn("bodymap", _TITLE, "no imaging lesion names a bone unit", synthetic)
    marks: dict[str, Mark] = {}
    labelled: set[str] = set()
    for unit in sorted(all_sites(), key=_label_preference):
        group = bone_group(unit)
        share = shares[group]
        if not share.count or share.percent is None:
            continue
        words = f"{group}: {share.count} of {share.of} patients ({round_half_up(share.percent):.0f} %)"
        badge = unit.side is not Side.RIGHT and group not in labelled
        if badge:
            labelled.add(group)
        label = f"{round_half_up(share.percent):.0f} %" if badge else ""
        marks[unit.id] = Mark(fill=_colour(share.percent), label=label, value=words)
    n = cohort.n_patients
    without = len(cohort.lesions(IMAGING)) - int(
        np.count_nonzero((cohort.column("lesions", "site_id").codes >= 0) & cohort.lesions(IMAGING).mask)
    )
    caption = (
        f"Unit: patient. Percent of {n} patients with at least one imaging lesion in the bone, both sides "
        "together; a patient with several lesions in a bone counts once. Bones outside the imaged field count "
        f"as without lesion. Imaging lesions filed under a joint without a bone, not on the map: {without}."
    )
    svg = _headed(bodymap_svg(marks, view="all", theme="print", title=_TITLE, legend=_legend()), n, synthetic)
    data = tuple(
        {"bone": g, "patients": p.count, "of": p.of, "percent": p.percent}
        for g, p in sorted(shares.items(), key=lambda kv: -kv[1].count)
    )
    return Figure("bodymap", _TITLE, caption, svg, data, synthetic)


def _label_preference(unit: Site) -> tuple[bool, bool, str]:
    """Left before right, and the middle of a bone before its ends, so that badges stand well apart."""
    middle = unit.segment in ("diaphysis", "shaft") or unit.id in (
        "vertebra_c4",
        "vertebra_t6",
        "vertebra_l3",
    )
    return (unit.side is Side.RIGHT, not middle, site(unit.id).id)


def _colour(percent: float) -> str:
    step = sum(percent > low for low in _STEPS)
    return mix(_LOW, _HIGH, step / len(_STEPS))


def _legend() -> list[tuple[str, Mark]]:
    entries = [("no patient", Mark(fill="#ffffff"))]
    for n, low in enumerate(_STEPS):
        text = f"over {low} %" if n == len(_STEPS) - 1 else f"over {low} to {_STEPS[n + 1]} %"
        entries.append((text, Mark(fill=_colour(low + 0.5))))
    return entries


def _headed(svg: str, n: int, synthetic: bool) -> str:
    """The drawing below a title, in one SVG."""
    start = svg.index('viewBox="') + len('viewBox="')
    _, _, width, height = (float(v) for v in svg[start : svg.index('"', start)].split())
    lines = [
        f"Unit: patient; percent of {n} patients, both sides together",
        *([SYNTHETIC] if synthetic else []),
    ]
    texts = "".join(
        f'<text x="24" y="{62 + 22 * k}" font-size="16" fill="{MUTED}">{escape(t)}</text>'
        for k, t in enumerate(lines)
    )
    top = 70 + 22 * len(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height + top:g}" width="{width:g}" '
        f'height="{height + top:g}" font-family="{FONT}"><rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="24" y="36" font-size="22" font-weight="bold" fill="{INK}">{escape(_TITLE)}</text>{texts}'
        f'<svg x="0" y="{top}"{svg[svg.index(" viewBox") :]}</svg>'
    )
