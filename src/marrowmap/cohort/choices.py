"""What a reader of a cohort has to decide: which remission, counted from when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RemissionReading(StrEnum):
    """How the printed definition is read."""

    EITHER = "either"
    ALL = "all"

    @property
    def words(self) -> str:
        """The definition in words."""
        if self is RemissionReading.EITHER:
            return "(no pain and normal CRP and ESR) or clear imaging, for at least six months"
        return "no pain, normal CRP and ESR and clear imaging, for at least six months"


class TimeOrigin(StrEnum):
    """From when the time to remission counts."""

    ONSET = "onset"
    DIAGNOSIS = "diagnosis"


@dataclass(frozen=True)
class RemissionChoice:
    """Which reading of remission, and from when its time counts."""

    reading: RemissionReading = RemissionReading.EITHER
    origin: TimeOrigin = TimeOrigin.DIAGNOSIS
