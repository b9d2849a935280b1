"""Two readings compared: pairs, a line for every lesion, and the response of the child."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from marrowmap.core.followup.change import NOTHING_MORE, Change, ChangeClass, Circumstances, change_of
from marrowmap.core.followup.limits import DEFAULT_LIMITS, FollowupLimits
from marrowmap.core.followup.pairs import Pair, groups
from marrowmap.core.followup.response import Response, response
from marrowmap.core.reading import Reading
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.errors import InvalidRecord

ORDER = tuple(ChangeClass(x) for x in (
    "new", "worsened", "mixed", "merged", "split", "stable", "improved", "resolved", "not_comparable",
))  # fmt: skip
"""Lines of the change table: what asks for action first."""


@dataclass(frozen=True)
class Comparison:
    """The answer. limits: every limit that was used, in sentences, to be printed with it."""

    before: Reading
    after: Reading
    pairs: tuple[Pair, ...]
    changes: tuple[Change, ...]
    response: Response
    circumstances: Circumstances
    limits: tuple[str, ...]

    @property
    def provisional(self) -> bool:
        """Whether machine candidates stand in for a reader's lesions."""
        return self.circumstances.provisional

    @property
    def months(self) -> float | None:
        """Months between the exams; None when a date is missing."""
        first, then = self.before.exam_date, self.after.exam_date
        return None if first is None or then is None else (then - first).days / 30.4375


def compare(
    before: Reading,
    after: Reading,
    pairs: Sequence[Pair],
    more: Circumstances = NOTHING_MORE,
    *,
    case: Case | None = None,
    limits: FollowupLimits = DEFAULT_LIMITS,
    rules: Rulebook = DEFAULT_RULES,
) -> Comparison:
    """Compare two readings of one child. Pairs that a reader rejected are kept and not used.

    Raises InvalidRecord for readings of different children, exams in the wrong order, or a pair that names an
    unknown lesion.
    """
    if before.patient_key and after.patient_key and before.patient_key != after.patient_key:
        raise InvalidRecord(
            "patient key",
            f"{before.patient_key} and {after.patient_key} are different children",
            "Compare two exams of one child",
        )
    if before.exam_date and after.exam_date and before.exam_date > after.exam_date:
        raise InvalidRecord(
            "exam date",
            f"the baseline of {before.exam_date} is later than the follow-up of {after.exam_date}",
            "Give the earlier exam first",
        )
    found = groups([x.id for x in before.lesions], [x.id for x in after.lesions], pairs)
    changes = [change_of(group, before, after, more, limits) for group in found]
    changes.sort(key=lambda c: ORDER.index(c.kind))
    return Comparison(
        before=before,
        after=after,
        pairs=tuple(pairs),
        changes=tuple(changes),
        response=response(before, after, pairs, changes, case, rules),
        circumstances=more,
        limits=(*limits.of_matching(), *limits.of_change()),
    )
