"""Which lesion of the later exam is which lesion of the earlier one: proposals, many-to-many.

First one-to-one, with the least total distance of places, as long as two places agree within the allowance. Then
mergers and splits: a lesion left over joins a pair when most of it lies in the other exam's lesion and explains a
part of that lesion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from marrowmap.core.followup.limits import DEFAULT_LIMITS, FollowupLimits
from marrowmap.core.followup.pairs import Pair
from marrowmap.core.followup.places import LesionPlace, Points
from marrowmap.core.site import VERTEBRAL_LEVELS, Segment, Side, site

FAR = 1.0
"""Relative distance (see ``relative_distance``) from which two lesions are no pair."""
EPIPHYSES = (Segment.PROXIMAL_EPIPHYSIS, Segment.DISTAL_EPIPHYSIS)
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
    partner_of_before, partner_of_after = dict(chosen), {j: i for i, j in chosen}
    extra = [
        (i, j)
        for j in sorted(free_after)
        for i in _holders(after[j], before, limits)
        if i in partner_of_before and _adds(before[i], after[j], after[partner_of_before[i]], limits)
    ]
    extra += [
        (i, j)
        for i in sorted(free_before)
        for j in _holders(before[i], after, limits)
        if j in partner_of_after and _adds(after[j], before[i], before[partner_of_after[j]], limits)
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
    free = limits.allowance_mm + float(np.hypot(a.uncertainty_mm, b.uncertainty_mm))
    size = 0.5 * (a.radius_mm + b.radius_mm)
    return factor * min(
        0.5 * (_centres_apart(p, q) / (free + size) + _gap(p, q) / free) for p in _ways(a) for q in _ways(b)
    )


def _ways(lesion: LesionPlace) -> tuple[Points, ...]:
    """The lesion's points as its own bone carries them, and as other bones close by do."""
    return () if lesion.points_mm is None else (lesion.points_mm, *lesion.others_mm)


def _centres_apart(p: Points, q: Points) -> float:
    return float(np.linalg.norm(p.mean(axis=0) - q.mean(axis=0)))


def _gap(p: Points, q: Points) -> float:
    """Mean distance of the points of one lesion from the other, of that lesion which lies better in the other.

    A part of a lesion that split lies in it, though its middle is far from the middle of the whole.
    """
    apart = np.sqrt(((p[:, None, :] - q[None, :, :]) ** 2).sum(axis=-1))
    return float(min(apart.min(axis=1).mean(), apart.min(axis=0).mean()))


def share_inside(inner: Points, outer: Points, margin_mm: float) -> float:
    """Share of the ``inner`` points that have an ``outer`` point within ``margin_mm``; 0 to 1."""
    squared = ((inner[:, None, :] - outer[None, :, :]) ** 2).sum(axis=-1).min(axis=1)
    return float((squared <= margin_mm**2).mean())


def _bone_factor(a: LesionPlace, b: LesionPlace, limits: FollowupLimits) -> float:
    if set(a.site_ids) & set(b.site_ids):
        return 1.0
    if a.bone == b.bone:
        return limits.growth_plate_penalty if _across_growth_plate(a, b) else limits.other_unit_penalty
    if (a.level_uncertain or b.level_uncertain) and _neighbouring_levels(a, b):
        return 1.0
    return limits.other_bone_penalty


def _across_growth_plate(a: LesionPlace, b: LesionPlace) -> bool:
    """Whether one lesion lies in an epiphysis and the other does not: the growth plate is a border of its own."""
    return (site(a.site_ids[0]).segment in EPIPHYSES) != (site(b.site_ids[0]).segment in EPIPHYSES)


def _neighbouring_levels(a: LesionPlace, b: LesionPlace) -> bool:
    first, second = site(a.site_ids[0]).level, site(b.site_ids[0]).level
    if first is None or second is None:
        return False
    return abs(VERTEBRAL_LEVELS.index(first) - VERTEBRAL_LEVELS.index(second)) == 1


def _one_to_one(distance: np.ndarray) -> list[tuple[int, int]]:
    """Each lesion once, only below ``FAR``, with the least total distance (unpaired counts as ``FAR``)."""
    rows, columns = distance.shape
    if not rows or not columns:
        return []
    cost = np.full((rows, columns + rows), FAR)  # a column of its own for every lesion that stays alone
    cost[:, :columns] = np.minimum(distance, 2 * FAR)
    chosen = enumerate(assign(cost))
    return [(i, j) for i, j in chosen if j < columns and distance[i, j] < FAR]


def assign(cost: np.ndarray) -> list[int]:
    """Column of each row for the least total cost; rows <= columns (Hungarian method, shortest paths)."""
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    row_of = np.zeros(columns + 1, dtype=np.intp)
    for row in range(1, rows + 1):
        row_of[0], at = row, 0
        least, came = np.full(columns + 1, np.inf), np.zeros(columns + 1, dtype=np.intp)
        used = np.zeros(columns + 1, dtype=bool)
        while row_of[at]:
            used[at] = True
            free = np.flatnonzero(~used)
            slack = cost[row_of[at] - 1, free - 1] - row_price[row_of[at]] - column_price[free]
            better = slack < least[free]
            least[free[better]], came[free[better]] = slack[better], at
            following = int(free[np.argmin(least[free])])
            step = least[following]
            row_price[row_of[used]] += step
            column_price[used] -= step
            least[free] -= step
            at = following
        while at:
            row_of[at], at = row_of[came[at]], int(came[at])
    column_of = {int(row): column - 1 for column, row in enumerate(row_of) if column and row}
    return [column_of[row] for row in range(1, rows + 1)]


def _holders(lesion: LesionPlace, others: Sequence[LesionPlace], limits: FollowupLimits) -> list[int]:
    """Index of the lesion of the other exam that most of ``lesion`` lies in: one, or none."""
    shares = [_share(lesion, other, limits) for other in others]
    best = int(np.argmax(shares)) if shares else -1
    return [best] if best >= 0 and 100 * shares[best] >= limits.inside_percent else []


def _share(inner: LesionPlace, outer: LesionPlace, limits: FollowupLimits) -> float:
    if (
        inner.points_mm is None
        or outer.points_mm is None
        or np.isinf(relative_distance(inner, outer, limits))
    ):
        return 0.0
    return share_inside(inner.points_mm, outer.points_mm, _margin(inner, outer, limits))


def _margin(a: LesionPlace, b: LesionPlace, limits: FollowupLimits) -> float:
    return limits.inside_margin_mm + float(np.hypot(a.uncertainty_mm, b.uncertainty_mm))


def _adds(whole: LesionPlace, part: LesionPlace, partner: LesionPlace, limits: FollowupLimits) -> bool:
    """Whether ``part`` explains a share of ``whole`` that the lesion already paired with it leaves open.

    Without this a healed lesion beside an unchanged one would look like a merger.
    """
    if whole.points_mm is None or part.points_mm is None or partner.points_mm is None:
        return False
    nearer = ((whole.points_mm[:, None] - part.points_mm[None]) ** 2).sum(-1).min(axis=1)
    beside = ((whole.points_mm[:, None] - partner.points_mm[None]) ** 2).sum(-1).min(axis=1)
    margin = _margin(whole, part, limits)
    return 100 * float(((nearer <= margin**2) & (nearer < beside)).mean()) >= limits.explained_percent


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
