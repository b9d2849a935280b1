"""Pictures made from volumes: windowed, with letters, scale bar, outlines and numbers, as SVG."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import numpy.typing as npt
from PIL import Image

from marrowmap.core.volume import Contrast, Volume
from marrowmap.report.picture_plane import Letters

FONT = "Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
INK = "#ffd166"
"""Outlines and numbers on pictures: visible on black and on white, distinct for colour-blind readers."""


@dataclass(frozen=True)
class Window:
    """Signal shown black and signal shown white; ``inverted`` swaps them. gamma below 1 lifts dark parts."""

    low: float
    high: float
    inverted: bool = False
    gamma: float = 1.0

    def grey(self, array: npt.NDArray[np.number]) -> npt.NDArray[np.uint8]:
        """8-bit picture, same shape."""
        share = np.clip((array.astype(np.float32) - self.low) / max(self.high - self.low, 1e-6), 0, 1)
        share = share**self.gamma
        return np.rint(255 * (1 - share if self.inverted else share)).astype(np.uint8)


ADC_WINDOW = Window(0.0, 3000.0)
"""ADC maps are shown from 0 to 3.0 x 10-3 mm2/s, the same in every exam."""

MARROW_WINDOW = 3.2
"""Fluid-sensitive pictures show at least this multiple of typical tissue as grey (ours)."""

MOST_SAMPLES = 400_000


def window_of(volume: Volume, inverted: bool = False) -> Window:
    """A window from the signal of tissue: from 0 to a high percentile of the voxels above the background.

    Composed volumes have matched stations, so one window serves the whole body.
    """
    if volume.contrast is Contrast.ADC:
        return ADC_WINDOW
    values = _tissue(volume)
    if values.size == 0:
        return Window(0.0, 1.0, inverted)
    if inverted:
        return Window(float(np.percentile(values, 55)), float(np.percentile(values, 99.7)) * 1.25, True, 0.8)
    if volume.contrast.is_fluid_sensitive:
        # fluid, brain and kidneys must not decide the window alone, nor may plain tissue fill it
        top = max(float(np.percentile(values, 97.5)), MARROW_WINDOW * float(np.median(values)))
    else:
        top = float(np.percentile(values, 98.8))
    return Window(0.0, top * 1.05, gamma=0.85)


def _tissue(volume: Volume) -> npt.NDArray[np.float32]:
    """A regular sample of voxels that hold tissue rather than air."""
    step = max(1, int(np.ceil((volume.array.size / MOST_SAMPLES) ** 0.5)))
    sample = volume.array[:, ::step, ::step].astype(np.float32).ravel()
    if volume.covered is not None:
        sample = sample[volume.covered[:, ::step, ::step].ravel()]
    sample = sample[np.isfinite(sample)]
    if sample.size == 0 or sample.max() <= 0:
        return sample[:0]
    top, dark = float(np.percentile(sample, 99.5)), float(np.percentile(sample, 20))
    floor = 0.06 * top
    if dark < 0.10 * top:  # much air in the field: its noise is no tissue
        floor = max(floor, 3.5 * dark)
    return sample[sample > floor]


def jpeg_uri(grey: npt.NDArray[np.uint8], quality: int = 84) -> str:
    """Data URI of an 8-bit picture."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def resized(grey: npt.NDArray[np.uint8], width: int, height: int) -> npt.NDArray[np.uint8]:
    """The picture at another pixel size."""
    if (grey.shape[1], grey.shape[0]) == (width, height):
        return grey
    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.BICUBIC))


@dataclass(frozen=True)
class Outline:
    """A region on a picture in picture millimetres: path text and the number shown beside it."""

    path: str
    number: str = ""
    at: tuple[float, float] | None = None
    dashed: bool = False


