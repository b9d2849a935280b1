"""Sets of patients and sets of lesions: different types, so that a percentage cannot mix them.

A percentage is made in one place only, :meth:`Finding.among`. It takes a set of the same kind of thing, from
the same cohort, and leaves out what was not assessed. Visits have no percentages at all: a
:class:`VisitFinding` can only be turned into a finding about patients, where a child with ten visits is one
child.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from marrowmap.core.statistics.proportion import Proportion

Mask = npt.NDArray[np.bool_]


class WrongDenominator(TypeError):
    """Two sets were put together that do not count the same things."""


@dataclass(frozen=True, eq=False)
class Members:
    """Some things of one kind out of all of that kind in one cohort. mask: [thing]; cohort: whose."""

    mask: Mask
    cohort: int

    unit = "things"

    def __post_init__(self) -> None:
        if self.mask.dtype != np.bool_ or self.mask.ndim != 1:
            raise TypeError("a set is one row of booleans")

    def __len__(self) -> int:
        return int(np.count_nonzero(self.mask))

    def __and__(self: S, other: S) -> S:
        self._same(other)
        return type(self)(self.mask & other.mask, self.cohort)

    def __or__(self: S, other: S) -> S:
        self._same(other)
        return type(self)(self.mask | other.mask, self.cohort)

    def without(self: S, other: S) -> S:
        """The things of this set that are not in the other."""
        self._same(other)
        return type(self)(self.mask & ~other.mask, self.cohort)

    def _same(self, other: Members) -> None:
        if type(self) is not type(other):
            raise WrongDenominator(f"{self.unit} cannot be counted among {other.unit}")
        if self.cohort != other.cohort or self.mask.shape != other.mask.shape:
            raise WrongDenominator(f"the two sets of {self.unit} belong to different cohorts")


class PatientSet(Members):
    """Children, each once."""

    unit = "patients"


class LesionSet(Members):
    """Lesions or painful sites, each once."""

    unit = "lesions"


class VisitSet(Members):
    """Visits; only a step on the way to patients."""

    unit = "visits"


S = TypeVar("S", bound=Members)


@dataclass(frozen=True, eq=False)
class Finding(Generic[S]):
    """What is present in some things and was assessed in some. What is present was assessed."""

    present: S
    assessed: S

    def __post_init__(self) -> None:
        self.present._same(self.assessed)
        if isinstance(self.present, VisitSet):
            raise WrongDenominator("visits have no percentages; turn them into patients first")
        if np.any(self.present.mask & ~self.assessed.mask):
            raise ValueError("something is present that was not assessed")

    def among(self, everything: S) -> Proportion:
        """How many of ``everything`` have it, of those in which it was assessed; the rest is missing."""
        everything._same(self.present)
        assessed = self.assessed.mask & everything.mask
        of = int(np.count_nonzero(assessed))
        count = int(np.count_nonzero(self.present.mask & assessed))
        return Proportion(count, of, everything.unit, len(everything) - of)

    def __or__(self, other: Finding[S]) -> Finding[S]:
        """Either: present when one is, absent when both were assessed and are absent."""
        present = self.present | other.present
        return Finding(present, present | (self.assessed & other.assessed))


@dataclass(frozen=True, eq=False)
class VisitFinding:
    """A finding per visit. patients: index of the patient of each visit, ascending."""

    present: Mask
    assessed: Mask
    patients: npt.NDArray[np.integer]
    n_patients: int
    cohort: int

    def ever(self) -> Finding[PatientSet]:
        """Children in whom it was present at any visit, of those who were ever asked or examined for it."""
        present = np.zeros(self.n_patients, bool)
        assessed = np.zeros(self.n_patients, bool)
        present[self.patients[self.present]] = True
        assessed[self.patients[self.assessed]] = True
        return Finding(PatientSet(present, self.cohort), PatientSet(assessed, self.cohort))


@dataclass(frozen=True)
class Summary:
    """Mean, median and spread of one number per thing. Everything is None when nothing was measured."""

    n: int
    missing: int
    unit: str
    measure: str
    mean: float | None
    median: float | None
    minimum: float | None
    maximum: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    total: float | None


@dataclass(frozen=True, eq=False)
class PatientNumbers:
    """One number per patient; NaN where it is missing. measure: unit of the number, such as "years"."""

    values: npt.NDArray[np.float64]
    measure: str
    cohort: int

    def among(self, patients: PatientSet) -> Summary:
        """Summary over these patients. Quartiles are interpolated linearly (Hyndman and Fan type 7)."""
        if not isinstance(patients, PatientSet) or patients.cohort != self.cohort:
            raise WrongDenominator("numbers per patient are summarised over patients of the same cohort")
        chosen = self.values[patients.mask]
        # sorted, so that the order of patients cannot move the last digit of a mean
        known = np.sort(chosen[~np.isnan(chosen)])
        missing = len(chosen) - len(known)
        if len(known) == 0:
            return Summary(0, missing, patients.unit, self.measure, *[None] * 7)
        low, middle, high = (float(v) for v in np.percentile(known, [25, 50, 75]))
        return Summary(
            n=len(known),
            missing=missing,
            unit=patients.unit,
            measure=self.measure,
            mean=float(known.mean()),
            median=middle,
            minimum=float(known.min()),
            maximum=float(known.max()),
            lower_quartile=low,
            upper_quartile=high,
            total=float(known.sum()),
        )

    def at_least(self, limit: float) -> Finding[PatientSet]:
        """Patients whose number is ``limit`` or more."""
        assessed = ~np.isnan(self.values)
        with np.errstate(invalid="ignore"):
            present = assessed & (self.values >= limit)
        return Finding(PatientSet(present, self.cohort), PatientSet(assessed, self.cohort))

    def equal_to(self, number: float) -> Finding[PatientSet]:
        """Patients whose number is exactly this."""
        assessed = ~np.isnan(self.values)
        return Finding(PatientSet(self.values == number, self.cohort), PatientSet(assessed, self.cohort))
