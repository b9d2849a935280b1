"""ADC from measured b-values, and diffusion stations on the common grid."""

from pathlib import Path

import numpy as np
import pytest
from stations_for_tests import WHOLE, Made, axial_of, body, coronal_exam

from marrowmap.core.geometry import Plane
from marrowmap.core.volume import Contrast
from marrowmap.imaging.compose import compose_exam
from marrowmap.imaging.diffusion import adc_agreement, adc_map, fitted_b_values

PELVIS = Path(__file__).parents[3] / "shared" / "data" / "pelvis_study_0000"


def test_worked_example_of_the_definitions():
    shape = (4, 20, 20)
    signal = {50.0: np.full(shape, 400.0), 800.0: np.full(shape, 153.0)}
    result = adc_map(signal)
    assert result.values[0, 0, 0] == pytest.approx(1281, abs=1)
    assert result.reliable


def test_b_0_and_50_only_is_not_reliable():
    shape = (4, 20, 20)
    result = adc_map({0.0: np.full(shape, 400.0), 50.0: np.full(shape, 380.0)})
    assert not result.reliable
    assert "not reliable" in result.why


def test_small_b_values_stay_out_when_others_suffice():
    assert fitted_b_values([0.0, 50.0, 400.0, 800.0]) == [50.0, 400.0, 800.0]
    assert fitted_b_values([0.0, 800.0]) == [0.0, 800.0]


def test_one_b_value_gives_no_adc():
    with pytest.raises(ValueError, match="two or more"):
        adc_map({800.0: np.ones((3, 4, 5))})


def test_signal_lost_in_noise_gives_a_lower_bound_and_air_gives_nothing():
    rng = np.random.default_rng(1)
    shape = (10, 40, 40)
    air = np.abs(rng.normal(size=shape) + 1j * rng.normal(size=shape)) * 5
    low, high = air.copy(), np.roll(air, 3)
    low[:, 10:30, 10:30] = 500
    high[:, 10:30, 10:30] = 150
    high[:, 12:16, 12:16] = 4  # free water: nothing is left at b 800
    result = adc_map({50.0: low, 800.0: high})
    assert not result.valid[:, :8].any()
    assert result.lower_bound[5, 13, 13]
    assert not result.lower_bound[5, 20, 20]
    assert result.values[5, 20, 20] == pytest.approx(1e6 * np.log(500 / 150) / 750, abs=1)
    assert result.values[5, 13, 13] > 2000


def diffusion_exam(gains=(1.0, 1.4), adc=1200e-6):
    made, whole = coronal_exam(gains=(1.0, 1.0))
    for gain, rows in zip(gains, ((0, 160), (140, 300)), strict=True):
        array, grid = axial_of(whole, WHOLE, rows)
        for b in (50.0, 800.0):
            signal = gain * array * np.exp(-b * adc)
            made.add(signal.astype(np.float32), grid, Contrast.DWI, b_value=b, derived=True)
        made.add(np.where(array > 0, 1e6 * adc, 0).astype(np.int16), grid, Contrast.ADC, derived=True)
    return made, whole


def test_axial_diffusion_comes_to_the_coronal_grid_with_its_adc():
    made, whole = diffusion_exam()
    done = compose_exam(made.exam, made.load)
    grid = done.volumes["STIR"].grid
    for key in ("DWI_b50", "DWI_b800", "ADC", "ADC_scanner"):
        assert done.volumes[key].grid == grid
        assert done.axial[key].grid.plane is Plane.AXIAL
    adc = done.volumes["ADC"]
    inside = adc.covered & (whole > 300)
    assert inside.sum() > 0.9 * (whole > 300).sum()
    assert np.percentile(np.abs(adc.array[inside] - 1200), 95) < 10
    assert abs(done.adc_agreement.median_difference) < 0.01
    assert done.adc.reliable


def test_all_b_values_of_a_station_share_one_gain():
    made, _ = diffusion_exam(gains=(1.0, 2.0))
    done = compose_exam(made.exam, made.load)
    assert done.gains["DWI_b50"] == done.gains["DWI_b800"]
    assert done.gains["DWI_b50"][0] / done.gains["DWI_b50"][1] == pytest.approx(2.0, rel=0.01)


def test_agreement_is_a_share_of_the_scanners_value():
    ours = np.full((5, 20, 20), 1100.0)
    scanner = np.full((5, 20, 20), 1000.0)
    found = adc_agreement(ours, np.ones(ours.shape, bool), scanner, np.full(ours.shape, 500.0))
    assert found.median_difference == pytest.approx(0.1)
    assert found.n_voxels == ours.size


def test_a_regional_exam_keeps_its_own_grids():
    whole = body()
    made = Made()
    axial, grid = axial_of(whole, WHOLE, (100, 140))
    t2 = made.add(axial, grid, Contrast.T2)
    for b in (50.0, 400.0, 800.0):
        made.add(axial * np.exp(-b * 1e-3), grid, Contrast.DWI, b_value=b)
    done = compose_exam(made.exam, made.load)
    assert done.layout == "native"
    assert done.volumes["T2"].grid == t2.grid
    assert done.volumes["T2"].array is made.arrays[t2.id]
    assert done.volumes["ADC"].grid.plane is Plane.AXIAL
    assert done.seams == ()


def test_axial_stations_compose_in_their_own_plane():
    whole = body()
    made = Made()
    for gain, rows in ((1.0, (0, 160)), (1.25, (150, 300))):
        array, grid = axial_of(whole * gain, WHOLE, rows)
        made.add(np.round(array).astype(np.int16), grid, Contrast.T2)
    done = compose_exam(made.exam, made.load)
    volume = done.volumes["T2"]
    expected, expected_grid = axial_of(whole, WHOLE, (0, 300))
    assert volume.grid == expected_grid
    inside = expected > 300
    ratio = volume.array[inside] / expected[inside]
    assert np.percentile(np.abs(ratio / np.median(ratio) - 1), 99) < 0.02
    assert volume.station.shape == volume.grid.shape
    assert (
        volume.station[0, 30, 5] == 1 and volume.station[-1, 30, 5] == 0
        if volume.grid.shape[1] > 30
        else True
    )
    assert done.seams[0].overlap_mm == pytest.approx(30.0)


@pytest.mark.shared
@pytest.mark.skipif(not PELVIS.is_dir(), reason="real MR files do not lie beside the project")
def test_our_adc_agrees_with_a_real_scanners_map():
    from marrowmap.exchange.dicom_exam import open_exam
    from marrowmap.imaging.protocol import assess_protocol

    with open_exam(PELVIS) as source:
        done = compose_exam(source.exam, source.array)
        assert abs(done.adc_agreement.median_difference) < 0.05
        assert done.adc.b_values == (50.0, 400.0, 800.0)
        assert done.volumes["ADC"].grid.plane is Plane.AXIAL
        assert done.volumes["T2"].grid.plane is Plane.CORONAL
        assert done.layout == "native"
        report = assess_protocol(source.exam, done)
    assert report.status == "regional"
    assert report.item("axial diffusion with ADC").state == "present"
    assert report.item("axial fluid-sensitive, pelvis").state == "partial"
