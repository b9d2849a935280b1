"""Table 1 of the Belgian cohort: symptoms. Unit: patient, whatever the number of visits."""

from __future__ import annotations

from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.table import Row, Table
from marrowmap.core.record.visit import TABLE1_ITEMS, TABLE1_LABELS


def symptoms_table(cohort: Cohort) -> Table:
    """Patients in whom each symptom was present at any visit, of those in whom it was ever assessed."""
    everyone = cohort.patients
    ever = cohort.ever(TABLE1_ITEMS)
    rows = tuple(Row(name, TABLE1_LABELS[name], (ever[name].among(everyone),)) for name in TABLE1_ITEMS)
    return Table(
        id="table1",
        title="Symptoms and findings",
        unit="patient",
        denominator=f"of {len(everyone)} patients those in whom the item was assessed at least once",
        columns=(("all", "All patients"),),
        rows=rows,
        missing="Patients never asked or examined for an item are missing in its row, not without it.",
        notes=("Present at any visit counts once per patient.",),
        synthetic=cohort.extract.synthetic,
    )
