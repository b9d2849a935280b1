"""Every bone of the analytic child that is not in a free limb, in painting order."""

from __future__ import annotations

from marrowmap.phantom.analytic.chest import chest_bones
from marrowmap.phantom.analytic.girdle import clavicle, scapula
from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.pelvis import hip_bones
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.analytic.sacrum import sacrum_bones
from marrowmap.phantom.analytic.skull import skull_bones
from marrowmap.phantom.analytic.spine import spine_bones
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import SIDES, Bone


def trunk_bones(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Bone]:
    """Skull, spine, chest, girdles and pelvis; later bones are painted over earlier ones."""
    bones = skull_bones(spec, p, pose) + chest_bones(p, pose)
    for side, sign in SIDES:
        bones += [*clavicle(p, pose, side, sign), scapula(p, pose, side, sign)]
        bones += hip_bones(spec, p, pose, side, sign)
    return bones + sacrum_bones(p, pose) + spine_bones(p, pose)
