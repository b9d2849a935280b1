"""A centre's own exams against its own outlines: how good is this here?

For every exam a study folder as ``marrowmap read`` writes it, and a label map of the reader's lesions (any
non-zero value is lesion; connected parts count as lesions) as NIfTI on any grid of the same frame.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.bench.statistics import interval, mean, share
from marrowmap.errors import InputError

SMALLEST_ML = 0.5


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
    marks_path = next((study / "volumes").glob("candidates*.nii.gz"), None)
    if marks_path is None:
        raise InputError(str(study), "has no volumes/candidates.nii.gz", "make it with `marrowmap read`")
    if not truth.is_file():
        raise InputError(str(truth), "is not there", "give a NIfTI label map of the lesions")
    marks_image, truth_image = nib.load(marks_path), nib.load(truth)  # type: ignore[attr-defined]
    marks = np.asarray(marks_image.dataobj).astype(np.int32)  # type: ignore[attr-defined]
    wanted = _onto(np.asarray(truth_image.dataobj) > 0, truth_image.affine, marks.shape, marks_image.affine)  # type: ignore[attr-defined]
    millilitres = float(abs(np.linalg.det(marks_image.affine[:3, :3]))) / 1000  # type: ignore[attr-defined]
    parts, n = ndimage.label(wanted)
    hits, dice, lesions = 0, [], 0
    for k in range(1, n + 1):
        inside = parts == k
        if inside.sum() * millilitres < SMALLEST_ML:
            continue
        lesions += 1
        votes = np.bincount(marks[inside])
        votes[0] = 0
        if votes.max(initial=0) < 0.1 * inside.sum():
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


def _onto(
    mask: npt.NDArray[np.bool_], affine: npt.NDArray[Any], shape: tuple[int, ...], target: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Nearest-neighbour transfer between two grids."""
    matrix = np.linalg.inv(affine) @ target
    out = ndimage.affine_transform(mask.astype(np.uint8), matrix[:3, :3], matrix[:3, 3], shape, order=0)
    return out > 0


def _median(groups: Any) -> float | None:
    values = [v for group in groups for v in group]
    return float(np.median(values)) if values else None
