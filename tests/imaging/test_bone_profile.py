"""What a bone shows along its length and its twin at the same height, on drawn bones."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import sites_by_id
from marrowmap.imaging.bone_profile import FAR_MM, PLACE_FACTS, BoneProfiles, bone_profiles
from marrowmap.imaging.candidates_zscore import near_units

GRID = Grid.coronal((8, 120, 60), (5.0, 3.0, 3.0), PointMm(-90, 0, 180))
"""Column 0 is the patient's right."""
ROWS = {"proximal_epiphysis": (10, 15), "proximal_metaphysis": (15, 30), "diaphysis": (30, 90)}
COLUMNS = {"right": (8, 16), "left": (44, 52)}
SPINE = {"vertebra_t8": (10, 16), "vertebra_t9": (18, 24), "vertebra_t10": (26, 32)}


@pytest.fixture
def labels() -> np.ndarray:
    drawn = np.zeros(GRID.shape, np.uint8)
    for side, (first, last) in COLUMNS.items():
        for segment, (top, bottom) in ROWS.items():
            drawn[2:6, top:bottom, first:last] = sites_by_id()[f"femur_{segment}_{side}"].label
    for name, (top, bottom) in SPINE.items():
        drawn[2:6, top:bottom, 26:34] = sites_by_id()[name].label
    return drawn


def profiles(labels: np.ndarray, stir: np.ndarray) -> BoneProfiles:
    return bone_profiles(labels, near_units(labels, GRID.spacing), {"stir": stir.astype(np.float32)}, GRID)


def facts(found: BoneProfiles, labels: np.ndarray, place: tuple[int, int, int]) -> dict[str, float]:
    near = near_units(labels, GRID.spacing)
    values = found.at(np.array([place]), near[place][None])[0]
    return dict(zip(PLACE_FACTS, map(float, values), strict=True))


def test_a_voxel_is_told_what_the_twin_shows_at_the_same_height(labels: np.ndarray) -> None:
    stir = np.zeros(GRID.shape)
    stir[:, 40:60, 8:16] = 8.0
    found = profiles(labels, stir)
    right, left = (facts(found, labels, (4, 50, x)) for x in (12, 48))
    assert right["own_stir"] == pytest.approx(2.0, abs=0.05)
    assert right["twin_stir"] == pytest.approx(0.0, abs=0.01)
    assert left["own_stir"] == pytest.approx(0.0, abs=0.01)
    assert left["twin_stir"] == pytest.approx(2.0, abs=0.05)
    assert right["twin_there"] == left["twin_there"] == 1
    lower = facts(found, labels, (4, 80, 48))
    assert lower["twin_stir"] == pytest.approx(0.0, abs=0.05), "another height of the same bone"


def test_height_and_growth_plate(labels: np.ndarray) -> None:
    found = profiles(labels, np.zeros(GRID.shape))
    at_plate, below, shaft = (facts(found, labels, (4, y, 12)) for y in (15, 20, 75))
    assert at_plate["along"] < below["along"] < shaft["along"]
    assert at_plate["to_epiphysis"] == pytest.approx(1.5 / FAR_MM, abs=0.05)
    assert below["to_epiphysis"] == pytest.approx(16.5 / FAR_MM, abs=0.05)
    assert shaft["to_epiphysis"] == 1
    assert below["to_segment"] == pytest.approx(28.5 / FAR_MM, abs=0.05), "metaphysis to shaft at row 30"
    assert facts(found, labels, (4, 12, 12))["to_end"] < 0.3 < facts(found, labels, (4, 40, 12))["to_end"]


def test_deep_grows_towards_the_back(labels: np.ndarray) -> None:
    found = profiles(labels, np.zeros(GRID.shape))
    front, back = sorted(((z, 13, 30) for z in (2, 5)), key=lambda p: (GRID.affine @ (*p, 1))[1])
    assert facts(found, labels, front)["deep"] < facts(found, labels, back)["deep"]


