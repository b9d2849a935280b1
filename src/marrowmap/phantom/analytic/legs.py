# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Femur, patella, tibia and fibula of the analytic child.

Adult thicknesses and neck-shaft angles by age from memory (unverified, PROPOSED), scaled by height.
"""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, by_age, cartilage_mm, plate_is_open
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, unit


def femur(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    """Thigh bone with head, neck, both trochanters, bowed shaft and condyles; kneecap."""
    a = p.a
    hip, knee = pose.joints[f"hip_{side}"], pose.joints[f"knee_{side}"]
    steep = np.deg2rad(by_age(spec.age_years, 138, 134, 128) - 90)
    turned = np.deg2rad(by_age(spec.age_years, 20, 15, 9))
    neck_axis = np.array(
        [sign * np.cos(steep) * np.cos(turned), np.cos(steep) * np.sin(turned), -np.sin(steep)]
    )
    corner = hip + neck_axis * 49 * a
    low = knee + np.array([0, 0, 2 * a])
    down = unit(low - corner)
    shaft = Profile(
        corner - down * 10 * a,
        low - down * 9 * a,
        (0, 0.05, 0.1, 0.2, 0.5, 0.72, 0.82, 0.89, 0.94, 0.98, 1),
        tuple(a * v for v in (11, 17, 17.5, 14.8, 13.6, 15.5, 20.5, 28, 35, 38, 34)),
        tuple(a * v for v in (11, 16, 15.5, 14, 14, 15.5, 18, 22, 25, 25, 20)),
        off_deep_mm=tuple(a * v for v in (0, 0, 1, 4, 9, 7, 3, 0, -1, -1, -1)),
    )
    shapes = (
        shaft,
        Ellipsoid(hip, (23 * a,) * 3),
        Rod(np.array([hip, hip + neck_axis * 26 * a, corner]), a * np.array([16, 15.5, 18])),
        Rod(
            np.array([corner + a * np.array([sign * 9, 5, 19]), corner + a * np.array([sign * 10, 3, -12])]),
            a * np.array([11, 14.0]),
        ),
        Ellipsoid(corner + a * np.array([-sign * 12, 14, -36]), (8 * a, 8 * a, 13 * a)),
        *(
            Ellipsoid(low + a * np.array([side_mm, 9, 20]), (17 * a, 30 * a, 22 * a))
            for side_mm in (-21.0, 21.0)
        ),
        Ellipsoid(low + a * np.array([0, -10, 22]), (30 * a, 19 * a, 18 * a)),
    )
    notch = Rod(
        np.array([low + a * np.array([0, 12, -2]), low + a * np.array([0, 42, 18])]), a * np.array([7, 11.0])
    )
    toward_head = -neck_axis
    plates = (
        Plate(
            hip - toward_head * 10 * a,
            unit(toward_head + [0, 0, 0.35]),
            label_of(f"femur_proximal_epiphysis_{side}"),
            label_of(f"femur_proximal_metaphysis_{side}"),
            63 * a,
            75 * a,
            plate_is_open(spec, 0.3),
        ),
        Plate(
            corner + a * np.array([sign * 3, 3, 5]),
            unit([sign * 0.75, 0.1, 0.75]),
            label_of(f"greater_trochanter_{side}"),
            label_of(f"femur_proximal_metaphysis_{side}"),
            2 * a,
            36 * a,
            plate_is_open(spec, 0.6),
        ),
        Plate(
            low - down * 30 * a,
            down,
            label_of(f"femur_distal_epiphysis_{side}"),
            label_of(f"femur_distal_metaphysis_{side}"),
            55 * a,
            72 * a,
            plate_is_open(spec),
        ),
    )
    bone = Bone(
        shapes,
        label_of(f"femur_diaphysis_{side}"),
        (hip + np.array([0, 0, 23 * a]), low),
        plates,
        (1.1, 6.0 * a),
        cartilage_mm(spec),
        holes=(notch,),
        blend_mm=4 * a,
    )
    cap = knee + a * np.array([0, -38, 20])
    patella = Bone(
        (Ellipsoid(cap, (20 * a, 10 * a, 21 * a)),),
        label_of(f"patella_{side}"),
        (cap + np.array([0, 0, 21 * a]), cap - np.array([0, 0, 21 * a])),
        cortex_mm=(1.2 + cartilage_mm(spec) / 2,) * 2,
    )
    return [bone, patella]


def lower_leg(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    """Shin bone, three-edged with plateau, tuberosity and inner ankle, and the fibula beside it."""
    a = p.a
    knee, ankle = pose.joints[f"knee_{side}"], pose.joints[f"ankle_{side}"]
    top = knee + np.array([0, 2 * a, -5 * a])
    down = unit(ankle - top)
    front = np.array([0.0, -1.0, 0.0])
    shaft = Profile(
        top,
        ankle,
        (0, 0.02, 0.06, 0.12, 0.2, 0.32, 0.65, 0.84, 0.93, 0.98, 1),
        tuple(a * v for v in (22, 26, 27, 24.5, 21, 17, 13, 14, 18, 19, 17)),
        tuple(a * v for v in (33, 37, 36.5, 29, 20, 14.5, 11.5, 14, 20.5, 23, 21)),
        tuple(front),
        off_wide_mm=tuple(a * v for v in (-3, -3, -3, -1, 2, 3, 1, 0, 0, 0, 0)),
        three=0.1,
    )
    shapes = (
        shaft,
        Rod(
            np.array(
                [ankle + a * np.array([-sign * 17, -1, 10]), ankle + a * np.array([-sign * 20, -1, -9])]
            ),
            a * np.array([8, 5.5]),
        ),
        Ellipsoid(top + a * np.array([0, -23, -40]), (9 * a, 7 * a, 14 * a)),
        Rod(
            np.array([top + a * np.array([-4, 2, 1]), top + a * np.array([4, 2, 1])]), a * np.array([5, 5.0])
        ),
    )
    tibia = Bone(
        shapes,
        label_of(f"tibia_diaphysis_{side}"),
        (top, ankle),
        (
            Plate(
                top + down * 17 * a,
                -down,
                label_of(f"tibia_proximal_epiphysis_{side}"),
                label_of(f"tibia_proximal_metaphysis_{side}"),
                46 * a,
                64 * a,
                plate_is_open(spec),
            ),
            Plate(
                ankle - down * 13 * a,
                down,
                label_of(f"tibia_distal_epiphysis_{side}"),
                label_of(f"tibia_distal_metaphysis_{side}"),
                40 * a,
                55 * a,
                plate_is_open(spec, -0.5),
            ),
        ),
        (1.1, 5.2 * a),
        cartilage_mm(spec),
        blend_mm=2.5 * a,
    )
    f_top = top + a * np.array([sign * 35, 20, -18])
    f_end = ankle + a * np.array([sign * 27, 9, -19])
    f_down = unit(f_end - f_top)
    fibula = Bone(
        (
            Profile(
                f_top,
                f_end,
                (0, 0.03, 0.07, 0.12, 0.5, 0.84, 0.92, 0.97, 1),
                tuple(a * v for v in (7, 11, 11, 6.8, 6.8, 6.5, 9.5, 8.5, 4)),
                tuple(a * v for v in (7, 11, 11, 6.8, 7.2, 6.5, 11.5, 10.5, 5)),
            ),
        ),
        label_of(f"fibula_shaft_{side}"),
        (f_top, f_end),
        (
            Plate(
                f_top + f_down * 13 * a,
                -f_down,
                *(label_of(f"fibula_proximal_end_{side}"),) * 2,
                37 * a,
                46 * a,
                plate_is_open(spec),
            ),
            Plate(
                f_end - f_down * 21 * a,
                f_down,
                *(label_of(f"fibula_distal_end_{side}"),) * 2,
                32 * a,
                41 * a,
                plate_is_open(spec),
            ),
        ),
        (0.9, 2.6 * a),
        cartilage_mm(spec) * 0.7,
    )
    return [tibia, fibula]
