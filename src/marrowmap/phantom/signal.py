"""From tissue to signal by the equations of section 10.3 of the definitions.

Every voxel is a mixture of a water and a fat pool that relax on their own. Values at 1.5 and 3 T are those
of sections 10.1 and 10.2 where given (fat T1 230 and 310 ms so that fat vanishes: PROPOSED there), otherwise
plausible (ours). ADC in 1e-6 mm2/s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from marrowmap.phantom.body import Tissue

LEVELS = 32
"""Steps of oedema strength stored per voxel; the last SCLEROSIS_LEVELS stand for sclerosis."""
SCLEROSIS_LEVELS = 6
FAT_STEPS = 64
FAT_T1 = {1.5: 230.0, 3.0: 310.0}
FAT_T2 = {1.5: 60.0, 3.0: 66.0}
FAT_PD = 0.9
FAT_ADC = 60.0


@dataclass(frozen=True)
class Water:
    """Water pool of a tissue: relative proton density, T1 and T2 in ms at (1.5, 3) T, ADC, fat fraction."""

    pd: float
    t1: tuple[float, float]
    t2: tuple[float, float]
    adc: float
    fat: float = 0.0


TABLE: dict[Tissue, Water] = {
    Tissue.AIR: Water(0.0, (1000, 1000), (50, 50), 0),
    Tissue.SKIN: Water(0.55, (800, 950), (32, 30), 900, 0.15),
    Tissue.FAT: Water(0.9, (900, 1100), (40, 38), 900, 0.93),
    Tissue.MUSCLE: Water(0.78, (1008, 1350), (36, 33), 1350, 0.02),
    Tissue.FASCIA: Water(0.35, (800, 900), (14, 12), 900, 0.05),
    Tissue.BRAIN_GREY: Water(0.8, (1124, 1600), (95, 92), 800),
    Tissue.BRAIN_WHITE: Water(0.68, (884, 1084), (72, 69), 740),
    Tissue.CSF: Water(1.0, (4300, 4300), (1900, 1700), 3000),
    Tissue.EYE: Water(1.0, (3800, 4000), (900, 800), 2800),
    Tissue.LUNG: Water(0.07, (1100, 1200), (30, 25), 1500),
    Tissue.HEART: Water(0.78, (1000, 1250), (44, 42), 1900),
    Tissue.VESSEL: Water(0.16, (1400, 1650), (150, 130), 2500),
    Tissue.LIVER: Water(0.8, (586, 809), (46, 34), 1150, 0.03),
    Tissue.SPLEEN: Water(0.8, (1057, 1328), (79, 61), 800),
    Tissue.KIDNEY: Water(0.85, (1150, 1300), (86, 78), 2050),
    Tissue.BLADDER: Water(1.0, (3600, 3800), (1200, 1000), 2900),
    Tissue.BOWEL: Water(0.75, (900, 1100), (55, 48), 1500, 0.05),
    Tissue.DISC: Water(0.62, (800, 900), (60, 52), 1200),
    Tissue.CARTILAGE: Water(0.7, (1066, 1240), (52, 46), 1500),
    Tissue.PHYSIS: Water(0.8, (1150, 1350), (85, 76), 1700),
    Tissue.CORTEX: Water(0.07, (500, 600), (6, 5), 500, 0.1),
    Tissue.MARROW: Water(0.74, (900, 1050), (48, 42), 680),
    Tissue.SYNOVIAL_FLUID: Water(0.97, (2850, 3620), (1000, 767), 2700),
    Tissue.SPINAL_CORD: Water(0.72, (900, 1100), (78, 75), 900),
    Tissue.AIRWAY: Water(0.0, (1000, 1000), (50, 50), 0),
    Tissue.BOWEL_FLUID: Water(0.95, (2600, 2900), (450, 380), 2500),
    Tissue.STOMACH: Water(0.75, (900, 1000), (70, 60), 1700, 0.1),
    Tissue.TOOTH: Water(0.02, (500, 600), (5, 5), 300),
    Tissue.GLAND: Water(0.8, (950, 1150), (75, 68), 1050, 0.12),
    Tissue.CONNECTIVE: Water(0.7, (850, 1000), (48, 42), 1400, 0.28),
    Tissue.DISC_NUCLEUS: Water(0.88, (1200, 1400), (115, 100), 1800),
}
"""Water pools by tissue; vessels have lost most signal to flow."""

SWELLING = (Tissue.MUSCLE, Tissue.FAT, Tissue.CONNECTIVE, Tissue.FASCIA, Tissue.SKIN)
"""Soft tissues that can hold oedema."""


class Sequence(StrEnum):
    """How the signal is made."""

    INVERSION_RECOVERY = "ir"
    SPIN_ECHO = "se"
    DIFFUSION = "diffusion"


@dataclass(frozen=True)
class Scan:
    """Acquisition values: times in ms, b in s/mm2. fat_left: share of fat that survives suppression (DWI)."""

    sequence: Sequence
    tr: float
    te: float
    ti: float = 0.0
    b: float = 0.0
    fat_left: float = 1.0


def code_of_tissue(tissue: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """Codes of voxels without marrow or oedema: the tissue value itself."""
    return tissue.astype(np.uint16)


def marrow_code(fat_step: npt.NDArray[np.int64], level: npt.NDArray[np.int64]) -> npt.NDArray[np.uint16]:
    """Codes of marrow. fat_step: 0 to FAT_STEPS - 1; level: 0 (none) to LEVELS - 1."""
    return (64 + fat_step * LEVELS + level).astype(np.uint16)


def soft_code(index: npt.NDArray[np.int64], level: npt.NDArray[np.int64]) -> npt.NDArray[np.uint16]:
    """Codes of swollen soft tissue; index: place in SWELLING."""
    return (64 + FAT_STEPS * LEVELS + index * LEVELS + level).astype(np.uint16)


CODES = 64 + (FAT_STEPS + len(SWELLING)) * LEVELS


def oedema_of_level(
    level: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(oedema 0 to 1, sclerosis 0 to 1) that a stored level stands for."""
    top = LEVELS - SCLEROSIS_LEVELS - 1
    return np.where(level <= top, level / top, 0.0), np.where(
        level > top, (level - top) / SCLEROSIS_LEVELS, 0.0
    )


