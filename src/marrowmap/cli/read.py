"""`marrowmap read`: one exam in, one study folder out."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from marrowmap.cli.progress import shown
from marrowmap.core.label_sets import LABEL_SETS

if TYPE_CHECKING:
    from marrowmap.core.study import Study


def read(
    exam: Annotated[Path, typer.Argument(help="Folder tree, .zip or DICOMDIR with the images of one exam.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Study folder to make; it must not exist yet.")],
    patient: Annotated[
        str | None, typer.Option(help="Patient key to keep when the folder holds several children.")
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Study UID to keep when the folder holds several exams.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Label map of bones (NIfTI or DICOM SEG) to use instead of ours.")
    ] = None,
    label_names: Annotated[
        str | None,
        typer.Option(help=f"What its numbers mean: {', '.join(LABEL_SETS)}, or a CSV file with value,name."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the study folder if it exists.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print study.json instead of the summary.")] = False,
) -> None:
    """Read an exam: whole-body volumes, coverage, lesion candidates on named bones, and a report."""
    from marrowmap.pipeline import ReadRequest, read_study  # loads the imaging libraries: not for --help

    console = Console(stderr=as_json)
    command = shlex.join(["marrowmap", *sys.argv[1:]])
    request = ReadRequest(exam, out, patient, study, labels, overwrite, command, label_names)
    with shown(Console(stderr=True)) as progress:
        result = read_study(request, progress)
    if as_json:
        typer.echo(json.dumps(json.loads((out / "study.json").read_text("utf-8")), indent=2))
    else:
        summary(console, result, out)


def summary(console: Console, study: Study, out: Path) -> None:
    """What a reader wants to know first: coverage, what is missing, candidates, where the report is."""
    exam = study.exam
    mark = " [yellow](synthetic child)[/]" if exam.patient.synthetic else ""
    console.print(
        f"[bold]{study.protocol.status}[/] exam, {exam.images_in} images in {len(exam.stacks)} stacks{mark}"
    )
    for item in study.protocol.items:
        if item.state != "present":
            console.print(f"  {item.name}: {item.state}. {item.consequence}", highlight=False)
    console.print(f"{len(study.candidates)} candidates to look at (suggestions, not findings)")
    for warning in study.warnings:
        console.print(f"[yellow]warning[/] {warning}", highlight=False)
    console.print(f"report: {(out / 'report.html').resolve()}", highlight=False, soft_wrap=True)
