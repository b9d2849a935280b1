"""Leg length from composed coronal volumes: femur and tibia of both sides, with their uncertainty.

Femur: from the top of the femoral head to the end of the condyles; tibia: from the plateau to the middle of the
plafond (definitions, 9.5; M-high). Lengths follow each bone's own axis, so a leg that lies turned out or bent at
the knee is not measured short. MRI is not the routine method for leg length; cut-offs are for referral only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marrowmap.core.lesion import Measured
from marrowmap.core.seam import Seam
from marrowmap.core.site import Segment, Side, sites_by_id
from marrowmap.core.skeleton import Coverage, Skeleton

SEAM_ERROR_MM = 1.5
"""Standard deviation of a joint between stations whose shift was not found (PROPOSED)."""
ENDS = {
    "femur": ("femur_proximal_epiphysis", "femur_distal_epiphysis"),
    "tibia": ("tibia_proximal_epiphysis", "tibia_distal_epiphysis"),
}
OURS = (
    "Ours (PROPOSED): uncertainty is a third of a voxel at each end, joined with the error of seams; a difference "
    "is called only beyond twice its uncertainty.",
    "Sources name no cut-off for CNO; in general 15 % of adults differ by more than 1 cm, and referral is usual "
    "when more than 2 cm is predicted.",
)


@dataclass(frozen=True)
class LegLengths:
    """Lengths in mm by "femur_left" and so on; a length that could not be measured says why."""

    bones: dict[str, Measured]
    ours: tuple[str, ...] = OURS

    def leg(self, side: Side) -> Measured:
        """Femur and tibia of one side together."""
        parts = [self.bones[f"{bone}_{side}"] for bone in ENDS]
        missing = next((p.why_missing for p in parts if p.value is None), "")
        if missing:
            return Measured(None, "mm", None, missing)
        return Measured(
            float(sum(p.value or 0.0 for p in parts)),
            "mm",
            float(np.hypot(parts[0].uncertainty or 0.0, parts[1].uncertainty or 0.0)),
        )

    @property
    def discrepancy(self) -> Measured:
        """Left minus right, mm; positive: the left leg is longer."""
        left, right = self.leg(Side.LEFT), self.leg(Side.RIGHT)
        if left.value is None or right.value is None:
            return Measured(None, "mm", None, left.why_missing or right.why_missing)
        spread = float(np.hypot(left.uncertainty or 0.0, right.uncertainty or 0.0))
        return Measured(left.value - right.value, "mm", spread)

    def sentence(self) -> str:
        """The discrepancy in words, named only beyond twice its uncertainty."""
        found = self.discrepancy
        if found.value is None or found.uncertainty is None:
            return f"Leg length: not measured ({found.why_missing})."
        size = f"{abs(found.value):.0f} mm (± {found.uncertainty:.0f} mm)"
        if abs(found.value) <= 2 * found.uncertainty:
            return f"Leg length: no difference beyond the uncertainty, {size}."
        longer = "left" if found.value > 0 else "right"
        return f"Leg length: the {longer} leg is longer by {size}; femur and tibia added."


def leg_lengths(skeleton: Skeleton, seams: Sequence[Seam] = ()) -> LegLengths:
    """Femur and tibia of both sides from the labels. seams: of the coronal volume, for the uncertainty."""
    bones = {
        f"{bone}_{side}": _length(skeleton, bone, side, seams)
        for bone in ENDS
        for side in (Side.RIGHT, Side.LEFT)
    }
    return LegLengths(bones)


def _length(skeleton: Skeleton, bone: str, side: Side, seams: Sequence[Seam]) -> Measured:
    units = [u for u in sites_by_id().values() if u.bone == bone and u.side is side]
    needed = [f"{name}_{side}" for name in ENDS[bone]]
    shaft = [u for u in units if u.segment in (Segment.DIAPHYSIS, Segment.SHAFT)]
    for name in (*needed, *(u.id for u in shaft)):
        if (
            skeleton.coverage.get(name) is Coverage.NOT_COVERED
            or not (skeleton.labels == sites_by_id()[name].label).any()
        ):
            return Measured(None, "mm", None, f"{sites_by_id()[name].name} is not covered or not found")
        if skeleton.coverage.get(name) is Coverage.PARTIAL:
            return Measured(None, "mm", None, f"{sites_by_id()[name].name} is only partly covered")
    apophyses = [u.label for u in units if u.segment is Segment.APOPHYSIS]
    inside = np.isin(skeleton.labels, [u.label for u in units if u.label not in apophyses])
    places = np.argwhere(inside) @ skeleton.grid.affine[:3, :3].T + skeleton.grid.affine[:3, 3]
    labels = skeleton.labels[inside]
    top = places[labels == sites_by_id()[needed[0]].label].mean(axis=0)
    end = places[labels == sites_by_id()[needed[1]].label].mean(axis=0)
    axis = (end - top) / np.linalg.norm(end - top)
    along = places @ axis
    step = float(np.abs(axis) @ np.abs(skeleton.grid.affine[:3, :3]).sum(axis=1))
    length = float(np.percentile(along, 99.9) - np.percentile(along, 0.1)) + 0.5 * step
    joined = SEAM_ERROR_MM if any(s.shift_mm is None for s in seams) else 0.0
    return Measured(length, "mm", float(np.hypot(step / 3 * np.sqrt(2), joined)))
