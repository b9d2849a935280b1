"""Panwar-style counts: lesions resolved, improved, stable, worsened and new, hands and feet left out."""

from __future__ import annotations

from collections import Counter

from marrowmap.core.counted import counted
from marrowmap.core.followup.change import Change, ChangeClass, changes_between
from marrowmap.core.followup.limits import FollowupLimits
from marrowmap.core.reading import Reading
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook, explain
from marrowmap.core.rules.evidence import of_lesion
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
from marrowmap.core.site import site

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
    "Active lesions of the first reading are resolved, improved, stable, worsened or mixed; others are new. "
    "Lesions that merged or split count once, under how they did together."
)
_COUNTED = tuple(k for k in ChangeClass if k not in (ChangeClass.MERGED, ChangeClass.SPLIT))


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Counts between the earlier and the present reading; a net count alone would hide what happened."""
    before, after = case.earlier_reading, case.reading
    if after is None or before is None:
        return not_applicable(SYSTEM, "needs two readings")
    changes = changes_between(before, after, FollowupLimits(change=rules.limits))
    kept = tuple(c for c in changes if not c.in_hand_or_foot)
    counts = Counter(c.course for c in kept)
    followed = sum(n for kind, n in counts.items() if kind is not ChangeClass.NEW)
    left_out = len(changes) - len(kept)
    words = ", ".join(f"{counts[kind]} {kind.words}" for kind in _COUNTED if counts[kind])
    text = f"{SYSTEM.name}: {words or 'no lesion'}; {counted(followed, 'lesion')} of the earlier reading followed"
    text += f", {left_out} in hands and feet left out." if left_out else "."
    result = ScoreResult(
        system=SYSTEM,
        state=State.INDETERMINATE if counts[ChangeClass.NOT_COMPARABLE] else State.COMPUTED,
        answer=words or "no lesion",
        items=tuple(_item(c, before, after) for c in kept),
        missing=tuple(
            f"{site(c.site_id).name}: {c.why}" for c in kept if c.course is ChangeClass.NOT_COMPARABLE
        ),
        rule=RULE,
        ours=explain(rules.limits, "volume_change_percent", "si_ratio_change_percent"),
        details={**{str(kind): counts[kind] for kind in _COUNTED}, "hands_and_feet_left_out": left_out},
    )
    return with_sentences(result, (text,))


def _item(change: Change, before: Reading, after: Reading) -> Item:
    """A line of the table; its evidence are the lesions of both readings."""
    parts = [change.kind.words]
    if change.course is not change.kind:
        parts[0] += f", together {change.course.words}"
    for name in ("volume", "signal ratio"):
        measure = change.measure(name)
        if measure is not None and measure.percent is not None and name not in change.why:
            parts.append(f"{name} {measure.percent:+.0f} %")
    old = [x for x in before.lesions if x.id in change.before]
    new = [x for x in after.lesions if x.id in change.after]
    return Item(
        id=(change.before or change.after)[0],
        label=site(change.site_id).name,
        text=", ".join(parts),
        evidence=tuple(of_lesion(x) for x in (*old, *new)),
        confidence=Confidence.PROPOSED,
        note=change.why,
    )
