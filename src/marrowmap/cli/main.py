"""The `marrowmap` command. One file per command; this one only joins them and turns errors into exit codes.

Exit codes: 0 done; 1 a fault of ours; 2 the input cannot be used; 3 stations cannot be composed;
4 the output is there already; 5 an optional dependency is missing.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from marrowmap import __version__
from marrowmap.cli.audit import audit
from marrowmap.cli.bench import bench_app
from marrowmap.cli.cohort import cohort
from marrowmap.cli.compare import compare
from marrowmap.cli.demo import demo
from marrowmap.cli.pathway import pathway
from marrowmap.cli.phantom import phantom
from marrowmap.cli.read import read
from marrowmap.cli.registry import registry
from marrowmap.cli.score import score
from marrowmap.cli.scores_import import scores
from marrowmap.cli.serve import import_exam, serve
from marrowmap.errors import MarrowmapError

cli = typer.Typer(
    name="marrowmap",
    help="From a child's whole-body MRI to a map of bone-marrow lesions. It suggests; it never diagnoses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command()(read)
cli.command()(demo)
cli.command()(phantom)
cli.command("import")(import_exam)
cli.command()(serve)
cli.command()(score)
cli.add_typer(scores, name="scores")
cli.command()(pathway)
cli.command()(compare)
cli.add_typer(registry, name="registry")
cli.add_typer(cohort, name="cohort")
cli.add_typer(audit, name="audit")
cli.add_typer(bench_app, name="bench")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"marrowmap {__version__}")
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def app() -> None:
    """Entry point of the console script."""
    try:
        cli()
    except MarrowmapError as error:
        Console(stderr=True).print(f"[bold red]marrowmap:[/] {error}", highlight=False)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    app()
