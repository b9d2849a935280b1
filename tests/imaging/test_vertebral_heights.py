"""Heights of one and the same wedge, labelled in every plane."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.scores import genant
from marrowmap.core.site import sites_by_id
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.imaging.grids import STANDARD_DIRECTIONS
from marrowmap.imaging.vertebral_heights import measured_heights, vertebral_heights

T7, T8, T9 = (sites_by_id()[f"vertebra_t{n}"] for n in (7, 8, 9))
FRONT, BACK = 12.0, 20.0
EXPECTED = (FRONT + BACK / 6 - FRONT / 6, (FRONT + BACK) / 2, BACK - BACK / 6 + FRONT / 6)
"""Mean heights of the thirds of a body that grows evenly from front to back."""

SPACINGS = {Plane.CORONAL: (3.0, 1.0, 1.0), Plane.SAGITTAL: (3.5, 1.0, 1.0), Plane.AXIAL: (3.0, 0.9, 0.9)}


def spine(plane: Plane, flip: bool = False, tilt_degrees: float = 0.0) -> Skeleton:
    """T7 to T9, 24 mm deep and wide; T8 is a wedge. flip: slices are stacked the other way round."""
    spacing = SPACINGS[plane]
    directions = STANDARD_DIRECTIONS[plane] * np.array([[-1.0 if flip else 1.0], [1.0], [1.0]])
    a = np.deg2rad(tilt_degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    affine = np.eye(4)
    affine[:3, :3] = (directions @ about_x.T).T * spacing
    size = np.abs(directions).T @ np.array(spacing)
    shape_lps = np.round(np.array([48.0, 48.0, 120.0]) / size).astype(int)
    shape = tuple(int(n) for n in np.abs(directions) @ shape_lps)
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    grid = Grid(shape, affine)
    x, y, z = (np.indices(shape).reshape(3, -1).T @ affine[:3, :3].T + affine[:3, 3]).T.reshape(3, *shape)
    labels = np.zeros(shape, np.uint8)
    inside = (np.abs(x) < 12) & (np.abs(y) < 12)
    wedge = FRONT + (BACK - FRONT) * (y + 12) / 24
    labels[inside & (np.abs(z) < wedge / 2)] = T8.label
    labels[inside & (np.abs(z - 30) < 10)] = T7.label
    labels[inside & (np.abs(z + 30) < 10)] = T9.label
    return Skeleton(labels, grid, "truth")


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("plane", SPACINGS)
def test_a_wedge_is_the_same_wedge_in_every_plane(plane: Plane, flip: bool) -> None:
    found = measured_heights(spine(plane, flip), T8)
    row = {Plane.CORONAL: 1.0, Plane.SAGITTAL: 1.0, Plane.AXIAL: 3.0}[plane]
    for height, expected in zip(
        (found.anterior_mm, found.middle_mm, found.posterior_mm), EXPECTED, strict=True
    ):
        assert height.value == pytest.approx(expected, abs=0.7 * row)
        assert height.uncertainty == pytest.approx(row / 12**0.5 * 2**0.5, abs=0.01)
        assert abs(height.value - expected) < 2 * height.uncertainty
    assert found.reference_mm.value == pytest.approx(20, abs=1.1 * row)
    assert 0 < found.reference_mm.uncertainty < found.posterior_mm.uncertainty


@pytest.mark.parametrize("plane", SPACINGS)
def test_scores_take_the_plain_heights(plane: Plane) -> None:
    loss = genant.height_loss(vertebral_heights(spine(plane), T8))
    assert loss.shape == "wedge"
    assert genant.grade(loss.largest) == 2  # 13.3 of 18.7 mm: 29 % lost in front


def test_a_small_tilt_is_measured_and_an_oblique_one_refused() -> None:
    little = measured_heights(spine(Plane.SAGITTAL, tilt_degrees=6), T8)
    assert little.posterior_mm.value == pytest.approx(EXPECTED[2], rel=0.08)
    much = measured_heights(spine(Plane.SAGITTAL, tilt_degrees=20), T8)
    assert vertebral_heights(spine(Plane.SAGITTAL, tilt_degrees=20), T8).posterior_mm is None
    for height in vars(much).values():
        assert height.value is None
        assert "oblique, 20 degrees" in height.why_missing


def test_columns_that_differ_make_heights_less_certain() -> None:
    even = spine(Plane.CORONAL)
    ragged = even.labels.copy()
    ragged[:, 59:70, ::2] = np.where(ragged[:, 59:70, ::2] == T8.label, 0, ragged[:, 59:70, ::2])
    found = measured_heights(replace(even, labels=ragged), T8)
    assert found.posterior_mm.uncertainty > 3 * measured_heights(even, T8).posterior_mm.uncertainty


def test_a_vertebra_that_is_not_seen_whole_is_not_measured() -> None:
    whole = spine(Plane.CORONAL)
    partly = replace(whole, coverage={T8.id: Coverage.PARTIAL})
    assert "only partly in view" in measured_heights(partly, T8).anterior_mm.why_missing
    rows = np.flatnonzero((whole.labels == T8.label).any(axis=(0, 2)))
    cut = slice(int(rows[4]), whole.grid.shape[1])
    box = (slice(0, whole.grid.shape[0]), cut, slice(0, whole.grid.shape[2]))
    ended = Skeleton(whole.labels[box], whole.grid.part(box), "truth")
    assert "cut by the edge" in measured_heights(ended, T8).anterior_mm.why_missing
    lonely = replace(whole, labels=np.where(whole.labels == T8.label, whole.labels, 0).astype(np.uint8))
    assert "no neighbouring" in measured_heights(lonely, T8).reference_mm.why_missing
    assert measured_heights(lonely, T8).posterior_mm.value is not None
