"""How fast the reading room's viewer is: ``python benchmarks/viewer.py [--json FILE]``.

A full-size exam (480 x 1800 x 40 voxels per volume, int16) is made from noise inside a body-like shape and
served on loopback; headless Chromium with software rendering reads it. Figures: from the click in the worklist
to the first picture and to all four panes complete; frames per second while four panes scroll in step, and while
one window changes. Aims: 0.5 s, 3 s, 20 and 25 frames/s. Single runs on a busy machine spread widely: the load is
printed beside the figures and ``--runs`` repeats.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import all_sites
from marrowmap.web.packs import PackWriter
from marrowmap.web.pages_of_study import maximum_projection

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from screenshots import ARGUMENTS, serve

SHAPE = (40, 1800, 480)

PAINTED = """() => {
    window.painted = new Map();
    new MutationObserver(() => {
        for (const canvas of document.querySelectorAll('.pane canvas'))
            if (canvas.dataset.slice && !window.painted.has(canvas)) window.painted.set(canvas, performance.now());
        const panes = document.querySelectorAll('.pane').length;
        const busy = document.querySelector('.pane .loading');
        if (!window.whole && panes === 4 && window.painted.size === 4 && !busy) window.whole = performance.now();
    }).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-slice']});
    const open = document.querySelector('tbody button');
    window.begun = performance.now();
    open.click();
}"""

FRAMES = """async ([keys, steps]) => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    const begun = performance.now();
    for (let i = 0; i < steps; i++) {
        document.body.dispatchEvent(new KeyboardEvent('keydown', {key: keys[i % keys.length], bubbles: true}));
        await frame();
    }
    await frame();
    return steps / (performance.now() - begun) * 1000;
}"""


def full_size_study(folder: Path) -> None:
    """A study folder with pages only: three volumes and a projection, marked synthetic."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    slices, rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    width = 90 + 60 * np.sin(rows / SHAPE[1] * 9) ** 2
    body = ((columns - 240) / width) ** 2 + ((slices - 20) / 16) ** 2 < 1
    grid = Grid.coronal(SHAPE, (5.0, 1.0, 1.0), PointMm(-240.0, -100.0, 900.0))
    writer = PackWriter(folder)
    for name, level in (("STIR", 300), ("T1", 500), ("DWI_b800", 120)):
        signal = rng.normal(level, level / 6, SHAPE).astype(np.int16) * body
        contrast = "DWI" if name.startswith("DWI") else name
        writer.add(name, signal, grid, title=name, kind="composed", contrast=contrast)
    projection, depth = maximum_projection(_volume(signal, grid))
    writer.add(
        "DWI_mip", projection[None], grid, title="DWI, projection", kind="mip", contrast="DWI", depth=depth
    )
    sites = [
        {k: str(getattr(s, k)) for k in ("id", "name", "bone", "side", "segment", "region")}
        for s in all_sites()
    ]
    writer.finish({"masks": {}, "muscle_by_row": [], "sites": sites})
    record = {
        "synthetic": True,
        "exam": {
            "study_uid": "2.25.1",
            "date": None,
            "patient": {"key": "benchmark", "age_years": None, "sex": "unknown"},
            "scanner": {"manufacturer": "", "model": "", "field_tesla": None},
        },
        "protocol": {"status": "complete", "items": [], "sentences": []},
        "volumes": [],
        "coverage": {s.id: "covered" for s in all_sites()},
        "candidates": [],
        "warnings": [],
        "images_in": SHAPE[0] * 3,
        "software": {"validation": ""},
    }
    (folder / "study.json").write_text(json.dumps(record), encoding="utf-8")


def _volume(array: Any, grid: Grid) -> Any:
    from marrowmap.core.volume import Contrast, Volume

    return Volume(array, grid, Contrast.DWI, b_value=800)


def one_run(browser: Any, url: str) -> dict[str, float]:
    """Figures of one fresh browser profile."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, bypass_csp=True)
    page = context.new_page()
    page.add_init_script("localStorage.setItem('reader', 'Dr Bench')")
    page.goto(url)
    page.wait_for_selector("tbody button")
    page.evaluate(PAINTED)
    page.wait_for_function("window.whole", timeout=120_000)
    first, whole = page.evaluate("[Math.min(...window.painted.values()) - begun, whole - begun]")
    page.wait_for_timeout(500)
    scroll = page.evaluate(FRAMES, [["ArrowDown"] * 15 + ["ArrowUp"] * 15, 60])
    window = page.evaluate(FRAMES, [["w", "W"], 60])
    context.close()
    return {
        "first_picture_s": first / 1000,
        "all_panes_s": whole / 1000,
        "scroll_fps": scroll,
        "window_fps": window,
    }


def main() -> None:
    """Run and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        full_size_study(Path(name) / "full-size")
        server, url = serve(Path(name))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=ARGUMENTS
        )
        runs = [one_run(browser, url) for _ in range(options.runs)]
        browser.close()
        server.should_exit = True
    aims = {"first_picture_s": "<= 0.5", "all_panes_s": "<= 3", "scroll_fps": ">= 20", "window_fps": ">= 25"}
    load = os.getloadavg()[0]
    print(f"{len(runs)} runs, load {load:.1f} on {os.cpu_count()} cores, software rendering, 1920 x 1080")
    for key, aim in aims.items():
        values = [r[key] for r in runs]
        print(f"{key:16} median {median(values):6.2f}  ({min(values):.2f} to {max(values):.2f})  aim {aim}")
    if options.json:
        record = {"load": load, "cores": os.cpu_count(), "runs": runs}
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
