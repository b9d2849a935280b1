"""How unusual each marrow voxel is among the same child's own marrow at the same kind of place.

The same kind of place: the same unit on both sides; vertebrae with the other levels; segments of a
long bone by themselves. Bright on STIR, dark on T1 and bright on DWI raise the value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.site import all_sites
from marrowmap.imaging.muscle import local_muscle
from marrowmap.imaging.working import Working

Float = npt.NDArray[np.float32]
MIN_VOXELS = 12
SPREAD_FLOOR = {"stir": 0.12, "t1": 0.12, "dwi": 0.15}
"""Smallest spread of a ratio to muscle that is believed, in units of muscle."""


@dataclass(frozen=True)
class Unusual:
    """Ratios to local muscle and z-values on the working grid; arrays are 0 outside bone.

    ratio: "stir", "t1", "dwi" -> signal over local muscle everywhere. z: the same keys -> robust z among the
    same kind of marrow, 0 outside bone. multi: their weighted sum.
    """

    ratio: dict[str, Float]
    z: dict[str, Float]
    multi: Float


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


def kinds_of_place() -> npt.NDArray[np.uint8]:
    """Label value -> number of its kind of place; 0 for no bone."""
    names: dict[str, int] = {}
    table = np.zeros(len(all_sites()) + 1, dtype=np.uint8)
    for unit in all_sites():
        name = f"{unit.bone}/{unit.segment}"
        if unit.is_vertebra and unit.level:
            name = f"vertebra/{unit.level[0]}"
        elif unit.bone.startswith(("metacarpal", "metatarsal")):
            name = unit.bone.split("_")[0]
        table[unit.label] = names.setdefault(name, len(names) + 1)
    return table


def unusual(work: Working, labels: npt.NDArray[np.uint8], muscle: npt.NDArray[np.bool_]) -> Unusual:
    """z-values of every labelled voxel. labels: uint8 on the working grid."""
    kinds = kinds_of_place()[labels]
    inner = _inner(labels, work)
    ratio: dict[str, Float] = {}
    z: dict[str, Float] = {}
    multi = np.zeros(labels.shape, dtype=np.float32)
    for part, name in sequences(work).items():
        local = local_muscle(work, muscle, name)
        ratio[part] = (ndimage.gaussian_filter(work.signal[name], (0.0, 0.5, 0.5)) / local).astype(np.float32)
        z[part] = _z(ratio[part], kinds, inner & work.covered[name], SPREAD_FLOOR[part])
        sign = -0.4 if part == "t1" else (1.0 if part == "stir" else 0.5)
        multi += sign * np.clip(z[part], -6, 8)
    multi[labels == 0] = 0
    return Unusual(ratio, z, multi)


def _inner(labels: npt.NDArray[np.uint8], work: Working) -> npt.NDArray[np.bool_]:
    """Bone voxels whose in-plane neighbours are bone too, so that cortex and partial volume stay out."""
    bone = labels > 0
    cross = ndimage.generate_binary_structure(2, 1)[None]
    inner = ndimage.binary_erosion(bone, cross)
    counts = np.bincount(labels[inner].ravel(), minlength=256)
    thin = np.isin(labels, np.flatnonzero(counts < MIN_VOXELS)) & bone
    return inner | thin


def _z(ratio: Float, kinds: npt.NDArray[np.uint8], usable: npt.NDArray[np.bool_], floor: float) -> Float:
    out = np.zeros(ratio.shape, dtype=np.float32)
    bone = np.flatnonzero(kinds)
    if bone.size == 0:
        return out
    sorting = np.argsort(kinds.ravel()[bone], kind="stable")
    order = bone[sorting]
    sorted_kinds = kinds.ravel()[order]
    starts = np.searchsorted(sorted_kinds, np.arange(1, int(kinds.max()) + 2))
    flat, flat_usable, flat_out = ratio.ravel(), usable.ravel(), out.ravel()
    for i in range(len(starts) - 1):
        where = order[starts[i] : starts[i + 1]]
        if where.size == 0:
            continue
        sample = flat[where[flat_usable[where]]]
        if sample.size < MIN_VOXELS:
            sample = flat[where]
        middle = float(np.median(sample))
        low = float(np.percentile(sample, 25))
        # the lower half is used for the spread, so that a large lesion does not widen it
        spread = max((middle - low) / 0.6745, floor)
        flat_out[where] = (flat[where] - middle) / spread
    return out
