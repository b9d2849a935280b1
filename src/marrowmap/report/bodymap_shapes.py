"""Every shape of the body map, made once."""

from __future__ import annotations

from functools import cache
from typing import Any

from marrowmap.report.bodymap_hands_feet import draw_feet, draw_hands
from marrowmap.report.bodymap_kit import CANVAS, Shape, Sheet, View
from marrowmap.report.bodymap_limbs import draw_limbs
from marrowmap.report.bodymap_spine import draw_side, draw_spine
from marrowmap.report.bodymap_trunk import draw_chest, draw_head, draw_pelvis, draw_skin


@cache
def shapes_of(view: View) -> tuple[Shape, ...]:
    """Shapes of one view, the hindmost first."""
    sheet = Sheet(view)
    if view is View.SPINE:
        draw_side(sheet)
    else:
        for draw in (
            draw_skin,
            draw_head,
            draw_spine,
            draw_chest,
            draw_pelvis,
            draw_limbs,
            draw_hands,
            draw_feet,
        ):
            draw(sheet)
    return tuple(sorted(sheet.shapes, key=lambda s: s.z))


def bodymap_geometry() -> dict[str, Any]:
    """The drawing as data, for other front ends.

    ``views``: view -> width, height. ``sites``: unit id -> list of {view, path, z, tone}. ``decor``: list of
    {view, path, z, tone} that take no clicks. Drawn in order of z within a view, canvas units, y down.
    """
    sites: dict[str, list[dict[str, Any]]] = {}
    decor: list[dict[str, Any]] = []
    for view in View:
        for shape in shapes_of(view):
            item = {"view": view.value, "path": shape.path, "z": round(shape.z, 3), "tone": shape.tone.value}
            (decor if shape.site_id is None else sites.setdefault(shape.site_id, [])).append(item)
    views = {v.value: {"width": w, "height": h} for v, (w, h) in CANVAS.items()}
    return {"views": views, "sites": dict(sorted(sites.items())), "decor": decor}
