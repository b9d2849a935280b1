"""Measurements of regions whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm, Voxel
from marrowmap.core.site import sites_by_id
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.errors import InputError
from marrowmap.imaging.grow import grow_region
from marrowmap.imaging.measure import DRAWN, GROWN, exam_muscle, measure_region, vertebral_heights

TIBIA = sites_by_id()["tibia_proximal_metaphysis_left"]


@pytest.fixture(scope="module")
def exam():
    """A cylinder of muscle with a bone inside and a bright ball in the bone; a station gain doubles the lower half."""
    grid = Grid.coronal((24, 120, 60), (5.0, 2.0, 2.0), PointMm(0, 0, 240))
    s, r, c = np.indices(grid.shape)
    across = np.hypot((s - 12) * 5, (c - 30) * 2)
    bone, body = (across < 18) & (r > 10) & (r < 110), across < 55
    ball = np.sqrt(((s - 12) * 5) ** 2 + ((r - 40) * 2) ** 2 + ((c - 30) * 2) ** 2) < 11
    rng = np.random.default_rng(1)
    stir = np.where(ball, 480.0, np.where(bone, 60.0, np.where(body, 100.0, 0.0)))
    stir = np.abs(stir + rng.normal(0, 3, grid.shape))
    stir[:, 60:] *= 2
    t1 = np.where(ball, 150.0, np.where(bone, 400.0, np.where(body, 150.0, 0.0))) + 1
    t1[(across >= 48) & (across < 55)] = 600
    adc = np.where(ball, 1300.0, 700.0)
    station = (np.arange(120) >= 60).astype(np.int16)
    volumes = {
        "STIR": Volume(stir.astype(np.float32), grid, Contrast.STIR, station=station),
        "T1": Volume(t1.astype(np.float32), grid, Contrast.T1, station=station),
        "ADC": Volume(adc.astype(np.float32), grid, Contrast.ADC),
    }
    skeleton = Skeleton(np.where(bone, TIBIA.label, 0).astype(np.uint8), grid, "truth")
    return volumes, skeleton, ball


def test_a_ball_has_its_volume_diameter_ratio_and_adc(exam) -> None:
    volumes, skeleton, ball = exam
    found = measure_region(volumes, skeleton, ball)
    assert found.site_id == TIBIA.id
    assert found.volume_ml.value == pytest.approx(4 / 3 * np.pi * 1.1**3, rel=0.2)
    assert found.max_diameter_mm.value == pytest.approx(22, abs=4)
    assert found.si_ratio.value == pytest.approx(4.8, rel=0.06)
    assert found.t1_ratio.value == pytest.approx(1.0, rel=0.1)
    assert found.adc.value == pytest.approx(1300, rel=0.02)
    whole = skeleton.volume_ml(TIBIA)
    assert found.extent_percent.value == pytest.approx(100 * found.volume_ml.value / whole, rel=0.01)
    assert found.volume_ml.uncertainty > 0


def test_muscle_of_the_same_station_is_the_yardstick(exam) -> None:
    volumes, skeleton, ball = exam
    lower = np.roll(ball, 45, axis=1)
    bright = dict(volumes)
    array = volumes["STIR"].array.copy()
    array[lower] = 960.0  # twice the signal in a station of twice the gain
    bright["STIR"] = replace(volumes["STIR"], array=array)
    muscle = exam_muscle(bright, skeleton)
    upper_ratio = measure_region(bright, skeleton, ball, muscle=muscle).si_ratio.value
    lower_ratio = measure_region(bright, skeleton, lower, muscle=muscle).si_ratio.value
    assert lower_ratio == pytest.approx(upper_ratio, rel=0.08)


def test_what_is_missing_says_why(exam) -> None:
    volumes, skeleton, ball = exam
    found = measure_region({"STIR": volumes["STIR"]}, skeleton, ball)
    assert found.adc.value is None
    assert "no ADC" in found.adc.why_missing
    assert found.t1_ratio.value is None


def test_an_empty_outline_is_refused(exam) -> None:
    volumes, skeleton, ball = exam
    with pytest.raises(InputError, match="empty"):
        measure_region(volumes, skeleton, np.zeros_like(ball))


def test_one_click_grows_the_ball(exam) -> None:
    volumes, skeleton, ball = exam
    grown = grow_region(volumes, skeleton, skeleton.grid.to_mm(Voxel(12, 40, 30)))
    dice = 2 * (grown.mask & ball).sum() / (grown.mask.sum() + ball.sum())
    assert dice > 0.85
    assert grown.measures.site_id == TIBIA.id


def test_where_t1_is_all_there_is_one_click_grows_the_dark_ball(exam) -> None:
    volumes, skeleton, ball = exam
    grown = grow_region({"T1": volumes["T1"]}, skeleton, skeleton.grid.to_mm(Voxel(12, 40, 30)))
    assert 2 * (grown.mask & ball).sum() / (grown.mask.sum() + ball.sum()) > 0.85
    assert grown.clicked < 0.6


def test_a_click_reads_a_volume_of_another_grid_where_it_lies(exam) -> None:
    volumes, skeleton, ball = exam
    lower = volumes["STIR"].grid.part((slice(0, 24), slice(20, 120), slice(0, 60)))
    part = Volume(volumes["STIR"].array[:, 20:], lower, Contrast.T2FS)
    grown = grow_region({"T2FS": part}, skeleton, skeleton.grid.to_mm(Voxel(12, 40, 30)))
    assert 2 * (grown.mask & ball).sum() / (grown.mask.sum() + ball.sum()) > 0.85


def test_a_click_beside_labelled_bone_does_not_fill_the_bright_tissue_around_it(exam) -> None:
    volumes, skeleton, ball = exam
    s, _, c = np.indices(ball.shape)
    oedema = (np.hypot((s - 12) * 5, (c - 30) * 2) < 50) & (skeleton.labels == 0)
    array = np.where(oedema, 450.0, volumes["STIR"].array).astype(np.float32)
    missed = np.where((c > 26) & (c < 34), 0, skeleton.labels).astype(np.uint8)  # the labels miss the middle
    place = skeleton.grid.to_mm(Voxel(12, 40, 30))
    grown = grow_region(
        {"STIR": replace(volumes["STIR"], array=array)}, replace(skeleton, labels=missed), place
    )
    assert (grown.mask & ball).sum() > 0.7 * ball.sum()
    assert grown.mask.sum() < 2 * ball.sum()


def test_a_click_in_bone_that_no_label_shows_grows_the_ball(exam) -> None:
    volumes, skeleton, ball = exam
    unseen = replace(skeleton, labels=np.zeros_like(skeleton.labels))
    grown = grow_region(volumes, unseen, skeleton.grid.to_mm(Voxel(12, 40, 30)))
    assert 2 * (grown.mask & ball).sum() / (grown.mask.sum() + ball.sum()) > 0.8
    assert grown.measures.site_id == ""


def test_the_size_of_an_outline_that_no_reader_drew_is_less_certain(exam) -> None:
    volumes, skeleton, ball = exam
    drawn, found = (measure_region(volumes, skeleton, ball, edge=e) for e in (DRAWN, GROWN))
    for name in ("volume_ml", "max_diameter_mm", "extent_percent"):
        assert getattr(found, name).value == getattr(drawn, name).value
        assert getattr(found, name).uncertainty > 1.5 * getattr(drawn, name).uncertainty
    assert found.adc == drawn.adc


def test_a_click_outside_the_images_is_refused(exam) -> None:
    volumes, skeleton, _ = exam
    with pytest.raises(InputError, match="outside"):
        grow_region(volumes, skeleton, PointMm(5000, 0, 0))


def test_a_wedge_is_lower_in_front() -> None:
    grid = Grid.coronal((12, 60, 30), (3.0, 1.0, 1.0), PointMm(0, 0, 100))
    labels = np.zeros(grid.shape, np.uint8)
    unit = sites_by_id()["vertebra_t8"]
    for s in range(9):
        height = 12 + s
        labels[s, 20 : 20 + height, 5:25] = unit.label
    heights = vertebral_heights(Skeleton(labels, grid, "truth"), unit)
    assert heights.anterior_mm == pytest.approx(13, abs=0.6)
    assert heights.posterior_mm == pytest.approx(19, abs=0.6)
