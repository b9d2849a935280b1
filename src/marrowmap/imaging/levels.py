"""Vertebral levels by counting bodies between discs along the spine, anchored where the network is sure.

The network gives every vertebral voxel a rough level and a region (C1, C2, cervical, thoracic, lumbar); alone
these are off by one too often. Consecutive bodies must carry consecutive levels, so one offset is chosen for
all of them together. When the upper and the lower spine ask for different offsets (11 or 13 thoracic levels, a
missed body), or when neither end is in view, the levels are called uncertain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.site import VERTEBRAL_LEVELS

Float = npt.NDArray[np.float64]
STEP_MM = 1.0
REGIONS = ("C1", "C2", "C", "T", "L")
TRUSTED_MISFIT = 0.35
"""Mean distance in levels of the bodies from their place in the count above which no level is certain (ours). On four
validation children it is 0.17 to 0.21 at the second look; on bodies of another kind 0.5 and more, and there some counts
were wrong."""


@dataclass(frozen=True)
class Spine:
    """level: for every vertebral voxel given, 0 (C1) to 23 (L5). uncertain: levels that may be wrong by one."""

    level: npt.NDArray[np.int64]
    uncertain: frozenset[int]
    why: str = ""


def region_of(level: int) -> int:
    """Place in REGIONS of a level number."""
    name = VERTEBRAL_LEVELS[level]
    return REGIONS.index(name) if name in REGIONS else REGIONS.index(name[0])


def count_levels(
    points: Float,
    rough: Float,
    regions: Float,
    disc: tuple[Float, Float],
    sacrum_top: float | None,
) -> Spine:
    """points: (n, 3) LPS mm of vertebral voxels; rough: their level by regression; regions: (n, 5) probabilities.

    disc: ((m, 3) points, probability) of disc voxels. sacrum_top: z of the sacrum's upper end, None if not seen.
    """
    if len(points) < 30:
        return Spine(
            np.clip(np.round(rough), 0, 23).astype(int), frozenset(range(24)), "too little spine in view"
        )
    along = _arc(points)
    places = along(points)
    profile, start = _gap_profile(places, along, points, disc)
    pace = _pace(places, rough, start, len(profile))
    bounds = _boundaries(profile, pace)
    edges = start + np.array(bounds) * STEP_MM
    body = np.clip(np.searchsorted(edges, places) - 1, 0, len(edges) - 2)
    return _number(body, len(edges) - 1, rough, regions, sacrum_top is not None)


def _arc(points: Float):
    """Length along the smoothed spine from its top, in mm, as a function of points."""
    z = points[:, 2]
    grid = np.arange(z.max(), z.min() - 6, -6.0)
    weights = np.exp(-0.5 * ((grid[:, None] - z[None, :]) / 10) ** 2)
    weights /= weights.sum(axis=1, keepdims=True) + 1e-12
    centre = weights @ points
    centre[:, 2] = grid
    centre[:, :2] = ndimage.gaussian_filter1d(centre[:, :2], 2.0, axis=0, mode="nearest")
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(centre, axis=0), axis=1))])
    tangent = np.gradient(centre, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)

    def along(p: Float) -> Float:
        i = np.clip(np.round((grid[0] - p[:, 2]) / 6).astype(int), 0, len(grid) - 1)
        for _ in range(2):
            shift = ((p - centre[i]) * tangent[i]).sum(axis=1)
            i = np.clip(i + np.round(shift / 6).astype(int), 0, len(grid) - 1)
        shift = ((p - centre[i]) * tangent[i]).sum(axis=1)
        return length[i] + shift

    return along


def _gap_profile(places: Float, along, points: Float, disc: tuple[Float, Float]) -> tuple[Float, float]:
    """How much a place along the spine looks like the gap between two bodies; and where the profile starts."""
    start = float(np.percentile(places, 0.3)) - 4
    stop = float(np.percentile(places, 99.7)) + 4
    n = max(8, int((stop - start) / STEP_MM))
    bone = np.histogram(places, bins=n, range=(start, start + n * STEP_MM))[0].astype(float)
    gaps = np.zeros(n)
    if len(disc[0]):
        gaps = np.histogram(along(disc[0]), bins=n, range=(start, start + n * STEP_MM), weights=disc[1])[0]
    bone = ndimage.gaussian_filter1d(bone, 1.5)
    gaps = ndimage.gaussian_filter1d(gaps, 1.5)
    broad = ndimage.gaussian_filter1d(bone, 14) + 1e-6
    broad_gaps = ndimage.gaussian_filter1d(gaps, 14) + 0.02 * broad
    return 0.7 * np.clip(gaps / broad_gaps - 1, -1, 3) - 0.8 * (bone / broad - 1), start


def _pace(places: Float, rough: Float, start: float, n: int) -> Float:
    """Millimetres per level along the spine, from the rough levels: smooth and always rising."""
    bins = np.clip(((places - start) / (8 * STEP_MM)).astype(int), 0, n // 8)
    centres, values = [], []
    for b in np.unique(bins):
        inside = rough[bins == b]
        if len(inside) >= 8:
            centres.append((b + 0.5) * 8)
            values.append(np.median(inside))
    if len(centres) < 4:
        return np.full(n, 22.0)
    fit = np.polyfit(centres, values, 2 if len(centres) > 8 else 1)
    slope = np.polyval(np.polyder(fit), np.arange(n))
    return np.clip(1 / np.clip(slope, 0.02, 0.12), 8.0, 42.0)


def _boundaries(profile: Float, pace: Float) -> list[int]:
    """Cut the profile into bodies: cuts on high places, distances near the expected pace (dynamic programming)."""
    n = len(profile)
    best = np.full(n, -np.inf)
    came = np.full(n, -1)
    head = int(1.2 * pace[0]) + 1
    best[: min(head, n)] = 0.6 * profile[: min(head, n)]
    for i in range(n):
        want = pace[i]
        low, high = max(0, int(i - 1.6 * want)), int(i - 0.55 * want)
        if high <= low:
            continue
        js = np.arange(low, high + 1)
        cost = 3.0 * np.log((i - js) / want) ** 2
        value = best[js] + profile[i] - cost + 0.35
        k = int(np.argmax(value))
        if value[k] > best[i]:
            best[i], came[i] = value[k], js[k]
    tail = max(0, n - int(1.2 * pace[-1]))
    i = tail + int(np.argmax(best[tail:]))
    cuts = [i]
    while came[i] >= 0:
        i = int(came[i])
        cuts.append(i)
    return cuts[::-1] if len(cuts) > 1 else [0, n]


def _number(body: npt.NDArray[np.int64], bodies: int, rough: Float, regions: Float, sacrum: bool) -> Spine:
    """Choose one offset for all bodies; compare what the upper and the lower half would choose."""
    middle = np.array([np.median(rough[body == b]) if (body == b).any() else np.nan for b in range(bodies)])
    share = np.array(
        [
            np.log(regions[body == b].mean(axis=0) + 0.02) if (body == b).any() else np.zeros(5)
            for b in range(bodies)
        ]
    )
    size = np.array([(body == b).sum() for b in range(bodies)])
    real = size > 0.25 * np.median(size[size > 0])
    scores = {}
    per_body = {}
    for offset in range(-2, 25):
        levels = np.arange(bodies) + offset
        fits = (levels >= 0) & (levels < 24)
        value = np.full(bodies, -4.0)
        for b in np.flatnonzero(fits):
            miss = 0.0 if np.isnan(middle[b]) else min(abs(middle[b] - levels[b]), 4.0)
            value[b] = -0.6 * miss + 0.5 * share[b][region_of(int(levels[b]))]
        value[~real] = 0
        scores[offset] = float(value.sum())
        per_body[offset] = value
    order = sorted(scores, key=lambda k: -scores[k])
    best = order[0]
    levels = np.clip(np.arange(bodies) + best, 0, 23)
    half = bodies // 2
    upper = max(scores, key=lambda k: per_body[k][:half].sum())
    lower = max(scores, key=lambda k: per_body[k][half:].sum())
    seen_top = levels[0] <= 1
    whole = sacrum and seen_top
    why = ""
    if bodies > 8 and upper != lower:
        why = "the upper and the lower spine count differently"
    elif scores[best] - scores[order[1]] < 1.5:
        why = "two numberings fit nearly equally well"
    elif not (sacrum or seen_top):
        why = "neither the upper neck nor the sacrum is in view"
    elif _misfit(middle, levels) > TRUSTED_MISFIT:
        why = "the count and what each body looks like do not agree"
    elif whole and levels[-1] != 23:
        why = "the count from head to sacrum is unusual"
    uncertain = frozenset(int(v) for v in levels) if why else frozenset()
    return Spine(levels[body], uncertain, why)


def _misfit(rough: Float, levels: npt.NDArray[np.int64]) -> float:
    """Mean distance of the rough level of each body from its level in the count; bodies without one left out."""
    known = ~np.isnan(rough)
    return float(np.abs(rough[known] - levels[known]).mean()) if known.any() else np.inf
