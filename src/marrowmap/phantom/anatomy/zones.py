"""Which part of a bone a point belongs to: segment, growth plate, unossified cartilage, place along the bone.

All rules are written for right bones in template millimetres; the left side mirrors them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.site import sites_by_id
from marrowmap.phantom.anatomy.growth import Growth
from marrowmap.phantom.body import PARTS, Tissue

Points = npt.NDArray[np.float32]


@dataclass
class Labels:
    """Labels of n points inside one bone; see ``Maps`` for their meaning."""

    site: npt.NDArray[np.uint8]
    part: npt.NDArray[np.uint8]
    along: npt.NDArray[np.float32]
    to_physis: npt.NDArray[np.float32]
    tissue: npt.NDArray[np.uint8]


Labeller = Callable[[Points, npt.NDArray[np.float32]], Labels]
"""From template points (n, 3) and distances to the surface in world millimetres to labels."""


def site_label(site_id: str) -> int:
    """Label value of a unit; 0 for "" (a bone that is no unit)."""
    return sites_by_id()[site_id].label if site_id else 0


def cortex_or_marrow(
    sdf: npt.NDArray[np.float32], cortex_mm: npt.NDArray[np.float32] | float
) -> npt.NDArray[np.uint8]:
    """Cortex where the surface is nearer than ``cortex_mm``."""
    return np.where(sdf > -np.asarray(cortex_mm), np.uint8(Tissue.CORTEX), np.uint8(Tissue.MARROW)).astype(
        np.uint8
    )


@dataclass(frozen=True)
class Plate:
    """A growth plate: a plane (template), bulged by ``bow`` millimetres per square centimetre off its axis.

    normal points into the epiphysis. name: key of CLOSING_AGE.
    """

    name: str
    point: tuple[float, float, float]
    normal: tuple[float, float, float]
    bow: float = 0.0
    wave: float = 0.6

    def height(self, p: Points) -> npt.NDArray[np.float32]:
        """Template millimetres above the plate, positive in the epiphysis."""
        n = np.asarray(self.normal, np.float32)
        n = n / np.linalg.norm(n)
        v = p - np.asarray(self.point, np.float32)
        h = v @ n
        radial2 = np.maximum((v * v).sum(1) - h * h, 0)
        ripple = np.sin(v[:, 0] * 0.35) * np.sin(v[:, 1] * 0.3 + 1.0)
        return h + np.float32(self.bow * 0.01) * radial2 + np.float32(self.wave) * ripple


@dataclass(frozen=True)
class LongBone:
    """Zones of one long bone; heights are template z of the plates and the ends of metaphyses."""

    bone: str
    top: float
    bottom: float
    plates: tuple[Plate, Plate]
    metaphyses: tuple[float, float]
    shaft_cortex: float
    by_ends: bool = False
    """Units are proximal end, shaft and distal end (radius, ulna, fibula)."""


LONG_BONES = {
    "femur": LongBone(
        "femur",
        -58.0,
        -508.0,
        (
            Plate("femur_proximal", (-86.0, 56.0, -85.0), (0.80, 0.05, 0.60), 0.5),
            Plate("femur_distal", (-77.0, 57.0, -472.0), (0, 0, -1), -0.25, 1.4),
        ),
        (-165.0, -425.0),
        5.2,
    ),
    "tibia": LongBone(
        "tibia",
        -501.0,
        -876.0,
        (
            Plate("tibia_proximal", (-80.0, 57.0, -520.0), (0, 0, 1), -0.15, 1.2),
            Plate("tibia_distal", (-80.0, 67.0, -850.0), (0, 0, -1), 0.1, 0.8),
        ),
        (-568.0, -812.0),
        5.0,
    ),
    "humerus": LongBone(
        "humerus",
        476.0,
        150.0,
        (
            Plate("humerus_proximal", (-168.0, 104.0, 449.0), (0.2, 0, 1), 0.7, 0.5),
            Plate("humerus_distal", (-160.0, 98.0, 168.0), (0, 0, -1), -0.1, 0.5),
        ),
        (400.0, 205.0),
        4.2,
    ),
    "fibula": LongBone(
        "fibula",
        -526.0,
        -890.0,
        (
            Plate("fibula_proximal", (-104.0, 78.0, -542.0), (0, 0, 1), 0.0, 0.4),
            Plate("fibula_distal", (-100.0, 75.0, -866.0), (0, 0, -1), 0.0, 0.4),
        ),
        (-572.0, -838.0),
        2.6,
        by_ends=True,
    ),
    "radius": LongBone(
        "radius",
        153.0,
        -92.0,
        (
            Plate("radius_proximal", (-176.0, 97.0, 141.0), (0, 0, 1), 0.0, 0.3),
            Plate("radius_distal", (-197.0, 80.0, -78.0), (0, 0, -1), 0.0, 0.5),
        ),
        (118.0, -52.0),
        2.6,
        by_ends=True,
    ),
    "ulna": LongBone(
        "ulna",
        174.0,
        -86.0,
        (
            Plate("ulna_proximal", (-158.0, 106.0, 168.0), (0, 0.3, 1), 0.0, 0.3),
            Plate("ulna_distal", (-196.0, 105.0, -78.0), (0, 0, -1), 0.0, 0.3),
        ),
        (118.0, -55.0),
        2.6,
        by_ends=True,
    ),
}

TROCHANTER = Plate("greater_trochanter", (-124.0, 62.0, -86.0), (-0.75, 0.12, 0.62), 0.1, 0.5)


def long_bone(bone: str, side: str, growth: Growth, axial: float) -> Labeller:
    """Labeller of a long bone; ``axial`` is its length over the template's."""
    zones = LONG_BONES[bone]
    names = (
        ("proximal_end", "proximal_end", "shaft", "distal_end", "distal_end")
        if zones.by_ends
        else (
            "proximal_epiphysis",
            "proximal_metaphysis",
            "diaphysis",
            "distal_metaphysis",
            "distal_epiphysis",
        )
    )
    sites = [site_label(f"{bone}_{name}_{side}") for name in names]
    apophysis = site_label(f"greater_trochanter_{side}") if bone == "femur" else 0

    def label(p: Points, sdf: npt.NDArray[np.float32]) -> Labels:
        z = p[:, 2]
        top, bottom = (plate.height(p) * axial for plate in zones.plates)
        if bone == "femur":
            top = np.where(z > -150.0, top, -99.0)
        middle = 0.5 * (zones.top + zones.bottom)
        site = np.full(len(p), sites[2], np.uint8)
        site[z > zones.metaphyses[0]] = sites[1]
        site[z < zones.metaphyses[1]] = sites[3]
        site[(top > 0) & (z > middle)] = sites[0]
        site[(bottom > 0) & (z < middle)] = sites[4]
        epiphysis = ((top > 0) & (z > middle)) | ((bottom > 0) & (z < middle))
        distance = np.full(len(p), np.inf, np.float32)
        plates = [(zones.plates[0].name, top, z > middle), (zones.plates[1].name, bottom, z <= middle)]
        if apophysis:
            rise = TROCHANTER.height(p) * axial
            upper = (z > -150.0) & (p[:, 0] < -104.0)
            site[(rise > 0) & upper] = apophysis
            epiphysis |= (rise > 0) & upper
            plates.append((TROCHANTER.name, np.where(upper, rise, 99.0), upper))
        mid = np.clip(np.minimum(zones.metaphyses[0] - z, z - zones.metaphyses[1]) / 60.0, 0.0, 1.0)
        cortex = (0.9 + zones.shaft_cortex * growth.girth * 0.62 * mid).astype(np.float32)
        tissue = cortex_or_marrow(
            sdf, np.minimum(cortex, np.float32(0.45) * max(-float(sdf.min()), 1.0) + 0.3)
        )
        half = growth.physis_mm / 2
        for name, height, where in plates:
            if not growth.is_open(name):
                continue
            distance = np.minimum(distance, np.abs(height))
            tissue[(np.abs(height) < half) & where] = Tissue.PHYSIS
            beyond = (height > half) & where & epiphysis
            rim = min(growth.cartilage_mm, 0.5 * -float(sdf[beyond].min(initial=0.0)))
            soft = beyond & (sdf > -rim)
            tissue[soft] = Tissue.CARTILAGE
            # Unossified cartilage bears no unit; a thin plate of bone lines both sides of the growth plate.
            line = (np.abs(np.abs(height) - half - 0.35) < 0.35) & where & (tissue == Tissue.MARROW)
            tissue[line] = Tissue.CORTEX
        distance[~np.isfinite(distance)] = np.nan
        along = np.clip((zones.top - z) / (zones.top - zones.bottom), 0, 1)
        return Labels(site, np.zeros(len(p), np.uint8), along, distance, tissue)

    return label


