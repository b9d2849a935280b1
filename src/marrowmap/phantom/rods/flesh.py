# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Skin, fat, muscle and organs of the child of rods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.core.geometry import Grid
from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.body import ChildSpec, Tissue
from marrowmap.phantom.rods.legs import foot_frame
from marrowmap.phantom.rods.trunk import head_ellipsoids, sternal_notch
from marrowmap.phantom.solids.bone import SIDES
from marrowmap.phantom.solids.filling import Filling
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, Shape, Vector, unit, window


@dataclass(frozen=True)
class Flesh:
    """A piece of the body's outline. fat_mm: fat under the skin. blend_mm: how softly it joins what was
    there."""

    shape: Shape
    fat_mm: float
    blend_mm: float


def outline(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Flesh]:
    """The pieces whose union is the body."""
    s, g = p.s, p.stoutness
    fat = (4.5 + 5.0 * (p.bmi - 14) / 5) * s * (1.15 if spec.sex == "F" else 0.95)
    t1 = pose.levels[7][1]
    top = t1 + np.array([0, -8, 10]) * s
    base = np.array([0.0, 4 * s, -62 * s])
    trunk = Profile(
        base,
        np.array([0.0, top[1] - 8 * s, top[2]]),
        (0, 0.07, 0.16, 0.3, 0.42, 0.6, 0.82, 0.93, 1),
        tuple(s * g * v for v in (60, 112, 126, 116, 104, 112, 122, 108, 44)),
        tuple(s * g * v for v in (48, 76, 82, 77, 72, 82, 80, 62, 40)),
    )
    pieces = [Flesh(trunk, fat, 0.0)]
    for side, sign in SIDES:
        hip, knee, ankle = (pose.joints[f"{j}_{side}"] for j in ("hip", "knee", "ankle"))
        start = hip + np.array([sign * 8, 4, 40]) * s
        thigh = tuple(s * g * v for v in (62, 72, 66, 56, 47, 48, 40))
        pieces.append(
            Flesh(
                Profile(
                    start,
                    knee - [0, 0, 12 * s],
                    (0, 0.18, 0.35, 0.6, 0.85, 0.96, 1),
                    thigh,
                    tuple(v * 1.05 for v in thigh),
                ),
                fat * 1.0,
                14 * s,
            )
        )
        calf = tuple(s * g * v for v in (44, 46, 41, 46, 40, 29, 26, 28))
        pieces.append(
            Flesh(
                Profile(
                    knee + [0, 3 * s, 22 * s],
                    ankle - [0, 0, 20 * s],
                    (0, 0.06, 0.14, 0.3, 0.5, 0.78, 0.9, 1),
                    calf,
                    tuple(v * 1.05 for v in calf),
                ),
                fat * 0.65,
                8 * s,
            )
        )
        pieces += _foot_flesh(p, pose, side, fat)
        shoulder, elbow, wrist, tip = (
            pose.joints[f"{j}_{side}"] for j in ("shoulder", "elbow", "wrist", "fingertip")
        )
        pieces.append(
            Flesh(
                Rod(
                    np.array([t1 + [0, 6 * s, -2 * s], shoulder + [0, 0, -2 * s]]), s * g * np.array([36, 34])
                ),
                fat * 0.6,
                12 * s,
            )
        )
        pieces.append(
            Flesh(
                Rod(
                    np.array(
                        [
                            shoulder,
                            shoulder + (elbow - shoulder) * 0.4,
                            elbow,
                            elbow + (wrist - elbow) * 0.25,
                            wrist,
                        ]
                    ),
                    s * g * np.array([34, 32, 28, 27, 21]),
                ),
                fat * 0.6,
                6 * s,
            )
        )
        pieces += _hand_flesh(p, pose, side, wrist, tip)
    chin = pose.joints["vertex"] + p.head / 213 * np.array([0, -60, -190])
    skull_low = pose.levels[1][2]
    pieces.append(
        Flesh(
            Rod(np.array([t1 + [0, -10 * s, 12 * s], skull_low + [0, -14 * s, 0]]), s * np.array([44, 42])),
            fat * 0.4,
            14 * s,
        )
    )
    head = head_ellipsoids(p, pose)["skull"]
    h = p.head / 213.0
    pieces.append(Flesh(Ellipsoid(head.centre, tuple(np.asarray(head.radii) + 6.5 * h)), 3.0 * h, 6 * h))
    pieces.append(
        Flesh(
            Rod(
                np.array([chin, chin + np.array([0, 30, 30]) * h, chin + np.array([0, 10, 95]) * h]),
                h * np.array([26, 50, 50]),
            ),
            3.5 * h,
            10 * h,
        )
    )
    pieces.append(
        Flesh(Rod(chin + h * np.array([[0, -36, 100], [0, -52, 72]]), h * np.array([8, 13])), 1.5, 6 * h)
    )
    return pieces


