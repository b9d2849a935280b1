"""Readings in the making: every change is kept, none can overwrite another, a signed one is frozen.

One folder per reading; each saved state is a file of its own, ``000001.json``, ``000002.json``, ... A state
is written beside its place and linked to its number, which fails when the number is taken: two tabs or two
readers who start from the same state cannot overwrite each other, and a crash leaves the last whole state.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marrowmap.errors import InvalidRecord, MarrowmapError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}")
_STATE = re.compile(r"\d{6}\.json")


class EditConflict(MarrowmapError):
    """Somebody else saved first."""


class Frozen(MarrowmapError):
    """The reading is signed and cannot change; amend it instead."""


@dataclass(frozen=True)
class State:
    """One saved state. version counts from 1; 0 with empty content: nothing saved yet."""

    version: int
    content: dict[str, Any]
    who: str
    when: datetime | None
    what: str
    signed: bool = False


EMPTY = State(0, {}, "", None, "")


class Journal:
    """All states of all readings below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def readings(self) -> tuple[str, ...]:
        """Names of the readings that have at least one state."""
        if not self._root.is_dir():
            return ()
        return tuple(sorted(p.name for p in self._root.iterdir() if p.is_dir() and self._versions(p)))

    def latest(self, reading: str) -> State:
        """The last saved state; EMPTY when there is none."""
        versions = self._versions(self._folder(reading))
        return self.at(reading, versions[-1]) if versions else EMPTY

    def at(self, reading: str, version: int) -> State:
        """One earlier state. Raises InvalidRecord when it does not exist."""
        path = self._folder(reading) / f"{version:06d}.json"
        try:
            raw = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise InvalidRecord(f"reading {reading}", f"has no state {version}") from None
        when = datetime.fromisoformat(raw["when"])
        return State(version, raw["content"], raw["who"], when, raw["what"], raw["signed"])

    def history(self, reading: str) -> tuple[State, ...]:
        """Every state, oldest first."""
        return tuple(self.at(reading, v) for v in self._versions(self._folder(reading)))

    def save(
        self, reading: str, content: dict[str, Any], *, base: int, who: str, what: str, signed: bool = False
    ) -> State:
        """Keep a new state that was made from state ``base``.

        Raises Frozen after signing, EditConflict when ``base`` is no longer the last state.
        """
        folder = self._folder(reading)
        last = self.latest(reading)
        if last.signed:
            raise Frozen(f"reading {reading}", "is signed and cannot change", "Amend it: both are kept")
        if base != last.version:
            raise self._conflict(reading, last)
        folder.mkdir(parents=True, exist_ok=True)
        when = datetime.now(UTC)
        record = {"who": who, "when": when.isoformat(), "what": what, "signed": signed, "content": content}
        handle, name = tempfile.mkstemp(dir=folder, prefix=".saving-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(record, file, ensure_ascii=False, allow_nan=False)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(name, folder / f"{base + 1:06d}.json")
            except FileExistsError:
                raise self._conflict(reading, self.latest(reading)) from None
        finally:
            os.unlink(name)
        return State(base + 1, content, who, when, what, signed)

    def _conflict(self, reading: str, last: State) -> EditConflict:
        return EditConflict(
            f"reading {reading}",
            f"was changed by {last.who or 'somebody'} in the meantime (state {last.version}: {last.what})",
            "Load the newer state; your last change was not stored",
        )

    def _folder(self, reading: str) -> Path:
        if not _NAME.fullmatch(reading):
            raise InvalidRecord("reading", f"{reading!r} is not a name of letters, digits, '.', '_' and '-'")
        return self._root / reading

    @staticmethod
    def _versions(folder: Path) -> list[int]:
        if not folder.is_dir():
            return []
        return sorted(int(p.stem) for p in folder.iterdir() if _STATE.fullmatch(p.name))
