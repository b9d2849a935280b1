"""What follows from a reading while it is made: scores, patterns and the pathway, each with its lesions."""

from __future__ import annotations

from typing import Any

from marrowmap.core.reading import Reading
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import Rulebook
from marrowmap.core.rules.evidence import Evidence
from marrowmap.core.rules.pathway import WORDS, pathway
from marrowmap.core.scores.catalogue import CATALOGUE
from marrowmap.core.scores.result import CONFIDENCE_WORDS, Item, ScoreResult, State
from marrowmap.exchange.score_tables import rulebook


def live_answers(reading: Reading) -> dict[str, Any]:
    """``answers``: burden and distribution; ``pathway``: the checklist. Ids of lesions lead back to the images.

    Uses the score tables that the site entered.
    """
    case, rules = Case(reading=reading), rulebook()
    results = [
        listing.compute(case, rules) for listing in CATALOGUE if listing.group in ("burden", "distribution")
    ]
    return {"answers": [_answer(result) for result in results], "pathway": _pathway(case, rules)}


def _answer(result: ScoreResult) -> dict[str, Any]:
    known = {State.COMPUTED: result.range_text or result.answer.replace("_", " ")}
    return {
        "id": result.system.id,
        "title": result.system.name,
        "value": known.get(result.state, str(result.state).replace("_", " ")),
        "detail": [*result.sentences, *_untold(result), *result.ours],
        "items": [_item(item) for item in result.items],
        "source": _source(result),
        "doi": result.system.doi,
        "verified": result.verified,
        "lesions": list(result.lesion_ids),
    }


def _source(result: ScoreResult) -> str:
    """The citation and how far the definition can be trusted; a site's own table is named, with its hash."""
    trust = CONFIDENCE_WORDS[result.system.confidence]
    if result.table is not None:
        trust = f"with table {result.table.sha256[:12]} entered by {result.table.entered_by}, not checked"
    return f"{result.system.citation} ({trust})"


def _untold(result: ScoreResult) -> list[str]:
    """What is missing, unless a sentence says it already."""
    told = " ".join(result.sentences)
    return [f"missing: {m}" for m in result.missing if m not in told]


def _item(item: Item) -> dict[str, Any]:
    if item.text:
        value = item.text
    elif item.low is not None:
        upper = f"at least {item.low:g}" if item.high is None else f"{item.low:g} to {item.high:g}"
        value = f"{item.low:g}" if item.low == item.high else upper
    else:
        value = str(item.state or "").replace("_", " ")
    return {"label": item.label, "value": value, "note": item.note, "lesions": _lesions(item.evidence)}


def _pathway(case: Case, rules: Rulebook) -> dict[str, Any]:
    found = pathway(case, rules)
    return {
        "outcome": str(found.outcome),
        "words": WORDS[found.outcome],
        "reasons": list(found.reasons),
        "items": [_item(item) for item in found.checklist],
        "next_steps": list(found.next_steps),
        "ours": list(found.ours),
        "source": found.citation,
        "disclaimer": found.disclaimer,
    }


def _lesions(evidence: tuple[Evidence, ...]) -> list[str]:
    return list(dict.fromkeys(e.id for e in evidence if e.kind == "lesion"))
