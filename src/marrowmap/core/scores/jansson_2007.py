"""Jansson major and minor criteria (2007): 2 major, or 1 major and 3 minor. Text from memory (M-high)."""

from __future__ import annotations

from marrowmap.core.lesion import Assessment
from marrowmap.core.record.months import add_months
from marrowmap.core.record.patient import Biopsy, Density, any_strict, states_of
from marrowmap.core.record.units import Analyte
from marrowmap.core.rules import findings
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Limits, Rulebook, explain
from marrowmap.core.rules.evidence import Evidence, Fact, open_fact
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
    id="jansson_2007",
    name="Jansson criteria 2007",
    year=2007,
    citation=citations.JANSSON_2007,
    state=SystemState.UNVERIFIED,
    confidence=Confidence.M_HIGH,
    higher_means="criteria met",
    purpose="diagnostic criteria for NBO",
    gap="check the wording in the original table; 'mildly to moderately raised' has no published limit",
    page="jansson_2007",
)
MAJOR: dict[str, str] = {
    "lytic_or_sclerotic_lesion": "radiologically proven osteolytic or sclerotic bone lesion",
    "multifocal": "multifocal bone lesions",
    "pustulosis_or_psoriasis": "palmoplantar pustulosis or psoriasis",
    "sterile_biopsy": "sterile bone biopsy with inflammation and/or fibrosis or sclerosis",
}
MINOR: dict[str, str] = {
    "normal_count_and_good_health": "normal blood count and good general health",
    "crp_and_esr_mildly_raised": "CRP and ESR mildly to moderately raised",
    "course_over_6_months": "course longer than 6 months",
    "hyperostosis": "hyperostosis",
    "other_autoimmune": "other autoimmune disease than pustulosis or psoriasis",
    "family": "first- or second-degree relative with autoimmune or autoinflammatory disease or NBO",
}
RULE = "2 major criteria, or 1 major and 3 minor."


def meets(held: dict[str, bool]) -> bool:
    """The rule over ten criteria."""
    major = sum(held[name] for name in MAJOR)
    minor = sum(held[name] for name in MINOR)
    return major >= 2 or (major == 1 and minor >= 3)


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Whether the criteria are met; indeterminate exactly when what is open could turn it."""
    return from_facts(facts(case, rules.limits), rules)


def from_facts(known: dict[str, Fact], rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The verdict from ten facts."""
    items = tuple(criterion(name, text, known[name]) for name, text in {**MAJOR, **MINOR}.items())
    verdict = decide(meets, {name: fact.holds for name, fact in known.items()})
    major = sum(known[n].holds is True for n in MAJOR)
    minor = sum(known[n].holds is True for n in MINOR)
    return criteria_met(
        SYSTEM,
        items,
        verdict,
        rule=RULE,
        ours=explain(rules.limits, "crp_not_mild_above"),
        extra=(f"{major} of 4 major and {minor} of 6 minor criteria are known to be met.",),
    )


def facts(case: Case, limits: Limits) -> dict[str, Fact]:
    """The ten facts, by criterion."""
    count = findings.normal_blood_count(case)
    return {
        "lytic_or_sclerotic_lesion": _lytic_or_sclerotic(case),
        "multifocal": findings.multifocal(case),
        "pustulosis_or_psoriasis": _extra_osseous(case, ("palmoplantar_pustulosis", "psoriasis")),
        "sterile_biopsy": sterile_inflammation(case),
        "normal_count_and_good_health": _and(count, _health(case)),
        "crp_and_esr_mildly_raised": _and(
            mildly_raised(case, Analyte.CRP, limits), mildly_raised(case, Analyte.ESR, limits)
        ),
        "course_over_6_months": _course(case),
        "hyperostosis": _radiograph(case, "hyperostosis"),
        "other_autoimmune": _extra_osseous(
            case,
            (
                "crohn_disease",
                "ulcerative_colitis",
                "other_inflammatory_bowel_disease",
                "arthritis",
                "uveitis",
                "takayasu_arteritis",
            ),
        ),
        "family": _family(case),
    }


def _and(first: Fact, second: Fact) -> Fact:
    both = (first.state, second.state)
    evidence = (*first.evidence, *second.evidence)
    if Assessment.ABSENT in both:
        return Fact(Assessment.ABSENT, evidence)
    note = "; ".join(f.note for f in (first, second) if f.note)
    state = Assessment.NOT_ASSESSED if Assessment.NOT_ASSESSED in both else Assessment.PRESENT
    return Fact(state, evidence, note)


