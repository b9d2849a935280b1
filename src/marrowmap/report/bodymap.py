"""The body map: one drawing of a child's skeleton for reading room, report and cohort.

The patient's right lies on the left of the front view, as in a coronal MR picture, and on the right of the
back view. Every bone unit of the list is a region of its own. Drawn by code of this project.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import numpy.typing as npt

from marrowmap.core.site import Region, Side, site, sites_by_id
from marrowmap.report.bodymap_kit import CANVAS, Shape, Tone, View
from marrowmap.report.bodymap_shapes import bodymap_geometry, shapes_of
from marrowmap.report.bodymap_spine import side_levels
from marrowmap.report.bodymap_theme import PALETTE, THEMES, Theme, mix

__all__ = ["PALETTE", "Mark", "View", "bodymap_geometry", "bodymap_svg", "primary_view", "site_centre"]

BADGE = 11.0
"""Radius of a number badge, canvas units."""
HEAD_ROOM = 34
FONT = "Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Mark:
    """How one bone unit is drawn.

    fill, stroke: #rrggbb; None keeps the colour of bone. label: short text of a badge beside the body ("3"),
    "" for none. value: words for tooltip and screen reader ("candidate 3, score 0.82"). pattern: "" for
    plain, "hatch" for not covered, "dots" for partly covered.
    """

    fill: str | None = None
    stroke: str | None = None
    label: str = ""
    value: str = ""
    pattern: str = ""


NOT_COVERED = Mark(pattern="hatch", value="not covered, not assessed")
PARTLY_COVERED = Mark(pattern="dots", value="partly covered")


def primary_view(site_id: str) -> View:
    """The view that shows a unit best; its badge is drawn there when all views are shown."""
    unit = site(site_id)
    if unit.region is Region.SPINE:
        return View.SPINE
    return View.BACK if unit.bone in ("calcaneus", "scapula") else View.FRONT


def _points(path: str) -> list[tuple[float, float]]:
    numbers = [float(n) for n in _NUMBER.findall(path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _box(path: str) -> tuple[float, float, float, float]:
    points = _points(path)
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


@cache
def site_centre(site_id: str, view: View) -> tuple[float, float] | None:
    """A place well inside a unit's largest shape in one view, canvas units; None where it is not shown."""
    loops = [
        _points(loop) for s in shapes_of(view) if s.site_id == site_id for loop in s.path.split("Z") if loop
    ]
    if not loops:
        return None
    outlines = [np.array([points[0], *points[3::3]] if len(points) > 6 else points) for points in loops]
    return _inside(max(outlines, key=_area))


