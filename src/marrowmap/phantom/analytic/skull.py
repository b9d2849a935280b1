"""Skull and mandible of the analytic child: brain case with base, face, lower jaw, teeth and their cavities.

Millimetres are those of a man (brain case 184 by 144 mm, basion to bregma 134 mm, nasion to chin 118 mm, from
memory, unverified, PROPOSED) around the basion, x to the left, y back, z up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, by_age
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import SIDES, Bone, label_of
from marrowmap.phantom.solids.shapes import (
    F32,
    Band,
    Cut,
    Ellipsoid,
    Profile,
    Rod,
    Shape,
    Vector,
    Window,
    curve,
    union_distance,
)

VAULT_CENTRE = (0.0, -9.0, 61.0)
VAULT_HALF = (66.0, 85.0, 67.0)
"""Inside of the brain case above its base."""
BASE_Z = 30.0
"""Below this the brain case counts as base."""


@dataclass(frozen=True)
class Head:
    """Frame of one head. thick_mm: thickness of the vault's bone."""

    basion: Vector
    cranium: float
    face: float
    thick_mm: float

    def vault(self, x: float, y: float, z: float) -> Vector:
        """A place of the brain case."""
        return self.basion + self.cranium * np.array([x, y, z])

    def at(self, x: float, y: float, z: float) -> Vector:
        """A place of the face: its depth follows the base, its height above the base the brain case."""
        deep = 0.5 * (self.cranium + self.face)
        return self.basion + np.array([deep * x, deep * y, (self.face if z < 0 else self.cranium) * z])


def head_of(spec: ChildSpec, p: Proportions, pose: Posture) -> Head:
    """The frame of this child's head."""
    return Head(pose.levels[0][2], p.cranium, p.face, by_age(spec.age_years, 4.3, 5.2, 6.4))


def brain_case(head: Head) -> tuple[Shape, ...]:
    """Shapes whose soft union is the inside of the skull: vault, middle and posterior fossae."""
    c = head.cranium
    vault = Ellipsoid(head.vault(*VAULT_CENTRE), tuple(c * v for v in VAULT_HALF))
    floor = (head.vault(0, -60, 36), np.array([0.0, -0.05, -1.0]))
    return (
        Cut(vault, (floor,)),
        *(Ellipsoid(head.vault(s * 37, -20, 34), (25 * c, 30 * c, 24 * c)) for s in (-1.0, 1.0)),
        Ellipsoid(head.vault(0, 36, 30), (52 * c, 42 * c, 31 * c)),
    )


def brain_case_distance(head: Head, w: Window) -> F32:
    """Signed distance to the inside of the skull."""
    return union_distance(brain_case(head), w, 9 * head.cranium)


def brain_case_box(head: Head) -> tuple[Vector, Vector]:
    """Box around the skull without the face."""
    c, thick = head.cranium, 1.7 * head.thick_mm + 3
    half = np.array([VAULT_HALF[0], VAULT_HALF[1], 0]) * c + thick
    low, high = head.vault(*VAULT_CENTRE) - half, head.vault(*VAULT_CENTRE) + half
    low[2], high[2] = head.vault(0, 0, -8)[2] - thick, head.vault(0, 0, 128)[2] + thick
    return low, high


def foramen_magnum(head: Head) -> Profile:
    """The hole in the base."""
    c = head.cranium
    return Profile(
        head.vault(0, 17, -9), head.vault(0, 17, 12), (0, 1), (14.5 * c,) * 2, (17 * c,) * 2, power=2.0
    )


def skull_bones(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Bone]:
    """Base and face without the shell of the brain case, and both halves of the mandible."""
    head = head_of(spec, p, pose)
    bones = [_base(head), _face(head)]
    for side, sign in SIDES:
        bones.append(_mandible(head, side, sign))
    return bones


