"""Organs, vessels, brain, spinal canal: shapes in the template's trunk and head frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from marrowmap.phantom.anatomy.canvas import Canvas
from marrowmap.phantom.anatomy.muscles import trunk_coordinates
from marrowmap.phantom.anatomy.shapes import capsule, chain, ellipsoid, shifted
from marrowmap.phantom.anatomy.skeleton import SIDES
from marrowmap.phantom.anatomy.spine import Vertebra, canal_distance
from marrowmap.phantom.anatomy.surface import TRUNK_OUTLINE
from marrowmap.phantom.anatomy.template import template
from marrowmap.phantom.body import Tissue

if TYPE_CHECKING:
    from marrowmap.phantom.anatomy.mesh import MeshBody

SOFT = np.zeros(64, bool)
SOFT[[Tissue.MUSCLE, Tissue.FAT, Tissue.FASCIA, Tissue.CONNECTIVE]] = True


def paint(canvas: Canvas, body: MeshBody) -> None:
    """Cavities of chest and belly with their organs, and the vessels of the limbs."""
    _belly(canvas, body)
    _chest(canvas, body)
    _vessels(canvas, body)
    _limb_vessels(canvas, body)
    _neck(canvas, body)


def _dome(x, y):
    """Height of the diaphragm, template millimetres."""
    right = 312 - 0.010 * (x + 62) ** 2 - 0.009 * (y - 60) ** 2
    left = 300 - 0.012 * (x - 66) ** 2 - 0.009 * (y - 60) ** 2
    return np.maximum(right, left)


def _box(canvas: Canvas, body: MeshBody, low, high):
    place = body.skeleton.trunk
    bend = np.abs(body.skeleton.spine.bend[1]).max()
    return canvas.box(place(low) - np.array([bend + 1, 0, 0]), place(high) + np.array([bend + 1, 0, 0]))


def _belly(canvas: Canvas, body: MeshBody) -> None:
    box = _box(canvas, body, (-150, -70, -125), (150, 150, 325))
    if box is None:
        return
    x, y, z = p = trunk_coordinates(canvas, body, box)
    rows = TRUNK_OUTLINE
    full = float(np.sqrt(body.growth.flesh / body.growth.trunk))
    a = np.interp(z, rows[:, 0], rows[:, 1]) * full - 29
    a = np.where(z < 70, a * np.interp(z, (-110, 0, 70), (0.33, 0.55, 0.95)), a)
    a = np.where(z > 215, a * np.interp(z, (215, 320), (1.0, 0.92)), a)
    front = np.interp(z, rows[:, 0], rows[:, 2]) + 22
    front = np.where(z < 0, front + np.interp(z, (-110, 0), (22, 0)), front)
    back = np.interp(z, (-110, -40, 60, 120, 200, 320), (95, 118, 82, 98, 118, 138))
    rear = np.where(np.abs(x) > 32, 34, 0) * np.clip((z - 110) / 40, 0, 1)
    middle, half = (front + back + rear) / 2, (back + rear - front) / 2
    rho = (np.abs(x / a) ** 2.6 + np.abs((y - middle) / half) ** 2.6).astype(np.float32)
    cavity = (rho < 1) & (z < _dome(x, y) - 3) & (z > -112 + x * x / 55.0 + np.maximum(y - 70, 0) * 0.5)
    cavity &= SOFT[canvas.tissue[box]]
    canvas.fill(box, cavity, Tissue.FAT)
    _bowel(canvas, body, box, p, cavity)

    def put(shape, tissue: Tissue) -> None:
        canvas.fill(box, (shape < 0) & cavity, tissue)

    fill = 0.75 + 0.5 * float(np.abs(body.texture[0, 0, 0]) % 1)
    put(ellipsoid(p, (-58, 55, 250), (82, 78, 72), 2.3), Tissue.LIVER)
    put(ellipsoid(p, (12, 25, 272), (62, 36, 34)), Tissue.LIVER)
    put(chain(p, np.array([(-55, 60, 260), (-25, 62, 250), (-10, 55, 240)]), (6, 7, 6)), Tissue.VESSEL)
    put(ellipsoid(p, (-38, 12, 205), (13, 13, 24)), Tissue.BOWEL_FLUID)
    put(ellipsoid(p, (58, 42, 258), (38, 40, 46)), Tissue.BOWEL)
    put(ellipsoid(p, (58, 42, 258), (34, 36, 42)), Tissue.STOMACH)
    put(np.maximum(ellipsoid(p, (58, 42, 258), (34, 36, 42)), y - np.float32(22)), Tissue.AIRWAY)
    put(ellipsoid(p, (100, 108, 255), (22, 38, 50)), Tissue.SPLEEN)
    put(chain(p, np.array([(-28, 62, 200), (0, 68, 205), (55, 85, 225)]), (12, 9, 9)), Tissue.GLAND)
    for sign, top in ((-1, 186), (1, 196)):
        put(ellipsoid(p, (sign * 58, 112, top), (24, 22, 47)), Tissue.KIDNEY)
        put(ellipsoid(p, (sign * 46, 106, top), (11, 9, 20)), Tissue.FAT)
        put(capsule(p, (sign * 44, 100, top), (sign * 40, 98, top - 8), 5, 4), Tissue.BLADDER)
        put(
            chain(
                p,
                np.array(
                    [(sign * 24, 104, 195), (sign * 46, 88, 100), (sign * 72, 46, -10), (sign * 78, 40, -110)]
                ),
                (8, 17, 18, 15),
            ),
            Tissue.MUSCLE,
        )
    put(capsule(p, (0, 104, -30), (0, 92, -100), 17, 14), Tissue.BOWEL)
    put(capsule(p, (0, 104, -30), (0, 92, -100), 11, 6), Tissue.BOWEL_FLUID)
    if body.growth.sex == "F":
        size = float(np.interp(body.growth.bone_age, (6, 14), (0.45, 1.0)))
        put(ellipsoid(p, (0, 55, -62), (20 * size, 16 * size, 30 * size)), Tissue.GLAND)
    else:
        put(ellipsoid(p, (0, 40, -108), (13, 11, 10)), Tissue.GLAND)
    put(ellipsoid(p, (0, 22, -68), (38 * fill, 27 * fill, 29 * fill)), Tissue.CONNECTIVE)
    put(ellipsoid(p, (0, 22, -68), (35 * fill, 24 * fill, 26 * fill)), Tissue.BLADDER)


def _bowel(canvas: Canvas, body: MeshBody, box, p, cavity) -> None:
    """Loops of small bowel and the frame of the colon."""
    rng = np.random.default_rng([body.spec.seed, 77])
    centre, radii = np.array([0, 22, 82]), np.array([88, 50, 104])
    loops = []
    while len(loops) < 120:
        middle = rng.uniform(-1, 1, 3)
        if (middle**2).sum() < 0.9:
            step = rng.normal(0, 1, 3)
            step *= rng.uniform(12, 24) / np.linalg.norm(step)
            loops.append((centre + radii * middle - step, centre + radii * middle + step))
    lumen = rng.choice([Tissue.BOWEL, Tissue.BOWEL_FLUID, Tissue.STOMACH], size=len(loops), p=[0.5, 0.3, 0.2])
    place = body.skeleton.trunk
    bend = np.abs(body.skeleton.spine.bend[1]).max()
    for (a, b), content in zip(loops, lumen, strict=True):
        low, high = place(np.minimum(a, b) - 13), place(np.maximum(a, b) + 13)
        small = canvas.box(low - np.array([bend, 0, 0]), high + np.array([bend, 0, 0]))
        if small is None:
            continue
        q = trunk_coordinates(canvas, body, small)
        d = capsule(q, a, b, 11)
        room = canvas.tissue[small] == Tissue.FAT
        tissue = canvas.tissue[small]
        inside = cavity[
            tuple(slice(s.start - w.start, s.stop - w.start) for s, w in zip(small, box, strict=True))
        ]
        tissue[(d < 0) & room & inside] = Tissue.BOWEL
        tissue[(d < -2.5) & inside & ((tissue == Tissue.BOWEL) | (tissue == Tissue.FAT))] = content
    frame = np.array(
        [(-80, 50, 35), (-92, 62, 110), (-88, 68, 180), (-40, 2, 165), (20, -8, 150), (70, 20, 190),
         (94, 70, 215),
         (96, 74, 130), (88, 68, 50), (52, 60, 5), (20, 70, -10), (0, 98, -35)]
    )  # fmt: skip
    d = chain(p, frame, (20, 18, 16, 15, 15, 15, 14, 13, 13, 14, 15, 15))
    canvas.fill(box, (d < 0) & cavity, Tissue.BOWEL)
    canvas.fill(box, (d < -4) & cavity & (np.sin(p[2] * 0.09 + p[0] * 0.05) > 0.2), Tissue.AIRWAY)
    canvas.fill(box, (d < -4) & cavity & (np.sin(p[2] * 0.09 + p[0] * 0.05) < -0.6), Tissue.STOMACH)


def _chest(canvas: Canvas, body: MeshBody) -> None:
    box = _box(canvas, body, (-150, -30, 175), (150, 200, 520))
    if box is None:
        return
    x, y, z = p = trunk_coordinates(canvas, body, box)
    cage = template().bones["cage"]
    place = body.skeleton.trunk
    inverse = np.linalg.inv(place.matrix) / cage.spacing
    offset = (place.pivot - cage.origin) / cage.spacing
    bend = float(body.skeleton.spine.sideways(place([0, 0, 350.0])[2]))
    offset = offset - inverse @ (place.target + np.array([bend, 0, 0]))
    d = canvas.sample(box, cage.sdf, inverse, offset, 30) * np.float32(cage.scale)
    apex = ellipsoid(p, (0, 110, 425), (72, 60, 62))
    cavity = ((d < -9) | ((apex < 0) & (d < 2))) & SOFT[canvas.tissue[box]] & (z > _dome(x, y)) & (z < 470)
    column = np.interp(
        z, (200, 225, 255, 281, 307, 352, 397, 440, 477), (110, 116, 125, 133, 140, 145, 143, 133, 122)
    )
    cavity &= ~((np.abs(x) < 50) & (y > column + 20 + 0.30 * np.abs(x)))
    spine = (np.abs(x) < 24) & (y > column - 16)
    canvas.fill(box, cavity, Tissue.LUNG)
    middle = np.abs(x - 6) < np.interp(z, (250, 320, 400, 460), (40, 36, 30, 34)) - 0.28 * np.maximum(
        y - 45, 0
    )
    canvas.fill(box, cavity & (middle | spine), Tissue.FAT)
    heart = ellipsoid(p, (26, 42, 335), (52, 42, 52))
    inside = SOFT[canvas.tissue[box]] | (canvas.tissue[box] == Tissue.LUNG)
    canvas.fill(box, (heart < 0) & inside & cavity, Tissue.HEART)
    for centre, radii in (
        ((40, 46, 325), (22, 20, 30)),
        ((8, 24, 330), (20, 16, 32)),
        ((-14, 52, 348), (18, 18, 24)),
        ((22, 72, 358), (20, 14, 18)),
    ):
        canvas.fill(box, (ellipsoid(p, centre, radii) < 0) & (heart < -3) & cavity, Tissue.VESSEL)
    size = float(np.interp(body.growth.bone_age, (3, 8, 14, 18), (1.25, 1.0, 0.6, 0.35)))
    thymus = ellipsoid(p, (4, 22, 408), (34 * size, 13 * size, 36 * size))
    canvas.fill(box, (thymus < 0) & cavity & inside, Tissue.GLAND)
    # Branches of vessels in the lungs.
    for sign in (-1, 1):
        root = np.array([sign * 26.0, 75, 372])
        for tip in (
            (85, 90, 420),
            (98, 70, 360),
            (92, 120, 330),
            (70, 40, 330),
            (60, 120, 300),
            (70, 130, 400),
        ):
            branch = capsule(p, root, (sign * tip[0], tip[1], tip[2]), 6.0, 1.0)
            canvas.fill(box, (branch < 0) & (canvas.tissue[box] == Tissue.LUNG), Tissue.VESSEL)
    for path, r in (
        ([(0, 84, 545), (0, 88, 470), (0, 90, 392)], 8.0),
        ([(0, 90, 392), (-34, 86, 368)], 6.0),
        ([(0, 90, 392), (36, 88, 364)], 5.5),
    ):
        canvas.fill(box, (chain(p, np.array(path), [r] * len(path)) < 0) & (inside | cavity), Tissue.AIRWAY)


TRUNK_VESSELS = (
    ([(4, 48, 370), (-4, 46, 412), (4, 62, 430), (16, 86, 425), (20, 106, 398), (16, 104, 300),
      (8, 88, 240), (4, 70, 170), (3, 62, 112)],
     (12, 12, 11, 11, 10, 9, 9, 8, 7.5)),
    ([(-16, 66, 108), (-18, 76, 180), (-20, 84, 250), (-16, 70, 322)], (9, 10, 11, 12)),
    ([(-22, 58, 432), (-20, 56, 372)], (8, 9)),
    ([(0, 40, 372), (14, 50, 398), (38, 76, 376)], (10, 10, 7)),
)  # fmt: skip


def _vessels(canvas: Canvas, body: MeshBody) -> None:
    box = _box(canvas, body, (-95, -10, -95), (95, 130, 560))
    if box is None:
        return
    p = trunk_coordinates(canvas, body, box)
    free = (
        SOFT
        | (np.arange(64) == Tissue.LUNG)
        | (np.arange(64) == Tissue.BOWEL)
        | (np.arange(64) == Tissue.GLAND)
    )
    room = free[canvas.tissue[box]]
    paths = list(TRUNK_VESSELS)
    for sign in (-1, 1):
        paths += [
            (
                [
                    (3, 62, 112),
                    (sign * 22, 62, 75),
                    (sign * 52, 45, 10),
                    (sign * 66, 14, -62),
                    (sign * 68, 14, -92),
                ],
                (7, 5.5, 5, 4.5, 4.5),
            ),
            (
                [
                    (-14, 68, 108),
                    (sign * 24, 70, 72),
                    (sign * 50, 54, 6),
                    (sign * 58, 18, -62),
                    (sign * 60, 18, -92),
                ],
                (8, 6.5, 6, 5.5, 5.5),
            ),
            ([(sign * 14, 62, 430), (sign * 22, 82, 480), (sign * 26, 88, 575)], (4, 3.6, 3.2)),
            ([(sign * 22, 56, 436), (sign * 34, 84, 490), (sign * 36, 92, 575)], (6, 5.5, 5)),
            ([(sign * 16, 62, 436), (sign * 60, 76, 462), (sign * 92, 88, 448)], (5, 4.5, 4)),
        ]
    for path, radii in paths:
        canvas.fill(box, (chain(p, np.array(path, float), radii) < 0) & room, Tissue.VESSEL)


def _limb_vessels(canvas: Canvas, body: MeshBody) -> None:
    """Main artery and vein of each limb, in the frames of the segments (right template coordinates)."""
    courses = {
        "thigh": ([(-62, 10, -85), (-56, 22, -200), (-62, 52, -330), (-76, 90, -440), (-77, 94, -500)], 4.2),
        "shank": ([(-77, 96, -485), (-80, 92, -560), (-72, 92, -700), (-60, 88, -880)], 3.0),
        "upper_arm": ([(-158, 100, 425), (-150, 96, 300), (-152, 82, 170)], 3.2),
        "forearm": ([(-166, 84, 165), (-184, 78, 40), (-204, 68, -85)], 2.4),
    }
    for segment, (path, radius) in courses.items():
        for side in SIDES:
            place = body.skeleton.places[f"{segment}_{side}"]
            for shift in (np.zeros(3), np.array([6.0, 4.0, 0])):
                points = place(np.array(path, float) + shift)
                r = radius * body.growth.girth**0.5 * (1.15 if shift.any() else 0.9)
                box = canvas.box(points.min(0) - 8, points.max(0) + 8)
                if box is None:
                    continue
                d = chain(canvas.coordinates(box), points, [r] * len(points))
                room = SOFT[canvas.tissue[box]]
                canvas.fill(box, (d < 2.0) & room, Tissue.FAT)
                canvas.fill(box, (d < 0) & room, Tissue.VESSEL)


def _neck(canvas: Canvas, body: MeshBody) -> None:
    box = _box(canvas, body, (-60, 30, 440), (60, 120, 600))
    if box is None:
        return
    p = trunk_coordinates(canvas, body, box)
    room = SOFT[canvas.tissue[box]]
    for sign in (-1, 1):
        canvas.fill(box, (ellipsoid(p, (sign * 16, 72, 478), (9, 10, 20)) < 0) & room, Tissue.GLAND)
    canvas.fill(box, (capsule(p, (0, 80, 560), (0, 84, 440), 8.0) < 0) & room, Tissue.AIRWAY)


def paint_canal(canvas: Canvas, body: MeshBody) -> None:
    """Spinal canal: fat outside the dura, fluid, cord to about L1, roots below."""
    for number, v in enumerate(body.skeleton.spine.vertebrae):
        _canal(canvas, v, cord=v.name[0] in "CT" or v.name == "L1", top=number == 0)


def _canal(canvas: Canvas, v: Vertebra, cord: bool, top: bool) -> None:
    reach = v.half_depth + 3 * v.canal + v.half_height + v.disc + (24 if top else 4)
    box = canvas.box(v.centre - reach, v.centre + reach)
    if box is None:
        return
    f = v.frame.astype(np.float32)
    x, y, z = shifted(canvas.coordinates(box), v.centre)
    p = tuple(f[0, k] * x + f[1, k] * y + f[2, k] * z for k in range(3))
    d = canal_distance(p, v)  # type: ignore[arg-type]
    above = v.half_height + (30 * v.size if top else 2)
    level = (p[2] > -v.half_height - v.disc - 2) & (p[2] < above)
    canvas.fill(box, (d < 0) & level, Tissue.FAT)
    canvas.fill(box, (d < -1.1) & level, Tissue.CSF)
    q = shifted(p, (0, v.half_depth + 0.74 * v.canal, 0))  # type: ignore[arg-type]
    share = {"C": 0.52, "T": 0.48, "L": 0.5}[v.name[0]]
    if cord:
        a, b = v.canal * share, v.canal * share * 0.74
        inner = (q[0] / a) ** 2 + (q[1] / b) ** 2 < 1
        canvas.fill(box, inner & level, Tissue.SPINAL_CORD)
    else:
        roots = (np.sin(q[0] * 2.2) > 0.55) & (q[1] > 0.1 * v.canal) & (d < -2.0)
        canvas.fill(box, roots & level, Tissue.SPINAL_CORD)


def paint_head(canvas: Canvas, body: MeshBody) -> None:
    """Brain with folds and ventricles, eyes; only where the skull left room."""
    place, h = body.skeleton.head, body.growth.head
    share = body.growth.face / body.growth.head
    box = canvas.box(place([-80, -10, 540]), place([80, 195, 740]))
    if box is None:
        return
    x, y, z = canvas.coordinates(box)
    p = ((x - place.target[0]) / h, (y - place.target[1]) / h + 102, (z - place.target[2]) / h + 585)
    p = tuple(v.astype(np.float32) for v in p)
    tissue = canvas.tissue[box]
    cavity = (tissue == Tissue.CSF) & (p[2] > 570)
    depth = ndimage.distance_transform_edt(cavity, sampling=canvas.grid.spacing).astype(np.float32) / h
    fold = np.sin(p[0] * 0.42 + 2.2 * np.sin(p[2] * 0.13)) + np.sin(
        p[1] * 0.38 + 2.0 * np.sin(p[0] * 0.15 + p[2] * 0.1)
    )
    fold = fold + np.sin(p[2] * 0.36 + 1.7 * np.sin(p[1] * 0.12))
    low = p[2] < 634 - 0.22 * (p[1] - 100)
    cerebellum = (p[1] > 105) & (p[2] < 630)
    ribbon = 8.5 + 3.6 * fold
    matter = np.where(depth > ribbon, np.uint8(Tissue.BRAIN_WHITE), np.uint8(Tissue.BRAIN_GREY))
    matter = np.where(
        cerebellum & (np.sin(p[2] * 1.3 + p[1] * 0.6) > 0.3), np.uint8(Tissue.BRAIN_WHITE), matter
    )
    tissue[cavity & (depth > 1.8)] = matter[cavity & (depth > 1.8)]
    sulcus = (np.abs(fold - 0.8) < 0.17) & (depth < 12) & ~low
    sulcus = sulcus | (np.abs(p[0] + 0.5 * np.sin(p[2] * 0.2)) < 0.8) & (p[2] > 650) & (depth < 24)
    tissue[cavity & sulcus] = Tissue.CSF
    brain = cavity & (depth > 1.8)
    q = (np.abs(p[0]), p[1], p[2])
    for shape in (
        chain(q, np.array([(6.0, 55, 672), (8, 85, 680), (14, 120, 676), (22, 128, 655)]), (4, 5, 7, 4)),
        capsule(q, (0, 85, 660), (0, 100, 650), 2.5),
        ellipsoid(q, (0, 124, 630), (6, 7, 8)),
    ):
        tissue[brain & (shape < 0)] = Tissue.CSF
    deep = ellipsoid(q, (16, 88, 662), (10, 22, 13))
    tissue[brain & (deep < 0) & (tissue != Tissue.CSF)] = Tissue.BRAIN_GREY
    stem = capsule(p, (0, 98, 640), (0, 112, 588), 13.0, 7.0)
    tissue[brain & (stem < 0)] = Tissue.BRAIN_WHITE
    throat = capsule(p, (0, 72, 618 - 14 * share), (0, 79, 552), 6.0)
    tissue[((tissue == Tissue.MUSCLE) | (tissue == Tissue.FASCIA)) & (throat < 0)] = Tissue.AIRWAY
    eye_height = 618 + (622 - 618) * 1.0
    room = (
        (tissue == Tissue.FAT)
        | (tissue == Tissue.SKIN)
        | (tissue == Tissue.MUSCLE)
        | (tissue == Tissue.CONNECTIVE)
    )
    eye = ellipsoid(q, (32, 17, eye_height), (12.0, 12.0, 12.0))
    tissue[room & (eye < 0)] = Tissue.EYE
    nerve = capsule(q, (30, 30, eye_height), (14, 55, eye_height), 2.0)
    tissue[(tissue == Tissue.FAT) & (nerve < 0)] = Tissue.BRAIN_WHITE
    cheek = ellipsoid(q, (58, 92, 618 - 20 * share), (11, 18, 24))
    tissue[((tissue == Tissue.MUSCLE) | (tissue == Tissue.FAT)) & (cheek < 0)] = Tissue.GLAND
