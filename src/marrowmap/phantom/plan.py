"""Which stacks an exam holds: five coronal stations of STIR and T1, axial diffusion stations, spine, feet,
pelvis, knees, localizers; where each lies on this body and with which acquisition values."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.volume import Contrast
from marrowmap.phantom.body import Body, Tissue
from marrowmap.phantom.scene import body_grid
from marrowmap.phantom.signal import Scan, Sequence


@dataclass(frozen=True)
class Image:
    """One contrast measured on the grid of a stack. b_value in s/mm2, None unless diffusion."""

    contrast: Contrast
    scan: Scan
    b_value: float | None = None


@dataclass(frozen=True)
class Stack:
    """Slices that share a geometry. key: what it is for ("coronal", "dwi", "spine", "foot_right", "pelvis",
    "knees", "localizer"); station: 0 at the head; thickness_mm: without the gap; subsamples: paintings per
    voxel."""

    key: str
    station: int
    stations: int
    grid: Grid
    images: tuple[Image, ...]
    thickness_mm: float
    subsamples: int
    body_part: str
    order: int = 0


@dataclass(frozen=True)
class Resolution:
    """Voxel sizes in mm of an exam. small: a coarse exam for tests."""

    coronal_plane: float = 1.3
    coronal_slice: float = 5.0
    dwi_plane: float = 2.6
    dwi_slice: float = 5.0
    sagittal_plane: float = 1.1
    sagittal_slice: float = 4.0
    axial_plane: float = 1.2
    axial_slice: float = 5.0
    localizer_plane: float = 2.4
    subsamples: int = 3
    tilt_degrees: float = 0.0

    @classmethod
    def coarse(cls) -> Resolution:
        """A few hundred images of about 64 x 64, made in seconds."""
        return cls(5.0, 12.0, 6.5, 16.0, 4.0, 8.0, 4.5, 12.0, 8.0, 1)


@dataclass(frozen=True)
class Timing:
    """Acquisition values of one exam: times in ms, b-values in s/mm2."""

    field_t: float
    stir: Scan
    t1: Scan
    dwi: tuple[Scan, ...]
    localizer: Scan
    b_values: tuple[float, ...] = field(default=(50.0, 800.0))

    @classmethod
    def draw(cls, field_t: float, rng: np.random.Generator) -> Timing:
        """Values within the spread of definitions, section 7.2; TI near the null of fat."""
        null = 230.0 if field_t < 2 else 310.0
        tr = float(np.round(rng.uniform(4200, 6600), -1))
        ti = float(np.round(null * np.log(2 / (1 + np.exp(-tr / null))) + rng.uniform(-4, 3)))
        stir = Scan(Sequence.INVERSION_RECOVERY, tr, float(np.round(rng.uniform(50, 68))), ti)
        t1 = Scan(
            Sequence.SPIN_ECHO,
            float(np.round(rng.uniform(430, 640))),
            float(np.round(rng.uniform(8.5, 13), 1)),
        )
        te, tr_d = float(np.round(rng.uniform(60, 74))), float(np.round(rng.uniform(5600, 8200), -1))
        left = float(rng.uniform(0.03, 0.07))
        dwi = tuple(Scan(Sequence.DIFFUSION, tr_d, te, 0.0, b, left) for b in (50.0, 800.0))
        return cls(field_t, stir, t1, dwi, Scan(Sequence.SPIN_ECHO, 300.0, 8.0))


@dataclass(frozen=True)
class Outline:
    """Coarse extent of a body: for every z (mm, head to feet) the x and y range of its tissue."""

    z: npt.NDArray[np.float64]
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]

    @classmethod
    def of(cls, body: Body) -> Outline:
        """Measured on a 7 mm painting."""
        grid = body_grid(body, (7.0, 7.0, 7.0))
        solid = body.paint(grid).tissue != Tissue.AIR
        start, step = grid.affine[:3, 3], 7.0
        rows = np.flatnonzero(solid.any(axis=(0, 2)))
        x, y = [], []
        for row in rows:
            columns = np.flatnonzero(solid[:, row].any(axis=0))
            slices = np.flatnonzero(solid[:, row].any(axis=1))
            x.append((start[0] + step * (columns[0] - 0.6), start[0] + step * (columns[-1] + 0.6)))
            y.append((start[1] + step * (slices[0] - 0.6), start[1] + step * (slices[-1] + 0.6)))
        return cls(start[2] - step * rows, np.array(x), np.array(y))

    def between(self, top: float, bottom: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """(x range, y range) of everything between two heights; the nearest level when there is nothing."""
        inside = (self.z <= top) & (self.z >= bottom)
        if not inside.any():
            inside = np.arange(len(self.z)) == int(np.argmin(np.abs(self.z - (top + bottom) / 2)))
        return (
            (float(self.x[inside, 0].min()), float(self.x[inside, 1].max())),
            (float(self.y[inside, 0].min()), float(self.y[inside, 1].max())),
        )


def coronal(
    x: tuple[float, float],
    y: tuple[float, float],
    z: tuple[float, float],
    spacing: tuple[float, float, float],
) -> Grid:
    """Coronal grid over (low, high) ranges; spacing (slices, rows, columns)."""
    shape = tuple(max(1, round((hi - lo) / step)) for (lo, hi), step in zip((y, z, x), spacing, strict=True))
    start = PointMm(x[0] + spacing[2] / 2, y[0] + spacing[0] / 2, z[1] - spacing[1] / 2)
    return Grid.coronal((shape[0], shape[1], shape[2]), spacing, start)


def axial(
    x: tuple[float, float],
    y: tuple[float, float],
    z: tuple[float, float],
    spacing: tuple[float, float, float],
) -> Grid:
    """Axial grid, slices from feet to head."""
    shape = tuple(max(1, round((hi - lo) / step)) for (lo, hi), step in zip((z, y, x), spacing, strict=True))
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = (0, 0, spacing[0]), (0, spacing[1], 0), (spacing[2], 0, 0)
    affine[:3, 3] = (x[0] + spacing[2] / 2, y[0] + spacing[1] / 2, z[0] + spacing[0] / 2)
    return Grid((shape[0], shape[1], shape[2]), affine)


def sagittal(
    x: tuple[float, float],
    y: tuple[float, float],
    z: tuple[float, float],
    spacing: tuple[float, float, float],
) -> Grid:
    """Sagittal grid, slices from the patient's left to the right."""
    shape = tuple(max(1, round((hi - lo) / step)) for (lo, hi), step in zip((x, z, y), spacing, strict=True))
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = (-spacing[0], 0, 0), (0, 0, -spacing[1]), (0, spacing[2], 0)
    affine[:3, 3] = (x[1] - spacing[0] / 2, y[0] + spacing[2] / 2, z[1] - spacing[1] / 2)
    return Grid((shape[0], shape[1], shape[2]), affine)