def _base(head: Head) -> Bone:
    c = head.cranium
    shapes: list[Shape] = [
        Rod(
            np.array([head.at(0, -3, 2), head.at(0, -24, 22), head.at(0, -38, 24)]),
            c * np.array([6.0, 8.5, 11]),
        ),
    ]
    for s in (-1.0, 1.0):
        shapes += [
            Rod(np.array([head.at(s * 54, 4, 10), head.at(s * 15, -18, 16)]), c * np.array([11.0, 7.0])),
            Rod(np.array([head.at(s * 54, 10, 10), head.at(s * 52, 6, -16)]), c * np.array([12.0, 7.0])),
            Ellipsoid(head.at(s * 16, 4, -2), (6 * c, 11 * c, 6 * c)),
            Band(
                np.array([head.at(s * 14, -42, 14), head.at(s * 15, -42, -34)]),
                (8 * c, 7 * c),
                (2.2 * c, 1.9 * c),
                np.array([0.0, 1.0, 0.0]),
            ),
        ]
    holes = (
        foramen_magnum(head),
        *brain_case(head),
        Ellipsoid(head.at(0, -42, 23), (9 * c * head.face, 8 * c * head.face, 7 * c * head.face)),
    )
    return Bone(
        tuple(shapes),
        label_of("skull"),
        (head.at(0, 0, 20), head.at(0, 0, -30)),
        (),
        (1.1, 1.1),
        0.0,
        3,
        holes,
        2.0,
    )


def _face(head: Head) -> Bone:
    f = head.face
    shapes: list[Shape] = [
        Profile(
            head.at(0, -70, 32),
            head.at(0, -70, -47),
            (0, 0.2, 0.25, 0.4, 0.7, 0.85, 1),
            tuple(f * v for v in (13, 15, 30, 38, 33, 29, 27)),
            tuple(f * v for v in (24, 24, 20, 23, 25, 26, 25)),
            power=2.6,
        ),
        Band(
            np.array([head.at(0, -97, 31), head.at(0, -104, 8)]),
            (7 * f, 8 * f),
            (3 * f, 2.2 * f),
            np.array([1.0, 0, 0]),
        ),
        Band(
            curve(
                [
                    head.at(-46, -78, 30),
                    head.at(-28, -92, 38),
                    head.at(0, -97, 36),
                    head.at(28, -92, 38),
                    head.at(46, -78, 30),
                ],
                13,
            ),
            np.full(13, 6.5 * f),
            np.full(13, 6.0 * f),
            np.array([0.0, 0.0, 1.0]),
        ),
    ]
    for s in (-1.0, 1.0):
        shapes += [
            Band(
                np.array([head.at(s * 48, -74, 33), head.at(s * 49, -72, 18), head.at(s * 47, -74, 2)]),
                f * np.array([7.0, 7.0, 8.0]),
                f * np.array([3.2, 3.0, 4.5]),
                np.array([0.0, 1.0, 0.0]),
            ),
            Band(
                np.array([head.at(s * 47, -70, 22), head.at(s * 26, -46, 24)]),
                (15 * f, 12 * f),
                (1.7 * f, 1.7 * f),
                np.array([0.0, 0.0, 1.0]),
            ),
            Band(
                curve(
                    [
                        head.at(s * 30, -86, 2),
                        head.at(s * 47, -76, -3),
                        head.at(s * 58, -60, -4),
                        head.at(s * 65, -32, -1),
                        head.at(s * 65, -6, 5),
                    ],
                    13,
                ),
                f * np.interp(np.linspace(0, 1, 13), (0, 0.3, 0.5, 0.7, 1), (6, 11, 7, 4.2, 5)),
                f * np.interp(np.linspace(0, 1, 13), (0, 0.3, 0.5, 0.7, 1), (5, 6, 4, 2.4, 3)),
                np.array([0.0, 0.0, 1.0]),
            ),
        ]
    return Bone(
        tuple(shapes),
        label_of("skull"),
        (head.at(0, -80, 40), head.at(0, -80, -45)),
        (),
        (1.0, 1.0),
        0.0,
        2,
        (*orbits(head), nasal_cavity(head), *maxillary_sinuses(head), mouth(head), *brain_case(head)),
        2.0,
    )


def orbits(head: Head) -> tuple[Shape, ...]:
    """The sockets of the eyes, narrowing backward and inward."""
    f = head.face
    found: list[Shape] = []
    for s in (-1.0, 1.0):
        chain = np.array([head.at(s * 34, -96, 18), head.at(s * 31, -78, 18), head.at(s * 15, -44, 22)])
        found.append(Rod(chain, np.array([19.5, 17.5, 5.5]) * (0.35 + 0.65 * f)))
    return tuple(found)


