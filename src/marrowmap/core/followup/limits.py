"""Limits of matching and of change. None is published: all are ours (PROPOSED) and printed with answers."""

from __future__ import annotations

from dataclasses import dataclass

from marrowmap.core.followup.measures import BRAIN_SHARE
from marrowmap.core.rules.configuration import DEFAULT_RULES, Limits, explain


@dataclass(frozen=True)
class FollowupLimits:
    """Engineering choices of this project.

    allowance_mm: how far a place in a bone may be off between two exams, beside the size of the lesions.
    other_unit_penalty, other_bone_penalty: factor on a distance when the two exams name different units of one
        bone, or different bones. growth_plate_penalty: when a growth plate lies between the two units.
    inside_percent: share of a lesion that must lie in another for a merger or a split.
    explained_percent: share of the whole that the further part must explain in a merger or a split.
    inside_margin_mm: how far outside an outline still counts as in it.
    signal_spread_percent: standard deviation of a signal change between two exams in which nothing changed (another
        scanner, pose and coil), for lesions of small_ml and more, when the brain shows how the scanners differ;
        plain_spread_percent: without the brain; small_spread_percent: for smaller ones, which are mostly edge.
        Measured on digital children that no bench uses. A change decides beyond twice its spread.
    thin_ml, thin_volume_percent: lesions of fewer millilitres fill few voxels; their volume must change by this much.
    change: limits of volume and signal ratio, shared with the scores.
    """

    allowance_mm: float = 12.0
    other_unit_penalty: float = 1.2
    growth_plate_penalty: float = 3.0
    other_bone_penalty: float = 1.3
    inside_percent: float = 50.0
    explained_percent: float = 8.0
    inside_margin_mm: float = 3.0
    small_ml: float = 1.0
    signal_spread_percent: float = 11.0
    plain_spread_percent: float = 17.0
    small_spread_percent: float = 25.0
    thin_ml: float = 2.0
    thin_volume_percent: float = 35.0
    change: Limits = DEFAULT_RULES.limits

    def of_matching(self) -> tuple[str, ...]:
        """How pairs are proposed, in sentences."""
        head = "Ours (PROPOSED), not published: "
        return (
            f"{head}two lesions are proposed as one when the mean of two shares is below 1: distance of their "
            f"middles in the bone over {self.allowance_mm:g} mm plus half the sum of their radii, and mean distance "
            f"of one outline from the other over {self.allowance_mm:g} mm; the uncertainty of the bone fit is added "
            f"to both. In different units the distance counts {self.other_unit_penalty:g} times, across a growth "
            f"plate {self.growth_plate_penalty:g} times, in different bones {self.other_bone_penalty:g} times.",
            f"{head}lesions merged or split when at least {self.inside_percent:g} % of one lies in the other "
            f"and explains at least {self.explained_percent:g} % of it.",
        )

    def of_change(self) -> tuple[str, ...]:
        """How change is named, in sentences."""
        return (
            *explain(self.change, "volume_change_percent", "si_ratio_change_percent"),
            "Ours (PROPOSED), not published: where the growth of the bone was measured, the volume change is "
            "corrected for it before the limit is applied; both numbers are shown.",
            f"Ours (PROPOSED), not published: below {self.thin_ml:g} ml a volume must change by "
            f"{self.thin_volume_percent:g} %, for such a lesion fills few voxels and its volume is known less well.",
            "Ours (PROPOSED), not published: where the images are at hand, the limit of signal is applied to the "
            "brighter three quarters of the lesion over muscle of the same station within 60 mm, and, where both "
            "exams show the brain, divided by the change of the brain against muscle to the power of "
            f"{BRAIN_SHARE:g}, for a change that the brain shares is the scanner's; both numbers are shown.",
            "Ours (PROPOSED), not published: a signal change must also exceed twice what two exams differ by when "
            f"nothing changed (on digital children {self.signal_spread_percent:g} %, without the brain "
            f"{self.plain_spread_percent:g} %, below {self.small_ml:g} ml {self.small_spread_percent:g} %); a smaller "
            "one decides nothing where both were measured on images.",
            "Ours (PROPOSED), not published: no limit is set for ADC; its change is shown and decides nothing.",
        )


DEFAULT_LIMITS = FollowupLimits()
"""What is shipped."""
