"""Fat fraction of bone marrow by age, bone, place and child.

Tables are modelling choices between the published points (definitions, section 10): vertebral water 75 % at
5 to 14 years, yellow shafts 80 to 95 % fat in adults, calcaneus far fattier than the spine; shafts turn
yellow before metaphyses, distal before proximal, epiphyses soon after they ossify. PROPOSED.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from marrowmap.core.site import Region, Segment, Site, all_sites
from marrowmap.phantom.body import ChildSpec, Maps, Tissue
from marrowmap.phantom.texture import Field, points_of

AGES = (4.0, 10.0, 18.0)
BY_KIND: dict[str, tuple[float, float, float]] = {
    "vertebra": (0.16, 0.25, 0.36),
    "sacrum": (0.18, 0.28, 0.42),
    "flat": (0.22, 0.33, 0.48),
    "skull": (0.35, 0.48, 0.62),
    "epiphysis": (0.72, 0.80, 0.84),
    "apophysis": (0.70, 0.82, 0.88),
    "metaphysis_proximal": (0.26, 0.40, 0.58),
    "metaphysis_distal": (0.32, 0.52, 0.76),
    "shaft_proximal": (0.33, 0.58, 0.82),
    "shaft_distal": (0.42, 0.72, 0.90),
    "short": (0.66, 0.80, 0.87),
    "patella": (0.62, 0.76, 0.85),
}
"""Mean fat fraction at 4, 10 and 18 years."""

DISTAL_BONES = frozenset({"tibia", "fibula", "radius", "ulna"})


def kind_of(unit: Site) -> str:
    """Which row of ``BY_KIND`` holds for a bone unit."""
    if unit.region in (Region.HAND, Region.FOOT):
        return "short"
    if unit.is_vertebra:
        return "vertebra"
    if unit.bone in ("sacrum", "skull", "patella"):
        return unit.bone
    if unit.segment is Segment.APOPHYSIS:
        return "apophysis"
    if unit.segment.is_epiphyseal:
        return "epiphysis"
    if unit.segment in (Segment.DIAPHYSIS, Segment.SHAFT):
        return "shaft_distal" if unit.bone in DISTAL_BONES else "shaft_proximal"
    if unit.segment in (Segment.PROXIMAL_METAPHYSIS, Segment.PROXIMAL_END):
        return "metaphysis_distal" if unit.bone in DISTAL_BONES else "metaphysis_proximal"
    if unit.segment in (Segment.DISTAL_METAPHYSIS, Segment.DISTAL_END):
        return "metaphysis_distal"
    return "flat"


SHAFT_FROM_MM, SHAFT_AT_MM = 12.0, 46.0
"""Distance from an open growth plate over which metaphyseal marrow turns into that of the shaft (1.40 m
child)."""
SHAFT_FROM, SHAFT_AT = 0.10, 0.24
"""The same as a share of the bone's length, where plates are closed."""


