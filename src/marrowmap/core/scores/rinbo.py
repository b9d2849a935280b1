"""RINBO, the radiologic index for NBO (2017): its four inputs. The points are missing from our sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from marrowmap.core.counted import counted
from marrowmap.core.lesion import Activity, Assessment, Lesion
from marrowmap.core.reading import Reading
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import of_lesions
from marrowmap.core.rules.findings import NO_READING
from marrowmap.core.scores import citations
from marrowmap.core.scores.result import (
    Confidence,
    Item,
    ScoreResult,
    System,
    SystemState,
    not_applicable,
    not_computable,
    summed,
)
from marrowmap.core.scores.table import Entry, form_of
from marrowmap.core.site import Region, all_sites

SYSTEM = System(
    id="rinbo",
    name="RINBO",
    year=2017,
    citation=citations.ARNOLDI,
    doi="10.1007/s00330-016-4586-x",
    state=SystemState.COMPONENTS_ONLY,
    confidence=Confidence.GAP,
    higher_means="more radiologic disease burden",
    purpose="grade disease intensity on whole-body MRI and follow it",
    gap="enter the points and limits from the table defining RINBO in Arnoldi 2017",
    page="rinbo",
)
RULE = "Sum of points for four inputs; inactive lesions count for none of them."


@dataclass(frozen=True)
class RinboInputs:
    """The four inputs. max_size_mm: None without an active lesion, or when ``unmeasured`` is not empty.

    unsettled: lesions whose activity is not assessed; they may or may not count.
    unmeasured: active lesions without a diameter. unseen: why further lesions may exist; "" when they may not.
    """

    n_ral: int
    max_size_mm: float | None
    extramedullary: bool | None
    spinal: bool | None
    unsettled: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()
    unseen: str = ""


def rinbo_inputs(lesions: tuple[Lesion, ...]) -> RinboInputs:
    """RINBO's inputs from radiologically active lesions. False needs every lesion to have been looked at."""
    active = tuple(le for le in lesions if le.is_active)
    unsettled = tuple(le for le in lesions if le.activity is Activity.NOT_ASSESSED)
    sizes = [le.max_diameter_mm for le in active if le.max_diameter_mm is not None]
    beyond = [le.is_extramedullary for le in active]
    extramedullary = None
    if Assessment.PRESENT in beyond:
        extramedullary = True
    elif Assessment.NOT_ASSESSED not in beyond and not unsettled:
        extramedullary = False
    spinal = any(le.is_spinal for le in active)
    return RinboInputs(
        n_ral=len(active),
        max_size_mm=max(sizes, default=None),
        extramedullary=extramedullary,
        spinal=True if spinal else (None if any(le.is_spinal for le in unsettled) else False),
        unsettled=tuple(le.id for le in unsettled),
        unmeasured=tuple(le.id for le in active if le.max_diameter_mm is None),
    )


