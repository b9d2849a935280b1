"""Discs, cartilage, joint fluid and tendons of the analytic child; bones are painted over them."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.chest import costal_cartilages
from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.pelvis import cup_cartilage
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.analytic.sacrum import sacral_frames
from marrowmap.phantom.analytic.spine import disc_profiles
from marrowmap.phantom.body import ChildSpec, Tissue
from marrowmap.phantom.solids.bone import SIDES
from marrowmap.phantom.solids.filling import Filling
from marrowmap.phantom.solids.shapes import Ellipsoid, Rod


def joints(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Filling]:
    """Everything between bones, in painting order."""
    a = p.a
    found: list[Filling] = []
    for disc, nucleus in disc_profiles(p, pose):
        found += [Filling(disc, Tissue.DISC), Filling(nucleus, Tissue.DISC_NUCLEUS)]
    found += [Filling(chain, Tissue.CARTILAGE) for chain in costal_cartilages(p, pose)]
    hip = pose.joints["hip_left"]
    symphysis = Ellipsoid(np.array([0, hip[1] - 51 * a, hip[2] - 38 * a]), (6 * a, 10 * a, 18 * a))
    found.append(Filling(symphysis, Tissue.CARTILAGE))
    top, end, back = sacral_frames(p, pose)[0]
    for side, sign in SIDES:
        sacroiliac = (top + end) / 2 + back * 10 * a + np.array([sign * 57 * a, 0, -8 * a])
        found.append(Filling(Ellipsoid(sacroiliac, (6 * a, 17 * a, 26 * a)), Tissue.CARTILAGE))
        found.append(Filling(cup_cartilage(p, pose, side, sign), Tissue.CARTILAGE))
        found += _limb_joints(p, pose, side)
    return found


def _limb_joints(p: Proportions, pose: Posture, side: str) -> list[Filling]:
    a = p.a
    hip, knee, ankle, shoulder, elbow = (
        pose.joints[f"{j}_{side}"] for j in ("hip", "knee", "ankle", "shoulder", "elbow")
    )
    tendon = np.array([knee + a * np.array([0, -40, 2]), knee + a * np.array([0, -27, -46])])
    quadriceps = np.array([knee + a * np.array([0, -40, 40]), knee + a * np.array([0, -34, 95])])
    heel = np.array([ankle + a * np.array([0, 36, -22]), ankle + a * np.array([0, 34, 60])])
    return [
        Filling(Ellipsoid(hip, (26.3 * a,) * 3), Tissue.SYNOVIAL_FLUID),
        Filling(Ellipsoid(hip, (25.2 * a,) * 3), Tissue.CARTILAGE),
        Filling(Ellipsoid(shoulder, (24.5 * a,) * 3), Tissue.CARTILAGE),
        Filling(Ellipsoid(elbow, (28 * a, 12 * a, 13 * a)), Tissue.CARTILAGE),
        Filling(Ellipsoid(knee + a * np.array([0, 2, -1]), (37 * a, 26 * a, 6.5 * a)), Tissue.CARTILAGE),
        Filling(
            Ellipsoid(knee + a * np.array([0, -4, -1]), (33 * a, 17 * a, 1.3 * a)), Tissue.SYNOVIAL_FLUID
        ),
        Filling(Ellipsoid(knee + a * np.array([0, -23, -12]), (18 * a, 9 * a, 18 * a)), Tissue.FAT),
        Filling(
            Ellipsoid(knee + a * np.array([0, -28, 47]), (16 * a, 2.4 * a, 21 * a)), Tissue.SYNOVIAL_FLUID
        ),
        Filling(Ellipsoid(ankle + a * np.array([0, 0, -4]), (21 * a, 17 * a, 4.4 * a)), Tissue.CARTILAGE),
        Filling(Rod(tendon, a * np.array([4.0, 3.6])), Tissue.FASCIA),
        Filling(Rod(quadriceps, a * np.array([4.5, 3.5])), Tissue.FASCIA),
        Filling(Rod(heel, a * np.array([4.0, 3.6])), Tissue.FASCIA),
    ]
