"""Table 2 of the Belgian cohort: sites. Unit: lesion, painful sites beside imaging lesions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marrowmap.cohort.cohort import CLINICAL, IMAGING, Cohort
from marrowmap.cohort.table import Row, Table
from marrowmap.core.record.joints import table2_rows
from marrowmap.core.statistics.proportion import Proportion

OTHER = "Other sites"


def sites_table(cohort: Cohort) -> Table:
    """How many lesions lie in each row, a row with parts counting them, of all lesions of that kind."""
    clinical, imaging = _leaf_counts(cohort)
    parents = _with_parents(clinical), _with_parents(imaging)
    totals = sum(clinical.values()), sum(imaging.values())
    rows = []
    for entry in table2_rows():
        cells = tuple(
            Proportion(count[entry.row], of, "lesions") for count, of in zip(parents, totals, strict=True)
        )
        rows.append(Row(entry.row, entry.row, cells, level=1 if entry.parent else 0))
    others = tuple(
        Proportion(c[""], of, "lesions") for c, of in zip((clinical, imaging), totals, strict=True)
    )
    rows.append(Row(OTHER, f"{OTHER} (skull vault, toes, ...)", others))
    return Table(
        id="table2",
        title="Number and distribution of lesions",
        unit="lesion",
        denominator=f"of {totals[0]} painful sites and of {totals[1]} imaging lesions",
        columns=((CLINICAL, "Painful sites"), (IMAGING, "Imaging lesions")),
        rows=tuple(rows),
        missing="None: every lesion names a bone unit or a joint.",
        notes=(
            "A patient with several lesions counts once for each.",
            "Knee region = distal femur + knee joint + proximal tibia; Femur is its proximal part and shaft, "
            "Tibia its shaft and distal part.",
            "Spinal lesions are counted as recorded; a cohort that counts vertebrae is not comparable with "
            "one that counts regions.",
        ),
        synthetic=cohort.extract.synthetic,
    )


def patients_by_site_table(cohort: Cohort) -> Table:
    """Patients with at least one lesion in each row: the numbers of a body map. Unit: patient."""
    row_of = cohort.column("lesions", "table2_row")
    members: dict[str, list[str]] = {r.row: [r.row] for r in table2_rows()}
    for entry in table2_rows():
        if entry.parent:
            members[entry.parent].append(entry.row)
    everyone = cohort.patients
    kinds = [cohort.lesions(CLINICAL), cohort.lesions(IMAGING)]
    rows = []
    for entry in table2_rows():
        here = cohort.lesions_where(row_of.in_(frozenset(members[entry.row])))
        cells = tuple(cohort.patients_with(here & kind).among(everyone) for kind in kinds)
        rows.append(Row(entry.row, entry.row, cells, level=1 if entry.parent else 0))
    return Table(
        id="patients_by_site",
        title="Patients with at least one lesion at each site",
        unit="patient",
        denominator=f"of {len(everyone)} patients",
        columns=((CLINICAL, "Painful site"), (IMAGING, "Imaging lesion")),
        rows=tuple(rows),
        missing="Sites outside the imaged field count as without lesion: the share is a lower bound.",
        notes=("A patient with several lesions in a row counts once.",),
        synthetic=cohort.extract.synthetic,
    )


def _leaf_counts(cohort: Cohort) -> tuple[dict[str, int], dict[str, int]]:
    """Lesions per row of Table 2 and kind, counted in one pass over the lesions."""
    cohort.load("lesions", "table2_row", "kind")
    rows, kinds = cohort.column("lesions", "table2_row"), cohort.column("lesions", "kind")
    width = len(kinds.words) + 1
    joint = (rows.codes + 1) * np.int16(width) + (kinds.codes + 1)
    table = np.bincount(joint, minlength=(len(rows.words) + 1) * width).reshape(-1, width)
    names = ["", *rows.words]
    blank = {"": 0} | {r.row: 0 for r in table2_rows()}

    def of(kind: str) -> dict[str, int]:
        if kind not in kinds.words:
            return dict(blank)
        column = table[:, kinds.words.index(kind) + 1]
        found = dict(blank)
        for name, n in zip(names, column, strict=True):
            found[name] += int(n)
        return found

    return of(CLINICAL), of(IMAGING)


def _with_parents(leaf: Mapping[str, int]) -> dict[str, int]:
    counts = dict(leaf)
    for entry in table2_rows():
        if entry.parent:
            counts[entry.parent] += leaf[entry.row]
    return counts
