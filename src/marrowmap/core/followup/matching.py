"""Which lesion of the later exam is which lesion of the earlier one: proposals, many-to-many.

First one-to-one: places that agree best are paired, as long as they agree within the allowance. Then mergers and
splits: a lesion left over joins a pair when most of it lies in the other exam's lesion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from marrowmap.core.followup.limits import DEFAULT_LIMITS, FollowupLimits
from marrowmap.core.followup.pairs import Pair
from marrowmap.core.followup.places import LesionPlace, Points
from marrowmap.core.site import VERTEBRAL_LEVELS, Side, site

FAR = 1.0
"""Relative distance (see ``relative_distance``) from which two lesions are no pair."""
UNIT_ONLY = 0.8
"""Relative distance given to two lesions of one unit when a place is missing."""


def propose_pairs(
    before: Sequence[LesionPlace],
    after: Sequence[LesionPlace],
    limits: FollowupLimits = DEFAULT_LIMITS,
) -> tuple[Pair, ...]:
    """Proposed pairs, the surest first. A lesion may be in several pairs (merged, split) or in none."""
    distance = np.array([[relative_distance(a, b, limits) for b in after] for a in before])
    distance = distance.reshape(len(before), len(after))
    chosen = _one_to_one(distance)
    free_before = set(range(len(before))) - {i for i, _ in chosen}
    free_after = set(range(len(after))) - {j for _, j in chosen}
    extra = [
        (i, j)
        for j in sorted(free_after)
        if (i := _holder(after[j], before, limits)) is not None and i not in free_before
    ]
    extra += [
        (i, j)
        for i in sorted(free_before)
        if (j := _holder(before[i], after, limits)) is not None and j not in free_after
    ]
    pairs = [_pair(before[i], after[j], float(distance[i, j])) for i, j in chosen]
    pairs += [_pair(before[i], after[j], None) for i, j in extra]
    return tuple(sorted(pairs, key=lambda p: (-p.score, p.before_id, p.after_id)))


def relative_distance(a: LesionPlace, b: LesionPlace, limits: FollowupLimits = DEFAULT_LIMITS) -> float:
    """Distance of two places over what is allowed: below 1 they may be one lesion; inf: they cannot be.

    Without coordinates two lesions of one unit (or of neighbouring levels, where a level is uncertain) count as
    near, two of different units as far. Opposite sides are never one lesion.
    """
    if {site(a.site_ids[0]).side, site(b.site_ids[0]).side} == {Side.LEFT, Side.RIGHT}:
        return float("inf")
    factor = _bone_factor(a, b, limits)
    if a.centre_mm is None or b.centre_mm is None:
        return UNIT_ONLY * factor if set(a.site_ids) & set(b.site_ids) else float("inf")
    apart = float(np.linalg.norm(a.centre_mm - b.centre_mm))
    spread = float(np.hypot(a.uncertainty_mm, b.uncertainty_mm))
    allowed = limits.allowance_mm + spread + 0.5 * (a.radius_mm + b.radius_mm)
    return factor * apart / allowed


def share_inside(inner: Points, outer: Points, margin_mm: float) -> float:
    """Share of the ``inner`` points that have an ``outer`` point within ``margin_mm``; 0 to 1."""
    squared = ((inner[:, None, :] - outer[None, :, :]) ** 2).sum(axis=-1).min(axis=1)
    return float((squared <= margin_mm**2).mean())


def _bone_factor(a: LesionPlace, b: LesionPlace, limits: FollowupLimits) -> float:
    if a.bone == b.bone or set(a.site_ids) & set(b.site_ids):
        return 1.0
    if (a.level_uncertain or b.level_uncertain) and _neighbouring_levels(a, b):
        return 1.0
    return limits.other_bone_penalty


def _neighbouring_levels(a: LesionPlace, b: LesionPlace) -> bool:
    first, second = site(a.site_ids[0]).level, site(b.site_ids[0]).level
    if first is None or second is None:
        return False
    return abs(VERTEBRAL_LEVELS.index(first) - VERTEBRAL_LEVELS.index(second)) == 1


def _one_to_one(distance: np.ndarray) -> list[tuple[int, int]]:
    """Nearest first, each lesion once, only below ``FAR``."""
    open_ = distance.copy()
    chosen = []
    while open_.size and open_.min() < FAR:
        i, j = (int(k) for k in np.unravel_index(int(open_.argmin()), open_.shape))
        chosen.append((i, j))
        open_[i, :] = np.inf
        open_[:, j] = np.inf
    return chosen


def _holder(lesion: LesionPlace, others: Sequence[LesionPlace], limits: FollowupLimits) -> int | None:
    """Index of the lesion of the other exam that most of ``lesion`` lies in; None when there is none."""
    if lesion.points_mm is None:
        return None
    shares = []
    for other in others:
        if other.points_mm is None or not relative_distance(lesion, other, limits) < np.inf:
            shares.append(0.0)
            continue
        margin = limits.inside_margin_mm + float(np.hypot(lesion.uncertainty_mm, other.uncertainty_mm))
        shares.append(share_inside(lesion.points_mm, other.points_mm, margin))
    best = int(np.argmax(shares)) if shares else -1
    return best if best >= 0 and 100 * shares[best] >= limits.inside_percent else None


def _pair(a: LesionPlace, b: LesionPlace, distance: float | None) -> Pair:
    if distance is None:
        return Pair(a.lesion_id, b.lesion_id, 0.5, why="most of one lies in the other")
    name = site(b.site_ids[0]).name
    same = "same bone" if a.bone == b.bone else f"named {site(a.site_ids[0]).name} before and {name} now"
    if a.centre_mm is None or b.centre_mm is None:
        return Pair(a.lesion_id, b.lesion_id, round(1 - distance, 3), why=f"{same}; no outline to compare")
    apart = float(np.linalg.norm(a.centre_mm - b.centre_mm))
    why = f"{same}, {apart:.0f} mm apart in the bone"
    return Pair(a.lesion_id, b.lesion_id, round(max(0.0, 1 - distance), 3), why=why)
