"""Label maps of other tools: what their numbers mean, and that none is guessed."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import nibabel
import numpy as np
import pytest
from dicom_maker import save, stack
from nibabel.nifti1 import Nifti1Extension
from pydicom import dcmread
from pydicom.sr.codedict import codes

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.label_sets import LABEL_SETS
from marrowmap.core.site import all_sites
from marrowmap.core.structure_names import units_called
from marrowmap.errors import InputError
from marrowmap.exchange.label_maps import bone_map, read_label_map
from marrowmap.exchange.nifti import write_labels

GRID = Grid.coronal((3, 5, 4), (4.0, 2.0, 2.0), PointMm(-4.0, 0.0, 8.0))


def some_labels(value: int = 36) -> np.ndarray:
    labels = np.zeros(GRID.shape, np.uint8)
    labels[1, 2, 3] = value
    return labels


def test_every_unit_is_found_by_its_id_and_by_its_name():
    for unit in all_sites():
        assert units_called(unit.id) == (unit,)
        assert units_called(unit.name) == (unit,)


@pytest.mark.parametrize(
    ("name", "bones", "sides"),
    [
        ("femur_left", {"femur"}, {"left"}),
        ("clavicula_right", {"clavicle"}, {"right"}),
        ("hip_left", {"ilium", "ischium", "pubis"}, {"left"}),
        ("rib_left_4", {"ribs"}, {"left"}),
        ("tibia", {"tibia"}, {"left", "right"}),
        ("vertebrae_T5", {"vertebra_t5"}, {"midline"}),
        ("sacrum", {"sacrum"}, {"midline"}),
    ],
)
def test_names_of_other_tools(name, bones, sides):
    units = units_called(name)
    assert {u.bone for u in units} == bones
    assert {str(u.side) for u in units} == sides


@pytest.mark.parametrize("name", ["liver", "T13", "L6", "left right femur", "", "C8"])
def test_what_is_no_unit_of_ours_is_none(name):
    assert units_called(name) == ()


def test_the_same_number_means_another_bone_in_another_list():
    assert LABEL_SETS["totalsegmentator_mr"][36] == "femur_left"
    assert LABEL_SETS["marrowmap"][36] == "vertebra_l4"
    assert LABEL_SETS["spineps"][15] == "T8"
    assert LABEL_SETS["totalsegmentator_vertebrae_mr"][10] == "vertebrae_T9"
    assert LABEL_SETS["totalsegmentator_ct"][115] == "rib_right_12"


def test_numbers_without_names_are_never_guessed(tmp_path):
    path = tmp_path / "bones.nii.gz"
    write_labels(path, some_labels(), GRID)
    with pytest.raises(InputError, match=r"does not say which number is which bone.*--label-names"):
        bone_map(path)
    assert bone_map(path, "totalsegmentator_mr").names[36] == "femur_left"


def test_names_in_the_header_are_taken(tmp_path):
    table = (
        '<?xml version="1.0"?><CaretExtension><VolumeInformation Index="0"><LabelTable>'
        '<Label Key="36" Red="1" Green="0" Blue="0" Alpha="1"><![CDATA[tibia_right]]></Label>'
        '<Label Key="5" Red="0" Green="1" Blue="0" Alpha="1">liver</Label>'
        "</LabelTable></VolumeInformation></CaretExtension>"
    )
    image = nibabel.Nifti1Image(some_labels().transpose(2, 1, 0), np.eye(4))
    image.header.extensions.append(Nifti1Extension("comment", table.encode()))
    nibabel.save(image, tmp_path / "named.nii.gz")
    assert dict(bone_map(tmp_path / "named.nii.gz").names) == {36: "tibia_right", 5: "liver"}


def test_a_table_of_ones_own(tmp_path):
    path, table = tmp_path / "bones.nii.gz", tmp_path / "names.csv"
    write_labels(path, some_labels(3), GRID)
    table.write_text("value,name\n3,left femur\n", encoding="utf-8")
    assert bone_map(path, str(table)).names == {3: "left femur"}
    table.write_text("number;bone\n3;left femur\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"names\.csv.*value,name"):
        bone_map(path, str(table))
    with pytest.raises(InputError, match="neither a known set nor a file"):
        bone_map(path, "totalsegmentor")


def segmentation(folder: Path, labels: np.ndarray, names: list[str]) -> Path:
    """A DICOM SEG over a stack of images of the same shape."""
    needed = {
        "AccessionNumber": "",
        "StudyID": "",
        "PatientBirthDate": "",
        "StudyTime": "",
        "ReferringPhysicianName": "",
    }
    files = save(stack((10.0, -20.0, 30.0), labels.shape, **needed), folder)
    sources = [dcmread(f) for f in files]
    described = [
        hd.seg.SegmentDescription(
            n, name, codes.SCT.Tissue, codes.SCT.Bone, hd.seg.SegmentAlgorithmTypeValues.MANUAL
        )
        for n, name in enumerate(names, start=1)
    ]
    made = hd.seg.Segmentation(
        sources, labels, hd.seg.SegmentationTypeValues.BINARY, described, hd.UID(), 100, hd.UID(), 1,
        "Test", "Test", "1", "0",
    )  # fmt: skip
    path = folder / "seg.dcm"
    made.save_as(path)
    return path


def test_a_dicom_segmentation_lies_where_its_images_lie(tmp_path):
    labels = np.zeros((4, 6, 5), np.uint8)
    labels[1, 2, 3], labels[2, 4, 0] = 1, 2
    path = segmentation(tmp_path, labels, ["left tibia, distal metaphysis", "right femur"])
    found = bone_map(path)
    assert found.names == {1: "left tibia, distal metaphysis", 2: "right femur"}
    images = sorted(tmp_path.glob("IM*"))
    for value, (s, r, c) in ((1, (1, 2, 3)), (2, (2, 4, 0))):
        at = np.argwhere(found.labels == value)
        assert len(at) == 1
        image = dcmread(images[s])
        row_step, column_step = (float(v) for v in image.PixelSpacing)
        along = np.array(image.ImageOrientationPatient, float)
        start = np.array(image.ImagePositionPatient, float)
        expected = start + along[:3] * c * column_step + along[3:] * r * row_step
        np.testing.assert_allclose((found.grid.affine @ [*at[0], 1])[:3], expected, atol=1e-3)


def test_an_image_is_no_segmentation(tmp_path):
    (image,) = save(stack(shape=(1, 4, 4)), tmp_path)
    with pytest.raises(InputError, match="no DICOM segmentation"):
        read_label_map(image)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.nii"):
        read_label_map(tmp_path / "absent.nii")
