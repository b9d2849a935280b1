import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marrowmap.core.geometry import Grid, Plane, PointMm, Voxel

millimetres = st.floats(-900, 900)


@st.composite
def grids(draw):
    """Any rotated, non-mirrored or mirrored grid with sensible spacing."""
    angles = [draw(st.floats(-np.pi, np.pi)) for _ in range(3)]
    rotation = np.eye(3)
    for axis, angle in enumerate(angles):
        turn = np.eye(3)
        i, j = [k for k in range(3) if k != axis]
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        rotation = rotation @ turn
    spacing = [draw(st.floats(0.4, 8)) for _ in range(3)]
    affine = np.eye(4)
    affine[:3, :3] = rotation * spacing
    affine[:3, 3] = [draw(millimetres) for _ in range(3)]
    return Grid(tuple(draw(st.integers(1, 50)) for _ in range(3)), affine)


@given(grids(), millimetres, millimetres, millimetres)
def test_voxel_and_millimetre_are_inverse(grid, x, y, z):
    there = grid.to_voxel(PointMm(x, y, z))

    assert grid.to_mm(there).distance_to(PointMm(x, y, z)) < 1e-6


@given(grids())
def test_spacing_and_volume_agree(grid):
    assert np.prod(grid.spacing) / 1000 == pytest.approx(grid.voxel_ml, rel=1e-9)


def test_coronal_grid_shows_the_patients_right_in_the_first_column():
    grid = Grid.coronal((4, 10, 6), (5, 2, 1), PointMm(-3, -10, 100))

    first, last = grid.to_mm(Voxel(0, 0, 0)), grid.to_mm(Voxel(3, 9, 5))

    assert first.x < last.x  # LPS: +x is the patient's left
    assert first.z > last.z  # rows run from head to feet
    assert first.y < last.y  # slices run from front to back
    assert grid.plane is Plane.CORONAL


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ((0, 0, -1), (1, 0, 0), Plane.CORONAL),
        ((0, 1, 0), (1, 0, 0), Plane.AXIAL),
        ((0, 0, -1), (0, 1, 0), Plane.SAGITTAL),
        ((0, 0.7, -0.7), (1, 0, 0), Plane.OBLIQUE),
    ],
)
def test_plane_follows_the_normal(row, column, expected):
    affine = np.eye(4)
    affine[:3, 0] = np.cross(column, row)
    affine[:3, 1], affine[:3, 2] = row, column

    assert Grid((2, 2, 2), affine).plane is expected


def test_extent_reaches_voxel_edges():
    low, high = Grid.coronal((2, 3, 4), (5, 2, 1), PointMm(0, 0, 0)).extent_mm()

    assert tuple(low) == (-0.5, -2.5, -5.0)
    assert tuple(high) == (3.5, 7.5, 1.0)


def test_contains_ends_half_a_voxel_outside_the_centres():
    grid = Grid.coronal((2, 3, 4), (5, 2, 1), PointMm(0, 0, 0))

    assert grid.contains(PointMm(-0.49, 0, 0))
    assert not grid.contains(PointMm(-0.51, 0, 0))


def test_aligned_grids_differ_by_whole_voxels():
    grid = Grid.coronal((2, 3, 4), (5, 2, 1), PointMm(0, 0, 0))

    assert grid.aligned_with(Grid.coronal((9, 9, 9), (5, 2, 1), PointMm(3, 10, -40)))
    assert not grid.aligned_with(Grid.coronal((2, 3, 4), (5, 2, 1), PointMm(0, 0, 1)))
    assert not grid.aligned_with(Grid.coronal((2, 3, 4), (5, 2, 1.1), PointMm(0, 0, 0)))


@pytest.mark.parametrize("bad", [np.eye(3), np.zeros((4, 4)), np.full((4, 4), np.nan)])
def test_rejects_an_affine_that_maps_nothing(bad):
    with pytest.raises(ValueError, match="affine must"):
        Grid((1, 1, 1), bad)


def test_the_grid_of_a_part_keeps_every_voxel_in_its_place():
    whole = Grid.coronal((9, 8, 7), (5.0, 2.0, 3.0), PointMm(-10.0, -20.0, 30.0))
    box = (slice(2, 6), slice(1, 8), slice(3, 4))
    part = whole.part(box)
    assert part.shape == (4, 7, 1)
    assert part.to_mm(Voxel(1, 2, 0)) == whole.to_mm(Voxel(3, 3, 3))
