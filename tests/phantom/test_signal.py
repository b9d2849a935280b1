"""Signal equations: examples of the definitions, section 10, and the order of tissues."""

import numpy as np
import pytest

from marrowmap.phantom.body import Tissue
from marrowmap.phantom.signal import (
    CODES,
    FAT_STEPS,
    FAT_T1,
    LEVELS,
    SCLEROSIS_LEVELS,
    Scan,
    Sequence,
    marrow_code,
    pools,
    signal_of_codes,
)

STIR = Scan(Sequence.INVERSION_RECOVERY, 5000, 60, 159)
T1 = Scan(Sequence.SPIN_ECHO, 520, 11)
STRONG = LEVELS - SCLEROSIS_LEVELS - 1


def marrow(fat: float, level: int = 0) -> int:
    return int(marrow_code(np.array([round(fat * (FAT_STEPS - 1))]), np.array([level]))[0])


def test_fat_vanishes_at_the_published_inversion_time():
    stir, full = signal_of_codes(STIR, 1.5)
    assert stir[Tissue.FAT] < 0.05 * full[Tissue.FAT]
    null = FAT_T1[1.5] * np.log(2 / (1 + np.exp(-5000 / FAT_T1[1.5])))
    assert null == pytest.approx(159, abs=1)


@pytest.mark.parametrize("field_t", [1.5, 3.0])
def test_order_of_signals_on_stir(field_t):
    scan = STIR if field_t < 2 else Scan(Sequence.INVERSION_RECOVERY, 5000, 60, 215)
    stir, _ = signal_of_codes(scan, field_t)
    lesion = stir[marrow(0.45, STRONG)]
    assert stir[Tissue.SYNOVIAL_FLUID] > lesion > stir[Tissue.MUSCLE] > stir[Tissue.FAT]
    assert stir[Tissue.CSF] > lesion


@pytest.mark.parametrize("field_t", [1.5, 3.0])
def test_order_of_signals_on_t1(field_t):
    t1, _ = signal_of_codes(T1, field_t)
    assert t1[Tissue.FAT] > t1[marrow(0.8)] > t1[marrow(0.3)] > t1[Tissue.MUSCLE] > t1[Tissue.CSF]
    assert t1[marrow(0.45, STRONG)] < t1[marrow(0.45)]


def test_vertebra_is_brighter_than_shaft_on_stir():
    stir, _ = signal_of_codes(STIR, 1.5)
    assert stir[marrow(0.25)] > 2 * stir[marrow(0.9)]


def test_marrow_grows_brighter_with_oedema_and_darker_with_sclerosis():
    stir, _ = signal_of_codes(STIR, 1.5)
    steps = [stir[marrow(0.5, level)] for level in range(STRONG + 1)]
    assert np.all(np.diff(steps) > 0)
    assert stir[marrow(0.5, LEVELS - 1)] < 0.5 * stir[marrow(0.5)]


def test_adc_of_a_strong_lesion_lies_between_marrow_and_fluid():
    p = pools(1.5)
    lesion = p["adc"][marrow(0.45, round(0.8 * STRONG))]
    assert 1.4 < lesion / p["adc"][marrow(0.45)] < 2.1
    assert 1000 < lesion < 1600


def test_diffusion_decays_mono_exponentially_in_pure_water():
    low, _ = signal_of_codes(Scan(Sequence.DIFFUSION, 6000, 65, 0, 50, 0.0), 1.5)
    high, _ = signal_of_codes(Scan(Sequence.DIFFUSION, 6000, 65, 0, 800, 0.0), 1.5)
    adc = 1e6 * np.log(low[Tissue.KIDNEY] / high[Tissue.KIDNEY]) / 750
    assert adc == pytest.approx(2050, rel=1e-3)


def test_every_code_has_a_finite_signal():
    for scan in (STIR, T1, Scan(Sequence.DIFFUSION, 6000, 65, 0, 800, 0.05)):
        for table in signal_of_codes(scan, 3.0):
            assert table.shape == (CODES,)
            assert np.isfinite(table).all()
            assert (table >= 0).all()
