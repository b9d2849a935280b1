"""Exams of a part of the body: black marrow is looked at where fat is suppressed, though open where the exam ends."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.network import find_bones
from marrowmap.imaging.working import Working, prepare


def thigh(length_mm: float, marrow: float = 0.0) -> Volume:
    """A cylinder of muscle around a shaft that leaves the field of view above and below."""
    shape = (24, round(length_mm / 3), 60)
    grid = Grid.coronal(shape, (5.0, 3.0, 3.0), PointMm(-88.5, -57.5, length_mm / 2))
    slices, _, columns = np.indices(shape)
    across = np.hypot((slices - 11.5) * 5, (columns - 29.5) * 3)
    array = np.where(across < 14, marrow, np.where(across < 55, 100.0, 0.0)).astype(np.float32)
    array[array > 0] += np.random.default_rng(3).normal(0, 3, int((array > 0).sum()))
    return Volume(array, grid, Contrast.STIR)


def working(length_mm: float, **more: float) -> Working:
    return prepare({"STIR": thigh(length_mm, **more)})


def test_a_black_shaft_open_at_both_ends_lies_inside_the_body() -> None:
    work = working(300)
    middle = tuple(n // 2 for n in work.grid.shape)
    assert work.body[middle]
    assert not work.body[0, middle[1], 0]


def test_black_marrow_is_asked_where_no_sequence_would_show_its_fat(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[np.ndarray] = []

    def remember(
        _net: object, _levels: object, places: np.ndarray, _maps: object
    ) -> list[tuple[np.ndarray, ...]]:
        asked.append(places)
        return [(places[:0], np.zeros((0, 3), np.float16), np.zeros(0))]

    monkeypatch.setattr("marrowmap.imaging.network._ask", remember)
    find_bones(working(300))
    shape = working(300).grid.shape
    shaft = (np.abs(asked[0][:, 0] - shape[0] // 2) < 2) & (np.abs(asked[0][:, 2] - shape[2] // 2) < 3)
    assert shaft.any()
