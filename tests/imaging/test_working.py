"""The working grid and separable resampling."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from marrowmap.core.geometry import Grid, PointMm, Voxel
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.normalise import POOL, pool
from marrowmap.imaging.normalise import enlarge as unpool
from marrowmap.imaging.working import double, enlarge, finite, halve, prepare, resample, weights, working_grid

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


def test_not_a_number_counts_as_no_signal_and_whole_arrays_are_not_copied() -> None:
    array = np.ones((2, 3, 4), np.float32)
    assert finite(array) is array
    array[0, 1, 2] = np.nan
    assert finite(array)[0, 1, 2] == 0
    assert finite(array).sum() == array.size - 1


def test_what_lies_outside_a_volume_was_not_measured() -> None:
    whole = Grid.coronal((6, 30, 20), (5.0, 3.0, 3.0), PointMm(-30, -15, 45))
    above = Grid.coronal((6, 10, 20), (5.0, 3.0, 3.0), PointMm(-30, -15, 45))
    main = Volume(np.ones(whole.shape, np.float32), whole, Contrast.STIR)
    other = Volume(np.ones(above.shape, np.float32), above, Contrast.T1)
    covered = prepare({"STIR": main, "T1": other}).covered
    assert covered["STIR"].all()
    assert covered["T1"][:, :10].all()
    assert not covered["T1"][:, 10:].any()


def test_each_axis_is_resampled_as_the_sums_say() -> None:
    source = Grid.coronal((4, 12, 9), (5.0, 2.0, 2.0), PointMm(0, 0, 0))
    target = working_grid(source)
    array = np.random.default_rng(3).normal(size=source.shape).astype(np.float32)
    matrices = [weights(source, target, axis) for axis in range(3)]
    expected = np.einsum("as,br,ct,srt->abc", *matrices, array)
    np.testing.assert_allclose(resample(array, source, target), expected, atol=1e-5)


def test_pooling_is_undone_by_repetition_and_a_light_blur() -> None:
    array = np.random.default_rng(4).normal(size=(2, 13, 22)).astype(np.float32)
    small = pool(array)
    repeated = np.repeat(np.repeat(small, POOL, axis=1), POOL, axis=2)[:, :13, :22]
    expected = ndimage.uniform_filter(repeated, (1, POOL, POOL))
    np.testing.assert_allclose(unpool(small, array.shape), expected, atol=1e-5)
