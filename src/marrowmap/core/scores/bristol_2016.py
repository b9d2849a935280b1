"""Bristol criteria (2016): typical clinic and typical radiology, and one of two branches. Text M-high.

The paper prints the CRP limit as 30 g/L; it must be mg/L. Exactly 30 is in neither branch: ours sends it to
criterion 2, which asks for a biopsy.
"""

from __future__ import annotations

from marrowmap.core.lesion import Activity, Assessment
from marrowmap.core.record.patient import Density, any_strict
from marrowmap.core.record.units import Analyte
from marrowmap.core.rules import findings
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import Evidence, Fact, of_lesions, open_fact
from marrowmap.core.scores import citations
from marrowmap.core.scores.result import (
    Confidence,
    ScoreResult,
    System,
    SystemState,
    criteria_met,
    criterion,
    decide,
)

SYSTEM = System(
    id="bristol_2016",
    name="Bristol criteria 2016",
    year=2016,
    citation=citations.RODERICK,
    state=SystemState.UNVERIFIED,
    confidence=Confidence.M_HIGH,
    higher_means="criteria met",
    purpose="diagnosis of CRMO, with or without biopsy",
    gap="check the wording and the CRP unit in Roderick 2016, table 1",
    page="bristol_2016",
)
CRP_LIMIT_MG_PER_L = 30.0
RULE = (
    "Typical clinical picture and typical radiology, and either (1) more than one bone, or the clavicle "
    "alone, with CRP below 30 mg/L, or (2) a biopsy with inflammation and no growth off antibiotics, for "
    "unifocal disease outside the clavicle or CRP above 30 mg/L."
)
OURS = (
    "Ours (PROPOSED): CRP of exactly 30 mg/L goes to criterion 2. The printed unit g/L is read as mg/L.",
    "Ours: a lesion with STIR signal counts as typical radiology.",
)
LABELS: dict[str, str] = {
    "bone_pain": "bone pain",
    "no_prominent_inflammation": "no prominent local or systemic signs of inflammation or infection",
    "typical_radiology": "typical radiology (STIR marrow oedema, or mixed lysis, sclerosis and new bone)",
    "more_than_one_bone": "more than one bone",
    "clavicle_alone": "clavicle alone",
    "crp_below_30": "CRP below 30 mg/L",
    "biopsy": "biopsy with inflammation, no growth, off antibiotics",
}


