"""Why a place is proposed, in words a radiologist can check on the images.

What was not measured or not seen whole is said to be so; what shows no bright place is "not bright", never normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.lesion import Candidate
from marrowmap.core.site import Segment, Side, Site, all_sites, mirror, site
from marrowmap.core.skeleton import Coverage
from marrowmap.imaging.bone_profile import BoneProfiles
from marrowmap.imaging.candidates_zscore import Unusual
from marrowmap.imaging.measure import RegionMeasures

HEALTHY_CHILDREN = 196
# Healthy children of 5 to 19 years, areas of raised signal (of these major) and children with a major one;
# definitions 6.4 [S09, S10]. Knee, foot, hand, proximal humerus: named as main places, not counted apart.
_LIMB = (
    "raised signal is common here in healthy children: {areas} areas ({major} major) in the {limb} limbs of 196;"
    " 58.7 % had a major one in a limb"
)
_AXIAL = (
    "raised signal occurs here in healthy children: 415 areas (75 major) in the axial skeleton of 196;"
    " 29.6 % had a major one"
)
PREVALENCE: dict[str, str] = {
    "knee": _LIMB.format(areas=675, major=340, limb="lower"),
    "foot": _LIMB.format(areas=675, major=340, limb="lower"),
    "hand": _LIMB.format(areas=366, major=79, limb="upper"),
    "proximal_humerus": _LIMB.format(areas=366, major=79, limb="upper"),
    "axial": _AXIAL,
    "pelvis": _AXIAL + ", 54 of the 75 in the pelvis",
}
SEQUENCE_NAMES = {"STIR": "STIR", "T2FS": "fat-saturated T2", "DIXON_WATER": "Dixon water"}
BRIGHT_Z = 3.5
BRIGHT_ML = 0.12
"""A unit is called bright where this much of it is farther than BRIGHT_Z from the usual on STIR (ours)."""
SLAB_MM = 10.0
"""How far above and below the middle of a place its twin is looked at, at least."""


def prevalence_of(site_id: str) -> str:
    """What is known of bright spots at this place in healthy children; "" where the series names nothing."""
    return PREVALENCE.get(site(site_id).healthy_group, "")


@dataclass(frozen=True)
class Child:
    """What the other bones of the same child show.

    fluid: name of the fluid-sensitive sequence. labels: uint8 on the working grid, a voxel of which has ``voxel_ml``.
    coverage: site id -> how much of it was imaged. marked: site id -> candidate that lies there.
    """

    fluid: str
    labels: npt.NDArray[np.uint8]
    voxel_ml: float
    values: Unusual
    profiles: BoneProfiles
    coverage: Mapping[str, Coverage]
    marked: Mapping[str, str]

    def look(self, unit: Site, inside: npt.NDArray[np.intp] | None = None) -> str:
        """Of a unit, or of its voxels ``inside``, (n, 3): "bright", "not bright", "only partly in view" or "not
        assessed"."""
        places = np.argwhere(self.labels == unit.label) if inside is None else inside
        if self.coverage.get(unit.id) is Coverage.NOT_COVERED or not (self.labels == unit.label).any():
            return "not assessed"
        z = self.values.z["stir"][tuple(places.T)]
        if (z > BRIGHT_Z).sum() * self.voxel_ml >= BRIGHT_ML:
            return "bright"
        partly = self.coverage.get(unit.id) is Coverage.PARTIAL
        return "only partly in view" if partly else "not bright"


def reasons(
    candidate: Candidate, measures: RegionMeasures, mask: npt.NDArray[np.bool_], child: Child
) -> tuple[str, ...]:
    """Findings in order of weight. mask: on the working grid."""
    said: list[str] = []
    values = child.values
    if candidate.si_ratio.value is not None:
        name = SEQUENCE_NAMES.get(child.fluid, child.fluid)
        said.append(f"{candidate.si_ratio.value:.1f} times muscle on {name}")
    if "t1" in values.z:
        z = _middle(values, "t1", mask)
        said.append(
            "T1 was not measured here"
            if z is None
            else "dark on T1"
            if z < -1
            else "slightly dark on T1"
            if z < -0.3
            else "not darker on T1 than this child's marrow of the same kind"
        )
    if "dwi" in values.z:
        z = _middle(values, "dwi", mask)
        adc = f", ADC {candidate.adc.value / 1000:.1f}" if candidate.adc.value is not None else ""
        said.append(
            "DWI was not measured here" if z is None else f"{'high' if z > 1.5 else 'not high'} on DWI{adc}"
        )
    said.append(_twin(candidate.site, mask, child) if mirror(candidate.site) else _beside(candidate, child))
    if measures.periosteal_ratio.value is not None and measures.periosteal_ratio.value > 2.0:
        said.append(f"signal beside the bone {measures.periosteal_ratio.value:.1f} times muscle")
    return tuple(s for s in said if s)


def _middle(values: Unusual, part: str, mask: npt.NDArray[np.bool_]) -> float | None:
    """Median z of the place; None where less than half of it was measured."""
    seen = values.seen[part][mask]
    return float(np.median(values.z[part][mask][seen])) if seen.mean() >= 0.5 else None


def _twin(unit: Site, mask: npt.NDArray[np.bool_], child: Child) -> str:
    """How the same unit of the other side looks, at the same height where that can be told."""
    other = mirror(unit)
    assert other is not None
    name = f"its twin on the {other.side}"
    if other.id in child.marked:
        return f"{name} is marked too ({child.marked[other.id]})"
    places = np.argwhere(child.labels == other.label)
    where = ""
    if len(places) and child.profiles.has_twin(unit):
        own = child.profiles.along(unit, np.argwhere(mask))
        there = child.profiles.along(other, places)
        reach = max(float(np.ptp(own)) / 2, SLAB_MM / child.profiles.length_of(unit))
        level = np.abs(there - np.median(own)) <= reach
        if level.any():
            places, where = places[level], " at the same height"
    look = child.look(other, places)
    if look == "not assessed":
        return f"{name} was not assessed"
    return f"{name} is {look}{' too' if look == 'bright' else ''}{'' if look.startswith('only') else where}"


def _beside(candidate: Candidate, child: Child) -> str:
    """How the vertebrae above and below look; "" for other bones of the midline."""
    unit = candidate.site
    spine = [s for s in all_sites() if s.is_vertebra]
    spine += [s for s in all_sites() if s.segment in (Segment.S1, Segment.S2_S5) and s.side is Side.MIDLINE]
    if unit not in spine:
        return ""
    place = spine.index(unit)
    found = []
    for step, word in ((-1, "above"), (1, "below")):
        if not 0 <= place + step < len(spine):
            continue
        other = spine[place + step]
        name = f"the vertebra {word}" if candidate.level_uncertain else other.level or other.name
        marked = child.marked.get(other.id)
        look = f"marked too ({marked})" if marked else child.look(other)
        found.append((name, f"{look} too" if look == "bright" else look))
    if len(found) == 2 and found[0][1] == found[1][1]:
        return f"{found[0][0]} and {found[1][0]} are {found[0][1]}"
    return ", ".join(f"{name} is {look}" for name, look in found)