def small_bone(
    site_id: str,
    part: int,
    growth: Growth,
    axis: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    scale: float,
    plate: tuple[str, float] | None = None,
    rim: float = 1.0,
) -> Labeller:
    """Labeller of a bone that is one unit (or part of one).

    axis: template points of its proximal and distal ends. plate: closing key and place along the axis of a
    growth plate. rim: share of the child's epiphyseal cartilage that surrounds the whole bone (0 none).
    """
    unit = site_label(site_id)
    start, end = (np.asarray(v, np.float32) for v in axis)
    length = max(float(np.linalg.norm(end - start)), 1.0)
    direction = (end - start) / length

    def label(p: Points, sdf: npt.NDArray[np.float32]) -> Labels:
        along = (p - start) @ direction / length
        depth = max(-float(sdf.min(initial=-1.0)), 0.8)
        soft = min(growth.cartilage_mm * rim, 0.5 * depth)
        cortex = min(0.9, 0.3 * depth)
        tissue = cortex_or_marrow(sdf + soft, cortex)
        distance = np.full(len(p), np.nan, np.float32)
        if plate is not None and growth.is_open(plate[0]):
            distance = np.abs(along - plate[1]) * length * scale
            tissue[distance < max(growth.physis_mm * 0.35, 0.6)] = Tissue.PHYSIS
        tissue[sdf > -soft] = Tissue.CARTILAGE if soft > 0 else Tissue.CORTEX
        return Labels(
            np.full(len(p), unit, np.uint8),
            np.full(len(p), part, np.uint8),
            np.clip(along, 0, 1),
            distance,
            tissue,
        )

    return label


