"""What became of the lesions since the last signed reading of an earlier exam, in sentences for the report."""

from __future__ import annotations

from marrowmap.core.followup.change import Change
from marrowmap.core.followup.comparison import compare
from marrowmap.core.followup.pairs import plain_pairs
from marrowmap.core.reading import Reading
from marrowmap.core.site import site
from marrowmap.exchange.score_tables import rulebook

BASIS = (
    "Ours (PROPOSED): lesions of the two readings are the same lesion when they share an identity that a reader "
    "confirmed, else when they name the same bone unit."
)


def comparison_sentences(before: Reading, after: Reading) -> list[str]:
    """Counts, one line for each lesion, and the limits used. Raises InvalidRecord (see ``compare``)."""
    answer = compare(before, after, plain_pairs(before, after), rules=rulebook())
    day = before.exam_date.isoformat() if before.exam_date else "unknown date"
    return [
        f"Compared with the exam of {day}, reading {before.id} signed by {before.reader}.",
        f"All lesions: {answer.response.all_lesions.sentence()}",
        f"Without hands and feet: {answer.response.without_hands_and_feet.sentence()}",
        *(_line(change) for change in answer.changes),
        BASIS,
        *answer.limits[2:],
    ]


def _line(change: Change) -> str:
    lesions = " and ".join(
        f"{' + '.join(ids)} {when}" for ids, when in ((change.before, "before"), (change.after, "now")) if ids
    )
    return ". ".join(
        (f"{site(change.site_id).name} ({lesions}): {change.kind.words}; {change.why}", *change.problems)
    )
