"""The study folder: ``study.json``, ``volumes/*.nii.gz``, ``labels.nii.gz``, ``candidates.nii.gz``.

A folder appears whole or not at all: it is made beside its place and renamed at the end. The JSON is
described by ``contract/study.schema.json``.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from marrowmap.core.exam import Exam, Stack
from marrowmap.core.geometry import Grid
from marrowmap.core.lesion import Candidate
from marrowmap.core.seam import Seam
from marrowmap.core.study import VALIDATION, Study
from marrowmap.errors import OutputExists
from marrowmap.exchange.measures_json import measures_json
from marrowmap.exchange.nifti import BONE_UNITS, write_labels, write_volume

FORMAT_VERSION = 1


@contextmanager
def new_folder(out: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A temporary sibling of ``out`` that takes its place when the block ends well, and vanishes otherwise.

    Raises OutputExists when ``out`` exists and ``overwrite`` is false, or is no study folder of ours.
    """
    out = out.absolute()
    if out.exists():
        if not overwrite:
            raise OutputExists(str(out), "exists already", "Choose another --out, or add --overwrite")
        if not (out / "study.json").is_file():
            raise OutputExists(str(out), "is no study folder, so it is not replaced", "Choose another --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield making
        making.chmod(0o755)
        if out.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
            out.rename(old / "study")
            making.rename(out)
            shutil.rmtree(old)
        else:
            making.rename(out)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


def write_study(study: Study, folder: Path) -> None:
    """Write volumes, labels and ``study.json`` into an existing folder."""
    (folder / "volumes").mkdir()
    for name, volume in study.volumes.items():
        write_volume(folder / _volume_file(name), volume)
    if study.skeleton is not None:
        write_labels(
            folder / "labels.nii.gz", study.skeleton.labels, study.skeleton.grid, description=BONE_UNITS
        )
        if study.candidate_labels is not None:
            write_labels(folder / "candidates.nii.gz", study.candidate_labels, study.skeleton.grid)
    text = json.dumps(study_to_dict(study), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "study.json").write_text(text + "\n", encoding="utf-8")


def study_to_dict(study: Study) -> dict[str, Any]:
    """The content of ``study.json``."""
    skeleton = study.skeleton
    return {
        "format": "marrowmap-study",
        "format_version": FORMAT_VERSION,
        "synthetic": study.exam.patient.synthetic,
        "software": {
            "name": "marrowmap",
            "version": study.version,
            "command": study.command,
            "validation": VALIDATION,
        },
        "exam": _exam(study.exam),
        "protocol": {
            "status": str(study.protocol.status),
            "items": [
                {
                    "name": item.name,
                    "state": str(item.state),
                    "required": item.required,
                    "consequence": item.consequence,
                }
                for item in study.protocol.items
            ],
            "sentences": list(study.protocol.sentences),
        },
        "volumes": [
            {
                "name": name,
                "contrast": str(volume.contrast),
                "file": _volume_file(name),
                "grid": _grid(volume.grid),
                "b_value": volume.b_value,
                "notes": list(volume.notes),
            }
            for name, volume in study.volumes.items()
        ],
        "seams": [_seam(seam) for seam in study.seams],
        "labels": {
            "file": "labels.nii.gz" if skeleton else None,
            "method": skeleton.method if skeleton else "no labels",
            "uncertain_levels": sorted(skeleton.uncertain_levels) if skeleton else [],
        },
        "coverage": {k: str(v) for k, v in skeleton.coverage.items()} if skeleton else {},
        "candidates": [_candidate(c) for c in study.candidates],
        "leftovers": [
            {"what": rest.what, "n_images": rest.n_images, "reason": rest.reason}
            for rest in study.exam.leftovers
        ],
        "warnings": list(study.warnings),
        "images_in": study.exam.images_in,
        "images_accounted": study.exam.images_accounted,
    }


def _volume_file(name: str) -> str:
    return f"volumes/{name}.nii.gz"


def _exam(exam: Exam) -> dict[str, Any]:
    return {
        "study_uid": exam.study_uid,
        "patient": {
            "key": exam.patient.key,
            "age_years": exam.patient.age_years,
            "sex": str(exam.patient.sex),
            "size_m": exam.patient.size_m,
        },
        "date": exam.exam_date.isoformat() if exam.exam_date else None,
        "scanner": {
            "manufacturer": exam.scanner.manufacturer,
            "model": exam.scanner.model,
            "field_tesla": exam.scanner.field_tesla,
        },
        "stacks": [_stack(stack) for stack in exam.stacks],
    }


def _stack(stack: Stack) -> dict[str, Any]:
    return {
        "id": stack.id,
        "contrast": str(stack.contrast),
        "plane": str(stack.plane),
        "b_value": stack.b_value,
        "b_computed": stack.b_computed,
        "body_region": str(stack.body_region),
        "n_images": stack.n_images,
        "derived": stack.derived,
        "composed_by_scanner": stack.composed_by_scanner,
        "used_for": stack.used_for,
        "why": stack.why,
        "series_number": stack.series_number,
        "series_description": stack.series_description,
        "tr_ms": stack.acquisition.tr_ms,
        "te_ms": stack.acquisition.te_ms,
        "ti_ms": stack.acquisition.ti_ms,
        "grid": _grid(stack.grid),
    }


def _grid(grid: Grid) -> dict[str, Any]:
    return {
        "shape": list(grid.shape),
        "spacing_mm": [round(v, 6) for v in grid.spacing],
        "affine_lps": np.round(grid.affine, 6).tolist(),
    }


def _seam(seam: Seam) -> dict[str, Any]:
    return {
        "contrast": seam.contrast,
        "between": [seam.upper, seam.lower],
        "overlap_mm": round(seam.overlap_mm, 3),
        "shift_mm": seam.shift_mm,
        "intensity_step": {
            "before": seam.intensity_step_before,
            "after": seam.intensity_step_after,
        },
        "note": seam.note,
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    measures = measures_json(candidate)
    measured = measures["measured"]
    return {
        "id": candidate.id,
        "site": candidate.site_id,
        "name": candidate.site.name,
        "side": str(candidate.site.side),
        "segment": str(candidate.site.segment),
        "level_uncertain": candidate.level_uncertain,
        "centre_mm": [round(v, 2) for v in candidate.centre_mm],
        "volume_ml": measured["volume_ml"]["value"],
        "max_diameter_mm": measured["max_diameter_mm"]["value"],
        "si_ratio": measured["si_ratio"]["value"],
        "adc": measured["adc"]["value"],
        "score": round(candidate.score, 4),
        "reasons": list(candidate.reasons),
        "healthy_prevalence": candidate.healthy_prevalence,
        "label": candidate.label,
        **measures,
    }
