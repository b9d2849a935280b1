"""Single muscles of trunk and limbs with planes of fat between them.

Each muscle is a chain of rods; a voxel belongs to the nearest one, and where two are nearly equally near lies
fat. Places are ours, after atlas sections (PROPOSED). Millimetres are those of an adult of 1.70 m.
"""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.chest import sternal_notch
from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.analytic.spine import spine_levels
from marrowmap.phantom.body import Maps, Tissue
from marrowmap.phantom.solids.bone import SIDES
from marrowmap.phantom.solids.shapes import Rod, Vector, box_of, window

THIGH = (  # (medial -, lateral +; back +) at the top and near the knee, radius
    ((0, -46), (2, -36), 17),  # rectus femoris
    ((34, -24), (24, -26), 22),  # vastus lateralis
    ((-2, -22), (-22, -24), 19),  # vastus medialis
    ((16, -18), (0, -22), 13),  # vastus intermedius
    ((-30, -46), (-38, 6), 9),  # sartorius
    ((-42, -14), (-30, 2), 17),  # adductor longus
    ((-34, 14), (-18, 8), 24),  # adductor magnus
    ((-66, -6), (-40, 14), 10),  # gracilis
    ((-4, 50), (-22, 30), 16),  # semimembranosus
    ((-24, 44), (-28, 36), 13),  # semitendinosus
    ((20, 44), (22, 28), 17),  # biceps femoris
)
CALF = (
    ((-24, 36), (-4, 28), 22),  # medial head of gastrocnemius
    ((20, 36), (4, 28), 19),  # lateral head
    ((2, 22), (2, 22), 22),  # soleus
    ((20, -12), (6, -18), 12),  # tibialis anterior
    ((32, -4), (16, -14), 8),  # long extensors
    ((40, 8), (28, 10), 9),  # peroneus
    ((2, 8), (-10, 10), 12),  # tibialis posterior
)
UPPER_ARM = (
    ((-2, -24), (0, -20), 16),  # biceps
    ((4, -12), (4, -14), 12),  # brachialis
    ((8, 22), (0, 18), 16),  # triceps, lateral and medial head
    ((-14, 18), (-10, 16), 15),  # triceps, long head
    ((26, 0), (14, 0), 12),  # deltoid
)
FOREARM = (
    ((-12, -16), (-6, -12), 14),  # flexors
    ((-20, 4), (-12, 4), 12),
    ((18, -14), (10, -6), 11),  # brachioradialis
    ((14, 14), (6, 10), 13),  # extensors
    ((-6, 16), (-4, 12), 10),
)
GAP_MM = 1.5

Group = tuple[list[Rod], float]
"""Muscles next to each other, and how far beyond them the planes between them reach in millimetres."""


def muscle_groups(p: Proportions, pose: Posture) -> list[Group]:
    """Muscles that lie next to each other, group by group."""
    groups: list[Group] = [(_back(p, pose), 1.5)]
    for side, sign in SIDES:
        joint = {
            j: pose.joints[f"{j}_{side}"] for j in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
        }
        shaft = joint["hip"] + p.a * np.array([sign * 20, 8, -30])
        limbs = [
            _along(p, sign, shaft, joint["knee"], THIGH, 1.0),
            _along(p, sign, joint["knee"] - [0, 0, 25 * p.a], joint["ankle"], CALF, 0.45),
            _along(p, sign, joint["shoulder"] - [0, 0, 20 * p.a], joint["elbow"], UPPER_ARM, 0.8),
            _along(p, sign, joint["elbow"], joint["wrist"], FOREARM, 0.5),
        ]
        groups += [(limb, 13.0) for limb in limbs]
        groups += [(_seat(p, joint["hip"], sign), 6.0), (_neck(p, pose, sign), 4.0)]
    return groups


