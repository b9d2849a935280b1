"""What is proposed as the same lesion, what a reader made of it, and who shares an identity.

Only a confirmed pair shares its DICOM Tracking UID (PS3.16 TID 1500; Tracking Unique Identifier 112040). After a
split all parts, after a merger all origins carry the one identity of their confirmed group.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from marrowmap.core.lesion import Lesion
from marrowmap.core.reading import Reading
from marrowmap.errors import InvalidRecord


class PairState(StrEnum):
    """PROPOSED: by the machine, nobody looked. CONFIRMED, REJECTED: a reader said so."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Pair:
    """One lesion of the earlier exam and one of the later that may be the same.

    score: 0 to 1, how well the places agree; for ranking only. why: in words. by_reader: added by a person.
    """

    before_id: str
    after_id: str
    score: float = 1.0
    state: PairState = PairState.PROPOSED
    why: str = ""
    by_reader: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is used in a comparison: proposed or confirmed."""
        return self.state is not PairState.REJECTED


@dataclass(frozen=True)
class Group:
    """Lesions that belong together over both exams, by id; one side may be empty."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    confirmed: bool = False


def decide(pairs: Iterable[Pair], before_id: str, after_id: str, state: PairState) -> tuple[Pair, ...]:
    """The pairs with one of them decided; a pair nobody proposed is added as the reader's own."""
    out, found = [], False
    for pair in pairs:
        if (pair.before_id, pair.after_id) == (before_id, after_id):
            pair, found = replace(pair, state=state), True
        out.append(pair)
    if not found:
        out.append(Pair(before_id, after_id, 1.0, state, "stated by the reader", by_reader=True))
    return tuple(out)


def groups(before: Sequence[str], after: Sequence[str], pairs: Iterable[Pair]) -> tuple[Group, ...]:
    """Every lesion of both exams in exactly one group, in the order of the earlier exam, then of the later.

    Raises InvalidRecord when a pair names a lesion that neither exam has.
    """
    held = [p for p in pairs if p.holds]
    for pair in held:
        for name, known, when in ((pair.before_id, before, "earlier"), (pair.after_id, after, "later")):
            if name not in known:
                raise InvalidRecord(
                    f"lesion {name!r}", f"is not in the {when} reading", "Correct the pair, or leave it out"
                )
    left_before, left_after = list(before), list(after)
    found = []
    while left_before or left_after:
        old = {left_before[0]} if left_before else set()
        new = set() if old else {left_after[0]}
        while True:
            linked = [p for p in held if p.before_id in old or p.after_id in new]
            more_old, more_new = {p.before_id for p in linked} - old, {p.after_id for p in linked} - new
            if not more_old and not more_new:
                break
            old |= more_old
            new |= more_new
        inside = [p for p in held if p.before_id in old and p.after_id in new]
        sure = bool(inside) and all(p.state is PairState.CONFIRMED for p in inside)
        found.append(Group(tuple(x for x in before if x in old), tuple(x for x in after if x in new), sure))
        left_before = [x for x in left_before if x not in old]
        left_after = [x for x in left_after if x not in new]
    return tuple(found)


def tracking_uid(reading: Reading, lesion: Lesion) -> str:
    """A DICOM UID for a lesion that has none, the same every time: made from exam, reading and lesion.

    Form 2.25 and a UUID as a decimal number (PS3.5 B.2).
    """
    name = f"marrowmap lesion {reading.exam_uid} {reading.id} {lesion.id}"
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}"


def with_identity(before: Reading, after: Reading, pairs: Iterable[Pair]) -> tuple[Reading, Reading]:
    """Both readings with tracking UIDs: confirmed pairs share one, every other lesion has its own.

    The earliest lesion of a confirmed group that has a UID gives it. A lesion that shares a UID without a
    confirmed pair gets one of its own.
    """
    sure = [p for p in pairs if p.state is PairState.CONFIRMED]
    olds = {x.id: x for x in before.lesions}
    uids: dict[tuple[bool, str], str] = {}
    taken: set[str] = set()
    for group in groups([x.id for x in before.lesions], [x.id for x in after.lesions], sure):
        members = [(True, x) for x in group.before] + [(False, x) for x in group.after]
        known = next((olds[x].tracking_uid for x in group.before if olds[x].tracking_uid), "")
        if not known and not group.before:
            known = next(x.tracking_uid for x in after.lesions if x.id == group.after[0])
        if not known or known in taken:
            first = (
                tracking_uid(before, olds[group.before[0]])
                if group.before
                else tracking_uid(after, next(x for x in after.lesions if x.id == group.after[0]))
            )
            known = first
        taken.add(known)
        uids.update(dict.fromkeys(members, known))
    return (
        replace(before, lesions=tuple(replace(x, tracking_uid=uids[True, x.id]) for x in before.lesions)),
        replace(after, lesions=tuple(replace(x, tracking_uid=uids[False, x.id]) for x in after.lesions)),
    )


def from_identity(before: Reading, after: Reading) -> tuple[Pair, ...]:
    """Pairs that were confirmed earlier: lesions of both readings that share a tracking UID."""
    return tuple(
        Pair(a.id, b.id, 1.0, PairState.CONFIRMED, "same tracking UID", by_reader=True)
        for a in before.lesions
        for b in after.lesions
        if a.tracking_uid and a.tracking_uid == b.tracking_uid
    )


def plain_pairs(before: Reading, after: Reading) -> tuple[Pair, ...]:
    """Pairs of two readings for which none were proposed: one tracking UID, else a bone unit in common.

    Two lesions with different UIDs are different lesions, whatever their units.
    """
    return tuple(
        Pair(a.id, b.id, why="same tracking UID" if a.tracking_uid and b.tracking_uid else "same bone unit")
        for a in before.lesions
        for b in after.lesions
        if _same_lesion(a, b)
    )


def _same_lesion(a: Lesion, b: Lesion) -> bool:
    if a.tracking_uid and b.tracking_uid:
        return a.tracking_uid == b.tracking_uid
    return not {s.id for s in a.sites}.isdisjoint(s.id for s in b.sites)
