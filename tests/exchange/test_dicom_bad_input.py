"""Folders as they come: foreign, damaged, doubled, incomplete; each has a message, nothing vanishes."""

import io
import stat
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_maker import image, pattern, save, small_exam, stack
from legs_as_dicom import write_legs
from pydicom.fileset import FileSet

from marrowmap.core.volume import Contrast
from marrowmap.errors import (
    InputError,
    NoImagesFound,
    NotMagneticResonance,
    SeveralExams,
    SeveralPatients,
    UnsafeArchive,
)
from marrowmap.exchange import dicom_archive
from marrowmap.exchange.dicom_exam import open_exam


def _exam(path: Path, **choice):
    with open_exam(path, **choice) as source:
        assert source.exam.images_accounted == source.exam.images_in
        for part in source.exam.stacks:
            assert source.array(part).shape == part.grid.shape
        return source.exam


def _warning(exam, *words):
    found = [w for w in exam.warnings if all(word in w for word in words)]
    assert found, exam.warnings
    return found[0]


def test_an_empty_folder_and_a_wrong_path(tmp_path):
    with pytest.raises(NoImagesFound, match=r"the folder is empty\. Give the folder"):
        open_exam(tmp_path)
    with pytest.raises(NoImagesFound, match="there is no such file"):
        open_exam(tmp_path / "gone")


def test_a_folder_without_images_says_what_it_holds(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "text.dcm").write_text("no image")
    with pytest.raises(NoImagesFound, match="none of its 2 files holds an MR image") as caught:
        open_exam(tmp_path)
    assert "no DICOM file" in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_text_file_named_dcm_lies_among_the_rest(tmp_path):
    n = small_exam(tmp_path)
    (tmp_path / "readme.dcm").write_text("hello")
    exam = _exam(tmp_path)
    assert exam.images_in == n + 1
    assert [r.files for r in exam.leftovers] == [("readme.dcm",)]
    _warning(exam, "readme.dcm", "export it again")


@pytest.mark.parametrize("keep", [0.2, 0.9, 0.999])
def test_a_truncated_file_is_left_out_and_its_slice_is_missing(tmp_path, keep):
    paths = save(stack(shape=(8, 16, 12)), tmp_path)
    whole = paths[3].read_bytes()
    paths[3].write_bytes(whole[: int(len(whole) * keep)])
    exam = _exam(tmp_path)
    assert sum(r.n_images for r in exam.leftovers) == 1
    assert exam.stacks[0].missing_slices == (3,)
    _warning(exam, "slices are missing (number 4)", "Series 1")
    if keep > 0.5:
        _warning(exam, paths[3].name, "cut off", "again")


@pytest.mark.parametrize("damage", ["cut", "spoilt"])
def test_compressed_pixels_that_are_cut_off_or_spoilt(tmp_path, damage):
    images = stack(shape=(8, 64, 64))
    for ds in images:
        ds.compress(pydicom.uid.JPEGLSLossless, generate_instance_uid=False)
    paths = save(images, tmp_path)
    whole = paths[3].read_bytes()
    if damage == "cut":
        paths[3].write_bytes(whole[: int(len(whole) * 0.8)])
        exam = _exam(tmp_path)
        assert exam.stacks[0].missing_slices == (3,)
        _warning(exam, paths[3].name, "cut off")
        return
    start = whole.index(b"\xff\xd8\xff")
    paths[3].write_bytes(whole[:start] + bytes(40) + whole[start + 40 :])
    with (
        open_exam(tmp_path) as source,
        pytest.raises(InputError, match=f"{paths[3].name}.*Export the exam again"),
    ):
        source.array(source.exam.stacks[0])