def branch(held: dict[str, bool]) -> int:
    """1 or 2 for the branch that is met; 0 for none."""
    if not (held["bone_pain"] and held["no_prominent_inflammation"] and held["typical_radiology"]):
        return 0
    extent = held["more_than_one_bone"] or held["clavicle_alone"]
    if extent and held["crp_below_30"]:
        return 1
    return 2 if held["biopsy"] else 0


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Whether the criteria are met, by which branch, and whether a biopsy is what is lacking."""
    return from_facts(facts(case))


def from_facts(known: dict[str, Fact]) -> ScoreResult:
    """The verdict from seven facts."""
    holds = {name: fact.holds for name, fact in known.items()}
    verdict = decide(lambda held: branch(held) > 0, holds)
    first = decide(lambda held: branch(held) == 1, holds)
    with_biopsy = decide(lambda held: branch(held) > 0, {**holds, "biopsy": True})
    needed = verdict is False and with_biopsy is True
    extra = []
    if verdict:
        extra.append(
            {True: "By criterion 1 (no biopsy needed).", False: "By criterion 2 (biopsy)."}.get(
                first, "By criterion 1 or 2."
            )
            if first is not None
            else "By criterion 1 or 2."
        )
    if needed:
        extra.append("Biopsy needed: only criterion 2 is open.")
    items = tuple(criterion(name, text, known[name]) for name, text in LABELS.items())
    by = {True: 1, False: 2}.get(first) if verdict and first is not None else None
    return criteria_met(
        SYSTEM,
        items,
        verdict,
        rule=RULE,
        ours=OURS,
        extra=tuple(extra),
        details={"branch": by, "biopsy_needed": needed},
    )


def facts(case: Case) -> dict[str, Fact]:
    """The seven facts, by item."""
    above = findings.lab_at_least(case, Analyte.CRP, CRP_LIMIT_MG_PER_L)
    below = None if above.holds is None else not above.holds
    return {
        "bone_pain": _bone_pain(case),
        "no_prominent_inflammation": _calm(case),
        "typical_radiology": _radiology(case),
        "more_than_one_bone": _several_bones(case),
        "clavicle_alone": _clavicle_alone(case),
        "crp_below_30": Fact(Assessment.of(below), above.evidence, above.note),
        "biopsy": _biopsy(case),
    }


def _bone_pain(case: Case) -> Fact:
    if case.visit is None:
        return open_fact(findings.NO_VISIT)
    state = findings.symptom(case, "bone_pain")
    if state is Assessment.NOT_ASSESSED and case.visit.painful_sites:
        state = Assessment.PRESENT
    note = "bone pain is not recorded" if state is Assessment.NOT_ASSESSED else ""
    evidence = (Evidence("visit", "bone_pain", f"bone pain {state}"),) if not note else ()
    return Fact(state, evidence, note)


def _calm(case: Case) -> Fact:
    if case.visit is None:
        return open_fact(findings.NO_VISIT)
    seen = case.visit.examination
    loud = any_strict(seen.prominent_local_inflammation, seen.prominent_systemic_inflammation)
    holds = loud.as_bool()
    note = "prominent inflammation is not recorded as looked for" if holds is None else ""
    return Fact(Assessment.of(None if holds is None else not holds), note=note)


def _radiology(case: Case) -> Fact:
    active = case.active_lesions
    if active:
        return Fact(Assessment.PRESENT, of_lesions(active))
    pictures = case.patient.radiographs if case.patient else ()
    mixed = tuple(p for p in pictures if p.density is Density.MIXED)
    if mixed:
        return Fact(
            Assessment.PRESENT, tuple(Evidence("radiograph", p.place_id, "mixed lesion") for p in mixed)
        )
    if case.reading is None:
        return open_fact(findings.NO_READING)
    if case.reading.not_whole:
        return open_fact(case.reading.not_whole)
    if any(le.activity is Activity.NOT_ASSESSED for le in case.lesions):
        return open_fact("activity of a lesion is not assessed")
    if case.patient is None or any(p.density is Density.NOT_ASSESSED for p in pictures):
        return open_fact("density is not read on every radiograph")
    return Fact(Assessment.ABSENT)


def _several_bones(case: Case) -> Fact:
    if case.reading is None:
        return open_fact(findings.NO_READING)
    if len(findings.bones_involved(case.lesions)) > 1:
        return Fact(Assessment.PRESENT, of_lesions(case.lesions))
    if not case.reading.not_whole:
        return Fact(Assessment.ABSENT, of_lesions(case.lesions))
    return open_fact(case.reading.not_whole)


def _clavicle_alone(case: Case) -> Fact:
    several = _several_bones(case)
    if case.reading is None or several.holds:
        return Fact(Assessment.of(None if case.reading is None else False), (), several.note)
    only = {bone for bone, _ in findings.bones_involved(case.lesions)}
    if only != {"clavicle"}:
        return Fact(Assessment.ABSENT, of_lesions(case.lesions))
    return Fact(
        Assessment.of(None if several.holds is None else True), of_lesions(case.lesions), several.note
    )


def _biopsy(case: Case) -> Fact:
    if case.patient is None:
        return open_fact(findings.NO_PATIENT)
    biopsies = case.patient.biopsies
    if not biopsies:
        if case.patient.biopsy_done is Assessment.ABSENT:
            return Fact(Assessment.ABSENT, (Evidence("patient", "biopsy_done", "no biopsy done"),))
        return open_fact("no biopsy result is recorded")
    verdicts = []
    for b in biopsies:
        picture = any_strict(b.inflammation, b.plasma_cells, b.osteoclasts, b.fibrosis, b.sclerosis)
        clean = [picture.as_bool(), _not(b.culture_growth), _not(b.on_antibiotics)]
        verdicts.append(False if False in clean else (None if None in clean else True))
    state = any_strict(*(Assessment.of(v) for v in verdicts))
    evidence = tuple(
        Evidence("biopsy", b.site_id or "bone", "inflammation, no growth, off antibiotics")
        for b, v in zip(biopsies, verdicts, strict=True)
        if v
    )
    return Fact(state, evidence, "biopsy result is incomplete" if state is Assessment.NOT_ASSESSED else "")


def _not(state: Assessment) -> bool | None:
    value = state.as_bool()
    return None if value is None else not value
