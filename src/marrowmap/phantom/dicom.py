"""Writing a measured exam as classic single-frame DICOM MR images (PS3.3 A.4).

One template data set per series; each image changes only its own values. Geometry is written with the full
16 characters of a decimal string. Everything is marked synthetic: PatientName, ImageComments and (0008,001C).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage
from pydicom.valuerep import format_number_as_ds

from marrowmap.core.geometry import Grid
from marrowmap.core.volume import Contrast
from marrowmap.phantom.acquire import Measured
from marrowmap.phantom.plan import Stack
from marrowmap.phantom.signal import Scan, Sequence
from marrowmap.phantom.vendors import Style

MARK = "SYNTHETIC DIGITAL CHILD"
IMPLEMENTATION = "2.25.278651064208123094382471862834209"


def uid(*words: object) -> str:
    """A UID derived from ``words``; the same words give the same UID (PS3.5 B.2: 2.25 and a 128-bit
    number)."""
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()[:16]
    return f"2.25.{int.from_bytes(digest, 'big')}"


@dataclass(frozen=True)
class ExamHeader:
    """What all images of an exam share. key: words the UIDs are made of."""

    key: str
    patient_id: str
    patient_name: str
    sex: str
    age_years: float
    birth: date
    when: datetime
    height_m: float
    weight_kg: float
    field_t: float
    style: Style
    vendor: str


@dataclass(frozen=True)
class WrittenSeries:
    """One series on disk: number, UID, folder below the exam's, what it holds."""

    number: int
    uid: str
    folder: str
    stack: Stack
    contrast: Contrast
    b_values: tuple[float, ...]
    images: int


def write_series(
    folder: Path, number: int, header: ExamHeader, stacks: list[tuple[Stack, list[Measured]]]
) -> list[WrittenSeries]:
    """Write ``stacks`` (each with images of one series) as series ``number``; returns what was written."""
    name = f"SE{number:04d}"
    (folder / name).mkdir(parents=True)
    series_uid = uid(header.key, "series", number)
    count = 0
    written = []
    for stack, images in stacks:
        first = count
        for measured in _interleaved(images, header.vendor):
            count = _write_stack(folder / name, number, series_uid, header, stack, measured, count)
        b_values = tuple(m.b_value for m in images if m.b_value is not None)
        written.append(
            WrittenSeries(number, series_uid, name, stack, images[0].contrast, b_values, count - first)
        )
    return written


def _interleaved(images: list[Measured], vendor: str) -> Iterable[Measured]:
    return images if vendor != "philips" else list(reversed(images))


def _write_stack(
    folder: Path,
    number: int,
    series_uid: str,
    header: ExamHeader,
    stack: Stack,
    measured: Measured,
    count: int,
) -> int:
    ds = _template(number, series_uid, header, stack, measured)
    grid = stack.grid
    pixels = np.clip(np.rint(measured.array), 0, 4095).astype("<u2")
    order = range(grid.shape[0])
    if header.style.coronal_back_to_front and stack.key == "coronal":
        order = range(grid.shape[0] - 1, -1, -1)
    normal = np.cross(grid.affine[:3, 2] / grid.spacing[2], grid.affine[:3, 1] / grid.spacing[1])
    ds.WindowCenter, ds.WindowWidth = _window(pixels, measured.contrast)
    for k in order:
        count += 1
        place = grid.affine[:3, :3] @ (k, 0, 0) + grid.affine[:3, 3]
        instance = uid(header.key, number, count)
        ds.SOPInstanceUID = instance
        ds.file_meta.MediaStorageSOPInstanceUID = instance
        ds.InstanceNumber = count
        ds.ImagePositionPatient = [_ds(v) for v in place]
        ds.SliceLocation = _ds(float(normal @ place))
        moment = (header.when + timedelta(seconds=90 * stack.order + 0.5 * k)).strftime("%H%M%S.%f")
        ds.AcquisitionTime = ds.ContentTime = moment
        ds.PixelData = pixels[k].tobytes()
        ds.save_as(folder / f"IM{count:05d}.dcm", enforce_file_format=True)
    return count


def _ds(value: float) -> str:
    return format_number_as_ds(round(float(value), 10) + 0.0)


def _window(pixels: np.ndarray, contrast: Contrast) -> tuple[str, str]:
    if contrast is Contrast.ADC:
        return "1250", "2500"
    top = float(np.percentile(pixels[:, ::4, ::4], 99.0))
    return _ds(round(top / 2)), _ds(max(round(top), 1))


