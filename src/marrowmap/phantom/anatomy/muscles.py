"""Muscle bellies with fascia and fat between them (limbs and trunk), tendons and fat of hands and feet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.phantom.anatomy.canvas import Box, Canvas
from marrowmap.phantom.anatomy.skeleton import SIDES
from marrowmap.phantom.anatomy.surface import Part, limb_axis, limb_radius
from marrowmap.phantom.body import Tissue

if TYPE_CHECKING:
    from marrowmap.phantom.anatomy.mesh import MeshBody

# Belly: (share along the limb, lateral, backward) at its upper and lower end in limb radii, and weight:
# a bigger weight takes more room from its neighbours.
Belly = tuple[tuple[float, float, float], tuple[float, float, float], float]
BELLIES: dict[str, tuple[Belly, ...]] = {
    "thigh": (
        ((0.0, 0.05, -0.62), (0.9, 0.05, -0.55), 0.9),
        ((0.0, 0.62, -0.15), (0.9, 0.48, -0.30), 1.25),
        ((0.1, 0.12, -0.22), (0.9, 0.05, -0.30), 0.9),
        ((0.3, -0.40, -0.32), (1.0, -0.55, -0.22), 1.0),
        ((0.0, -0.15, -0.78), (1.0, -0.72, 0.32), 0.5),
        ((0.0, -0.72, -0.02), (1.0, -0.78, 0.36), 0.55),
        ((0.0, -0.45, -0.15), (0.6, -0.30, 0.05), 0.85),
        ((0.0, -0.40, 0.35), (0.9, -0.35, 0.22), 1.2),
        ((0.1, -0.15, 0.66), (1.0, -0.45, 0.52), 0.85),
        ((0.0, -0.02, 0.80), (1.0, -0.62, 0.66), 0.6),
        ((0.0, 0.20, 0.70), (1.0, 0.55, 0.50), 0.9),
    ),
    "shank": (
        ((0.05, 0.32, -0.45), (1.0, 0.05, -0.50), 0.9),
        ((0.05, 0.55, -0.22), (1.0, 0.35, -0.40), 0.7),
        ((0.05, 0.78, 0.12), (1.0, 0.62, 0.35), 0.7),
        ((0.1, 0.15, 0.08), (1.0, -0.2, 0.25), 0.8),
        ((0.1, 0.05, 0.55), (0.9, 0.0, 0.70), 1.3),
        ((0.0, 0.40, 0.80), (0.6, 0.25, 0.90), 0.9),
        ((0.0, -0.42, 0.75), (0.6, -0.25, 0.90), 1.0),
        ((0.2, -0.45, 0.15), (1.0, -0.40, 0.35), 0.6),
    ),
    "upper_arm": (
        ((0.1, -0.10, -0.60), (1.0, 0.05, -0.60), 1.1),
        ((0.4, 0.10, -0.22), (1.0, 0.05, -0.20), 0.9),
        ((0.1, 0.45, 0.35), (1.0, 0.30, 0.50), 1.0),
        ((0.0, -0.35, 0.50), (1.0, -0.10, 0.62), 1.0),
        ((0.2, -0.05, 0.25), (1.0, -0.15, 0.30), 0.7),
        ((-0.1, 0.60, -0.10), (0.45, 0.62, -0.05), 1.2),
    ),
    "forearm": (
        ((0.0, -0.45, -0.40), (1.0, -0.05, -0.60), 0.8),
        ((0.0, -0.15, -0.55), (1.0, -0.30, -0.50), 0.8),
        ((0.1, -0.35, 0.10), (1.0, -0.20, -0.20), 1.1),
        ((0.0, 0.50, -0.45), (1.0, 0.55, -0.35), 0.8),
        ((0.0, 0.72, 0.02), (1.0, 0.50, 0.25), 0.7),
        ((0.1, 0.38, 0.50), (1.0, 0.20, 0.55), 0.9),
        ((0.1, -0.10, 0.62), (1.0, -0.35, 0.50), 0.7),
    ),
}
# Trunk: (x without side, y, z) of both ends in template millimetres, and the weight.
TRUNK_BELLIES: tuple[Belly, ...] = (
    ((15, 160, 560), (13, 172, 0), 0.7),
    ((36, 168, 480), (30, 178, -10), 0.9),
    ((62, 162, 440), (52, 170, 20), 0.8),
    ((56, 130, 215), (60, 125, 70), 0.8),
    ((100, 172, 420), (70, 178, 180), 0.7),
    ((40, 190, 480), (18, 196, 330), 0.6),
    ((75, 165, 440), (110, 150, 360), 0.8),
    ((95, 130, 440), (105, 128, 370), 0.7),
    ((70, -2, 420), (110, 40, 400), 1.0),
    ((45, 20, 430), (60, 12, 380), 0.8),
    ((22, -45, 300), (18, -42, -60), 0.8),
    ((125, 60, 300), (135, 70, 80), 0.9),
    ((60, 172, 0), (112, 130, -110), 1.5),
    ((100, 128, 50), (125, 80, -60), 1.2),
    ((105, 92, 20), (120, 70, -60), 0.8),
    ((118, 20, 40), (138, 30, -90), 0.7),
    ((75, 45, 30), (72, 35, -90), 0.9),
    ((50, 95, -95), (60, 120, -140), 0.8),
    ((35, 20, -125), (50, 30, -160), 0.8),
    ((15, 70, 545), (20, 100, 470), 0.5),
    ((42, 95, 560), (15, 75, 460), 0.6),
    ((40, 140, 560), (60, 135, 470), 0.8),
)


def paint(canvas: Canvas, body: MeshBody) -> None:
    """Divide the muscle compartment into bellies and lay vessels between them."""
    for segment in BELLIES:
        for side in SIDES:
            _limb(canvas, body, segment, side)
    _trunk(canvas, body)
    _hands_and_feet(canvas, body)


def _septa(first: npt.NDArray, second: npt.NDArray, width: float, fatness: float) -> npt.NDArray[np.uint8]:
    """Tissue between two bellies from the two smallest distances: fat, lined by fascia, or muscle."""
    gap = second - first
    tissue = np.full(gap.shape, Tissue.MUSCLE, np.uint8)
    tissue[gap < width] = Tissue.FASCIA
    tissue[gap < width * (0.35 + 0.9 * fatness)] = Tissue.FAT
    return tissue


def _two_nearest(u, v, w, bellies, length: float, scale) -> tuple[npt.NDArray, npt.NDArray]:
    """Smallest and second smallest weighted distance (millimetres) to the bellies."""
    first = np.full(u.shape, 1e3, np.float32)
    second = first.copy()
    for upper, lower, weight in bellies:
        t = np.clip((w - upper[0]) / (lower[0] - upper[0]), 0, 1)
        du = u - (upper[1] + t * (lower[1] - upper[1]))
        dv = v - (upper[2] + t * (lower[2] - upper[2]))
        over = np.maximum(np.maximum(upper[0] - w, w - lower[0]), 0) * length / scale
        d = (np.sqrt(du * du + dv * dv + over * over) - 0.28 * weight) * scale
        second = np.minimum(second, np.maximum(first, d))
        first = np.minimum(first, d)
    return first, second


def _limb(canvas: Canvas, body: MeshBody, segment: str, side: str) -> None:
    a, b = limb_axis(body.skeleton, body.growth, segment, side)
    axis = b - a
    length = float(np.linalg.norm(axis))
    reach = 105 * body.growth.flesh
    box = canvas.box(np.minimum(a, b) - reach, np.maximum(a, b) + reach)
    if box is None:
        return
    muscle = canvas.tissue[box] == Tissue.MUSCLE
    if not muscle.any():
        return
    p = canvas.points(box, muscle).astype(np.float32) - a.astype(np.float32)
    unit = (axis / length).astype(np.float32)
    t = p @ unit / np.float32(length)
    radius = limb_radius(segment, np.clip(t, 0, 1), body.growth).astype(np.float32)
    matrix = body.skeleton.places[f"{segment}_{side}"].matrix
    lateral = -matrix[:, 0] / np.linalg.norm(matrix[:, 0])
    back = matrix[:, 1] / np.linalg.norm(matrix[:, 1])
    rest = p - (t * np.float32(length))[:, None] * unit
    if segment == "shank":
        rest = rest - np.outer(7 * body.growth.flesh * np.exp(-(((t - 0.32) / 0.22) ** 2)), back)
    distance = np.sqrt((rest * rest).sum(1))
    mine = (t > -0.08) & (t < 1.04) & (distance < 1.25 * radius)
    if segment == "thigh":
        mine &= (t > 0.12) | (distance < 0.9 * radius)
    rest, t, radius = rest[mine], t[mine], radius[mine]
    scale = radius * 0.86
    u, v = (rest @ lateral.astype(np.float32)) / scale, (rest @ back.astype(np.float32)) / scale
    first, second = _two_nearest(u, v, t, BELLIES[segment], length, scale)
    width = 1.3 + 1.4 * body.growth.fat * body.growth.trunk
    if segment in ("upper_arm", "forearm"):
        width *= 0.8
    tissue = _septa(first, second, width, min(body.growth.fat, 0.7))
    tissue[(first > (0.95 - 0.45 * t) * scale) & (tissue == Tissue.MUSCLE)] = Tissue.FAT
    whole = np.full(len(p), Tissue.MUSCLE, np.uint8)
    whole[mine] = tissue
    canvas.tissue[box][muscle] = whole


def trunk_coordinates(canvas: Canvas, body: MeshBody, box: Box):
    """Template coordinates of a box of the trunk (broadcastable), following the bend of the spine."""
    x, y, z = canvas.coordinates(box)
    place = body.skeleton.trunk
    bend = body.skeleton.spine.sideways(z).astype(np.float32)
    scales = np.diag(place.matrix)
    return (
        (x - bend) / np.float32(scales[0]) + np.float32(place.pivot[0]),
        y / np.float32(scales[1]) + np.float32(place.pivot[1]),
        z / np.float32(scales[2]) + np.float32(place.pivot[2]),
    )


def _trunk(canvas: Canvas, body: MeshBody) -> None:
    """Bellies of back, buttocks, chest and neck; flat layers in the wall of the belly."""
    place = body.skeleton.trunk
    low, high = place([-190, -70, -180]), place([190, 215, 560])
    box = canvas.box(low, high)
    if box is None:
        return
    surface = body.surface
    matrix, offset = surface.lattice()
    part = canvas.sample(box, surface.part, matrix, offset, 0)
    muscle = (canvas.tissue[box] == Tissue.MUSCLE) & (part < 0.5)
    if not muscle.any():
        return
    skin = canvas.sample(box, surface.skin, matrix, offset, 60.0)[muscle]
    fat = canvas.sample(box, surface.fat, matrix, offset, 1.0)[muscle]
    depth = -skin - fat - 1.3
    points = canvas.points(box, muscle)
    bend = body.skeleton.spine.sideways(points[:, 2])
    points[:, 0] -= bend
    template = place.back(points).astype(np.float32)
    x, y, z = np.abs(template[:, 0]), template[:, 1], template[:, 2]
    first = np.full(len(x), 1e3, np.float32)
    second = first.copy()
    for upper, lower, weight in TRUNK_BELLIES:
        a, b = np.array(upper, np.float32), np.array(lower, np.float32)
        axis = b - a
        t = np.clip(
            ((x - a[0]) * axis[0] + (y - a[1]) * axis[1] + (z - a[2]) * axis[2]) / float(axis @ axis), 0, 1
        )
        d = np.sqrt(
            (x - a[0] - t * axis[0]) ** 2 + (y - a[1] - t * axis[1]) ** 2 + (z - a[2] - t * axis[2]) ** 2
        )
        d = d - np.float32(16.0 * weight)
        second = np.minimum(second, np.maximum(first, d))
        first = np.minimum(first, d)
    scale = body.growth.trunk
    width = 1.5 + 1.5 * body.growth.fat * scale
    tissue = _septa(first * scale, second * scale, width, min(body.growth.fat, 0.7))
    # Layers of the belly's wall.
    wall = (y < 110) & (z < 280) & (z > 40) & (depth < 13 * scale)
    tissue[wall] = Tissue.MUSCLE
    for at in (0.33, 0.66):
        tissue[wall & (np.abs(depth - at * 12 * scale) < 0.6) & (x > 50)] = Tissue.FASCIA
    tissue[wall & (x < 3.0)] = Tissue.FASCIA
    canvas.tissue[box][muscle] = tissue


def _hands_and_feet(canvas: Canvas, body: MeshBody) -> None:
    """Small muscles, tendons and fat pads; wrist and ankle hold mostly tendons."""
    surface = body.surface
    matrix, offset = surface.lattice()
    for segment, part in (("hand", Part.HAND), ("foot", Part.FOOT)):
        for side in SIDES:
            bones = [b for b in body.skeleton.bones if b.segment == segment and b.side == side]
            corners = [b.corners(16) for b in bones]
            box = canvas.box(np.min([c[0] for c in corners], 0), np.max([c[1] for c in corners], 0))
            if box is None:
                continue
            tissue = canvas.tissue[box]
            soft = tissue == Tissue.MUSCLE
            near = canvas.sample(box, (surface.part == part).astype(np.float32), matrix, offset, 0) > 0.5
            points = canvas.points(box, soft & near)
            texture = ndimage.map_coordinates(
                body.texture, [(points[:, k] / (6.0 if k < 2 else 9.0)) % 23 for k in range(3)], order=1
            )
            values = np.where(
                texture > 0.45, Tissue.FAT, np.where(texture < -0.75, Tissue.FASCIA, Tissue.MUSCLE)
            )
            if segment == "foot":
                template = body.skeleton.places[f"foot_{side}"].back(points)
                heel = (template[:, 1] > 75) & (template[:, 2] < -905)
                values[heel] = Tissue.FAT
                values[(template[:, 1] > 112) & (template[:, 2] > -905)] = Tissue.FASCIA
            tissue[soft & near] = values.astype(np.uint8)
