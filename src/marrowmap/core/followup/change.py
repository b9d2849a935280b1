"""What became of each lesion: the name of the change, the numbers behind it, and what decided.

Words follow section 9.1 of the definitions; limits are ours (``limits``). A unit outside one of the exams makes
its lesions "not comparable", never "resolved" and never "new".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from marrowmap.core.counted import counted
from marrowmap.core.followup import measures
from marrowmap.core.followup.limits import DEFAULT_LIMITS, FollowupLimits
from marrowmap.core.followup.measures import NO_SIGNALS, ExamSignals, Measure
from marrowmap.core.followup.pairs import Group, groups, plain_pairs
from marrowmap.core.followup.places import bone_key
from marrowmap.core.lesion import Activity, Lesion
from marrowmap.core.reading import Reading, UnitState
from marrowmap.core.site import site


class ChangeClass(StrEnum):
    """What became of a lesion, or of several that merged or split."""

    RESOLVED = "resolved"
    IMPROVED = "improved"
    STABLE = "stable"
    WORSENED = "worsened"
    NEW = "new"
    MERGED = "merged"
    SPLIT = "split"
    MIXED = "mixed"
    NOT_COMPARABLE = "not_comparable"

    @property
    def words(self) -> str:
        """For people."""
        return self.value.replace("_", " ")


@dataclass(frozen=True)
class SignalNow:
    """Signal ratio now at the place of an earlier lesion, against the marrow it should look like.

    normal_mean, normal_sd: of the child's own contralateral or neighbouring marrow now.
    """

    ratio: float
    normal_mean: float
    normal_sd: float
    where: str = "neighbouring marrow"

    @property
    def is_normal(self) -> bool:
        """At most mean + 2 standard deviations (definitions, 9.1, PROPOSED)."""
        return self.ratio <= self.normal_mean + 2 * self.normal_sd


@dataclass(frozen=True)
class Circumstances:
    """What images say beside the two readings; empty when only readings are at hand.

    growth: bone key -> how many times its earlier volume the bone has now. partly: units only partly inside
    one of the exams. signal_now: id of an earlier lesion -> signal at its place in the later exam.
    signals: of the lesions and the brain in the earlier and in the later exam.
    provisional: lesions are candidates that no reader looked at; a place without one counts as seen only where
    ``signal_now`` says so.
    """

    growth: Mapping[str, float] = field(default_factory=dict)
    partly: frozenset[str] = frozenset()
    signal_now: Mapping[str, SignalNow] = field(default_factory=dict)
    signals: tuple[ExamSignals, ExamSignals] = (NO_SIGNALS, NO_SIGNALS)
    provisional: bool = False


NOTHING_MORE = Circumstances()


@dataclass(frozen=True)
class Change:
    """One line of the change table.

    before, after: lesion ids. course: how a merged or split group did as a whole, else ``kind`` itself.
    problems: what cannot be true or may be a fault of measurement. confirmed: a reader confirmed every pair.
    """

    kind: ChangeClass
    course: ChangeClass
    before: tuple[str, ...]
    after: tuple[str, ...]
    site_id: str
    why: str
    measures: tuple[Measure, ...] = ()
    signs_came: tuple[str, ...] = ()
    signs_went: tuple[str, ...] = ()
    genant_before: int | None = None
    genant_after: int | None = None
    problems: tuple[str, ...] = ()
    confirmed: bool = False
    level_uncertain: bool = False

    @property
    def in_hand_or_foot(self) -> bool:
        """Whether counts without hands and feet leave it out."""
        return site(self.site_id).in_hand_or_foot

    def measure(self, name: str) -> Measure | None:
        """One of the measures by name ("volume", "signal ratio", "ADC")."""
        return next((m for m in self.measures if m.name == name), None)


def change_of(
    group: Group,
    before: Reading,
    after: Reading,
    more: Circumstances = NOTHING_MORE,
    limits: FollowupLimits = DEFAULT_LIMITS,
) -> Change:
    """Name and measure what became of one group of lesions."""
    old = tuple(x for x in before.lesions if x.id in group.before)
    new = tuple(x for x in after.lesions if x.id in group.after)
    kind, course, why = _name(old, new, before, after, more, limits)
    numbers = _measures(old, new, more)
    came, went = measures.signs(old, new)
    grades = measures.genant_grade(old), measures.genant_grade(new)
    return Change(
        kind=kind,
        course=course,
        before=group.before,
        after=group.after,
        site_id=(old or new)[0].site.id,
        why=why,
        measures=numbers,
        signs_came=came,
        signs_went=went,
        genant_before=grades[0],
        genant_after=grades[1],
        problems=_problems(old, new),
        confirmed=group.confirmed,
        level_uncertain=any(x.level_uncertain for x in (*old, *new)),
    )


def changes_between(
    before: Reading, after: Reading, limits: FollowupLimits = DEFAULT_LIMITS
) -> tuple[Change, ...]:
    """Every lesion that was active at either time, each in one change; pairs by identity or bone unit."""
    active = {(True, x.id) for x in before.active_lesions} | {(False, x.id) for x in after.active_lesions}
    found = groups([x.id for x in before.lesions], [x.id for x in after.lesions], plain_pairs(before, after))
    return tuple(
        change_of(group, before, after, limits=limits)
        for group in found
        if active & ({(True, x) for x in group.before} | {(False, x) for x in group.after})
    )


Lesions = tuple[Lesion, ...]
Named = tuple[ChangeClass, ChangeClass, str]


def _same(kind: ChangeClass, why: str) -> Named:
    return kind, kind, why


def _name(
    old: Lesions, new: Lesions, before: Reading, after: Reading, more: Circumstances, limits: FollowupLimits
) -> Named:
    hidden = _hidden(old, new, before, after, more)
    if hidden:
        return _same(ChangeClass.NOT_COMPARABLE, hidden)
    old_active, new_active = _active(old), _active(new)
    if not new:
        return _vanished(old, after, more)
    if not old_active:
        return _appeared(old, new, before, more)
    if not new_active:
        if any(x.activity is Activity.NOT_ASSESSED for x in new):
            return _same(ChangeClass.NOT_COMPARABLE, "its activity is not assessed now")
        return _same(ChangeClass.RESOLVED, "still seen, but without signal above normal")
    course, why = _course(old_active, new_active, more, limits)
    became = f"{counted(len(old), 'lesion')} became {len(new)}; together {course.words}: {why}"
    if len(new) < len(old):
        return ChangeClass.MERGED, course, became
    if len(new) > len(old):
        return ChangeClass.SPLIT, course, became
    return course, course, why


def _active(lesions: Lesions) -> Lesions:
    return tuple(x for x in lesions if x.is_active)


def _hidden(old: Lesions, new: Lesions, before: Reading, after: Reading, more: Circumstances) -> str:
    """Why the units of these lesions cannot be compared; "" when they can.

    A lesion that is seen in both exams is compared though a unit was not found under its name in one of them.
    """
    if old and new:
        return ""
    units = [s for x in (*old, *new) for s in x.sites]
    for reading, when in ((before, "in the earlier exam"), (after, "in the later exam")):
        for unit in units:
            if unit.id in reading.not_covered:
                return f"{unit.name} is not covered {when}"
    cut = next((u for u in units if u.id in more.partly), None)
    return f"{cut.name} is only partly covered in one of the exams" if cut else ""


def _vanished(old: Lesions, after: Reading, more: Circumstances) -> Named:
    if not _active(old):
        return _same(ChangeClass.STABLE, "was without activity and is not marked now")
    told = [more.signal_now[x.id] for x in old if x.id in more.signal_now]
    bright = next((s for s in told if not s.is_normal), None)
    mains = {x.site.id for x in old}
    stated = {s for s in mains if s in after.normal or _inactive_in(after, s)}
    if stated == mains and not more.provisional:
        return _same(ChangeClass.RESOLVED, "the unit is stated to be without active lesion now")
    if bright is not None:
        return _same(
            ChangeClass.NOT_COMPARABLE,
            f"nothing is marked there now, but its signal ratio of {bright.ratio:.1f} lies above that of "
            f"{bright.where} ({bright.normal_mean:.1f}, SD {bright.normal_sd:.1f})",
        )
    if told and len(told) == len(old):
        s = told[0]
        return _same(
            ChangeClass.RESOLVED,
            f"nothing is marked there now and its signal ratio of {s.ratio:.1f} is that of {s.where} "
            f"({s.normal_mean:.1f}, SD {s.normal_sd:.1f})",
        )
    if not more.provisional and any(after.unit_state(s) is UnitState.LESION for s in mains):
        return _same(ChangeClass.RESOLVED, "the unit was read and holds another lesion now")
    return _same(ChangeClass.NOT_COMPARABLE, "nothing is stated of this unit in the later exam")


def _inactive_in(reading: Reading, site_id: str) -> bool:
    return any(
        x.activity is Activity.INACTIVE and any(s.id == site_id for s in x.sites) for x in reading.lesions
    )


def _appeared(old: Lesions, new: Lesions, before: Reading, more: Circumstances) -> Named:
    if not _active(new):
        return _same(ChangeClass.STABLE, "without activity")
    if old:
        return _same(ChangeClass.WORSENED, "an inactive lesion is active again")
    units = {s.id for x in new for s in x.sites}
    if not before.whole_body and all(before.unit_state(s) is UnitState.NOT_ASSESSED for s in units):
        return _same(ChangeClass.NOT_COMPARABLE, "nothing is stated of this unit in the earlier exam")
    return _same(ChangeClass.NEW, "no active lesion there before")


def _course(
    old: Lesions, new: Lesions, more: Circumstances, limits: FollowupLimits
) -> tuple[ChangeClass, str]:
    """Improved, stable, worsened or mixed by signs, Genant grade, volume and signal ratio."""
    came, _ = measures.signs(old, new)
    if came:
        return ChangeClass.WORSENED, f"new {' and '.join(came)}"
    first, then = measures.genant_grade(old), measures.genant_grade(new)
    if first is not None and then is not None and then > first:
        return ChangeClass.WORSENED, f"Genant grade {first} became {then}"
    volume = measures.volume(old, new, _growth(old, more))
    signal = measures.si_ratio(old, new, more.signals)
    ways = {
        _way(volume.deciding_percent, _volume_limit(volume, limits)),
        _way(signal.deciding_percent, _signal_limit(volume, signal, more, limits)),
    }
    told = _told(volume, signal, more)
    if {1, -1} <= ways:
        return ChangeClass.MIXED, f"{told}: opposite directions"
    if 1 in ways:
        return ChangeClass.WORSENED, f"{told}: larger or brighter by at least the limit"
    if -1 in ways:
        return ChangeClass.IMPROVED, f"{told}: smaller or darker by at least the limit"
    if 0 in ways:
        return ChangeClass.STABLE, f"{told}: within the limits"
    return ChangeClass.NOT_COMPARABLE, "neither volume nor signal ratio was measured at both times"


def _volume_limit(volume: Measure, limits: FollowupLimits) -> float:
    limit = limits.change.volume_change_percent
    return max(limit, limits.thin_volume_percent) if _smallest(volume) < limits.thin_ml else limit


def _smallest(volume: Measure) -> float:
    """Volume in ml at the time when it was smaller; infinite when it was measured at neither."""
    return min((v for v in (volume.before, volume.after) if v is not None), default=float("inf"))


def _signal_limit(volume: Measure, signal: Measure, more: Circumstances, limits: FollowupLimits) -> float:
    """The limit, and beyond it twice the spread of the measurement where the signal was measured on the images."""
    limit = limits.change.si_ratio_change_percent
    if signal.corrected_percent is None:
        return limit
    if _smallest(volume) < limits.small_ml:
        spread = limits.small_spread_percent
    elif measures.contrast(*more.signals) is None:
        spread = limits.plain_spread_percent
    else:
        spread = limits.signal_spread_percent
    return max(limit, 2 * spread)


def _told(volume: Measure, signal: Measure, more: Circumstances) -> str:
    parts = []
    if volume.percent is not None:
        corrected = volume.corrected_percent
        grown = "" if corrected is None else f" ({corrected:+.0f} % beside the growth of the bone)"
        parts.append(f"volume {volume.percent:+.0f} %{grown}")
    if signal.percent is not None:
        near = signal.corrected_percent
        against = "muscle close by" + ("" if measures.contrast(*more.signals) is None else " and the brain")
        closer = "" if near is None else f" ({near:+.0f} % against {against})"
        parts.append(f"signal ratio {signal.percent:+.0f} %{closer}")
    return ", ".join(parts)


def _way(percent: float | None, limit: float) -> int | None:
    if percent is None:
        return None
    if abs(percent) < limit:
        return 0
    return 1 if percent > 0 else -1


def _growth(old: Lesions, more: Circumstances) -> float | None:
    return more.growth.get(bone_key(old[0].site)) if old else None


def _measures(old: Lesions, new: Lesions, more: Circumstances) -> tuple[Measure, ...]:
    return (
        measures.volume(old, new, _growth(old, more)),
        measures.si_ratio(old, new, more.signals),
        measures.adc(old, new),
        Measure("height loss", "%", measures.height_loss_percent(old), measures.height_loss_percent(new)),
    )


def _problems(old: Lesions, new: Lesions) -> tuple[str, ...]:
    first, then = measures.genant_grade(old), measures.genant_grade(new)
    if first is None or then is None or then >= first:
        return ()
    return (
        f"Genant grade {first} became {then}: vertebral height is not regained under treatment, so this is a "
        "fault of measurement until shown otherwise",
    )
