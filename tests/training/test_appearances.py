"""Simulated exams shown otherwise: truth stays on the bone it belongs to, samples follow their seed."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.bench.exams import BenchExam
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import site
from marrowmap.core.volume import Contrast, Volume
from marrowmap.phantom.sets import request_of
from marrowmap.training import appearances
from marrowmap.training.appearances import appearance

SHAPE = (14, 160, 60)


def exam() -> BenchExam:
    """One bright shaft in a dark body, off the middle."""
    grid = Grid.coronal(SHAPE, (5.0, 2.5, 2.5), PointMm(-75, -30, 200))
    sites = np.zeros(SHAPE, np.uint8)
    sites[4:10, 10:150, 12:24] = site("femur_diaphysis_right").label
    signal = np.where(sites > 0, 200.0, 50.0).astype(np.float32)
    none = np.zeros(SHAPE, np.uint16)
    volumes = {n: Volume(signal, grid, c) for n, c in (("STIR", Contrast.STIR), ("T1", Contrast.T1))}
    return BenchExam(request_of(100001, "none", "clinical", "mesh"), volumes, grid, sites, none, none, ())


@pytest.mark.parametrize("seed", range(8))
def test_truth_moves_with_the_signal(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(appearances, "CHANGED", 0.0)
    volumes, sites, grid = appearance(exam(), np.random.default_rng(seed))
    assert volumes
    for volume in volumes.values():
        assert volume.array.shape == sites.shape == grid.shape
        bright = volume.array > 125
        both = (bright & (sites > 0)).sum()
        assert 2 * both / (bright.sum() + (sites > 0).sum()) > 0.97


def test_contrast_is_changed_but_the_seed_decides() -> None:
    first, second = (appearance(exam(), np.random.default_rng(3))[0] for _ in range(2))
    other = appearance(exam(), np.random.default_rng(4))[0]
    for name, volume in first.items():
        np.testing.assert_array_equal(volume.array, second[name].array)
    assert first.keys() != other.keys() or any(
        first[n].array.shape != other[n].array.shape or not np.array_equal(first[n].array, other[n].array)
        for n in first
    )
