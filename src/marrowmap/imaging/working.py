"""The coarser grid on which an exam is analysed, and resampling to and from it.

Composed volumes have about twenty million voxels; labels and candidates are worked out on about 3 mm in plane
and the exam's own slices (4 to 6.5 mm), and brought back to the exam's grid at the end. ``on_grid`` is the one place
where a volume comes onto another grid, be it measured in the same plane or not.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.grids import ALIGNED_TOLERANCE, edge_corners, place_tilted

IN_PLANE_MM = 3.0
SLICE_MM = 5.0
SLICE_KEPT_MM = (3.9, 6.6)
"""Slice distances that are kept as they are; others are brought to SLICE_MM."""

NEARLY = 1e-6
"""Voxels by which a centre may miss an edge that it lies on."""
SHIFTED = 0.05
"""Voxels; an axis of the same length and spacing that begins this much elsewhere is resampled all the same."""

Float = npt.NDArray[np.float32]
Bool = npt.NDArray[np.bool_]


def working_grid(grid: Grid, pixel_mm: float = IN_PLANE_MM) -> Grid:
    """Grid over the same box with ``pixel_mm`` pixels and 4 to 6.5 mm slices; axes as ``grid``'s."""
    ds = grid.spacing[0]
    wanted = (ds if SLICE_KEPT_MM[0] <= ds <= SLICE_KEPT_MM[1] else SLICE_MM, pixel_mm, pixel_mm)
    shape: list[int] = []
    affine = np.array(grid.affine)
    for axis, (n, step, new) in enumerate(zip(grid.shape, grid.spacing, wanted, strict=True)):
        count = max(1, round(n * step / new))
        direction = grid.affine[:3, axis] / step
        # the box's edges stay where they are, within half a new voxel
        shift = (n * step - count * new) / 2 - step / 2 + new / 2
        affine[:3, axis] = direction * new
        affine[:3, 3] += direction * shift
        shape.append(count)
    return Grid((shape[0], shape[1], shape[2]), affine)


def places_along(source: Grid, target: Grid, axis: int) -> npt.NDArray[np.float64]:
    """Where the voxels of ``target`` lie along one axis, in voxels of ``source``; their axes run alike."""
    direction = source.affine[:3, axis] / source.spacing[axis]
    offset = float((target.affine[:3, 3] - source.affine[:3, 3]) @ direction) / source.spacing[axis]
    return offset + target.spacing[axis] / source.spacing[axis] * np.arange(target.shape[axis])


def weights(source: Grid, target: Grid, axis: int) -> Float:
    """Matrix (target, source) that averages or interpolates one axis linearly; rows sum to 1."""
    places = np.clip(places_along(source, target, axis), 0, source.shape[axis] - 1)
    width = max(target.spacing[axis] / source.spacing[axis], 1.0)
    matrix = np.clip(1 - np.abs(places[:, None] - np.arange(source.shape[axis])[None]) / width, 0, None)
    return (matrix / matrix.sum(axis=1, keepdims=True)).astype(np.float32)


def resample(array: npt.NDArray[np.generic], source: Grid, target: Grid) -> Float:
    """Linear resampling between two grids whose axes run alike (averaging where the target is coarser)."""
    out: npt.NDArray[np.generic] = array
    order = sorted(range(3), key=lambda a: target.shape[a] / source.shape[a])
    for axis in order:
        same = target.shape[axis] == source.shape[axis] and np.isclose(
            target.spacing[axis], source.spacing[axis], rtol=1e-4
        )
        if same and abs(places_along(source, target, axis)[0]) < SHIFTED:
            continue
        out = _along(weights(source, target, axis), np.ascontiguousarray(out, dtype=np.float32), axis)
    return np.ascontiguousarray(out, dtype=np.float32)


def _along(matrix: Float, array: Float, axis: int) -> Float:
    """``matrix`` applied to one axis. Each row has few weights: whole slices or rows are summed, nothing is turned."""
    if axis == 2:
        return array @ matrix.T
    few = int((matrix > 0).sum(axis=1).max())
    near = np.argsort(matrix, axis=1)[:, -few:]
    share = np.take_along_axis(matrix, near, axis=1)
    out: Float | float = 0.0
    for k in range(few):
        part = array.take(near[:, k], axis)
        part *= share[:, k].reshape((-1, 1, 1) if axis == 0 else (-1, 1))
        out = np.add(out, part, out=part)
    assert isinstance(out, np.ndarray)
    return out


