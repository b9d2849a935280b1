"""Pain against imaging: which painful sites imaging confirmed, and which imaging lesions did not hurt."""

from __future__ import annotations

import numpy as np

from marrowmap.cohort.cohort import CLINICAL, IMAGING, Cohort
from marrowmap.cohort.table import Count, Row, Table
from marrowmap.core.statistics.proportion import Proportion
from marrowmap.errors import InvalidRecord


def cross_table(cohort: Cohort) -> Table:
    """Confirmed, unconfirmed and subclinical lesions. InvalidRecord when the identities do not hold."""
    counts = overlap_counts(cohort)
    both, pain_only, imaging_only = counts
    painful, seen = both + pain_only, both + imaging_only
    rows = (
        Row("painful_sites", "Painful sites", (Count(painful, "lesions"),)),
        Row("confirmed", "confirmed on imaging", (Proportion(both, painful, "lesions"),), level=1),
        Row(
            "unconfirmed", "without imaging correlate", (Proportion(pain_only, painful, "lesions"),), level=1
        ),
        Row("imaging_lesions", "Imaging lesions", (Count(seen, "lesions"),)),
        Row("symptomatic", "painful", (Proportion(both, seen, "lesions"),), level=1),
        Row(
            "subclinical", "not painful (subclinical)", (Proportion(imaging_only, seen, "lesions"),), level=1
        ),
        Row(
            "union",
            "Sites with pain, imaging lesion or both",
            (Count(both + pain_only + imaging_only, "lesions"),),
        ),
    )
    return Table(
        id="cross",
        title="Painful sites against imaging lesions",
        unit="lesion",
        denominator=f"of {painful} painful sites and of {seen} imaging lesions, as named in each row",
        columns=(("all", "Lesions"),),
        rows=rows,
        missing="Whether a painful site lay inside an imaged field is not recorded: "
        "'without imaging correlate' is an upper bound for painful sites without a lesion.",
        notes=(
            f"{both} + {pain_only} = {painful} painful sites; "
            f"{both} + {imaging_only} = {seen} imaging lesions; "
            f"{both} + {pain_only} + {imaging_only} = {both + pain_only + imaging_only} together.",
        ),
        synthetic=cohort.extract.synthetic,
    )


def overlap_counts(cohort: Cohort) -> tuple[int, int, int]:
    """(painful and on imaging, painful only, imaging only).

    Raises InvalidRecord when the pairs counted among painful sites and among imaging lesions differ.
    """
    cohort.load("lesions", "kind", "paired")
    kinds, paired = cohort.column("lesions", "kind"), cohort.column("lesions", "paired")
    counts = np.bincount((kinds.codes + 1) * 2 + (paired == 1), minlength=2 * (len(kinds.words) + 1))

    def of(kind: str) -> tuple[int, int]:
        if kind not in kinds.words:
            return 0, 0
        start = 2 * (kinds.words.index(kind) + 1)
        return int(counts[start]), int(counts[start + 1])

    (pain_only, pain_pairs), (imaging_only, imaging_pairs) = of(CLINICAL), of(IMAGING)
    if pain_pairs != imaging_pairs:
        raise InvalidRecord(
            "pairs of lesions",
            f"{pain_pairs} painful sites but {imaging_pairs} imaging lesions are paired",
            "Each pair joins one of each; check pair_id",
        )
    return pain_pairs, pain_only, imaging_only
