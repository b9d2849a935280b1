"""What a scanner adds to the truth: coils, bias, noise, failed fat suppression, ghosts, distortion.

Every function takes and returns arrays of one stack, indexed [slice, row, column].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from marrowmap.core.geometry import Grid
from marrowmap.phantom.texture import places

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Imperfections:
    """How far one scanner is from ideal; all 0 gives the ideal image.

    noise: standard deviation in units of muscle's STIR signal. station_step: spread of the gain between
    stations.
    bias: spread of smooth shading. fat_failure: greatest share of fat signal that returns at the field's
    ends.
    ghost: strength of pulsation ghosts. blur: share of k-space that is left out. distortion_mm: greatest
    shift
    of diffusion images.
    """

    noise: float = 0.055
    station_step: float = 0.16
    bias: float = 0.16
    fat_failure: float = 0.22
    ghost: float = 0.025
    blur: float = 0.12
    distortion_mm: float = 7.0


def coil_gain(grid: Grid, rng: np.random.Generator, how: Imperfections, roll_off: bool = True) -> F32:
    """Gain of the receive coils: smooth shading, fall-off towards the head and foot end, one step per
    station."""
    x, y, z = places(grid)
    low, high = grid.extent_mm()
    gain = np.float32(np.exp(rng.normal(0, how.station_step)))
    u = (x - (low.x + high.x) / 2) / 200.0
    v = (y - (low.y + high.y) / 2) / 120.0
    w = (z - (low.z + high.z) / 2) / max((high.z - low.z) / 2, 1.0)
    c = rng.normal(0, how.bias, 6).astype(np.float32)
    shade = (
        c[0] * u
        + c[1] * v
        + 0.6 * c[2] * w
        + c[3] * u * v
        + 0.7 * c[4] * (u * u - 0.3)
        + 0.7 * c[5] * (v * v - 0.3)
    )
    gain = gain * np.exp(np.clip(shade, -0.6, 0.6))
    if roll_off:
        edge = np.clip((np.abs(w) - 0.66) / 0.34, 0, 1)
        gain = gain * (1 - 0.34 * edge * edge)
    return np.broadcast_to(gain, grid.shape).astype(np.float32)


def fat_leak(grid: Grid, rng: np.random.Generator, how: Imperfections) -> F32:
    """Share of the full fat signal that comes back where inversion or saturation fails; broadcastable."""
    x, _, z = places(grid)
    low, high = grid.extent_mm()
    w = np.abs(z - (low.z + high.z) / 2) / max((high.z - low.z) / 2, 1.0)
    u = np.abs(x - (low.x + high.x) / 2) / max((high.x - low.x) / 2, 1.0)
    ends = np.clip((w - 0.84) / 0.16, 0, 1) ** 1.5
    flanks = np.clip((u - 0.78) / 0.22, 0, 1) ** 2
    side = np.sign(x) * rng.choice([-1, 1]) > 0
    leak = how.fat_failure * (
        ends * rng.uniform(0.4, 1.0) + flanks * np.where(side, 1.0, 0.35) * rng.uniform(0.3, 1.0)
    )
    return np.clip(leak, 0, 0.6).astype(np.float32)


def ghosts(
    image: F32, source: npt.NDArray[np.bool_], axis: int, rng: np.random.Generator, strength: float
) -> F32:
    """Pulsation ghosts: faint copies of the moving parts along the phase direction (``axis``)."""
    if strength <= 0 or not source.any():
        return image
    n = image.shape[axis]
    moving = np.where(source, image, np.float32(0)) + np.float32(0.12) * source * image.max()
    step = int(n * rng.uniform(0.13, 0.24))
    result = image.copy()
    for order, fade in ((1, 1.0), (-1, 0.9), (2, 0.5), (-2, 0.45)):
        result += np.float32(strength * fade) * np.roll(moving, order * step, axis=axis)
    return result


def receive(image: F32, rng: np.random.Generator, sigma: float, blur: float) -> F32:
    """Rician magnitude image: complex noise, then a k-space that lacks its outer part (mild ringing and
    blur)."""
    sheets = np.empty(image.shape, np.complex64)
    sheets.real = image + rng.standard_normal(image.shape, dtype=np.float32) * np.float32(sigma)
    sheets.imag = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(sigma)
    if blur > 0:
        rows, columns = (np.abs(fft.fftfreq(n)) * 2 for n in image.shape[1:])
        keep_r = 0.5 * (1 + np.cos(np.pi * np.clip((rows - (0.8 - blur)) / 0.3, 0, 1)))
        keep_c = 0.5 * (1 + np.cos(np.pi * np.clip((columns - 0.85) / 0.25, 0, 1)))
        window = (keep_r[:, None] * keep_c[None, :]).astype(np.float32)
        sheets = fft.ifft2(fft.fft2(sheets, axes=(1, 2), workers=2) * window, axes=(1, 2), workers=2)
    return np.abs(sheets).astype(np.float32)


def distortion_map(
    air: npt.NDArray[np.bool_], grid: Grid, rng: np.random.Generator, greatest_mm: float
) -> F32:
    """Shift of diffusion images along the phase direction in mm: near air (lungs, bowel, neck) and smooth
    drift."""
    step = grid.spacing
    near = ndimage.gaussian_filter(air.astype(np.float32), [14.0 / s for s in step])
    near -= ndimage.gaussian_filter(near, [30.0 / s for s in step])
    x, y, _ = places(grid)
    c = rng.normal(0, 0.25, 3)
    drift = c[0] * x / 200 + c[1] * y / 120 + c[2] * (x / 200) ** 2
    return (greatest_mm * (3.2 * near + drift)).astype(np.float32)


def shift_columns(image: F32, shift_mm: F32, spacing_mm: float) -> F32:
    """Move signal along the rows' direction (axis 1) by ``shift_mm``; piles up or thins out as EPI does."""
    rows = np.arange(image.shape[1], dtype=np.float32)[None, :, None]
    source = rows - shift_mm / np.float32(spacing_mm)
    stretch = np.clip(np.gradient(source, axis=1), 0.35, 2.2).astype(np.float32)
    low = np.clip(np.floor(source), 0, image.shape[1] - 2).astype(np.int32)
    part = np.clip(source - low, 0, 1).astype(np.float32)
    a = np.take_along_axis(image, low, axis=1)
    b = np.take_along_axis(image, low + 1, axis=1)
    return (a * (1 - part) + b * part) * stretch


def voids(grid: Grid, centre: npt.NDArray[np.float64], radius_mm: float) -> tuple[F32, F32]:
    """(kept share, bright rim) of the hole that metal such as dental braces tears."""
    x, y, z = places(grid)
    d = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (0.8 * (z - centre[2])) ** 2) / radius_mm
    kept = np.clip((d - 0.8) / 0.25, 0, 1)
    rim = np.exp(-(((d - 1.08) / 0.09) ** 2))
    return kept.astype(np.float32), rim.astype(np.float32)
