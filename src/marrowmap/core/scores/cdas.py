"""CDAS (2023): pain plus patient global plus clinically active lesions. Plain sum from memory (M-med)."""

from __future__ import annotations

from marrowmap.core.lesion import Assessment
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import Evidence
from marrowmap.core.rules.findings import NO_VISIT
from marrowmap.core.scores import citations
from marrowmap.core.scores.result import (
    Confidence,
    Item,
    ScoreResult,
    System,
    SystemState,
    not_applicable,
    summed,
)

SYSTEM = System(
    id="cdas",
    name="CDAS",
    year=2023,
    citation=citations.WU,
    state=SystemState.UNVERIFIED,
    confidence=Confidence.M_MED,
    higher_means="more active disease",
    purpose="clinical disease activity without laboratory or imaging",
    gap="check the formula and a cap on the lesion count in Wu 2023",
    page="cdas",
)
RULE = (
    "Pain (0-10) + patient global (0-10) + number of clinically active lesions; no activity bands published."
)


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The sum; indeterminate when a part is missing, nothing is imputed."""
    if case.visit is None:
        return not_applicable(SYSTEM, NO_VISIT)
    outcomes = case.visit.outcomes
    return from_parts(outcomes.pain, outcomes.patient_global, case.visit.clinically_active_count)


def from_parts(pain: float | None, patient_global: float | None, lesions: int | None) -> ScoreResult:
    """The sum from its three variables; a missing lesion count has no upper end."""
    items = (
        _item("pain", "pain (0-10)", pain, 10),
        _item("patient_global", "patient global (0-10)", patient_global, 10),
        _item("clinically_active_lesions", "clinically active lesions", lesions, None),
    )
    return summed(SYSTEM, items, None, rule=RULE)


def _item(id: str, label: str, value: float | None, most: float | None) -> Item:
    if value is None:
        return Item(id, label, Assessment.NOT_ASSESSED, 0, most, note="not recorded")
    return Item(id, label, None, value, value, f"{value:g}", (Evidence("visit", id, f"{label}: {value:g}"),))
