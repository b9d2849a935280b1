"""CROMRIS grades for each bone unit (2020) and RAI-CROMRIS, their sum (2021).

The five parameters, 0 to 7 per unit and the sum are published; how the 7 points split is from memory
(the only split of the five named items that reaches exactly 7).
"""

from __future__ import annotations

from dataclasses import dataclass

from marrowmap.core.lesion import Activity, Assessment, Lesion
from marrowmap.core.reading import Reading
from marrowmap.core.record.patient import any_strict
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import of_lesions
from marrowmap.core.rules.findings import NO_READING
from marrowmap.core.scores import citations
from marrowmap.core.scores.result import (
    Confidence,
    Item,
    ScoreResult,
    State,
    System,
    SystemState,
    not_applicable,
    not_computable,
    summed,
)
from marrowmap.core.site import Site, all_sites, site

RAI = System(
    id="rai_cromris",
    name="RAI-CROMRIS",
    year=2021,
    citation=citations.CAPPONI,
    doi="10.1186/s12969-021-00620-3",
    state=SystemState.UNVERIFIED,
    confidence=Confidence.M_MED,
    higher_means="more active disease",
    purpose="sum of activity over all bone units",
    gap="check the split of the 7 points and the unit list in Capponi 2021, methods and table",
    page="rai_cromris",
)
CROMRIS = System(
    id="cromris",
    name="CROMRIS",
    year=2020,
    citation=citations.ZHAO_CROMRIS,
    state=SystemState.COMPONENTS_ONLY,
    confidence=Confidence.M_MED,
    higher_means="more change in this bone unit",
    purpose="grades for each bone unit; the tool itself defines no sum",
    gap="check the grade definitions in Zhao 2020, definitions table",
    page="cromris",
)
RULE = (
    "Per bone unit 0 to 7: marrow signal 0/1, extension 0 to 3 (under 25, 25 to 50, over 50 % of the unit), "
    "soft-tissue or periosteal signal 0/1, bony expansion 0/1, vertebral collapse 0/1; sum over units seen."
)
OURS = (
    "Ours (PROPOSED): the list of bone units; features of a lesion count in its main unit; lesions in one "
    "unit add their extension; units that were not imaged are left out of the sum and listed."
)


@dataclass(frozen=True)
class UnitScore:
    """RAI parameters of one unit as (least, most) points."""

    site_id: str
    signal: tuple[int, int]
    extension: tuple[int, int]
    soft_or_periosteal: tuple[int, int]
    expansion: tuple[int, int]
    collapse: tuple[int, int]
    lesions: tuple[Lesion, ...] = ()

    @property
    def bounds(self) -> tuple[int, int]:
        """Least and most points of the unit, 0 to 7."""
        parts = (self.signal, self.extension, self.soft_or_periosteal, self.expansion, self.collapse)
        return sum(p[0] for p in parts), sum(p[1] for p in parts)


def size_grade(percent: float) -> int:
    """Share of the unit in percent to 0 none, 1 under 25, 2 from 25 to 50, 3 over 50 (M-med)."""
    if percent <= 0:
        return 0
    if percent < 25:
        return 1
    return 2 if percent <= 50 else 3


def unit_score(unit: Site, lesions: tuple[Lesion, ...]) -> UnitScore:
    """RAI parameters of one unit from the lesions that lie in it."""
    here = tuple(le for le in lesions if unit in le.sites)
    main = tuple(le for le in here if le.site == unit)
    active = tuple(le for le in here if le.activity is Activity.ACTIVE)
    unsettled = tuple(le for le in here if le.activity is Activity.NOT_ASSESSED)
    signal = (1 if active else 0, 1 if active or unsettled else 0)
    glowing = tuple(le for le in main if le.activity is Activity.ACTIVE)
    dim = tuple(le for le in main if le.activity is Activity.NOT_ASSESSED)
    soft = _flag(tuple(_soft_or_periosteal(le) for le in glowing))
    if dim and soft[1] == 0 and any(_soft_or_periosteal(le) is not Assessment.ABSENT for le in dim):
        soft = (soft[0], 1)
    return UnitScore(
        site_id=unit.id,
        signal=signal,
        extension=_extension(unit, active, unsettled),
        soft_or_periosteal=soft,
        expansion=_flag(tuple(le.features.bony_expansion for le in main)),
        collapse=_flag(tuple(le.features.height_loss for le in main)) if unit.is_vertebra else (0, 0),
        lesions=here,
    )


def _soft_or_periosteal(lesion: Lesion) -> Assessment:
    return any_strict(lesion.features.soft_tissue_oedema, lesion.features.periosteal_reaction)


def _flag(states: tuple[Assessment, ...]) -> tuple[int, int]:
    if Assessment.PRESENT in states:
        return 1, 1
    return 0, int(Assessment.NOT_ASSESSED in states)


