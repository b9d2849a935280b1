"""What the keys reach beside the round of a reading: crosshair, panes, units of a lesion, heights, another exam."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest


def first_lesion(state):
    return state["content"]["lesions"][0]


def test_the_crosshair_is_moved_and_marks_where_a_lesion_is_added(server, new_tab):
    tab = new_tab().open()
    tab.press("a")
    start = first_lesion(server.until(lambda s: s["content"]["lesions"], "a lesion"))["centre_mm"]
    tab.press("Escape", *["Shift+ArrowRight"] * 3, *["Shift+ArrowUp"] * 4, "a")
    state = server.until(lambda s: len(s["content"]["lesions"]) == 2, "a second lesion")
    moved = np.subtract(state["content"]["lesions"][1]["centre_mm"], start)

    assert moved == pytest.approx(
        [15.0, 0.0, 20.0], abs=0.1
    )  # right in the picture is the patient's left, up is head


def test_panes_are_chosen_by_key_and_remembered_for_each_reader(server, new_tab):
    tab = new_tab().open()
    tab.press("2", "]", "/")
    tab.page.locator(".pane.active select:focus").wait_for()
    tab.page.keyboard.press("End")
    tab.page.wait_for_function("() => document.querySelectorAll('.pane')[1].dataset.chosen !== 'T1'")
    last = tab.page.locator(".pane").nth(1).get_attribute("data-chosen")
    assert last == server.study()["series"][-1]["name"]
    again = new_tab(of=tab).open()
    assert [p.get_attribute("data-chosen") for p in again.page.locator(".pane").all()] == ["STIR", last]
    again.page.get_by_label("Your name").fill("Dr Other")
    again.page.get_by_label("Your name").press("Enter")
    again.page.locator(".pane").nth(3).wait_for()


def test_a_lesion_reaches_into_a_second_unit(server, new_tab):
    tab = new_tab().open()
    tab.press("n", "c")
    server.until(lambda s: s["content"]["lesions"], "a lesion")
    tab.page.locator("[data-item] button").first.click()
    tab.press("s")
    tab.page.keyboard.type("r dist fem met")
    tab.press("Shift+Enter")
    both = server.until(lambda s: len(first_lesion(s)["extents"]) == 2, "a second unit")
    assert first_lesion(both)["extents"][1] == {"site_id": "femur_distal_metaphysis_right", "percent": None}
    tab.page.get_by_role("button", name="Not in right femur, distal metaphysis").click()
    server.until(lambda s: len(first_lesion(s)["extents"]) == 1, "one unit again")


def test_what_is_typed_at_once_after_a_key_goes_where_the_key_points(server, new_tab):
    """On a slow machine no picture is drawn between two keys; letters of a site must not act ("x" rejects)."""
    tab = new_tab().open()
    tab.press("n", "c")
    before = server.until(lambda s: s["content"]["lesions"], "a lesion")
    tab.page.locator("[data-item] button").first.click()
    tab.press("v")
    for key, wanted in (
        ("s", "input[type=search]"),
        ("d", "form input"),
        ("/", "header select"),
        ("y", ".map path"),
    ):
        focused = tab.page.evaluate(
            """([key, wanted]) => {
                document.activeElement.blur();
                document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
                return document.activeElement.matches(wanted);
            }""",
            [key, wanted],
        )
        assert focused, f"{key} had not moved the focus when the next key came"
    assert server.reading() == before


def test_heights_of_a_vertebra_are_measured_and_graded(server, new_tab):
    tab = new_tab().open()
    number = [c["site"] for c in server.study()["study"]["candidates"]].index("vertebra_t8")
    tab.press(*["n"] * (number + 1), "c")
    server.until(lambda s: s["content"]["lesions"], "a lesion")
    tab.page.locator("[data-item] button").nth(number).click()
    heights = tab.page.get_by_role("group", name="Vertebral heights")
    for name, mm in (("Front", "12"), ("Back", "20")):
        heights.get_by_label(name).fill(mm)
        heights.get_by_label(name).press("Tab")
    tab.page.get_by_text("Genant 2 (moderate, wedge), height loss 40 %").wait_for()
    stored = server.until(lambda s: first_lesion(s)["features"]["heights"]["posterior_mm"] == 20, "heights")
    assert first_lesion(stored)["features"]["heights"]["anterior_mm"] == 12


def test_an_earlier_exam_hangs_beside_this_one_in_step(server, new_tab, known_study):
    earlier = server.data / "before"
    earlier.mkdir()
    for part in known_study.iterdir():
        if part.name != "study.json":
            (earlier / part.name).symlink_to(part)
    record = json.loads((known_study / "study.json").read_text("utf-8"))
    day = date.fromisoformat(record["exam"]["date"])
    record["exam"]["date"] = day.replace(year=day.year - 1).isoformat()
    (earlier / "study.json").write_text(json.dumps(record), "utf-8")

    tab = new_tab().open()
    tab.press("0")
    tab.page.locator(".pane[data-series='earlier/STIR'] canvas[data-slice]:not([data-slice=''])").wait_for()
    assert [p.get_attribute("data-series") for p in tab.page.locator(".pane").all()] == [
        "STIR", "earlier/STIR", "T1", "earlier/T1",
    ]  # fmt: skip
    tab.press("n", "ArrowDown", "ArrowDown")
    here = tab.page.locator(".pane[data-series='STIR'] canvas")
    there = tab.page.locator(".pane[data-series='earlier/STIR'] canvas")
    tab.page.wait_for_function(
        """() => { const at = (s) => document.querySelector(`.pane[data-series='${s}'] canvas`).dataset.slice;
                   return at('STIR') === at('earlier/STIR'); }"""
    )  # the same images twice: the same slice
    assert here.get_attribute("data-slice") == there.get_attribute("data-slice")
    tab.press("0")
    tab.page.locator(".pane[data-series='earlier/STIR']").wait_for(state="detached")
    assert server.reading()["version"] == 0


def test_the_help_lists_the_keys(server, new_tab):
    tab = new_tab().open()
    tab.press("?")
    dialog = tab.page.get_by_role("dialog", name="Keys")
    for words in ("confirm the candidate", "move the crosshair", "sign (asks first)"):
        assert words in dialog.inner_text()
    tab.press("Escape")
    dialog.wait_for(state="detached")


def test_the_body_map_is_one_tab_stop_and_every_unit_is_named(server, new_tab):
    tab = new_tab().open()
    names = {s["id"]: s["name"] for s in server.study()["sites"]}
    tab.press("y")
    tab.page.locator(".map path:focus").wait_for()
    seen = {}
    for view in ("Front", "Back", "Spine"):
        tab.page.get_by_role("button", name=view, exact=True).click()
        units = tab.page.locator(".map path[role=button]")
        shown = units.evaluate_all(
            "all => all.map((p) => [p.dataset.site, p.tabIndex, p.getAttribute('aria-label')])"
        )
        assert [stop for _, stop, _ in shown].count(0) == 1, view
        seen |= {site: label for site, _, label in shown}
    assert set(seen) == set(names)
    assert all(label.startswith(f"{names[site]}: ") for site, label in seen.items())
    tab.page.locator(".map path[tabindex='0']").focus()
    first = tab.page.evaluate("document.activeElement.dataset.site")
    tab.press("ArrowDown")
    assert tab.page.evaluate("document.activeElement.dataset.site") != first
