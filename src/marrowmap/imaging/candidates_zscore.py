"""How unusual each marrow voxel is among the same child's own marrow at the same kind of place.

The same kind of place: the same unit on both sides; vertebrae with the other levels; segments of a
long bone by themselves. Bright on STIR, dark on T1 and bright on DWI raise the value.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.site import Region, Segment, Site, all_sites
from marrowmap.imaging.muscle import local_muscle
from marrowmap.imaging.working import Working, double

Float = npt.NDArray[np.float32]
MIN_VOXELS = 12
NEAR_BONE_MM = 8.0
"""A lesion may leave the labelled bone by this much, so that a small error of the labels costs no lesion."""
SPREAD_FLOOR = {"stir": 0.12, "t1": 0.12, "dwi": 0.15}
"""Smallest spread of a ratio to muscle that is believed, in units of muscle."""


@dataclass(frozen=True)
class Unusual:
    """Ratios to local muscle and z-values on the working grid; arrays are 0 outside bone.

    ratio: "stir", "t1", "dwi" -> signal over local muscle everywhere. z: the same keys -> robust z among the
    same kind of marrow, 0 far from bone and where the sequence was not measured. seen: the same keys -> where it was
    measured. multi: their weighted sum, 0 outside bone. near: label of the unit a voxel
    lies in or within NEAR_BONE_MM of, 0 elsewhere; there z compares with the marrow of that unit's kind.
    """

    ratio: dict[str, Float]
    z: dict[str, Float]
    multi: Float
    near: npt.NDArray[np.uint8]
    seen: dict[str, npt.NDArray[np.bool_]]


def sequences(work: Working) -> dict[str, str]:
    """Which volume plays which part: "stir", "t1", "dwi" -> name of a volume."""
    parts = {}
    if work.main and work.main != "T1":
        parts["stir"] = work.main
    if "T1" in work.signal:
        parts["t1"] = "T1"
    dwi = sorted((float(m[1]), m[0]) for m in (re.fullmatch(r"DWI_b?(\d+)", n) for n in work.signal) if m)
    if dwi and dwi[-1][0] >= 400:
        parts["dwi"] = dwi[-1][1]
    return parts


def kinds_of_place(wide: bool = False) -> npt.NDArray[np.uint8]:
    """Label value -> number of its kind of place; 0 for no bone. wide: all bones of one sort together."""
    names: dict[str, int] = {}
    table = np.zeros(len(all_sites()) + 1, dtype=np.uint8)
    for unit in all_sites():
        table[unit.label] = names.setdefault(_sort(unit) if wide else _kind(unit), len(names) + 1)
    return table


def _kind(unit: Site) -> str:
    if unit.is_vertebra and unit.level:
        return f"vertebra/{unit.level[0]}"
    if unit.bone.startswith(("metacarpal", "metatarsal")):
        return unit.bone.split("_")[0]
    return f"{unit.bone}/{unit.segment}"


def _sort(unit: Site) -> str:
    if unit.segment.is_epiphyseal or unit.bone == "patella":
        return "epiphysis"
    if unit.segment.is_metaphyseal or unit.segment in (Segment.PROXIMAL_END, Segment.DISTAL_END):
        return "metaphysis"
    if unit.segment in (Segment.DIAPHYSIS, Segment.SHAFT):
        return "shaft"
    return (
        "flat"
        if unit.region in (Region.SHOULDER_GIRDLE, Region.CHEST_WALL, Region.HEAD)
        else str(unit.region)
    )


def unusual(work: Working, labels: npt.NDArray[np.uint8], muscle: npt.NDArray[np.bool_]) -> Unusual:
    """z-values in and next to labelled bone. labels: uint8 on the working grid."""
    near = near_units(labels, work.grid.spacing)
    kinds, sorts = kinds_of_place()[near], kinds_of_place(wide=True)[near]
    inner = _inner(labels, work)
    ratio: dict[str, Float] = {}
    z: dict[str, Float] = {}
    parts = sequences(work)
    seen = {part: work.covered[name] for part, name in parts.items()}

    def judge(part: str) -> tuple[Float, Float]:
        local = local_muscle(work, muscle, parts[part])
        over = (ndimage.gaussian_filter(work.signal[parts[part]], (0.0, 0.5, 0.5)) / local).astype(np.float32)
        sign = -1 if part == "t1" else 1
        far = _z(over, kinds, sorts, inner & seen[part], SPREAD_FLOOR[part], sign)
        over[~seen[part]] = far[~seen[part]] = 0
        return over, far

    multi = np.zeros(labels.shape, dtype=np.float32)
    with ThreadPoolExecutor(2) as threads:  # most of it leaves the interpreter's lock
        for part, (over, far) in zip(parts, threads.map(judge, parts), strict=True):
            ratio[part], z[part] = over, far
            sign = -0.4 if part == "t1" else (1.0 if part == "stir" else 0.5)
            multi += sign * np.clip(far, -6, 8)
    multi[labels == 0] = 0
    return Unusual(ratio, z, multi, near, seen)


def near_units(
    labels: npt.NDArray[np.uint8], spacing: tuple[float, float, float], reach_mm: float = NEAR_BONE_MM
) -> npt.NDArray[np.uint8]:
    """Labels spread to voxels within ``reach_mm`` of bone, worked out at half the in-plane resolution."""
    small = labels[:, ::2, ::2]
    step = (spacing[0], 2 * spacing[1], 2 * spacing[2])
    distance, index = ndimage.distance_transform_edt(small == 0, sampling=step, return_indices=True)
    spread = np.where(distance <= reach_mm, small[tuple(index)], 0).astype(np.uint8)
    out = np.asarray(double(spread, labels.shape), dtype=np.uint8)
    np.copyto(out, labels, where=labels > 0)
    return out


def _inner(labels: npt.NDArray[np.uint8], work: Working) -> npt.NDArray[np.bool_]:
    """Bone voxels whose in-plane neighbours are bone too, so that cortex and partial volume stay out."""
    bone = labels > 0
    cross = ndimage.generate_binary_structure(2, 1)[None]
    inner = ndimage.binary_erosion(bone, cross)
    counts = np.bincount(labels[inner].ravel(), minlength=256)
    thin = np.isin(labels, np.flatnonzero(counts < MIN_VOXELS)) & bone
    return inner | thin


def _z(
    ratio: Float,
    kinds: npt.NDArray[np.uint8],
    sorts: npt.NDArray[np.uint8],
    usable: npt.NDArray[np.bool_],
    floor: float,
    sign: int,
) -> Float:
    """Distance from the usual in spreads. Usual: the quieter part of the kind, so that a lesion that fills both
    twins does not become its own yardstick; and never far beyond what the whole sort of bone shows."""
    out = np.zeros(ratio.shape, dtype=np.float32)
    bone = np.flatnonzero(kinds)
    if bone.size == 0:
        return out
    value = ratio.ravel()[bone] * sign
    kind, sort, fit = kinds.ravel()[bone], sorts.ravel()[bone], usable.ravel()[bone]
    result = np.zeros(bone.size, dtype=np.float32)
    for s in np.unique(sort):
        wide = np.flatnonzero(sort == s)
        wide_usual, _ = _usual(value[wide], fit[wide], floor)
        for k in np.unique(kind[wide]):
            own = wide[kind[wide] == k]
            usual, spread = _usual(value[own], fit[own], floor)
            result[own] = (value[own] - min(usual, wide_usual + 3 * floor)) / spread * sign
    out.ravel()[bone] = result
    return out


def _usual(value: npt.NDArray[np.float32], fit: npt.NDArray[np.bool_], floor: float) -> tuple[float, float]:
    sample = value[fit] if fit.sum() >= MIN_VOXELS else value
    low, quiet = np.percentile(sample, [10, 30])
    spread = max(float(quiet - low) / 0.757, floor)
    return float(quiet) + 0.52 * spread, spread
