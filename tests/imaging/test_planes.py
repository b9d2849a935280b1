"""Volumes measured in other planes than the main one: read where they lie, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from marrowmap.core.geometry import Grid, Plane, PointMm
from marrowmap.core.site import sites_by_id
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.grids import STANDARD_DIRECTIONS
from marrowmap.imaging.measure import exam_muscle, measure_region
from marrowmap.imaging.working import on_grid, prepare, working_grid

TIBIA = sites_by_id()["tibia_distal_metaphysis_left"]
CENTRE = np.array([10.0, -20.0, 30.0])


def grid_around(
    directions: np.ndarray, shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> Grid:
    """A grid whose middle is CENTRE. directions: rows are unit directions (LPS) of slices, rows and columns."""
    affine = np.eye(4)
    affine[:3, :3] = directions.T * np.array(spacing)
    affine[:3, 3] = CENTRE - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, affine)


def tilted(directions: np.ndarray, degrees: float) -> np.ndarray:
    a = np.deg2rad(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    return directions @ about_x.T @ about_z.T


def places_mm(grid: Grid) -> np.ndarray:
    return np.indices(grid.shape).reshape(3, -1).T @ grid.affine[:3, :3].T + grid.affine[:3, 3]


def ramp(grid: Grid) -> np.ndarray:
    """A field that is linear in millimetres: read at the right place, it comes back exactly."""
    return (places_mm(grid) @ [1.0, 2.0, -1.5] + 500).reshape(grid.shape).astype(np.float32)


CORONAL, SAGITTAL, AXIAL = (STANDARD_DIRECTIONS[p] for p in (Plane.CORONAL, Plane.SAGITTAL, Plane.AXIAL))
SOURCES = {
    "coronal": CORONAL,
    "sagittal": SAGITTAL,
    "axial": AXIAL,
    "sagittal from the left": SAGITTAL * np.array([[-1], [1], [1]]),
    "axial from the head": AXIAL * np.array([[-1], [1], [1]]),
    "oblique": tilted(SAGITTAL, 20),
    "coronal, slightly turned": tilted(CORONAL, 3),
}


@pytest.mark.parametrize(
    "target", [CORONAL, SAGITTAL, tilted(AXIAL, 12)], ids=["coronal", "sagittal", "tilted"]
)
@pytest.mark.parametrize("name", SOURCES)
def test_a_volume_is_read_where_it_lies_whatever_its_plane(name: str, target: np.ndarray) -> None:
    source = grid_around(SOURCES[name], (24, 60, 70), (4.0, 1.5, 1.5))
    onto = grid_around(target, (30, 40, 40), (5.0, 3.0, 3.0))
    signal, covered = on_grid(Volume(ramp(source), source, Contrast.T1), onto)
    places = np.linalg.solve(source.affine[:3, :3], (places_mm(onto) - source.affine[:3, 3]).T)
    size = np.array(source.shape)[:, None]
    inside = ((places > -0.5 - 1e-6) & (places < size - 0.5 + 1e-6)).all(axis=0).reshape(onto.shape)
    assert (covered == inside).mean() > 0.999
    assert 0 < covered.mean() < 1
    assert (signal[~covered] == 0).all()
    well_inside = ((places > 4) & (places < size - 5)).all(axis=0).reshape(onto.shape)
    np.testing.assert_allclose(signal[well_inside], ramp(onto)[well_inside], atol=0.5)


def test_a_volume_of_the_same_size_that_begins_elsewhere_is_not_taken_for_the_same_place() -> None:
    here = Grid.coronal((8, 40, 40), (5.0, 3.0, 3.0), PointMm(-60, -20, 60))
    above = Grid.coronal((8, 40, 40), (5.0, 3.0, 3.0), PointMm(-60, -20, 90))
    signal, covered = on_grid(Volume(ramp(above), above, Contrast.T1), here)
    assert covered[:, :30].all()
    assert not covered[:, 30:].any()
    np.testing.assert_allclose(signal[:, :30], ramp(here)[:, :30], atol=0.01)


@pytest.mark.parametrize("alike", [True, False])
def test_beyond_a_volume_nothing_was_measured_though_it_says_where_it_measured(alike: bool) -> None:
    source = grid_around(CORONAL if alike else SAGITTAL, (10, 30, 30), (4.0, 2.0, 2.0))
    onto = grid_around(CORONAL, (20, 60, 60), (4.0, 2.0, 2.0))
    volume = Volume(ramp(source), source, Contrast.T1, covered=np.ones(source.shape, bool))
    _, covered = on_grid(volume, onto)
    assert covered.sum() == on_grid(replace(volume, covered=None), onto)[1].sum()
    assert not covered[0].any()


def test_a_missing_slice_of_another_plane_is_not_dark() -> None:
    source = grid_around(SAGITTAL, (12, 40, 40), (4.0, 2.0, 2.0))
    array, measured = np.full(source.shape, 100, np.float32), np.ones(source.shape, bool)
    array[5], measured[5] = 0, False
    onto = working_grid(grid_around(CORONAL, (16, 26, 24), (5.0, 3.0, 2.0)))
    signal, covered = on_grid(Volume(array, source, Contrast.T1, covered=measured), onto)
    assert covered.any()
    assert not covered.all()
    np.testing.assert_allclose(signal[covered], 100, rtol=1e-4)


# ------------------------------------------------- an exam of two planes


def anatomy(grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Leg, shaft and a lesion in the shaft, off the middle of the field of view in every direction."""
    x, y, z = (places_mm(grid) - CENTRE - [18.0, 6.0, 0.0]).T.reshape(3, *grid.shape)
    leg, shaft = np.hypot(x, y) < 48, np.hypot(x, y) < 14
    return leg, shaft, shaft & (np.sqrt(x**2 + y**2 + (z - 25) ** 2) < 11)


