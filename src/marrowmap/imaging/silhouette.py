"""Where in the body a voxel of an exam of a part of it lies, told by the outline alone.

Boxes of 96 mm show a shaft in muscle, be it thigh or upper arm; two thick parts with air between them that become
thinner downwards are legs. Nothing here depends on the contrast of marrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Float = npt.NDArray[np.float32]
Bool = npt.NDArray[np.bool_]

OFFSETS_MM = (-400, -250, -150, -80, -30, 0, 30, 80, 150, 250, 400)
"""Rows that are looked at, headwards (negative) and footwards of the voxel's own."""
ROW_FEATURES = ("in view", "size", "width", "depth", "parts", "gap", "thickest", "cut")
ALONG_MM = (-200, -100, -40, 40, 100, 200)
"""Rows in which the part of the body straight above or below the voxel is looked up."""
OWN_FEATURES = 14
SILHOUETTE_COUNT = len(OFFSETS_MM) * len(ROW_FEATURES) + len(ALONG_MM) + OWN_FEATURES
SMALLEST_PART_MM2 = 150.0
WAIST = 0.6
"""Two parts that touch are two where the bridge between them is thinner than this share of their half thickness."""
FIELDS = (
    "size",
    "width",
    "depth",
    "thickest",
    "low",
    "front",
)


@dataclass(frozen=True)
class Silhouette:
    """rows: (row, feature). part: number of the part of the body of every voxel at half the columns, 0 in air.
    parts: (part, FIELDS) sizes over 100 mm, places in mm. middle_mm, edges_mm: the body's middle and its two outer
    columns in every row, from the edge of the first voxel. skin_mm: distance to air within the row."""

    rows: Float
    part: npt.NDArray[np.int32]
    parts: Float
    middle_mm: Float
    edges_mm: Float
    skin_mm: Float
    spacing: tuple[float, float, float]


def silhouette_of(tissue: Bool, spacing: tuple[float, float, float]) -> Silhouette:
    """tissue: voxels with signal [slice, row, column] upright coronal; holes within a row are filled here."""
    small = _half_columns(tissue)
    small = np.stack([ndimage.binary_fill_holes(r) for r in small.swapaxes(0, 1)], axis=1)
    step = (spacing[0], spacing[1], 2 * spacing[2])
    apart = np.pad(small, ((1, 1), (0, 0), (1, 1)), mode="edge")  # the edge of the view is no skin
    skin = ndimage.distance_transform_edt(apart, sampling=(step[0], 1e5, step[2]))[1:-1, :, 1:-1]
    skin = np.minimum(skin, 300.0).astype(np.float32)
    n = small.shape[1]
    rows = np.zeros((n, len(ROW_FEATURES)), np.float32)
    rows[:, 0] = 1.0
    part = np.zeros(small.shape, np.int32)
    parts: list[list[float]] = [[0.0] * len(FIELDS)]
    centre, mass, edges = np.zeros(n), np.zeros(n), np.zeros((n, 2), np.float32)
    area_mm2 = step[0] * step[2]
    for r in range(n):
        cross = small[:, r]
        if cross.sum() * area_mm2 < SMALLEST_PART_MM2:
            continue
        labels = _parts_of(cross, skin[:, r], area_mm2)
        at = np.argwhere(cross)
        low, high = at.min(axis=0), at.max(axis=0) + 1
        mass[r], centre[r] = len(at), (at[:, 1].mean() + 0.5) * step[2]
        edges[r] = low[1] * step[2], high[1] * step[2]
        found = ndimage.find_objects(labels)
        for k, box in enumerate(found, start=1):
            if box is None:
                continue
            inside = labels[box] == k
            parts.append(
                [
                    float(np.sqrt(inside.sum() * area_mm2)) / 100,
                    (box[1].stop - box[1].start) * step[2] / 100,
                    (box[0].stop - box[0].start) * step[0] / 100,
                    float(skin[:, r][box][inside].max()) / 100,
                    box[1].start * step[2],
                    box[0].start * step[0],
                ]
            )
            part[:, r][box][inside] = len(parts) - 1
        column = round(float(centre[r] / step[2] - 0.5))
        strip = cross[low[0] : high[0], max(0, column - 1) : column + 2]
        rows[r, 1:] = (
            np.sqrt(len(at) * area_mm2) / 100,
            (high[1] - low[1]) * step[2] / 200,
            (high[0] - low[0]) * step[0] / 200,
            len(found) / 3,
            1 - float(strip.mean()),
            float(skin[:, r].max()) / 100,
            float(low[1] == 0) / 2 + float(high[1] == cross.shape[1]) / 2,
        )
    return Silhouette(
        rows,
        part,
        np.array(parts, np.float32),
        _straight(centre, mass),
        edges,
        skin,
        (float(spacing[0]), float(spacing[1]), float(spacing[2])),
    )


ALIKE = 0.6
"""Two parts of one row are a pair of legs when the smaller has at least this share of the larger one's section."""
AWAY_MM = 25.0
"""Nothing narrower is a leg."""