def inputs_of(reading: Reading) -> RinboInputs:
    """RINBO's inputs of a reading: what is absent from a part of the body is not absent from the child."""
    known = rinbo_inputs(reading.lesions)
    outside = reading.not_covered | reading.left_open()
    spine_seen = not any(s.region is Region.SPINE and s.id in outside for s in all_sites())
    return replace(
        known,
        extramedullary=known.extramedullary or (None if reading.not_whole else known.extramedullary),
        spinal=known.spinal or (known.spinal if spine_seen and reading.whole_body else None),
        unseen=reading.not_whole,
    )


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The four inputs, and the total when the site has entered the table."""
    if case.reading is None:
        return not_applicable(SYSTEM, NO_READING)
    inputs = inputs_of(case.reading)
    items = _items(case, inputs)
    table = rules.tables.get(SYSTEM.id)
    details = {
        "n_ral": inputs.n_ral,
        "max_size_mm": inputs.max_size_mm,
        "extramedullary": inputs.extramedullary,
        "spinal": inputs.spinal,
    }
    if table is None:
        return not_computable(
            SYSTEM,
            items,
            f"definition missing ({form_of('rinbo').missing})",
            rule=RULE,
            extra=(_in_words(inputs),),
            details=details,
        )
    priced = _priced(items, inputs, table.entries, len(inputs.unsettled))
    return summed(SYSTEM, priced, None, rule=RULE, table=table, extra=(_in_words(inputs),), details=details)


def _items(case: Case, inputs: RinboInputs) -> tuple[Item, ...]:
    active = case.active_lesions
    beyond = tuple(le for le in active if le.is_extramedullary is Assessment.PRESENT)
    spinal = tuple(le for le in active if le.is_spinal)
    largest = tuple(
        le for le in active if le.max_diameter_mm is not None and le.max_diameter_mm == inputs.max_size_mm
    )
    size = "no active lesion" if not active else "not measured"
    if inputs.max_size_mm is not None:
        size = f"{inputs.max_size_mm:g} mm"
    unmeasured = (
        f"{counted(len(inputs.unmeasured), 'active lesion')} without a diameter" if inputs.unmeasured else ""
    )
    unsettled = (
        f"activity of {counted(len(inputs.unsettled), 'lesion')} not assessed" if inputs.unsettled else ""
    )
    at_least = "at least " if inputs.unseen else ""
    if inputs.unseen and not active:
        size = "no active lesion seen"
    return (
        Item(
            "n_ral",
            "radiologically active lesions",
            Assessment.NOT_ASSESSED if inputs.unsettled or inputs.unseen else None,
            text=f"{at_least}{inputs.n_ral}",
            evidence=of_lesions(active),
            note="; ".join(t for t in (unsettled, inputs.unseen) if t),
        ),
        Item(
            "max_size_mm",
            "largest active lesion",
            Assessment.NOT_ASSESSED if inputs.unmeasured or inputs.unsettled or inputs.unseen else None,
            text=size,
            evidence=of_lesions(largest),
            note=unmeasured,
        ),
        Item(
            "extramedullary",
            "extramedullary involvement (periosteum or soft tissue)",
            Assessment.of(inputs.extramedullary),
            text=_word(inputs.extramedullary),
            evidence=of_lesions(beyond),
            confidence=Confidence.M_MED,
        ),
        Item(
            "spinal",
            "spinal involvement",
            Assessment.of(inputs.spinal),
            text=_word(inputs.spinal),
            evidence=of_lesions(spinal),
        ),
    )


def _word(value: bool | None) -> str:
    return {True: "present", False: "absent", None: "not assessed"}[value]


def _in_words(inputs: RinboInputs) -> str:
    size = "not measured" if inputs.unmeasured else "none"
    if inputs.max_size_mm is not None:
        size = f"{inputs.max_size_mm:g} mm"
    least = "at least " if inputs.unseen else ""
    return (
        f"RINBO inputs: {least}{counted(inputs.n_ral, 'active lesion')}, largest {size}, extramedullary "
        f"{_word(inputs.extramedullary)}, spinal {_word(inputs.spinal)}."
    )


def _priced(
    items: tuple[Item, ...], inputs: RinboInputs, entries: Mapping[str, Entry], unsettled: int
) -> tuple[Item, ...]:
    n, size, beyond, spinal = (entries[k] for k in ("n_ral", "max_size_mm", "extramedullary", "spinal"))
    known_size = inputs.max_size_mm or 0.0
    size_open = bool(inputs.unmeasured or unsettled or inputs.unseen)
    most = n.highest if inputs.unseen else n.points_for(inputs.n_ral + unsettled)
    bounds = (
        (n.points_for(inputs.n_ral), most),
        (size.points_for(known_size), size.highest if size_open else size.points_for(known_size)),
        _flag(beyond, inputs.extramedullary),
        _flag(spinal, inputs.spinal),
    )
    return tuple(replace(i, low=lo, high=hi) for i, (lo, hi) in zip(items, bounds, strict=True))


def _flag(entry: Entry, value: bool | None) -> tuple[float, float]:
    if value is None:
        return entry.lowest, entry.highest
    worth = entry.points_of("present" if value else "absent")
    return worth, worth
