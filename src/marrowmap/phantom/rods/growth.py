"""Lengths of a child of rods: drawn far more widely than children differ, so that no proportions can be learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.growth import proportions as usual_proportions
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.shapes import Vector

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


def ossified(spec: ChildSpec, appears: float, done: float) -> float:
    """Share of the grown length that the kernel of a short bone has: a third when it appears, whole when done.

    appears, done: years of a boy, ours after textbooks of bone age; girls are a year and a half ahead.
    """
    age = spec.age_years + (1.5 if spec.sex == "F" else 0.0)
    share = np.clip((age - appears) / (done - appears), 0, 1)
    return float(0.33 + 0.67 * share**0.7)  # kernels grow fast at first


def drawn(rng: np.random.Generator, spread: float | Vector, n: int) -> Vector:
    """``n`` factors around 1 whose logarithms have the standard deviation ``spread``, one for all or one each."""
    return np.exp(spread * rng.normal(0, 1, n).clip(-2, 2))
