"""EULAR/ACR classification criteria for paediatric CNO (2025): gates yes, total only with a site's table.

Classification criteria select children for studies. They are not a diagnostic test.
"""

from __future__ import annotations

from dataclasses import replace

from marrowmap.core.lesion import Assessment
from marrowmap.core.record.patient import any_of, states_of
from marrowmap.core.record.units import Analyte
from marrowmap.core.rules import findings
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook, explain
from marrowmap.core.rules.evidence import Evidence, Fact, of_lesions, open_fact
from marrowmap.core.scores import citations
from marrowmap.core.scores.eular_acr_weights import unweighed, weighed
from marrowmap.core.scores.result import (
    Confidence,
    CutOff,
    Item,
    ScoreResult,
    State,
    System,
    SystemState,
    not_computable,
    summed,
    with_sentences,
)
from marrowmap.core.scores.table import form_of

SYSTEM = System(
    id="eular_acr_2025",
    name="EULAR/ACR classification criteria 2025",
    year=2025,
    citation=citations.ZHAO_EULAR_ACR,
    doi="10.1016/j.ard.2024.11.006",
    state=SystemState.COMPONENTS_ONLY,
    confidence=Confidence.GAP,
    higher_means="more like CNO",
    purpose="classify children for studies; not a diagnostic test",
    gap="enter the weights from the criteria table of Zhao 2025 (open copies of ARD 2025;84:1458)",
    page="eular_acr_2025",
)
CUT_OFF = CutOff(">=", 55, "meets classification criteria", "does not meet classification criteria")
RULE = "Three entry gates, exclusions, then nine weighted domains; 55 or more classifies."

KNOWN_ORDER = (
    "Known of the weights: clavicle and mandible carry the most site points, femur and tibia nothing extra; "
    "multifocal carries the most pattern points and symmetric patterns get points; a biopsy gives up to 17."
)


def gates(case: Case) -> dict[str, Fact]:
    """Entry gates: PRESENT is passed. ``excluded``: PRESENT when a confirmed mimicker or exclusion holds."""
    return {
        "onset_before_18": _onset(case),
        "symptoms_6_weeks": _duration(case),
        "abnormal_imaging": _imaging(case),
        "excluded": _excluded(case),
    }


