"""The bone that a place belongs to: the labelled one it lies in, else the nearest within reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import PointMm, Voxel
from marrowmap.core.site import Site, site_of_label
from marrowmap.core.skeleton import Skeleton

REACH_MM = 18.0
"""Bone that is farther away gives a place no name (ours)."""


@dataclass(frozen=True)
class NearUnit:
    """distance_mm: from the place to the nearest labelled voxel of the unit; 0 inside."""

    unit: Site
    distance_mm: float


def nearest_unit(skeleton: Skeleton, point: PointMm, reach_mm: float = REACH_MM) -> NearUnit | None:
    """The unit at ``point``, or the nearest within ``reach_mm``; None when there is none."""
    grid = skeleton.grid
    seed = np.array(grid.to_voxel(point).rounded())
    reach = np.ceil(reach_mm / np.array(grid.spacing)).astype(np.intp)
    low, high = np.clip(seed - reach, 0, None), np.minimum(seed + reach + 1, grid.shape)
    if (high <= low).any():
        return None
    part = skeleton.labels[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    places = np.argwhere(part)
    if not len(places):
        return None
    away = np.linalg.norm((places + low - seed) * np.array(grid.spacing), axis=1)
    first = int(away.argmin())
    unit = site_of_label(int(part[tuple(places[first])]))
    return None if unit is None or away[first] > reach_mm else NearUnit(unit, float(away[first]))


def unit_of(skeleton: Skeleton, mask: npt.NDArray[np.bool_]) -> NearUnit | None:
    """The unit most labelled voxels of ``mask`` lie in; where the labels miss it, the one nearest to its middle."""
    votes = np.bincount(skeleton.labels[mask], minlength=256)
    votes[0] = 0
    unit = site_of_label(int(votes.argmax())) if votes.any() else None
    if unit is not None:
        return NearUnit(unit, 0.0)
    places = np.argwhere(mask)
    if not len(places):
        return None
    return nearest_unit(skeleton, skeleton.grid.to_mm(Voxel(*map(float, places.mean(axis=0)))))
