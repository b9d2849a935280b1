"""Skin around the bones: a distance field on a coarse lattice, with thickness of fat and the body part."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.phantom.anatomy.canvas import Canvas
from marrowmap.phantom.anatomy.growth import Growth
from marrowmap.phantom.anatomy.shapes import Field, capsule, ellipsoid, shifted, smooth_min
from marrowmap.phantom.anatomy.skeleton import SIDES, Skeleton
from marrowmap.phantom.anatomy.spine import atlas_distance, vertebra_distance

STEP = 5.0
"""Spacing of the lattice, millimetres."""


class Part(IntEnum):
    """Part of the body a place of the lattice belongs to."""

    TRUNK = 0
    HEAD = 1
    ARM = 2
    FOREARM = 3
    HAND = 4
    THIGH = 5
    SHANK = 6
    FOOT = 7


SEGMENT_PART = {
    "trunk": Part.TRUNK,
    "head": Part.HEAD,
    "upper_arm": Part.ARM,
    "forearm": Part.FOREARM,
    "hand": Part.HAND,
    "thigh": Part.THIGH,
    "shank": Part.SHANK,
    "foot": Part.FOOT,
}

# Adult trunk in template millimetres: height, half-width, front, back.
TRUNK_OUTLINE = np.array(
    [
        (-138, 148, 0, 160),
        (-122, 164, -20, 176),
        (-100, 172, -34, 186),
        (-78, 176, -44, 192),
        (-20, 166, -50, 188),
        (30, 156, -46, 176),
        (80, 146, -46, 162),
        (130, 139, -46, 158),
        (180, 139, -42, 168),
        (240, 147, -33, 184),
        (300, 154, -24, 196),
        (350, 156, -12, 200),
        (400, 152, 6, 200),
        (430, 140, 22, 196),
        (455, 115, 34, 186),
        (475, 82, 30, 176),
        (495, 62, 42, 168),
        (530, 56, 48, 160),
        (575, 55, 52, 156),
    ],
    float,
)
LIMB_RADII = {
    # Share of the way along the segment: radius, adult millimetres.
    "thigh": ((-0.15, 74), (0.0, 84), (0.25, 82), (0.5, 73), (0.75, 61), (0.9, 56), (1.0, 55)),
    "shank": ((0.0, 55), (0.12, 52), (0.3, 56), (0.5, 50), (0.7, 38), (0.88, 32), (1.0, 34)),
    "upper_arm": ((0.0, 54), (0.2, 50), (0.5, 45), (0.85, 38), (1.0, 37)),
    "forearm": ((0.0, 38), (0.2, 42), (0.5, 36), (0.85, 27), (1.0, 26)),
}
PADDING_OF_FAT = {
    Part.TRUNK: 1.0,
    Part.HEAD: 0.22,
    Part.ARM: 0.65,
    Part.FOREARM: 0.42,
    Part.HAND: 0.16,
    Part.THIGH: 0.95,
    Part.SHANK: 0.55,
    Part.FOOT: 0.25,
}


@dataclass
class Surface:
    """The body on a lattice indexed [x, y, z]: distance to the skin, thickness of fat, body part (Part)."""

    origin: npt.NDArray[np.float64]
    skin: npt.NDArray[np.float32]
    fat: npt.NDArray[np.float32]
    part: npt.NDArray[np.uint8]
    wall: npt.NDArray[np.float32]
    low: PointMm
    high: PointMm

    def lattice(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Matrix and offset from world points to indices."""
        return np.eye(3) / STEP, -self.origin / STEP


