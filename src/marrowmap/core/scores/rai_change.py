"""Change of RAI-CROMRIS between two readings: the difference, and units improved, worsened and new."""

from __future__ import annotations

from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import of_lesions
from marrowmap.core.scores import citations
from marrowmap.core.scores.rai_cromris import OURS, unit_score
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
from marrowmap.core.site import all_sites

SYSTEM = System(
    id="rai_change",
    name="RAI-CROMRIS change",
    year=2021,
    citation=citations.CAPPONI,
    doi="10.1186/s12969-021-00620-3",
    state=SystemState.UNVERIFIED,
    confidence=Confidence.M_MED,
    higher_means="positive: more activity than before",
    purpose="follow activity over time; published medians 17, 12 and 11 at 0, 6 and 12 months",
    gap="a minimal important change is not published; the split of the 7 points as for RAI-CROMRIS",
    page="rai_cromris",
)
RULE = "Difference of the two sums over units seen at both times; units seen once are listed, not counted."


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The difference over units seen in both readings."""
    earlier, later = case.earlier_reading, case.reading
    if earlier is None or later is None:
        return not_applicable(SYSTEM, "needs two readings")
    if not (earlier.whole_body and later.whole_body):
        return not_applicable(SYSTEM, "both examinations must cover the whole body")
    both = earlier.units_seen() & later.units_seen()
    counts = {"improved": 0, "worsened": 0, "new": 0, "gone": 0, "unchanged": 0, "open": 0}
    low = high = 0.0
    items = []
    for unit in all_sites():
        before, now = unit_score(unit, earlier.lesions), unit_score(unit, later.lesions)
        if unit.id not in both or not (before.lesions or now.lesions):
            continue
        (b_low, b_high), (n_low, n_high) = before.bounds, now.bounds
        low, high = low + n_low - b_high, high + n_high - b_low
        word = _word(before.bounds, now.bounds)
        counts[word] += 1
        items.append(
            Item(
                unit.id,
                unit.name,
                None,
                n_low - b_high,
                n_high - b_low,
                word,
                of_lesions((*before.lesions, *now.lesions)),
                Confidence.M_MED,
            )
        )
    exact = low if low == high else None
    words = ", ".join(f"{n} {word}" for word, n in counts.items() if n) or "no unit involved"
    result = ScoreResult(
        system=SYSTEM,
        state=State.INDETERMINATE if exact is None else State.COMPUTED,
        answer="indeterminate" if exact is None else f"{exact:+g}",
        value=exact,
        low=low,
        high=high,
        items=tuple(items),
        missing=tuple(f"{i.label}: parameters not assessed" for i in items if i.low != i.high),
        rule=RULE,
        ours=(OURS,),
        details={**counts, "units_seen_at_both": len(both)},
    )
    text = f"{SYSTEM.name}: {result.range_text} over {len(both)} units seen at both times ({words})."
    return with_sentences(result, (text,))


def _word(before: tuple[int, int], now: tuple[int, int]) -> str:
    if before == (0, 0):
        return "new" if now[0] > 0 else "open"
    if now == (0, 0):
        return "gone"
    if before[0] == before[1] and before == now:
        return "unchanged"
    if now[1] < before[0]:
        return "improved"
    return "worsened" if now[0] > before[1] else "open"
