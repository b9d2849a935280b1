"""What follows from a reading while it is made: scores, patterns and the pathway, each with its lesions."""

from __future__ import annotations

from typing import Any

from marrowmap.core.reading import Reading
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES
from marrowmap.core.rules.evidence import Evidence
from marrowmap.core.rules.pathway import WORDS, pathway
from marrowmap.core.scores.catalogue import CATALOGUE
from marrowmap.core.scores.result import CONFIDENCE_WORDS, Item, ScoreResult, State


def live_answers(reading: Reading) -> dict[str, Any]:
    """``answers``: burden and distribution; ``pathway``: the checklist. Ids of lesions lead back to the images."""
    case = Case(reading=reading)
    results = [
        listing.compute(case, DEFAULT_RULES)
        for listing in CATALOGUE
        if listing.group in ("burden", "distribution")
    ]
    return {"answers": [_answer(result) for result in results], "pathway": _pathway(case)}


def _answer(result: ScoreResult) -> dict[str, Any]:
    known = {State.COMPUTED: result.range_text or result.answer.replace("_", " ")}
    return {
        "id": result.system.id,
        "title": result.system.name,
        "value": known.get(result.state, str(result.state).replace("_", " ")),
        "detail": [*result.sentences, *(f"missing: {m}" for m in result.missing), *result.ours],
        "items": [_item(item) for item in result.items],
        "source": f"{result.system.citation} ({CONFIDENCE_WORDS[result.system.confidence]})",
        "doi": result.system.doi,
        "verified": result.verified,
        "lesions": list(result.lesion_ids),
    }


def _item(item: Item) -> dict[str, Any]:
    if item.text:
        value = item.text
    elif item.low is not None:
        upper = f"at least {item.low:g}" if item.high is None else f"{item.low:g} to {item.high:g}"
        value = f"{item.low:g}" if item.low == item.high else upper
    else:
        value = str(item.state or "").replace("_", " ")
    return {"label": item.label, "value": value, "note": item.note, "lesions": _lesions(item.evidence)}


def _pathway(case: Case) -> dict[str, Any]:
    found = pathway(case, DEFAULT_RULES)
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
