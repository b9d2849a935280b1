"""The analytic child: formulas instead of meshes, so that nothing learned from the mesh body helps here."""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType

import numpy as np

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.phantom.analytic.brain import brainstem, head_fillings, paint_brain_case
from marrowmap.phantom.analytic.chest import sternal_notch
from marrowmap.phantom.analytic.growth import proportions
from marrowmap.phantom.analytic.joints import joints
from marrowmap.phantom.analytic.limbs import limb_bones
from marrowmap.phantom.analytic.muscles import muscle_groups, paint_muscle_planes
from marrowmap.phantom.analytic.organs import organs
from marrowmap.phantom.analytic.outline import PERINEUM, depth_and_fat, outline
from marrowmap.phantom.analytic.posture import posture
from marrowmap.phantom.analytic.sacrum import sacral_canal, sacral_frames
from marrowmap.phantom.analytic.skull import head_of
from marrowmap.phantom.analytic.spine import spine_levels
from marrowmap.phantom.analytic.trunk import trunk_bones
from marrowmap.phantom.body import BONE_TISSUES, BodyFacts, ChildSpec, Maps, Tissue
from marrowmap.phantom.solids.bone import SIDES, Bone, paint_bone
from marrowmap.phantom.solids.filling import Filling, fill
from marrowmap.phantom.solids.flesh import Flesh
from marrowmap.phantom.solids.shapes import Band, box_of, window

SOFT = tuple(tissue for tissue in Tissue if tissue not in BONE_TISSUES)
SKIN_MM = 1.7


