"""`marrowmap compare`: two exams of one child; which lesion is which, and what became of each."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from marrowmap.core.record.patient import PatientRecord
    from marrowmap.core.rules.case import Case
    from marrowmap.followup import FollowUp


def compare(
    baseline: Annotated[Path, typer.Argument(help="Study folder of the earlier exam (see marrowmap read).")],
    followup: Annotated[Path, typer.Argument(help="Study folder of the later exam.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to make: page, comparison, pairs, readings.")
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option("--pairs", help="pairs.json of an earlier comparison in which a reader set each state."),
    ] = None,
    baseline_reading: Annotated[
        Path | None, typer.Option(help="Reading of the earlier exam; else reading.json of its folder.")
    ] = None,
    followup_reading: Annotated[
        Path | None, typer.Option(help="Reading of the later exam; else reading.json of its folder.")
    ] = None,
    visit: Annotated[Path | None, typer.Option("--visit", help="Visit file of the later exam.")] = None,
    baseline_visit: Annotated[
        Path | None, typer.Option("--baseline-visit", help="Visit file of the earlier exam.")
    ] = None,
    least_score: Annotated[
        float, typer.Option(help="Without a reading: candidates of at least this score stand in.")
    ] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Compare two exams: pairs are proposed, change is named and measured, and every limit is printed."""
    from marrowmap.exchange.reading_json import read_json
    from marrowmap.followup import follow_up, followup_to_dict, open_side, with_decisions

    before = open_side(baseline, baseline_reading, least_score)
    after = open_side(followup, followup_reading, least_score)
    case = _case(visit, baseline_visit)
    result = follow_up(before, after, case=case)
    if pairs is not None:
        decided = with_decisions(result.comparison.pairs, read_json(pairs))
        result = follow_up(before, after, decided, case=case)
    if out is not None:
        write_comparison(result, out, case.patient if case else None)
    if as_json:
        typer.echo(json.dumps(followup_to_dict(result), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(Console(), result, out)


def _case(visit: Path | None, baseline_visit: Path | None) -> Case | None:
    from marrowmap.cli.score import read_case

    if visit is None and baseline_visit is None:
        return None
    return read_case(None, visit, None, baseline_visit)


def write_comparison(result: FollowUp, out: Path, patient: PatientRecord | None = None) -> None:
    """Page, comparison, pairs and both readings with their identities, whole or not at all.

    patient: adds visits and treatments to the timeline.

    Raises OutputExists when the folder is there already.
    """
    from marrowmap.core.followup.pairs import with_identity
    from marrowmap.errors import OutputExists
    from marrowmap.exchange.reading_json import reading_to_dict
    from marrowmap.exchange.records import encode
    from marrowmap.followup import followup_to_dict, page_of

    out = out.absolute()
    if out.exists():
        raise OutputExists(str(out), "exists already", "Choose another --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    answer = result.comparison
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as made:
        folder = Path(made) / "comparison"
        folder.mkdir()
        first, then = with_identity(answer.before, answer.after, answer.pairs)
        _write(folder / "comparison.json", followup_to_dict(result))
        _write(folder / "pairs.json", encode(answer.pairs))
        _write(folder / "baseline_reading.json", reading_to_dict(first))
        _write(folder / "followup_reading.json", reading_to_dict(then))
        (folder / "followup.html").write_text(page_of(result, patient), encoding="utf-8")
        folder.rename(out)


def _write(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _print(console: Console, result: FollowUp, out: Path | None) -> None:
    from marrowmap.core.site import site

    answer = result.comparison
    if answer.before.synthetic or answer.after.synthetic:
        console.print("[yellow]synthetic child[/]")
    for note in result.notes:
        console.print(f"[yellow]note[/] {note}", highlight=False)
    months = "time unknown" if answer.months is None else f"{answer.months:.0f} months apart"
    console.print(f"{len(answer.before.lesions)} lesions before, {len(answer.after.lesions)} now, {months}")
    table = Table("change", "bone unit", "before", "now", "why", "pair", show_lines=False)
    for change in answer.changes:
        state = (
            "" if not (change.before and change.after) else "confirmed" if change.confirmed else "proposed"
        )
        table.add_row(
            change.kind.words, site(change.site_id).name, ", ".join(change.before) or "–",
            ", ".join(change.after) or "–", "; ".join((change.why, *change.problems)), state,
        )  # fmt: skip
    console.print(table, highlight=False)
    for text in (
        f"All lesions: {answer.response.all_lesions.sentence()}",
        f"Without hands and feet: {answer.response.without_hands_and_feet.sentence()}",
        *answer.response.rai.sentences,
        *answer.response.pedcno.sentences,
        *answer.response.kieninger.sentences,
        answer.response.rinbo_sentence(),
        *(legs.sentence() for legs in result.legs if legs is not None),
        *answer.limits,
    ):
        console.print(text, highlight=False, soft_wrap=True)
    if out is not None:
        console.print(f"page: {(out / 'followup.html').resolve()}", highlight=False, soft_wrap=True)
