"""Appearances of training children: another build keeps sides, order and what belongs together."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.site import sites_by_id
from marrowmap.phantom.body import Tissue
from marrowmap.training import builds
from marrowmap.training.builds import warp
from marrowmap.training.cases import Case
from marrowmap.training.contrasts import Contrasts, contrasts
from marrowmap.training.synthesis import show

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


def test_bones_of_one_child_grow_and_move_apart_each_in_its_own_way(case, monkeypatch):
    site = case.site.copy()
    tibia = sites_by_id()["tibia_diaphysis_left"].label
    site[8:12, 60:100, 52:60] = tibia  # the lower half of the left one is another bone
    arrays = {"stir": case.signal["stir"].astype(np.float32)}

    def middles(apart: float) -> np.ndarray:
        monkeypatch.setattr(builds, "APART", apart)
        out = []
        for seed in range(8):
            _, (made,) = builds.warp_arrays(arrays, (site,), SPACING, np.random.default_rng(seed), growth=0.0)
            at = [np.argwhere(made == v).mean(0) * SPACING for v in (LEFT, RIGHT, tibia)]
            assert at[0][2] > at[1][2]
            assert at[2][1] > at[0][1]  # the tibia stays below the femur
            out.append(at[0][1] - at[1][1])
        return np.array(out)

    together, apart = middles(0.0), middles(1.0)
    assert np.abs(apart - together).max() > 4.0
    assert np.abs(apart - together).max() < 60.0


def test_a_scanner_may_show_it_in_any_scale_but_always_finite(case):
    box = tuple(slice(0, n) for n in SHAPE)
    for seed in range(12):
        shown = show(case, box, np.random.default_rng(seed), Contrasts(mix=1.0))
        for signal in (shown.fluid, shown.fatty):
            assert signal.shape == SHAPE
            assert np.isfinite(signal).all()
            assert signal.min() >= 0


@pytest.fixture
def thigh() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Red marrow in cortex in muscle in fat, with the signals of a child on STIR and T1."""
    tissue = np.full((4, 60, 60), Tissue.FAT, np.uint8)
    tissue[:, 6:54, 6:54], tissue[:, 20:40, 20:40], tissue[:, 23:37, 23:37] = (
        Tissue.MUSCLE,
        Tissue.CORTEX,
        Tissue.MARROW,
    )
    of = {
        Tissue.FAT: (0.1, 1.0, 3.0),
        Tissue.MUSCLE: (1.0, 0.0, 1.0),
        Tissue.CORTEX: (0.02, 0.0, 0.1),
        Tissue.MARROW: (1.8, 0.4, 1.5),
    }
    table = np.zeros((3, 64), np.float32)
    for kind, values in of.items():
        table[:, kind] = values
    raw = dict(zip(("stir", "fat", "t1"), table[:, tissue], strict=True))
    return {**raw, "b50": raw["stir"]}, tissue


@pytest.fixture
def physics_alone(monkeypatch):
    """No contrast but those that are asked for."""
    for name in ("OTHER_CORTEX", "RANDOM_TISSUE", "TEXTURE"):
        monkeypatch.setattr(f"marrowmap.training.contrasts.{name}", 0.0)


def shown_six_times(thigh, odds):
    """(fluid-sensitive, fat-bright) of six appearances, nothing leaking through fat suppression."""
    for seed in range(6):
        yield contrasts(*thigh, np.random.default_rng(seed), odds, np.zeros(1, np.float32))


@pytest.mark.usefixtures("physics_alone")
def test_the_water_image_of_an_adult_hides_marrow_beside_cortex_and_fat(thigh):
    tissue = thigh[1]
    for water, _ in shown_six_times(thigh, Contrasts(no_physics=0.0, mix=0, water=1, yellow=0)):
        level = {k: np.median(water[tissue == k]) for k in (Tissue.MARROW, Tissue.FAT, Tissue.MUSCLE)}
        assert max(level[Tissue.MARROW], level[Tissue.FAT]) < 0.3 * level[Tissue.MUSCLE]


@pytest.mark.usefixtures("physics_alone")
def test_yellow_marrow_looks_like_fat_and_leaves_muscle_alone(thigh):
    tissue = thigh[1]
    for fluid, fatty in shown_six_times(thigh, Contrasts(no_physics=0.0, mix=0, water=0, yellow=1)):
        assert np.median(fluid[tissue == Tissue.MARROW]) < 0.6 * 1.8
        assert np.median(fatty[tissue == Tissue.MARROW]) > 1.4 * 1.5
        assert np.median(fluid[tissue == Tissue.MUSCLE]) == pytest.approx(1.0)