class Marrow:
    """The marrow of one child."""

    def __init__(self, spec: ChildSpec, scale: float = 1.0) -> None:
        self.spec = spec
        self._scale = scale
        rng = np.random.default_rng([spec.seed, 41])
        child = float(rng.normal(0, 0.035))
        self._mean = np.zeros(256, np.float32)
        self._flame = np.zeros(256, np.float32)
        self._patch = np.zeros(256, np.float32)
        self._ends = np.full((2, 256), np.nan, np.float32)
        residual = float(np.clip(rng.gamma(2.2, 0.45), 0.2, 2.2))
        for unit in all_sites():
            kind = kind_of(unit)
            self._mean[unit.label] = (
                np.interp(spec.age_years, AGES, BY_KIND[kind]) + child + rng.normal(0, 0.015)
            )
            if kind.startswith("metaphysis"):
                self._flame[unit.label] = 0.30 * residual
            elif kind.startswith("shaft"):
                self._flame[unit.label] = 0.18 * residual
            elif kind == "epiphysis" and unit.bone in ("humerus", "femur"):
                self._flame[unit.label] = 0.08 * residual
            self._patch[unit.label] = {"short": 0.22, "patella": 0.1, "vertebra": 0.035}.get(kind, 0.05)
        self._join_tubes()
        self._flames = Field([spec.seed, 42], (3.2, 3.2, 26.0))
        self._spots = Field([spec.seed, 43], (6.0, 6.0, 7.0))
        self._grain = Field([spec.seed, 44], (2.4, 2.4, 2.4))

    def _join_tubes(self) -> None:
        """Remember, for metaphyses and shafts, the values at the proximal end, the distal end and the
        middle."""
        self._middle = self._mean.copy()
        for unit in all_sites():
            if not unit.is_long_bone or unit.segment.is_epiphyseal:
                continue
            same = [u for u in all_sites() if u.bone == unit.bone and u.side == unit.side]
            shaft = next(u for u in same if u.segment in (Segment.DIAPHYSIS, Segment.SHAFT))
            near = next(u for u in same if u.segment in (Segment.PROXIMAL_METAPHYSIS, Segment.PROXIMAL_END))
            far = next(u for u in same if u.segment in (Segment.DISTAL_METAPHYSIS, Segment.DISTAL_END))
            self._middle[unit.label] = self._mean[shaft.label]
            self._ends[0, unit.label] = self._mean[near.label]
            self._ends[1, unit.label] = self._mean[far.label]
            self._flame[unit.label] = max(self._flame[near.label], self._flame[shaft.label])

    def _tube(
        self, site: npt.NDArray[np.uint8], maps: Maps, marrow: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float32]:
        """Mean by label, with a smooth passage from metaphysis to shaft in long bones."""
        along = maps.along[marrow].astype(np.float32)
        to_plate = maps.to_physis[marrow].astype(np.float32)
        end = np.where(along < 0.5, self._ends[0][site], self._ends[1][site])
        by_plate = (to_plate / np.float32(self._scale) - SHAFT_FROM_MM) / (SHAFT_AT_MM - SHAFT_FROM_MM)
        by_length = (np.minimum(along, 1 - along) - SHAFT_FROM) / (SHAFT_AT - SHAFT_FROM)
        w = np.clip(np.where(np.isnan(to_plate), by_length, by_plate), 0, 1)
        w = w * w * (3 - 2 * w)
        return np.where(np.isnan(end), self._mean[site], end * (1 - w) + self._middle[site] * w).astype(
            np.float32
        )

    @cached_property
    def plain(self) -> npt.NDArray[np.float32]:
        """Mean fat fraction by label, shape (256,)."""
        return self._mean

    def fat_fraction(self, maps: Maps, fine: bool = True) -> npt.NDArray[np.float32]:
        """Fat fraction 0 to 1 of marrow voxels (others 0); float32 of the grid's shape.

        fine=False leaves out the finest texture.
        """
        marrow = maps.tissue == Tissue.MARROW
        result = np.zeros(maps.grid.shape, np.float32)
        site = maps.site[marrow]
        if not len(site):
            return result
        value = self._tube(site, maps, marrow)
        to_plate = maps.to_physis[marrow].astype(np.float32)
        near = np.where(
            np.isnan(to_plate), np.float32(0.0), np.exp(-to_plate / np.float32(22.0 * self._scale))
        )
        points = points_of(maps.grid, marrow)
        flames = self._flames.at(points)
        tongue = np.clip(0.55 * near + flames * 0.45 - 0.12, 0, 1) * (near > 0.03)
        value -= self._flame[site] * tongue
        spots = self._spots.at(points)
        value -= self._patch[site] * np.clip(spots, -0.7, 2.0)
        if fine:
            value += 0.03 * self._grain.at(points)
        result[marrow] = np.clip(value, 0.03, 0.95)
        return result