def build_surface(skeleton: Skeleton, growth: Growth, rng: np.random.Generator) -> Surface:
    """Skin from body outlines and from every bone with its padding, so that no bone lies outside."""
    lows, highs = zip(
        *(bone.corners(70 if bone.segment == "trunk" else 45) for bone in skeleton.bones), strict=True
    )
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    shape = tuple(int(n) for n in np.ceil((high - low) / STEP).astype(int) + 1)
    affine = np.diag([STEP, STEP, STEP, 1.0])
    affine[:3, 3] = low
    canvas = Canvas(Grid(shape, affine))
    fields = {part: np.full(shape, 60.0, np.float32) for part in Part}
    bones = np.full(shape, 60.0, np.float32)
    owner = np.zeros(shape, np.uint8)  # Part.TRUNK unless a bone says otherwise
    pads = np.zeros(shape, np.float32)
    for bone in skeleton.bones:
        box = canvas.box(*bone.corners(9))
        if box is None:
            continue
        matrix, offset = bone.lattice()
        raw = canvas.sample(box, bone.grid.sdf, matrix, offset, 40)
        d = np.where(raw > 36, np.float32(60), raw * np.float32(bone.grid.scale * bone.stretch))
        closer = d < bones[box]
        bones[box][closer] = d[closer]
        owner[box][closer] = SEGMENT_PART[bone.segment]
        pads[box][closer] = bone.pad * (0.55 + 0.45 * growth.trunk)
    _spine(canvas, skeleton, growth, bones, pads)
    _trunk(canvas, skeleton, growth, fields[Part.TRUNK])
    _head(canvas, skeleton, growth, fields[Part.HEAD])
    _limbs(canvas, skeleton, growth, fields)
    _flesh_on_bones(fields, bones, owner, pads)
    for part in (Part.HAND, Part.FOOT, Part.HEAD):
        fields[part] = ndimage.gaussian_filter(fields[part], 0.8)
    skin, nearest = _join(fields)
    skin = ndimage.gaussian_filter(skin, 0.6)
    skin = np.minimum(skin, np.where(bones < 20, bones - 4.6, 60)).astype(np.float32)
    fat = _fat(growth, nearest, shape, canvas, skeleton, rng)
    wall = np.full(shape, 12.0 * growth.trunk, np.float32)
    inside = np.argwhere(skin < 0)
    ends = low + inside.min(0) * STEP, low + inside.max(0) * STEP
    return Surface(low, skin, fat, nearest, wall, PointMm(*(ends[0] - STEP)), PointMm(*(ends[1] + STEP)))


def _flesh_on_bones(
    fields: dict[Part, Field], bones: Field, owner: npt.NDArray[np.uint8], pads: npt.NDArray[np.float32]
) -> None:
    """Cover every bone by its padding, part by part."""
    seed = bones < 0.5 * STEP
    distance, index = ndimage.distance_transform_edt(~seed, sampling=STEP, return_indices=True)
    index = tuple(index)
    near = owner[index]
    cover = (distance - 0.3 * STEP - pads[index]).astype(np.float32)
    for part in fields:
        own = np.where(near == part, cover, np.float32(60))
        fields[part] = smooth_min(fields[part], own, 7.0)


def _spine(canvas: Canvas, skeleton: Skeleton, growth: Growth, bones: Field, pads: Field) -> None:
    for v in skeleton.spine.vertebrae:
        reach = v.reach + 10
        box = canvas.box(v.centre - reach, v.centre + reach)
        if box is None:
            continue
        x, y, z = canvas.coordinates(box)
        px, py, pz = shifted((x, y, z), v.centre)
        f = v.frame.astype(np.float32)
        local = tuple(f[0, k] * px + f[1, k] * py + f[2, k] * pz for k in range(3))
        whole, _ = vertebra_distance(local, v, growth.bone_age)  # type: ignore[arg-type]
        closer = whole < bones[box]
        bones[box][closer] = whole[closer]
        pads[box][closer] = 9 * growth.trunk
    atlas, size = skeleton.spine.atlas, skeleton.spine.vertebrae[0].size
    box = canvas.box(atlas - 55 * size, atlas + 55 * size)
    if box is not None:
        f = skeleton.spine.vertebrae[0].frame.astype(np.float32)
        x, y, z = shifted(canvas.coordinates(box), atlas)
        ring = atlas_distance(tuple(f[0, k] * x + f[1, k] * y + f[2, k] * z for k in range(3)), size)  # type: ignore[arg-type]
        closer = ring < bones[box]
        bones[box][closer] = ring[closer]
        pads[box][closer] = 12 * growth.trunk


