"""One analytic bone: shapes joined, divided by growth plates into units, wrapped in cortex and cartilage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from marrowmap.core.site import site
from marrowmap.phantom.body import Maps, Tissue
from marrowmap.phantom.solids.shapes import Band, Rod, Shape, Vector, Window, box_of, union_distance, window

PLATE_HALF_MM = 1.3
SIDES = (("right", -1.0), ("left", 1.0))
"""Sides with the sign of x in LPS."""


def label_of(name: str) -> int:
    """Label of the bone unit ``name``."""
    return site(name).label


@dataclass(frozen=True)
class Plate:
    """A growth plate (open or closed) and the units it separates.

    centre; normal points towards the epiphysis. epiphysis, metaphysis: labels beyond and up to ``reach_mm``
    before the plate. radius_mm: how far from the centre the plate rules. is_open: whether cartilage is left.
    """

    centre: Vector
    normal: Vector
    epiphysis: int
    metaphysis: int
    reach_mm: float
    radius_mm: float
    is_open: bool


@dataclass(frozen=True)
class Bone:
    """Shapes of one bone with its labels.

    label: unit of everything no plate claims. axis: proximal and distal end for ``along``. cortex_mm: in the
    ends and in the shaft. cartilage_mm: thickness of the unossified cartilage around epiphyses.
    holes: what is cut out. blend_mm: how softly the shapes flow into each other.
    """

    shapes: Sequence[Shape]
    label: int
    axis: tuple[Vector, Vector]
    plates: Sequence[Plate] = field(default_factory=tuple)
    cortex_mm: tuple[float, float] = (1.0, 1.0)
    cartilage_mm: float = 0.0
    part: int = 0
    holes: Sequence[Shape] = field(default_factory=tuple)
    blend_mm: float = 0.0


def paint_bone(bone: Bone, maps: Maps, depth: np.ndarray) -> None:
    """Paint ``bone`` into ``maps`` where ``depth`` (mm below the skin) leaves room for it."""
    low, high = box_of(bone.shapes, 1.0)
    w = window(maps.grid, low, high)
    if w is None:
        return
    distance = union_distance(bone.shapes, w, bone.blend_mm)
    if bone.holes:
        distance = np.maximum(distance, -union_distance(bone.holes, w))
    inside = (distance < 0) & (depth[w.index] > 1.5)
    if not inside.any():
        return
    place = _along(bone, w)
    label = np.full(w.shape, bone.label, dtype=np.uint8)
    to_plate = np.full(w.shape, np.nan, dtype=np.float32)
    epiphysis = np.zeros(w.shape, dtype=bool)
    plate_voxel = np.zeros(w.shape, dtype=bool)
    for plate in bone.plates:
        _divide(plate, w, label, to_plate, epiphysis, plate_voxel)
    ends = np.minimum(place, 1 - place)
    thick = np.float32(bone.cortex_mm[0]) + np.float32(bone.cortex_mm[1] - bone.cortex_mm[0]) * np.clip(
        (ends - 0.12) / 0.2, 0, 1
    )
    tissue = np.where(distance > -thick, np.uint8(Tissue.CORTEX), np.uint8(Tissue.MARROW))
    if bone.cartilage_mm > 0:
        tissue[epiphysis & (distance > -bone.cartilage_mm)] = Tissue.CARTILAGE
    tissue[plate_voxel] = Tissue.PHYSIS
    bony = inside & ((tissue == Tissue.CORTEX) | (tissue == Tissue.MARROW))
    np.copyto(maps.tissue[w.index], tissue, where=inside)
    np.copyto(maps.site[w.index], np.where(bony, label, np.uint8(0)), where=inside)
    np.copyto(maps.part[w.index], np.where(bony, np.uint8(bone.part), np.uint8(0)), where=inside)
    np.copyto(maps.along[w.index], place.astype(np.float16), where=bony)
    np.copyto(maps.to_physis[w.index], to_plate.astype(np.float16), where=bony)


def _along(bone: Bone, w: Window) -> np.ndarray:
    if len(bone.shapes) == 1 and isinstance(bone.shapes[0], Rod | Band):
        return np.broadcast_to(bone.shapes[0].distance_and_place(w)[1], w.shape)
    a, b = bone.axis
    ab = b - a
    return np.broadcast_to(np.clip(w.dot(ab, a) / np.float32(ab @ ab), 0, 1), w.shape)


def _divide(
    plate: Plate,
    w: Window,
    label: np.ndarray,
    to_plate: np.ndarray,
    epiphysis: np.ndarray,
    plate_voxel: np.ndarray,
) -> None:
    height = w.dot(plate.normal, plate.centre)
    aside = (
        (w.x - np.float32(plate.centre[0])) ** 2
        + (w.y - np.float32(plate.centre[1])) ** 2
        + (w.z - np.float32(plate.centre[2])) ** 2
    )
    height = height + np.float32(0.6) * np.sin(w.x * np.float32(0.35)) * np.sin(w.y * np.float32(0.3))
    near = (aside < plate.radius_mm**2) & (height > -plate.reach_mm)
    label[near & (height <= 0)] = plate.metaphysis
    beyond = near & (height > 0)
    label[beyond] = plate.epiphysis
    if plate.is_open:
        epiphysis |= beyond
        wide = aside < (plate.radius_mm + plate.reach_mm) ** 2
        gap = np.where(wide, np.abs(height), np.float32(np.nan))
        np.fmin(to_plate, gap, out=to_plate)
        plate_voxel |= near & (np.abs(height) < PLATE_HALF_MM)
