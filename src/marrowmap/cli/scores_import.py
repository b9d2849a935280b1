"""`marrowmap scores import`: keep a score table that your site entered from the paper it owns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from marrowmap.exchange.score_tables import default_folder, import_table

scores = typer.Typer(help="Score tables entered at your site.", no_args_is_help=True)


@scores.command("import")
def scores_import(
    table: Annotated[Path, typer.Argument(help="Table file (TOML); see docs/clinical/gaps.md.")],
    tables: Annotated[
        Path | None, typer.Option("--tables", help="Folder to keep it in instead of the default one.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of an earlier table.")] = False,
) -> None:
    """Check a score table and keep it; it is named, with its hash, on every result that uses it."""
    folder = tables or default_folder()
    kept = import_table(table, folder, replace=replace)
    console = Console()
    console.print(f"Kept for {kept.system} in {folder}", highlight=False, markup=False)
    console.print(kept.sentence, highlight=False, markup=False)


@scores.callback()
def _group() -> None:
    """Score tables entered at your site."""
