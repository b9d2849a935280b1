"""From what the networks say to units: a lone wrong name gives way to the bone around it, a boundary does not."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import site
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.label_assemble import name_all
from marrowmap.imaging.label_classes import class_names
from marrowmap.imaging.label_mixing import mix_names
from marrowmap.imaging.network import Bones
from marrowmap.imaging.working import Working, prepare

SHAPE = (12, 90, 64)
SHAFT, END, OTHER = (
    class_names().index(n) for n in ("femur/diaphysis", "femur/distal_metaphysis", "patella/whole")
)


@pytest.fixture
def work() -> Working:
    """A body 190 mm wide; columns run from patient-right to patient-left."""
    grid = Grid.coronal(SHAPE, (5.0, 3.0, 3.0), PointMm(-94.5, -27.5, 135))
    return prepare({"STIR": Volume(np.full(SHAPE, 100, np.float32), grid, Contrast.STIR)})


def shaft(wrong: np.ndarray | None = None) -> Bones:
    """A left thigh bone, shaft above row 50 and metaphysis below; ``wrong`` voxels are called patella."""
    bone = np.zeros(SHAPE, np.float16)
    bone[4:8, 10:80, 44:52] = 1
    places = np.argwhere(bone > 0)
    classes = np.full((len(places), len(class_names())), 0.001, np.float16)
    upper = places[:, 1] < 50
    classes[upper, SHAFT], classes[~upper, END] = 0.8, 0.8
    if wrong is not None:
        inside = wrong[tuple(places.T)]
        classes[inside], classes[inside, OTHER] = 0.001, 0.7
    none = np.zeros(SHAPE, np.float16)
    return Bones(bone, none, none, places, classes, np.zeros(len(places), np.float16))


def named(work: Working, bones: Bones) -> np.ndarray:
    """Labels on the working grid."""
    return name_all(work, mix_names(bones, work.grid.spacing)).labels


def test_each_part_of_a_bone_has_its_name_and_side(work: Working) -> None:
    labels = named(work, shaft())
    assert set(np.unique(labels)) == {
        0,
        site("femur_diaphysis_left").label,
        site("femur_distal_metaphysis_left").label,
    }
    edge = np.argwhere(labels == site("femur_distal_metaphysis_left").label)[:, 1].min()
    assert abs(int(edge) - 50) <= 1


def test_a_lone_wrong_name_gives_way_to_the_bone_around_it(work: Working) -> None:
    lone = np.zeros(SHAPE, bool)
    lone[5, 30, 47] = True
    labels = named(work, shaft(lone))
    assert labels[5, 30, 47] == site("femur_diaphysis_left").label


def test_a_large_piece_of_another_name_stays(work: Working) -> None:
    piece = np.zeros(SHAPE, bool)
    piece[4:8, 64:80, 44:52] = True
    labels = named(work, shaft(piece))
    assert labels[5, 75, 47] == site("patella_left").label


def test_no_bone_gives_no_label(work: Working) -> None:
    empty = Bones(
        *(np.zeros(SHAPE, np.float16) for _ in range(3)),
        np.zeros((0, 3), np.intp),
        np.zeros((0, len(class_names())), np.float16),
        np.zeros(0, np.float16),
    )
    assert not named(work, empty).any()
