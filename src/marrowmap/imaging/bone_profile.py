"""What a bone shows along its length, what its twin on the other side shows there, and where its segments meet.

A unit is judged as a whole by ``candidates_zscore``. Inside a unit the marrow still changes in the usual way: red
marrow thins out from the metaphysis into the shaft, growth plates are bright. A radiologist sees that the other side
does the same at the same height; this module gives the lesion network that view.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from marrowmap.core.followup.places import bone_key
from marrowmap.core.geometry import Grid
from marrowmap.core.site import Site, all_sites, mirror
from marrowmap.core.skeleton import Skeleton
from marrowmap.imaging.bone_frame import BoneFrame, BonePoints, bone_points, frame_of, names_its_ends

Float = npt.NDArray[np.float32]
PARTS = ("stir", "t1", "dwi")
STEPS = 24
"""Steps from one end of a bone to the other."""
SMOOTH_MM = 6.0
SAME_LENGTH = 0.15
"""How much two bones may differ in length (of the longer) and still be compared at the same height: more, and one of
them is partly out of view (ours)."""
NEARER_TO_TRUNK = {
    "metacarpal": "carpus",
    "fingers": "carpus",
    "metatarsal": "tarsals",
    "toes": "tarsals",
    "radius": "humerus",
    "ulna": "humerus",
}
"""Bone at the proximal end of one whose own segments do not tell its ends (an arm may be up, a foot turned)."""
NEIGHBOURS = 2
"""Vertebrae above and below with which one is compared."""
FAR_MM = 40.0
"""Distances are not told apart beyond this."""
PLACE_FACTS = (
    "along",
    "deep",
    "to_end",
    "to_epiphysis",
    "to_segment",
    *(f"own_{p}" for p in PARTS),
    *(f"twin_{p}" for p in PARTS),
    "twin_there",
    *(f"next_{p}" for p in PARTS),
)
"""Of a voxel: how far along its bone (0 proximal to 1 distal), how far behind its axis (0 for a bone that lies front to
back), how far from the nearer end, from the border of its epiphysis and from another segment of its bone (1 is FAR_MM
or more); z-values over 4 of its bone at this height, of the twin at the same height (0 without one), whether there is
a twin that can be compared, and of the vertebrae above and below."""


@dataclass(frozen=True)
class BoneProfiles:
    """row: by label, 0 for no bone. start: (n, 3) LPS mm; axis, back: (n, 3) unit vectors; length_mm: (n,).

    own, twin: (n, STEPS, parts); twin_there: (n,); beside: (n, parts). plates, borders: points where segments meet,
    by row.
    """

    grid: Grid
    row: npt.NDArray[np.intp]
    start: npt.NDArray[np.float64]
    axis: npt.NDArray[np.float64]
    back: npt.NDArray[np.float64]
    length_mm: npt.NDArray[np.float64]
    own: Float
    twin: Float
    twin_there: Float
    beside: Float
    plates: dict[int, cKDTree]
    borders: dict[int, cKDTree]

    def at(self, places: npt.NDArray[np.intp], near: npt.NDArray[np.uint8]) -> Float:
        """(n, PLACE_FACTS) of voxels whose nearest unit is ``near``, (n,); 0 where that is none."""
        row = self.row[near]
        points = places @ self.grid.affine[:3, :3].T + self.grid.affine[:3, 3]
        local = points - self.start[row]
        along = np.clip((local * self.axis[row]).sum(axis=1) / self.length_mm[row], 0, 1)
        deep = np.clip((local * self.back[row]).sum(axis=1) / FAR_MM, -1, 1)
        end = np.minimum(along, 1 - along) * self.length_mm[row] / FAR_MM
        facts = np.column_stack(
            [
                along,
                deep,
                np.minimum(end, 1),
                _distance(self.plates, row, points),
                _distance(self.borders, row, points),
                _read(self.own, row, along),
                _read(self.twin, row, along),
                self.twin_there[row],
                self.beside[row],
            ]
        ).astype(np.float32)
        facts[row == 0] = 0
        return facts

    def along(self, unit: Site, places: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """How far along the unit's bone voxels lie, (n,): 0 at its proximal end, 1 at the other."""
        row = self.row[unit.label]
        points = places @ self.grid.affine[:3, :3].T + self.grid.affine[:3, 3]
        return np.asarray(np.clip((points - self.start[row]) @ self.axis[row] / self.length_mm[row], 0, 1))

    def has_twin(self, unit: Site) -> bool:
        """Whether the other side shows the same bone so that heights can be compared."""
        return bool(self.twin_there[self.row[unit.label]])

    def length_of(self, unit: Site) -> float:
        """Length in mm of what is in view of the unit's bone."""
        return float(self.length_mm[self.row[unit.label]])


