# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Organs of the child of rods.

What lies in front of and beside the spine differs widely from child to child here: a vertebra must be found whether
black lung, grey connective tissue or bright fat touches it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec, Tissue
from marrowmap.phantom.rods.trunk import head_ellipsoids, sternal_notch, vertebra_sizes
from marrowmap.phantom.rods.trunk_build import trunk_build
from marrowmap.phantom.solids.filling import Filling
from marrowmap.phantom.solids.shapes import Band, Ellipsoid, Profile, Rod, Vector
from marrowmap.phantom.solids.viscera import (
    behind_the_belly,
    bladder,
    bowel,
    great_vessels,
    heart_at,
    upper_belly,
)


@dataclass(frozen=True)
class ChestInside:
    """How the inside of the chest of one child is filled; millimetres of a child of 1.40 m.

    gap_mm: half the space between the lungs at its top, waist and bottom. reach: share of the way from the spine to
    the sternum that it takes. between, beside: tissue there and in front of and beside the vertebrae. cuff_mm: how far
    the latter goes sideways and forwards. gullet_mm: radius. heart: size, a factor. heart_mm: shift. dome_mm: how much
    higher the diaphragm stands.
    """

    gap_mm: Vector
    reach: float
    between: Tissue
    beside: Tissue
    cuff_mm: Vector
    gullet_mm: float
    heart: float
    heart_mm: Vector
    dome_mm: float


def chest_inside(spec: ChildSpec) -> ChestInside:
    """Draw the chest of ``spec``; the same seed is filled alike at every age."""
    rng = np.random.default_rng([spec.seed, 23])
    soft = (Tissue.CONNECTIVE, Tissue.FAT, Tissue.MUSCLE)
    return ChestInside(
        gap_mm=rng.uniform(4, 30) * np.exp(0.25 * rng.normal(0, 1, 3).clip(-2, 2)),
        reach=float(rng.uniform(0.35, 1.0)),
        between=soft[rng.choice(2, p=[0.75, 0.25])],
        beside=soft[rng.choice(3, p=[0.4, 0.3, 0.3])],
        cuff_mm=rng.uniform([-2, -4], [16, 9]),
        gullet_mm=float(rng.uniform(3.5, 7.5)),
        heart=float(rng.uniform(0.85, 1.15)),
        heart_mm=rng.normal(0, [5, 5, 9]),
        dome_mm=float(rng.uniform(-10, 22)),
    )


def organs(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Filling]:
    """Organs in painting order, later over earlier."""
    s = p.s
    rng = np.random.default_rng([spec.seed, 21])
    l5 = pose.joints["l5_s1"]
    notch = sternal_notch(p, pose)
    t = {name: (low + high) / 2 for name, low, high in pose.levels}
    t.setdefault("T12", t["L1"])  # a child with eleven thoracic levels
    lower = t["T11"]
    found: list[Filling] = []
    chest_mid = (notch[2] + lower[2]) / 2
    chest_y = t["T7"][1] - 50 * s
    half = (notch[2] - lower[2]) / 2 + 8 * s
    found.append(
        Filling(
            Ellipsoid(np.array([0, chest_y, chest_mid]), (93 * s, 60 * s, half)),
            Tissue.CONNECTIVE,
            depth_mm=13 * s,
        )
    )
    for sign in (-1.0, 1.0):
        found.append(
            Filling(
                Ellipsoid(
                    np.array([sign * 47 * s, chest_y + 4 * s, chest_mid + 4 * s]),
                    (42 * s, 56 * s, half * 0.97),
                ),
                Tissue.LUNG,
                depth_mm=15 * s,
            )
        )
    inside = chest_inside(spec)
    found += _between_the_lungs(spec, p, pose, inside, notch, t)
    heart = np.array([14 * s, chest_y - 16 * s, chest_mid - 26 * s]) + inside.heart_mm * s
    found += heart_at(heart, s * inside.heart)
    belly_mid = (lower[2] + l5[2]) / 2 - 14 * s
    found.append(
        Filling(
            Ellipsoid(np.array([0, -22 * s, belly_mid]), (92 * s, 54 * s, (lower[2] - l5[2]) / 2 + 44 * s)),
            Tissue.FAT,
            depth_mm=17 * s,
        )
    )
    found.append(
        Filling(
            Ellipsoid(np.array([0, -20 * s, 20 * s]), (62 * s, 44 * s, 60 * s)), Tissue.FAT, depth_mm=17 * s
        )
    )
    found += bowel(rng, s, belly_mid, (-30 * s, 28 * s))
    dome = lower[2] + (inside.dome_mm - 4) * s
    found += upper_belly(dome, s)
    found += behind_the_belly(pose.joints, t, s) + [bladder(rng.uniform(0.65, 1.25), s), *great_vessels(t, s)]
    trachea = np.array([pose.levels[4][1] + [0, -26 * s, 0], t["T4"] + [0, -32 * s, 0]])
    found.append(Filling(Rod(trachea, s * np.array([6.0, 6.0])), Tissue.AIRWAY))
    found += _head(p, pose)
    return found


