# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Skin, fat, muscle and organs of the child of rods."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec, Tissue
from marrowmap.phantom.rods.foot import foot_layout, foot_skin
from marrowmap.phantom.rods.hand import hand_layout, hand_skin
from marrowmap.phantom.rods.trunk import head_ellipsoids, sternal_notch
from marrowmap.phantom.solids.bone import SIDES
from marrowmap.phantom.solids.filling import Filling
from marrowmap.phantom.solids.flesh import Flesh
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, Vector, unit
from marrowmap.phantom.solids.viscera import behind_the_belly, bladder, great_vessels, heart_at, upper_belly


def outline(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Flesh]:
    """The pieces whose union is the body."""
    s, g = p.s, p.stoutness
    fat = (4.5 + 5.0 * (p.bmi - 14) / 5) * s * (1.15 if spec.sex == "F" else 0.95)
    t1 = pose.levels[7][1]
    top = t1 + np.array([0, -8, 10]) * s
    base = np.array([0.0, 4 * s, -62 * s])
    trunk = Profile(
        base,
        np.array([0.0, top[1] - 8 * s, top[2]]),
        (0, 0.07, 0.16, 0.3, 0.42, 0.6, 0.82, 0.93, 1),
        tuple(s * g * v for v in (60, 112, 126, 116, 104, 112, 122, 108, 44)),
        tuple(s * g * v for v in (48, 76, 82, 77, 72, 82, 80, 62, 40)),
    )
    pieces = [Flesh(trunk, fat, 0.0)]
    for side, sign in SIDES:
        hip, knee, ankle = (pose.joints[f"{j}_{side}"] for j in ("hip", "knee", "ankle"))
        start = hip + np.array([sign * 8, 4, 40]) * s
        thigh = tuple(s * g * v for v in (62, 72, 66, 56, 47, 48, 40))
        pieces.append(
            Flesh(
                Profile(
                    start,
                    knee - [0, 0, 12 * s],
                    (0, 0.18, 0.35, 0.6, 0.85, 0.96, 1),
                    thigh,
                    tuple(v * 1.05 for v in thigh),
                ),
                fat * 1.0,
                14 * s,
            )
        )
        calf = tuple(s * g * v for v in (44, 46, 41, 46, 40, 29, 26, 28))
        pieces.append(
            Flesh(
                Profile(
                    knee + [0, 3 * s, 22 * s],
                    ankle - [0, 0, 20 * s],
                    (0, 0.06, 0.14, 0.3, 0.5, 0.78, 0.9, 1),
                    calf,
                    tuple(v * 1.05 for v in calf),
                ),
                fat * 0.65,
                8 * s,
            )
        )
        foot = foot_layout(spec, p, pose, side, sign)
        pieces += [Flesh(shape, 1.6 * foot.mm, 2.3 * foot.mm) for shape in foot_skin(foot)]
        shoulder, elbow, wrist = (pose.joints[f"{j}_{side}"] for j in ("shoulder", "elbow", "wrist"))
        pieces.append(
            Flesh(
                Rod(
                    np.array([t1 + [0, 6 * s, -2 * s], shoulder + [0, 0, -2 * s]]), s * g * np.array([36, 34])
                ),
                fat * 0.6,
                12 * s,
            )
        )
        pieces.append(
            Flesh(
                Rod(
                    np.array(
                        [
                            shoulder,
                            shoulder + (elbow - shoulder) * 0.4,
                            elbow,
                            elbow + (wrist - elbow) * 0.25,
                            wrist,
                        ]
                    ),
                    s * g * np.array([34, 32, 28, 27, 21]),
                ),
                fat * 0.6,
                6 * s,
            )
        )
        hand = hand_layout(spec, p, pose, side, sign)
        pieces += [Flesh(shape, 1.4 * hand.mm, 2.2 * hand.mm) for shape in hand_skin(hand)]
    chin = pose.joints["vertex"] + p.head / 213 * np.array([0, -60, -190])
    skull_low = pose.levels[1][2]
    pieces.append(
        Flesh(
            Rod(np.array([t1 + [0, -10 * s, 12 * s], skull_low + [0, -14 * s, 0]]), s * np.array([44, 42])),
            fat * 0.4,
            14 * s,
        )
    )
    head = head_ellipsoids(p, pose)["skull"]
    h = p.head / 213.0
    pieces.append(Flesh(Ellipsoid(head.centre, tuple(np.asarray(head.radii) + 6.5 * h)), 3.0 * h, 6 * h))
    pieces.append(
        Flesh(
            Rod(
                np.array([chin, chin + np.array([0, 30, 30]) * h, chin + np.array([0, 10, 95]) * h]),
                h * np.array([26, 50, 50]),
            ),
            3.5 * h,
            10 * h,
        )
    )
    pieces.append(
        Flesh(Rod(chin + h * np.array([[0, -36, 100], [0, -52, 72]]), h * np.array([8, 13])), 1.5, 6 * h)
    )
    return pieces


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
    heart = np.array([14 * s, chest_y - 16 * s, chest_mid - 26 * s])
    found += heart_at(heart, s)
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
    found += _bowel(rng, s, belly_mid, l5)
    dome = lower[2] - 4 * s
    found += upper_belly(dome, s)
    found += behind_the_belly(pose.joints, t, s) + [bladder(rng.uniform(0.65, 1.25), s), *great_vessels(t, s)]
    trachea = np.array([pose.levels[4][1] + [0, -26 * s, 0], t["T4"] + [0, -32 * s, 0]])
    found.append(Filling(Rod(trachea, s * np.array([6.0, 6.0])), Tissue.AIRWAY))
    found += _head(p, pose)
    return found


def _bowel(rng: np.random.Generator, s: float, middle: float, l5: Vector) -> list[Filling]:
    found = []
    for _ in range(34):
        angle, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 1))
        spot = np.array(
            [
                78 * s * reach * np.cos(angle),
                -30 * s + 28 * s * reach * np.sin(angle),
                middle - 4 * s + rng.uniform(-62, 52) * s,
            ]
        )
        direction = unit(rng.normal(0, 1, 3) * [1, 0.6, 0.5])
        chain = np.array(
            [spot - direction * 16 * s, spot + rng.normal(0, 4, 3) * s, spot + direction * 16 * s]
        )
        r = rng.uniform(6.5, 11) * s
        found.append(Filling(Rod(chain, np.full(3, r)), Tissue.BOWEL, (Tissue.FAT, Tissue.BOWEL), 17 * s))
        content = rng.choice([Tissue.BOWEL, Tissue.BOWEL_FLUID, Tissue.AIRWAY], p=[0.55, 0.27, 0.18])
        found.append(
            Filling(Rod(chain, np.full(3, r - 2.2 * s)), Tissue(int(content)), (Tissue.BOWEL,), 18 * s)
        )
    return found


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
