"""Complications and remission. Unit: patient."""

from __future__ import annotations

import numpy as np

from marrowmap.cohort.choices import RemissionChoice
from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.remission import RemissionTimes, remission_times
from marrowmap.cohort.table import Row, Table
from marrowmap.cohort.units import Finding, PatientNumbers, PatientSet

COMPLICATIONS = {
    "vertebral_compression_fracture": "Vertebral compression fracture",
    "spine_surgery": "Spine surgery",
    "leg_length_discrepancy": "Leg-length discrepancy",
    "psychological_support": "Psychological or psychiatric support",
}


def outcomes_table(cohort: Cohort, choice: RemissionChoice | None = None) -> Table:
    """Complications, remission with its time, and children lost to follow-up."""
    chosen = choice or RemissionChoice()
    everyone = cohort.patients
    times = remission_times(cohort, chosen.reading, chosen.origin)
    reached = remission_finding(cohort, times)
    lost = cohort.condition("lost_to_follow_up")
    followed = everyone.without(lost.present)
    neither = followed.without(reached.present)
    months = PatientNumbers(np.where(times.reached, times.months, np.nan), "months", cohort.id)
    rows = [Row(n, label, (cohort.condition(n).among(everyone),)) for n, label in COMPLICATIONS.items()]
    rows += [
        Row("remission", "Remission", (reached.among(everyone),)),
        Row("remission_followed", "Remission among those not lost", (reached.among(followed),), 1),
        Row(
            "time_to_remission",
            f"Months from {chosen.origin} to remission",
            (months.among(reached.present),),
            1,
        ),
        Row("lost_to_follow_up", "Lost to follow-up", (lost.among(everyone),)),
        Row("neither", "Neither in remission nor lost", (Finding(neither, everyone).among(everyone),)),
    ]
    return Table(
        id="outcomes",
        title="Outcome",
        unit="patient",
        denominator=f"of {len(everyone)} patients those in whom the item is known, or as named in the row",
        columns=(("all", "All patients"),),
        rows=tuple(rows),
        notes=(
            f"Remission (reading '{chosen.reading}' of the definition of the Belgian cohort): "
            f"{chosen.reading.words}.",
            "It begins at the first visit of the stretch. Children lost to follow-up stay in the denominator "
            "of 'Remission'; the survival curve treats them as censored.",
        ),
        synthetic=cohort.extract.synthetic,
    )


def remission_finding(cohort: Cohort, times: RemissionTimes) -> Finding[PatientSet]:
    """Patients in lasting remission, of those with at least one visit that could be judged."""
    return cohort.patient_finding(times.reached, times.assessed | times.reached)
