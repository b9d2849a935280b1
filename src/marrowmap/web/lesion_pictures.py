"""Pictures of the lesions of a reading: STIR and T1 around each, with its outline, from the packed images."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.lesion import Lesion
from marrowmap.core.reading import Reading
from marrowmap.report.reading_view import ReportPicture
from marrowmap.web.outlines import mask_from_json
from marrowmap.web.packs import Pack, PackedSeries

FIELD_MM = 140.0
"""Width and height of a picture in the patient (our choice: a knee or a pelvic half)."""
PIXELS = 420
INK = (255, 107, 94)


def lesion_pictures(
    reading: Reading, pack: Pack, outlines: dict[str, Any]
) -> dict[str, tuple[ReportPicture, ...]]:
    """Lesion id -> its pictures; a lesion without a place has none."""
    shown = [pack.series[name] for name in ("STIR", "T1") if name in pack.series]
    masks: dict[str, Any] = pack.extras.get("masks", {})
    found = {}
    for lesion in reading.lesions:
        if lesion.centre_mm is not None:
            mask = outlines.get(lesion.id) or masks.get(lesion.candidate_id)
            found[lesion.id] = tuple(
                _picture(pack, series, lesion, lesion.centre_mm, mask) for series in shown
            )
    return found


def _picture(
    pack: Pack, series: PackedSeries, lesion: Lesion, centre: PointMm, mask: dict[str, Any] | None
) -> ReportPicture:
    grid = Grid(series.shape, np.array(series.affine_lps))
    slice_, row, column = grid.to_voxel(centre).rounded()
    slice_ = min(max(slice_, 0), series.shape[0] - 1)
    signal = np.frombuffer(pack.slice(series.name, slice_), "<i2").reshape(series.shape[1:]) * series.slope
    grey = np.clip(signal / (series.window["high"] or 1.0), 0, 1) * 255
    reach = [round(FIELD_MM / 2 / spacing) for spacing in series.spacing_mm[1:]]
    corner = (row - reach[0], column - reach[1])
    size = (2 * reach[0] + 1, 2 * reach[1] + 1)
    picture = Image.fromarray(_cut(grey, corner, size).astype(np.uint8)).resize(
        (PIXELS, PIXELS), Image.Resampling.BICUBIC
    )
    coloured = np.array(picture.convert("RGB"))
    if mask is not None:
        inside = _cut(mask_from_json(mask, series.shape)[slice_], corner, size)
        small = Image.fromarray(inside.astype(np.uint8))
        large = np.array(small.resize((PIXELS, PIXELS), Image.Resampling.NEAREST)) > 0
        coloured[_edge(large)] = INK
    file = io.BytesIO()
    Image.fromarray(coloured).save(file, "PNG", optimize=True)
    name = series.title.split(",")[0]
    words = f"{name}, {lesion.site.name}, coronal; the patient's right is on the left of the picture"
    return ReportPicture(title=name, alt=words, data=file.getvalue())


def _cut(array: npt.NDArray[Any], corner: tuple[int, int], size: tuple[int, int]) -> npt.NDArray[Any]:
    """A window of an array; 0 where it reaches beyond."""
    out = np.zeros(size, dtype=array.dtype)
    low = [max(0, c) for c in corner]
    high = [min(n, c + s) for n, c, s in zip(array.shape, corner, size, strict=True)]
    if low[0] < high[0] and low[1] < high[1]:
        out[low[0] - corner[0] : high[0] - corner[0], low[1] - corner[1] : high[1] - corner[1]] = array[
            low[0] : high[0], low[1] : high[1]
        ]
    return out


def _edge(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Pixels of a mask that touch its outside, two pixels thick."""
    inner = mask.copy()
    for _ in range(2):
        smaller = inner.copy()
        smaller[1:] &= inner[:-1]
        smaller[:-1] &= inner[1:]
        smaller[:, 1:] &= inner[:, :-1]
        smaller[:, :-1] &= inner[:, 1:]
        inner = smaller
    return mask & ~inner
