"""Every page: no serious or critical finding of axe-core, nothing cut off, in both themes and both sizes."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import httpx
import pytest

from conftest import READER

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PARTS = ["Lesions", "Map", "Normal", "Exam", "Answers", "Log"]
FILLED = {"Answers": "[data-answer=pathway]", "Log": "aside ol li"}
"""What a part shows once the server has answered."""


def findings(page, rules=None):
    """Serious and critical findings, each with the element it is about; rules: only these."""
    session = page.context.new_cdp_session(page)
    session.send("Page.setBypassCSP", {"enabled": True})
    page.evaluate(AXE.read_text("utf-8"))
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    result = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{v['id']} ({v['impact']}): {v['help']}: {n['html'][:160]}"
        for v in result["violations"]
        if v["impact"] in ("serious", "critical")
        for n in v["nodes"][:3]
    ]


def reaches_outside(page):
    """Visible controls that stick out of the window, or the page itself being wider than it."""
    return page.evaluate(
        """() => {
            const out = [...document.querySelectorAll('header *, .bar *, .tabs *')]
                .filter((e) => e.checkVisibility() && e.className !== 'skip')
                .map((e) => [e, e.getBoundingClientRect()])
                .filter(([, r]) => r.width > 0 && (r.right > innerWidth + 1 || r.left < -1))
                .map(([e]) => e.outerHTML.slice(0, 120));
            return document.documentElement.scrollWidth > innerWidth + 1 ? [...out, 'page is wider'] : out;
        }"""
    )


@pytest.fixture
def checked():
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: python tools/build_pages.py")
    return findings


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_serious_finding_on_any_page(server, new_tab, checked, theme):
    tab = new_tab()
    page = tab.page
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    rules = ["color-contrast"] if theme == "light" else None  # the rest does not depend on colours
    found = {}
    tab.open("")
    page.wait_for_selector("table")
    found["worklist"] = checked(page, rules)
    key = server.study()["study"]["exam"]["patient"]["key"]
    tab.open(f"patient/{key}")
    page.get_by_role("heading", name="Child", level=1).wait_for()
    found["child"] = checked(page, rules)
    tab.open()
    tab.press("n", "c", "n")
    server.until(lambda s: s["content"]["lesions"], "a lesion")
    page.locator("[data-item] button").first.click()
    for part in PARTS:
        page.get_by_role("tab", name=part).click()
        page.locator(FILLED.get(part, "[role=tabpanel]")).first.wait_for()
        found[part] = checked(page, rules)
    tab.press("?")
    found["keys"] = checked(page, rules)
    tab.press("Escape")
    page.get_by_role("button", name="Sign…").click()
    page.get_by_text("questions are open").wait_for()
    found["signing"] = checked(page, rules)
    assert {page_: f for page_, f in found.items() if f} == {}


@pytest.mark.parametrize("size", [(1366, 768), (2560, 1440)], ids=["1366x768", "2560x1440"])
def test_nothing_is_cut_off(server, new_tab, size):
    tab = new_tab(width=size[0], height=size[1]).open()
    for keys in ("4", "6", "1"):
        tab.press(keys)
        assert reaches_outside(tab.page) == [], keys
    tab.press("4", "n")
    tags = tab.page.evaluate(
        """() => [...document.querySelectorAll(".pane[data-series='DWI_mip'] .tag circle")].map((c) => {
            const r = c.getBoundingClientRect();
            return [r.x + r.width / 2, r.y + r.height / 2];
        })"""
    )
    assert len(tags) == len(server.study()["study"]["candidates"])
    close = [
        (a, b)
        for i, a in enumerate(tags)
        for b in tags[i + 1 :]
        if abs(a[0] - b[0]) < 17 and abs(a[1] - b[1]) < 17
    ]
    assert close == []


def test_first_start_offers_the_demo_exam(server, new_tab, checked):
    (server.data / "child").unlink()
    tab = new_tab().open("")
    tab.page.get_by_role("button", name="Make the demo exam").wait_for()
    assert checked(tab.page) == []


@pytest.fixture
def two_exams(server, known_study):
    """The exam of the server and one of the same child a year before, each with a reading of the reader."""
    earlier = server.data / "before"
    shutil.copytree(known_study, earlier)
    record = json.loads((earlier / "study.json").read_text("utf-8"))
    day = date.fromisoformat(record["exam"]["date"])
    record["exam"] |= {"date": day.replace(year=day.year - 1).isoformat(), "study_uid": "2.25.4711"}
    (earlier / "study.json").write_text(json.dumps(record), "utf-8")
    for name in ("before", "child"):
        state = server.reading(study=name)
        lesions = [
            {"id": f"L{k}", "extents": [{"site_id": c["site"], "percent": 20}], "centre_mm": c["centre_mm"],
             "candidate_id": c["id"], "volume_ml": c["volume_ml"], "features": {"signal_grade": 2}}
            for k, c in enumerate(record["candidates"][name == "child" :], start=1)
        ]  # fmt: skip
        body = {"base": 0, "what": "read", "content": {**state["content"], "lesions": lesions}}
        url = f"{server.url}/api/studies/{name}/reading"
        httpx.put(url, headers={"X-Marrowmap-Reader": READER}, json=body, timeout=60).raise_for_status()


def test_reports_and_the_follow_up_page_are_accessible(server, two_exams, new_tab, checked):
    """Documents follow the scheme of the system; both are checked, and both sizes of screen."""
    page = new_tab().page
    page.set_extra_http_headers({"X-Marrowmap-Reader": READER})
    found = {}
    for kind, path in (
        ("what the machine found", "child/report.html"),
        ("report of a reading", "child/reading/report.html"),
        ("follow-up", "child/follow-up/before/page.html"),
    ):
        page.set_viewport_size({"width": 1366, "height": 768})
        page.emulate_media(color_scheme="light")
        page.goto(f"{server.url}/api/studies/{path}")
        assert "SYNTHETIC" in page.locator("body").inner_text().upper(), kind
        found[kind] = checked(page)
        page.emulate_media(color_scheme="dark")
        found[f"{kind}, dark"] = checked(page, ["color-contrast"])
        for width, height in ((1366, 768), (2560, 1440)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), (kind, width)
    assert {name: list_ for name, list_ in found.items() if list_} == {}


@pytest.mark.parametrize("size", [(1366, 768), (2560, 1440)], ids=["1366x768", "2560x1440"])
def test_every_part_and_page_fits_the_window(server, two_exams, new_tab, size):
    tab = new_tab(width=size[0], height=size[1])
    key = server.study()["study"]["exam"]["patient"]["key"]
    outside = {}
    for name, path, there in (
        ("worklist", "", "table"),
        ("child", f"patient/{key}", "main h1"),
        ("studies", "studies", "main h1"),
        ("cohort", "cohort", "main h1"),
    ):
        tab.open(path).page.locator(there).first.wait_for()
        outside[name] = reaches_outside(tab.page)
    tab.open()
    tab.page.locator("[data-item] button").first.click()
    for part in PARTS:
        tab.page.get_by_role("tab", name=part).click()
        tab.page.locator(FILLED.get(part, "[role=tabpanel]")).first.wait_for()
        outside[part] = reaches_outside(tab.page) + tab.page.evaluate(
            """() => [...document.querySelectorAll('aside [role=tabpanel] *')]
                .filter((e) => e.checkVisibility() && !(e instanceof SVGElement))
                .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
                .map((e) => e.outerHTML.slice(0, 120))"""
        )
    assert {name: list_ for name, list_ in outside.items() if list_} == {}
