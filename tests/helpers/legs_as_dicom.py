"""The three real leg stations (axial Dixon water, adult) written as the DICOM a scanner would have made."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from dicom_maker import image, save

STATIONS = (3, 4, 5)
"""From foot to hip."""
SLICES, STEP_MM, OVERLAP_SLICES = 31, 6.0, 5
STORED_PER_UNIT = 8.0
"""Stored value of one unit of the floating-point images."""


def station_array(data: Path, station: int) -> np.ndarray:
    """Signal of one station, float32 [slice, row, column]: foot to hip, front to back, right to left."""
    volume = nibabel.load(data / "legs_stations" / f"Join_{station}.nii.gz")
    array = np.asarray(volume.dataobj, dtype=np.float32)
    return np.ascontiguousarray(array[::-1, ::-1, :].transpose(2, 1, 0))


def write_legs(data: Path, folder: Path) -> int:
    """Write the three stations below ``folder``, one series each; returns the number of images.

    The files in ``data`` all claim one place; each station is put 156 mm (26 slices) above the one before,
    so that five slices (30 mm) overlap.
    """
    count = 0
    for index, station in enumerate(STATIONS):
        array = np.round(station_array(data, station) * STORED_PER_UNIT).clip(0, 65535).astype(np.uint16)
        foot = index * (SLICES - OVERLAP_SLICES) * STEP_MM
        images = [
            image(
                array[k], (-238.5, -238.5, foot + k * STEP_MM), plane="axial", contrast="DIXON_WATER",
                series=100 + station, number=k + 1, thickness=STEP_MM, patient="LEGS", study="legs",
                SeriesDescription=f"dixon legs station {index + 1} W", PatientAge="030Y", PatientBirthDate="",
                PatientSex="", BodyPartExamined="LEG", MagneticFieldStrength=3.0,
            )
            for k in range(SLICES)
        ]  # fmt: skip
        count += len(save(images, folder / f"station{index + 1}"))
    return count