def nasal_cavity(head: Head) -> Shape:
    """The cavity of the nose, from its opening to the throat."""
    f = head.face
    return Profile(
        head.at(0, -66, 28),
        head.at(0, -66, -25),
        (0, 0.25, 0.5, 0.9, 1),
        tuple(f * v for v in (6, 9, 10, 14, 12)),
        tuple(f * v for v in (20, 22, 30, 36, 34)),
        power=2.6,
    )


def maxillary_sinuses(head: Head) -> tuple[Shape, ...]:
    """The cavities beside the nose, small in young children."""
    f = head.face**1.4
    return tuple(Ellipsoid(head.at(s * 26, -68, -9), (12.5 * f, 18 * f, 16 * f)) for s in (-1.0, 1.0))


def mouth(head: Head) -> Shape:
    """The cavity of the mouth below the palate."""
    f = head.face
    return Ellipsoid(head.at(0, -62, -48), (20 * f, 25 * f, 14 * f))


def teeth(head: Head) -> list[Rod]:
    """Upper and lower rows of teeth."""
    f = head.face
    rows = []
    for z, wide, front in ((-46.5, 26, -93), (-56, 24, -90)):
        arch = [
            head.at(x, y, z)
            for x, y in ((-wide, -58), (-wide * 0.85, -76), (0, front), (wide * 0.85, -76), (wide, -58))
        ]
        rows.append(Rod(curve(arch, 13), np.full(13, 4.6 * f)))
    return rows


def _mandible(head: Head, side: str, sign: float) -> Bone:
    f = head.face
    body = curve(
        [
            head.at(sign * 0.2, -86, -74),
            head.at(sign * 16, -82, -73),
            head.at(sign * 31, -62, -68),
            head.at(sign * 43, -36, -58),
        ],
        11,
    )
    t = np.linspace(0, 1, 11)
    up = np.array([0.0, 0.0, 1.0])
    ramus = np.array(
        [head.at(sign * 44, -32, -54), head.at(sign * 47, -26, -28), head.at(sign * 49, -22, -12)]
    )
    shapes: list[Shape] = [
        Band(
            body,
            f * np.interp(t, (0, 0.4, 1), (15, 13.5, 13)),
            f * np.interp(t, (0, 0.2, 0.6, 1), (7, 5.8, 6.2, 5)),
            up,
        ),
        Band(
            ramus, f * np.array([17.5, 16.5, 15.5]), f * np.array([4.6, 3.6, 3.2]), np.array([0.0, 1.0, 0.15])
        ),
        Rod(np.array([head.at(sign * 49, -17, -14), head.at(sign * 50, -13, -2)]), f * np.array([4.2, 5.0])),
        Ellipsoid(head.at(sign * 50, -13, -1), (9.5 * f, 4.8 * f, 4.5 * f)),
        Rod(np.array([head.at(sign * 48, -34, -14), head.at(sign * 48, -36, 2)]), f * np.array([4.0, 2.2])),
    ]
    half = (head.at(sign * 0.2, 0, 0), np.array([-sign, 0.0, 0.0]))
    return Bone(
        tuple(Cut(shape, (half,)) for shape in shapes),
        label_of(f"mandible_{side}"),
        (head.at(sign * 50, -13, 2), head.at(0, -88, -88)),
        (),
        (1.2, 1.9 * f),
        0.0,
        0,
        (Ellipsoid(head.at(sign * 48, -22, 3), (9 * f, 6 * f, 9 * f)),),
        1.5,
    )


def mandible_muscles(head: Head) -> list[Rod]:
    """Temporal and masseter muscles of both sides."""
    f, c = head.face, head.cranium
    found = []
    for s in (-1.0, 1.0):
        found.append(
            Rod(np.array([head.at(s * 57, -42, -4), head.at(s * 53, -28, -52)]), f * np.array([8, 8.0]))
        )
        found.append(
            Rod(np.array([head.vault(s * 68, -30, 48), head.at(s * 56, -34, 0)]), c * np.array([7, 7.0]))
        )
    return found
