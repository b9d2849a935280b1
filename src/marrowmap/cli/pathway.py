"""`marrowmap pathway`: where the diagnostic pathway leads, the red flags, and what to obtain next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from marrowmap.cli.score import read_case
from marrowmap.cli.score_text import indented, mark_of
from marrowmap.core.lesion import Assessment
from marrowmap.core.rules.pathway import WORDS, PathwayResult
from marrowmap.core.rules.pathway import pathway as follow
from marrowmap.errors import InvalidRecord
from marrowmap.exchange.score_json import pathway_to_dict
from marrowmap.exchange.score_tables import rulebook


def pathway(
    reading: Annotated[Path | None, typer.Argument(help="Reading file (JSON).", show_default=False)] = None,
    visit: Annotated[Path | None, typer.Option("--visit", help="Visit file (JSON).")] = None,
    tables: Annotated[Path | None, typer.Option("--tables", help="Folder of score tables.")] = None,
    limits: Annotated[
        Path | None, typer.Option("--limits", help="TOML file with other values for limits that are ours.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Follow the diagnostic pathway: a checklist with sources, never a diagnosis."""
    if reading is None and visit is None:
        raise InvalidRecord(
            "pathway", "neither a reading nor a visit is given", "Accepted: marrowmap pathway READING.json"
        )
    case = read_case(reading, visit)
    result = follow(case, rulebook(tables, limits))
    if as_json:
        typer.echo(json.dumps(pathway_to_dict(result), indent=2, ensure_ascii=False))
    else:
        show(Console(), result, synthetic=case.synthetic)


def show(console: Console, result: PathwayResult, *, synthetic: bool) -> None:
    """The pathway for people: outcome, red flags, next steps, checklist, differential diagnoses."""
    if synthetic:
        console.print("SYNTHETIC: a made-up child", style="yellow")
    console.print(f"[bold]{WORDS[result.outcome]}[/]", highlight=False)
    for reason in result.reasons:
        indented(console, f"because: {reason}")
    console.print()
    console.print("[bold]Red flags[/]")
    for flag in result.fired:
        text = f"! {flag.label}: think of {flag.points_to}; {flag.action}"
        indented(console, text, style="red")
        detail = "; ".join(e.text for e in flag.fact.evidence)
        indented(console, f"{detail} [{flag.source}, {flag.confidence}]", by=6, style="dim")
    if not result.fired:
        indented(console, "none of those that could be judged")
    opened = [f for f in result.flags if f.fact.state is Assessment.NOT_ASSESSED]
    absent = len(result.flags) - len(result.fired) - len(opened)
    text = f"{absent} looked for and absent"
    text += f"; {len(opened)} not assessed: {', '.join(f.label for f in opened)}" if opened else ""
    indented(console, text, style="dim")
    console.print()
    if result.next_steps:
        console.print("[bold]What to obtain next[/]")
        for step in result.next_steps:
            indented(console, f"- {step}")
        console.print()
    console.print("[bold]Checklist[/]")
    for item in result.checklist:
        detail = item.text or "; ".join(e.text for e in item.evidence) or item.note
        indented(console, f"{mark_of(item.state)} {item.label}" + (f": {detail}" if detail else ""))
    console.print()
    console.print("[bold]Differential diagnoses with features of this child[/]")
    for entry in result.differential:
        if entry.towards:
            away = f" | against: {', '.join(entry.away)}" if entry.away else ""
            indented(console, f"{entry.name}: for: {', '.join(entry.towards)}{away} [{entry.confidence}]")
    console.print()
    for line in (*result.ours, f"Source: {result.citation}", result.disclaimer):
        indented(console, line, by=0, style="dim")
