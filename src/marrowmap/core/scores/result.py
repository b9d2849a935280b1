"""What every score answers with: a value or a range, what it was made of, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product

from marrowmap.core.lesion import Assessment
from marrowmap.core.rules.evidence import Evidence, Fact
from marrowmap.core.scores.table import ScoreTable


class State(StrEnum):
    """Whether there is an answer.

    INDETERMINATE: the definition is known, but what is missing could turn the answer.
    NOT_COMPUTABLE: the definition is not in our sources. NOT_APPLICABLE: the case is not one for this system.
    """

    COMPUTED = "computed"
    INDETERMINATE = "indeterminate"
    NOT_COMPUTABLE = "not_computable"
    NOT_APPLICABLE = "not_applicable"


class Confidence(StrEnum):
    """How sure we are of a definition; docs/clinical/README.md explains the labels."""

    V = "V"
    D = "D"
    M_HIGH = "M-high"
    M_MED = "M-med"
    M_LOW = "M-low"
    GAP = "GAP"
    PROPOSED = "PROPOSED"


CONFIDENCE_WORDS: Mapping[Confidence, str] = {
    Confidence.V: "read in the source",
    Confidence.D: "derived from published figures",
    Confidence.M_HIGH: "from memory, likely right, not verified",
    Confidence.M_MED: "from memory, may be wrong, not verified",
    Confidence.M_LOW: "from memory, weak",
    Confidence.GAP: "definition not found",
    Confidence.PROPOSED: "ours, not published",
}
"""The labels in words."""


class SystemState(StrEnum):
    """How much of a published system this package can compute.

    VERIFIED: every rule was read in a source or derived from one. UNVERIFIED: computed, partly from memory
    or our own. COMPONENTS_ONLY: inputs are shown, the total is not, because its definition is missing.
    """

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    COMPONENTS_ONLY = "components_only"


@dataclass(frozen=True)
class System:
    """A published score, criterion or rule. id: stable key; year: of publication, None where ours alone."""

    id: str
    name: str
    year: int | None
    citation: str
    state: SystemState
    confidence: Confidence
    higher_means: str
    purpose: str
    gap: str = ""
    doi: str = ""
    page: str = ""


@dataclass(frozen=True)
class Item:
    """One part of a score. low, high: points it gives at least and at most; None: gives no points.

    state: whether the finding is there; None for items that are numbers. text: the value in words.
    """

    id: str
    label: str
    state: Assessment | None = None
    low: float | None = None
    high: float | None = None
    text: str = ""
    evidence: tuple[Evidence, ...] = ()
    confidence: Confidence = Confidence.V
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether something is missing here."""
        return self.state is Assessment.NOT_ASSESSED or self.low != self.high


@dataclass(frozen=True)
class CutOff:
    """The line that decides. operator: ``>=`` or ``>``. met, not_met: what either side means, in words."""

    operator: str
    value: float
    met: str
    not_met: str
    confidence: Confidence = Confidence.V

    def is_met(self, total: float) -> bool:
        """Whether a total lies on the ``met`` side."""
        return total >= self.value if self.operator == ">=" else total > self.value