def _along(p: Proportions, sign: float, top: Vector, end: Vector, rows: tuple, thin: float) -> list[Rod]:
    a = p.a * p.stoutness
    found = []
    for (x0, y0), (x1, y1), r in rows:
        places = [
            top + (end - top) * t + a * np.array([sign * (x0 + (x1 - x0) * t), y0 + (y1 - y0) * t, 0])
            for t in (0.0, 0.35, 0.7, 1.0)
        ]
        belly = np.array([0.75, 1.0, 0.45 + 0.4 * thin, 0.3 + 0.3 * thin])
        found.append(Rod(np.array(places), a * r * belly))
    return found


def _seat(p: Proportions, hip: Vector, sign: float) -> list[Rod]:
    def at(lateral: float, back: float, up: float) -> Vector:
        return hip + p.a * np.array([sign * lateral, back, up])

    return [
        Rod(np.array([at(-44, 88, 40), at(-10, 72, -10), at(36, 36, -50)]), p.a * np.array([16, 26, 12])),
        Rod(np.array([at(20, 40, 90), at(38, 26, 40), at(48, 6, 6)]), p.a * np.array([14, 20, 10])),
        Rod(np.array([at(34, 0, 70), at(42, -6, 40), at(50, -6, 4)]), p.a * np.array([10, 14, 8])),
        Rod(np.array([at(40, -52, 60), at(48, -40, 10), at(50, -24, -60)]), p.a * np.array([8, 13, 9])),
    ]


def _neck(p: Proportions, pose: Posture, sign: float) -> list[Rod]:
    a = p.a
    ear = pose.levels[0][2] + p.face * np.array([sign * 50, 8, -18])
    notch = sternal_notch(p, pose)
    levels = spine_levels(p, pose)

    def beside(index: int, aside: float, back: float) -> Vector:
        return levels[index].at(sign * aside * a, back * a)

    return [
        Rod(
            np.array([ear, (ear + notch) / 2 + a * np.array([sign * 14, -4, 0]), notch]),
            a * np.array([9, 11, 7]),
        ),
        Rod(np.array([beside(1, 30, 8), beside(4, 32, 6), beside(6, 38, 2)]), a * np.array([8, 10, 9])),
        Rod(np.array([beside(1, 12, -10), beside(4, 12, -12), beside(7, 12, -14)]), a * np.array([6, 7, 7])),
        Rod(np.array([beside(1, 20, 46), beside(4, 30, 48), beside(6, 60, 40)]), a * np.array([9, 11, 12])),
    ]


def _back(p: Proportions, pose: Posture) -> list[Rod]:
    levels = spine_levels(p, pose)[2:]
    found = []
    for sign in (-1.0, 1.0):
        for aside, back, r in ((10, 14, 9), (24, 19, 14), (42, 20, 13)):
            taper = [0.7 if level.place < 8 else 1.0 for level in levels]
            chain = [
                level.at(sign * aside * k * p.a, level.canal_back + (level.canal_deep / 2) + back * 0.6 * p.a)
                for level, k in zip(levels, taper, strict=True)
            ]
            found.append(Rod(np.array(chain[::2]), r * p.a * np.array(taper[::2])))
    return found


def paint_muscle_planes(groups: list[Group], maps: Maps) -> None:
    """Turn muscle into fat along the planes between the muscles of each group."""
    for group, reach in groups:
        low, high = box_of(group, reach)
        w = window(maps.grid, low, high)
        if w is None:
            continue
        best = np.full(w.shape, 99.0, np.float32)
        second = best.copy()
        for muscle in group:
            m_low, m_high = muscle.box()
            found = w.part(m_low - reach - 2, m_high + reach + 2)
            if found is None:
                continue
            local, near = found
            d = muscle.distance(near)
            first, next_ = best[local], second[local]
            np.minimum(next_, np.maximum(first, d), out=next_)
            np.minimum(first, d, out=first)
        plane = (second - best < GAP_MM) & (best < reach)
        block = maps.tissue[w.index]
        np.copyto(block, np.uint8(Tissue.FAT), where=plane & (block == Tissue.MUSCLE))
