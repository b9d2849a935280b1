"""Candidates on small made-up exams: what must be said and what must never be claimed."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import all_sites, mirror, sites_by_id
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging import candidates
from marrowmap.imaging.candidates_reasons import prevalence_of
from marrowmap.imaging.candidates_zscore import kinds_of_place, unusual
from marrowmap.imaging.working import prepare

LEFT = sites_by_id()["tibia_distal_metaphysis_left"]
RIGHT = sites_by_id()["tibia_distal_metaphysis_right"]


@pytest.fixture(scope="module")
def legs():
    grid = Grid.coronal((24, 100, 120), (5.0, 3.0, 3.0), PointMm(-180, -60, 150))
    s, r, c = np.indices(grid.shape)
    labels = np.zeros(grid.shape, np.uint8)
    body = np.zeros(grid.shape, bool)
    for column, unit in ((35, RIGHT), (85, LEFT)):
        across = np.hypot((s - 12) * 5, (c - column) * 3)
        body |= across < 50
        labels[(across < 16) & (r > 20) & (r < 80)] = unit.label
    ball = np.sqrt(((s - 12) * 5) ** 2 + ((r - 50) * 3) ** 2 + ((c - 85) * 3) ** 2) < 12
    rng = np.random.default_rng(2)
    stir = np.where(labels > 0, 50.0, np.where(body, 100.0, 2.0))
    stir[ball] = 420
    t1 = np.where(labels > 0, 400.0, np.where(body, 150.0, 2.0))
    t1[ball] = 160
    volumes = {
        "STIR": Volume(np.abs(stir + rng.normal(0, 4, grid.shape)).astype(np.float32), grid, Contrast.STIR),
        "T1": Volume(np.abs(t1 + rng.normal(0, 4, grid.shape)).astype(np.float32), grid, Contrast.T1),
    }
    return volumes, Skeleton(labels, grid, "truth"), ball


def test_bright_marrow_stands_out_among_marrow_of_its_kind(legs) -> None:
    volumes, skeleton, ball = legs
    work = prepare(volumes)
    z = unusual(
        work, skeleton.labels, np.zeros(work.grid.shape, bool) | (work.body & (skeleton.labels == 0))
    ).z
    core = ball & (skeleton.labels > 0)
    assert np.median(z["stir"][core]) > 4
    assert np.median(z["t1"][core]) < -2
    rest = (skeleton.labels > 0) & ~ball
    assert abs(np.median(z["stir"][rest])) < 1


def test_candidates_name_the_unit_and_give_reasons(legs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that sees the ball stands in for the shipped one, which knows whole children and not two cylinders."""
    volumes, skeleton, ball = legs
    monkeypatch.setattr(
        candidates, "probability", lambda _, view: np.where(ball & view.worth, 0.99, 0).astype("f4")
    )
    found = candidates.find_candidates(volumes, skeleton)
    (only,) = found.candidates
    assert only.site_id == LEFT.id
    assert (found.labels[ball] == only.label).mean() > 0.8
    assert found.labels.max() == only.label
    assert 0.5 < only.score <= 1
    assert "dark on T1" in only.reasons
    assert "its twin on the right is not bright at the same height" in only.reasons


def test_without_a_fluid_sensitive_sequence_nothing_is_claimed(legs) -> None:
    volumes, skeleton, _ = legs
    found = candidates.find_candidates({"T1": volumes["T1"]}, skeleton)
    assert found.candidates == ()
    assert "no candidates were looked for" in found.warnings[0]


def test_twins_are_of_one_kind() -> None:
    kinds = kinds_of_place()
    for unit in all_sites():
        twin = mirror(unit)
        if twin is not None:
            assert kinds[unit.label] == kinds[twin.label]


def test_prevalence_is_shown_where_the_series_names_it() -> None:
    assert "196" in prevalence_of("calcaneus_left")
    assert prevalence_of("clavicle_medial_left") == ""
