"""Who the patients are: sex, ages, delay, conditions beside the bones, family. Unit: patient."""

from __future__ import annotations

import numpy as np

from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.table import Row, Table
from marrowmap.cohort.units import PatientNumbers

DAYS_PER_MONTH = 365.25 / 12

CONDITIONS = {
    "oral_ulcers": "Aphthous oral ulcers",
    "severe_acne": "Severe acne",
    "psoriasis": "Psoriasis",
    "palmoplantar_pustulosis": "Palmoplantar pustulosis",
    "eczema": "Eczema",
    "crohn_disease": "Crohn disease",
    "takayasu_arteritis": "Takayasu arteritis",
    "sapho_syndrome": "SAPHO syndrome",
    "uveitis": "Uveitis",
}

FAMILY = {
    "family_rheumatic_disease": "Rheumatic disease (ankylosing spondylitis, rheumatoid arthritis)",
    "family_psoriasis": "Psoriasis",
    "family_inflammatory_bowel_disease": "Inflammatory bowel disease",
    "family_cno": "CNO",
}


def demographics_table(cohort: Cohort) -> Table:
    """Sex, age at onset and diagnosis, diagnostic delay, extra-osseous conditions and family history."""
    everyone = cohort.patients
    cohort.load("patients", "sex", "age_onset_years", "age_diagnosis_years", *CONDITIONS, *FAMILY)
    rows = [
        Row("female", "Female", (cohort.choice("sex", "F").among(everyone),)),
        Row("male", "Male", (cohort.choice("sex", "M").among(everyone),)),
        Row(
            "age_onset", "Age at onset (years)", (cohort.number("age_onset_years", "years").among(everyone),)
        ),
        Row(
            "age_diagnosis",
            "Age at diagnosis (years)",
            (cohort.number("age_diagnosis_years", "years").among(everyone),),
        ),
        Row("delay", "Diagnostic delay (months)", (diagnostic_delay(cohort).among(everyone),)),
    ]
    any_condition = cohort.condition("oral_ulcers")
    for name in list(CONDITIONS)[1:]:
        any_condition = any_condition | cohort.condition(name)
    # "any" stays open in children in whom one condition was not assessed and none was found
    rows.append(Row("extraosseous", "Any extra-osseous condition", (any_condition.among(everyone),)))
    rows += [Row(n, label, (cohort.condition(n).among(everyone),), 1) for n, label in CONDITIONS.items()]
    rows += [
        Row(n, f"Family: {label}", (cohort.condition(n).among(everyone),)) for n, label in FAMILY.items()
    ]
    return Table(
        id="demographics",
        title="Patients",
        unit="patient",
        denominator=f"of {len(everyone)} patients those in whom the item is known",
        columns=(("all", "All patients"),),
        rows=tuple(rows),
        notes=(
            "Ages count from the 15th of the month of birth. A month has 365.25/12 days.",
            "A patient with several conditions counts once under 'any'.",
        ),
        synthetic=cohort.extract.synthetic,
    )


def diagnostic_delay(cohort: Cohort) -> PatientNumbers:
    """Months from the first symptom to the diagnosis."""
    days = cohort.column("patients", "diagnosis_day") - cohort.column("patients", "onset_day")
    return PatientNumbers(np.asarray(days, float) / DAYS_PER_MONTH, "months", cohort.id)
