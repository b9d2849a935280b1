"""NiiVue and Cornerstone3D on the volumes of ``benchmarks/viewer.py``, beside our viewer, in one run.

``python benchmarks/viewer_peers.py --modules DIR [--json FILE]``. DIR holds ``node_modules`` with the peers, which
are no part of the project: ``npm install --ignore-scripts @niivue/niivue@0.69.0 @cornerstonejs/core@5.0.13
@cornerstonejs/nifti-volume-loader@5.0.13 esbuild`` in an empty folder. Peers read uncompressed NIfTI from loopback.
Peers start with their scripts loaded, ours with a click in the worklist.
Ratios say how many times longer, or slower, the peer is. Software rendering: a graphics card would help the peers.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from viewer import ARGUMENTS, full_size_study, one_run, serve

from marrowmap.core.geometry import Grid
from marrowmap.core.volume import Contrast, Volume
from marrowmap.exchange.nifti import write_volume
from marrowmap.web.packs import Pack

HERE = Path(__file__).resolve().parent / "viewer_peers"
NAMES = ["STIR", "T1", "DWI_b800", "DWI_mip"]
PATIENCE_MS = 420_000

STEPS = """async ([name, steps]) => {
    const begun = performance.now();
    let done = 0;
    while (done < steps && performance.now() - begun < 30000) {
        await window[name](Math.floor(done / 10) % 2 === 0);
        await new Promise(requestAnimationFrame);
        done++;
    }
    return done / (performance.now() - begun) * 1000;
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, without a line for each."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def peer_folder(study: Path, modules: Path, out: Path) -> None:
    """Volumes as NIfTI and both peers bundled into one folder."""
    pack = Pack(study)
    for name in NAMES:
        series = pack.series[name]
        shape = (1, *series.shape[1:]) if series.kind == "mip" else series.shape
        raw = (study / "pages" / f"{name}.i16").read_bytes()
        array = np.frombuffer(raw, "<i2").reshape(shape)
        write_volume(
            out / f"{name}.nii", Volume(array, Grid(shape, np.array(series.affine_lps)), Contrast.STIR)
        )
    shutil.copy(HERE / "index.html", out)
    for peer in ("niivue", "cornerstone"):
        shutil.copy(HERE / f"{peer}.js", modules)
        command = [
            str(modules / "node_modules" / ".bin" / "esbuild"),
            f"{peer}.js",
            "--bundle",
            "--format=esm",
        ]
        more = ["--external:fs", "--external:path", f"--outfile={out / peer}.bundle.js", "--log-level=error"]
        subprocess.run([*command, *more], cwd=modules, check=True)
        (modules / f"{peer}.js").unlink()


def peer_run(browser: Any, url: str, peer: str) -> dict[str, float]:
    """Figures of one peer in a fresh profile."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{url}/?{peer}")
    page.wait_for_function("() => Boolean(window.run)")
    found: dict[str, float] = page.evaluate("names => window.run(names)", NAMES)
    found["scroll_fps"] = page.evaluate(STEPS, ["scrollOnce", 60])
    found["window_fps"] = page.evaluate(STEPS, ["windowOnce", 60])
    context.close()
    return found


def main() -> None:
    """Run and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        data, files = Path(name) / "data", Path(name) / "files"
        data.mkdir()
        files.mkdir()
        full_size_study(data / "full-size")
        peer_folder(data / "full-size", options.modules.resolve(), files)
        server, url = serve(data)
        handler = functools.partial(Quiet, directory=str(files))
        static = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=static.serve_forever, daemon=True).start()
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        arguments = [a for a in ARGUMENTS if a != "--disable-gpu"]
        soft = [*arguments, "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        runs: dict[str, dict[str, float] | str] = {}
        for who in ("ours", "niivue", "cornerstone", "ours again"):
            ours = who.startswith("ours")
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS if ours else soft)
            try:
                place = f"http://127.0.0.1:{static.server_port}"
                runs[who] = one_run(browser, url) if ours else peer_run(browser, place, who)
            except Exception as error:  # a peer that fails is a finding, not the end of the run
                runs[who] = str(error).splitlines()[0]
            browser.close()
            print(who, runs[who], f"load {os.getloadavg()[0]:.1f}", flush=True)
        server.should_exit = True
        static.shutdown()
    if options.json:
        record = {"load": os.getloadavg()[0], "cores": os.cpu_count(), "runs": runs}
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    mine, again = runs["ours"], runs["ours again"]
    for peer in ("niivue", "cornerstone"):
        theirs = runs[peer]
        if isinstance(theirs, str) or isinstance(mine, str) or isinstance(again, str):
            continue
        for key in ("first_picture_s", "all_panes_s", "scroll_fps", "window_fps"):
            own = (mine[key] + again[key]) / 2
            ratio = own / theirs[key] if key.endswith("fps") else theirs[key] / own
            print(f"{peer:12} {key:16} ours {own:7.2f}  peer {theirs[key]:7.2f}  ratio {ratio:5.1f}")


if __name__ == "__main__":
    main()
