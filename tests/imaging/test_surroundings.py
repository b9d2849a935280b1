"""What the networks see of a voxel: the right boxes, the same on both sides, silent where a sequence is missing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.imaging.label_features import COUNT as UNIT_COUNT
from marrowmap.imaging.label_features import UNIT_LATTICES
from marrowmap.imaging.surroundings import Lattice, count_of, features_at, levels_of

SPACING = (5.0, 3.0, 3.0)


def test_unit_features_have_the_number_the_shipped_network_takes() -> None:
    from marrowmap.imaging.network import session

    assert session("units").get_inputs()[0].shape[1] == UNIT_COUNT == count_of(UNIT_LATTICES)


def test_lesion_features_have_the_number_the_shipped_network_takes() -> None:
    from marrowmap.imaging.lesion_features import COUNT
    from marrowmap.imaging.network import session

    assert session("lesions").get_inputs()[0].shape[1] == COUNT


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.integers(4, 15), st.integers(4, 15))
def test_the_middle_box_of_the_finest_lattice_is_the_voxel_itself(s: int, r: int, c: int) -> None:
    volume = np.random.default_rng(5).random((1, 8, 20, 20), dtype=np.float32)
    levels = levels_of(volume, SPACING, (Lattice(3.0, (0,)),))
    row = features_at(levels, np.array([[s, r, c]]))[0]
    assert row[13] == volume[0, s, r, c]
    assert row[12] == volume[0, s, r, c - 1]
    assert row[10] == volume[0, s, r - 1, c]
    assert row[4] == volume[0, s - 1, r, c]


def test_larger_boxes_are_means_and_lie_one_box_apart() -> None:
    ramp = np.tile(np.arange(40, dtype=np.float32), (1, 6, 40, 1))
    levels = levels_of(ramp, SPACING, (Lattice(9.0, (0,)),))
    row = features_at(levels, np.array([[3, 20, 20]]))[0].reshape(3, 3, 3)
    assert np.allclose(row[1, 1], [17, 20, 23])


def test_a_mirrored_picture_gives_mirrored_features() -> None:
    volume = np.random.default_rng(6).random((2, 6, 24, 24), dtype=np.float32)
    lattices = (Lattice(3.0, (0, 1)), Lattice(9.0, (1,)))
    place, mirrored = np.array([[3, 10, 8]]), np.array([[3, 10, 24 - 1 - 8]])
    one = features_at(levels_of(volume, SPACING, lattices), place)[0].reshape(3, 3, 3, 3)
    turned = np.ascontiguousarray(volume[..., ::-1])
    other = features_at(levels_of(turned, SPACING, lattices), mirrored)[0].reshape(3, 3, 3, 3)
    assert np.allclose(one, other[..., ::-1], atol=1e-5)


def test_far_boxes_are_read_on_the_pooled_grid() -> None:
    volume = np.full((1, 20, 160, 160), 2.0, dtype=np.float32)
    lattices = (Lattice(24.0, (0,), far=True, along=(-2, 2)),)
    row = features_at(levels_of(volume, SPACING, lattices), np.array([[10, 80, 80]]))[0]
    assert len(row) == lattices[0].count == 29
    assert np.allclose(row, 2.0)
