"""Write a fixed evaluation set to a folder, with a sheet that says what each exam holds.

The folder can be handed to every bench command as ``--cache``: exams are then read, not simulated again.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from marrowmap.bench.exams import BenchExam, exam_of, kind_of
from marrowmap.core.site import site_of_label
from marrowmap.phantom.sets import SetName, bench_set

COLUMNS = (
    "set",
    "seed",
    "kind",
    "body",
    "age_years",
    "sex",
    "field_t",
    "vendor",
    "n_lesions",
    "lesion_volume_ml",
    "units",
)


def make_set(name: SetName, out: Path, limit: int | None, say: Callable[[str], None]) -> Path:
    """Write the exams of a set and ``NAME.csv``; exams that lie there already are kept. Returns the sheet."""
    out.mkdir(parents=True, exist_ok=True)
    requests = bench_set(name, limit)
    rows = []
    for number, request in enumerate(requests, start=1):
        say(f"{name} {number} of {len(requests)}: seed {request.seed}, {kind_of(request)}")
        rows.append(sheet_row(name, exam_of(request, out)))
    sheet = out / f"{name}.csv"
    partial = sheet.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    partial.rename(sheet)
    return sheet


def sheet_row(name: str, exam: BenchExam) -> dict[str, str]:
    """One line of the sheet; lesions are those of the disease, look-alikes are not counted."""
    request = exam.request
    units = sorted({unit.id for t in exam.truth if (unit := site_of_label(t.label)) is not None})
    return {
        "set": name,
        "seed": str(request.seed),
        "kind": kind_of(request),
        "body": request.body,
        "age_years": f"{request.age_years:.2f}",
        "sex": str(request.sex),
        "field_t": str(request.field_t),
        "vendor": str(request.vendor),
        "n_lesions": str(len(exam.truth)),
        "lesion_volume_ml": f"{sum(t.volume_ml for t in exam.truth):.2f}",
        "units": " ".join(units),
    }
