"""How the child responded: counts of what became of the lesions, and the published measures of change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from marrowmap.core.counted import counted
from marrowmap.core.followup.change import Change, ChangeClass
from marrowmap.core.followup.pairs import Pair, PairState, with_identity
from marrowmap.core.reading import Reading
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.remission import Remission, both_readings
from marrowmap.core.scores import kieninger_2022, pedcno, rai_change, rinbo
from marrowmap.core.scores.result import ScoreResult
from marrowmap.core.scores.rinbo import RinboInputs, inputs_of


@dataclass(frozen=True)
class Counts:
    """Lesions by what became of them. followed: those of the earlier exam, not comparable ones among them.

    by_class counts lines of the change table: a merger or a split is one line. course: the same lines, where
    merged and split ones count under how they did as a whole.
    """

    by_class: dict[str, int]
    course: dict[str, int]
    lesions_before: int
    lesions_after: int
    lines: int

    def sentence(self) -> str:
        """The counts in words, with what they count."""
        words = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in self.by_class.items() if n)
        return (
            f"{counted(self.lesions_before, 'active lesion')} before, {self.lesions_after} now; "
            f"of {self.lines} followed: {words or 'none'}."
        )


def counts(changes: Iterable[Change], before: Reading, after: Reading, *, hands_and_feet: bool) -> Counts:
    """Counts with or without the units of hands and feet (Panwar leaves them out)."""
    kept = [c for c in changes if hands_and_feet or not c.in_hand_or_foot]

    def active(reading: Reading) -> int:
        return sum(hands_and_feet or not x.site.in_hand_or_foot for x in reading.active_lesions)

    kinds, courses = Counter(c.kind for c in kept), Counter(c.course for c in kept)
    return Counts(
        {str(k): kinds[k] for k in ChangeClass},
        {str(k): courses[k] for k in ChangeClass},
        active(before),
        active(after),
        len(kept),
    )


@dataclass(frozen=True)
class Response:
    """What changed for the child.

    all_lesions, without_hands_and_feet: counts in the manner of Panwar. rai, pedcno, kieninger: scores, each
    with its source and state. rinbo_before, rinbo_after: RINBO's four inputs; its points (rinbo_earlier, rinbo) are
    computable only with a table that the site has entered. remission: both readings of the definition; empty
    without a patient record.
    """

    all_lesions: Counts
    without_hands_and_feet: Counts
    rai: ScoreResult
    pedcno: ScoreResult
    kieninger: ScoreResult
    rinbo: ScoreResult
    rinbo_earlier: ScoreResult
    rinbo_before: RinboInputs
    rinbo_after: RinboInputs
    remission: tuple[Remission, ...] = ()

    def rinbo_sentence(self) -> str:
        """Change of RINBO's inputs."""
        a, b = self.rinbo_before, self.rinbo_after
        return (
            f"RINBO inputs: active lesions {a.n_ral} to {b.n_ral}, largest {_size(a)} to {_size(b)}, "
            f"extramedullary {_word(a.extramedullary)} to {_word(b.extramedullary)}, spinal {_word(a.spinal)} "
            f"to {_word(b.spinal)}; {self._rinbo_points()}."
        )

    def _rinbo_points(self) -> str:
        table = self.rinbo.table
        if table is None:
            return "points are not computable (definition missing)"
        before, now = (r.range_text or "not computable" for r in (self.rinbo_earlier, self.rinbo))
        return f"points before {before}, now {now}. {table.sentence.removesuffix('.')}"


def response(
    before: Reading,
    after: Reading,
    pairs: Sequence[Pair],
    changes: Sequence[Change],
    case: Case | None = None,
    rules: Rulebook = DEFAULT_RULES,
) -> Response:
    """Sum up the child. case: gives visits and the patient record; its readings are not used."""
    # The scores follow lesions by identity, so every pair in use counts as one lesion here; nothing is stored.
    sure = [replace(p, state=PairState.CONFIRMED) for p in pairs if p.holds]
    first, then = with_identity(before, after, sure)
    given = case or Case()
    joined = replace(given, earlier_reading=first, reading=then)
    patient = joined.record
    return Response(
        all_lesions=counts(changes, before, after, hands_and_feet=True),
        without_hands_and_feet=counts(changes, before, after, hands_and_feet=False),
        rai=rai_change.score(joined, rules),
        pedcno=pedcno.score(joined, rules),
        kieninger=kieninger_2022.score(joined, rules),
        rinbo=rinbo.score(joined, rules),
        rinbo_earlier=rinbo.score(Case(reading=first), rules),
        rinbo_before=inputs_of(before),
        rinbo_after=inputs_of(after),
        remission=() if patient is None else both_readings(patient, (first, then), rules),
    )


def _size(inputs: RinboInputs) -> str:
    return "not measured" if inputs.max_size_mm is None else f"{inputs.max_size_mm:.0f} mm"


def _word(value: bool | None) -> str:
    return {True: "present", False: "absent", None: "not assessed"}[value]
