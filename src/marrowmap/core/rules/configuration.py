"""Limits that no source gives: they are ours (PROPOSED), can be changed, and are named in every output."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from marrowmap.core.record.checks import number_in
from marrowmap.errors import InvalidRecord

if TYPE_CHECKING:
    from marrowmap.core.scores.table import ScoreTable


@dataclass(frozen=True)
class Limits:
    """Engineering choices of this project where the literature gives none (label PROPOSED).

    Shares and percentages are in percent, temperatures in degrees Celsius, ADC in 1e-6 mm2/s.
    """

    paucifocal_max_lesions: int = 4
    paucifocal_spinal_percent: float = 50
    appendicular_percent: float = 50
    typical_findings_needed: int = 2
    volume_change_percent: float = 30
    si_ratio_change_percent: float = 20
    vertebra_plana_percent: float = 75
    low_adc: float = 900
    normal_temperature_below: float = 38.0
    nsaid_failure_days: int = 28
    crp_not_mild_above: float = 55
    remission_months: float = 6
    early_onset_years: float = 3

    def __post_init__(self) -> None:
        for f in fields(self):
            number_in(f.name, getattr(self, f.name), 0, 10_000)


EXPLANATIONS: Mapping[str, str] = {
    "paucifocal_max_lesions": "claviculo-spinal paucifocal pattern: at most {} lesions",
    "paucifocal_spinal_percent": "claviculo-spinal paucifocal pattern: at least {} % of the lesions outside "
    "the clavicles are spinal",
    "appendicular_percent": "tibio-appendicular pattern: at least {} % of the lesions are appendicular",
    "typical_findings_needed": "typical picture: at least {} of the five typical findings",
    "volume_change_percent": "a lesion changed when its volume changed by at least {} %",
    "si_ratio_change_percent": "a lesion changed when its signal ratio changed by at least {} %",
    "vertebra_plana_percent": "vertebra plana: height loss above {} %",
    "low_adc": "low ADC: below {} x 10^-6 mm2/s",
    "normal_temperature_below": "normal body temperature: below {} °C",
    "nsaid_failure_days": "NSAID failure: recorded as insufficient after at least {} days at full dose "
    "(duration from memory, not verified)",
    "crp_not_mild_above": "'mildly raised' CRP: raised, but not above {} mg/L (the NBODS limit, used by us)",
    "remission_months": "remission must last at least {} months (published; changeable here)",
    "early_onset_years": "onset below {} years counts as early (the sources say 2 to 3)",
}
"""What each limit decides; ``{}`` stands for its value."""


def explain(limits: Limits, *names: str) -> tuple[str, ...]:
    """Sentences that name these limits as ours, with their present value."""
    return tuple(
        "Ours (PROPOSED), not published: " + EXPLANATIONS[name].format(f"{getattr(limits, name):g}") + "."
        if name != "remission_months"
        else EXPLANATIONS[name].format(f"{limits.remission_months:g}").capitalize() + "."
        for name in names
    )


def parse_limits(text: str) -> Limits:
    """Limits from TOML, ``name = number`` on each line; what is not named keeps our value.

    Raises InvalidRecord naming the entry.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRecord("limits", f"are not TOML: {error}", "Correct the text") from None
    known = {f.name: f for f in fields(Limits)}
    given: dict[str, Any] = {}
    for name, value in data.items():
        if name not in known:
            raise InvalidRecord(name, "is not a known limit", f"Accepted: {', '.join(known)}")
        whole = known[name].type == "int"
        if isinstance(value, bool) or not isinstance(value, (int,) if whole else (int, float)):
            kind = "a whole number" if whole else "a number"
            raise InvalidRecord(name, f"{value!r} is not accepted", f"Accepted: {kind}")
        given[name] = value
    return Limits(**given)


@dataclass(frozen=True)
class Rulebook:
    """What a site works by: our limits, changed or not, and the score tables that it entered itself."""

    limits: Limits = field(default_factory=Limits)
    tables: Mapping[str, ScoreTable] = field(default_factory=dict)


DEFAULT_RULES = Rulebook()
"""Shipped limits, no table entered."""
