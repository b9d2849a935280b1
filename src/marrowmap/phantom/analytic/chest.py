# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Ribs, costal cartilages and breastbone of the analytic child.

The bony chest is about 0.15 of body height wide at the eighth rib; curves and obliquity of single ribs are ours,
after atlas pictures (unverified, PROPOSED). Millimetres below are those of an adult of 1.70 m.
"""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.analytic.spine import Level, spine_levels
from marrowmap.phantom.solids.bone import SIDES, Bone, label_of
from marrowmap.phantom.solids.shapes import Band, Profile, Vector, curve, unit

RIBS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
HALF_WIDE = (52, 78, 95, 106, 113, 118, 122, 125, 125, 122, 116, 98)
FRONT_X = (31, 43, 50, 57, 66, 77, 88, 98, 103, 104, 102, 90)
FRONT_Y = (6, 3, 2, 4, 9, 16, 27, 46, 65, 86, 114, 138)
"""How far the front end lies behind the plane of the breastbone."""
DROP = (44, 68, 84, 97, 108, 116, 121, 122, 115, 102, 66, 42)
"""How far the front end lies below the head of the rib."""
ANGLE_BACK = (4, 12, 18, 22, 25, 27, 28, 28, 27, 25, 22, 18)
"""How far the angle of the rib lies behind the middle of the spinal canal."""
FLOATING = 11


def sternal_notch(p: Proportions, pose: Posture) -> Vector:
    """Top of the breastbone."""
    t2 = next(low for name, low, _ in pose.levels if name == "T2")
    return np.array([0.0, t2[1] - 72 * p.a, t2[2] - 10 * p.a])


def sternum_line(p: Proportions, pose: Posture) -> Vector:
    """Notch, sternal angle, end of the body; (3, 3)."""
    return sternal_notch(p, pose) + p.a * np.array([[0, 0, 0], [0, -15, -47], [0, -38, -143]])


def chest_bones(p: Proportions, pose: Posture) -> list[Bone]:
    """Breastbone and all ribs."""
    a = p.a
    notch, angle, end = sternum_line(p, pose)
    bones = [
        Bone(
            (
                Profile(
                    notch + unit(notch - angle) * 2 * a,
                    angle,
                    (0, 0.08, 0.25, 0.5, 0.8, 1),
                    tuple(a * v for v in (15, 26, 29, 21, 15, 14)),
                    tuple(a * v for v in (5, 7, 7, 6, 5.5, 5.5)),
                    power=2.6,
                ),
            ),
            label_of("sternum_manubrium"),
            (notch, angle),
            cortex_mm=(0.9, 0.9),
        )
    ]
    start = angle + (end - angle) * 0.025
    bones.append(
        Bone(
            (
                Profile(
                    start,
                    end,
                    (0, 0.14, 0.25, 0.38, 0.5, 0.62, 0.78, 0.92, 1),
                    tuple(a * v for v in (13, 12, 14.5, 14, 17, 16.5, 19, 15, 8)),
                    tuple(a * v for v in (5.5, 5, 5.2, 5, 5, 4.8, 4.8, 4.5, 4)),
                    power=2.6,
                ),
            ),
            label_of("sternum_body"),
            (start, end),
            cortex_mm=(0.9, 0.9),
        )
    )
    line = sternum_line(p, pose)
    thoracic = [level for level in spine_levels(p, pose) if level.name.startswith("T")]
    for i, level in enumerate(thoracic, start=1):
        for side, sign in SIDES:
            bones.append(_rib(p, level, rib_place(i, len(thoracic)), i, side, sign, line))
    return bones


def rib_place(i: int, last: int) -> float:
    """Place of rib ``i`` of ``last`` among twelve."""
    return 1 + 11 * (i - 1) / (last - 1)


def rib_chain(p: Proportions, level: Level, place: float, sign: float, line: Vector) -> Vector:
    """Places along a rib from its head at the spine forward, (n, 3); ``line`` as in ``sternum_line``."""
    a = p.a

    def read(table: tuple[float, ...]) -> float:
        return a * float(np.interp(place, RIBS, table))

    wide, drop = read(HALF_WIDE), read(DROP)
    shift = level.at(0, 0)[0]
    head = level.at(sign * (level.half_wide * 0.92 + 2 * a), level.half_deep * 0.7, 0.36 * level.height)
    tubercle = level.at(sign * 27 * a, level.canal_back + 5 * a, 0.22 * level.height)
    rear = level.at(0, level.canal_back)[1] + read(ANGLE_BACK)
    top = head[2]
    front_z = top - drop
    front_y = float(np.interp(-front_z, -line[:, 2], line[:, 1])) + read(FRONT_Y)
    front_x = sign * read(FRONT_X)
    side_y = rear - (rear - front_y) * (0.47 if place < FLOATING else 0.7)
    share = float(np.interp(place, (1, 2, 5), (0.6, 0.58, 0.6)))
    points = [
        head,
        tubercle,
        [shift + sign * share * wide, rear, top - 0.13 * drop],
        [shift * 0.7 + sign * 0.93 * wide, rear - 0.36 * (rear - side_y) - 0.1 * wide, top - 0.33 * drop],
        [shift * 0.4 + sign * wide, side_y, top - 0.56 * drop],
        [0.7 * sign * wide + 0.34 * front_x, front_y + 0.26 * (side_y - front_y), top - 0.87 * drop],
        [front_x, front_y, front_z],
    ]
    if place >= FLOATING:
        points = points[:3] + [
            [shift + sign * 0.86 * wide, side_y + 0.25 * (rear - side_y), top - 0.5 * drop]
        ]
        points.append([front_x if place < 11.6 else sign * wide, front_y + 0.55 * (rear - front_y), front_z])
    return curve(points, 17)


def _rib(p: Proportions, level: Level, place: float, i: int, side: str, sign: float, line: Vector) -> Bone:
    a = p.a
    chain = rib_chain(p, level, place, sign, line)
    t = np.linspace(0, 1, len(chain))
    tall = a * np.interp(t, (0, 0.07, 0.15, 0.3, 0.9, 1), (5, 3.8, 5, 6, 6.2, 6.8))
    thin = a * np.interp(t, (0, 0.07, 0.15, 0.3, 0.9, 1), (4, 3.2, 3.8, 3.4, 3.1, 3.6))
    if place < 1.5:  # the first rib lies flat
        wide = np.gradient(chain, axis=0) @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 0]], dtype=float)
        tall, thin = tall * 1.15, thin * 0.95
    else:
        wide = np.tile([0.0, 0.0, 1.0], (len(chain), 1)) + 0.25 * sign * np.outer(1 - t, [-1.0, 0, 0])
    return Bone(
        (Band(chain, tall, thin, wide),),
        label_of(f"ribs_{side}"),
        (chain[0], chain[-1]),
        cortex_mm=(0.8, 0.9),
        part=min(i, 13),
    )


def costal_cartilages(p: Proportions, pose: Posture) -> list[Band]:
    """Cartilage from ribs 1 to 7 to the breastbone and from 8 to 10 to the one above."""
    a = p.a
    line = sternum_line(p, pose)
    thoracic = [level for level in spine_levels(p, pose) if level.name.startswith("T")]
    found: list[Band] = []
    for _, sign in SIDES:
        above: Vector | None = None
        for i, level in enumerate(thoracic[:10], start=1):
            end = rib_chain(p, level, rib_place(i, len(thoracic)), sign, line)[-1]
            if i <= 7:
                along = float(np.interp(i, (1, 2, 3, 4, 5, 6, 7), (0.12, 0.33, 0.5, 0.66, 0.79, 0.9, 0.98)))
                depth = line[0, 2] + along * (line[2, 2] - line[0, 2])
                goal = np.array([sign * 14 * a, np.interp(-depth, -line[:, 2], line[:, 1]), depth])
            else:
                assert above is not None
                goal = above
            bend = (end + goal) / 2 + np.array([0, -2 * a, -6 * a if i > 3 else 0])
            chain = curve([end, bend, goal], 7)
            found.append(Band(chain, np.full(7, 6.0 * a), np.full(7, 3.6 * a), np.array([0.0, 0.0, 1.0])))
            above = chain[2]
    return found