def finite(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """0 for NaN and the largest numbers for infinities; the array itself where it has none."""
    with np.errstate(invalid="ignore", over="ignore"):
        clean = np.isfinite(array.sum(dtype=np.float64))
    return array if clean else np.nan_to_num(array)


def nearest_index(source: Grid, target: Grid) -> tuple[npt.NDArray[np.intp], ...]:
    """For each axis the nearest voxel of ``source`` for each voxel of ``target`` (for ``np.ix_``)."""
    out = []
    for axis in range(3):
        places = np.round(places_along(source, target, axis)).astype(np.intp)
        out.append(np.clip(places, 0, source.shape[axis] - 1))
    return tuple(out)


def enlarge(labels: npt.NDArray[np.generic], source: Grid, target: Grid) -> npt.NDArray[np.generic]:
    """Nearest-neighbour copy of a label array onto another grid with the same axes."""
    return labels[np.ix_(*nearest_index(source, target))]


@dataclass(frozen=True)
class Working:
    """One exam on its working grid.

    signal: contrast name -> float32 array in the exam's own units; only sequences the exam has.
    covered: contrast name -> bool array, where the scanner measured.
    station: int16 array of the working shape, -1 where none; a single station is 0 everywhere.
    """

    grid: Grid
    full: Grid
    signal: dict[str, Float]
    covered: dict[str, Bool]
    station: npt.NDArray[np.int16]

    @property
    def main(self) -> str:
        """The sequence on which oedema is judged: STIR, else the first fluid-sensitive one, else T1."""
        return next((k for k in ("STIR", "T2FS", "DIXON_WATER", "T1") if k in self.signal), "")

    @cached_property
    def tissue(self) -> Bool:
        """Voxels with signal in any anatomical sequence, told in blocks of 2 x 2 in plane; holes are left open."""
        names = [k for k in ("STIR", "T1", "T2FS", "DIXON_WATER", "T2") if k in self.signal]
        parts = [body_mask(halve(self.signal[k])) for k in names or list(self.signal)[:1]]
        return np.asarray(double(np.logical_or.reduce(parts), self.grid.shape), dtype=bool)

    @cached_property
    def body(self) -> Bool:
        """Voxels inside the skin, from every anatomical sequence there is.

        Holes are filled in both planes: a shaft without signal is closed across, though open where the exam ends.
        """
        mask = self.tissue[:, ::2, ::2]
        filled = np.stack([ndimage.binary_fill_holes(s) for s in mask])
        across = np.stack([ndimage.binary_fill_holes(r) for r in mask.swapaxes(0, 1)], axis=1)
        return double(filled | across, self.grid.shape)

    @cached_property
    def depth_mm(self) -> Float:
        """Distance to the skin, millimetres, 0 outside."""
        return distance_to(~self.body, self.grid.spacing)


def halve(array: npt.NDArray[np.generic]) -> Float:
    """Mean over blocks of 1 x 2 x 2, the edge padded."""
    a = np.pad(
        np.asarray(array, dtype=np.float32),
        [(0, 0), (0, array.shape[1] % 2), (0, array.shape[2] % 2)],
        mode="edge",
    )
    pooled: Float = (a[:, ::2, ::2] + a[:, 1::2, ::2] + a[:, ::2, 1::2] + a[:, 1::2, 1::2]) / 4
    return pooled


def double(array: npt.NDArray[np.generic], shape: tuple[int, ...]) -> npt.NDArray[np.generic]:
    """Undo ``halve`` by repetition."""
    return np.repeat(np.repeat(array, 2, axis=1), 2, axis=2)[:, : shape[1], : shape[2]]


def distance_to(mask: Bool, spacing: tuple[float, float, float]) -> Float:
    """Millimetres to the nearest voxel of ``mask``, worked out at half the in-plane resolution."""
    small = halve(mask) >= 0.5
    step = (spacing[0], 2 * spacing[1], 2 * spacing[2])
    if not small.any():
        return np.full(mask.shape, 1e6, dtype=np.float32)
    distance = ndimage.distance_transform_edt(~small, sampling=step).astype(np.float32)
    return np.asarray(double(distance, mask.shape), dtype=np.float32)


def body_mask(signal: Float) -> Bool:
    """Voxels with tissue: above a threshold between the noise outside and the tissue inside."""
    smooth = ndimage.gaussian_filter(signal, (0.5, 0.7, 0.7))
    positive = smooth[smooth > 0]
    if positive.size < 100:
        return np.zeros(signal.shape, dtype=bool)
    mask = smooth > otsu(np.log(positive + 1e-3 * np.percentile(positive, 99)), positive)
    labels, n = ndimage.label(mask)
    if n > 1:
        size = np.bincount(labels.ravel())
        size[0] = 0
        mask = np.isin(labels, np.flatnonzero(size > 0.02 * size.sum()))
    return mask


def otsu(logs: npt.NDArray[np.generic], values: npt.NDArray[np.generic]) -> float:
    """Otsu's threshold of log signal, given back in the unit of the signal."""
    counts, edges = np.histogram(logs, bins=128)
    centres = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    mean_below = np.cumsum(counts * centres) / np.maximum(below, 1)
    mean_above = ((counts * centres).sum() - np.cumsum(counts * centres)) / np.maximum(above, 1)
    best = int(np.argmax(below * above * (mean_below - mean_above) ** 2))
    return float(np.exp(edges[best + 1]) - 1e-3 * np.percentile(values, 99))


def prepare_main(volumes: dict[str, Volume]) -> Volume:
    """The volume on whose grid labels lie: STIR, else another fluid-sensitive one, else T1, else the first."""
    found = next((volumes[k] for k in ("STIR", "T2FS", "DIXON_WATER", "T1") if k in volumes), None)
    return found if found is not None else next(iter(volumes.values()))


def prepare(volumes: dict[str, Volume]) -> Working:
    """Bring every volume of an exam, in whatever plane it was measured, to the working grid of its STIR (else another
    fluid-sensitive, else T1, else first) volume."""
    first = prepare_main(volumes)
    grid = working_grid(first.grid)
    names = [name for name, volume in volumes.items() if volume.contrast is not Contrast.LOCALIZER]
    with ThreadPoolExecutor(2) as threads:  # the sums leave the interpreter's lock
        brought = list(threads.map(lambda name: on_grid(volumes[name], grid), names))
    signal = {name: found for name, (found, _) in zip(names, brought, strict=True)}
    covered = {name: found for name, (_, found) in zip(names, brought, strict=True)}
    return Working(grid, first.grid, signal, covered, _stations(first, grid))


def on_grid(volume: Volume, target: Grid) -> tuple[Float, Bool]:
    """Signal of a volume on another grid, 0 where it was not measured; and where it was measured.

    Where axes run alike each is resampled by itself, and a voxel of which more than half was measured mixes in the 0
    of the rest, as the networks have learnt it. Else signal is averaged over what a voxel of ``target`` reaches and
    read between voxels, of what was measured alone.
    """
    if run_alike(volume.grid, target):
        signal, covered = resample(finite(volume.array), volume.grid, target), _covered(volume, target)
        return (signal if covered.all() else np.where(covered, signal, np.float32(0))), covered
    return _turned(volume, target)


def run_alike(source: Grid, target: Grid) -> bool:
    """Whether slices, rows and columns of both run in the same directions, without a drift across ``target``."""
    one, other = (grid.affine[:3, :3] / np.array(grid.spacing) for grid in (source, target))
    drift = np.abs(one - other) @ (np.array(target.shape) * np.array(target.spacing))
    return bool((drift <= 2 * ALIGNED_TOLERANCE * min(*source.spacing, *target.spacing)).all())


def _turned(volume: Volume, target: Grid) -> tuple[Float, Bool]:
    """``on_grid`` where axes run otherwise; only what is near ``target`` is read."""
    signal, covered = np.zeros(target.shape, np.float32), np.zeros(target.shape, bool)
    to_source = np.linalg.inv(volume.grid.affine)
    # voxels of the source that a voxel of the target reaches; as wide in sum as the triangle of ``weights``
    reach = np.linalg.norm(to_source[:3, :3] @ target.affine[:3, :3], axis=1)
    sigma = np.sqrt(np.clip(reach**2 - 1, 0, None) / 6)
    corners = edge_corners(target) @ to_source[:3, :3].T + to_source[:3, 3]
    low = np.clip(np.floor(corners.min(axis=0) - 3 * sigma - 2), 0, volume.grid.shape).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0) + 3 * sigma + 3), 0, volume.grid.shape).astype(int)
    if np.any(high <= low):
        return signal, covered
    box = (
        slice(int(low[0]), int(high[0])),
        slice(int(low[1]), int(high[1])),
        slice(int(low[2]), int(high[2])),
    )
    grid = volume.grid.part(box)
    array = np.asarray(finite(volume.array[box]), dtype=np.float32)
    measured = None if volume.covered is None else volume.covered[box].astype(np.float32)
    if measured is not None:
        array = array * measured
    found = place_tilted(_smooth(array, sigma), grid, target)
    if found is None or found.valid is None:
        return signal, covered
    values, there = np.asarray(found.array, dtype=np.float32), found.valid
    if measured is not None:
        share = place_tilted(_smooth(measured, sigma), grid, target)
        assert share is not None
        there = there & (np.asarray(share.array) > 0.5)
        values = values / np.where(there, share.array, 1)
    signal[found.box] = np.where(there, values, 0)
    covered[found.box] = there
    return signal, covered


