"""What an outline alone says: the diameter along its own direction, and shares of every unit."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import sites_by_id
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.imaging.measure_outline import DRAWN, measure_outline, voxel_along

SHAFT, END = sites_by_id()["tibia_diaphysis_left"], sites_by_id()["tibia_distal_metaphysis_left"]
GRID = Grid.coronal((12, 60, 40), (6.0, 2.0, 1.0), PointMm(0, 0, 100))
WHOLE = (slice(0, 12), slice(0, 60), slice(0, 40))


def bones(coverage: dict[str, Coverage] | None = None) -> Skeleton:
    labels = np.zeros(GRID.shape, np.uint8)
    labels[2:10, 5:30, 5:35] = SHAFT.label
    labels[2:10, 30:50, 5:35] = END.label
    return Skeleton(labels, GRID, "truth", coverage=coverage or {})


def measured(region: np.ndarray, skeleton: Skeleton | None = None):
    skeleton = skeleton or bones()
    counts = np.bincount(skeleton.labels.ravel(), minlength=130)
    return measure_outline(skeleton, region, WHOLE, counts, DRAWN)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (np.s_[3:8, 20:21, 20:21], 30.0),  # five slices of 6 mm
        (np.s_[5:6, 10:25, 20:21], 30.0),  # fifteen rows of 2 mm
        (np.s_[5:6, 20:21, 6:31], 25.0),  # columns of 1 mm
        (np.s_[5:6, 20:21, 20:21], 6.0),  # one voxel is as long as its longest side
    ],
)
def test_the_diameter_ends_with_one_voxel_along_its_own_direction(box, expected: float) -> None:
    region = np.zeros(GRID.shape, bool)
    region[box] = True
    assert measured(region).max_diameter_mm.value == pytest.approx(expected)


def test_a_voxel_reaches_no_farther_along_a_slant_than_along_its_longest_side() -> None:
    assert voxel_along(np.array([1.0, 0, 0]), GRID) == pytest.approx(6)
    assert voxel_along(np.array([0, 0, -3.0]), GRID) == pytest.approx(1)
    assert 1 < voxel_along(np.array([1.0, 0.0, 0.3]), GRID) < 6
    even = Grid.coronal((3, 3, 3), (2.0, 2.0, 2.0), PointMm(0, 0, 0))
    assert voxel_along(np.array([1.0, 1, 1]), even) == pytest.approx(2)


def test_every_unit_touched_has_its_share() -> None:
    region = np.zeros(GRID.shape, bool)
    region[3:8, 22:34, 10:20] = True  # eight rows in the shaft, four in its end
    found = measured(region)
    assert [u.site_id for u in found.units] == [SHAFT.id, END.id]
    shaft, end = (u.share for u in found.units)
    assert shaft.value == pytest.approx(100 * 5 * 8 * 10 / (8 * 25 * 30))
    assert end.value == pytest.approx(100 * 5 * 4 * 10 / (8 * 20 * 30))
    assert found.extent_percent == shaft
    assert shaft.uncertainty > 0
    assert 0 < end.uncertainty < shaft.uncertainty


def test_a_share_of_a_unit_that_is_only_partly_in_view_says_so() -> None:
    region = np.zeros(GRID.shape, bool)
    region[3:8, 22:34, 10:20] = True
    found = measured(region, bones({SHAFT.id: Coverage.PARTIAL, END.id: Coverage.COVERED}))
    assert found.extent_percent.note == "of the part in view"
    assert [u.share.note for u in found.units] == ["of the part in view", ""]
    assert measured(region).extent_percent.note == ""


def test_outside_all_bone_there_is_no_share() -> None:
    region = np.zeros(GRID.shape, bool)
    region[0, 2, 2] = True
    found = measured(region)
    assert (found.site_id, found.units, found.heights) == ("", (), None)
    assert found.extent_percent.value is None
    assert "no labelled bone" in found.extent_percent.why_missing
