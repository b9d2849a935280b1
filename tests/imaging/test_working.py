"""The working grid and separable resampling."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.core.geometry import Grid, PointMm, Voxel
from marrowmap.imaging.working import double, enlarge, halve, resample, working_grid

spacing = st.tuples(st.floats(3.0, 8.0), st.floats(0.8, 3.0), st.floats(0.8, 3.0))


@settings(max_examples=25, deadline=None)
@given(spacing)
def test_the_working_grid_covers_the_same_box(step: tuple[float, float, float]) -> None:
    grid = Grid.coronal((20, 150, 90), step, PointMm(-50, -40, 300))
    work = working_grid(grid)
    for a, b in zip(grid.extent_mm(), work.extent_mm(), strict=True):
        for one, other, size in zip(a, b, (3, 6.6, 3), strict=True):
            assert abs(one - other) <= size / 2 + 1e-6


@settings(max_examples=15, deadline=None)
@given(spacing)
def test_a_ramp_keeps_its_millimetres(step: tuple[float, float, float]) -> None:
    grid = Grid.coronal((20, 150, 90), step, PointMm(0, 0, 0))
    ramp = np.broadcast_to(-grid.spacing[1] * np.arange(150)[None, :, None], grid.shape)
    work = working_grid(grid)
    moved = resample(ramp, grid, work)
    middle = (work.shape[0] // 2, work.shape[1] // 2, work.shape[2] // 2)
    assert abs(moved[middle] - work.to_mm(Voxel(*map(float, middle))).z) < 0.3


def test_labels_come_back_where_they_were() -> None:
    grid = Grid.coronal((20, 150, 90), (5.0, 1.5, 1.5), PointMm(0, 0, 0))
    labels = np.zeros(grid.shape, np.uint8)
    labels[5:12, 40:80, 20:50] = 7
    work = working_grid(grid)
    back = enlarge(enlarge(labels, grid, work), work, grid)
    assert (back == labels).mean() > 0.99
    assert set(np.unique(back)) == {0, 7}


def test_halving_and_doubling_keep_the_shape() -> None:
    array = np.arange(3 * 7 * 5, dtype=np.float32).reshape(3, 7, 5)
    assert double(halve(array), array.shape).shape == array.shape
