"""Candidates of exams that were not measured coronally: looked for on a coronal copy, for the lesion network has learnt
from coronal images alone. Clicks and measurements need no copy."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.imaging.candidates import CandidateSet
from marrowmap.imaging.grids import is_upright, labels_onto
from marrowmap.imaging.label import coronal_volumes
from marrowmap.imaging.measure import box_around
from marrowmap.imaging.measure_outline import GROWN, measure_outline
from marrowmap.imaging.working import on_grid, prepare_main


@dataclass(frozen=True)
class CoronalCopy:
    """An exam and its labels on one upright coronal grid. plane: the one it was measured in."""

    volumes: dict[str, Volume]
    skeleton: Skeleton
    plane: Plane

    def back(self, found: CandidateSet, skeleton: Skeleton) -> CandidateSet:
        """What was found on the copy, on the exam's own grid, that of ``skeleton``.

        Place, size and heights are measured there; signals stay as the copy shows them, for the reasons name them.
        """
        labels = labels_onto(found.labels, self.skeleton.grid, skeleton.grid)
        counts = np.bincount(skeleton.labels.ravel(), minlength=130)
        candidates = []
        for candidate in found.candidates:
            mask = labels == candidate.label
            if not mask.any():  # thinner than the distance of the exam's slices
                mask[_nearest(skeleton.grid, *candidate.centre_mm)] = True
                labels[mask] = candidate.label
            box = box_around(mask, skeleton.grid)
            own = measure_outline(skeleton, mask[box], box, counts, GROWN, candidate.site)
            measured = {k: v for k, v in vars(own).items() if k != "site_id"}
            candidates.append(replace(candidate, **measured))
        warning = (
            f"Lesions are judged on {self.plane} images: candidates were looked for on a coronal copy of them, "
            "though the network has learnt from images measured coronally. How many it misses there was not measured."
        )
        return CandidateSet(tuple(candidates), labels, (*found.warnings, warning))


def coronal_copy(volumes: dict[str, Volume], skeleton: Skeleton) -> CoronalCopy | None:
    """None where lesions are judged on upright coronal images already, or there are none to judge them on."""
    main = prepare_main(volumes)
    if is_upright(main.grid, Plane.CORONAL) or not main.contrast.is_fluid_sensitive:
        return None
    turned = coronal_volumes({"main": main})
    assert turned is not None
    grid = turned["main"].grid
    labels = labels_onto(skeleton.labels, skeleton.grid, grid).astype(np.uint8)
    copied = {name: _copied(volume, grid) for name, volume in volumes.items()}
    return CoronalCopy(copied, replace(skeleton, labels=labels, grid=grid), main.grid.plane)


def _copied(volume: Volume, grid: Grid) -> Volume:
    array, covered = on_grid(volume, grid)
    return replace(volume, array=array, grid=grid, covered=covered, station=_stations(volume, grid))


def _stations(volume: Volume, grid: Grid) -> npt.NDArray[np.int16] | None:
    """Station of every voxel of another grid, -1 outside the volume."""
    if volume.station is None:
        return None
    rows_only = volume.station.ndim == 1
    full = np.broadcast_to(volume.station[None, :, None], volume.grid.shape) if rows_only else volume.station
    return labels_onto(full + 1, volume.grid, grid).astype(np.int16) - 1


def _nearest(grid: Grid, x: float, y: float, z: float) -> tuple[int, int, int]:
    """The voxel next to a point in LPS millimetres, inside the grid."""
    places = np.linalg.solve(grid.affine[:3, :3], np.array([x, y, z]) - grid.affine[:3, 3])
    s, r, c = np.clip(np.rint(places), 0, np.array(grid.shape) - 1).astype(int)
    return int(s), int(r), int(c)
