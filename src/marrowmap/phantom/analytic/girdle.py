"""Collar bone and shoulder blade of the analytic child.

Adult dimensions from memory (unverified, PROPOSED): collar bone 15 cm, shoulder blade 15 by 10 cm.
"""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.chest import sternal_notch
from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture
from marrowmap.phantom.analytic.sheet import Sheet
from marrowmap.phantom.solids.bone import Bone, label_of
from marrowmap.phantom.solids.shapes import Band, Ellipsoid, Rod, Vector, curve, unit

MEDIAL_SHARE = 0.45
"""Share of the collar bone that counts as its medial part."""


def clavicle(p: Proportions, pose: Posture, side: str, sign: float) -> list[Bone]:
    """Medial and lateral part of the collar bone."""
    a = p.a
    inner = sternal_notch(p, pose) + np.array([sign * 15, 1, 3]) * a
    outer = pose.joints[f"shoulder_{side}"] + np.array([-sign * 12, 4, 30]) * a
    n = 21
    t = np.linspace(0, 1, n)
    bow = np.interp(t, (0, 0.2, 0.38, 0.55, 0.72, 0.86, 1), (0, -9, -11, -5, 5, 6, 0)) * a
    chain = inner + np.outer(t, outer - inner)
    chain[:, 1] += np.convolve(np.pad(bow, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    chain[:, 2] += np.interp(t, (0, 0.3, 0.7, 1), (0, 2, 3, 0)) * a
    wide = a * np.interp(t, (0, 0.05, 0.18, 0.45, 0.7, 0.9, 1), (9, 11, 7.5, 5.6, 6.8, 9, 7))
    thin = a * np.interp(t, (0, 0.05, 0.18, 0.45, 0.7, 0.9, 1), (9, 10.5, 7, 5.3, 5, 4.8, 4.5))
    cut = round(MEDIAL_SHARE * (n - 1))
    front = np.array([0.0, 1.0, 0.0])
    return [
        Bone(
            (Band(chain[part], wide[part], thin[part], front),),
            label_of(f"clavicle_{name}_{side}"),
            (inner, outer),
            cortex_mm=cortex,
        )
        for name, part, cortex in (
            ("lateral", slice(cut, None), (1.3 * a, 1.1)),
            ("medial", slice(0, cut + 1), (1.1, 1.6 * a)),
        )
    ]


def scapula_frame(
    p: Proportions, pose: Posture, side: str, sign: float
) -> tuple[Vector, Vector, Vector, Vector]:
    """(glenoid, directions from the medial border to it, up the blade and forward) of a shoulder blade."""
    shoulder = pose.joints[f"shoulder_{side}"]
    outward = unit([sign * 0.87, -0.49, 0.02])
    up = np.array([-sign * 0.05, -0.16, 1.0])
    up = unit(up - outward * (up @ outward))
    front = np.cross(up, outward) * sign
    front = front if front[1] < 0 else -front
    return shoulder - outward * 28 * p.a + np.array([0, 0, -2 * p.a]), outward, up, front


def scapula(p: Proportions, pose: Posture, side: str, sign: float) -> Bone:
    """The shoulder blade: body, thick lateral border, spine, acromion, coracoid and glenoid."""
    a = p.a
    glenoid, out, up, front = scapula_frame(p, pose, side, sign)

    def at(u: float, v: float, n: float = 0.0) -> Vector:
        """Outward, up and forward of the middle of the glenoid."""
        return glenoid + a * (u * out + v * up + n * front)

    outline = (
        (-6, 15),
        (-28, 30),
        (-50, 37),
        (-84, 50),
        (-96, 36),
        (-100, 8),
        (-98, -30),
        (-90, -68),
        (-76, -102),
        (-66, -104),
        (-46, -66),
        (-24, -34),
        (-6, -16),
    )
    bend = (
        (-55, -20, -7),
        (-60, 20, -5),
        (-98, 0, 1),
        (-90, -60, 1),
        (-72, -100, 4),
        (-84, 46, 6),
        (-10, 0, 0),
        (-30, -40, 0),
    )
    half = (
        (-60, -20, 1.3),
        (-60, 22, 1.3),
        (-98, 0, 2.2),
        (-92, -60, 2.4),
        (-72, -98, 4),
        (-84, 44, 2),
        (-44, -62, 4.5),
        (-24, -32, 5.2),
        (-60, -82, 4.5),
        (-8, 0, 8),
        (-40, 10, 1.6),
        (-45, -25, 1.8),
    )
    body = Sheet(
        glenoid,
        np.array([out, up, front]),
        [(u * a, v * a) for u, v in outline],
        [(u * a, v * a, n * a) for u, v, n in bend],
        [(u * a, v * a, max(h * a, 1.1)) for u, v, h in half],
    )
    ridge = curve([at(-97, 10, -1), at(-70, 14, -9), at(-40, 19, -18), at(-14, 26, -25)], 9)
    away = unit(-front * 0.9 + up * 0.4)
    shoulder = pose.joints[f"shoulder_{side}"]
    acromion = np.array(
        [
            ridge[-1],
            shoulder + a * np.array([sign * 14, 20, 27]),
            shoulder + a * np.array([sign * 17, 2, 31]),
            shoulder + a * np.array([sign * 4, -4, 33]),
        ]
    )
    return Bone(
        (
            body,
            Band(ridge, np.linspace(5, 15, 9) * a, np.full(9, max(2.1 * a, 1.3)), away),
            Band(
                curve(acromion, 7),
                a * np.array([8, 9.5, 11, 11, 10.5, 10, 8]),
                np.full(7, 4.0 * a),
                np.array([sign * 0.8, 0.5, 0.0]),
            ),
            Ellipsoid(glenoid - out * 5 * a, (8 * a, 17 * a, 12 * a), np.array([out, up, front])),
            Ellipsoid(glenoid, (3.5 * a, 18 * a, 13 * a), np.array([out, up, front])),
            Rod(
                curve([at(-12, 16, 2), at(-16, 30, 12), at(-4, 30, 26), at(6, 25, 33)], 7),
                a * np.array([8, 7, 6.5, 6, 6, 5.5, 5.5]),
            ),
        ),
        label_of(f"scapula_{side}"),
        (glenoid, at(-100, 0)),
        cortex_mm=(0.8, 0.8),
        blend_mm=1.5 * a,
    )
