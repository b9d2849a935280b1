"""Lesion count and extent: metaphyseal, epiphyseal and paraphyseal share of the lesions (Nico 2022)."""

from __future__ import annotations

from marrowmap.core.counted import counted
from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.record.patient import any_strict
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import of_lesions
from marrowmap.core.rules.findings import NO_READING, bones_involved
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
    id="lesion_extent",
    name="Lesion count and extent",
    year=2022,
    citation=citations.SEED_REVIEW,
    state=SystemState.UNVERIFIED,
    confidence=Confidence.PROPOSED,
    higher_means="more disease",
    purpose="disease burden as the number of lesions and where they lie in the bone",
    gap="'paraphyseal' is not defined in the review; see Andronikou 2019",
    page="lesion_extent",
)
RULE = "Number of lesions, and the share of them that is metaphyseal, epiphyseal and paraphyseal."
OURS = (
    "Ours (PROPOSED): metaphyseal and epiphyseal by the bone unit (an apophysis counts as epiphysis); "
    "paraphyseal as stated to lie next to or across a growth plate. A lesion may be in several classes, so "
    "the shares need not add to 100 %.",
)


def _paraphyseal(lesion: Lesion) -> Assessment:
    return any_strict(lesion.features.next_to_physis, lesion.features.physis_crossed)


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Counts of active and all lesions, of bones, and the three shares of all lesions."""
    if case.reading is None:
        return not_applicable(SYSTEM, NO_READING)
    lesions = case.lesions
    n = len(lesions)
    unsettled = [le for le in lesions if le.activity.value == "not_assessed"]
    classes = {
        "metaphyseal": [Assessment.of(any(s.segment.is_metaphyseal for s in le.sites)) for le in lesions],
        "epiphyseal": [Assessment.of(any(s.segment.is_epiphyseal for s in le.sites)) for le in lesions],
        "paraphyseal": [_paraphyseal(le) for le in lesions],
    }
    shares = tuple(_share(name, states, lesions) for name, states in classes.items())
    active = len(case.active_lesions)
    bones = len(bones_involved(lesions))
    items = (
        Item("lesions", "lesions", None, n, n, str(n), of_lesions(lesions)),
        Item(
            "active_lesions",
            "active lesions",
            Assessment.NOT_ASSESSED if unsettled else None,
            active,
            active + len(unsettled),
            str(active) if not unsettled else f"{active} to {active + len(unsettled)}",
            of_lesions(case.active_lesions),
        ),
        Item("bones", "bones involved (each vertebra by itself)", None, bones, bones, str(bones)),
        *shares,
    )
    unseen = case.reading.not_whole
    coverage = f"; {unseen}" if unseen else ""
    result = ScoreResult(
        system=SYSTEM,
        state=State.INDETERMINATE if unseen else State.COMPUTED,
        answer=f"at least {counted(n, 'lesion')}" if unseen else f"{counted(n, 'lesion')}, {active} active",
        value=None if unseen else float(n),
        low=float(n),
        high=None if unseen else float(n),
        items=items,
        missing=tuple(f"{i.label}: {i.note}" for i in items if i.note),
        rule=RULE,
        ours=OURS,
    )
    words = ", ".join(f"{i.label} {i.text}" for i in shares)
    text = f"{SYSTEM.name}: {counted(n, 'lesion')} in {counted(bones, 'bone')}, {active} active{coverage}"
    return with_sentences(result, (f"{text}; {words}." if n else f"{text}.",))


def _share(name: str, states: list[Assessment], lesions: tuple[Lesion, ...]) -> Item:
    yes, unknown, n = states.count(Assessment.PRESENT), states.count(Assessment.NOT_ASSESSED), len(states)
    if n == 0:
        return Item(name, name, text="no lesion")
    low, high = 100 * yes / n, 100 * (yes + unknown) / n
    percent = f"{low:.0f} %" if not unknown else f"{low:.0f} to {high:.0f} %"
    members = tuple(le for le, s in zip(lesions, states, strict=True) if s is Assessment.PRESENT)
    return Item(
        name,
        name,
        Assessment.NOT_ASSESSED if unknown else None,
        low,
        high,
        f"{percent} ({yes} of {n})",
        of_lesions(members),
        Confidence.PROPOSED,
        f"{unknown} of {n} lesions not assessed" if unknown else "",
    )
