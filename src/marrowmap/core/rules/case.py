"""What is known about one child on one day, and once before: the input of every score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from marrowmap.core.lesion import Lesion
from marrowmap.core.reading import Reading
from marrowmap.core.record.patient import PatientRecord
from marrowmap.core.record.units import Analyte, LabValue
from marrowmap.core.record.visit import Visit


@dataclass(frozen=True)
class Case:
    """Any part may be missing (None); a score then says what it lacks.

    earlier_reading, earlier_visit: the baseline that changes are measured against.
    """

    reading: Reading | None = None
    visit: Visit | None = None
    patient: PatientRecord | None = None
    earlier_reading: Reading | None = None
    earlier_visit: Visit | None = None

    @property
    def lesions(self) -> tuple[Lesion, ...]:
        """Lesions of the reading; empty without one."""
        return self.reading.lesions if self.reading else ()

    @property
    def active_lesions(self) -> tuple[Lesion, ...]:
        """Lesions with STIR signal now."""
        return self.reading.active_lesions if self.reading else ()

    @property
    def day(self) -> date | None:
        """The day the case describes: that of the visit, else that of the exam."""
        if self.visit is not None:
            return self.visit.date
        return self.reading.exam_date if self.reading else None

    @property
    def record(self) -> PatientRecord | None:
        """The patient record with the visits of this case among its own; None without a record."""
        if self.patient is None:
            return None
        known = {v.id for v in self.patient.visits}
        more = {v.id: v for v in (self.earlier_visit, self.visit) if v is not None and v.id not in known}
        return replace(self.patient, visits=(*self.patient.visits, *more.values())) if more else self.patient

    @property
    def synthetic(self) -> bool:
        """Whether any part was made up."""
        return bool(
            (self.reading and self.reading.synthetic)
            or (self.patient and self.patient.synthetic)
            or (self.earlier_reading and self.earlier_reading.synthetic)
        )

    def lab(self, analyte: Analyte) -> LabValue | None:
        """A laboratory value of the visit; None when there is none."""
        return self.visit.lab(analyte) if self.visit else None

    @property
    def age_at_onset(self) -> float | None:
        """Age in years at the first symptom; None when unknown."""
        return self.patient.age_at_onset if self.patient else None
