"""What was measured of an outline, as JSON: of a candidate in a study folder, and of one that grew from a click."""

from __future__ import annotations

from typing import Any, Protocol

from marrowmap.core.lesion import Measured, MeasuredHeights, UnitShare

QUANTITIES = (
    "volume_ml",
    "max_diameter_mm",
    "extent_percent",
    "si_ratio",
    "t1_ratio",
    "adc",
    "adc_p10",
    "periosteal_ratio",
    "soft_tissue_ratio",
)


class Measures(Protocol):
    """Has a ``Measured`` under each of QUANTITIES; heights: None outside the spine."""

    @property
    def heights(self) -> MeasuredHeights | None: ...

    @property
    def units(self) -> tuple[UnitShare, ...]: ...


def measures_json(found: Measures) -> dict[str, Any]:
    """Keys ``measured``, ``heights`` and ``units``; a value that is null says why under ``why_missing``."""
    heights = found.heights
    return {
        "measured": {name: _measured(getattr(found, name)) for name in QUANTITIES},
        "heights": None if heights is None else {k: _measured(v) for k, v in vars(heights).items()},
        "units": [{"site": unit.site_id, "percent": _measured(unit.share)} for unit in found.units],
    }


def _measured(measured: Measured) -> dict[str, Any]:
    return {
        "value": measured.value,
        "unit": measured.unit,
        "uncertainty": measured.uncertainty,
        "why_missing": measured.why_missing,
        "note": measured.note,
    }
