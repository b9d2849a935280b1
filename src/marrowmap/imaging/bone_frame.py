"""Bone-local coordinates: where a point lies in its bone, and how a bone of one exam maps onto the other.

Image registration alone moves bones by centimetres when a child lies differently; each bone by itself is nearly
rigid and grows along its axes. So every bone is fitted alone: first by its axes (principal axis of a long bone,
signs fixed by its segments or the patient's axes), then by its surface (iterated closest points with an affine
map held near the first one). See ``docs/concepts/follow-up.md`` for what was compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from marrowmap.core.followup.places import bone_key
from marrowmap.core.geometry import PointMm
from marrowmap.core.site import Segment, Side, Site, all_sites, site_of_label
from marrowmap.core.skeleton import Skeleton
from marrowmap.imaging.nearest_unit import REACH_MM, nearest_unit

Points = npt.NDArray[np.float64]

ELONGATED = 3.5
"""A bone whose largest variance is this many times the second has a long axis of its own (ours)."""
MOST_POINTS = 700
FEWEST_POINTS = 12
ROUNDS = 14
KEPT_SHARE = 0.85
"""Share of the closest points that a round of fitting uses; the rest may be cut off or mislabelled."""
HOLD = 0.08
"""How firmly the fit is held near the one by axes, as a share of the points' own variance."""
SEGMENT_MM = 12.0
"""How much farther a point of another segment of the same bone counts as being."""
LEAST_UNCERTAINTY_MM = 1.5
LINK_MM, ISLAND_SHARE = 22.0, 0.5
"""Points farther apart than this are separate parts; a part with less than this share of the largest is left out."""
STARTS = (Segment.PROXIMAL_EPIPHYSIS, Segment.PROXIMAL_METAPHYSIS, Segment.PROXIMAL_END, Segment.MEDIAL,
          Segment.MANUBRIUM, Segment.S1)  # fmt: skip
ENDS = (Segment.DISTAL_EPIPHYSIS, Segment.DISTAL_METAPHYSIS, Segment.DISTAL_END, Segment.LATERAL,
        Segment.BODY, Segment.S2_S5)  # fmt: skip


@dataclass(frozen=True)
class BonePoints:
    """Surface points of one bone: places_mm (n, 3) LPS and labels (n,) of their segments."""

    bone: str
    places_mm: Points
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class BoneFrame:
    """Axes of one bone. axes: rows are unit vectors along, across (towards the patient's left), deep (back).

    Coordinates: fraction along the bone (0 proximal, cranial or medial end; 1 the other), then millimetres
    across and deep, from the bone's axis.
    """

    bone: str
    start_mm: Points
    axes: Points
    length_mm: float
    spread_mm: Points

    def place(self, points_mm: Points) -> Points:
        """(n, 3) bone-local coordinates of LPS points: fraction, mm, mm."""
        local: Points = (points_mm - self.start_mm) @ self.axes.T
        local[:, 0] /= max(self.length_mm, 1e-6)
        return local


@dataclass(frozen=True)
class BoneFit:
    """Maps a bone of the later exam onto the earlier one: ``before = matrix @ after + shift``, LPS mm.

    growth: how many times its earlier volume the bone has now. residual_mm: mean distance of surfaces left.
    """

    bone: str
    matrix: Points
    shift: Points
    residual_mm: float
    method: str

    @property
    def growth(self) -> float:
        """Volume of the bone now over its volume before."""
        return 1.0 / max(abs(float(np.linalg.det(self.matrix))), 1e-6)

    def to_before(self, points_mm: Points) -> Points:
        """LPS points of the later exam in the earlier exam's patient coordinates."""
        mapped: Points = points_mm @ self.matrix.T + self.shift
        return mapped

    def to_after(self, points_mm: Points) -> Points:
        """LPS points of the earlier exam in the later exam's patient coordinates."""
        mapped: Points = (points_mm - self.shift) @ np.linalg.inv(self.matrix).T
        return mapped


