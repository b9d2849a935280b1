"""Bone-local places of the lesions of two exams: the input of ``core.followup.matching``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.followup.places import LesionPlace, bone_key
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import site
from marrowmap.core.skeleton import Skeleton
from marrowmap.imaging.bone_frame import Points, units_of
from marrowmap.imaging.skeleton_fit import SkeletonFit

MOST_POINTS = 150


@dataclass(frozen=True)
class Outline:
    """One lesion in the patient coordinates of its own exam.

    points_mm: (n, 3) LPS, a sample of its voxels. site_ids: units a reader stated, main one first; empty: ask
    the labels.
    """

    points_mm: Points
    volume_ml: float
    site_ids: tuple[str, ...] = ()
    level_uncertain: bool = False

    @property
    def radius_mm(self) -> float:
        """Of the ball with the same volume."""
        return float((3000.0 * max(self.volume_ml, 0.0) / (4 * np.pi)) ** (1 / 3))


def outline_of_mask(
    mask: npt.NDArray[np.bool_], grid: Grid, site_ids: tuple[str, ...] = (), level_uncertain: bool = False
) -> Outline | None:
    """Outline from the voxels of a mask; None for an empty one."""
    voxels = np.argwhere(mask)
    if not len(voxels):
        return None
    chosen = voxels[np.linspace(0, len(voxels) - 1, min(MOST_POINTS, len(voxels))).astype(np.intp)]
    points = chosen @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return Outline(points, len(voxels) * grid.voxel_ml, site_ids, level_uncertain)


def outline_of_ball(
    centre: PointMm, volume_ml: float | None, site_ids: tuple[str, ...] = (), level_uncertain: bool = False
) -> Outline:
    """A ball where a lesion has a centre and a volume but no mask; without a volume one of 0.5 ml."""
    volume = 0.5 if volume_ml is None else volume_ml
    radius = (3000.0 * max(volume, 0.01) / (4 * np.pi)) ** (1 / 3)
    steps = np.array([[x, y, z] for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)], dtype=float)
    norms = np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1.0)
    shells = np.vstack([np.zeros((1, 3)), 0.5 * steps / norms, 0.9 * steps / norms])
    return Outline(np.array(tuple(centre)) + radius * shells, volume, site_ids, level_uncertain)


def lesion_places(
    fit: SkeletonFit,
    before: tuple[Skeleton, Mapping[str, Outline]],
    after: tuple[Skeleton, Mapping[str, Outline]],
) -> tuple[tuple[LesionPlace, ...], tuple[LesionPlace, ...]]:
    """Places of the lesions of both exams in one frame: the bones of the earlier exam.

    A lesion without a unit, stated or found, has no place and is left out; it stays unpaired.
    """
    first, then = before, after
    return (
        tuple(p for k, o in first[1].items() if (p := _place(fit, first[0], k, o, later=False)) is not None),
        tuple(p for k, o in then[1].items() if (p := _place(fit, then[0], k, o, later=True)) is not None),
    )


def _place(
    fit: SkeletonFit, skeleton: Skeleton, name: str, outline: Outline, later: bool
) -> LesionPlace | None:
    ids = outline.site_ids or tuple(u.id for u in units_of(skeleton, outline.points_mm))
    if not ids:
        return None
    bone = bone_key(site(ids[0]))
    points: Points | None = outline.points_mm
    uncertainty, ways = 0.0, []
    if later:
        ways = fit.ways_to_before(outline.points_mm, bone)
        points, uncertainty = ways[0] if ways else (None, 0.0)
    radius = outline.radius_mm
    if later and fit.usual_scale is not None:
        radius *= fit.usual_scale
    where = None if points is None else fit.along(points, bone)
    return LesionPlace(
        lesion_id=name,
        site_ids=ids,
        along=None if where is None else where[0],
        radial_mm=None if where is None else where[1],
        points_mm=points,
        others_mm=tuple(w for w, _ in ways[1:]),
        radius_mm=radius,
        uncertainty_mm=uncertainty,
        level_uncertain=outline.level_uncertain or ids[0] in skeleton.uncertain_levels,
    )
