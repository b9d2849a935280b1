# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Vertebrae C1 to L5 of the analytic child: bodies, arches, processes, discs and the canal.

Widths, depths and processes follow the order of adult morphometry (Panjabi and others, from memory, unverified,
PROPOSED), scaled by height; the canal by its own growth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.solids.bone import Bone
from marrowmap.phantom.solids.shapes import Band, Ellipsoid, Profile, Rod, Shape, Vector, curve, unit

PLACES = (1, 2, 4, 6, 7, 10, 14, 18, 19, 21, 23)
"""C2 C3 C5 C7 T1 T4 T8 T12 L1 L3 L5, counted from C1 = 0 in a spine of 24 levels."""
BODY_WIDE = (17, 17, 19, 24, 27, 25.5, 29.5, 41, 43, 46, 50)
BODY_DEEP = (15, 15.5, 16, 17, 17.5, 22.5, 28.5, 32.5, 33, 34.5, 35)
CANAL_WIDE = (23, 23, 24, 22.5, 20.5, 17, 16.5, 20, 21.5, 22, 25)
CANAL_DEEP = (18, 15.5, 15, 15, 15.5, 15.5, 15.5, 16.5, 16.5, 16.5, 17.5)
PEDICLE_WIDE = (7, 5, 5.5, 6.5, 8, 5, 6, 8.5, 8, 10, 15)
PEDICLE_TALL = (8, 7, 7, 7.5, 9.5, 11, 12.5, 16, 15.5, 14.5, 15)
WING_SPAN = (27, 27, 29, 36, 38, 32, 30, 23, 37, 46, 44)
"""Half the distance between the tips of the transverse processes."""
SPINE_LONG = (15, 13, 14, 26, 29, 30, 30, 27, 30, 32, 24)
"""Length of the spinous process behind the laminae."""
SPINE_DROP = (0.1, 0.25, 0.4, 0.4, 0.5, 0.9, 1.1, 0.35, 0.2, 0.15, 0.15)
"""How far its tip lies below its root, in heights of the vertebra."""
SPINE_TALL = (0.28, 0.22, 0.22, 0.25, 0.25, 0.24, 0.25, 0.33, 0.38, 0.4, 0.32)
"""Half its height, in heights of the vertebra."""
DISC_SHARE = (0.22, 0.27, 0.28, 0.26, 0.22, 0.17, 0.17, 0.21, 0.22, 0.26, 0.28)


@dataclass(frozen=True)
class Level:
    """One vertebra's frame and size in millimetres; ``at`` places points in it."""

    name: str
    label: int
    bottom: Vector
    top: Vector
    low: Vector
    half_wide: float
    half_deep: float
    canal_wide: float
    canal_deep: float
    place: float
    a: float

    @property
    def up(self) -> Vector:
        """Direction to the head along the spine."""
        return unit(self.top - self.bottom)

    @property
    def height(self) -> float:
        """Height of the body."""
        return float(np.linalg.norm(self.top - self.bottom))

    def at(self, aside: float, back: float, up: float = 0.0) -> Vector:
        """Millimetres to the left, behind the centre of the body and above it."""
        axis = self.up
        rear = unit(np.array([0.0, 1.0, 0.0]) - axis * axis[1])
        return (self.bottom + self.top) / 2 + aside * np.cross(rear, axis) + back * rear + up * axis

    def read(self, table: tuple[float, ...]) -> float:
        """Value of a table at this level."""
        return float(np.interp(self.place, PLACES, table))

    @property
    def canal_back(self) -> float:
        """How far the middle of the canal lies behind the middle of the body."""
        return self.half_deep + 0.5 * self.canal_deep - 0.8 * self.a

    def canal(self, beyond: float = 0.2) -> Profile:
        """The canal at this level, longer by ``beyond`` heights at both ends."""
        far = self.height * (0.5 + beyond)
        wide, deep = self.canal_wide / 2, self.canal_deep / 2
        return Profile(
            self.at(0, self.canal_back, -far),
            self.at(0, self.canal_back, far),
            (0, 1),
            (wide,) * 2,
            (deep,) * 2,
        )


