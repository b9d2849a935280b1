"""Agreement of the readers of a blinded study: per site, per feature and per score, overall and involved only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.core.agreement import (
    Coefficient,
    IntraclassCorrelation,
    category_counts,
    cohen_kappa,
    confusion,
    fleiss_kappa,
    free_marginal_kappa,
    intraclass_correlation,
    involved,
    krippendorff_alpha,
)
from marrowmap.core.lesion import Assessment, Features
from marrowmap.core.reading import Reading, UnitState
from marrowmap.core.site import Region, all_sites

_STATE = {UnitState.LESION: 1.0, UnitState.NORMAL: 0.0, UnitState.NOT_ASSESSED: np.nan}
_FINDING = {Assessment.PRESENT: 1.0, Assessment.ABSENT: 0.0, Assessment.NOT_ASSESSED: np.nan}

FEATURES: tuple[str, ...] = tuple(
    f.name for f in fields(Features) if isinstance(getattr(Features(), f.name), Assessment)
)
"""Features that are present, absent or not assessed."""


@dataclass(frozen=True)
class Agreement:
    """Agreement on one question.

    unit: what was judged. compared: units that at least two readers judged; involved: those of them in which
    at least one reader saw something. overall and only_involved hold the same coefficients.
    """

    question: str
    unit: str
    compared: int
    involved: int
    overall: tuple[Coefficient, ...]
    only_involved: tuple[Coefficient, ...]


@dataclass(frozen=True)
class ScoreAgreement:
    """Agreement on a number per case."""

    question: str
    unit: str
    icc: IntraclassCorrelation
    alpha: Coefficient


Readings = Mapping[str, Sequence[Reading]]
"""case -> one reading per reader, the readers in the same order in every case."""


def site_agreement(cases: Readings) -> list[Agreement]:
    """Lesion or not in each bone unit: all units together, then region by region.

    A unit that a reader did not state normal and did not mark is not assessed by that reader.
    """
    found = [_judge("lesion in a bone unit", "bone unit of a case", unit_states(cases))]
    for region in Region:
        units = [s.id for s in all_sites() if s.region is region]
        found.append(
            _judge(f"lesion in a bone unit: {region}", "bone unit of a case", unit_states(cases, units))
        )
    return found


def unit_states(cases: Readings, units: Sequence[str] = ()) -> npt.NDArray[np.float64]:
    """[reader, case x unit]: 1 lesion, 0 normal, NaN not assessed. units: all of them when empty."""
    names = list(units) or [s.id for s in all_sites()]
    columns = [[[_STATE[r.unit_state(u)] for u in names] for r in readings] for readings in cases.values()]
    return np.concatenate([np.array(c, float) for c in columns], axis=1) if columns else np.zeros((2, 0))


def feature_agreement(cases: Readings) -> list[Agreement]:
    """Each feature, in bone units in which at least two readers marked a lesion."""
    found = []
    for name in FEATURES:
        columns: list[list[float]] = []
        for readings in cases.values():
            marked = {s.id for r in readings for le in r.lesions for s in le.sites}
            columns += [[_feature(r, unit, name) for r in readings] for unit in sorted(marked)]
        ratings = np.array(columns, float).T if columns else np.zeros((2, 0))
        found.append(_judge(name.replace("_", " "), "bone unit with a lesion", ratings))
    return found


def score_agreement(cases: Readings, scores: Mapping[str, Any] | None = None) -> list[ScoreAgreement]:
    """Numbers per case: counts of lesions and units, and any score given as name -> function of a reading.

    A score that is not computable for one reader leaves the case out of the ICC.
    """
    questions = {
        "active lesions": lambda r: float(len(r.active_lesions)),
        "bone units with a lesion": lambda r: float(len({s.id for le in r.lesions for s in le.sites})),
        **(scores or {}),
    }
    found = []
    for name, score in questions.items():
        values = [[score(r) for r in readings] for readings in cases.values()]
        table = np.array([[np.nan if v is None else float(v) for v in row] for row in values], float)
        table = table if table.size else np.zeros((0, 2))
        found.append(
            ScoreAgreement(
                name, "case", intraclass_correlation(table), krippendorff_alpha(table.T, "interval")
            )
        )
    return found


def _feature(reading: Reading, unit: str, name: str) -> float:
    here = [le for le in reading.lesions if any(s.id == unit for s in le.sites)]
    if not here:
        return float("nan")
    states = [getattr(le.features, name) for le in here]
    worst = Assessment.PRESENT if Assessment.PRESENT in states else states[0]
    return _FINDING[worst]


def _judge(question: str, unit: str, ratings: npt.NDArray[np.float64]) -> Agreement:
    rated = (~np.isnan(ratings)).sum(0) >= 2
    ratings = ratings[:, rated]
    pick = involved(ratings)
    return Agreement(
        question,
        unit,
        ratings.shape[1],
        int(pick.sum()),
        _coefficients(ratings),
        _coefficients(ratings[:, pick]),
    )


def _coefficients(ratings: npt.NDArray[np.float64]) -> tuple[Coefficient, ...]:
    """Cohen for two readers, Fleiss for more (units that all of them judged); free-marginal kappa and alpha."""
    counts = category_counts(ratings, 2)
    if ratings.shape[0] == 2:
        first = cohen_kappa(confusion(ratings[0], ratings[1], 2))
    else:
        first = fleiss_kappa(counts[counts.sum(1) == ratings.shape[0]])
    return first, free_marginal_kappa(counts), krippendorff_alpha(ratings)


def agreement_data(agreement: Agreement) -> dict[str, Any]:
    """For JSON."""

    def data(coefficients: tuple[Coefficient, ...]) -> list[dict[str, Any]]:
        return [{name: getattr(c, name) for name in c.__dataclass_fields__} for c in coefficients]

    return {
        "question": agreement.question,
        "unit": agreement.unit,
        "compared": agreement.compared,
        "involved": agreement.involved,
        "overall": data(agreement.overall),
        "only_involved": data(agreement.only_involved),
    }
