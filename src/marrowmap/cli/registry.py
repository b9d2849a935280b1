"""``marrowmap registry``: bring rows in, and take them out."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Annotated

import typer

from marrowmap.cli.registry_study import study
from marrowmap.core.counted import counted

registry = typer.Typer(help="The registry of patients, visits, lesions and treatments.", no_args_is_help=True)
registry.add_typer(study, name="study")

Place = Annotated[str, typer.Option("--registry", help="Registry: a file, or a postgresql:// URL.")]


@registry.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="Folder of long files, or a REDCap long CSV.")],
    registry: Place,
    who: Annotated[str, typer.Option("--who", help="Name for the audit trail.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Store all rows or none; every row that cannot be taken is named with the reason."""
    from marrowmap.registry.database import open_registry
    from marrowmap.registry.importing import import_rows
    from marrowmap.registry.longfiles import read_long_files
    from marrowmap.registry.redcap import read_redcap

    raw = read_redcap(source) if source.is_file() else read_long_files(source)
    opened = open_registry(registry)
    try:
        report = import_rows(opened, raw, who or getpass.getuser())
    finally:
        opened.close()
    if as_json:
        typer.echo(
            json.dumps({"added": report.added, "changed": report.changed, "unchanged": report.unchanged})
        )
        return
    for line in report.lines():
        typer.echo(line)


@registry.command()
def sign(
    files: Annotated[
        list[Path], typer.Argument(help="Signed reading files, as the reading room saves them.")
    ],
    registry: Place,
    who: Annotated[str, typer.Option("--who", help="Name for the audit trail.")] = "",
) -> None:
    """Store signed readings, all or none. A signed reading can never change; amend it with a new one."""
    from marrowmap.exchange.reading_json import read_reading, reading_from_dict, reading_to_dict
    from marrowmap.registry.database import open_registry
    from marrowmap.registry.filing import Signed, file_readings

    found = [read_reading(file) for file in files]
    signed = [Signed(reading, reading_to_dict(reading)) for reading in found]
    opened = open_registry(registry)
    try:
        filed = file_readings(opened, signed, who or getpass.getuser(), reading_from_dict)
    finally:
        opened.close()
    typer.echo(f"{filed.stored} stored, {filed.known} there already")
    children = counted(len(filed.patients), "child", "children")
    typer.echo(f"{counted(filed.lesions, 'imaging lesion')} of {children} now in the cohort")


@registry.command()
def collect(
    registry: Place,
    data: Annotated[Path, typer.Option("--data", help="Data folder of the reading room.")] = Path(
        "marrowmap-data"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Store every reading signed in the reading room, with the lesions that a cohort counts. Can be repeated."""
    from marrowmap.errors import InputError
    from marrowmap.registry.journal import Journal
    from marrowmap.web.blinded import BlindableShelf, Blinding
    from marrowmap.web.desk import Desk
    from marrowmap.web.filing import Filing
    from marrowmap.web.registry_link import RegistryLink

    if not data.is_dir():
        raise InputError(str(data), "is no folder", "Give the data folder of the reading room with --data")
    link = RegistryLink(data, registry)
    shelf = BlindableShelf(data, Blinding(link))
    try:
        found = Filing(link, shelf, Desk(shelf, Journal(data / "readings"))).collect()
    finally:
        link.close()
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        typer.echo(
            f"{found['stored']} stored, {found['known']} there already, {len(found['refused'])} refused"
        )
        for line in found["refused"]:
            typer.echo(f"  {line}")
    if found["refused"]:
        raise typer.Exit(2)


@registry.command()
def export(
    out: Annotated[Path, typer.Option("--out", help="New folder to write into.")],
    registry: Place,
    redcap: Annotated[bool, typer.Option("--redcap", help="REDCap data dictionary and long CSV.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="Parquet in place of CSV.")] = False,
) -> None:
    """Write all rows as long CSV or Parquet files, or for REDCap. The files hold identifying data."""
    from marrowmap.errors import InputError
    from marrowmap.registry.database import open_registry
    from marrowmap.registry.longfiles import write_long_files, write_parquet_files
    from marrowmap.registry.redcap import write_redcap
    from marrowmap.registry.schema import LONG_TABLES

    if redcap and parquet:
        raise InputError("form", "is not clear", "Give either --redcap or --parquet")
    opened = open_registry(registry)
    try:
        rows = {name: opened.rows(table) for name, table in LONG_TABLES.items()}
    finally:
        opened.close()
    write = write_redcap if redcap else write_parquet_files if parquet else write_long_files
    files = write(out, rows)
    for file in files:
        typer.echo(str(file))


@registry.command()
def dictionary() -> None:
    """Print the REDCap data dictionary of the registry."""
    from marrowmap.registry.redcap import dictionary_csv

    typer.echo(dictionary_csv(), nl=False)
