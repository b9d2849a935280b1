"""Blinded reads, their adjudication by keyboard, and the cohort, in Chromium: reachable, and in both themes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from test_accessible import AXE, findings, reaches_outside

from marrowmap.cohort.adjudication import hand_in_signed
from marrowmap.cohort.demo.records import records
from marrowmap.core.lesion import Features, Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.core.site import all_sites
from marrowmap.registry.database import open_registry
from marrowmap.registry.importing import import_rows
from marrowmap.registry.longfiles import RawRow
from marrowmap.registry.schema import study_consensus
from marrowmap.registry.studies import Case, open_study
from marrowmap.registry.values import write_cell

LEFT, RIGHT, SPINE = "tibia_distal_metaphysis_left", "tibia_distal_metaphysis_right", "vertebra_t6"


@pytest.fixture
def place(tmp_path, known_study):
    """A registry beside the exam: thirty made-up children, and a blinded study of one case."""
    opened = open_registry(tmp_path / "registry.db")
    raw = {
        table: [RawRow(table, n, {k: write_cell(v) for k, v in r.items()}) for n, r in enumerate(rows)]
        for table, rows in records().items()
    }
    import_rows(opened, raw, "test")
    uid = json.loads((known_study / "study.json").read_text("utf-8"))["exam"]["study_uid"]
    cases = [Case("case 1", uid, "SYN-01")]
    open_study(opened, "pilot", "Two readers", cases, ["Dr One", "Dr Two"], "Org", 1, adjudicator="Judge")
    yield opened, uid
    opened.close()


def _read(opened, uid, reader, sites, grade):
    lesions = tuple(
        Lesion(f"l{n}", (SiteExtent(s),), features=Features(signal_grade=grade)) for n, s in enumerate(sites)
    )
    normal = frozenset(s.id for s in all_sites()) - set(sites)
    reading = Reading(f"{reader}-1", uid, "blinded", reader, None, lesions, normal, synthetic=True)
    hand_in_signed(opened, "pilot", "case 1", reading.signed(datetime(2026, 5, 1, tzinfo=UTC)))


def test_a_blinded_reader_sees_the_images_and_nothing_of_the_child(place, new_tab, server):
    tab = new_tab(reader="Dr One")
    exam = server.study()["study"]["exam"]
    tab.open("studies").page.get_by_role("link", name="Two readers").click()
    tab.page.get_by_role("button", name="Read case 1").click()
    tab.page.wait_for_selector("canvas[data-slice]:not([data-slice=''])")
    tab.page.get_by_role("heading", name="Blinded case").wait_for()
    tab.page.get_by_role("tab", name="Exam").click()
    tab.page.get_by_role("heading", name="Coverage").wait_for()
    shown = tab.page.locator("body").inner_text()
    years = f"{exam['patient']['age_years']:.1f} years"
    for secret in (exam["date"], exam["patient"]["key"], years, "All exams of this child"):
        assert secret not in shown
    assert str(date.fromisoformat(exam["date"]).year) not in shown
    tab.open("").page.get_by_role("heading", name="Worklist").wait_for()
    tab.open("cohort").page.get_by_text("you read exams of it blinded").wait_for()


def test_adjudication_by_keyboard_alone(place, new_tab):
    opened, uid = place
    _read(opened, uid, "Dr One", [LEFT, SPINE], 2)
    organiser = new_tab(reader="Org")
    organiser.open("study/pilot").page.get_by_text("0 of 1 handed in").wait_for()
    assert organiser.page.get_by_role("button", name="Close reading").is_disabled()
    _read(opened, uid, "Dr Two", [RIGHT, SPINE], 2)
    organiser.page.reload()
    organiser.page.get_by_role("button", name="Close reading").press("Enter")
    organiser.page.get_by_role("heading", name="Agreement").wait_for()

    tab = new_tab(reader="Judge")
    page = tab.open("study/pilot").page
    page.get_by_role("button", name="Adjudicate case 1").press("Enter")
    sign = page.get_by_role("button", name="Sign the consensus")
    sign.wait_for()
    assert sign.is_disabled()
    page.get_by_text("2 places are not decided").wait_for()
    groups = page.get_by_role("group")
    groups.filter(has_text="left tibia").get_by_role("radio").first.press("Space")
    right = groups.filter(has_text="right tibia").get_by_role("radio")
    right.first.press("ArrowUp")  # from the first of a group upwards to its last: no lesion here
    assert right.last.is_checked()
    sign.press("Enter")
    page.get_by_text("Consensus signed: 2 lesions").wait_for()
    assert [r["adjudicator"] for r in opened.rows(study_consensus)] == ["Judge"]
    content = server_reading(opened)
    assert {e["site_id"] for le in content["lesions"] for e in le["extents"]} == {LEFT, SPINE}
    assert RIGHT in content["normal"]


def server_reading(opened):
    from marrowmap.registry.studies import consensus_of

    return consensus_of(opened, "pilot")["case 1"].content


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_new_pages_are_accessible(place, new_tab, theme):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: python tools/build_pages.py")
    opened, uid = place
    _read(opened, uid, "Dr One", [LEFT, SPINE], 2)
    _read(opened, uid, "Dr Two", [RIGHT, SPINE], 1)
    tab = new_tab(reader="Judge")
    page = tab.page
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    found, outside = {}, {}
    tab.open("study/pilot")
    page.get_by_role("button", name="Close reading").click()
    page.get_by_role("heading", name="Agreement").wait_for()
    found["study"], outside["study"] = findings(page), reaches_outside(page)
    tab.open("studies").page.get_by_role("link", name="Two readers").wait_for()
    found["studies"] = findings(page)
    tab.open("study/pilot/case%201").page.get_by_role("button", name="Sign the consensus").wait_for()
    found["case"], outside["case"] = findings(page), reaches_outside(page)
    tab.open("cohort").page.locator("img").first.wait_for()
    assert "30 children" in page.locator("main").inner_text()
    page.locator("#figure-patterns img").wait_for()
    found["cohort"], outside["cohort"] = findings(page), reaches_outside(page)
    assert {name: list_ for name, list_ in found.items() if list_} == {}
    assert {name: list_ for name, list_ in outside.items() if list_} == {}
