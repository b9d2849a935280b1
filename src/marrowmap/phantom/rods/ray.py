"""A ray of a hand or foot: one long bone and its phalanges, each a spindle with a thick base, a waist and a head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.analytic.growth import plate_is_open
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.bone import Bone, Plate, label_of
from marrowmap.phantom.solids.shapes import Rod, Vector, unit


@dataclass(frozen=True)
class Ray:
    """Joints of one ray from the base of its long bone to the tip of its last phalanx.

    number: 1 (thumb, great toe) to 5. joints: (n, 3), LPS mm. thick_mm: half width of the base of each of the
    n - 1 bones. waist, head: half widths of shaft and head against the base. bow: direction and height (mm) in
    which the long bone is arched.
    """

    number: int
    joints: Vector
    thick_mm: tuple[float, ...]
    waist: float
    head: float
    bow: Vector


def spindle(a: Vector, b: Vector, thick_mm: float, waist: float, head: float, bow: Vector) -> Rod:
    """The bone between the joints ``a`` and ``b``; its rounded ends stay within them."""
    length = float(np.linalg.norm(b - a))
    along = (b - a) / length
    first = min(thick_mm * 0.95, 0.3 * length)
    last = min(thick_mm * head * 1.05, 0.28 * length)
    low, high = a + along * first, b - along * last
    share = np.array([0, 0.2, 0.5, 0.78, 1.0])
    points = low + share[:, None] * (high - low) + (4 * share * (1 - share))[:, None] * bow
    return Rod(points, thick_mm * np.array([1.0, (1 + 2 * waist) / 3, waist, (waist * 2 + head) / 3, head]))


def ray_bones(spec: ChildSpec, ray: Ray, own: str, digits: str, cortex_mm: float) -> list[Bone]:
    """The long bone with the unit ``own`` and the phalanges with the unit ``digits``.

    The growth plate lies at the base of the first ray and at the heads of the others.
    """
    base, head = ray.joints[:2]
    length = float(np.linalg.norm(head - base))
    along = unit(head - base)
    label = label_of(own)
    first = ray.number == 1
    plate = Plate(
        base + along * length * (0.15 if first else 0.81),
        -along if first else along,
        label,
        label,
        0.24 * length,
        2.3 * ray.thick_mm[0],
        plate_is_open(spec),
    )
    rods = [
        spindle(a, b, r, ray.waist, ray.head, ray.bow if i == 0 else 0 * ray.bow)
        for i, (a, b, r) in enumerate(zip(ray.joints[:-1], ray.joints[1:], ray.thick_mm, strict=True))
    ]
    bones = [Bone((rods[0],), label, (base, head), (plate,), (0.65, 0.22 * ray.thick_mm[0]))]
    part = 1 if first else 3 * (ray.number - 1)
    for i, rod in enumerate(rods[1:]):
        bones.append(
            Bone(
                (rod,),
                label_of(digits),
                (ray.joints[i + 1], ray.joints[i + 2]),
                cortex_mm=(cortex_mm, cortex_mm),
                part=part + i,
            )
        )
    return bones
