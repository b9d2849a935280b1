"""Small builders for readings, visits and records that the clinical tests share."""

from __future__ import annotations

from datetime import date
from typing import Any

from marrowmap.core.lesion import Activity, Assessment, Features, Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.core.record.patient import Exclusions, PatientRecord, YearMonth
from marrowmap.core.record.units import Analyte, LabValue
from marrowmap.core.record.visit import Examination, Outcomes, Symptoms, Visit
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.evidence import Fact
from marrowmap.core.site import all_sites

P, A, N = Assessment.PRESENT, Assessment.ABSENT, Assessment.NOT_ASSESSED
ALL_ABSENT = {
    "periosteal_reaction": A,
    "soft_tissue_oedema": A,
    "bony_expansion": A,
    "physis_crossed": A,
    "next_to_physis": A,
    "height_loss": A,
    "soft_tissue_mass": A,
    "cortical_break": A,
    "diffusion_restricted": A,
}


def lesion(unit: str, percent: float | None = None, *, id: str = "", **given: Any) -> Lesion:
    """A lesion whose features are absent unless given; keys of Lesion and of Features may be mixed."""
    own = {k: given.pop(k) for k in list(given) if k in Lesion.__dataclass_fields__}
    features = Features(**{**ALL_ABSENT, **given})
    return Lesion(id or unit, (SiteExtent(unit, percent),), features=features, **own)


def inactive(unit: str, **given: Any) -> Lesion:
    """An old lesion without STIR signal."""
    return lesion(unit, activity=Activity.INACTIVE, **given)


def reading(*lesions: Lesion, id: str = "r", **given: Any) -> Reading:
    """A whole-body reading in which every other unit is stated normal."""
    named = {s.id for le in lesions for s in le.sites}
    outside = frozenset(given.get("not_covered", frozenset()))
    given.setdefault("normal", frozenset(s.id for s in all_sites()) - named - outside)
    given.setdefault("exam_date", date(2024, 6, 1))
    return Reading(id, "1.2.3", "child", "reader", lesions=lesions, **given)


def regional(*lesions: Lesion, **given: Any) -> Reading:
    """A reading of one region only."""
    return reading(*lesions, whole_body=False, normal=frozenset(), **given)


def lab(
    analyte: Analyte, value: float, unit: str, low: float | None = None, high: float | None = None
) -> LabValue:
    """A laboratory value with its range."""
    return LabValue.of(analyte, value, unit, reference_low=low, reference_high=high)


NORMAL_COUNT = (
    lab(Analyte.LEUKOCYTES, 7, "10^9/L", 4.5, 13.5),
    lab(Analyte.HAEMOGLOBIN, 12.5, "g/dL", 11.5, 15.5),
    lab(Analyte.PLATELETS, 300, "10^9/L", 150, 450),
)
CALM = Examination(good_general_health=P, prominent_local_inflammation=A, prominent_systemic_inflammation=A)


def visit(
    *labs: LabValue, crp: float | None = None, bands: float | None = None, day: date = date(2024, 6, 1),
    id: str = "v", **given: Any,
) -> Visit:  # fmt: skip
    """A visit; crp in mg/L, bands per microlitre."""
    values = list(labs)
    if crp is not None:
        values.append(lab(Analyte.CRP, crp, "mg/L", 0, 5))
    if bands is not None:
        values.append(lab(Analyte.BAND_NEUTROPHILS, bands, "/uL"))
    given.setdefault("symptoms", Symptoms(bone_pain=P))
    given.setdefault("examination", CALM)
    return Visit(id, day, labs=tuple(values), **given)


def outcomes(pain: float | None = None, parent: float | None = None, physician: float | None = None,
             chaq: float | None = None) -> Outcomes:  # fmt: skip
    """Patient-reported numbers."""
    return Outcomes(pain, parent, physician, chaq_index=chaq)


def record(**given: Any) -> PatientRecord:
    """A child born in June 2014 with onset in January 2024 and no mimicker."""
    given.setdefault("birth", YearMonth(2014, 6))
    given.setdefault("onset", date(2024, 1, 10))
    given.setdefault("exclusions", Exclusions(A, A, A, A, A, A))
    given.setdefault("biopsy_done", A)
    return PatientRecord("child", **given)


def case(r: Reading | None = None, v: Visit | None = None, p: PatientRecord | None = None) -> Case:
    """A case."""
    return Case(r, v, p)


def fact(value: bool | None) -> Fact:
    """A fact without evidence."""
    return Fact(Assessment.of(value))
