"""``marrowmap registry study``: blinded reads from the assignment of cases to the consensus."""

from __future__ import annotations

import csv
import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marrowmap.core.counted import counted

if TYPE_CHECKING:
    from marrowmap.registry.database import Registry
    from marrowmap.registry.studies import Case

study = typer.Typer(help="Blinded reads: assign, progress, agreement, adjudication.", no_args_is_help=True)

Place = Annotated[str, typer.Option("--registry", help="Registry: a file, or a postgresql:// URL.")]
Id = Annotated[str, typer.Argument(help="Id of the study.")]
Who = Annotated[str, typer.Option("--who", help="Your name, as the study and the audit trail spell it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@study.command()
def create(
    study_id: Id,
    registry: Place,
    readers: Annotated[list[str], typer.Option("--reader", help="Name of a reader; give it twice or more.")],
    cases: Annotated[
        Path | None, typer.Option("--cases", help="CSV with case_id, exam_uid and patient_id.")
    ] = None,
    exams: Annotated[bool, typer.Option("--all-exams", help="Every exam of the registry is a case.")] = False,
    title: Annotated[str, typer.Option("--title", help="Title of the study.")] = "",
    adjudicator: Annotated[
        str, typer.Option("--adjudicator", help="Who states the consensus; else you.")
    ] = "",
    seed: Annotated[int, typer.Option("--seed", help="Fixes each reader's order of cases.")] = 1,
    who: Who = "",
) -> None:
    """Assign every case to every reader, each in an order of their own."""
    from marrowmap.errors import InputError
    from marrowmap.registry.studies import open_study

    if (cases is None) == (not exams):
        raise InputError("cases", "are not named", "Give either --cases FILE or --all-exams")
    with _opened(registry) as opened:
        found = _cases_of_file(cases) if cases else _all_exams(opened, seed)
        organiser = who or getpass.getuser()
        open_study(opened, study_id, title or study_id, found, readers, organiser, seed, False, adjudicator)
    typer.echo(f"{len(found)} cases for {', '.join(readers)}; {adjudicator or organiser} adjudicates")


@study.command()
def progress(study_id: Id, registry: Place, as_json: Json = False) -> None:
    """How many cases each reader has handed in; nothing of what they saw."""
    from marrowmap.registry.studies import study_info

    with _opened(registry) as opened:
        info = study_info(opened, study_id)
    if as_json:
        data = {
            "study": info.study_id,
            "state": info.state,
            "cases": len(info.cases),
            "done": dict(info.done),
        }
        typer.echo(json.dumps({**data, "settled": list(info.agreed), "adjudicator": info.adjudicator}))
        return
    typer.echo(f"{info.title}: {info.state}, {len(info.cases)} cases")
    for reader, done in info.done.items():
        typer.echo(f"  {reader}: {done} of {len(info.cases)} handed in")
    typer.echo(
        f"  {info.adjudicator or 'nobody'} adjudicates: {len(info.agreed)} of {len(info.cases)} settled"
    )


@study.command()
def worklist(
    study_id: Id,
    registry: Place,
    reader: Annotated[str, typer.Option("--reader", help="Name of the reader.")],
    as_json: Json = False,
) -> None:
    """A reader's cases in their order: number and exam, nothing of the child."""
    from marrowmap.registry.studies import worklist as worklist_of

    with _opened(registry) as opened:
        cases = worklist_of(opened, study_id, reader)
    if as_json:
        rows = [
            {"position": c.position, "case": c.case_id, "exam_uid": c.exam_uid, "done": c.done} for c in cases
        ]
        typer.echo(json.dumps(rows))
        return
    for case in cases:
        typer.echo(
            f"{case.position:>4}  {case.case_id:<16} {'done' if case.done else 'open':<5} {case.exam_uid}"
        )


@study.command("hand-in")
def hand_in(
    study_id: Id,
    case_id: Annotated[str, typer.Argument(help="Id of the case.")],
    file: Annotated[Path, typer.Argument(help="Signed reading file.")],
    registry: Place,
) -> None:
    """Hand in a signed reading file. (The reading room does this by itself when you sign.)"""
    from marrowmap.cohort.adjudication import hand_in_signed
    from marrowmap.errors import InvalidRecord
    from marrowmap.exchange.reading_json import read_reading

    reading = read_reading(file)
    if reading.signed_at is None:
        raise InvalidRecord(str(file), "is a draft", "Sign it in the reading room first")
    with _opened(registry) as opened:
        new = hand_in_signed(opened, study_id, case_id, reading)
    typer.echo(f"{case_id} by {reading.reader}: {'handed in' if new else 'was there already'}")


@study.command()
def adjudicate(study_id: Id, registry: Place, who: Who = "") -> None:
    """Close reading when every case was handed in, and open all marks to the adjudicator."""
    from marrowmap.registry.studies import begin_adjudication

    with _opened(registry) as opened:
        begin_adjudication(opened, study_id, who or getpass.getuser())
    typer.echo(f"{study_id} is in adjudication")


@study.command()
def agreement(study_id: Id, registry: Place, as_json: Json = False) -> None:
    """Agreement per site, feature and score, over all units and over involved units only."""
    from marrowmap.cohort.readers import agreement_words, study_agreement

    with _opened(registry) as opened:
        found = study_agreement(opened, study_id)
    typer.echo(json.dumps(found.data(), ensure_ascii=False) if as_json else agreement_words(found))


@study.command()
def differences(study_id: Id, registry: Place, who: Who = "", as_json: Json = False) -> None:
    """Where the readers differ, case by case, with the id that a consensus answers."""
    from marrowmap.cohort.adjudication import questions_by_case

    with _opened(registry) as opened:
        cases = questions_by_case(opened, study_id, who or getpass.getuser())
    if as_json:
        data = {case: [q.data() for q in found] for case, found in cases.items()}
        typer.echo(json.dumps(data, ensure_ascii=False))
        return
    for case, found in cases.items():
        open_ = [q for q in found if q.differs]
        typer.echo(f"{case}: {len(found)} marked place(s), {len(open_)} to decide")
        for question in open_:
            typer.echo(f"  {question.title}  [{question.id}]")
            for line in question.differs:
                typer.echo(f"    {line}")


@study.command()
def consensus(
    study_id: Id,
    case_id: Annotated[str, typer.Argument(help="Id of the case.")],
    registry: Place,
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers", help='JSON: id of a place -> name of a reader, or "nobody"; see differences.'
        ),
    ] = None,
    one_normal_is_enough: Annotated[
        bool,
        typer.Option("--one-normal-is-enough", help="Unmarked units are normal when one reader says so."),
    ] = False,
    comment: Annotated[str, typer.Option("--comment", help="Remark of the consensus reading.")] = "",
    who: Who = "",
) -> None:
    """Sign the consensus reading of a case. It is final."""
    from marrowmap.cohort.adjudication import settle
    from marrowmap.errors import InvalidRecord
    from marrowmap.exchange.reading_json import read_json
    from marrowmap.registry.studies import study_info

    given = read_json(answers) if answers else {}
    if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
        raise InvalidRecord(str(answers), "does not hold answers", "Accepted: an object of id -> name")
    name = who or getpass.getuser()
    with _opened(registry) as opened:
        judge = study_info(opened, study_id).adjudicator
        if judge != name:
            raise InvalidRecord(
                f"study {study_id}", f"is adjudicated by {judge}, not by {name}", "Give --who"
            )
        agreed = settle(
            opened, study_id, case_id, given, name, one_normal_is_enough=one_normal_is_enough, comment=comment
        )
    typer.echo(
        f"{case_id}: {counted(len(agreed.lesions), 'lesion')}, {len(agreed.normal)} units normal, signed"
    )


