"""Measurements of an outlined region, each with its uncertainty.

Definitions: volume, largest diameter and share of the unit from the outline; signal ratio = mean of the region
over median of muscle of the same station, same sequence, no rescaling in between (definitions, 9.2); ADC mean
and 10th percentile in 1e-6 mm2/s. Uncertainties are one standard deviation and PROPOSED.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from marrowmap.core.geometry import Grid, PointMm, Voxel
from marrowmap.core.lesion import Measured, VertebralHeights
from marrowmap.core.site import VERTEBRAL_LEVELS, Site, site_of_label, sites_by_id
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.errors import InputError
from marrowmap.imaging.muscle import MuscleReference, muscle_mask, muscle_reference
from marrowmap.imaging.working import enlarge, finite, prepare, resample

Bool = npt.NDArray[np.bool_]
Box = tuple[slice, slice, slice]
MARGIN_MM = 20.0
SYSTEMATIC = 0.05
"""Relative standard deviation of a signal ratio left after noise: where muscle is sampled (PROPOSED)."""


@dataclass(frozen=True)
class Edge:
    """How far an outline may be off.

    surface: share of its surface voxels taken as the standard deviation of its volume. length: relative standard
    deviation of its largest diameter, beside that of a voxel.
    """

    surface: float
    length: float


DRAWN = Edge(0.25, 0.03)
"""A reader's outline (PROPOSED)."""
GROWN = Edge(0.6, 0.3)
"""An outline that the program found: chosen on validation exams after a click, for two standard deviations to hold the
truth of nine lesions in ten and more; ``bench measure`` prints what they hold elsewhere. Outlines of candidates, which
the same voxels and borders limit, are taken to be as uncertain (PROPOSED)."""


@dataclass(frozen=True)
class RegionMeasures:
    """What is measured of one region. site_id: the unit most of its voxels lie in; "" outside all units.

    extent_percent: share of that unit's imaged volume. periosteal_ratio, soft_tissue_ratio: STIR signal over
    muscle in the 3 mm next to the bone and the 4 to 15 mm beside it, near the region. heights: of the vertebra,
    None outside the spine.
    """

    site_id: str
    centre_mm: PointMm
    volume_ml: Measured
    max_diameter_mm: Measured
    extent_percent: Measured
    si_ratio: Measured
    t1_ratio: Measured
    adc: Measured
    adc_p10: Measured
    periosteal_ratio: Measured
    soft_tissue_ratio: Measured
    heights: VertebralHeights | None = None
    units: tuple[tuple[str, float], ...] = ()
    """Every unit touched and the share of it in percent, the main one first."""


def exam_muscle(volumes: dict[str, Volume], skeleton: Skeleton) -> MuscleReference:
    """Muscle reference of an exam; computed once and handed to every ``measure_region``."""
    work = prepare(volumes)
    bone = enlarge(skeleton.labels, skeleton.grid, work.grid) > 0
    return muscle_reference(work, muscle_mask(work, bone))


def measure_region(
    volumes: dict[str, Volume],
    skeleton: Skeleton,
    mask: Bool,
    *,
    muscle: MuscleReference | None = None,
    unit_volumes: npt.NDArray[np.int64] | None = None,
    edge: Edge = DRAWN,
) -> RegionMeasures:
    """Measure the voxels of ``mask`` (bool, shape of the skeleton's grid).

    muscle: from ``exam_muscle``; made here when None. unit_volumes: voxels of every label, to save time. edge: how
    far the outline may be off.
    Raises InputError when the mask is empty or of another shape.
    """
    if mask.shape != skeleton.grid.shape:
        raise InputError(
            "outline", f"has shape {mask.shape}, the exam {skeleton.grid.shape}", "draw it on STIR"
        )
    if not mask.any():
        raise InputError("outline", "is empty", "outline at least one voxel")
    if muscle is None:
        muscle = exam_muscle(volumes, skeleton)
    counts = unit_volumes if unit_volumes is not None else np.bincount(skeleton.labels.ravel(), minlength=130)
    box = _box(mask, skeleton.grid, MARGIN_MM)
    return measure_in_box(volumes, skeleton, mask[box], box, muscle, counts, edge)