GATE_LABELS: dict[str, str] = {
    "onset_before_18": "onset before 18 years",
    "symptoms_6_weeks": "bone pain or functional limitation for at least 6 weeks",
    "abnormal_imaging": "abnormal radiograph or MRI at a non-arthritic bone site",
    "excluded": "no confirmed mimicker and no lasting cure by antimicrobials alone",
}


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The gates; the total when every gate is passed and the site has entered the weights."""
    facts = gates(case)
    items = tuple(_gate_item(name, fact) for name, fact in facts.items())
    caution = _cautions(case, rules)
    if facts["excluded"].holds:
        why = ", ".join(e.text for e in facts["excluded"].evidence)
        return _closed(items, f"excluded ({why})", caution)
    failed = [
        name
        for name in ("onset_before_18", "symptoms_6_weeks", "abnormal_imaging")
        if facts[name].holds is False
    ]
    if failed:
        short = {"onset_before_18": "age", "symptoms_6_weeks": "duration", "abnormal_imaging": "imaging"}
        return _closed(items, f"entry not met ({', '.join(short[n] for n in failed)})", caution)
    unsettled = [GATE_LABELS[n] for n, f in facts.items() if f.holds is None]
    table = rules.tables.get(SYSTEM.id)
    if table is None:
        extra = (f"Gates not settled: {'; '.join(unsettled)}." if unsettled else "All gates are passed.",)
        missing = form_of(SYSTEM.id).missing.split(";")[0]
        return not_computable(
            SYSTEM,
            (*items, *unweighed(case)),
            f"definition missing ({missing})",
            rule=RULE,
            extra=(*extra, KNOWN_ORDER, *caution),
            details={"gates": {n: str(f.state) for n, f in facts.items()}},
        )
    total = summed(
        SYSTEM,
        weighed(case, table),
        CUT_OFF,
        rule=RULE,
        table=table,
        extra=caution,
        details={"gates": {n: str(f.state) for n, f in facts.items()}},
    )
    if not unsettled:
        return total
    return replace(
        total,
        state=State.INDETERMINATE,
        answer="indeterminate",
        missing=(*unsettled, *total.missing),
        sentences=(*total.sentences, f"Gates not settled: {'; '.join(unsettled)}."),
    )


def _closed(items: tuple[Item, ...], answer: str, caution: tuple[str, ...]) -> ScoreResult:
    result = ScoreResult(SYSTEM, State.COMPUTED, answer, items=items, rule=RULE)
    return with_sentences(result, (f"{SYSTEM.name}: {answer}.", *caution))


def _gate_item(name: str, fact: Fact) -> Item:
    state = fact.state
    if name == "excluded" and fact.holds is not None:
        state = Assessment.of(not fact.holds)
    word = {Assessment.PRESENT: "passed", Assessment.ABSENT: "not passed"}.get(state, "not assessed")
    return Item(f"gate_{name}", GATE_LABELS[name], state, text=word, evidence=fact.evidence, note=fact.note)


def _onset(case: Case) -> Fact:
    age = case.age_at_onset
    if age is None:
        return open_fact("month of birth or date of onset is not recorded")
    return Fact(Assessment.of(age < 18), (Evidence("patient", "onset", f"onset at {age:.1f} years"),))


def _duration(case: Case) -> Fact:
    """Six weeks from onset to a visit with symptoms. A child without symptoms now may have had them before."""
    onset = case.patient.onset if case.patient else None
    record = case.record
    if onset is None or case.visit is None or record is None:
        return open_fact("date of onset or the visit is missing")
    states = {
        v.date: any_of(v.symptoms.bone_pain, v.symptoms.loss_of_function)
        for v in record.visits_in_order
        if v.date <= case.visit.date
    }
    if set(states.values()) <= {Assessment.NOT_ASSESSED}:
        return open_fact("bone pain and loss of function are not recorded")
    last = max((day for day, state in states.items() if state is Assessment.PRESENT), default=None)
    if last is None:
        return open_fact("no symptoms at the visits recorded; how long they lasted is not")
    weeks = (last - onset).days / 7
    entry = Evidence("patient", "onset", f"symptoms {weeks:.0f} weeks after onset")
    if weeks >= 6:
        return Fact(Assessment.PRESENT, (entry,))
    if last == case.visit.date:
        return Fact(Assessment.ABSENT, (entry,))
    return Fact(Assessment.NOT_ASSESSED, (entry,), "how long symptoms lasted is not recorded")


def _imaging(case: Case) -> Fact:
    if case.lesions:
        return Fact(Assessment.PRESENT, of_lesions(case.lesions))
    pictures = case.patient.radiographs if case.patient else ()
    abnormal = [p for p in pictures if p.density.value in ("lytic", "sclerotic", "mixed")]
    if abnormal:
        return Fact(
            Assessment.PRESENT, tuple(Evidence("radiograph", p.place_id, p.density) for p in abnormal)
        )
    if case.reading is None or case.reading.not_whole:
        return open_fact("no lesion on what was imaged, and not all was imaged and judged")
    return Fact(Assessment.ABSENT)


def _excluded(case: Case) -> Fact:
    if case.patient is None:
        return open_fact(findings.NO_PATIENT)
    states = states_of(case.patient.exclusions)
    return findings.from_states(states, "patient", "not all mimickers are recorded as excluded", strict=True)


def _cautions(case: Case, rules: Rulebook) -> tuple[str, ...]:
    notes = []
    age = case.age_at_onset
    if age is not None and age < rules.limits.early_onset_years:
        notes.append(f"Caution: onset at {age:.1f} years; {explain(rules.limits, 'early_onset_years')[0]}")
    platelets, ldh = case.lab(Analyte.PLATELETS), case.lab(Analyte.LDH)
    if platelets is not None and platelets.value < 100:
        notes.append(
            "Caution: platelets below 100,000 per mm3 excluded in the 2022 draft; status in 2025 unknown."
        )
    if ldh is not None and ldh.is_raised is Assessment.PRESENT:
        notes.append("Caution: raised LDH with concern for malignancy excluded in the 2022 draft.")
    return tuple(notes)
