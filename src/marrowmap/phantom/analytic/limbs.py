"""Arms and legs of the analytic child together."""

from __future__ import annotations

from marrowmap.phantom.analytic.arms import arm
from marrowmap.phantom.analytic.foot import foot
from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.hand import hand
from marrowmap.phantom.analytic.legs import femur, lower_leg
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import SIDES, Bone


def limb_bones(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Bone]:
    """All bones of the four limbs, without the girdles."""
    bones: list[Bone] = []
    for side, sign in SIDES:
        for part in (femur, lower_leg, foot, arm, hand):
            bones += part(spec, p, pose, side, sign)
    return bones
