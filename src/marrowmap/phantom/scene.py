"""A body together with its findings: painted on any grid and turned into signal codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import site
from marrowmap.phantom.body import Body, Maps, Tissue
from marrowmap.phantom.findings import Changes, Finding, apply_finding
from marrowmap.phantom.marrow import Marrow
from marrowmap.phantom.signal import (
    FAT_STEPS,
    LEVELS,
    SCLEROSIS_LEVELS,
    SWELLING,
    code_of_tissue,
    marrow_code,
    soft_code,
)
from marrowmap.phantom.vertebra import collapse


@dataclass(frozen=True)
class Painted:
    """A scene on one grid: maps after the findings, signal codes (uint16) and the numbers of lesions and
    others."""

    maps: Maps
    codes: npt.NDArray[np.uint16]
    lesions: npt.NDArray[np.uint16]
    others: npt.NDArray[np.uint16]


class Scene:
    """One child at one time."""

    def __init__(
        self,
        body: Body,
        findings: Sequence[Finding] = (),
        collapsed: dict[str, tuple[float, float, float]] | None = None,
    ) -> None:
        self.body = body
        self.findings = tuple(findings)
        self.collapsed = dict(collapsed or {})
        for finding in self.findings:
            if finding.features.height_loss > 0:
                self.collapsed.setdefault(finding.sites[0], finding.features.height)
        self.marrow = Marrow(body.spec, body.facts.height_cm / 140.0)

    def paint(self, grid: Grid, fine: bool = True) -> Painted:
        """Everything on ``grid``."""
        maps = self.body.paint(grid)
        for name, height in sorted(self.collapsed.items()):
            collapse(maps, site(name).label, height)
        changes = Changes.none(grid)
        for finding in self.findings:
            apply_finding(finding, maps, changes)
        return Painted(maps, self._codes(maps, changes, fine), changes.ids, changes.others)

    def _codes(self, maps: Maps, changes: Changes, fine: bool) -> npt.NDArray[np.uint16]:
        codes = code_of_tissue(maps.tissue)
        marrow = maps.tissue == Tissue.MARROW
        fat = self.marrow.fat_fraction(maps, fine)[marrow]
        top = LEVELS - SCLEROSIS_LEVELS - 1
        level = np.zeros(maps.grid.shape, np.uint8)
        changed = (changes.oedema > 0) | (changes.sclerosis > 0)
        if changed.any():
            hard = np.rint(changes.sclerosis[changed] * SCLEROSIS_LEVELS)
            level[changed] = np.where(hard > 0, top + hard, np.rint(changes.oedema[changed] * top)).astype(
                np.uint8
            )
        codes[marrow] = marrow_code(
            np.rint(fat * (FAT_STEPS - 1)).astype(np.int64), level[marrow].astype(np.int64)
        )
        for index, tissue in enumerate(SWELLING):
            swollen = changed & (maps.tissue == tissue) & (level <= top)
            if swollen.any():
                steps = level[swollen].astype(np.int64)
                codes[swollen] = soft_code(np.full(len(steps), index), steps)
        return codes


@dataclass(frozen=True)
class UnitCloud:
    """Marrow points of one bone unit: places (n, 3) LPS mm, finer bone (n), mm to the growth plate (n, NaN
    none)."""

    points: npt.NDArray[np.float64]
    part: npt.NDArray[np.uint8]
    to_physis: npt.NDArray[np.float32]

    def anchor_of(self, point: npt.NDArray[np.float64]) -> tuple[float, float, float]:
        """Place of ``point`` in standard deviations of the unit's points."""
        u = (point - self.points.mean(axis=0)) / (self.points.std(axis=0) + 1e-6)
        return float(u[0]), float(u[1]), float(u[2])

    def place(self, anchor: tuple[float, float, float], part: int = 0) -> PointMm:
        """The marrow point of this unit that lies at ``anchor``."""
        goal = self.points.mean(axis=0) + np.array(anchor) * self.points.std(axis=0)
        candidates = self.points[self.part == part] if part and np.any(self.part == part) else self.points
        best = candidates[np.argmin(((candidates - goal) ** 2).sum(axis=1))]
        return PointMm(*map(float, best))


def body_grid(body: Body, spacing: tuple[float, float, float], margin: float = 6.0) -> Grid:
    """Coronal grid that holds the whole body."""
    low, high = body.extent_mm
    size = (high.y - low.y + 2 * margin, high.z - low.z + 2 * margin, high.x - low.x + 2 * margin)
    shape = tuple(int(np.ceil(length / step)) for length, step in zip(size, spacing, strict=True))
    start = PointMm(
        low.x - margin + spacing[2] / 2, low.y - margin + spacing[0] / 2, high.z + margin - spacing[1] / 2
    )
    return Grid.coronal((shape[0], shape[1], shape[2]), spacing, start)


def clouds_of(body: Body, spacing_mm: float = 3.0) -> dict[int, UnitCloud]:
    """Marrow points of every bone unit, by label. Units thinner than the spacing use their cortex as well."""
    grid = body_grid(body, (spacing_mm,) * 3)
    maps = body.paint(grid)
    bone = maps.site > 0
    marrow = maps.tissue[bone] == Tissue.MARROW
    index = np.argwhere(bone)
    points = index @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    label, part = maps.site[bone], maps.part[bone]
    to_physis = maps.to_physis[bone].astype(np.float32)
    found = {}
    for value in np.unique(label):
        own = (label == value) & marrow
        if own.sum() < 4:
            own = label == value
        found[int(value)] = UnitCloud(points[own], part[own], to_physis[own])
    return found
