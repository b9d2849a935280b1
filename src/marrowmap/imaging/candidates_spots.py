"""Connected places of high lesion probability, each with what a ranker needs to know about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.site import mirror, site_of_label
from marrowmap.imaging.candidates_zscore import Unusual
from marrowmap.imaging.working import Working

Float = npt.NDArray[np.float32]
SMALLEST_ML = 0.12
OUTLINE, PEAK = 0.08, 0.15
"""Probability at the widest outline, and the least that some voxel of a spot must reach."""
OUTLINE_SHARE = 0.45
"""The outline follows this share of the spot's own peak."""
FEATURES = (
    "peak",
    "mean",
    "log_ml",
    "stir_z",
    "t1_z",
    "dwi_z",
    "stir_ratio",
    "in_bone",
    "twin",
    "strict",
    "prone",
    "extent",
)
"""strict: feet, hands and knees, where healthy children often show bright marrow; prone: the other places where the
series of healthy children names some (pelvis, axial skeleton, proximal humerus; definitions, 6.4)."""


@dataclass(frozen=True)
class Spot:
    """mask: bool inside ``box`` of the working grid. label: unit most of it lies in or next to.

    features: values in the order of FEATURES; 0 where a sequence is missing.
    """

    mask: npt.NDArray[np.bool_]
    box: tuple[slice, slice, slice]
    label: int
    features: tuple[float, ...]

    def whole(self, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
        """The mask on the whole working grid."""
        out = np.zeros(shape, dtype=bool)
        out[self.box] = self.mask
        return out


def find_spots(
    work: Working, labels: npt.NDArray[np.uint8], probability: Float, values: Unusual
) -> list[Spot]:
    """All spots, in no order. probability: lesion, per voxel of the working grid."""
    parts, _ = ndimage.label((probability > OUTLINE) & (values.near > 0))
    unit_peak = _peaks(labels, probability)
    counts = np.bincount(labels.ravel(), minlength=256)
    found = []
    for index, box in enumerate(ndimage.find_objects(parts), start=1):
        if box is None:
            continue
        inside = parts[box] == index
        highest = float(np.percentile(probability[box][inside], 98))
        inside &= probability[box] >= OUTLINE_SHARE * highest
        p = probability[box][inside]
        if highest < PEAK or inside.sum() * work.grid.voxel_ml < SMALLEST_ML:
            continue
        label = _unit(labels, inside, box)
        if label == 0:
            continue
        features = _features(work, labels, values, inside, box, p, label, unit_peak, counts)
        found.append(Spot(inside, box, label, features))
    return found


def _unit(
    labels: npt.NDArray[np.uint8], inside: npt.NDArray[np.bool_], box: tuple[slice, slice, slice]
) -> int:
    """Unit with most voxels in the spot, else in the two voxels around it; 0 when there is none."""
    votes = np.bincount(labels[box][inside], minlength=256)
    votes[0] = 0
    if votes.max() > 0:
        return int(votes.argmax())
    wide = tuple(slice(max(0, b.start - 2), b.stop + 2) for b in box)
    votes = np.bincount(labels[wide].ravel(), minlength=256)
    votes[0] = 0
    return int(votes.argmax()) if votes.max() > 0 else 0


def _peaks(labels: npt.NDArray[np.uint8], probability: Float) -> npt.NDArray[np.float64]:
    """95th percentile of the probability in each unit."""
    out = np.zeros(256)
    for value, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None:
            inside = probability[box][labels[box] == value]
            out[value] = float(np.percentile(inside, 95))
    return out


def _features(
    work: Working,
    labels: npt.NDArray[np.uint8],
    values: Unusual,
    inside: npt.NDArray[np.bool_],
    box: tuple[slice, slice, slice],
    p: Float,
    label: int,
    unit_peak: npt.NDArray[np.float64],
    counts: npt.NDArray[np.int64],
) -> tuple[float, ...]:
    unit = site_of_label(label)
    assert unit is not None
    other = mirror(unit)
    millilitres = float(inside.sum()) * work.grid.voxel_ml
    bone = inside & (labels[box] > 0)

    def middle(arrays: dict[str, Float], key: str) -> float:
        if key not in arrays or not bone.any():
            return 0.0
        return float(np.clip(np.median(arrays[key][box][bone]), -8, 12))

    return (
        float(np.log(np.percentile(p, 95) / (1.0001 - np.percentile(p, 95)))),
        float(p.mean()),
        float(np.log(millilitres)),
        middle(values.z, "stir"),
        middle(values.z, "t1"),
        middle(values.z, "dwi"),
        middle(values.ratio, "stir"),
        float(bone.sum() / inside.sum()),
        float(unit_peak[other.label]) if other is not None else 0.0,
        float(unit.strict_threshold),
        float(unit.healthy_group != "none" and not unit.strict_threshold),
        float(min(1.0, inside.sum() / max(counts[label], 1))),
    )
