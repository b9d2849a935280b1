"""Feet of the child of rods: two columns and five rays, in per cent of the length of the foot.

Ours, after what textbooks of anatomy say about lengths of bones and the height of the arch (PROPOSED); arch,
width, splay and the length of every ray are drawn far more widely than feet differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, plate_is_open
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.rods.growth import drawn, ossified
from marrowmap.phantom.rods.ray import Ray, ray_bones
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Cut, Ellipsoid, Profile, Rod, Shape, Vector, unit

GROUND = 18.0
"""How far the lowest points of heel bone and metatarsal heads lie below the axis of the ankle."""
PAD = 4.0
"""Soft tissue below them."""
DOME = 7.4
"""Radius of the pulley of the talus, about whose axis the foot turns."""
METATARSALS = (23.6, 27.4, 26.0, 25.6, 26.4)
TOES = ((12.2, 8.6), (10.4, 5.2, 4.4), (9.8, 4.4, 4.2), (9.2, 3.9, 4.1), (8.4, 3.4, 4.0))


@dataclass(frozen=True)
class FootLayout:
    """One foot. Places are (forward to the toes, outward to the little toe, down to the sole) from the axis of
    the ankle, in hundredths of its length before it was drawn.

    origin: the axis of the ankle, LPS mm. frame: the three directions as rows. mm: millimetres of a unit.
    lift: how far the front of the heel bone stands above the ground. wide: factor on widths.
    sizes: factors on the seven tarsal bones. rays: metatarsals and toes. heel, toes: places of the skin.
    """

    origin: Vector
    frame: Vector
    mm: float
    lift: float
    wide: float
    sizes: Vector
    rays: tuple[Ray, ...]
    heel: Vector
    toes: Vector

    def at(self, forward: float, outward: float, down: float) -> Vector:
        """LPS mm of a place of the foot."""
        return self.origin + self.mm * np.array([forward, outward * self.wide, down]) @ self.frame


def foot_layout(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> FootLayout:
    """Draw and place one foot; the same seed has the same foot at every age, left and right alike."""
    rng = np.random.default_rng([spec.seed, 16])
    lift = 27 * np.tan(np.deg2rad(rng.uniform(11, 23)))
    wide, splay, toe = drawn(rng, 0.1, 3)
    valgus, curl = rng.uniform(2, 17), rng.uniform(2, 16)
    sizes = drawn(rng, 0.06, 7)
    lengths = drawn(rng, 0.05, 5)
    toes = toe * drawn(rng, 0.07, 5)
    thick = drawn(rng, 0.09, 1)[0] * drawn(rng, 0.05, 5)
    waist, head = rng.uniform(0.54, 0.7), rng.uniform(0.76, 0.95)
    forward = pose.foot_forward[side]
    leg = unit(pose.joints[f"ankle_{side}"] - pose.joints[f"knee_{side}"])
    down = unit(leg - forward * (leg @ forward))
    outward = np.cross(forward, down)
    frame = np.array([forward, outward * np.sign(outward[0] * sign), down])
    # rays in units first: the length of the foot is known only when the longest toe is
    paths = [
        _ray(number, lift, splay, lengths[number - 1], toes[number - 1], valgus, curl)
        for number in range(1, 6)
    ]
    heel, tip = -20.5 - 3.2, max(path[-1, 0] for path in paths) + 2.0
    mm = p.foot / (tip - heel)
    origin = pose.joints[f"ankle_{side}"] + leg * DOME * mm
    stretch = np.array([1, wide, 1])
    rays = tuple(
        Ray(
            number,
            origin + mm * (path * stretch) @ frame,
            tuple(
                mm * thick[number - 1] * r for r in ((4.4, 3.2, 2.8) if number == 1 else (2.9, 2.1, 1.8, 1.6))
            ),
            waist,
            head,
            -0.6 * mm * down,
        )
        for number, path in enumerate(paths, start=1)
    )
    skin = np.array([[heel, 1, 10], [tip, -4, GROUND - 2]])
    back, front = origin + mm * (skin * stretch) @ frame
    return FootLayout(origin, frame, mm, lift, float(wide), sizes, rays, back, front)


def _ray(
    number: int, lift: float, splay: float, length: float, toe: float, valgus: float, curl: float
) -> Vector:
    """Joints of one ray in units of the foot. valgus, curl: degrees of the great toe outward, of toes down."""
    i = number - 1
    rise = 0.3 * (lift - 5)  # a high heel bone carries a high instep
    start = np.array(
        [
            (29.4, 27.8, 29.2, 26.4, 24.2)[i],
            (-7.6, -2.4, 2.9, 8.2, 12.6)[i],
            (11.6 - rise, 9.4 - rise, 10.6 - 0.8 * rise, 12.0 - 0.5 * rise, 13.6)[i],
        ]
    )
    aside = np.deg2rad((-8.5, -3.5, 0.5, 4.0, 6.0)[i]) * splay
    goal = GROUND - (3.6, 3.2, 3.0, 2.7, 2.4)[i]
    long = METATARSALS[i] * length
    fall = goal - start[2]
    ahead = np.sqrt(long**2 - fall**2)
    joints = [start, start + np.array([ahead * np.cos(aside), ahead * np.sin(aside), fall])]
    turn = aside * 0.3 + np.deg2rad(valgus if number == 1 else -0.25 * aside)
    for k, bone in enumerate(TOES[i]):
        dip = np.deg2rad(curl * (0.1, 1.0, 1.5)[k])
        ray = np.array([np.cos(dip) * np.cos(turn), np.cos(dip) * np.sin(turn), np.sin(dip)])
        joints.append(joints[-1] + ray * bone * toe)
    return np.array(joints)


def foot(spec: ChildSpec, p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    """Talus, calcaneus, five other tarsals, metatarsals and toes."""
    layout = foot_layout(spec, p, pose, side, sign)
    talus = _talus(layout)
    heel = _calcaneus(layout)
    plate = Plate(
        layout.at(-16.5, 1, GROUND - 6.5),
        -layout.frame[0],
        *(label_of(f"calcaneus_{side}"),) * 2,
        6 * layout.mm,
        11 * layout.mm,
        plate_is_open(spec, -0.7),
    )
    bones = [
        Bone(
            talus,
            label_of(f"talus_{side}"),
            (layout.at(-8, 1, 1), layout.at(15, -5, 6)),
            cortex_mm=(1.1, 1.1),
            blend_mm=1.2 * layout.mm,
        ),
        Bone(
            heel,
            label_of(f"calcaneus_{side}"),
            (layout.at(11, 5, GROUND - layout.lift - 4), layout.at(-20.5, 1, 11)),
            (plate,),
            (1.0, 1.0),
            holes=talus,
            blend_mm=1.0 * layout.mm,
        ),
    ]
    done: tuple[Shape, ...] = (*talus, *heel)
    for part, shapes in enumerate(_midfoot(spec, layout), start=1):
        low, high = shapes[0].box()
        reach = 0.25 * np.linalg.norm(high - low) * layout.frame[0]
        bones.append(
            Bone(
                shapes,
                label_of(f"tarsals_{side}"),
                ((low + high) / 2 - reach, (low + high) / 2 + reach),
                cortex_mm=(0.9, 0.9),
                part=part,
                holes=done,  # hollow where the neighbours lie
            )
        )
        done = (*done, *shapes)
    for ray in layout.rays:
        bones += ray_bones(spec, ray, f"metatarsal_{ray.number}_{side}", f"toes_{side}", 0.7)
    return bones


def _talus(layout: FootLayout) -> tuple[Shape, ...]:
    """A pulley cut off below, and a neck that runs forward and inward to a round head."""
    m = layout.mm * layout.sizes[0]
    high = 0.3 * (layout.lift - 5)
    pulley = Profile(
        layout.at(0, -4.0, 0),
        layout.at(0, 6.6, 0),
        (0, 0.1, 0.5, 0.9, 1),
        tuple(layout.mm * v for v in (6.0, 7.1, 6.6, 7.2, 6.2)),
        tuple(layout.mm * v for v in (6.0, 7.1, 6.6, 7.2, 6.2)),
        layout.frame[0],
    )
    neck = Profile(
        layout.at(0, 0.5, 1.0),
        layout.at(14.2, -4.6, 7.4 - high),
        (0, 0.4, 0.6, 0.75, 0.88, 0.96, 1),
        tuple(m * v for v in (4.6, 4.2, 3.9, 4.6, 4.5, 3.0, 0.6)),
        tuple(m * v for v in (3.8, 3.4, 3.3, 4.0, 3.9, 2.6, 0.5)),
        layout.frame[1],
    )
    return Cut(pulley, ((layout.at(0, 0, 4.4), layout.frame[2] + 0.25 * layout.frame[0]),)), neck


def _calcaneus(layout: FootLayout) -> tuple[Shape, ...]:
    """A long body that climbs forward from the heel, with a shelf for the talus on its inner side."""
    m = layout.mm * layout.sizes[1]
    front = GROUND - layout.lift - 4.3
    body = Profile(
        layout.at(-20.5, 1.0, GROUND - 6.6),
        layout.at(10.6, 5.6, front),
        (0, 0.03, 0.1, 0.25, 0.42, 0.6, 0.85, 0.97, 1),
        tuple(m * v for v in (2.0, 3.6, 5.0, 4.8, 4.1, 4.6, 4.4, 4.6, 3.6)),
        tuple(m * v for v in (3.4, 5.2, 6.5, 6.2, 5.0, 5.3, 4.3, 4.4, 3.6)),
        layout.frame[1],
        power=2.5,
    )
    shelf = Rod(
        np.array([layout.at(1.5, 1.0, front + 4.5), layout.at(3.5, -5.2, front + 3.4)]),
        m * np.array([3.2, 2.2]),
    )
    return body, shelf


def _midfoot(spec: ChildSpec, layout: FootLayout) -> list[tuple[Shape, ...]]:
    """Navicular, cuboid and the inner, middle and outer wedge bones."""
    high = 0.3 * (layout.lift - 5)
    front = GROUND - layout.lift - 4.3
    at, frame = layout.at, layout.frame
    grown = [ossified(spec, *ages) for ages in ((1, 9), (-3, 8), (0, 9), (1, 9), (-1, 9))]
    n, c, inner, middle, outer = (layout.mm * g * k for g, k in zip(grown, layout.sizes[2:], strict=True))
    turned = np.array([unit(frame[0] - 0.3 * frame[1]), unit(frame[1] + 0.3 * frame[0]), frame[2]])
    navicular = (
        Ellipsoid(at(16.8, -5.2, 8.0 - high), (3.7 * n, 6.6 * n, 4.9 * n), turned),
        Rod(
            np.array([at(16.6, -8.0, 9.0 - high), at(16.2, -11.0, 10.4 - high)]),
            n * np.array([2.6, 2.0]),
        ),
    )
    cuboid = Profile(
        at(18, 7.0, front * 0.65 + 4.6) + c * (-6.3 * frame[0] - 0.8 * frame[1] - 1.2 * frame[2]),
        at(18, 7.0, front * 0.65 + 4.6) + c * (6.0 * frame[0] + 1.2 * frame[1] + 1.4 * frame[2]),
        (0, 0.1, 0.5, 0.9, 1),
        tuple(c * v for v in (4.2, 5.0, 5.0, 4.9, 4.0)),
        tuple(c * v for v in (3.9, 4.7, 4.4, 4.2, 3.4)),
        frame[1],
        power=3.0,
    )

    def wedge(place: Vector, half_long: float, high_mm: float, wide_mm: float, edge: float) -> Shape:
        return Profile(
            place - half_long * frame[0],
            place + half_long * frame[0],
            (0, 0.15, 0.85, 1),
            tuple(high_mm * v for v in (0.8, 1.0, 1.0, 0.8)),
            tuple(wide_mm * v for v in (0.8, 1.0, 1.0, 0.8)),
            frame[2],
            power=2.4,
            three=edge,
        )

    return [
        navicular,
        (cuboid,),
        (wedge(at(24.6, -7.7, 10.6 - high), 4.3 * inner, 5.6 * inner, 3.3 * inner, -0.12),),
        (wedge(at(23.6, -2.0, 8.2 - high), 3.4 * middle, 4.3 * middle, 2.7 * middle, 0.16),),
        (wedge(at(24.2, 2.8, 9.4 - 0.8 * high), 4.2 * outer, 4.5 * outer, 2.9 * outer, 0.16),),
    ]


def foot_skin(layout: FootLayout) -> list[Shape]:
    """Solids whose union is the skin of the foot: heel, instep, and one for each ray."""
    m, at = layout.mm, layout.at
    instep = 0.3 * (layout.lift - 5)
    shapes: list[Shape] = [
        Rod(
            np.array([at(-13.6, 1, GROUND + PAD - 10.4), at(-5, 1.5, 8), at(-1, 1.5, -4), at(-3, 1.5, -14)]),
            m * np.array([10.2, 11.5, 12.2, 12.6]),
        ),
        Rod(
            np.array([at(0, 1, 1), at(16, -2.5, 8 - instep), at(30, -2, 11 - instep)]),
            m * np.array([12.0, 10.2, 8.0]),
        ),
        Rod(
            np.array([at(-12, 2, GROUND + PAD - 9.5), at(12, 6, 12), at(26, 9, 13)]),
            m * np.array([9.5, 9, 7.5]),
        ),
    ]
    for ray in layout.rays:
        base, head, *toe = ray.joints
        soft = m * np.array([4.2, 3.6, *([2.4] * (len(toe) - 1)), 0.9])
        bone = np.array([ray.thick_mm[0], *ray.thick_mm])
        shapes.append(Rod(np.array([base, head, *toe]), soft + bone))
    return shapes
