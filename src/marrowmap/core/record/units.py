"""Laboratory values: one stored unit for each analyte, others converted where they come in.

CRP is the trap: Jansson 2009 prints mg/dL, everything else mg/L; 1 mg/dL = 10 mg/L.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from marrowmap.core.lesion import Assessment
from marrowmap.core.record.checks import number_in
from marrowmap.errors import InvalidRecord


class Analyte(StrEnum):
    """What a laboratory measured."""

    CRP = "crp"
    ESR = "esr"
    LEUKOCYTES = "leukocytes"
    NEUTROPHILS = "neutrophils"
    BAND_NEUTROPHILS = "band_neutrophils"
    HAEMOGLOBIN = "haemoglobin"
    PLATELETS = "platelets"
    ALP = "alkaline_phosphatase"
    LDH = "lactate_dehydrogenase"
    ASCORBATE = "ascorbate"
    PLP = "pyridoxal_phosphate"


UNITS: Mapping[Analyte, Mapping[str, float]] = MappingProxyType(
    {
        Analyte.CRP: {"mg/L": 1.0, "mg/dL": 10.0},
        Analyte.ESR: {"mm/h": 1.0},
        Analyte.LEUKOCYTES: {"10^9/L": 1.0, "/uL": 0.001},
        Analyte.NEUTROPHILS: {"10^9/L": 1.0, "/uL": 0.001},
        Analyte.BAND_NEUTROPHILS: {"/uL": 1.0, "10^9/L": 1000.0},
        Analyte.HAEMOGLOBIN: {"g/dL": 1.0, "g/L": 0.1},
        Analyte.PLATELETS: {"10^9/L": 1.0, "/uL": 0.001},
        Analyte.ALP: {"U/L": 1.0},
        Analyte.LDH: {"U/L": 1.0},
        Analyte.ASCORBATE: {"umol/L": 1.0, "mg/L": 5.678},
        Analyte.PLP: {"nmol/L": 1.0},
    }
)
"""Accepted units of each analyte and what one of them is in the stored unit, which stands first."""

_LARGEST: Mapping[Analyte, float] = MappingProxyType(
    {
        Analyte.CRP: 1000,
        Analyte.ESR: 300,
        Analyte.LEUKOCYTES: 1000,
        Analyte.NEUTROPHILS: 1000,
        Analyte.BAND_NEUTROPHILS: 100_000,
        Analyte.HAEMOGLOBIN: 30,
        Analyte.PLATELETS: 5000,
        Analyte.ALP: 20_000,
        Analyte.LDH: 50_000,
        Analyte.ASCORBATE: 1000,
        Analyte.PLP: 10_000,
    }
)
"""Beyond these a value is taken for a slip of the unit. Ours; no clinical meaning."""


def stored_unit(analyte: Analyte) -> str:
    """The unit in which values of this analyte are kept."""
    return next(iter(UNITS[analyte]))


def _in_stored_unit(analyte: Analyte, value: float, unit: str) -> float:
    factors = UNITS[analyte]
    if unit not in factors:
        raise InvalidRecord(f"unit of {analyte}", f"{unit!r} is not known", f"Accepted: {', '.join(factors)}")
    # Twelve figures: a conversion must not push a value that sits on a cut-off off it.
    return float(f"{value * factors[unit]:.12g}")


@dataclass(frozen=True)
class LabValue:
    """One laboratory value in the stored unit of its analyte.

    below: the laboratory reported "less than ``value``". reference_low, reference_high: the laboratory's own
    range for this child in the same unit; None: not given. Build it with ``LabValue.of``.
    Raises InvalidRecord for a negative or impossible value.
    """

    analyte: Analyte
    value: float
    below: bool = False
    reference_low: float | None = None
    reference_high: float | None = None

    def __post_init__(self) -> None:
        unit = stored_unit(self.analyte)
        for name in ("value", "reference_low", "reference_high"):
            field = str(self.analyte) if name == "value" else f"{name} of {self.analyte}"
            number_in(field, getattr(self, name), 0, _LARGEST[self.analyte], unit)
        if (
            self.reference_low is not None
            and self.reference_high is not None
            and self.reference_low > self.reference_high
        ):
            raise InvalidRecord(
                f"reference range of {self.analyte}",
                f"the low end {self.reference_low:g} lies above the high end {self.reference_high:g}",
                "Accepted: low end first",
            )

    @classmethod
    def of(
        cls,
        analyte: Analyte,
        value: float,
        unit: str,
        *,
        below: bool = False,
        reference_low: float | None = None,
        reference_high: float | None = None,
    ) -> LabValue:
        """A value given in any accepted unit. Raises InvalidRecord for an unknown unit."""
        if isinstance(value, bool) or not math.isfinite(value):
            raise InvalidRecord(str(analyte), f"{value!r} is not a number", "Accepted: a number")
        converted = [
            None if v is None else _in_stored_unit(analyte, v, unit)
            for v in (value, reference_low, reference_high)
        ]
        number = converted[0]
        assert number is not None
        return cls(analyte, number, below, converted[1], converted[2])

    def in_unit(self, unit: str) -> float:
        """The value in another accepted unit."""
        factors = UNITS[self.analyte]
        if unit not in factors:
            raise InvalidRecord(
                f"unit of {self.analyte}", f"{unit!r} is not known", f"Accepted: {', '.join(factors)}"
            )
        return float(f"{self.value / factors[unit]:.12g}")

    @property
    def unit(self) -> str:
        """The stored unit."""
        return stored_unit(self.analyte)

    def at_least(self, limit: float) -> bool | None:
        """Whether the value is ``limit`` or more; None when "less than" leaves it open."""
        if self.below:
            return False if self.value <= limit else None
        return self.value >= limit

    def above(self, limit: float) -> bool | None:
        """Whether the value is more than ``limit``; None when "less than" leaves it open."""
        if self.below:
            return False if self.value <= limit else None
        return self.value > limit

    @property
    def is_low(self) -> Assessment:
        """Below its reference range; NOT_ASSESSED without a range."""
        if self.reference_low is None or (self.below and self.value > self.reference_low):
            return Assessment.NOT_ASSESSED
        return Assessment.of(self.value < self.reference_low or self.below)

    @property
    def is_raised(self) -> Assessment:
        """Above its reference range; NOT_ASSESSED without a range."""
        return (
            Assessment.NOT_ASSESSED
            if self.reference_high is None
            else Assessment.of(self.above(self.reference_high))
        )

    @property
    def is_normal(self) -> Assessment:
        """Inside its reference range; a missing end leaves it NOT_ASSESSED unless the other is broken."""
        if Assessment.PRESENT in (self.is_low, self.is_raised):
            return Assessment.ABSENT
        both = (self.is_low, self.is_raised)
        return Assessment.NOT_ASSESSED if Assessment.NOT_ASSESSED in both else Assessment.PRESENT

    def with_reference(self, low: float | None, high: float | None) -> LabValue:
        """The same value with the laboratory's range, in the stored unit."""
        return replace(self, reference_low=low, reference_high=high)

    def __str__(self) -> str:
        return f"{'<' if self.below else ''}{self.value:g} {self.unit}"


def crp(value: float, unit: str = "mg/L", *, below: bool = False) -> LabValue:
    """A C-reactive protein, kept in mg/L."""
    return LabValue.of(Analyte.CRP, value, unit, below=below)
