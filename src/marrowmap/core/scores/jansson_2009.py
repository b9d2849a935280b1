"""Jansson clinical score (2009): seven items, 0 to 63, at 39 or more NBO is likely.

Each weight is 3 ln(odds ratio), rounded; the weights add to the published maximum of 63.
A raised CRP *adds* points: the comparison group holds tumours, in which CRP is often normal.
"""

from __future__ import annotations

from marrowmap.core.record.units import Analyte
from marrowmap.core.rules import findings
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook, explain
from marrowmap.core.rules.evidence import Fact
from marrowmap.core.scores import citations
from marrowmap.core.scores.result import (
    Confidence,
    CutOff,
    ScoreResult,
    System,
    SystemState,
    points,
    summed,
)

SYSTEM = System(
    id="jansson_2009",
    name="Jansson clinical score 2009",
    year=2009,
    citation=citations.JANSSON_2009,
    doi="10.1002/art.24402",
    state=SystemState.VERIFIED,
    confidence=Confidence.D,
    higher_means="NBO more likely",
    purpose="tell NBO from bacterial osteomyelitis and bone tumours (children over 3 years)",
    gap="band limits, and the meaning of symmetry, marginal sclerosis and normal count, in Jansson 2009",
    page="jansson_2009",
)
ODDS_RATIOS: dict[str, float] = {
    "normal_blood_count": 81.5,
    "symmetric_lesions": 30.0,
    "marginal_sclerosis": 26.8,
    "normal_temperature": 20.3,
    "vertebra_clavicle_or_sternum": 13.9,
    "more_than_one_lesion": 10.9,
    "crp_at_least_10": 6.9,
}
POINTS: dict[str, int] = {
    "normal_blood_count": 13,
    "symmetric_lesions": 10,
    "marginal_sclerosis": 10,
    "normal_temperature": 9,
    "vertebra_clavicle_or_sternum": 8,
    "more_than_one_lesion": 7,
    "crp_at_least_10": 6,
}
LABELS: dict[str, str] = {
    "normal_blood_count": "normal blood cell count",
    "symmetric_lesions": "symmetric bone lesions",
    "marginal_sclerosis": "lesions with marginal sclerosis",
    "normal_temperature": "normal body temperature",
    "vertebra_clavicle_or_sternum": "lesion in vertebra, clavicle or sternum",
    "more_than_one_lesion": "more than one radiologically proven lesion",
    "crp_at_least_10": "CRP at or above 1 mg/dL (10 mg/L)",
}
CRP_LIMIT_MG_PER_L = 10.0
CUT_OFF = CutOff(">=", 39, "NBO likely by this score", "below the cut-off")
RULE = "Sum of seven items, 0 to 63; at 39 or more: positive predictive value 97 %, sensitivity 68 %."
OURS = (
    "Ours (PROPOSED): symmetry as one pair in the same segment of both sides; sclerosis read on radiograph "
    "or CT only; normal count as leucocytes, haemoglobin and platelets in the laboratory's range; vertebra "
    "means one of the 24, without the sacrum; without a measured temperature, 'no fever above 38.5 °C' counts as "
    "normal."
)


def band(total: float) -> str:
    """0-28 unlikely, 29-38 unclear, 39-63 likely (band limits M-med)."""
    if total >= CUT_OFF.value:
        return "likely"
    return "unclear" if total >= 29 else "unlikely"


def facts(case: Case, rules: Rulebook = DEFAULT_RULES) -> dict[str, Fact]:
    """The seven facts, by item."""
    return {
        "normal_blood_count": findings.normal_blood_count(case),
        "symmetric_lesions": findings.symmetric(case),
        "marginal_sclerosis": findings.marginal_sclerosis(case),
        "normal_temperature": findings.normal_temperature(case, rules.limits),
        "vertebra_clavicle_or_sternum": findings.lesion_in(
            case,
            "vertebrae, clavicles and sternum",
            lambda s: findings.is_vertebra(s) or findings.is_clavicle(s) or findings.is_sternum(s),
        ),
        "more_than_one_lesion": findings.multifocal(case),
        "crp_at_least_10": findings.lab_at_least(case, Analyte.CRP, CRP_LIMIT_MG_PER_L),
    }


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The score with its bounds and band."""
    return from_facts(facts(case, rules), rules)


def from_facts(known: dict[str, Fact], rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The score from its seven facts."""
    items = tuple(
        points(name, LABELS[name], known[name], worth, confidence=Confidence.D)
        for name, worth in POINTS.items()
    )
    low, high = sum(i.low or 0 for i in items), sum(i.high or 0 for i in items)
    bands = band(low) if band(low) == band(high) else f"{band(low)} to {band(high)}"
    return summed(
        SYSTEM,
        items,
        CUT_OFF,
        rule=RULE,
        ours=(OURS, *explain(rules.limits, "normal_temperature_below")),
        extra=(f"Band: {bands} (band limits from memory, not verified).",),
        details={"band": bands},
    )
