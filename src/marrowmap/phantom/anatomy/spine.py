"""Twenty-four vertebrae that differ, discs between them, and the canal: analytic shapes on a curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.phantom.anatomy.growth import Growth
from marrowmap.phantom.anatomy.shapes import Coordinates, Field, capsule, ellipsoid, shifted, smooth_min
from marrowmap.phantom.anatomy.template import Template
from marrowmap.phantom.anatomy.zones import site_label
from marrowmap.phantom.body import ChildSpec, Numbering

# Adult millimetres: level, body width, body depth, body height, disc below, canal half-width, spinous process
# length, its drop in degrees, half-span of the transverse processes. Ours, after anatomy texts; not measured.
LEVELS: dict[str, tuple[float, float, float, float, float, float, float, float]] = {
    "C2": (18, 15, 19, 4.5, 11.5, 17, 20, 25),
    "C3": (19, 15, 13.5, 4.6, 11.5, 14, 20, 26),
    "C4": (20, 15.5, 13.3, 4.8, 11.8, 14, 20, 26),
    "C5": (21, 16, 13.3, 5.0, 12.0, 16, 20, 27),
    "C6": (23, 16.5, 13.6, 5.2, 12.2, 21, 22, 28),
    "C7": (26, 17, 14.8, 4.8, 11.8, 30, 24, 33),
    "T1": (28, 17.5, 16.3, 3.8, 10.5, 31, 30, 37),
    "T2": (27, 18.5, 17.4, 3.5, 9.5, 30, 38, 35),
    "T3": (26, 20, 17.8, 3.3, 8.8, 30, 45, 33),
    "T4": (25, 21.5, 18.2, 3.3, 8.5, 31, 52, 32),
    "T5": (25.5, 23, 18.6, 3.6, 8.4, 33, 58, 32),
    "T6": (26, 24.5, 19.0, 4.0, 8.4, 34, 61, 31),
    "T7": (27, 26, 19.5, 4.4, 8.5, 34, 61, 31),
    "T8": (28, 27, 20.1, 4.7, 8.6, 32, 58, 30),
    "T9": (29.5, 28, 20.8, 5.0, 8.8, 29, 50, 29),
    "T10": (31.5, 28.5, 21.8, 5.4, 9.0, 26, 40, 27),
    "T11": (34, 28.5, 23.0, 6.0, 9.5, 24, 28, 24),
    "T12": (37, 29, 24.4, 6.8, 10.8, 24, 18, 23),
    "L1": (40, 30, 26.0, 8.2, 11.3, 27, 8, 35),
    "L2": (42, 31, 26.8, 9.2, 11.5, 28, 6, 39),
    "L3": (44, 32, 27.2, 10.2, 11.8, 28, 5, 45),
    "L4": (47, 32.5, 27.0, 11.0, 12.2, 25, 6, 42),
    "L5": (50, 33, 26.4, 10.2, 13.0, 20, 12, 44),
}


@dataclass(frozen=True)
class Vertebra:
    """One vertebra in the child: frame (columns left, back, head) and half sizes in millimetres."""

    name: str
    label: int
    centre: npt.NDArray[np.float64]
    frame: npt.NDArray[np.float64]
    half_width: float
    half_depth: float
    half_height: float
    disc: float
    canal: float
    spinous: float
    drop: float
    span: float
    size: float

    @property
    def canal_centre(self) -> npt.NDArray[np.float64]:
        """Centre of the spinal canal at this level."""
        return self.centre + self.frame[:, 1] * (self.half_depth + 0.72 * self.canal)

    @property
    def reach(self) -> float:
        """Radius around the centre that holds the whole vertebra."""
        return self.half_depth + 2 * self.canal + self.spinous + 6 * self.size + self.half_height


@dataclass(frozen=True)
class Spine:
    """The column of a child. vertebrae: C2 downwards; atlas: centre of C1; sacrum_top: upper endplate of S1."""

    vertebrae: tuple[Vertebra, ...]
    atlas: npt.NDArray[np.float64]
    sacrum_top: npt.NDArray[np.float64]
    numbering: Numbering
    bend: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

    def sideways(self, z: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Lateral place of the column at height z, millimetres."""
        return np.interp(z, *self.bend)

    def named(self, name: str) -> Vertebra:
        """The vertebra with this level name. Raises KeyError when the child has none."""
        for v in self.vertebrae:
            if v.name == name:
                return v
        raise KeyError(name)


