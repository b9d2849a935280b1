"""`marrowmap demo`: a digital child from exam to report, and the pages to look at it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from marrowmap.cli.progress import shown
from marrowmap.cli.read import summary
from marrowmap.cli.serve import serve_pages


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where to put the exam and the study.")] = Path(
        "demo"
    ),
    seed: Annotated[int, typer.Option(help="Which digital child.")] = 391,
    age: Annotated[float, typer.Option(help="Age in years, 3 to 18.")] = 10.3,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the pages afterwards.")] = True,
    port: Annotated[int, typer.Option(help="Port of the pages on localhost.")] = 8737,
) -> None:
    """Make the exam of a digital child (synthetic), read it and say where the report is."""
    from marrowmap.phantom.exam import ExamRequest, write_exam
    from marrowmap.pipeline import ReadRequest, read_study
    from marrowmap.web.pages_of_study import write_pages

    console = Console()
    exam, study = folder / f"exam-{seed}", folder / f"study-{seed}"
    if exam.exists():
        shutil.rmtree(exam)
    console.print(f"Digital child {seed}, {age:g} years (synthetic): writing its DICOM exam to {exam}")
    with shown(console) as progress:
        progress("painting and scanning the child")
        write_exam(ExamRequest(seed=seed, age_years=age, body="mesh"), exam)
    request = ReadRequest(
        exam / "dicom", study, overwrite=True, command=f"marrowmap read {exam / 'dicom'} --out {study}"
    )
    with shown(console) as progress:
        result = read_study(request, progress, additions=[write_pages])
    summary(console, result, study)
    if serve:
        serve_pages(folder, port)
