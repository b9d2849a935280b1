"""Hands of the analytic child, laid out for a hand of 151 mm (ours, after atlas pictures, PROPOSED)."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, by_age, plate_is_open
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, Vector, frame_of, unit


def hand_frame(pose: Posture, side: str, sign: float) -> tuple[Vector, Vector, Vector, Vector]:
    """(wrist, direction to the fingers, to the thumb, across the palm) of one hand."""
    wrist = pose.joints[f"wrist_{side}"]
    along = unit(pose.joints[f"fingertip_{side}"] - wrist)
    across = frame_of(along, (sign * 0.5, -1.0, 0.0))[1]
    return wrist, along, across, np.cross(along, across)


def hand(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    """Carpus, metacarpals and fingers."""
    wrist, along, across, normal = hand_frame(pose, side, sign)
    m = p.hand / 151.0  # the hand is laid out for 151 mm

    def at(down: float, thumbwards: float, deep: float = 0.0) -> Vector:
        return wrist + m * (down * along + thumbwards * across + deep * normal)

    bones: list[Bone] = []
    grown = by_age(spec.age_years, 0.75, 0.95, 1.05)
    carpus = (
        (9, 9, 6.5),
        (8, 0, 6),
        (9, -8, 5),
        (11, -12, 3.5),
        (18, 13, 5),
        (19, 6, 4.5),
        (19, -1, 7),
        (19, -9, 6),
    )
    for part, (dn, th, r) in enumerate(carpus, start=1):
        ball = Ellipsoid(at(dn, th, 5 if part == 4 else 0), (r * m * grown,) * 3)
        bones.append(
            Bone(
                (ball,),
                label_of(f"carpus_{side}"),
                (at(dn - r, th), at(dn + r, th)),
                cortex_mm=(0.8, 0.8),
                part=part,
            )
        )
    part = 0
    for ray in range(1, 6):
        th = (17, 10, 2, -6, -13)[ray - 1]
        start, length, r = (
            (24, 27, 26, 26, 25)[ray - 1],
            (30, 46, 44, 39, 36)[ray - 1],
            (5, 4.6, 4.6, 4, 3.9)[ray - 1],
        )
        direction = unit(along + across * (0.55, 0.09, 0.02, -0.06, -0.14)[ray - 1])
        base = at(start, th)
        head = base + direction * length * m
        own = label_of(f"metacarpal_{ray}_{side}")
        plate_at = base + direction * 6 * m if ray == 1 else head - direction * 7 * m
        bones.append(
            Bone(
                (
                    Profile(
                        base,
                        head,
                        (0, 0.1, 0.3, 0.7, 0.9, 1),
                        tuple(m * r * v for v in (1, 1.15, 0.75, 0.75, 1.25, 0.8)),
                        tuple(m * r * v for v in (0.9, 1.05, 0.75, 0.75, 1.15, 0.8)),
                        tuple(across),
                    ),
                ),
                own,
                (base, head),
                (
                    Plate(
                        plate_at,
                        -direction if ray == 1 else direction,
                        own,
                        own,
                        9 * m,
                        11 * m,
                        plate_is_open(spec),
                    ),
                ),
                (0.7, 1.0 * m),
            )
        )
        spot = head + direction * 2.5 * m
        for fraction in (0.9, 0.75) if ray == 1 else (0.85, 0.55, 0.4):
            part += 1
            piece = (30, 40, 44, 40, 31)[ray - 1] * fraction
            end = spot + direction * piece * m
            bones.append(
                Bone(
                    (
                        Rod(
                            np.array([spot + direction * r * 0.6 * m, end - direction * r * 0.5 * m]),
                            m * r * np.array([0.85, 0.7]),
                        ),
                    ),
                    label_of(f"fingers_{side}"),
                    (spot, end),
                    cortex_mm=(0.7, 0.9 * m),
                    part=part,
                )
            )
            spot = end + direction * 2 * m
    return bones
