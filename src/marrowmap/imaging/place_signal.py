"""Signal at a place of an exam where nothing is marked, against the child's own marrow there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from marrowmap.core.followup.change import SignalNow
from marrowmap.core.site import Site, mirror
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.imaging.bone_frame import Points
from marrowmap.imaging.muscle import MuscleReference

FLUID = ("STIR", "T2FS", "DIXON_WATER")
FEWEST = 20
"""Voxels of comparison marrow below which nothing is said."""
CLEAR_MM = 12.0
"""Marrow nearer than this to the place does not count as comparison."""


def signal_ratio_at(volumes: dict[str, Volume], points_mm: Points, muscle: MuscleReference) -> float | None:
    """Mean fluid-sensitive signal at LPS points over muscle of the same station; None outside or without muscle."""
    found = fluid_sensitive(volumes)
    if found is None:
        return None
    name, volume = found
    _, values, stations = sample(volume, points_mm)
    if not len(values):
        return None
    reference = muscle.of(name, int(np.bincount(stations).argmax()))
    return None if reference is None else float(values.mean()) / reference[0]


def signal_now(
    volumes: dict[str, Volume],
    skeleton: Skeleton,
    points_mm: Points,
    unit: Site,
    muscle: MuscleReference,
    marked_mm: Points | None = None,
) -> SignalNow | None:
    """Signal ratio at a former lesion's place, with median and robust SD of comparison marrow.

    Comparison: the same unit of the other side; for midline units, or when that is not labelled, the rest of the
    unit itself. marked_mm: points of lesions seen now, which are left out. None when either cannot be measured.
    """
    here = signal_ratio_at(volumes, points_mm, muscle)
    twin = mirror(unit)
    for other, words in ((twin, "the same unit of the other side"), (unit, "the rest of the unit")):
        if other is None or here is None:
            continue
        places = np.argwhere(skeleton.labels == other.label)
        places_mm = places @ skeleton.grid.affine[:3, :3].T + skeleton.grid.affine[:3, 3]
        lesions = points_mm if marked_mm is None else np.vstack([points_mm, marked_mm])
        if len(places_mm):
            places_mm = places_mm[_away(places_mm, lesions) > CLEAR_MM]
        ratios = _ratios(volumes, places_mm, muscle)
        if len(ratios) >= FEWEST:
            middle = float(np.median(ratios))
            spread = 1.4826 * float(np.median(np.abs(ratios - middle)))
            return SignalNow(here, middle, spread, words)
    return None


def _away(places_mm: Points, lesions_mm: Points) -> npt.NDArray[np.float64]:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(lesions_mm).query(places_mm)[0])


def _ratios(
    volumes: dict[str, Volume], points_mm: Points, muscle: MuscleReference
) -> npt.NDArray[np.float64]:
    found = fluid_sensitive(volumes)
    if found is None or not len(points_mm):
        return np.zeros(0)
    name, volume = found
    _, values, stations = sample(volume, points_mm)
    if not len(values):
        return np.zeros(0)
    levels = {int(s): muscle.of(name, int(s)) for s in np.unique(stations)}
    level = np.array([np.nan if (m := levels[int(s)]) is None else m[0] for s in stations])
    ratios = values / level
    return np.asarray(ratios[np.isfinite(ratios)])


def fluid_sensitive(volumes: dict[str, Volume]) -> tuple[str, Volume] | None:
    """Name and volume of the fluid-sensitive sequence that signal is measured on; None without one."""
    return next(((n, volumes[n]) for n in FLUID if n in volumes), None)


def sample(
    volume: Volume, points_mm: Points
) -> tuple[Points, npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """(LPS points that were measured, signal at the nearest voxel, station; 0 where the volume tells none)."""
    grid = volume.grid
    voxels = np.rint((points_mm - grid.affine[:3, 3]) @ np.linalg.inv(grid.affine[:3, :3]).T).astype(np.intp)
    inside = ((voxels >= 0) & (voxels < np.array(grid.shape))).all(axis=1)
    voxels, places = voxels[inside], points_mm[inside]
    if volume.covered is not None and len(voxels):
        measured = volume.covered[tuple(voxels.T)]
        voxels, places = voxels[measured], places[measured]
    values = volume.array[tuple(voxels.T)].astype(np.float64)
    if volume.station is None or not len(voxels):
        return places, values, np.zeros(len(voxels), dtype=np.int64)
    rows_only = volume.station.ndim == 1
    stations = volume.station[voxels[:, 1]] if rows_only else volume.station[tuple(voxels.T)]
    known = stations >= 0
    return places[known], values[known], stations[known].astype(np.int64)
