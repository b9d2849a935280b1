"""Distribution patterns: Andronikou's three, the typical picture, symmetry and multifocality.

The words are published, the numeric limits are ours (``configuration.Limits``) and named in every output.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from marrowmap.core.counted import counted
from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.rules import findings
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Limits, Rulebook, explain
from marrowmap.core.rules.evidence import of_lesions
from marrowmap.core.scores import citations
from marrowmap.core.scores.result import (
    Confidence,
    Item,
    ScoreResult,
    State,
    System,
    SystemState,
    decide,
    missing_of,
    not_applicable,
    with_sentences,
)
from marrowmap.core.site import Region, Side, mirror

PATTERN = System(
    id="andronikou_patterns",
    name="Andronikou pattern",
    year=2019,
    citation=citations.ANDRONIKOU,
    state=SystemState.UNVERIFIED,
    confidence=Confidence.PROPOSED,
    higher_means="a name, not a number",
    purpose="name the distribution of lesions on whole-body MRI",
    gap="numeric limits of the patterns, and the percentage for the mandible, in Clin Radiol 2019",
    page="patterns",
)
TYPICAL = System(
    id="typical_picture",
    name="Typical whole-body picture",
    year=2013,
    citation=citations.VON_KALLE + "; wording of " + citations.SEED_REVIEW,
    state=SystemState.UNVERIFIED,
    confidence=Confidence.PROPOSED,
    higher_means="more typical findings",
    purpose="say how many of the typical MRI findings are there",
    page="patterns",
)
SYMMETRY = System(
    id="symmetry",
    name="Symmetry of lesions",
    year=None,
    citation="definition of this project; no paper in reach defines it",
    state=SystemState.UNVERIFIED,
    confidence=Confidence.PROPOSED,
    higher_means="more lesions with a partner on the other side",
    purpose="feed Jansson 2009 and EULAR/ACR 2025, in which symmetry earns points",
    gap="a published definition of a symmetric lesion",
    page="patterns",
)
MULTIFOCAL = System(
    id="multifocality",
    name="Multifocality",
    year=2022,
    citation=citations.SEED_REVIEW,
    state=SystemState.VERIFIED,
    confidence=Confidence.V,
    higher_means="several lesions",
    purpose="one lesion or several",
    page="patterns",
)

_APPENDICULAR = (Region.UPPER_LIMB, Region.HAND, Region.LOWER_LIMB, Region.FOOT)


class Pattern(StrEnum):
    """Andronikou's three patterns, and none of them."""

    CROSSOVER = "tibio-clavicular crossover"
    PAUCIFOCAL = "claviculo-spinal paucifocal"
    APPENDICULAR = "tibio-appendicular multifocal"
    NONE = "none of the three"


def _has(lesion: Lesion, bone: str) -> bool:
    return any(s.bone == bone for s in lesion.sites)


def pattern_of(lesions: tuple[Lesion, ...], limits: Limits) -> Pattern:
    """The pattern of these lesions, crossover first: it overlaps the others (order, limits ours)."""
    clavicle = [le for le in lesions if _has(le, "clavicle")]
    tibia = any(_has(le, "tibia") for le in lesions)
    if clavicle and tibia:
        return Pattern.CROSSOVER
    if clavicle:
        others = [le for le in lesions if le not in clavicle]
        spinal = sum(le.is_spinal for le in others)
        few = len(lesions) <= limits.paucifocal_max_lesions
        if few and (not others or 100 * spinal >= limits.paucifocal_spinal_percent * len(others)):
            return Pattern.PAUCIFOCAL
        return Pattern.NONE
    appendicular = sum(le.site.region in _APPENDICULAR for le in lesions)
    enough = 100 * appendicular >= limits.appendicular_percent * len(lesions)
    return Pattern.APPENDICULAR if tibia and len(lesions) >= 2 and enough else Pattern.NONE


