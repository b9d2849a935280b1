# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Skull, spine, chest, girdles and pelvis of the child of rods."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions, by_age
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.rods.trunk_build import TrunkBuild, trunk_build
from marrowmap.phantom.solids.bone import SIDES, Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, Shape, Vector, frame_of, unit


def trunk_bones(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Bone]:
    """Every bone that is not in a free limb."""
    build = trunk_build(spec)
    bones = _spine(p, pose, build) + _sacrum(p, pose, build) + _mandible(p, pose)
    bones += _chest(p, pose, build)
    for side, sign in SIDES:
        bones += _girdle(p, pose, build, side, sign) + _pelvis(spec, p, pose, build, side, sign)
    return bones


def vertebra_sizes(p: Proportions, build: TrunkBuild, index: int, count: int) -> tuple[float, float]:
    """Half width and half depth of a vertebral body in millimetres, by its place from C1 (0) to L5."""
    place = index / (count - 1)
    half_wide = (
        p.s * build.vertebra[0] * np.interp(place, (0, 0.28, 0.4, 0.75, 1), (7.5, 9.5, 10.5, 14.5, 18.5))
    )
    half_deep = p.s * build.vertebra[1] * np.interp(place, (0, 0.28, 0.4, 0.75, 1), (6, 7, 9, 12, 13.5))
    return float(half_wide), float(half_deep)


def _spine(p: Proportions, pose: Posture, build: TrunkBuild) -> list[Bone]:
    bones: list[Bone] = []
    s = p.s
    thick = s * build.vertebra[2]
    count = len(pose.levels)
    for index, ((name, low, high), label) in enumerate(zip(pose.levels, pose.numbering.labels, strict=True)):
        axis = unit(high - low)
        height = float(np.linalg.norm(high - low))
        wide, deep = vertebra_sizes(p, build, index, count)
        disc = 0.24 if index >= 2 else 0.08
        bottom, top = low + axis * height * disc, high
        body: list[Shape] = []
        if name != "C1":
            body.append(
                Profile(
                    bottom,
                    top,
                    (0, 0.12, 0.5, 0.88, 1),
                    tuple(wide * v for v in (0.97, 1, 0.9, 1, 0.97)),
                    tuple(deep * v for v in (0.97, 1, 0.92, 1, 0.97)),
                )
            )
            bones.append(Bone(tuple(body), label, (top, bottom), cortex_mm=(0.9, 0.9), part=1))
        middle = (bottom + top) / 2
        back = np.array([0.0, 1.0, 0.0]) - axis * axis[1]
        canal = 7.5 * s
        arch: list[Shape] = []
        rear = middle + back * (deep + 2 * canal + 1.5 * s) - axis * 2 * s
        drop = height * (0.75 if name.startswith("T") else 0.25)
        arch.append(
            Rod(
                np.array([rear, rear + back * (13 if index > 6 else 8) * s - axis * drop]),
                thick * np.array([3.2, 3.0]),
            )
        )
        for sign in (-1.0, 1.0):
            beside = np.array([sign, 0.0, 0.0])
            pedicle = middle + beside * (canal + 2.2 * s) + back * (deep - 1 * s)
            facet = pedicle + back * canal * 1.4 - axis * height * 0.1
            wing = facet + beside * (10 + 4 * (index > 6)) * s + back * 3 * s * (name.startswith("T"))
            arch.append(Rod(np.array([pedicle, facet, rear]), thick * np.array([2.8, 4.0, 2.6])))
            arch.append(Rod(np.array([facet, wing]), thick * np.array([3.0, 2.4])))
        if name == "C1":
            front = middle - back * deep * 0.8
            arch.append(
                Rod(
                    np.array([middle + [-wide * 1.5, 2 * s, 0], front, middle + [wide * 1.5, 2 * s, 0]]),
                    s * np.array([5.0, 2.6, 5.0]),
                )
            )
        bones.append(Bone(tuple(arch), label, (high, low), cortex_mm=(0.9, 0.9), part=2))
    return bones


