"""Lengths of a child of rods: drawn far more widely than children differ, so that no proportions can be learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.growth import proportions as usual_proportions
from marrowmap.phantom.body import ChildSpec

SPREAD = 0.05
"""Standard deviation of the logarithm of each length."""
LEGS, ARMS = 0.05, 0.07
"""The same of both bones of a limb together."""


def proportions(spec: ChildSpec) -> Proportions:
    """Draw the lengths of ``spec``; the same seed has the same build at every age."""
    p = usual_proportions(spec)
    rng = np.random.default_rng([spec.seed, 14])
    leg, arm = np.exp(np.array([LEGS, ARMS]) * rng.normal(0, 1, 2).clip(-2, 2))
    own = np.exp(SPREAD * rng.normal(0, 1, 8).clip(-2, 2))
    return replace(
        p,
        femur=p.femur * leg * own[0],
        tibia=p.tibia * leg * own[1],
        humerus=p.humerus * arm * own[2],
        forearm=p.forearm * arm * own[3],
        head=p.head * own[4],
        foot=p.foot * own[5],
        hand=p.hand * own[6],
        ankle_height=p.ankle_height * own[7],
    )