def _area(outline: npt.NDArray[np.float64]) -> float:
    x, y = outline.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _inside(outline: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The place of a lattice inside the outline that lies farthest from its border."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    xs, ys = np.meshgrid(*(np.linspace(a, b, 26)[1:-1] for a, b in zip(low, high, strict=True)))
    lattice = np.stack([xs.ravel(), ys.ravel()], axis=1)
    a, b = outline, np.roll(outline, -1, axis=0)
    crosses = (a[:, 1] > lattice[:, 1:2]) != (b[:, 1] > lattice[:, 1:2])
    rise = np.where(b[:, 1] == a[:, 1], 1e-9, b[:, 1] - a[:, 1])
    at = a[:, 0] + (lattice[:, 1:2] - a[:, 1]) * (b[:, 0] - a[:, 0]) / rise
    inside = (crosses & (lattice[:, :1] < at)).sum(axis=1) % 2 == 1
    edge, to = b - a, lattice[:, None] - a
    along = np.clip((to * edge).sum(-1) / np.maximum((edge**2).sum(-1), 1e-9), 0, 1)
    distance = np.linalg.norm(to - along[..., None] * edge, axis=-1).min(axis=1)
    best = lattice[np.argmax(np.where(inside, distance, -1.0))]
    return float(best[0]), float(best[1])


def bodymap_svg(
    marks: Mapping[str, Mark],
    *,
    view: str = "all",
    theme: str = "light",
    title: str = "Body map",
    interactive: bool = False,
    legend: Sequence[tuple[str, Mark]] = (),
    id_prefix: str = "bm",
    background: bool = True,
) -> str:
    """SVG text of the body map.

    marks: unit id -> how to draw it; units that are not named are drawn as plain bone. view: "front",
    "back", "spine" or "all". theme: "light", "dark", "print", or "auto" for HTML pages (light, and dark where
    the reader's screen asks for it). interactive: regions become buttons with one tab stop (the page moves it
    with the arrow keys). id_prefix: keeps ids apart when a page holds several maps.
    Raises KeyError for an unknown unit, ValueError for an unknown view or theme.
    """
    for name in marks:
        site(name)
    if theme == "auto":
        light, dark = (
            bodymap_svg(
                marks,
                view=view,
                theme=one,
                title=title,
                interactive=interactive,
                legend=legend,
                id_prefix=id_prefix,
                background=background,
            )
            for one in ("light", "dark")
        )
        return _following_page(light, dark, id_prefix)
    if theme not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(THEMES)}, got {theme!r}")
    views = list(View) if view == "all" else [View(view)]
    pen = _Pen(THEMES[theme], marks, interactive, id_prefix)
    columns, x = [], 0.0
    for one in views:
        labelled = _labels(marks, one, alone=len(views) == 1)
        pad = _margin(labelled)
        columns.append(
            f'<g transform="translate({x + pad:g} {HEAD_ROOM})">'
            f"{pen.view(one)}{pen.badges(one, labelled)}</g>"
        )
        x += CANVAS[one][0] + 2 * pad
    height = CANVAS[views[0]][1] + HEAD_ROOM
    legend_text, legend_height = pen.legend(legend, x, height)
    height += legend_height
    spoken = _spoken(marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {x:g} {height:g}" width="{x:g}" '
        f'height="{height:g}" '
        f'class="bodymap bodymap-{theme}" role="group" aria-label={quoteattr(title + ". " + spoken)} '
        f'font-family="{FONT}"><title>{escape(title)}</title><desc>{escape(spoken)}</desc>'
        f"<defs>{pen.definitions()}</defs>"
        + (f'<rect width="{x:g}" height="{height:g}" fill="{pen.theme.background}"/>' if background else "")
        + "".join(columns)
        + legend_text
        + "</svg>"
    )


_COLOUR = re.compile(r"#[0-9a-f]{6}(?![0-9a-z])")


def _following_page(light: str, dark: str, prefix: str) -> str:
    """One drawing from two that differ in colours only: differing colours become CSS variables."""
    texts, lights, darks = _COLOUR.split(light), _COLOUR.findall(light), _COLOUR.findall(dark)
    names: dict[tuple[str, str], str] = {}
    out = [texts[0]]
    for text, one, two in zip(texts[1:], lights, darks, strict=True):
        same = one == two
        name = "" if same else names.setdefault((one, two), f"--{prefix}-{len(names)}")
        out += [one if same else f"var({name})", text]
    day = "".join(f"{name}:{pair[0]};" for pair, name in names.items())
    night = "".join(f"{name}:{pair[1]};" for pair, name in names.items())
    rule = (
        f".{prefix}-auto{{{day}}}@media screen and (prefers-color-scheme:dark){{.{prefix}-auto{{{night}}}}}"
    )
    joined = "".join(out).replace('class="bodymap bodymap-light"', f'class="bodymap {prefix}-auto"', 1)
    return joined.replace("<defs>", f"<style>{rule}</style><defs>", 1)


def _spoken(marks: Mapping[str, Mark]) -> str:
    told = [
        f"{sites_by_id()[name].name}: {mark.value}"
        for name, mark in marks.items()
        if mark.value and not mark.pattern
    ]
    hidden = sum(mark.pattern == "hatch" for mark in marks.values())
    text = "; ".join(told) if told else "No unit is marked"
    return f"{text}. {hidden} of {len(sites_by_id())} bone units not covered." if hidden else f"{text}."


def _half(text: str) -> float:
    return max(BADGE, 3.9 * len(text) + 5)


def _margin(labelled: Sequence[tuple[str, Mark]]) -> float:
    return max((2 * _half(m.label) + 10 for _, m in labelled), default=0.0) if labelled else 0.0


