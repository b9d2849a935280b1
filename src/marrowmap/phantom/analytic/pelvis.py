"""Hip bones of the analytic child: iliac wing, socket, ischium and pubis.

Places of the spines follow the hip centre as in gait analysis (Bell 1990: 14 % medial, 30 % below, 22 % behind the
anterior superior spine, in shares of the distance between the two; from memory). All other places are ours after
atlas pictures (unverified, PROPOSED). Millimetres below are those of an adult of 1.70 m.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, by_age
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.analytic.sheet import Sheet
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Band, Cut, Ellipsoid, Rod, Shape, Vector, curve, unit

Placer = Callable[[float, float, float], Vector]
HEAD_MM = 23.0
"""Radius of the femoral head."""
SOCKET_MM = 26.0
CUP_MM = 33.5
TRIRADIATE_CLOSES = {"F": 12.5, "M": 14.5}


def placer(p: Proportions, pose: Posture, side: str, sign: float) -> Placer:
    """Function that places adult millimetres (lateral, back, up) around the hip centre of ``side``."""
    hip = pose.joints[f"hip_{side}"]

    def at(lateral: float, back: float, up: float) -> Vector:
        return hip + p.a * np.array([sign * lateral, back, up])

    return at


def triradiate_gap(spec: ChildSpec) -> float:
    """Half the gap in millimetres between the three bones in the socket; 0 once they are joined."""
    if spec.age_years >= TRIRADIATE_CLOSES[spec.sex]:
        return 0.0
    return by_age(spec.age_years, 2.6, 1.9, 1.2)


def opening(sign: float) -> Vector:
    """Direction in which the socket opens: outward, down and forward."""
    return unit([sign * 0.76, -0.27, -0.59])


def _cup(p: Proportions, at: Placer, sign: float) -> Shape:
    ball = Ellipsoid(at(-2, 1, 1.5), (CUP_MM * p.a,) * 3)
    return Cut(ball, ((at(0, 0, 0) + opening(sign) * 5 * p.a, opening(sign)),))


def cup_cartilage(p: Proportions, pose: Posture, side: str, sign: float) -> Shape:
    """The whole socket, painted as cartilage below the three bones."""
    return _cup(p, placer(p, pose, side, sign), sign)


def hip_bones(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    """Ilium, ischium and pubis of one side."""
    at = placer(p, pose, side, sign)
    gap = triradiate_gap(spec)
    cup = _cup(p, at, sign)
    socket = Ellipsoid(at(0, 0, 0), (SOCKET_MM * p.a,) * 3)
    down, front = np.array([0.0, 0.0, -1.0]), np.array([0.0, -1.0, 0.0])
    level, split = at(0, 0, 6), at(0, -6, 0)
    lower = (level - down * -gap, -down)
    behind, before = (split - front * gap, front), (split + front * gap, -front)
    ilium_cup = Cut(cup, ((level - down * gap, down),))
    return [
        _ilium(spec, p, at, side, sign, ilium_cup, socket, gap),
        _ischium(p, at, side, (Cut(cup, (lower, behind)),), socket, lower, behind),
        _pubis(p, at, side, sign, (Cut(cup, (lower, before)),), socket, lower, before),
    ]


def _ilium(
    spec: ChildSpec, p: Proportions, at: Placer, side: str, sign: float, cup: Shape, socket: Shape, gap: float
) -> Bone:
    a = p.a
    u = unit([sign * 0.50, -0.866, 0.0])
    v = np.array([sign * 0.28, 0.10, 0.95])
    v = unit(v - u * (u @ v))
    n = np.cross(u, v) * sign  # towards the midline and the front on both sides
    outline = (
        (72, 44),
        (66, 30),
        (55, 22),
        (52, 8),
        (42, -12),
        (-20, -16),
        (-40, -2),
        (-50, 8),
        (-62, 12),
        (-82, 6),
        (-95, 22),
        (-99, 38),
        (-86, 58),
        (-62, 76),
        (-32, 90),
        (8, 98),
        (40, 90),
        (60, 70),
    )
    bend = (
        (10, 60, -9),
        (20, 35, -5),
        (-20, 60, -7),
        (-45, 40, 7),
        (-60, 50, 12),
        (-95, 36, 4),
        (66, 42, 15),
        (45, 80, 4),
        (10, 95, -1),
        (0, -5, 0),
        (-85, 20, 6),
        (48, 6, 3),
        (60, 66, 10),
        (-70, 72, 2),
    )
    half = (
        (0, 55, 2.2),
        (-5, 35, 3.0),
        (5, 65, 2.2),
        (-15, 55, 2.2),
        (15, 35, 3.4),
        (25, 60, 2.8),
        (-30, 47, 3.0),
        (0, 78, 2.8),
        (20, 78, 3.2),
        (-20, 74, 2.8),
        (15, 56, 2.2),
        (-8, 46, 2.3),
        (15, 48, 2.4),
        (-18, 45, 2.4),
        (10, 70, 2.8),
        (-30, 62, 3),
        (40, 60, 5),
        (30, 45, 4.5),
        (22, 18, 8),
        (8, 96, 6.5),
        (40, 88, 8.5),
        (-30, 88, 6),
        (68, 44, 6),
        (62, 66, 6),
        (50, 10, 8),
        (-55, 34, 8.5),
        (-70, 44, 9),
        (-85, 24, 7),
        (-95, 38, 8),
        (-62, 74, 7.5),
        (-48, 12, 7),
        (0, 0, 11),
        (30, -4, 9),
        (-20, 5, 11),
    )
    wing = Sheet(
        at(0, 6, 32),
        np.array([u, v, n]),
        [(x * a, y * a) for x, y in outline],
        [(x * a, y * a, z * a) for x, y, z in bend],
        [(x * a, y * a, z * a) for x, y, z in half],
    )
    floor = Cut(wing, ((at(0, 0, 6) + np.array([0, 0, gap]), np.array([0.0, 0.0, -1.0])),))
    plate = Plate(
        at(-14, 2, 6),
        np.array([0.0, 0.0, -1.0]),
        *(label_of(f"ilium_{side}"),) * 2,
        22 * a,
        40 * a,
        gap > 0,
    )
    crest = at(50, 5, 120)
    return Bone(
        (floor, cup),
        label_of(f"ilium_{side}"),
        (crest, at(0, 0, 20)),
        (plate,),
        (1.0, 1.0),
        0.0,
        0,
        (socket,),
        3 * a,
    )


def _ischium(
    p: Proportions,
    at: Placer,
    side: str,
    cup: tuple[Shape, ...],
    socket: Shape,
    lower: tuple[Vector, Vector],
    behind: tuple[Vector, Vector],
) -> Bone:
    a = p.a
    body = Rod(
        curve([at(-16, 14, 2), at(-14, 26, -16), at(-18, 31, -40), at(-23, 30, -62), at(-26, 20, -74)], 11),
        a * np.array([14, 14, 13, 12, 11.5, 12, 13.5, 14.5, 14.5, 13, 10]),
    )
    ramus = Band(
        curve([at(-27, 16, -76), at(-37, -2, -71), at(-49, -20, -62)], 7),
        a * np.array([10, 8.5, 7.5, 7, 6.8, 6.6, 6.6]),
        a * np.array([8, 5.5, 4.8, 4.4, 4.2, 4.2, 4.2]),
        np.array([0.0, 0.75, 0.66]),
    )
    spine = Rod(np.array([at(-18, 34, -4), at(-34, 47, -10)]), a * np.array([8, 3.0]))
    return Bone(
        (*cup, Cut(body, (lower,)), ramus, Cut(spine, (lower,))),
        label_of(f"ischium_{side}"),
        (at(-10, 10, 0), at(-25, 22, -80)),
        (),
        (1.0, 1.0),
        0.0,
        0,
        (socket,),
        3 * a,
    )


def _pubis(
    p: Proportions,
    at: Placer,
    side: str,
    sign: float,
    cup: tuple[Shape, ...],
    socket: Shape,
    lower: tuple[Vector, Vector],
    before: tuple[Vector, Vector],
) -> Bone:
    a = p.a
    middle = -at(0, 0, 0)[0] * sign / a  # lateral millimetres of the midline, as ``at`` takes them

    def near(x: float, back: float, up: float) -> Vector:
        return at(middle + x, back, up)

    upper = Rod(
        curve([at(-16, -18, -4), at(-32, -34, -8), near(30, -50, -18), near(14, -56, -26)], 9),
        a * np.array([11.5, 10, 9, 8, 7.4, 7.2, 7.4, 8, 8]),
    )
    body = Band(
        np.array([near(9.5, -55, -26), near(10, -48, -54)]),
        a * np.array([8, 7.5]),
        a * np.array([7.5, 6]),
        np.array([1.0, 0.0, 0.0]),
    )
    under = Band(
        curve([near(10, -47, -54), near(19, -38, -62), at(-49, -22, -63)], 7),
        a * np.array([7.5, 7.5, 7, 6.8, 6.6, 6.5, 6.4]),
        a * np.array([5.5, 5, 4.6, 4.4, 4.2, 4.2, 4.2]),
        np.array([0.0, 0.6, 0.8]),
    )
    edge = (np.array([sign * 2.2 * a, 0.0, 0.0]), np.array([-sign, 0.0, 0.0]))
    shapes: tuple[Shape, ...] = (Cut(upper, (lower, before)), body, under)
    return Bone(
        (*cup, *(Cut(shape, (edge,)) for shape in shapes)),
        label_of(f"pubis_{side}"),
        (at(-10, -14, 0), near(6, -50, -50)),
        (),
        (1.0, 1.0),
        0.0,
        0,
        (socket,),
        3 * a,
    )
