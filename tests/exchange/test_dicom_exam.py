"""Real and synthetic exams end to end: named rightly, pixels as pydicom reads them, nothing lost."""

import random
import shutil

import numpy as np
import pydicom
import pytest
from dicom_maker import image, pattern, save, small_exam, stack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marrowmap.core.exam import BodyRegion, Sex
from marrowmap.core.geometry import Plane, Voxel
from marrowmap.core.volume import Contrast
from marrowmap.exchange.dicom_exam import open_exam


def _summary(exam):
    return sorted(
        (s.contrast, s.plane, s.b_value or 0, s.grid, s.n_images, s.b_computed) for s in exam.stacks
    )


@pytest.fixture(scope="module")
def pelvis(shared_data):
    with open_exam(shared_data / "pelvis_study_0000") as source:
        yield source


@pytest.mark.shared
def test_the_pelvis_exam_is_named_rightly(pelvis):
    exam = pelvis.exam
    assert exam.images_in == exam.images_accounted == 164
    assert [(s.contrast, s.plane, s.b_value, s.b_computed) for s in exam.stacks] == [
        (Contrast.T2, Plane.SAGITTAL, None, False),
        (Contrast.T2, Plane.AXIAL, None, False),
        (Contrast.T2, Plane.CORONAL, None, False),
        (Contrast.DWI, Plane.AXIAL, 50.0, False),
        (Contrast.DWI, Plane.AXIAL, 400.0, False),
        (Contrast.DWI, Plane.AXIAL, 800.0, False),
        (Contrast.ADC, Plane.AXIAL, None, False),
        (Contrast.DWI, Plane.AXIAL, 1000.0, True),
        (Contrast.PD, Plane.AXIAL, None, False),
    ]
    assert {s.body_region for s in exam.stacks} == {BodyRegion.PELVIS}
    assert exam.patient.sex is Sex.MALE
    assert exam.patient.age_years == 63
    assert "ProstateX" not in repr(exam.patient)
    assert not exam.patient.synthetic
    assert exam.scanner.field_tesla == 3.0
    assert exam.exam_date is not None
    assert exam.leftovers == ()
    assert exam.warnings == ()


@pytest.mark.shared
def test_names_of_the_pelvis_series_do_not_matter(shared_data, tmp_path, pelvis):
    """With descriptions gone and all images claiming one series, the same stacks come out."""
    sources = sorted((shared_data / "pelvis_study_0000").rglob("*.dcm"))
    random.Random(4).shuffle(sources)
    for k, path in enumerate(sources):
        ds = pydicom.dcmread(path)
        ds.SeriesDescription, ds.ProtocolName, ds.SeriesNumber = "", "", 1
        ds.SeriesInstanceUID = "1.2.3"
        ds.save_as(tmp_path / f"{k}")
    with open_exam(tmp_path) as source:
        assert _summary(source.exam) == _summary(pelvis.exam)


@pytest.mark.shared
def test_pelvis_arrays_and_grids_agree_with_pydicom(pelvis):
    for part in pelvis.exam.stacks:
        array = pelvis.array(part)
        for k, name in enumerate(part.files):
            ds = pydicom.dcmread(pelvis.root / name)
            assert np.array_equal(array[k], ds.pixel_array)
            first = part.grid.to_mm(Voxel(k, 0, 0))
            assert np.allclose(tuple(first), ds.ImagePositionPatient, atol=0.01)
            row, spacing = np.array(ds.ImageOrientationPatient[:3]), ds.PixelSpacing
            along = np.array(tuple(part.grid.to_mm(Voxel(k, 0, 10)))) - np.array(tuple(first))
            assert np.allclose(along, row * spacing[1] * 10, atol=0.01)


CODINGS = {"JPLL": 0, "JLSL": 0, "J2KR": 0, "RLE": 0, "JLSN": 10, "J2KI": 400, "JPLY": 160}
"""Largest difference of a stored value allowed for each coding; the last three lose something by design."""
TYPICAL = {"JLSN": 4, "J2KI": 40, "JPLY": 15}
"""Largest mean difference; stored values reach 4,000."""


@pytest.mark.shared
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", ["MR1", "MR2", "MR3"])
def test_compressed_files_equal_their_reference(shared_data, name, coding):
    folder = shared_data / "compressed_mr1_mr2_mr3"
    with open_exam(folder / "REF" / f"{name}_UNC") as source:
        (part,) = source.exam.stacks
        reference = source.array(part)
    with open_exam(folder / coding / f"{name}_{coding}") as source:
        (other,) = source.exam.stacks
        array = source.array(other)
    slope = 3.774114 if name == "MR2" else 1.0
    assert array.dtype == (np.float32 if name == "MR2" else array.dtype)
    difference = np.abs(array.astype(np.float64) - reference) / slope
    assert difference.max() <= CODINGS[coding] + 1e-3
    assert difference.mean() <= TYPICAL.get(coding, 1e-3)
    assert (other.contrast, other.grid) == (part.contrast, part.grid)


