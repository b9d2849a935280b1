"""Pictures of every page for the docs: ``python tools/screenshots.py DATA`` with an imported study in DATA.

Needs Chromium, Playwright and the built pages. Works on a copy of the data folder; readings made for the
pictures are thrown away. With two exams of one child the pictures of follow-up are made too. All pictures are
dark, those in ``IN_LIGHT`` also light; ``--theme`` makes all in one look, ``--out`` keeps them elsewhere,
``--size WxH`` chooses another window.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

READER = "Dr Demo"
TALLEST = 2200
"""Tallest picture of a long page, pixels."""
IN_LIGHT = frozenset({"reading-room", "body-map", "answers", "follow-up-map", "worklist"})


def serve(data: Path) -> tuple[Any, str]:
    """Start the pages over a data folder; returns the server and its address."""
    import uvicorn

    from marrowmap.web.app import create_app

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(data), port=port, log_level="error"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return server, f"http://127.0.0.1:{port}"


class Camera:
    """Takes pictures of one page; colours are reduced so that the files stay small.

    only: names of the pictures to keep, None for all. ending: put behind each name.
    """

    def __init__(self, page: Any, out: Path, only: frozenset[str] | None = None, ending: str = "") -> None:
        self.page, self.out, self.only, self.ending = page, out, only, ending

    def take(self, name: str, *, tall: bool = False, of: str = "") -> None:
        """tall: as much of the page as it has, up to TALLEST. of: this part of it alone."""
        if self.only is not None and name not in self.only:
            return
        size = self.page.viewport_size
        if tall:
            need = "Math.max(...[...document.querySelectorAll('html, main > *')].map((e) => e.scrollHeight)) + 60"
            height = min(TALLEST, max(size["height"], int(self.page.evaluate(need))))
            self.page.set_viewport_size({"width": size["width"], "height": height})
        self.page.wait_for_timeout(500)
        path = self.out / f"{name}{self.ending}.png"
        if of:
            self.page.set_viewport_size({"width": size["width"], "height": TALLEST})
            self.page.locator(of).screenshot(path=path)
        else:
            self.page.screenshot(path=path)
        self.page.set_viewport_size(size)
        Image.open(path).convert("RGB").quantize(
            256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        ).save(path, optimize=True)
        print(f"{path.name}: {path.stat().st_size // 1024} kB", flush=True)

    def document(self, address: str, name: str, *parts: str) -> None:
        """A document of the server, which knows the reader by a header. parts: sections that get a picture too."""
        wanted = {name, *(f"{name}-{part}" for part in parts)}
        if self.only is not None and not wanted & self.only:
            return
        self.page.set_extra_http_headers({"X-Marrowmap-Reader": READER})
        self.page.goto(address)
        self.take(name, tall=True)
        for part in parts:
            self._section(f"{name}-{part}", f"section[aria-labelledby='h-{part}']")
        self.page.set_extra_http_headers({})

    def _section(self, name: str, section: str) -> None:
        """One section of a document below its "synthetic" bar, which stays on top of the window."""
        size = self.page.viewport_size
        bars = self.page.locator(".synthetic")
        above = 12 + (bars.bounding_box()["height"] if bars.count() else 0)
        part = self.page.locator(section)
        height = part.bounding_box()["height"] + above + 12
        self.page.set_viewport_size({"width": size["width"], "height": round(height)})
        part.evaluate("(e, above) => scrollTo(0, scrollY + e.getBoundingClientRect().top - above)", above)
        self.take(name)
        self.page.set_viewport_size(size)

    def be(self, reader: str) -> None:
        """Go on as another person."""
        self.page.get_by_label("Your name").fill(reader)
        self.page.get_by_label("Your name").press("Enter")

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(60)


def ready(page: Any) -> None:
    """Wait until every pane shows its picture."""
    page.wait_for_selector("canvas[data-slice]:not([data-slice=''])")
    page.wait_for_selector(".pane .loading", state="detached")


def read_all(camera: Camera, url: str, study: str) -> None:
    """Confirm two of three candidates, reject the rest; grade the confirmed ones."""
    page = camera.page
    page.goto(f"{url}/#/read/{study}")
    page.wait_for_selector("[data-item]")
    ready(page)
    items = page.locator("[data-item]").count()
    camera.keys("n", *("x" if k % 3 == 2 else "c" for k in range(items)))
    for k in range(items):
        page.locator("[data-item] button").nth(k).click()
        camera.keys("t", *("t" if k % 2 else ""))
    page.get_by_text("saved", exact=True).wait_for()


def tour(camera: Camera, url: str, study: str, earlier: str | None) -> None:
    """Every page and every part of the reading room, as a reader meets them."""
    page = camera.page
    if earlier:
        read_all(camera, url, earlier)
    read_all(camera, url, study)
    page.locator("[data-item] button").first.click()
    camera.take("reading-room")
    camera.keys("6")
    ready(page)
    camera.take("reading-room-six-panes")
    camera.keys("1", "+", "+")
    camera.take("one-pane-zoomed")
    camera.keys("r", "4", "y")
    ready(page)
    camera.take("body-map")
    page.get_by_role("button", name="Spine", exact=True).click()
    camera.take("body-map-spine")
    camera.keys("m")
    page.locator("[data-part=normal] details").nth(2).locator("summary").click()
    camera.take("normal")
    camera.keys("v")
    camera.take("whole-exam")
    camera.keys("q")
    page.wait_for_selector("[data-answer=pathway]")
    camera.take("answers")
    page.get_by_role("tab", name="Log").click()
    page.wait_for_selector("aside ol li")
    camera.take("history")
    page.get_by_role("tab", name="Lesions").click()
    camera.keys("?")
    camera.take("keys")
    camera.keys("Escape")
    page.get_by_role("button", name="Sign…").click()
    page.get_by_role("dialog").get_by_text("questions are open").wait_for()
    camera.take("signing")
    camera.keys("Escape")
    if earlier:
        camera.keys("0")
        page.wait_for_selector(".pane[data-series^='earlier/']")
        ready(page)
        camera.keys("l")
        camera.take("side-by-side")
        camera.keys("v")
        page.get_by_role("button", name="What changed since then").click()
        same = page.get_by_role("button", name="Same lesion")
        page.get_by_role("list", name="What became of each lesion").wait_for()
        for k in range(min(2, same.count())):
            same.nth(k).click()
            page.locator("[aria-pressed=true]:text('Same lesion')").nth(k).wait_for()
        page.get_by_role("list", name="Proposed pairs").scroll_into_view_if_needed()
        camera.take("follow-up-pairs")
        camera.document(
            f"{url}/api/studies/{study}/follow-up/{earlier}/page.html", "follow-up", "map", "time"
        )
    camera.document(f"{url}/api/studies/{study}/reading/report.html", "report")
    camera.document(f"{url}/api/studies/{study}/report.html", "what-the-machine-found")
    page.goto(f"{url}/#/")
    page.wait_for_selector("table")
    camera.take("worklist")
    page.locator("tbody a").first.click()
    page.wait_for_selector("main h1")
    camera.take("child")


def registry_tour(camera: Camera, url: str) -> None:
    """The cohort, the reading studies and an adjudication."""
    page = camera.page
    page.goto(f"{url}/#/cohort")
    page.locator("main img").first.wait_for()
    page.get_by_text("Drawing").wait_for(state="detached")
    camera.take("cohort", tall=True)
    camera.take("cohort-map", of="#figure-bodymap")
    camera.be("Org")
    page.goto(f"{url}/#/studies")
    page.get_by_role("link", name="Two readers").wait_for()
    camera.take("reading-studies")
    page.get_by_role("link", name="Two readers").click()
    page.get_by_role("button", name="Close reading").click()
    page.get_by_role("heading", name="Agreement").wait_for()
    camera.be("Judge")
    page.get_by_role("heading", name="Agreement").wait_for()
    camera.take("reading-study")
    page.get_by_role("button", name="Adjudicate case 1").click()
    page.get_by_role("button", name="Sign the consensus").wait_for()
    camera.take("adjudication")


def registry_of(data: Path, exam_uid: str) -> None:
    """A registry of thirty made-up children beside the exams, and a blinded study that two readers have read."""
    from marrowmap.cohort.adjudication import hand_in_signed
    from marrowmap.cohort.demo.records import records
    from marrowmap.core.lesion import Features, Lesion, SiteExtent
    from marrowmap.core.reading import Reading
    from marrowmap.core.site import all_sites
    from marrowmap.registry.database import open_registry
    from marrowmap.registry.importing import import_rows
    from marrowmap.registry.longfiles import RawRow
    from marrowmap.registry.studies import Case, open_study
    from marrowmap.registry.values import write_cell

    opened = open_registry(data / "registry.db")
    raw = {
        table: [RawRow(table, n, {k: write_cell(v) for k, v in row.items()}) for n, row in enumerate(rows)]
        for table, rows in records().items()
    }
    import_rows(opened, raw, "demo")
    readers = {
        "Dr One": ("tibia_distal_metaphysis_left", "vertebra_t6", "clavicle_medial_right"),
        "Dr Two": ("tibia_distal_metaphysis_left", "vertebra_t6", "ilium_left"),
    }
    cases = [Case("case 1", exam_uid, "SYN-01")]
    open_study(opened, "pilot", "Two readers", cases, list(readers), "Org", 1, adjudicator="Judge")
    for name, sites in readers.items():
        lesions = tuple(
            Lesion(f"L{n}", (SiteExtent(s, 30),), features=Features(signal_grade=1 + (n == 1)))
            for n, s in enumerate(sites, start=1)
        )
        normal = frozenset(s.id for s in all_sites()) - set(sites)
        reading = Reading(f"{name}-1", exam_uid, "blinded", name, None, lesions, normal, synthetic=True)
        hand_in_signed(opened, "pilot", "case 1", reading.signed(datetime(2026, 5, 1, tzinfo=UTC)))
    opened.close()


def main() -> None:
    """Make the pictures."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "pages")
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("--theme", choices=["dark", "light"], help="all pictures in one look; else see above")
    parser.add_argument("--only", nargs="+", help="names of the pictures to make anew")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    width, height = (int(n) for n in options.size.split("x"))
    only = frozenset(options.only) if options.only else None
    looks = (
        [(options.theme, only)]
        if options.theme
        else [("dark", only), ("light", IN_LIGHT & (only or IN_LIGHT))]
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=ARGUMENTS
        )
        for theme, only in looks:
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
            context.add_init_script(
                f"localStorage.getItem('reader') ?? localStorage.setItem('reader', '{READER}');"
                f"localStorage.setItem('theme', '{theme}')"
            )
            page = context.new_page()
            page.set_default_timeout(120_000)
            ending = "-light" if theme == "light" and not options.theme else ""
            camera = Camera(page, options.out, only, ending)
            with tempfile.TemporaryDirectory() as folder:
                take_all(camera, options.data, Path(folder))
            context.close()
        browser.close()