def _labels(marks: Mapping[str, Mark], view: View, alone: bool) -> list[tuple[str, Mark]]:
    shown = {s.site_id for s in shapes_of(view)}
    return [(n, m) for n, m in marks.items() if m.label and n in shown and (alone or primary_view(n) is view)]


class _Pen:
    """Writes regions and collects the gradients and patterns they use."""

    def __init__(self, theme: Theme, marks: Mapping[str, Mark], interactive: bool, prefix: str) -> None:
        self.theme, self.marks, self.interactive, self.prefix = theme, marks, interactive, prefix
        self._defs: dict[str, str] = {}
        self._tab_stop_given = False

    def definitions(self) -> str:
        return "".join(self._defs.values())

    def view(self, view: View) -> str:
        parts = [self._captions(view)]
        seen: set[str] = set()
        for shape in shapes_of(view):
            if shape.site_id is None:
                parts.append(self._decor(shape))
            else:
                parts.append(self._region(shape, seen))
        return f'<g class="bodymap-{view.value}">{"".join(parts)}</g>'

    def _captions(self, view: View) -> str:
        width = CANVAS[view][0]
        left, right, name = {
            View.FRONT: ("R", "L", "Front"),
            View.BACK: ("L", "R", "Back"),
            View.SPINE: ("A", "P", "Spine, from the side"),
        }[view]
        big = f'font-size="24" font-weight="700" fill="{self.theme.muted_text}"'
        out = [
            f'<text x="22" y="26" {big}>{left}</text>',
            f'<text x="{width - 22}" y="26" text-anchor="end" {big}>{right}</text>',
            f'<text x="{width / 2:g}" y="-12" text-anchor="middle" font-size="15" '
            f'fill="{self.theme.muted_text}">{name}</text>',
        ]
        if view is View.SPINE:
            small = f'font-size="11.5" fill="{self.theme.muted_text}" text-anchor="end"'
            for level, (centre, depth, _, _) in side_levels().items():
                out.append(
                    f'<text x="{centre[0] - depth - 12:.1f}" y="{centre[1] + 4:.1f}" {small}>{level}</text>'
                )
            (x, y), depth, tall, _ = side_levels()["C2"]
            out.append(f'<text x="{x - depth - 12:.1f}" y="{y - tall / 2 - 9:.1f}" {small}>C1</text>')
            out.append(f'<text x="96" y="958" {small}>S1</text><text x="150" y="1022" {small}>S2–S5</text>')
        return "".join(out)

    def _region(self, shape: Shape, seen: set[str]) -> str:
        name = shape.site_id or ""
        mark, unit, repeat = self.marks.get(name, Mark()), sites_by_id()[name], name in seen
        seen.add(name)
        count = sum(1 for s in seen if s.startswith(f"{name}#"))
        seen.add(f"{name}#{count}")
        label = unit.name + (f": {mark.value}" if mark.value else "")
        ident = f"{self.prefix}-{shape.view.value}-{name}" + (f"-{count + 1}" if count else "")
        silent = repeat or (not self.interactive and not mark.value)
        attributes = [
            f'id="{ident}"',
            f'class="bm-region{" bm-marked" if name in self.marks else ""}"',
            f'data-site="{name}"',
            f'data-side="{unit.side.value}"',
            f'role="{"button" if self.interactive else "img"}"',
            f"aria-label={quoteattr(label)}",
            f'd="{shape.path}"',
            f'fill="{self._fill(shape, mark)}"',
            f'stroke="{mark.stroke or self._edge(mark)}"',
            f'stroke-width="{1.6 if mark.stroke else 0.75}"',
            'stroke-linejoin="round"',
        ]
        if mark.pattern == "hatch" and not mark.stroke:
            attributes.append('stroke-dasharray="2 1.4"')
        if silent:
            attributes.append('aria-hidden="true"')
        if self.interactive and not repeat:
            attributes.append(f'tabindex="{-1 if self._tab_stop_given else 0}"')
            self._tab_stop_given = True
        return f"<path {' '.join(attributes)}><title>{escape(label)}</title></path>"

    def _edge(self, mark: Mark) -> str:
        if mark.pattern == "hatch":
            return self.theme.hatch_line
        return mix(mark.fill, "#000000", 0.45) if mark.fill else self.theme.outline

    def _fill(self, shape: Shape, mark: Mark) -> str:
        if mark.pattern:
            return self._pattern(mark)
        far = shape.tone is Tone.FAR
        if mark.fill is None:
            if far:
                return self._gradient(
                    "far", self.theme.far, self.theme.far, mix(self.theme.far, self.theme.hole, 0.25), shape
                )
            return self._gradient("bone", self.theme.bone_light, self.theme.bone, self.theme.bone_dark, shape)
        fill = mix(mark.fill, self.theme.hole, 0.28) if far else mark.fill
        light, dark = mix(fill, "#ffffff", self.theme.lift), mix(fill, "#000000", self.theme.lift)
        return self._gradient(mark.fill.removeprefix("#") + ("-far" if far else ""), light, fill, dark, shape)

    def _gradient(self, name: str, light: str, middle: str, dark: str, shape: Shape) -> str:
        x0, y0, x1, y1 = _box(shape.path)
        lying = shape.tone is not Tone.BLOCK and (x1 - x0) > 1.25 * (y1 - y0)
        kind = {Tone.ROUND: "r", Tone.FLAT: "f"}.get(shape.tone, "h" if lying else "v")
        ident = f"{self.prefix}-{name}-{kind}"
        if ident not in self._defs:
            self._defs[ident] = _gradient_text(ident, kind, light, middle, dark)
        return f"url(#{ident})"

    def _pattern(self, mark: Mark) -> str:
        base = mark.fill or (self.theme.hatch_base if mark.pattern == "hatch" else self.theme.bone_light)
        ident = f"{self.prefix}-{mark.pattern}" + (f"-{mark.fill.removeprefix('#')}" if mark.fill else "")
        ink = self.theme.hatch_line
        body = (
            f'<path d="M0 0V6" stroke="{ink}" stroke-width="1.8"/>'
            if mark.pattern == "hatch"
            else f'<circle cx="1.8" cy="1.8" r="1.15" fill="{ink}"/>'
        )
        size = 5.6 if mark.pattern == "hatch" else 5.0
        self._defs[ident] = (
            f'<pattern id="{ident}" width="{size}" height="{size}" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="{size}" height="{size}" fill="{base}"/>'
            f"{body}</pattern>"
        )
        return f"url(#{ident})"

    def _decor(self, shape: Shape) -> str:
        t = self.theme
        look = {
            Tone.BODY: f'fill="{t.skin}" stroke="{t.skin_line}" stroke-width="1"',
            Tone.HOLE: f'fill="{t.hole}"',
            Tone.LINE: f'fill="none" stroke="{t.line}" stroke-width="0.8" stroke-opacity="0.75"',
            Tone.SHADE: f'fill="{t.shade}" fill-opacity="0.6"',
            Tone.TOOTH: f'fill="{t.tooth}" stroke="{t.line}" stroke-width="0.5"',
            Tone.CARTILAGE: f'fill="{t.cartilage}" fill-opacity="0.75"',
        }[shape.tone]
        return f'<path d="{shape.path}" {look} pointer-events="none" aria-hidden="true"/>'

    def badges(self, view: View, labelled: Sequence[tuple[str, Mark]]) -> str:
        width, height = CANVAS[view]
        sides: dict[bool, list[tuple[float, float, str, Mark]]] = {False: [], True: []}
        for name, mark in labelled:
            centre = site_centre(name, view)
            if centre is None:
                continue
            right = centre[0] > width / 2
            if site(name).side is Side.MIDLINE:
                right = view is View.SPINE or len(sides[True]) <= len(sides[False])
            sides[right].append((centre[1], centre[0], mark.label, mark))
        out = []
        for right, entries in sides.items():
            entries.sort(key=lambda e: e[:3])
            rows = _spread([e[0] for e in entries], 2 * BADGE + 3, BADGE, height - BADGE)
            out += [
                self._badge(_badge_x(e[2], width, right), y, e[1], e[0], e[2], e[3], right)
                for y, e in zip(rows, entries, strict=True)
            ]
        return (
            f'<g class="bodymap-badges" aria-hidden="true" pointer-events="none">{"".join(out)}</g>'
            if out
            else ""
        )

    def _badge(self, x: float, y: float, cx: float, cy: float, text: str, mark: Mark, right: bool) -> str:
        colour = mark.fill or self.theme.muted_text
        half = _half(text)
        start = x - half if right else x + half
        bend = start - 14 if right else start + 14
        ink = "#ffffff" if _luminance(colour) < 0.36 else "#101820"
        return (
            f'<path d="M{start:.1f} {y:.1f}L{bend:.1f} {y:.1f}L{cx:.1f} {cy:.1f}" fill="none" '
            f'stroke="{self.theme.text}" '
            f'stroke-width="0.9" stroke-opacity="0.75"/><circle cx="{cx:.1f}" cy="{cy:.1f}" r="2.4" '
            f'fill="{self.theme.text}" '
            f'stroke="{self.theme.background}" stroke-width="0.8"/>'
            f'<rect x="{x - half:.1f}" y="{y - BADGE:.1f}" width="{2 * half:.1f}" '
            f'height="{2 * BADGE:g}" rx="{BADGE:g}" '
            f'fill="{colour}" stroke="{self.theme.background}" stroke-width="1.8"/>'
            f'<text x="{x:.1f}" y="{y + 4.8:.1f}" text-anchor="middle" font-size="13.5" '
            f'font-weight="700" fill="{ink}">'
            f"{escape(text)}</text>"
        )

    def legend(self, items: Iterable[tuple[str, Mark]], width: float, top: float) -> tuple[str, float]:
        out, x, y = [], 22.0, top + 26.0
        for text, mark in items:
            step = 34 + 8.2 * len(text)
            if x + step > width - 10 and x > 22:
                x, y = 22.0, y + 26
            fill = self._pattern(mark) if mark.pattern else (mark.fill or self.theme.bone)
            out.append(
                f'<rect x="{x:.1f}" y="{y - 12:.1f}" width="18" height="14" rx="3" fill="{fill}" '
                f'stroke="{mark.stroke or self._edge(mark)}" stroke-width="0.8"/>'
                f'<text x="{x + 25:.1f}" y="{y:.1f}" font-size="14.5" fill="{self.theme.text}">'
                f"{escape(text)}</text>"
            )
            x += step + 14
        return ("".join(out), y - top + 16) if out else ("", 0.0)