@study.command()
def export(
    study_id: Id,
    registry: Place,
    out: Annotated[Path, typer.Option("--out", help="New folder to write into.")],
) -> None:
    """Write each consensus reading as a reading file, with the agreement of the readers."""
    from marrowmap.cohort.readers import study_agreement
    from marrowmap.registry.longfiles import new_folder
    from marrowmap.registry.studies import consensus_of

    with _opened(registry) as opened:
        agreed = consensus_of(opened, study_id)
        found = study_agreement(opened, study_id)
    with new_folder(out) as fresh:
        for number, (_, reading) in enumerate(sorted(agreed.items()), start=1):
            text = json.dumps(reading.content, indent=1, ensure_ascii=False)
            (fresh / f"consensus-{number:03d}.json").write_text(text + "\n", encoding="utf-8")
        text = json.dumps(found.data(), indent=1, ensure_ascii=False)
        (fresh / "agreement.json").write_text(text + "\n", encoding="utf-8")
    typer.echo(f"{len(agreed)} consensus reading(s) and the agreement in {out}")


@study.command("list")
def list_studies(registry: Place) -> None:
    """Every study with its state."""
    from marrowmap.registry.studies import all_studies

    with _opened(registry) as opened:
        found = all_studies(opened)
    for info in found:
        typer.echo(f"{info.study_id}: {info.title}, {info.state}, {len(info.cases)} cases")


@contextmanager
def _opened(place: str) -> Iterator[Registry]:
    from marrowmap.registry.database import open_registry

    opened = open_registry(place)
    try:
        yield opened
    finally:
        opened.close()


def _cases_of_file(path: Path) -> list[Case]:
    from marrowmap.errors import InputError
    from marrowmap.registry.studies import Case

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read: {error}", "Save it as CSV in UTF-8") from None
    wanted = ("case_id", "exam_uid", "patient_id")
    for number, row in enumerate(rows, start=2):
        empty = [name for name in wanted if not (row.get(name) or "").strip()]
        if empty:
            raise InputError(f"{path} line {number}", f"{empty[0]} is empty", f"Needed: {', '.join(wanted)}")
    return [Case(*(row[name].strip() for name in wanted)) for row in rows]


def _all_exams(registry: Registry, seed: int) -> list[Case]:
    """Whole-body exams with a study UID, numbered in a random order so that a number tells nothing."""
    import random

    from marrowmap.registry.schema import LONG_TABLES
    from marrowmap.registry.studies import Case

    rows = [r for r in registry.rows(LONG_TABLES["exams"]) if r["study_uid"] and r["kind"].endswith("mri")]
    random.Random(f"cases/{seed}").shuffle(rows)
    return [Case(f"case {n:03d}", r["study_uid"], r["patient_id"]) for n, r in enumerate(rows, start=1)]
