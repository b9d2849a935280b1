"""Who was given what, and how it went. Unit: patient; a drug given twice counts once."""

from __future__ import annotations

import numpy as np

from marrowmap.cohort.cohort import IMAGING, Cohort
from marrowmap.cohort.table import Row, Table
from marrowmap.cohort.units import Finding, PatientNumbers, PatientSet
from marrowmap.core.record.drugs import GROUP_OF, Drug, DrugGroup
from marrowmap.core.record.joints import table2_rows

GROUPS = {
    DrugGroup.NSAID: "NSAID",
    DrugGroup.BISPHOSPHONATE: "Bisphosphonate",
    DrugGroup.CONVENTIONAL_DMARD: "Conventional DMARD",
    DrugGroup.GLUCOCORTICOID: "Corticosteroid",
    DrugGroup.TNF_INHIBITOR: "TNF inhibitor",
    DrugGroup.OTHER_BIOLOGIC: "Other biologic",
}
SECOND_LINE = frozenset(GROUPS) - {DrugGroup.NSAID}
TOGETHER_DAYS = 30
"""A DMARD begun before the bisphosphonate or within these days of it was combined from the start (ours)."""


def treatments_table(cohort: Cohort) -> Table:
    """Drugs and groups of drugs, lines of treatment, bisphosphonate cycles and their effect."""
    everyone = cohort.patients
    rows = []
    for group, label in GROUPS.items():
        rows.append(Row(str(group), label, (_share(cohort, given(cohort, group)).among(everyone),)))
        for drug in sorted(d for d in Drug if GROUP_OF[d] is group):
            who = given_drug(cohort, drug)
            if len(who):
                rows.append(
                    Row(f"drug_{drug}", drug.replace("_", " "), (_share(cohort, who).among(everyone),), 1)
                )
    second = second_line(cohort)
    mono = given(cohort, DrugGroup.NSAID).without(second)
    rows.append(Row("nsaid_only", "NSAID alone", (_share(cohort, mono).among(everyone),)))
    enough = mono & _with_response(cohort, DrugGroup.NSAID, "remission")
    rows.append(
        Row("nsaid_sufficient", "NSAID alone led to remission", (_share(cohort, enough).among(everyone),))
    )
    rows.append(Row("second_line", "Second-line treatment", (_share(cohort, second).among(everyone),)))
    rows += _bisphosphonate_rows(cohort) + _dmard_rows(cohort) + _steroid_rows(cohort)
    rows += _dose_rows(cohort)
    therapy = cohort.condition("physical_therapy")
    rows.append(Row("physical_therapy", "Physical therapy", (therapy.among(everyone),)))
    return Table(
        id="treatments",
        title="Treatment",
        unit="patient",
        denominator=f"of {len(everyone)} patients, or of the patients named in the row",
        columns=(("all", "All patients"),),
        rows=tuple(rows),
        missing="A drug without a record was not given. Effects that nobody judged are missing.",
        notes=(
            "Effect: as judged by the treating physician.",
            "Combined from the start: a DMARD begun before the bisphosphonate or within "
            f"{TOGETHER_DAYS} days of its first cycle (our limit).",
            "Vertebral involvement: at least one imaging lesion of the spine, sacrum included.",
        ),
        synthetic=cohort.extract.synthetic,
    )


def drug_rows(cohort: Cohort, group: DrugGroup) -> np.ndarray:
    """Which rows of the treatments table are of this group."""
    members = frozenset(str(d) for d in Drug if GROUP_OF[d] is group)
    return cohort.column("treatments", "drug").in_(members)


def given(cohort: Cohort, group: DrugGroup) -> PatientSet:
    """Patients who were ever given a drug of the group."""
    return cohort.patients_with_rows("treatments", drug_rows(cohort, group))


def given_drug(cohort: Cohort, drug: Drug) -> PatientSet:
    """Patients who were ever given the drug."""
    return cohort.patients_with_rows("treatments", cohort.column("treatments", "drug").is_(str(drug)))


def second_line(cohort: Cohort) -> PatientSet:
    """Patients who were given anything beyond NSAIDs."""
    found = given(cohort, DrugGroup.BISPHOSPHONATE)
    for group in SECOND_LINE:
        found = found | given(cohort, group)
    return found


def vertebral_involvement(cohort: Cohort) -> PatientSet:
    """Patients with at least one imaging lesion of the spine, sacrum included."""
    spinal = frozenset(r.row for r in table2_rows() if r.row == "Spine" or r.parent == "Spine")
    here = cohort.lesions_where(cohort.column("lesions", "table2_row").in_(spinal))
    return cohort.patients_with(here & cohort.lesions(IMAGING)).present


def first_day(cohort: Cohort, group: DrugGroup) -> np.ndarray:
    """Day of the first dose of the group per patient; NaN when it was never given."""
    rows = drug_rows(cohort, group)
    first = np.full(cohort.n_patients, np.inf)
    np.minimum.at(
        first, cohort.column("treatments", "patient")[rows], cohort.column("treatments", "start_day")[rows]
    )
    return np.where(np.isinf(first), np.nan, first)