def clavicle(side: str, growth: Growth, scale: float, low_x: float, high_x: float) -> Labeller:
    """Medial and lateral halves; template x runs from ``low_x`` (lateral) to ``high_x`` (medial)."""
    medial, lateral = site_label(f"clavicle_medial_{side}"), site_label(f"clavicle_lateral_{side}")

    def label(p: Points, sdf: npt.NDArray[np.float32]) -> Labels:
        along = (high_x - p[:, 0]) / (high_x - low_x)
        site = np.where(along < 0.5, medial, lateral).astype(np.uint8)
        distance = np.abs(high_x - p[:, 0] - 5.0) * scale
        tissue = cortex_or_marrow(sdf, 1.1)
        # The medial plate is the last of all to close, after 18 years.
        tissue[distance < 0.8] = Tissue.PHYSIS
        return Labels(site, np.zeros(len(p), np.uint8), np.clip(along, 0, 1), distance, tissue)

    return label


HIP_CENTRE = np.array([-77.3, 56.3, -72.0], np.float32)


def hemipelvis(side: str, growth: Growth, scale: float) -> Labeller:
    """Ilium, ischium and pubis, which meet in the triradiate cartilage at the hip."""
    ilium, ischium, pubis = (site_label(f"{bone}_{side}") for bone in ("ilium", "ischium", "pubis"))

    def label(p: Points, sdf: npt.NDArray[np.float32]) -> Labels:
        v = p - HIP_CENTRE
        up = v[:, 2] + 0.10 * v[:, 1]
        back = 0.94 * v[:, 1] - 0.33 * v[:, 2]
        site = np.where(up > 0, ilium, np.where(back > 0, ischium, pubis)).astype(np.uint8)
        near = np.where(up > 0, np.abs(up), np.minimum(np.abs(up), np.abs(back))) * scale
        tissue = cortex_or_marrow(sdf, 1.2)
        distance = np.full(len(p), np.nan, np.float32)
        if growth.is_open("triradiate"):
            radius = np.sqrt((v * v).sum(1))
            distance = np.where(radius < 60.0, near, np.sqrt(near**2 + (scale * (radius - 60.0)) ** 2))
            tissue[(near < growth.physis_mm * 0.8) & (radius < 38.0)] = Tissue.PHYSIS
        if growth.bone_age < 15.0:
            crest = (
                (p[:, 2] > 45.0)
                & (sdf > -min(growth.cartilage_mm, 4.0))
                & (p[:, 2] > 70.0 - 0.2 * np.abs(v[:, 1]))
            )
            tissue[crest] = Tissue.CARTILAGE
        along = np.clip((82.0 - p[:, 2]) / 216.0, 0, 1)
        return Labels(site, np.zeros(len(p), np.uint8), along, distance.astype(np.float32), tissue)

    return label


