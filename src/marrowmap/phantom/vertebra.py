"""Loss of vertebral height: a collapsed body is compressed, its neighbourhood gives way smoothly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from marrowmap.phantom.body import Maps, Tissue

FADE = 2.6
"""Heights above and below over which the lost height is taken up by the neighbours (ours)."""


def collapse(maps: Maps, label: int, height: tuple[float, float, float]) -> None:
    """Compress the body of vertebra ``label`` in ``maps`` to the anterior, middle and posterior shares.

    Works along the grid's axis that runs closest to head-foot; nothing happens where the vertebra is not
    seen.
    """
    affine = maps.grid.affine[:3, :3]
    axis = int(np.argmax(np.abs(affine[2])))
    step = float(affine[2, axis])
    body = (maps.site == label) & (maps.part == 1)
    if not body.any():
        return
    index = np.argwhere(body)
    xyz = index @ affine.T + maps.grid.affine[:3, 3]
    low, high = np.percentile(xyz[:, 2], (3, 97))
    tall = max(float(high - low), 4.0)
    middle = float((low + high) / 2)
    front, back = np.percentile(xyz[:, 1], (2, 98))
    sides = np.percentile(xyz[:, 0], (1, 99))
    reach = tall * (0.5 + FADE)
    inverse = np.linalg.inv(maps.grid.affine)
    box = np.array(
        [
            [x, y, z]
            for x in (sides[0] - 8, sides[1] + 8)
            for y in (front - 8, back + 4)
            for z in (middle - reach, middle + reach)
        ]
    )
    spots = box @ inverse[:3, :3].T + inverse[:3, 3]
    start = np.maximum(np.floor(spots.min(axis=0)).astype(int), 0)
    stop = np.minimum(np.ceil(spots.max(axis=0)).astype(int) + 1, maps.grid.shape)
    if np.any(start >= stop):
        return
    window = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    s, r, c = np.ogrid[window]
    coordinates = [
        maps.grid.affine[i, 3] + affine[i, 0] * s + affine[i, 1] * r + affine[i, 2] * c for i in range(3)
    ]
    x, y, z = coordinates
    share = np.interp(y, (front, (front + back) / 2, back), height)
    aside = np.clip((np.abs(x - sides.mean()) - (sides[1] - sides[0]) / 2) / 8, 0, 1)
    behind = np.clip((y - back) / 4, 0, 1)
    share = share + (1 - share) * np.maximum(aside, behind)
    t = (z - middle) / (tall / 2)
    outer = (1 + 2 * FADE - share) / (2 * FADE)
    source = np.where(np.abs(t) <= share, t / share, np.sign(t) * (1 + (np.abs(t) - share) / outer))
    source = np.where(np.abs(t) >= 1 + 2 * FADE, t, source)
    shift = np.rint((source - t) * (tall / 2) / step).astype(int)
    lines = np.broadcast_arrays(s, r, c)
    places = [np.broadcast_to(line, shift.shape).copy() for line in lines]
    places[axis] = np.clip(places[axis] + shift, 0, maps.grid.shape[axis] - 1)
    for name in ("tissue", "site", "part", "along", "to_physis"):
        array = getattr(maps, name)
        array[window] = array[tuple(places)]


def heights_of(maps: Maps, label: int) -> tuple[float, float, float] | None:
    """Anterior, middle and posterior height in mm of the body of vertebra ``label``; None when not seen."""
    body = (maps.site == label) & (maps.part == 1) & (maps.tissue != Tissue.AIR)
    if not body.any():
        return None
    index = np.argwhere(body)
    xyz = index @ maps.grid.affine[:3, :3].T + maps.grid.affine[:3, 3]
    spacing = float(np.abs(maps.grid.affine[2, :3]).max())
    near = np.abs(xyz[:, 0] - np.median(xyz[:, 0])) < 4
    y = xyz[near, 1]
    z = xyz[near, 2]
    if near.sum() < 6:
        return None
    edges = np.percentile(y, (0, 33, 67, 100))
    found = []
    for a, b in pairwise(edges):
        part = z[(y >= a) & (y <= b)]
        found.append(float(np.percentile(part, 98) - np.percentile(part, 2)) + spacing)
    return found[0], found[1], found[2]