def _trunk(canvas: Canvas, skeleton: Skeleton, growth: Growth, field: Field) -> None:
    rows = TRUNK_OUTLINE
    place = skeleton.trunk
    ends = place([[0, 0, rows[0, 0]], [0, 0, rows[-1, 0]]])
    full = float(np.sqrt(growth.flesh / growth.trunk))
    reach = 260 * growth.width * full
    box = canvas.box((-reach, -reach, ends[0, 2] - 30), (reach, reach, ends[1, 2] + 10))
    if box is None:
        return
    x, y, z = canvas.coordinates(box)
    height = z / growth.trunk + place.pivot[2]
    a = np.interp(height, rows[:, 0], ndimage.gaussian_filter1d(rows[:, 1], 0.7)).astype(np.float32)
    if growth.sex == "F" and growth.bone_age > 10:
        a = a * (
            1 - 0.07 * np.exp(-(((height - 160) / 60) ** 2)) + 0.03 * np.exp(-(((height + 90) / 60) ** 2))
        )
    a = a * growth.width * full
    belly = 1 + 0.25 * np.clip(growth.fat - 0.3, 0, 1) + 0.12 * np.clip((7 - growth.bone_age) / 4, 0, 1)
    middle = 1 + (belly - 1) * np.exp(-(((height - 90) / 110) ** 2))
    front = (np.interp(height, rows[:, 0], rows[:, 2]) - place.pivot[1]) * growth.width * full
    back = (np.interp(height, rows[:, 0], rows[:, 3]) - place.pivot[1]) * growth.width * np.sqrt(full)
    front = front * middle
    a = a * (1 + 0.5 * (middle - 1))
    cx = skeleton.spine.sideways(z).astype(np.float32)
    # Buttocks and back are hollow in the middle, and flat where the child lies.
    cy, b = ((front + back) / 2).astype(np.float32), ((back - front) / 2).astype(np.float32)
    rho = (np.abs((x - cx) / a) ** 2.5 + np.abs((y - cy) / b) ** 2.5) ** (1 / 2.5)
    d = ((rho - 1) * np.minimum(a, b)).astype(np.float32)
    low_end = (ends[0, 2] - z).astype(np.float32)
    d = np.maximum(d, np.maximum(low_end, z - np.float32(ends[1, 2])))
    field[box] = smooth_min(field[box], d, 12.0)
    for side in SIDES:
        s = skeleton.joints[f"shoulder_{side}"]
        inner = np.array([s[0] * 0.35, s[1] + 6, s[2] + 6 * growth.trunk])
        box = canvas.box(np.minimum(s, inner) - 90, np.maximum(s, inner) + 90)
        if box is not None:
            p = canvas.coordinates(box)
            r = 42 * growth.flesh
            field[box] = smooth_min(field[box], capsule(p, inner, s - np.array([0, 0, 4]), r * 1.1, r), 22.0)
            breast = inner * [1.25, 1, 1] + [0, -28 * growth.trunk, -58 * growth.trunk]
            front = capsule(p, breast, s + growth.trunk * np.array([0, -8, -22]), r * 0.95, r * 0.85)
            field[box] = smooth_min(field[box], front, 22.0)


def _head(canvas: Canvas, skeleton: Skeleton, growth: Growth, field: Field) -> None:
    place, h = skeleton.head, growth.head
    share = growth.face / growth.head

    def at(x: float, y: float, z: float) -> npt.NDArray[np.float64]:
        return place([x, y, 618 + (z - 618) * share if z < 618 else z])

    box = canvas.box(at(-95, -30, 520), at(95, 205, 750))
    if box is None:
        return
    p = canvas.coordinates(box)
    d = field[box]
    d = smooth_min(d, ellipsoid(p, at(0, 52, 585), (50 * h, 46 * h, 52 * h * share)), 10)
    d = smooth_min(d, capsule(p, at(0, 6, 618), at(0, -9, 596), 7 * h, 10 * h), 8)
    d = smooth_min(d, capsule(p, at(0, 60, 550), at(0, 95, 500), 44 * h, 50 * h * growth.width**0.5), 14)
    d = smooth_min(d, capsule(p, at(0, 112, 540), at(0, 122, 612), 40 * h, 42 * h), 14)
    for sign in (-1, 1):
        ear = ellipsoid(p, at(sign * 77, 102, 615), (6 * h, 16 * h, 28 * h))
        d = smooth_min(d, ear, 4)
    field[box] = d


def limb_axis(skeleton: Skeleton, growth: Growth, segment: str, side: str) -> npt.NDArray[np.float64]:
    """Ends of a limb segment."""
    ends = {
        "thigh": ("hip", "knee"),
        "shank": ("knee", "ankle"),
        "upper_arm": ("shoulder", "elbow"),
        "forearm": ("elbow", "wrist"),
    }[segment]
    return np.array([skeleton.joints[f"{name}_{side}"] for name in ends])


def limb_radius(segment: str, t: npt.ArrayLike, growth: Growth) -> npt.NDArray[np.float64]:
    """Radius of a limb at share t of its length, millimetres."""
    shares, radii = zip(*LIMB_RADII[segment], strict=True)
    return np.interp(t, shares, radii) * growth.flesh * 1.04


