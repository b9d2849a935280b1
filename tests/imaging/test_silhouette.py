"""What the outline tells: alike for mirrored bodies, two legs that touch are two, nothing outside the view."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.label_assemble import between
from marrowmap.imaging.label_sides import is_left, midline
from marrowmap.imaging.network import is_regional
from marrowmap.imaging.silhouette import (
    OFFSETS_MM,
    ROW_FEATURES,
    SILHOUETTE_COUNT,
    between_legs,
    silhouette_at,
    silhouette_of,
)
from marrowmap.imaging.working import prepare

SPACING = (5.0, 3.0, 3.0)
N = len(ROW_FEATURES)


def two_legs(gap_mm: float = 20.0, rows: int = 60, shift_mm: float = 0.0, thin: float = 0.5) -> np.ndarray:
    """Two round legs, thinner downwards, on 40 slices and 100 columns."""
    slices, row, columns = np.indices((40, rows, 100))
    y, x = (slices - 19.5) * 5, (columns - 49.5) * 3 - shift_mm
    radius = 60 - thin * row
    aside = radius[0, 0, 0] + gap_mm / 2
    return (np.hypot(x - aside, y) < radius) | (np.hypot(x + aside, y) < radius)


def test_a_body_and_its_mirror_image_look_the_same() -> None:
    body = two_legs()
    body[18:21, 10:20, 86:] = False  # not the same on both sides
    places = np.argwhere(body)[::37]
    mirrored = places.copy()
    mirrored[:, 2] = body.shape[2] - 1 - mirrored[:, 2]
    one = silhouette_at(silhouette_of(body, SPACING), places)
    other = silhouette_at(silhouette_of(np.ascontiguousarray(body[:, :, ::-1]), SPACING), mirrored)
    assert one.shape == (len(places), SILHOUETTE_COUNT)
    np.testing.assert_allclose(one, other, atol=2e-3)


def test_rows_out_of_view_are_not_in_view_and_air_is() -> None:
    body = two_legs(rows=60)
    body[:, 40:] = False
    at = silhouette_at(silhouette_of(body, SPACING), np.array([[20, 35, 80]]))[0]
    rows = {mm: at[k * N : (k + 1) * N] for k, mm in enumerate(OFFSETS_MM)}
    assert rows[0][0] == 1
    assert rows[0][1] > 0
    assert rows[30][0] == 1  # air below the soles
    assert rows[30][1] == 0
    assert rows[80][0] == 0  # below the grid
    assert rows[-150][0] == 0


def test_cutting_rows_away_changes_only_what_is_cut() -> None:
    body = two_legs(rows=80)
    place = np.array([[20, 40, 80]])
    whole = silhouette_at(silhouette_of(body, SPACING), place)[0]
    cut = silhouette_at(silhouette_of(body[:, 20:], SPACING), place - [0, 20, 0])[0]
    middle = slice(OFFSETS_MM.index(-30) * N, (OFFSETS_MM.index(80) + 1) * N)
    np.testing.assert_allclose(whole[middle], cut[middle], atol=0.06)
    above = OFFSETS_MM.index(-80) * N
    assert whole[above] == 1
    assert cut[above] == 0


@pytest.mark.parametrize("gap_mm", [20.0, 0.0, -12.0])
def test_legs_that_touch_are_two_parts(gap_mm: float) -> None:
    found = silhouette_of(two_legs(gap_mm), SPACING)
    assert found.rows[5:, ROW_FEATURES.index("parts")] == pytest.approx(2 / 3)
    assert len(between_legs(found)) > 50


def test_a_trunk_with_arms_is_no_pair_of_legs() -> None:
    slices, _, columns = np.indices((40, 60, 120))
    y, x = (slices - 19.5) * 5, (columns - 59.5) * 3
    trunk = np.hypot(x / 110, y / 80) < 1
    body = trunk | (np.hypot(x - 150, y) < 25) | (np.hypot(x + 150, y) < 25)
    assert len(between_legs(silhouette_of(body, SPACING))) == 0


def test_one_leg_alone_has_no_middle() -> None:
    body = two_legs()
    body[:, :, :50] = False
    assert len(between_legs(silhouette_of(body, SPACING))) == 0


@pytest.mark.parametrize("shift_mm", [-20.0, 0.0, 20.0])
def test_sides_of_two_legs_come_from_the_gap_between_them(shift_mm: float) -> None:
    """However the legs lie on the scanner's table, and however wide only one of them is."""
    body = two_legs(0.0, shift_mm=shift_mm)
    array = np.where(body, 100.0, 0.0).astype(np.float32)
    grid = Grid.coronal((40, 60, 100), SPACING, PointMm(-148.5, -97.5, 90.0))
    work = prepare({"STIR": Volume(array, grid, Contrast.STIR)})
    legs = between(work)
    line = midline(np.zeros((0, 3)), np.zeros(0, bool), np.zeros((0, 3)), legs)
    assert line[2]
    assert line[0] == pytest.approx(shift_mm, abs=4)
    bone = np.array([[shift_mm + 65, 0, 0], [shift_mm - 65, 0, 0]])
    assert is_left(bone, line).tolist() == [True, False]


def test_only_a_part_of_the_body_is_regional() -> None:
    def work_of(rows: int) -> bool:
        grid = Grid.coronal((40, rows, 100), SPACING, PointMm(-148.5, -97.5, 1.5 * rows))
        array = np.where(two_legs(rows=rows, thin=0.1), 100.0, 0.0).astype(np.float32)
        return is_regional(prepare({"STIR": Volume(array, grid, Contrast.STIR)}))

    assert work_of(160)
    assert not work_of(240)
