"""Hands of the child of rods: two arcs of carpal bones and five rays, in per cent of the length of the hand.

Ours, after what textbooks of anatomy say about the lengths of the rays and the sizes of the carpal bones
(PROPOSED); widths, splay, curl and the length of every ray are drawn far more widely than hands differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.rods.growth import drawn, ossified
from marrowmap.phantom.rods.ray import Ray, ray_bones
from marrowmap.phantom.solids.bone import Bone, label_of
from marrowmap.phantom.solids.shapes import Ellipsoid, Rod, Shape, Vector, unit

METACARPALS = (23.4, 35.0, 33.4, 29.6, 27.4)
PHALANGES = ((16.4, 11.4), (20.8, 12.2, 8.8), (23.2, 14.6, 9.2), (21.6, 13.8, 9.3), (17.2, 9.8, 8.3))
FIRST_ROW = ((46, 6.1, (5.9, 3.6, 3.7)), (-4, 6.4, (3.5, 4.2, 4.3)), (-54, 7.0, (3.4, 3.9, 3.6)))
"""Scaphoid, lunate and triquetrum: angle from the middle towards the thumb (degrees) and distance from the head
of the capitate; half lengths along the arc's radius turned, across and deep."""
SECOND_ROW = ((9.6, 11.4, (4.5, 3.7, 3.6)), (4.6, 13.6, (3.6, 2.9, 3.9)), (-0.8, 12.4, (5.9, 3.4, 4.3)))
"""Trapezium, trapezoid and capitate: towards the thumb, away from the wrist; half lengths along, across, deep."""
HAMATE = (-7.0, 12.2, (4.9, 3.6, 3.9))
APPEARS = (5.5, 4.5, 3.0, 9.5, 5.5, 5.5, 0.3, 0.4)
"""Years at which the kernels appear in boys: scaphoid, lunate, triquetrum, pisiform, then the second row."""
GROWN = 12.5


@dataclass(frozen=True)
class HandLayout:
    """One hand. Places are (away from the wrist, towards the thumb, towards the palm) from the wrist, in
    hundredths of its length.

    origin: the wrist, LPS mm. frame: the three directions as rows. mm: millimetres of a unit. wide: factor on
    widths. hollow: depth of the carpal arch. sizes: factors on the eight carpal bones. rays: metacarpals and
    fingers.
    """

    origin: Vector
    frame: Vector
    mm: float
    wide: float
    hollow: float
    sizes: Vector
    rays: tuple[Ray, ...]

    def at(self, away: float, thumbward: float, palmward: float) -> Vector:
        """LPS mm of a place of the hand."""
        return self.origin + self.mm * np.array([away, thumbward * self.wide, palmward]) @ self.frame


