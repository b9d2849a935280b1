"""The main job end to end on a small digital child, and what becomes of a study folder when it fails."""

import json
import math
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from marrowmap.core.geometry import PointMm, Voxel
from marrowmap.core.site import all_sites
from marrowmap.errors import NoImagesFound, OutputExists
from marrowmap.exchange.nifti import read_volume
from marrowmap.exchange.study_folder import new_folder
from marrowmap.pipeline import ReadRequest, read_study

SCHEMA = json.loads((Path(__file__).parent.parent / "contract" / "study.schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def study(small_study):
    return json.loads((small_study / "study.json").read_text("utf-8"))


def test_the_study_file_keeps_its_contract(study):
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(study)


def test_every_image_is_accounted_for(study, small_exam):
    files = sum(1 for p in (small_exam.folder / "dicom").rglob("*") if p.is_file())

    assert study["images_in"] == study["images_accounted"] == files
    assert all(stack["used_for"] for stack in study["exam"]["stacks"])


def test_a_whole_exam_is_called_complete(study):
    assert study["protocol"]["status"] == "complete"
    assert {item["state"] for item in study["protocol"]["items"] if item["required"]} == {"present"}


def test_volumes_lie_in_one_grid_and_open_elsewhere(study, small_study):
    grids = {json.dumps(v["grid"]) for v in study["volumes"]}
    stir = next(v for v in study["volumes"] if v["name"] == "STIR")

    volume = read_volume(small_study / stir["file"])

    assert len(grids) == 1
    assert list(volume.grid.shape) == stir["grid"]["shape"]
    assert np.allclose(volume.grid.affine, stir["grid"]["affine_lps"], atol=1e-3)
    assert volume.grid.to_mm(Voxel(0, 0, 0)).x < volume.grid.to_mm(Voxel(0, 0, 5)).x


def test_the_bright_lesion_of_the_left_shin_is_bright_on_the_left(study, small_study, small_exam):
    truth = next(x for x in small_exam.record["lesions"] if x["site"] == "tibia_proximal_metaphysis_left")
    centre = PointMm(*truth["centre_mm"])
    stir = next(v for v in study["volumes"] if v["name"] == "STIR")
    volume = read_volume(small_study / stir["file"])

    def signal(point):
        s, r, c = volume.grid.to_voxel(point).rounded()
        return float(volume.array[s - 1 : s + 2, r - 1 : r + 2, c - 1 : c + 2].mean())

    assert centre.x > 0  # LPS: the patient's left
    assert signal(centre) > 1.4 * signal(PointMm(-centre.x, centre.y, centre.z))


def test_candidates_name_a_bone_on_the_side_they_lie_on(study):
    names = {s.id for s in all_sites()}
    for c in study["candidates"]:
        assert c["site"] in names
        if c["side"] != "midline" and abs(c["centre_mm"][0]) > 40:
            assert (c["side"] == "left") == (c["centre_mm"][0] > 0)
        assert all(math.isfinite(v) for v in c["centre_mm"])


def test_seams_say_how_stations_met(study):
    stir = [s for s in study["seams"] if s["contrast"] == "STIR"]

    assert len(stir) == 4
    for seam in stir:
        assert seam["overlap_mm"] > 20
        assert abs(seam["intensity_step"]["after"]) < abs(seam["intensity_step"]["before"]) + 0.02


def test_the_report_needs_nothing_beside_it_and_names_nobody(study, small_study):
    page = (small_study / "report.html").read_text("utf-8")

    assert "SYNTHETIC" in page
    assert "not validated on patients" in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "<script" not in page
    assert "DIGITAL CHILD^" not in page
    assert len(page) < 8_000_000


def test_the_same_exam_gives_the_same_study(small_exam, small_study, tmp_path):
    request = ReadRequest(
        small_exam.folder / "dicom", tmp_path / "again", command="marrowmap read EXAM --out STUDY"
    )
    read_study(request)

    for name in ("study.json", "report.html", "labels.nii.gz", "candidates.nii.gz", "volumes/STIR.nii.gz"):
        assert (tmp_path / "again" / name).read_bytes() == (small_study / name).read_bytes(), name


def test_nothing_is_left_behind_when_reading_fails(tmp_path):
    (tmp_path / "exam").mkdir()
    (tmp_path / "exam" / "notes.dcm").write_text("no image")

    with pytest.raises(NoImagesFound):
        read_study(ReadRequest(tmp_path / "exam", tmp_path / "study"))

    assert sorted(p.name for p in tmp_path.iterdir()) == ["exam"]


def _fail_half_way(folder):
    (folder / "half").write_text("x")
    raise RuntimeError


def test_an_existing_study_is_kept_unless_told_otherwise(tmp_path):
    out = tmp_path / "study"
    out.mkdir()
    (out / "study.json").write_text("{}")

    with pytest.raises(OutputExists, match="--overwrite"), new_folder(out):
        pass
    with pytest.raises(RuntimeError), new_folder(out, overwrite=True) as making:
        _fail_half_way(making)
    assert (out / "study.json").read_text() == "{}"

    with new_folder(out, overwrite=True) as making:
        (making / "study.json").write_text("new")
    assert (out / "study.json").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["study"]


def test_a_folder_that_is_no_study_is_never_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.txt").write_text("years of work")

    with (
        pytest.raises(OutputExists, match="no study folder"),
        new_folder(tmp_path / "thesis", overwrite=True),
    ):
        pass
    assert (tmp_path / "thesis" / "chapter1.txt").exists()


def test_a_regional_exam_is_read_in_its_own_planes_and_labels_no_bone(shared_data, tmp_path):
    out = tmp_path / "pelvis"
    read_study(ReadRequest(shared_data / "pelvis_study_0000", out))
    study = json.loads((out / "study.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(study)

    assert study["protocol"]["status"] == "regional"
    assert study["images_in"] == study["images_accounted"] == 164
    found = [(s["contrast"], s["plane"], s["b_value"], s["b_computed"]) for s in study["exam"]["stacks"]]
    assert sorted(found, key=str) == sorted(
        [
            ("T2", "coronal", None, False),
            ("T2", "sagittal", None, False),
            ("T2", "axial", None, False),
            ("DWI", "axial", 50, False),
            ("DWI", "axial", 400, False),
            ("DWI", "axial", 800, False),
            ("DWI", "axial", 1000, True),
            ("ADC", "axial", None, False),
            ("PD", "axial", None, False),
        ],
        key=str,
    )
    assert study["coverage"] == {}
    assert study["candidates"] == []
    assert any("not labelled" in w for w in study["warnings"])


def test_our_adc_agrees_with_the_scanners_on_a_real_exam(shared_data, tmp_path):
    out = tmp_path / "pelvis"
    read_study(ReadRequest(shared_data / "pelvis_study_0000", out))
    ours, theirs = (
        read_volume(out / "volumes" / f"{n}.nii.gz").array.astype(float) for n in ("ADC", "ADC_scanner")
    )
    tissue = (ours > 200) & (theirs > 200)

    assert tissue.sum() > 20_000
    assert abs(np.median(ours[tissue] / theirs[tissue]) - 1) < 0.05
