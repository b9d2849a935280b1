from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import Side, all_sites, site
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.imaging.bone_frame import bone_points, fit_bone, frame_of, units_of
from marrowmap.imaging.leg_length import leg_lengths
from marrowmap.imaging.lesion_places import lesion_places, outline_of_ball, outline_of_mask
from marrowmap.imaging.skeleton_fit import SkeletonFit

GRID = Grid.coronal((40, 150, 60), (3.0, 3.0, 3.0), PointMm(-90, -60, 220))
SEGMENTS = ("proximal_epiphysis", "proximal_metaphysis", "diaphysis", "distal_metaphysis", "distal_epiphysis")
BORDERS = (0.0, 0.08, 0.2, 0.8, 0.92, 1.0)


def leg(
    length: float, top: tuple[float, float, float], tilt: float, bone: str = "tibia", side: str = "left"
) -> np.ndarray:
    """A bone like a tibia on GRID: wide ends, slim shaft, from ``top`` along a tilted direction."""
    index = np.argwhere(np.ones(GRID.shape, bool))
    points = index @ GRID.affine[:3, :3].T + GRID.affine[:3, 3] - np.array(top)
    axis = np.array([np.sin(tilt), 0.0, -np.cos(tilt)])
    across = np.array([np.cos(tilt), 0.0, np.sin(tilt)])
    along = points @ axis / length
    width = (8 + 14 * np.clip(abs(along - 0.5) * 2, 0, 1) ** 3) * length / 300
    inside = (along >= 0) & (along <= 1) & (
        ((points @ across) / (1.3 * width)) ** 2 + (points[:, 1] / width) ** 2 <= 1
    )  # fmt: skip
    labels = np.zeros(GRID.shape, np.uint8)
    for k, name in enumerate(SEGMENTS):
        chosen = index[inside & (along >= BORDERS[k]) & (along <= BORDERS[k + 1])]
        labels[tuple(chosen.T)] = site(f"{bone}_{name}_{side}").label
    return labels


def skeleton(labels: np.ndarray, **coverage: Coverage) -> Skeleton:
    seen = {int(v) for v in np.unique(labels)}
    states = {s.id: Coverage.COVERED if s.label in seen else Coverage.NOT_COVERED for s in all_sites()}
    return Skeleton(labels, GRID, "test", coverage={**states, **coverage})


@pytest.fixture(scope="module")
def before() -> Skeleton:
    return skeleton(leg(270, (0, 0, 180), 0.0))


def where(top: tuple[float, float, float], tilt: float, length: float, share: float) -> np.ndarray:
    return np.array(top) + share * length * np.array([np.sin(tilt), 0, -np.cos(tilt)])


def test_the_axis_runs_from_the_proximal_to_the_distal_end(before: Skeleton) -> None:
    frame = frame_of(bone_points(before)["tibia_left"])
    assert frame.axes[0] @ (0, 0, -1) > 0.99
    assert frame.axes[1][0] > 0.9
    assert frame.axes[2][1] > 0.9
    assert frame.length_mm == pytest.approx(270, abs=8)
    place = frame.place(np.array([[0.0, 0, 180 - 135]]))[0]
    assert place[0] == pytest.approx(0.5, abs=0.03)
    assert np.hypot(place[1], place[2]) < 4


@settings(max_examples=8, deadline=None)
@given(st.floats(1.0, 1.15), st.floats(-0.15, 0.15), st.floats(-20, 20), st.floats(0.05, 0.95))
def test_a_place_is_found_again_after_growth_and_another_pose(
    growth: float, tilt: float, shift: float, share: float
) -> None:
    first = skeleton(leg(270, (0, 0, 180), 0.0))
    top = (shift, 0.5 * shift, 190.0)
    then = skeleton(leg(270 * growth, top, tilt))
    fit = SkeletonFit(first, then)
    mapped, uncertainty = fit.to_before(where(top, tilt, 270 * growth, share)[None], "tibia_left")
    assert mapped is not None
    assert np.linalg.norm(mapped[0] - where((0, 0, 180), 0, 270, share)) < 7
    assert 0 < uncertainty < 6
    assert fit.along(mapped, "tibia_left")[0] == pytest.approx(share, abs=0.03)  # type: ignore[index]


def test_growth_of_the_bone_is_measured(before: Skeleton) -> None:
    fit = SkeletonFit(before, skeleton(leg(297, (5, 0, 190), 0.05)))
    assert fit.growth()["tibia_left"] == pytest.approx(1.1**3, rel=0.12)
    assert fit.usual_scale == pytest.approx(1 / 1.1, rel=0.03)


def test_a_bone_that_is_cut_off_is_fitted_by_what_both_exams_show(before: Skeleton) -> None:
    whole = leg(270, (0, 0, 180), 0.05)
    cut = np.where(np.isin(whole, [site(f"tibia_{n}_left").label for n in SEGMENTS[:3]]), whole, 0).astype(
        np.uint8
    )
    fit = SkeletonFit(before, skeleton(cut))
    mapped, _ = fit.to_before(where((0, 0, 180), 0.05, 270, 0.15)[None], "tibia_left")
    assert mapped is not None
    assert np.linalg.norm(mapped[0] - where((0, 0, 180), 0, 270, 0.15)) < 10


