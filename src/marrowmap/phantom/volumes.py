"""Composed whole-body volumes without DICOM, for training and benches: STIR, T1, diffusion, ADC and truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid
from marrowmap.core.volume import Contrast, Volume
from marrowmap.phantom import artefacts
from marrowmap.phantom.acquire import AIRY, OFFSETS, SCALE, Scanner, shifted
from marrowmap.phantom.artefacts import Imperfections
from marrowmap.phantom.body import Body, Tissue
from marrowmap.phantom.findings import Finding
from marrowmap.phantom.plan import Image, Timing
from marrowmap.phantom.scene import Painted, Scene, body_grid
from marrowmap.phantom.signal import Scan, signal_of_codes
from marrowmap.phantom.signal import Sequence as Kind
from marrowmap.phantom.texture import Field, crop

STATIONS = 5
OVERLAP_MM = 40.0


@dataclass(frozen=True)
class Simulated:
    """A composed synthetic exam in memory. All arrays share ``grid`` (coronal, slices front to back).

    volumes: by "STIR", "T1", "DWI_50", "DWI_800" and "ADC" (1e-6 mm2/s), float32. sites: uint8 labels of bone
    units. lesions: uint16 numbers of CNO lesions. others: uint16 numbers of look-alikes. tissue: uint8.
    to_physis, along: as in ``Maps``. findings: what was put in.
    """

    grid: Grid
    volumes: dict[str, Volume]
    sites: npt.NDArray[np.uint8]
    lesions: npt.NDArray[np.uint16]
    others: npt.NDArray[np.uint16]
    tissue: npt.NDArray[np.uint8]
    part: npt.NDArray[np.uint8]
    along: npt.NDArray[np.float16]
    to_physis: npt.NDArray[np.float16]
    findings: tuple[Finding, ...]


def simulate_volumes(
    body: Body,
    findings: Sequence[Finding] = (),
    spacing: tuple[float, float, float] = (5.0, 2.5, 2.5),
    scanner: Scanner | None = None,
    seed: int | None = None,
    subsamples: int = 1,
    matched: float = 0.7,
) -> Simulated:
    """Simulate the composed volumes of one child.

    spacing: millimetres between (slices, rows, columns). scanner: field strength and imperfections; None
    takes a
    usual 1.5 T one. seed: of noise, coils and acquisition values; None takes the body's. subsamples:
    paintings per
    voxel (1 to 3) for partial volume. matched: share of the steps between stations that composing took away.
    """
    scanner = scanner or Scanner(1.5, Imperfections())
    key = body.spec.seed if seed is None else seed
    rng = np.random.default_rng([key, 91])
    timing = Timing.draw(scanner.field_t, rng)
    scene = Scene(body, findings)
    grid = body_grid(body, spacing, margin=10.0)
    paintings = [scene.paint(shifted(grid, offset), fine=min(spacing) < 3) for offset in OFFSETS[subsamples]]
    middle = scene.paint(grid, fine=False) if subsamples == 2 else paintings[subsamples // 2]
    texture = 1 + np.float32(0.05) * Field([body.spec.seed, 71], (4.0, 4.0, 5.0)).on(grid)
    volumes: dict[str, Volume] = {}
    for name, image in (("STIR", Image(Contrast.STIR, timing.stir)), ("T1", Image(Contrast.T1, timing.t1))):
        array, station = _coronal_image(image, paintings, texture, grid, scanner, rng, matched)
        volumes[name] = Volume(array, grid, image.contrast, station=station)
    low, high = _diffusion(timing, paintings, middle, texture, grid, scanner, rng)
    volumes["DWI_50"] = Volume(low, grid, Contrast.DWI, b_value=50.0)
    volumes["DWI_800"] = Volume(high, grid, Contrast.DWI, b_value=800.0)
    volumes["ADC"] = Volume(_adc(low, high), grid, Contrast.ADC)
    maps = middle.maps
    return Simulated(
        grid,
        volumes,
        maps.site,
        middle.lesions,
        middle.others,
        maps.tissue,
        maps.part,
        maps.along,
        maps.to_physis,
        tuple(findings),
    )


def _mean_signal(table: npt.NDArray[np.float32], paintings: Sequence[Painted]) -> npt.NDArray[np.float32]:
    total = table[paintings[0].codes]
    for painting in paintings[1:]:
        total += table[painting.codes]
    if len(paintings) == 1:  # no partial volume was painted: soften the stair steps instead
        return ndimage.gaussian_filter(total, [0.3, 0.4, 0.4])
    return total / np.float32(len(paintings))


def station_rows(grid: Grid) -> list[tuple[int, int]]:
    """(first, last + 1) row of each of five overlapping stations."""
    rows, step = grid.shape[1], grid.spacing[1]
    overlap = round(OVERLAP_MM / step)
    length = int(np.ceil((rows + (STATIONS - 1) * overlap) / STATIONS))
    starts = [min(i * (length - overlap), rows - length) for i in range(STATIONS)]
    return [(start, start + length) for start in starts]


def _coronal_image(
    image: Image,
    paintings: Sequence[Painted],
    texture: npt.NDArray[np.float32],
    grid: Grid,
    scanner: Scanner,
    rng: np.random.Generator,
    matched: float,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int16]]:
    how = scanner.how
    table, fat_table = signal_of_codes(image.scan, scanner.field_t)
    signal = _mean_signal(table, paintings) * texture
    fat = _mean_signal(fat_table, paintings) if image.scan.sequence is Kind.INVERSION_RECOVERY else None
    total = np.zeros(grid.shape, np.float32)
    weights = np.zeros(grid.shape[1], np.float32)
    best = np.zeros(grid.shape[1], np.float32)
    station = np.full(grid.shape[1], -1, np.int16)
    gains = []
    for number, (first, last) in enumerate(station_rows(grid)):
        block = (slice(None), slice(first, last), slice(None))
        part_grid = crop(grid, (slice(0, grid.shape[0]), slice(first, last), slice(0, grid.shape[2])))
        gain = artefacts.coil_gain(part_grid, rng, how)
        level = float(gain.mean())
        gains.append(level)
        gain = gain * np.float32((gains[0] / level) ** matched)
        part = (
            signal[block]
            if fat is None
            else signal[block] + fat[block] * artefacts.fat_leak(part_grid, rng, how)
        )
        n = last - first
        ramp = np.minimum(np.arange(n) + 1, n - np.arange(n)).astype(np.float32)
        ramp = np.clip(ramp / max(OVERLAP_MM / grid.spacing[1], 1), 0.02, 1)
        total[block] += part * gain * ramp[None, :, None]
        weights[first:last] += ramp
        own = ramp > best[first:last]
        station[first:last][own] = number
        best[first:last] = np.maximum(best[first:last], ramp)
    total /= weights[None, :, None]
    moving = np.isin(paintings[0].maps.tissue, (Tissue.HEART, Tissue.VESSEL))
    total = artefacts.ghosts(total, moving, 2, rng, how.ghost)
    sigma = how.noise * float(table[Tissue.MUSCLE]) * (1.0 if image.contrast is Contrast.STIR else 0.5)
    return artefacts.receive(total, rng, sigma, how.blur * 0.5) * np.float32(SCALE[image.contrast]), station


def _diffusion(
    timing: Timing,
    paintings: Sequence[Painted],
    middle: Painted,
    texture: npt.NDArray[np.float32],
    grid: Grid,
    scanner: Scanner,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    how = scanner.how
    air = np.isin(middle.maps.tissue, AIRY)
    coarse = (1, 2, 2)
    thin = air[:, ::2, ::2].astype(np.float32)
    affine = grid.affine.copy()
    affine[:3, :3] = affine[:3, :3] @ np.diag(coarse)
    shift = artefacts.distortion_map(thin > 0, Grid(thin.shape, affine), rng, how.distortion_mm)
    shift = np.repeat(np.repeat(shift, 2, axis=1), 2, axis=2)[:, : grid.shape[1], : grid.shape[2]]
    gain = artefacts.coil_gain(grid, rng, how, roll_off=False)
    clean: Scan = timing.dwi[0]
    base, _ = signal_of_codes(
        Scan(clean.sequence, clean.tr, clean.te, 0.0, 0.0, clean.fat_left), scanner.field_t
    )
    sigma = how.noise * 0.5 * float(base[Tissue.MUSCLE])
    found = []
    for scan in timing.dwi:
        table, _ = signal_of_codes(scan, scanner.field_t)
        signal = _mean_signal(table, paintings) * texture
        moved = artefacts.shift_columns(signal.transpose(1, 0, 2), shift.transpose(1, 0, 2), grid.spacing[0])
        signal = np.ascontiguousarray(moved.transpose(1, 0, 2)) * gain
        noisy = artefacts.receive(signal, rng, sigma, 0.0)
        soft = ndimage.gaussian_filter(noisy, [0.25, 0.55, 0.45])
        found.append((soft * np.float32(SCALE[Contrast.DWI])).astype(np.float32))
    return found[0], found[1]


def _adc(low: npt.NDArray[np.float32], high: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    floor = 6.0 * float(np.percentile(low, 25))
    with np.errstate(divide="ignore", invalid="ignore"):
        adc = 1e6 / 750.0 * np.log(low / high)
    return np.where((low > floor) & np.isfinite(adc), np.clip(adc, 0, 4095), 0).astype(np.float32)