def bone_points(skeleton: Skeleton) -> dict[str, BonePoints]:
    """Surface points of every labelled bone, thinned evenly, by ``bone_key``."""
    labels = skeleton.labels
    voxels = np.argwhere(labels)
    if not len(voxels):
        return {}
    own = labels[tuple(voxels.T)]
    edge = np.zeros(len(voxels), dtype=bool)
    for axis in range(3):
        for step in (-1, 1):
            beside = voxels.copy()
            beside[:, axis] = np.clip(beside[:, axis] + step, 0, labels.shape[axis] - 1)
            edge |= labels[tuple(beside.T)] != own
    places = voxels @ skeleton.grid.affine[:3, :3].T + skeleton.grid.affine[:3, 3]
    units: dict[str, list[int]] = {}
    for value in np.unique(own):
        unit = site_of_label(int(value))
        if unit is not None:
            units.setdefault(bone_key(unit), []).append(unit.label)
    return {
        bone: BonePoints(bone, *_main_part(*_thinned(places[mine], own[mine])))
        for bone, values in units.items()
        if (mine := edge & np.isin(own, values)).any()
    }


def _main_part(places: Points, labels: npt.NDArray[np.uint8]) -> tuple[Points, npt.NDArray[np.uint8]]:
    """Without small islands far from the rest: most are another bone under a wrong name."""
    linked = cKDTree(places).query_pairs(LINK_MM, output_type="ndarray")
    ones = np.ones(len(linked), dtype=bool)
    n, part = connected_components(
        coo_matrix((ones, (linked[:, 0], linked[:, 1])), shape=(len(places), len(places))), directed=False
    )
    if n == 1:
        return places, labels
    sizes = np.bincount(part)
    kept = sizes[part] >= ISLAND_SHARE * sizes.max()
    return places[kept], labels[kept]


def _thinned(places: Points, labels: npt.NDArray[np.uint8]) -> tuple[Points, npt.NDArray[np.uint8]]:
    """At most MOST_POINTS, taken evenly in reading order, so that the same exam gives the same points."""
    if len(places) <= MOST_POINTS:
        return places, labels
    chosen = np.linspace(0, len(places) - 1, MOST_POINTS).astype(np.intp)
    return places[chosen], labels[chosen]


def frame_of(points: BonePoints) -> BoneFrame:
    """Axes of a bone: its principal axis where it is long, else the patient's axes; signs always fixed."""
    places = points.places_mm
    middle = places.mean(axis=0)
    centred = places - middle
    values, vectors = np.linalg.eigh(centred.T @ centred / len(places) + 1e-6 * np.eye(3))
    along = np.array([0.0, 0.0, -1.0])
    if values[2] > ELONGATED * values[1]:
        along = vectors[:, 2]
    towards = _direction(points)
    if along @ towards < 0:
        along = -along
    left = np.array([1.0, 0.0, 0.0]) if abs(along[0]) < 0.8 else np.array([0.0, 0.0, 1.0])
    across = left - (left @ along) * along
    across /= np.linalg.norm(across)
    deep = np.cross(along, across)
    if deep[1] < 0:
        deep = -deep
    axes = np.stack([along, across, deep])
    local = (places - middle) @ axes.T
    low, high = np.percentile(local[:, 0], (1, 99))
    spread = np.maximum(local.std(axis=0), 1.0)
    return BoneFrame(points.bone, middle + low * along, axes, float(max(high - low, 1.0)), spread)


def names_its_ends(points: BonePoints) -> bool:
    """Whether the segments in view tell the proximal from the distal end."""
    return all(_at_ends(points))


def _at_ends(points: BonePoints) -> tuple[list[int], list[int]]:
    """Labels of the segments at the proximal and at the distal end that are in view."""
    units = [u for v in np.unique(points.labels) if (u := site_of_label(int(v))) is not None]
    return [u.label for u in units if u.segment in STARTS], [u.label for u in units if u.segment in ENDS]


def _direction(points: BonePoints) -> Points:
    """From the proximal to the distal end: by the segments when two ends are seen, else towards the feet."""
    starts, ends = _at_ends(points)
    if starts and ends:
        far = points.places_mm[np.isin(points.labels, ends)].mean(axis=0)
        near = points.places_mm[np.isin(points.labels, starts)].mean(axis=0)
        return np.asarray(far - near)
    unit = site_of_label(int(points.labels[0]))
    if unit is not None and unit.bone == "clavicle":
        return np.array([1.0 if unit.side is Side.LEFT else -1.0, 0.0, 0.0])
    return np.array([0.0, 0.0, -1.0])


