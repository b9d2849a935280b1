"""The committed records of the 30 made-up children."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from marrowmap.registry.longfiles import RawRow, read_long_files
from marrowmap.registry.parsing import check_rows


def record_files() -> dict[str, list[RawRow]]:
    """The records as an import reads them."""
    with resources.as_file(resources.files("marrowmap.cohort.demo") / "records") as folder:
        return read_long_files(Path(folder))


def records() -> dict[str, list[dict[str, Any]]]:
    """The records, checked as an import checks them."""
    return check_rows(record_files())
