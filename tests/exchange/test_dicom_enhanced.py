"""Enhanced multi-frame MR: stacks, b-values and time points of one file are told apart."""

import numpy as np
import pydicom
import pytest
from dicom_maker import PLANES, image, pattern
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from marrowmap.core.geometry import Plane
from marrowmap.core.volume import Contrast
from marrowmap.exchange.dicom_exam import open_exam


def _group(**values) -> Sequence:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Sequence([item])


def _frame(position, plane, stack, number, b=None, time=1, slope=None) -> Dataset:
    frame = Dataset()
    frame.PlanePositionSequence = _group(ImagePositionPatient=list(position))
    frame.PlaneOrientationSequence = _group(ImageOrientationPatient=list(PLANES[plane]))
    frame.FrameContentSequence = _group(
        StackID=stack, InStackPositionNumber=number, TemporalPositionIndex=time
    )
    if b is not None:
        frame.MRDiffusionSequence = _group(DiffusionBValue=float(b))
    if slope is not None:
        frame.PixelValueTransformationSequence = _group(RescaleSlope=slope, RescaleIntercept=0)
    return frame


def _write(path, frames, pixels, *, timing, frame_type, **tags):
    ds = image(pixels[0], (0, 0, 0), contrast="T1")
    per_frame = (
        "ImagePositionPatient ImageOrientationPatient PixelSpacing SliceThickness RepetitionTime EchoTime"
    )
    for keyword in f"{per_frame} ScanningSequence SequenceVariant ScanOptions FlipAngle".split():
        delattr(ds, keyword)
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
    ds.NumberOfFrames = len(frames)
    shared = Dataset()
    shared.PixelMeasuresSequence = _group(PixelSpacing=[1.5, 1.5], SliceThickness=5)
    shared.MRTimingAndRelatedParametersSequence = _group(RepetitionTime=timing["tr"], FlipAngle=90)
    shared.MREchoSequence = _group(EffectiveEchoTime=float(timing["te"]))
    modifier = {"InversionRecovery": "YES" if "ti" in timing else "NO"}
    if "ti" in timing:
        modifier["InversionTimes"] = float(timing["ti"])
    shared.MRModifierSequence = _group(**modifier)
    shared.MRImageFrameTypeSequence = _group(FrameType=frame_type, ComplexImageComponent="MAGNITUDE")
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
    ds.EchoPulseSequence, ds.EchoPlanarPulseSequence = "SPIN", tags.get("echo_planar", "NO")
    ds.PixelData = np.ascontiguousarray(pixels, dtype="<u2").tobytes()
    pydicom.dcmwrite(path, ds, enforce_file_format=True)


def test_stacks_of_one_file_lie_apart(tmp_path):
    pixels = pattern((11, 16, 12))
    order = np.random.default_rng(3).permutation(11)
    frames = [_frame((0, 6.0 * k, 0), "coronal", "1", k + 1) for k in range(6)]
    frames += [_frame((-6.0 * k, 0, 5), "sagittal", "2", k + 1) for k in range(5)]
    _write(tmp_path / "e.dcm", [frames[i] for i in order], pixels[order], timing={"tr": 4500, "te": 60, "ti": 160},
           frame_type=["ORIGINAL", "PRIMARY", "M", "NONE"])  # fmt: skip
    with open_exam(tmp_path) as source:
        exam = source.exam
        assert exam.images_in == exam.images_accounted == 11
        assert [(s.contrast, s.plane, s.n_images) for s in exam.stacks] in (
            [(Contrast.STIR, Plane.SAGITTAL, 5), (Contrast.STIR, Plane.CORONAL, 6)],
            [(Contrast.STIR, Plane.CORONAL, 6), (Contrast.STIR, Plane.SAGITTAL, 5)],
        )
        for part in exam.stacks:
            expected = pixels[:6] if part.plane is Plane.CORONAL else pixels[6:]
            assert np.array_equal(source.array(part), expected)
            assert part.files == ("e.dcm",)
            assert part.acquisition.ti_ms == 160


def test_b_values_and_slopes_of_one_file(tmp_path):
    pixels = pattern((8, 16, 12))
    frames = [
        _frame((0, 0, 5.0 * (k % 4)), "axial", "1", k % 4 + 1, b=(50, 800)[k // 4], slope=(1.0, 2.5)[k // 4])
        for k in range(8)
    ]
    _write(tmp_path / "d.dcm", frames, pixels, timing={"tr": 6000, "te": 60}, echo_planar="YES",
           frame_type=["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"])  # fmt: skip
    with open_exam(tmp_path) as source:
        low, high = source.exam.stacks
        assert (low.contrast, low.b_value, high.b_value) == (Contrast.DWI, 50.0, 800.0)
        assert np.array_equal(source.array(low), pixels[:4])
        assert np.allclose(source.array(high), pixels[4:] * 2.5)


def test_a_temporal_stack_is_not_a_spatial_stack(tmp_path):
    pixels = pattern((12, 16, 12))
    frames = [_frame((0, 6.0 * (k % 3), 0), "coronal", "1", k % 3 + 1, time=k // 3 + 1) for k in range(12)]
    _write(
        tmp_path / "t.dcm",
        frames,
        pixels,
        timing={"tr": 500, "te": 10},
        frame_type=["ORIGINAL", "PRIMARY", "M", "NONE"],
    )
    with open_exam(tmp_path) as source:
        assert [s.grid.shape[0] for s in source.exam.stacks] == [3, 3, 3, 3]
        assert np.array_equal(source.array(source.exam.stacks[2]), pixels[6:9])


@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_truncated_multi_frame_file_is_left_out_whole(tmp_path, keep):
    pixels = pattern((6, 64, 64))
    frames = [_frame((0, 6.0 * k, 0), "coronal", "1", k + 1) for k in range(6)]
    _write(
        tmp_path / "e.dcm",
        frames,
        pixels,
        timing={"tr": 500, "te": 10},
        frame_type=["ORIGINAL", "PRIMARY", "M", "NONE"],
    )
    whole = (tmp_path / "e.dcm").read_bytes()
    (tmp_path / "e.dcm").write_bytes(whole[: int(len(whole) * keep)])
    (tmp_path / "f.dcm").write_bytes(whole)
    with open_exam(tmp_path) as source:
        assert source.exam.images_in == source.exam.images_accounted == 12
        assert source.exam.leftovers[0].what == "truncated file"


def test_frames_without_positions_are_set_aside(tmp_path):
    _write(tmp_path / "e.dcm", [Dataset()] * 4, pattern((4, 16, 12)), timing={"tr": 500, "te": 10},
           frame_type=["ORIGINAL", "PRIMARY", "M", "NONE"])  # fmt: skip
    frames = [_frame((0, 6.0 * k, 0), "coronal", "1", k + 1) for k in range(3)]
    _write(tmp_path / "g.dcm", frames, pattern((3, 16, 12), 5), timing={"tr": 500, "te": 10},
           frame_type=["ORIGINAL", "PRIMARY", "M", "NONE"])  # fmt: skip
    with open_exam(tmp_path) as source:
        assert source.exam.images_in == source.exam.images_accounted == 7
        assert source.exam.leftovers[0].n_images == 4
