"""What looks like a lesion and is none: bright spots of healthy children, canals, cysts, stress, mimics.

Rates of bright spots per child from 196 healthy children (definitions, 6.4): upper limb 366 areas (79 major),
lower limb 675 (340), axial 415 (75, of these 54 pelvis); a major one in a limb in 58.7 %, axial in 29.6 %
of the
children. The counts vary more than by chance alone, so they are drawn from a negative binomial that meets
both
the mean and the share of children. The split within a region is ours.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from marrowmap.core.geometry import PointMm
from marrowmap.core.site import Segment, Site, all_sites, site
from marrowmap.phantom.findings import Finding, Kind
from marrowmap.phantom.lesions import Surroundings
from marrowmap.phantom.scene import UnitCloud

CHILDREN = 196
AREAS = {"upper": (366, 79), "lower": (675, 340), "axial": (415, 75)}
"""(areas with raised signal, of these major) in all children together."""
SPREAD = {"limb_major": 0.55, "axial_major": 2.5, "minor": 1.5}
"""Size parameter of the negative binomial; fitted to the share of children with at least one major
finding."""

PLACES: dict[str, dict[str, float]] = {
    "lower": {
        "calcaneus": 4,
        "talus": 3,
        "tarsals": 5,
        "metatarsal": 4,
        "toes": 2,
        "femur_distal": 4,
        "tibia_proximal": 4,
        "tibia_distal": 2,
        "patella": 1,
        "fibula_proximal": 1,
    },
    "upper": {
        "carpus": 4,
        "metacarpal": 3,
        "fingers": 3,
        "humerus_proximal": 4,
        "radius_distal": 1,
        "ulna_distal": 0.5,
    },
    "axial": {
        "ilium": 4,
        "ischium": 1.5,
        "pubis": 1.5,
        "sacrum": 2,
        "vertebra_t": 2,
        "vertebra_l": 2,
        "sternum": 1.5,
        "vertebra_c": 0.3,
    },
    "axial_major": {"ilium": 6, "ischium": 2, "pubis": 2, "vertebra_t": 1.5, "vertebra_l": 1.5, "sternum": 1},
}


def draw_healthy(seed: int, around: Surroundings, first_id: int) -> list[Finding]:
    """Bright spots, canals and chance findings of one child; ids from ``first_id``."""
    rng = np.random.default_rng([seed, 61])
    found: list[Finding] = []

    def add(kind: Kind, unit: Site | None, low: float, high: float, radius: tuple[float, float]) -> None:
        if unit is not None and unit.label in around.clouds:
            found.append(
                _spot(rng, first_id + len(found), kind, unit, around, rng.uniform(low, high), radius)
            )

    limb_major = sum(AREAS[r][1] for r in ("upper", "lower")) / CHILDREN
    share_upper = AREAS["upper"][1] / (AREAS["upper"][1] + AREAS["lower"][1])
    for _ in range(_count(rng, limb_major, SPREAD["limb_major"])):
        region = "upper" if rng.uniform() < share_upper else "lower"
        add(Kind.HEALTHY_MAJOR, _unit(rng, PLACES[region]), 0.28, 0.6, (3.5, 8.0))
    for _ in range(_count(rng, AREAS["axial"][1] / CHILDREN, SPREAD["axial_major"])):
        add(Kind.HEALTHY_MAJOR, _unit(rng, PLACES["axial_major"]), 0.28, 0.6, (3.5, 8.0))
    for region, (areas, major) in AREAS.items():
        for _ in range(_count(rng, (areas - major) / CHILDREN, SPREAD["minor"])):
            add(Kind.HEALTHY_SPOT, _unit(rng, PLACES[region]), 0.1, 0.3, (2.5, 6.5))
    _chance_findings(rng, add, around)
    return found


def _chance_findings(rng: np.random.Generator, add, around: Surroundings) -> None:
    for unit in all_sites():
        if unit.segment is Segment.DIAPHYSIS and rng.uniform() < 0.5:
            add(Kind.NUTRIENT_CANAL, unit, 0.5, 0.8, (1.3, 1.7))
    if rng.uniform() < 0.04:
        add(
            Kind.BONE_CYST,
            _unit(rng, {"humerus_proximal_meta": 2, "calcaneus": 1, "femur_proximal_meta": 1.5}),
            1,
            1,
            (4, 10),
        )
    if rng.uniform() < 0.03:
        add(
            Kind.STRESS_REACTION,
            _unit(rng, {"metatarsal": 2, "tibia_proximal_meta": 1, "calcaneus": 0.7}),
            0.4,
            0.7,
            (6, 11),
        )


def _count(rng: np.random.Generator, mean: float, size: float) -> int:
    return int(rng.poisson(rng.gamma(size, mean / size)))


def _unit(rng: np.random.Generator, odds: dict[str, float]) -> Site:
    start = str(rng.choice(list(odds), p=np.array(list(odds.values())) / sum(odds.values())))
    fitting = [unit for unit in all_sites() if unit.id.startswith(start)]
    return fitting[int(rng.integers(len(fitting)))]


def _spot(
    rng: np.random.Generator,
    number: int,
    kind: Kind,
    unit: Site,
    around: Surroundings,
    strength: float,
    radius: tuple[float, float],
) -> Finding:
    cloud = around.clouds[unit.label]
    point = cloud.points[int(rng.integers(len(cloud.points)))]
    r = float(rng.uniform(*radius)) * around.scale**0.5
    radii = (r * rng.uniform(0.8, 1.2), r * rng.uniform(0.8, 1.2), r * rng.uniform(0.8, 1.2))
    if kind is Kind.NUTRIENT_CANAL:
        radii = (r, r, r * 7)
    return Finding(
        number,
        kind,
        (unit.id,),
        (unit.label,),
        PointMm(*map(float, point)),
        (float(radii[0]), float(radii[1]), float(radii[2])),
        float(strength),
        int(rng.integers(1 << 31)),
        anchor=cloud.anchor_of(point),
    )


def draw_mimic(seed: int, around: Surroundings, kind: Kind, first_id: int) -> list[Finding]:
    """A disease that is not CNO: diffuse marrow, one destructive lesion with a mass, or all metaphyses
    alike."""
    rng = np.random.default_rng([seed, 62])
    found: list[Finding] = []
    if kind is Kind.DESTRUCTIVE_MASS:
        name = str(
            rng.choice(
                [
                    "femur_diaphysis_left",
                    "tibia_proximal_metaphysis_right",
                    "ilium_left",
                    "femur_distal_metaphysis_right",
                ]
            )
        )
        lump = _spot(rng, first_id, kind, site(name), around, 0.85, (16, 26))
        return [lump]
    diffuse = kind is Kind.DIFFUSE_MARROW
    for unit in all_sites():
        if unit.label not in around.clouds or not (diffuse or unit.segment.is_metaphyseal):
            continue
        strength = rng.uniform(0.35, 0.5) if diffuse else rng.uniform(0.35, 0.55)
        spot = _spot(rng, first_id + len(found), kind, unit, around, strength, (5, 5))
        plate = None if diffuse else 9.0 * around.scale
        found.append(replace(_filling(spot, around.clouds[unit.label]), plate_mm=plate))
    return found


def _filling(finding: Finding, cloud: UnitCloud) -> Finding:
    """The same finding, wide enough to fill its whole bone unit."""
    low, high = cloud.points.min(axis=0), cloud.points.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    radii = [float(1.7 * h + 5.0) for h in half]
    return replace(
        finding,
        centre=PointMm(*map(float, middle)),
        radii_mm=(radii[0], radii[1], radii[2]),
        anchor=cloud.anchor_of(middle),
    )
