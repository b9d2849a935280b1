"""`marrowmap score`: every published score and pattern of one reading, with what it rests on."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from marrowmap.cli.score_text import print_case, print_catalogue
from marrowmap.core.rules.case import Case
from marrowmap.core.scores.catalogue import listing
from marrowmap.errors import InvalidRecord
from marrowmap.exchange.reading_json import read_reading
from marrowmap.exchange.score_json import case_to_dict, catalogue_to_list, result_to_dict
from marrowmap.exchange.score_tables import rulebook
from marrowmap.exchange.visit_json import read_visit


def read_case(
    reading: Path | None,
    visit: Path | None,
    baseline: Path | None = None,
    baseline_visit: Path | None = None,
) -> Case:
    """A case from its files. Raises InvalidRecord when the files are of different children."""
    today = date.today()
    now = read_reading(reading, today=today) if reading else None
    at = read_visit(visit, today=today) if visit else None
    before = read_reading(baseline, today=today) if baseline else None
    before_at = read_visit(baseline_visit, today=today) if baseline_visit else None
    patient = at.patient if at else (before_at.patient if before_at else None)
    keys = {r.patient_key for r in (now, before) if r is not None}
    keys |= {f.patient.key for f in (at, before_at) if f is not None and f.patient is not None}
    if len(keys) > 1:
        raise InvalidRecord(
            "patient key", f"the files are of different children: {', '.join(sorted(keys))}",
            "Give files of one child",
        )  # fmt: skip
    return Case(now, at.visit if at else None, patient, before, before_at.visit if before_at else None)


def score(
    reading: Annotated[Path | None, typer.Argument(help="Reading file (JSON).", show_default=False)] = None,
    visit: Annotated[
        Path | None, typer.Option("--visit", help="Visit file (JSON): symptoms, laboratory values, record.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="Earlier reading, for changes since then.")
    ] = None,
    baseline_visit: Annotated[
        Path | None, typer.Option("--baseline-visit", help="Earlier visit, for changes since then.")
    ] = None,
    only: Annotated[str | None, typer.Option("--only", help="One system by its id (see --list).")] = None,
    tables: Annotated[
        Path | None, typer.Option("--tables", help="Folder of score tables entered at your site.")
    ] = None,
    limits: Annotated[
        Path | None, typer.Option("--limits", help="TOML file with other values for limits that are ours.")
    ] = None,
    brief: Annotated[bool, typer.Option("--brief", help="One line for each system.")] = False,
    list_systems: Annotated[bool, typer.Option("--list", help="List every system with its source.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score a reading: disease burden, patterns, criteria, activity and change, each with its source."""
    console = Console()
    if list_systems:
        if as_json:
            typer.echo(json.dumps(catalogue_to_list(), indent=2, ensure_ascii=False))
        else:
            print_catalogue(console)
        return
    if reading is None and visit is None:
        raise InvalidRecord(
            "score",
            "neither a reading nor a visit is given",
            "Accepted: marrowmap score READING.json [--visit]",
        )
    case = read_case(reading, visit, baseline, baseline_visit)
    rules = rulebook(tables, limits)
    if only is not None:
        result = listing(only).compute(case, rules)
        if as_json:
            typer.echo(json.dumps(result_to_dict(result), indent=2, ensure_ascii=False))
        else:
            print_case(console, case, rules, only=only)
        return
    if as_json:
        typer.echo(json.dumps(case_to_dict(case, rules), indent=2, ensure_ascii=False))
    else:
        print_case(console, case, rules, brief=brief)
