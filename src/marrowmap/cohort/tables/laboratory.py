"""Laboratory, cultures, biopsy. Unit: patient; "elevated" is above the limit that the laboratory stated."""

from __future__ import annotations

import numpy as np

from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.table import Row, Table
from marrowmap.cohort.units import Finding, PatientSet, VisitFinding

_MARKERS = {
    "crp": ("crp_mg_per_l", "crp_upper_mg_per_l", "crp_below", "mg/L"),
    "esr": ("esr_mm_per_h", "esr_upper_mm_per_h", "esr_below", "mm/h"),
}


def laboratory_table(cohort: Cohort) -> Table:
    """Inflammation markers, HLA-B27, autoantibodies, cultures and biopsy."""
    everyone = cohort.patients
    rows = []
    for name, (value, _, _, unit) in _MARKERS.items():
        label = name.upper()
        rows.append(
            Row(f"{name}_elevated", f"{label} ever elevated", (elevated(cohort, name).among(everyone),))
        )
        rows.append(
            Row(
                f"{name}_highest",
                f"highest {label} ({unit})",
                (cohort.highest(value, unit).among(everyone),),
                1,
            )
        )
    for name, label in {
        "hla_b27": "HLA-B27 found",
        "antinuclear_antibodies": "Antinuclear antibodies found",
        "rheumatoid_factor": "Rheumatoid factor found",
    }.items():
        rows.append(Row(name, label, (cohort.condition(name).among(everyone),)))
    for name, label, good, bad in (
        ("blood_culture", "Blood culture", "sterile", "growth"),
        ("synovial_fluid", "Joint fluid culture", "sterile", "growth"),
    ):
        done = cohort.choice(name, good, bad)
        rows.append(Row(f"{name}_done", f"{label} done", (done.among(everyone),)))
        rows.append(Row(f"{name}_sterile", "sterile", (cohort.choice(name, good).among(done.present),), 1))
    biopsy = cohort.choice("bone_biopsy", "compatible", "other", "malignant")
    rows.append(Row("bone_biopsy_done", "Bone biopsy done", (biopsy.among(everyone),)))
    rows.append(
        Row(
            "bone_biopsy_malignant",
            "suspicion of malignancy",
            (cohort.choice("bone_biopsy", "malignant").among(biopsy.present),),
            1,
        )
    )
    return Table(
        id="laboratory",
        title="Laboratory, cultures and biopsy",
        unit="patient",
        denominator=f"of {len(everyone)} patients those tested, or of the line above where indented",
        columns=(("all", "All patients"),),
        rows=tuple(rows),
        missing="Patients who were not tested are missing in the row of the test, not negative.",
        notes=(
            "Elevated: above the upper limit that the laboratory stated with the value, at any visit.",
            'A value reported as "less than" counts as the number that was given.',
        ),
        synthetic=cohort.extract.synthetic,
    )


def elevated(cohort: Cohort, marker: str) -> Finding[PatientSet]:
    """Patients whose marker ("crp" or "esr") was ever above the limit stated with it."""
    value_name, limit_name, below_name, _ = _MARKERS[marker]
    cohort.load("visits", "patient", value_name, limit_name, below_name)
    value, limit = cohort.column("visits", value_name), cohort.column("visits", limit_name)
    known = ~np.isnan(value) & ~np.isnan(limit)
    with np.errstate(invalid="ignore"):
        known &= ~((cohort.column("visits", below_name) == 1) & (value > limit))
        above = known & (value > limit)
    return VisitFinding(above, known, cohort.column("visits", "patient"), cohort.n_patients, cohort.id).ever()