def hand_layout(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> HandLayout:
    """Draw and place one hand; the same seed has the same hand at every age, left and right alike."""
    rng = np.random.default_rng([spec.seed, 17])
    wide, splay, digit = drawn(rng, 0.1, 3)
    hollow, curl, turned = rng.uniform(1.5, 4.5), rng.uniform(1, 13), rng.uniform(20, 70)
    sizes = drawn(rng, 0.08, 8)
    lengths, digits = drawn(rng, 0.05, 5), digit**0.5 * drawn(rng, 0.06, 5)
    thick = drawn(rng, 0.09, 1)[0] * drawn(rng, 0.05, 5)
    waist, head = rng.uniform(0.54, 0.7), rng.uniform(0.82, 1.0)
    thumb, opposed = rng.uniform(28, 48), rng.uniform(5, 30)
    wrist = pose.joints[f"wrist_{side}"]
    along = unit(pose.joints[f"fingertip_{side}"] - wrist)
    frame = _frame(along, pose.arms, sign, np.deg2rad(turned))
    paths = [
        _ray(number, splay, lengths[number - 1], digits[number - 1], curl, thumb, opposed, hollow)
        for number in range(1, 6)
    ]
    mm = p.hand / (max(path[-1, 0] for path in paths[1:]) + 1.6)
    rays = tuple(
        Ray(
            number,
            wrist + mm * (path * [1, wide, 1]) @ frame,
            tuple(
                mm * thick[number - 1] * r
                for r in ((4.1, 3.4, 2.7) if number == 1 else (3.9 - 0.1 * number, 3.2, 2.6, 2.1))
            ),
            waist,
            head,
            -0.5 * mm * frame[2],
        )
        for number, path in enumerate(paths, start=1)
    )
    return HandLayout(wrist, frame, mm, float(wide), hollow, sizes, rays)


def _frame(along: Vector, arms: str, sign: float, turned: float) -> Vector:
    """Directions of the hand: palm to the thigh with the thumb ``turned`` from the front outward, or palm down
    on the body."""
    if arms == "on_body":
        palm = np.array([0.0, 1.0, 0.0])
        palm = unit(palm - along * (palm @ along))
        return np.array([along, sign * np.cross(palm, along), palm])
    thumb = np.array([sign * np.sin(turned), -np.cos(turned), 0.0])
    thumb = unit(thumb - along * (thumb @ along))
    return np.array([along, thumb, sign * np.cross(along, thumb)])


def _ray(
    number: int,
    splay: float,
    length: float,
    digit: float,
    curl: float,
    thumb: float,
    opposed: float,
    hollow: float,
) -> Vector:
    """Joints of one ray in units of the hand. curl: degrees at each joint; thumb, opposed: degrees of the first
    metacarpal from the others, aside and towards the palm."""
    i = number - 1
    start = np.array([(14.6, 18.4, 19.0, 18.0, 16.8)[i], (12.4, 5.6, -0.6, -6.0, -10.4)[i], 0.0])
    start[2] = hollow * (start[1] / 12) ** 2
    aside = np.deg2rad(thumb if number == 1 else (0, 6.5, 0.5, -5.5, -12)[i] * splay)
    dip = np.deg2rad(opposed if number == 1 else (0, 0, 0, 1.5, 3.0)[i])
    joints = [start]
    for k, bone in enumerate((METACARPALS[i] * length, *(v * digit for v in PHALANGES[i]))):
        if k:
            dip += np.deg2rad(curl * (1.0, 1.3, 0.8)[k - 1] * (0.4 if number == 1 else 1.0))
            aside *= 0.85 if number == 1 else 0.9
        step = np.array([np.cos(dip) * np.cos(aside), np.cos(dip) * np.sin(aside), np.sin(dip)])
        joints.append(joints[-1] + bone * step)
    return np.array(joints)


def hand(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    """Carpus, metacarpals and fingers."""
    layout = hand_layout(spec, p, pose, side, sign)
    bones: list[Bone] = []
    done: tuple[Shape, ...] = ()
    for part, shapes in enumerate(_carpus(spec, layout), start=1):
        low, high = shapes[0].box()
        reach = 0.25 * np.linalg.norm(high - low) * layout.frame[0]
        bones.append(
            Bone(
                shapes,
                label_of(f"carpus_{side}"),
                ((low + high) / 2 - reach, (low + high) / 2 + reach),
                cortex_mm=(0.7, 0.7),
                part=part,
                holes=done,  # flattened where the neighbours lie
            )
        )
        done = (*done, *shapes)
    for ray in layout.rays:
        bones += ray_bones(spec, ray, f"metacarpal_{ray.number}_{side}", f"fingers_{side}", 0.6)
    return bones


def _carpus(spec: ChildSpec, layout: HandLayout) -> list[tuple[Shape, ...]]:
    """Eight bones: three on an arc around the head of the capitate, the pea bone in front, four in a row."""
    away, thumb, palm = layout.frame
    sizes = layout.mm * layout.sizes * [ossified(spec, first, GROWN) for first in APPEARS]

    def deep(thumbward: float) -> float:
        return layout.hollow * (thumbward / 12) ** 2

    found: list[tuple[Shape, ...]] = []
    for size, (degrees, distance, half) in zip(sizes[:3], FIRST_ROW, strict=True):
        angle = np.deg2rad(degrees)
        x, y = 11.0 - distance * np.cos(angle), distance * np.sin(angle)
        lean = angle * 0.6
        turn = np.array(
            [np.cos(lean) * away + np.sin(lean) * thumb, np.cos(lean) * thumb - np.sin(lean) * away, palm]
        )
        found.append((Ellipsoid(layout.at(x, y, deep(y)), tuple(size * np.array(half)), turn),))
    pea = layout.at(7.4, -7.4, deep(7.4) + 5.6)
    found.append((Ellipsoid(pea, tuple(sizes[3] * np.array([2.8, 2.4, 2.3])), layout.frame),))
    for size, (y, x, half) in zip(sizes[4:], (*SECOND_ROW, HAMATE), strict=True):
        place = layout.at(x, y, deep(y))
        shapes: tuple[Shape, ...] = (Ellipsoid(place, tuple(size * np.array(half)), layout.frame),)
        if len(found) == 7:
            hook = np.array([place + size * palm, place + size * (5.4 * palm + 1.2 * away)])
            shapes = (*shapes, Rod(hook, size * np.array([1.6, 1.2])))
        found.append(shapes)
    return found


def hand_skin(layout: HandLayout) -> list[Shape]:
    """Solids whose union is the skin of the hand: wrist, ball of the thumb, and one for each ray."""
    m, at = layout.mm, layout.at
    shapes: list[Shape] = [
        Rod(np.array([at(-8, 3, 0), at(12, 4, 1.5)]), m * np.array([10.5, 9.5])),
        Rod(np.array([at(-8, -3, 0), at(12, -5, 1.5)]), m * np.array([10.5, 9.5])),
        Rod(
            np.array([at(11, 8, 4), layout.rays[0].joints[1] + m * 1.5 * layout.frame[2]]),
            m * np.array([8, 6.5]),
        ),
    ]
    for ray in layout.rays:
        base, head, *digit = ray.joints
        soft = m * np.array([5.2, 3.6, *([2.2] * (len(digit) - 1)), 1.6])
        bone = np.array([ray.thick_mm[0], *ray.thick_mm])
        shapes.append(Rod(np.array([base, head, *digit]), soft + bone))
    return shapes
