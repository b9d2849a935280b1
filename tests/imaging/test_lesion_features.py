"""What the lesion network is told of a voxel: the same for a child and its mirror image, and only what was measured."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.bench.candidates import HIDDEN
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import sites_by_id
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.bone_profile import PLACE_FACTS
from marrowmap.imaging.candidates_zscore import unusual
from marrowmap.imaging.label_classes import class_names
from marrowmap.imaging.lesion_features import COUNT, UNIT_FACTS, LesionView, lesion_view
from marrowmap.imaging.muscle import muscle_mask
from marrowmap.imaging.working import prepare

GRID = Grid.coronal((12, 90, 80), (5.0, 3.0, 3.0), PointMm(-120, -30, 135))
FACTS = (*class_names(), *UNIT_FACTS, *PLACE_FACTS)
"""Names of the last features of a voxel."""


def view(
    *, mirrored: bool = False, hide: tuple[str, ...] = (), t1_below: int | None = None
) -> tuple[LesionView, np.ndarray]:
    """A right and a left femur, bright in the middle of the right one; and voxels of it to ask about."""
    labels = np.zeros(GRID.shape, np.uint8)
    for side, columns in (("right", slice(14, 24)), ("left", slice(54, 66))):
        for segment, rows in (("proximal_metaphysis", slice(10, 25)), ("diaphysis", slice(25, 70))):
            labels[3:9, rows, columns] = sites_by_id()[f"femur_{segment}_{side}"].label
    rng = np.random.default_rng(4)
    stir = np.where(labels > 0, 50.0, 100.0) + rng.normal(0, 4, GRID.shape)
    stir[4:8, 40:48, 16:22] = 300
    t1 = np.where(labels > 0, 400.0, 150.0) + rng.normal(0, 4, GRID.shape)
    covered = None
    if t1_below is not None:
        covered = np.zeros(GRID.shape, bool)
        covered[:, t1_below:] = True
    work = prepare(
        {
            "STIR": Volume(stir.astype(np.float32), GRID, Contrast.STIR),
            "T1": Volume(t1.astype(np.float32), GRID, Contrast.T1, covered=covered),
        }
    )
    values = unusual(work, labels, muscle_mask(work, labels > 0))
    seen = lesion_view(work, labels, values, mirrored=mirrored, hide=frozenset(hide))
    places = np.argwhere((stir > 200) & (labels > 0))
    return seen, places


def fact(features: np.ndarray, name: str) -> np.ndarray:
    return features[:, COUNT - len(FACTS) + FACTS.index(name)]


def test_facts_of_a_place_are_the_same_in_the_mirror_image() -> None:
    straight, places = view()
    turned, _ = view(mirrored=True)
    across = places.copy()
    across[:, 2] = GRID.shape[2] - 1 - places[:, 2]
    assert straight.worth[tuple(places.T)].mean() > 0.9
    assert np.array_equal(straight.worth[:, :, ::-1], turned.worth)
    first, then = straight.at(places), turned.at(across)
    assert first.shape == (len(places), COUNT)
    assert np.array_equal(first[:, -len(FACTS) :], then[:, -len(FACTS) :])
    assert fact(first, "own_stir").min() > 0.5 > abs(fact(first, "twin_stir")).max()
    assert fact(first, "twin_there").all()


@pytest.mark.parametrize("what", HIDDEN)
def test_an_ablation_hides_what_it_says(what: str) -> None:
    names = [n for n in HIDDEN[what] if n in FACTS]
    assert names
    hidden, places = view(hide=tuple(names))
    told, _ = view()
    assert not any(fact(hidden.at(places), n).any() for n in names)
    others = [n for n in FACTS if n not in names]
    assert all(np.array_equal(fact(hidden.at(places), n), fact(told.at(places), n)) for n in others)
    if what == "mirror side":
        assert fact(told.at(places), "twin_there").all()


def test_a_place_that_t1_does_not_reach_is_told_so() -> None:
    whole, places = view()
    assert fact(whole.at(places), "t1_there").all()
    features = view(t1_below=60)[0].at(places)
    assert not fact(features, "t1_there").any()
    assert abs(fact(features, "own_t1")).max() < 0.01