def _smooth(array: Float, sigma: npt.NDArray[np.float64]) -> Float:
    out: Float = ndimage.gaussian_filter(array, sigma, mode="nearest", truncate=3.0)
    return out


def _covered(volume: Volume, grid: Grid) -> Bool:
    # axes run alike, so that each of them decides for itself
    slices, rows, columns = (_inside(volume.grid, grid, axis) for axis in range(3))
    inside: Bool = slices[:, None, None] & rows[:, None] & columns
    if volume.covered is None:
        return inside
    return inside & (resample(volume.covered, volume.grid, grid) > 0.5)


def _inside(source: Grid, target: Grid, axis: int) -> Bool:
    """Which voxels of ``target`` have their centre within the edges of ``source``, along one axis."""
    places = places_along(source, target, axis)
    inside: Bool = (places >= -0.5 - NEARLY) & (places <= source.shape[axis] - 0.5 + NEARLY)
    return inside


def _stations(volume: Volume, grid: Grid) -> npt.NDArray[np.int16]:
    if volume.station is None:
        return np.zeros(grid.shape, dtype=np.int16)
    index = nearest_index(volume.grid, grid)
    if volume.station.ndim == 1:
        rows = volume.station[index[1]]
        return np.broadcast_to(rows[None, :, None], grid.shape).astype(np.int16)
    return volume.station[np.ix_(*index)].astype(np.int16)
