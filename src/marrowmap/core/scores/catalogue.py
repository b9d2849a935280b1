"""Every system of this package, listed by hand: what it is, and the function that computes it from a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from marrowmap.core.rules import patterns
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.scores import (
    bristol_2016,
    cdas,
    chaq,
    citations,
    eular_acr_2025,
    genant,
    jansson_2007,
    jansson_2009,
    kieninger_2022,
    lesion_extent,
    mda_flare_2025,
    nbods_2023,
    panwar_counts,
    pedcno,
    rai_change,
    rai_cromris,
    rinbo,
)
from marrowmap.core.scores.result import Confidence, ScoreResult, System, SystemState
from marrowmap.errors import InvalidRecord

Compute = Callable[[Case, Rulebook], ScoreResult]


@dataclass(frozen=True)
class Listing:
    """A system, its function, and what kind of question it answers."""

    system: System
    compute: Compute
    group: str


CATALOGUE: tuple[Listing, ...] = (
    Listing(lesion_extent.SYSTEM, lesion_extent.score, "burden"),
    Listing(rai_cromris.RAI, rai_cromris.score, "burden"),
    Listing(rai_cromris.CROMRIS, rai_cromris.grades, "burden"),
    Listing(rinbo.SYSTEM, rinbo.score, "burden"),
    Listing(genant.SYSTEM, genant.score, "burden"),
    Listing(patterns.MULTIFOCAL, patterns.multifocality, "distribution"),
    Listing(patterns.PATTERN, patterns.pattern, "distribution"),
    Listing(patterns.TYPICAL, patterns.typical, "distribution"),
    Listing(patterns.SYMMETRY, patterns.symmetry, "distribution"),
    Listing(jansson_2009.SYSTEM, jansson_2009.score, "classification"),
    Listing(jansson_2007.SYSTEM, jansson_2007.score, "classification"),
    Listing(bristol_2016.SYSTEM, bristol_2016.score, "classification"),
    Listing(eular_acr_2025.SYSTEM, eular_acr_2025.score, "classification"),
    Listing(nbods_2023.SYSTEM, nbods_2023.score, "classification"),
    Listing(cdas.SYSTEM, cdas.score, "activity"),
    Listing(chaq.SYSTEM, chaq.score, "activity"),
    Listing(mda_flare_2025.MDA, mda_flare_2025.mda, "activity"),
    Listing(mda_flare_2025.FLARE, mda_flare_2025.flare, "change"),
    Listing(pedcno.SYSTEM, pedcno.score, "change"),
    Listing(panwar_counts.SYSTEM, panwar_counts.score, "change"),
    Listing(kieninger_2022.SYSTEM, kieninger_2022.score, "change"),
    Listing(rai_change.SYSTEM, rai_change.score, "change"),
)
"""In the order in which results are shown."""


RULE_SYSTEMS: tuple[System, ...] = (
    System(
        id="falip_pathway",
        name="Diagnostic pathway (Falip)",
        year=2013,
        citation=citations.FALIP,
        doi="10.1007/s00247-012-2544-6",
        state=SystemState.VERIFIED,
        confidence=Confidence.V,
        higher_means="a path, not a number",
        purpose="typical, biopsy advised, imaging insufficient or not suspected (`marrowmap pathway`)",
        page="pathway",
    ),
    System(
        id="carra_plans",
        name="CARRA treatment plans",
        year=2018,
        citation=citations.CARRA,
        state=SystemState.VERIFIED,
        confidence=Confidence.V,
        higher_means="a stage, not a number",
        purpose="which plan the recorded drugs correspond to; no dose is computed",
        gap="eligibility, failure definition and doses in Zhao 2018, tables",
        page="treatment",
    ),
    System(
        id="belgian_remission",
        name="Remission (Belgian cohort), readings A and B",
        year=None,
        citation=citations.SEED_COHORT,
        state=SystemState.VERIFIED,
        confidence=Confidence.V,
        higher_means="remission",
        purpose="six quiet months; the sentence can be read in two ways and both are shown",
        page="remission",
    ),
)
"""Published rules that are no score: they have their own modules and outputs."""


def listing(system_id: str) -> Listing:
    """The listing of one system. Raises InvalidRecord naming the accepted ids."""
    for entry in CATALOGUE:
        if entry.system.id == system_id:
            return entry
    accepted = ", ".join(entry.system.id for entry in CATALOGUE)
    raise InvalidRecord("system", f"{system_id!r} is not known", f"Accepted: {accepted}")


def score_all(case: Case, rules: Rulebook = DEFAULT_RULES) -> tuple[ScoreResult, ...]:
    """Every system on one case."""
    return tuple(entry.compute(case, rules) for entry in CATALOGUE)
