"""From what the network says to bone units: class, side, level or ray, then repair and coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid
from marrowmap.core.site import Side, all_sites, mirror
from marrowmap.core.skeleton import Coverage
from marrowmap.imaging.label_classes import ORDINAL_STEP, class_names, is_paired, label_of_class
from marrowmap.imaging.label_sides import is_left, midline
from marrowmap.imaging.levels import REGIONS, Spine, count_levels
from marrowmap.imaging.network import Bones, is_regional
from marrowmap.imaging.silhouette import between_legs, silhouette_of
from marrowmap.imaging.working import Working

LIKELY = 0.5
"""Bone probability above which a voxel is bone; less likely ones get a unit in case the finer grid needs it."""
SMALLEST_ML = 0.1
SPECK_SHARE = 0.08
"""Parts of a unit smaller than this share of its largest part, or SMALLEST_ML, are taken for errors."""


@dataclass(frozen=True)
class Trust:
    """How sure names must be, else the bone is "not assessed".

    unit: certainty of a unit. exam: the same of the exam as a whole, the median over units or, by_voxel, the mean over
    voxels (a part of the body shows few units and specks of others). piece: smaller shares of a unit's largest part
    are taken for errors.
    """

    unit: float
    exam: float
    by_voxel: bool = False
    piece: float = SPECK_SHARE


WHOLE_BODY = Trust(0.3, 0.45)
"""On synthetic children units have 0.5 to 0.9; on real adult legs in a contrast never trained on they had 0.2 to 0.4,
and wrongly."""
PART = Trust(0.65, 0.55, by_voxel=True, piece=0.5)
"""For the network of parts of the body: a unit is one piece there, and a second one is a shaft taken for another.
Chosen on cut exams of the validation set (``bench labels --part``); the one piece after a look at real legs."""


@dataclass(frozen=True)
class Assembled:
    """labels: uint8 on the working grid for every voxel that may be bone. The rest as in ``Skeleton``."""

    labels: npt.NDArray[np.uint8]
    certainty: dict[str, float]
    uncertain_levels: frozenset[str]
    coverage: dict[str, Coverage]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Named:
    """labels: uint8 on the working grid for every voxel that may be bone. sure: probability of the class at
    ``Bones.places``. side_sure: whether the midline was in view."""

    labels: npt.NDArray[np.uint8]
    sure: npt.NDArray[np.float32]
    spine: Spine
    side_sure: bool


def name_all(work: Working, bones: Bones, piece: float = SPECK_SHARE) -> Named:
    """Name every voxel that may be bone, trusted or not. bones: with names mixed, see ``mix_names``."""
    places = bones.places
    if len(places) == 0:
        nothing = Spine(np.zeros(0, int), frozenset())
        return Named(np.zeros(work.grid.shape, np.uint8), np.zeros(0, np.float32), nothing, False)
    shares = bones.classes.astype(np.float32, copy=False)
    classes = shares.argmax(axis=1)
    points = _points(places, work.grid)
    likely = bones.bone[tuple(places.T)] > LIKELY
    left, side_sure = _sides(points, classes, likely, work)
    values = label_of_class()[classes, np.where(is_paired()[classes], left.astype(int), 2)]
    values, spine = _spine(values, points, classes, shares, bones, work)
    values = _rays(values, classes, left, bones)
    labels = np.zeros(work.grid.shape, dtype=np.uint8)
    labels[tuple(places.T)] = values
    sure = shares[np.arange(len(classes)), classes]
    return Named(_repair(labels, bones, piece), sure, spine, side_sure)


def assemble(work: Working, bones: Bones, trust: Trust = WHOLE_BODY) -> Assembled:
    """Name every likely bone voxel of an exam, as far as the names are to be trusted. bones: as in ``name_all``."""
    if len(bones.places) == 0:
        return Assembled(np.zeros(work.grid.shape, np.uint8), {}, frozenset(), {}, ("No bone was found.",))
    named = name_all(work, bones, trust.piece)
    labels, spine = named.labels, named.spine
    certainty = _certainty(labels, named.sure, bones)
    typical = _typical(certainty, labels if trust.by_voxel else None)
    if typical < trust.exam:
        said = f"The labels are not trusted on this exam (typical certainty {typical:.2f}): no bone is named."
        return Assembled(
            np.zeros_like(labels), {}, frozenset(), _coverage(np.zeros_like(labels), work), (said,)
        )
    doubtful = {i for i, c in certainty.items() if c < trust.unit}
    certainty = {i: c for i, c in certainty.items() if i not in doubtful}
    labels[~np.isin(labels, [s.label for s in all_sites() if s.id in certainty])] = 0
    present = {s.id for s in all_sites() if s.id in certainty}
    uncertain = frozenset(
        s.id for s in all_sites() if s.is_vertebra and s.id in present and _index(s.label) in spine.uncertain
    )
    notes = [f"{len(doubtful)} units were found too doubtful to name."] if doubtful else []
    if trust.by_voxel:
        notes.append("Only a part of the body is in view: what is not named was not assessed.")
    notes += [] if named.side_sure else ["The midline was not in view: sides follow the scanner's middle."]
    if spine.why and uncertain:
        notes.append(f"Vertebral levels are uncertain: {spine.why}.")
    return Assembled(labels, certainty, uncertain, _coverage(labels, work), tuple(notes))


def _typical(certainty: dict[str, float], labels: npt.NDArray[np.uint8] | None) -> float:
    """Median over units, or with ``labels`` the mean over voxels."""
    if not certainty:
        return 0.0
    if labels is None:
        return float(np.median(list(certainty.values())))
    count = np.bincount(labels.ravel(), minlength=256)
    size = [count[s.label] for s in all_sites() if s.id in certainty]
    return float(np.average([certainty[s.id] for s in all_sites() if s.id in certainty], weights=size))


def _index(label: int) -> int:
    return label - _FIRST_VERTEBRA


_FIRST_VERTEBRA = next(s.label for s in all_sites() if s.is_vertebra)


def _points(places: npt.NDArray[np.intp], grid: Grid) -> npt.NDArray[np.float64]:
    points: npt.NDArray[np.float64] = places @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return points


def _sides(
    points: npt.NDArray[np.float64],
    classes: npt.NDArray[np.intp],
    likely: npt.NDArray[np.bool_],
    work: Working,
) -> tuple[npt.NDArray[np.bool_], bool]:
    names = class_names()
    middle = np.array([n.startswith(("vertebra", "sacrum", "sternum", "skull")) for n in names])
    on_it = middle[classes] & likely
    legs = between(work) if is_regional(work) else None
    line = midline(points, on_it, body_outline(work), legs)
    return is_left(points, line), line[2]


def between(work: Working) -> npt.NDArray[np.float64]:
    """(x, z) midway between the legs in every row that shows two."""
    found = between_legs(silhouette_of(work.tissue, work.grid.spacing))
    places = np.stack([np.zeros(len(found)), found[:, 0], found[:, 1] / work.grid.spacing[2] - 0.5], axis=1)
    return (places @ work.grid.affine[:3, :3].T + work.grid.affine[:3, 3])[:, [0, 2]]


def body_outline(work: Working) -> npt.NDArray[np.float64]:
    """(left x, right x, z) of the body in every row."""
    seen = work.body.any(axis=0)
    rows = np.flatnonzero(seen.any(axis=1))
    if rows.size == 0:
        return np.zeros((0, 3))
    first = seen[rows].argmax(axis=1)
    last = seen.shape[1] - 1 - seen[rows][:, ::-1].argmax(axis=1)
    ends = [_points(np.stack([np.zeros_like(rows), rows, c], axis=1), work.grid) for c in (first, last)]
    x = np.stack([ends[0][:, 0], ends[1][:, 0]])
    return np.stack([x.max(axis=0), x.min(axis=0), ends[0][:, 2]], axis=1)


def _spine(
    values: npt.NDArray[np.uint8],
    points: npt.NDArray[np.float64],
    classes: npt.NDArray[np.intp],
    shares: npt.NDArray[np.float32],
    bones: Bones,
    work: Working,
) -> tuple[npt.NDArray[np.uint8], Spine]:
    names = class_names()
    numbers = [names.index(f"vertebra_{r.lower()}") for r in REGIONS]
    inside = np.isin(classes, numbers)
    if not inside.any():
        return values, Spine(np.zeros(0, int), frozenset())
    rough = bones.order[inside].astype(np.float64) * ORDINAL_STEP
    share = shares[inside][:, numbers].astype(np.float64)
    share /= share.sum(axis=1, keepdims=True) + 1e-6
    discs = np.argwhere(bones.disc > 0.3)
    sacrum = np.isin(classes, [i for i, n in enumerate(names) if n.startswith("sacrum")])
    top = float(points[sacrum][:, 2].max()) if sacrum.sum() > 30 else None
    spine = count_levels(
        points[inside],
        rough,
        share,
        (_points(discs, work.grid), bones.disc[tuple(discs.T)].astype(np.float64)),
        top,
    )
    values = values.copy()
    values[inside] = spine.level + _FIRST_VERTEBRA
    return values, spine


def _rays(
    values: npt.NDArray[np.uint8],
    classes: npt.NDArray[np.intp],
    left: npt.NDArray[np.bool_],
    bones: Bones,
) -> npt.NDArray[np.uint8]:
    names = class_names()
    values = values.copy()
    for name in ("metacarpal", "metatarsal"):
        inside = classes == names.index(name)
        order = bones.order[inside].astype(np.float64) * ORDINAL_STEP
        ray = np.clip(np.round(order), 1, 5).astype(int)
        first = {Side.RIGHT: 0, Side.LEFT: 0}
        for unit in all_sites():
            if unit.bone == f"{name}_1":
                first[unit.side] = unit.label
        values[inside] = np.where(left[inside], first[Side.LEFT], first[Side.RIGHT]) + ray - 1
    return values


def _repair(labels: npt.NDArray[np.uint8], bones: Bones, share: float = SPECK_SHARE) -> npt.NDArray[np.uint8]:
    """Take specks away from units and give them to the unit that surrounds them, or to none."""
    likely = bones.bone > LIKELY
    out = labels.copy()
    boxes = ndimage.find_objects(labels)
    around = np.ones((3, 3, 3), dtype=bool)
    for value, box in enumerate(boxes, start=1):
        if box is None:
            continue
        parts, n = ndimage.label(labels[box] == value, around)
        if n < 2:
            continue
        size = np.bincount(parts.ravel(), weights=likely[box].ravel(), minlength=n + 1)
        size[0] = 0
        many = value in _MANY_PARTED
        limit = max(4.0, (0.005 if many else share) * size.max())
        small = np.isin(parts, np.flatnonzero(size < limit)) & (parts > 0)
        out[box][small] = 255
    lost = np.argwhere(out == 255)
    if len(lost):
        out[out == 255] = 0
        near = ndimage.grey_dilation(out, size=(1, 3, 3))
        out[tuple(lost.T)] = near[tuple(lost.T)]
    return out


_MANY_PARTED = frozenset(
    s.label for s in all_sites() if s.bone in ("ribs", "fingers", "toes", "carpus", "tarsals", "sternum")
)


def _certainty(
    labels: npt.NDArray[np.uint8], sure: npt.NDArray[np.float32], bones: Bones
) -> dict[str, float]:
    at = tuple(bones.places.T)
    bone = bones.bone[at].astype(np.float32)
    inside = np.where(bone > LIKELY, labels[at], 0)
    count = np.bincount(inside, minlength=256)
    total = np.bincount(inside, weights=sure * bone, minlength=256)
    return {s.id: float(total[s.label] / count[s.label]) for s in all_sites() if count[s.label] >= 3}


def _coverage(labels: npt.NDArray[np.uint8], work: Working) -> dict[str, Coverage]:
    """COVERED, PARTIAL where a unit meets the edge of the view or is far smaller than its twin, else NOT_COVERED.

    A unit in view that the labels miss counts as not covered: it was not assessed.
    """
    seen = work.covered.get(work.main or next(iter(work.covered)), np.ones(labels.shape, bool))
    edge = np.ones(labels.shape, dtype=bool)
    edge[:, 1:-1, 1:-1] = ~ndimage.binary_erosion(seen, np.ones((1, 3, 3)))[:, 1:-1, 1:-1]
    count = np.bincount(labels.ravel(), minlength=256)
    cut = np.bincount(labels[edge].ravel(), minlength=256)
    out = {}
    for unit in all_sites():
        if count[unit.label] < 3:
            out[unit.id] = Coverage.NOT_COVERED
            continue
        twin = mirror(unit)
        small = twin is not None and count[unit.label] < 0.3 * count[twin.label]
        out[unit.id] = Coverage.PARTIAL if small or cut[unit.label] > 2 else Coverage.COVERED
    return out
