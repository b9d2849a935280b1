# ruff: noqa: RUF005 -- adding a list to an array adds numbers, it does not join
"""The child of rods: its skin, organs, joints, head and canal, and the bones of arms, legs and trunk."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from types import MappingProxyType

import numpy as np

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import site
from marrowmap.phantom.body import BodyFacts, ChildSpec, Maps, Tissue
from marrowmap.phantom.rods.arms import arm
from marrowmap.phantom.rods.flesh import outline
from marrowmap.phantom.rods.foot import foot, foot_layout
from marrowmap.phantom.rods.growth import proportions
from marrowmap.phantom.rods.hand import hand
from marrowmap.phantom.rods.legs import femur, lower_leg
from marrowmap.phantom.rods.organs import organs
from marrowmap.phantom.rods.posture import posture
from marrowmap.phantom.rods.trunk import (
    disc_profiles,
    head_ellipsoids,
    rib_chain,
    sternal_notch,
    trunk_bones,
)
from marrowmap.phantom.rods.trunk_build import trunk_build
from marrowmap.phantom.solids.bone import SIDES, Bone, paint_bone
from marrowmap.phantom.solids.filling import Filling, fill
from marrowmap.phantom.solids.flesh import Flesh, depth_and_fat
from marrowmap.phantom.solids.shapes import Ellipsoid, Rod, box_of, window

SKIN_MM = 1.7


class RodBody:
    """A digital child made of formulas; see ``Body`` for the interface."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self._p = proportions(spec)
        self._pose = posture(spec, self._p)
        p = self._p
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
        found["chin"] = PointMm(*map(float, pose.joints["vertex"] + p.head / 213 * np.array([0, -80, -200])))
        found["sternal_notch"] = PointMm(*map(float, sternal_notch(p, pose)))
        for side, sign in SIDES:
            layout = foot_layout(self.spec, p, pose, side, sign)
            found[f"toes_{side}"] = PointMm(*map(float, layout.toes))
            found[f"heel_{side}"] = PointMm(*map(float, layout.heel))
        return found

    @cached_property
    def _outline(self) -> list[Flesh]:
        return outline(self.spec, self._p, self._pose)

    @cached_property
    def _bones(self) -> list[Bone]:
        child = (self.spec, self._p, self._pose)
        limbs = (part(*child, *side) for side in SIDES for part in (femur, lower_leg, foot, arm, hand))
        return [*trunk_bones(*child), *chain.from_iterable(limbs)]

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
        depth, fat = depth_and_fat(self._outline, grid)
        self._paint_envelope(maps, depth, fat)
        for filling in organs(self.spec, self._p, self._pose):
            fill(filling, maps, depth)
        self._paint_joints(maps, depth)
        self._paint_head(maps, depth)
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
        phase = np.random.default_rng([self.spec.seed, 31]).uniform(0, 6.28, 4).astype(np.float32)
        s = np.float32(1 / self._p.s)
        waves = (
            np.sin(w.x * (0.115 * s) + 0.9 * np.sin(w.y * (0.09 * s) + phase[0]) + phase[1])
            + np.sin(w.y * (0.13 * s) + 0.8 * np.sin(w.x * (0.07 * s) + phase[2]) + w.z * (0.012 * s))
            + 0.5 * np.sin(w.z * (0.02 * s) + phase[3])
        )
        block = tissue[w.index]
        muscle = inner > 1.0
        np.copyto(block, np.uint8(Tissue.FASCIA), where=(inner > 0) & ~muscle)
        np.copyto(block, np.uint8(Tissue.MUSCLE), where=muscle)
        np.copyto(block, np.uint8(Tissue.FAT), where=muscle & (np.abs(waves) < 0.035))
        np.copyto(block, np.uint8(Tissue.FASCIA), where=muscle & (np.abs(waves - 0.05) < 0.012))

    def _paint_joints(self, maps: Maps, depth: np.ndarray) -> None:
        p, pose = self._p, self._pose
        s = p.s
        for disc, nucleus in disc_profiles(self.spec, p, pose):
            fill(Filling(disc, Tissue.DISC), maps, depth)
            fill(Filling(nucleus, Tissue.DISC_NUCLEUS), maps, depth)
        thoracic = [high for name, _, high in pose.levels if name.startswith("T")]
        notch = sternal_notch(p, pose)
        build = trunk_build(self.spec)
        for i, head in enumerate(thoracic[:9], start=1):
            for _, sign in SIDES:
                end = rib_chain(p, build, head, i, len(thoracic), sign)[-1]
                goal = notch + np.array([sign * 12, -4 - 12 * min(i, 7) / 7, -8 - 105 * min(i, 7) / 7]) * s
                fill(
                    Filling(Rod(np.array([end, goal]), s * np.array([3.8, 3.4])), Tissue.CARTILAGE),
                    maps,
                    depth,
                )
        for side, _ in SIDES:
            hip, knee, ankle, shoulder = (
                pose.joints[f"{j}_{side}"] for j in ("hip", "knee", "ankle", "shoulder")
            )
            fill(Filling(Ellipsoid(hip, (21.5 * s,) * 3), Tissue.SYNOVIAL_FLUID), maps, depth)
            fill(Filling(Ellipsoid(hip, (20.3 * s,) * 3), Tissue.CARTILAGE), maps, depth)
            fill(Filling(Ellipsoid(shoulder, (20.5 * s,) * 3), Tissue.CARTILAGE), maps, depth)
            fill(Filling(Ellipsoid(knee, (28 * s, 19 * s, 5 * s)), Tissue.CARTILAGE), maps, depth)
            fill(
                Filling(Ellipsoid(knee + [0, -4 * s, 0], (26 * s, 13 * s, 1.1 * s)), Tissue.SYNOVIAL_FLUID),
                maps,
                depth,
            )
            fill(
                Filling(
                    Ellipsoid(knee + [0, -22 * s, 38 * s], (13 * s, 2.0 * s, 18 * s)), Tissue.SYNOVIAL_FLUID
                ),
                maps,
                depth,
            )
            fill(
                Filling(Ellipsoid(ankle + [0, 0, -3 * s], (17 * s, 14 * s, 3.6 * s)), Tissue.CARTILAGE),
                maps,
                depth,
            )
            tendon = np.array([knee + [0, -31 * s, 4 * s], knee + [0, -20 * s, -38 * s]])
            fill(Filling(Rod(tendon, s * np.array([3.0, 3.0])), Tissue.FASCIA), maps, depth)

    def _paint_head(self, maps: Maps, depth: np.ndarray) -> None:
        parts = head_ellipsoids(self._p, self._pose)
        low, high = parts["skull"].box()
        w = window(maps.grid, low - 1, high + 1)
        if w is None:
            return
        outer, inner = parts["skull"].distance(w), parts["inside"].distance(w)
        brain = parts["brain"].distance(w)
        s = np.float32(1 / self._p.s)
        folds = (
            5
            * np.sin(w.x * 0.22 * s + np.sin(w.z * 0.17 * s))
            * np.sin(w.y * 0.2 * s + np.sin(w.x * 0.13 * s))
        )
        white = parts["white"].distance(w) + folds
        block = maps.tissue[w.index]
        alive = depth[w.index] > 1.5
        tissue = np.full(w.shape, Tissue.CSF, np.uint8)
        tissue[np.broadcast_to((brain + 0.4 * folds < 0), w.shape)] = Tissue.BRAIN_GREY
        tissue[np.broadcast_to(white < 0, w.shape)] = Tissue.BRAIN_WHITE
        centre = parts["brain"].centre
        for sign in (-1.0, 1.0):
            horn = Ellipsoid(centre + np.array([sign * 11, 0, 6]) / s, (6 / s, 30 / s, 10 / s))
            tissue[np.broadcast_to(horn.distance(w) < 0, w.shape)] = Tissue.CSF
        np.copyto(block, tissue, where=alive & (inner < 0))
        vault = alive & (inner >= 0) & (outer < 0)
        diploe = vault & (inner > 1.4) & (outer < -1.4)
        np.copyto(block, np.uint8(Tissue.CORTEX), where=vault)
        np.copyto(block, np.uint8(Tissue.MARROW), where=diploe)
        np.copyto(maps.site[w.index], np.uint8(site("skull").label), where=vault)
        np.copyto(maps.part[w.index], np.uint8(1), where=vault)
        np.copyto(maps.along[w.index], np.float16(0.5), where=vault)

    def _paint_canal(self, maps: Maps, depth: np.ndarray) -> None:
        s = self._p.s
        names = [name for name, _, _ in self._pose.levels]
        back = np.array([0, 1.0, 0])
        middles = []
        for i, (_, low, high) in enumerate(self._pose.levels):
            deep = s * float(np.interp(i / (len(names) - 1), (0, 0.28, 0.4, 0.75, 1), (6, 7, 9, 12, 13.5)))
            middles.append((low + high) / 2 + back * (deep + 8 * s))
        l5 = self._pose.joints["l5_s1"]
        middles.append(l5 + np.array([0, 24, -14]) * s)
        places = np.array(middles)
        stem = head_ellipsoids(self._p, self._pose)["brain"].centre + np.array([0, 8, -50]) * s
        canal = Rod(np.vstack([stem, places]), np.full(len(places) + 1, 6.6 * s))
        low, high = canal.box()
        w = window(maps.grid, low - 1, high + 1)
        if w is None:
            return
        d = canal.distance(w)
        hit = np.broadcast_to(d < 0, w.shape) & (depth[w.index] > 4)
        maps.tissue[w.index][hit] = Tissue.CSF
        maps.site[w.index][hit] = 0
        maps.part[w.index][hit] = 0
        maps.along[w.index][hit] = np.nan
        maps.to_physis[w.index][hit] = np.nan
        end = names.index("L1") + 2
        cord = Filling(
            Rod(np.vstack([stem, places[:end]]), np.full(end + 1, 3.6 * s)), Tissue.SPINAL_CORD, (Tissue.CSF,)
        )
        fill(cord, maps, depth)


def rod_body(spec: ChildSpec) -> RodBody:
    """The child of rods of ``spec``."""
    return RodBody(spec)
