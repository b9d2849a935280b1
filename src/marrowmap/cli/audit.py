"""``marrowmap audit``: has anybody changed the registry behind the program's back?"""

from __future__ import annotations

import json
from typing import Annotated

import typer

audit = typer.Typer(help="Check the audit trail of a registry.", no_args_is_help=True)


@audit.callback()
def _audit() -> None:
    pass


@audit.command()
def verify(
    registry: Annotated[str, typer.Option("--registry", help="Registry: a file, or a postgresql:// URL.")],
    expect: Annotated[str, typer.Option("--expect", help="Head hash noted at an earlier check.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Walk the chain of events and compare every row with the last event about it. Exit code 1: tampering."""
    from marrowmap.registry.database import open_registry
    from marrowmap.registry.events import verify as verify_trail

    opened = open_registry(registry)
    try:
        with opened.reading() as connection:
            found = verify_trail(connection, expect)
    finally:
        opened.close()
    if as_json:
        data = {"intact": found.intact, "events": found.events, "rows": found.rows, "head": found.head}
        typer.echo(json.dumps({**data, "problems": list(found.problems)}))
    else:
        for problem in found.problems:
            typer.echo(problem)
        word = "intact" if found.intact else f"NOT intact, {len(found.problems)} problem(s)"
        typer.echo(f"{word}: {found.events} events, {found.rows} rows, head {found.head}")
    if not found.intact:
        raise typer.Exit(1)
