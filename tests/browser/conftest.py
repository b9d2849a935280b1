"""The reading room in real Chromium: a server of its own per test, over the study whose truth is known."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
READER = "Dr Ada Reader"
PATIENCE_S = 90
"""How long anything may take on a machine that is busy with something else; nothing waits that long when idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests; skips where there is none, or where the pages are not built."""
    from importlib import resources

    if not Path(CHROMIUM).is_file():
        pytest.skip("Chromium is not installed")
    if not resources.files("marrowmap.web").joinpath("static/index.html").is_file():
        pytest.skip("the pages are not built: python tools/build_pages.py")
    with playwright_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield launched
        launched.close()


class Server:
    """The app over one data folder, on a free port of this machine."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        import uvicorn

        from marrowmap.web.app import create_app

        config = uvicorn.Config(
            create_app(self.data),
            host="127.0.0.1",
            port=self.port,
            log_level="error",
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        for _ in range(20 * PATIENCE_S):
            if self._server.started:
                return
            time.sleep(0.05)
        raise RuntimeError("the server did not start")

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)

    def reading(self, reader: str = READER, study: str = "child") -> dict[str, Any]:
        """The reader's last stored state."""
        headers = {"X-Marrowmap-Reader": reader}
        return httpx.get(f"{self.url}/api/studies/{study}/reading", headers=headers, timeout=60).json()

    def study(self) -> dict[str, Any]:
        return httpx.get(f"{self.url}/api/studies/child", timeout=60).json()

    def until(self, holds: Callable[[dict[str, Any]], Any], what: str) -> dict[str, Any]:
        """The stored state once ``holds`` says so. Fails when patience ends, with what was stored last."""
        state: dict[str, Any] = {}
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            state = self.reading()
            if holds(state):
                return state
            time.sleep(0.1)
        shown = {k: v for k, v in state["content"].items() if k not in ("outlines", "not_covered")}
        raise AssertionError(f"the server never stored: {what}; it has {json.dumps(shown)[:1500]}")


@pytest.fixture
def server(known_study: Path, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "child").symlink_to(known_study)
    running = Server(tmp_path)
    yield running
    running.stop()


class Tab:
    """One browser tab in the reading room."""

    def __init__(self, page: Any, server: Server) -> None:
        self.page, self.server = page, server
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def open(self, path: str = "read/child") -> Tab:
        self.page.goto(f"{self.server.url}/#/{path}")
        if path.startswith("read"):
            self.page.wait_for_selector("canvas[data-slice]:not([data-slice=''])")
            self.page.wait_for_selector("[data-item], .empty")
        return self

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def click_mm(self, series: str, point_mm: list[float]) -> None:
        """Scroll to a point of the patient and click it; places come from the affine, not from the page."""
        pane = self.page.locator(f".pane[data-series='{series}']")
        grid = next(s["grid"] for s in self.server.study()["series"] if s["name"] == series)
        slice_, row, column = (np.linalg.inv(np.array(grid["affine_lps"])) @ [*point_mm, 1.0])[:3]
        canvas = pane.locator("canvas")
        shown = int(canvas.get_attribute("data-slice") or 0)
        while shown != round(slice_) and "mip" not in series:
            step = 1 if round(slice_) > shown else -1
            self.press("ArrowDown" if step > 0 else "ArrowUp")
            shown += step
            pane.locator(f"canvas[data-slice='{shown}']").wait_for()
        box = pane.locator("canvas").bounding_box()
        x = box["x"] + (column + 0.5) / grid["shape"][2] * box["width"]
        y = box["y"] + (row + 0.5) / grid["shape"][1] * box["height"]
        self.page.mouse.click(x, y)


@pytest.fixture
def new_tab(browser: Any, server: Server) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; each ``new_tab()`` is a browser profile of its own unless ``of`` names a tab to share with."""
    contexts = []
    tabs: list[Tab] = []

    def make(of: Tab | None = None, width: int = 1366, height: int = 768, reader: str = READER) -> Tab:
        if of is not None:
            context = of.page.context
        else:
            context = browser.new_context(viewport={"width": width, "height": height})
            context.add_init_script(
                f"localStorage.getItem('reader') ?? localStorage.setItem('reader', {reader!r})"
            )
            contexts.append(context)
        tab = Tab(context.new_page(), server)
        tab.page.set_default_timeout(1000 * PATIENCE_S)
        tabs.append(tab)
        return tab

    yield make
    faults = [fault for tab in tabs for fault in tab.faults]
    for context in contexts:
        context.close()
    assert not faults, f"the page raised: {faults}"