def bone_profiles(
    labels: npt.NDArray[np.uint8],
    near: npt.NDArray[np.uint8],
    z: dict[str, Float],
    grid: Grid,
    seen: dict[str, npt.NDArray[np.bool_]] | None = None,
) -> BoneProfiles:
    """labels: uint8 units on ``grid``. near: the same, spread to voxels beside bone. z: by part, see ``unusual``.

    seen: by part, where it was measured; None: everywhere.
    """
    seen = seen or {}
    points = bone_points(Skeleton(labels, grid, "working"))
    names = sorted(points)
    number = {name: i for i, name in enumerate(names, start=1)}
    row = np.zeros(256, dtype=np.intp)
    for unit in all_sites():
        row[unit.label] = number.get(bone_key(unit), 0)
    frames = {name: _frame(points, name) for name in names}
    n = len(names) + 1
    start, axis, back, length = np.zeros((n, 3)), np.zeros((n, 3)), np.zeros((n, 3)), np.ones(n)
    for name, i in number.items():
        frame = frames[name]
        start[i], axis[i], length[i] = frame.start_mm, frame.axes[0], frame.length_mm
        back[i] = frame.axes[2] if frame.axes[2, 1] > 0.5 else 0.0
    own = _profiles(labels, z, seen, grid, row, start, axis, length)
    other = _twins(frames, number)
    plates, borders = _meetings(near, grid, row)
    return BoneProfiles(
        grid, row, start, axis, back, length, own, own[other], (other > 0).astype(np.float32),
        _neighbours(own, number), plates, borders,
    )  # fmt: skip


def _frame(points: dict[str, BonePoints], name: str) -> BoneFrame:
    """The bone's frame, turned so that its start is the end nearer to the trunk."""
    frame = frame_of(points[name])
    bone, _, side = name.rpartition("_")
    parent = points.get(f"{NEARER_TO_TRUNK.get(bone.rstrip('_12345'), '')}_{side}")
    if parent is None or names_its_ends(points[name]):
        return frame
    trunk = parent.places_mm.mean(axis=0)
    end = frame.start_mm + frame.length_mm * frame.axes[0]
    if np.linalg.norm(frame.start_mm - trunk) <= np.linalg.norm(end - trunk):
        return frame
    return replace(frame, start_mm=end, axes=frame.axes * np.array([[-1.0], [1.0], [1.0]]))


def _profiles(
    labels: npt.NDArray[np.uint8],
    z: dict[str, Float],
    seen: dict[str, npt.NDArray[np.bool_]],
    grid: Grid,
    row: npt.NDArray[np.intp],
    start: npt.NDArray[np.float64],
    axis: npt.NDArray[np.float64],
    length: npt.NDArray[np.float64],
) -> Float:
    """Mean z over 4 at each step of each bone, (bones, STEPS, parts)."""
    n = len(length)
    out = np.zeros((n, STEPS, len(PARTS)), dtype=np.float32)
    voxels = np.argwhere(labels)
    own = row[labels[tuple(voxels.T)]]
    points = voxels @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    along = ((points - start[own]) * axis[own]).sum(axis=1) / length[own]
    cell = own * STEPS + np.clip((along * STEPS).astype(np.intp), 0, STEPS - 1)
    width = SMOOTH_MM * STEPS / np.maximum(length, 1.0)
    for part, values in z.items():
        counted = seen[part][tuple(voxels.T)] if part in seen else np.ones(len(voxels), dtype=bool)
        clipped = np.clip(values[tuple(voxels.T)] / 4, -2, 3)[counted]
        count = np.bincount(cell[counted], minlength=n * STEPS).reshape(n, STEPS).astype(float)
        total = np.bincount(cell[counted], weights=clipped, minlength=n * STEPS).reshape(n, STEPS)
        for i in range(1, n):
            some = ndimage.gaussian_filter1d(count[i], width[i], mode="constant")
            mean = ndimage.gaussian_filter1d(total[i], width[i], mode="constant") / np.maximum(some, 1e-6)
            out[i, :, PARTS.index(part)] = np.where(some > 1e-3, mean, 0)
    return out


