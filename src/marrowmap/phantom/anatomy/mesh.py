"""The digital child itself: everything drawn once, painted on any grid."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.phantom.anatomy import muscles, organs
from marrowmap.phantom.anatomy.canvas import Canvas
from marrowmap.phantom.anatomy.growth import Growth, grow
from marrowmap.phantom.anatomy.shapes import Coordinates
from marrowmap.phantom.anatomy.skeleton import SIDES, PlacedBone, Skeleton, build_skeleton, draw_pose
from marrowmap.phantom.anatomy.spine import (
    Vertebra,
    atlas_distance,
    canal_distance,
    draw_numbering,
    profile,
    vertebra_distance,
)
from marrowmap.phantom.anatomy.surface import Surface, build_surface
from marrowmap.phantom.anatomy.template import template
from marrowmap.phantom.anatomy.zones import site_label
from marrowmap.phantom.body import BodyFacts, ChildSpec, Maps, Tissue

SKIN_MM = 1.3


class MeshBody:
    """A child whose bones come from meshes; see ``Body`` for the meaning of the fields."""

    def __init__(self, spec: ChildSpec) -> None:
        rng = np.random.default_rng([spec.seed, spec.sex == "F", 42])  # stays with the child as it grows
        day = np.random.default_rng([spec.seed, round(spec.age_years * 12), 42])
        self.spec = spec
        self.growth: Growth = grow(spec, rng)
        numbering = draw_numbering(spec, rng)
        pose = draw_pose(spec, day)
        self.skeleton: Skeleton = build_skeleton(spec, template(), self.growth, numbering, pose, rng)
        self.surface: Surface = build_surface(self.skeleton, self.growth, rng)
        self.texture = rng.normal(0, 1, (24, 24, 48)).astype(np.float32)
        lengths = {
            bone: self.growth.scale[bone] * length
            for bone, length in (("femur", 452.0), ("tibia", 376.0), ("humerus", 326.0), ("ulna", 260.0))
        }
        lengths["height"] = self.growth.height_mm
        height_m = self.growth.height_mm / 1000
        self.facts = BodyFacts(
            height_cm=round(self.growth.height_mm / 10, 1),
            weight_kg=round(self.growth.bmi * height_m**2, 1),
            numbering=numbering,
            arms=pose.arms,
            scoliosis_cobb_deg=round(pose.cobb, 1),
            lengths_mm=MappingProxyType(lengths),
        )
        self.landmarks = _landmarks(self.skeleton, self.growth)

    @property
    def extent_mm(self) -> tuple[PointMm, PointMm]:
        """Smallest and largest coordinates of the skin."""
        return self.surface.low, self.surface.high

    def paint(self, grid: Grid) -> Maps:
        """All maps on ``grid``; the order of painting decides what covers what."""
        canvas = Canvas(grid)
        box = canvas.box(tuple(self.extent_mm[0]), tuple(self.extent_mm[1]))
        if box is not None:
            _paint_shell(canvas, self)
            muscles.paint(canvas, self)
            organs.paint(canvas, self)
            _paint_joints(canvas, self)
            _paint_spine(canvas, self)
            for bone in self.skeleton.bones:
                _paint_bone(canvas, bone, self)
            organs.paint_head(canvas, self)
            _clip_to_skin(canvas)
        return Maps(grid, canvas.tissue, canvas.site, canvas.part, canvas.along, canvas.to_physis)


def mesh_body(spec: ChildSpec) -> MeshBody:
    """The body for a specification."""
    return MeshBody(spec)


def slabs(
    canvas: Canvas, box: tuple[slice, slice, slice], most: int = 6_000_000
) -> list[tuple[slice, slice, slice]]:
    """A box cut along its first axis into pieces of at most ``most`` voxels."""
    rows = (box[1].stop - box[1].start) * (box[2].stop - box[2].start)
    step = max(1, most // max(rows, 1))
    return [
        (slice(a, min(a + step, box[0].stop)), box[1], box[2]) for a in range(box[0].start, box[0].stop, step)
    ]


def _paint_shell(canvas: Canvas, body: MeshBody) -> None:
    """Skin, fat below it, muscle below the fat."""
    surface = body.surface
    low, high = (np.array(tuple(v)) for v in body.extent_mm)
    box = canvas.box(low, high)
    matrix, offset = surface.lattice()
    fat_matrix, fat_offset = matrix / 2, offset / 2
    coarse = surface.fat[::2, ::2, ::2]
    for part in slabs(canvas, box):
        skin = canvas.sample(part, surface.skin, matrix, offset, 60.0)
        inside = skin < 0
        if not inside.any():
            continue
        tissue = canvas.tissue[part]
        canvas.inside[part] = inside
        tissue[inside] = Tissue.SKIN
        deep = skin < -SKIN_MM
        tissue[deep] = Tissue.FAT
        fat = canvas.sample(part, coarse, fat_matrix, fat_offset, 1.0)
        tissue[deep & (skin < -SKIN_MM - fat)] = Tissue.MUSCLE


def _paint_bone(canvas: Canvas, bone: PlacedBone, body: MeshBody) -> None:
    box = canvas.box(*bone.corners())
    if box is None:
        return
    matrix, offset = bone.lattice()
    scale = np.float32(bone.grid.scale * bone.stretch)
    sdf = canvas.sample(box, bone.grid.sdf, matrix, offset, 40) * scale
    inside = sdf < 0
    if not inside.any():
        return
    points = bone.place.back(canvas.points(box, inside)).astype(np.float32)
    labels = bone.label(points, sdf[inside])
    solid = (labels.tissue == Tissue.CORTEX) | (labels.tissue == Tissue.MARROW)
    canvas.tissue[box][inside] = labels.tissue
    canvas.site[box][inside] = np.where(solid, labels.site, 0)
    canvas.part[box][inside] = np.where(solid, labels.part, 0)
    canvas.along[box][inside] = np.where(solid & (labels.site > 0), labels.along, np.nan)
    canvas.to_physis[box][inside] = np.where(solid & (labels.site > 0), labels.to_physis, np.nan)


def _local(p: Coordinates, v: Vertebra) -> Coordinates:
    f = v.frame.astype(np.float32)
    x, y, z = (p[k] - np.float32(v.centre[k]) for k in range(3))
    return tuple(f[0, k] * x + f[1, k] * y + f[2, k] * z for k in range(3))  # type: ignore[return-value]


def _paint_spine(canvas: Canvas, body: MeshBody) -> None:
    """Discs and canal first, then each vertebra over them."""
    spine, age = body.skeleton.spine, body.growth.bone_age
    organs.paint_canal(canvas, body)
    for v in spine.vertebrae:
        # The sacral endplate slopes: the last disc is a wedge that the sacrum cuts when it is painted.
        _paint_disc(canvas, v, 9.0 * v.size if v is spine.vertebrae[-1] else 0.0)
    for v in spine.vertebrae:
        box = canvas.box(v.centre - v.reach, v.centre + v.reach)
        if box is None:
            continue
        p = _local(canvas.coordinates(box), v)
        whole, core = vertebra_distance(p, v, age)
        inside = (whole < 0) & (canal_distance(p, v) > 0)
        if not inside.any():
            continue
        depth = whole[inside]
        tissue = np.where(depth > -0.8, Tissue.CORTEX, Tissue.MARROW).astype(np.uint8)
        is_body = core[inside] < 0.5
        if age < 7.0:
            # Neurocentral cartilage between body and arch.
            seam = np.abs(core[inside] + 2.0) < 0.9
            y = np.broadcast_to(p[1], whole.shape)[inside]
            x = np.broadcast_to(p[0], whole.shape)[inside]
            tissue[seam & (y > 0.45 * v.half_depth) & (np.abs(x) > v.canal * 0.8)] = Tissue.CARTILAGE
        _stamp(
            canvas,
            box,
            inside,
            tissue,
            v.label,
            np.where(is_body, 1, 2),
            np.broadcast_to(p[2], whole.shape)[inside],
            v,
        )
    size = spine.vertebrae[0].size
    box = canvas.box(spine.atlas - 50 * size, spine.atlas + 50 * size)
    if box is not None:
        v = spine.vertebrae[0]
        f = v.frame.astype(np.float32)
        w = canvas.coordinates(box)
        x, y, z = (w[k] - np.float32(spine.atlas[k]) for k in range(3))
        p = tuple(f[0, k] * x + f[1, k] * y + f[2, k] * z for k in range(3))
        ring = atlas_distance(p, size)  # type: ignore[arg-type]
        inside = (ring < 0) & (canvas.site[box] == 0)
        tissue = np.where(ring[inside] > -0.8, Tissue.CORTEX, Tissue.MARROW).astype(np.uint8)
        _stamp(
            canvas,
            box,
            inside,
            tissue,
            site_label("vertebra_c1"),
            2,
            np.broadcast_to(p[2], ring.shape)[inside],
            v,
        )


def _stamp(canvas: Canvas, box, inside, tissue, label: int, part, height, v: Vertebra) -> None:
    solid = (tissue == Tissue.CORTEX) | (tissue == Tissue.MARROW)
    canvas.tissue[box][inside] = tissue
    canvas.site[box][inside] = np.where(solid, np.uint8(label), 0)
    canvas.part[box][inside] = np.where(solid, part, 0)
    along = np.clip((v.half_height - height) / (2 * v.half_height), 0, 1)
    canvas.along[box][inside] = np.where(solid, along, np.nan)
    canvas.to_physis[box][inside] = np.nan


def _paint_disc(canvas: Canvas, v: Vertebra, deeper: float = 0.0) -> None:
    """The disc below a vertebra: annulus and nucleus; ``deeper`` millimetres are added below."""
    middle = v.centre - v.frame[:, 2] * (v.half_height + v.disc / 2)
    reach = v.half_width + 8 + deeper
    box = canvas.box(middle - reach, middle + reach)
    if box is None:
        return
    x, y, z = _local(canvas.coordinates(box), v)
    z = z + np.float32(v.half_height + v.disc / 2)
    rim = profile(x, y, v, 0.6)
    half = v.disc / 2 + 1.2 + 0.12 * v.half_height * np.clip(-rim / v.half_depth, 0, 1)
    disc = (rim < 0) & (z < half) & (z > -half - deeper)
    canvas.fill(box, disc, Tissue.DISC)
    canvas.fill(box, (rim < -0.36 * v.half_depth) & (np.abs(z) < v.disc * 0.36), Tissue.DISC_NUCLEUS)


def _paint_joints(canvas: Canvas, body: MeshBody) -> None:
    """Joint cavities: capsule, cartilage near bone, a film of fluid; bones are painted over them."""
    joints, g = body.skeleton.joints, body.growth.girth
    sizes = {"hip": 31.0, "knee": 44.0, "ankle": 24.0, "shoulder": 31.0, "elbow": 26.0, "wrist": 20.0}
    for bone in body.skeleton.bones:
        names = {
            "femur": ("hip", "knee"),
            "tibia": ("knee", "ankle"),
            "humerus": ("shoulder", "elbow"),
            "patella": ("knee",),
            "talus": ("ankle",),
            "radius": ("elbow", "wrist"),
            "hemipelvis": ("hip",),
            "scapula": ("shoulder",),
        }
        for name in names.get(bone.name, ()):
            centre = joints[f"{name}_{bone.side}"]
            radius = sizes[name] * g
            box = canvas.box(centre - radius, centre + radius)
            if box is None:
                continue
            x, y, z = canvas.coordinates(box)
            ball = ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) < radius**2
            matrix, offset = bone.lattice()
            sdf = canvas.sample(box, bone.grid.sdf, matrix, offset, 40) * np.float32(
                bone.grid.scale * bone.stretch
            )
            layer = 2.4 * g + 0.25 * body.growth.cartilage_mm
            near = ball & (sdf < layer)
            tissue = canvas.tissue[box]
            open_room = (tissue != Tissue.AIR) & (tissue != Tissue.SKIN)
            film = near & (sdf > layer - 1.6)
            # Two cartilages meet in a film of fluid; elsewhere the capsule lies on the bone.
            meeting = near & (sdf > layer - 2.4) & (tissue == Tissue.CARTILAGE)
            tissue[near & ~film & open_room] = Tissue.CARTILAGE
            tissue[film & open_room & (tissue != Tissue.CARTILAGE)] = Tissue.FASCIA
            tissue[meeting] = Tissue.SYNOVIAL_FLUID
    _paint_recesses(canvas, body)


def _paint_recesses(canvas: Canvas, body: MeshBody) -> None:
    """Thin pockets of fluid: above the kneecap, around the femoral neck; fat pad and menisci of the knee."""
    g, f = body.growth.girth, body.growth.scale["femur"]
    for side in SIDES:
        thigh, shank = body.skeleton.places[f"thigh_{side}"], body.skeleton.places[f"shank_{side}"]
        pad = thigh([-78, 18, -502])
        shapes = (
            (pad, (15 * g, 11 * g, 20 * f), Tissue.FAT),
            (thigh([-78, 26, -425]), (17 * g, 2.2, 15 * f), Tissue.SYNOVIAL_FLUID),
            (thigh([-90, 50, -98]), (6 * g, 13 * g, 3.0), Tissue.SYNOVIAL_FLUID),
            (shank([-103, 58, -496]), (11 * g, 17 * g, 4.0 * g), Tissue.FASCIA),
            (shank([-55, 58, -496]), (11 * g, 17 * g, 4.0 * g), Tissue.FASCIA),
        )
        for centre, radii, tissue in shapes:
            reach = max(radii)
            box = canvas.box(centre - reach, centre + reach)
            if box is None:
                continue
            x, y, z = canvas.coordinates(box)
            inside = ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2
            inside = inside + ((z - centre[2]) / radii[2]) ** 2 < 1
            air = (canvas.tissue[box] == Tissue.AIR) | (canvas.tissue[box] == Tissue.SKIN)
            canvas.fill(box, inside & ~air, tissue)


def _clip_to_skin(canvas: Canvas) -> None:
    """Nothing is painted outside the skin."""
    outside = (canvas.tissue > 0) & ~canvas.inside
    canvas.tissue[outside] = Tissue.AIR
    for values in (canvas.site, canvas.part):
        values[outside] = 0
    canvas.along[outside] = np.nan
    canvas.to_physis[outside] = np.nan


def _landmarks(skeleton: Skeleton, growth: Growth) -> dict[str, PointMm]:
    spine = skeleton.spine
    share = growth.face / growth.head
    places: dict[str, npt.NDArray[np.float64]] = {
        "vertex": skeleton.head([0, 100, 733]),
        "chin": skeleton.head([0, 22, 618 - (618 - 540) * share]),
        "c2": spine.named("C2").centre,
        "t1": spine.named("T1").centre,
        "t12": spine.named(f"T{spine.numbering.ribs}").centre,
        "l5_s1": spine.sacrum_top,
        "sternal_notch": skeleton.trunk([0, 60, 462]),
    }
    places |= skeleton.joints
    for side in SIDES:
        foot, hand = skeleton.places[f"foot_{side}"], skeleton.places[f"hand_{side}"]
        places[f"heel_{side}"] = foot([-86, 138, -935])
        places[f"toes_{side}"] = foot([-80, -120, -925])
        places[f"fingertip_{side}"] = hand(
            template().bones["finger_3_3"].low * [0.5, 0.5, 1]
            + template().bones["finger_3_3"].high * [0.5, 0.5, 0]
        )
    return {name: PointMm(*(float(v) for v in place)) for name, place in places.items()}