def test_a_vertebra_is_compared_with_those_beside_it_and_has_no_twin(labels: np.ndarray) -> None:
    stir = np.zeros(GRID.shape)
    stir[:, 18:24, 26:34] = 8.0
    found = profiles(labels, stir)
    bright, beside = facts(found, labels, (4, 21, 30)), facts(found, labels, (4, 29, 30))
    assert bright["own_stir"] == pytest.approx(2.0, abs=0.05)
    assert bright["next_stir"] == pytest.approx(0.0, abs=0.01)
    assert beside["own_stir"] == pytest.approx(0.0, abs=0.05)
    assert beside["next_stir"] == pytest.approx(1.0, abs=0.05), "one of two is bright"
    assert bright["twin_there"] == 0
    assert facts(found, labels, (4, 50, 12))["next_stir"] == 0


def test_a_bone_alone_has_no_twin_and_far_from_bone_nothing_is_known(labels: np.ndarray) -> None:
    alone = labels.copy()
    alone[:, :, 40:] = 0
    found = profiles(alone, np.full(GRID.shape, 4.0))
    here = facts(found, alone, (4, 50, 12))
    assert here["twin_there"] == here["twin_stir"] == 0
    assert here["own_stir"] == pytest.approx(1.0, abs=0.05)
    assert not any(facts(found, alone, (4, 110, 55)).values())


def test_no_bone_at_all() -> None:
    found = profiles(np.zeros(GRID.shape, np.uint8), np.zeros(GRID.shape))
    assert not found.at(np.array([[1, 1, 1]]), np.zeros(1, np.uint8)).any()


def test_a_bone_cut_by_the_edge_of_the_view_is_no_twin(labels: np.ndarray) -> None:
    cut = labels.copy()
    cut[:, 60:, 40:] = 0
    found = profiles(cut, np.zeros(GRID.shape))
    assert facts(found, cut, (4, 45, 12))["twin_there"] == 0
    nearly = labels.copy()
    nearly[:, 85:, 40:] = 0
    assert facts(profiles(nearly, np.zeros(GRID.shape)), nearly, (4, 45, 12))["twin_there"] == 1


def test_a_thin_bone_is_told_as_bright_as_it_is() -> None:
    drawn = np.zeros(GRID.shape, np.uint8)
    drawn[4, 40:58, 20:22] = sites_by_id()["metacarpal_2_right"].label
    found = profiles(drawn, np.full(GRID.shape, 4.0))
    for row in (41, 49, 56):
        assert facts(found, drawn, (4, row, 20))["own_stir"] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("tilt", [-1, 1])
def test_metatarsals_start_at_the_tarsals_however_the_foot_is_turned(tilt: int) -> None:
    """A right foot that points up and a left one that points up or down: heads are heads."""
    grid = Grid.coronal((40, 60, 80), (3.0, 3.0, 3.0), PointMm(-120, -60, 90))
    drawn = np.zeros(grid.shape, np.uint8)
    stir = np.zeros(grid.shape, np.float32)
    heads = {}
    for side, column, lift in (("right", 10, 1), ("left", 66, tilt)):
        drawn[26:32, 26:34, column : column + 6] = sites_by_id()[f"tarsals_{side}"].label
        for k in range(20):  # towards the front of the body, a little up or down
            s, r = 25 - k, 30 - lift * round(k * 0.25)
            drawn[s, r - 1 : r + 2, column + 1 : column + 4] = sites_by_id()[f"metatarsal_1_{side}"].label
            if k > 14:
                stir[s, r - 1 : r + 2, column + 1 : column + 4] = 8.0
        heads[side] = (25 - 18, 30 - lift * round(18 * 0.25), column + 2)
    near = near_units(drawn, grid.spacing)
    found = bone_profiles(drawn, near, {"stir": stir}, grid)
    for place in heads.values():
        told = dict(zip(PLACE_FACTS, found.at(np.array([place]), near[place][None])[0], strict=True))
        assert told["along"] > 0.8
        assert told["deep"] == 0
        assert told["twin_there"] == 1
        assert told["twin_stir"] == pytest.approx(2.0, abs=0.2)
