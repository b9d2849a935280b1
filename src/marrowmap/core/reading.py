"""A reader's account of one exam: lesions, normal units, units that were not covered, and a signature."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from marrowmap.core.imaging_signs import ImagingSigns
from marrowmap.core.lesion import Lesion
from marrowmap.core.site import all_sites, site
from marrowmap.errors import InvalidRecord


class UnitState(StrEnum):
    """What the reading says of one bone unit. Nothing said is NOT_ASSESSED, never NORMAL."""

    LESION = "lesion"
    NORMAL = "normal"
    NOT_ASSESSED = "not_assessed"


class Decision(StrEnum):
    """What the reader made of a candidate."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNDECIDED = "undecided"


class ReadingState(StrEnum):
    """A draft can change, a signed reading is frozen; an amendment is a new reading naming the old one."""

    DRAFT = "draft"
    SIGNED = "signed"


@dataclass(frozen=True)
class Reading:
    """One reader's account of one exam.

    exam_uid: study UID or the study folder's id. patient_key: pseudonym. exam_date: None when unknown.
    normal: units stated normal. not_covered: units outside the field of view, each "not assessed" by itself.
    waived: open question -> reason, for what the reader leaves unanswered on purpose.
    signs: what is stated of the whole exam (abscess, diffuse marrow, ...).
    contrasts: sequences that were there ("STIR", "T1", "DWI", ...); whole_body: head-to-feet coverage.
    Raises InvalidRecord when a unit is stated normal and not covered, or normal with a lesion in it.
    """

    id: str
    exam_uid: str
    patient_key: str
    reader: str
    exam_date: date | None = None
    lesions: tuple[Lesion, ...] = ()
    normal: frozenset[str] = frozenset()
    not_covered: frozenset[str] = frozenset()
    decisions: dict[str, Decision] = field(default_factory=dict)
    waived: dict[str, str] = field(default_factory=dict)
    signs: ImagingSigns = field(default_factory=ImagingSigns)
    contrasts: frozenset[str] = frozenset()
    whole_body: bool = True
    synthetic: bool = False
    state: ReadingState = ReadingState.DRAFT
    signed_at: datetime | None = None
    amends: str = ""
    comment: str = ""

    def __post_init__(self) -> None:
        for group in (self.normal, self.not_covered):
            for name in group:
                site(name)
        with_lesion = {s.id for lesion in self.lesions for s in lesion.sites}
        for first, second, why in (
            (self.normal, self.not_covered, "is stated normal and outside the coverage"),
            (self.normal, with_lesion, "is stated normal and holds a lesion"),
        ):
            clash = sorted(first & second)
            if clash:
                raise InvalidRecord(f"bone unit {clash[0]}", why, "Keep one of the two statements")
        ids = [lesion.id for lesion in self.lesions]
        if len(set(ids)) != len(ids):
            raise InvalidRecord(
                f"reading {self.id}", "two lesions share one id", "Give each lesion its own id"
            )

    @property
    def active_lesions(self) -> tuple[Lesion, ...]:
        """Lesions with STIR signal now."""
        return tuple(lesion for lesion in self.lesions if lesion.is_active)

    def unit_state(self, site_id: str) -> UnitState:
        """What is said of one unit."""
        if any(s.id == site_id for lesion in self.lesions for s in lesion.sites):
            return UnitState.LESION
        return UnitState.NORMAL if site_id in self.normal else UnitState.NOT_ASSESSED

    def left_open(self) -> frozenset[str]:
        """Covered units of which the reader said nothing and whose body region is waived: not assessed."""
        waived = {k.removeprefix("region:") for k, why in self.waived.items() if why.strip()}
        return frozenset(
            s.id
            for s in all_sites()
            if s.region.value in waived
            and s.id not in self.not_covered
            and self.unit_state(s.id) is UnitState.NOT_ASSESSED
        )

    def units_seen(self) -> frozenset[str]:
        """Units inside the coverage and not left open: the denominator of every sum over units."""
        return frozenset(s.id for s in all_sites()) - self.not_covered - self.left_open()

    @property
    def not_whole(self) -> str:
        """Why the absence of further lesions is not known; "" when the whole body was covered and judged."""
        if not self.whole_body:
            return "the examination did not cover the whole body"
        n = len(self.left_open())
        return f"the reader left {n} covered bone units open" if n else ""

    def signed(self, when: datetime) -> Reading:
        """The same reading, frozen."""
        return replace(self, state=ReadingState.SIGNED, signed_at=when)