@pytest.mark.parametrize("n_spoilt", [1, 8])
def test_what_can_be_decoded_of_a_spoilt_stack_is_kept(tmp_path, n_spoilt):
    array = pattern((8, 64, 64))
    images = stack(array=array)
    for ds in images:
        ds.compress(pydicom.uid.JPEGLSLossless, generate_instance_uid=False)
    paths = save(images, tmp_path)
    for path in paths[:n_spoilt]:
        whole = path.read_bytes()
        start = whole.index(b"\xff\xd8\xff")
        path.write_bytes(whole[:start] + bytes(40) + whole[start + 40 :])

    with open_exam(tmp_path) as source:
        source.set_aside_unreadable()
        exam = source.exam
        assert exam.images_accounted == exam.images_in == 8
        assert sum(rest.n_images for rest in exam.leftovers) == n_spoilt
        _warning(exam, paths[0].name, "Export the exam again")
        if n_spoilt == 8:
            assert exam.stacks == ()
            return
        (kept,) = exam.stacks
        assert len(kept.missing_slices) == n_spoilt
        read = source.array(kept)
        assert not read[kept.missing_slices[0]].any()
        assert np.array_equal(np.delete(read, kept.missing_slices, 0), array[n_spoilt:])


def test_one_file_of_another_patient_is_set_aside(tmp_path):
    n = small_exam(tmp_path)
    save([image(pattern((1, 16, 12))[0], (0, 0, 0), patient="STRANGER7")], tmp_path, name="x{}.dcm")
    exam = _exam(tmp_path)
    assert sum(s.n_images for s in exam.stacks) == n
    (rest,) = exam.leftovers
    assert (rest.what, rest.n_images) == ("image of another patient", 1)
    assert "STRANGER7" not in _warning(exam, "1 images of 1 other patient(s)", "set aside")


def test_two_patients_must_be_chosen_from_by_pseudonym(tmp_path):
    small_exam(tmp_path / "a", patient="ANNA12")
    small_exam(tmp_path / "b", patient="BERT34")
    with pytest.raises(SeveralPatients, match="--patient") as caught:
        open_exam(tmp_path)
    message = str(caught.value)
    assert "ANNA12" not in message
    assert "BERT34" not in message
    key = message.split("2 patients: ")[1].split(" ")[0]
    chosen = _exam(tmp_path, patient=key)
    assert chosen.patient.key == key
    assert chosen.images_in == 188
    assert _exam(tmp_path, patient="ANNA12").patient.key != _exam(tmp_path, patient="BERT34").patient.key
    with pytest.raises(InputError, match="holds no such patient"):
        open_exam(tmp_path, patient="nobody")


def test_two_exams_must_be_chosen_from(tmp_path):
    small_exam(tmp_path / "a", study="first")
    small_exam(tmp_path / "b", study="second")
    with pytest.raises(SeveralExams, match="--study") as caught:
        open_exam(tmp_path)
    uid = str(caught.value).split("of one patient: ")[1].split(" ")[0]
    assert _exam(tmp_path, study=uid).study_uid == uid
    assert _exam(tmp_path, study=uid[-12:]).study_uid == uid
    with pytest.raises(InputError, match="no such exam"):
        open_exam(tmp_path, study="9.9.9")


def test_a_file_copied_twice_is_used_once(tmp_path):
    paths = save(stack(), tmp_path)
    (tmp_path / "copy.dcm").write_bytes(paths[2].read_bytes())
    exam = _exam(tmp_path)
    assert exam.stacks[0].n_images == 6
    assert exam.leftovers[0].what == "doubled image"
    _warning(exam, "1 images set aside (doubled image)")


def test_slices_doubled_under_new_uids_are_found_by_their_pixels(tmp_path):
    images = stack()
    save(images, tmp_path)
    for ds in images[2:4]:
        ds.SOPInstanceUID += ".7"
        ds.InstanceNumber += 50
    save(images[2:4], tmp_path)
    exam = _exam(tmp_path)
    assert [s.n_images for s in exam.stacks] == [6]
    assert exam.leftovers[0].n_images == 2


def test_missing_slices_hold_zero_and_are_named(tmp_path):
    images = stack(shape=(10, 16, 12))
    save([ds for k, ds in enumerate(images) if k not in (4, 5)], tmp_path)
    with open_exam(tmp_path) as source:
        (part,) = source.exam.stacks
        array = source.array(part)
    assert part.grid.shape == (10, 16, 12)
    assert part.missing_slices == (4, 5)
    assert part.n_images == 8
    assert not array[4:6].any()
    assert np.array_equal(array[6], images[6].pixel_array)
    assert part.grid.spacing[0] == pytest.approx(6.0)


