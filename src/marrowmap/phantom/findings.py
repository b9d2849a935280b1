"""What can be seen in a bone: lesions, and what only looks like one. Shapes in the patient, for any grid."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.phantom.body import Maps, Tissue
from marrowmap.phantom.texture import Field, block_around, crop, places

MASK_SHARE = 0.35
"""A voxel belongs to a finding's mask where at least this share of its full strength is reached."""


class Kind(StrEnum):
    """What a finding is. Only ``CNO_LESION`` is a lesion of the disease."""

    CNO_LESION = "cno_lesion"
    HEALTHY_SPOT = "healthy_spot"
    HEALTHY_MAJOR = "healthy_major"
    NUTRIENT_CANAL = "nutrient_canal"
    BONE_CYST = "bone_cyst"
    STRESS_REACTION = "stress_reaction"
    DIFFUSE_MARROW = "diffuse_marrow"
    DESTRUCTIVE_MASS = "destructive_mass"
    SYMMETRIC_METAPHYSEAL = "symmetric_metaphyseal"

    @property
    def fills_bones(self) -> bool:
        """Whether it takes whole bone units and not a place inside one."""
        return self in (Kind.DIFFUSE_MARROW, Kind.SYMMETRIC_METAPHYSEAL)

    @property
    def is_lesion(self) -> bool:
        """Whether a reader of CNO should mark it."""
        return self is Kind.CNO_LESION


@dataclass(frozen=True)
class Features:
    """What a lesion shows besides marrow oedema. height: anterior, middle, posterior share that is left."""

    periosteal_reaction: bool = False
    soft_tissue_oedema: bool = False
    expansion: bool = False
    crosses_physis: bool = False
    effusion: bool = False
    sclerotic: bool = False
    height: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def height_loss(self) -> float:
        """Greatest loss of vertebral body height, 0 to 1."""
        return 1.0 - min(self.height)


@dataclass(frozen=True)
class Finding:
    """One place of altered marrow.

    id: 1 and up, the same over all exams of a child. sites: ids of the units it may spread in, the main one
    first. strength: 0 to 1, how far the marrow goes from its own signal to fluid-like. radii_mm: half sizes
    along LPS x, y, z before the bone's outline cuts it. plate_mm: how far it reaches from the growth
    plate, None
    when it keeps no contact with one. part: finer bone it is limited to, 0 for none. anchor: place of the
    centre in the unit, as standard deviations of the unit's points along x, y, z.
    """

    id: int
    kind: Kind
    sites: tuple[str, ...]
    labels: tuple[int, ...]
    centre: PointMm
    radii_mm: tuple[float, float, float]
    strength: float
    seed: int
    plate_mm: float | None = None
    part: int = 0
    anchor: tuple[float, float, float] = (0.0, 0.0, 0.0)
    features: Features = field(default_factory=Features)
    parent_ids: tuple[int, ...] = ()

    @property
    def reach_mm(self) -> tuple[float, float, float]:
        """Half sizes along x, y, z of the box that holds everything it changes."""
        x, y, z = (r * 1.6 + 15.0 for r in self.radii_mm)
        return x, y, z

    def grown(self, factor: float) -> Finding:
        """The same finding with all sizes multiplied."""
        radii = (self.radii_mm[0] * factor, self.radii_mm[1] * factor, self.radii_mm[2] * factor)
        return replace(self, radii_mm=radii, plate_mm=self.plate_mm and self.plate_mm * min(factor, 1.5))

    def cover(self, grid: Grid, maps: Maps) -> npt.NDArray[np.float32]:
        """Share of its full effect in every marrow voxel of a block; float32, 0 outside its bone units."""
        x, y, z = places(grid)
        rx, ry, rz = self.radii_mm
        q = np.sqrt(
            ((x - self.centre.x) / rx) ** 2
            + ((y - self.centre.y) / ry) ** 2
            + ((z - self.centre.z) / rz) ** 2
        )
        small = min(self.radii_mm)
        cell = float(np.clip(0.55 * small, 2.2, 9.0))
        wobble = Field([self.seed, 1], (cell,) * 3).on(grid)
        q = q + np.float32(0.34) * wobble
        if self.plate_mm is not None:
            depth = np.nan_to_num(maps.to_physis.astype(np.float32), nan=0.0) / np.float32(self.plate_mm)
            tongues = Field([self.seed, 2], (cell, cell, cell * 3)).on(grid)
            q = np.maximum(q, depth + np.float32(0.45) * tongues)
        cover = np.clip((np.float32(1.08) - q) / np.float32(0.28), 0, 1)
        bone = (maps.tissue == Tissue.MARROW) & np.isin(maps.site, self.labels)
        if self.part:
            bone &= maps.part == self.part
        return np.where(bone, cover, np.float32(0.0)).astype(np.float32)


@dataclass
class Changes:
    """What findings do to a painted body: tissue is changed in ``maps``; these arrays share its shape.

    oedema: 0 to 1 in marrow and soft tissue. sclerosis: 0 to 1. ids: number of the CNO lesion (0 none);
    others: number of any other finding.
    """

    oedema: npt.NDArray[np.float32]
    sclerosis: npt.NDArray[np.float32]
    ids: npt.NDArray[np.uint16]
    others: npt.NDArray[np.uint16]

    @classmethod
    def none(cls, grid: Grid) -> Changes:
        """No change anywhere."""
        return cls(
            np.zeros(grid.shape, np.float32),
            np.zeros(grid.shape, np.float32),
            np.zeros(grid.shape, np.uint16),
            np.zeros(grid.shape, np.uint16),
        )


