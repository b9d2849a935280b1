"""NBODS (2023): NBO against bacterial osteomyelitis, four items, 0 to 115, above 17 is the NBO side."""

from __future__ import annotations

from marrowmap.core.record.units import Analyte
from marrowmap.core.rules import findings
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import Fact
from marrowmap.core.scores import citations
from marrowmap.core.scores.result import Confidence, CutOff, ScoreResult, System, SystemState, points, summed

SYSTEM = System(
    id="nbods_2023",
    name="NBODS",
    year=2023,
    citation=citations.KOSTIK,
    doi="10.3389/fped.2023.1067206",
    state=SystemState.VERIFIED,
    confidence=Confidence.V,
    higher_means="NBO rather than bacterial osteomyelitis",
    purpose="tell NBO from bacterial osteomyelitis; no tumours were among the controls",
    page="nbods_2023",
)
POINTS: dict[str, int] = {"crp_at_most_55": 56, "multifocal": 27, "femur": 17, "bands_at_most_220": 15}
LABELS: dict[str, str] = {
    "crp_at_most_55": "CRP at most 55 mg/L",
    "multifocal": "multifocal",
    "femur": "femur involved",
    "bands_at_most_220": "band neutrophils at most 220 per microlitre",
}
CUT_OFF = CutOff(">", 17, "NBO side", "bacterial side")
RULE = "Sum of four items, 0 to 115; above 17 NBO: sensitivity 89.0 %, specificity 96.9 %."


def facts(case: Case) -> dict[str, Fact]:
    """The four facts, by item."""
    return {
        "crp_at_most_55": findings.lab_at_most(case, Analyte.CRP, 55),
        "multifocal": findings.multifocal(case),
        "femur": findings.lesion_in(case, "femora", findings.is_femur),
        "bands_at_most_220": findings.lab_at_most(case, Analyte.BAND_NEUTROPHILS, 220),
    }


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The score with its bounds."""
    return from_facts(facts(case))


def from_facts(known: dict[str, Fact]) -> ScoreResult:
    """The score from its four facts."""
    items = tuple(points(name, LABELS[name], known[name], worth) for name, worth in POINTS.items())
    return summed(
        SYSTEM,
        items,
        CUT_OFF,
        rule=RULE,
        extra=("It says nothing about malignancy: no tumours were among the controls.",),
    )
