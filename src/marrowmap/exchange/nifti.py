"""Volumes and label maps as NIfTI files.

Our arrays are [slice, row, column] in LPS millimetres; NIfTI stores (column, row, slice) in RAS millimetres.
The memory layout is the same, so nothing is copied or resampled: the affine alone is turned.
Source: NIfTI-1 (sform and qform code 1: scanner coordinates).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import FloatArray, Grid
from marrowmap.core.volume import Contrast, Volume
from marrowmap.errors import InputError
from marrowmap.exchange.gzip_parallel import compress, write_whole

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_TO_NIFTI_ORDER = np.eye(4)[:, [2, 1, 0, 3]]
LABEL_INTENT = "label"
BONE_UNITS = "marrowmap bone units"
"""Description in the header of a label map whose numbers are the rows of ``sites.csv``."""


def ras_affine(grid: Grid) -> FloatArray:
    """4 x 4: (column, row, slice, 1) to RAS millimetres."""
    affine: FloatArray = _LPS_TO_RAS @ grid.affine @ _TO_NIFTI_ORDER
    return affine


def grid_from_ras(shape: tuple[int, int, int], affine: FloatArray) -> Grid:
    """Grid of a NIfTI image of ``shape`` (columns, rows, slices) with its RAS ``affine``."""
    return Grid((shape[2], shape[1], shape[0]), _LPS_TO_RAS @ affine @ _TO_NIFTI_ORDER)


def write_volume(path: Path, volume: Volume, *, description: str = "", level: int = 1) -> None:
    """Write a volume; ``.nii.gz`` is compressed (``level`` 1 fast to 9 small), ``.nii`` is not.

    Integer types are kept, bool becomes uint8, floating point float32. description: up to 79 characters
    for the header; the contrast (and b-value) when empty. Written whole or not at all.
    """
    b = "" if volume.b_value is None else f" b={volume.b_value:g}"
    _write(path, volume.array, volume.grid, description or f"{volume.contrast}{b}", "", level)


def read_volume(path: Path, contrast: Contrast = Contrast.OTHER, b_value: float | None = None) -> Volume:
    """Read a three-dimensional NIfTI image as a volume. Raises InputError.

    The array keeps the file's voxel order (reversed axes); scale factors of the header are applied.
    """
    array, grid = _read(path)
    return Volume(array, grid, contrast, b_value=b_value)


def write_labels(path: Path, labels: npt.NDArray[Any], grid: Grid, *, description: str = "") -> None:
    """Write a label map, shape ``grid.shape``, whole numbers of 0 to 65535, as uint8 or uint16."""
    if labels.shape != grid.shape:
        raise ValueError(f"labels must have the grid's shape {grid.shape}, got {labels.shape}")
    low, high = (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
    if labels.dtype.kind not in "bui" or low < 0 or high > 65535:
        raise ValueError(f"labels must be whole numbers of 0 to 65535, got {labels.dtype} of {low} to {high}")
    kept = labels.astype(np.uint8 if high <= 255 else np.uint16, copy=False)
    _write(path, kept, grid, description or "labels", LABEL_INTENT, 6)


def read_labels(path: Path) -> tuple[npt.NDArray[np.uint16], Grid]:
    """Read a label map: uint16 [slice, row, column] and its grid. Raises InputError for fractions."""
    array, grid = _read(path)
    rounded = np.rint(array) if array.dtype.kind == "f" else array
    if not np.array_equal(rounded, array):
        raise InputError(
            path.name, "it holds fractions, so it is no label map", "Give a file of whole numbers."
        )
    if rounded.min() < 0 or rounded.max() > 65535:
        raise InputError(path.name, "labels lie outside 0 to 65535", "Give a file of labels.")
    return rounded.astype(np.uint16), grid


def _write(path: Path, array: npt.NDArray[Any], grid: Grid, text: str, intent: str, level: int) -> None:
    import nibabel

    data = np.ascontiguousarray(array)
    if data.dtype == np.bool_:
        data = data.view(np.uint8)
    elif data.dtype.kind == "f":
        data = data.astype(np.float32, copy=False)
    data = data.astype(data.dtype.newbyteorder("<"), copy=False)
    header = nibabel.Nifti1Header(endianness="<")
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape[::-1])
    affine = ras_affine(grid)
    header.set_qform(affine, code=1)  # the nearest rotation; the sform below is exact
    header.set_sform(affine, code=1)
    header.set_xyzt_units("mm")
    header["descrip"] = text.encode("ascii", "replace")[:79]
    header["vox_offset"], header["magic"] = 352, b"n+1"
    header["scl_slope"], header["scl_inter"] = 1, 0
    if intent:
        header.set_intent(intent, allow_unknown=False)
    parts: list[bytes | memoryview] = [header.binaryblock + b"\0\0\0\0", memoryview(data.reshape(-1))]
    write_whole(path, compress(parts, level) if path.name.endswith(".gz") else parts)


def _read(path: Path) -> tuple[npt.NDArray[Any], Grid]:
    import nibabel

    try:
        picture = nibabel.load(path)
        data = np.asanyarray(picture.dataobj)
        affine = np.asarray(picture.affine, dtype=np.float64)
    except FileNotFoundError:
        raise InputError(path.name, "there is no such file", "Check the path.") from None
    except Exception as error:
        reason = str(error).split("\n")[0][:120]
        raise InputError(path.name, f"it cannot be read as NIfTI ({reason})", "Write it again.") from None
    while data.ndim > 3 and data.shape[-1] == 1:
        data = data[..., 0]
    if data.ndim != 3:
        raise InputError(path.name, f"it has {data.ndim} dimensions, not 3", "Split it.")
    return np.ascontiguousarray(data.transpose(2, 1, 0)), grid_from_ras(data.shape, affine)