def test_a_series_in_two_blocks_is_read_as_two_stacks(tmp_path):
    images = stack(shape=(12, 16, 12))
    save(images[:4] + images[9:], tmp_path)
    exam = _exam(tmp_path)
    assert [s.n_images for s in exam.stacks] == [4, 3]


def test_uneven_slices_are_read_and_said(tmp_path):
    images = stack(shape=(6, 16, 12))
    for ds, y in zip(images, (0, 6, 13.5, 22, 30.7, 41), strict=True):
        ds.ImagePositionPatient = [0, y, 0]
    save(images, tmp_path)
    exam = _exam(tmp_path)
    assert sum(s.n_images for s in exam.stacks) == 6
    _warning(exam, "slices stand alone, unevenly spaced")


def test_stations_with_a_gap_are_just_read(tmp_path):
    for k, z in enumerate((0.0, -100.0)):
        save(stack((0, 0, z), series=k + 1, seed=k), tmp_path)
    assert [s.contrast for s in _exam(tmp_path).stacks] == [Contrast.STIR, Contrast.STIR]


def test_a_ct_is_refused_and_among_mr_set_aside(tmp_path):
    ct = stack(contrast="T1", series=9, Modality="CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    save(ct, tmp_path / "ct")
    with pytest.raises(NotMagneticResonance, match=r"CT \(6 images\)"):
        open_exam(tmp_path)
    save(stack(), tmp_path / "mr")
    exam = _exam(tmp_path)
    assert exam.leftovers[0].what == "CT image"
    assert exam.leftovers[0].n_images == 6


def test_images_without_a_place_and_in_colour_are_set_aside(tmp_path):
    save(stack(), tmp_path)
    save(stack(series=2, seed=3, ImagePositionPatient=None), tmp_path)
    flat = stack(series=3, seed=4, ImageOrientationPatient=[1, 0, 0, 1, 0, 0])
    save(flat, tmp_path)
    colour = image(pattern((1, 16, 12))[0], (0, 0, 0), series=4, SamplesPerPixel=3,
                   PhotometricInterpretation="RGB",
                   BitsAllocated=8, BitsStored=8, HighBit=7, PlanarConfiguration=0)  # fmt: skip
    colour.PixelData = bytes(16 * 12 * 3)
    save([colour], tmp_path)
    exam = _exam(tmp_path)
    assert {(r.what, r.n_images) for r in exam.leftovers} == {
        ("image without a place", 6),
        ("colour picture", 1),
    } or (
        sorted((r.what, r.n_images) for r in exam.leftovers)
        == [("colour picture", 1), ("image without a place", 6), ("image without a place", 6)]
    )
    assert [s.n_images for s in exam.stacks] == [6]


def test_dates_blanked_by_stars(tmp_path):
    save(stack(StudyDate="", PatientBirthDate="", PatientAge=""), tmp_path)
    for path in tmp_path.iterdir():
        raw = path.read_bytes()
        path.write_bytes(raw.replace(b"DA\x00\x00", b"DA\x00\x00"))
    exam = _exam(tmp_path)
    assert exam.exam_date is None
    assert exam.patient.age_years is None
    ds = pydicom.dcmread(next(tmp_path.iterdir()))
    ds.StudyDate = None
    starred = tmp_path / "starred"
    starred.mkdir()
    out = io.BytesIO()
    ds.add_new(0x00080020, "LO", "***")
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    (starred / "s.dcm").write_bytes(out.getvalue().replace(b"\x08\x00\x20\x00LO", b"\x08\x00\x20\x00DA"))
    assert _exam(starred).exam_date is None


def test_the_name_of_a_patient_in_a_path_is_not_repeated(tmp_path):
    folder = tmp_path / "Name_SECRET99"
    paths = save(stack(patient="SECRET99"), folder)
    paths[0].write_bytes(paths[0].read_bytes()[:-10])
    exam = _exam(tmp_path)
    assert not any("SECRET99" in w for w in exam.warnings)
    _warning(exam, paths[0].name, "cut off")


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "name", ["../evil.dcm", "/etc/evil", "a/../../evil", "C:\\evil", "..\\evil", "\\\\host\\x"]
)
def test_an_archive_that_climbs_out_is_refused(tmp_path, name):
    path = _zip(tmp_path / "e.zip", {"ok.dcm": b"x", name: b"y"})
    with pytest.raises(UnsafeArchive, match=r"e\.zip: the path of member 2 climbs out"):
        open_exam(path)
    assert [p.name for p in tmp_path.iterdir()] == ["e.zip"]


