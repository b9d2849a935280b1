"""Follow-up as one page: baseline beside follow-up, the body map coloured by change, the table, the response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from marrowmap.core.counted import counted
from marrowmap.core.followup.change import Change, ChangeClass
from marrowmap.core.followup.comparison import Comparison
from marrowmap.core.followup.measures import Measure
from marrowmap.core.geometry import PointMm
from marrowmap.core.site import site
from marrowmap.core.study import VALIDATION, Study
from marrowmap.report import wording
from marrowmap.report.bodymap import Mark, bodymap_svg
from marrowmap.report.figures import Outline, picture_svg
from marrowmap.report.gallery import Gallery, trimmed
from marrowmap.report.html import TEMPLATES, _drawn
from marrowmap.report.panels import Panel, volume_title
from marrowmap.report.picture_plane import letters_of, slice_of

CROP_MM = 110.0
MOST_CROPS = 40
COLOURS: dict[ChangeClass, str] = {
    ChangeClass.NEW: "#cc3311",
    ChangeClass.WORSENED: "#ee7733",
    ChangeClass.MIXED: "#aa4499",
    ChangeClass.MERGED: "#aa4499",
    ChangeClass.SPLIT: "#aa4499",
    ChangeClass.STABLE: "#ddaa33",
    ChangeClass.IMPROVED: "#33bbee",
    ChangeClass.RESOLVED: "#009988",
}
"""One colour for each change, told apart by readers with red-green blindness; the word always stands beside it."""
UNSEEN = Mark(pattern="hatch", value="not comparable")
Spot = tuple[PointMm | None, PointMm | None]


@dataclass(frozen=True)
class ChangeEntry:
    """One change as the page shows it."""

    number: int
    change: Change
    name: str
    colour: str
    cells: dict[str, str]
    panels: tuple[Panel, Panel]


def followup_report(
    comparison: Comparison,
    studies: tuple[Study, Study],
    *,
    spots: Sequence[Spot] = (),
    sentences: Sequence[str] = (),
    legs: Sequence[str] = (),
    notes: Sequence[str] = (),
    timeline: str = "",
) -> str:
    """HTML text, self-contained.

    spots: for each change the place in the earlier and in the later exam, LPS mm of each. sentences: response of
    the child. legs: sentences on leg length, earlier exam first. timeline: SVG (``report.timeline``).
    """
    galleries = Gallery(studies[0].volumes), Gallery(studies[1].volumes)
    known = list(spots) + [(None, None)] * (len(comparison.changes) - len(spots))
    entries = [
        _entry(i, change, spot, galleries)
        for i, (change, spot) in enumerate(zip(comparison.changes, known, strict=False), start=1)
    ]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html", "j2"], default=True),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["svg"] = _drawn
    return environment.get_template("followup.html.j2").render(
        comparison=comparison,
        synthetic=comparison.before.synthetic or comparison.after.synthetic,
        when=_when(comparison),
        lead=_lead(comparison),
        entries=entries,
        bodies=_bodies(galleries, entries, known),
        bodymap=bodymap_svg(
            change_marks(comparison), theme="auto", title="Body map of change", legend=_legend(comparison),
            background=False, id_prefix="fu",
        ),
        sentences=list(sentences),
        legs=list(legs),
        notes=list(notes),
        timeline=timeline,
        most_crops=MOST_CROPS,
        validation=VALIDATION,
        version=studies[1].version,
        css=_drawn((TEMPLATES / "report.css").read_text(encoding="utf-8")),
    )  # fmt: skip


def change_marks(comparison: Comparison) -> dict[str, Mark]:
    """Body-map marks: units coloured by what became of their lesions, numbered as in the table.

    Of several lines in one unit the first of the table gives the colour. Units outside one exam are hatched.
    """
    hidden = comparison.before.not_covered | comparison.after.not_covered
    marks = {name: Mark(pattern="hatch", value="not covered in one of the exams") for name in sorted(hidden)}
    lines: dict[str, list[tuple[int, Change]]] = {}
    for number, change in enumerate(comparison.changes, start=1):
        lines.setdefault(change.site_id, []).append((number, change))
    for name, found in lines.items():
        told = ", ".join(f"{n} {c.kind.words}" for n, c in found)
        colour = next((COLOURS[c.kind] for _, c in found if c.kind in COLOURS), None)
        marks[name] = Mark(
            fill=colour,
            label=", ".join(str(n) for n, _ in found[:3]) + ("+" if len(found) > 3 else ""),
            value=told,
            pattern="" if colour else "hatch",
        )
    return marks


def _legend(comparison: Comparison) -> list[tuple[str, Mark]]:
    present = {c.kind for c in comparison.changes}
    items = [(k.words, Mark(fill=COLOURS[k])) for k in COLOURS if k in present]
    hidden = comparison.before.not_covered or comparison.after.not_covered
    if hidden or ChangeClass.NOT_COMPARABLE in present:
        items.append(("not comparable or not covered in one exam", UNSEEN))
    return [*items, ("no lesion marked in either exam", Mark())]


def _when(comparison: Comparison) -> list[str]:
    first, then = (
        wording.date_text(comparison.before.exam_date),
        wording.date_text(comparison.after.exam_date),
    )
    months = comparison.months
    return [
        f"baseline {first}",
        f"follow-up {then}",
        "time between unknown" if months is None else f"{months:.0f} months apart",
    ]


def _lead(comparison: Comparison) -> list[str]:
    counts = comparison.response.all_lesions
    confirmed = sum(p.state == "confirmed" for p in comparison.pairs)
    open_ = sum(p.state == "proposed" for p in comparison.pairs)
    return [
        counts.sentence(),
        f"Without hands and feet: {comparison.response.without_hands_and_feet.sentence()}",
        f"{counted(confirmed, 'pair')} confirmed by a reader, {open_} proposed and open; only confirmed pairs share an "
        "identity.",
    ]


def _entry(number: int, change: Change, spot: Spot, galleries: tuple[Gallery, Gallery]) -> ChangeEntry:
    crops = number <= MOST_CROPS
    panels = tuple(
        _crop(gallery, place, f"{when}, line {number}", seen) if crops else Panel("", "", "")
        for gallery, place, when, seen in zip(
            galleries, spot, ("Baseline", "Follow-up"), (bool(change.before), bool(change.after)), strict=True
        )
    )
    return ChangeEntry(
        number=number,
        change=change,
        name=site(change.site_id).name,
        colour=COLOURS.get(change.kind, "#8a97a3"),
        cells={
            "volume": _measure_text(change.measure("volume"), 2),
            "signal": _measure_text(change.measure("signal ratio"), 1),
            "adc": _measure_text(change.measure("ADC"), 0),
            "height": _height_text(change),
            "signs": _signs_text(change),
        },
        panels=(panels[0], panels[1]),
    )


def _measure_text(measure: Measure | None, digits: int) -> str:
    if measure is None or (measure.before is None and measure.after is None):
        return "not measured"
    values = ["–" if v is None else f"{v:.{digits}f}" for v in (measure.before, measure.after)]
    text = f"{values[0]} → {values[1]}"
    if measure.percent is not None:
        text += f" ({measure.percent:+.0f} %"
        if measure.corrected_percent is not None:
            text += f"; {measure.corrected_percent:+.0f} % beside growth"
        text += ")"
    return text


def _height_text(change: Change) -> str:
    if not site(change.site_id).is_vertebra:
        return "–"
    grades = ["not measured" if g is None else f"{g}" for g in (change.genant_before, change.genant_after)]
    return f"Genant {grades[0]} → {grades[1]}"


def _signs_text(change: Change) -> str:
    parts = [f"new {s}" for s in change.signs_came] + [f"{s} gone" for s in change.signs_went]
    return ", ".join(parts) or "–"


# ---------------------------------------------------------------- pictures


def _bodies(
    galleries: tuple[Gallery, Gallery], entries: Sequence[ChangeEntry], spots: Sequence[Spot]
) -> list[Panel]:
    """One whole-body slice of each exam with the numbers of the lines at their places."""
    panels = []
    for k, (gallery, when) in enumerate(zip(galleries, ("Baseline", "Follow-up"), strict=True)):
        name = gallery.fluid() or gallery.t1()
        if name is None or not gallery.is_whole_body(name):
            continue
        view = trimmed(gallery.view(name))
        places = [(e, spot[k]) for e, spot in zip(entries, spots, strict=False) if spot[k] is not None]
        depths = [s for _, p in places if p is not None and (s := slice_of(view.grid, p)) is not None]
        index = round(float(np.median(depths))) if depths else view.grid.shape[0] // 2
        _, dr, dc = view.grid.spacing
        size = 0.035 * view.grid.shape[2] * dc
        outlines = []
        for entry, place in places:
            seen = entry.change.before if k == 0 else entry.change.after
            if place is None or not view.grid.contains(place):
                continue
            at = view.grid.to_voxel(place)
            x, y = (at.column + 0.5) * dc, (at.row + 0.5) * dr
            outlines.append(_dot(x, y, 0.35 * size, str(entry.number), size, dashed=not seen))
        title = f"{when}: {volume_title(name, view)}"
        svg = picture_svg(
            gallery.window(name).grey(view.array[index]), mm_per_pixel=(dr, dc), letters=letters_of(view.grid),
            alt=f"{title}, coronal slice {index + 1} of {view.grid.shape[0]}", outlines=outlines,
            pixels_per_mm=min(1.4, 620 / (view.grid.shape[2] * dc)), letter_mm=size,
        )  # fmt: skip
        note = f"coronal slice {index + 1} of {view.grid.shape[0]}; numbers are placed from all slices"
        panels.append(Panel(title, note, svg, "large"))
    return panels


def _dot(x: float, y: float, r: float, number: str, size: float, dashed: bool) -> Outline:
    path = (
        f"M{x - r:.1f} {y:.1f}A{r:.1f} {r:.1f} 0 1 0 {x + r:.1f} {y:.1f}"
        f"A{r:.1f} {r:.1f} 0 1 0 {x - r:.1f} {y:.1f}Z"
    )
    return Outline(path, number, (x + 1.3 * size, y - 0.8 * size), dashed)


def _crop(gallery: Gallery, place: PointMm | None, when: str, seen: bool) -> Panel:
    """The same square of millimetres around the place in the bone; a dashed ring where nothing is marked."""
    name = gallery.fluid() or gallery.t1()
    if name is None:
        return Panel(when, "no fluid-sensitive or T1 volume", "", "crop")
    view = gallery.view(name)
    if place is None or not view.grid.contains(place):
        return Panel(when, "outside the field of view" if place else "place unknown", "", "crop")
    _, dr, dc = view.grid.spacing
    at = view.grid.to_voxel(place)
    index = round(at.slice)
    top, left = round(at.row - CROP_MM / 2 / dr), round(at.column - CROP_MM / 2 / dc)
    rows, columns = max(2, round(CROP_MM / dr)), max(2, round(CROP_MM / dc))
    picture = np.zeros((rows, columns), dtype=view.array.dtype)
    r0, c0 = max(top, 0), max(left, 0)
    part = view.array[index, r0 : max(top + rows, 0), c0 : max(left + columns, 0)]
    picture[r0 - top : r0 - top + part.shape[0], c0 - left : c0 - left + part.shape[1]] = part
    ring = _dot((at.column - left + 0.5) * dc, (at.row - top + 0.5) * dr, 9.0, "", 7.0, dashed=not seen)
    title = f"{when}, {volume_title(name, view)}"
    svg = picture_svg(
        gallery.window(name).grey(picture), mm_per_pixel=(dr, dc), letters=letters_of(view.grid),
        alt=f"{title}, {view.grid.plane} slice {index + 1}, {CROP_MM / 10:g} cm wide"
        + ("" if seen else "; nothing is marked here, the ring shows where the lesion would lie"),
        outlines=[ring], pixels_per_mm=2.2, letter_mm=7.0, scale_mm=20, quality=80,
    )  # fmt: skip
    words = "" if seen else "; nothing marked, ring: the place in the bone"
    return Panel(when.split(",")[0], f"{view.grid.plane}, slice {index + 1}{words}", svg, "crop")