def picture_svg(
    grey: npt.NDArray[np.uint8],
    *,
    mm_per_pixel: tuple[float, float],
    letters: Letters,
    alt: str,
    outlines: Sequence[Outline] = (),
    note: str = "",
    scale_mm: float | None = None,
    pixels_per_mm: float = 1.0,
    letter_mm: float | None = None,
    quality: int = 84,
    ink: str = INK,
    dark_paper: bool = True,
) -> str:
    """One picture in millimetres (so pixels are never distorted) with everything drawn on it.

    mm_per_pixel: (row, column) spacing. scale_mm: length of the scale bar; None chooses one, 0 draws none.
    pixels_per_mm: resolution of the embedded picture. dark_paper False: inverted pictures, dark writing.
    """
    height, width = grey.shape[0] * mm_per_pixel[0], grey.shape[1] * mm_per_pixel[1]
    raster = resized(grey, max(1, round(width * pixels_per_mm)), max(1, round(height * pixels_per_mm)))
    size = letter_mm or max(4.0, 0.035 * width)
    pen, halo = ("#ffffff", "#000000") if dark_paper else ("#101418", "#ffffff")
    parts = [
        f'<image href="{jpeg_uri(raster, quality)}" width="{width:.2f}" height="{height:.2f}" '
        f'preserveAspectRatio="none"/>'
    ]
    parts += [_outline(o, size, ink, halo, width) for o in outlines]
    parts += _letters(letters, width, height, size, pen, halo)
    parts.append(_scale_bar(width, height, size, scale_mm, pen, halo))
    if note:
        parts.append(_text(width / 2, height - 0.5 * size, note, 0.72 * size, pen, halo, "middle"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" viewBox="0 0 {width:.2f} '
        f'{height:.2f}" role="img" '
        f'aria-label={quoteattr(alt)} font-family="{FONT}">{"".join(parts)}</svg>'
    )


def _text(
    x: float, y: float, text: str, size: float, pen: str, halo: str, anchor: str, weight: int = 600
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.2f}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{pen}" '
        f'stroke="{halo}" stroke-width="{size * 0.16:.2f}" paint-order="stroke" '
        f'stroke-linejoin="round">{escape(text)}</text>'
    )


def _letters(letters: Letters, width: float, height: float, size: float, pen: str, halo: str) -> list[str]:
    pad = 0.35 * size
    high = min(height / 2 + 0.35 * size, 14 * size)
    return [
        _text(pad, high, letters.left, size, pen, halo, "start", 700),
        _text(width - pad, high, letters.right, size, pen, halo, "end", 700),
        _text(width / 2, size + pad * 0.4, letters.top, 0.8 * size, pen, halo, "middle"),
    ]


def _scale_bar(width: float, height: float, size: float, length: float | None, pen: str, halo: str) -> str:
    if length == 0:
        return ""
    if length is None:
        length = next((n for n in (200, 100, 50, 20, 10, 5) if n <= width * 0.36), 5)
    x, y = width - 0.5 * size - length, height - 0.8 * size
    tick = 0.28 * size
    line = f"M{x:.1f} {y - tick:.1f}V{y:.1f}H{x + length:.1f}V{y - tick:.1f}"
    label = f"{length / 10:g} cm" if length >= 10 else f"{length:g} mm"
    return (
        f'<path d="{line}" fill="none" stroke="{halo}" stroke-width="{0.22 * size:.2f}"/>'
        f'<path d="{line}" fill="none" stroke="{pen}" stroke-width="{0.11 * size:.2f}"/>'
        + _text(x + length / 2, y - 0.45 * size, label, 0.62 * size, pen, halo, "middle")
    )


def _outline(outline: Outline, size: float, ink: str, halo: str, width: float) -> str:
    out = ""
    if outline.path:
        dash = f' stroke-dasharray="{0.3 * size:.2f} {0.22 * size:.2f}"' if outline.dashed else ""
        out += (
            f'<path d="{outline.path}" fill="none" stroke="#000000" stroke-opacity="0.65" '
            f'stroke-width="{0.17 * size:.2f}"/>'
            f'<path d="{outline.path}" fill="none" stroke="{ink}" stroke-width="{0.095 * size:.2f}"{dash}/>'
        )
    if outline.number and outline.at:
        x, y = outline.at
        half = max(0.62 * size, 0.30 * size * len(outline.number) + 0.25 * size)
        x = min(max(x, half), width - half)
        out += (
            f'<rect x="{x - half:.1f}" y="{y - 0.58 * size:.1f}" width="{2 * half:.1f}" '
            f'height="{1.16 * size:.1f}" '
            f'rx="{0.58 * size:.1f}" fill="{ink}" stroke="#000000" stroke-width="{0.07 * size:.2f}"/>'
            f'<text x="{x:.1f}" y="{y + 0.3 * size:.1f}" font-size="{0.84 * size:.2f}" '
            f'font-weight="700" text-anchor="middle" '
            f'fill="#101418">{escape(outline.number)}</text>'
        )
    return out