def _badge_x(text: str, width: float, right: bool) -> float:
    return width + _half(text) + 2 if right else -_half(text) - 2


def _gradient_text(ident: str, kind: str, light: str, middle: str, dark: str) -> str:
    stops = {
        "r": ((0, light), (0.55, middle), (1, dark)),
        "f": ((0, light), (0.6, middle), (1, mix(middle, dark, 0.55))),
    }.get(kind, ((0, mix(middle, dark, 0.7)), (0.18, middle), (0.40, light), (0.68, middle), (1, dark)))
    text = "".join(f'<stop offset="{at}" stop-color="{colour}"/>' for at, colour in stops)
    if kind == "r":
        return f'<radialGradient id="{ident}" cx="0.42" cy="0.36" r="0.78">{text}</radialGradient>'
    ends = {"f": 'x1="0" y1="0" x2="1" y2="1"', "h": 'x1="0" y1="0" x2="0" y2="1"'}.get(
        kind, 'x1="0" y1="0" x2="1" y2="0"'
    )
    return f'<linearGradient id="{ident}" {ends}>{text}</linearGradient>'


def _spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Sorted heights moved apart to at least ``gap``, staying between ``low`` and ``high`` where they fit."""
    rows = [max(low, y) for y in wanted]
    for i in range(1, len(rows)):
        rows[i] = max(rows[i], rows[i - 1] + gap)
    if rows and rows[-1] > high:
        rows[-1] = high
        for i in range(len(rows) - 2, -1, -1):
            rows[i] = min(rows[i], rows[i + 1] - gap)
    return rows


def _luminance(colour: str) -> float:
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * r**2.2 + 0.7152 * g**2.2 + 0.0722 * b**2.2
