"""Composing: whatever a known body is cut into comes back whole, in place, and with every stack accounted for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stations_for_tests import SHAPE, SPACING, WHOLE, Made, axial_of, body, coronal_exam, cut

from marrowmap.core.geometry import Grid, Plane, PointMm, Voxel
from marrowmap.core.volume import Contrast
from marrowmap.errors import StationsDoNotMeet
from marrowmap.imaging.compose import compose_exam
from marrowmap.imaging.grids import resample


def scaled_error(volume, whole, grid=WHOLE):
    """Relative error inside the body after the best single scale."""
    original, seen = resample(whole, grid, volume.grid)
    inside = seen & (original > 300) & volume.covered
    scale = np.median(volume.array[inside] / original[inside])
    return np.abs(volume.array[inside] / scale - original[inside]) / original[inside], inside


def test_stations_with_gains_come_back_as_the_original():
    made, whole = coronal_exam()
    done = compose_exam(made.exam, made.load)
    volume = done.volumes["STIR"]
    assert volume.grid == WHOLE
    assert volume.covered.all()
    error, _ = scaled_error(volume, whole)
    assert np.percentile(error, 99) < 0.01
    gains = np.array(done.gains["STIR"]) * (1.0, 1.3, 0.8, 1.1)
    assert np.ptp(np.log(gains)) < 0.01


def test_seams_record_the_step_before_and_after():
    made, _ = coronal_exam()
    seams = compose_exam(made.exam, made.load).seams
    assert [(s.upper, s.lower) for s in seams] == [("s001", "s002"), ("s002", "s003"), ("s003", "s004")]
    # upper / lower
    assert seams[0].intensity_step_before == pytest.approx(np.log(1.0 / 1.3), abs=0.01)
    assert seams[1].intensity_step_before == pytest.approx(np.log(1.3 / 0.8), abs=0.01)
    for seam in seams:
        assert abs(seam.intensity_step_after) < 0.01
        assert seam.overlap_mm == pytest.approx(12 * SPACING[1], abs=1e-6)
        assert seam.shift_mm == pytest.approx(0.0, abs=0.5)


def test_without_gain_differences_voxels_are_copied_exactly():
    made, whole = coronal_exam(gains=(1.0, 1.0, 1.0))
    volume = compose_exam(made.exam, made.load).volumes["STIR"]
    assert np.abs(volume.array - np.round(whole)).max() <= 1


def test_station_of_each_row_runs_from_head_to_feet():
    made, _ = coronal_exam(order=(2, 0, 3, 1))
    done = compose_exam(made.exam, made.load)
    station = done.volumes["STIR"].station
    assert np.all(np.diff(station) >= 0)
    assert (station[0], station[-1]) == (0, 3)
    assert done.stations["STIR"] == ("s002", "s004", "s001", "s003")


def test_left_stays_left():
    made, _ = coronal_exam()
    volume = compose_exam(made.exam, made.load).volumes["STIR"]
    spot = volume.grid.to_mm(Voxel(*np.unravel_index(np.argmax(volume.array), volume.array.shape)))
    assert spot.x > 20  # the patient's left


@pytest.mark.parametrize("flip", [(True, False, False), (False, True, False), (False, False, True)])
def test_storage_order_of_a_stack_does_not_matter(flip):
    made, whole = coronal_exam(gains=(1.0, 1.0))
    turned = Made()
    for stack in made.stacks:
        array, affine = made.arrays[stack.id], np.array(stack.grid.affine)
        for axis in range(3):
            if flip[axis]:
                array = np.flip(array, axis)
                affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
                affine[:3, axis] *= -1
        turned.add(array, Grid(array.shape, affine), plane=Plane.CORONAL)
    volume = compose_exam(turned.exam, turned.load).volumes["STIR"]
    assert volume.grid == WHOLE
    assert np.abs(volume.array - np.round(whole)).max() <= 1


# --- what users of other tools stumbled over ------------------------------------------------------------------


def test_a_wider_station_is_not_cut_off():
    whole = body()
    made = Made()
    made.add(*cut(whole, WHOLE, (0, 160), columns=(10, 50), slices=(1, 9)))
    made.add(*cut(whole, WHOLE, (140, 300)))
    volume = compose_exam(made.exam, made.load).volumes["STIR"]
    assert volume.grid == WHOLE
    np.testing.assert_allclose(volume.array[:, 165:], whole[:, 165:], rtol=0.01, atol=1)
    assert not volume.covered[:, :130, :10].any()
    assert (volume.array[~volume.covered] == 0).all()
    assert volume.station.shape == volume.grid.shape
    assert volume.station[5, 150, 2] == 1
    assert volume.station[5, 10, 2] == -1


def test_a_gap_is_named_and_never_read_as_dark():
    whole = body()
    made = Made()
    made.add(*cut(whole, WHOLE, (0, 140)))
    made.add(*cut(whole, WHOLE, (160, 300)))
    done = compose_exam(made.exam, made.load)
    volume = done.volumes["STIR"]
    assert not volume.covered[:, 140:160].any()
    assert volume.covered[:, :140].all()
    assert done.seams[0].overlap_mm == pytest.approx(-60.0)
    assert done.seams[0].intensity_step_before is None
    assert any("gap of 60 mm" in w for w in done.warnings)


def test_what_the_scanner_composed_is_not_composed_twice():
    made, whole = coronal_exam()
    joined = made.add(np.round(whole).astype(np.int16), WHOLE, composed_by_scanner=True, derived=True)
    done = compose_exam(made.exam, made.load)
    assert done.stations["STIR"] == (joined.id,)
    np.testing.assert_array_equal(done.volumes["STIR"].array, np.round(whole))
    for station in made.stacks[:4]:
        assert done.used[station.id] == "station kept; the scanner's composed series is used"


def test_a_repeated_station_is_used_once_and_said():
    made, whole = coronal_exam(gains=(1.0, 1.0, 1.0))
    first = made.stacks[1]
    ghosted = made.arrays[first.id] + 60
    again = made.add(made.arrays[first.id], first.grid)
    made.arrays[first.id] = ghosted.astype(np.int16)
    done = compose_exam(made.exam, made.load)
    assert again.id in done.stations["STIR"]
    assert first.id not in done.stations["STIR"]
    assert "repeat of" in done.used[first.id]
    assert any("twice" in w for w in done.warnings)
    assert np.abs(done.volumes["STIR"].array - np.round(whole)).max() <= 1


def test_positions_that_restart_at_every_station_are_not_taken_for_repeats():
    made = Made()
    made.add(*cut(body(seed=3), WHOLE, (0, 150)))
    made.add(cut(body(seed=4), WHOLE, (0, 150))[0], cut(body(), WHOLE, (0, 150))[1])
    done = compose_exam(made.exam, made.load)
    assert len(done.stations["STIR"]) == 1
    assert any("not comparable" in w for w in done.warnings)


def test_a_clearly_wrong_table_position_is_found_and_corrected():
    whole = body()
    made = Made()
    made.add(*cut(whole, WHOLE, (0, 170)))
    array, grid = cut(whole, WHOLE, (130, 300))
    wrong = np.array(grid.affine)
    wrong[2, 3] -= 18.0
    made.add(array, Grid(grid.shape, wrong))
    done = compose_exam(made.exam, made.load)
    assert done.seams[0].shift_mm == pytest.approx(18.0, abs=0.5)
    assert "clearly wrong" in done.seams[0].note
    error, _ = scaled_error(done.volumes["STIR"], whole)
    assert np.percentile(error, 95) < 0.05


def test_a_small_difference_of_position_is_reported_and_left():
    whole = body()
    made = Made()
    made.add(*cut(whole, WHOLE, (0, 170)))
    array, grid = cut(whole, WHOLE, (130, 300))
    off = np.array(grid.affine)
    off[2, 3] -= 3.0
    made.add(array, Grid(grid.shape, off))
    seam = compose_exam(made.exam, made.load).seams[0]
    assert seam.shift_mm == pytest.approx(3.0, abs=0.6)
    assert "moved" not in seam.note


def test_positions_taller_than_any_body_are_refused():
    whole = body()
    made = Made()
    made.add(*cut(whole, WHOLE, (0, 170)))
    array, grid = cut(whole, WHOLE, (130, 300))
    far = np.array(grid.affine)
    far[2, 3] -= 4000
    made.add(array, Grid(grid.shape, far))
    with pytest.raises(StationsDoNotMeet, match="more than any body"):
        compose_exam(made.exam, made.load)


def test_a_change_of_the_frame_of_reference_is_said():
    made, _ = coronal_exam()
    made.stacks = [replace(s, frame_of_reference=f"1.{i}") for i, s in enumerate(made.stacks)]
    done = compose_exam(made.exam, made.load)
    assert any("4 of 4 frames of reference" in w and "comparable" in w for w in done.warnings)
    assert all("frame of reference changes" in s.note for s in done.seams)


def test_all_contrasts_lie_on_one_grid():
    made, whole = coronal_exam()
    finer = Grid.coronal((12, 350, 90), (5.0, 2.6, 2.0), PointMm(-89.0, -27.5, 449.0))
    t1, _ = resample(whole, WHOLE, finer)
    made.add(t1, finer, Contrast.T1)
    done = compose_exam(made.exam, made.load)
    assert done.volumes["T1"].grid == done.volumes["STIR"].grid
    error, _ = scaled_error(done.volumes["T1"], whole)
    assert np.median(error) < 0.06


def test_every_stack_has_a_word_of_use():
    made, whole = coronal_exam()
    made.add(whole[:, :3], cut(whole, WHOLE, (0, 3))[1], Contrast.LOCALIZER)
    made.add(*axial_of(whole, WHOLE, (100, 140)), Contrast.T2FS)
    made.add(*axial_of(whole, WHOLE, (100, 140)), Contrast.DWI, b_value=1000.0, b_computed=True, derived=True)
    done = compose_exam(made.exam, made.load)
    assert set(done.used) == {s.id for s in made.stacks}
    assert all(done.used.values())
    assert "computed b-value" in done.used["s007"]
    assert "axial" in done.used["s006"]


def test_an_exam_without_any_image_to_compose_gives_no_volume():
    made = Made()
    made.add(body()[:, :3], cut(body(), WHOLE, (0, 3))[1], Contrast.LOCALIZER)
    done = compose_exam(made.exam, made.load)
    assert done.volumes == {}
    assert done.main == ""


def test_a_slice_that_never_arrived_is_not_covered():
    made, whole = coronal_exam(gains=(1.0, 1.0))
    lost = made.stacks[0]
    made.arrays[lost.id] = made.arrays[lost.id].copy()
    made.arrays[lost.id][4] = 0
    made.stacks[0] = replace(lost, missing_slices=(4,))
    volume = compose_exam(made.exam, made.load).volumes["STIR"]
    assert not volume.covered[4, :100].any()
    assert volume.covered[4, 200:].all()
    assert np.abs(volume.array[volume.covered] - np.round(whole)[volume.covered]).max() <= 1


# --- any cut at all --------------------------------------------------------------------------------------------

BODY = body()


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    cuts=st.lists(st.integers(60, 90), min_size=2, max_size=3),
    overlap=st.integers(8, 25),
    gains=st.lists(st.floats(0.5, 2.0), min_size=4, max_size=4),
    half=st.tuples(st.sampled_from([0.0, 0.5]), st.sampled_from([0.0, 0.5])),
    order=st.permutations(range(4)),
)
def test_any_cut_into_stations_recomposes(cuts, overlap, gains, half, order):
    edges = [0, *np.cumsum(cuts), SHAPE[1]]
    parts = []
    for i in range(len(edges) - 1):
        first = max(0, edges[i] - (overlap if i else 0))
        array, grid = cut(BODY * gains[i], WHOLE, (first, edges[i + 1]))
        if i == 1 and any(half):
            # a station whose grid lies half a voxel off
            affine = np.array(grid.affine)
            affine[:3, 3] += affine[:3, :3] @ (half[0], 0, half[1])
            off = Grid(grid.shape, affine)
            array, _ = resample(BODY * gains[i], WHOLE, off)
            grid = off
        parts.append((array, grid))
    made = Made()
    for i in [k for k in order if k < len(parts)]:
        made.add(*parts[i])
    done = compose_exam(made.exam, made.load)
    volume = done.volumes["STIR"]
    low, high = WHOLE.extent_mm()
    v_low, v_high = volume.grid.extent_mm()
    tolerance = 1e-6
    assert v_low.x <= low.x + tolerance
    assert v_high.x >= high.x - tolerance
    assert v_low.z <= low.z + tolerance
    assert v_high.z >= high.z - tolerance
    error, _ = scaled_error(volume, BODY)
    assert np.median(error) < 0.01
    assert np.percentile(error, 90) < 0.15


def test_tilted_stations_are_brought_upright():
    whole = body(margin_rows=20)
    made = Made()
    for rows in ((0, 170), (130, 300)):
        _, grid = cut(whole, WHOLE, rows)
        angle = np.deg2rad(4.0 if rows[0] else -3.0)
        turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
        affine = np.array(grid.affine)
        middle = np.array(tuple(grid.to_mm(Voxel(*((n - 1) / 2 for n in grid.shape)))))
        affine[:3, :3] = turn @ affine[:3, :3]
        affine[:3, 3] = middle + turn @ (affine[:3, 3] - middle)
        tilted = Grid(grid.shape, affine)
        array, _ = resample(whole, WHOLE, tilted)
        made.add(array, tilted)
    volume = compose_exam(made.exam, made.load).volumes["STIR"]
    corners = np.concatenate([s.grid.corners_mm() for s in made.stacks])
    assert all(volume.grid.contains(PointMm(*c)) for c in corners)
    error, inside = scaled_error(volume, whole)
    assert inside.sum() > 20_000
    assert np.median(error) < 0.1
