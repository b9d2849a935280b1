"""How scores are printed for people: the answer first, then what it rests on, what is missing, the source."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from marrowmap.core.lesion import Assessment
from marrowmap.core.reading import ReadingState
from marrowmap.core.record.pain import match_of
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import Rulebook
from marrowmap.core.rules.remission import both_readings
from marrowmap.core.rules.treatment import stage
from marrowmap.core.scores.catalogue import CATALOGUE, RULE_SYSTEMS
from marrowmap.core.scores.result import CONFIDENCE_WORDS, Item, ScoreResult, State, SystemState

GROUPS = {
    "burden": "Disease burden on imaging",
    "distribution": "Distribution of lesions",
    "classification": "Criteria and diagnostic scores (not a diagnosis)",
    "activity": "Clinical activity and function",
    "change": "Change since the baseline",
}
STATES = {
    SystemState.VERIFIED: "verified",
    SystemState.UNVERIFIED: "unverified",
    SystemState.COMPONENTS_ONLY: "components only",
}
_MARKS = {Assessment.PRESENT: "+", Assessment.ABSENT: "-", Assessment.NOT_ASSESSED: "?"}

LEGEND = "+ present   - absent   ? not assessed   · a number or a word   [n] points"


def mark_of(state: Assessment | None) -> str:
    """``+`` there, ``-`` not there, ``?`` not assessed, a dot for a number."""
    return "·" if state is None else _MARKS[state]


def indented(console: Console, text: str, *, by: int = 2, style: str = "") -> None:
    """A line that wraps under its own indent; its text is printed as it is."""
    console.print(Padding(Text(text, style=style), (0, 0, 0, by), expand=False))


def print_catalogue(console: Console) -> None:
    """Every system with its source and how much of it can be computed."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "name", "year", "definition", "source"):
        table.add_column(name, overflow="fold", no_wrap=name == "id")
    for system in (*(entry.system for entry in CATALOGUE), *RULE_SYSTEMS):
        table.add_row(
            system.id,
            system.name,
            str(system.year or ""),
            f"{STATES[system.state]} ({system.confidence})",
            system.citation,
        )
    console.print(table)
    words = "; ".join(f"{label}: {text}" for label, text in CONFIDENCE_WORDS.items())
    indented(console, words, by=0, style="dim")


def print_case(
    console: Console, case: Case, rules: Rulebook, *, brief: bool = False, only: str | None = None
) -> None:
    """All systems on one case in their groups; those that do not apply are named in one line at the end."""
    if case.synthetic:
        console.print("SYNTHETIC: a made-up child", style="yellow")
    if case.reading is not None and case.reading.state is ReadingState.DRAFT:
        console.print("Draft reading: not signed, results may change", style="yellow")
    if not brief:
        indented(console, LEGEND, by=0, style="dim")
    results = [(e.group, e.compute(case, rules)) for e in CATALOGUE if only in (None, e.system.id)]
    idle = [r for _, r in results if r.state is State.NOT_APPLICABLE]
    for group, title in GROUPS.items():
        members = [r for g, r in results if g == group and r.state is not State.NOT_APPLICABLE]
        if not members:
            continue
        console.print(f"[bold underline]{title}[/]")
        for result in members:
            print_result(console, result, brief=brief)
        console.print()
    if only is None:
        _print_pain(console, case)
    if only is None and case.patient is not None:
        _print_course(console, case, rules)
    if idle:
        console.print("[bold]Not applicable here[/]")
        for result in idle:
            indented(console, result.sentences[0], style="dim")
    console.print("Suggestions computed from what was entered; not a diagnosis.", style="dim")


def print_result(console: Console, result: ScoreResult, *, brief: bool = False) -> None:
    """One system: its answer in bold, and unless brief its items, gaps, rule and source."""
    system = result.system
    colour = {State.COMPUTED: "green", State.INDETERMINATE: "yellow"}.get(result.state, "magenta")
    year = f" ({system.year})" if system.year and str(system.year) not in system.name else ""
    head = Text.assemble((f"{system.name}{year}", "bold"), "  ", (_headline(result), colour))
    words = CONFIDENCE_WORDS[system.confidence].removesuffix(", not verified")
    trust = f"{STATES[system.state]}: {words}"
    if result.table is not None:
        trust = f"with table {result.table.sha256[:12]} of your site, not checked"
    head.append(f"  [{trust}]", style="dim")
    console.print(head)
    if brief:
        return
    for item in result.items:
        indented(console, _item_line(item))
    for line in result.sentences[1:]:
        # The label in the headline says it already.
        if not line.startswith("Not verified"):
            indented(console, line)
    if result.rule:
        indented(console, f"Rule: {result.rule}", style="dim")
    for line in result.ours:
        indented(console, line, style="dim")
    indented(console, f"Source: {system.citation}", style="dim")


def _headline(result: ScoreResult) -> str:
    total = result.range_text
    starts_with_number = result.answer.lstrip("+-")[:1].isdigit()
    if not total or starts_with_number or total in result.answer.split():
        return result.answer
    return f"{total}: {result.answer}"


def _item_line(item: Item) -> str:
    worth = ""
    if item.low is not None and item.text != f"{item.low:g}":
        span = f"{item.low:g}" if item.low == item.high else f"{item.low:g} to {_upper(item.high)}"
        worth = f" [{span}]" if "%" not in item.text else ""
    detail = item.text or "; ".join(e.text for e in item.evidence)
    parts = [f"{mark_of(item.state)} {item.label}{worth}"]
    if detail:
        parts.append(f": {detail}")
    if item.note:
        parts.append(f" ({item.note})")
    return "".join(parts)


def _upper(high: float | None) -> str:
    return "no upper end" if high is None else f"{high:g}"


def _print_pain(console: Console, case: Case) -> None:
    match = match_of(case.visit, case.reading)
    if match is None or case.visit is None:
        return
    painful = case.visit.painful_sites or ()
    console.print("[bold underline]Pain and imaging (region level, matching is ours)[/]")
    for i, j in match.pairs:
        indented(console, f"= {painful[i].place.name}: {case.lesions[j].site.name}")
    paired = {i for i, _ in match.pairs}
    for i, site in enumerate(painful):
        if i not in paired:
            indented(console, f"- {site.place.name}: painful, no lesion of its own in this region")
    for j in sorted(match.also_covered):
        indented(console, f"= {case.lesions[j].site.name}: lies in a painful region that has another lesion")
    for j in sorted(match.subclinical):
        indented(console, f"+ {case.lesions[j].site.name}: lesion without pain")
    console.print()


def _print_course(console: Console, case: Case, rules: Rulebook) -> None:
    assert case.record is not None
    console.print("[bold underline]Treatment stage and course (reference, not advice)[/]")
    found = stage(case, rules=rules)
    for line in (*found.sentences, found.disclaimer):
        indented(console, line)
    readings = tuple(r for r in (case.earlier_reading, case.reading) if r is not None)
    for answer in both_readings(case.record, readings, rules):
        indented(console, answer.sentence)
    for line in (*found.ours, f"Source: {found.citation}"):
        indented(console, line, style="dim")
    console.print()
