"""PedCNO 30, 50, 70 and 90: relative change of five variables between two visits (2010; 90 %: 2025)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from marrowmap.core.lesion import Activity, Assessment
from marrowmap.core.reading import Reading
from marrowmap.core.record.units import Analyte
from marrowmap.core.record.visit import Visit
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import Evidence
from marrowmap.core.scores import chaq, citations
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
    id="pedcno",
    name="PedCNO 30/50/70/90",
    year=2010,
    citation=citations.BECK,
    doi="10.1186/ar2992",
    state=SystemState.UNVERIFIED,
    confidence=Confidence.M_HIGH,
    higher_means="better response",
    purpose="response to treatment against baseline; says nothing about absolute activity",
    gap="check the worsening margin and the zero rule in Beck 2010, methods",
    page="pedcno",
)
LEVELS = (30, 50, 70, 90)
VARIABLES: Mapping[str, str] = {
    "esr": "ESR (mm/h)",
    "lesions": "radiological lesions",
    "physician_global": "physician global (0-10)",
    "patient_global": "patient or parent global (0-10)",
    "chaq": "CHAQ (0-3)",
}
WORSENING_PERCENT = 30.0
RULE = (
    "Response X: at least X % better in at least 3 of 5 variables, and at most one of the rest more than "
    "30 % worse."
)
OURS = (
    "Ours (PROPOSED): a variable at 0 at baseline is unchanged when still 0 and worse when above 0, never "
    "better; lesions are counted in units seen at both times; a missing variable is tried as better, "
    "unchanged and worse, and the answer stands if all agree."
)


class Change(StrEnum):
    """What became of one variable."""

    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    WORSENED = "worsened"


@dataclass(frozen=True)
class Pair:
    """One variable at baseline and now; None: not recorded."""

    baseline: float | None
    now: float | None

    @property
    def improvement_percent(self) -> float | None:
        """(baseline - now) / baseline in percent; None when a value is missing or baseline is 0."""
        if self.baseline is None or self.now is None or self.baseline == 0:
            return None
        # Nine digits, so that exactly 30 % is 30 % for values that have no exact binary form.
        return round((self.baseline - self.now) / self.baseline * 100, 9)

    def change(self, level: float) -> Change | None:
        """Improved by at least ``level`` percent, worse by more than 30 %, or neither; None when missing."""
        if self.baseline is None or self.now is None:
            return None
        if self.baseline == 0:
            return Change.UNCHANGED if self.now == 0 else Change.WORSENED
        percent = self.improvement_percent
        assert percent is not None
        if percent >= level:
            return Change.IMPROVED
        return Change.WORSENED if percent < -WORSENING_PERCENT else Change.UNCHANGED


def responds(variables: Mapping[str, Pair], level: float) -> bool | None:
    """Whether PedCNO ``level`` is reached; None exactly when missing variables could turn the answer."""
    changes = [variables[name].change(level) for name in VARIABLES]
    known = [c for c in changes if c is not None]
    verdicts = {_reached([*known, *rest]) for rest in product(Change, repeat=len(changes) - len(known))}
    return verdicts.pop() if len(verdicts) == 1 else None


def _reached(changes: list[Change]) -> bool:
    return changes.count(Change.IMPROVED) >= 3 and changes.count(Change.WORSENED) <= 1


def variables_of(
    visit: Visit | None, reading: Reading | None, units: frozenset[str] | None = None
) -> dict[str, float | None]:
    """The five variables of one time point. Lesions are counted in whole-body readings, in ``units`` seen."""
    esr = visit.lab(Analyte.ESR) if visit else None
    index = chaq.index_of(visit) if visit else None
    return {
        "esr": None if esr is None or esr.below else esr.value,
        "lesions": _count(reading, units),
        "physician_global": visit.outcomes.physician_global if visit else None,
        "patient_global": visit.outcomes.patient_global if visit else None,
        "chaq": None if index is None else index,
    }


def _count(reading: Reading | None, units: frozenset[str] | None) -> float | None:
    if reading is None or not reading.whole_body:
        return None
    if any(le.activity is Activity.NOT_ASSESSED for le in reading.lesions):
        return None
    return float(sum(units is None or le.site.id in units for le in reading.active_lesions))


def pairs_of(case: Case) -> dict[str, Pair]:
    """Baseline and present value of each variable."""
    # A lesion outside the coverage of one examination must not look like one that came or went.
    both = [r.units_seen() for r in (case.earlier_reading, case.reading) if r is not None]
    units = frozenset.intersection(*both) if both else None
    before = variables_of(case.earlier_visit, case.earlier_reading, units)
    now = variables_of(case.visit, case.reading, units)
    return {name: Pair(before[name], now[name]) for name in VARIABLES}


def score(case: Case, rules: Rulebook = DEFAULT_RULES) -> ScoreResult:
    """The highest level reached, with each level and each variable."""
    if case.earlier_visit is None and case.earlier_reading is None:
        return not_applicable(SYSTEM, "needs a baseline visit and reading to compare with")
    return compare(pairs_of(case))


def compare(variables: Mapping[str, Pair]) -> ScoreResult:
    """PedCNO from baseline and present values of the five variables."""
    items = tuple(_item(name, variables[name]) for name in VARIABLES)
    answers = {level: responds(variables, level) for level in LEVELS}
    reached = [level for level, yes in answers.items() if yes]
    undecided = [level for level, yes in answers.items() if yes is None]
    words = {True: "yes", False: "no", None: "indeterminate"}
    listed = ", ".join(f"PedCNO{level} {words[yes]}" for level, yes in answers.items())
    if undecided:
        answer = "indeterminate" + (f", at least PedCNO{max(reached)}" if reached else "")
    else:
        answer = f"PedCNO{max(reached)} reached" if reached else "no response"
    result = ScoreResult(
        system=SYSTEM,
        state=State.INDETERMINATE if undecided else State.COMPUTED,
        answer=answer,
        items=items,
        missing=tuple(i.label for i in items if i.state is Assessment.NOT_ASSESSED),
        rule=RULE,
        ours=(OURS,),
        details={"levels": {f"PedCNO{level}": words[yes] for level, yes in answers.items()}},
    )
    return with_sentences(result, (f"{SYSTEM.name}: {listed}.",))


def _item(name: str, pair: Pair) -> Item:
    percent = pair.improvement_percent
    if pair.baseline is None or pair.now is None:
        text, note = "", "baseline or present value not recorded"
    else:
        change = (
            f"{abs(percent):.3g} % {'better' if percent >= 0 else 'worse'}"
            if percent is not None
            else "baseline 0 has no percentage"
        )
        text, note = f"{pair.baseline:g} to {pair.now:g} ({change})", ""
    return Item(
        id=name,
        label=VARIABLES[name],
        state=Assessment.NOT_ASSESSED if note else None,
        text=text,
        evidence=(Evidence("visit", name, text),) if text else (),
        confidence=Confidence.V,
        note=note,
    )
