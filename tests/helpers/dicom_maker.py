"""Small DICOM files for tests: any plane, contrast, number of slices; nobody's images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

PLANES = {
    "coronal": (1, 0, 0, 0, 0, -1),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "axial": (1, 0, 0, 0, 1, 0),
}
CONTRASTS: dict[str, dict[str, Any]] = {
    "STIR": {"ScanningSequence": ["SE", "IR"], "RepetitionTime": 4500, "EchoTime": 60, "InversionTime": 150},
    "T1": {"ScanningSequence": "SE", "RepetitionTime": 550, "EchoTime": 11},
    "T2": {"ScanningSequence": "SE", "RepetitionTime": 4200, "EchoTime": 95},
    "PD": {"ScanningSequence": "SE", "RepetitionTime": 2800, "EchoTime": 14},
    "T2FS": {"ScanningSequence": "SE", "ScanOptions": "FS", "RepetitionTime": 4000, "EchoTime": 70},
    "DIXON_WATER": {
        "ScanningSequence": "GR", "RepetitionTime": 7, "EchoTime": 2.4, "FlipAngle": 10,
        "ImageType": ["DERIVED", "PRIMARY", "DIXON", "WATER"],
    },
    "DIXON_FAT": {
        "ScanningSequence": "GR", "RepetitionTime": 7, "EchoTime": 2.4, "FlipAngle": 10,
        "ImageType": ["DERIVED", "PRIMARY", "DIXON", "FAT"],
    },
    "DWI": {
        "ScanningSequence": "EP", "RepetitionTime": 7000, "EchoTime": 65, "ScanOptions": "FS",
        "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"],
    },
    "ADC": {
        "ScanningSequence": "EP", "RepetitionTime": 7000, "EchoTime": 65, "ScanOptions": "FS",
        "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"],
    },
}  # fmt: skip


def uid(*parts: object) -> str:
    """A UID that depends on ``parts`` alone."""
    return pydicom.uid.generate_uid(prefix="1.2.826.0.1.3680043.8.498.", entropy_srcs=[str(p) for p in parts])


def image(
    pixels: np.ndarray,
    position: tuple[float, float, float],
    *,
    plane: str = "coronal",
    contrast: str = "STIR",
    series: object = 1,
    number: int = 1,
    spacing: tuple[float, float] = (1.5, 1.5),
    thickness: float = 5.0,
    patient: str = "P1",
    study: object = "study",
    **tags: Any,
) -> Dataset:
    """One classic MR image; ``tags`` override or add elements by keyword, None deletes one."""
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    ds.SOPInstanceUID = uid(patient, study, series, number, contrast, position, tags.get("DiffusionBValue"))
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "NORM"]
    ds.StudyDate, ds.Modality, ds.Manufacturer = "20260301", "MR", "Test"
    ds.ManufacturerModelName, ds.SeriesDescription = "Model", f"series {series}"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = f"Name^{patient}", patient, "20160301"
    ds.PatientSex, ds.PatientAge = "F", "010Y"
    ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "SK", "", "2D"
    ds.SliceThickness, ds.FlipAngle, ds.MagneticFieldStrength = thickness, 90, 1.5
    ds.StudyInstanceUID = uid(patient, study)
    ds.SeriesInstanceUID = uid(patient, study, "series", series)
    ds.SeriesNumber = series if isinstance(series, int) else 1
    ds.AcquisitionNumber, ds.InstanceNumber = 1, number
    ds.ImagePositionPatient = [f"{v:.10g}"[:16] for v in position]
    ds.ImageOrientationPatient = list(PLANES[plane])
    ds.FrameOfReferenceUID = uid(patient, study, "frame")
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = pixels.shape
    ds.PixelSpacing = list(spacing)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.PixelData = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).tobytes()
    for keyword, value in {**CONTRASTS[contrast], **tags}.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def pattern(shape: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    """Smooth, different slices: uint16, [slice, row, column]."""
    rng = np.random.default_rng(seed)
    slices, rows, columns = np.indices(shape)
    wave = 400 + 200 * np.sin(rows / 5 + seed) + 150 * np.cos(columns / 7) + 11 * slices + 37 * (seed % 13)
    return (wave + rng.integers(0, 30, shape)).astype(np.uint16)


def stack(
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    shape: tuple[int, int, int] = (6, 16, 12),
    *,
    plane: str = "coronal",
    step: float = 6.0,
    seed: int = 0,
    array: np.ndarray | None = None,
    **settings: Any,
) -> list[Dataset]:
    """Images of one regular stack; slices advance by ``step`` mm along the normal of the plane."""
    pixels = pattern(shape, seed) if array is None else array
    row, column = np.array(PLANES[plane][:3]), np.array(PLANES[plane][3:])
    normal = np.cross(row, column)
    first = settings.pop("first_number", 1)
    return [
        image(
            pixels[k], tuple(float(v) for v in np.array(origin) + k * step * normal), plane=plane,
            number=first + k,
            **settings,
        )
        for k in range(shape[0] if array is None else len(array))
    ]  # fmt: skip


def save(images: list[Dataset], folder: Path, *, name: str = "IM{:05d}") -> list[Path]:
    """Write images below ``folder``; names continue after what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    start = sum(1 for _ in folder.iterdir())
    paths = []
    for k, ds in enumerate(images, start=start):
        path = folder / name.format(k)
        pydicom.dcmwrite(path, ds, enforce_file_format=True)
        paths.append(path)
    return paths


def small_exam(folder: Path, *, patient: str = "P1", study: object = "study") -> int:
    """A whole-body exam in little: three stations of STIR and T1, DWI with two b-values mixed in one series,
    ADC, a sagittal spine, a localizer in three planes. Returns the number of images."""
    who = {"patient": patient, "study": study}
    images: list[Dataset] = []
    for station in range(3):
        place = (-9.0, -15.0, -20.0 * station)
        images += stack(place, (6, 16, 12), contrast="STIR", series=10 + station, seed=station, **who)
        images += stack(place, (6, 16, 12), contrast="T1", series=20 + station, seed=10 + station, **who)
        low = (-9.0, -12.0, -20.0 * station - 24)
        axial = {"plane": "axial", "spacing": (2.0, 2.0), "series": 30 + station}
        for k, b in enumerate((50.0, 800.0)):
            images += stack(
                low, (5, 12, 12), contrast="DWI", DiffusionBValue=b, seed=20 + 3 * k + station,
                first_number=1 + 5 * k, **axial, **who,
            )  # fmt: skip
        images += stack(low, (5, 12, 12), contrast="ADC", DiffusionBValue=800.0, seed=40 + station,
                        **{**axial, "series": 40 + station}, **who)  # fmt: skip
    images += stack((10, -10, 0), (7, 20, 12), plane="sagittal", contrast="STIR", series=50, seed=50, **who)
    for k, plane in enumerate(("coronal", "sagittal", "axial")):
        images += stack(
            (0, 0, 0), (2, 10, 10), plane=plane, contrast="T1", series=1, step=30.0, seed=60 + k,
            first_number=1 + 2 * k,
            **who,
        )  # fmt: skip
    save(images, folder)
    return len(images)