def apply_finding(finding: Finding, maps: Maps, changes: Changes) -> None:
    """Put ``finding`` into the painted body."""
    index = block_around(maps.grid, np.array(tuple(finding.centre)), np.array(finding.reach_mm))
    if index is None:
        return
    grid = crop(maps.grid, index)
    block = Maps(
        grid,
        *(getattr(maps, name)[index] for name in ("tissue", "site", "part", "along", "to_physis")),
    )
    cover = finding.cover(grid, block)
    mask = cover > MASK_SHARE
    if not mask.any():
        return
    if finding.features.expansion:
        cover = _expand(finding, block, cover)
        mask = cover > MASK_SHARE
    target = changes.ids if finding.kind.is_lesion else changes.others
    view = target[index]
    view[mask & (view == 0)] = finding.id
    if finding.kind is Kind.BONE_CYST:
        block.tissue[mask] = Tissue.SYNOVIAL_FLUID
        return
    grain = Field([finding.seed, 3], (3.0, 3.0, 4.0)).on(grid)
    strong = finding.strength * cover * (1 + np.float32(0.16) * grain)
    if finding.features.sclerotic:
        np.maximum(changes.sclerosis[index], 0.75 * cover, out=changes.sclerosis[index])
        strong = strong * np.float32(0.12)
    if finding.kind is Kind.STRESS_REACTION:
        line = np.abs(places(grid)[2] - finding.centre.z + 2 * grain) < 1.0
        np.maximum(changes.sclerosis[index], np.where(line, cover, 0), out=changes.sclerosis[index])
    np.maximum(changes.oedema[index], np.clip(strong, 0, 1), out=changes.oedema[index])
    _around(finding, block, mask, changes, index)


def _spacing(grid: Grid) -> tuple[float, float, float]:
    return grid.spacing


def _expand(finding: Finding, block: Maps, cover: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Widen the bone around the lesion by a few millimetres; returns the widened cover."""
    bone = np.isin(block.site, finding.labels)
    if finding.part:
        bone &= block.part == finding.part
    outside = ndimage.distance_transform_edt(~bone, sampling=_spacing(block.grid))
    core = ndimage.distance_transform_edt(cover <= MASK_SHARE, sampling=_spacing(block.grid))
    grow = float(np.clip(0.22 * min(finding.radii_mm), 1.5, 4.0))
    soft = np.isin(block.tissue, [Tissue.MUSCLE, Tissue.FAT, Tissue.FASCIA, Tissue.CONNECTIVE])
    new = soft & (outside <= grow) & (core < grow + 3)
    rim = new & (outside > grow - 1.2)
    inner = new & ~rim
    near_old = (block.tissue == Tissue.CORTEX) & bone & (core < 3.0)
    block.tissue[inner | near_old] = Tissue.MARROW
    block.tissue[rim] = Tissue.CORTEX
    block.site[new] = finding.labels[0]
    block.part[new] = finding.part
    block.along[new] = np.nanmedian(block.along[bone])
    return np.where(inner | near_old, np.maximum(cover, np.float32(0.8)), cover)


def _around(
    finding: Finding,
    block: Maps,
    mask: npt.NDArray[np.bool_],
    changes: Changes,
    index: tuple[slice, slice, slice],
) -> None:
    """Periosteal layer, soft-tissue oedema, a mass, joint fluid."""
    f = finding.features
    mass = finding.kind is Kind.DESTRUCTIVE_MASS
    if not (f.periosteal_reaction or f.soft_tissue_oedema or f.effusion or mass):
        return
    spacing = _spacing(block.grid)
    away = ndimage.distance_transform_edt(~mask, sampling=spacing)
    soft = np.isin(block.tissue, [Tissue.MUSCLE, Tissue.FAT, Tissue.FASCIA, Tissue.CONNECTIVE])
    oedema = changes.oedema[index]
    if f.periosteal_reaction or f.soft_tissue_oedema:
        bone = (block.site > 0) | (block.tissue == Tissue.PHYSIS)
        from_bone = ndimage.distance_transform_edt(~bone, sampling=spacing)
        if f.soft_tissue_oedema:
            cloud = (
                np.clip(1 - away / 14.0, 0, 1)
                * np.clip(1.2 - from_bone / 9.0, 0, 1)
                * 0.75
                * finding.strength
            )
            fluffy = 1 + 0.6 * Field([finding.seed, 4], (5.0, 5.0, 8.0)).on(block.grid)
            np.maximum(oedema, np.where(soft, np.clip(cloud * fluffy, 0, 1), 0), out=oedema)
        if f.periosteal_reaction:
            layer = soft & (away < 7.0) & (from_bone > 0) & (from_bone < 2.6)
            np.maximum(oedema, np.where(layer, np.float32(0.9), 0), out=oedema)
    if mass:
        lump = soft & (away < 0.9 * max(finding.radii_mm))
        np.maximum(oedema, np.where(lump, np.float32(0.65), 0), out=oedema)
    if f.effusion:
        joint = block.tissue == Tissue.SYNOVIAL_FLUID
        if joint.any():
            near = ndimage.distance_transform_edt(~joint, sampling=spacing)
            block.tissue[soft & (near < 3.2)] = Tissue.SYNOVIAL_FLUID
