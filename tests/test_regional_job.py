"""The main job on the sagittal spine alone: candidates come back onto the images that were measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pydicom
import pytest
from known_study import true_candidates

from marrowmap.core.geometry import Plane, Voxel
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.exchange.nifti import read_labels
from marrowmap.exchange.study_reader import read_study_folder
from marrowmap.imaging.candidates import CandidateSet
from marrowmap.phantom.truth import ExamTruth
from marrowmap.pipeline import ReadRequest, read_study

SCHEMA = json.loads((Path(__file__).parent.parent / "contract" / "study.schema.json").read_text("utf-8"))


def sagittal_files(folder: Path) -> list[Path]:
    """Image files whose slices advance from side to side."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "DICOMDIR"):
        directions = pydicom.dcmread(path, stop_before_pixels=True).get("ImageOrientationPatient")
        if directions is None:
            continue
        normal = np.abs(np.cross(directions[:3], directions[3:]))
        if normal.argmax() == 0:
            found.append(path)
    return found


def test_candidates_of_a_sagittal_spine_are_looked_for_on_a_coronal_copy(
    small_exam: ExamTruth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spine = tmp_path / "spine"
    spine.mkdir()
    for number, path in enumerate(sagittal_files(small_exam.folder / "dicom")):
        shutil.copy(path, spine / f"{number}.dcm")
    asked: list[Plane] = []

    def true(volumes: dict[str, Volume], skeleton: Skeleton, **_: object) -> CandidateSet:
        asked.extend(v.grid.plane for v in (*volumes.values(), skeleton))
        return true_candidates(small_exam.folder, volumes, skeleton)

    monkeypatch.setattr("marrowmap.pipeline.find_candidates", true)
    out = tmp_path / "study"
    read_study(ReadRequest(spine, out, labels=small_exam.folder / "sites.nii.gz"))
    record = json.loads((out / "study.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    study = read_study_folder(out)

    assert set(asked) == {Plane.CORONAL}
    assert study.skeleton is not None
    assert study.skeleton.grid.plane is Plane.SAGITTAL
    assert any("coronal copy" in w for w in study.warnings)
    lesion = next(c for c in study.candidates if c.site_id == "vertebra_t8")
    lesions, grid = read_labels(small_exam.folder / "lesions.nii.gz")
    s, r, c = grid.to_voxel(lesion.centre_mm).rounded()
    assert lesions[max(0, s - 1) : s + 2, max(0, r - 1) : r + 2, max(0, c - 1) : c + 2].any()
    assert study.candidate_labels is not None
    middle = np.argwhere(study.candidate_labels == lesion.label).mean(axis=0)
    assert study.skeleton.grid.to_mm(Voxel(*middle)).distance_to(lesion.centre_mm) < 12
    assert lesion.si_ratio.value is not None
    assert lesion.heights is not None
