# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""Organs of the trunk of the analytic child: places and sizes ours (PROPOSED)."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.chest import (
    ANGLE_BACK,
    DROP,
    HALF_WIDE,
    rib_place,
    sternal_notch,
    sternum_line,
)
from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.outline import fat_layer
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.analytic.spine import spine_levels
from marrowmap.phantom.body import ChildSpec, Tissue
from marrowmap.phantom.solids.filling import Filling
from marrowmap.phantom.solids.shapes import Band, Ellipsoid, Profile, Rod, Shape, Vector
from marrowmap.phantom.solids.viscera import (
    behind_the_belly,
    bladder,
    bowel,
    great_vessels,
    heart_at,
    upper_belly,
)


def organs(spec: ChildSpec, p: Proportions, pose: Posture) -> list[Filling]:
    """Organs in painting order, later over earlier."""
    s = p.s
    rng = np.random.default_rng([spec.seed, 21])
    l5 = pose.joints["l5_s1"]
    notch = sternal_notch(p, pose)
    t = {name: (low + high) / 2 for name, low, high in pose.levels}
    t.setdefault("T12", t["L1"])  # a child with eleven thoracic levels
    lower = t["T11"]
    wall = fat_layer(spec, p) + 11 * p.a
    found: list[Filling] = [
        Filling(_cavity(p, pose), Tissue.LUNG, depth_mm=9 * p.a + fat_layer(spec, p) * 0.5)
    ]
    chest_mid = (notch[2] + lower[2]) / 2
    chest_y = t["T7"][1] - 62 * p.a
    found += [_beside_the_spine(p, pose), *_mediastinum(p, pose, t)] + _diaphragm(p, pose, t)
    heart = np.array([14 * s, chest_y - 16 * s, chest_mid - 26 * s])
    found += heart_at(heart, s)
    belly_mid = (lower[2] + l5[2]) / 2 - 14 * s
    front = t["L3"][1] - 50 * p.a
    for centre, half in (
        (np.array([0, front, belly_mid]), (112 * p.a, 66 * p.a, (lower[2] - l5[2]) / 2 + 46 * s)),
        (np.array([0, -20 * s, 20 * s]), (72 * p.a, 56 * p.a, 62 * s)),
    ):
        found.append(Filling(Ellipsoid(centre, half), Tissue.FAT, depth_mm=wall + 3 * p.a))
    found += bowel(rng, s, belly_mid, (front, 34 * s))
    dome = lower[2] - 4 * s
    found += upper_belly(dome, s)
    found += behind_the_belly(pose.joints, t, s) + [bladder(rng.uniform(0.65, 1.25), s), *great_vessels(t, s)]
    for sign in (-1.0, 1.0):
        neck = [
            t[name] + p.a * np.array([sign * x, y, 0])
            for name, x, y in (("C2", 24, -8), ("C5", 25, -20), ("T1", 20, -26))
        ]
        found.append(Filling(Rod(np.array(neck), np.full(3, 6.5 * p.a)), Tissue.FAT, (Tissue.MUSCLE,)))
        for shift, r in ((-3.0, 2.8), (3.0, 3.8)):
            line = np.array(neck) + p.a * np.array([sign * shift, 0, 0])
            found.append(Filling(Rod(line, np.full(3, r * p.a)), Tissue.VESSEL))
    trachea = np.array([pose.levels[4][1] + [0, -26 * s, 0], t["T4"] + [0, -32 * s, 0]])
    found.append(Filling(Rod(trachea, s * np.array([6.0, 6.0])), Tissue.AIRWAY))
    return found


def _cavity(p: Proportions, pose: Posture) -> Shape:
    """The inside of the rib cage above the diaphragm."""
    line = sternum_line(p, pose)
    levels = [level for level in spine_levels(p, pose) if level.name.startswith("T")]
    rows = []
    for i, level in enumerate(levels[:11], start=1):
        place = rib_place(i, len(levels))
        drop = float(np.interp(place, range(1, 13), DROP)) * p.a
        z = level.top[2] - 0.5 * drop
        wide = (float(np.interp(place, range(1, 13), HALF_WIDE)) - 5) * p.a
        here = levels[min(i + 1, len(levels) - 1)]
        rear = here.at(0, here.canal_back)[1] + (float(np.interp(place, range(1, 13), ANGLE_BACK)) - 6) * p.a
        front = float(np.interp(-z, -line[:, 2], line[:, 1])) + 9 * p.a
        rows.append((z, level.at(0, 0)[0], wide, front, rear))
    rows = rows[:10]
    z, middle, wide, front, rear = (np.array(column) for column in zip(*rows, strict=True))
    top, end = z[0] + 9 * p.a, z[-1] - 6 * p.a
    t = np.concatenate([[0], (top - z) / (top - end), [1]])

    def column(values: Vector, first: float, last: float) -> tuple[float, ...]:
        return (values[0] * first, *values, values[-1] * last)

    return Profile(
        np.array([0, 0, top]),
        np.array([0, 0, end]),
        t,
        column(wide, 0.3, 0.97),
        column((rear - front) / 2, 0.3, 0.97),
        off_wide_mm=column(middle, 1, 1),
        off_deep_mm=column(-(rear + front) / 2, 1, 1),
        power=2.3,
    )


def _beside_the_spine(p: Proportions, pose: Posture) -> Filling:
    """Deep back muscles, which keep the lungs out of the grooves beside the spinous processes."""
    levels = [level for level in spine_levels(p, pose) if level.name.startswith("T")]
    chain = np.array([level.at(0, level.canal_back + 14 * p.a) for level in levels])
    wide, deep = np.full(len(chain), 27 * p.a), np.full(len(chain), 19 * p.a)
    return Filling(
        Band(chain, tuple(wide), tuple(deep), np.array([1.0, 0, 0])), Tissue.MUSCLE, (Tissue.LUNG,)
    )


def _diaphragm(p: Proportions, pose: Posture, t: dict[str, Vector]) -> list[Filling]:
    """Both domes: muscle with liver under the right one and fat under the left."""
    line = sternum_line(p, pose)
    found = []
    for sign, top, content in (
        (-1.0, line[2, 2] + 6 * p.a, Tissue.LIVER),
        (1.0, line[2, 2] - 6 * p.a, Tissue.FAT),
    ):
        y = (line[2, 1] + t["T10"][1]) / 2 + 14 * p.a
        for extra, tissue in ((0.0, content), (3.0, Tissue.MUSCLE)):
            half = (62 * p.a + extra, 84 * p.a + extra, 92 * p.a + extra)
            dome = Ellipsoid(np.array([sign * 58 * p.a, y, top - 92 * p.a]), half)
            found.append(Filling(dome, tissue, (Tissue.LUNG, Tissue.CONNECTIVE), 13 * p.a))
    return found


def _mediastinum(p: Proportions, pose: Posture, t: dict[str, Vector]) -> list[Filling]:
    line = sternum_line(p, pose)
    top, end = (line[0] + t["T3"]) / 2, (line[2] + t["T10"]) / 2
    deep = np.array([np.abs(line[0, 1] - t["T3"][1]), np.abs(line[2, 1] - t["T10"][1])]) / 2
    return [
        Filling(
            Profile(
                top + [0, 0, 32 * p.a],
                end - [0, 0, 30 * p.a],
                (0, 0.3, 0.7, 1),
                tuple(p.a * v for v in (34, 26, 34, 40)),
                (deep[0], deep[0] * 1.1, deep[1] * 0.95, deep[1]),
                power=2.2,
            ),
            Tissue.CONNECTIVE,
            depth_mm=10 * p.a,
        )
    ]
