"""The fast header scanner says what pydicom says, on every file, and survives damaged ones."""

import io
import random
import struct
from pathlib import Path

import pydicom
import pytest
from dicom_maker import image, pattern, save, small_exam
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from marrowmap.exchange import dicom_scan
from marrowmap.exchange.dicom_scan import WANTED, NotDicom, Scanner, scan_with_pydicom

REAL = ("pelvis_study_0000", "compressed_mr1_mr2_mr3", "mosaic_9_syntaxes", "knee_ge_anon_echo1_8")


def _agree(path: Path) -> None:
    fast, reference = Scanner().scan(path), scan_with_pydicom(path)
    assert fast.values == reference.values, path.name
    assert fast.syntax == reference.syntax


def _stored(dataset: Dataset, syntax: str) -> bytes:
    out = io.BytesIO()
    dataset.file_meta.TransferSyntaxUID = syntax
    pydicom.dcmwrite(out, dataset, enforce_file_format=True, implicit_vr=syntax == ImplicitVRLittleEndian,
                     little_endian=syntax != ExplicitVRBigEndian)  # fmt: skip
    return out.getvalue()


@pytest.mark.shared
@pytest.mark.parametrize("folder", REAL)
def test_it_agrees_with_pydicom_on_real_files(shared_data, folder):
    paths = [p for p in sorted((shared_data / folder).rglob("*")) if p.is_file() and p.suffix != ".txt"]
    assert len(paths) >= 8
    for path in paths[:: max(1, len(paths) // 60)]:
        _agree(path)


def test_it_agrees_with_pydicom_on_the_files_pydicom_is_tested_with():
    checked = 0
    for name in sorted((Path(pydicom.__file__).parent / "data" / "test_files").rglob("*.dcm")):
        try:
            reference = scan_with_pydicom(name)
        except NotDicom:
            continue
        fast = Scanner().scan(name)
        assert fast.values == reference.values, name
        checked += 1
    assert checked >= 30


@pytest.mark.parametrize(
    "syntax",
    [
        pydicom.uid.ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
@pytest.mark.parametrize("nested", ["none", "defined", "undefined"])
def test_every_uncompressed_syntax_with_and_without_sequences(tmp_path, syntax, nested):
    ds = image(pattern((1, 8, 9))[0], (1.25, -2.5, 3.75), DiffusionBValue=800.0)
    if nested != "none":
        inner = Dataset()
        inner.ReferencedSOPClassUID = ds.SOPClassUID
        inner.RowsInner = 1
        inner.SliceThickness = 99  # must not be taken for the image's own
        outer = Dataset()
        outer.ReferencedImageSequence = Sequence([inner, inner])
        ds.ReferencedStudySequence = Sequence([outer, Dataset()])
        for item in (inner, outer):
            item.is_undefined_length_sequence_item = nested == "undefined"
        if nested == "undefined":
            ds["ReferencedStudySequence"].is_undefined_length = True
            outer["ReferencedImageSequence"].is_undefined_length = True
    path = tmp_path / "a.dcm"
    path.write_bytes(_stored(ds, syntax))
    _agree(path)
    scan = Scanner().scan(path)
    assert scan.values[0x00180050] == b"5.0"
    assert struct.unpack("<d", scan.values[0x00189087]) == (800.0,)


def test_an_undefined_length_sequence_stays_on_the_fast_path(tmp_path, monkeypatch):
    ds = image(pattern((1, 8, 9))[0], (0, 0, 0))
    inner = Dataset()
    inner.CodeValue = "x"
    inner.is_undefined_length_sequence_item = True
    ds.ProcedureCodeSequence = Sequence([inner])
    ds["ProcedureCodeSequence"].is_undefined_length = True
    path = save([ds], tmp_path)[0]
    monkeypatch.setattr(dicom_scan, "scan_with_pydicom", lambda p: pytest.fail("fell back to pydicom"))
    assert Scanner().scan(path).pixel_length == 8 * 9 * 2


def test_a_header_longer_than_the_first_read(tmp_path):
    ds = image(pattern((1, 8, 9))[0], (0, 0, 0))
    ds.add_new(0x00091010, "OB", b"\1" * 300_000)
    ds.add_new(0x00090010, "LO", "TEST")
    path = save([ds], tmp_path)[0]
    scan = Scanner(head_bytes=1024).scan(path)
    assert scan.values == scan_with_pydicom(path).values
    assert path.read_bytes()[scan.pixel_offset :][: scan.pixel_length] == ds.PixelData


def test_a_file_without_preamble(tmp_path):
    ds = image(pattern((1, 8, 9))[0], (0, 0, 0))
    whole = _stored(ds, ImplicitVRLittleEndian)
    start = whole.index(struct.pack("<HH", 0x0008, 0x0008))
    (tmp_path / "bare").write_bytes(whole[start:])
    scan = Scanner().scan(tmp_path / "bare")
    assert scan.values[0x00080060] == b"MR"


@pytest.mark.parametrize(
    "content", [b"", b"x", b"hello " * 100, b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + b"\x02\0"]
)
def test_what_is_no_dicom_says_so(tmp_path, content):
    (tmp_path / "x.dcm").write_bytes(content)
    with pytest.raises(NotDicom):
        Scanner().scan(tmp_path / "x.dcm")


@pytest.mark.parametrize("cut", [200, 500, 900, 1100, 1300])
def test_a_truncated_file_is_never_taken_for_whole(tmp_path, cut):
    whole = _stored(image(pattern((1, 16, 16))[0], (0, 0, 0)), pydicom.uid.ExplicitVRLittleEndian)
    (tmp_path / "t.dcm").write_bytes(whole[:cut])
    try:
        scan = Scanner().scan(tmp_path / "t.dcm")
    except NotDicom:
        return
    assert scan.truncated or scan.pixel_length == 0


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_damaged_bytes_raise_nothing_but_not_dicom(tmp_path_factory, seed):
    rng = random.Random(seed)
    ds = image(pattern((1, 8, 8))[0], (0, 0, 0))
    ds.ReferencedImageSequence = Sequence([Dataset()])
    whole = bytearray(_stored(ds, rng.choice([pydicom.uid.ExplicitVRLittleEndian, ImplicitVRLittleEndian])))
    for _ in range(rng.randint(1, 6)):
        whole[rng.randrange(len(whole))] = rng.randrange(256)
    if rng.random() < 0.3:
        del whole[rng.randrange(len(whole)) :]
    path = tmp_path_factory.mktemp("damaged") / "d.dcm"
    path.write_bytes(whole)
    try:
        scan = Scanner().scan(path)
    except NotDicom:
        return
    assert set(scan.values) <= set(WANTED)


def test_a_small_exam_agrees(tmp_path):
    small_exam(tmp_path)
    for path in sorted(tmp_path.iterdir())[::7]:
        _agree(path)
