"""Panwar-style counts: lesions resolved, improved, stable, worsened and new, hands and feet left out."""

from __future__ import annotations

from collections import Counter

from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook, explain
from marrowmap.core.rules.evidence import of_lesion
from marrowmap.core.scores import citations
from marrowmap.core.scores.change import Fate, LesionChange, compare_lesions
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
    id="panwar_counts",
    name="Panwar-style lesion counts",
    year=None,
    citation=citations.PANWAR,
    state=SystemState.UNVERIFIED,
    confidence=Confidence.PROPOSED,
    higher_means="counts, not a score",
    purpose="what became of each lesion between two whole-body MRIs",
    gap="numeric limits of resolved and worsened in the pamidronate study",
    page="panwar_counts",
)
RULE = (
    "Active lesions of the first reading are resolved, improved, stable, worsened or mixed; others are new."
)


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Counts between the earlier and the present reading; a net count alone would hide what happened."""
    if case.reading is None or case.earlier_reading is None:
        return not_applicable(SYSTEM, "needs two readings")
    changes = compare_lesions(case.earlier_reading, case.reading, rules.limits)
    counted = tuple(c for c in changes if not c.in_hand_or_foot)
    counts = Counter(c.fate for c in counted)
    followed = sum(n for fate, n in counts.items() if fate is not Fate.NEW)
    left_out = len(changes) - len(counted)
    words = ", ".join(f"{counts[fate]} {fate.replace('_', ' ')}" for fate in Fate if counts[fate])
    text = f"{SYSTEM.name}: {words or 'no lesion'}; {followed} lesion(s) followed"
    text += f", {left_out} in hands and feet left out." if left_out else "."
    result = ScoreResult(
        system=SYSTEM,
        state=State.INDETERMINATE if counts[Fate.NOT_COMPARABLE] else State.COMPUTED,
        answer=words or "no lesion",
        items=tuple(_item(c) for c in counted),
        missing=tuple(f"{c.lesion.site.name}: {c.why}" for c in counted if c.fate is Fate.NOT_COMPARABLE),
        rule=RULE,
        ours=explain(rules.limits, "volume_change_percent", "si_ratio_change_percent"),
        details={**{str(fate): counts[fate] for fate in Fate}, "hands_and_feet_left_out": left_out},
    )
    return with_sentences(result, (text,))


def _item(change: LesionChange) -> Item:
    parts = [str(change.fate).replace("_", " ")]
    if change.volume_percent is not None and change.earlier and change.later:
        parts.append(f"volume {change.volume_percent:+.0f} %")
    if change.si_ratio_percent is not None:
        parts.append(f"signal ratio {change.si_ratio_percent:+.0f} %")
    return Item(
        id=change.lesion.id,
        label=change.lesion.site.name,
        text=", ".join(parts),
        evidence=tuple(of_lesion(le) for le in (*change.earlier, *change.later)),
        confidence=Confidence.PROPOSED,
        note=change.why,
    )