def between_legs(s: Silhouette) -> npt.NDArray[np.float64]:
    """(n, 2): row, and column in mm from the outer edge of the first voxel, midway between two legs."""
    found = []
    width = s.part.shape[2] * 2 * s.spacing[2]
    for r in range(s.part.shape[1]):
        numbers = np.unique(s.part[:, r])
        some = s.parts[numbers[numbers > 0]]
        if len(some) < 2:
            continue
        order = np.argsort(-some[:, 0])
        one, other = sorted((some[order[0]], some[order[1]]), key=lambda p: float(p[4]))
        left, right = other[4], one[4] + one[1] * 100
        alike = (some[order[1], 0] / some[order[0], 0]) ** 2 > ALIKE
        whole = one[4] > s.spacing[2] and other[4] + other[1] * 100 < width - 2 * s.spacing[2]
        third = len(some) > 2 and some[order[2], 0] > 0.7 * some[order[1], 0]
        if alike and whole and not third and min(one[1], other[1]) * 100 > AWAY_MM:
            found.append((float(r), float(left + right) / 2))
    return np.array(found, np.float64).reshape(-1, 2)


def silhouette_at(s: Silhouette, places: npt.NDArray[np.intp]) -> Float:
    """(n, SILHOUETTE_COUNT); the same for a body and its mirror image."""
    sl, r, c = places[:, 0], places[:, 1], places[:, 2] // 2
    n = len(s.rows)
    out = []
    for mm in OFFSETS_MM:
        other = r + round(mm / s.spacing[1])
        inside = (other >= 0) & (other < n)
        out.append(np.where(inside[:, None], s.rows[np.clip(other, 0, n - 1)], np.float32(0)))
    for mm in ALONG_MM:
        other = r + round(mm / s.spacing[1])
        inside = (other >= 0) & (other < n)
        size = s.parts[s.part[sl, np.clip(other, 0, n - 1), c], 0]
        out.append(np.where(inside, size, np.float32(-0.5))[:, None])
    out.append(_own(s, sl, r, c, places[:, 2]))
    return np.concatenate(out, axis=1).astype(np.float32)


def _own(
    s: Silhouette,
    sl: npt.NDArray[np.intp],
    r: npt.NDArray[np.intp],
    c: npt.NDArray[np.intp],
    column: npt.NDArray[np.intp],
) -> Float:
    size, width, depth, thickest, low, front = s.parts[s.part[sl, r, c]].T
    x, y = (column + 0.5) * s.spacing[2], (sl + 0.5) * s.spacing[0]
    skin = s.skin_mm[sl, r, c] / 100
    half = np.maximum(width * 50, 5)
    aside = x - (low + width * 50)  # of the middle of its part
    inwards = np.sign(s.middle_mm[r] - (low + width * 50)) * (np.abs(s.middle_mm[r] - low - width * 50) > 20)
    left, right = s.edges_mm[r].T
    body_half = np.maximum((right - left) / 2, 5)
    seen = np.flatnonzero(s.rows[:, 1] > 0)
    top, bottom = (seen[0], seen[-1]) if len(seen) else (0, 0)
    return np.stack(
        [
            2 * skin,
            skin / np.maximum(thickest, 0.05),
            np.clip(np.abs(aside) / half, 0, 2),
            np.abs(aside) / 100,
            np.clip(aside * inwards / half, -2, 2),
            np.clip((y - front) / np.maximum(depth * 100, 10), -1, 2),
            np.abs(x - s.middle_mm[r]) / 100,
            np.clip(np.abs(x - (left + right) / 2) / body_half, 0, 2),
            size,
            width,
            depth,
            thickest,
            np.clip((r - top) * s.spacing[1] / 300, 0, 2),
            np.clip((bottom - r) * s.spacing[1] / 300, 0, 2),
        ],
        axis=1,
    ).astype(np.float32)


def _parts_of(cross: Bool, skin: Float, area_mm2: float) -> npt.NDArray[np.int32]:
    """Numbered parts of one cross-section; legs that touch are two."""
    pieces, n = ndimage.label(cross)
    out = np.zeros(cross.shape, np.int32)
    number = 0
    for k in range(1, n + 1):
        inside = pieces == k
        if inside.sum() * area_mm2 < SMALLEST_PART_MM2:
            continue
        cores, m = ndimage.label(inside & (skin > WAIST * skin[inside].max()))
        if m < 2:
            number += 1
            out[inside] = number
            continue
        nearest = ndimage.distance_transform_edt(cores == 0, return_distances=False, return_indices=True)
        out[inside] = number + cores[tuple(nearest)][inside]
        number += m
    return out


def _half_columns(mask: Bool) -> Bool:
    wide = np.pad(mask, ((0, 0), (0, 0), (0, mask.shape[2] % 2)), mode="edge")
    return np.asarray(wide[:, :, ::2] | wide[:, :, 1::2])


def _straight(centre: npt.NDArray[np.float64], mass: npt.NDArray[np.float64]) -> Float:
    """Middle of the body in every row: a straight line through the centres, heavy rows counting more."""
    rows = np.arange(len(centre))
    if (mass > 0).sum() < 3:
        return np.full(len(centre), centre[mass > 0].mean() if mass.any() else 0.0, np.float32)
    slope, start = np.polyfit(rows, centre, 1, w=np.sqrt(mass))
    return (start + slope * rows).astype(np.float32)
