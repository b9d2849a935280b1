"""Which lesions a child with CNO has: numbers, sites, sizes and features drawn from published frequencies.

Numbers per child: mean 9.7, 1 to 27 (von Kalle); three patterns (Andronikou); tibia 68 %, femur 43 %,
clavicle
38 %, spine 22 % of children (Andronikou), pelvis 38.7 % (d'Angelo); spine 78 % thoracic (Falip); 75 % with a
symmetric pair (von Kalle); periosteal reaction 32 %; height loss in 34 % of affected vertebrae. Sizes and the
split within bones are ours (PROPOSED).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from marrowmap.core.geometry import PointMm
from marrowmap.core.site import Segment, Side, Site, all_sites, mirror, site, sites_by_id
from marrowmap.phantom.body import Body
from marrowmap.phantom.findings import Features, Finding, Kind
from marrowmap.phantom.scene import UnitCloud

Difficulty = Literal["easy", "clinical", "hard"]
STRENGTH: dict[str, tuple[float, float]] = {
    "easy": (0.6, 1.0),
    "clinical": (0.35, 0.75),
    "hard": (0.15, 0.45),
}

WEIGHTS: dict[str, float] = {
    "tibia_distal_metaphysis": 10,
    "tibia_proximal_metaphysis": 10,
    "tibia_distal_epiphysis": 4,
    "tibia_proximal_epiphysis": 4,
    "tibia_diaphysis": 1.5,
    "femur_distal_metaphysis": 9,
    "femur_proximal_metaphysis": 6,
    "femur_distal_epiphysis": 3,
    "femur_proximal_epiphysis": 1,
    "femur_diaphysis": 0.7,
    "greater_trochanter": 3,
    "fibula_distal_end": 3.5,
    "fibula_proximal_end": 1.5,
    "ilium": 8,
    "ischium": 4,
    "pubis": 3.5,
    "sacrum_s1": 2.5,
    "sacrum_s2_s5": 2.5,
    "clavicle_medial": 7,
    "clavicle_lateral": 0.7,
    "sternum_manubrium": 1.5,
    "sternum_body": 1.0,
    "scapula": 1.0,
    "ribs": 1.5,
    "mandible": 1.3,
    "humerus_proximal_metaphysis": 4,
    "humerus_proximal_epiphysis": 1,
    "humerus_distal_metaphysis": 1.5,
    "radius_distal_end": 0.8,
    "ulna_distal_end": 0.4,
    "carpus": 0.5,
    "metacarpal": 0.8,
    "calcaneus": 4,
    "talus": 2,
    "tarsals": 2,
    "metatarsal": 4,
    "patella": 1,
    "vertebra_t": 9,
    "vertebra_l": 2.2,
    "vertebra_c": 0.4,
}
"""Relative share of lesions by start of the unit's id; shared among all units that match (ours, see
above)."""

SPINAL = ("vertebra_t", "vertebra_l", "vertebra_c", "sacrum_s1", "sacrum_s2_s5")
PATTERNS: dict[str, float] = {
    "tibio_appendicular": 0.46,
    "crossover": 0.2,
    "claviculo_spinal": 0.14,
    "other": 0.2,
}
"""Share of children by pattern (PROPOSED; the paper names the patterns, its counts were not readable)."""


def unit_weights(pattern: str) -> tuple[tuple[Site, ...], np.ndarray]:
    """(units, probability of each) for one lesion of a child with ``pattern``."""
    units, weights = [], []
    for unit in all_sites():
        for start, weight in WEIGHTS.items():
            if not unit.id.startswith(start):
                continue
            matching = sum(u.id.startswith(start) for u in all_sites())
            factor = _pattern_factor(pattern, start)
            if factor > 0:
                units.append(unit)
                weights.append(weight * factor / matching)
            break
    total = np.array(weights)
    return tuple(units), total / total.sum()


def _pattern_factor(pattern: str, start: str) -> float:
    clavicle, spinal, tibia = start.startswith("clavicle"), start in SPINAL, start.startswith("tibia")
    if pattern == "tibio_appendicular":
        return 0.0 if clavicle else 1.6 if tibia else 0.25 if spinal else 1.0
    if pattern == "crossover":
        return 2.0 if clavicle else 1.0
    if pattern == "claviculo_spinal":
        return 0.0 if tibia else 4.0 if clavicle else 5.0 if spinal else 0.25
    return 0.0 if clavicle else 0.35 if tibia else 1.0


@dataclass(frozen=True)
class Surroundings:
    """What placing findings needs to know about a body: marrow points by label, size against 1.40 m."""

    clouds: Mapping[int, UnitCloud]
    scale: float

    @classmethod
    def of(cls, body: Body, clouds: Mapping[int, UnitCloud]) -> Surroundings:
        """Surroundings in ``body``."""
        return cls(clouds, body.facts.height_cm / 140.0)


def draw_lesions(
    seed: int, around: Surroundings, difficulty: Difficulty, count: int | None = None
) -> list[Finding]:
    """Lesions of one child, in the order of their ids from 1."""
    rng = np.random.default_rng([seed, 51])
    pattern = str(rng.choice(list(PATTERNS), p=list(PATTERNS.values())))
    number = count if count is not None else _number(rng, pattern)
    chosen = _choose_units(rng, pattern, number, around)
    return [make_lesion(rng, i, unit, around, difficulty) for i, unit in enumerate(chosen, start=1)]


def _number(rng: np.random.Generator, pattern: str) -> int:
    if pattern == "claviculo_spinal":
        return int(rng.integers(1, 5))
    return int(np.clip(round(rng.lognormal(np.log(8.0), 0.62)), 2, 27))


def _choose_units(rng: np.random.Generator, pattern: str, number: int, around: Surroundings) -> list[Site]:
    units, odds = unit_weights(pattern)
    known = [i for i, unit in enumerate(units) if unit.label in around.clouds]
    chosen: list[Site] = []
    must = {
        "crossover": ("clavicle_medial", "tibia"),
        "claviculo_spinal": ("clavicle_medial",),
        "tibio_appendicular": ("tibia",),
    }
    for start in must.get(pattern, ()):
        fitting = [i for i in known if units[i].id.startswith(start)]
        p = odds[fitting] / odds[fitting].sum()
        chosen.append(units[int(rng.choice(fitting, p=p))])
    symmetric = rng.uniform() < 0.75 and pattern != "claviculo_spinal"
    partner_odds = rng.uniform(0.25, 0.7)
    p = odds[known] / odds[known].sum()
    tries = 0
    while len(chosen) < number and tries < 400:
        tries += 1
        unit = units[int(rng.choice(known, p=p))]
        if unit in chosen and rng.uniform() < 0.9:
            continue
        chosen.append(unit)
        twin = mirror(unit)
        if (
            symmetric
            and twin is not None
            and len(chosen) < number
            and rng.uniform() < partner_odds
            and twin not in chosen
        ):
            chosen.append(twin)
    return chosen[:number]


def make_lesion(
    rng: np.random.Generator, number: int, unit: Site, around: Surroundings, difficulty: Difficulty
) -> Finding:
    """One lesion in ``unit`` with a shape, extent and features that fit the place."""
    low, high = STRENGTH[difficulty]
    cloud = around.clouds[unit.label]
    s = around.scale
    labels, sites = [unit.label], [unit.id]
    part, plate = 0, None
    near_plate = np.isfinite(cloud.to_physis) & (cloud.to_physis < 9 * s)
    strength = float(rng.uniform(low, high))
    features = _draw_features(rng, unit)
    if unit.is_vertebra:
        arch = rng.uniform() < 0.18
        part = 2 if arch and np.any(cloud.part == 2) else 1
        own = cloud.part == part
        spot = _pick(rng, cloud, own if own.any() else np.ones(len(own), bool))
        width = float(np.ptp(cloud.points[own, 0])) / 2 if own.any() else 12 * s
        whole = rng.uniform() < 0.4
        r = width * (rng.uniform(1.3, 1.8) if whole else rng.uniform(0.55, 0.95))
        radii = (r, r * rng.uniform(0.8, 1.1), r * rng.uniform(0.5, 0.9))
        if part == 2:
            features = replace(features, height=(1.0, 1.0, 1.0))
    elif unit.bone != "clavicle" and near_plate.sum() > 8 and rng.uniform() < 0.87:
        spot = _pick(rng, cloud, near_plate)
        span = cloud.points[near_plate]
        wide = max(float(np.ptp(span[:, 0])), float(np.ptp(span[:, 1]))) / 2 + 2
        share = rng.choice(
            [rng.uniform(0.35, 0.6), rng.uniform(0.6, 1.1), rng.uniform(1.2, 1.8)], p=[0.3, 0.4, 0.3]
        )
        plate = float(np.clip(0.62 * wide * rng.lognormal(0.0, 0.5), 5.0, 42 * s))
        radii = (
            max(wide * share, 3.2),
            max(wide * share * rng.uniform(0.8, 1.1), 3.2),
            max(plate * 1.3, wide * share),
        )
        if features.crosses_physis:
            for other in _across(unit):
                if other.label in around.clouds:
                    labels.append(other.label)
                    sites.append(other.id)
    else:
        spot = _pick(rng, cloud, np.ones(len(cloud.points), bool))
        r = float(np.clip(rng.lognormal(np.log(8.5), 0.45), 3.2, 26)) * s
        if unit.segment in (Segment.DIAPHYSIS, Segment.SHAFT):
            radii = (r, r, r * rng.uniform(1.6, 3.5))
        elif unit.bone == "clavicle" and unit.segment is Segment.MEDIAL:
            inner = np.abs(cloud.points[:, 0])
            spot = _pick(rng, cloud, inner <= np.quantile(inner, 0.35))
            radii = (r * rng.uniform(1.3, 2.6), r * 1.2, r * 1.2)
        else:
            radii = tuple(r * rng.uniform(0.75, 1.4, 3))  # type: ignore[assignment]
    return Finding(
        id=number,
        kind=Kind.CNO_LESION,
        sites=tuple(sites),
        labels=tuple(labels),
        centre=PointMm(*map(float, spot)),
        radii_mm=(float(radii[0]), float(radii[1]), float(radii[2])),
        strength=strength,
        seed=int(rng.integers(1 << 31)),
        plate_mm=plate,
        part=part,
        anchor=cloud.anchor_of(spot),
        features=features,
    )


def _pick(rng: np.random.Generator, cloud: UnitCloud, mask: np.ndarray) -> np.ndarray:
    points = cloud.points[mask]
    return points[int(rng.integers(len(points)))]


def _across(unit: Site) -> list[Site]:
    """Units on the other side of the growth plate."""
    pairs = {
        Segment.DISTAL_METAPHYSIS: Segment.DISTAL_EPIPHYSIS,
        Segment.PROXIMAL_METAPHYSIS: Segment.PROXIMAL_EPIPHYSIS,
        Segment.DISTAL_EPIPHYSIS: Segment.DISTAL_METAPHYSIS,
        Segment.PROXIMAL_EPIPHYSIS: Segment.PROXIMAL_METAPHYSIS,
    }
    other = pairs.get(unit.segment)
    if other is None:
        return []
    name = f"{unit.bone}_{other}" + (f"_{unit.side}" if unit.side is not Side.MIDLINE else "")
    return [sites_by_id()[name]] if name in sites_by_id() else []


def _draw_features(rng: np.random.Generator, unit: Site) -> Features:
    clavicle = unit.bone == "clavicle"
    shaft = unit.segment in (Segment.DIAPHYSIS, Segment.SHAFT)
    odds_periosteal = 0.75 if clavicle else 0.55 if shaft else 0.05 if unit.is_vertebra else 0.3
    height = (1.0, 1.0, 1.0)
    if unit.is_vertebra and not unit.id.startswith("vertebra_c") and rng.uniform() < 0.34:
        loss = float(np.clip(rng.gamma(2.0, 0.16), 0.12, 0.85))
        shape = rng.choice(["wedge", "biconcave", "crush"], p=[0.5, 0.25, 0.25])
        height = {
            "wedge": (1 - loss, 1 - 0.7 * loss, 1 - 0.15 * loss),
            "biconcave": (1 - 0.45 * loss, 1 - loss, 1 - 0.4 * loss),
            "crush": (1 - loss, 1 - loss, 1 - 0.85 * loss),
        }[str(shape)]
    return Features(
        periosteal_reaction=bool(rng.uniform() < odds_periosteal),
        soft_tissue_oedema=bool(rng.uniform() < (0.6 if clavicle else 0.25)),
        expansion=bool(
            rng.uniform()
            < (0.7 if clavicle else 0.2 if unit.bone in ("mandible", "ribs", "fibula") else 0.05)
        ),
        crosses_physis=bool(rng.uniform() < 0.35),
        effusion=bool(unit.segment.is_epiphyseal and rng.uniform() < 0.25),
        sclerotic=bool(rng.uniform() < 0.07),
        height=height,
    )


def lesion_at(seed: int, number: int, site_id: str, around: Surroundings, difficulty: Difficulty) -> Finding:
    """One lesion in a named unit. Raises KeyError for an unknown unit or one that the body does not have."""
    unit = site(site_id)
    if unit.label not in around.clouds:
        raise KeyError(f"the body has no marrow in {site_id}")
    return make_lesion(np.random.default_rng([seed, 52, number]), number, unit, around, difficulty)
