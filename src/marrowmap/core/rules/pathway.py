"""The diagnostic pathway of Falip (Nico 2022, Fig. 5) as a checklist with reasons; never a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from marrowmap.core.counted import counted
from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.record.patient import any_strict
from marrowmap.core.record.units import Analyte
from marrowmap.core.rules import findings
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook, explain
from marrowmap.core.rules.differential import Differential, differential
from marrowmap.core.rules.evidence import Evidence, Fact, of_lesions, open_fact
from marrowmap.core.rules.red_flags import EXCLUDE_LABEL, RedFlag, red_flags
from marrowmap.core.scores import citations
from marrowmap.core.scores.jansson_2007 import mildly_raised
from marrowmap.core.scores.result import Confidence, Item

CITATION = citations.FALIP


class Outcome(StrEnum):
    """Where the pathway leads with what is known."""

    TYPICAL = "typical"
    ATYPICAL_BIOPSY = "atypical_biopsy"
    INSUFFICIENT_IMAGING = "insufficient_imaging"
    NOT_SUSPECTED = "not_suspected"
    RED_FLAGS_FIRST = "red_flags_first"


WORDS: dict[Outcome, str] = {
    Outcome.TYPICAL: "Typical picture: several lesions at typical sites. The pathway continues with a "
    "therapeutic test and follow-up.",
    Outcome.ATYPICAL_BIOPSY: "Atypical picture: the pathway advises a biopsy.",
    Outcome.INSUFFICIENT_IMAGING: "Imaging does not suffice to tell typical from atypical.",
    Outcome.NOT_SUSPECTED: "The entries do not raise a suspicion of CNO by this pathway.",
    Outcome.RED_FLAGS_FIRST: "Red flags come first: the pathway does not call this typical before they are "
    "explained.",
}


@dataclass(frozen=True)
class PathwayResult:
    """outcome with its reasons, the checklist behind it, the red flags and what to obtain next."""

    outcome: Outcome
    reasons: tuple[str, ...]
    checklist: tuple[Item, ...]
    flags: tuple[RedFlag, ...]
    next_steps: tuple[str, ...]
    differential: tuple[Differential, ...]
    ours: tuple[str, ...]
    citation: str = CITATION
    disclaimer: str = "A checklist with its sources, not a diagnosis."

    @property
    def fired(self) -> tuple[RedFlag, ...]:
        """The flags that are present."""
        return tuple(f for f in self.flags if f.fires)


def is_typical_site(lesion: Lesion) -> bool:
    """Metaphysis of a long bone, clavicle or vertebral body (Fig. 5).

    An end of radius, ulna or fibula is one unit with its metaphysis and counts.
    """
    return any(
        s.segment.is_metaphyseal
        or s.is_vertebra
        or s.bone == "clavicle"
        or (s.is_long_bone and s.segment.value in ("proximal_end", "distal_end"))
        for s in lesion.sites
    )


def pathway(case: Case, rules: Rulebook = DEFAULT_RULES) -> PathwayResult:
    """Where the pathway leads, why, and what to obtain next."""
    flags = red_flags(case, rules)
    suspicion = _suspicion(case, rules)
    outcome, reasons = _decide(case, suspicion, flags)
    if case.lesions and not any(i.state is Assessment.PRESENT for i in suspicion[:3]):
        reasons = (*reasons, "no suggestive clinical entry is recorded; the pathway starts from one")
    return PathwayResult(
        outcome=outcome,
        reasons=reasons,
        checklist=(*suspicion, *_imaging_items(case)),
        flags=flags,
        next_steps=_next(case, outcome, flags),
        differential=differential(case, rules),
        ours=(
            *explain(rules.limits, "crp_not_mild_above", "early_onset_years"),
            "Ours (PROPOSED): 'typical' needs at least two lesions at typical sites; a red flag for tumour, "
            "infection, leukaemia or scurvy holds the word back.",
        ),
    )


def _suspicion(case: Case, rules: Rulebook) -> tuple[Item, ...]:
    visit, patient = case.visit, case.patient
    pain: Fact = open_fact(findings.NO_VISIT)
    stiff: Fact = open_fact(findings.NO_VISIT)
    if visit is not None:
        sites = tuple(Evidence("visit", p.place_id, p.place.name) for p in visit.painful_sites or ())
        state = Assessment.PRESENT if sites else visit.symptoms.bone_pain
        pain = Fact(state, sites, "" if state is not Assessment.NOT_ASSESSED else "pain is not recorded")
        stiff = Fact(any_strict(visit.symptoms.morning_stiffness, visit.symptoms.restricted_range_of_motion))
    skin: Fact = open_fact(findings.NO_PATIENT)
    if patient is not None:
        names = ("psoriasis", "palmoplantar_pustulosis", "severe_acne", "crohn_disease")
        skin = findings.from_states(
            {n: getattr(patient.extra_osseous, n) for n in names}, "patient", "not recorded"
        )
    leucocytes = case.lab(Analyte.LEUKOCYTES)
    white = (
        open_fact("leucocytes are not recorded")
        if leucocytes is None
        else Fact(leucocytes.is_normal, findings.lab_evidence(case, Analyte.LEUKOCYTES))
    )
    esr = mildly_raised(case, Analyte.ESR, rules.limits)
    crp = mildly_raised(case, Analyte.CRP, rules.limits)
    markers = Fact(any_strict(esr.state, crp.state), (*esr.evidence, *crp.evidence))
    rows = (
        ("painful_sites", "recurrent painful sites", pain),
        ("stiffness", "joint stiffness (may be there, is not needed)", stiff),
        ("skin_or_crohn", "skin involvement or Crohn disease", skin),
        ("normal_white_cells", "normal white cell count", white),
        ("mildly_raised_markers", "ESR or CRP mildly raised", markers),
    )
    return tuple(Item(i, t, f.state, evidence=f.evidence, note=f.note) for i, t, f in rows)


def _imaging_items(case: Case) -> tuple[Item, ...]:
    if case.reading is None:
        return (Item("mri", "MRI of the painful site", Assessment.NOT_ASSESSED, note=findings.NO_READING),)
    typical = tuple(le for le in case.lesions if is_typical_site(le))
    return (
        Item("whole_body_mri", "whole-body MRI done", Assessment.of(case.reading.whole_body)),
        Item(
            "several_lesions",
            "several lesions",
            findings.multifocal(case).state,
            text=f"{counted(len(case.lesions), 'lesion')}",
            evidence=of_lesions(case.lesions),
        ),
        Item(
            "typical_sites",
            "lesions at typical sites (long-bone metaphysis, clavicle, vertebral body)",
            Assessment.of(bool(typical) or (None if case.reading.not_whole else False)),
            text=f"{len(typical)} of {counted(len(case.lesions), 'lesion')}",
            evidence=of_lesions(typical),
            confidence=Confidence.V,
        ),
    )


def _decide(
    case: Case, suspicion: tuple[Item, ...], flags: tuple[RedFlag, ...]
) -> tuple[Outcome, tuple[str, ...]]:
    serious = [f for f in flags if f.fires and f.id in EXCLUDE_LABEL]
    lesions = case.lesions
    typical = [le for le in lesions if is_typical_site(le)]
    if serious:
        return Outcome.RED_FLAGS_FIRST, tuple(f"{f.label}: think of {f.points_to}" for f in serious)
    if not lesions:
        clinical = [i for i in suspicion[:3] if i.state is Assessment.PRESENT]
        if case.reading is not None and not case.reading.not_whole:
            return Outcome.NOT_SUSPECTED, ("no lesion on whole-body MRI",)
        if clinical or case.reading is not None:
            return Outcome.INSUFFICIENT_IMAGING, (
                f"no lesion on what was imaged, and {case.reading.not_whole}"
                if case.reading is not None
                else "no MRI reading is given",
            )
        known = all(i.state is Assessment.ABSENT for i in suspicion[:2])
        reason = "no pain and no stiffness" if known else "no clinical entry and no imaging is given"
        return Outcome.NOT_SUSPECTED, (reason,)
    if len(lesions) >= 2 and len(typical) >= 2:
        names = ", ".join(le.site.name for le in typical)
        return Outcome.TYPICAL, (f"{len(lesions)} lesions, {len(typical)} at typical sites: {names}",)
    reading = case.reading
    if reading is not None and reading.not_whole:
        return Outcome.INSUFFICIENT_IMAGING, (
            f"{counted(len(lesions), 'lesion')} known, {len(typical)} at a typical site, and {reading.not_whole}: "
            "further lesions could be silent",
        )
    if len(lesions) == 1:
        reason = f"solitary lesion ({lesions[0].site.name}) on whole-body MRI"
        if all(s.bone == "clavicle" for s in lesions[0].sites):
            reason += (
                "; by the Bristol criteria a solitary clavicle lesion with CRP below 30 mg/L needs no biopsy"
            )
        return Outcome.ATYPICAL_BIOPSY, (reason,)
    return Outcome.ATYPICAL_BIOPSY, (
        f"{len(lesions)} lesions, only {len(typical)} at a typical site (metaphysis, clavicle, vertebra)",
    )


def _next(case: Case, outcome: Outcome, flags: tuple[RedFlag, ...]) -> tuple[str, ...]:
    steps = [f"{f.action[:1].upper()}{f.action[1:]} ({f.label})" for f in flags if f.fires]
    if case.reading is None:
        steps.append("MRI of the painful site, then whole-body MRI for silent lesions")
    elif not case.reading.whole_body:
        steps.append(
            "Whole-body MRI; if there is none: regional MRI of spine, pelvis, feet and legs with distal "
            "femur, or bone scintigraphy as the last choice"
        )
    elif case.reading.not_whole:
        steps.append("Judge the bone units that the reader left open, or repeat their sequence")
    if case.visit is not None or case.patient is not None:
        wanted = {
            Analyte.LEUKOCYTES: "blood count",
            Analyte.CRP: "CRP",
            Analyte.ESR: "ESR",
            Analyte.LDH: "LDH",
            Analyte.ALP: "alkaline phosphatase",
        }
        lacking = [name for a, name in wanted.items() if case.lab(a) is None]
        if lacking:
            steps.append(f"Laboratory values not recorded: {', '.join(lacking)}")
    if outcome is Outcome.ATYPICAL_BIOPSY:
        steps.append(
            "Biopsy with culture, off antibiotics; low threshold in unifocal disease (Belgian cohort)"
        )
    if outcome is Outcome.TYPICAL:
        steps.append("Therapeutic test and follow-up; biopsy stays open in any doubt (Belgian cohort)")
    return tuple(dict.fromkeys(steps))
