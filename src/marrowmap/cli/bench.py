"""``marrowmap bench``: figures on digital children that nothing was trained or tuned on, and on own exams."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from marrowmap.errors import InputError

bench_app = typer.Typer(
    name="bench",
    help="Measure labels, candidates and measurements on synthetic children, or on a centre's own exams.",
    no_args_is_help=True,
)
Set = Annotated[
    str, typer.Option("--set", help="test, held_out (another body and noise), validation or train")
]
Exams = Annotated[int | None, typer.Option("--exams", help="only the first N exams of the set", min=1)]
Cache = Annotated[Path | None, typer.Option("--cache", help="keep simulated exams in this folder")]
Json = Annotated[bool, typer.Option("--json", help="print JSON alone")]
NOTE = "Synthetic children only; not validated on patients."


def _say(quiet: bool) -> Callable[[str], None]:
    console = Console(stderr=True)
    return lambda text: None if quiet else console.print(text, highlight=False)


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**result, "note": result.get("note", NOTE)}, indent=1))
        return
    typer.echo(result.get("note", NOTE))
    for key, value in result.items():
        if key != "note":
            typer.echo(f"{key}: {_short(value)}")


def _short(value: Any, indent: str = "  ") -> str:
    if isinstance(value, dict) and {"value", "ci95"} <= set(value):
        if value["value"] is None:
            return "not computable"
        low, high = value["ci95"]
        return f"{value['value']:.3f} ({low:.3f} to {high:.3f}; {value['n_exams']} exams)"
    if isinstance(value, dict):
        return "".join(f"\n{indent}{k}: {_short(v, indent + '  ')}" for k, v in value.items())
    return str(value)


def _known(name: str) -> Any:
    if name not in ("test", "held_out", "validation", "train"):
        raise InputError(f"--set {name}", "is no set", "use test, held_out, validation or train")
    return name


@bench_app.command()
def labels(
    name: Set = "test",
    exams: Exams = None,
    cache: Cache = None,
    as_json: Json = False,
    part: Annotated[
        str | None, typer.Option(help="cut the exams to legs, knees, pelvis or thorax; compare the networks")
    ] = None,
) -> None:
    """Bone units, sides, segments and levels against the truth."""
    from marrowmap.bench.labels import bench_labels
    from marrowmap.bench.parts import bench_part

    if part is not None:
        _print(bench_part(_known(name), part, exams, cache, _say(as_json)), as_json)
        return
    _print(bench_labels(_known(name), exams, cache, _say(as_json)), as_json)


@bench_app.command()
def candidates(
    name: Set = "test",
    exams: Exams = None,
    cache: Cache = None,
    as_json: Json = False,
    ablations: Annotated[
        bool,
        typer.Option(
            help="also without DWI, without T1, without the mirror side and without the healthy-child prior"
        ),
    ] = True,
    figure: Annotated[Path | None, typer.Option(help="draw the FROC curves here (.svg)")] = None,
) -> None:
    """Lesion candidates with the product's own labels, beside plain baselines."""
    from marrowmap.bench.candidates import bench_candidates
    from marrowmap.bench.figure import froc_figure

    result = bench_candidates(_known(name), exams, cache, ablations, _say(as_json))
    if figure is not None:
        figure.write_text(froc_figure(result), encoding="utf-8")
    _print(result, as_json)


@bench_app.command()
def measure(name: Set = "test", exams: Exams = None, cache: Cache = None, as_json: Json = False) -> None:
    """Volume, diameter, extent, signal ratios, ADC and heights of vertebrae after one click, against the truth."""
    from marrowmap.bench.measure import bench_measure

    _print(bench_measure(_known(name), exams, cache, _say(as_json)), as_json)


@bench_app.command()
def followup(
    name: Annotated[str, typer.Option("--set", help="test, or held_out: another kind of body")] = "test",
    pairs: Annotated[int, typer.Option(help="pairs of exams", min=1)] = 40,
    first: Annotated[
        int, typer.Option(help="number of the first pair; 200 to 215 were developed on", min=0)
    ] = 0,
    registered: Annotated[
        int, typer.Option(help="pairs also registered as images, for comparison", min=0)
    ] = 4,
    cache: Cache = None,
    as_json: Json = False,
) -> None:
    """Which lesion is which and what became of it, beside nearest centres after image registration."""
    from marrowmap.bench.followup import bench_followup

    _print(bench_followup(pairs, registered, name=name, first=first, keep=cache, say=_say(as_json)), as_json)


@bench_app.command()
def own(
    studies: Annotated[list[Path], typer.Argument(help="study folders made by `marrowmap read`")],
    truth: Annotated[
        list[Path], typer.Option(help="outlines of the lesions, NIfTI or DICOM SEG, one per study, in order")
    ],
    as_json: Json = False,
) -> None:
    """A centre's own exams against its own outlines, counted as ``bench candidates`` counts."""
    from marrowmap.bench.own import bench_own

    _print(bench_own(studies, truth), as_json)


@bench_app.command()
def make(
    name: Set = "test",
    out: Annotated[
        Path, typer.Option("--out", help="folder to write to; bench commands take it as --cache")
    ] = Path("bench-sets"),
    exams: Exams = None,
) -> None:
    """Write a fixed set of synthetic exams, and a sheet that says what each holds."""
    from marrowmap.bench.make import make_set

    typer.echo(f"sheet: {make_set(_known(name), out, exams, _say(False))}")
