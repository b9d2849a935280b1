"""Orientation letters and turning come from the affine, never from the order of storage."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm, Voxel
from marrowmap.core.volume import Contrast, Volume
from marrowmap.report.contours import mask_path
from marrowmap.report.picture_plane import direction_letters, letters_of, slice_labels, slice_of, turned

DIRECTIONS = {
    "L": (1, 0, 0),
    "R": (-1, 0, 0),
    "P": (0, 1, 0),
    "A": (0, -1, 0),
    "H": (0, 0, 1),
    "F": (0, 0, -1),
}
RADIOLOGICAL = {
    "coronal": ("R", "L", "H", "F"),
    "axial": ("R", "L", "A", "P"),
    "sagittal": ("A", "P", "H", "F"),
}


@pytest.mark.parametrize(("letter", "vector"), DIRECTIONS.items())
def test_letters_of_the_axes(letter: str, vector: tuple[int, int, int]) -> None:
    assert direction_letters(vector) == letter


def test_leaning_directions_get_a_second_letter() -> None:
    assert direction_letters((0, np.sin(0.2), np.cos(0.2))) == "H"
    assert direction_letters((0, np.sin(0.5), np.cos(0.5))) == "HP"


def stored_orders() -> list[tuple[tuple[int, int, int], tuple[int, int, int]]]:
    return [
        (order, signs)
        for order in itertools.permutations(range(3))
        for signs in itertools.product((1, -1), repeat=3)
    ]


@pytest.mark.parametrize(("order", "signs"), stored_orders())
def test_any_storage_order_is_turned_to_the_radiological_one(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    """A bright spot in the patient's left, front, head part stays there whatever the order of storage."""
    spacing = (5.0, 1.0, 1.5)
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (target, sign) in enumerate(zip(order, signs, strict=True)):
        affine[target, axis] = sign * spacing[axis]
    affine[:3, 3] = (10.0, -20.0, 30.0)
    grid = Grid((5, 7, 9), affine)
    array = np.zeros(grid.shape, dtype=np.int16)
    spot = (1, 2, 6)
    array[spot] = 100
    place = grid.to_mm(Voxel(*spot))
    view = turned(Volume(array, grid, Contrast.STIR))
    found = tuple(int(i) for i in np.argwhere(view.array == 100)[0])
    assert np.allclose(tuple(view.grid.to_mm(Voxel(*found))), tuple(place))
    letters = letters_of(view.grid)
    assert (letters.left, letters.right, letters.top, letters.bottom) == RADIOLOGICAL[view.grid.plane.value]


def test_oblique_stacks_keep_their_order_and_say_so_in_letters() -> None:
    turn = np.deg2rad(45)
    affine = np.eye(4)
    affine[:3, 0] = (0, np.sin(turn), np.cos(turn))
    affine[:3, 1] = (0, np.cos(turn), -np.sin(turn))
    affine[:3, 2] = (-1, 0, 0)
    view = turned(Volume(np.zeros((2, 3, 4)), Grid((2, 3, 4), affine), Contrast.T2))
    letters = letters_of(view.grid)
    assert (letters.left, letters.right) == ("L", "R")
    assert set(letters.top) == {"H", "A"}


def test_labels_are_sampled_at_the_same_place_on_another_grid() -> None:
    fine = Grid.coronal((6, 40, 30), (3.0, 1.0, 1.0), PointMm(0, 0, 100))
    coarse = Grid.coronal((3, 10, 8), (6.0, 4.0, 4.0), PointMm(1.5, 1.5, 98.5))
    labels = np.zeros(coarse.shape, dtype=np.uint8)
    labels[1, 4, 5] = 9
    centre = coarse.to_mm(Voxel(1, 4, 5))
    index = slice_of(fine, centre)
    plane = slice_labels(labels, coarse, fine, index)
    row, column = np.argwhere(plane == 9).mean(axis=0)
    found = fine.to_mm(Voxel(index, row, column))
    assert abs(found.x - centre.x) <= 0.6
    assert abs(found.z - centre.z) <= 0.6
    assert (plane == 9).sum() == 16


def test_outside_the_grid_there_is_no_slice() -> None:
    grid = Grid.coronal((2, 3, 4), (5, 1, 1), PointMm(0, 0, 0))
    assert slice_of(grid, PointMm(0, 100, 0)) is None
    assert slice_of(grid, PointMm(1, 4, -1)) == 1


def _area(path: str) -> float:
    total = 0.0
    for loop in filter(None, path.replace("M", "").split("Z")):
        p = np.array([[float(v) for v in q.split()] for q in loop.split("L")])
        x, y = p.T
        total += 0.5 * float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    return total


def test_outline_goes_around_a_region_and_its_hole() -> None:
    mask = np.zeros((12, 12), dtype=bool)
    mask[2:10, 3:11] = True
    whole = _area(mask_path(mask))
    mask[5:7, 6:8] = False
    holed = _area(mask_path(mask))
    assert whole == pytest.approx(64, abs=1)  # corners are cut by an eighth of a pixel each
    assert holed == pytest.approx(60, abs=1.5)
    assert mask_path(mask).count("M") == 2


def test_outline_is_in_millimetres_and_in_place() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[10, 4] = True
    numbers = [
        float(v)
        for v in mask_path(mask, 2.0, 3.0).replace("M", " ").replace("L", " ").replace("Z", "").split()
    ]
    assert (min(numbers[::2]), max(numbers[::2])) == (8.0, 10.0)
    assert (min(numbers[1::2]), max(numbers[1::2])) == (30.0, 33.0)


def test_regions_that_touch_at_a_corner_are_both_outlined() -> None:
    mask = np.eye(3, dtype=bool)
    assert abs(_area(mask_path(mask))) == pytest.approx(1.5, abs=1.5)
    assert mask_path(np.zeros((3, 3), dtype=bool)) == ""
