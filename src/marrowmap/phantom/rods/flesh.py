# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""The outline of the child of rods: skin and the fat beneath it."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.rods.foot import foot_layout, foot_skin
from marrowmap.phantom.rods.hand import hand_layout, hand_skin
from marrowmap.phantom.rods.trunk import head_ellipsoids
from marrowmap.phantom.solids.bone import SIDES
from marrowmap.phantom.solids.flesh import Flesh
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod


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
