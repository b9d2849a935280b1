# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Legs of the child of rods."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, cartilage_mm, plate_is_open
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, unit


def femur(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    s = p.s
    hip, knee = pose.joints[f"hip_{side}"], pose.joints[f"knee_{side}"]
    head = 17.5 * s
    corner = hip + np.array([sign * 37 * s, 6 * s, -26 * s])
    low = knee + np.array([0, 0, 3 * s])
    neck = Rod(np.array([hip, corner]), np.array([13.5 * s, 13 * s]))
    ball = Ellipsoid(hip, (head, head, head))
    trochanter = Rod(
        np.array([corner + [0, 3 * s, 8 * s], corner + [sign * 3 * s, 2 * s, -12 * s]]),
        np.array([8 * s, 12 * s]),
    )
    shaft = Profile(
        corner + np.array([-sign * 4 * s, 0, 6 * s]),
        low,
        (0, 0.1, 0.22, 0.5, 0.72, 0.84, 0.92, 0.975, 1),
        tuple(s * v for v in (8, 14, 10.5, 9.5, 11, 17, 25, 29, 22)),
        tuple(s * v for v in (8, 12, 10, 9.8, 11, 14, 19, 23, 18)),
    )
    down = unit(low - corner)
    toward_head = unit(hip - corner)
    plates = (
        Plate(
            hip - toward_head * 9 * s,
            unit(toward_head + [0, 0, 0.35]),
            label_of(f"femur_proximal_epiphysis_{side}"),
            label_of(f"femur_proximal_metaphysis_{side}"),
            52 * s,
            62 * s,
            plate_is_open(spec, 0.3),
        ),
        Plate(
            corner + np.array([sign * 2 * s, 2 * s, 0]),
            unit([sign * 0.8, 0.1, 0.75]),
            label_of(f"greater_trochanter_{side}"),
            label_of(f"femur_proximal_metaphysis_{side}"),
            2 * s,
            24 * s,
            plate_is_open(spec, 0.6),
        ),
        Plate(
            low - down * 25 * s,
            down,
            label_of(f"femur_distal_epiphysis_{side}"),
            label_of(f"femur_distal_metaphysis_{side}"),
            45 * s,
            58 * s,
            plate_is_open(spec),
        ),
    )
    femur = Bone(
        (ball, neck, trochanter, shaft),
        label_of(f"femur_diaphysis_{side}"),
        (hip + np.array([0, 0, head]), low),
        plates,
        (1.1, 4.2 * s),
        cartilage_mm(spec),
    )
    patella = Bone(
        (Ellipsoid(knee + np.array([0, -29 * s, 17 * s]), (15 * s, 8 * s, 17 * s)),),
        label_of(f"patella_{side}"),
        (knee + np.array([0, -29 * s, 34 * s]), knee + np.array([0, -29 * s, 0])),
        cortex_mm=(1.3 + cartilage_mm(spec) / 2,) * 2,
    )
    return [femur, patella]


def lower_leg(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    s = p.s
    knee, ankle = pose.joints[f"knee_{side}"], pose.joints[f"ankle_{side}"]
    top = knee + np.array([0, 1 * s, -3 * s])
    down = unit(ankle - top)
    tibia = Bone(
        (
            Profile(
                top,
                ankle,
                (0, 0.03, 0.09, 0.18, 0.3, 0.7, 0.86, 0.95, 1),
                tuple(s * v for v in (24, 30, 26, 17, 11, 9, 12, 17, 16)),
                tuple(s * v for v in (17, 22, 21, 17, 12.5, 9.5, 12, 15, 14)),
            ),
            Rod(
                np.array([ankle + [-sign * 13 * s, 0, 6 * s], ankle + [-sign * 14 * s, 0, -7 * s]]),
                np.full(2, 5 * s),
            ),
        ),
        label_of(f"tibia_diaphysis_{side}"),
        (top, ankle),
        (
            Plate(
                top + down * 15 * s,
                -down,
                label_of(f"tibia_proximal_epiphysis_{side}"),
                label_of(f"tibia_proximal_metaphysis_{side}"),
                38 * s,
                52 * s,
                plate_is_open(spec),
            ),
            Plate(
                ankle - down * 9 * s,
                down,
                label_of(f"tibia_distal_epiphysis_{side}"),
                label_of(f"tibia_distal_metaphysis_{side}"),
                33 * s,
                45 * s,
                plate_is_open(spec, -0.5),
            ),
        ),
        (1.1, 4.0 * s),
        cartilage_mm(spec),
    )
    f_top = top + np.array([sign * 29 * s, 13 * s, -20 * s])
    f_end = ankle + np.array([sign * 22 * s, 7 * s, -14 * s])
    f_down = unit(f_end - f_top)
    fibula = Bone(
        (
            Profile(
                f_top,
                f_end,
                (0, 0.04, 0.1, 0.85, 0.93, 1),
                tuple(s * v for v in (6, 9, 5.5, 5, 8, 4)),
                tuple(s * v for v in (6, 9, 5.5, 5, 8.5, 5)),
            ),
        ),
        label_of(f"fibula_shaft_{side}"),
        (f_top, f_end),
        (
            Plate(
                f_top + f_down * 11 * s,
                -f_down,
                *(label_of(f"fibula_proximal_end_{side}"),) * 2,
                30 * s,
                38 * s,
                plate_is_open(spec),
            ),
            Plate(
                f_end - f_down * 17 * s,
                f_down,
                *(label_of(f"fibula_distal_end_{side}"),) * 2,
                26 * s,
                34 * s,
                plate_is_open(spec),
            ),
        ),
        (0.9, 1.6 * s),
        cartilage_mm(spec) * 0.7,
    )
    return [tibia, fibula]
