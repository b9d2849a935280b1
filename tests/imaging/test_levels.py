"""Vertebral levels by counting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from marrowmap.core.site import VERTEBRAL_LEVELS
from marrowmap.imaging.levels import NUMBERINGS, REGIONS, Spine, count_levels, region_of


def spine(first: int, last: int, noise: float = 0.6, shift: float = 0.0, seed: int = 1):
    """Bodies from level ``first`` to ``last`` that look like what they are, as ``column`` gives them."""
    levels = range(first, last + 1)
    return column(levels, levels, noise, shift, seed)


def column(levels: Sequence[int], seen: Sequence[int], noise: float, shift: float = 0.0, seed: int = 1):
    """Bodies of growing height with discs between: points, truth, rough levels, regions, discs.

    seen: the level that the network takes each body for; C1 and C2 always look like themselves.
    """
    rng = np.random.default_rng(seed)
    z, points, truth, discs = 0.0, [], [], []
    for level in levels:
        height = 12 + 0.6 * level
        n = 150
        points.append(
            np.stack([rng.normal(0, 7, n), rng.normal(0, 7, n), z - rng.uniform(0, height, n)], axis=1)
        )
        truth.append(np.full(n, level))
        z -= height
        discs.append(
            np.stack([rng.normal(0, 6, 40), rng.normal(0, 6, 40), z - rng.uniform(0, 3, 40)], axis=1)
        )
        z -= 3
    where, level = np.concatenate(points), np.concatenate(truth)
    rough = np.repeat(seen + rng.normal(shift, noise, len(levels)), n) + rng.normal(0, 0.5, len(level))
    named = [region_of(v if min(v, s) < 2 else s) for v, s in zip(levels, seen, strict=True)]
    regions = np.full((len(level), len(REGIONS)), 0.03)
    regions[np.arange(len(level)), np.repeat(named, n)] = 0.9
    return where, level, rough, regions, (np.concatenate(discs), np.full(len(discs) * 40, 0.8))


@pytest.mark.parametrize("seed", range(4))
def test_a_whole_spine_is_counted_right_although_rough_levels_are_off(seed: int) -> None:
    points, level, rough, regions, discs = spine(0, 23, seed=seed)
    found = count_levels(points, rough, regions, discs, sacrum_top=float(points[:, 2].min()))
    assert np.mean(found.level == level) > 0.93


@pytest.mark.parametrize("seed", range(4))
def test_levels_are_certain_only_where_bodies_look_like_their_number(seed: int) -> None:
    for noise, certain in ((0.3, True), (0.9, False)):
        points, _, rough, regions, discs = spine(0, 23, noise=noise, seed=seed)
        found = count_levels(points, rough, regions, discs, sacrum_top=float(points[:, 2].min()))
        assert (not found.uncertain) == certain, found.why


def test_a_constant_error_of_the_network_is_put_right_by_the_regions() -> None:
    points, level, rough, regions, discs = spine(0, 23, noise=0.2, shift=0.8)
    found = count_levels(points, rough, regions, discs, sacrum_top=float(points[:, 2].min()))
    assert np.mean(found.level == level) > 0.9


def test_a_view_of_the_middle_alone_is_uncertain() -> None:
    points, _, rough, regions, discs = spine(9, 16)
    found = count_levels(points, rough, regions, discs, sacrum_top=None)
    assert found.uncertain
    assert found.why


def test_thirteen_thoracic_bodies_are_uncertain() -> None:
    # one body more than usual between head and sacrum: nobody can number them without doubt
    points, level, rough, regions, discs = spine(0, 23, noise=0.1)
    low = level >= 12
    points[low, 2] -= 22.0
    rng = np.random.default_rng(3)
    z = points[level == 11][:, 2].min() - 3
    extra = np.stack([rng.normal(0, 7, 150), rng.normal(0, 7, 150), z - rng.uniform(0, 19, 150)], axis=1)
    gap = discs[0].copy()
    gap[gap[:, 2] < z - 3, 2] -= 22.0
    more = np.stack([rng.normal(0, 6, 40), rng.normal(0, 6, 40), z - 19 - rng.uniform(0, 3, 40)], axis=1)
    found = count_levels(
        np.concatenate([points, extra]),
        np.concatenate([rough, np.full(150, 11.5)]),
        np.concatenate([regions, regions[level == 11][:150]]),
        (np.concatenate([gap, more]), np.full(len(gap) + 40, 0.8)),
        sacrum_top=float(points[:, 2].min()),
    )
    assert found.uncertain


def test_regions_follow_the_names() -> None:
    assert [REGIONS[region_of(VERTEBRAL_LEVELS.index(n))] for n in ("C1", "C2", "C5", "T12", "L1")] == [
        "C1",
        "C2",
        "C",
        "T",
        "L",
    ]


def test_a_count_that_does_not_fit_what_the_bodies_look_like_is_uncertain() -> None:
    """A body of a kind the network never saw: every body is counted, but their looks lie far from the count."""
    points, level, rough, regions, discs = spine(0, 23, noise=0.2)
    scattered = rough + np.where(level % 2, 1.0, -1.0)
    found = count_levels(points, scattered, regions, discs, sacrum_top=float(points[:, 2].min()))
    assert np.mean(found.level == level) > 0.9
    assert len(found.uncertain) == len(set(found.level))
    assert "do not agree" in found.why


def test_rough_levels_that_are_s_shaped_along_the_spine_do_not_change_the_count() -> None:
    """The look of another kind of body: rough levels pile up at both ends and hurry through the middle."""
    points, level, rough, regions, discs = spine(0, 23, noise=0.1)
    bent = 23 / (1 + np.exp(-(rough - 11.5) / 2.5))
    found = count_levels(points, bent, regions, discs, sacrum_top=float(points[:, 2].min()))
    assert np.mean(found.level == level) > 0.93


def test_an_atlas_of_half_a_bodys_height_is_counted() -> None:
    points, level, rough, regions, discs = spine(0, 23, noise=0.1)
    top = points[:, 2].max()
    atlas = level == 0
    points[atlas, 2] = top - 6 + 0.4 * (points[atlas, 2] - top)  # half as high, close to the axis
    found = count_levels(points, rough, regions, discs, sacrum_top=float(points[:, 2].min()))
    assert np.mean(found.level == level) > 0.93


def test_eleven_thoracic_bodies_keep_the_levels_of_both_ends_but_are_uncertain() -> None:
    points, level, rough, regions, discs = spine(0, 23, noise=0.1)
    gone = level == 18
    low = level > 18
    height = float(np.ptp(points[gone][:, 2])) + 3
    points[low, 2] += height
    where = discs[0].copy()
    cut = points[level == 17][:, 2].min()
    keep = (where[:, 2] > cut - 4) | (where[:, 2] < cut - 4 - height)
    where, weight = where[keep], discs[1][keep]
    where[where[:, 2] < cut - 4, 2] += height
    found = count_levels(
        points[~gone], rough[~gone], regions[~gone], (where, weight), float(points[~gone][:, 2].min())
    )
    assert np.mean(found.level == level[~gone]) > 0.9
    assert "11 thoracic vertebrae fit better" in found.why
    assert found.uncertain


def test_a_piece_of_the_sacrum_taken_for_a_vertebra_does_not_shift_the_count() -> None:
    points, level, rough, regions, discs = spine(0, 23, noise=0.1)
    rng = np.random.default_rng(5)
    z = points[:, 2].min() - 4
    piece = np.stack([rng.normal(0, 7, 60), rng.normal(0, 7, 60), z - rng.uniform(0, 24, 60)], axis=1)
    found = count_levels(
        np.concatenate([points, piece]),
        np.concatenate([rough, np.full(60, 23.2)]),
        np.concatenate([regions, regions[level == 23][:60]]),
        discs,
        sacrum_top=z,
    )
    assert np.mean(found.level[: len(level)] == level) > 0.93


T11, L5 = VERTEBRAL_LEVELS.index("T11"), 23
WHOLE_TO_L5, TO_L5, TO_L3, TO_T10 = (L5, True), (L5, False), (21, False), (16, False)
"""Last level in view, and whether the sacrum is."""


def read_view(
    number: str, first: int, last: int, sacrum: bool, guess: str = "its own"
) -> tuple[Spine, float]:
    """Count a view of a child with ``number`` thoracic vertebrae; and the share of voxels that are wrong but sure.

    guess: what the network takes a body for: its own level, or that of the usual spine by the place of the body from
    the head or from the sacrum.
    """
    child = NUMBERINGS[number]
    places = [i for i, level in enumerate(child) if first <= level <= last]
    guessed = {
        "its own": [child[i] for i in places],
        "from the head": [min(i, L5) for i in places],
        "from the sacrum": [max(0, i + 24 - len(child)) for i in places],
    }[guess]
    points, level, rough, regions, discs = column([child[i] for i in places], guessed, noise=0.15)
    found = count_levels(points, rough, regions, discs, float(points[:, 2].min()) if sacrum else None)
    sure = ~np.isin(found.level, list(found.uncertain))
    return found, float(np.mean(sure & (found.level != level)))


@pytest.mark.parametrize(("last", "sacrum"), [WHOLE_TO_L5, TO_L5, TO_L3, TO_T10])
@pytest.mark.parametrize("first", [0, 1, 2, 3, 8, 11, 14])
@pytest.mark.parametrize(
    ("number", "guess"),
    [
        ("12", "its own"),
        *((n, g) for n in ("11", "13") for g in ("its own", "from the head", "from the sacrum")),
    ],
)
def test_no_wrong_level_is_sure(number: str, guess: str, first: int, last: int, sacrum: bool) -> None:
    """Whichever end is cut, and whichever end the network goes by."""
    found, wrong = read_view(number, first, last, sacrum, guess)
    assert wrong < 0.03, found.why  # less than one body: the rims of bodies are not meant here
    assert bool(found.why) == bool(found.uncertain)


@pytest.mark.parametrize("first", [0, 1])
def test_a_usual_spine_from_the_neck_to_the_sacrum_is_certain(first: int) -> None:
    found, _ = read_view("12", first, *WHOLE_TO_L5)
    assert (found.uncertain, found.why) == (frozenset(), "")


@pytest.mark.parametrize("first", [2, 3, 8, 11, 14])
@pytest.mark.parametrize("number", ["11", "12", "13"])
def test_the_sacrum_without_the_neck_makes_every_level_uncertain(number: str, first: int) -> None:
    found, _ = read_view(number, first, *WHOLE_TO_L5, guess="from the sacrum")
    assert found.uncertain == set(found.level)
    assert "the sacrum is in view but not the upper neck" in found.why


@pytest.mark.parametrize("view", [TO_L5, TO_L3])
@pytest.mark.parametrize("number", ["11", "12", "13"])
def test_the_neck_without_the_sacrum_leaves_the_levels_above_t11_certain(
    number: str, view: tuple[int, bool]
) -> None:
    found, _ = read_view(number, 0, *view, guess="from the head")
    assert found.uncertain == {v for v in found.level if v >= T11}
    assert "from T11 down" in found.why


def test_a_view_that_ends_above_t11_is_certain_when_it_shows_the_neck() -> None:
    found, _ = read_view("12", 0, *TO_T10)
    assert (found.uncertain, found.why) == (frozenset(), "")


def test_bodies_that_do_not_look_like_their_number_are_uncertain_also_above_t11() -> None:
    points, level, rough, regions, discs = spine(0, 21, noise=0.1)
    found = count_levels(points, rough + np.where(level % 2, 1.0, -1.0), regions, discs, sacrum_top=None)
    assert found.uncertain == set(found.level)
    assert "do not agree" in found.why


def test_an_atlas_that_the_count_calls_c2_is_uncertain() -> None:
    """A body of the neck was missed: counted from the sacrum, all below it fit."""
    levels = [0, 1, *range(3, 24)]
    points, _, rough, regions, discs = column(levels, levels, noise=0.1)
    found = count_levels(points, rough, regions, discs, sacrum_top=float(points[:, 2].min()))
    assert found.uncertain == set(found.level)