def tilted(grid: Grid, degrees: float, about: int) -> Grid:
    """``grid`` turned by ``degrees`` around the patient axis ``about`` (0 x, 1 y, 2 z) through its middle."""
    if degrees == 0:
        return grid
    a = np.deg2rad(degrees)
    i, j = [k for k in range(3) if k != about]
    turn = np.eye(3)
    turn[i, i], turn[i, j], turn[j, i], turn[j, j] = np.cos(a), -np.sin(a), np.sin(a), np.cos(a)
    middle = grid.corners_mm().mean(axis=0)
    affine = grid.affine.copy()
    affine[:3, :3] = turn @ grid.affine[:3, :3]
    affine[:3, 3] = turn @ (grid.affine[:3, 3] - middle) + middle
    return Grid(grid.shape, affine)


def plan_exam(body: Body, timing: Timing, resolution: Resolution, rng: np.random.Generator) -> list[Stack]:
    """All stacks of a whole exam, in the usual order of acquisition."""
    outline = Outline.of(body)
    stacks = _localizers(outline, timing, resolution)
    stacks += _coronal_stations(outline, timing, resolution, rng)
    stacks += _spine(body, timing, resolution)
    stacks += _feet(body, timing, resolution)
    stacks += _axial_regions(body, outline, timing, resolution)
    stacks += _diffusion(outline, timing, resolution)
    return [Stack(**{**stack.__dict__, "order": i}) for i, stack in enumerate(stacks)]


def _whole(outline: Outline) -> tuple[float, float]:
    return float(outline.z[-1]) - 12.0, float(outline.z[0]) + 12.0


def _coronal_stations(
    outline: Outline, timing: Timing, r: Resolution, rng: np.random.Generator
) -> list[Stack]:
    low, high = _whole(outline)
    count, overlap = 5, float(rng.uniform(32, 48))
    length = max((high - low + (count - 1) * overlap) / count, 240.0)
    step = (high - low - length) / (count - 1)
    images = (Image(Contrast.STIR, timing.stir), Image(Contrast.T1, timing.t1))
    found = []
    for station in range(count):
        top = high - station * step
        x, y = outline.between(top, top - length)
        half = min(max(-x[0], x[1]) + 12, 250.0)
        wanted = int(
            np.clip(
                np.ceil((y[1] - y[0] + 4) / r.coronal_slice), 160 / r.coronal_slice, 200 / r.coronal_slice
            )
        )
        middle = (y[0] + y[1]) / 2
        if (y[1] - y[0]) > wanted * r.coronal_slice:  # the front is given up first: no bone is lost there
            middle = y[1] + 2 - wanted * r.coronal_slice / 2
        depth = (middle - wanted * r.coronal_slice / 2, middle + wanted * r.coronal_slice / 2)
        grid = coronal(
            (-half, half), depth, (top - length, top), (r.coronal_slice, r.coronal_plane, r.coronal_plane)
        )
        found.append(
            Stack("coronal", station, count, grid, images, r.coronal_slice * 0.92, r.subsamples, "WHOLEBODY")
        )
    return found


