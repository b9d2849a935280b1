"""Agreement of the readers of a blinded study: per site, per feature and per score, overall and involved only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from marrowmap.core.lesion import Assessment, Features
from marrowmap.core.reading import Reading, UnitState
from marrowmap.core.rules.case import Case
from marrowmap.core.scores import rai_cromris
from marrowmap.core.scores.rinbo import rinbo_inputs
from marrowmap.core.site import Region, all_sites
from marrowmap.core.statistics.agreement import (
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

if TYPE_CHECKING:
    from marrowmap.registry.database import Registry

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
            _judge(
                f"lesion in a bone unit: {region.replace('_', ' ')}",
                "bone unit of a case",
                unit_states(cases, units),
            )
        )
    return found


def unit_states(cases: Readings, units: Sequence[str] = ()) -> npt.NDArray[np.float64]:
    """[reader, case x unit]: 1 lesion, 0 normal, NaN not assessed. units: all of them when empty."""
    names = list(units) or [s.id for s in all_sites()]
    columns = [[[_STATE[r.unit_state(u)] for u in names] for r in readings] for readings in cases.values()]
    return np.concatenate([np.array(c, float) for c in columns], axis=1) if columns else np.zeros((2, 0))


def feature_agreement(cases: Readings) -> list[Agreement]:
    """Each feature, in bone units in which at least two readers marked a lesion."""
    unit = "bone unit with a lesion"
    found = [
        _judge(name.replace("_", " "), unit, _at_marked_units(cases, lambda r, u, n=name: _feature(r, u, n)))
        for name in FEATURES
    ]
    grades = _at_marked_units(cases, _signal_grade)
    return [*found, _judge("signal grade (0, 1, 2; weighted)", unit, grades, categories=3)]


def _at_marked_units(cases: Readings, ask: Callable[[Reading, str], float]) -> npt.NDArray[np.float64]:
    """[reader, case x unit] over the units in which any reader marked a lesion."""
    columns: list[list[float]] = []
    for readings in cases.values():
        marked = {s.id for r in readings for le in r.lesions for s in le.sites}
        columns += [[ask(r, unit) for r in readings] for unit in sorted(marked)]
    return np.array(columns, float).T if columns else np.zeros((2, 0))


def _signal_grade(reading: Reading, unit: str) -> float:
    here = [le.features.signal_grade for le in reading.lesions if any(s.id == unit for s in le.sites)]
    known = [g for g in here if g is not None]
    return float(max(known)) if known else float("nan")


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


def _judge(question: str, unit: str, ratings: npt.NDArray[np.float64], categories: int = 2) -> Agreement:
    rated = (~np.isnan(ratings)).sum(0) >= 2
    ratings = ratings[:, rated]
    pick = involved(ratings)
    return Agreement(
        question,
        unit,
        ratings.shape[1],
        int(pick.sum()),
        _coefficients(ratings, categories),
        _coefficients(ratings[:, pick], categories),
    )


def _coefficients(ratings: npt.NDArray[np.float64], categories: int) -> tuple[Coefficient, ...]:
    """Cohen for two readers, Fleiss for more (units that all of them judged); free-marginal kappa and alpha.

    Grades (more than two categories) get Cohen's kappa with linear weights and alpha for ordered values.
    """
    counts, graded = category_counts(ratings, categories), categories > 2
    if ratings.shape[0] == 2:
        table = confusion(ratings[0], ratings[1], categories)
        first = cohen_kappa(table, "linear" if graded else "none")
    else:
        first = fleiss_kappa(counts[counts.sum(1) == ratings.shape[0]])
    return first, free_marginal_kappa(counts), krippendorff_alpha(ratings, "ordinal" if graded else "nominal")


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


@dataclass(frozen=True)
class StudyAgreement:
    """Everything on the agreement of one study."""

    study_id: str
    readers: tuple[str, ...]
    cases: int
    sites: tuple[Agreement, ...]
    features: tuple[Agreement, ...]
    scores: tuple[ScoreAgreement, ...]

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "study": self.study_id,
            "readers": list(self.readers),
            "cases": self.cases,
            "sites": [agreement_data(a) for a in self.sites],
            "features": [agreement_data(a) for a in self.features],
            "scores": [
                {
                    "question": s.question,
                    "unit": s.unit,
                    "icc": {n: getattr(s.icc, n) for n in s.icc.__dataclass_fields__ if n != "mean_squares"},
                    "alpha": s.alpha.value,
                }
                for s in self.scores
            ],
        }


def _rai(reading: Reading) -> float | None:
    """RAI-CROMRIS; None while a parameter is not assessed, because the answer is a range then."""
    return rai_cromris.score(Case(reading=reading)).value


def _largest(reading: Reading) -> float | None:
    return rinbo_inputs(reading.lesions).max_size_mm


SCORES: Mapping[str, Callable[[Reading], float | None]] = {
    "RAI-CROMRIS (points from memory, not verified)": _rai,
    "largest active lesion, mm": _largest,
}
"""Scores that are compared beside the counts; RINBO's points are not published in what could be read."""


def study_agreement(registry: Registry, study_id: str) -> StudyAgreement:
    """Agreement of a study whose cases were all read. Raises NotForYou while it is open."""
    from marrowmap.exchange.reading_json import reading_from_dict
    from marrowmap.registry.studies import marks_by_case

    marks = marks_by_case(registry, study_id, "the organiser")
    cases = {case: [reading_from_dict(r.content) for r in stored] for case, stored in marks.items()}
    names = tuple(r.reader for r in next(iter(marks.values()), []))
    return StudyAgreement(
        study_id,
        names,
        len(cases),
        tuple(site_agreement(cases)),
        tuple(feature_agreement(cases)),
        tuple(score_agreement(cases, SCORES)),
    )


def agreement_words(found: StudyAgreement) -> str:
    """For a terminal: what was compared, then overall and on involved units only."""
    lines = [f"Study {found.study_id}: {found.cases} cases, readers {', '.join(found.readers)}"]
    for agreement in (*found.sites, *found.features):
        if agreement.compared == 0:
            continue
        lines.append(f"{agreement.question} (unit: {agreement.unit})")
        for name, n, coefficients in (
            ("overall", agreement.compared, agreement.overall),
            ("involved only", agreement.involved, agreement.only_involved),
        ):
            texts = [
                f"{c.name} {'not defined' if c.value is None else f'{c.value:.2f}'}" for c in coefficients
            ]
            lines.append(f"  {name:<14} n={n:<6} " + ", ".join(texts))
    for score in found.scores:
        icc = "not defined" if score.icc.icc2 is None else f"{score.icc.icc2:.2f}"
        lines.append(f"{score.question} (unit: {score.unit}): ICC(2,1) {icc}, n={score.icc.n}")
    return "\n".join(lines)
