"""A centre's own exams against its own outlines: how good is this here?

For every exam a study folder as ``marrowmap read`` writes it, and a label map of the reader's lesions (any
non-zero value is lesion; connected parts count as lesions), NIfTI or DICOM SEG on any grid of the same frame.

Counted as ``bench candidates`` counts: the same rule says when a mark hits a lesion (``bench.overlap``), lesions under
0.5 ml are neither missed nor false, and a mark that hits no lesion is false. The figures stand beside its
``sensitivity_all_bones`` and ``false_marks_per_exam_all_bones``; there, old sclerotic lesions are left out as well,
here they count if they are outlined.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.bench.exams import SMALLEST_ML
from marrowmap.bench.overlap import OF_MARK, OF_SMALLER, lesions_hit
from marrowmap.bench.statistics import interval, mean, median, share
from marrowmap.errors import InputError
from marrowmap.exchange.label_maps import read_label_map
from marrowmap.exchange.nifti import read_labels
from marrowmap.imaging.grids import labels_onto

NOTE = (
    "Measured on the exams given, nothing else. Lesions are connected parts of the outlines; those under "
    f"{SMALLEST_ML:g} ml are neither missed nor false. A mark hits a lesion when they share {100 * OF_SMALLER:g} % of "
    f"the smaller of both and {100 * OF_MARK:g} % of the mark, as in `marrowmap bench candidates`; compare with "
    "sensitivity_all_bones and false_marks_per_exam_all_bones there."
)


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
        "outline_dice_median": interval([r["dice"] for r in rows], median),
        "exams": [{"study": str(s), **r} for s, r in zip(studies, rows, strict=True)],
        "note": NOTE,
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
    return {**count_marks(marks, wanted, grid.voxel_ml), **_identity(study)}


def count_marks(marks: npt.NDArray[Any], wanted: npt.NDArray[np.bool_], voxel_ml: float) -> dict[str, Any]:
    """Hits of the lesions that count, false marks, and best Dice of the marks that hit each found lesion.

    marks: numbers, 0 where there is none. wanted: the outlined lesions, on the same grid.
    """
    lesions, _ = ndimage.label(wanted, np.ones((3, 3, 3)))
    size = np.bincount(lesions.ravel(), minlength=1)
    counted = [k for k in range(1, len(size)) if size[k] * voxel_ml >= SMALLEST_ML]
    dice: dict[int, float] = {}
    false = 0
    for mark, box in enumerate(ndimage.find_objects(marks), start=1):
        if box is None:
            continue
        inside = lesions[box][marks[box] == mark]
        hit = lesions_hit(inside, size)
        false += not hit
        for k, shared in hit.items():
            dice[k] = max(dice.get(k, 0.0), 2 * shared / float(size[k] + inside.size))
    found = [dice[k] for k in counted if k in dice]
    return {"hits": (len(found), len(counted)), "false": float(false), "dice": found}


def _identity(study: Path) -> dict[str, Any]:
    file = study / "study.json"
    return (
        {"version": json.loads(file.read_text(encoding="utf-8")).get("version", "")} if file.is_file() else {}
    )
