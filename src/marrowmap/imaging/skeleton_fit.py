"""All bones of a later exam on those of an earlier one: which fits hold, and where a place of one lies in the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from marrowmap.core.followup.places import bone_key
from marrowmap.core.site import all_sites
from marrowmap.core.skeleton import Skeleton
from marrowmap.imaging.bone_frame import (
    LEAST_UNCERTAINTY_MM,
    BoneFit,
    BonePoints,
    Points,
    affine_between,
    bone_points,
    fit_bone,
    frame_of,
)
from marrowmap.imaging.spine_levels import earlier_levels

POOR_MM = 4.0
"""Residual from which a fit is not used: the labels of the two exams show different things."""
FEWEST_BONES, STRAY_MM = 8, 60.0
"""A bone that moved this much beside all the others together is a stray, unless its neighbours moved with it."""
JOINED_MM, TOGETHER_MM = 25.0, 20.0
"""Bones nearer than this are neighbours; neighbours agree when they carry the joint to places this near."""
NEAR_MM = 25.0
"""A place farther than this from its bone's points is not in that bone, whatever it was named."""
MOST_WAYS = 4
BODY_MM = 10.0
"""Standard deviation of a place that only the outline of the body carries (ours)."""
BEYOND = 0.1
"""Millimetres of uncertainty for each millimetre that a place lies outside the bone that carries it."""


class SkeletonFit:
    """Every bone of a later exam fitted onto an earlier exam of the same child.

    fits: by the bone's name in the later exam; ``BoneFit.bone`` is its name in the earlier one (vertebrae may be
    counted differently). Points outside fitted bones follow their nearest bones, so a place never lacks an
    estimate as long as one bone was fitted. whole: map by the outline of the body, a
    further way for every place and the only one where no bone can be used.
    """

    def __init__(self, before: Skeleton, after: Skeleton, whole: BoneFit | None = None) -> None:
        self.whole = whole
        self.before, self.after = bone_points(before), bone_points(after)
        partner = {b: b for b in self.after if b in self.before and not b.startswith("vertebra_")}
        partner |= earlier_levels(self.before, self.after)
        self.usual_scale = _usual_scale(self.before, self.after, partner)
        fits = {b: self._fit(partner[b], b) for b in self.after if b in partner}
        self.fits: dict[str, BoneFit] = {
            b: f for b, f in fits.items() if f is not None and f.residual_mm <= POOR_MM
        }
        self._trees = {b: cKDTree(self.after[b].places_mm) for b in self.fits}
        for bone in _strays(self.fits, self.after, self._trees):
            del self.fits[bone]
        self._frames = {b: frame_of(points) for b, points in self.before.items()}

    def _fit(self, before: str, after: str) -> BoneFit | None:
        first, then = self.before[before], self.after[after]
        if before != after:  # one vertebra under two names
            then = replace(then, labels=np.full(len(then.labels), first.labels[0]))
        return fit_bone(first, then, self.usual_scale)

    def growth(self) -> dict[str, float]:
        """Volume now over before of every bone, by its name in the earlier exam: that of the usual bone.

        Bones of a child grow together; the volume of one label says less. On development pairs with labels of the
        network a bone's own volume was off by 26 to 45 %, the usual growth of all bones by 0 to 6 %. A bone that was
        not found itself grew with the others. Where no bone is known from end to end, a fitted bone's own stands in.
        """
        if self.usual_scale is None:
            return {f.bone: f.growth for f in self.fits.values()}
        return dict.fromkeys(map(bone_key, all_sites()), self.usual_scale**-3)

    def of_earlier(self, bone: str) -> BoneFit | None:
        """The fit of the bone with this name in the earlier exam; None without one."""
        return next((f for f in self.fits.values() if f.bone == bone), None)

    def to_before(self, points_mm: Points, bone: str) -> tuple[Points | None, float]:
        """(points of the later exam in the earlier exam's coordinates, uncertainty in mm); None without a fit."""
        ways = self.ways_to_before(points_mm, bone)
        return ways[0] if ways else (None, 0.0)

    def ways_to_before(self, points_mm: Points, bone: str) -> list[tuple[Points, float]]:
        """Every bone that may carry these points: their own first, then others close by; the unit may be misnamed.

        Where none is near, the three nearest bones together. The outline of the body comes last.
        """
        by_body = [] if self.whole is None else [(self.whole.to_before(points_mm), BODY_MM)]
        if not self.fits:
            return by_body
        centre = points_mm.mean(axis=0)
        away = {b: float(self._trees[b].query(centre)[0]) for b in self.fits}
        near = sorted((b for b in away if away[b] <= NEAR_MM), key=lambda b: (b != bone, away[b]))[:MOST_WAYS]
        if not near:
            return [self._by_neighbours(points_mm, away), *by_body]
        by_bone = [
            (
                self.fits[b].to_before(points_mm),
                max(LEAST_UNCERTAINTY_MM, self.fits[b].residual_mm)
                + (BEYOND * away[b] if b != bone else 0.0),
            )
            for b in near
        ]
        return by_bone + by_body

    def _by_neighbours(self, points_mm: Points, away: Mapping[str, float]) -> tuple[Points, float]:
        nearest = sorted(away, key=lambda b: away[b])[:3]
        weights = np.array([1 / (away[b] + 8.0) ** 2 for b in nearest])
        mapped = sum(
            w * self.fits[b].to_before(points_mm)
            for w, b in zip(weights / weights.sum(), nearest, strict=True)
        )
        return np.asarray(mapped), 4.0 + BEYOND * away[nearest[0]]

    def along(self, points_mm: Points, bone: str) -> tuple[float, float] | None:
        """(fraction along the bone, distance from its axis in mm) of points in *earlier* coordinates."""
        frame = self._frames.get(bone)
        if frame is None:
            return None
        local = frame.place(points_mm.mean(axis=0)[None])[0]
        return float(np.clip(local[0], 0, 1)), float(np.hypot(local[1], local[2]))