def fit_bone(before: BonePoints, after: BonePoints, usual_scale: float | None = None) -> BoneFit | None:
    """Fit a bone of the later exam onto the earlier one by the segments that both show; None without any.

    usual_scale: length before over length now of the other bones, for a bone that is cut off or tiny.
    """
    common = np.intersect1d(before.labels, after.labels)
    p = before.places_mm[np.isin(before.labels, common)]
    q = after.places_mm[np.isin(after.labels, common)]
    if not len(p) or not len(q):
        return None
    if min(len(p), len(q)) < FEWEST_POINTS:
        matrix = np.eye(3) * (usual_scale or 1.0)
        shift = p.mean(axis=0) - matrix @ q.mean(axis=0)
        return BoneFit(before.bone, matrix, shift, 4.0, "centre")
    p_labels = before.labels[np.isin(before.labels, common)]
    q_labels = after.labels[np.isin(after.labels, common)]
    matrix, shift = _by_axes(
        BonePoints(before.bone, p, p_labels), BonePoints(after.bone, q, q_labels), usual_scale
    )
    return by_surface(before.bone, (p, p_labels), (q, q_labels), matrix, shift)


def _by_axes(before: BonePoints, after: BonePoints, usual_scale: float | None) -> tuple[Points, Points]:
    first, then = frame_of(before), frame_of(after)
    scale = np.clip(first.spread_mm / then.spread_mm, 0.7, 1.2)
    if usual_scale is not None:
        scale = np.clip(scale, 0.85 * usual_scale, 1.15 * usual_scale)
    matrix = first.axes.T @ np.diag(scale) @ then.axes
    shift = before.places_mm.mean(axis=0) - matrix @ after.places_mm.mean(axis=0)
    return matrix, shift


def by_surface(
    bone: str,
    before: tuple[Points, npt.NDArray[np.uint8]],
    after: tuple[Points, npt.NDArray[np.uint8]],
    matrix: Points,
    shift: Points,
) -> BoneFit:
    """Iterated closest points, both ways, trimmed, held near the start."""
    (p, p_labels), (q, q_labels) = before, after
    own = {int(v): i * SEGMENT_MM for i, v in enumerate(np.unique(p_labels))}
    p_mark = np.array([own[int(v)] for v in p_labels])[:, None]
    q_mark = np.array([own[int(v)] for v in q_labels])[:, None]
    tree = cKDTree(np.hstack([p, p_mark]))
    start, middle = matrix, q.mean(axis=0)
    hold = HOLD * float(((q - middle) ** 2).sum()) / 3 * 2
    residual = np.inf
    for _ in range(ROUNDS):
        moved = q @ matrix.T + shift
        there, nearest = tree.query(np.hstack([moved, q_mark]))
        back, nearest_back = cKDTree(np.hstack([moved, q_mark])).query(np.hstack([p, p_mark]))
        source = np.vstack([q, q[nearest_back]])
        target = np.vstack([p[nearest], p])
        distance = np.concatenate([there, back])
        kept = distance <= np.quantile(distance, KEPT_SHARE)
        new_matrix, new_shift = affine_between(source[kept], target[kept], start, hold)
        moved_by = float(np.abs((q @ new_matrix.T + new_shift) - moved).max())
        matrix, shift, residual = new_matrix, new_shift, float(distance[kept].mean())
        if moved_by < 0.2:
            break
    return BoneFit(bone, matrix, shift, residual, "surface")


def affine_between(source: Points, target: Points, start: Points, hold: float) -> tuple[Points, Points]:
    """Least squares affine map, its matrix drawn towards ``start`` with weight ``hold``."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    x, y = source - a, target - b
    left = x.T @ x + hold * np.eye(3)
    right = y.T @ x + hold * start
    matrix: Points = np.linalg.solve(left.T, right.T).T
    return matrix, b - matrix @ a


def units_of(skeleton: Skeleton, points_mm: Points, reach_mm: float = REACH_MM) -> tuple[Site, ...]:
    """Units that the points lie in, most points first; outside all bone the nearest unit within ``reach_mm``."""
    grid = skeleton.grid
    voxels = np.rint((points_mm - grid.affine[:3, 3]) @ np.linalg.inv(grid.affine[:3, :3]).T).astype(np.intp)
    inside = ((voxels >= 0) & (voxels < np.array(grid.shape))).all(axis=1)
    counts = np.bincount(skeleton.labels[tuple(voxels[inside].T)], minlength=len(all_sites()) + 1)
    counts[0] = 0
    found = [site_of_label(int(v)) for v in np.argsort(-counts, kind="stable") if counts[v] > 0]
    if found:
        return tuple(u for u in found if u is not None)
    near = nearest_unit(skeleton, PointMm(*map(float, points_mm.mean(axis=0))), reach_mm)
    return () if near is None else (near.unit,)