def test_an_archive_with_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "l.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafeArchive, match="is a link"):
        open_exam(tmp_path / "l.zip")


def test_an_archive_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(dicom_archive, "RATIO_FREE_BYTES", 1 << 20)
    path = _zip(tmp_path / "bomb.zip", {"zeros": bytes(8 << 20)})
    with pytest.raises(UnsafeArchive, match="times its size"):
        open_exam(path)
    monkeypatch.setattr(dicom_archive, "MAX_BYTES", 1000)
    with pytest.raises(UnsafeArchive, match="would unpack to more"):
        open_exam(path)
    monkeypatch.setattr(dicom_archive, "MAX_FILES", 0)
    with pytest.raises(UnsafeArchive, match="more than 0"):
        open_exam(path)


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path, monkeypatch):
    path = _zip(tmp_path / "liar.zip", {"a": bytes(100_000)})
    raw = path.read_bytes()
    size = (100_000).to_bytes(4, "little")
    path.write_bytes(raw.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises((UnsafeArchive, InputError), match=r"liar\.zip"):
        open_exam(path)


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x03\x04 cut off"])
def test_a_damaged_archive_says_so(tmp_path, content):
    (tmp_path / "d.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"d\.zip.*again"):
        open_exam(tmp_path / "d.zip")


def test_an_archive_reads_like_its_folder_and_leaves_nothing(tmp_path, monkeypatch):
    work = tmp_path / "temporary"
    work.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(work))
    small_exam(tmp_path / "exam")
    path = _zip(
        tmp_path / "exam.zip", {f"DICOM/{p.name}": p.read_bytes() for p in (tmp_path / "exam").iterdir()}
    )
    with open_exam(path) as source, open_exam(tmp_path / "exam") as plain:
        assert len(list(work.iterdir())) == 1
        for a, b in zip(source.exam.stacks, plain.exam.stacks, strict=True):
            assert (a.id, a.contrast, a.grid) == (b.id, b.contrast, b.grid)
            assert np.array_equal(source.array(a), plain.array(b))
    assert list(work.iterdir()) == []
    with pytest.raises(InputError):
        open_exam(path, patient="nobody")
    assert list(work.iterdir()) == []


def test_a_dicomdir_names_its_files(tmp_path):
    small = stack()
    files = FileSet()
    for ds in small:
        ds.StudyID, ds.StudyTime, ds.AccessionNumber = "1", "120000", "1"
        files.add(ds)
    files.write(tmp_path / "cd")
    assert _exam(tmp_path / "cd" / "DICOMDIR").stacks[0].n_images == 6
    assert _exam(tmp_path / "cd").stacks[0].n_images == 6
    next(p for p in (tmp_path / "cd").rglob("*") if p.is_file() and p.name != "DICOMDIR").unlink()
    exam = _exam(tmp_path / "cd" / "DICOMDIR")
    assert sum(s.n_images for s in exam.stacks) == 5
    _warning(exam, "lists 1 files that are not there")


@pytest.mark.shared
def test_the_leg_stations_read_as_three_stacks(tmp_path, shared_data):
    assert write_legs(shared_data, tmp_path) == 93
    exam = _exam(tmp_path)
    assert [s.contrast for s in exam.stacks] == [Contrast.DIXON_WATER] * 3
    feet = [s.grid.affine[2, 3] for s in exam.stacks]
    assert feet == [0.0, 156.0, 312.0]
