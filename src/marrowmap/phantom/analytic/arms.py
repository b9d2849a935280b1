"""Humerus, radius and ulna of the analytic child.

Adult thicknesses from memory (unverified, PROPOSED), scaled by height.
"""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, cartilage_mm, plate_is_open
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, Vector, frame_of, unit


def elbow_axis(pose: Posture, side: str, sign: float) -> tuple[Vector, Vector]:
    """(outward along the hinge of the elbow, backward) with the palm turned half forward."""
    forearm = pose.joints[f"wrist_{side}"] - pose.joints[f"elbow_{side}"]
    _, across, rear = frame_of(forearm, (sign, 0.0, 0.0))
    return across, rear if rear[1] > 0 else -rear


def arm(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    """Upper arm and both bones of the forearm."""
    return [
        humerus(spec, p, pose, side, sign),
        radius(spec, p, pose, side, sign),
        ulna(spec, p, pose, side, sign),
    ]


def humerus(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> Bone:
    """Head, tubercles, shaft, condyles with the fossa behind them."""
    a = p.a
    shoulder, elbow = pose.joints[f"shoulder_{side}"], pose.joints[f"elbow_{side}"]
    down = unit(elbow - shoulder)
    across, rear = elbow_axis(pose, side, sign)
    out = unit(np.array([sign, 0.0, 0.0]) - down * down[0] * sign)
    top = shoulder - down * 17 * a + out * 6 * a
    shaft = Profile(
        top,
        elbow,
        (0, 0.04, 0.09, 0.16, 0.25, 0.6, 0.78, 0.88, 0.95, 1),
        tuple(a * v for v in (9, 16, 19, 16, 12.5, 11, 12, 19, 28, 22)),
        tuple(a * v for v in (9, 17, 19, 16, 12.5, 11, 10, 9, 9.5, 8)),
        tuple(across),
    )
    shapes = (
        shaft,
        Ellipsoid(shoulder, (22.5 * a,) * 3),
        Ellipsoid(shoulder + out * 17 * a + down * 2 * a, (10 * a, 14 * a, 15 * a)),
        Ellipsoid(shoulder + out * 6 * a - rear * 17 * a + down * 6 * a, (7 * a, 8 * a, 12 * a)),
        Rod(np.array([elbow - across * 21 * a, elbow + across * 2 * a]), a * np.array([12.5, 9.5])),
        Ellipsoid(elbow + across * 13 * a - rear * 3 * a, (10.5 * a,) * 3),
        Ellipsoid(elbow - across * 29 * a - down * 12 * a, (7 * a, 7 * a, 8 * a)),
    )
    fossa = Ellipsoid(elbow + rear * 13 * a - down * 16 * a, (9 * a, 7 * a, 9 * a))
    return Bone(
        shapes,
        label_of(f"humerus_diaphysis_{side}"),
        (top, elbow),
        (
            Plate(
                shoulder + down * 9 * a,
                -down,
                label_of(f"humerus_proximal_epiphysis_{side}"),
                label_of(f"humerus_proximal_metaphysis_{side}"),
                44 * a,
                56 * a,
                plate_is_open(spec, 0.8),
            ),
            Plate(
                elbow - down * 10 * a,
                down,
                label_of(f"humerus_distal_epiphysis_{side}"),
                label_of(f"humerus_distal_metaphysis_{side}"),
                39 * a,
                49 * a,
                plate_is_open(spec, -1.5),
            ),
        ),
        (1.0, 3.9 * a),
        cartilage_mm(spec) * 0.55,
        holes=(fossa,),
        blend_mm=3 * a,
    )


def radius(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> Bone:
    """Disc-shaped head, tuberosity, bowed shaft, wide lower end."""
    a = p.a
    elbow, wrist = pose.joints[f"elbow_{side}"], pose.joints[f"wrist_{side}"]
    across, _ = elbow_axis(pose, side, sign)
    along = unit(wrist - elbow)
    start = elbow + across * 14 * a + along * 9 * a
    end = wrist + across * 9 * a
    shaft = Profile(
        start,
        end,
        (0, 0.02, 0.04, 0.06, 0.1, 0.16, 0.5, 0.78, 0.9, 0.96, 1),
        tuple(a * v for v in (9.5, 11, 11, 8.5, 7.2, 8.5, 7.5, 8.5, 14, 16.5, 15)),
        tuple(a * v for v in (9.5, 11, 11, 8.5, 7.2, 7.5, 6.2, 7, 10, 11, 10)),
        tuple(across),
        off_wide_mm=tuple(a * v for v in (0, 0, 0, 0, -1, -1, 5, 3, 0, 0, 0)),
    )
    return _forearm_bone(spec, p, "radius", side, shaft, (9.0, 9.0))


def ulna(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> Bone:
    """Olecranon behind the elbow's hinge, coronoid in front of it, tapering shaft, small head."""
    a = p.a
    elbow, wrist = pose.joints[f"elbow_{side}"], pose.joints[f"wrist_{side}"]
    across, rear = elbow_axis(pose, side, sign)
    along = unit(wrist - elbow)
    start = elbow - across * 10 * a - along * 15 * a
    end = wrist - across * 15 * a - along * 5 * a
    sense = float(np.sign(np.cross(along, across) @ rear))
    shaft = Profile(
        start,
        end,
        (0, 0.03, 0.07, 0.13, 0.2, 0.5, 0.8, 0.92, 0.97, 1),
        tuple(a * v for v in (8, 11, 11.5, 10.5, 8.5, 7, 6, 7, 8, 5)),
        tuple(a * v for v in (7, 9, 10, 12, 9.5, 7.5, 6, 7, 8, 5)),
        tuple(across),
        off_deep_mm=tuple(sense * a * v for v in (15, 15, 13, 6, 3, 1, 0, 0, 0, 0)),
    )
    hinge = Rod(np.array([elbow - across * 26 * a, elbow + across * 6 * a]), a * np.array([13.5, 11]))
    return _forearm_bone(spec, p, "ulna", side, shaft, (7.0, 8.0), (hinge,))


def _forearm_bone(
    spec: ChildSpec,
    p: Proportions,
    name: str,
    side: str,
    shaft: Profile,
    plates_at: tuple[float, float],
    holes: tuple[Rod, ...] = (),
) -> Bone:
    a = p.a
    axis = unit(shaft.b - shaft.a)
    ends = {part: label_of(f"{name}_{part}_{side}") for part in ("proximal_end", "distal_end")}
    return Bone(
        (shaft,),
        label_of(f"{name}_shaft_{side}"),
        (shaft.a, shaft.b),
        (
            Plate(
                shaft.a + axis * plates_at[0] * a,
                -axis,
                ends["proximal_end"],
                ends["proximal_end"],
                29 * a if name == "radius" else 38 * a,
                40 * a if name == "radius" else 52 * a,
                plate_is_open(spec, -1),
            ),
            Plate(
                shaft.b - axis * plates_at[1] * a,
                axis,
                ends["distal_end"],
                ends["distal_end"],
                34 * a,
                41 * a,
                plate_is_open(spec, 0.8),
            ),
        ),
        (0.9, 2.6 * a),
        cartilage_mm(spec) * 0.6,
        holes=holes,
    )
