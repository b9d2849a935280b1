"""Sides from geometry."""

from __future__ import annotations

import numpy as np

from marrowmap.core.site import Side, all_sites, sites_by_id
from marrowmap.imaging.label_classes import (
    class_names,
    class_of_label,
    is_paired,
    label_of_class,
    ordinal_of_label,
)
from marrowmap.imaging.label_sides import is_left, midline


def test_left_is_the_patients_left_beside_a_tilted_spine() -> None:
    z = np.linspace(-600, 600, 1200)
    spine = np.stack([12 + 0.05 * z, np.zeros_like(z), z], axis=1)
    line = midline(spine, np.ones(len(z), bool), np.zeros((0, 3)))
    assert line[2]
    beside = spine + np.array([40, 0, 0])
    assert is_left(beside, line).all()
    assert not is_left(spine - np.array([40, 0, 0]), line).any()


def test_a_quarter_of_wrong_voxels_does_not_move_the_midline() -> None:
    rng = np.random.default_rng(1)
    z = rng.uniform(-500, 500, 4000)
    x = np.where(rng.random(4000) < 0.25, -190.0, rng.normal(0, 8, 4000))
    points = np.stack([x, np.zeros(4000), z], axis=1)
    a, b, _ = midline(points, np.ones(4000, bool), np.zeros((0, 3)))
    assert abs(a) < 10
    assert abs(b) < 0.03


def test_without_midline_bones_a_wide_outline_counts_and_says_so() -> None:
    points = np.stack([np.full(50, 90.0), np.zeros(50), np.linspace(0, 100, 50)], axis=1)
    outline = np.array([[130.0, -90.0, float(z)] for z in range(0, 100, 5)])
    a, _, sure = midline(points, np.zeros(50, bool), outline)
    assert abs(a - 20) < 1
    assert not sure


def test_every_unit_is_reached_by_its_class() -> None:
    table, classes, order = label_of_class(), class_of_label(), ordinal_of_label()
    column = {Side.RIGHT: 0, Side.LEFT: 1, Side.MIDLINE: 2}
    for unit in all_sites():
        if np.isnan(order[unit.label]) or unit.level in ("C1", "C2"):
            assert table[classes[unit.label], column[unit.side]] == unit.label
    assert len(class_names()) == classes[1:130].max() + 1


def test_only_bones_with_two_sides_are_paired() -> None:
    paired = is_paired()
    names = class_names()
    for unit in sites_by_id().values():
        assert paired[class_of_label()[unit.label]] == (unit.side is not Side.MIDLINE)
    assert not paired[names.index("vertebra_t")]
