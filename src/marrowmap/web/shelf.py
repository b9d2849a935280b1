"""The studies below a data folder, ready for the pages."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from marrowmap.web.packs import FOLDER, Pack
from marrowmap.web.problems import NotThere

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")


@dataclass(frozen=True)
class Shelf:
    """Study folders directly below ``root``; only those whose pages are complete are shown."""

    root: Path

    def names(self) -> tuple[str, ...]:
        """Names of the studies, sorted."""
        if not self.root.is_dir():
            return ()
        return tuple(
            sorted(
                p.name
                for p in self.root.iterdir()
                if _NAME.fullmatch(p.name) and (p / FOLDER / "series.json").is_file()
            )
        )

    def folder(self, name: str) -> Path:
        """Folder of one study. Raises NotThere for any other name."""
        if not _NAME.fullmatch(name) or not (self.root / name / FOLDER / "series.json").is_file():
            raise NotThere(f"study {name}", "is not in the data folder", "Go back to the worklist")
        return self.root / name

    def study(self, name: str) -> dict[str, Any]:
        """``study.json`` of one study; not to be changed, others hold it too."""
        path = self.folder(name) / "study.json"
        return _record(path, path.stat().st_mtime_ns)

    def of_patient(self, key: str) -> tuple[str, ...]:
        """Names of the exams of one child by their pseudonym, earliest first; "" has none."""
        found = [(self.study(name)["exam"], name) for name in self.names()] if key else []
        dated = [(exam["date"] or "", name) for exam, name in found if exam["patient"]["key"] == key]
        return tuple(name for _, name in sorted(dated))

    def pack(self, name: str) -> Pack:
        """Its images."""
        folder = self.folder(name)
        return _pack(folder, (folder / FOLDER / "series.json").stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _record(path: Path, changed_ns: int) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return record


@lru_cache(maxsize=16)
def _pack(folder: Path, changed_ns: int) -> Pack:
    return Pack(folder)