@pytest.mark.shared
def test_a_mosaic_reads_alike_in_nine_codings(shared_data):
    folder = shared_data / "mosaic_9_syntaxes"
    ds = pydicom.dcmread(folder / "1.dcm")
    picture = ds.pixel_array
    for path in sorted(folder.glob("*.dcm")):
        with open_exam(path) as source:
            (part,) = source.exam.stacks
            array = source.array(part)
            assert source.exam.images_in == source.exam.images_accounted == 35
        assert array.shape == part.grid.shape == (35, 64, 64)
        for k in range(35):
            top, left = k // 6 * 64, k % 6 * 64
            assert np.array_equal(array[k], picture[top : top + 64, left : left + 64]), path.name


@pytest.mark.shared
def test_a_mosaic_lies_where_nibabel_puts_it(shared_data):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nibabel.nicom.dicomwrappers import wrapper_from_file

        wrapped = wrapper_from_file(str(shared_data / "mosaic_9_syntaxes" / "1.dcm"))
        theirs = wrapped.affine  # (row, column, slice) -> LPS
        data = wrapped.get_data()
    with open_exam(shared_data / "mosaic_9_syntaxes" / "1.dcm") as source:
        (part,) = source.exam.stacks
        array = source.array(part)
    ours = part.grid.affine
    for voxel in ((0, 0, 0), (34, 63, 63), (10, 20, 40)):
        s, r, c = voxel
        # nibabel counts the first two axes as (column, row) of the picture, transposed
        place = np.array(tuple(part.grid.to_mm(Voxel(s, r, c))))
        back = np.linalg.solve(theirs, [*place, 1])[:3]
        assert np.allclose(back, np.round(back), atol=1e-3)
        i, j, k = np.round(back).astype(int)
        assert data[i, j, k] == array[s, r, c]
    assert ours.shape == (4, 4)


@pytest.mark.shared
def test_echoes_of_one_series_are_told_apart(shared_data):
    with open_exam(shared_data / "knee_ge_anon_echo1_8") as source:
        times = [s.acquisition.te_ms for s in source.exam.stacks]
        assert times == sorted(times)
        assert len(times) == 8
        assert (times[0], times[-1]) == (6.312, 50.496)
        assert source.exam.stacks[0].contrast is Contrast.PD
        assert source.exam.stacks[-1].contrast is Contrast.T2
        assert source.exam.exam_date is None  # blanked as 00010101
        path = source.root / source.exam.stacks[0].files[0]
        assert np.array_equal(source.array(source.exam.stacks[0])[0], pydicom.dcmread(path).pixel_array)


def test_a_small_whole_body_exam(tmp_path):
    n = small_exam(tmp_path)
    with open_exam(tmp_path) as source:
        exam = source.exam
    assert exam.images_in == exam.images_accounted == n
    kinds = [(s.contrast, s.plane, s.b_value) for s in exam.stacks]
    assert kinds.count((Contrast.STIR, Plane.CORONAL, None)) == 3
    assert kinds.count((Contrast.T1, Plane.CORONAL, None)) == 3
    assert kinds.count((Contrast.DWI, Plane.AXIAL, 50.0)) == 3
    assert kinds.count((Contrast.DWI, Plane.AXIAL, 800.0)) == 3
    assert kinds.count((Contrast.ADC, Plane.AXIAL, None)) == 3
    assert kinds.count((Contrast.STIR, Plane.SAGITTAL, None)) == 1
    assert sum(s.contrast is Contrast.LOCALIZER for s in exam.stacks) == 3
    assert len(kinds) == 19


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_shuffled_renamed_and_nested_files_give_the_same_exam(tmp_path_factory, seed):
    rng = random.Random(seed)
    base = tmp_path_factory.getbasetemp() / "ordered"
    if not base.exists():
        small_exam(base)
    shuffled = tmp_path_factory.mktemp("shuffled")
    sources = sorted(base.iterdir())
    rng.shuffle(sources)
    for k, path in enumerate(sources):
        folder = shuffled.joinpath(*(rng.choice("abc") for _ in range(rng.randint(0, 3))))
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / rng.choice([f"{k}", f"{k}.dcm", f"IM-{k:04d}", f"MR.{k}.ima"]))
    extra = rng.randint(0, 4)
    for path in rng.sample(sources, extra):
        shutil.copy(path, shuffled / f"again-{path.name}")
    with open_exam(base) as first, open_exam(shuffled) as second:
        exam = second.exam
        assert exam.images_in == exam.images_accounted == first.exam.images_in + extra
        for a, b in zip(first.exam.stacks, exam.stacks, strict=True):
            assert (a.id, a.contrast, a.grid, a.b_value) == (b.id, b.contrast, b.grid, b.b_value)
            assert np.array_equal(first.array(a), second.array(b))


def test_every_image_with_a_series_of_its_own(tmp_path):
    images = stack(shape=(8, 16, 12)) + stack((0, 0, -20), (8, 16, 12), seed=1, first_number=9)
    for k, ds in enumerate(images):
        ds.SeriesInstanceUID = f"1.2.3.{k}"
    save(images, tmp_path)
    with open_exam(tmp_path) as source:
        assert [s.n_images for s in source.exam.stacks] == [8, 8]


