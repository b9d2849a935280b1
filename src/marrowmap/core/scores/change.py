"""Two readings side by side: which lesion became what. Used by the Panwar counts, Kieninger and RAI change.

Lesions belong together when they share a tracking UID, else when they share a bone unit. The published words
are resolved, improved, stable, worsened and new; the numeric limits are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.reading import Reading, UnitState
from marrowmap.core.rules.configuration import Limits


class Fate(StrEnum):
    """What became of a lesion. NOT_COMPARABLE: its units were not imaged, or nothing was stated of them."""

    RESOLVED = "resolved"
    IMPROVED = "improved"
    STABLE = "stable"
    WORSENED = "worsened"
    MIXED = "mixed"
    NEW = "new"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True)
class LesionChange:
    """One lesion followed over two readings.

    earlier: empty for a new lesion; later: empty when nothing is there now. Percent changes are None when a
    measurement is missing. why: what decided, in words.
    """

    earlier: tuple[Lesion, ...]
    later: tuple[Lesion, ...]
    fate: Fate
    volume_percent: float | None = None
    si_ratio_percent: float | None = None
    why: str = ""

    @property
    def lesion(self) -> Lesion:
        """The lesion that names this change: the earlier one, or the new one."""
        return (self.earlier or self.later)[0]

    @property
    def in_hand_or_foot(self) -> bool:
        """Whether counts that leave out hands and feet leave it out."""
        return self.lesion.site.in_hand_or_foot


def compare_lesions(earlier: Reading, later: Reading, limits: Limits) -> tuple[LesionChange, ...]:
    """Every active lesion of both readings, each in exactly one change."""
    groups = _groups(earlier.active_lesions, later.active_lesions)
    return tuple(_change(before, now, earlier, later, limits) for before, now in groups)


def _related(first: Lesion, second: Lesion) -> bool:
    if first.tracking_uid and second.tracking_uid:
        return first.tracking_uid == second.tracking_uid
    return bool({s.id for s in first.sites} & {s.id for s in second.sites})


def _groups(
    before: tuple[Lesion, ...], now: tuple[Lesion, ...]
) -> list[tuple[tuple[Lesion, ...], tuple[Lesion, ...]]]:
    """Connected groups of related lesions, so that a split or a merger stays one change."""
    left_before, left_now = list(before), list(now)
    groups: list[tuple[tuple[Lesion, ...], tuple[Lesion, ...]]] = []
    while left_before or left_now:
        old: list[Lesion] = [left_before.pop(0)] if left_before else []
        new: list[Lesion] = [] if old else [left_now.pop(0)]
        grew = True
        while grew:
            joined_now = [b for b in left_now if any(_related(a, b) for a in old)]
            joined_before = [a for a in left_before if any(_related(a, b) for b in (*new, *joined_now))]
            grew = bool(joined_now or joined_before)
            new += joined_now
            old += joined_before
            left_now = [b for b in left_now if b not in joined_now]
            left_before = [a for a in left_before if a not in joined_before]
        groups.append((tuple(old), tuple(new)))
    return groups


def _change(
    old: tuple[Lesion, ...], new: tuple[Lesion, ...], earlier: Reading, later: Reading, limits: Limits
) -> LesionChange:
    if not old:
        return _appeared(new, earlier)
    if not new:
        return _vanished(old, later)
    volume = _percent(_total(old, "volume_ml"), _total(new, "volume_ml"))
    signal = _percent(_mean(old), _mean(new))
    fate, why = _fate(old, new, volume, signal, limits)
    return LesionChange(old, new, fate, volume, signal, why)


def _appeared(new: tuple[Lesion, ...], earlier: Reading) -> LesionChange:
    units = [s for le in new for s in le.sites]
    if all(s.id in earlier.not_covered for s in units) or (
        not earlier.whole_body and all(earlier.unit_state(s.id) is UnitState.NOT_ASSESSED for s in units)
    ):
        return LesionChange((), new, Fate.NOT_COMPARABLE, why="was not imaged before")
    return LesionChange((), new, Fate.NEW, why="no active lesion there before")


def _vanished(old: tuple[Lesion, ...], later: Reading) -> LesionChange:
    units = {s.id for le in old for s in le.sites}
    if units & later.not_covered:
        return LesionChange(old, (), Fate.NOT_COMPARABLE, why="not imaged at follow-up")
    inactive = {s.id for le in later.lesions if le.activity.value == "inactive" for s in le.sites}
    main = old[0].site.id
    if all(u in later.normal or u in inactive for u in {le.site.id for le in old}) or main in inactive:
        return LesionChange(old, (), Fate.RESOLVED, -100.0, why="no signal above normal now")
    return LesionChange(old, (), Fate.NOT_COMPARABLE, why="nothing is stated of this unit at follow-up")


def _total(lesions: tuple[Lesion, ...], name: str) -> float | None:
    values = [getattr(le, name) for le in lesions]
    return None if None in values else float(sum(values))


def _mean(lesions: tuple[Lesion, ...]) -> float | None:
    """Mean SI ratio, weighted by volume where every volume is known."""
    ratios = [le.si_ratio for le in lesions if le.si_ratio is not None]
    if len(ratios) < len(lesions):
        return None
    volumes = [le.volume_ml or 0.0 for le in lesions]
    if all(volumes):
        return sum(r * v for r, v in zip(ratios, volumes, strict=True)) / sum(volumes)
    return sum(ratios) / len(ratios)


def _percent(before: float | None, now: float | None) -> float | None:
    if before is None or now is None or before == 0:
        return None
    return round((now - before) / before * 100, 9)


def _fate(
    old: tuple[Lesion, ...],
    new: tuple[Lesion, ...],
    volume: float | None,
    signal: float | None,
    limits: Limits,
) -> tuple[Fate, str]:
    added = _new_signs(old, new)
    if added:
        return Fate.WORSENED, f"new {' and '.join(added)}"
    directions = {
        _direction(volume, limits.volume_change_percent),
        _direction(signal, limits.si_ratio_change_percent),
    }
    if directions == {0, None} or directions == {0}:
        return Fate.STABLE, "within the limits of change"
    if {1, -1} <= directions:
        return Fate.MIXED, "volume and signal changed in opposite directions"
    if 1 in directions:
        return Fate.WORSENED, "larger or brighter by at least the limit"
    if -1 in directions:
        return Fate.IMPROVED, "smaller or darker by at least the limit"
    return Fate.NOT_COMPARABLE, "neither volume nor signal ratio was measured at both times"


def _direction(percent: float | None, limit: float) -> int | None:
    if percent is None:
        return None
    if abs(percent) < limit:
        return 0
    return 1 if percent > 0 else -1


def _new_signs(old: tuple[Lesion, ...], new: tuple[Lesion, ...]) -> list[str]:
    names = {
        "soft_tissue_oedema": "soft-tissue signal",
        "periosteal_reaction": "periosteal signal",
        "height_loss": "height loss",
    }
    return [
        words
        for name, words in names.items()
        if all(getattr(le.features, name) is Assessment.ABSENT for le in old)
        and any(getattr(le.features, name) is Assessment.PRESENT for le in new)
    ]
