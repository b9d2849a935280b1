"""Candidates of exams in other planes, what a candidate carries, and what is said of those left out.

The network is not asked: these tests are about planes and lists. What is bright on STIR is marked instead.
"""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.site import sites_by_id
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging import candidates
from marrowmap.imaging.candidates import find_candidates
from marrowmap.imaging.coronal_copy import coronal_copy
from marrowmap.imaging.grids import STANDARD_DIRECTIONS
from marrowmap.imaging.working import Working, prepare

LEFT, RIGHT = sites_by_id()["tibia_distal_metaphysis_left"], sites_by_id()["tibia_distal_metaphysis_right"]
SIZE_MM = {"x": 360.0, "y": 120.0, "z": 300.0}
LESIONS = ((72.0, 0.0, 20.0), (-72.0, 4.0, -60.0))
"""Middles in LPS mm, one in each leg."""


def legs(
    plane: Plane, fluid: Contrast = Contrast.STIR
) -> tuple[dict[str, Volume], Skeleton, list[np.ndarray]]:
    """Two legs with a lesion in each; T1 is always coronal."""

    def grid(of: Plane, step: tuple[float, float, float]) -> Grid:
        directions = STANDARD_DIRECTIONS[of]
        shape = tuple(
            round(float(np.abs(d) @ list(SIZE_MM.values())) / s)
            for d, s in zip(directions, step, strict=True)
        )
        affine = np.eye(4)
        affine[:3, :3] = directions.T * step
        affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
        return Grid((shape[0], shape[1], shape[2]), affine)

    def signal(
        on: Grid, bone: float, muscle: float, lesion: float, fat: float
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        x, y, z = (np.indices(on.shape).reshape(3, -1).T @ on.affine[:3, :3].T + on.affine[:3, 3]).T.reshape(
            3, *on.shape
        )
        across = np.hypot(np.abs(x) - 72, y)
        labels = np.where((across < 16) & (np.abs(z) < 110), np.where(x > 0, LEFT.label, RIGHT.label), 0)
        balls = [np.sqrt((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) < 13 for a, b, c in LESIONS]
        out = np.where(labels > 0, bone, np.where(across < 42, muscle, np.where(across < 50, fat, 2.0)))
        out[balls[0] | balls[1]] = lesion
        noisy = np.abs(out + np.random.default_rng(2).normal(0, 4, on.shape)).astype(np.float32)
        return noisy, labels.astype(np.uint8), balls

    main, other = grid(plane, (4.5, 2.5, 2.5)), grid(Plane.CORONAL, (5.0, 3.0, 3.0))
    bright, labels, balls = signal(main, 60, 100, 420, 30)
    volumes = {
        str(fluid): Volume(bright, main, fluid, station=np.zeros(main.shape[1], np.int16)),
        "T1": Volume(signal(other, 400, 150, 160, 600)[0], other, Contrast.T1),
    }
    return volumes, Skeleton(labels, main, "truth", coverage={LEFT.id: Coverage.PARTIAL}), balls


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Working] = []

    def remember(volumes: dict[str, Volume]) -> Working:
        seen.append(prepare(volumes))
        return seen[-1]

    def bright(_name: str, _view: object) -> np.ndarray:
        return np.where(seen[-1].signal["STIR"] > 250, 0.9, 0.0).astype(np.float32)

    monkeypatch.setattr(candidates, "prepare", remember)
    monkeypatch.setattr(candidates, "probability", bright)
    monkeypatch.setattr(candidates, "shown", lambda _spot, _score: True)


@pytest.mark.parametrize("plane", [Plane.SAGITTAL, Plane.AXIAL])
def test_candidates_of_another_plane_lie_where_the_lesions_lie(plane: Plane) -> None:
    volumes, skeleton, balls = legs(plane)
    copy = coronal_copy(volumes, skeleton)
    assert copy is not None
    assert {v.grid.plane for v in copy.volumes.values()} == {Plane.CORONAL}
    found = copy.back(find_candidates(copy.volumes, copy.skeleton), skeleton)
    assert found.labels.shape == skeleton.grid.shape
    for ball, unit, place in zip(balls, (LEFT, RIGHT), LESIONS, strict=True):
        best = max(found.candidates, key=lambda c: (found.labels[ball] == c.label).sum())
        mask = found.labels == best.label
        assert 2 * (mask & ball).sum() / (mask.sum() + ball.sum()) > 0.6
        assert best.site_id == unit.id
        assert np.linalg.norm(np.array(tuple(best.centre_mm)) - place) < 8
        assert best.volume_ml.value == pytest.approx(mask.sum() * skeleton.grid.voxel_ml)
        assert best.si_ratio.value > 3
        assert best.t1_ratio.value < 1.6  # 1.07; bone around it has 2.67
    assert any(f"on {plane} images" in w and "coronal copy" in w for w in found.warnings)


def test_an_exam_measured_coronally_needs_no_copy_and_t1_alone_is_not_looked_at() -> None:
    volumes, skeleton, _ = legs(Plane.CORONAL)
    assert coronal_copy(volumes, skeleton) is None
    assert coronal_copy({"T1": volumes["T1"]}, skeleton) is None


def test_beyond_the_images_the_copy_holds_no_signal() -> None:
    volumes, skeleton, _ = legs(Plane.SAGITTAL)
    a = np.deg2rad(15)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    turned = Grid(skeleton.grid.shape, turn @ skeleton.grid.affine)
    stir = Volume(volumes["STIR"].array, turned, Contrast.STIR)
    copy = coronal_copy({"STIR": stir}, Skeleton(skeleton.labels, turned, "truth"))
    assert copy is not None
    covered = copy.volumes["STIR"].covered
    assert covered is not None
    assert 0.4 < covered.mean() < 0.95  # the corners of the upright box lie outside
    assert (copy.volumes["STIR"].array[~covered] == 0).all()


def test_candidates_carry_all_that_was_measured() -> None:
    volumes, skeleton, _ = legs(Plane.CORONAL)
    found = find_candidates(volumes, skeleton).candidates
    assert {c.site_id for c in found} == {LEFT.id, RIGHT.id}
    for c in found:
        assert c.units[0].site_id == c.site_id
        assert c.units[0].share == c.extent_percent
        assert c.extent_percent.note == ("of the part in view" if c.site_id == LEFT.id else "")
        assert c.periosteal_ratio.value is not None
        assert c.soft_tissue_ratio.value == pytest.approx(1, rel=0.15)  # muscle lies there
        assert c.heights is None


def test_candidates_beyond_the_list_are_counted_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    volumes, skeleton, _ = legs(Plane.CORONAL)
    every = find_candidates(volumes, skeleton)
    assert len(every.candidates) >= 2
    assert not any("listed" in w for w in every.warnings)
    monkeypatch.setattr(candidates, "MOST", 1)
    cut = find_candidates(volumes, skeleton)
    assert len(cut.candidates) == 1
    more = len(every.candidates) - 1
    assert any(f"{more} more place" in w and "Only the 1 candidates" in w for w in cut.warnings)
