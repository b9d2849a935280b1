"""What the lesion network sees of a voxel: the marrow around it, how unusual it is, and in which bone it lies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.site import all_sites, mirror
from marrowmap.imaging.bone_profile import PLACE_FACTS, BoneProfiles, bone_profiles
from marrowmap.imaging.candidates_zscore import Unusual
from marrowmap.imaging.label_classes import class_names, class_of_label
from marrowmap.imaging.surroundings import Lattice, Level, count_of, features_at, levels_of
from marrowmap.imaging.working import Working

Float = npt.NDArray[np.float32]
STIR, STIR_Z, T1, T1_Z, DWI, DWI_Z, ADC, BONE = range(8)
LESION_LATTICES = (
    Lattice(3.0, tuple(range(8))),
    Lattice(6.0, tuple(range(8))),
    Lattice(12.0, (STIR, STIR_Z, T1, DWI_Z, BONE)),
    Lattice(24.0, (STIR, STIR_Z, BONE), far=True),
    Lattice(48.0, (STIR_Z, BONE), far=True),
)
UNIT_FACTS = ("median", "high", "twin_median", "twin_high", "has_twin", "strict", "t1_there", "dwi_there")
"""Of the nearest unit: median and 90th percentile of its STIR z, the same of its twin on the other side, whether
there is a twin, whether healthy children often show bright marrow there; and whether T1 and DWI were measured."""
COUNT = count_of(LESION_LATTICES) + len(class_names()) + len(UNIT_FACTS) + len(PLACE_FACTS)
"""Number of features of a voxel."""
BRIGHT_Z = 0.5
"""A lesion is bright on the fluid-sensitive sequence; voxels below this z-value are not asked."""


@dataclass(frozen=True)
class LesionView:
    """An exam as the lesion network sees it. worth: voxels to ask. facts: (256, n), by label of the nearest unit.

    profiles: of every bone along its length, in which ``hidden`` facts are 0. measured: column of ``facts`` -> where
    that sequence was measured. mirrored: columns are turned around in all of it but the profiles and ``measured``.
    """

    levels: list[Level]
    near: npt.NDArray[np.uint8]
    facts: Float
    worth: npt.NDArray[np.bool_]
    profiles: BoneProfiles
    measured: dict[int, npt.NDArray[np.bool_]]
    hidden: tuple[int, ...] = ()
    mirrored: bool = False

    def at(self, places: npt.NDArray[np.intp]) -> Float:
        """Features of voxels, (n, COUNT)."""
        near = self.near[tuple(places.T)]
        true_places = places
        if self.mirrored:
            true_places = places.copy()
            true_places[:, 2] = self.near.shape[2] - 1 - places[:, 2]
        facts = self.facts[near]
        for column, there in self.measured.items():
            facts[:, column] *= there[tuple(true_places.T)]
        along = self.profiles.at(true_places, near)
        along[:, self.hidden] = 0
        return np.hstack([features_at(self.levels, places), facts, along])


def lesion_view(
    work: Working,
    labels: npt.NDArray[np.uint8],
    values: Unusual,
    *,
    mirrored: bool = False,
    hide: frozenset[str] = frozenset(),
) -> LesionView:
    """labels: uint8 on the working grid. mirrored: columns turned around (for training). hide: facts of
    UNIT_FACTS and PLACE_FACTS that the network is not told (for ablations)."""
    channels = _channels(work, labels, values)
    near = values.near
    smooth = ndimage.uniform_filter(values.z["stir"], (1, 3, 3)) if "stir" in values.z else None
    worth = (near > 0) & (smooth > BRIGHT_Z) if smooth is not None else np.zeros(near.shape, dtype=bool)
    facts = _facts(labels, values)
    profiles = bone_profiles(labels, near, values.z, work.grid, values.seen)
    hidden = tuple(i for i, name in enumerate(PLACE_FACTS) if name in hide)
    facts[:, [len(class_names()) + i for i, name in enumerate(UNIT_FACTS) if name in hide]] = 0
    if mirrored:
        channels, near, worth = channels[..., ::-1], near[..., ::-1], worth[..., ::-1]
        channels = np.ascontiguousarray(channels)
    levels = levels_of(channels, work.grid.spacing, LESION_LATTICES)
    first = len(class_names())
    measured = {
        first + UNIT_FACTS.index(f"{p}_there"): values.seen[p] for p in ("t1", "dwi") if p in values.seen
    }
    return LesionView(levels, near, facts, worth, profiles, measured, hidden, mirrored)


def _channels(work: Working, labels: npt.NDArray[np.uint8], values: Unusual) -> Float:
    """Ratios to local muscle, compressed; z-values in fours; ADC in 1e-3 mm2/s; 0 where a sequence is missing."""
    out = np.zeros((8, *work.grid.shape), dtype=np.float32)

    def fill(part: str, ratio: int, z: int) -> None:
        if part in values.z:
            np.log1p(np.clip(values.ratio[part], 0, 20), out=out[ratio])
            np.clip(values.z[part] / 4, -2, 3, out=out[z])

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(fill, ("stir", "t1", "dwi"), (STIR, T1, DWI), (STIR_Z, T1_Z, DWI_Z)))
    if "ADC" in work.signal:
        out[ADC] = np.clip(work.signal["ADC"] / 1000, 0, 3)
    out[BONE] = labels > 0
    return out


def _facts(labels: npt.NDArray[np.uint8], values: Unusual) -> Float:
    names = class_names()
    out = np.zeros((256, len(names) + len(UNIT_FACTS)), dtype=np.float32)
    middle, high = _unit_quantiles(labels, values)
    for unit in all_sites():
        row = out[unit.label]
        row[class_of_label()[unit.label]] = 1
        other = mirror(unit)
        twin = other.label if other is not None else 0
        row[len(names) :] = (
            middle[unit.label],
            high[unit.label],
            middle[twin],
            high[twin],
            twin > 0,
            unit.strict_threshold,
            "t1" in values.z,
            "dwi" in values.z,
        )
    return out


def _unit_quantiles(labels: npt.NDArray[np.uint8], values: Unusual) -> tuple[Float, Float]:
    """Median and 90th percentile of STIR z over 4 in each unit; 0 for units that were not found."""
    middle, high = np.zeros(256, np.float32), np.zeros(256, np.float32)
    if "stir" not in values.z:
        return middle, high
    for value, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        inside = values.z["stir"][box][labels[box] == value]
        middle[value], high[value] = np.clip(np.percentile(inside, [50, 90]) / 4, -2, 3)
    return middle, high