def take_all(camera: Camera, source: Path, folder: Path) -> None:
    """All pictures of one look, over a copy of the data that is thrown away."""
    data, cohort, empty = (folder / name for name in ("data", "cohort", "empty"))
    for place in (data, cohort, empty):
        place.mkdir()
    studies = sorted(p for p in source.iterdir() if (p / "pages" / "series.json").is_file())
    exams = {p.name: json.loads((p / "study.json").read_text("utf-8"))["exam"] for p in studies}
    latest = max(exams, key=lambda n: exams[n]["date"] or "")
    child = exams[latest]["patient"]["key"]
    before = [n for n in exams if n != latest and exams[n]["patient"]["key"] == child]
    for study in studies:
        (data / study.name).symlink_to(study.resolve())
    (cohort / latest).symlink_to((source / latest).resolve())
    registry_of(cohort, exams[latest]["study_uid"])
    for place, visit in (
        (data, lambda url: tour(camera, url, latest, max(before, default=None))),
        (cohort, lambda url: registry_tour(camera, url)),
        (empty, lambda url: first_start(camera, url)),
    ):
        server, url = serve(place)
        visit(url)
        server.should_exit = True


def first_start(camera: Camera, url: str) -> None:
    """The first page of an empty data folder."""
    camera.page.goto(url)
    camera.page.wait_for_selector("button:has-text('Make the demo exam')")
    camera.take("first-start")


if __name__ == "__main__":
    main()