def pattern(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The pattern of all lesions. A regional examination leaves it open."""
    if case.reading is None:
        return not_applicable(PATTERN, findings.NO_READING)
    found = pattern_of(case.lesions, rules.limits)
    # Crossover cannot be undone by further lesions; every other answer can.
    settled = not case.reading.not_whole or found is Pattern.CROSSOVER
    answer = str(found) if settled else "indeterminate"
    names = (
        "paucifocal_max_lesions",
        "paucifocal_spinal_percent",
        "appendicular_percent",
    )
    result = ScoreResult(
        system=PATTERN,
        state=State.COMPUTED if settled else State.INDETERMINATE,
        answer=answer,
        items=_region_items(case.lesions),
        missing=() if settled else (case.reading.not_whole,),
        rule="Crossover: clavicle and tibia. Paucifocal: clavicle, no tibia, few others, mostly spinal. "
        "Appendicular: tibia, no clavicle, several lesions, mostly in the limbs.",
        ours=explain(rules.limits, *names),
    )
    return with_sentences(result, (f"{PATTERN.name}: {answer}.",))


def _region_items(lesions: tuple[Lesion, ...]) -> tuple[Item, ...]:
    groups = {
        "clavicle": tuple(le for le in lesions if _has(le, "clavicle")),
        "tibia": tuple(le for le in lesions if _has(le, "tibia")),
        "spine": tuple(le for le in lesions if le.is_spinal),
        "limbs": tuple(le for le in lesions if le.site.region in _APPENDICULAR),
    }
    return tuple(
        Item(name, f"lesions in {name}", text=f"{len(found)} of {len(lesions)}", evidence=of_lesions(found))
        for name, found in groups.items()
    )


def typical(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Whether at least two of the five typical findings are there (rule ours, wording of Nico 2022)."""
    if case.reading is None:
        return not_applicable(TYPICAL, findings.NO_READING)
    lower = ("femur", "tibia", "fibula")
    metaphyseal = tuple(
        le
        for le in case.lesions
        if any(s.bone in lower and s.segment.is_metaphyseal for s in le.sites)
        or (
            any(s.bone in lower for s in le.sites)
            and Assessment.PRESENT in (le.features.next_to_physis, le.features.physis_crossed)
        )
    )
    groups: dict[str, tuple[str, tuple[Lesion, ...]]] = {
        "metaphysis": ("metaphyseal lesion at a growth plate of a lower-limb long bone", metaphyseal),
        "spine": ("spine", tuple(le for le in case.lesions if le.is_spinal)),
        "pelvis": (
            "pelvis",
            tuple(le for le in case.lesions if any(s.region is Region.PELVIS for s in le.sites)),
        ),
        "clavicle": ("clavicle", tuple(le for le in case.lesions if _has(le, "clavicle"))),
        "sternum": ("sternum", tuple(le for le in case.lesions if _has(le, "sternum"))),
    }
    beside = any(
        any(s.bone in lower for s in le.sites)
        and Assessment.NOT_ASSESSED in (le.features.next_to_physis, le.features.physis_crossed)
        for le in case.lesions
    )
    opened = dict.fromkeys(groups, case.reading.not_whole)
    if beside and not metaphyseal:
        opened["metaphysis"] = "whether a lesion lies next to a growth plate is not assessed"
    items = tuple(
        Item(
            name,
            label,
            _seen_or_open(found, not opened[name]),
            evidence=of_lesions(found),
            note="" if found else opened[name],
        )
        for name, (label, found) in groups.items()
    )
    needed = rules.limits.typical_findings_needed
    verdict = decide(
        lambda held: sum(held.values()) >= needed, {i.id: i.state.as_bool() for i in items if i.state}
    )
    n = sum(i.state is Assessment.PRESENT for i in items)
    answer = {True: "typical", False: "not typical", None: "indeterminate"}[verdict]
    result = ScoreResult(
        system=TYPICAL,
        state=State.INDETERMINATE if verdict is None else State.COMPUTED,
        answer=answer,
        items=items,
        missing=missing_of(items),
        rule="At least two of: metaphysis at a lower-limb growth plate, spine, pelvis, clavicle, sternum.",
        ours=explain(rules.limits, "typical_findings_needed"),
        details={"findings": n},
    )
    return with_sentences(result, (f"{TYPICAL.name}: {answer} ({n} of 5 typical findings).",))


def _seen_or_open(found: tuple[Lesion, ...], all_seen: bool) -> Assessment:
    if found:
        return Assessment.PRESENT
    return Assessment.ABSENT if all_seen else Assessment.NOT_ASSESSED


@dataclass(frozen=True)
class Symmetry:
    """paired: active lesions with a partner; eligible: those in paired bones; all_active: all of them."""

    paired: int
    eligible: int
    all_active: int
    pairs: tuple[tuple[Lesion, Lesion], ...]


def symmetry_of(lesions: tuple[Lesion, ...]) -> Symmetry:
    """Pairs among active lesions; midline bones (and the mandible, one bone) are neutral."""
    active = tuple(le for le in lesions if le.is_active)
    pairs = findings.paired_lesions(active)
    members = {id(le) for pair in pairs for le in pair}
    eligible = [le for le in active if any(mirror(s) and s.bone != "mandible" for s in le.sites)]
    return Symmetry(len(members), len(eligible), len(active), pairs)


def symmetry(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Patient-level symmetry, and the share of lesions that have a partner."""
    if case.reading is None:
        return not_applicable(SYMMETRY, findings.NO_READING)
    fact, found = findings.symmetric(case), symmetry_of(case.lesions)
    answer = {True: "symmetric", False: "not symmetric", None: "indeterminate"}[fact.holds]
    pairs = tuple(
        Item(
            f"{right.id}+{left.id}",
            f"{_unsided(right)} on both sides",
            Assessment.PRESENT,
            evidence=of_lesions((right, left)),
        )
        for right, left in found.pairs
    )
    share = f"{found.paired} of {found.eligible} active lesions in paired bones have a partner"
    result = ScoreResult(
        system=SYMMETRY,
        state=State.INDETERMINATE if fact.holds is None else State.COMPUTED,
        answer=answer,
        items=pairs,
        missing=(fact.note,) if fact.note else (),
        rule="A pair of active lesions in the same bone and the same segment on both sides.",
        ours=(
            "Ours (PROPOSED): at least one pair makes a patient symmetric; midline bones are neutral. "
            "Cohorts disagree (75 % symmetric in one, 80 % asymmetric in another).",
        ),
        details={"paired": found.paired, "eligible": found.eligible, "active": found.all_active},
    )
    return with_sentences(result, (f"{SYMMETRY.name}: {answer}; {share}.",))


def _unsided(lesion: Lesion) -> str:
    side = lesion.site.side
    return lesion.site.name if side is Side.MIDLINE else lesion.site.name.removeprefix(f"{side} ")


def multifocality(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Several lesions, one, or none; one on a regional examination stays open."""
    if case.reading is None:
        return not_applicable(MULTIFOCAL, findings.NO_READING)
    fact, n = findings.multifocal(case), len(case.lesions)
    single = "unifocal" if n == 1 else "no lesion"
    answer = {True: "multifocal", False: single, None: "indeterminate"}[fact.holds]
    result = ScoreResult(
        system=MULTIFOCAL,
        state=State.INDETERMINATE if fact.holds is None else State.COMPUTED,
        answer=answer,
        items=(Item("lesions", "lesions", None, n, n, str(n), fact.evidence),),
        missing=(fact.note,) if fact.note else (),
        rule="More than one lesion; fewer only when the whole body was imaged.",
    )
    tail = f" {fact.note.capitalize()}." if fact.note else ""
    return with_sentences(result, (f"{MULTIFOCAL.name}: {answer} ({counted(n, 'lesion')}).{tail}",))
