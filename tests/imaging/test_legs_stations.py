"""Three real axial stations of both legs: overlaps found from positions, no seam left."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
from stations_for_tests import Made

from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.volume import Contrast
from marrowmap.imaging.compose import compose_exam

LEGS = Path(__file__).parents[3] / "shared" / "data" / "legs_stations"
OVERLAP = 5

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not LEGS.is_dir(), reason="real MR files do not lie beside the project"),
]


def legs_exam():
    """The stations as axial stacks, foot to hip; the files share one affine (RAS), so each is given its offset."""
    made = Made()
    for i, number in enumerate((3, 4, 5)):
        data = np.asarray(nibabel.load(LEGS / f"Join_{number}.nii.gz").dataobj)
        array = np.ascontiguousarray(data[::-1, ::-1].transpose(2, 1, 0).astype(np.float32))
        n = array.shape[0]
        affine = np.zeros((4, 4))
        affine[:, 0] = (0, 0, 6.0, 0)
        affine[:, 1] = (0, 1.5, 0, 0)
        affine[:, 2] = (1.5, 0, 0, 0)
        affine[:, 3] = (-240.0, -240.0, i * (n - OVERLAP) * 6.0, 1)
        made.add(array, Grid(array.shape, affine), Contrast.DIXON_WATER)
    return made


def test_legs_compose_without_a_visible_seam():
    made = legs_exam()
    done = compose_exam(made.exam, made.load)
    volume = done.volumes["DIXON_WATER"]
    assert volume.grid.plane is Plane.AXIAL
    assert volume.grid.shape == (3 * 31 - 2 * OVERLAP, 320, 320)
    assert [s.overlap_mm for s in done.seams] == pytest.approx([30.0, 30.0])
    assert all(abs(s.intensity_step_after) < 0.02 for s in done.seams)
    # signal of muscle from slice to slice changes no more at the seams than elsewhere
    bright = np.percentile(volume.array, 99)
    common = (volume.array[1:] > 0.2 * bright) & (volume.array[:-1] > 0.2 * bright)
    steps = np.array([
        np.median(np.log(volume.array[i + 1][common[i]] / volume.array[i][common[i]]))
        for i in range(len(common)) if common[i].sum() > 500
    ])  # fmt: skip
    seams = np.r_[25:32, 51:58]
    elsewhere = np.setdiff1d(np.arange(len(steps)), seams)
    assert np.abs(steps[seams]).max() < np.abs(steps[elsewhere]).max() + 0.02