def pools(field_t: float) -> dict[str, npt.NDArray[np.float64]]:
    """Water density, T1, T2, ADC and fat fraction of every code; arrays of length CODES."""
    k = 0 if field_t < 2 else 1
    pools = {name: np.zeros(CODES) for name in ("pd", "t1", "t2", "adc", "ff", "fat_pd")}
    pools["t1"][:] = pools["t2"][:] = 1.0
    pools["fat_pd"][:] = FAT_PD

    def put(where: npt.NDArray[np.int64] | int, w: Water) -> None:
        for name, value in (("pd", w.pd), ("t1", w.t1[k]), ("t2", w.t2[k]), ("adc", w.adc), ("ff", w.fat)):
            pools[name][where] = value

    for tissue, w in TABLE.items():
        put(int(tissue), w)
    steps, level = np.divmod(np.arange(FAT_STEPS * LEVELS), LEVELS)
    where = 64 + np.arange(FAT_STEPS * LEVELS)
    put(where, TABLE[Tissue.MARROW])
    pools["ff"][where] = steps / (FAT_STEPS - 1)
    _soak(pools, where, level.astype(np.float64))
    for index, tissue in enumerate(SWELLING):
        where = 64 + (FAT_STEPS + index) * LEVELS + np.arange(LEVELS)
        put(where, TABLE[tissue])
        _soak(pools, where, np.arange(LEVELS, dtype=np.float64))
    return pools


def _soak(
    pools: dict[str, npt.NDArray[np.float64]], where: npt.NDArray[np.int64], level: npt.NDArray[np.float64]
) -> None:
    """Oedema drives fat out, lengthens T1 and T2 and speeds diffusion; sclerosis takes signal away."""
    oedema, hard = oedema_of_level(level)
    pools["ff"][where] *= 1 - 0.88 * oedema
    pools["pd"][where] = (pools["pd"][where] + (0.92 - pools["pd"][where]) * oedema) * (1 - 0.75 * hard)
    pools["fat_pd"][where] *= 1 - 0.75 * hard
    pools["t1"][where] *= 1 + 0.40 * oedema
    pools["t2"][where] += (105.0 - pools["t2"][where]) * oedema**1.2
    pools["adc"][where] += (1400.0 - pools["adc"][where]) * oedema


def signal_of_codes(scan: Scan, field_t: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(suppressed signal, full signal of the fat pool) by code, each of length CODES, CSF-density units.

    The second table is what shows where fat suppression fails.
    """
    p = pools(field_t)
    fat_t1, fat_t2 = FAT_T1[1.5 if field_t < 2 else 3.0], FAT_T2[1.5 if field_t < 2 else 3.0]
    water = (1 - p["ff"]) * p["pd"] * np.exp(-scan.te / p["t2"])
    fat = p["ff"] * p["fat_pd"] * np.exp(-scan.te / fat_t2)
    saturated_fat = fat * (1 - np.exp(-scan.tr / fat_t1))
    if scan.sequence is Sequence.INVERSION_RECOVERY:
        water = water * (1 - 2 * np.exp(-scan.ti / p["t1"]) + np.exp(-scan.tr / p["t1"]))
        fat = fat * (1 - 2 * np.exp(-scan.ti / fat_t1) + np.exp(-scan.tr / fat_t1))
        return np.abs(water + fat).astype(np.float32), saturated_fat.astype(np.float32)
    water = water * (1 - np.exp(-scan.tr / p["t1"]))
    if scan.sequence is Sequence.SPIN_ECHO:
        return (water + saturated_fat).astype(np.float32), np.zeros(CODES, np.float32)
    water = water * np.exp(-scan.b * p["adc"] * 1e-6)
    leak = saturated_fat * np.exp(-scan.b * FAT_ADC * 1e-6)
    return (water + scan.fat_left * leak).astype(np.float32), leak.astype(np.float32)