def disc_profiles(spec: ChildSpec, p: Proportions, pose: Posture) -> list[tuple[Profile, Profile]]:
    """(disc, nucleus) below each vertebra from C2 on."""
    found = []
    count = len(pose.levels)
    build = trunk_build(spec)
    for index, (_, low, high) in enumerate(pose.levels[1:], start=1):
        wide, deep = vertebra_sizes(p, build, index, count)
        top = low + (high - low) * 0.24
        middle = (top + low) / 2
        found.append(
            (
                Profile(low, top, (0, 1), (wide * 0.98,) * 2, (deep * 0.98,) * 2),
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


def _sacrum(p: Proportions, pose: Posture, build: TrunkBuild) -> list[Bone]:
    s = p.s
    top = pose.joints["l5_s1"]
    bones: list[Bone] = []
    spot = top.copy()
    long, broad, thick = s * build.sacrum
    for level in range(1, 6):
        angle = np.deg2rad(18 + 11 * level)
        down = np.array([0.0, np.sin(angle), -np.cos(angle)])
        height = (22, 19, 16, 13, 11)[level - 1] * long
        wide = (43, 38, 31, 23, 14)[level - 1] * broad
        deep = (15, 12, 10, 8, 6)[level - 1] * thick
        end = spot + down * height * 0.93
        block = Profile(
            spot, end, (0, 0.5, 1), (wide, wide * 0.94, wide * 0.88), (deep, deep * 0.9, deep * 0.85)
        )
        bones.append(
            Bone(
                (block,),
                label_of("sacrum_s1" if level == 1 else "sacrum_s2_s5"),
                (spot, end),
                cortex_mm=(0.9, 0.9),
            )
        )
        spot = spot + down * height
    return bones


def _mandible(p: Proportions, pose: Posture) -> list[Bone]:
    bones = []
    h = p.head / 213.0
    vertex = pose.joints["vertex"]
    for side, sign in SIDES:
        chain = vertex + h * np.array(
            [[0.5 * sign, -78, -196], [sign * 22, -68, -192], [sign * 40, -30, -178], [sign * 46, -14, -140]]
        )
        bones.append(
            Bone(
                (Rod(chain, h * np.array([9, 8.5, 8.0, 5.0])),),
                label_of(f"mandible_{side}"),
                (chain[-1], chain[0]),
                cortex_mm=(1.8 * h, 1.8 * h),
            )
        )
    return bones


def head_ellipsoids(p: Proportions, pose: Posture) -> dict[str, Ellipsoid]:
    """Skin of the head, outer and inner table of the vault, brain, white matter."""
    h = p.head / 213.0
    vertex = pose.joints["vertex"]
    centre = vertex + np.array([0, -6 * h, -76 * h])
    skull = np.array([70, 88, 71]) * h
    return {
        "skull": Ellipsoid(centre, tuple(skull)),
        "inside": Ellipsoid(centre, tuple(skull - 5.5 * h)),
        "brain": Ellipsoid(centre, tuple(skull - 9 * h)),
        "white": Ellipsoid(centre, tuple((skull - 9 * h) * [0.8, 0.82, 0.78])),
    }


def _chest(p: Proportions, pose: Posture, build: TrunkBuild) -> list[Bone]:
    s = p.s
    bones: list[Bone] = []
    thoracic = [(name, low, high) for name, low, high in pose.levels if name.startswith("T")]
    notch = sternal_notch(p, pose)
    long, broad, thick = s * build.sternum
    manubrium_end = notch + np.array([0, -7 * s, -38 * long])
    body_end = notch + np.array([0, -15 * s, -118 * long])
    bones.append(
        Bone(
            (
                Profile(
                    notch,
                    manubrium_end,
                    (0, 0.2, 1),
                    (15 * broad, 22 * broad, 13 * broad),
                    (5.5 * thick,) * 3,
                ),
            ),
            label_of("sternum_manubrium"),
            (notch, manubrium_end),
            cortex_mm=(0.9, 0.9),
        )
    )
    start = manubrium_end + (body_end - manubrium_end) * 0.04
    bones.append(
        Bone(
            (
                Profile(
                    start,
                    body_end,
                    (0, 0.5, 0.9, 1),
                    (11 * broad, 14 * broad, 13 * broad, 5 * broad),
                    (5 * thick,) * 4,
                ),
            ),
            label_of("sternum_body"),
            (start, body_end),
            cortex_mm=(0.9, 0.9),
        )
    )
    last = len(thoracic)
    for i, (_, _, high) in enumerate(thoracic, start=1):
        for side, sign in SIDES:
            chain = rib_chain(p, build, high, i, last, sign)
            bones.append(
                Bone(
                    (Rod(chain, np.full(len(chain), 3.9 * s * build.rib)),),
                    label_of(f"ribs_{side}"),
                    (chain[0], chain[-1]),
                    cortex_mm=(0.8, 1.0),
                    part=min(i, 13),
                )
            )
    return bones


def sternal_notch(p: Proportions, pose: Posture) -> Vector:
    """Top of the sternum."""
    t2 = next(low for name, low, _ in pose.levels if name == "T2")
    return np.array([0.0, t2[1] - 62 * p.s, t2[2] - 8 * p.s])


def rib_chain(p: Proportions, build: TrunkBuild, head: Vector, i: int, last: int, sign: float) -> Vector:
    """Places along rib ``i`` from its head at the spine forward; (n, 3)."""
    s = p.s
    across, front, fall = s * build.chest
    wide = across * float(np.interp(i, (1, 2, 4, 8, 11, last + 0.1), (46, 64, 84, 100, 98, 92)))
    deep = front * float(np.interp(i, (1, 2, 4, 8, 10, last + 0.1), (34, 44, 56, 64, 62, 58)))
    drop = fall * float(np.interp(i, (1, 4, 8, 10, last + 0.1), (18, 48, 72, 66, 40)))
    share = build.rib_reach + float(np.interp(i, (1, 7, 10, last - 1, last), (0.86, 0.84, 0.72, 0.5, 0.36)))
    turn = np.linspace(0.02, share, 11) * np.pi
    centre_y = head[1] + 14 * s - deep
    x = head[0] * (1 - np.linspace(0, 1, 11)) + sign * (9 * s + (wide - 9 * s) * np.sin(turn))
    y = centre_y + deep * np.cos(turn)
    z = head[2] - drop * np.linspace(0, 1, 11) ** 1.2
    return np.stack([x, y, z], axis=1)


def _girdle(p: Proportions, pose: Posture, build: TrunkBuild, side: str, sign: float) -> list[Bone]:
    s = p.s
    mirrored = np.array([sign, 1.0, 1.0])
    notch = sternal_notch(p, pose)
    shoulder = pose.joints[f"shoulder_{side}"]
    thick, bow = build.clavicle
    inner = notch + np.array([sign * 15, -1, 6]) * s
    outer = shoulder + np.array([-sign * 2, 0, 24]) * s + mirrored * build.clavicle_mm * s
    third = inner + (outer - inner) * 0.45 + np.array([0, -9, 3]) * s * bow
    two = inner + (outer - inner) * 0.75 + np.array([0, 4, 2]) * s * bow
    thick *= s
    medial = Bone(
        (Rod(np.array([inner, inner + (third - inner) * 0.4, third]), thick * np.array([8.5, 6.0, 4.8])),),
        label_of(f"clavicle_medial_{side}"),
        (inner, outer),
        cortex_mm=(1.1, 1.5 * s),
    )
    lateral = Bone(
        (Rod(np.array([third, two, outer]), thick * np.array([4.8, 4.8, 5.2])),),
        label_of(f"clavicle_lateral_{side}"),
        (inner, outer),
        cortex_mm=(1.3 * s, 1.1),
    )
    broad, high, deep, ridge = s * build.scapula
    glenoid = shoulder + np.array([-sign * 23, 5, -4]) * s
    medial_edge = shoulder + np.array([-sign * 78, 24, -35]) * s + mirrored * build.scapula_mm * s
    flat = unit(medial_edge - glenoid)
    turn = np.array([flat, *frame_of(flat, (0, 0.2, -1.0))[1:]])
    centre = (glenoid + medial_edge) / 2 + np.array([0, 0, -16]) * s
    plate = Ellipsoid(centre, (34 * broad, 48 * high, 4.8 * deep), turn)
    spine_ridge = Rod(
        np.array(
            [
                medial_edge + [0, 6 * s, 8 * s],
                glenoid + [0, 18 * s, 20 * s],
                shoulder + [sign * 4 * s, 12 * s, 25 * s],
            ]
        ),
        ridge * np.array([3.5, 4.2, 5.0]),
    )
    scapula = Bone(
        (plate, Ellipsoid(glenoid, (8 * s, 10 * s, 15 * s)), spine_ridge),
        label_of(f"scapula_{side}"),
        (glenoid, medial_edge),
        cortex_mm=(0.9, 0.9),
    )
    return [medial, lateral, scapula]


def _pelvis(
    spec: ChildSpec, p: Proportions, pose: Posture, build: TrunkBuild, side: str, sign: float
) -> list[Bone]:
    s = p.s
    hip = pose.joints[f"hip_{side}"]
    top = pose.joints["l5_s1"]
    joint = np.array([sign * 44 * s, top[1] + 22 * s, top[2] - 14 * s])
    roof = hip + np.array([-sign * 2, 2, 24]) * s
    crest = np.array([sign * 98 * s, top[1] - 22 * s, top[2] + 22 * s])
    crest += np.array([sign, 1, 1]) * build.crest_mm * s
    broad, deep, high = s * build.ilium
    spine_front = hip + np.array([sign * 22, -36, 54]) * s
    blade_axes = np.array(
        [
            unit(crest - (joint + roof) / 2),
            unit(np.cross(unit(crest - (joint + roof) / 2), unit(joint - roof))),
            np.zeros(3),
        ]
    )
    blade_axes[2] = np.cross(blade_axes[0], blade_axes[1])
    blade = Ellipsoid(
        (roof + crest + joint) / 3 + np.array([0, -6, 2]) * s, (46 * broad, 5.5 * deep, 52 * high), blade_axes
    )
    open_y = spec.age_years < (12.5 if spec.sex == "F" else 14.5)
    cartilage = by_age(spec.age_years, 3.0, 2.0, 1.4)
    plate = Plate(
        hip + np.array([-sign * 22, 0, 6]) * s,
        np.array([-sign * 0.3, 0.0, 1.0]) / np.hypot(0.3, 1),
        *(label_of(f"ilium_{side}"),) * 2,
        14 * s,
        26 * s,
        open_y,
    )
    ilium = Bone(
        (
            blade,
            Rod(np.array([crest, spine_front]), s * np.array([5.5, 6.0])),
            Rod(
                np.array(
                    [crest, joint + [sign * 6 * s, 14 * s, 14 * s], joint + [sign * 4 * s, 6 * s, -4 * s]]
                ),
                s * np.array([5.5, 8.0, 9.0]),
            ),
            Rod(np.array([joint + [sign * 4 * s, 2 * s, 0], roof]), s * np.array([9.0, 11.5])),
            Ellipsoid(roof, (19 * s, 19 * s, 11 * s)),
        ),
        label_of(f"ilium_{side}"),
        (crest, roof),
        (plate,),
        (1.0, 1.0),
        cartilage / 2,
    )
    tuber = hip + np.array([-sign * 26, 16, -46]) * s
    ischium = Bone(
        (
            Ellipsoid(hip + np.array([-sign * 16, 13, -9]) * s, (9 * s, 13 * s, 14 * s)),
            Rod(
                np.array(
                    [
                        hip + np.array([-sign * 16, 18, -14]) * s,
                        tuber,
                        tuber + np.array([sign * 0, -14, -3]) * s,
                        tuber + np.array([-sign * 9, -38, 2]) * s,
                    ]
                ),
                s * np.array([10.0, 11.0, 9.5, 5.0]),
            ),
        ),
        label_of(f"ischium_{side}"),
        (hip, tuber),
        (),
        (1.0, 1.0),
    )
    symphysis = np.array([sign * 9 * s, hip[1] - 42 * s, hip[2] - 22 * s])
    pubis = Bone(
        (
            Rod(np.array([hip + np.array([-sign * 16, -13, 1]) * s, symphysis]), s * np.array([9.5, 7.5])),
            Rod(
                np.array(
                    [
                        symphysis,
                        symphysis + np.array([0, 1, -16]) * s,
                        tuber + np.array([-sign * 9, -40, 4]) * s,
                    ]
                ),
                s * np.array([7.5, 7.0, 4.5]),
            ),
        ),
        label_of(f"pubis_{side}"),
        (hip, symphysis),
        (),
        (1.0, 1.0),
    )
    return [ilium, ischium, pubis]