def place_of(name: str, thoracic: int) -> float:
    """Place of a level in a spine of 24, also where there are 11 or 13 thoracic levels."""
    number = int(name[1:])
    if name[0] == "C":
        return number - 1.0
    return 7 + 11 * (number - 1) / (thoracic - 1) if name[0] == "T" else 18.0 + number


def spine_levels(p: Proportions, pose: Posture) -> list[Level]:
    """All mobile vertebrae, head to tail."""
    found = []
    for (name, low, high), label in zip(pose.levels, pose.numbering.labels, strict=True):
        place = place_of(name, pose.numbering.ribs)

        def read(table: tuple[float, ...], place: float = place) -> float:
            return float(np.interp(place, PLACES, table))

        share = read(DISC_SHARE) * (
            0.5 if name == "L5" and pose.numbering.transitional == "sacralised_l5" else 1
        )
        bottom = low + (high - low) * (0.06 if name == "C1" else share)
        found.append(
            Level(
                name,
                label,
                bottom,
                high,
                low,
                p.a * read(BODY_WIDE) / 2,
                p.a * read(BODY_DEEP) / 2,
                p.canal * read(CANAL_WIDE),
                p.canal * read(CANAL_DEEP),
                place,
                p.a,
            )
        )
    return found


def spine_bones(p: Proportions, pose: Posture) -> list[Bone]:
    """Bodies (part 1) and arches (part 2)."""
    bones: list[Bone] = []
    levels = spine_levels(p, pose)
    joined = pose.numbering.transitional == "sacralised_l5"
    for level in levels:
        if level.name == "C1":
            bones.append(_atlas(level))
            continue
        bones.append(_body(level, levels[0]))
        bones.append(_arch(level, joined))
    return bones


def _body(level: Level, atlas: Level) -> Bone:
    wide, deep = level.half_wide, level.half_deep
    shapes: list[Shape] = [
        Profile(
            level.bottom,
            level.top,
            (0, 0.13, 0.5, 0.87, 1),
            tuple(wide * v for v in (0.99, 0.97, 0.87, 0.95, 0.97)),
            tuple(deep * v for v in (0.99, 0.97, 0.9, 0.95, 0.97)),
            power=2.4,
        )
    ]
    if level.name == "C2":
        r = 5.3 * level.a
        chain = np.array(
            [level.at(0, -1 * level.a), atlas.at(0, -1 * level.a), atlas.at(0, 0, 0.42 * atlas.height)]
        )
        shapes.append(Rod(chain, np.array([r * 1.2, r, r * 0.8])))
    thin = 0.9
    return Bone(
        tuple(shapes),
        level.label,
        (level.top, level.bottom),
        (),
        (thin, thin),
        0.0,
        1,
        (level.canal(0.5),),
        0.0,
    )


def _arch(level: Level, joined: bool) -> Bone:
    a, h = level.a, level.height
    deep, wide, canal = level.half_deep, level.canal_wide / 2, level.canal_deep
    half_wide, half_tall = a * level.read(PEDICLE_WIDE) / 2, a * level.read(PEDICLE_TALL) / 2
    back = level.canal_back + canal / 2
    up = level.up
    rear = level.at(0, back + 2.2 * a, -0.12 * h)
    tip = level.at(0, back + a * level.read(SPINE_LONG), -(0.12 + level.read(SPINE_DROP)) * h)
    tall = level.read(SPINE_TALL) * h
    arch: list[Shape] = [
        Band(np.array([rear, tip]), (tall, 0.8 * tall), (2.3 * a, 2.9 * a), up),
    ]
    for sign in (-1.0, 1.0):
        aside = wide + half_wide * 0.85
        pillar = sign * (wide + 2.4 * a)
        joint = level.at(sign * aside, deep + 0.72 * canal, 0.14 * h)
        arch.append(
            Band(
                np.array([level.at(sign * min(aside, 0.95 * level.half_wide), deep * 0.55, 0.16 * h), joint]),
                (half_tall,) * 2,
                (half_wide,) * 2,
                up,
            )
        )
        arch.append(
            Band(
                np.array(
                    [
                        level.at(pillar * 1.08, deep + 0.7 * canal, 0.6 * h),
                        level.at(pillar, deep + 0.85 * canal, 0),
                        level.at(pillar * 0.92, back + 2.0 * a, -0.62 * h),
                    ]
                ),
                np.array([3.6, 4.2, 3.6]) * a * (1.2 if level.place > 18 else 1.0),
                np.array([2.3, 3.2, 2.3]) * a,
                np.array([1.0, 0.0, 0.0]),
            )
        )
        arch.append(
            Band(
                np.array([level.at(pillar, deep + 0.9 * canal, -0.05 * h), rear]),
                (0.34 * h, 0.36 * h),
                (2.5 * a, 2.6 * a),
                up,
            )
        )
        arch.append(_transverse(level, sign, joint, joined))
    return Bone(
        tuple(arch), level.label, (level.top, tip), (), (0.9, 0.9), 0.0, 2, (level.canal(0.6),), 1.0 * a
    )


