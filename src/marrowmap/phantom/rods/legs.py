# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Legs and feet of the child of rods."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, cartilage_mm, plate_is_open
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, Vector, unit


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


def foot_frame(p: Proportions, pose: Posture, side: str) -> tuple[Vector, Vector, Vector, Vector]:
    """(ankle, forward to the toes, outward to the little toe, down to the sole) of one foot."""
    forward = pose.foot_forward[side]
    leg = unit(pose.joints[f"ankle_{side}"] - pose.joints[f"knee_{side}"])
    sole = unit(leg - forward * (leg @ forward))
    sign = 1.0 if side == "left" else -1.0
    outward = np.cross(forward, sole)
    outward = outward if outward[0] * sign > 0 else -outward
    return pose.joints[f"ankle_{side}"], forward, outward, sole


def foot(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    ankle, f, o, d = foot_frame(p, pose, side)
    m = p.foot / 212.0  # the foot is laid out for 212 mm

    def at(forward: float, outward: float, down: float) -> Vector:
        return ankle + m * (forward * f + outward * o + down * d)

    turn = np.array([f, o, d])
    bones = [
        Bone(
            (Ellipsoid(at(10, 0, 14), (24 * m, 15 * m, 12 * m), turn),),
            label_of(f"talus_{side}"),
            (at(-14, 0, 14), at(34, 0, 14)),
            cortex_mm=(1.2, 1.2),
        ),
        Bone(
            (Rod(np.array([at(-34, 3, 36), at(-5, 5, 36), at(24, 9, 34)]), m * np.array([15, 15, 12])),),
            label_of(f"calcaneus_{side}"),
            (at(24, 9, 34), at(-48, 3, 38)),
            (
                Plate(
                    at(-42, 3, 38),
                    -f,
                    *(label_of(f"calcaneus_{side}"),) * 2,
                    10 * m,
                    22 * m,
                    plate_is_open(spec, -0.5),
                ),
            ),
            (1.1, 1.1),
        ),
    ]
    tarsals = label_of(f"tarsals_{side}")
    for part, (fw, ow, dn, r) in enumerate(
        ((44, -9, 20, 11), (38, 17, 34, 12), (60, -16, 22, 10), (61, -2, 20, 8.5), (60, 9, 24, 9)), start=1
    ):
        bones.append(
            Bone(
                (Ellipsoid(at(fw, ow, dn), (r * m, r * 0.8 * m, r * m), turn),),
                tarsals,
                (at(fw - r, ow, dn), at(fw + r, ow, dn)),
                cortex_mm=(1.0, 1.0),
                part=part,
            )
        )
    toe_part = 0
    for ray in range(1, 6):
        ow = (-20, -7, 4, 15, 26)[ray - 1]
        start, length = (74, 75, 73, 69, 58)[ray - 1], (44, 53, 51, 49, 48)[ray - 1]
        r = (8.5, 5.5, 5.2, 5.2, 5.6)[ray - 1]
        base, head = at(start, ow * 0.85, 26 + ray), at(start + length, ow * 1.25, 42)
        across = unit(head - base)
        plate_at = base + across * 9 * m if ray == 1 else head - across * 11 * m
        own = label_of(f"metatarsal_{ray}_{side}")
        bones.append(
            Bone(
                (
                    Profile(
                        base,
                        head,
                        (0, 0.08, 0.25, 0.7, 0.88, 1),
                        tuple(m * r * v for v in (0.8, 1.1, 0.75, 0.7, 1.1, 0.6)),
                        tuple(m * r * v for v in (0.8, 1.15, 0.8, 0.75, 1.1, 0.6)),
                        tuple(o),
                    ),
                ),
                own,
                (base, head),
                (
                    Plate(
                        plate_at,
                        -across if ray == 1 else across,
                        own,
                        own,
                        12 * m,
                        14 * m,
                        plate_is_open(spec),
                    ),
                ),
                (0.8, 1.3 * m),
            )
        )
        spot = head + across * 4 * m
        toward = unit(f + 0.15 * d + 0.03 * ow / 20 * o)
        lengths = (26, 20) if ray == 1 else (20 - ray, 9, 8)
        for phalanx in lengths:
            toe_part += 1
            end = spot + toward * phalanx * m
            bones.append(
                Bone(
                    (Rod(np.array([spot + toward * r * 0.5 * m, end]), m * r * np.array([0.72, 0.6])),),
                    label_of(f"toes_{side}"),
                    (spot, end),
                    cortex_mm=(0.8, 0.8),
                    part=toe_part,
                )
            )
            spot = end + toward * 6 * m
    return bones
