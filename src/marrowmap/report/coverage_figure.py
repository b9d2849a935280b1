"""Which contrast covers which part of the body, from head to feet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from marrowmap.core.exam import Stack
from marrowmap.core.study import Study
from marrowmap.core.volume import Contrast
from marrowmap.report.bodymap import site_centre
from marrowmap.report.bodymap_kit import CANVAS, Tone, View
from marrowmap.report.bodymap_shapes import shapes_of
from marrowmap.report.gallery import Gallery, trimmed

HEAD_Y, TOES_Y = 8.0, 1058.0
"""Crown and toes of the drawn child, canvas units."""
COLOURS = {"STIR": "#0077bb", "T2FS": "#0077bb", "DIXON_WATER": "#0077bb", "T1": "#ee7733", "T2": "#33bbee",
           "PD": "#bbbbbb",
           "DWI": "#cc3311", "ADC": "#ee3377", "DIXON_FAT": "#ddaa33"}  # fmt: skip
SKIPPED = (Contrast.LOCALIZER, Contrast.OTHER)
COLUMN = 34


@dataclass(frozen=True)
class BodyScale:
    """Places LPS z (mm) on the drawn child: y = offset + factor * z. ``certain`` says how it was found."""

    offset: float
    factor: float
    how: str

    def y(self, z: float) -> float:
        """Canvas height of a place along the body, kept inside the drawing's margins."""
        return min(max(self.offset + self.factor * z, -14.0), CANVAS[View.FRONT][1] + 14.0)


def body_scale(study: Study) -> BodyScale | None:
    """Fit of the drawn child to the exam: by crown and feet; else by labelled bones; else by the exam; else None."""
    ends = _body_ends(study)
    if ends is not None:
        factor = (TOES_Y - HEAD_Y) / (ends[1] - ends[0])
        return BodyScale(HEAD_Y - factor * ends[0], factor, "placed by crown and feet")
    if study.skeleton is not None:
        pairs = _label_heights(study)
        if len(pairs) >= 6:
            z, y = np.array(pairs).T
            if np.ptp(z) > 250 and np.corrcoef(z, y)[0, 1] < -0.9:
                factor, offset = np.polyfit(z, y, 1)
                return BodyScale(float(offset), float(factor), "placed by the labelled bones")
    tall = [s for s in study.exam.stacks if s.contrast not in SKIPPED]
    if not tall:
        return None
    low, high = min(s.grid.extent_mm()[0].z for s in tall), max(s.grid.extent_mm()[1].z for s in tall)
    if high - low < 900:
        return None
    factor = (TOES_Y - HEAD_Y) / (low - high)
    return BodyScale(HEAD_Y - factor * high, factor, "placed by the ends of the exam")


def _body_ends(study: Study) -> tuple[float, float] | None:
    """LPS z of crown and toes, when the protocol check found that both lie inside the pictures."""
    gallery = Gallery(study.volumes)
    name = gallery.fluid()
    if name is None or not gallery.is_whole_body(name):
        return None
    if not (study.protocol.vertex_reached and study.protocol.soles_reached):
        return None
    body = trimmed(gallery.view(name), margin_mm=0.0).grid.extent_mm()
    return body[1].z, body[0].z


def _label_heights(study: Study) -> list[tuple[float, float]]:
    skeleton = study.skeleton
    assert skeleton is not None
    rows = np.arange(skeleton.grid.shape[1])
    pairs = []
    thin = skeleton.labels[:, :, ::2]
    counts = np.zeros((256, len(rows)))
    for r in rows:
        counts[:, r] = np.bincount(thin[:, r].ravel(), minlength=256)[:256]
    middle = np.array(skeleton.grid.shape) / 2
    for unit in skeleton.sites_present():
        n = counts[unit.label].sum()
        centre = site_centre(unit.id, View.FRONT)
        if n < 20 or centre is None or unit.region in ("upper_limb", "hand", "foot"):
            continue
        row = float((counts[unit.label] * rows).sum() / n)
        z = float(skeleton.grid.affine[2, :3] @ (middle[0], row, middle[2]) + skeleton.grid.affine[2, 3])
        pairs.append((z, centre[1]))
    return pairs


