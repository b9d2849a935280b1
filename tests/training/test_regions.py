"""Appearances of a part of the body keep sides, labels and size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marrowmap.core.site import sites_by_id
from marrowmap.phantom.body import Tissue
from marrowmap.training.cases import Case
from marrowmap.training.regions import LENGTH_MM, _closed, _thick, region_of

LEFT, RIGHT = (sites_by_id()[f"femur_diaphysis_{s}"].label for s in ("left", "right"))
SHAPE, SPACING = (20, 300, 90), (5.0, 3.0, 3.0)


@pytest.fixture
def legs() -> Case:
    """Two thighs of muscle around marrow; columns run from patient-right to patient-left."""
    tissue = np.zeros(SHAPE, np.uint8)
    tissue[3:17, 5:295, 8:42] = tissue[3:17, 5:295, 48:82] = Tissue.MUSCLE
    site = np.zeros(SHAPE, np.uint8)
    site[8:12, 20:280, 20:30], site[8:12, 20:280, 60:70] = RIGHT, LEFT
    tissue[site > 0] = Tissue.MARROW
    stir = np.where(site > 0, 0.3, np.where(tissue > 0, 1.0, 0.0)).astype(np.float16)
    signal = dict.fromkeys(("stir", "fat", "t1", "b50", "b800"), stir)
    zero = np.zeros(SHAPE, np.uint8)
    return Case(signal, tissue, site, zero, zero, zero, zero, SPACING, True)


@pytest.mark.parametrize("adult", [False, True])
def test_a_part_is_shown_on_one_grid_and_not_longer_than_meant(legs: Case, adult: bool) -> None:
    for seed in range(4):
        work, fluid, fatty, site, tissue = region_of(legs, adult, np.random.default_rng(seed))
        assert work.grid.shape == site.shape == tissue.shape
        assert site.shape[1] * SPACING[1] < 1.4 * LENGTH_MM[1]
        assert fluid is not None or fatty is not None
        for signal in (fluid, fatty):
            assert signal is None or signal.shape == site.shape


def test_thick_slices_blur_along_their_axis_alone() -> None:
    array = np.zeros((4, 30, 5), np.float32)
    array[:, 12, 2] = 1
    blurred = _thick(array, 1, 3)
    assert blurred.shape == array.shape
    assert (blurred[:, :, 2] > 0).sum(axis=1).min() >= 3
    assert not blurred[:, :, [0, 1, 3, 4]].any()
    np.testing.assert_array_equal(_thick(array, 0, 1), array)


def test_closed_plates_belong_to_the_bone_beside_them(legs: Case) -> None:
    tissue, site = legs.tissue.copy(), legs.site.copy()
    tissue[8:12, 150, 60:70], site[8:12, 150, 60:70] = Tissue.PHYSIS, 0
    closed = _closed(replace(legs, tissue=tissue, site=site))
    assert (closed.site[8:12, 150, 60:70] == LEFT).all()
    assert not (closed.tissue == Tissue.PHYSIS).any()
