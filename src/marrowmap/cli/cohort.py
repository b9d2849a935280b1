"""``marrowmap cohort``: tables, figures and extracts of a registry, and the worked example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marrowmap.cohort.choices import RemissionChoice, RemissionReading, TimeOrigin
from marrowmap.errors import InputError

if TYPE_CHECKING:
    from marrowmap.cohort.extract import Extract
    from marrowmap.cohort.tables import TableChoices

cohort = typer.Typer(help="From patients to the tables and figures of a paper.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", help="New folder to write into.")]
RegistryPlace = Annotated[str, typer.Option("--registry", help="Registry: a file, or a postgresql:// URL.")]
ExtractPlace = Annotated[
    Path | None, typer.Option("--extract", help="Frozen extract, in place of a registry.")
]
Reading = Annotated[
    RemissionReading,
    typer.Option("--remission", help="either: no pain and normal blood, or clear imaging; all: all three."),
]
Origin = Annotated[TimeOrigin, typer.Option("--from", help="From when the time to remission counts.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@cohort.command()
def tables(
    out: Out,
    registry: RegistryPlace = "",
    extract: ExtractPlace = None,
    remission: Reading = RemissionReading.EITHER,
    origin: Origin = TimeOrigin.DIAGNOSIS,
    as_json: Json = False,
) -> None:
    """Write every table as HTML, CSV, LaTeX and JSON."""
    from marrowmap.cohort.cohort import Cohort
    from marrowmap.cohort.table import table_data
    from marrowmap.cohort.tables import all_tables
    from marrowmap.cohort.write import table_plain, write_tables

    made = all_tables(Cohort(_extract(registry, extract)), _choices(remission, origin))
    files = write_tables(out, made)
    if as_json:
        typer.echo(json.dumps({"files": files, "tables": [table_data(t) for t in made]}, ensure_ascii=False))
        return
    for table in made:
        typer.echo(table_plain(table) + "\n")
    typer.echo(f"{len(files)} files in {out}")


@cohort.command()
def figures(
    out: Out,
    registry: RegistryPlace = "",
    extract: ExtractPlace = None,
    remission: Reading = RemissionReading.EITHER,
    origin: Origin = TimeOrigin.DIAGNOSIS,
) -> None:
    """Draw every figure as SVG, PDF and HTML."""
    from marrowmap.cohort.cohort import Cohort
    from marrowmap.cohort.figures import all_figures, write_figures

    made = all_figures(Cohort(_extract(registry, extract)), _choices(remission, origin).remission)
    files = write_figures(out, made)
    for figure in made:
        typer.echo(
            f"{figure.id}: {figure.title}"
            + (f" - not drawn: {figure.why_missing}" if figure.why_missing else "")
        )
    typer.echo(f"{len(files)} files in {out}")


@cohort.command()
def statistics(
    registry: RegistryPlace = "",
    extract: ExtractPlace = None,
    remission: Reading = RemissionReading.EITHER,
    origin: Origin = TimeOrigin.DIAGNOSIS,
    as_json: Json = False,
) -> None:
    """Tests of association and survival, each with its method, numbers and what it assumes."""
    from marrowmap.cohort.cohort import Cohort
    from marrowmap.cohort.questions import answer_all

    answers = answer_all(Cohort(_extract(registry, extract)), _choices(remission, origin).remission)
    if as_json:
        typer.echo(json.dumps([a.data() for a in answers], ensure_ascii=False))
        return
    for answer in answers:
        typer.echo(answer.words())


@cohort.command()
def freeze(registry: RegistryPlace, out: Out, as_json: Json = False) -> None:
    """Write a de-identified extract: Parquet, codebook and manifest."""
    from marrowmap.cohort.extract import freeze as freeze_extract

    manifest = freeze_extract(out, _extract(registry, None), "all rows of the five long tables")
    if as_json:
        typer.echo(json.dumps(manifest))
        return
    for name, n in manifest["rows"].items():
        typer.echo(f"{name}: {n} rows")
    typer.echo(f"frozen in {out}")


@cohort.command()
def demo(
    as_json: Json = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write tables and figures into this folder.")
    ] = None,
    registry: Annotated[
        str, typer.Option("--registry", help="Also fill this new registry with the records.")
    ] = "",
) -> None:
    """Recompute every printed figure of the Belgian cohort from made-up records that agree with it."""
    from marrowmap.cohort.demo.run import run_demo

    result = run_demo(out, registry)
    typer.echo(json.dumps(result.data(), ensure_ascii=False) if as_json else result.words())
    if not result.all_agree:
        raise typer.Exit(1)


@cohort.command()
def agreement(
    registry: RegistryPlace,
    study: Annotated[str, typer.Option("--study", help="Id of the blinded reading study.")],
    as_json: Json = False,
) -> None:
    """Agreement of the readers of a blinded study, per site, feature and number; once all have read."""
    from marrowmap.cli.registry_study import agreement as agreement_of

    agreement_of(study, registry, as_json)


def _choices(remission: RemissionReading, origin: TimeOrigin) -> TableChoices:
    from marrowmap.cohort.tables import TableChoices

    return TableChoices(RemissionChoice(remission, origin))


def _extract(registry: str, extract: Path | None) -> Extract:
    from marrowmap.cohort.extract import extract_in_memory, open_extract
    from marrowmap.cohort.source import registry_rows

    if bool(registry) == bool(extract):
        raise InputError("source", "is not clear", "Give either --registry or --extract")
    if extract:
        return open_extract(extract)
    rows, synthetic = registry_rows(registry)
    return extract_in_memory(rows, synthetic)