def _strays(
    fits: Mapping[str, BoneFit], after: Mapping[str, BonePoints], trees: Mapping[str, cKDTree]
) -> list[str]:
    """Bones that went elsewhere than all bones together, and whose neighbours did not go with them.

    Such a bone is another bone under its name. An arm that lies differently moves as a chain and is kept.
    """
    if len(fits) < FEWEST_BONES:
        return []
    names = list(fits)
    there = np.array([after[b].places_mm.mean(axis=0) for b in names])
    here = np.array([fits[b].to_before(p[None])[0] for b, p in zip(names, there, strict=True)])
    off = np.zeros(len(names))
    for _ in range(6):
        kept = off <= np.quantile(off, 0.8)
        matrix, shift = affine_between(there[kept], here[kept], np.eye(3), 1e3 * len(names))
        off = np.linalg.norm(there @ matrix.T + shift - here, axis=1)
    far = [b for b, mm in zip(names, off, strict=True) if mm > STRAY_MM]
    return [b for b in far if not any(_together(b, n, fits, after, trees) for n in names if n != b)]


def _together(
    bone: str,
    other: str,
    fits: Mapping[str, BoneFit],
    after: Mapping[str, BonePoints],
    trees: Mapping[str, cKDTree],
) -> bool:
    """Whether two bones are neighbours and carry the joint between them to one place."""
    apart, _ = trees[other].query(after[bone].places_mm)
    nearest = int(apart.argmin())
    if apart[nearest] > JOINED_MM:
        return False
    joint = after[bone].places_mm[nearest][None]
    return float(np.linalg.norm(fits[bone].to_before(joint) - fits[other].to_before(joint))) <= TOGETHER_MM


def _usual_scale(
    before: Mapping[str, BonePoints], after: Mapping[str, BonePoints], bones: Iterable[str]
) -> float | None:
    """Median of length before over length now, of bones that both exams show from end to end."""
    ratios = []
    for bone in bones:
        if bone not in before or bone not in after:
            continue
        first, then = before[bone], after[bone]
        if (
            set(np.unique(first.labels)) != set(np.unique(then.labels))
            or min(len(first.labels), len(then.labels)) < 60
        ):
            continue
        ratios.append(frame_of(first).length_mm / frame_of(then).length_mm)
    return float(np.median(ratios)) if ratios else None