def _transverse(level: Level, sign: float, joint: Vector, joined: bool) -> Shape:
    a, span = level.a, level.read(WING_SPAN) * level.a
    if level.name[0] == "C":
        chain = np.array(
            [level.at(sign * level.half_wide * 0.9, 1 * a), level.at(sign * span, 5 * a, -2 * a), joint]
        )
        return Rod(chain, a * np.array([3.0, 3.2, 3.0]))
    if level.name[0] == "T":
        return Rod(
            np.array([joint, level.at(sign * span, level.canal_back + 11 * a, 0.2 * level.height)]),
            a * np.array([4.0, 3.6]),
        )
    if level.name == "L5" and joined:
        return Rod(
            np.array([joint, level.at(sign * span, level.canal_back - 8 * a, -0.55 * level.height)]),
            a * np.array([7.0, 9.0]),
        )
    return Band(
        np.array([joint, level.at(sign * span, level.canal_back + 3 * a, 0.12 * level.height)]),
        (5.5 * a, 4.5 * a),
        (3.0 * a, 2.2 * a),
        level.up,
    )


def _atlas(level: Level) -> Bone:
    a, k = level.a, level.canal_wide / 23.0
    ring: list[Shape] = [
        Rod(
            curve([level.at(-15 * k, -6 * a), level.at(0, -11.5 * a), level.at(15 * k, -6 * a)], 7),
            np.full(7, 2.8 * a),
        ),
        Rod(
            curve([level.at(x * k, y * k) for x, y in ((-19, 5), (-15, 17), (0, 25), (15, 17), (19, 5))], 11),
            np.full(11, 2.9 * a),
        ),
    ]
    for sign in (-1.0, 1.0):
        ring.append(
            Ellipsoid(level.at(sign * 18 * k, -1 * a), (7 * a, 9.5 * a, max(0.55 * level.height, 6 * a)))
        )
        ring.append(
            Rod(
                np.array([level.at(sign * 20 * k, 0), level.at(sign * 36 * a, 4 * a)]),
                a * np.array([4.0, 3.2]),
            )
        )
    hole = Profile(
        level.at(0, 9 * k, -20), level.at(0, 9 * k, 20), (0, 1), (12.2 * k,) * 2, (14.5 * k,) * 2, power=2.3
    )
    return Bone(
        tuple(ring),
        level.label,
        (level.top, level.low),
        cortex_mm=(0.9, 0.9),
        part=2,
        holes=(hole,),
        blend_mm=1.0,
    )


def disc_profiles(p: Proportions, pose: Posture) -> list[tuple[Profile, Profile]]:
    """(disc, nucleus) below each vertebra from C2 on."""
    found = []
    levels = spine_levels(p, pose)
    for level, below in zip(levels[1:], levels[2:] + [levels[-1]], strict=True):
        wide, deep = (level.half_wide + below.half_wide) / 2, (level.half_deep + below.half_deep) / 2
        low, top = level.low, level.bottom
        middle = (top + low) / 2
        found.append(
            (
                Profile(
                    low, top, (0, 0.5, 1), (wide, wide * 1.03, wide), (deep, deep * 1.03, deep), power=2.4
                ),
                Profile(
                    middle - (top - low) * 0.33,
                    middle + (top - low) * 0.33,
                    (0, 0.5, 1),
                    (wide * 0.5, wide * 0.62, wide * 0.5),
                    (deep * 0.45, deep * 0.55, deep * 0.45),
                ),
            )
        )
    return found
