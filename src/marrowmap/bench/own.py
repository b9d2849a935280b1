"""A centre's own exams against its own outlines: how good is this here?

For every exam a study folder as ``marrowmap read`` writes it, and a label map of the reader's lesions (any
non-zero value is lesion; connected parts count as lesions), NIfTI or DICOM SEG on any grid of the same frame.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from marrowmap.bench.statistics import interval, mean, share
from marrowmap.errors import InputError
from marrowmap.exchange.label_maps import read_label_map
from marrowmap.exchange.nifti import read_labels
from marrowmap.imaging.grids import labels_onto

SMALLEST_ML = 0.5
LEAST_OVERLAP = 0.1
"""Share of a lesion that a mark must cover to count as found."""


def bench_own(studies: Sequence[Path], truths: Sequence[Path]) -> dict[str, Any]:
    """Sensitivity, false marks and Dice on real exams with the centre's outlines, in the order given.

    Raises InputError when the numbers of studies and truths differ or a file is missing.
    """
    if len(studies) != len(truths):
        raise InputError(
            "--truth", f"{len(truths)} files for {len(studies)} studies", "give one per study, in order"
        )
    rows = [_one(s, t) for s, t in zip(studies, truths, strict=True)]
    return {
        "set": "own",
        "n_exams": len(rows),
        "sensitivity": interval([r["hits"] for r in rows], share),
        "false_marks_per_exam": interval([r["false"] for r in rows], mean),
        "outline_dice_median": interval([r["dice"] for r in rows], _median),
        "exams": [{"study": str(s), **r} for s, r in zip(studies, rows, strict=True)],
        "note": "lesions are connected parts of the truth of 0.5 ml or more; a mark is a hit at 10 % overlap",
    }


def _one(study: Path, truth: Path) -> dict[str, Any]:
    found = study / "candidates.nii.gz"
    if not found.is_file():
        raise InputError(str(study), "has no candidates.nii.gz", "make it with `marrowmap read`")
    marks, grid = read_labels(found)
    outlined = read_label_map(truth)
    wanted = labels_onto(outlined.labels, outlined.grid, grid) > 0
    if outlined.labels.any() and not wanted.any():
        raise InputError(truth.name, "its outlines lie outside the exam", "give outlines in the exam's frame")
    parts, n = ndimage.label(wanted, np.ones((3, 3, 3)))
    hits, dice, lesions = 0, [], 0
    for k in range(1, n + 1):
        inside = parts == k
        if inside.sum() * grid.voxel_ml < SMALLEST_ML:
            continue
        lesions += 1
        votes = np.bincount(marks[inside])
        votes[0] = 0
        if votes.max(initial=0) < LEAST_OVERLAP * inside.sum():
            continue
        hits += 1
        mark = marks == int(votes.argmax())
        dice.append(2 * float((mark & inside).sum()) / float(mark.sum() + inside.sum()))
    false = sum(not wanted[marks == int(v)].any() for v in np.unique(marks) if v)
    return {"hits": (hits, lesions), "false": float(false), "dice": dice, **_identity(study)}


def _identity(study: Path) -> dict[str, Any]:
    file = study / "study.json"
    return (
        {"version": json.loads(file.read_text(encoding="utf-8")).get("version", "")} if file.is_file() else {}
    )


def _median(groups: Any) -> float | None:
    values = [v for group in groups for v in group]
    return float(np.median(values)) if values else None