def _foot_flesh(p: Proportions, pose: Posture, side: str, fat: float) -> list[Flesh]:
    ankle, f, o, d = foot_frame(p, pose, side)
    m = p.foot / 212.0

    def at(forward: float, outward: float, down: float) -> Vector:
        return ankle + m * (forward * f + outward * o + down * d)

    rods = (
        Rod(np.array([at(-32, 3, 34), at(0, 3, 10), at(0, 3, -20)]), m * np.array([24, 26, 27])),
        Rod(np.array([at(-36, 3, 38), at(50, 12, 34), at(115, 26, 40)]), m * np.array([20, 20, 15])),
        Rod(np.array([at(10, 0, 18), at(60, -8, 24), at(118, -20, 40)]), m * np.array([26, 22, 17])),
        Rod(np.array([at(60, 4, 26), at(118, 4, 40)]), m * np.array([20, 16])),
        *(
            Rod(np.array([at(112, ow * 1.2, 42), at(end, ow * 1.28, 45)]), m * np.array([11, r]))
            for ow, end, r in ((-20, 172, 11), (-7, 168, 8), (4, 162, 8), (15, 154, 7.5), (26, 142, 7.5))
        ),
    )
    return [Flesh(rod, 3.5 * m, 5 * m) for rod in rods]


def _hand_flesh(p: Proportions, pose: Posture, side: str, wrist: Vector, tip: Vector) -> list[Flesh]:
    m = p.hand / 151.0
    along = unit(tip - wrist)
    sign = 1.0 if side == "left" else -1.0
    across = np.array([sign * 0.5, -1.0, 0.0])
    across = unit(across - along * (across @ along))
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