def _twins(frames: dict[str, BoneFrame], number: dict[str, int]) -> npt.NDArray[np.intp]:
    """Row of the bone of the other side, 0 for none that can be compared at the same height."""
    other = np.zeros(len(number) + 1, dtype=np.intp)
    for unit in all_sites():
        twin = mirror(unit)
        if twin is None or bone_key(unit) not in frames or bone_key(twin) not in frames:
            continue
        here, there = frames[bone_key(unit)], frames[bone_key(twin)]
        lengths = sorted((here.length_mm, there.length_mm))
        if lengths[1] - lengths[0] <= SAME_LENGTH * lengths[1] and _runs_down(here) == _runs_down(there):
            other[number[bone_key(unit)]] = number[bone_key(twin)]
    return other


def _runs_down(frame: BoneFrame) -> bool:
    """Whether the bone has no long axis of its own and is measured along the body."""
    return bool(np.allclose(np.abs(frame.axes[0]), (0, 0, 1)))


def _neighbours(own: Float, number: dict[str, int]) -> Float:
    """Mean over the vertebrae above and below, (bones, parts); 0 for other bones."""
    out = np.zeros((len(number) + 1, len(PARTS)), dtype=np.float32)
    spine = [number.get(bone_key(u), 0) for u in all_sites() if u.is_vertebra]
    for i, here in enumerate(spine):
        beside = [r for r in spine[max(0, i - NEIGHBOURS) : i] + spine[i + 1 : i + 1 + NEIGHBOURS] if r]
        if here and beside:
            out[here] = own[beside].mean(axis=(0, 1))
    return out


def _meetings(
    near: npt.NDArray[np.uint8], grid: Grid, row: npt.NDArray[np.intp]
) -> tuple[dict[int, cKDTree], dict[int, cKDTree]]:
    """Points between an epiphysis and the rest of its bone, and between other segments of one bone, by row."""
    epiphyseal = np.zeros(256, dtype=bool)
    for unit in all_sites():
        epiphyseal[unit.label] = unit.segment.is_epiphyseal
    found: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.float64], npt.NDArray[np.bool_]]] = []
    for axis in range(3):
        low = [slice(None)] * 3
        high = [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        a, b = near[tuple(low)], near[tuple(high)]
        places = np.argwhere((a != b) & (a > 0) & (b > 0))
        first, second = a[tuple(places.T)], b[tuple(places.T)]
        same = row[first] == row[second]
        middle = places[same] + 0.5 * np.eye(3)[axis]
        found.append((row[first[same]], middle, epiphyseal[first[same]] != epiphyseal[second[same]]))
    rows, middles, plate = (np.concatenate(x) for x in zip(*found, strict=True))
    points = middles @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return _trees(rows[plate], points[plate]), _trees(rows[~plate], points[~plate])


def _trees(rows: npt.NDArray[np.intp], points: npt.NDArray[np.float64]) -> dict[int, cKDTree]:
    return {int(r): cKDTree(points[rows == r]) for r in np.unique(rows)}


def _distance(
    trees: dict[int, cKDTree], row: npt.NDArray[np.intp], points: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Distance to the nearest point of the own bone over FAR_MM, at most 1."""
    out = np.ones(len(row))
    for r in np.unique(row):
        if r in trees:
            mine = row == r
            out[mine] = np.minimum(trees[r].query(points[mine], distance_upper_bound=FAR_MM)[0] / FAR_MM, 1)
    return out


def _read(table: Float, row: npt.NDArray[np.intp], along: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values between the middles of the steps, (n, parts)."""
    place = np.clip(along * STEPS - 0.5, 0, STEPS - 1)
    low = np.minimum(place.astype(np.intp), STEPS - 2)
    share = (place - low)[:, None]
    return np.asarray((1 - share) * table[row, low] + share * table[row, low + 1])
