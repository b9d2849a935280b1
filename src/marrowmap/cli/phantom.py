"""`marrowmap phantom`: the exam of a digital child, with the truth about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from marrowmap.core.site import sites_by_id
from marrowmap.errors import InvalidRecord

if TYPE_CHECKING:
    from marrowmap.phantom.truth import ExamTruth


def phantom(
    seed: Annotated[int, typer.Option(min=0, help="Which child; the same seed gives the same bytes.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to make; it must be empty or not exist.")],
    age: Annotated[
        float | None, typer.Option(min=3, max=18, help="Age in years; drawn from the seed if not given.")
    ] = None,
    sex: Annotated[Literal["F", "M"] | None, typer.Option(help="Drawn from the seed if not given.")] = None,
    lesions: Annotated[
        str,
        typer.Option(
            help="cno: drawn from published frequencies; none: healthy; a number; ids of bone units with "
            "commas; diffuse_marrow, destructive_mass or symmetric_metaphyseal: a mimic."
        ),
    ] = "cno",
    difficulty: Annotated[
        Literal["easy", "clinical", "hard"], typer.Option(help="How strong the lesions show.")
    ] = "clinical",
    follow_up: Annotated[str, typer.Option(help="Months of later exams, with commas: 6,12.")] = "",
    body: Annotated[
        Literal["mesh", "analytic", "rods"],
        typer.Option(help="analytic: the held-out second generator; rods: a plain one to train on."),
    ] = "mesh",
    field: Annotated[
        float | None, typer.Option(help="Field strength in tesla, 1.5 or 3; drawn if not given.")
    ] = None,
    vendor: Annotated[
        Literal["siemens", "philips", "ge"] | None, typer.Option(help="Whose habits; drawn if not given.")
    ] = None,
    small: Annotated[bool, typer.Option("--small", help="A coarse exam for tests, made in seconds.")] = False,
    tilt: Annotated[
        bool, typer.Option("--tilt", help="Spine, feet, pelvis and knees on oblique planes.")
    ] = False,
) -> None:
    """Write the whole-body MRI exam of a digital child. SYNTHETIC: nothing in it was measured on a person."""
    from marrowmap.phantom.exam import ExamRequest, write_course, write_exam  # heavy: not for --help

    if field not in (None, 1.5, 3.0):
        raise InvalidRecord("--field", f"{field:g} T is not simulated", "Use 1.5 or 3")
    request = ExamRequest(
        seed, age, sex, wanted_lesions(lesions), difficulty, body, field, vendor, small=small, tilt=tilt
    )
    months = months_of(follow_up)
    truths = write_course(request, months, out) if months else [write_exam(request, out)]
    console = Console()
    for truth in truths:
        _tell(console, truth)


def wanted_lesions(text: str) -> str | int | tuple[str, ...]:
    """The value of ``--lesions``. Raises InvalidRecord for a unit that is not in the list."""
    if text.isdigit():
        return int(text)
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    known = sites_by_id()
    if any(name in known for name in names):
        for name in names:
            if name not in known:
                raise InvalidRecord(
                    "--lesions", f"no bone unit is called {name!r}", "See core/sites.csv for the ids"
                )
        return names
    return text


def months_of(text: str) -> list[int]:
    """The value of ``--follow-up`` as months. Raises InvalidRecord when it is not a list of positive
    numbers."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise InvalidRecord("--follow-up", f"{text!r} is not a list of months", "Write for example 6,12")
    return sorted({int(part) for part in parts})


def _tell(console: Console, truth: ExamTruth) -> None:
    exam, child = truth.record["exam"], truth.record["child"]
    console.print(
        f"SYNTHETIC digital child {truth.record['request']['seed']}, {child['age_years']:.1f} years, "
        f"{child['sex']}: "
        f"{exam['images']} images, {len(truth.lesions)} lesions, in {truth.folder}",
        highlight=False,
        soft_wrap=True,
    )
