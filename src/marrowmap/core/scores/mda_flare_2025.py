"""Minimal disease activity and flare (2025): thresholds are unpublished in our sources and never invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from marrowmap.core.lesion import Assessment
from marrowmap.core.record.units import Analyte
from marrowmap.core.record.visit import Visit
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import Evidence
from marrowmap.core.scores import chaq, citations
from marrowmap.core.scores.result import (
    Confidence,
    Item,
    ScoreResult,
    System,
    SystemState,
    criteria_met,
    decide,
    not_applicable,
    not_computable,
)
from marrowmap.core.scores.table import ScoreTable, form_of

MDA = System(
    id="mda_2025",
    name="Minimal disease activity 2025",
    year=2025,
    citation=citations.NURUZZAMAN,
    state=SystemState.COMPONENTS_ONLY,
    confidence=Confidence.GAP,
    higher_means="minimal disease activity at this visit",
    purpose="judged at one visit; pain and a physician's judgement are among the variables",
    gap="full paper after ACR abstract 1669 (2025)",
    page="mda_flare_2025",
)
FLARE = System(
    id="flare_2025",
    name="Flare 2025",
    year=2025,
    citation=citations.NURUZZAMAN,
    state=SystemState.COMPONENTS_ONLY,
    confidence=Confidence.GAP,
    higher_means="flare since the prior visit",
    purpose="judged against the prior visit",
    gap="full paper after ACR abstract 1669 (2025)",
    page="mda_flare_2025",
)
LABELS: Mapping[str, str] = {
    "pain": "pain (0-10)",
    "patient_global": "patient global (0-10)",
    "physician_global": "physician global (0-10)",
    "clinically_active_lesions": "clinically active lesions",
    "chaq": "CHAQ",
    "esr": "ESR (mm/h)",
    "crp": "CRP (mg/L)",
}


def variables_of(visit: Visit) -> dict[str, float | None]:
    """What a visit gives for these two definitions; None: not recorded."""
    outcomes, count = visit.outcomes, visit.clinically_active_count
    esr, crp = visit.lab(Analyte.ESR), visit.lab(Analyte.CRP)
    return {
        "pain": outcomes.pain,
        "patient_global": outcomes.patient_global,
        "physician_global": outcomes.physician_global,
        "clinically_active_lesions": None if count is None else float(count),
        "chaq": chaq.index_of(visit),
        "esr": None if esr is None else esr.value,
        "crp": None if crp is None else crp.value,
    }


def mda(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """What is known for minimal disease activity; a verdict only with the site's own table."""
    if case.visit is None:
        return not_applicable(MDA, "no visit is given")
    return minimal_disease_activity(variables_of(case.visit), rules.tables.get(MDA.id))


def minimal_disease_activity(
    variables: Mapping[str, float | None], table: ScoreTable | None = None
) -> ScoreResult:
    """The same from plain numbers."""
    items = tuple(_item(name, LABELS[name], value) for name, value in variables.items())
    if table is None:
        return not_computable(MDA, items, form_of("mda_2025").missing.split(";")[0])
    return _judge(MDA, items, variables, table, "at most")


def flare(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Rises since the prior visit; a verdict only with the site's own table."""
    if case.visit is None or case.earlier_visit is None:
        return not_applicable(FLARE, "needs this visit and the prior one")
    before, now = variables_of(case.earlier_visit), variables_of(case.visit)
    rises: dict[str, float | None] = {}
    for name, value in now.items():
        earlier = before[name]
        rises[name] = None if value is None or earlier is None else value - earlier
    items = tuple(_item(n, f"change of {LABELS[n]}", v) for n, v in rises.items())
    table = rules.tables.get(FLARE.id)
    if table is None:
        return not_computable(FLARE, items, form_of("flare_2025").missing.split(";")[0])
    return _judge(FLARE, items, rises, table, "at least")


def _item(name: str, label: str, value: float | None) -> Item:
    if value is None:
        return Item(name, label, Assessment.NOT_ASSESSED, note="not recorded")
    return Item(name, label, text=f"{value:g}", evidence=(Evidence("visit", name, f"{label}: {value:g}"),))


def _judge(
    system: System,
    items: tuple[Item, ...],
    values: Mapping[str, float | None],
    table: ScoreTable,
    how: str,
) -> ScoreResult:
    alternatives = table.entries["limits"].alternatives
    known: dict[str, bool | None] = {}
    for number, limits in enumerate(alternatives):
        for name, limit in limits.items():
            value = values.get(name)
            kept = None if value is None else (value <= limit if how == "at most" else value >= limit)
            known[f"{number}.{name}"] = kept
    verdict = decide(
        lambda held: any(
            all(held[f"{number}.{name}"] for name in limits) for number, limits in enumerate(alternatives)
        ),
        known,
    )
    rule = " or ".join(
        " and ".join(f"{LABELS[n]} {how} {limit:g}" for n, limit in limits.items()) for limits in alternatives
    )
    result = criteria_met(system, items, verdict, rule=rule)
    return replace(result, table=table, sentences=(*result.sentences, table.sentence))
