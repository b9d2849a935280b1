"""One click at a place nobody marked: an outline grows there and is measured like any other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.errors import InputError
from marrowmap.imaging.measure import GROWN, RegionMeasures, measure_region
from marrowmap.imaging.muscle import MuscleReference
from marrowmap.imaging.working import on_grid

REACH_MM = 45.0
SEED_MM, CLICK_MM, CORE_MM = 2.5, 4.0, 15.0
"""Around the click: always inside; what says first how bright the lesion is; what says it then (ours)."""
SHARE = 0.375
"""Where between the marrow around it (0) and the clicked signal (1) the outline runs. Chosen on validation exams
(``bench measure --set validation``): half way gives volumes too small, because a lesion fades towards its edge."""

BESIDE_MM = 10.0
"""A click this close to labelled bone grows into that bone, and outside it no farther than this: an outline that may go
anywhere has filled half a trunk. Chosen with SHARE."""
STEPS = (0.0, 0.1, 0.2, 0.3, 0.4)
"""Added to SHARE one after the other where no bone is labelled near by, until the outline stays within FREE_MM."""
FREE_MM = 25.0


@dataclass(frozen=True)
class Grown:
    """mask: bool, shape of the skeleton's grid. clicked: value at the click over its surroundings."""

    mask: npt.NDArray[np.bool_]
    measures: RegionMeasures
    clicked: float


def grow_region(
    volumes: dict[str, Volume],
    skeleton: Skeleton,
    point: PointMm,
    *,
    muscle: MuscleReference | None = None,
) -> Grown:
    """Outline the bright marrow around ``point``; the dark marrow where T1 is all there is.

    The clicked place counts as seed even when the labels miss the bone. Raises InputError when the point lies
    outside the exam or there is no sequence to grow on.
    """
    name = next((n for n in ("STIR", "T2FS", "DIXON_WATER", "T1") if n in volumes), None)
    if name is None:
        raise InputError("exam", "has no sequence to grow on", "read an exam with STIR")
    if not skeleton.grid.contains(point):
        raise InputError("point", f"{tuple(point)} lies outside the exam", "click inside the images")
    seed = skeleton.grid.to_voxel(point).rounded()
    box = tuple(
        slice(max(0, c - int(REACH_MM / s)), min(n, c + int(REACH_MM / s) + 1))
        for c, s, n in zip(seed, skeleton.grid.spacing, skeleton.grid.shape, strict=True)
    )
    signal = ndimage.gaussian_filter(_signal(volumes[name], skeleton.grid, box), (0.0, 0.8, 0.8))
    labels = skeleton.labels[box]
    at = tuple(c - b.start for c, b in zip(seed, box, strict=True))
    inside = _grow(-signal if name == "T1" else signal, labels, at, skeleton.grid.spacing)
    mask = np.zeros(skeleton.grid.shape, dtype=bool)
    mask[box] = inside
    marrow = signal[(labels > 0) & ~inside]
    ground = float(np.median(marrow)) if marrow.size else float(np.median(signal))
    clicked = float(signal[at]) / max(ground, 1e-6)
    return Grown(mask, measure_region(volumes, skeleton, mask, muscle=muscle, edge=GROWN), clicked)


def _signal(volume: Volume, grid: Grid, box: tuple[slice, ...]) -> npt.NDArray[np.float32]:
    """The volume inside ``box`` of ``grid``, float32; 0 where it was not measured."""
    if volume.grid == grid:
        return np.asarray(volume.array[box], dtype=np.float32)
    return on_grid(volume, grid.part((box[0], box[1], box[2])))[0]


def _grow(
    signal: np.ndarray, labels: np.ndarray, at: tuple[int, ...], spacing: tuple[float, float, float]
) -> npt.NDArray[np.bool_]:
    """Connected voxels brighter than SHARE of the way, inside bone where bone is labelled at the click or near it."""
    distance = _distance(signal.shape, at, spacing)
    bone = labels > 0
    if bone[at]:
        return _connected(signal, bone, distance, at, SHARE)
    if (bone & (distance < BESIDE_MM)).any():
        return _connected(signal, bone | (distance < BESIDE_MM), distance, at, SHARE)
    for step in STEPS:
        grown = _connected(signal, np.ones(bone.shape, dtype=bool), distance, at, SHARE + step)
        if distance[grown].max() < FREE_MM:
            break
    return grown


def _connected(
    signal: np.ndarray,
    allowed: npt.NDArray[np.bool_],
    distance: np.ndarray,
    at: tuple[int, ...],
    share: float,
) -> npt.NDArray[np.bool_]:
    """Grown twice: the few voxels at the click say how bright the lesion is only roughly, the first outline says it
    better, so that two scans of one lesion give nearly one volume."""
    around = signal[allowed & (distance > 8) & (distance < 35)]
    ground = float(np.percentile(around, 40)) if around.size > 50 else float(np.median(signal))
    seed = distance < SEED_MM
    grown = distance < CLICK_MM
    for _ in range(2):
        top = float(np.percentile(signal[grown & (distance < CORE_MM)], 75))
        bright = (signal >= ground + share * (top - ground)) & allowed & (distance < REACH_MM)
        parts, _ = ndimage.label(ndimage.binary_opening(bright | seed, np.ones((1, 2, 2))) | seed)
        grown = parts == parts[at]
    return np.stack([ndimage.binary_fill_holes(s) for s in grown])


def _distance(shape: tuple[int, ...], at: tuple[int, ...], spacing: tuple[float, float, float]) -> np.ndarray:
    axes = [((np.arange(n) - c) * s) ** 2 for n, c, s in zip(shape, at, spacing, strict=True)]
    return np.sqrt(axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :])
