"""What carries a place from exam to exam when labels are wrong: counted levels, neighbours, the outline of the body."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import sites_by_id
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.body_fit import body_fit
from marrowmap.imaging.bone_frame import BoneFit, BonePoints
from marrowmap.imaging.skeleton_fit import SkeletonFit, _strays
from marrowmap.imaging.spine_levels import NAMES, earlier_levels


def cube(bone: str, centre: tuple[float, float, float], label: int = 1) -> BonePoints:
    steps = np.linspace(-8, 8, 5)
    grid = np.array([[x, y, z] for x in steps for y in steps for z in steps])
    return BonePoints(bone, grid + np.array(centre), np.full(len(grid), label, np.uint8))


def trunk(named: int = 0, scale: float = 1.0) -> dict[str, BonePoints]:
    """Ilia, skull and T1 to L5 between them; ``named`` levels too far down."""
    bones = {b: cube(b, (0, 0, 0)) for b in ("ilium_right", "ilium_left")}
    bones["skull"] = cube("skull", (0, 0, 600 * scale))
    first = NAMES.index("vertebra_t1")
    for k in range(first, len(NAMES) - max(named, 0)):
        name = NAMES[k + named]
        bones[name] = cube(name, (0, 0, scale * (500 - 26 * (k - first))))
    return bones


def test_a_spine_counted_one_level_off_is_put_right_by_the_trunk() -> None:
    found = earlier_levels(trunk(), trunk(named=1, scale=1.1))
    assert found["vertebra_t8"] == "vertebra_t7"
    assert all(NAMES.index(then) == NAMES.index(now) - 1 for now, then in found.items())


def test_a_spine_counted_alike_keeps_its_names() -> None:
    found = earlier_levels(trunk(), trunk(scale=1.15))
    assert found == {name: name for name in found}
    assert len(found) == 17


def test_without_a_skull_the_names_stand() -> None:
    later = trunk(named=1)
    del later["skull"]
    assert earlier_levels(trunk(), later)["vertebra_t8"] == "vertebra_t8"


@pytest.mark.parametrize(("hand_moves_too", "strays"), [(True, []), (False, ["radius_left"])])
def test_an_arm_that_moved_is_kept_and_a_bone_under_a_wrong_name_is_not(hand_moves_too, strays) -> None:
    from scipy.spatial import cKDTree

    after = {f"bone{k}": cube(f"bone{k}", (0, 0, 100.0 * k)) for k in range(10)}
    after["radius_left"] = cube("radius_left", (300, 0, 400))
    after["carpus_left"] = cube("carpus_left", (300, 0, 380))
    moved = {"radius_left": 120.0, "carpus_left": 120.0 if hand_moves_too else 0.0}
    fits = {b: BoneFit(b, np.eye(3), np.array([0, moved.get(b, 0.0), 0]), 1.0, "surface") for b in after}
    trees = {b: cKDTree(p.places_mm) for b, p in after.items()}
    assert _strays(fits, after, trees) == strays


def body(scale: float, shift: float) -> Volume:
    """A trunk with two legs of bright tissue in dark air."""
    grid = Grid.coronal((24, 150, 70), (6.0, 6.0, 6.0), PointMm(-207, -69, 447))
    s, r, c = np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij")
    y, z, x = (s * 6 - 69) / scale, (447 - r * 6 - shift) / scale, (c * 6 - 207) / scale
    trunk_ = (np.abs(x) < 130) & (np.abs(y) < 50) & (z > 0) & (z < 380)
    legs = (np.abs(np.abs(x) - 70) < 45) & (np.abs(y) < 45) & (z > -380) & (z <= 0)
    rng = np.random.default_rng(1)
    signal = np.where(trunk_ | legs, 100.0, 2.0) + rng.uniform(0, 1, grid.shape)
    return Volume(signal.astype(np.float32), grid, Contrast.STIR)


def test_without_any_label_the_outline_of_the_body_carries_a_place() -> None:
    fit = body_fit(body(1.0, 0.0), body(1.08, 12.0))
    assert fit is not None
    there = np.array([[70.0, 5, -200], [-40, 0, 300]])
    assert np.abs(fit.to_before(there * 1.08 + [0, 0, 12]) - there).max() < 10


def test_exams_of_different_parts_are_not_laid_on_each_other_by_the_skin() -> None:
    half = body(1.0, 0.0)
    array = half.array.copy()
    array[:, 75:] = 2.0
    assert body_fit(body(1.0, 0.0), Volume(array, half.grid, Contrast.STIR)) is None


def test_the_body_comes_last_and_alone_without_bones() -> None:
    from marrowmap.core.skeleton import Skeleton

    grid = Grid.coronal((10, 10, 10), (3.0, 3.0, 3.0), PointMm(0, 0, 27))
    empty = Skeleton(np.zeros(grid.shape, np.uint8), grid, "nothing found")
    whole = BoneFit("body", np.eye(3), np.array([0.0, 0, 5]), 1.0, "surface")
    points = np.array([[1.0, 2, 3]])
    assert SkeletonFit(empty, empty).to_before(points, "tibia_left") == (None, 0.0)
    mapped, uncertainty = SkeletonFit(empty, empty, whole).to_before(points, "tibia_left")
    assert mapped is not None
    assert mapped[0] == pytest.approx([1, 2, 8])
    assert uncertainty >= 10
    labels = empty.labels.copy()
    labels[2:8, 2:8, 2:8] = sites_by_id()["talus_left"].label
    one = Skeleton(labels, grid, "one bone")
    ways = SkeletonFit(one, one, whole).ways_to_before(np.array([[15.0, 15, 12]]), "talus_left")
    assert len(ways) == 2
    assert ways[0][0][0] == pytest.approx([15, 15, 12], abs=0.5)