def _diffusion(outline: Outline, timing: Timing, r: Resolution) -> list[Stack]:
    low, high = _whole(outline)
    per_station = max(round(230.0 / r.dwi_slice), 4)
    length, overlap = per_station * r.dwi_slice, 2 * r.dwi_slice
    count = int(np.ceil((high - low - overlap) / (length - overlap)))
    images = tuple(Image(Contrast.DWI, scan, scan.b) for scan in timing.dwi)
    x, y = outline.between(high, low)
    half = min(max(-x[0], x[1]) + 10, 250.0)
    found = []
    for station in range(count):
        top = high - station * (length - overlap)
        grid = axial(
            (-half, half), (y[0] - 8, y[1] + 8), (top - length, top), (r.dwi_slice, r.dwi_plane, r.dwi_plane)
        )
        found.append(
            Stack("dwi", station, count, grid, images, r.dwi_slice, min(r.subsamples, 2), "WHOLEBODY")
        )
    return found


def _spine(body: Body, timing: Timing, r: Resolution) -> list[Stack]:
    marks = body.landmarks
    top = marks["c2"].z + 55
    bottom = marks["l5_s1"].z - 105 * body.facts.height_cm / 140
    length = (top - bottom + 40) / 2
    y = (min(marks["c2"].y, marks["l5_s1"].y) - 85, max(marks["c2"].y, marks["t1"].y) + 75)
    half = round(34 * body.facts.height_cm / 140 / r.sagittal_slice + 1) * r.sagittal_slice
    found = []
    for station in range(2):
        high = top - station * (length - 40)
        grid = sagittal(
            (-half, half), y, (high - length, high), (r.sagittal_slice, r.sagittal_plane, r.sagittal_plane)
        )
        grid = tilted(grid, r.tilt_degrees, 2)
        found.append(
            Stack(
                "spine",
                station,
                2,
                grid,
                (Image(Contrast.STIR, timing.stir),),
                r.sagittal_slice * 0.9,
                min(r.subsamples, 2),
                "SPINE",
            )
        )
    return found


def _feet(body: Body, timing: Timing, r: Resolution) -> list[Stack]:
    found = []
    for side in ("right", "left"):
        ankle, toes, heel = (body.landmarks[f"{name}_{side}"] for name in ("ankle", "toes", "heel"))
        x = (min(ankle.x, toes.x, heel.x) - 34, max(ankle.x, toes.x, heel.x) + 34)
        y = (min(toes.y, ankle.y) - 40, max(heel.y, ankle.y) + 42)
        z = (min(toes.z, heel.z) - 45, ankle.z + 75)
        grid = sagittal(x, y, z, (r.sagittal_slice, r.sagittal_plane, r.sagittal_plane))
        found.append(
            Stack(
                f"foot_{side}",
                0,
                1,
                tilted(grid, r.tilt_degrees, 2),
                (Image(Contrast.STIR, timing.stir),),
                r.sagittal_slice * 0.9,
                min(r.subsamples, 2),
                "FOOT",
            )
        )
    return found


def _axial_regions(body: Body, outline: Outline, timing: Timing, r: Resolution) -> list[Stack]:
    s = body.facts.height_cm / 140
    hips = (body.landmarks["hip_right"].z + body.landmarks["hip_left"].z) / 2
    knees = (body.landmarks["knee_right"].z + body.landmarks["knee_left"].z) / 2
    found = []
    for key, top, bottom, part in (
        ("pelvis", hips + 120 * s, hips - 60 * s, "PELVIS"),
        ("knees", knees + 80 * s, knees - 75 * s, "KNEE"),
    ):
        x, y = outline.between(top, bottom)
        half = min(max(-x[0], x[1]), 175.0 * s + 20) + 10
        grid = axial(
            (-half, half),
            (y[0] - 10, y[1] + 10),
            (bottom, top),
            (r.axial_slice * 1.1, r.axial_plane, r.axial_plane),
        )
        found.append(
            Stack(
                key,
                0,
                1,
                tilted(grid, r.tilt_degrees, 0),
                (Image(Contrast.STIR, timing.stir),),
                r.axial_slice,
                min(r.subsamples, 2),
                part,
            )
        )
    return found


def _localizers(outline: Outline, timing: Timing, r: Resolution) -> list[Stack]:
    low, high = _whole(outline)
    step = r.localizer_plane
    image = (Image(Contrast.LOCALIZER, timing.localizer),)
    found = []
    for station in range(3):
        top = high - station * (high - low - 400) / 2
        z = (top - 400, top)
        _, y = outline.between(top, top - 400)
        middle = (y[0] + y[1]) / 2
        for grid in (
            coronal((-225, 225), (middle - 45, middle + 45), z, (30.0, step, step)),
            sagittal((-45, 45), (middle - 150, middle + 150), z, (30.0, step, step)),
            axial((-225, 225), (middle - 150, middle + 150), (top - 290, top - 110), (60.0, step, step)),
        ):
            found.append(Stack("localizer", station, 3, grid, image, 8.0, 1, "WHOLEBODY"))
    return found