def _template(number: int, series_uid: str, header: ExamHeader, stack: Stack, measured: Measured) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = MRImageStorage
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = IMPLEMENTATION
    ds.file_meta.ImplementationVersionName = "MARROWMAP"
    style = header.style
    _patient_and_study(ds, header)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = list(style.image_type[measured.contrast])
    ds.SOPClassUID = MRImageStorage
    ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = header.when.strftime("%Y%m%d")
    ds.SeriesTime = (header.when + timedelta(seconds=90 * stack.order)).strftime("%H%M%S.%f")
    ds.Modality = "MR"
    ds.Manufacturer = style.manufacturer
    ds.ManufacturerModelName = style.model[1.5 if header.field_t < 2 else 3.0]
    ds.InstitutionName = "SYNTHETIC"
    ds.SoftwareVersions = style.software
    ds.DeviceSerialNumber = "00000"
    description = style.descriptions.get((stack.key.split("_")[0], measured.contrast), "")
    if description:
        ds.SeriesDescription = description
    ds.ProtocolName = description or "WB"
    ds.BodyPartExamined = stack.body_part
    ds.SeriesInstanceUID = series_uid
    ds.SeriesNumber = number
    ds.AcquisitionNumber = 1
    ds.PatientPosition = "HFS"
    frame = stack.station if style.new_frame_per_station and stack.key in ("coronal", "dwi", "spine") else 0
    ds.FrameOfReferenceUID = uid(header.key, "frame", frame)
    ds.PositionReferenceIndicator = ""
    if stack.key.startswith("foot_"):
        ds.Laterality = stack.key[5].upper()
    elif stack.key == "knees":
        ds.Laterality = ""
    _geometry(ds, stack.grid, stack.thickness_mm)
    _acquisition(ds, header, stack, measured)
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = stack.grid.shape[1:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.ImageComments = MARK
    ds.add_new(0x0008001C, "CS", "YES")
    return ds


def _patient_and_study(ds: Dataset, header: ExamHeader) -> None:
    ds.PatientName = header.patient_name
    ds.PatientID = header.patient_id
    ds.PatientBirthDate = header.birth.strftime("%Y%m%d")
    ds.PatientSex = header.sex
    ds.PatientAge = f"{int(header.age_years):03d}Y"
    ds.PatientSize = _ds(round(header.height_m, 3))
    ds.PatientWeight = _ds(round(header.weight_kg, 1))
    ds.PatientComments = MARK
    ds.StudyInstanceUID = uid(header.key, "study")
    ds.StudyID = "1"
    ds.StudyDate = header.when.strftime("%Y%m%d")
    ds.StudyTime = header.when.strftime("%H%M%S")
    ds.AccessionNumber = ""
    ds.ReferringPhysicianName = ""
    ds.StudyDescription = "WHOLE BODY MRI " + MARK


def _geometry(ds: Dataset, grid: Grid, thickness_mm: float) -> None:
    step, row, column = grid.spacing
    across, down = grid.affine[:3, 2] / column, grid.affine[:3, 1] / row
    ds.ImageOrientationPatient = [_ds(v) for v in (*across, *down)]
    ds.PixelSpacing = [_ds(row), _ds(column)]
    ds.SliceThickness = _ds(thickness_mm)
    ds.SpacingBetweenSlices = _ds(step)


def _acquisition(ds: Dataset, header: ExamHeader, stack: Stack, measured: Measured) -> None:
    scan: Scan = measured.scan
    inversion = scan.sequence is Sequence.INVERSION_RECOVERY
    diffusion = scan.sequence is Sequence.DIFFUSION
    ds.ScanningSequence = (
        ["SE", "IR"] if inversion else "EP" if diffusion else "GR" if stack.key == "localizer" else "SE"
    )
    ds.SequenceVariant = "NONE" if diffusion else "SK"
    ds.ScanOptions = "FS" if diffusion else ""
    ds.MRAcquisitionType = "2D"
    name = header.style.sequence_name.get(measured.contrast)
    if name:
        ds.SequenceName = (
            name.replace("b50_800", f"b{measured.b_value:.0f}t") if measured.b_value is not None else name
        )
    ds.RepetitionTime, ds.EchoTime = _ds(scan.tr), _ds(scan.te)
    if inversion:
        ds.InversionTime = _ds(scan.ti)
    ds.NumberOfAverages = "1"
    ds.ImagingFrequency = _ds(round(42.577 * header.field_t, 4))
    ds.ImagedNucleus = "1H"
    ds.EchoNumbers = 1
    ds.MagneticFieldStrength = _ds(header.field_t)
    ds.EchoTrainLength = 1 if stack.key == "localizer" else 84 if diffusion else 17 if inversion else 3
    ds.PercentSampling, ds.PercentPhaseFieldOfView = "80", "100"
    ds.PixelBandwidth = "1500" if diffusion else "260"
    ds.ReceiveCoilName = header.style.coil
    ds.InPlanePhaseEncodingDirection = "COL" if diffusion else "ROW"
    ds.FlipAngle = "90" if diffusion else "150"
    if diffusion:
        _b_value(ds, header.vendor, measured)


def _b_value(ds: Dataset, vendor: str, measured: Measured) -> None:
    """Each maker's own place of the b-value; Siemens leaves one on its ADC map too."""
    adc = measured.contrast is Contrast.ADC
    b = round(measured.b_value) if measured.b_value is not None else int(measured.scan.b)
    if vendor == "siemens":
        block = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x08, "CS", "IMAGE NUM 4")
        block.add_new(0x0C, "IS", str(b))
    elif vendor == "ge":
        if not adc:
            block = ds.private_block(0x0043, "GEMS_PARM_01", create=True)
            block.add_new(0x39, "IS", [str(b + 1000000000), "8", "0", "0"])
    else:
        if not adc:
            ds.add_new(0x00189087, "FD", float(b))
        block = ds.private_block(0x2001, "Philips Imaging DD 001", create=True)
        block.add_new(0x03, "FL", 0.0 if adc else float(b))
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "normalized"
