"""Drugs met in the sources, their groups, and one course of treatment as it was documented.

Doses are kept as the words that were written down. Nothing in this package computes a dose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from marrowmap.core.record.checks import not_before, number_in


class DrugGroup(StrEnum):
    """Groups that the treatment stages are built from."""

    NSAID = "nsaid"
    GLUCOCORTICOID = "glucocorticoid"
    CONVENTIONAL_DMARD = "conventional_dmard"
    TNF_INHIBITOR = "tnf_inhibitor"
    BISPHOSPHONATE = "bisphosphonate"
    OTHER_BIOLOGIC = "other_biologic"
    ANTIBIOTIC = "antibiotic"
    OTHER = "other"


class Drug(StrEnum):
    """A drug; the ``other_...`` entries take their name from ``Treatment.name_as_documented``."""

    NAPROXEN = "naproxen"
    IBUPROFEN = "ibuprofen"
    INDOMETACIN = "indometacin"
    OTHER_NSAID = "other_nsaid"
    PREDNISONE = "prednisone"
    METHYLPREDNISOLONE = "methylprednisolone"
    OTHER_GLUCOCORTICOID = "other_glucocorticoid"
    METHOTREXATE = "methotrexate"
    SULFASALAZINE = "sulfasalazine"
    AZATHIOPRINE = "azathioprine"
    ETANERCEPT = "etanercept"
    ADALIMUMAB = "adalimumab"
    INFLIXIMAB = "infliximab"
    PAMIDRONATE = "pamidronate"
    ZOLEDRONATE = "zoledronate"
    OTHER_BISPHOSPHONATE = "other_bisphosphonate"
    TOCILIZUMAB = "tocilizumab"
    ANAKINRA = "anakinra"
    OTHER_BIOLOGIC = "other_biologic"
    ANTIBIOTIC = "antibiotic"
    OTHER = "other"


_MEMBERS: Mapping[DrugGroup, tuple[Drug, ...]] = MappingProxyType(
    {
        DrugGroup.NSAID: (Drug.NAPROXEN, Drug.IBUPROFEN, Drug.INDOMETACIN, Drug.OTHER_NSAID),
        DrugGroup.GLUCOCORTICOID: (Drug.PREDNISONE, Drug.METHYLPREDNISOLONE, Drug.OTHER_GLUCOCORTICOID),
        DrugGroup.CONVENTIONAL_DMARD: (Drug.METHOTREXATE, Drug.SULFASALAZINE, Drug.AZATHIOPRINE),
        DrugGroup.TNF_INHIBITOR: (Drug.ETANERCEPT, Drug.ADALIMUMAB, Drug.INFLIXIMAB),
        DrugGroup.BISPHOSPHONATE: (Drug.PAMIDRONATE, Drug.ZOLEDRONATE, Drug.OTHER_BISPHOSPHONATE),
        DrugGroup.OTHER_BIOLOGIC: (Drug.TOCILIZUMAB, Drug.ANAKINRA, Drug.OTHER_BIOLOGIC),
        DrugGroup.ANTIBIOTIC: (Drug.ANTIBIOTIC,),
        DrugGroup.OTHER: (Drug.OTHER,),
    }
)

GROUP_OF: Mapping[Drug, DrugGroup] = MappingProxyType(
    {drug: group for group, drugs in _MEMBERS.items() for drug in drugs}
)
"""The group of each drug."""


class Response(StrEnum):
    """What the treating physician wrote about the effect of one course."""

    REMISSION = "remission"
    IMPROVED = "improved"
    INSUFFICIENT = "insufficient"
    NOT_TOLERATED = "not_tolerated"
    NOT_ASSESSED = "not_assessed"


class StopReason(StrEnum):
    """Why a course ended; NOT_STATED while it runs or when nobody wrote it down."""

    REMISSION = "remission"
    INSUFFICIENT = "insufficient"
    SIDE_EFFECT = "side_effect"
    COMPLETED = "completed"
    FAMILY_WISH = "family_wish"
    OTHER = "other"
    NOT_STATED = "not_stated"


@dataclass(frozen=True)
class Treatment:
    """One course of one drug.

    stop: None while it runs. dose_as_documented: the words of the record. reason: why it was started.
    full_dose: whether the record says so; None when it does not. cycles: for drugs given in cycles.
    Raises InvalidRecord when the stop lies before the start.
    """

    drug: Drug
    start: date
    stop: date | None = None
    dose_as_documented: str = ""
    name_as_documented: str = ""
    reason: str = ""
    stop_reason: StopReason = StopReason.NOT_STATED
    response: Response = Response.NOT_ASSESSED
    full_dose: bool | None = None
    cycles: int | None = None
    side_effects: str = ""

    def __post_init__(self) -> None:
        not_before(f"stop of {self.drug}", self.stop, "its start", self.start)
        number_in(f"cycles of {self.drug}", self.cycles, 0, 200)

    @property
    def group(self) -> DrugGroup:
        """The group this drug belongs to."""
        return GROUP_OF[self.drug]

    def runs_on(self, day: date) -> bool:
        """Whether the course covers this day, first and last day included."""
        return self.start <= day and (self.stop is None or day <= self.stop)

    def days_until(self, day: date) -> int:
        """Days from the start to ``day`` or to the stop, whichever comes first; 0 before the start."""
        end = day if self.stop is None else min(day, self.stop)
        return max(0, (end - self.start).days)
