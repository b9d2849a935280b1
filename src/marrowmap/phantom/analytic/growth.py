"""Proportions of the analytic child by age: its own tables, rounded from growth charts.

Heights are close to the CDC medians; shares of body height for femur and tibia follow the order of the
Anderson-Green charts (unverified here, PROPOSED). Dimensions of single bones are adult ones of osteology
textbooks from memory (unverified, PROPOSED), scaled by height; brain case and spinal canal are scaled by their
own, earlier growth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.body import ChildSpec

AGES = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
HEIGHT_CM = {
    "M": (95, 102, 109, 115.5, 122, 128, 133.5, 138.5, 143.5, 149, 156, 164, 170, 173.5, 175, 176),
    "F": (94, 101, 108, 115, 121.5, 127.5, 133, 138, 144, 151, 157, 160.5, 162, 162.5, 163, 163),
}
BMI = (16.0, 15.6, 15.4, 15.4, 15.6, 15.9, 16.3, 16.7, 17.2, 17.9, 18.5, 19.2, 19.9, 20.5, 21.1, 21.6)
PLATE_CLOSES = {"F": 14.5, "M": 16.5}
"""Age at which the plates of the long bones close (knee; others are shifted from it). M-med, for looks
only."""


def by_age(age: float, five: float, ten: float, sixteen: float) -> float:
    """Linear between the values at 5, 10 and 16 years, level beyond."""
    return float(np.interp(age, (5, 10, 16), (five, ten, sixteen)))


@dataclass(frozen=True)
class Proportions:
    """Lengths of one child in millimetres."""

    height: float
    bmi: float
    femur: float
    tibia: float
    humerus: float
    forearm: float
    head: float
    foot: float
    hand: float
    ankle_height: float
    cranium: float
    """Size of the brain case against an adult man's; it is nearly grown at six years."""
    face: float
    """Size of the face against an adult man's; it grows with the body."""
    canal: float
    """Size of the spinal canal against an adult's; it is nearly grown at six years as well."""

    @property
    def s(self) -> float:
        """Size against a child of 1.40 m."""
        return self.height / 1400.0

    @property
    def a(self) -> float:
        """Size against an adult of 1.70 m, for dimensions taken from adult osteology."""
        return self.height / 1700.0

    @property
    def stoutness(self) -> float:
        """Factor on girths from the body-mass index, 1 near the median of a ten-year-old."""
        return float(np.sqrt(self.bmi / 16.7))


def proportions(spec: ChildSpec) -> Proportions:
    """Draw the lengths of ``spec``; growth of the same seed keeps its percentile."""
    rng = np.random.default_rng([spec.seed, 11])
    tall, stout, leggy, army = rng.normal(0, 1, 4)
    age = spec.age_years
    height = 10 * float(np.interp(age, AGES, HEIGHT_CM[spec.sex])) * (1 + 0.04 * float(np.clip(tall, -2, 2)))
    if spec.height_cm is not None:
        height = 10 * spec.height_cm
    bmi = float(np.interp(age, AGES, BMI)) * (1 + 0.11 * float(np.clip(stout, -1.7, 2.2)))
    if spec.bmi is not None:
        bmi = spec.bmi
    leg = 1 + 0.018 * float(np.clip(leggy, -2, 2))
    arm = 1 + 0.02 * float(np.clip(army, -2, 2))
    return Proportions(
        height=height,
        bmi=bmi,
        femur=height * by_age(age, 0.238, 0.258, 0.265) * leg,
        tibia=height * by_age(age, 0.192, 0.207, 0.214) * leg,
        humerus=height * by_age(age, 0.165, 0.172, 0.176) * arm,
        forearm=height * by_age(age, 0.138, 0.142, 0.146) * arm,
        head=height * by_age(age, 0.176, 0.152, 0.133),
        foot=height * 0.152,
        hand=height * 0.108,
        ankle_height=height * 0.043,
        cranium=by_age(age, 0.935, 0.965, 1.0) * (0.97 if spec.sex == "F" else 1.0) * (1 + 0.012 * tall),
        face=by_age(age, 0.81, 0.9, 1.0) * (0.96 if spec.sex == "F" else 1.0),
        canal=by_age(age, 0.92, 0.97, 1.0),
    )


def plate_is_open(spec: ChildSpec, shift: float = 0.0) -> bool:
    """Whether growth plates that close ``shift`` years later than the usual ones are open."""
    return spec.age_years < PLATE_CLOSES[spec.sex] + shift


def cartilage_mm(spec: ChildSpec) -> float:
    """Thickness of joint cartilage."""
    return by_age(spec.age_years, 4.4, 2.8, 1.6)
