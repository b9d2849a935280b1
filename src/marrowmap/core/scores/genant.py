"""Genant semiquantitative grade of vertebral height loss. The published ranges share end points."""

from __future__ import annotations

from dataclasses import dataclass

from marrowmap.core.lesion import Assessment, VertebralHeights
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook, explain
from marrowmap.core.rules.evidence import of_lesion
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
    with_sentences,
)

SYSTEM = System(
    id="genant",
    name="Genant grade",
    year=1993,
    citation=citations.GENANT,
    state=SystemState.VERIFIED,
    confidence=Confidence.V,
    higher_means="more height loss (0 to 3)",
    purpose="grade vertebral compression; made for adults on radiographs",
    page="genant",
)
RULE = "Largest height loss: under 20 % grade 0, 20-25 % grade 1, 25-40 % grade 2, over 40 % grade 3."
OURS = (
    "Ours (PROPOSED): exactly 25 % is grade 1 and exactly 40 % is grade 2; grade 1 in a child is reported as "
    "possible physiological wedging unless the reader states height loss."
)
WORDS = {0: "none", 1: "mild", 2: "moderate", 3: "severe"}


@dataclass(frozen=True)
class HeightLoss:
    """Height loss in percent of anterior, middle and posterior height; None: not measured."""

    anterior: float | None
    middle: float | None
    posterior: float | None

    @property
    def largest(self) -> float | None:
        """The loss that is graded; None when no height could be compared."""
        known = [x for x in (self.anterior, self.middle, self.posterior) if x is not None]
        return max(known, default=None)

    @property
    def shape(self) -> str:
        """wedge, biconcave or crush when the loss reaches 20 %; "" below or unknown."""
        if self.largest is None or self.largest < 20:
            return ""
        if self.posterior is not None and self.posterior >= 20:
            return "crush"
        return "biconcave" if self.middle == self.largest and self.middle != self.anterior else "wedge"


def grade(loss_percent: float) -> int:
    """Grade 0 to 3 of a height loss in percent."""
    if loss_percent < 20:
        return 0
    if loss_percent <= 25:
        return 1
    return 2 if loss_percent <= 40 else 3


def height_loss(heights: VertebralHeights) -> HeightLoss:
    """Loss against the vertebra's own posterior height, or the neighbours when that is low itself.

    The posterior height is compared with ``reference_mm``, the mean of the neighbours; without a reference it
    is not graded. Heights above the reference give a loss of 0.
    """
    posterior_loss = _loss(heights.posterior_mm, heights.reference_mm)
    base = heights.posterior_mm
    if base is None or (posterior_loss is not None and posterior_loss >= 20):
        base = heights.reference_mm
    return HeightLoss(_loss(heights.anterior_mm, base), _loss(heights.middle_mm, base), posterior_loss)


def _loss(measured: float | None, reference: float | None) -> float | None:
    if measured is None or not reference:
        return None
    return max(0.0, round((1 - measured / reference) * 100, 9))


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """Grades of every measured vertebra; the value is the highest grade."""
    if case.reading is None:
        return not_applicable(SYSTEM, NO_READING)
    items, grades = [], []
    for lesion in case.lesions:
        if not lesion.site.is_vertebra:
            continue
        loss = height_loss(lesion.features.heights)
        if loss.largest is None:
            items.append(
                Item(
                    lesion.id,
                    lesion.site.name,
                    Assessment.NOT_ASSESSED,
                    evidence=(of_lesion(lesion),),
                    note="heights not measured",
                )
            )
            continue
        number = grade(loss.largest)
        grades.append(number)
        text = f"{loss.largest:.3g} % loss, grade {number} ({WORDS[number]})"
        if loss.shape:
            text += f", {loss.shape}"
        if loss.largest > rules.limits.vertebra_plana_percent:
            text += ", vertebra plana"
        stated = lesion.features.height_loss is Assessment.PRESENT
        note = "may be physiological wedging; look for endplate change" if number == 1 and not stated else ""
        items.append(
            Item(
                lesion.id, lesion.site.name, None, number, number, text, (of_lesion(lesion, text),), note=note
            )
        )
    if not items:
        return not_applicable(SYSTEM, "no vertebral lesion")
    unmeasured = [i.label for i in items if i.low is None]
    worst = max(grades, default=None)
    top = None if worst is None else (3 if unmeasured else worst)
    if worst is None:
        answer = "indeterminate"
    elif worst == top:
        answer = f"highest grade {worst} ({WORDS[worst]})"
    else:
        answer = f"at least grade {worst} ({WORDS[worst]})"
    result = ScoreResult(
        system=SYSTEM,
        state=State.COMPUTED if worst is not None and worst == top else State.INDETERMINATE,
        answer=answer,
        value=float(worst) if worst is not None and worst == top else None,
        low=None if worst is None else float(worst),
        high=None if top is None else float(top),
        items=tuple(items),
        missing=tuple(f"{name}: heights not measured" for name in unmeasured),
        rule=RULE,
        ours=(OURS, *explain(rules.limits, "vertebra_plana_percent")),
        details={"measured": len(grades), "vertebrae": len(items)},
    )
    text = f"{SYSTEM.name}: {result.answer}, {len(grades)} of {len(items)} affected vertebrae measured."
    return with_sentences(result, (text, "The scale was made for adults on radiographs."))
