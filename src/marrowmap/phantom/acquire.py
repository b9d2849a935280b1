"""Measuring a stack: paint, turn codes into signal, add what the scanner adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid
from marrowmap.core.volume import Contrast
from marrowmap.phantom import artefacts
from marrowmap.phantom.artefacts import Imperfections
from marrowmap.phantom.body import Tissue
from marrowmap.phantom.plan import Image, Stack
from marrowmap.phantom.scene import Painted, Scene
from marrowmap.phantom.signal import Scan, Sequence, signal_of_codes
from marrowmap.phantom.texture import Field

SCALE = {Contrast.STIR: 1400.0, Contrast.T1: 1100.0, Contrast.DWI: 2200.0, Contrast.LOCALIZER: 1100.0}
MOVING = (Tissue.HEART, Tissue.VESSEL)
AIRY = (Tissue.LUNG, Tissue.AIRWAY)

OFFSETS = {
    1: ((0.0, 0.0, 0.0),),
    2: ((-0.25, -0.25, 0.25), (0.25, 0.25, -0.25)),
    3: ((-0.333, -0.3, 0.2), (0.0, 0.3, 0.3), (0.333, 0.0, -0.35)),
}
"""Where inside a voxel each painting is taken, in voxels along slice, row and column: partial volume."""


@dataclass(frozen=True)
class Measured:
    """One image stack as the scanner shows it. array: float32, arbitrary units; ADC in 1e-6 mm2/s."""

    contrast: Contrast
    b_value: float | None
    array: npt.NDArray[np.float32]
    scan: Scan


@dataclass(frozen=True)
class Scanner:
    """Field strength in tesla and imperfections; braces: whether metal sits on the teeth; prescan_normalised:
    steps between stations are mostly removed by the scanner."""

    field_t: float
    how: Imperfections
    braces: bool = False


def shifted(grid: Grid, offset: tuple[float, float, float]) -> Grid:
    """``grid`` moved by a part of a voxel."""
    affine = grid.affine.copy()
    affine[:3, 3] = grid.affine[:3, :3] @ np.array(offset) + grid.affine[:3, 3]
    return Grid(grid.shape, affine)


def measure(scene: Scene, stack: Stack, scanner: Scanner, seed: list[int]) -> list[Measured]:
    """All images of ``stack``, with a map of the apparent diffusion coefficient after diffusion images."""
    profile = stack.thickness_mm / stack.grid.spacing[0]
    paintings = []
    for offset in OFFSETS[stack.subsamples]:
        paintings.append(
            scene.paint(
                shifted(stack.grid, (offset[0] * profile, offset[1], offset[2])), fine=stack.subsamples > 1
            )
        )
    first = paintings[0]
    rng = np.random.default_rng([*seed, stack.order])
    texture = 1 + np.float32(0.05) * Field([scene.body.spec.seed, 71], (4.0, 4.0, 5.0)).on(stack.grid)
    shift = None
    if stack.images[0].scan.sequence is Sequence.DIFFUSION:
        air = np.isin(first.maps.tissue, AIRY)
        shift = artefacts.distortion_map(air, stack.grid, rng, scanner.how.distortion_mm)
    measured: list[Measured] = []
    gain = np.ones((1, 1, 1), np.float32)
    for image in stack.images:
        if (
            shift is None or not measured
        ):  # b-values come from one run: they share its gain, or no ADC is true
            gain = artefacts.coil_gain(
                stack.grid, rng, scanner.how, roll_off=stack.key in ("coronal", "spine")
            )
        measured.append(_one(image, paintings, stack, scanner, scene, rng, texture, shift, gain))
    if shift is not None:
        measured.append(adc_map(measured))
    return measured


def _one(
    image: Image,
    paintings: list[Painted],
    stack: Stack,
    scanner: Scanner,
    scene: Scene,
    rng: np.random.Generator,
    texture: npt.NDArray[np.float32],
    shift: npt.NDArray[np.float32] | None,
    gain: npt.NDArray[np.float32],
) -> Measured:
    how = scanner.how
    table, fat_table = signal_of_codes(image.scan, scanner.field_t)
    signal = np.zeros(stack.grid.shape, np.float32)
    fat = np.zeros(stack.grid.shape, np.float32)
    suppressed = image.scan.sequence is not Sequence.SPIN_ECHO
    for painting in paintings:
        signal += table[painting.codes]
        if suppressed:
            fat += fat_table[painting.codes]
    signal *= texture / np.float32(len(paintings))
    if suppressed:
        signal += fat * artefacts.fat_leak(stack.grid, rng, how) / np.float32(len(paintings))
    if scanner.braces:
        mouth = np.array(tuple(scene.body.landmarks["chin"])) + np.array([0, 14, 34])
        kept, rim = artefacts.voids(stack.grid, mouth, 19.0 if shift is None else 36.0)
        signal = signal * kept + rim * np.float32(0.5 * table[Tissue.MUSCLE])
    moving = np.isin(paintings[0].maps.tissue, MOVING)
    if shift is None:
        phase = 2 if stack.grid.plane.value != "sagittal" else 1
        signal = artefacts.ghosts(signal, moving, phase, rng, how.ghost * float(rng.uniform(0.4, 1.6)))
    else:
        signal = artefacts.shift_columns(signal, shift, stack.grid.spacing[1])
    signal *= gain
    sigma = how.noise * float(table[Tissue.MUSCLE]) * (1.0 if image.contrast is not Contrast.T1 else 0.5)
    if image.b_value is not None:
        base, _ = signal_of_codes(
            Scan(image.scan.sequence, image.scan.tr, image.scan.te, 0.0, 0.0, image.scan.fat_left),
            scanner.field_t,
        )
        sigma = how.noise * 0.5 * float(base[Tissue.MUSCLE])
    out = artefacts.receive(signal, rng, sigma, how.blur)
    return Measured(image.contrast, image.b_value, out * np.float32(SCALE[image.contrast]), image.scan)


def adc_map(diffusion: list[Measured]) -> Measured:
    """The scanner's own map: mono-exponential from the lowest to the highest b-value, 0 where there is no
    signal."""
    low, high = diffusion[0], diffusion[-1]
    assert low.b_value is not None
    assert high.b_value is not None
    air = np.percentile(low.array, 25)
    with np.errstate(divide="ignore", invalid="ignore"):
        adc = 1e6 * np.log(low.array / high.array) / (high.b_value - low.b_value)
    adc = np.where((low.array > 7.0 * air) & np.isfinite(adc), np.clip(adc, 0, 4095), 0)
    return Measured(Contrast.ADC, None, adc.astype(np.float32), high.scan)