SACRUM_TOP = np.array([0.0, 84.0, 62.0], np.float32)
SACRUM_AXIS = np.array([0.0, 0.36, -0.93], np.float32)


def sacrum(growth: Growth, scale: float, free_s1: bool = False) -> Labeller:
    """S1 and S2 to S5 (with the coccyx), with remnants of the sacral discs in the young.

    free_s1: S1 is lumbarised; a true disc lies below it.
    """
    s1, rest = site_label("sacrum_s1"), site_label("sacrum_s2_s5")
    borders = (30.0, 54.0, 75.0, 93.0, 108.0)

    def label(p: Points, sdf: npt.NDArray[np.float32]) -> Labels:
        v = p - SACRUM_TOP
        t = v @ SACRUM_AXIS
        site = np.where(t < borders[0], s1, rest).astype(np.uint8)
        tissue = cortex_or_marrow(sdf, 1.0)
        middle = np.abs(p[:, 0]) < 24.0 - 0.12 * np.maximum(t, 0)
        for i, border in enumerate(borders):
            thick = (2.6 if i == 0 else 1.6) * np.interp(growth.bone_age, (3, 14, 18), (1.2, 0.8, 0.4))
            thick = 3.6 if i == 0 and free_s1 else thick
            tissue[(np.abs(t - border) * scale < thick) & middle] = Tissue.DISC
        # Sacral canal.
        canal = (np.abs(p[:, 0]) < 9.0) & (np.abs(v[:, 1] - 0.39 * -v[:, 2] - 22.0) < 6.0) & (t < 80.0)
        tissue[canal] = Tissue.CSF
        along = np.clip(t / 130.0, 0, 1)
        nan = np.full(len(p), np.nan, np.float32)
        return Labels(site, np.zeros(len(p), np.uint8), along, nan, tissue)

    return label


def part_number(bone: str, name: str) -> int:
    """Value of ``Maps.part`` for a finer bone."""
    return PARTS[bone].index(name) + 1


def sternum(growth: Growth) -> Labeller:
    """Manubrium, body and costal cartilage, which come as one grid; in the young the body is in pieces."""
    manubrium, body = site_label("sternum_manubrium"), site_label("sternum_body")

    def label(p: Points, sdf: npt.NDArray[np.float32]) -> Labels:
        x, z = np.abs(p[:, 0]), p[:, 2]
        width = np.where(z > 408, 18.0 + 0.18 * (z - 408), 17.0 + 2.0 * np.sin((408 - z) / 30.0))
        bone = (x < width) & (z > 300)
        site = np.where(bone, np.where(z > 408, manubrium, body), 0).astype(np.uint8)
        tissue = np.where(bone, cortex_or_marrow(sdf, 0.9), np.uint8(Tissue.CARTILAGE)).astype(np.uint8)
        tissue[bone & (np.abs(z - 408) < 2.2)] = Tissue.CARTILAGE
        gap = float(np.interp(growth.bone_age, (3, 8, 14, 17), (3.0, 2.0, 0.8, 0.0)))
        for border in (383.0, 357.0, 332.0):
            tissue[bone & (np.abs(z - border) < gap)] = Tissue.CARTILAGE
        along = np.clip((460.0 - z) / 160.0, 0, 1)
        zero, nan = np.zeros(len(p), np.uint8), np.full(len(p), np.nan, np.float32)
        return Labels(site, zero, along, nan, tissue)

    return label


