"""Own labels on real legs of an adult: few units are named, and those on the right side in the right order."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from marrowmap.core.geometry import Grid
from marrowmap.core.site import Side
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.label import label_part

LEGS = Path(__file__).parents[3] / "shared" / "data" / "legs_stations"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not LEGS.is_dir(), reason="real MR files do not lie beside the project"),
]


@pytest.fixture(scope="module")
def legs() -> Volume:
    """Three stations one after the other; of an overlap the lower station counts."""
    parts = []
    for number in (3, 4, 5):
        data = np.asarray(nibabel.load(LEGS / f"Join_{number}.nii.gz").dataobj)
        parts.append(data[::-1, ::-1].transpose(2, 1, 0).astype(np.float32)[5 if parts else 0 :])
    array = np.concatenate(parts)
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = 6.0, 1.5, 1.5
    affine[:, 3] = (-240.0, -240.0, 0.0, 1.0)
    return Volume(array, Grid(array.shape, affine), Contrast.DIXON_WATER)


def test_what_is_named_in_real_legs_is_a_bone_of_the_leg_on_its_side(legs: Volume) -> None:
    found, said = label_part({"DIXON_WATER": legs})
    assert "part of the body" in said
    assert found is not None
    assert found.grid is legs.grid or found.labels.shape == legs.array.shape
    height = {}
    for unit in found.sites_present():
        places = (
            np.argwhere(found.labels == unit.label) @ found.grid.affine[:3, :3].T + found.grid.affine[:3, 3]
        )
        x, _, z = places.mean(axis=0)
        assert unit.bone in ("femur", "tibia", "fibula", "patella")
        assert (x > 0) == (unit.side is Side.LEFT)
        height[unit.bone, unit.side] = max(z, height.get((unit.bone, unit.side), -1e9))
    knees = [side for side in (Side.RIGHT, Side.LEFT) if {("femur", side), ("tibia", side)} <= height.keys()]
    assert {side for bone, side in height if bone == "femur"} == {Side.RIGHT, Side.LEFT}
    assert knees, "a tibia is named on one side at least"
    for side in knees:
        assert height["femur", side] > height["tibia", side] + 60
