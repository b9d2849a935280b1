"""Sacrum of the analytic child: a curved wedge whose wings face the iliac bones.

Adult dimensions from memory (unverified, PROPOSED): about 11 cm wide and high.
"""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.solids.bone import Bone, label_of
from marrowmap.phantom.solids.shapes import Band, Profile, Rod, Shape, Vector, unit

TILT_DEG = (44, 42, 28, 6, -16)
"""Angle of S1 to S5 backward from straight down: the front is hollow (supine, ours)."""
TALL = (29, 25, 20, 17, 14)
BODY_WIDE = (50, 37, 30, 26, 20)
BODY_DEEP = (30, 22, 17, 14, 10)
WING = (58, 54, 43, 30, 19)
"""Half width with the lateral masses."""


def sacral_frames(p: Proportions, pose: Posture) -> list[tuple[Vector, Vector, Vector]]:
    """(upper end, lower end, direction to the back) of S1 to S5."""
    spot = pose.joints["l5_s1"].copy()
    found = []
    for tilt, tall in zip(TILT_DEG, TALL, strict=True):
        angle = np.deg2rad(tilt)
        down = np.array([0.0, np.sin(angle), -np.cos(angle)])
        end = spot + down * tall * p.a
        found.append((spot, end, np.array([0.0, np.cos(angle), np.sin(angle)])))
        spot = end
    return found


def sacrum_bones(p: Proportions, pose: Posture) -> list[Bone]:
    """S1 and S2 to S5."""
    frames = sacral_frames(p, pose)
    whole: list[list[Shape]] = []
    a = p.a
    gap = 3.0 if pose.numbering.transitional == "lumbarised_s1" else 0.7
    for level, (top, end, back) in enumerate(frames):
        down = unit(end - top)
        low = end - down * (gap if level == 0 else 0.3)
        wide, deep, wing = (table[level] * a for table in (BODY_WIDE, BODY_DEEP, WING))
        wide, deep = wide / 2, deep / 2
        lower = min(level + 1, 4)
        next_wide, next_deep = BODY_WIDE[lower] * a / 2, BODY_DEEP[lower] * a / 2
        shapes: list[Shape] = [
            Profile(
                top,
                low,
                (0, 0.5, 1),
                (wide, (wide + next_wide) / 2 * 0.95, next_wide),
                (deep, (deep + next_deep) / 2 * 0.95, next_deep),
                power=2.3,
            )
        ]
        middle = (top + low) / 2
        half = float(np.linalg.norm(low - top)) / 2
        for sign in (-1.0, 1.0):
            beside = np.array([sign, 0.0, 0.0])
            out = middle + beside * (wing - min(half, 0.72 * deep)) + back * deep * 0.55
            thick = np.array([0.95, 1.0]) * deep * 0.72
            shapes.append(
                Band(
                    np.array([middle + beside * wide * 0.7 + back * deep * 0.25, out]),
                    (0.92 * half, 0.98 * half),
                    thick,
                    down,
                )
            )
        small = a * (1 - 0.13 * level)
        crest = middle + back * (deep + 20 * small)
        shapes.append(
            Band(
                np.array([crest, crest + back * 5 * a * (1 - 0.2 * level)]),
                (half * 0.9, half * 0.6),
                (3 * a, 2.2 * a),
                down,
            )
        )
        for sign in (-1.0, 1.0):
            beside = np.array([sign, 0.0, 0.0])
            roof = [middle + beside * x * small + back * (deep + y * small) for x, y in ((19, 0), (15, 15))]
            shapes.append(Band(np.array([*roof, crest]), (1.05 * half,) * 3, (3.0 * small,) * 3, down))
        whole.append(shapes)
    for sign in (-1.0, 1.0):  # the lateral masses are one beyond the openings for the roots
        bar = [
            (frames[i][0] + frames[i][1]) / 2
            + np.array([sign * 0.8 * WING[i] * a, 0, 0])
            + frames[i][2] * 0.28 * BODY_DEEP[i] * a
            for i in (1, 2, 3, 4)
        ]
        side = np.array([1.0, 0.0, 0.0])
        whole[1].append(Band(np.array(bar), a * np.array([9, 9, 6, 4.5]), a * np.array([8, 6.5, 5, 4]), side))
    holes = _holes(p, frames)
    first = Bone(
        tuple(whole[0]), label_of("sacrum_s1"), frames[0][:2], (), (0.9, 0.9), 0.0, 0, holes, 1.5 * a
    )
    rest = Bone(
        tuple(shape for shapes in whole[1:] for shape in shapes),
        label_of("sacrum_s2_s5"),
        (frames[1][0], frames[4][1]),
        (),
        (0.9, 0.9),
        0.0,
        0,
        holes,
        1.5 * a,
    )
    return [rest, first]


def _holes(p: Proportions, frames: list[tuple[Vector, Vector, Vector]]) -> tuple[Shape, ...]:
    """Sacral canal and the foramina of four roots on each side."""
    a = p.a
    canal = sacral_canal(p, frames)
    radii = np.linspace(6.8, 3.2, len(canal)) * p.canal
    holes: list[Shape] = [Band(canal, radii * 1.4, radii * 0.85, np.array([1.0, 0.0, 0.0]))]
    for level in range(4):
        _, end, back = frames[level]
        for sign in (-1.0, 1.0):
            aside = np.array([sign * (21 - 2.2 * level) * a, 0, 0])
            holes.append(
                Rod(
                    np.array([end + aside - back * 14 * a, end + aside * 0.95 + back * 8 * a]),
                    np.full(2, (4.2 - 0.4 * level) * a),
                )
            )
    return tuple(holes)


def sacral_canal(p: Proportions, frames: list[tuple[Vector, Vector, Vector]]) -> Vector:
    """Middle line of the sacral canal, (n, 3)."""
    tops = [top + back * (BODY_DEEP[i] / 2 + 6.5 - i) * p.a for i, (top, _, back) in enumerate(frames)]
    return np.array(tops)
