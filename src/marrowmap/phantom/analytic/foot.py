"""Feet of the analytic child, laid out for a foot of 212 mm (ours, after atlas pictures, PROPOSED)."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, plate_is_open
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Band, Ellipsoid, Profile, Rod, Vector, unit


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
    """Talus, calcaneus, five tarsals, metatarsals and toes."""
    ankle, f, o, d = foot_frame(p, pose, side)
    m = p.foot / 212.0  # the foot is laid out for 212 mm

    def at(forward: float, outward: float, down: float) -> Vector:
        return ankle + m * (forward * f + outward * o + down * d)

    turn = np.array([f, o, d])
    bones = [
        Bone(
            (
                Ellipsoid(at(0, 0, 13), (19 * m, 14 * m, 12 * m), turn),
                Rod(np.array([at(6, -1, 15), at(27, -4, 20)]), m * np.array([10, 10.5])),
            ),
            label_of(f"talus_{side}"),
            (at(-19, 0, 14), at(37, -4, 20)),
            cortex_mm=(1.2, 1.2),
            blend_mm=2 * m,
        ),
        Bone(
            (
                Band(
                    np.array([at(-42, 3, 38), at(-22, 4, 36), at(2, 6, 34), at(24, 9, 32)]),
                    m * np.array([15, 13.5, 12, 10.5]),
                    m * np.array([12.5, 11, 11, 10]),
                    d,
                ),
                Rod(np.array([at(2, 2, 29), at(6, -12, 29)]), m * np.array([7, 4.5])),
            ),
            label_of(f"calcaneus_{side}"),
            (at(24, 9, 34), at(-54, 3, 38)),
            (
                Plate(
                    at(-46, 3, 38),
                    -f,
                    *(label_of(f"calcaneus_{side}"),) * 2,
                    10 * m,
                    22 * m,
                    plate_is_open(spec, -0.5),
                ),
            ),
            (1.1, 1.1),
            blend_mm=2 * m,
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