def draw_numbering(spec: ChildSpec, rng: np.random.Generator) -> Numbering:
    """Levels of this child: mostly usual; 4 % odd thoracic counts, 6 % transitional (ours)."""
    thoracic = int(rng.choice([11, 12, 13], p=[0.02, 0.96, 0.02]))
    kind = str(rng.choice(["none", "sacralised_l5", "lumbarised_s1"], p=[0.94, 0.035, 0.025]))
    thoracic = spec.thoracic_levels or thoracic
    kind = spec.transitional or kind
    levels = (
        [f"C{i}" for i in range(1, 8)]
        + [f"T{i}" for i in range(1, thoracic + 1)]
        + [f"L{i}" for i in range(1, 6)]
    )
    labels = tuple(site_label(f"vertebra_{'t12' if name == 'T13' else name.lower()}") for name in levels)
    return Numbering(tuple(levels), labels, kind, thoracic)


def bend_of(
    cobb: float, low: float, high: float, rng: np.random.Generator
) -> tuple[npt.NDArray, npt.NDArray]:
    """Heights and lateral offsets of a single main curve with small counter-curves; ``cobb`` in degrees."""
    z = np.linspace(low, high, 60)
    t = (z - low) / (high - low)
    apex = rng.uniform(0.45, 0.65)
    shape = np.exp(-(((t - apex) / 0.2) ** 2)) - 0.45 * np.exp(-(((t - apex + 0.33) / 0.17) ** 2))
    shape *= np.clip(t / 0.12, 0, 1) * np.clip((1 - t) / 0.15, 0, 1)
    slope = np.gradient(shape, z)
    size = np.tan(np.deg2rad(cobb / 2)) / max(np.abs(slope).max(), 1e-9)
    return z, shape * size * rng.choice([-1.0, 1.0])


