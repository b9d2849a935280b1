"""The second look at names: what it reads, that sides are alike to it, and that nothing found stays nothing."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.label_classes import class_names
from marrowmap.imaging.naming import CLASSES, COUNT, PLACE, SHAPES, name_again, naming_view
from marrowmap.imaging.network import Bones, session
from marrowmap.imaging.outline import OutlineView
from marrowmap.imaging.working import Working, prepare

SHAPE = (12, 80, 64)
FEMUR = class_names().index("femur/diaphysis")


def exam() -> tuple[Working, Bones, OutlineView, np.ndarray]:
    """A body with one shaft on each side, that the first network called femur above and did not see below."""
    grid = Grid.coronal(SHAPE, (5.0, 3.0, 3.0), PointMm(-94.5, -27.5, 120))
    body = np.zeros(SHAPE, np.float32)
    body[:, :, 4:-4] = 100
    shaft = np.zeros(SHAPE, np.float16)
    shaft[4:8, 10:70, 14:20] = 1
    shaft[4:8, 10:70, 44:50] = 1
    work = prepare({"STIR": Volume(body, grid, Contrast.STIR)})
    seen = np.argwhere((shaft > 0) & (np.arange(80)[:, None] < 40))
    classes = np.zeros((len(seen), CLASSES), np.float16)
    classes[:, FEMUR] = 0.9
    bones = Bones(
        shaft, np.zeros(SHAPE, np.float16), np.zeros(SHAPE, np.float16), seen, classes, np.zeros(len(seen))
    )
    view = OutlineView(work.grid, shaft > 0, (shaft > 0).astype(np.uint8), [], (0, 0, 0))
    return work, bones, view, shaft


def test_the_network_reads_as_many_numbers_as_are_made() -> None:
    work, bones, outline, share = exam()
    view = naming_view(work, bones, outline, share)
    assert view.at(slice(0, 9)).shape == (9, COUNT)
    assert session("naming").get_inputs()[0].shape[1] == COUNT
    assert session("shape").get_inputs()[0].shape[1] == SHAPES + PLACE


def test_every_voxel_inside_the_outline_is_named_also_where_the_first_network_saw_none() -> None:
    work, bones, outline, share = exam()
    view = naming_view(work, bones, outline, share)
    again = name_again(view, bones)
    assert len(again.places) == int((share > 0.15).sum()) > len(bones.places)
    np.testing.assert_allclose(again.classes.astype(float).sum(axis=1), 1, atol=0.01)


def test_first_names_are_read_where_they_were_given_and_above_where_not() -> None:
    work, bones, outline, share = exam()
    view = naming_view(work, bones, outline, share)
    features = view.at(slice(None))
    here = features[:, -(CLASSES + 1) + FEMUR]
    top = view.places[:, 1] < 40
    assert here[top] == pytest.approx(0.9, abs=0.01)
    assert not here[~top].any()
    around = features[:, SHAPES + PLACE + FEMUR]
    assert around[view.places[:, 1] < 30] == pytest.approx(0.9, abs=0.05)
    assert not around[view.places[:, 1] > 60].any()


def test_the_place_in_the_body_is_told_in_metres_and_alike_for_both_sides() -> None:
    work, bones, outline, share = exam()
    view = naming_view(work, bones, outline, share)
    below_top, above_bottom, length, aside, _ = view.shape.place.T
    assert length == pytest.approx(0.237, abs=0.01)
    assert below_top + above_bottom == pytest.approx(length, abs=1e-5)
    right, left = (np.sort(aside[s]) for s in (view.places[:, 2] < 32, view.places[:, 2] >= 32))
    np.testing.assert_allclose(right, left, atol=1e-4)


def test_no_bone_no_name() -> None:
    work, bones, outline, share = exam()
    again = name_again(naming_view(work, bones, outline, np.zeros_like(share)), bones)
    assert len(again.places) == 0
    assert not again.bone.any()
