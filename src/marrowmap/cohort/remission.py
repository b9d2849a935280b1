"""Remission from visits: no pain and normal blood, and/or clear imaging, for at least six months.

Seed 003 joins the three parts by "and" and "and/or", which can be read in two ways; both are here and the one
used is printed. The rule is that of ``core.rules.remission``, over many children at once: the state must hold at
every visit of a stretch of six months, and a visit at which it is not known neither carries nor breaks one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.cohort.choices import RemissionReading, TimeOrigin
from marrowmap.cohort.cohort import Cohort
from marrowmap.core.rules.configuration import DEFAULT_RULES
from marrowmap.core.rules.remission import lasting_days

SIX_MONTHS = lasting_days(DEFAULT_RULES.limits.remission_months)
"""Days that a stretch must span."""


@dataclass(frozen=True, eq=False)
class RemissionTimes:
    """Per patient, days: ``months`` to remission or to the last contact; NaN when the origin is unknown.

    reached: whether remission was reached. assessed: whether at least one visit could be judged.
    """

    months: npt.NDArray[np.float64]
    reached: npt.NDArray[np.bool_]
    assessed: npt.NDArray[np.bool_]
    reading: RemissionReading
    origin: TimeOrigin


def remission_times(cohort: Cohort, reading: RemissionReading, origin: TimeOrigin) -> RemissionTimes:
    """When each child reached a lasting remission; children who did not are censored at the last contact."""
    cohort.load("visits", "patient", "visit_day")
    state = _state(cohort, reading)
    known = state >= 0
    owner = cohort.column("visits", "patient")[known]
    day = np.asarray(cohort.column("visits", "visit_day"), float)[known]
    start = _first_lasting(owner, day, state[known] == 1, cohort.n_patients)
    assessed = np.zeros(cohort.n_patients, bool)
    assessed[owner] = True
    reached = ~np.isnan(start)
    zero = cohort.column("patients", f"{origin}_day")
    end = np.where(reached, start, last_contact(cohort))
    months = np.maximum(0.0, (end - zero)) / (365.25 / 12)
    return RemissionTimes(months, reached, assessed, reading, origin)


def last_contact(cohort: Cohort) -> npt.NDArray[np.float64]:
    """Day of the last visit or recorded contact, whichever is later; NaN when neither is known."""
    last = np.array(cohort.column("patients", "last_seen_day"), float)
    owner, day = cohort.column("visits", "patient"), np.asarray(cohort.column("visits", "visit_day"), float)
    np.fmax.at(last, owner, day)
    return last


def _state(cohort: Cohort, reading: RemissionReading) -> npt.NDArray[np.int8]:
    """Per visit 1 in remission, 0 not, -1 not known, by the rules of three-valued logic."""
    bone, any_, score = (cohort.column("visits", n) for n in ("bone_pain", "any_pain", "pain_score"))
    hurts = (bone == 1) | (any_ == 1) | (score > 0)
    pain_free = np.where(hurts, 0, np.where((bone == 0) | (any_ == 0) | (score == 0), 1, -1))
    crp = _normal(cohort, "crp_mg_per_l", "crp_upper_mg_per_l", "crp_below")
    blood = _and(crp, _normal(cohort, "esr_mm_per_h", "esr_upper_mm_per_h", "esr_below"))
    clinical = _and(pain_free, blood)
    clear = cohort.column("visits", "imaging_clear")
    joined = _or(clinical, clear) if reading is RemissionReading.EITHER else _and(clinical, clear)
    return joined.astype(np.int8)


def _normal(cohort: Cohort, value: str, limit: str, below: str) -> npt.NDArray[np.int64]:
    """1 not above the limit, 0 above, -1 not known; "less than" a value above the limit says nothing."""
    values, limits = cohort.column("visits", value), cohort.column("visits", limit)
    with np.errstate(invalid="ignore"):
        inside = values <= limits
    open_ = np.isnan(values) | np.isnan(limits) | ((cohort.column("visits", below) == 1) & ~inside)
    return np.where(open_, -1, inside.astype(int))


def _and(a: npt.NDArray, b: npt.NDArray) -> npt.NDArray:
    return np.where((a == 0) | (b == 0), 0, np.where((a == 1) & (b == 1), 1, -1))


def _or(a: npt.NDArray, b: npt.NDArray) -> npt.NDArray:
    return np.where((a == 1) | (b == 1), 1, np.where((a == 0) & (b == 0), 0, -1))


def _first_lasting(
    owner: npt.NDArray, day: npt.NDArray[np.float64], good: npt.NDArray[np.bool_], n_patients: int
) -> npt.NDArray[np.float64]:
    """First day of the first stretch of good visits that spans six months; NaN without one."""
    first = np.full(n_patients, np.nan)
    if len(owner) == 0:
        return first
    order = np.lexsort((day, owner))
    owner, day, good = owner[order], day[order], good[order]
    new = np.ones(len(owner), bool)
    new[1:] = (owner[1:] != owner[:-1]) | (good[1:] != good[:-1])
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(owner)) - 1
    lasting = good[starts] & (day[ends] - day[starts] >= SIX_MONTHS)
    # backwards, so that the earliest stretch of a patient is written last
    for start in starts[lasting][::-1]:
        first[owner[start]] = day[start]
    return first
