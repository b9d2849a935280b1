# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Organs of the belly, heart and great vessels, as both bodies made of formulas have them.

s: size of the child, 1 for a grown one. t: middle of each vertebra by name. All places in LPS millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marrowmap.phantom.body import Tissue
from marrowmap.phantom.solids.filling import Filling
from marrowmap.phantom.solids.shapes import Ellipsoid, Rod, Vector, unit


def heart_at(heart: Vector, s: float) -> list[Filling]:
    """Muscle and the blood in it, around the place ``heart``."""
    found: list[Filling] = []
    turn = np.array([unit([0.75, -0.35, -0.55]), unit([0.6, 0.6, 0.45]), np.zeros(3)])
    turn[1] = unit(turn[1] - turn[0] * (turn[1] @ turn[0]))
    turn[2] = np.cross(turn[0], turn[1])
    found.append(Filling(Ellipsoid(heart, (46 * s, 34 * s, 32 * s), turn), Tissue.HEART, depth_mm=12))
    found.append(Filling(Ellipsoid(heart + [4 * s, 4 * s, 0], (28 * s, 16 * s, 13 * s), turn), Tissue.VESSEL))
    found.append(
        Filling(Ellipsoid(heart + [-20 * s, 6 * s, 14 * s], (20 * s, 20 * s, 22 * s), turn), Tissue.VESSEL)
    )
    return found


def upper_belly(dome: float, s: float) -> list[Filling]:
    """Liver, spleen and stomach below the height ``dome`` of the diaphragm."""
    found: list[Filling] = []
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
    return found


def behind_the_belly(joints: Mapping[str, Vector], t: Mapping[str, Vector], s: float) -> list[Filling]:
    """Kidneys, psoas and the vessels of the thighs."""
    found: list[Filling] = []
    l5 = joints["l5_s1"]
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
            joints[f"hip_{'left' if sign > 0 else 'right'}"],
            joints[f"knee_{'left' if sign > 0 else 'right'}"],
        )
        fem = np.array(
            [
                hip + [0, -30 * s, 10 * s],
                hip * 0.5 + knee * 0.5 + [-sign * 24 * s, -6 * s, 0],
                knee + [0, 26 * s, 10 * s],
            ]
        )
        found.append(Filling(Rod(fem, s * np.array([3.6, 3.2, 2.8])), Tissue.VESSEL))
    return found


def bowel(rng: np.random.Generator, s: float, middle: float, depth: tuple[float, float]) -> list[Filling]:
    """Loops around the height ``middle``. depth: y of their middle, and how far they lie from it, in millimetres."""
    found = []
    for _ in range(34):
        angle, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 1))
        spot = np.array(
            [
                78 * s * reach * np.cos(angle),
                depth[0] + depth[1] * reach * np.sin(angle),
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


def bladder(full: float, s: float) -> Filling:
    """full: factor of its widths."""
    return Filling(
        Ellipsoid(np.array([0, -26 * s, 14 * s]), (30 * s * full, 24 * s * full, 24 * s * full)),
        Tissue.BLADDER,
        depth_mm=15 * s,
    )


def great_vessels(t: Mapping[str, Vector], s: float) -> list[Filling]:
    """Aorta and lower vena cava."""
    found: list[Filling] = []
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
    return found