def measure_in_box(
    volumes: dict[str, Volume],
    skeleton: Skeleton,
    region: Bool,
    box: Box,
    muscle: MuscleReference,
    counts: npt.NDArray[np.int64],
    edge: Edge = DRAWN,
) -> RegionMeasures:
    """As ``measure_region``, for a region given inside ``box`` of the skeleton's grid (with a margin around it)."""
    grid, labels = skeleton.grid.part(box), skeleton.labels[box]
    units = _units(region, labels, counts)
    main = sites_by_id()[units[0][0]] if units else None
    return RegionMeasures(
        site_id=units[0][0] if units else "",
        centre_mm=_centre(region, grid),
        volume_ml=_volume(region, grid, edge),
        max_diameter_mm=_diameter(region, grid, edge),
        extent_percent=_extent(region, labels, counts, main, edge),
        si_ratio=_ratio(volumes, ("STIR", "T2FS", "DIXON_WATER"), region, box, skeleton.grid, muscle),
        t1_ratio=_ratio(volumes, ("T1",), region, box, skeleton.grid, muscle),
        adc=_adc(volumes, region, box, skeleton.grid, "mean"),
        adc_p10=_adc(volumes, region, box, skeleton.grid, "p10"),
        periosteal_ratio=_beside(volumes, region, labels, box, skeleton.grid, muscle, (0.0, 3.0)),
        soft_tissue_ratio=_beside(volumes, region, labels, box, skeleton.grid, muscle, (4.0, 15.0)),
        heights=vertebral_heights(skeleton, main) if main is not None and main.is_vertebra else None,
        units=units,
    )


def _box(mask: Bool, grid: Grid, margin_mm: float) -> tuple[slice, slice, slice]:
    out = []
    for axis in range(3):
        hit = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        pad = int(np.ceil(margin_mm / grid.spacing[axis]))
        out.append(slice(max(0, int(hit[0]) - pad), min(mask.shape[axis], int(hit[-1]) + pad + 1)))
    return out[0], out[1], out[2]


def _units(region: Bool, labels: np.ndarray, counts: np.ndarray) -> tuple[tuple[str, float], ...]:
    inside = np.bincount(labels[region], minlength=len(counts))
    inside[0] = 0
    order = [int(v) for v in np.argsort(-inside) if inside[v] > 0]
    found = []
    for value in order:
        unit = site_of_label(value)
        if unit is not None:
            found.append((unit.id, 100.0 * float(inside[value]) / max(float(counts[value]), 1.0)))
    return tuple(found)


def _centre(region: Bool, grid: Grid) -> PointMm:
    """Centre of gravity, moved to the nearest voxel of the region so that it lies inside the outline."""
    places = np.argwhere(region)
    distance = ((places - places.mean(axis=0)) * np.array(grid.spacing)) ** 2
    s, r, c = places[int(distance.sum(axis=1).argmin())]
    return grid.to_mm(Voxel(float(s), float(r), float(c)))


def _surface(region: Bool) -> int:
    return int(region.sum() - ndimage.binary_erosion(region).sum())


def _volume(region: Bool, grid: Grid, edge: Edge) -> Measured:
    volume = float(region.sum()) * grid.voxel_ml
    return Measured(volume, "ml", max(edge.surface * _surface(region), 0.5) * grid.voxel_ml)


