"""A child's record and signed readings of ``core`` as rows of the long tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from marrowmap.core.exam import Sex
from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.reading import Reading
from marrowmap.core.record.pain import match_pain
from marrowmap.core.record.patient import ComplicationKind, Culture, PatientRecord, Specimen
from marrowmap.core.record.units import Analyte
from marrowmap.core.record.visit import PainfulSite, Symptoms, Visit
from marrowmap.core.rules.remission import imaging_clear
from marrowmap.core.site import sites_by_id

Row = dict[str, Any]

_LABS = {
    Analyte.HAEMOGLOBIN: "haemoglobin_g_per_dl",
    Analyte.LEUKOCYTES: "leukocytes_e9_per_l",
    Analyte.PLATELETS: "platelets_e9_per_l",
    Analyte.ALP: "alp_u_per_l",
    Analyte.LDH: "ldh_u_per_l",
}
_WITH_LIMIT = {
    Analyte.CRP: ("crp_mg_per_l", "crp_upper_mg_per_l", "crp_below"),
    Analyte.ESR: ("esr_mm_per_h", "esr_upper_mm_per_h", "esr_below"),
}
_CONDITIONS = (
    "oral_ulcers",
    "severe_acne",
    "psoriasis",
    "palmoplantar_pustulosis",
    "eczema",
    "crohn_disease",
    "takayasu_arteritis",
    "sapho_syndrome",
    "uveitis",
)
_MRI = {
    "mri_periosteal_reaction": "periosteal_reaction",
    "mri_cortical_involvement": "cortical_break",
    "mri_soft_tissue_oedema": "soft_tissue_oedema",
    "mri_synovitis": "joint_effusion_or_synovitis",
}


def rows_of(record: PatientRecord, readings: Sequence[Reading] = ()) -> dict[str, list[Row]]:
    """Rows of the five long tables. What the record does not say stays empty.

    Painful places of all visits count once each. Lesions of several readings that share a tracking UID are one
    lesion; without one, each reading's lesion is a row of its own, because only a person may join them. Pairs of
    pain and lesion come from ``core.pain`` at the level of the region. CRP and ESR reported as "less than" say so
    in a column of their own; other values reported so are left out, because the table holds plain numbers.
    Imaging of a visit is clear, or not, by the reading that the visit names.
    """
    by_id = {r.id: r for r in readings}
    return {
        "patients": [_patient(record)],
        "visits": [_visit(record.key, v, by_id.get(v.reading_id)) for v in record.visits_in_order],
        "exams": [_exam(record.key, n, i.kind, i.done_on) for n, i in enumerate(record.imaging, start=1)],
        "lesions": _lesions(record, readings),
        "treatments": [_treatment(record.key, n, t) for n, t in enumerate(record.treatments, start=1)],
    }


def _patient(record: PatientRecord) -> Row:
    extra, family, serology = record.extra_osseous, record.family_history, record.serology
    row: Row = {
        "patient_id": record.key,
        "sex": None if record.sex is Sex.UNKNOWN else str(record.sex),
        "birth_month": None if record.birth is None else str(record.birth),
        "onset_date": record.onset,
        "diagnosis_date": record.diagnosed,
        "last_seen_date": record.lost_on or record.seen_until,
        "lost_to_follow_up": True if record.lost_on else None,
        "blood_culture": _culture(record.cultures, Specimen.BLOOD),
        "synovial_fluid": _culture(record.cultures, Specimen.SYNOVIAL_FLUID),
        "bone_biopsy": _biopsy(record),
    }
    for name in _CONDITIONS:
        row[name] = getattr(extra, name).as_bool()
    for name in ("rheumatic_disease", "psoriasis", "inflammatory_bowel_disease", "cno"):
        row[f"family_{name}"] = getattr(family, name).as_bool()
    for name in ("hla_b27", "antinuclear_antibodies", "rheumatoid_factor"):
        row[name] = getattr(serology, name).as_bool()
    for kind in (
        ComplicationKind.VERTEBRAL_COMPRESSION_FRACTURE,
        ComplicationKind.SPINE_SURGERY,
        ComplicationKind.LEG_LENGTH_DISCREPANCY,
        ComplicationKind.PSYCHOLOGICAL_SUPPORT,
    ):
        row[str(kind)] = record.complication(kind).as_bool()
    return row


def _culture(cultures: Iterable[Culture], specimen: Specimen) -> str | None:
    growths = [c.growth for c in cultures if c.specimen is specimen]
    if Assessment.PRESENT in growths:
        return "growth"
    return "sterile" if Assessment.ABSENT in growths else None


def _biopsy(record: PatientRecord) -> str | None:
    if record.had_biopsy is Assessment.ABSENT:
        return "not_done"
    if not record.biopsies:
        return None
    if any(b.malignancy is Assessment.PRESENT for b in record.biopsies):
        return "malignant"
    return "compatible" if any(b.inflammation is Assessment.PRESENT for b in record.biopsies) else "other"


def _visit(key: str, visit: Visit, reading: Reading | None) -> Row:
    row: Row = {"visit_id": f"{key}-{visit.id}", "patient_id": key, "visit_date": visit.date}
    free = visit.pain_free.as_bool()
    row["any_pain"] = None if free is None else not free
    row |= {f.name: getattr(visit.symptoms, f.name).as_bool() for f in fields(Symptoms)}
    for analyte, (value_name, limit_name, below_name) in _WITH_LIMIT.items():
        lab = visit.lab(analyte)
        if lab is not None:
            row |= {value_name: lab.value, limit_name: lab.reference_high, below_name: lab.below or None}
    for analyte, name in _LABS.items():
        lab = visit.lab(analyte)
        if lab is not None and not lab.below:
            row[name] = lab.value
    row["temperature_c"] = visit.temperature_c
    row["physician_global"] = visit.outcomes.physician_global
    row["patient_global"] = visit.outcomes.patient_global
    row["pain_score"] = visit.outcomes.pain
    row["chaq"] = visit.outcomes.chaq_index
    row["imaging_clear"] = None if reading is None else imaging_clear(reading).as_bool()
    return row


def _exam(key: str, number: int, kind: str, day: date | None) -> Row:
    return {"exam_id": f"{key}-E{number}", "patient_id": key, "exam_date": day, "kind": str(kind)}


def _lesions(record: PatientRecord, readings: Sequence[Reading]) -> list[Row]:
    painful: dict[str, tuple[PainfulSite, date]] = {}
    for visit in record.visits_in_order:
        for place in visit.painful_sites or ():
            painful.setdefault(place.place_id, (place, visit.date))
    seen: dict[str, tuple[Lesion, date | None]] = {}
    for reading in sorted(readings, key=lambda r: (r.exam_date or date.max, r.id)):
        for lesion in reading.lesions:
            seen.setdefault(lesion.tracking_uid or f"{reading.id}/{lesion.id}", (lesion, reading.exam_date))
    places, lesions = list(painful.values()), list(seen.values())
    match = match_pain(tuple(p for p, _ in places), tuple(le for le, _ in lesions))
    pair_of_pain = {i: f"{record.key}-P{n}" for n, (i, _) in enumerate(match.pairs, start=1)}
    pair_of_lesion = {j: pair_of_pain[i] for i, j in match.pairs}
    rows = [_painful(record, n, p, d, pair_of_pain.get(n)) for n, (p, d) in enumerate(places)]
    return rows + [
        lesion_row(record.key, n, le, d, pair_of_lesion.get(n)) for n, (le, d) in enumerate(lesions)
    ]


def _painful(record: PatientRecord, number: int, site: PainfulSite, asked: date, pair: str | None) -> Row:
    since = site.since or asked
    unit = site.place_id in sites_by_id()
    return {
        "lesion_id": f"{record.key}-C{number + 1}",
        "patient_id": record.key,
        "kind": "clinical",
        "site_id": site.place_id if unit else None,
        "place": None if unit else site.place_id,
        "first_seen_date": since,
        "at_onset": None if record.onset is None or site.since is None else site.since <= record.onset,
        "pair_id": pair,
    }


def lesion_row(key: str, number: int, lesion: Lesion, day: date | None, pair: str | None) -> Row:
    """A row of the lesions table; its id is the child's with ``-L`` and the number after ``number``."""
    row: Row = {
        "lesion_id": f"{key}-L{number + 1}",
        "patient_id": key,
        "kind": "imaging",
        "site_id": lesion.site.id,
        "place": lesion.joint or None,
        "first_seen_date": day,
        "pair_id": pair,
        "signal_grade": lesion.features.signal_grade,
        "volume_ml": lesion.volume_ml,
        "max_diameter_mm": lesion.max_diameter_mm,
        "si_ratio": lesion.si_ratio,
        "adc": lesion.adc,
    }
    return row | {name: getattr(lesion.features, feature).as_bool() for name, feature in _MRI.items()}


def _treatment(key: str, number: int, treatment: Any) -> Row:
    response = None if treatment.response == "not_assessed" else str(treatment.response)
    return {
        "treatment_id": f"{key}-T{number}",
        "patient_id": key,
        "drug": str(treatment.drug),
        "start_date": treatment.start,
        "stop_date": treatment.stop,
        "cycles": treatment.cycles,
        "dose_as_documented": treatment.dose_as_documented or None,
        "response": response,
    }