def _health(case: Case) -> Fact:
    if case.visit is None:
        return open_fact(findings.NO_VISIT)
    state = case.visit.examination.good_general_health
    note = "general health is not recorded" if state is Assessment.NOT_ASSESSED else ""
    return Fact(state, (Evidence("visit", "good_general_health", str(state)),) if not note else (), note)


def mildly_raised(case: Case, analyte: Analyte, limits: Limits) -> Fact:
    """Raised by the laboratory's range; for CRP also not above our limit."""
    value = case.lab(analyte)
    if value is None:
        return open_fact(f"{analyte.upper()} is not recorded")
    evidence = findings.lab_evidence(case, analyte)
    if value.is_raised is not Assessment.PRESENT:
        note = (
            f"no upper reference limit for {analyte.upper()}"
            if value.is_raised is Assessment.NOT_ASSESSED
            else ""
        )
        return Fact(value.is_raised, evidence, note)
    if analyte is Analyte.CRP:
        above = value.above(limits.crp_not_mild_above)
        return Fact(Assessment.of(None if above is None else not above), evidence)
    return Fact(Assessment.PRESENT, evidence)


def _course(case: Case) -> Fact:
    onset = case.patient.onset if case.patient else None
    if onset is None or case.day is None:
        return open_fact("date of onset or of the visit is not recorded")
    entry = Evidence("patient", "onset", f"onset {onset.isoformat()}, seen {case.day.isoformat()}")
    return Fact(Assessment.of(case.day > add_months(onset, 6)), (entry,))


def _lytic_or_sclerotic(case: Case) -> Fact:
    pictures = case.patient.radiographs if case.patient else ()
    read = [p for p in pictures if p.density is not Density.NOT_ASSESSED]
    if not read:
        return open_fact("no radiograph or CT is recorded")
    found = [p for p in read if p.density is not Density.NORMAL]
    if not found and len(read) < len(pictures):
        return open_fact(f"density not read on {len(pictures) - len(read)} of {len(pictures)} radiographs")
    evidence = tuple(Evidence("radiograph", p.place_id, f"{p.density} lesion") for p in found)
    return Fact(Assessment.of(bool(found)), evidence)


def _radiograph(case: Case, name: str) -> Fact:
    pictures = case.patient.radiographs if case.patient else ()
    state = any_strict(*(getattr(p, name) for p in pictures))
    evidence = tuple(
        Evidence("radiograph", p.place_id, name) for p in pictures if getattr(p, name) is Assessment.PRESENT
    )
    return Fact(state, evidence, "not read on every radiograph" if state is Assessment.NOT_ASSESSED else "")


def _extra_osseous(case: Case, names: tuple[str, ...]) -> Fact:
    if case.patient is None:
        return open_fact(findings.NO_PATIENT)
    states = {name: getattr(case.patient.extra_osseous, name) for name in names}
    return findings.from_states(states, "patient", "not all asked about", strict=True)


def _family(case: Case) -> Fact:
    if case.patient is None:
        return open_fact(findings.NO_PATIENT)
    states = states_of(case.patient.family_history)
    return findings.from_states(states, "patient", "family history is not complete", strict=True)


def sterile_inflammation(case: Case) -> Fact:
    """A biopsy with inflammation, fibrosis or sclerosis and without growth. No biopsy done is ABSENT."""
    if case.patient is None:
        return open_fact(findings.NO_PATIENT)
    if not case.patient.biopsies:
        done = case.patient.biopsy_done
        if done is Assessment.ABSENT:
            return Fact(Assessment.ABSENT, (Evidence("patient", "biopsy_done", "no biopsy done"),))
        return open_fact("no biopsy result is recorded")
    states = [_sterile(b) for b in case.patient.biopsies]
    state = any_strict(*states)
    good = [b for b, s in zip(case.patient.biopsies, states, strict=True) if s is Assessment.PRESENT]
    evidence = tuple(Evidence("biopsy", b.site_id or "bone", "sterile inflammation") for b in good)
    return Fact(state, evidence, "result is incomplete" if state is Assessment.NOT_ASSESSED else "")


def _sterile(biopsy: Biopsy) -> Assessment:
    picture = any_strict(
        biopsy.inflammation, biopsy.fibrosis, biopsy.sclerosis, biopsy.plasma_cells, biopsy.osteoclasts
    )
    if Assessment.ABSENT is picture or Assessment.PRESENT in (biopsy.culture_growth, biopsy.malignancy):
        return Assessment.ABSENT
    if picture is Assessment.PRESENT and biopsy.culture_growth is Assessment.ABSENT:
        return Assessment.PRESENT
    return Assessment.NOT_ASSESSED
