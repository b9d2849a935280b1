"""Limits of matching and of change. None is published: all are ours (PROPOSED) and printed with answers."""

from __future__ import annotations

from dataclasses import dataclass

from marrowmap.core.rules.configuration import DEFAULT_RULES, Limits, explain


@dataclass(frozen=True)
class FollowupLimits:
    """Engineering choices of this project.

    allowance_mm: how far a place in a bone may be off between two exams, beside the size of the lesions.
    other_unit_penalty, other_bone_penalty: factor on a distance when the two exams name different units of one
        bone, or different bones.
    inside_percent: share of a lesion that must lie in another for a merger or a split.
    explained_percent: share of the whole that the further part must explain in a merger or a split.
    inside_margin_mm: how far outside an outline still counts as in it.
    change: limits of volume and signal ratio, shared with the scores.
    """

    allowance_mm: float = 8.0
    other_unit_penalty: float = 1.4
    other_bone_penalty: float = 1.6
    inside_percent: float = 50.0
    explained_percent: float = 8.0
    inside_margin_mm: float = 3.0
    change: Limits = DEFAULT_RULES.limits

    def of_matching(self) -> tuple[str, ...]:
        """How pairs are proposed, in sentences."""
        head = "Ours (PROPOSED), not published: "
        return (
            f"{head}two lesions are proposed as one when their places in the bone differ by no more than "
            f"{self.allowance_mm:g} mm plus half the sum of their radii and the uncertainty of the bone fit.",
            f"{head}lesions merged or split when at least {self.inside_percent:g} % of one lies in the other "
            f"and explains at least {self.explained_percent:g} % of it.",
        )

    def of_change(self) -> tuple[str, ...]:
        """How change is named, in sentences."""
        return (
            *explain(self.change, "volume_change_percent", "si_ratio_change_percent"),
            "Ours (PROPOSED), not published: where the growth of the bone was measured, the volume change is "
            "corrected for it before the limit is applied; both numbers are shown.",
            "Ours (PROPOSED), not published: no limit is set for ADC; its change is shown and decides nothing.",
        )


DEFAULT_LIMITS = FollowupLimits()
"""What is shipped."""
