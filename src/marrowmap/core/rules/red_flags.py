"""Red flags: findings that route to urgent review. Each that fires says why and where it comes from.

Night pain is not among them: 80 % of the children of the Belgian cohort had it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from marrowmap.core.counted import counted
from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.record.units import Analyte
from marrowmap.core.rules import findings
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import Evidence, Fact, of_lesion, of_lesions, open_fact
from marrowmap.core.scores.result import Confidence


@dataclass(frozen=True)
class RedFlag:
    """One flag. fact: PRESENT fires; NOT_ASSESSED is listed as not looked for, never as absent."""

    id: str
    label: str
    points_to: str
    action: str
    source: str
    confidence: Confidence
    fact: Fact

    @property
    def fires(self) -> bool:
        """Whether it is present in this case."""
        return self.fact.state is Assessment.PRESENT


Ask = Callable[[Case, Rulebook], Fact]


def _sign(name: str) -> Ask:
    def ask(case: Case, rules: Rulebook) -> Fact:
        if case.reading is None:
            return open_fact(findings.NO_READING)
        state = getattr(case.reading.signs, name)
        words = name.replace("_", " ")
        evidence = (Evidence("reading", name, words),) if state is Assessment.PRESENT else ()
        return Fact(state, evidence, "not stated by the reader" if state is Assessment.NOT_ASSESSED else "")

    return ask


def _exam(*names: str) -> Ask:
    def ask(case: Case, rules: Rulebook) -> Fact:
        if case.visit is None:
            return open_fact(findings.NO_VISIT)
        found = case.visit.examination
        states = {n: getattr(found if hasattr(found, n) else case.visit.symptoms, n) for n in names}
        return findings.from_states(states, "visit", "not asked or examined", strict=True)

    return ask


def _lab_low(analyte: Analyte) -> Ask:
    def ask(case: Case, rules: Rulebook) -> Fact:
        value = case.lab(analyte)
        if value is None:
            return open_fact(f"{analyte.replace('_', ' ')} is not recorded")
        note = "no reference range" if value.is_low is Assessment.NOT_ASSESSED else ""
        return Fact(value.is_low, findings.lab_evidence(case, analyte), note)

    return ask


def _ldh(case: Case, rules: Rulebook) -> Fact:
    value = case.lab(Analyte.LDH)
    if value is None:
        return open_fact("LDH is not recorded")
    note = "no reference range" if value.is_raised is Assessment.NOT_ASSESSED else ""
    return Fact(value.is_raised, findings.lab_evidence(case, Analyte.LDH), note)


def _cytopenia(case: Case, rules: Rulebook) -> Fact:
    if case.visit is None:
        return open_fact(findings.NO_VISIT)
    states = {}
    for analyte in (Analyte.LEUKOCYTES, Analyte.NEUTROPHILS, Analyte.HAEMOGLOBIN, Analyte.PLATELETS):
        value = case.lab(analyte)
        if value is not None:
            states[str(analyte)] = value.is_low
        elif analyte is not Analyte.NEUTROPHILS:
            states[str(analyte)] = Assessment.NOT_ASSESSED
    states["blasts_in_blood_film"] = case.visit.examination.blasts_in_blood_film
    lacking = ", ".join(n.replace("_", " ") for n, s in states.items() if s is Assessment.NOT_ASSESSED)
    return findings.from_states(
        states, "laboratory", f"value or reference range missing: {lacking}", strict=True
    )


def _platelets(case: Case, rules: Rulebook) -> Fact:
    value = case.lab(Analyte.PLATELETS)
    if value is None:
        return open_fact("platelets are not recorded")
    at_least = value.at_least(100)
    state = Assessment.of(None if at_least is None else not at_least)
    return Fact(state, findings.lab_evidence(case, Analyte.PLATELETS))


def _solitary(case: Case, rules: Rulebook) -> Fact:
    if case.reading is None:
        return open_fact(findings.NO_READING)
    if len(case.lesions) != 1 or any(findings.is_clavicle(s) for s in case.lesions[0].sites):
        return Fact(Assessment.ABSENT)
    if case.reading.not_whole:
        return Fact(Assessment.NOT_ASSESSED, of_lesions(case.lesions), case.reading.not_whole)
    return Fact(Assessment.PRESENT, of_lesions(case.lesions))


def _lesion_feature(name: str, words: str) -> Ask:
    def ask(case: Case, rules: Rulebook) -> Fact:
        if case.reading is None:
            return open_fact(findings.NO_READING)
        return _over_lesions(case.lesions, lambda le: getattr(le.features, name), words)

    return ask


def _over_lesions(lesions: tuple[Lesion, ...], state: Callable[[Lesion], Assessment], words: str) -> Fact:
    states = {le.id: state(le) for le in lesions}
    hits = tuple(of_lesion(le, words) for le in lesions if states[le.id] is Assessment.PRESENT)
    if hits:
        return Fact(Assessment.PRESENT, hits)
    if Assessment.NOT_ASSESSED in states.values():
        n = list(states.values()).count(Assessment.NOT_ASSESSED)
        return open_fact(f"not assessed in {n} of {counted(len(lesions), 'lesion')}")
    return Fact(Assessment.ABSENT)


def _low_adc(case: Case, rules: Rulebook) -> Fact:
    if case.reading is None:
        return open_fact(findings.NO_READING)

    def state(lesion: Lesion) -> Assessment:
        stated = lesion.features.diffusion_restricted
        if stated is not Assessment.NOT_ASSESSED or lesion.adc is None:
            return stated
        # A low ADC by itself is what fatty marrow has too; only the reader can call it restricted.
        return Assessment.NOT_ASSESSED if lesion.adc < rules.limits.low_adc else Assessment.ABSENT

    return _over_lesions(case.lesions, state, "restricted diffusion")


def _early_onset(case: Case, rules: Rulebook) -> Fact:
    age = case.age_at_onset
    if age is None:
        return open_fact("age at onset is not recorded")
    entry = Evidence("patient", "onset", f"onset at {age:.1f} years")
    return Fact(Assessment.of(age < rules.limits.early_onset_years), (entry,))


def _antibiotics(case: Case, rules: Rulebook) -> Fact:
    if case.patient is None:
        return open_fact(findings.NO_PATIENT)
    state = case.patient.exclusions.cured_by_antibiotics_alone
    return findings.from_states({"cured_by_antibiotics_alone": state}, "patient", "not recorded")


def _scurvy(case: Case, rules: Rulebook) -> Fact:
    parts = [
        _exam("restricted_diet", "gum_bleeding")(case, rules),
        _sign("all_metaphyses_symmetric")(case, rules),
        _lab_low(Analyte.ASCORBATE)(case, rules),
    ]
    evidence = tuple(e for p in parts if p.holds for e in p.evidence)
    if any(p.holds for p in parts):
        return Fact(Assessment.PRESENT, evidence)
    if all(p.holds is False for p in parts):
        return Fact(Assessment.ABSENT)
    return open_fact("diet, gums, metaphyses or ascorbate not assessed")


_REVIEW = "Nico 2022"
_URGENT = "urgent review"
_FLAGS: tuple[tuple[str, str, str, str, str, Confidence, Ask], ...] = (
    ("cytopenia", "abnormal blood count (a cell line below its range, or blasts)", "leukaemia",
     "blood film, haematology", "clinical practice", Confidence.M_HIGH, _cytopenia),
    ("platelets_below_100", "platelets below 100,000 per mm3", "leukaemia",
     "blood film, haematology", "2022 draft of the EULAR/ACR criteria", Confidence.V, _platelets),
    ("ldh_raised", "LDH above its range", "malignancy", "repeat, haematology",
     "2022 draft of the EULAR/ACR criteria", Confidence.V, _ldh),
    ("constitutional", "weight loss, night sweats, persistent high fever or large liver and spleen",
     "malignancy or infection", _URGENT, "clinical practice; asked for biopsy in the CARRA survey",
     Confidence.M_HIGH, _exam("weight_loss", "night_sweats", "persistent_high_fever", "hepatosplenomegaly")),
    ("solitary_outside_clavicle", "solitary lesion outside the clavicle", "tumour or infection",
     "biopsy", "Nico 2022, Belgian cohort, Bristol 2016", Confidence.V, _solitary),
    ("soft_tissue_mass", "soft-tissue mass", "tumour", _URGENT, _REVIEW, Confidence.V,
     _lesion_feature("soft_tissue_mass", "soft-tissue mass")),
    ("abscess", "abscess", "bacterial osteomyelitis", _URGENT, _REVIEW, Confidence.V, _sign("abscess")),
    ("fistula", "fistula", "bacterial osteomyelitis", _URGENT, _REVIEW, Confidence.V, _sign("fistula")),
    ("sequestrum", "sequestrum", "bacterial osteomyelitis", _URGENT, _REVIEW, Confidence.V,
     _sign("sequestrum")),
    ("aggressive_periosteum", "aggressive periosteal reaction (spiculated, Codman)", "bone sarcoma",
     "sarcoma team before any biopsy", "clinical practice", Confidence.M_HIGH,
     _sign("aggressive_periosteal_reaction")),
    ("cortical_break", "cortical destruction", "bone sarcoma", _URGENT, "clinical practice",
     Confidence.M_HIGH, _lesion_feature("cortical_break", "cortical break")),
    ("diffuse_marrow", "diffuse replacement of marrow", "leukaemia or lymphoma", "blood film, haematology",
     "clinical practice", Confidence.M_HIGH, _sign("diffuse_marrow_replacement")),
    ("low_adc", "restricted diffusion in a lesion", "malignancy or infection",
     "read ADC and high-b images together; biopsy if in doubt", "Belgian cohort (direction)", Confidence.V,
     _low_adc),
    ("early_onset", "onset before 2 to 3 years", "monogenic disease (Majeed, DIRA)", "genetics", _REVIEW,
     Confidence.V, _early_onset),
    ("dyserythropoietic_anaemia", "dyserythropoietic anaemia", "Majeed syndrome", "genetics", _REVIEW,
     Confidence.V, _exam("dyserythropoietic_anaemia")),
    ("pustules_in_infancy", "pustules in infancy", "DIRA", "genetics", _REVIEW, Confidence.V,
     _exam("pustules_in_infancy")),
    ("scurvy", "restricted diet, gum bleeding, low ascorbate or signal in all metaphyses",
     "scurvy (vitamin C deficiency)", "measure ascorbic acid",
     "case series, doi 10.1007/s00247-016-3726-4", Confidence.V,
     _scurvy),
    ("low_alp", "alkaline phosphatase below its range for age", "hypophosphatasia",
     "pyridoxal phosphate, genetics", "Girschick 2007, BMC Pediatr 7:3", Confidence.V, _lab_low(Analyte.ALP)),
    ("hypophosphatasia_signs", "early tooth loss or short stature", "hypophosphatasia",
     "alkaline phosphatase for age", "Girschick 2007, BMC Pediatr 7:3", Confidence.V,
     _exam("early_tooth_loss", "short_stature")),
    ("antibiotic_cure", "complete lasting cure by antibiotics alone", "bacterial osteomyelitis",
     "reconsider the diagnosis", "EULAR/ACR 2025", Confidence.V, _antibiotics),
)  # fmt: skip


def red_flags(case: Case, rules: Rulebook = DEFAULT_RULES) -> tuple[RedFlag, ...]:
    """Every flag with its state in this case; those that fire come first."""
    flags = [
        RedFlag(id, label, points_to, action, source, confidence, ask(case, rules))
        for id, label, points_to, action, source, confidence, ask in _FLAGS
    ]
    return tuple(sorted(flags, key=lambda f: not f.fires))


EXCLUDE_LABEL = frozenset(
    {"cytopenia", "platelets_below_100", "diffuse_marrow", "scurvy", "soft_tissue_mass", "abscess", "fistula",
     "sequestrum", "aggressive_periosteum", "antibiotic_cure"}
)  # fmt: skip
"""Flags beside which the pathway does not call a picture typical (ours)."""
