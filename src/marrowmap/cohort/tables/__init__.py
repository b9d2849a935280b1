"""One file per table; :func:`all_tables` makes them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from marrowmap.cohort.choices import RemissionChoice
from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.table import Table
from marrowmap.cohort.tables.cross import cross_table
from marrowmap.cohort.tables.demographics import demographics_table
from marrowmap.cohort.tables.imaging import imaging_table
from marrowmap.cohort.tables.laboratory import laboratory_table
from marrowmap.cohort.tables.lesion_course import lesion_course_table
from marrowmap.cohort.tables.outcomes import outcomes_table
from marrowmap.cohort.tables.sites import patients_by_site_table, sites_table
from marrowmap.cohort.tables.symptoms import symptoms_table
from marrowmap.cohort.tables.treatments import treatments_table


@dataclass(frozen=True)
class TableChoices:
    """What a table needs to be told. remission: which reading of remission, counted from when."""

    remission: RemissionChoice = field(default_factory=RemissionChoice)


def all_tables(cohort: Cohort, choices: TableChoices | None = None) -> tuple[Table, ...]:
    """Every table of one cohort, in the order of a paper."""
    chosen = choices or TableChoices()
    makers: tuple[Callable[[Cohort], Table], ...] = (
        demographics_table,
        symptoms_table,
        lesion_course_table,
        sites_table,
        patients_by_site_table,
        cross_table,
        laboratory_table,
        imaging_table,
        treatments_table,
        lambda c: outcomes_table(c, chosen.remission),
    )
    return tuple(make(cohort) for make in makers)


__all__ = [
    "RemissionChoice",
    "TableChoices",
    "all_tables",
    "cross_table",
    "demographics_table",
    "imaging_table",
    "laboratory_table",
    "lesion_course_table",
    "outcomes_table",
    "patients_by_site_table",
    "sites_table",
    "symptoms_table",
    "treatments_table",
]