def build_spine(
    template: Template, growth: Growth, numbering: Numbering, place, cobb: float, rng: np.random.Generator
) -> Spine:
    """Put the vertebrae on the template's curve, scaled. ``place`` maps template points to the child."""
    knots = [np.array([0.0, 84.0, 62.0])]
    knots += [template.vertebrae[f"L{i}"][:3] for i in range(5, 0, -1)]
    knots += [template.vertebrae[f"T{i}"][:3] for i in range(12, 0, -1)]
    knots += [template.vertebrae[f"C{i}"][:3] for i in range(7, 2, -1)]
    knots.append(np.array([0.0, 102.0, 576.0]))
    path = np.array(knots)
    fit = np.polynomial.Polynomial.fit(path[:, 2], path[:, 1], 7)
    z = np.linspace(62.0, 576.0, 400)
    curve = place(np.stack([np.zeros_like(z), fit(z), z], axis=1))
    bend = bend_of(cobb, curve[0, 2], curve[-1, 2], rng)
    curve[:, 0] += np.interp(curve[:, 2], *bend)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    thick = float(np.interp(growth.bone_age, (3, 8, 16), (1.35, 1.15, 1.0)))
    names = [n for n in numbering.levels if n != "C1"][::-1]
    rows = {n: np.array(LEVELS["T12" if n == "T13" else n], float) for n in names}
    heights = [rows[n][2] for n in names]
    discs = [rows[n][3] * thick for n in names]
    if numbering.transitional == "sacralised_l5":
        discs[0] *= 0.35
    total = sum(heights) + sum(discs) - heights[-1] / 2
    unit = length[-1] / total
    at, out = 0.0, []
    for name, height, disc in zip(names, heights, discs, strict=True):
        row = rows[name]
        s = at + (disc + height / 2) * unit
        at += (disc + height) * unit
        centre = np.array([np.interp(s, length, curve[:, k]) for k in range(3)])
        ahead = np.array([np.interp(min(s + 12, length[-1]), length, curve[:, k]) for k in range(3)])
        behind = np.array([np.interp(max(s - 12, 0), length, curve[:, k]) for k in range(3)])
        up = (ahead - behind) / np.linalg.norm(ahead - behind)
        left = np.array([1.0, 0, 0]) - up * up[0]
        left /= np.linalg.norm(left)
        back = np.cross(up, left)
        w = growth.width * float(np.exp(rng.normal(0, 0.02)))
        size = (growth.width * growth.trunk) ** 0.5
        canal = row[4] * 0.5 * (growth.width**0.35) * (1.55 if name[0] == "C" else 1.6)
        label = numbering.labels[numbering.levels.index(name)]
        vertebra = Vertebra(
            name,
            label,
            centre,
            np.stack([left, back, up], axis=1),
            row[0] / 2 * w * 1.04,
            row[1] / 2 * growth.width * 1.04,
            height * unit / 2,
            disc * unit,
            canal,
            row[5] * size,
            row[6],
            row[7] * size,
            size,
        )
        out.append(vertebra)
    axis = out[-1]
    atlas = axis.centre + axis.frame[:, 2] * (axis.half_height + 9.0 * axis.size)
    return Spine(tuple(out[::-1]), atlas, curve[0], numbering, bend)


def profile(x: Field, y: Field, v: Vertebra, grow: float = 0.0) -> Field:
    """Distance to the outline of the vertebral body in its transverse plane, rear wall flattened."""
    a, b = v.half_width + grow, v.half_depth + grow
    y = np.where(y > 0, y * 1.12, y)
    rho = (np.abs(x / a) ** 2.4 + np.abs(y / b) ** 2.4) ** (1 / 2.4)
    return ((rho - 1.0) * min(a, b)).astype(np.float32)


def body_distance(p: Coordinates, v: Vertebra, bone_age: float) -> Field:
    """Distance to the vertebral body: waisted, hollow endplates, rounded corners when young."""
    x, y, z = p
    t = z / v.half_height
    waist = (1.0 - t * t) * (0.07 if v.name[0] != "C" else 0.03) * v.half_width
    side = profile(x, y, v) + np.maximum(waist, 0)
    hollow = 0.09 * v.half_height * np.exp(-((x / v.half_width) ** 2) * 2 - ((y / v.half_depth) ** 2) * 2)
    wedge = 0.0
    if v.name == "L5":
        wedge = 0.10 * y
    ends = np.abs(z - wedge * 0.5) - v.half_height + hollow
    k = float(np.interp(bone_age, (3, 10, 15), (5.0, 3.0, 1.8))) * v.size
    h = np.maximum(k - np.abs(side - ends), 0) / k
    return (np.maximum(side, ends) + h * h * k * 0.25).astype(np.float32)


