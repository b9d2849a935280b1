"""A frozen extract seen as patients and lesions. Every table and figure asks its questions here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.cohort.columns import Array, Codes
from marrowmap.cohort.extract import Extract
from marrowmap.cohort.units import Finding, LesionSet, PatientNumbers, PatientSet, VisitFinding

_serial = count(1)

CLINICAL, IMAGING = "clinical", "imaging"


@dataclass(eq=False)
class Cohort:
    """Questions to one extract. Columns are read once, when first asked for."""

    extract: Extract
    id: int = field(default_factory=lambda: next(_serial))
    _kept: dict[tuple[str, str], Array | Codes] = field(default_factory=dict)

    @property
    def n_patients(self) -> int:
        """Number of children."""
        return len(self.extract.tables["patients"])

    @property
    def patients(self) -> PatientSet:
        """All children."""
        return PatientSet(np.ones(self.n_patients, bool), self.id)

    def load(self, table: str, *names: str) -> None:
        """Read several columns in one pass."""
        wanted = [n for n in names if (table, n) not in self._kept]
        if wanted:
            for name, values in self.extract.tables[table].read(wanted).items():
                self._kept[table, name] = values

    def column(self, table: str, name: str) -> Any:
        """One column as it is kept (see ``cohort.columns``)."""
        self.load(table, name)
        return self._kept[table, name]

    # patients ---------------------------------------------------------------------------------------------
    def condition(self, name: str) -> Finding[PatientSet]:
        """A yes/no variable of the patients table."""
        return self.patient_finding(self.column("patients", name) == 1, self.column("patients", name) >= 0)

    def choice(self, name: str, *words: str) -> Finding[PatientSet]:
        """Patients whose entry is one of these words, of those with an entry."""
        values: Codes = self.column("patients", name)
        return self.patient_finding(values.in_(frozenset(words)), values.codes >= 0)

    def number(self, name: str, measure: str) -> PatientNumbers:
        """A number of the patients table."""
        return PatientNumbers(np.asarray(self.column("patients", name), float), measure, self.id)

    def patient_finding(
        self, present: npt.NDArray[np.bool_], assessed: npt.NDArray[np.bool_]
    ) -> Finding[PatientSet]:
        """A finding from two rows of booleans over patients."""
        return Finding(PatientSet(np.asarray(present), self.id), PatientSet(np.asarray(assessed), self.id))

    # visits -----------------------------------------------------------------------------------------------
    def at_visits(self, name: str) -> VisitFinding:
        """A yes/no variable of the visits table."""
        values = self.column("visits", name)
        return VisitFinding(
            values == 1, values >= 0, self.column("visits", "patient"), self.n_patients, self.id
        )

    def ever(self, names: Sequence[str]) -> dict[str, Finding[PatientSet]]:
        """Several yes/no variables of the visits: in whom each was present at any visit.

        The variables travel together as bits of one number, so that visits are gone through once.
        """
        self.load("visits", "patient", *names)
        owner = self.column("visits", "patient")
        if len(names) > 32 or len(owner) == 0 or np.any(owner[1:] < owner[:-1]):
            return {n: self.at_visits(n).ever() for n in names}
        present, assessed = np.zeros(len(owner), np.uint32), np.zeros(len(owner), np.uint32)
        for bit, name in enumerate(names):
            values = self.column("visits", name)
            present |= (values == 1).astype(np.uint32) << np.uint32(bit)
            assessed |= (values >= 0).astype(np.uint32) << np.uint32(bit)
        starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
        ever = np.zeros(self.n_patients, np.uint32)
        asked = np.zeros(self.n_patients, np.uint32)
        ever[owner[starts]] = np.bitwise_or.reduceat(present, starts)
        asked[owner[starts]] = np.bitwise_or.reduceat(assessed, starts)
        return {
            name: self.patient_finding((ever >> np.uint32(bit)) & 1 == 1, (asked >> np.uint32(bit)) & 1 == 1)
            for bit, name in enumerate(names)
        }

    def highest(self, name: str, measure: str) -> PatientNumbers:
        """Each patient's highest value over all visits; NaN when it was never measured."""
        values, owner = self.column("visits", name), self.column("visits", "patient")
        known = ~np.isnan(values)
        best = np.full(self.n_patients, -np.inf)
        np.maximum.at(best, owner[known], values[known])
        best[np.isinf(best)] = np.nan
        return PatientNumbers(best, measure, self.id)

    # lesions ----------------------------------------------------------------------------------------------
    def lesions(self, kind: str) -> LesionSet:
        """Painful sites (``clinical``) or imaging lesions (``imaging``)."""
        return LesionSet(self.column("lesions", "kind").is_(kind), self.id)

    def lesions_where(self, mask: npt.NDArray[np.bool_]) -> LesionSet:
        """The lesions of this row of booleans."""
        return LesionSet(np.asarray(mask), self.id)

    def lesion_finding(self, name: str, word: str = "") -> Finding[LesionSet]:
        """A yes/no variable of the lesions table, or whether a choice has this word."""
        values = self.column("lesions", name)
        if isinstance(values, Codes):
            present, assessed = values.is_(word), values.codes >= 0
        else:
            present, assessed = values == 1, values >= 0
        return Finding(LesionSet(np.asarray(present), self.id), LesionSet(np.asarray(assessed), self.id))

    def per_patient(self, lesions: LesionSet) -> PatientNumbers:
        """How many of these lesions each patient has; 0 for none."""
        owner = self.column("lesions", "patient")[lesions.mask]
        counts = np.bincount(owner, minlength=self.n_patients).astype(float)
        return PatientNumbers(counts, "lesions", self.id)

    def patients_with(self, lesions: LesionSet) -> Finding[PatientSet]:
        """Patients with at least one of these lesions, of all patients."""
        has = np.zeros(self.n_patients, bool)
        has[self.column("lesions", "patient")[lesions.mask]] = True
        return self.patient_finding(has, np.ones(self.n_patients, bool))

    def patients_with_rows(self, table: str, mask: npt.NDArray[np.bool_]) -> PatientSet:
        """Patients with at least one of these rows of exams or treatments."""
        has = np.zeros(self.n_patients, bool)
        has[self.column(table, "patient")[mask]] = True
        return PatientSet(has, self.id)
