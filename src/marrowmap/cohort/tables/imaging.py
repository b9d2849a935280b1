"""Imaging done (unit: patient) and what it showed (unit: lesion, or joint for synovitis)."""

from __future__ import annotations

import numpy as np

from marrowmap.cohort.cohort import IMAGING, Cohort
from marrowmap.cohort.table import Count, Row, Table

KINDS = {
    "radiograph": "Radiograph",
    "whole_body_mri": "Whole-body MRI",
    "targeted_mri": "Targeted MRI",
    "ct": "CT",
    "bone_scintigraphy": "Bone scintigraphy",
}
RADIOGRAPH = {
    "radiograph_periosteal_reaction": "periosteal reaction",
    "radiograph_hyperostosis": "hyperostosis",
    "radiograph_ill_defined": "ill-defined margins",
    "radiograph_cortical_expansion": "cortical expansion",
}
MRI = {
    "mri_periosteal_reaction": "periosteal reaction",
    "mri_cortical_involvement": "cortical involvement",
    "mri_soft_tissue_oedema": "soft-tissue oedema",
}


def imaging_table(cohort: Cohort) -> Table:
    """Children examined with each method; radiographic and MRI features of lesions; joints with synovitis."""
    everyone, seen = cohort.patients, cohort.lesions(IMAGING)
    kind = cohort.column("exams", "kind")
    rows = []
    for name, label in KINDS.items():
        had = cohort.patients_with_rows("exams", kind.is_(name))
        finding = cohort.patient_finding(had.mask, everyone.mask)
        rows.append(Row(name, f"Patients with {label}", (finding.among(everyone),)))
    for word in ("lytic", "sclerotic", "mixed"):
        finding = cohort.lesion_finding("radiograph_density", word)
        rows.append(Row(f"density_{word}", f"Radiograph: {word}", (finding.among(seen),)))
    for prefix, names in (("Radiograph", RADIOGRAPH), ("MRI", MRI)):
        for name, label in names.items():
            rows.append(Row(name, f"{prefix}: {label}", (cohort.lesion_finding(name).among(seen),)))
    rows.append(Row("synovitis_joints", "MRI: joints with synovitis", (Count(_joints(cohort), "joints"),)))
    hurting = {n: cohort.lesion_finding(n).present & seen for n in list(MRI)[:2]}
    for name, lesions in hurting.items():
        finding = cohort.lesion_finding("paired")
        rows.append(
            Row(f"{name}_painful", f"painful, of lesions with {MRI[name]}", (finding.among(lesions),), 1)
        )
    return Table(
        id="imaging",
        title="Imaging done and imaging findings",
        unit="patient in the rows 'patients with', lesion in the other rows, joint for synovitis",
        denominator=f"of {len(everyone)} patients; of {len(seen)} imaging lesions those assessed",
        columns=(("all", "All"),),
        rows=tuple(rows),
        missing="Lesions not assessed for a feature are missing in its row, not without it.",
        synthetic=cohort.extract.synthetic,
    )


def _joints(cohort: Cohort) -> int:
    """Different joints (patient, row of the table of sites, side) next to which synovitis was seen."""
    mask = cohort.lesion_finding("mri_synovitis").present.mask
    rows, sides = cohort.column("lesions", "table2_row"), cohort.column("lesions", "side")
    owner = cohort.column("lesions", "patient")
    found = np.stack([owner[mask], rows.codes[mask], sides.codes[mask]], axis=1)
    return len(np.unique(found, axis=0)) if len(found) else 0