def test_tiny_and_missing_bones_never_break_a_fit(before: Skeleton) -> None:
    speck = np.zeros(GRID.shape, np.uint8)
    speck[5, 5, 5] = site("patella_left").label
    nothing = skeleton(np.zeros(GRID.shape, np.uint8))
    for one, two in (
        (before, nothing),
        (nothing, before),
        (skeleton(speck), skeleton(speck)),
        (before, skeleton(speck)),
    ):
        fit = SkeletonFit(one, two)
        mapped, _ = fit.to_before(np.zeros((2, 3)), "patella_left")
        assert mapped is None or np.isfinite(mapped).all()
    assert SkeletonFit(skeleton(speck), skeleton(speck)).fits["patella_left"].method == "centre"


def test_a_bone_without_a_fit_follows_its_neighbours(before: Skeleton) -> None:
    moved = skeleton(leg(270, (12, 6, 190), 0.0))
    mapped, uncertainty = SkeletonFit(before, moved).to_before(np.array([[40.0, 6, 100]]), "fibula_left")
    assert mapped is not None
    assert mapped[0] == pytest.approx([28, 0, 90], abs=8)
    assert uncertainty > 4


def test_there_and_back_is_the_same_place(before: Skeleton) -> None:
    moved = skeleton(leg(280, (12, 6, 190), 0.08))
    fit = fit_bone(bone_points(before)["tibia_left"], bone_points(moved)["tibia_left"])
    assert fit is not None
    points = np.random.default_rng(0).normal(0, 50, (10, 3))
    assert fit.to_after(fit.to_before(points)) == pytest.approx(points)


def test_points_outside_all_bone_take_the_nearest_unit_within_reach(before: Skeleton) -> None:
    edge = np.array([[25.0, 0, 45]])
    assert units_of(before, edge)[0].id == "tibia_diaphysis_left"
    assert units_of(before, np.array([[80.0, 0, 45]])) == ()
    assert units_of(before, np.array([[5000.0, 0, 45]])) == ()


def test_lesion_places_share_the_frame_of_the_earlier_exam(before: Skeleton) -> None:
    after = skeleton(leg(290, (10, 0, 190), 0.1))
    one = outline_of_ball(PointMm(*where((0, 0, 180), 0, 270, 0.9)), 3.0)
    two = outline_of_ball(PointMm(*where((10, 0, 190), 0.1, 290, 0.9)), 3.0)
    first, then = lesion_places(SkeletonFit(before, after), (before, {"a": one}), (after, {"b": two}))
    assert first[0].bone == then[0].bone == "tibia_left"
    assert np.linalg.norm(first[0].centre_mm - then[0].centre_mm) < 6  # type: ignore[operator]
    assert first[0].along == pytest.approx(0.9, abs=0.03)
    assert one.radius_mm == pytest.approx((3000 * 3 / (4 * np.pi)) ** (1 / 3))
    assert outline_of_mask(np.zeros(GRID.shape, bool), GRID) is None


# ---------------------------------------------------------------- leg length


def both_legs(left: float, right: float) -> np.ndarray:
    labels = np.zeros(GRID.shape, np.uint8)
    for side, x, more in (("left", 45.0, left), ("right", -45.0, right)):
        for bone, top, length in (("femur", 205.0, 190.0), ("tibia", 8.0, 180.0 + more)):
            part = leg(length, (x, 0, top), 0.0, bone, side)
            labels = np.where(part > 0, part, labels).astype(np.uint8)
    return labels


def test_leg_length_with_its_uncertainty_and_the_longer_side() -> None:
    found = leg_lengths(skeleton(both_legs(18.0, 0.0)))
    assert found.leg(Side.RIGHT).value == pytest.approx(370, abs=6)
    assert found.discrepancy.value == pytest.approx(18, abs=4)
    assert found.discrepancy.uncertainty is not None
    assert "left leg is longer" in found.sentence()
    assert "right leg is longer" in leg_lengths(skeleton(both_legs(0.0, 18.0))).sentence()
    assert "no difference beyond" in leg_lengths(skeleton(both_legs(0.0, 0.0))).sentence()


def test_a_leg_that_is_not_covered_is_not_measured_and_says_why() -> None:
    labels = both_legs(0, 0)
    labels[labels == site("tibia_distal_epiphysis_left").label] = 0
    found = leg_lengths(skeleton(labels))
    assert found.leg(Side.LEFT).value is None
    assert "left tibia" in found.discrepancy.why_missing
    partly = leg_lengths(skeleton(both_legs(0, 0), femur_diaphysis_right=Coverage.PARTIAL))
    assert "partly" in partly.discrepancy.why_missing
    assert leg_lengths(skeleton(np.zeros(GRID.shape, np.uint8))).discrepancy.value is None
