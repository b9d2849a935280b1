"""Lesions per patient at onset, over the course, on imaging; unifocal disease. Unit: patient."""

from __future__ import annotations

import numpy as np

from marrowmap.cohort.cohort import CLINICAL, IMAGING, Cohort
from marrowmap.cohort.table import Row, Table
from marrowmap.cohort.units import Finding, LesionSet, PatientSet


def lesion_course_table(cohort: Cohort) -> Table:
    """Counts per patient and how the focality seen by pain and by imaging go together."""
    everyone = cohort.patients
    painful, seen = cohort.lesions(CLINICAL), cohort.lesions(IMAGING)
    at_onset = painful & cohort.lesion_finding("at_onset").present
    onset_count = cohort.per_patient(at_onset)
    course_count, imaging_count = cohort.per_patient(painful), cohort.per_patient(seen)
    subclinical = cohort.per_patient(
        seen.without(cohort.lesions_where(cohort.column("lesions", "paired") == 1))
    )
    unifocal_onset = onset_count.equal_to(1)
    unifocal_course, unifocal_imaging = course_count.equal_to(1), imaging_count.equal_to(1)
    several_painful = course_count.at_least(2)
    stayed = unifocal_course.present
    confirmed = unifocal_imaging.present & _all_paired(cohort, painful) & stayed
    rows = (
        Row("lesions_onset", "Painful sites at onset, per patient", (onset_count.among(everyone),)),
        Row("lesions_course", "Painful sites over the course, per patient", (course_count.among(everyone),)),
        Row("lesions_imaging", "Imaging lesions, per patient", (imaging_count.among(everyone),)),
        Row("unifocal_onset", "One painful site at onset", (unifocal_onset.among(everyone),)),
        Row("became_multifocal", "several later", (several_painful.among(unifocal_onset.present),), 1),
        Row("unifocal_course", "One painful site throughout", (unifocal_course.among(everyone),)),
        Row(
            "unifocal_confirmed",
            "that one lesion and no other on imaging",
            (_finding(cohort, confirmed).among(stayed),),
            1,
        ),
        Row(
            "unifocal_extra",
            "further subclinical lesion on imaging",
            (subclinical.at_least(1).among(stayed),),
            1,
        ),
        Row(
            "unifocal_imaging_only",
            "One lesion on imaging but several painful sites",
            (_finding(cohort, unifocal_imaging.present & several_painful.present).among(everyone),),
        ),
        Row("asymmetric", "Painful sites asymmetric", (asymmetric(cohort, painful).among(everyone),)),
        Row("asymmetric_imaging", "Imaging lesions asymmetric", (asymmetric(cohort, seen).among(everyone),)),
    )
    return Table(
        id="lesion_course",
        title="Lesions per patient",
        unit="patient",
        denominator=f"of {len(everyone)} patients, or of the patients of the line above where indented",
        columns=(("all", "All patients"),),
        rows=rows,
        missing="A patient without a recorded lesion has 0 lesions.",
        notes=(
            "Asymmetric: no lesion has a partner in the same row of the table of sites on the other side. "
            "This definition is ours (proposed); no paper in reach defines it.",
        ),
        synthetic=cohort.extract.synthetic,
    )


def asymmetric(cohort: Cohort, lesions: LesionSet) -> Finding[PatientSet]:
    """Patients none of whose lesions has a partner on the other side, of those with a lesion.

    Patients whose lesions all lie in the midline have no pair and count as asymmetric.
    """
    rows, sides = cohort.column("lesions", "table2_row"), cohort.column("lesions", "side")
    owner = cohort.column("lesions", "patient").astype(np.int64)
    place = owner * (len(rows.words) + 1) + rows.codes
    right = np.unique(place[lesions.mask & sides.is_("right")])
    left = np.unique(place[lesions.mask & sides.is_("left")])
    symmetric = np.zeros(cohort.n_patients, bool)
    symmetric[np.intersect1d(right, left) // (len(rows.words) + 1)] = True
    has = cohort.patients_with(lesions).present.mask
    return cohort.patient_finding(has & ~symmetric, has)


def _all_paired(cohort: Cohort, lesions: LesionSet) -> PatientSet:
    paired = cohort.lesions_where(cohort.column("lesions", "paired") == 1)
    with_any = cohort.patients_with(lesions).present
    with_open = cohort.patients_with(lesions.without(paired)).present
    return with_any.without(with_open)


def _finding(cohort: Cohort, patients: PatientSet) -> Finding[PatientSet]:
    return Finding(patients, cohort.patients)