def skull(growth: Growth) -> Labeller:
    """Brain case, face and base, hollowed for brain, orbits, nose and sinuses."""
    unit = site_label("skull")

    def label(p: Points, sdf: npt.NDArray[np.float32]) -> Labels:
        x, y, z = np.abs(p[:, 0]), p[:, 1], p[:, 2]
        share = growth.face / growth.head
        low = 618.0 + (z - 618.0) / np.where(z < 618.0, share, 1.0)
        wall = float(np.interp(growth.bone_age, (3, 8, 18), (3.6, 4.6, 6.2)))
        brain = ((x / 64) ** 2 + ((y - 100) / 82) ** 2 + ((z - 664) / 66) ** 2 < 1) & (
            z > 628 - 0.1 * (y - 100)
        )
        brain |= (x / 50) ** 2 + ((y - 132) / 42) ** 2 + ((low - 622) / 34) ** 2 < 1
        brain |= ((x - 30) / 27) ** 2 + ((y - 76) / 28) ** 2 + ((low - 630) / 22) ** 2 < 1
        brain |= ((x / 52) ** 2 + ((y - 60) / 52) ** 2 + ((z - 660) / 50) ** 2 < 1) & (z > 634)
        brain &= sdf < -wall
        shell = sdf > -wall
        face = (y < 78) & (low < 634)
        base = ~face & (low < 634) & ~brain
        tissue = np.full(len(p), Tissue.MARROW, np.uint8)
        tissue[(sdf > -1.3) | (shell & (sdf < -wall + 1.2))] = Tissue.CORTEX
        tissue[~shell & ~brain & ~face & ~base] = Tissue.MARROW
        site = np.full(len(p), unit, np.uint8)
        part = np.where(face, 2, np.where(base, 3, 1)).astype(np.uint8)
        soft = base & ((low < 606 + 0.10 * np.abs(y - 100)) | (x > 52) & (low < 612)) & (sdf < -2.0)
        tissue[soft], site[soft] = Tissue.MUSCLE, 0
        # Orbit, nasal cavity, maxillary sinus, throat.
        orbit = ((x - 32) / 18) ** 2 + ((y - 26) / 27) ** 2 + ((low - 622) / 16.5) ** 2 < 1
        tissue[orbit], site[orbit] = Tissue.FAT, 0
        nose = (x < 11) & (low < 627) & (low > 586) & (y < 66)
        sinus = ((x - 28) / 12) ** 2 + ((y - 38) / 15) ** 2 + ((low - 598) / 13) ** 2 < float(
            np.interp(growth.bone_age, (3, 8, 14), (0.3, 0.65, 1.0))
        )
        throat = (x < 13) & (low < 606) & (y >= 60) & (y < 78)
        sphenoid = (x / 13) ** 2 + ((y - 74) / 12) ** 2 + ((low - 620) / 9) ** 2 < min(
            growth.bone_age / 12, 1
        )
        for hollow in (nose, sinus, throat, sphenoid):
            tissue[hollow], site[hollow] = Tissue.AIRWAY, 0
        conchae = nose & (x > 3) & (np.sin(low * 0.55) > 0.1)
        tissue[conchae] = Tissue.CONNECTIVE
        chew = face & (x > 40) & (low < 610) & (sdf < -1.0)
        tissue[chew], site[chew] = Tissue.MUSCLE, 0
        mouth = face & (x < 22) & (low < 582) & (y > 26) & (y < 80)
        tissue[mouth], site[mouth] = Tissue.MUSCLE, 0
        teeth = face & (low < 580) & (x < 31) & ~mouth & (y < 66)
        tissue[teeth], site[teeth] = Tissue.TOOTH, 0
        tissue[brain], site[brain] = Tissue.CSF, 0
        nan = np.full(len(p), np.nan, np.float32)
        return Labels(site, part, np.clip((733.0 - z) / 163.0, 0, 1), nan, tissue)

    return label


def mandible(growth: Growth) -> Labeller:
    """Right and left half of the jaw, with teeth along its upper rim in front."""
    right, left = site_label("mandible_right"), site_label("mandible_left")

    def label(p: Points, sdf: npt.NDArray[np.float32]) -> Labels:
        share = growth.face / growth.head
        low = 618.0 + (p[:, 2] - 618.0) / share
        site = np.where(p[:, 0] < 0, right, left).astype(np.uint8)
        tissue = cortex_or_marrow(sdf, 1.2)
        teeth = (low > 566.0) & (p[:, 1] < 62.0)
        tissue[teeth], site[teeth] = Tissue.TOOTH, 0
        along = np.clip((624.0 - low) / 86.0, 0, 1)
        nan = np.full(len(p), np.nan, np.float32)
        return Labels(site, np.zeros(len(p), np.uint8), along, nan, tissue)

    return label
