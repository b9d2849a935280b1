"""CHAQ disability index: eight domains, 0 to 3, divided by the domains answered."""

from __future__ import annotations

from marrowmap.core.lesion import Assessment
from marrowmap.core.record.visit import CHAQ_DOMAINS, ChaqDomain, Visit
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import Evidence
from marrowmap.core.rules.findings import NO_VISIT
from marrowmap.core.scores import citations
from marrowmap.core.scores.result import (
    Confidence,
    Item,
    ScoreResult,
    State,
    System,
    SystemState,
    not_applicable,
    with_sentences,
)

SYSTEM = System(
    id="chaq",
    name="CHAQ disability index",
    year=2001,
    citation=citations.CHAQ,
    state=SystemState.VERIFIED,
    confidence=Confidence.V,
    higher_means="more disability (0 to 3)",
    purpose="function over the past week; pain and well-being scales are not part of it",
    page="chaq",
)
RULE = (
    "Domain: its highest item, at least 2 when an aid, device or help is used. Index: sum of domains divided "
    "by the domains answered."
)
MINIMAL_IMPORTANT_IMPROVEMENT = 0.13
"""Smallest improvement that families notice (JIA; another estimate is 0.188)."""


def domain_bounds(domain: ChaqDomain) -> tuple[int, int] | None:
    """Least and most score of one domain; they differ when help was not asked about. None: not answered."""
    answers = [a for a in domain.items if a is not None]
    if not answers:
        return None
    highest = max(answers)
    raised = max(highest, 2)
    return (raised if domain.aid_or_help else highest), (highest if domain.aid_or_help is False else raised)


def index_bounds(domains: tuple[ChaqDomain, ...]) -> tuple[float, float] | None:
    """Least and most index; None when no domain was answered."""
    bounds = [b for d in domains if (b := domain_bounds(d)) is not None]
    if not bounds:
        return None
    return sum(b[0] for b in bounds) / len(bounds), sum(b[1] for b in bounds) / len(bounds)


def index_of(visit: Visit) -> float | None:
    """The index of a visit when it is known exactly, from its domains or as documented."""
    if visit.outcomes.chaq_index is not None:
        return visit.outcomes.chaq_index
    bounds = index_bounds(visit.outcomes.chaq)
    return bounds[0] if bounds is not None and bounds[0] == bounds[1] else None


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The index of the visit."""
    if case.visit is None:
        return not_applicable(SYSTEM, NO_VISIT)
    outcomes = case.visit.outcomes
    if outcomes.chaq_index is not None:
        entry = Evidence("visit", "chaq_index", f"index {outcomes.chaq_index:g} as documented")
        item = Item("chaq_index", "index as documented", text=f"{outcomes.chaq_index:g}", evidence=(entry,))
        return _result((item,), outcomes.chaq_index, outcomes.chaq_index, "documented total")
    given = {d.domain: d for d in outcomes.chaq}
    items = tuple(_item(name, given.get(name)) for name in CHAQ_DOMAINS)
    bounds = index_bounds(outcomes.chaq)
    if bounds is None:
        return with_sentences(
            ScoreResult(
                SYSTEM, State.INDETERMINATE, "indeterminate", items=items, missing=("all eight domains",)
            ),
            (f"{SYSTEM.name}: no domain answered.",),
        )
    answered = sum(i.low is not None for i in items)
    return _result(items, *bounds, f"{answered} of 8 domains answered")


def _item(name: str, domain: ChaqDomain | None) -> Item:
    label = name.replace("_", " ")
    bounds = domain_bounds(domain) if domain is not None else None
    if domain is None or bounds is None:
        return Item(name, label, text="not answered, left out of the division")
    note = "aid or help not asked about" if bounds[0] != bounds[1] else ""
    help_text = ", with aid or help" if domain.aid_or_help else ""
    text = f"{bounds[0]}" if bounds[0] == bounds[1] else f"{bounds[0]}-{bounds[1]}"
    state = Assessment.NOT_ASSESSED if note else None
    entry = Evidence("visit", name, f"{label} {text}")
    return Item(name, label, state, bounds[0], bounds[1], text + help_text, (entry,), note=note)


def _result(items: tuple[Item, ...], low: float, high: float, how: str) -> ScoreResult:
    exact = low if low == high else None
    result = ScoreResult(
        system=SYSTEM,
        state=State.COMPUTED if exact is not None else State.INDETERMINATE,
        answer=f"{exact:.4g}" if exact is not None else "indeterminate",
        value=exact,
        low=low,
        high=high,
        items=items,
        missing=tuple(f"{i.label}: {i.note}" for i in items if i.state is Assessment.NOT_ASSESSED),
        rule=RULE,
    )
    return with_sentences(result, (f"{SYSTEM.name}: {result.range_text} of 3 ({how}).",))
