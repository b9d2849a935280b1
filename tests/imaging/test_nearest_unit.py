"""The bone a place belongs to, and what is said of a place beside all bone."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm, Voxel
from marrowmap.core.site import site
from marrowmap.core.skeleton import Skeleton
from marrowmap.imaging.nearest_unit import REACH_MM, nearest_unit, unit_of

SHAPE = (8, 40, 40)
GRID = Grid.coronal(SHAPE, (5.0, 2.0, 2.0), PointMm(-40, -20, 40))


@pytest.fixture
def skeleton() -> Skeleton:
    """Two vertebrae, one above the other; of the lower one only the rear half is labelled."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[1:6, 4:12, 16:24] = site("vertebra_t4").label
    labels[4:6, 16:24, 16:24] = site("vertebra_t5").label
    return Skeleton(labels, GRID, "test")


def at(*voxel: float) -> PointMm:
    return GRID.to_mm(Voxel(*voxel))


def test_inside_a_bone_the_distance_is_zero(skeleton: Skeleton) -> None:
    near = nearest_unit(skeleton, at(2, 6, 20))
    assert near is not None
    assert (near.unit.id, near.distance_mm) == ("vertebra_t4", 0)


def test_a_lesion_the_labels_miss_takes_the_nearest_bone_and_says_how_far(skeleton: Skeleton) -> None:
    mask = np.zeros(SHAPE, bool)
    mask[1:4, 18:22, 18:22] = True
    near = unit_of(skeleton, mask)
    assert near is not None
    assert near.unit.id == "vertebra_t5"
    assert near.distance_mm == pytest.approx(10)


def test_a_lesion_partly_in_bone_takes_that_bone(skeleton: Skeleton) -> None:
    mask = np.zeros(SHAPE, bool)
    mask[1:3, 10:24, 18:22] = True
    near = unit_of(skeleton, mask)
    assert near is not None
    assert (near.unit.id, near.distance_mm) == ("vertebra_t4", 0)


def test_far_from_all_bone_there_is_no_name(skeleton: Skeleton) -> None:
    assert nearest_unit(skeleton, at(2, 6, 16 - (REACH_MM + 3) / 2)) is None
    assert nearest_unit(skeleton, PointMm(900, 0, 0)) is None
    assert unit_of(skeleton, np.zeros(SHAPE, bool)) is None