def _diameter(region: Bool, grid: Grid, edge: Edge) -> Measured:
    """Largest distance between outline voxels, plus one voxel along that direction."""
    rim = region & ~ndimage.binary_erosion(region)
    points = np.argwhere(rim) * np.array(grid.spacing)
    if len(points) > 60:
        try:
            points = points[ConvexHull(points).vertices]
        except QhullError:
            points = points[:: max(1, len(points) // 400)]
    spacing = float(np.mean(sorted(grid.spacing)[:2]))
    longest = float(pdist(points).max()) if len(points) > 1 else 0.0
    return Measured(longest + spacing, "mm", 0.5 * float(np.mean(grid.spacing)) + edge.length * longest)


def _extent(region: Bool, labels: np.ndarray, counts: np.ndarray, main: Site | None, edge: Edge) -> Measured:
    if main is None:
        return Measured(None, "%", None, "lies in no labelled bone")
    inside = float((labels[region] == main.label).sum())
    whole = max(float(counts[main.label]), 1.0)
    share = min(100.0, 100.0 * inside / whole)
    error = 100.0 * edge.surface * _surface(region) / whole
    return Measured(share, "%", float(np.hypot(error, 0.1 * share)))


def _main_volume(volumes: dict[str, Volume], names: tuple[str, ...]) -> tuple[str, Volume] | None:
    return next(((n, volumes[n]) for n in names if n in volumes), None)


def _read(volume: Volume, box: Box, grid: Grid) -> tuple[np.ndarray, Bool]:
    """Signal and coverage of a volume inside ``box`` of ``grid``."""
    if volume.grid == grid:
        covered = np.ones(1, bool) if volume.covered is None else volume.covered[box]
        signal = np.asarray(volume.array[box], dtype=np.float32)
        return signal, np.broadcast_to(covered, signal.shape)
    target = grid.part(box)
    signal = resample(finite(volume.array), volume.grid, target)
    covered_full = np.ones(volume.grid.shape, bool) if volume.covered is None else volume.covered
    return signal, resample(covered_full, volume.grid, target) > 0.5


def _station(volume: Volume, region: Bool, box: Box) -> int:
    if volume.station is None:
        return 0
    where = np.argwhere(region)
    if volume.station.ndim == 1:
        values = volume.station[where[:, 1] + box[1].start]
    else:
        values = volume.station[box][region] if volume.station.shape[0] >= box[0].stop else np.array([0])
    values = values[values >= 0]
    return int(np.bincount(values).argmax()) if values.size else -1


def _ratio(
    volumes: dict[str, Volume],
    names: tuple[str, ...],
    region: Bool,
    box: Box,
    grid: Grid,
    muscle: MuscleReference,
) -> Measured:
    found = _main_volume(volumes, names)
    if found is None:
        return Measured(None, "ratio", None, f"the exam has no {names[0]}")
    name, volume = found
    signal, covered = _read(volume, box, grid)
    values = signal[region & covered]
    reference = muscle.of(name, _station(volume, region, box) if volume.grid == grid else 0)
    if values.size == 0:
        return Measured(None, "ratio", None, f"{name} does not cover the region")
    if reference is None:
        return Measured(None, "ratio", None, "no muscle found to compare with")
    level, spread, borrowed = reference
    ratio = float(values.mean()) / level
    noise = float(values.std()) / max(float(values.mean()), 1e-6) / np.sqrt(max(values.size / 4, 1))
    relative = np.sqrt(noise**2 + (spread / level / 10) ** 2 + (SYSTEMATIC * (3 if borrowed else 1)) ** 2)
    return Measured(ratio, "ratio", float(ratio * relative))


def _adc(volumes: dict[str, Volume], region: Bool, box: Box, grid: Grid, what: str) -> Measured:
    volume = volumes.get("ADC")
    if volume is None:
        return Measured(None, "1e-6 mm2/s", None, "the exam has no ADC map")
    signal, covered = _read(volume, box, grid)
    inner = ndimage.binary_erosion(region)
    use = inner if inner.sum() >= 8 else region
    values = signal[use & covered]
    values = values[values > 0]
    if values.size < 4:
        return Measured(None, "1e-6 mm2/s", None, "ADC does not cover the region")
    error = float(values.std()) / np.sqrt(max(values.size / 16, 1))
    if what == "p10":
        return Measured(float(np.percentile(values, 10)), "1e-6 mm2/s", 1.7 * error)
    return Measured(float(values.mean()), "1e-6 mm2/s", float(np.hypot(error, 0.03 * values.mean())))


def _beside(
    volumes: dict[str, Volume],
    region: Bool,
    labels: np.ndarray,
    box: Box,
    grid: Grid,
    muscle: MuscleReference,
    ring_mm: tuple[float, float],
) -> Measured:
    """Upper quartile of STIR over muscle in a ring outside all bone, next to the region."""
    found = _main_volume(volumes, ("STIR", "T2FS", "DIXON_WATER"))
    if found is None:
        return Measured(None, "ratio", None, "the exam has no fluid-sensitive sequence")
    name, volume = found
    bone = (labels > 0) | region
    from_bone = ndimage.distance_transform_edt(~bone, sampling=grid.spacing)
    from_region = ndimage.distance_transform_edt(~region, sampling=grid.spacing)
    reach = ring_mm[1] + 1.5 * max(grid.spacing)
    ring = (
        (from_bone > ring_mm[0])
        & (from_bone <= max(ring_mm[1], 1.2 * grid.spacing[0]))
        & (from_region <= reach)
    )
    signal, covered = _read(volume, box, grid)
    values = signal[ring & covered]
    reference = muscle.of(name, _station(volume, region, box) if volume.grid == grid else 0)
    if values.size < 20 or reference is None:
        return Measured(None, "ratio", None, "too little tissue in view beside the bone")
    ratio = float(np.percentile(values, 75)) / reference[0]
    return Measured(ratio, "ratio", ratio * (SYSTEMATIC + 1 / np.sqrt(values.size / 4)))


def vertebral_heights(skeleton: Skeleton, unit: Site) -> VertebralHeights:
    """Head-foot height of a vertebral body in its front, middle and back third, millimetres.

    Taken from the unit's middle columns, in the first unbroken run of slices from the front (the body, before
    the canal). reference_mm: mean back height of the neighbouring bodies. Empty when the label is too small.
    """
    own = _body_profile(skeleton, unit.label)
    if own is None:
        return VertebralHeights()
    thirds = np.array_split(own, 3)
    names = [f"vertebra_{level.lower()}" for level in VERTEBRAL_LEVELS]
    place = names.index(unit.bone)
    beside = []
    for k in (place - 1, place + 1):
        if 0 <= k < len(names):
            profile = _body_profile(skeleton, sites_by_id()[names[k]].label)
            if profile is not None:
                beside.append(float(np.mean(np.array_split(profile, 3)[2])))
    front, middle, back = (float(np.mean(t)) for t in thirds)
    return VertebralHeights(front, middle, back, float(np.mean(beside)) if beside else None)


def _body_profile(skeleton: Skeleton, label: int) -> npt.NDArray[np.float64] | None:
    """Height in mm of every slice of a vertebral body, front to back; None when fewer than three slices."""
    rows = np.flatnonzero((skeleton.labels == label).any(axis=(0, 2)))
    if rows.size < 2:
        return None
    part = skeleton.labels[:, rows[0] : rows[-1] + 1] == label
    columns = np.flatnonzero(part.any(axis=(0, 1)))
    middle = int(np.median(np.repeat(columns, part.sum(axis=(0, 1))[columns])))
    half = max(1, round(7.0 / skeleton.grid.spacing[2]))
    strip = part[:, :, max(0, middle - half) : middle + half + 1]
    heights = strip.sum(axis=1).mean(axis=1) * skeleton.grid.spacing[1]
    if heights.max() <= 0:
        return None
    filled = heights > 0.35 * heights.max()
    start = int(np.argmax(filled))
    stop = start + int(np.argmin(np.append(filled[start:], False)))
    run = heights[start:stop]
    return run if run.size >= 3 else None