def _extension(unit: Site, active: tuple[Lesion, ...], unsettled: tuple[Lesion, ...]) -> tuple[int, int]:
    if not active and not unsettled:
        return 0, 0
    shares = [e.percent for le in active for e in le.extents if e.site_id == unit.id]
    known = min(100.0, sum(s for s in shares if s is not None))
    low = max(size_grade(known), 1 if active else 0)
    high = 3 if None in shares or unsettled else low
    return low, high


def unit_scores(reading: Reading) -> tuple[UnitScore, ...]:
    """RAI parameters of every unit that holds a lesion, in label order."""
    named = {s.id for lesion in reading.lesions for s in lesion.sites}
    return tuple(unit_score(unit, reading.lesions) for unit in all_sites() if unit.id in named)


@dataclass(frozen=True)
class Seen:
    """How much of the skeleton the sum speaks for."""

    n_units: int
    n_seen: int
    n_stated: int
    not_covered: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """In words; unseen units are named by the bones, never counted as zero."""
        text = f"{self.n_seen} of {self.n_units} bone units seen"
        if self.n_stated < self.n_seen:
            text += f", {self.n_stated} of them stated normal or with a lesion"
        if self.not_covered:
            names = ", ".join(self.not_covered[:6]) + (", ..." if len(self.not_covered) > 6 else "")
            text += f"; not assessed: {names}"
        return text + "."


def seen(reading: Reading) -> Seen:
    """Units seen, stated and not covered."""
    inside = reading.units_seen()
    stated = [s for s in inside if reading.unit_state(s).value != "not_assessed"]
    outside = tuple(s.name for s in all_sites() if s.id not in inside)
    return Seen(len(all_sites()), len(inside), len(stated), outside)


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """RAI-CROMRIS over the units seen; what is open in a lesion gives a range.

    Not applicable to a regional examination: a sum over the part that was imaged is no index.
    """
    if case.reading is None:
        return not_applicable(RAI, NO_READING)
    if not case.reading.whole_body:
        return not_applicable(RAI, "the examination did not cover the whole body")
    scores = unit_scores(case.reading)
    items = tuple(_item(s) for s in scores)
    coverage = seen(case.reading)
    return summed(
        RAI,
        items,
        None,
        rule=RULE,
        ours=(OURS,),
        extra=(coverage.sentence,),
        details={
            "units_seen": coverage.n_seen,
            "units": coverage.n_units,
            "units_stated": coverage.n_stated,
            "not_covered": sorted(case.reading.not_covered),
            "left_open": sorted(case.reading.left_open()),
        },
    )


def _item(unit: UnitScore) -> Item:
    low, high = unit.bounds
    names = ("signal", "extension", "soft_or_periosteal", "expansion", "collapse")
    parts = [f"{n.replace('_', ' ')} {_span(*getattr(unit, n))}" for n in names]
    openly = [n.replace("_", " ") for n in names if getattr(unit, n)[0] != getattr(unit, n)[1]]
    return Item(
        id=unit.site_id,
        label=site(unit.site_id).name,
        low=low,
        high=high,
        text=", ".join(parts),
        evidence=of_lesions(unit.lesions),
        confidence=Confidence.M_MED,
        note=f"not assessed: {', '.join(openly)}" if openly else "",
    )


def _span(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low}-{high}"


def grades(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """CROMRIS grades of every unit with a lesion. There is no total: the tool defines none."""
    if case.reading is None:
        return not_applicable(CROMRIS, NO_READING)
    items = []
    for unit in unit_scores(case.reading):
        main = [le for le in unit.lesions if le.site.id == unit.site_id] or list(unit.lesions)
        signals = [le.features.signal_grade for le in unit.lesions]
        known = [s for s in signals if s is not None]
        signal = "not assessed" if not known else str(max(known))
        features = (
            ("soft-tissue oedema", "soft_tissue_oedema"),
            ("periosteal reaction", "periosteal_reaction"),
            ("bony expansion", "bony_expansion"),
            ("physis crossed", "physis_crossed"),
            ("height loss", "height_loss"),
        )
        present = [
            text
            for text, name in features
            if any(getattr(le.features, name) is Assessment.PRESENT for le in main)
        ]
        items.append(
            Item(
                id=unit.site_id,
                label=site(unit.site_id).name,
                text=f"signal grade {signal}, size grade {_span(*unit.extension)}, "
                f"features: {', '.join(present) or 'none stated present'}",
                evidence=of_lesions(unit.lesions),
                confidence=Confidence.M_MED,
            )
        )
    return not_computable(
        CROMRIS,
        tuple(items),
        "the tool defines no total; grades are listed for each unit",
        rule="Signal 0 to 2 (M-low), size 0 to 3, associated features present or absent, per bone unit.",
    )


def rai(reading: Reading) -> tuple[float, float]:
    """Least and most RAI of a reading."""
    result = score(Case(reading=reading))
    if result.state is State.NOT_APPLICABLE or result.low is None or result.high is None:
        return 0.0, float("nan")
    return result.low, result.high
