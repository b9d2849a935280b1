"""Appearances of training children: another build keeps sides, order and what belongs together."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.site import sites_by_id
from marrowmap.training.cases import Case
from marrowmap.training.synthesis import show, warp

SHAPE, SPACING = (20, 120, 80), (5.0, 3.0, 3.0)
LEFT, RIGHT = sites_by_id()["femur_diaphysis_left"].label, sites_by_id()["femur_diaphysis_right"].label


@pytest.fixture
def case() -> Case:
    """A body with a bone on each side; columns run from patient-right to patient-left."""
    tissue = np.zeros(SHAPE, np.uint8)
    tissue[3:17, 10:110, 10:70] = 3
    site = np.zeros(SHAPE, np.uint8)
    site[8:12, 20:100, 52:60], site[8:12, 20:100, 20:28] = LEFT, RIGHT
    stir = np.where(site > 0, 2.0, np.where(tissue > 0, 1.0, 0.0)).astype(np.float16)
    signal = dict.fromkeys(("stir", "fat", "t1", "b50", "b800"), stir)
    zero = np.zeros(SHAPE, np.uint8)
    return Case(signal, tissue, site, zero, zero, zero, zero, SPACING, True)


@pytest.mark.parametrize("seed", range(6))
def test_another_build_keeps_sides_and_signal_with_its_bone(case, seed):
    made = warp(case, np.random.default_rng(seed), ("stir",))
    assert made.tissue.shape == made.site.shape == made.signal["stir"].shape
    left, right = (np.argwhere(made.site == v).mean(0) for v in (LEFT, RIGHT))
    assert left[2] > right[2]
    inside = made.signal["stir"][made.site > 0].astype(float)
    assert np.median(inside) == pytest.approx(2.0, abs=0.05)
    assert (made.tissue[made.site > 0] > 0).mean() > 0.95


def test_another_build_is_another_size_and_the_same_for_the_same_seed(case):
    sizes = {warp(case, np.random.default_rng(s), ("stir",)).site.shape for s in range(5)}
    assert len(sizes) > 2
    one, two = (warp(case, np.random.default_rng(4), ("stir",)) for _ in range(2))
    np.testing.assert_array_equal(one.site, two.site)
    np.testing.assert_array_equal(one.signal["stir"], two.signal["stir"])


def test_a_scanner_may_show_it_in_any_scale_but_always_finite(case):
    box = tuple(slice(0, n) for n in SHAPE)
    for seed in range(8):
        shown = show(case, box, np.random.default_rng(seed), contrast_mix=1.0)
        for signal in (shown.stir, shown.t1, shown.b50, shown.b800):
            assert signal is not None
            assert np.isfinite(signal).all()
            assert signal.min() >= 0
