"""Writes the body map's shapes as JSON for the pages: ``python -m marrowmap.report.bodymap_export FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from marrowmap.report.bodymap_shapes import bodymap_geometry


def bodymap_json() -> str:
    """The drawing as JSON text, the same text each time."""
    return json.dumps(bodymap_geometry(), separators=(",", ":"), ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file named by the one argument; exit code 2 without it."""
    if len(arguments) != 1:
        print("usage: python -m marrowmap.report.bodymap_export FILE", file=sys.stderr)
        return 2
    target = Path(arguments[0])
    making = target.with_name(target.name + ".new")
    making.write_text(bodymap_json(), encoding="utf-8")
    making.rename(target)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
