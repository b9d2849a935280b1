"""Pictures of every page for the docs: ``python tools/screenshots.py DATA`` with an imported study in DATA.

Needs Chromium, Playwright and the built pages. Works on a copy of the data folder; readings made for the
pictures are thrown away. ``--out`` keeps them elsewhere, ``--size WxH`` and ``--theme`` choose another look.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import tempfile
import threading
import time
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
    """Takes pictures of one page; colours are reduced so that the files stay small."""

    def __init__(self, page: Any, out: Path) -> None:
        self.page, self.out = page, out

    def take(self, name: str) -> None:
        self.page.wait_for_timeout(400)
        path = self.out / f"{name}.png"
        self.page.screenshot(path=path)
        Image.open(path).convert("RGB").quantize(
            256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        ).save(path, optimize=True)
        print(f"{path.name}: {path.stat().st_size // 1024} kB")

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(60)


def tour(camera: Camera, url: str, study: str) -> None:
    """Every page and every part of the reading room, as a reader meets them."""
    page = camera.page
    page.goto(f"{url}/#/read/{study}")
    page.wait_for_selector("[data-item]")
    page.wait_for_selector(".pane .loading", state="detached")
    decided = page.locator("[data-item]").count()
    camera.keys("n", *("c" if k % 3 != 2 else "x" for k in range(decided)))
    page.locator("[data-item] button").first.click()
    camera.keys("t", "t")
    camera.take("reading-room")
    camera.keys("6")
    page.wait_for_selector(".pane .loading", state="detached")
    camera.take("reading-room-six-panes")
    camera.keys("4", "y")
    camera.take("body-map")
    page.get_by_role("button", name="Spine", exact=True).click()
    camera.take("body-map-spine")
    camera.keys("m")
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
    others = page.evaluate(f"fetch('api/studies/{study}').then(r => r.json()).then(s => s.others.length)")
    if others:
        camera.keys("0")
        page.wait_for_selector(".pane[data-series^='earlier/']")
        page.wait_for_selector(".pane .loading", state="detached")
        camera.keys("l")
        camera.take("side-by-side")
    page.goto(f"{url}/#/")
    page.wait_for_selector("table")
    camera.take("worklist")
    page.locator("tbody a").first.click()
    page.wait_for_selector("main h1")
    camera.take("child")


def main() -> None:
    """Make the pictures."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "pages")
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("--theme", choices=["dark", "light"], default="dark")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    width, height = (int(n) for n in options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data, empty = Path(folder) / "data", Path(folder) / "empty"
        data.mkdir()
        empty.mkdir()
        studies = sorted(p for p in options.data.iterdir() if (p / "pages" / "series.json").is_file())
        for study in studies:
            (data / study.name).symlink_to(study.resolve())
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=ARGUMENTS
        )
        page = browser.new_page(viewport={"width": width, "height": height})
        page.add_init_script(
            f"localStorage.setItem('reader', 'Dr Demo'); localStorage.setItem('theme', '{options.theme}')"
        )
        server, url = serve(data)
        camera = Camera(page, options.out)
        latest = max(
            studies, key=lambda s: json.loads((s / "study.json").read_text("utf-8"))["exam"]["date"] or ""
        )
        tour(camera, url, latest.name)
        server.should_exit = True
        server, url = serve(empty)
        page.goto(url)
        page.wait_for_selector("button:has-text('Make the demo exam')")
        camera.take("first-start")
        server.should_exit = True
        browser.close()


if __name__ == "__main__":
    main()
