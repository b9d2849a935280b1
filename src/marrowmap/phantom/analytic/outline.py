# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""The body's outline and its layer of fat.

Girths follow children's anthropometry from memory (ten years: chest 22 cm and hips 27 cm wide, thigh 42 cm, calf
28 cm round; unverified, PROPOSED). Millimetres below are those of an adult of 1.70 m.
"""

from __future__ import annotations

import numpy as np

from marrowmap.core.geometry import Grid
from marrowmap.phantom.analytic.chest import sternum_line
from marrowmap.phantom.analytic.foot import foot_frame
from marrowmap.phantom.analytic.girdle import scapula_frame
from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.hand import hand_frame
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.analytic.skull import VAULT_CENTRE, VAULT_HALF, Head, head_of
from marrowmap.phantom.analytic.spine import SPINE_LONG, spine_levels
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import SIDES
from marrowmap.phantom.solids.flesh import Flesh
from marrowmap.phantom.solids.flesh import depth_and_fat as depth_of_union
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, Vector, unit, window

PERINEUM = -84.0
"""Height of the perineum against the hip centres."""


def fat_layer(spec: ChildSpec, p: Proportions) -> float:
    """Usual thickness of the fat under the skin in millimetres."""
    return (4.5 + 5.0 * (p.bmi - 14) / 5) * p.s * (1.15 if spec.sex == "F" else 0.95)


def outline(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Flesh]:
    """The pieces whose union is the body."""
    fat = fat_layer(spec, p)
    pieces = _trunk(spec, p, pose, fat)
    for side, sign in SIDES:
        pieces += _leg(p, pose, side, sign, fat)
        pieces += _foot(p, pose, side)
        pieces += _arm(p, pose, side, sign, fat)
        pieces += _hand(p, pose, side, sign)
    return pieces + _head(head_of(spec, p, pose), p, pose, fat)


def _trunk(spec: ChildSpec, p: Proportions, pose: Posture, fat: float) -> list[Flesh]:
    a, g = p.a, p.stoutness
    levels = {level.name: level for level in spine_levels(p, pose)}
    hip = pose.joints["hip_left"]
    line = sternum_line(p, pose)

    def back(name: str) -> float:
        level = levels[name]
        long = level.canal_back + level.canal_deep / 2 + a * level.read(SPINE_LONG)
        return float(level.at(0, long)[1] + fat + 6 * a)

    belly = levels["L3"].at(0, 0)[1] - (17 + 82 * g) * a
    waist = 130 * (0.96 if spec.sex == "F" else 1.0)
    rows = [  # (height, half width, front, back)
        (hip[2] + PERINEUM * a, 55, hip[1] - 55 * a, hip[1] + 60 * a),
        (hip[2] - 45 * a, 120, hip[1] - 76 * a - fat, hip[1] + 92 * a + fat),
        (hip[2], 150, hip[1] - 80 * a - fat, hip[1] + 98 * a + fat),
        (hip[2] + 55 * a, 150, hip[1] - 78 * a - fat, hip[1] + 92 * a + fat),
        (hip[2] + 110 * a, 147, belly + 4 * a, back("L5") + 8 * a),
        (levels["L3"].at(0, 0)[2], waist, belly, back("L3") + 3 * a),
        (levels["L1"].at(0, 0)[2], 135, belly - 6 * a, back("L1")),
        (line[2, 2], 139, line[2, 1] - 9 * a - fat * 0.8, back("T10")),
        (line[2, 2] + 50 * a, 141, line[1, 1] - 22 * a - fat, back("T7") + 2 * a),
        (line[1, 2], 136, line[1, 1] - 9 * a - fat, back("T5") + 6 * a),
        (line[0, 2], 112, line[0, 1] - 8 * a, back("T3") + 6 * a),
        (levels["T1"].at(0, 0)[2], 78, line[0, 1] + 6 * a, back("T1")),
        (levels["C7"].at(0, 0)[2] + 10 * a, 52, line[0, 1] + 16 * a, back("C7")),
    ]
    z = np.array([row[0] for row in rows])
    # a thin child is thin at the waist and the thighs; over ribs and iliac crests the bones set the width
    girth = [max(g, 0.98) if i != 5 else max(g, 0.92) for i in range(9)] + [max(g, 0.9) ** 0.6] * (
        len(rows) - 9
    )
    wide = np.array([row[1] for row in rows]) * a * np.array(girth)
    front, rear = np.array([row[2] for row in rows]), np.array([row[3] for row in rows])
    trunk = Profile(
        np.array([0.0, 0.0, z[0]]),
        np.array([0.0, 0.0, z[-1]]),
        tuple((z - z[0]) / (z[-1] - z[0])),
        tuple(wide),
        tuple((rear - front) / 2),
        off_deep_mm=tuple((rear + front) / 2),
        power=2.6,
    )
    pieces = [Flesh(trunk, fat, 0.0)]
    for _, sign in SIDES:
        seat = Ellipsoid(
            np.array([sign * 68 * a, hip[1] + 44 * a, hip[2] - 18 * a]), (74 * a * g, 66 * a * g, 82 * a)
        )
        pieces.append(Flesh(seat, fat * 1.8, 10 * a))
        if spec.sex == "F" and spec.age_years > 11.5:
            size = float(np.interp(spec.age_years, (11.5, 15.5), (14, 46))) * a
            breast = np.array([sign * 62 * a, line[2, 1] + 14 * a, line[2, 2] + 22 * a])
            pieces.append(Flesh(Ellipsoid(breast, (size * 1.2, size, size * 1.1)), 20 * a, 14 * a))
    return pieces


def _leg(p: Proportions, pose: Posture, side: str, sign: float, fat: float) -> list[Flesh]:
    a, g = p.a, p.stoutness
    hip, knee, ankle = (pose.joints[f"{j}_{side}"] for j in ("hip", "knee", "ankle"))
    start = hip + np.array([sign * 10, 8, 45]) * a
    thigh = Profile(
        start,
        knee - [0, 0, 14 * a],
        (0, 0.1, 0.22, 0.32, 0.6, 0.84, 0.95, 1),
        tuple(a * g * v for v in (56, 80, 86, 83, 70, 56, 56, 48)),
        tuple(a * g * v for v in (62, 82, 87, 86, 73, 57, 58, 50)),
        off_deep_mm=tuple(a * v for v in (0, -4, -4, 0, 6, 2, 2, 2)),
    )
    calf = Profile(
        knee + [0, 3 * a, 24 * a],
        ankle - [0, 0, 22 * a],
        (0, 0.06, 0.14, 0.3, 0.5, 0.75, 0.9, 1),
        tuple(a * g * v for v in (50, 54, 52, 56, 48, 35, 32, 35)),
        tuple(a * g * v for v in (52, 56, 51, 52, 46, 35, 34, 34)),
        off_deep_mm=tuple(a * v for v in (2, 0, -10, -21, -19, -10, -6, 0)),
    )
    return [Flesh(thigh, fat * 1.05, 14 * a), Flesh(calf, fat * 0.65, 10 * a)]


def _foot(p: Proportions, pose: Posture, side: str) -> list[Flesh]:
    ankle, f, o, d = foot_frame(p, pose, side)
    m = p.foot / 212.0

    def at(forward: float, outward: float, down: float) -> Vector:
        return ankle + m * (forward * f + outward * o + down * d)

    rods = (
        Rod(np.array([at(-32, 3, 34), at(-8, 3, 10), at(-12, 3, -14)]), m * np.array([24, 26, 23])),
        Rod(np.array([at(-34, 3, 38), at(50, 12, 34), at(115, 26, 40)]), m * np.array([20, 20, 15])),
        Rod(np.array([at(10, 0, 18), at(60, -8, 24), at(118, -20, 40)]), m * np.array([27, 22, 17])),
        Rod(np.array([at(60, 4, 26), at(118, 4, 40)]), m * np.array([20, 16])),
        *(
            Rod(np.array([at(112, ow * 1.2, 42), at(end, ow * 1.28, 45)]), m * np.array([11, r]))
            for ow, end, r in ((-20, 166, 11), (-7, 165, 8), (4, 160, 8), (15, 152, 7.5), (26, 140, 7.5))
        ),
    )
    return [Flesh(rod, 3.0 * m, 5 * m) for rod in rods]


def _arm(p: Proportions, pose: Posture, side: str, sign: float, fat: float) -> list[Flesh]:
    a, g = p.a, p.stoutness
    shoulder, elbow, wrist = (pose.joints[f"{j}_{side}"] for j in ("shoulder", "elbow", "wrist"))
    neck = pose.levels[6][1]
    slope = Rod(
        np.array([neck + [sign * 30 * a, 6 * a, 2 * a], shoulder + [-sign * 6 * a, 8 * a, 0]]),
        a * g**0.5 * np.array([44, 44]),
    )
    chain = np.array(
        [
            shoulder + [sign * 3 * a, 2 * a, 0],
            shoulder + (elbow - shoulder) * 0.35,
            elbow,
            elbow + (wrist - elbow) * 0.25,
            elbow + (wrist - elbow) * 0.8,
            wrist,
        ]
    )
    glenoid, out, up, front = scapula_frame(p, pose, side, sign)
    blade = np.array(
        [glenoid + a * (u * out + v * up + n * front) for u, v, n in ((-8, 0, 0), (-70, 0, 6), (-68, -85, 8))]
    )
    return [
        Flesh(Rod(blade, a * np.array([30, 23, 18])), fat, 14 * a),
        Flesh(slope, fat * 0.5, 14 * a),
        Flesh(Rod(chain, a * g * np.array([45, 43, 36, 38, 27, 27])), fat * 0.6, 8 * a),
    ]


def _hand(p: Proportions, pose: Posture, side: str, sign: float) -> list[Flesh]:
    m = p.hand / 151.0
    wrist, along, across, _ = hand_frame(pose, side, sign)
    pieces = []
    for ray in range(1, 6):
        th = (17, 10, 2, -6, -13)[ray - 1]
        direction = unit(along + across * (0.55, 0.09, 0.02, -0.06, -0.14)[ray - 1])
        reach = (95, 140, 150, 135, 112)[ray - 1]
        base = wrist + m * (4 * along + th * 0.7 * across)
        knuckle = wrist + m * (26 * along + th * across) + direction * 44 * m
        end = wrist + m * (26 * along + th * across) + direction * (reach - 32) * m
        pieces.append(
            Flesh(Rod(np.array([base, knuckle, end]), m * np.array([14, 11.5, 7.5])), 2.0 * m, 3 * m)
        )
    return pieces


def _head(head: Head, p: Proportions, pose: Posture, fat: float) -> list[Flesh]:
    a, c, f = p.a, head.cranium, head.face
    t1, c5, c2 = (
        next((low + high) / 2 for name, low, high in pose.levels if name == wanted)
        for wanted in ("T1", "C5", "C2")
    )
    neck = Rod(
        np.array([t1 + [0, -8 * a, 0], c5 + [0, -5 * a, 0], c2 + [0, -4 * a, 0]]),
        a * np.array([58, 55, 56]),
    )
    scalp = head.thick_mm + 6.5 * c
    vault = Ellipsoid(head.vault(*VAULT_CENTRE), tuple(c * v + scalp for v in VAULT_HALF))
    pieces = [
        Flesh(neck, fat * 0.5, 16 * a),
        Flesh(vault, 6.8 * c, 6 * c),
        Flesh(Ellipsoid(head.vault(0, 32, 30), (64 * c, 55 * c, 46 * c)), 4 * c, 10 * c),
        Flesh(Ellipsoid(head.at(0, -46, -4), (72 * f, 58 * f, 54 * f)), 5 * f, 8 * f),
        Flesh(Ellipsoid(head.at(0, -44, -50), (61 * f, 53 * f, 46 * f)), 5 * f, 8 * f),
        Flesh(
            Rod(np.array([head.at(-9, -82, -76), head.at(9, -82, -76)]), np.full(2, 19.0 * f)), 4 * f, 8 * f
        ),
        Flesh(
            Rod(np.array([head.at(0, -100, 22), head.at(0, -107, -12)]), f * np.array([7, 12.0])), 1.5, 6 * f
        ),
    ]
    for sign in (-1.0, 1.0):
        ear = Ellipsoid(head.at(sign * 69, 5, 10), (7 * f, 13 * f, 23 * f))
        pieces.append(Flesh(ear, 1.0, 3.0))
    return pieces


def depth_and_fat(pieces: list[Flesh], grid: Grid, crotch: Vector) -> tuple[np.ndarray, np.ndarray]:
    """Millimetres below the skin (negative in air) and local thickness of the fat layer; float32, grid's
    shape. Below ``crotch`` the legs are kept apart."""
    depth, fat = depth_of_union(pieces, grid)
    distance = -depth
    w = window(grid, crotch - [30, 400, 400], crotch + [30, 400, 0])
    if w is not None:
        below = np.float32(crotch[2]) - w.z
        apart = np.abs(w.x - np.float32(crotch[0])) - (np.float32(1.0) + np.float32(0.03) * below)
        gap = np.maximum(apart, -below)
        distance[w.index] = np.maximum(distance[w.index], -gap)
    return -distance, fat
