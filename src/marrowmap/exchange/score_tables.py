"""Score tables a site entered itself, kept as TOML files in one folder, each under its content's hash."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from marrowmap.core.rules.configuration import Limits, Rulebook, parse_limits
from marrowmap.core.scores.table import ScoreTable, parse_table
from marrowmap.errors import InputError, InvalidRecord, OutputExists


def default_folder(environment: Mapping[str, str] | None = None) -> Path:
    """``$MARROWMAP_HOME/score-tables``, else the place for user data on this system."""
    env = os.environ if environment is None else environment
    if env.get("MARROWMAP_HOME"):
        return Path(env["MARROWMAP_HOME"]) / "score-tables"
    if sys.platform == "win32" and env.get("LOCALAPPDATA"):
        return Path(env["LOCALAPPDATA"]) / "marrowmap" / "score-tables"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "marrowmap" / "score-tables"
    base = env.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "marrowmap" / "score-tables"


def import_table(source: Path, folder: Path, *, replace: bool = False) -> ScoreTable:
    """Check a table and keep it. One table per system: another one needs ``replace``.

    Raises InvalidRecord naming the entry that is wrong, OutputExists when a different table is kept already.
    """
    text = _read(source)
    table = _parse(source, text)
    target = folder / f"{table.system}.toml"
    if target.exists():
        kept = _parse(target, _read(target))
        if kept.sha256 == table.sha256:
            return kept
        if not replace:
            raise OutputExists(
                str(target),
                f"holds another table for {table.system}, entered by {kept.entered_by} on {kept.entered_on}",
                "Add --replace to put the new one in its place",
            )
    folder.mkdir(parents=True, exist_ok=True)
    handle, making = tempfile.mkstemp(prefix=f".{table.system}-", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(making, target)
    except BaseException:
        Path(making).unlink(missing_ok=True)
        raise
    return table


def tables_in(folder: Path) -> dict[str, ScoreTable]:
    """Every table of a folder by its system; an absent folder holds none."""
    if not folder.is_dir():
        return {}
    tables = (_parse(path, _read(path)) for path in sorted(folder.glob("*.toml")))
    return {table.system: table for table in tables}


def rulebook(folder: Path | None = None, limits: Path | None = None) -> Rulebook:
    """Our limits, or those of a TOML file, with the tables of a folder (the default folder without one)."""
    chosen = parse_limits(_read(limits)) if limits else Limits()
    return Rulebook(chosen, tables_in(folder or default_folder()))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read: {error}", "Check the path") from None


def _parse(path: Path, text: str) -> ScoreTable:
    try:
        return parse_table(text)
    except InvalidRecord as error:
        raise InvalidRecord(f"{path}: {error.what}", error.why, error.remedy) from None
