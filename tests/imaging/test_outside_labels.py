"""Outside label maps on the exam's grid: whole bones are divided, sides are checked, nothing is made up."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import all_sites, sites_by_id
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.structure_names import units_called
from marrowmap.core.volume import Contrast, Volume
from marrowmap.errors import InputError
from marrowmap.imaging.outside_labels import skeleton_from_outside

GRID = Grid.coronal((8, 120, 60), (5.0, 4.0, 4.0), PointMm(-118.0, -20.0, 238.0))
TIBIAE = {1: units_called("tibia_left"), 2: units_called("tibia_right")}
BOTH = {1: units_called("tibia")}


def volumes():
    body = np.zeros(GRID.shape, np.float32)
    body[1:7, 4:116, 6:54] = 100.0
    return {"STIR": Volume(body, GRID, Contrast.STIR)}


def two_bones(left_value=1, right_value=2):
    """Rows 20 to 99 of one column group per side; columns run from patient-right to patient-left."""
    labels = np.zeros(GRID.shape, np.uint16)
    labels[2:6, 20:100, 40:44] = left_value
    labels[2:6, 20:100, 16:20] = right_value
    return labels


def own(share_named: float = 1.0):
    """Labels of ours: each tibia's units in fifths of its rows, so that division by ours differs from shares."""
    labels = np.zeros(GRID.shape, np.uint8)
    for side, columns in (("left", slice(41, 43)), ("right", slice(17, 19))):
        ids = list(units_called(f"tibia_{side}"))
        for k, unit in enumerate(ids):
            stop = 20 + round(16 * (k + 1) * share_named)
            labels[2:6, 20 + 16 * k : max(20 + 16 * k, min(stop, 20 + 16 * (k + 1))), columns] = unit.label
    return lambda: Skeleton(labels, GRID, "ours")


def rows_of(skeleton, unit_id):
    return np.flatnonzero((skeleton.labels == sites_by_id()[unit_id].label).any(axis=(0, 2)))


def test_a_whole_bone_is_divided_by_our_own_labels():
    found = skeleton_from_outside(two_bones(), GRID, TIBIAE, volumes(), own())
    for side in ("left", "right"):
        assert list(rows_of(found, f"tibia_proximal_metaphysis_{side}")) == list(range(36, 52))
    assert np.count_nonzero(found.labels) == np.count_nonzero(two_bones())
    assert "divided into units by our own labels: left tibia, right tibia" in found.method


def test_without_ours_a_long_bone_is_divided_by_shares_that_are_named_as_ours():
    found = skeleton_from_outside(
        two_bones(), GRID, TIBIAE, volumes(), lambda: Skeleton(np.zeros(GRID.shape, np.uint8), GRID, "none")
    )
    proximal, shaft = rows_of(found, "tibia_proximal_epiphysis_left"), rows_of(found, "tibia_diaphysis_left")
    assert proximal.max() < shaft.min()
    assert len(shaft) == pytest.approx(0.6 * 80, abs=2)
    assert "fixed shares, which are ours" in found.method


def test_the_proximal_end_is_the_one_beside_the_neighbouring_bone():
    """An arm above the head: the end of the humerus beside the scapula is proximal although it lies lower."""
    labels = two_bones(1, 0)
    labels[2:6, 101:110, 40:44] = 3
    units = {1: units_called("humerus_left"), 3: units_called("scapula_left")}
    found = skeleton_from_outside(labels, GRID, units, volumes())
    assert (
        rows_of(found, "humerus_proximal_epiphysis_left").min()
        > rows_of(found, "humerus_diaphysis_left").max()
    )


def test_a_bone_that_cannot_be_divided_is_not_assessed():
    labels = two_bones(1, 0)
    labels[2:6, 5:15, 26:34] = 2
    units = {1: units_called("hip_left"), 2: units_called("sternum_manubrium")}
    found = skeleton_from_outside(labels, GRID, units, volumes())
    assert found.coverage["ilium_left"] is Coverage.NOT_COVERED
    assert "could not be divided and are not assessed" in found.method
    assert found.coverage["sternum_manubrium"] is Coverage.COVERED


def test_a_long_bone_cut_off_at_the_edge_is_not_divided_by_shares():
    labels = np.zeros(GRID.shape, np.uint16)
    labels[2:6, 60:120, 40:44] = 1
    with_nothing = skeleton_from_outside(labels, GRID, TIBIAE, volumes())
    assert not with_nothing.labels.any()


def test_sides_that_a_map_does_not_name_come_from_geometry():
    found = skeleton_from_outside(two_bones(1, 1), GRID, BOTH, volumes(), own())
    columns = np.flatnonzero((found.labels == sites_by_id()["tibia_diaphysis_left"].label).any(axis=(0, 1)))
    assert columns.min() >= 40
    assert found.coverage["tibia_diaphysis_right"] is Coverage.COVERED


def test_exchanged_sides_are_refused():
    with pytest.raises(InputError, match="left and right are exchanged: tibia"):
        skeleton_from_outside(two_bones(2, 1), GRID, TIBIAE, volumes(), own())


def test_a_map_on_another_grid_lands_at_the_same_millimetres():
    fine = Grid.coronal((20, 240, 120), (2.0, 2.0, 2.0), PointMm(-119.0, -20.0, 239.0))
    labels = np.zeros(fine.shape, np.uint16)
    labels[5:12, 40:200, 80:88] = 1
    units = {1: (sites_by_id()["patella_left"],)}
    found = skeleton_from_outside(labels, fine, units, volumes())
    there = np.argwhere(found.labels) @ GRID.affine[:3, :3].T + GRID.affine[:3, 3]
    source = np.argwhere(labels) @ fine.affine[:3, :3].T + fine.affine[:3, 3]
    assert np.abs(there.mean(0) - source.mean(0)).max() < 2.6


@pytest.mark.parametrize("shift", [0.0, 5000.0])
def test_a_map_of_something_else_is_refused(shift):
    grid = Grid.coronal(GRID.shape, GRID.spacing, PointMm(-118.0 + shift, -20.0, 238.0))
    units = TIBIAE if shift else {1: ()}
    with pytest.raises(InputError, match="does not overlap the exam" if shift else "names no bone"):
        skeleton_from_outside(two_bones(), grid, units, volumes())


def test_every_unit_is_covered_or_not():
    found = skeleton_from_outside(two_bones(), GRID, TIBIAE, volumes(), own())
    assert set(found.coverage) == {s.id for s in all_sites()}