def _limbs(canvas: Canvas, skeleton: Skeleton, growth: Growth, fields: dict[Part, Field]) -> None:
    for segment in LIMB_RADII:
        part = SEGMENT_PART[segment]
        for side in SIDES:
            a, b = limb_axis(skeleton, growth, segment, side)
            reach = 110 * growth.flesh
            box = canvas.box(np.minimum(a, b) - reach, np.maximum(a, b) + reach)
            if box is None:
                continue
            x, y, z = canvas.coordinates(box)
            along = b - a
            length = float(np.linalg.norm(along))
            unit = along / length
            px, py, pz = x - a[0], y - a[1], z - a[2]
            t = (px * unit[0] + py * unit[1] + pz * unit[2]) / length
            low = LIMB_RADII[segment][0][0]
            c = np.clip(t, low, 1.0)
            r = limb_radius(segment, c, growth).astype(np.float32)
            swell = np.zeros_like(r)
            if segment == "shank":
                swell = (16 * growth.flesh * np.exp(-(((c - 0.32) / 0.22) ** 2))).astype(np.float32)
            if segment == "thigh":
                swell = (6 * growth.flesh * (1 - c)).astype(np.float32)
            dx, dy, dz = px - c * along[0], py - c * along[1] - swell, pz - c * along[2]
            d = (np.sqrt(dx * dx + dy * dy + dz * dz) - r).astype(np.float32)
            fields[part][box] = smooth_min(fields[part][box], d, 6.0)
    for side in SIDES:
        heel = skeleton.places[f"foot_{side}"]([-80.0, 102.0, -926.0])
        box = canvas.box(heel - 40, heel + 40)
        if box is not None:
            p = canvas.coordinates(box)
            r = 30 * growth.scale["foot"]
            fields[Part.FOOT][box] = smooth_min(
                fields[Part.FOOT][box], ellipsoid(p, heel, (r, r * 1.1, r)), 8.0
            )


def _join(fields: dict[Part, Field]) -> tuple[Field, npt.NDArray[np.uint8]]:
    """Union of the parts; neighbours melt into each other, an arm and the trunk beside it do not."""
    torso = smooth_min(fields[Part.TRUNK], fields[Part.HEAD], 8.0)
    torso = smooth_min(torso, fields[Part.THIGH], 14.0)
    leg = smooth_min(fields[Part.SHANK], fields[Part.FOOT], 6.0)
    lower = smooth_min(torso, leg, 8.0)
    arm = smooth_min(smooth_min(fields[Part.ARM], fields[Part.FOREARM], 8.0), fields[Part.HAND], 6.0)
    stack = np.stack([fields[part] for part in Part])
    nearest = stack.argmin(0).astype(np.uint8)
    # The upper arm joins the shoulder smoothly; lower down it only touches.
    return smooth_min(lower, arm, 3.0), nearest


def _fat(
    growth: Growth,
    nearest: npt.NDArray[np.uint8],
    shape: tuple[int, ...],
    canvas: Canvas,
    skeleton: Skeleton,
    rng: np.random.Generator,
) -> Field:
    base = (2.4 + 15.0 * growth.fat) * (0.55 + 0.45 * growth.trunk)
    share = np.array([PADDING_OF_FAT[part] for part in Part], np.float32)
    if growth.sex == "F":
        share[Part.THIGH] *= 1.25
    field = ndimage.gaussian_filter(share[nearest], 3.0) * np.float32(base)
    _, y, z = canvas.coordinates(tuple(slice(0, n) for n in shape))  # type: ignore[arg-type]
    hip = -20.0 * growth.trunk
    buttock = np.exp(-(((z - hip + 20 * growth.trunk) / (65 * growth.trunk)) ** 2)) * np.clip(
        y / 60.0, 0, 1.3
    )
    chest = np.exp(-(((z - 400 * growth.trunk) / (110 * growth.trunk)) ** 2))
    field = field * (1 + 0.7 * buttock) * (1 - 0.45 * chest)
    noise = ndimage.zoom(rng.normal(0, 1, [max(n // 12 + 2, 3) for n in shape]), 1, order=1)
    coarse = ndimage.affine_transform(noise, np.eye(3) / 12.0, output_shape=shape, order=1, mode="nearest")
    return np.maximum(field * (1 + 0.14 * coarse), 0.6).astype(np.float32)
