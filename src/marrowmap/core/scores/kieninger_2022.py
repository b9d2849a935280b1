"""Kieninger 2022: relative change of lesion volume, and lesion-to-muscle signal ratio. No cut-off exists."""

from __future__ import annotations

from marrowmap.core.counted import counted
from marrowmap.core.followup.change import Change, ChangeClass, changes_between
from marrowmap.core.followup.limits import FollowupLimits
from marrowmap.core.lesion import Assessment
from marrowmap.core.reading import Reading
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import of_lesion
from marrowmap.core.scores import citations
from marrowmap.core.scores.result import (
    Confidence,
    Item,
    ScoreResult,
    State,
    System,
    SystemState,
    not_applicable,
    with_sentences,
)
from marrowmap.core.site import site

SYSTEM = System(
    id="kieninger_2022",
    name="Kieninger volume and signal-ratio change",
    year=2022,
    citation=citations.KIENINGER,
    doi="10.1259/bjr.20211091",
    state=SystemState.UNVERIFIED,
    confidence=Confidence.M_MED,
    higher_means="positive change: larger or brighter",
    purpose="quantitative response; responders lost more volume",
    gap="responder rule and placement of the muscle region in Kieninger 2022, methods (open access)",
    page="kieninger_2022",
)
RULE = (
    "Volume change (V1 - V0) / V0; signal ratio = mean lesion signal / mean muscle signal in the same series."
)


def si_ratio(lesion_mean: float, muscle_mean: float) -> float:
    """Lesion over muscle, same series, same station. ValueError unless muscle is above 0."""
    if muscle_mean <= 0:
        raise ValueError(f"the muscle mean must be above 0, got {muscle_mean}")
    return lesion_mean / muscle_mean


def volume_change(before_ml: float, now_ml: float) -> float | None:
    """Relative change, -0.4 for 40 % smaller; None for a volume of 0 before."""
    return None if before_ml == 0 else (now_ml - before_ml) / before_ml


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Change of each followed lesion, and of the summed volume of all lesions measured at both times.

    A resolved lesion has no volume left, so it counts as measured when it was measured before.
    """
    first, then = case.earlier_reading, case.reading
    if then is None or first is None:
        return not_applicable(SYSTEM, "needs two readings")
    changes = tuple(
        c
        for c in changes_between(first, then, FollowupLimits(change=rules.limits))
        if c.before and c.course is not ChangeClass.NOT_COMPARABLE
    )
    items = tuple(_item(c, first, then) for c in changes)
    volumes = [v for v in map(_volumes, changes) if v is not None]
    measured = len(volumes)
    before, now = sum(v for v, _ in volumes), sum(v for _, v in volumes)
    total = volume_change(before, now) if volumes else None
    if total is None:
        answer, text = "indeterminate", "no lesion was measured at both times"
    else:
        answer = f"{total * 100:+.0f} % volume"
        text = f"{answer} over {measured} of {counted(len(changes), 'followed lesion')}"
    result = ScoreResult(
        system=SYSTEM,
        state=State.INDETERMINATE if total is None else State.COMPUTED,
        answer=answer,
        value=None if total is None else round(total * 100, 6),
        low=None if total is None else round(total * 100, 6),
        high=None if total is None else round(total * 100, 6),
        items=items,
        missing=tuple(i.label for i in items if i.state is Assessment.NOT_ASSESSED),
        rule=RULE,
        details={"volume_before_ml": before, "volume_now_ml": now, "lesions_measured": measured},
    )
    return with_sentences(result, (f"{SYSTEM.name}: {text}; no cut-off is published.",))


def _volumes(change: Change) -> tuple[float, float] | None:
    """Summed volume before and now in ml; None unless measured at both times."""
    volume = change.measure("volume")
    if volume is None or not volume.before:
        return None
    if change.course is ChangeClass.RESOLVED:
        return volume.before, 0.0
    return None if volume.after is None else (volume.before, volume.after)


def _item(change: Change, before: Reading, after: Reading) -> Item:
    """A followed lesion; its evidence are the lesions of both readings."""
    volumes, signal = _volumes(change), change.measure("signal ratio")
    parts = [] if volumes is None else [f"volume {(volumes[1] / volumes[0] - 1) * 100:+.0f} %"]
    if signal is not None and signal.percent is not None:
        parts.append(f"signal ratio {signal.percent:+.0f} %")
    old = [x for x in before.lesions if x.id in change.before]
    new = [x for x in after.lesions if x.id in change.after]
    return Item(
        id=change.before[0],
        label=site(change.site_id).name,
        state=None if parts else Assessment.NOT_ASSESSED,
        text=", ".join(parts),
        evidence=tuple(of_lesion(x) for x in (*old, *new)),
        note="" if parts else "not measured at both times",
    )
