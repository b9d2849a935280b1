"""How the trunk of one child of rods departs from the drawing: drawn far more widely than children differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.rods.growth import drawn
from marrowmap.phantom.solids.shapes import Vector

CHEST, THICK, PLATE = 0.07, 0.15, 0.15
"""Standard deviations of the logarithm of widths of the chest, of thicknesses, and of sizes of flat bones."""
PLACE_MM = 6.0
"""The same of where the ends of a flat bone lie, for a grown child."""


@dataclass(frozen=True)
class TrunkBuild:
    """Factors around 1, unless said otherwise.

    chest: width, depth and fall of the ribs. rib_reach: share of a half turn that ribs go on or stop short.
    sternum, sacrum: length, width, depth. clavicle: thickness and bow. scapula: width, height, thickness of the plate
    and of its ridge. vertebra: width, depth, thickness of the arches. ilium: width, thickness and height of the blade.
    clavicle_mm, scapula_mm, crest_mm: LPS shifts of the outer end of the clavicle, of the plate and of the iliac crest
    of the left side, in millimetres of a grown child.
    """

    chest: Vector
    rib: float
    rib_reach: float
    sternum: Vector
    clavicle: Vector
    scapula: Vector
    vertebra: Vector
    sacrum: Vector
    ilium: Vector
    clavicle_mm: Vector
    scapula_mm: Vector
    crest_mm: Vector


def trunk_build(spec: ChildSpec) -> TrunkBuild:
    """Draw the trunk of ``spec``; the same seed has the same build at every age, both sides alike."""
    rng = np.random.default_rng([spec.seed, 16])
    return TrunkBuild(
        chest=drawn(rng, CHEST, 3),
        rib=float(drawn(rng, THICK, 1)[0]),
        rib_reach=float(0.02 * rng.normal()),
        sternum=drawn(rng, PLATE, 3),
        clavicle=drawn(rng, np.array([THICK, 0.4]), 2),
        scapula=drawn(rng, np.array([PLATE, PLATE, 0.25, THICK]), 4),
        vertebra=drawn(rng, np.array([0.1, 0.1, THICK]), 3),
        sacrum=drawn(rng, np.array([0.1, PLATE, 0.2]), 3),
        ilium=drawn(rng, np.array([0.1, 0.25, 0.1]), 3),
        clavicle_mm=_shift(rng) * [0.5, 1.0, 1.0],
        scapula_mm=_shift(rng) * [1.0, 0.7, 1.5],
        crest_mm=_shift(rng),
    )


def _shift(rng: np.random.Generator) -> Vector:
    return PLACE_MM * rng.normal(0, 1, 3).clip(-2, 2)
