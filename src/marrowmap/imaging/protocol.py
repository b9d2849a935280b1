"""The exam against the protocol: what the stacks and composed volumes cover, handed to ``core.protocol``."""

from __future__ import annotations

from marrowmap.core.exam import BodyRegion, Exam, Stack
from marrowmap.core.geometry import Plane
from marrowmap.core.protocol import CoronalReach, ProtocolReport, SeriesSeen, assess
from marrowmap.imaging.choose import reach_mm, usable
from marrowmap.imaging.compose import Composition
from marrowmap.imaging.coverage import (
    SPINE_SHARES,
    Silhouette,
    covered_z,
    regions_of,
    sides_of,
    silhouette,
)

FLUID_KEYS = ("STIR", "T2FS", "DIXON_WATER")
WHOLE_SPINE_MM = 300.0
"""Length of sagittal spine images that counts as whole when the body's own length is not known (ours)."""

NOTHING = CoronalReach(None, None)


def assess_protocol(exam: Exam, composition: Composition) -> ProtocolReport:
    """Which items of the protocol the exam meets, its status, and what was not covered, in words."""
    body = body_ends(composition)
    stacks = [s for s in exam.stacks if usable(s)]
    spine = [s for s in stacks if s.contrast.is_fluid_sensitive and s.plane is Plane.SAGITTAL
             and BodyRegion.SPINE in regions_of(s, body)]  # fmt: skip
    spine_is_whole = covers_spine(spine, body)
    series = [
        SeriesSeen(
            s.contrast,
            s.plane,
            regions_of(s, body),
            sides_of(s, body),
            whole=spine_is_whole if s in spine else True,
            b_value=s.b_value,
        )
        for s in stacks
    ]
    covered = {key: covered_z(volume) for key, volume in composition.volumes.items()}
    return assess(series, coronal_reach(composition, body), covered)


def body_ends(composition: Composition) -> Silhouette | None:
    """Silhouette on the coronal fluid-sensitive volume, else on any coronal structural one."""
    volumes = composition.volumes
    for key in (*FLUID_KEYS, "T1", "T2", "PD", "DIXON_FAT"):
        if key in volumes and volumes[key].grid.plane is Plane.CORONAL:
            others = [volumes[k] for k in ("T1", *FLUID_KEYS) if k in volumes and k != key]
            return silhouette(volumes[key], *others)
    return None


def coronal_reach(composition: Composition, body: Silhouette | None) -> CoronalReach:
    """Reach of the coronal fluid-sensitive volume; nothing when there is none."""
    for key in FLUID_KEYS:
        volume = composition.volumes.get(key)
        if volume is not None and volume.grid.plane is Plane.CORONAL:
            return body.reach if body is not None else CoronalReach(None, None, covered_z(volume))
    return NOTHING


def covers_spine(stacks: list[Stack], body: Silhouette | None) -> bool:
    """Whether the sagittal stacks together show the spine from end to end."""
    if not stacks:
        return False
    low = min(s.grid.extent_mm()[0].z for s in stacks)
    high = max(s.grid.extent_mm()[1].z for s in stacks)
    without_gap = reach_mm([s.grid for s in stacks]) >= high - low - 2.0
    if body is not None and body.whole:
        return without_gap and low <= body.z_of(SPINE_SHARES[0]) and high >= body.z_of(SPINE_SHARES[1])
    return without_gap and high - low >= WHOLE_SPINE_MM