def test_odd_and_even_slices_in_two_series_are_one_stack(tmp_path):
    images = stack(shape=(8, 16, 12))
    for k, ds in enumerate(images):
        ds.SeriesInstanceUID = f"1.2.3.{k % 2}"
    save(images, tmp_path)
    with open_exam(tmp_path) as source:
        (part,) = source.exam.stacks
        assert part.grid.spacing[0] == pytest.approx(6)


def test_overlapping_axial_stations_in_one_series_stay_stations(tmp_path):
    for k in range(3):
        place = (0.0, 0.0, -5 * 6.0 * k)
        save(stack(place, (8, 12, 12), plane="axial", contrast="DIXON_WATER", seed=k, AcquisitionNumber=k + 1,
                   first_number=1 + 8 * k), tmp_path)  # fmt: skip
    with open_exam(tmp_path) as source:
        assert [s.n_images for s in source.exam.stacks] == [8, 8, 8]
        assert {s.contrast for s in source.exam.stacks} == {Contrast.DIXON_WATER}


def test_abutting_stations_are_not_joined(tmp_path):
    for k in range(2):
        save(stack((0.0, 0.0, -48.0 * k), (8, 12, 12), plane="axial", series=k + 1, seed=k), tmp_path)
    with open_exam(tmp_path) as source:
        assert [s.n_images for s in source.exam.stacks] == [8, 8]


def test_time_points_of_a_dynamic_series_are_no_spatial_stack(tmp_path):
    for k in range(4):
        save(stack(shape=(5, 12, 12), contrast="T1", seed=k, TemporalPositionIdentifier=k + 1,
                   first_number=1 + 5 * k),
             tmp_path)  # fmt: skip
    with open_exam(tmp_path) as source:
        assert [s.n_images for s in source.exam.stacks] == [5] * 4
        assert all(s.contrast is Contrast.OTHER and "time point" in s.why for s in source.exam.stacks)


def test_a_stack_that_spans_the_stations_was_composed_by_the_scanner(tmp_path):
    for k in range(3):
        save(stack((0, 0, -20.0 * k), (6, 16, 12), series=k + 1, seed=k), tmp_path)
    save(stack((0, 0, 0), (6, 43, 12), series=9, seed=9), tmp_path)
    with open_exam(tmp_path) as source:
        assert [s.composed_by_scanner for s in source.exam.stacks] == [False, False, False, True]


def test_a_changed_frame_of_reference_is_said(tmp_path):
    for k in range(2):
        save(stack((0, 0, -20.0 * k), series=k + 1, seed=k, FrameOfReferenceUID=f"1.2.{k + 1}"), tmp_path)
    with open_exam(tmp_path) as source:
        assert any("2 frames of reference" in w for w in source.exam.warnings)


def test_rescaling_and_signed_pixels(tmp_path):
    stored = (pattern((4, 16, 12)).astype(np.int32) - 500).astype(np.int16)
    save(stack(array=stored, ImageType=["ORIGINAL", "PRIMARY", "R", "NORM"]), tmp_path / "signed")
    save(stack(RescaleSlope=1, RescaleIntercept=-4096), tmp_path / "shifted")
    save(stack(RescaleSlope=0.5, RescaleIntercept=1), tmp_path / "scaled")
    with open_exam(tmp_path / "signed") as source:
        (part,) = source.exam.stacks
        assert part.contrast is Contrast.STIR
        array = source.array(part)
        assert array.dtype == np.int16
        assert np.array_equal(array, stored)
    for name, kind in (("shifted", np.int32), ("scaled", np.float32)):
        with open_exam(tmp_path / name) as source:
            (part,) = source.exam.stacks
            array = source.array(part)
        raw = pattern((6, 16, 12)).astype(np.float64)
        assert array.dtype == kind
        assert np.allclose(array, raw - 4096 if name == "shifted" else raw * 0.5 + 1)


def test_a_digital_child_is_marked_and_a_pseudonym_links_its_exams(tmp_path):
    save(stack(patient="C7", PatientName="SYNTHETIC^DIGITAL CHILD", SeriesDescription="cor"), tmp_path / "a")
    save(stack(patient="C7", study="later", seed=5), tmp_path / "b")
    with open_exam(tmp_path / "a") as first, open_exam(tmp_path / "b") as second:
        assert first.exam.patient.synthetic
        assert not second.exam.patient.synthetic
        assert first.exam.patient.key == second.exam.patient.key
        assert "C7" not in first.exam.patient.key


def test_progress_and_a_single_file(tmp_path):
    seen = []
    path = save([image(pattern((1, 16, 12))[0], (1, 2, 3))], tmp_path)[0]
    with open_exam(path, progress=lambda done, total: seen.append((done, total))) as source:
        (part,) = source.exam.stacks
        assert part.grid.shape == (1, 16, 12)
        assert tuple(part.grid.to_mm(Voxel(0, 0, 0))) == (1, 2, 3)
    assert seen[-1] == (1, 1)
