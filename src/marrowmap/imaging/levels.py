"""Vertebral levels by counting bodies between discs along the spine, anchored where the network is sure.

The network gives every vertebral voxel a rough level and a region (C1, C2, cervical, thoracic, lumbar); alone
these are off by one too often. Consecutive bodies must carry consecutive levels, so one offset is chosen for
all of them together. All levels are called uncertain when the upper and the lower spine ask for different offsets
(11 or 13 thoracic levels, a missed body), and when the upper neck is not in view: counted from the sacrum alone, an
unusual number of thoracic vertebrae or a transitional vertebra shifts the levels unseen. Counted from the upper neck
without the sacrum, T11 and all below are uncertain.
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
HEIGHTS = np.interp(np.arange(24), (0, 6, 12, 18, 23), (0.7, 0.8, 1.0, 1.36, 1.55))
"""Height of each level with its disc, C1 to L5, against that of T6; ours, rounded."""
T6_MM = (8.0, 32.0)
"""What one unit of ``HEIGHTS`` may measure."""
MEETS_MM = 30.0
"""Distance from the sacrum within which the last body is taken for L5."""
LAST_IS_L5 = 5.0
"""What that is worth in the choice of a numbering, next to six tenths per level that a body is off."""
USUAL = tuple(range(24))
NUMBERINGS = {"12": USUAL, "11": (*USUAL[:18], *USUAL[19:]), "13": (*USUAL[:19], *USUAL[18:])}
"""Levels from the atlas down, by number of thoracic vertebrae; a thirteenth is named as the twelfth."""
BEYOND = -2.0
"""What a body above the atlas or below L5 costs: a piece of the skull or of the sacrum taken for a vertebra."""
UNUSUAL = 4.0
"""How much better an unusual number of thoracic vertebrae must fit; chosen on validation children."""
COUNT_MATTERS = VERTEBRAL_LEVELS.index("T11")
"""First level that may be the last thoracic one. Above it a count from the atlas is right with 11, 12 and 13."""


@dataclass(frozen=True)
class Spine:
    """level: for every vertebral voxel given, 0 (C1) to 23 (L5). uncertain: levels that may be wrong by one; all, none
    or those from T11 down. why: in words for a reader; empty when none is uncertain."""

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
    meets = sacrum_top is not None and float(np.percentile(points[:, 2], 1)) - sacrum_top < MEETS_MM
    return _number(body, len(edges) - 1, rough, regions, sacrum_top is not None, meets)


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
    """Millimetres per level along the spine, from the proportions of a spine and one size.

    Size and place come from the rough levels of all pairs of places a third of the spine apart (Theil and Sen): on
    bodies of another kind rough levels are S-shaped along the spine, and a curve through them halves or doubles the
    height of single bodies.
    """
    bins = np.clip(((places - start) / (8 * STEP_MM)).astype(int), 0, n // 8)
    groups = [(b, rough[bins == b]) for b in np.unique(bins)]
    seen = [(8 * STEP_MM * (b + 0.5), float(np.median(r))) for b, r in groups if len(r) >= 8]
    if len(seen) < 4:
        return np.full(n, 22.0)
    place, level = np.array(seen).T
    every = np.arange(24.0)
    height = np.concatenate([[0], np.cumsum((HEIGHTS[1:] + HEIGHTS[:-1]) / 2)])
    down = np.interp(level, every, height)
    i, j = np.triu_indices(len(seen), max(1, len(seen) // 3))
    apart = down[j] - down[i]
    useful = np.abs(apart) > 0.5
    size = float(np.median((place[j] - place[i])[useful] / apart[useful])) if useful.any() else 20.0
    size = float(np.clip(size, *T6_MM))
    shift = float(np.median(place - size * down))
    expected = np.interp((np.arange(n) * STEP_MM - shift) / size, height, every)
    return size * np.interp(expected, every, HEIGHTS)


def _boundaries(profile: Float, pace: Float) -> list[int]:
    """Cut the profile into bodies: cuts on high places, distances near the expected pace (dynamic programming)."""
    n = len(profile)
    best = np.full(n, -np.inf)
    came = np.full(n, -1)
    head = int(0.5 * pace[0]) + 1  # later, and the atlas would be left out
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


def _number(
    body: npt.NDArray[np.int64], bodies: int, rough: Float, regions: Float, sacrum: bool, meets_sacrum: bool
) -> Spine:
    """Choose one numbering for all bodies, and say which of its levels may be wrong.

    That the last body above the sacrum is L5, and that there may be 11 or 13 thoracic vertebrae, helps to choose,
    never to be certain. Certain is a count from an upper neck that is seen, and below T10 only if it also ends right
    at the sacrum.
    """
    size = np.bincount(body, minlength=bodies)[:bodies]
    real = size > 0.25 * np.median(size[size > 0])
    last = int(np.flatnonzero(real)[-1])
    fits = _Fits.of(body, bodies, rough, regions, real)
    offsets = range(-2, 25)
    usual = {k: fits.of_bodies(USUAL, k) for k in offsets}
    order = sorted(offsets, key=lambda k: -usual[k].sum())

    def worth(number: str, k: int) -> float:
        sequence = NUMBERINGS[number]
        bonus = LAST_IS_L5 * (meets_sacrum and last + k == len(sequence) - 1) - UNUSUAL * (number != "12")
        return float(fits.of_bodies(sequence, k).sum()) + bonus

    number, best = max(((n, k) for n in NUMBERINGS for k in offsets), key=lambda c: worth(*c))
    levels = _levels(NUMBERINGS[number], bodies, best)
    half = bodies // 2
    upper = max(offsets, key=lambda k: usual[k][:half].sum())
    lower = max(offsets, key=lambda k: usual[k][half:].sum())
    top = int(np.argmax(real & (np.arange(bodies) + best >= 0)))
    looks = fits.looks(top)  # the count itself is no proof of the neck: from the sacrum it may call C3 C2
    neck = REGIONS[looks] in ("C1", "C2")
    doubt_from, why = 0, ""
    if not (sacrum or neck):
        why = "neither the upper neck nor the sacrum is in view"
    elif not neck:
        why = (
            "the sacrum is in view but not the upper neck, so that an unusual number of thoracic vertebrae or a "
            "transitional vertebra cannot be noticed"
        )
    elif number != "12":
        wrong = "was missed" if number == "11" else "was counted twice"
        why = f"{number} thoracic vertebrae fit better than 12, or one {wrong}"
    elif bodies > 8 and upper != lower:
        why = "the upper and the lower spine count differently"
    elif best != order[0]:
        why = "the count from the sacrum and what the bodies look like do not agree"
    elif usual[best].sum() - usual[order[1]].sum() < 1.5:
        why = "two numberings fit nearly equally well"
    elif _misfit(fits.middle, levels) > TRUSTED_MISFIT:
        why = "the count and what each body looks like do not agree"
    elif looks != region_of(int(levels[top])):
        why = "the count and what the uppermost body looks like do not agree"
    elif sacrum and (levels[-1] != 23 or last + best > 23):
        why = "the count from head to sacrum is unusual"
    elif not sacrum and levels[-1] >= COUNT_MATTERS:
        doubt_from = COUNT_MATTERS
        why = (
            "the sacrum is not in view, so that from T11 down they depend on the number of thoracic vertebrae"
        )
    uncertain = frozenset(int(v) for v in levels if v >= doubt_from) if why else frozenset()
    return Spine(levels[body], uncertain, why)


def _levels(sequence: tuple[int, ...], bodies: int, offset: int) -> npt.NDArray[np.int64]:
    """Level of each body when the first is number ``offset`` of ``sequence``; bodies beyond its ends get the end."""
    return np.array(sequence)[np.clip(np.arange(bodies) + offset, 0, len(sequence) - 1)]


@dataclass(frozen=True)
class _Fits:
    """What the network thinks of each body. middle: (bodies,) rough level, NaN if none; share: (bodies, 5) logarithm of
    the regions' probabilities; real: bodies big enough to count."""

    middle: Float
    share: Float
    real: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        body: npt.NDArray[np.int64],
        bodies: int,
        rough: Float,
        regions: Float,
        real: npt.NDArray[np.bool_],
    ) -> _Fits:
        """From the voxels of all bodies."""
        middle, share = np.full(bodies, np.nan), np.zeros((bodies, len(REGIONS)))
        for b in np.unique(body):
            middle[b] = np.median(rough[body == b])
            share[b] = np.log(regions[body == b].mean(axis=0) + 0.02)
        return cls(middle, share, real)

    def looks(self, body: int) -> int:
        """Place in REGIONS of what a body looks like most."""
        return int(self.share[body].argmax())

    def of_bodies(self, sequence: tuple[int, ...], offset: int) -> Float:
        """How well each body fits its level; the first body is number ``offset`` of ``sequence``."""
        bodies = len(self.middle)
        levels = _levels(sequence, bodies, offset)
        miss = np.nan_to_num(np.minimum(np.abs(self.middle - levels), 4.0))
        named = self.share[np.arange(bodies), [region_of(int(v)) for v in levels]]
        place = np.arange(bodies) + offset
        value = np.where((place >= 0) & (place < len(sequence)), -0.6 * miss + 0.5 * named, BEYOND)
        return np.where(self.real, value, 0.0)


def _misfit(rough: Float, levels: npt.NDArray[np.int64]) -> float:
    """Mean distance of the rough level of each body from its level in the count; bodies without one left out."""
    known = ~np.isnan(rough)
    return float(np.abs(rough[known] - levels[known]).mean()) if known.any() else np.inf
