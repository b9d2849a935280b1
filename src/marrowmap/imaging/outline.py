"""The outline of bone on a finer grid than the one on which bones are named.

Naming a bone needs its surroundings, drawing its edge needs the finest picture there is: a second, small network
reads the signals at 2 mm and what the unit network thought of the voxels around, and says bone or not.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid
from marrowmap.core.volume import Volume
from marrowmap.imaging.label_classes import class_names, class_of_label
from marrowmap.imaging.network import FATTY, FLUID, Bones, probability
from marrowmap.imaging.normalise import POOL, normalise
from marrowmap.imaging.surroundings import Lattice, Level, count_of, features_at, levels_of
from marrowmap.imaging.working import Working, enlarge, finite, prepare_main, resample, working_grid

Float = npt.NDArray[np.float32]

PIXEL_MM = 2.0
"""Pixel of the grid outlines are drawn on; slices are those of the working grid."""
LATTICES = (
    Lattice(2.0, (0, 1, 2, 3)),
    Lattice(4.0, (0, 1, 2)),
    Lattice(8.0, (0, 1, 2, 4)),
    Lattice(20.0, (2, 3), far=True),
)
"""Channels: fluid-sensitive and fat-bright signal, probability of bone, of muscle and of disc."""
COUNT = count_of(LATTICES) + len(class_names())
"""Number of features of a voxel: its surroundings and the class of the nearest named bone."""
WORTH_ASKING = 0.05
"""Bone probability that a voxel, or one within 3 mm of it, must reach."""


@dataclass(frozen=True)
class OutlineView:
    """What the outline network sees of one exam.

    grid: the fine grid. worth: bool there, voxels that may be bone. nearest: uint8 there, label of the nearest named
    voxel within a few millimetres, else 0. levels: of the part of the grid that begins at voxel ``corner`` and holds
    all that is worth asking.
    """

    grid: Grid
    worth: npt.NDArray[np.bool_]
    nearest: npt.NDArray[np.uint8]
    levels: list[Level]
    corner: tuple[int, int, int]

    def at(self, places: npt.NDArray[np.intp]) -> Float:
        """Features (n, COUNT) of voxels (n, 3) of the fine grid."""
        around = features_at(self.levels, places - np.array(self.corner))
        known = class_of_label()[self.nearest[tuple(places.T)]]
        kind = (known[:, None] == np.arange(len(class_names()))[None]).astype(np.float32)
        return np.concatenate([around, kind], axis=1)


def outline_view(
    volumes: dict[str, Volume], work: Working, bones: Bones, labels: npt.NDArray[np.uint8]
) -> OutlineView:
    """labels: uint8 on the working grid for every voxel that may be bone."""
    grid = working_grid(prepare_main(volumes).grid, PIXEL_MM)
    fluid, fatty = (next((volumes[n] for n in names if n in volumes), None) for names in (FLUID, FATTY))
    if fluid is None and fatty is None:
        fluid = next(iter(volumes.values()))
    may_be = ndimage.maximum_filter(bones.bone.astype(np.float32), (1, 3, 3)) > WORTH_ASKING
    nearest = nearest_units(labels, work.grid, grid)
    worth = np.asarray(enlarge(may_be, work.grid, grid), dtype=bool) & (nearest > 0)
    box = _box_to_read(worth, grid.spacing)
    part = grid.part(box)
    channels = np.zeros((5, *part.shape), dtype=np.float32)

    def fill(channel: Float, volume: Volume | None) -> None:
        if volume is not None:
            channel[:] = normalise(resample(finite(volume.array), volume.grid, grid), grid.spacing)[box]

    with ThreadPoolExecutor(2) as threads:  # the sums leave the interpreter's lock
        list(threads.map(fill, channels, (fluid, fatty)))
        shares = (bones.bone, bones.muscle, bones.disc)
        for channel, share in zip(
            channels[2:], threads.map(lambda s: resample(s, work.grid, part), shares), strict=True
        ):
            channel[:] = share
    corner = (box[0].start, box[1].start, box[2].start)
    return OutlineView(grid, worth, nearest, levels_of(channels, grid.spacing, LATTICES), corner)


def _box_to_read(
    worth: npt.NDArray[np.bool_], spacing: tuple[float, float, float]
) -> tuple[slice, slice, slice]:
    """What is read of the fine grid: all that is worth asking and what the largest boxes around it reach, from a voxel
    on at which blocks are pooled."""
    reach = 2 * max(lattice.size_mm for lattice in LATTICES)
    box = []
    for axis in range(3):
        hit = np.flatnonzero(worth.any(axis=tuple(a for a in range(3) if a != axis)))
        if not len(hit):
            return slice(0, 1), slice(0, 1), slice(0, 1)
        pad = int(np.ceil(reach / spacing[axis]))
        low, high = max(0, int(hit[0]) - pad), min(worth.shape[axis], int(hit[-1]) + pad + 1)
        box.append(slice(low - low % POOL, high))
    return box[0], box[1], box[2]


def nearest_units(labels: npt.NDArray[np.uint8], coarse: Grid, fine: Grid) -> npt.NDArray[np.uint8]:
    """Labels on a finer grid, first handed on to unnamed voxels beside them, twice in plane."""
    out = labels.copy()
    for _ in range(2):
        grown = out.copy()
        for axis, step in ((1, 1), (1, -1), (2, 1), (2, -1)):
            moved = np.roll(out, step, axis)
            np.copyto(grown, moved, where=(grown == 0) & (moved > 0))
        out = grown
    return enlarge(out, coarse, fine).astype(np.uint8)


def bone_share(view: OutlineView) -> npt.NDArray[np.float16]:
    """Probability of bone on the fine grid, 0 where it is not worth asking."""
    return probability("outline", view).astype(np.float16)
