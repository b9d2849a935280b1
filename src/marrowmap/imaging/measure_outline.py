"""What an outline alone says of a region: place, size, and its share of the bone units. Uncertainties are one standard
deviation and PROPOSED."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from marrowmap.core.geometry import Grid, PointMm, Voxel
from marrowmap.core.lesion import Measured, MeasuredHeights, UnitShare
from marrowmap.core.site import Site, site_of_label, sites_by_id
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.imaging.vertebral_heights import measured_heights

Bool = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Box = tuple[slice, slice, slice]
PART_IN_VIEW = "of the part in view"


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
class OutlineMeasures:
    """What is measured of an outline. site_id: the unit most of its voxels lie in; "" outside all units.

    extent_percent: share of that unit's imaged volume. units: every unit touched, the main one first. heights: of the
    vertebra, None outside the spine.
    """

    site_id: str
    centre_mm: PointMm
    volume_ml: Measured
    max_diameter_mm: Measured
    extent_percent: Measured
    heights: MeasuredHeights | None
    units: tuple[UnitShare, ...]


def measure_outline(
    skeleton: Skeleton, region: Bool, box: Box, counts: Counts, edge: Edge, main: Site | None = None
) -> OutlineMeasures:
    """Measure a region given inside ``box`` of the skeleton's grid. counts: voxels of every label. main: the unit that
    it belongs to, where that is known already."""
    grid, labels = skeleton.grid.part(box), skeleton.labels[box]
    units = _shares(region, labels, counts, edge, skeleton, main)
    unit = sites_by_id()[units[0].site_id] if units else None
    missing = Measured(None, "%", None, "lies in no labelled bone")
    return OutlineMeasures(
        site_id=unit.id if unit else "",
        centre_mm=_centre(region, grid),
        volume_ml=_volume(region, grid, edge),
        max_diameter_mm=_diameter(region, grid, edge),
        extent_percent=units[0].share if units else missing,
        heights=measured_heights(skeleton, unit) if unit is not None and unit.is_vertebra else None,
        units=units,
    )


def _shares(
    region: Bool, labels: np.ndarray, counts: Counts, edge: Edge, skeleton: Skeleton, main: Site | None
) -> tuple[UnitShare, ...]:
    """Every unit that the region touches, by falling number of voxels; first of all ``main`` where it is given.

    A unit's uncertainty comes from the region's surface inside it, the main one's from all of it: the outline may end
    too early as well.
    """
    inside = np.bincount(labels[region], minlength=len(counts))
    rim = region & ~ndimage.binary_erosion(region)
    on_rim = np.bincount(labels[rim], minlength=len(counts))
    found = [u for v in np.argsort(-inside) if v and inside[v] and (u := site_of_label(int(v))) is not None]
    if main is not None:
        found = [main, *(unit for unit in found if unit != main)]
    out = []
    for unit in found:
        whole = max(float(counts[unit.label]), 1.0)
        share = min(100.0, 100.0 * float(inside[unit.label]) / whole)
        surface = float(on_rim[unit.label] if out else on_rim.sum())
        error = float(np.hypot(100.0 * edge.surface * surface / whole, 0.1 * share))
        partly = skeleton.coverage.get(unit.id) is Coverage.PARTIAL
        out.append(UnitShare(unit.id, Measured(share, "%", error, note=PART_IN_VIEW if partly else "")))
    return tuple(out)


def _centre(region: Bool, grid: Grid) -> PointMm:
    """Centre of gravity, moved to the nearest voxel of the region so that it lies inside the outline."""
    places = np.argwhere(region)
    distance = ((places - places.mean(axis=0)) * np.array(grid.spacing)) ** 2
    s, r, c = places[int(distance.sum(axis=1).argmin())]
    return grid.to_mm(Voxel(float(s), float(r), float(c)))


def _volume(region: Bool, grid: Grid, edge: Edge) -> Measured:
    surface = int(region.sum() - ndimage.binary_erosion(region).sum())
    volume = float(region.sum()) * grid.voxel_ml
    return Measured(volume, "ml", max(edge.surface * surface, 0.5) * grid.voxel_ml)


def _diameter(region: Bool, grid: Grid, edge: Edge) -> Measured:
    """Largest distance between outline voxels, plus one voxel along that direction; never below a voxel's length."""
    spacing = np.array(grid.spacing)
    rim = region & ~ndimage.binary_erosion(region)
    points = np.argwhere(rim) * spacing
    if len(points) > 60:
        try:
            points = points[ConvexHull(points).vertices]
        except QhullError:
            points = points[:: max(1, len(points) // 400)]
    longest, voxel = 0.0, float(spacing.max())
    if len(points) > 1:
        apart = pdist(points)
        first, second = (ends[int(apart.argmax())] for ends in np.triu_indices(len(points), 1))
        longest = float(apart.max())
        voxel = voxel_along(points[first] - points[second], grid)
    value = max(longest + voxel, float(spacing.max()))
    unsure = 0.5 * max(float(spacing.mean()), voxel)
    return Measured(value, "mm", unsure + edge.length * longest)


def voxel_along(direction: npt.NDArray[np.float64], grid: Grid) -> float:
    """Millimetres that a voxel reaches along a direction, its corners rounded off: with them, slanted diameters of
    known bodies came out too large. direction: along (slices, rows, columns), in millimetres, of any length but 0."""
    along = np.abs(direction) / np.linalg.norm(direction)
    return 1.0 / float(np.linalg.norm(along / np.array(grid.spacing)))