def depth_and_fat(pieces: list[Flesh], grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Millimetres below the skin (negative in air) and local thickness of the fat layer; float32, grid's
    shape."""
    distance = np.full(grid.shape, 60.0, dtype=np.float32)
    fat = np.zeros(grid.shape, dtype=np.float32)
    for piece in pieces:
        low, high = piece.shape.box()
        w = window(grid, low - 12, high + 12)
        if w is None:
            continue
        d = np.broadcast_to(piece.shape.distance(w), w.shape)
        there = distance[w.index]
        k = np.float32(max(piece.blend_mm, 0.5))
        closer = np.clip(0.5 + 0.5 * (there - d) / k, 0, 1)
        fat[w.index] = fat[w.index] * (1 - closer) + np.float32(piece.fat_mm) * closer
        distance[w.index] = there * (1 - closer) + d * closer - k * closer * (1 - closer)
    return -distance, fat


def organs(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Filling]:
    """Organs in painting order, later over earlier."""
    s = p.s
    rng = np.random.default_rng([spec.seed, 21])
    l5 = pose.joints["l5_s1"]
    notch = sternal_notch(p, pose)
    t = {name: (low + high) / 2 for name, low, high in pose.levels}
    t.setdefault("T12", t["L1"])  # a child with eleven thoracic levels
    lower = t["T11"]
    found: list[Filling] = []
    chest_mid = (notch[2] + lower[2]) / 2
    chest_y = t["T7"][1] - 50 * s
    half = (notch[2] - lower[2]) / 2 + 8 * s
    found.append(
        Filling(
            Ellipsoid(np.array([0, chest_y, chest_mid]), (93 * s, 60 * s, half)),
            Tissue.CONNECTIVE,
            depth_mm=13 * s,
        )
    )
    for sign in (-1.0, 1.0):
        found.append(
            Filling(
                Ellipsoid(
                    np.array([sign * 47 * s, chest_y + 4 * s, chest_mid + 4 * s]),
                    (42 * s, 56 * s, half * 0.97),
                ),
                Tissue.LUNG,
                depth_mm=15 * s,
            )
        )
    heart = np.array([14 * s, chest_y - 16 * s, chest_mid - 26 * s])
    turn = np.array([unit([0.75, -0.35, -0.55]), unit([0.6, 0.6, 0.45]), np.zeros(3)])
    turn[1] = unit(turn[1] - turn[0] * (turn[1] @ turn[0]))
    turn[2] = np.cross(turn[0], turn[1])
    found.append(Filling(Ellipsoid(heart, (46 * s, 34 * s, 32 * s), turn), Tissue.HEART, depth_mm=12))
    found.append(Filling(Ellipsoid(heart + [4 * s, 4 * s, 0], (28 * s, 16 * s, 13 * s), turn), Tissue.VESSEL))
    found.append(
        Filling(Ellipsoid(heart + [-20 * s, 6 * s, 14 * s], (20 * s, 20 * s, 22 * s), turn), Tissue.VESSEL)
    )
    belly_mid = (lower[2] + l5[2]) / 2 - 14 * s
    found.append(
        Filling(
            Ellipsoid(np.array([0, -22 * s, belly_mid]), (92 * s, 54 * s, (lower[2] - l5[2]) / 2 + 44 * s)),
            Tissue.FAT,
            depth_mm=17 * s,
        )
    )
    found.append(
        Filling(
            Ellipsoid(np.array([0, -20 * s, 20 * s]), (62 * s, 44 * s, 60 * s)), Tissue.FAT, depth_mm=17 * s
        )
    )
    found += _bowel(rng, s, belly_mid, l5)
    dome = lower[2] - 4 * s
    found.append(
        Filling(
            Ellipsoid(np.array([-46 * s, -18 * s, dome - 18 * s]), (52 * s, 56 * s, 52 * s)),
            Tissue.LIVER,
            depth_mm=11 * s,
        )
    )
    found.append(
        Filling(
            Ellipsoid(np.array([2 * s, -32 * s, dome - 4 * s]), (52 * s, 34 * s, 26 * s)),
            Tissue.LIVER,
            depth_mm=12 * s,
        )
    )
    found.append(
        Filling(
            Ellipsoid(np.array([76 * s, 22 * s, dome - 24 * s]), (17 * s, 28 * s, 38 * s)),
            Tissue.SPLEEN,
            depth_mm=11 * s,
        )
    )
    found.append(
        Filling(
            Ellipsoid(np.array([46 * s, -20 * s, dome - 26 * s]), (30 * s, 26 * s, 24 * s)),
            Tissue.STOMACH,
            depth_mm=14 * s,
        )
    )
    for sign in (-1.0, 1.0):
        centre = np.array([sign * 44 * s, t["L1"][1] + 14 * s, t["L1"][2] - (4 if sign > 0 else 12) * s])
        found.append(Filling(Ellipsoid(centre, (19 * s, 18 * s, 40 * s)), Tissue.KIDNEY, depth_mm=14 * s))
        found.append(Filling(Ellipsoid(centre - [sign * 9 * s, 0, 0], (7 * s, 6 * s, 18 * s)), Tissue.FAT))
        psoas = np.array(
            [
                [sign * 24 * s, t["L1"][1] - 2 * s, t["L1"][2]],
                [sign * 36 * s, l5[1] - 16 * s, l5[2]],
                [sign * 62 * s, -26 * s, 0],
            ]
        )
        found.append(Filling(Rod(psoas, s * np.array([8, 15, 13])), Tissue.MUSCLE, depth_mm=14 * s))
        hip, knee = (
            pose.joints[f"hip_{'left' if sign > 0 else 'right'}"],
            pose.joints[f"knee_{'left' if sign > 0 else 'right'}"],
        )
        fem = np.array(
            [
                hip + [0, -30 * s, 10 * s],
                hip * 0.5 + knee * 0.5 + [-sign * 24 * s, -6 * s, 0],
                knee + [0, 26 * s, 10 * s],
            ]
        )
        found.append(Filling(Rod(fem, s * np.array([3.6, 3.2, 2.8])), Tissue.VESSEL))
    full = rng.uniform(0.65, 1.25)
    found.append(
        Filling(
            Ellipsoid(np.array([0, -26 * s, 14 * s]), (30 * s * full, 24 * s * full, 24 * s * full)),
            Tissue.BLADDER,
            depth_mm=15 * s,
        )
    )
    aorta = np.array(
        [
            [10 * s, t["T4"][1] - 20 * s, t["T4"][2]],
            [12 * s, t["T8"][1] - 20 * s, t["T8"][2]],
            [6 * s, t["T12"][1] - 24 * s, t["T12"][2]],
            [4 * s, t["L4"][1] - 25 * s, t["L4"][2]],
        ]
    )
    found.append(Filling(Rod(aorta, s * np.array([8.0, 7.5, 7, 5.5])), Tissue.VESSEL))
    cava = np.array(
        [[-13 * s, t["T12"][1] - 26 * s, t["T12"][2]], [-11 * s, t["L4"][1] - 26 * s, t["L4"][2]]]
    )
    found.append(Filling(Rod(cava, s * np.array([8.0, 7.0])), Tissue.VESSEL))
    trachea = np.array([pose.levels[4][1] + [0, -26 * s, 0], t["T4"] + [0, -32 * s, 0]])
    found.append(Filling(Rod(trachea, s * np.array([6.0, 6.0])), Tissue.AIRWAY))
    found += _head(p, pose)
    return found


def _bowel(rng: np.random.Generator, s: float, middle: float, l5: Vector) -> list[Filling]:
    found = []
    for _ in range(34):
        angle, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 1))
        spot = np.array(
            [
                78 * s * reach * np.cos(angle),
                -30 * s + 28 * s * reach * np.sin(angle),
                middle - 4 * s + rng.uniform(-62, 52) * s,
            ]
        )
        direction = unit(rng.normal(0, 1, 3) * [1, 0.6, 0.5])
        chain = np.array(
            [spot - direction * 16 * s, spot + rng.normal(0, 4, 3) * s, spot + direction * 16 * s]
        )
        r = rng.uniform(6.5, 11) * s
        found.append(Filling(Rod(chain, np.full(3, r)), Tissue.BOWEL, (Tissue.FAT, Tissue.BOWEL), 17 * s))
        content = rng.choice([Tissue.BOWEL, Tissue.BOWEL_FLUID, Tissue.AIRWAY], p=[0.55, 0.27, 0.18])
        found.append(
            Filling(Rod(chain, np.full(3, r - 2.2 * s)), Tissue(int(content)), (Tissue.BOWEL,), 18 * s)
        )
    return found


def _head(p: Proportions, pose: Posture) -> list[Filling]:
    h = p.head / 213.0
    parts = head_ellipsoids(p, pose)
    centre = parts["skull"].centre
    found = [
        Filling(Ellipsoid(centre + np.array([0, -66, -62]) * h, (14 * h, 18 * h, 20 * h)), Tissue.AIRWAY),
        Filling(
            Ellipsoid(centre + np.array([0, -54, -104]) * h, (20 * h, 26 * h, 11 * h)), Tissue.CONNECTIVE
        ),
        Filling(
            Rod(centre + h * np.array([[0, -34, -70], [0, -30, -130]]), h * np.array([7.0, 6.0])),
            Tissue.AIRWAY,
        ),
    ]
    for sign in (-1.0, 1.0):
        found.append(
            Filling(
                Ellipsoid(centre + np.array([sign * 31, -78, -36]) * h, (12 * h,) * 3),
                Tissue.EYE,
                depth_mm=0.5,
            )
        )
        found.append(
            Filling(
                Ellipsoid(centre + np.array([sign * 26, -60, -70]) * h, (10 * h, 11 * h, 13 * h)),
                Tissue.AIRWAY,
            )
        )
    return found
