"""Signal of lesions and brain for follow-up: a head and a thigh drawn by hand, with signals that are known."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.followup.measures import BRAIN_SHARE, contrast
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import sites_by_id
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.brain import brain_points
from marrowmap.imaging.lesion_places import Outline
from marrowmap.imaging.near_muscle import exam_signals

GRID = Grid.coronal((44, 130, 60), (5.0, 4.0, 4.0), PointMm(-118.0, -107.5, 120.0))
HEAD, RADIUS = (0.0, 0.0, 0.0), 68.0
LESION_MM = np.array([[0.0, 0.0, -300.0], [4.0, 0.0, -300.0], [0.0, 5.0, -304.0]])


def away(point: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Distance of every voxel from a point, and where every voxel lies, mm."""
    voxels = np.indices(GRID.shape).reshape(3, -1).T
    places = voxels @ GRID.affine[:3, :3].T + GRID.affine[:3, 3]
    return np.linalg.norm(places - point, axis=1).reshape(GRID.shape), places.reshape(*GRID.shape, 3)


def head_and_thigh(brain: float, muscle: float = 100.0, lesion: float = 400.0) -> tuple[Volume, Skeleton]:
    """A skull around a brain, and a thigh of muscle around a femur with a lesion."""
    from_head, places = away(HEAD)
    labels = np.zeros(GRID.shape, np.uint8)
    labels[(from_head > RADIUS - 7) & (from_head <= RADIUS)] = sites_by_id()["skull"].label
    across = np.hypot(places[..., 0], places[..., 1])
    thigh = (across < 60) & (places[..., 2] < -110) & (places[..., 2] > -390)
    bone = thigh & (across < 14)
    labels[bone] = sites_by_id()["femur_diaphysis_left"].label
    rng = np.random.default_rng(4)
    array = np.zeros(GRID.shape, np.float32)
    array[from_head < RADIUS] = brain
    array[thigh] = muscle
    array[bone] = 1.4 * muscle
    array[np.abs(places - LESION_MM.mean(axis=0)).max(axis=-1) < 12] = lesion
    array[array > 0] *= 1 + 0.03 * rng.standard_normal(int((array > 0).sum()))
    return Volume(array, GRID, Contrast.STIR), Skeleton(labels, GRID, "drawn by hand")


def test_the_ball_lies_inside_the_skull() -> None:
    points = brain_points(head_and_thigh(500)[1])
    assert points is not None
    assert points.mean(axis=0) == pytest.approx(HEAD, abs=6)
    assert np.linalg.norm(points - HEAD, axis=1).max() < RADIUS - 8


def test_half_a_skull_or_a_small_piece_of_one_says_nothing() -> None:
    skeleton = head_and_thigh(500)[1]
    half = skeleton.labels.copy()
    half[:, :, GRID.shape[2] // 2 :] = 0
    assert brain_points(Skeleton(half, GRID, "half")) is None
    none = np.where(skeleton.labels == sites_by_id()["skull"].label, 0, skeleton.labels).astype(np.uint8)
    assert brain_points(Skeleton(none, GRID, "none")) is None


def test_lesion_and_brain_are_measured_over_muscle() -> None:
    volume, skeleton = head_and_thigh(brain=600, muscle=100, lesion=400)
    seen = exam_signals({"STIR": volume}, skeleton, {"1": Outline(LESION_MM, 2.0)})
    assert seen.brain == pytest.approx(6.0, rel=0.05)
    assert seen.near_muscle["1"] == pytest.approx(4.0, rel=0.08)


def test_a_scanner_that_shows_all_bright_tissue_brighter_is_told_from_a_change() -> None:
    first = exam_signals(*_exam(500, 350), {"1": Outline(LESION_MM, 2.0)})
    then = exam_signals(*_exam(650, 350 * 1.3**BRAIN_SHARE), {"1": Outline(LESION_MM, 2.0)})
    by_scanner = contrast(first, then)
    assert by_scanner == pytest.approx(1.3**BRAIN_SHARE, rel=0.03)
    assert then.near_muscle["1"] / first.near_muscle["1"] == pytest.approx(by_scanner, rel=0.03)


def _exam(brain: float, lesion: float) -> tuple[dict[str, Volume], Skeleton]:
    volume, skeleton = head_and_thigh(brain, lesion=lesion)
    return {"STIR": volume}, skeleton
