"""Visits and treatments of one made-up child over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from marrowmap.core.record.visit import TABLE1_ITEMS

CRP_LIMIT, ESR_LIMIT = 5.0, 20.0
"""Upper limits that the made-up laboratory states; the paper prints none."""


@dataclass(frozen=True)
class Course:
    """One child's course. remission: day it begins; None when it never does. last: last contact."""

    patient_id: str
    birth: date
    onset: date
    diagnosis: date
    remission: date | None
    last: date
    crp_peak: float
    esr_peak: float
    symptoms: Mapping[str, int]


def visits_of(course: Course, random: np.random.Generator) -> list[dict[str, Any]]:
    """Visits from diagnosis to the last contact; every symptom of the child is there before remission."""
    days = _visit_days(course, random)
    active = [d for d in days if course.remission is None or d < course.remission]
    shown_at = {
        name: int(random.integers(0, len(active))) if random.random() < 0.3 else 0 for name in TABLE1_ITEMS
    }
    rows = []
    for number, day in enumerate(days):
        quiet = course.remission is not None and day >= course.remission
        row: dict[str, Any] = {
            "visit_id": f"{course.patient_id}-V{number + 1:02d}",
            "patient_id": course.patient_id,
            "visit_date": day,
            "crp_upper_mg_per_l": CRP_LIMIT,
            "esr_upper_mm_per_h": ESR_LIMIT,
        }
        row |= _symptoms(course, number, quiet, shown_at, random)
        row |= _blood(course, number, quiet, random)
        row |= _scores(quiet, random)
        row["imaging_clear"] = (
            (bool(random.random() < 0.7) if random.random() < 0.5 else None) if quiet else False
        )
        rows.append(row)
    return rows


def _visit_days(course: Course, random: np.random.Generator) -> list[date]:
    end = course.remission or course.last
    days, day = [course.diagnosis], course.diagnosis + timedelta(days=int(random.integers(60, 120)))
    while day < end - timedelta(days=20):
        days.append(day)
        day += timedelta(days=int(random.integers(100, 240)))
    if course.remission is None:
        return sorted({*days, course.last})
    quiet = [course.remission + timedelta(days=d) for d in (0, 95, 200)]
    return sorted({*days, *quiet, max(course.last, quiet[-1])})


def _symptoms(
    course: Course, number: int, quiet: bool, shown_at: Mapping[str, int], random: np.random.Generator
) -> dict[str, bool | None]:
    row: dict[str, bool | None] = {}
    for name in TABLE1_ITEMS:
        if quiet:
            row[name] = False if name == "bone_pain" or random.random() < 0.8 else None
        elif not course.symptoms[name]:
            row[name] = False if number == 0 or random.random() < 0.85 else None
        elif number == shown_at[name] or name == "bone_pain":
            row[name] = True
        else:
            row[name] = bool(random.random() < 0.4) if random.random() < 0.85 else None
    return row


def _blood(course: Course, number: int, quiet: bool, random: np.random.Generator) -> dict[str, float]:
    if number == 0:
        return {"crp_mg_per_l": course.crp_peak, "esr_mm_per_h": course.esr_peak}
    top_crp = min(course.crp_peak, CRP_LIMIT) if quiet else course.crp_peak
    top_esr = min(course.esr_peak, ESR_LIMIT) if quiet else course.esr_peak
    return {
        "crp_mg_per_l": round(float(top_crp * random.uniform(0.3, 1.0)), 1) if top_crp > 0.5 else top_crp,
        "esr_mm_per_h": float(round(top_esr * random.uniform(0.5, 1.0))),
    }


def _scores(quiet: bool, random: np.random.Generator) -> dict[str, float]:
    worst = 1.0 if quiet else 8.0
    return {
        "pain_score": 0.0 if quiet else float(random.integers(1, 9)),
        "physician_global": round(float(random.uniform(0, worst)), 1),
        "patient_global": round(float(random.uniform(0, worst)), 1),
        "chaq": round(float(random.uniform(0, worst / 4)) * 8) / 8,
    }


@dataclass(frozen=True)
class Drugs:
    """What one child was given, besides an NSAID. cycles: of pamidronate, 0 for none. steroid: its reason."""

    cycles: int
    pamidronate_response: str
    combined: bool
    dmard: str
    dmard_response: str
    dmard_dose: float
    steroid: str
    steroid_dose: float
    etanercept: str
    tocilizumab: bool
    vertebral: bool


def treatments_of(
    course: Course, drugs: Drugs, alone: bool, random: np.random.Generator
) -> list[dict[str, Any]]:
    """Courses of treatment in the order of the paper's flow: NSAID, then second line, then biologics."""
    start = course.diagnosis + timedelta(days=int(random.integers(1, 15)))
    end = course.remission or course.last
    span = max((end - start).days, 120)

    def at(share: float) -> date:
        return start + timedelta(days=int(span * share))

    rows = [
        _row(
            drug=str(random.choice(["naproxen", "ibuprofen", "indometacin"])),
            start_date=start,
            stop_date=end + timedelta(days=90) if alone else at(0.9),
            reason="first_line",
            response="remission" if alone else "insufficient",
        )
    ]
    if drugs.cycles:
        reason = "spinal_involvement" if drugs.vertebral else "refractory"
        rows.append(
            _row(
                drug="pamidronate",
                start_date=at(0.15),
                stop_date=max(at(0.15), at(0.15 + 0.06 * drugs.cycles)) if drugs.cycles > 1 else at(0.15),
                cycles=drugs.cycles,
                reason=reason,
                response=drugs.pamidronate_response,
            )
        )
    if drugs.dmard:
        begin = (
            at(0.15) + timedelta(days=14) if drugs.combined else max(at(0.4), at(0.15) + timedelta(days=60))
        )
        rows.append(
            _row(
                drug=drugs.dmard,
                start_date=begin,
                stop_date=None if drugs.dmard_response == "insufficient" else end + timedelta(days=180),
                reason="arthritis" if drugs.steroid == "arthritis" else drugs.steroid or "refractory",
                response=drugs.dmard_response,
                dose=drugs.dmard_dose or None,
                dose_unit="mg/m2" if drugs.dmard_dose else None,
                interval_weeks=1.0 if drugs.dmard_dose else None,
            )
        )
        if drugs.steroid:
            rows.append(
                _row(
                    drug="methylprednisolone",
                    start_date=begin if drugs.steroid == "bridging" else at(0.1),
                    stop_date=begin + timedelta(days=120),
                    reason=drugs.steroid,
                    response="improved",
                    dose=drugs.steroid_dose,
                    dose_unit="mg/kg",
                )
            )
    if drugs.etanercept:
        rows.append(
            _row(drug="etanercept", start_date=at(0.7), reason="refractory", response=drugs.etanercept)
        )
    if drugs.tocilizumab:
        begin = end - timedelta(days=21)
        rows[-1]["stop_date"] = begin - timedelta(days=7)
        rows.append(
            _row(
                drug="tocilizumab",
                start_date=begin,
                reason="refractory",
                response="remission",
                response_date=begin + timedelta(days=21),
                interval_weeks=4.0,
            )
        )
    for number, row in enumerate(rows):
        row["treatment_id"] = f"{course.patient_id}-T{number + 1}"
        row["patient_id"] = course.patient_id
        stop = row.get("stop_date")
        if stop and stop > course.last:
            row["stop_date"] = None
    return rows


def _row(**values: Any) -> dict[str, Any]:
    return values
