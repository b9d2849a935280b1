"""Arms and hands of the child of rods."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, by_age, cartilage_mm, plate_is_open
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, Vector, frame_of, unit


def arm(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    s = p.s
    shoulder, elbow, wrist = (pose.joints[f"{j}_{side}"] for j in ("shoulder", "elbow", "wrist"))
    down = unit(elbow - shoulder)
    top = shoulder - down * 17 * s
    across = frame_of(wrist - elbow)[1]
    humerus = Bone(
        (
            Profile(
                top,
                elbow,
                (0, 0.03, 0.08, 0.15, 0.25, 0.6, 0.8, 0.93, 0.98, 1),
                tuple(s * v for v in (8, 15, 18.5, 16, 10.5, 8.5, 10, 21, 21, 15)),
                tuple(s * v for v in (8, 15, 18, 16, 10.5, 8.5, 8.5, 9, 10, 8)),
                tuple(across),
            ),
        ),
        label_of(f"humerus_diaphysis_{side}"),
        (top, elbow),
        (
            Plate(
                top + down * 22 * s,
                -down,
                label_of(f"humerus_proximal_epiphysis_{side}"),
                label_of(f"humerus_proximal_metaphysis_{side}"),
                36 * s,
                46 * s,
                plate_is_open(spec, 0.8),
            ),
            Plate(
                elbow - down * 9 * s,
                down,
                label_of(f"humerus_distal_epiphysis_{side}"),
                label_of(f"humerus_distal_metaphysis_{side}"),
                32 * s,
                40 * s,
                plate_is_open(spec, -1.5),
            ),
        ),
        (1.0, 3.0 * s),
        cartilage_mm(spec) * 0.55,
    )
    along = unit(wrist - elbow)
    bones = [humerus]
    for name, offset, profile, end_shift in (
        ("radius", sign * 10 * s, (9, 8, 5.5, 6, 11, 12, 10), 0.0),
        ("ulna", -sign * 9 * s, (11, 10, 6.5, 5, 5.5, 6.5, 5), -4.0),
    ):
        start = elbow + across * offset * 0.9 + along * (4 if name == "radius" else -8) * s
        end = wrist + across * offset * 1.1 + along * end_shift * s
        axis = unit(end - start)
        ends = {
            end_name: label_of(f"{name}_{end_name}_{side}") for end_name in ("proximal_end", "distal_end")
        }
        bones.append(
            Bone(
                (
                    Profile(
                        start,
                        end,
                        (0, 0.04, 0.14, 0.7, 0.88, 0.97, 1),
                        tuple(s * v for v in profile),
                        tuple(s * 0.85 * v for v in profile),
                        tuple(across),
                    ),
                ),
                label_of(f"{name}_shaft_{side}"),
                (start, end),
                (
                    Plate(
                        start + axis * (7 if name == "radius" else 5) * s,
                        -axis,
                        ends["proximal_end"],
                        ends["proximal_end"],
                        24 * s,
                        30 * s,
                        plate_is_open(spec, -1),
                    ),
                    Plate(
                        end - axis * 8 * s,
                        axis,
                        ends["distal_end"],
                        ends["distal_end"],
                        28 * s,
                        34 * s,
                        plate_is_open(spec, 0.8),
                    ),
                ),
                (0.9, 2.2 * s),
                cartilage_mm(spec) * 0.6,
            )
        )
    return bones


def hand(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    wrist, tip = pose.joints[f"wrist_{side}"], pose.joints[f"fingertip_{side}"]
    along = unit(tip - wrist)
    across = frame_of(
        along, pose.joints[f"elbow_{side}"] - pose.joints[f"elbow_{'right' if side == 'left' else 'left'}"]
    )[1]
    across = frame_of(along, (sign * 0.5, -1.0, 0.0))[1]  # thumb side turned to the front
    normal = np.cross(along, across)
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
