"""`marrowmap serve` and `marrowmap import`: the pages, and exams for them."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from marrowmap.cli.progress import shown
from marrowmap.cli.read import summary
from marrowmap.errors import InvalidRecord, MissingExtra

DATA = Path("marrowmap-data")


def serve_pages(data: Path, port: int, registry: str = "") -> None:
    """Serve the pages of a data folder on this machine until interrupted."""
    try:
        import uvicorn

        from marrowmap.web.app import create_app
    except ImportError as error:
        raise MissingExtra("the pages", f"need {error.name}", 'pip install "marrowmap[web]"') from None
    Console().print(f"marrowmap pages: http://127.0.0.1:{port}/  (Ctrl+C stops)", highlight=False)
    uvicorn.run(
        create_app(data, registry), host="127.0.0.1", port=port, log_level="warning", access_log=False
    )


def serve(
    data: Annotated[Path, typer.Option("--data", help="Folder of imported exams.")] = DATA,
    port: Annotated[int, typer.Option(help="Port on localhost.")] = 8737,
    registry: Annotated[
        str,
        typer.Option(
            "--registry",
            help="Registry for signed readings: a file, or a postgresql:// URL. "
            "Without it registry.db of the data folder, where there is one.",
        ),
    ] = "",
) -> None:
    """Open the worklist and the reading room on this machine."""
    serve_pages(data, port, registry)


def import_exam(
    exam: Annotated[Path, typer.Argument(help="Folder tree, .zip or DICOMDIR with the images of one exam.")],
    data: Annotated[Path, typer.Option("--data", help="Folder of imported exams.")] = DATA,
    name: Annotated[str, typer.Option(help="Name on the worklist: letters, digits, '-', '_'.")] = "",
) -> None:
    """Read an exam into the data folder, ready for the reading room."""
    from marrowmap.pipeline import ReadRequest, read_study
    from marrowmap.web.pages_of_study import write_pages

    chosen = name or re.sub(r"[^A-Za-z0-9_-]+", "-", exam.resolve().stem).strip("-") or "exam"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}", chosen):
        raise InvalidRecord("--name", f"{chosen!r} is not accepted", "Use letters, digits, '-' and '_'")
    request = ReadRequest(exam, data / chosen, command=shlex.join(["marrowmap", *sys.argv[1:]]))
    with shown(Console(stderr=True)) as progress:
        study = read_study(request, progress, additions=[write_pages])
    summary(Console(), study, request.out)
