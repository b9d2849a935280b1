"""Skeletons drawn without a scanner: truth stays on its bone, and what is wrong with them stays within bounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from marrowmap.core.site import site
from marrowmap.imaging.naming import PLACE, SHAPES
from marrowmap.phantom.body import Tissue
from marrowmap.training import skeletons
from marrowmap.training.cases import Case, load, make_shape, request_of, save
from marrowmap.training.samples import join, keep
from marrowmap.training.skeletons import drawn, sample

SHAPE, SPACING = (20, 160, 80), (5.0, 3.0, 3.0)
UPPER, LOWER = (site(f"{bone}_diaphysis_left").label for bone in ("femur", "tibia"))


@pytest.fixture
def case() -> Case:
    """A body with two shafts on each side, one below the other."""
    tissue = np.zeros(SHAPE, np.uint8)
    tissue[3:17, 10:150, 10:70] = Tissue.MUSCLE
    labels = np.zeros(SHAPE, np.uint8)
    for columns in (slice(50, 60), slice(20, 30)):
        labels[8:13, 20:75, columns], labels[8:13, 85:140, columns] = UPPER, LOWER
    tissue[labels > 0] = Tissue.MARROW
    none = np.zeros(SHAPE, np.uint8)
    return Case({}, tissue, labels, none, none, none, none, SPACING, True)


@pytest.mark.parametrize("seed", range(8))
def test_a_sample_names_true_bone_and_its_place_says_where_it_lies(case: Case, seed: int) -> None:
    made = sample(case, np.random.default_rng(seed))
    assert made["x"].shape == (len(made["label"]), SHAPES + PLACE)
    assert np.isfinite(made["x"]).all()
    assert set(np.unique(made["label"])) <= {UPPER, LOWER}
    below_top = made["x"][:, SHAPES].astype(float)
    if len(set(made["label"])) == 2:
        assert below_top[made["label"] == UPPER].max() < np.median(below_top[made["label"] == LOWER])


def test_the_seed_decides(case: Case) -> None:
    one, two, other = (sample(case, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one["x"], two["x"])
    assert one["x"].shape != other["x"].shape or not np.array_equal(one["x"], other["x"])


def test_most_bone_is_drawn_and_little_else_far_from_it(case: Case) -> None:
    found, beside = [], []
    for seed in range(12):
        seen = drawn(case.site, case.tissue, SPACING, np.random.default_rng(seed)).places
        inside = case.site[tuple(seen.T)] > 0
        found.append(inside.sum() / (case.site > 0).sum())
        beside.append((~inside).sum() / (case.site > 0).sum())
    assert 0.8 < np.median(found) <= 1
    assert np.median(beside) < 0.8


def test_a_bone_that_was_hardly_seen_is_hardly_drawn(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skeletons, "UNSEEN_BONE", 1.0)
    monkeypatch.setattr(skeletons, "COARSE", 0.0)
    shares = []
    for seed in range(6):
        view = drawn(case.site, case.tissue, SPACING, np.random.default_rng(seed))
        shares.append((case.site[tuple(view.places.T)] > 0).sum() / (case.site > 0).sum())
    assert min(shares) < 0.5


def test_a_body_without_signals_survives_writing_and_reading(tmp_path: Path) -> None:
    made = make_shape(request_of(130003), 8.0)
    save(made, tmp_path / "130003.npz")
    again = load(tmp_path / "130003.npz")
    assert again.signal == {}
    np.testing.assert_array_equal(again.site, made.site)
    np.testing.assert_array_equal(again.tissue, made.tissue)
    assert len(np.unique(made.site)) > 120


def test_samples_are_joined_to_the_width_that_is_read(tmp_path: Path) -> None:
    files = []
    for number, width in enumerate((3, 5)):
        x = np.full((4, width), number, np.float16)
        files.append(tmp_path / f"{number}.npz")
        keep({"x": x, "label": np.full(4, number, np.uint8)}, files[-1])
    joined = join(files, 3)
    assert joined["x"].shape == (8, 3)
    np.testing.assert_array_equal(joined["x"][:, 0], joined["label"])
