"""Arms of the child of rods."""

from __future__ import annotations

from marrowmap.phantom.analytic.growth import Proportions, cartilage_mm, plate_is_open
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Profile, frame_of, unit


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