def coverage_columns(stacks: Sequence[Stack]) -> list[tuple[str, str, str, list[tuple[float, float]]]]:
    """(contrast, plane, colour, joined (low, high) extents along z) of what was scanned."""
    groups: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for stack in stacks:
        if stack.contrast in SKIPPED or stack.b_computed:
            continue
        low, high = stack.grid.extent_mm()
        groups.setdefault((stack.contrast.value, stack.plane.value), []).append((low.z, high.z))
    order = {c.value: i for i, c in enumerate(Contrast)}
    planes = {"coronal": 0, "sagittal": 1, "axial": 2}
    return [
        (contrast, plane, COLOURS.get(contrast, "#888888"), _joined(spans))
        for (contrast, plane), spans in sorted(
            groups.items(), key=lambda g: (order[g[0][0]], planes.get(g[0][1], 3))
        )
    ]


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for low, high in sorted(spans):
        if out and low <= out[-1][1] + 1.0:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return out


def coverage_svg(study: Study) -> str:
    """A silhouette with one bar for each contrast and plane; a bare axis where the body's place is unknown.

    Left-right reach is not shown: a bar says that something was measured at this height.
    """
    columns = coverage_columns(study.exam.stacks)
    if not columns:
        return ""
    scale = body_scale(study)
    ends = [z for c in columns for span in c[3] for z in span]
    top_z, low_z = max(ends), min(ends)
    body = scale is not None
    if scale is None:
        factor = 520.0 / (low_z - top_z) if top_z > low_z else -1.0
        scale = BodyScale(
            20 - factor * top_z, factor, "height in the body unknown: no labels, no whole-body stack"
        )
    height = 1076.0 if body else 560.0
    left = 384.0 if body else 90.0
    width = left + COLUMN * len(columns) + 20
    parts = [_silhouette()] if body else [_axis(scale, low_z, top_z)]
    for i, (contrast, plane, colour, spans) in enumerate(columns):
        x = left + COLUMN * i
        parts.append(
            f'<text class="cv-text" transform="translate({x + 14} -16) rotate(-50)" font-size="15">'
            f"{escape(contrast)} {plane[:3]}</text>"
        )
        parts.append(f'<line class="cv-rail" x1="{x + 9}" x2="{x + 9}" y1="0" y2="{height - 20}"/>')
        for low, high in spans:
            y0, y1 = scale.y(high), scale.y(low)
            parts.append(
                f'<rect x="{x}" y="{y0:.1f}" width="18" height="{max(y1 - y0, 2):.1f}" rx="3" '
                f'fill="{colour}"><title>{escape(contrast)} {plane}, {high - low:.0f} mm</title></rect>'
            )
    told = "; ".join(
        f"{c} {p} {sum(h - lo for lo, h in s):.0f} mm in {len(s)} part{'s' if len(s) > 1 else ''}"
        for c, p, _, s in columns
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="coverage" viewBox="-10 -96 {width + 60:.0f} '
        f'{height + 96:.0f}" role="img" '
        f'aria-label="Coverage along the body ({escape(scale.how)}): {escape(told)}">{"".join(parts)}</svg>'
    )


def _silhouette() -> str:
    paths = []
    for shape in shapes_of(View.FRONT):
        if shape.tone is Tone.BODY:
            paths.append(f'<path class="cv-skin" d="{shape.path}"/>')
        elif shape.site_id is not None and shape.tone is not Tone.FAR:
            paths.append(f'<path class="cv-bone" d="{shape.path}"/>')
    return f'<g transform="translate(-14 0) scale(0.82 1)">{"".join(paths)}</g>'


def _axis(scale: BodyScale, low: float, high: float) -> str:
    step = next(s for s in (20, 50, 100, 200, 500) if (high - low) / s <= 9 or s == 500)
    letter = 'class="cv-text" x="0" font-size="16" font-weight="700"'
    parts = [f'<text {letter} y="4">H</text>', f'<text {letter} y="{scale.y(low) + 8:.0f}">F</text>']
    for z in np.arange(np.ceil(low / step) * step, high + 1, step):
        y = scale.y(float(z))
        parts.append(
            f'<line class="cv-rail" x1="70" x2="80" y1="{y:.1f}" y2="{y:.1f}"/><text class="cv-text" '
            f'x="64" y="{y + 5:.1f}" font-size="13" text-anchor="end">{z:.0f}</text>'
        )
    return "".join(parts)