def painted(grid: Grid, bone: float, muscle: float, lesion: float, fat: float) -> np.ndarray:
    leg, shaft, ball = anatomy(grid)
    inner = ndimage.binary_erosion(leg, iterations=2)
    return np.select([ball, shaft, inner, leg], [lesion, bone, muscle, fat], 2.0).astype(np.float32)


MAIN = grid_around(CORONAL, (28, 60, 60), (5.0, 2.5, 2.5))


def exam(t1: Grid) -> tuple[dict[str, Volume], Skeleton, np.ndarray]:
    volumes = {
        "STIR": Volume(painted(MAIN, 50, 100, 450, 30), MAIN, Contrast.STIR),
        "T1": Volume(painted(t1, 400, 150, 160, 600), t1, Contrast.T1),
    }
    _, shaft, ball = anatomy(MAIN)
    return volumes, Skeleton(np.where(shaft, TIBIA.label, 0).astype(np.uint8), MAIN, "truth"), ball


@pytest.mark.parametrize("name", ["sagittal", "axial", "oblique"])
def test_t1_of_another_plane_is_measured_in_the_bone_that_it_shows(name: str) -> None:
    volumes, skeleton, ball = exam(grid_around(SOURCES[name], (45, 70, 75), (3.0, 2.0, 2.0)))
    work = prepare(volumes)
    _, shaft, lesion = anatomy(work.grid)
    seen = shaft & ~lesion & work.covered["T1"]
    assert np.median(work.signal["T1"][seen]) == pytest.approx(400, rel=0.02)
    muscle = exam_muscle(volumes, skeleton)
    core = ndimage.binary_erosion(ball, np.ones((1, 3, 3)))
    healthy = np.roll(core, 16, axis=1)
    for region, expected in ((core, 160 / 150), (healthy, 400 / 150)):
        found = measure_region(volumes, skeleton, region, muscle=muscle).t1_ratio
        assert found.value == pytest.approx(expected, rel=0.1)


def test_t1_that_does_not_reach_the_lesion_is_not_measured() -> None:
    short = grid_around(SAGITTAL, (45, 30, 75), (3.0, 1.0, 2.0))  # 30 mm from head to feet, below the lesion
    lower = Grid(short.shape, short.affine + np.array([[0, 0, 0, 0]] * 2 + [[0, 0, 0, -30.0]] + [[0] * 4]))
    volumes, skeleton, ball = exam(lower)
    found = measure_region(volumes, skeleton, ball).t1_ratio
    assert found.value is None
    assert "does not cover" in found.why_missing
