"""The drawn skeleton: every bone unit on it, on its own side, inside the canvas."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.core.site import Side, all_sites, mirror, site
from marrowmap.report.bodymap import (
    NOT_COVERED,
    PALETTE,
    Mark,
    View,
    bodymap_geometry,
    bodymap_svg,
    primary_view,
    site_centre,
)
from marrowmap.report.bodymap_export import bodymap_json, main
from marrowmap.report.bodymap_kit import CANVAS

GEOMETRY = bodymap_geometry()
SVG = "{http://www.w3.org/2000/svg}"
COMMANDS = re.compile(r"^(?:[MCLZ]|-?\d+(?:\.\d+)?|\s)+$")


def points(path: str) -> np.ndarray:
    numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path)]
    return np.array(numbers).reshape(-1, 2)


def regions(svg: str) -> list[ET.Element]:
    return [e for e in ET.fromstring(svg).iter(f"{SVG}path") if e.get("data-site")]


def test_every_unit_is_drawn_and_nothing_else() -> None:
    assert set(GEOMETRY["sites"]) == {s.id for s in all_sites()}


def test_each_unit_shows_in_the_view_that_carries_its_number() -> None:
    for unit in all_sites():
        assert site_centre(unit.id, primary_view(unit.id)) is not None, unit.id


@pytest.mark.parametrize(("view", "sign"), [("front", 1), ("back", -1)])
def test_left_bones_lie_on_the_patients_left(view: str, sign: int) -> None:
    middle = CANVAS[View(view)][0] / 2
    for unit in all_sites():
        for shape in GEOMETRY["sites"][unit.id]:
            if shape["view"] != view or unit.side is Side.MIDLINE:
                continue
            side = sign if unit.side is Side.LEFT else -sign
            off = side * (points(shape["path"])[:, 0] - middle)
            assert off.min() > -0.5, (unit.id, view)
            assert np.mean(off) > 0, (unit.id, view)


def test_midline_bones_lie_on_the_midline() -> None:
    for unit in all_sites():
        for shape in GEOMETRY["sites"][unit.id]:
            if unit.side is Side.MIDLINE and shape["view"] != "spine":
                x = points(shape["path"])[:, 0]
                assert abs((x.min() + x.max()) / 2 - CANVAS[View(shape["view"])][0] / 2) < 0.2, unit.id


def test_sides_mirror_each_other() -> None:
    for unit in all_sites():
        other = mirror(unit)
        if unit.side is not Side.LEFT or other is None:
            continue
        for one, two in zip(GEOMETRY["sites"][unit.id], GEOMETRY["sites"][other.id], strict=True):
            width = CANVAS[View(one["view"])][0]
            assert np.allclose(
                np.sort(points(one["path"])[:, 0]), np.sort(width - points(two["path"])[:, 0]), atol=0.11
            ), unit.id


def test_no_path_leaves_the_canvas_and_all_are_plain_absolute_curves() -> None:
    every = [s for shapes in GEOMETRY["sites"].values() for s in shapes] + GEOMETRY["decor"]
    assert len(every) > 300
    for shape in every:
        width, height = CANVAS[View(shape["view"])]
        p = points(shape["path"])
        assert COMMANDS.match(shape["path"])
        assert p.min() >= 0, shape
        assert (p <= (width, height)).all(), shape


def test_parts_of_a_limb_follow_each_other_from_body_to_tip() -> None:
    parts = (
        "proximal_epiphysis",
        "proximal_metaphysis",
        "diaphysis",
        "distal_metaphysis",
        "distal_epiphysis",
    )
    for bone in ("humerus", "femur", "tibia"):
        ys = [site_centre(f"{bone}_{part}_right", View.FRONT)[1] for part in parts]
        assert ys == sorted(ys), bone
    levels = [site_centre(f"vertebra_{x}", View.SPINE)[1] for x in ("c2", "c7", "t1", "t12", "l1", "l5")]
    assert levels == sorted(levels)


def test_radius_and_thumb_lie_outside_ulna_and_little_finger() -> None:
    """Palms forward: the thumb side points away from the body."""
    x = {
        s: site_centre(f"{s}_left", View.FRONT)[0]
        for s in ("radius_shaft", "ulna_shaft", "metacarpal_1", "metacarpal_5")
    }
    assert x["radius_shaft"] > x["ulna_shaft"]
    assert x["metacarpal_1"] > x["metacarpal_5"]
    assert site_centre("metatarsal_1_left", View.FRONT)[0] < site_centre("metatarsal_5_left", View.FRONT)[0]
    assert (
        site_centre("tibia_diaphysis_left", View.FRONT)[0] < site_centre("fibula_shaft_left", View.FRONT)[0]
    )


@pytest.mark.parametrize("theme", ["light", "dark", "print", "auto"])
@pytest.mark.parametrize("view", ["front", "back", "spine", "all"])
def test_svg_is_valid_with_unique_ids_and_known_references(view: str, theme: str) -> None:
    marks = {
        "tibia_distal_metaphysis_left": Mark(
            fill=PALETTE["lesion"], label="1 & 2", value='a "quoted" <value>'
        ),
        "skull": NOT_COVERED,
    }
    svg = bodymap_svg(
        marks,
        view=view,
        theme=theme,
        title="Map <1> & more",
        legend=[("lesion & more", Mark(fill="#cc3311"))],
    )
    ids = [e.get("id") for e in ET.fromstring(svg).iter() if e.get("id")]
    assert max(Counter(ids).values()) == 1
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(ids)
    for region in regions(svg):
        assert region.get("role")
        assert region.get("aria-label").startswith(site(region.get("data-site")).name)
        assert region.find(f"{SVG}title").text == region.get("aria-label")
        assert region.get("data-side") == site(region.get("data-site")).side.value


def test_marked_units_are_filled_and_spoken_others_are_plain_and_silent() -> None:
    svg = bodymap_svg({"ilium_left": Mark(fill="#cc3311", value="lesion, grade 2")}, view="front")
    by_site = {r.get("data-site"): r for r in regions(svg)}
    assert "cc3311" in by_site["ilium_left"].get("fill")
    assert by_site["ilium_left"].get("aria-label") == "left ilium: lesion, grade 2"
    assert by_site["ilium_left"].get("aria-hidden") is None
    assert "bone" in by_site["ilium_right"].get("fill")
    assert by_site["ilium_right"].get("aria-hidden") == "true"
    assert "left ilium: lesion, grade 2" in ET.fromstring(svg).get("aria-label")


def test_not_covered_units_are_hatched_and_counted() -> None:
    svg = bodymap_svg({"toes_left": NOT_COVERED, "toes_right": NOT_COVERED}, view="front")
    hatched = {r.get("data-site") for r in regions(svg) if "hatch" in r.get("fill")}
    assert hatched == {"toes_left", "toes_right"}
    assert f"2 of {len(all_sites())} bone units not covered" in svg


def test_interactive_map_has_one_tab_stop_and_a_button_for_every_unit_shown() -> None:
    shown = regions(bodymap_svg({}, view="all", interactive=True))
    assert [r.get("tabindex") for r in shown].count("0") == 1
    named = {r.get("data-site") for r in shown if r.get("role") == "button" and r.get("aria-hidden") is None}
    assert named == {s.id for s in all_sites()}
    assert not [r for r in shown if r.get("aria-hidden") == "true" and r.get("tabindex")]


def test_side_letters_stand_on_the_patients_side() -> None:
    for view, first in (("front", "R"), ("back", "L")):
        texts = [e for e in ET.fromstring(bodymap_svg({}, view=view)).iter(f"{SVG}text") if e.text in "RL"]
        assert min(texts, key=lambda e: float(e.get("x"))).text == first


def test_badge_is_on_the_side_of_its_bone() -> None:
    mark = Mark(fill="#ee7733", label="7")
    for site_id, right_half in (("femur_diaphysis_left", True), ("femur_diaphysis_right", False)):
        svg = ET.fromstring(bodymap_svg({site_id: mark}, view="front"))
        badge = next(e for e in svg.iter(f"{SVG}text") if e.text == "7")
        assert (float(badge.get("x")) > CANVAS[View.FRONT][0] / 2) is right_half


def test_auto_theme_holds_both_colour_sets() -> None:
    svg = bodymap_svg({}, view="spine", theme="auto", id_prefix="x")
    assert "prefers-color-scheme:dark" in svg
    assert set(re.findall(r"var\((--x-\d+)\)", svg)) <= set(re.findall(r"(--x-\d+):#[0-9a-f]{6}", svg))


def test_the_drawing_is_the_same_each_time() -> None:
    assert bodymap_svg({"skull": NOT_COVERED}) == bodymap_svg({"skull": NOT_COVERED})


def test_unknown_units_views_and_themes_are_refused() -> None:
    with pytest.raises(KeyError, match="tibia_wing"):
        bodymap_svg({"tibia_wing": Mark()})
    with pytest.raises(ValueError, match="sideways"):
        bodymap_svg({}, view="sideways")
    with pytest.raises(ValueError, match="sepia"):
        bodymap_svg({}, theme="sepia")


@settings(max_examples=15, deadline=None)
@given(st.sets(st.sampled_from([s.id for s in all_sites()]), min_size=1, max_size=40))
def test_badges_of_any_set_of_units_stay_apart(chosen: set[str]) -> None:
    marks = {name: Mark(fill="#ee7733", label=str(i)) for i, name in enumerate(sorted(chosen))}
    svg = ET.fromstring(bodymap_svg(marks, view="all"))
    for group in (g for g in svg.iter(f"{SVG}g") if g.get("class") == "bodymap-badges"):
        places = [(float(t.get("x")), float(t.get("y"))) for t in group.iter(f"{SVG}text")]
        for i, (x, y) in enumerate(places):
            assert all(abs(x - a) > 100 or abs(y - b) > 20 for a, b in places[:i])
    assert sum(
        len(list(g.iter(f"{SVG}text"))) for g in svg.iter(f"{SVG}g") if g.get("class") == "bodymap-badges"
    ) == len(marks)


def test_json_export_round_trips_and_is_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "bodymap.json"
    assert main([str(target)]) == 0
    assert json.loads(target.read_text()) == json.loads(json.dumps(GEOMETRY))
    assert [p.name for p in tmp_path.iterdir()] == ["bodymap.json"]
    assert main([]) == 2


def test_the_pages_hold_the_same_drawing() -> None:
    page_copy = Path(__file__).parents[2] / "frontend" / "src" / "lib" / "bodymap.json"
    if not page_copy.parents[1].is_dir():
        pytest.skip("the front end is not part of this checkout")
    assert page_copy.read_text(encoding="utf-8") == bodymap_json(), (
        "run: python -m marrowmap.report.bodymap_export frontend/src/lib/bodymap.json"
    )
