"""What is said of the other side, of the vertebrae beside and of sequences, on drawn bones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.lesion import Candidate, Measured
from marrowmap.core.site import sites_by_id
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.bone_profile import bone_profiles
from marrowmap.imaging.candidates_reasons import Child, reasons
from marrowmap.imaging.candidates_zscore import unusual
from marrowmap.imaging.measure import measure_region
from marrowmap.imaging.muscle import muscle_mask
from marrowmap.imaging.working import prepare

GRID = Grid.coronal((24, 100, 120), (5.0, 3.0, 3.0), PointMm(-180, -60, 150))
LEFT, RIGHT = (sites_by_id()[f"tibia_distal_metaphysis_{side}"] for side in ("left", "right"))
SPINE = {"vertebra_t8": 25, "vertebra_t9": 33, "vertebra_t10": 41}
NOT = Measured(None, "ratio", None, "not asked here")


def place(row: int, column: int, radius_mm: float = 9.0) -> np.ndarray:
    s, r, c = np.indices(GRID.shape)
    return np.sqrt(((s - 12) * 5) ** 2 + ((r - row) * 3) ** 2 + ((c - column) * 3) ** 2) < radius_mm


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    s, r, c = np.indices(GRID.shape)
    drawn = np.zeros(GRID.shape, np.uint8)
    for column, unit in ((25, RIGHT), (95, LEFT)):
        drawn[(np.hypot((s - 12) * 5, (c - column) * 3) < 16) & (r > 20) & (r < 80)] = unit.label
    for name, row in SPINE.items():
        drawn[(np.hypot((s - 12) * 5, (c - 60) * 3) < 18) & (abs(r - row) < 4)] = sites_by_id()[name].label
    return drawn


def said(
    labels: np.ndarray,
    bright: list[np.ndarray],
    site_id: str = LEFT.id,
    *,
    coverage: dict[str, Coverage] | None = None,
    marked: dict[str, str] | None = None,
    t1_below: int | None = None,
    uncertain: bool = False,
) -> tuple[str, ...]:
    """Reasons for the first bright place. t1_below: T1 covers only rows from there on."""
    s, _, c = np.indices(GRID.shape)
    body = np.hypot((s - 12) * 5, ((c - 25) % 35) * 3) < 200
    rng = np.random.default_rng(3)
    signal = {"STIR": np.where(labels > 0, 50.0, 100.0), "T1": np.where(labels > 0, 400.0, 150.0)}
    for inside in bright:
        signal["STIR"][inside], signal["T1"][inside] = 420, 160
    volumes = {
        k: Volume((v * body + rng.normal(0, 3, GRID.shape)).astype(np.float32), GRID, Contrast(k))
        for k, v in signal.items()
    }
    if t1_below is not None:
        covered = np.zeros(GRID.shape, bool)
        covered[:, t1_below:] = True
        volumes["T1"] = replace(volumes["T1"], covered=covered)
    skeleton = Skeleton(labels, GRID, "truth")
    work = prepare(volumes)
    assert work.grid == GRID
    values = unusual(work, labels, muscle_mask(work, labels > 0))
    profiles = bone_profiles(labels, values.near, values.z, work.grid, values.seen)
    child = Child(
        "STIR",
        labels,
        work.grid.voxel_ml,
        values,
        profiles,
        coverage or {},
        {site_id: "c1", **(marked or {})},
    )
    candidate = Candidate(
        "c1", site_id, PointMm(0, 0, 0), NOT, NOT, NOT, Measured(4.2, "ratio", 0.2), NOT, NOT, NOT, 0.9, (), 1,
        level_uncertain=uncertain,
    )  # fmt: skip
    return reasons(candidate, measure_region(volumes, skeleton, bright[0]), bright[0], child)


def test_a_quiet_twin_is_not_bright_and_never_called_normal(labels: np.ndarray) -> None:
    found = said(labels, [place(50, 95)])
    assert "4.2 times muscle on STIR" in found
    assert "dark on T1" in found
    assert "its twin on the right is not bright at the same height" in found
    assert not any("normal" in s for s in found)


def test_a_small_bright_place_in_a_large_twin_is_seen(labels: np.ndarray) -> None:
    small = place(50, 25, radius_mm=6.0) & (labels == RIGHT.label)
    assert small.sum() / (labels == RIGHT.label).sum() < 0.02
    assert "its twin on the right is bright too at the same height" in said(labels, [place(50, 95), small])
    elsewhere = place(72, 25, radius_mm=6.0)
    assert "its twin on the right is not bright at the same height" in said(
        labels, [place(50, 95), elsewhere]
    )


def test_a_marked_twin_is_named(labels: np.ndarray) -> None:
    found = said(labels, [place(50, 95), place(50, 25)], marked={RIGHT.id: "c2"})
    assert "its twin on the right is marked too (c2)" in found


def test_a_twin_that_is_partly_or_not_in_view_is_not_judged(labels: np.ndarray) -> None:
    partly = said(labels, [place(50, 95)], coverage={RIGHT.id: Coverage.PARTIAL})
    assert "its twin on the right is only partly in view" in partly
    alone = np.where(labels == RIGHT.label, 0, labels).astype(np.uint8)
    assert "its twin on the right was not assessed" in said(alone, [place(50, 95)])


def test_what_a_sequence_did_not_measure_is_no_finding(labels: np.ndarray) -> None:
    assert "T1 was not measured here" in said(labels, [place(50, 95)], t1_below=60)
    assert "dark on T1" in said(labels, [place(50, 95)], t1_below=30)


def test_vertebrae_beside(labels: np.ndarray) -> None:
    middle = place(33, 60)
    assert "T8 and T10 are not bright" in said(labels, [middle], "vertebra_t9")
    assert "T8 is not bright, T10 is bright too" in said(labels, [middle, place(41, 60)], "vertebra_t9")
    unsure = said(labels, [middle], "vertebra_t9", uncertain=True)
    assert "the vertebra above and the vertebra below are not bright" in unsure
    assert not any("T8" in s for s in unsure)
    assert "T9 is marked too (c7), T11 is not assessed" in said(
        labels, [place(41, 60)], "vertebra_t10", marked={"vertebra_t9": "c7"}
    )


def test_the_sternum_has_neither_twin_nor_neighbours(labels: np.ndarray) -> None:
    drawn = labels.copy()
    drawn[drawn == sites_by_id()["vertebra_t9"].label] = sites_by_id()["sternum_body"].label
    assert not any("bright" in s or "twin" in s for s in said(drawn, [place(33, 60)], "sternum_body"))