def _between_the_lungs(
    spec: ChildSpec, p: Proportions, pose: Posture, inside: ChestInside, notch: Vector, t: dict[str, Vector]
) -> list[Filling]:
    """What separates the lungs, what covers the vertebrae, and the gullet."""
    s, build = p.s, trunk_build(spec)
    count = len(pose.levels)
    chest = [i for i, (name, _, _) in enumerate(pose.levels) if name.startswith("T")]
    middles = np.array([(pose.levels[i][1] + pose.levels[i][2]) / 2 for i in chest])
    wide, deep = (np.array([vertebra_sizes(p, build, i, count) for i in chest]) + inside.cuff_mm * s).T
    top, end = t["T2"], t["T10"]
    sternum = notch + np.array([0.0, -18.0, -90.0]) * s
    half = inside.reach * np.array([top[1] - notch[1], end[1] - sternum[1]]) / 2
    ahead = np.array([0.0, 1.0, 0.0])
    gap = s * inside.gap_mm
    between = Profile(
        top - ahead * half[0], end - ahead * half[1], (0, 0.5, 1), tuple(gap), (half[0], half.mean(), half[1])
    )
    gullet = middles - ahead * (deep + (inside.gullet_mm + 1) * s)[:, None] + [5 * s, 0, 0]
    soft = (Tissue.LUNG, Tissue.CONNECTIVE)
    return [
        Filling(between, inside.between, soft),
        Filling(Band(middles, tuple(wide), tuple(deep), np.array([1.0, 0, 0])), inside.beside, soft),
        Filling(Rod(gullet[1:-1], np.full(len(chest) - 2, inside.gullet_mm * s)), Tissue.MUSCLE),
    ]


def _head(p: Proportions, pose: Posture) -> list[Filling]:
    h = p.head / 213.0
    parts = head_ellipsoids(p, pose)
    centre = parts["skull"].centre
    found = [
        Filling(Ellipsoid(centre + np.array([0, -66, -62]) * h, (14 * h, 18 * h, 20 * h)), Tissue.AIRWAY),
        Filling(
            Ellipsoid(centre + np.array([0, -54, -104]) * h, (20 * h, 26 * h, 11 * h)), Tissue.CONNECTIVE
        ),
        Filling(
            Rod(centre + h * np.array([[0, -34, -70], [0, -30, -130]]), h * np.array([7.0, 6.0])),
            Tissue.AIRWAY,
        ),
    ]
    for sign in (-1.0, 1.0):
        found.append(
            Filling(
                Ellipsoid(centre + np.array([sign * 31, -78, -36]) * h, (12 * h,) * 3),
                Tissue.EYE,
                depth_mm=0.5,
            )
        )
        found.append(
            Filling(
                Ellipsoid(centre + np.array([sign * 26, -60, -70]) * h, (10 * h, 11 * h, 13 * h)),
                Tissue.AIRWAY,
            )
        )
    return found