class AnalyticBody:
    """A digital child made of formulas; see ``Body`` for the interface."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self._p = proportions(spec)
        self._pose = posture(spec, self._p)
        p = self._p
        self._head = head_of(spec, p, self._pose)
        self.facts = BodyFacts(
            height_cm=round(p.height / 10, 1),
            weight_kg=round(p.bmi * (p.height / 1000) ** 2, 1),
            numbering=self._pose.numbering,
            arms=self._pose.arms,
            scoliosis_cobb_deg=round(self._pose.cobb, 1),
            lengths_mm=MappingProxyType(
                {"femur": p.femur, "tibia": p.tibia, "humerus": p.humerus, "height": p.height}
            ),
        )
        self.landmarks = self._landmarks()

    def _landmarks(self) -> dict[str, PointMm]:
        pose, p = self._pose, self._p
        found = {name: PointMm(*map(float, place)) for name, place in pose.joints.items()}
        centres = {name: (low + high) / 2 for name, low, high in pose.levels}
        for name in ("C2", "T1", "T12"):
            if name in centres:
                found[name.lower()] = PointMm(*map(float, centres[name]))
        found["chin"] = PointMm(*map(float, self._head.at(0, -95, -92)))
        found["sternal_notch"] = PointMm(*map(float, sternal_notch(p, pose)))
        for side, _ in SIDES:
            forward = pose.foot_forward[side] * p.foot
            ankle = pose.joints[f"ankle_{side}"]
            found[f"toes_{side}"] = PointMm(*map(float, ankle + forward * 0.8))
            found[f"heel_{side}"] = PointMm(*map(float, ankle - forward * 0.22 - [0, 0, 0.15 * p.foot]))
        return found

    @cached_property
    def _outline(self) -> list[Flesh]:
        return outline(self.spec, self._p, self._pose)

    @cached_property
    def _bones(self) -> list[Bone]:
        return trunk_bones(self.spec, self._p, self._pose) + limb_bones(self.spec, self._p, self._pose)

    @cached_property
    def _soft(self) -> list[Filling]:
        return (
            organs(self.spec, self._p, self._pose)
            + head_fillings(self._head)
            + joints(self.spec, self._p, self._pose)
        )

    @property
    def _crotch(self) -> np.ndarray:
        return np.array([0.0, 0.0, self._pose.joints["hip_left"][2] + (PERINEUM + 6) * self._p.a])

    @cached_property
    def extent_mm(self) -> tuple[PointMm, PointMm]:
        """Smallest and largest coordinates of the skin."""
        low, high = box_of([piece.shape for piece in self._outline], 1.0)
        return PointMm(*map(float, low)), PointMm(*map(float, high))

    def paint(self, grid: Grid) -> Maps:
        """All maps of the body on ``grid``."""
        maps = Maps(
            grid,
            np.zeros(grid.shape, np.uint8),
            np.zeros(grid.shape, np.uint8),
            np.zeros(grid.shape, np.uint8),
            np.full(grid.shape, np.nan, np.float16),
            np.full(grid.shape, np.nan, np.float16),
        )
        depth, fat = depth_and_fat(self._outline, grid, self._crotch)
        self._paint_envelope(maps, depth, fat)
        paint_muscle_planes(muscle_groups(self._p, self._pose), maps)
        for filling in self._soft:
            fill(filling, maps, depth)
        paint_brain_case(self._head, maps, depth)
        for bone in self._bones:
            paint_bone(bone, maps, depth)
        self._paint_canal(maps, depth)
        return maps

    def _paint_envelope(self, maps: Maps, depth: np.ndarray, fat: np.ndarray) -> None:
        tissue = maps.tissue
        tissue[depth > 0] = Tissue.SKIN
        tissue[depth > SKIN_MM] = Tissue.FAT
        low, high = (np.array(tuple(p)) for p in self.extent_mm)
        w = window(maps.grid, low - 1, high + 1)
        if w is None:
            return
        inner = depth[w.index] - fat[w.index]
        block = tissue[w.index]
        muscle = inner > 1.0
        np.copyto(block, np.uint8(Tissue.FASCIA), where=(inner > 0) & ~muscle)
        np.copyto(block, np.uint8(Tissue.MUSCLE), where=muscle)

    def _paint_canal(self, maps: Maps, depth: np.ndarray) -> None:
        """Fat, dural sac and cord in the canal from the skull to the sacrum."""
        p = self._p
        levels = spine_levels(p, self._pose)
        centres = [level.at(0, level.canal_back) for level in levels]
        centres[0] = levels[0].at(0, 11 * p.canal)
        wide = [level.canal_wide / 2 for level in levels]
        deep = [level.canal_deep / 2 for level in levels]
        sacral = sacral_canal(p, sacral_frames(p, self._pose))[:3]
        outlet, stem = brainstem(self._head)
        top = self._head.vault(0, 15, 4)
        places = np.array([top, *centres, *sacral])
        wide, deep = [13.0, *wide, 9.0, 7.0, 4.0], [13.0, *deep, 6.0, 4.5, 3.0]
        side = np.array([1.0, 0.0, 0.0])
        sac = np.minimum(0.5 * np.array(wide) + 1.6 * p.canal, 8.5 * p.canal), np.array(deep) * 0.8
        fill(Filling(Band(places, wide, deep, side), Tissue.FAT, SOFT), maps, depth)
        fill(Filling(Band(places, tuple(sac[0]), tuple(sac[1]), side), Tissue.CSF, SOFT), maps, depth)
        fill(Filling(outlet, Tissue.CSF, SOFT), maps, depth)
        fill(Filling(stem, Tissue.BRAIN_WHITE, SOFT), maps, depth)
        end = [level.name for level in levels].index("L1") + 2
        cord = (
            np.interp(np.arange(end), (0, 4, 6, 10, end - 2, end - 1), (6.3, 6.8, 6.5, 4.4, 4.8, 1.5))
            * p.canal
        )
        shape = Band(places[:end], tuple(cord), tuple(0.72 * cord), side)
        fill(Filling(shape, Tissue.SPINAL_CORD, (Tissue.CSF,)), maps, depth)


def analytic_body(spec: ChildSpec) -> AnalyticBody:
    """The analytic child of ``spec``."""
    return AnalyticBody(spec)
