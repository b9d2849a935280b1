"""Label volumes as NIfTI: the same voxels, axes turned from [slice, row, column] LPS to RAS."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from marrowmap.core.geometry import Grid


def write_nifti(array: np.ndarray, grid: Grid, path: Path) -> None:
    """Write ``array`` of ``grid`` to ``path`` (.nii.gz); the file's axes are (column, row, slice)."""
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    turn = np.zeros((4, 4))
    turn[0, 2] = turn[1, 1] = turn[2, 0] = turn[3, 3] = 1
    image = nib.Nifti1Image(np.ascontiguousarray(array.transpose(2, 1, 0)), flip @ grid.affine @ turn)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = b"SYNTHETIC DIGITAL CHILD"
    nib.save(image, path)
