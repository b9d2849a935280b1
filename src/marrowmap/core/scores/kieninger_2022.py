"""Kieninger 2022: relative change of lesion volume, and lesion-to-muscle signal ratio. No cut-off exists."""

from __future__ import annotations

from marrowmap.core.lesion import Assessment
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
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
    id="kieninger_2022",
    name="Kieninger volume and signal-ratio change",
    year=2022,
    citation=citations.KIENINGER,
    doi="10.1259/bjr.20211091",
    state=SystemState.UNVERIFIED,
    confidence=Confidence.M_MED,
    higher_means="positive change: larger or brighter",
    purpose="quantitative response; responders lost more volume",
    gap="responder rule and placement of the muscle region in Kieninger 2022, methods (open access)",
    page="kieninger_2022",
)
RULE = (
    "Volume change (V1 - V0) / V0; signal ratio = mean lesion signal / mean muscle signal in the same series."
)


def si_ratio(lesion_mean: float, muscle_mean: float) -> float:
    """Lesion over muscle, same series, same station. ValueError unless muscle is above 0."""
    if muscle_mean <= 0:
        raise ValueError(f"the muscle mean must be above 0, got {muscle_mean}")
    return lesion_mean / muscle_mean


def volume_change(before_ml: float, now_ml: float) -> float | None:
    """Relative change, -0.4 for 40 % smaller; None for a volume of 0 before."""
    return None if before_ml == 0 else (now_ml - before_ml) / before_ml


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Change of each followed lesion, and of the summed volume of all lesions measured at both times."""
    if case.reading is None or case.earlier_reading is None:
        return not_applicable(SYSTEM, "needs two readings")
    changes = tuple(
        c
        for c in compare_lesions(case.earlier_reading, case.reading, rules.limits)
        if c.earlier and c.fate is not Fate.NOT_COMPARABLE
    )
    items = tuple(_item(c) for c in changes)
    measured = [c for c in changes if c.volume_percent is not None and _volume(c, "earlier") is not None]
    before = sum(_volume(c, "earlier") or 0.0 for c in measured)
    now = sum(_volume(c, "later") or 0.0 for c in measured)
    total = volume_change(before, now) if measured else None
    if total is None:
        answer, text = "indeterminate", "no lesion was measured at both times"
    else:
        answer = f"{total * 100:+.0f} % volume"
        text = f"{answer} over {len(measured)} of {len(changes)} followed lesion(s)"
    result = ScoreResult(
        system=SYSTEM,
        state=State.INDETERMINATE if total is None else State.COMPUTED,
        answer=answer,
        value=None if total is None else round(total * 100, 6),
        low=None if total is None else round(total * 100, 6),
        high=None if total is None else round(total * 100, 6),
        items=items,
        missing=tuple(i.label for i in items if i.state is Assessment.NOT_ASSESSED),
        rule=RULE,
        details={"volume_before_ml": before, "volume_now_ml": now, "lesions_measured": len(measured)},
    )
    return with_sentences(result, (f"{SYSTEM.name}: {text}; no cut-off is published.",))


def _volume(change: LesionChange, when: str) -> float | None:
    values = [le.volume_ml for le in getattr(change, when)]
    return None if None in values else float(sum(v for v in values if v is not None))


def _item(change: LesionChange) -> Item:
    parts = []
    if change.volume_percent is not None:
        parts.append(f"volume {change.volume_percent:+.0f} %")
    if change.si_ratio_percent is not None:
        parts.append(f"signal ratio {change.si_ratio_percent:+.0f} %")
    return Item(
        id=change.lesion.id,
        label=change.lesion.site.name,
        state=None if parts else Assessment.NOT_ASSESSED,
        text=", ".join(parts),
        evidence=tuple(of_lesion(le) for le in (*change.earlier, *change.later)),
        note="" if parts else "not measured at both times",
    )