@dataclass(frozen=True)
class ScoreResult:
    """An answer that can be traced.

    value: the total when it is known exactly; low, high: its range with missing items at least and at most;
        None where there is no total or no upper end. answer: the verdict as a short key.
    missing: what was not there, in words. ours: sentences naming every choice of ours that was used.
    table: the site's own table when one was used. sentences: the result for people, first sentence first.
    """

    system: System
    state: State
    answer: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    items: tuple[Item, ...] = ()
    missing: tuple[str, ...] = ()
    rule: str = ""
    cut_off: CutOff | None = None
    ours: tuple[str, ...] = ()
    table: ScoreTable | None = None
    sentences: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        """Whether the definition was read in a source, and no site table replaced a part of it."""
        return self.system.state is SystemState.VERIFIED and self.table is None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Everything the answer rests on, each entry once."""
        return tuple(dict.fromkeys(e for item in self.items for e in item.evidence))

    @property
    def lesion_ids(self) -> tuple[str, ...]:
        """Lesions the answer rests on."""
        return tuple(e.id for e in self.evidence if e.kind == "lesion")

    @property
    def range_text(self) -> str:
        """The total or its range in words; "" when there is none."""
        if self.value is not None:
            return f"{self.value:g}"
        if self.low is None:
            return ""
        return f"at least {self.low:g}" if self.high is None else f"{self.low:g} to {self.high:g}"


def points(
    id: str, label: str, fact: Fact, worth: float, *, confidence: Confidence = Confidence.V, note: str = ""
) -> Item:
    """An item that gives ``worth`` points when the fact holds, and 0 to ``worth`` while it is open."""
    low = worth if fact.state is Assessment.PRESENT else 0.0
    high = 0.0 if fact.state is Assessment.ABSENT else worth
    both = "; ".join(t for t in (fact.note, note) if t)
    return Item(id, label, fact.state, min(low, high), max(low, high), "", fact.evidence, confidence, both)


def criterion(id: str, label: str, fact: Fact, *, confidence: Confidence = Confidence.M_HIGH) -> Item:
    """An item without points: met, not met or open."""
    return Item(id, label, fact.state, evidence=fact.evidence, confidence=confidence, note=fact.note)


def missing_of(items: tuple[Item, ...]) -> tuple[str, ...]:
    """Labels of the open items with the reason."""
    return tuple(f"{i.label}: {i.note}" if i.note else i.label for i in items if i.is_open)


def summed(
    system: System,
    items: tuple[Item, ...],
    cut_off: CutOff | None,
    *,
    rule: str,
    ours: tuple[str, ...] = (),
    extra: tuple[str, ...] = (),
    table: ScoreTable | None = None,
    details: Mapping[str, object] | None = None,
) -> ScoreResult:
    """Sum of points with bounds; the answer stands when both bounds lie on one side of the cut-off.

    Without a cut-off any open item leaves the total indeterminate: nothing is filled in.
    """
    low = sum(i.low or 0.0 for i in items)
    highs = [i.high for i in items if i.low is not None]
    high = None if None in highs else sum(h or 0.0 for h in highs)
    exact = low if low == high else None
    missing = missing_of(items)
    if cut_off is None:
        answered = exact is not None
        answer = f"{exact:g}" if exact is not None else "indeterminate"
        verdict = "no cut-off is published"
    else:
        sides = {cut_off.is_met(low), high is None or cut_off.is_met(high)}
        answered = len(sides) == 1
        answer = (cut_off.met if True in sides else cut_off.not_met) if answered else "indeterminate"
        verdict = f"cut-off {cut_off.operator} {cut_off.value:g}: {answer}"
    total = ScoreResult(
        system=system,
        state=State.COMPUTED if answered else State.INDETERMINATE,
        answer=answer,
        value=exact,
        low=low,
        high=high,
        items=items,
        missing=missing,
        rule=rule,
        cut_off=cut_off,
        ours=ours,
        table=table,
        details=details or {},
    )
    first = f"{system.name}: {total.range_text} ({verdict})."
    if missing and not answered:
        first += f" Missing: {', '.join(i.label for i in items if i.is_open)}."
    return with_sentences(total, (first, *extra))


def with_sentences(result: ScoreResult, sentences: tuple[str, ...]) -> ScoreResult:
    """The result with its sentences, and one that says when the definition is not verified."""
    closing = []
    if result.table is not None:
        closing.append(result.table.sentence)
    elif result.system.state is SystemState.UNVERIFIED:
        words = CONFIDENCE_WORDS[result.system.confidence]
        closing.append(f"Not verified in the source ({result.system.confidence}: {words}).")
    return replace(result, sentences=(*sentences, *closing))


def not_computable(
    system: System,
    items: tuple[Item, ...],
    why: str,
    *,
    rule: str = "",
    ours: tuple[str, ...] = (),
    extra: tuple[str, ...] = (),
    details: Mapping[str, object] | None = None,
) -> ScoreResult:
    """Everything that is known, and no total."""
    answer = f"not computable: {why}"
    result = ScoreResult(
        system=system,
        state=State.NOT_COMPUTABLE,
        answer=answer,
        items=items,
        missing=(why, *missing_of(items)),
        rule=rule,
        ours=ours,
        details=details or {},
    )
    remedy = (f"To close the gap: {system.gap}.",) if system.gap else ()
    return with_sentences(result, (f"{system.name}: {answer}.", *extra, *remedy))


def not_applicable(system: System, why: str, items: tuple[Item, ...] = ()) -> ScoreResult:
    """The case is not one for this system."""
    return with_sentences(
        ScoreResult(system, State.NOT_APPLICABLE, f"not applicable: {why}", items=items),
        (f"{system.name}: not applicable, {why}.",),
    )


def decide(rule: Callable[[dict[str, bool]], bool], known: Mapping[str, bool | None]) -> bool | None:
    """The verdict of a rule when some of its facts are open: None exactly when they could turn it."""
    unknown = [name for name, value in known.items() if value is None]
    fixed = {name: value for name, value in known.items() if value is not None}
    verdicts = {
        rule({**fixed, **dict(zip(unknown, values, strict=True))})
        for values in product((False, True), repeat=len(unknown))
    }
    return verdicts.pop() if len(verdicts) == 1 else None


def criteria_met(
    system: System,
    items: tuple[Item, ...],
    verdict: bool | None,
    *,
    rule: str,
    ours: tuple[str, ...] = (),
    extra: tuple[str, ...] = (),
    details: Mapping[str, object] | None = None,
) -> ScoreResult:
    """The answer of a set of criteria."""
    answer = {True: "met", False: "not met", None: "indeterminate"}[verdict]
    result = ScoreResult(
        system=system,
        state=State.INDETERMINATE if verdict is None else State.COMPUTED,
        answer=answer,
        items=items,
        missing=missing_of(items),
        rule=rule,
        ours=ours,
        details=details or {},
    )
    words = {
        True: "criteria met",
        False: "criteria not met",
        None: "indeterminate, because what is missing could turn the answer",
    }[verdict]
    return with_sentences(result, (f"{system.name}: {words}.", *extra))