def _bisphosphonate_rows(cohort: Cohort) -> list[Row]:
    bis, dmard = given(cohort, DrugGroup.BISPHOSPHONATE), given(cohort, DrugGroup.CONVENTIONAL_DMARD)
    gap = first_day(cohort, DrugGroup.CONVENTIONAL_DMARD) - first_day(cohort, DrugGroup.BISPHOSPHONATE)
    with np.errstate(invalid="ignore"):
        together = PatientSet(gap <= TOGETHER_DAYS, cohort.id) & dmard
    alone = bis.without(together)
    spine = vertebral_involvement(cohort)
    return [
        Row("bisphosphonate_cycles", "Bisphosphonate cycles", (_cycles(cohort).among(bis),), 0),
        Row(
            "bisphosphonate_with_dmard",
            "Bisphosphonate combined with a DMARD from the start",
            (_share(cohort, together).among(bis),),
        ),
        Row(
            "bisphosphonate_alone_improved",
            "Improved on bisphosphonate without DMARD",
            (_response(cohort, DrugGroup.BISPHOSPHONATE, "improved", "remission").among(alone),),
        ),
        Row(
            "vertebral_involvement",
            "Vertebral involvement on imaging",
            (_share(cohort, spine).among(cohort.patients),),
        ),
        Row(
            "vertebral_given_bisphosphonate", "given a bisphosphonate", (_share(cohort, bis).among(spine),), 1
        ),
    ]


def _dmard_rows(cohort: Cohort) -> list[Row]:
    dmard, tnf = given(cohort, DrugGroup.CONVENTIONAL_DMARD), given(cohort, DrugGroup.TNF_INHIBITOR)
    effect = _response(cohort, DrugGroup.CONVENTIONAL_DMARD, "improved", "remission")
    return [
        Row("dmard_sufficient", "DMARD sufficient", (effect.among(dmard),)),
        Row("dmard_then_tnf", "DMARD followed by a TNF inhibitor", (_share(cohort, tnf).among(dmard),)),
        Row(
            "tnf_remission",
            "Remission on a TNF inhibitor",
            (_response(cohort, DrugGroup.TNF_INHIBITOR, "remission").among(tnf),),
        ),
        Row(
            "other_biologic_remission",
            "Remission on another biologic",
            (
                _response(cohort, DrugGroup.OTHER_BIOLOGIC, "remission").among(
                    given(cohort, DrugGroup.OTHER_BIOLOGIC)
                ),
            ),
        ),
    ]


def _steroid_rows(cohort: Cohort) -> list[Row]:
    reasons = cohort.column("treatments", "reason")
    steroid = drug_rows(cohort, DrugGroup.GLUCOCORTICOID)
    who = given(cohort, DrugGroup.GLUCOCORTICOID)
    rows = []
    for reason in ("arthritis", "sapho_syndrome", "crohn_disease", "bridging"):
        mine = cohort.patients_with_rows("treatments", steroid & reasons.is_(reason))
        label = f"Corticosteroid for: {reason.replace('_', ' ')}"
        rows.append(Row(f"steroid_{reason}", label, (_share(cohort, mine).among(who),)))
    return rows


def _dose_rows(cohort: Cohort) -> list[Row]:
    """Doses, intervals and weeks to the effect as documented, for drugs with such records."""
    dose, unit = cohort.column("treatments", "dose"), cohort.column("treatments", "dose_unit")
    weeks = cohort.column("treatments", "interval_weeks")
    effect = (cohort.column("treatments", "response_day") - cohort.column("treatments", "start_day")) / 7
    drugs = cohort.column("treatments", "drug")
    rows = []
    for drug in drugs.words:
        who, mine, name = given_drug(cohort, Drug(drug)), drugs.is_(drug), drug.replace("_", " ")
        for word in unit.words:
            chosen = mine & unit.is_(word) & ~np.isnan(dose)
            if chosen.any():
                numbers = _numbers(cohort, dose, chosen, word)
                rows.append(Row(f"dose_{drug}", f"Dose of {name} ({word})", (numbers.among(who),)))
        for prefix, label, values in (
            ("interval", "Weeks between doses of", weeks),
            ("response_weeks", "Weeks to the effect of", effect),
        ):
            chosen = mine & ~np.isnan(values)
            if chosen.any():
                numbers = _numbers(cohort, values, chosen, "weeks")
                rows.append(Row(f"{prefix}_{drug}", f"{label} {name}", (numbers.among(who),)))
    return rows


def _numbers(cohort: Cohort, values: np.ndarray, chosen: np.ndarray, measure: str) -> PatientNumbers:
    """The first such value of each patient."""
    found = np.full(cohort.n_patients, np.nan)
    owner = cohort.column("treatments", "patient")[chosen]
    found[owner[::-1]] = values[chosen][::-1]
    return PatientNumbers(found, measure, cohort.id)


def _cycles(cohort: Cohort) -> PatientNumbers:
    rows = drug_rows(cohort, DrugGroup.BISPHOSPHONATE)
    cycles = cohort.column("treatments", "cycles")
    owner = cohort.column("treatments", "patient")
    total = np.zeros(cohort.n_patients)
    np.add.at(total, owner[rows], cycles[rows])
    total[~given(cohort, DrugGroup.BISPHOSPHONATE).mask] = np.nan
    return PatientNumbers(total, "cycles", cohort.id)


def _with_response(cohort: Cohort, group: DrugGroup, *words: str) -> PatientSet:
    response = cohort.column("treatments", "response").in_(frozenset(words))
    return cohort.patients_with_rows("treatments", drug_rows(cohort, group) & response)


def _response(cohort: Cohort, group: DrugGroup, *words: str) -> Finding[PatientSet]:
    judged = cohort.column("treatments", "response").codes >= 0
    assessed = cohort.patients_with_rows("treatments", drug_rows(cohort, group) & judged)
    return Finding(_with_response(cohort, group, *words), assessed)


def _share(cohort: Cohort, patients: PatientSet) -> Finding[PatientSet]:
    return Finding(patients, cohort.patients)
