"""A centre's own exams: outlines against what the main job marked."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.bench.own import bench_own
from marrowmap.errors import InputError
from marrowmap.exchange.nifti import read_labels, write_labels


def test_marks_that_are_the_truth_find_everything(known_study, small_exam):
    found = bench_own([known_study], [small_exam.folder / "lesions.nii.gz"])
    assert found["n_exams"] == 1
    assert found["sensitivity"]["value"] == 1.0
    assert found["false_marks_per_exam"]["value"] == 0.0
    assert found["outline_dice_median"]["value"] > 0.9
    hits, lesions = found["exams"][0]["hits"]
    assert hits == lesions >= 2


def test_outlines_on_the_other_side_are_misses_and_the_marks_false(known_study, small_exam, tmp_path):
    labels, grid = read_labels(small_exam.folder / "lesions.nii.gz")
    write_labels(tmp_path / "mirrored.nii.gz", labels[:, :, ::-1].copy(), grid)
    found = bench_own([known_study], [tmp_path / "mirrored.nii.gz"])
    assert found["sensitivity"]["value"] < 0.5
    assert found["false_marks_per_exam"]["value"] >= 2


def test_outlines_of_another_place_are_refused(known_study, small_exam, tmp_path):
    labels, grid = read_labels(small_exam.folder / "lesions.nii.gz")
    affine = grid.affine.copy()
    affine[:3, 3] += 9000.0
    write_labels(tmp_path / "far.nii.gz", labels, type(grid)(grid.shape, affine))
    with pytest.raises(InputError, match="outside the exam"):
        bench_own([known_study], [tmp_path / "far.nii.gz"])


def test_a_folder_that_is_no_study_is_named(tmp_path, small_exam):
    with pytest.raises(InputError, match=r"candidates\.nii\.gz"):
        bench_own([tmp_path], [small_exam.folder / "lesions.nii.gz"])
    with pytest.raises(InputError, match="2 files for 1 studies"):
        bench_own([tmp_path], [small_exam.folder / "lesions.nii.gz"] * 2)


def test_no_outline_at_all_has_no_sensitivity(known_study, tmp_path):
    marks, grid = read_labels(known_study / "candidates.nii.gz")
    write_labels(tmp_path / "none.nii.gz", np.zeros_like(marks), grid)
    assert bench_own([known_study], [tmp_path / "none.nii.gz"])["sensitivity"]["value"] is None