def arch_distance(p: Coordinates, v: Vertebra) -> Field:
    """Distance to pedicles, laminae, articular, transverse and spinous processes."""
    s = v.size
    region = v.name[0]
    root = v.half_depth * 0.72
    rear = v.half_depth + v.canal * 1.45
    x = np.abs(p[0])
    q = (x, p[1], p[2])
    wide = max(v.canal * 1.12, v.half_width * 0.62)
    thin = {"C": 2.6, "T": 3.2, "L": 4.6}[region] * s
    lift = {"C": 0.0, "T": 0.35, "L": 0.25}[region] * v.half_height
    out = capsule(q, (wide * 0.85, root, lift), (wide, v.half_depth + v.canal * 0.7, lift), thin)
    joint = (wide * 1.02, v.half_depth + v.canal * 0.95, 0.0)
    pillar = {"C": 0.85, "T": 0.95, "L": 1.0}[region] * v.half_height
    out = smooth_min(
        out,
        capsule(
            q, (joint[0], joint[1], pillar), (joint[0] * 0.95, joint[1] + 2 * s, -pillar * 1.15), thin * 1.05
        ),
        3 * s,
    )
    lamina = capsule(
        q,
        (joint[0] * 0.9, joint[1] + 1 * s, -0.1 * v.half_height),
        (0, rear + 3 * s, -0.45 * v.half_height),
        thin * 0.8,
    )
    out = smooth_min(out, lamina, 3 * s)
    drop = np.deg2rad(v.drop)
    tip = (0.0, rear + v.spinous * np.cos(drop), -0.4 * v.half_height - v.spinous * np.sin(drop))
    if region == "L":
        blade = np.maximum(
            capsule(
                (p[0] * 0.0, p[1], p[2]),
                (0, rear, -0.35 * v.half_height),
                (0, tip[1], tip[2]),
                0.62 * v.half_height,
            ),
            np.abs(p[0]) - 3.2 * s,
        )
    else:
        blade = capsule(q, (0, rear, -0.35 * v.half_height), tip, 3.4 * s, 2.4 * s)
    out = smooth_min(out, blade.astype(np.float32), 2.5 * s)
    if region == "T":
        ends = (v.span, v.half_depth + v.canal * 2.0, 0.35 * v.half_height)
    elif region == "L":
        ends = (v.span, v.half_depth + v.canal * 0.9, 0.1 * v.half_height)
    else:
        ends = (v.span, 0.2 * v.half_depth, -0.2 * v.half_height)
    return smooth_min(out, capsule(q, (wide, joint[1], 0.1 * v.half_height), ends, thin * 0.85), 2 * s)


def canal_distance(p: Coordinates, v: Vertebra, grow: float = 0.0) -> Field:
    """Distance to the wall of the spinal canal, negative inside."""
    x, y, _ = shifted(p, (0, v.half_depth + 0.74 * v.canal, 0))
    a, b = v.canal + grow, v.canal * 0.74 + grow
    return ((np.sqrt((x / a) ** 2 + (y / b) ** 2) - 1) * b).astype(np.float32)


def vertebra_distance(p: Coordinates, v: Vertebra, bone_age: float) -> tuple[Field, Field]:
    """Distances to the whole vertebra and to its body alone; ``p`` in the vertebra's own frame."""
    body = body_distance(p, v, bone_age)
    whole = smooth_min(body, np.maximum(arch_distance(p, v), -canal_distance(p, v)), 1.5 * v.size)
    if v.name == "C2":
        dens = capsule(
            p, (0, 0, 0), (0, -1.5 * v.size, v.half_height + 15 * v.size), 5.4 * v.size, 4.2 * v.size
        )
        body = smooth_min(body, dens, 3 * v.size)
        whole = np.minimum(whole, body)
    return whole.astype(np.float32), body


def atlas_distance(p: Coordinates, size: float) -> Field:
    """Distance to C1: lateral masses and two arches around the dens and the canal."""
    x, y, z = p
    q = (np.abs(x), y, z)
    mass = ellipsoid(q, (17 * size, 4 * size, 0), (8.5 * size, 9 * size, 6.5 * size), 2.5)
    front = capsule(q, (0, -9.5 * size, 0), (12 * size, -5.5 * size, 0), 3.8 * size, 3.6 * size)
    rear = capsule(q, (18 * size, 12 * size, 0), (0, 32 * size, 0), 3.4 * size, 4.2 * size)
    wing = capsule(q, (20 * size, 6 * size, 0), (36 * size, 9 * size, -1 * size), 3.6 * size, 3.0 * size)
    return smooth_min(smooth_min(mass, front, 3), smooth_min(rear, wing, 3), 3)
