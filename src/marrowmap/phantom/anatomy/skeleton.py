"""The bones of one child: every template bone placed by an affine map of its segment, in a pose."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from marrowmap.phantom.anatomy import zones
from marrowmap.phantom.anatomy.growth import Growth
from marrowmap.phantom.anatomy.shapes import rotation, turning
from marrowmap.phantom.anatomy.spine import Spine, build_spine
from marrowmap.phantom.anatomy.template import MIRROR, BoneGrid, Template
from marrowmap.phantom.body import ChildSpec, Numbering

Array = npt.NDArray[np.float64]
SIDES = ("right", "left")


@dataclass(frozen=True)
class Placement:
    """world = matrix @ (template - pivot) + target."""

    matrix: Array
    pivot: Array
    target: Array

    def __call__(self, points: npt.ArrayLike) -> Array:
        return (np.asarray(points, float) - self.pivot) @ self.matrix.T + self.target

    def back(self, points: npt.ArrayLike) -> Array:
        """Template points of world points."""
        return (np.asarray(points, float) - self.target) @ np.linalg.inv(self.matrix).T + self.pivot


@dataclass(frozen=True)
class PlacedBone:
    """A template bone in the child. pad: soft tissue that must cover it, millimetres. segment: body part."""

    name: str
    side: str
    grid: BoneGrid
    place: Placement
    label: zones.Labeller
    segment: str
    pad: float

    @property
    def stretch(self) -> float:
        """World millimetres per template millimetre, middle of the three axes."""
        return float(np.sort(np.linalg.norm(self.place.matrix, axis=0))[0])

    def lattice(self) -> tuple[Array, Array]:
        """Matrix and offset from world points to indices of the distance grid."""
        inverse = np.linalg.inv(self.place.matrix) / self.grid.spacing
        offset = (self.place.pivot - self.grid.origin) / self.grid.spacing - inverse @ self.place.target
        return inverse, offset

    def corners(self, margin: float = 2.0) -> tuple[Array, Array]:
        """World box of the bone, widened by ``margin`` millimetres."""
        low, high = self.grid.low, self.grid.high
        ends = np.array(
            [[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
        )
        world = self.place(ends)
        return world.min(0) - margin, world.max(0) + margin


@dataclass
class Skeleton:
    """All bones of a child and the joints between them (world millimetres, by name and side)."""

    bones: list[PlacedBone]
    spine: Spine
    joints: dict[str, Array]
    trunk: Placement
    head: Placement
    places: dict[str, Placement] = field(default_factory=dict)
    arms: str = "beside"


@dataclass(frozen=True)
class Pose:
    """Angles in degrees, per side (right, left)."""

    arms: str
    arm_spread: tuple[float, float]
    elbow_bend: tuple[float, float]
    leg_spread: tuple[float, float]
    leg_turn: tuple[float, float]
    knee_bend: tuple[float, float]
    foot_drop: tuple[float, float]
    cobb: float


def draw_pose(spec: ChildSpec, rng: np.random.Generator) -> Pose:
    """A child lying in the scanner; what the specification fixes is kept."""
    arms = "on_body" if rng.random() < 0.3 else "beside"
    arms = spec.arms or arms

    def pair(mean: float, spread: float, jitter: float) -> tuple[float, float]:
        base = rng.normal(mean, spread)
        return float(base + rng.normal(0, jitter)), float(base + rng.normal(0, jitter))

    spread = pair(13, 2.5, 1.5)
    bend = pair(9, 4, 3)
    apart = pair(2.8, 1.6, 0.8)
    turn = pair(12, 7, 4)
    knee = pair(4, 3, 1)
    drop = pair(24, 8, 4)
    cobb = float(rng.uniform(11, 32)) if rng.random() < 0.06 else float(np.abs(rng.normal(0, 3)))
    if spec.leg_rotation_deg is not None:
        turn = (spec.leg_rotation_deg, spec.leg_rotation_deg)
    if spec.leg_abduction_deg is not None:
        apart = (spec.leg_abduction_deg, spec.leg_abduction_deg)
    if spec.scoliosis_cobb_deg is not None:
        cobb = spec.scoliosis_cobb_deg
    return Pose(arms, spread, bend, apart, turn, knee, drop, cobb)


def build_skeleton(
    spec: ChildSpec,
    template: Template,
    growth: Growth,
    numbering: Numbering,
    pose: Pose,
    rng: np.random.Generator,
) -> Skeleton:
    """Place every bone."""
    hips = np.array([0.0, template.joints["hip"][1], template.joints["hip"][2]])
    depth = growth.width * 1.02
    trunk = Placement(np.diag([growth.width, depth, growth.trunk]), hips, np.zeros(3))
    spine = build_spine(template, growth, numbering, trunk, pose.cobb, rng)
    head = Placement(np.diag([growth.head] * 3), np.array([0.0, 102.0, 585.0]), spine.atlas)
    skeleton = Skeleton([], spine, {}, trunk, head, arms=pose.arms)
    _trunk_bones(skeleton, template, growth)
    _head_bones(skeleton, template, growth)
    for number, side in enumerate(SIDES):
        _leg(skeleton, template, growth, pose, number, side)
        _arm(skeleton, template, growth, pose, number, side)
    return skeleton


def _sided(placement: Placement, side: str) -> Placement:
    """The same map for the mirror image of a right template bone."""
    if side == "right":
        return placement
    return Placement(placement.matrix @ MIRROR, placement.pivot, placement.target)


def _mirrored(placement: Placement, side: str, bend: float = 0.0) -> Placement:
    """Trunk map for a right template bone, put on ``side`` and moved sideways by ``bend``."""
    shift = np.array([bend, 0.0, 0.0])
    if side == "right":
        return Placement(placement.matrix, placement.pivot, placement.target + shift)
    return Placement(MIRROR @ placement.matrix, placement.pivot, MIRROR @ placement.target + shift)


def _trunk_bones(skeleton: Skeleton, template: Template, growth: Growth) -> None:
    bones, trunk, spine = template.bones, skeleton.trunk, skeleton.spine
    scale = growth.trunk
    add = skeleton.bones.append
    pelvis = bones["hemipelvis"]
    for side in SIDES:
        add(
            PlacedBone(
                "hemipelvis",
                side,
                pelvis,
                _mirrored(trunk, side),
                zones.hemipelvis(side, growth, scale),
                "trunk",
                9,
            )
        )
    label = zones.sacrum(growth, scale, spine.numbering.transitional == "lumbarised_s1")
    add(PlacedBone("sacrum", "midline", bones["sacrum"], trunk, label, "trunk", 10))
    for number in range(1, spine.numbering.ribs + 1):
        name = f"rib_{min(number, 12)}"
        level = f"T{number}"
        here = spine.named(level).centre
        home = trunk(template.vertebrae[f"T{min(number, 12)}"][:3])
        shift = here - home
        for side in SIDES:
            place = _mirrored(trunk, side)
            place = Placement(place.matrix, place.pivot, place.target + shift * [1, 1, 0.9])
            grid = bones[name]
            rear = np.array([grid.high[0], grid.high[1], grid.high[2]])
            fore = np.array([grid.low[0], grid.low[1], grid.low[2]])
            label = zones.small_bone(f"ribs_{side}", number, growth, (rear, fore), scale, None, 0.0)
            add(PlacedBone(name, side, grid, place, label, "trunk", 7))
    mid_bend = float(spine.sideways(trunk([0, 0, 350.0])[2]))
    front = Placement(trunk.matrix, trunk.pivot, trunk.target + np.array([mid_bend, 0, 0]))
    add(PlacedBone("sternum", "midline", bones["costal_cartilage"], front, zones.sternum(growth), "trunk", 7))
    top_bend = float(spine.sideways(trunk([0, 0, 440.0])[2]))
    clavicle, scapula = bones["clavicle"], bones["scapula"]
    for side in SIDES:
        place = _mirrored(trunk, side, top_bend)
        label = zones.clavicle(side, growth, scale, float(clavicle.low[0]), float(clavicle.high[0]))
        add(PlacedBone("clavicle", side, clavicle, place, label, "trunk", 6))
        ends = (np.array([-100.0, 110, 480]), np.array([-100.0, 150, 335]))
        label = zones.small_bone(f"scapula_{side}", 0, growth, ends, scale, None, 0.25)
        add(PlacedBone("scapula", side, scapula, place, label, "trunk", 8))
        skeleton.joints[f"shoulder_{side}"] = place(template.joints["shoulder"])
        skeleton.joints[f"hip_{side}"] = _mirrored(trunk, side)(template.joints["hip"])


FACE_TOP = 618.0
"""Template height above which the head is brain case; below it the face shrinks in the young."""


def shorten_face(grid: BoneGrid, share: float) -> BoneGrid:
    """The same bone with everything below FACE_TOP squeezed in height by ``share``."""
    heights = grid.origin[2] + np.arange(grid.sdf.shape[2]) * grid.spacing
    source = np.where(heights < FACE_TOP, FACE_TOP + (heights - FACE_TOP) / share, heights)
    index = np.clip((source - grid.origin[2]) / grid.spacing, 0, grid.sdf.shape[2] - 1.001)
    low = index.astype(int)
    w = (index - low).astype(np.float32)
    values = grid.sdf[:, :, low] * (1 - w) + grid.sdf[:, :, low + 1] * w
    below = FACE_TOP + (grid.low[2] - FACE_TOP) * share if grid.low[2] < FACE_TOP else grid.low[2]
    low_corner = np.array([grid.low[0], grid.low[1], below])
    return BoneGrid(
        grid.name,
        np.round(values).astype(np.int8),
        grid.origin,
        grid.spacing,
        grid.scale,
        low_corner,
        grid.high,
        grid.depth,
    )


def _head_bones(skeleton: Skeleton, template: Template, growth: Growth) -> None:
    share = growth.face / growth.head
    skull = shorten_face(template.bones["skull"], share)
    jaw = shorten_face(template.bones["mandible"], share)
    skeleton.bones.append(
        PlacedBone("skull", "midline", skull, skeleton.head, zones.skull(growth), "head", 5)
    )
    skeleton.bones.append(
        PlacedBone("mandible", "midline", jaw, skeleton.head, zones.mandible(growth), "head", 7)
    )


def _limb(
    skeleton: Skeleton,
    template: Template,
    name: str,
    side: str,
    place: Placement,
    label,
    segment: str,
    pad: float,
) -> None:
    skeleton.bones.append(
        PlacedBone(name, side, template.bones[name], _sided(place, side), label, segment, pad)
    )


def _mirror_turn(turn: Array, side: str) -> Array:
    """A rotation for the right limb as its mirror image for the left."""
    return turn if side == "right" else MIRROR @ turn @ MIRROR


def _leg(skeleton: Skeleton, template: Template, growth: Growth, pose: Pose, i: int, side: str) -> None:
    joints, sign = template.joints, np.array([1.0 if side == "right" else -1.0, 1, 1])
    turn = rotation("y", pose.leg_spread[i]) @ rotation("z", -pose.leg_turn[i])
    thigh_turn = _mirror_turn(rotation("x", -0.5 * pose.knee_bend[i]) @ turn, side)
    shank_turn = _mirror_turn(rotation("x", 0.5 * pose.knee_bend[i]) @ turn, side)
    foot_turn = shank_turn @ rotation("x", pose.foot_drop[i])
    g, s = growth.girth, growth.scale
    hip = skeleton.joints[f"hip_{side}"]
    thigh = Placement(thigh_turn @ np.diag([g, g, s["femur"]]), joints["hip"], hip)
    knee = hip + thigh_turn @ (np.diag([g, g, s["femur"]]) @ ((joints["knee"] - joints["hip"]) * sign))
    shank = Placement(shank_turn @ np.diag([g, g, s["tibia"]]), joints["knee"], knee)
    ankle = knee + shank_turn @ (np.diag([g, g, s["tibia"]]) @ ((joints["ankle"] - joints["knee"]) * sign))
    f = s["foot"]
    foot = Placement(foot_turn * f, joints["ankle"], ankle)
    skeleton.joints |= {f"knee_{side}": knee, f"ankle_{side}": ankle}
    for name, place in (("thigh", thigh), ("shank", shank), ("foot", foot)):
        skeleton.places[f"{name}_{side}"] = _sided(place, side)
    _limb(
        skeleton,
        template,
        "femur",
        side,
        thigh,
        zones.long_bone("femur", side, growth, s["femur"]),
        "thigh",
        12,
    )
    for bone, pad in (("tibia", 5), ("fibula", 7)):
        _limb(
            skeleton,
            template,
            bone,
            side,
            shank,
            zones.long_bone(bone, side, growth, s["tibia"]),
            "shank",
            pad,
        )
    patella = template.bones["patella"]
    ends = (np.array([0, 0, patella.high[2]]), np.array([0, 0, patella.low[2]]))
    # The source holds the kneecap inside the joint; it lies in front of the condyles.
    kneecap = Placement(thigh.matrix, thigh.pivot, thigh(thigh.pivot + np.array([0.0, -43.0, 4.0])))
    _limb(
        skeleton,
        template,
        "patella",
        side,
        kneecap,
        zones.small_bone(f"patella_{side}", 0, growth, ends, g),
        "thigh",
        6,
    )
    for name, bone in template.bones.items():
        unit = _foot_unit(name)
        if unit is None:
            continue
        site, part, plate = unit
        along = (np.array([*((bone.low + bone.high) / 2)]),) * 2
        start, end = along[0].copy(), along[0].copy()
        start[1], end[1] = bone.high[1], bone.low[1]
        if name in ("talus", "calcaneus"):
            start[2], end[2] = bone.high[2], bone.low[2]
        label = zones.small_bone(
            f"{site}_{side}",
            part,
            growth,
            (start, end),
            f,
            plate,
            _rim(name),
        )
        _limb(skeleton, template, name, side, foot, label, "foot", 9 if "toe" not in name else 6.5)


def _rim(name: str) -> float:
    """Share of the epiphyseal cartilage around a bone of the foot; shafts and heel ossify before birth."""
    if name in ("talus", "calcaneus"):
        return 0.3
    return 0.12 if name.startswith(("metatarsal", "toe")) else 0.7


def _foot_unit(name: str) -> tuple[str, int, tuple[str, float] | None] | None:
    """Unit, part and growth plate (closing key, place along the bone) of a bone of the foot."""
    tarsals = {"navicular": 1, "cuboid": 2, "cuneiform_1": 3, "cuneiform_2": 4, "cuneiform_3": 5}
    if name in tarsals:
        return "tarsals", tarsals[name], None
    if name == "talus":
        return "talus", 0, None
    if name == "calcaneus":
        return "calcaneus", 0, ("calcaneus", 0.10)
    if name.startswith("metatarsal"):
        return name, 0, ("foot", 0.17 if name.endswith("1") else 0.84)
    if name.startswith("toe"):
        return "toes", _phalanx(name, "toe"), ("foot", 0.17)
    return None


def _phalanx(name: str, digit: str) -> int:
    _, ray, kind = name.split("_")
    label = f"{('proximal', 'middle', 'distal')[int(kind) - 1]} phalanx of {digit} {ray}"
    return zones.part_number("toes" if digit == "toe" else "fingers", label)


def _arm(skeleton: Skeleton, template: Template, growth: Growth, pose: Pose, i: int, side: str) -> None:
    joints, sign = template.joints, np.array([1.0 if side == "right" else -1.0, 1, 1])
    g, s = growth.girth, growth.scale
    shoulder = skeleton.joints[f"shoulder_{side}"]
    arm_turn = _mirror_turn(rotation("y", pose.arm_spread[i]), side)
    upper = Placement(arm_turn @ np.diag([g, g, s["humerus"]]), joints["shoulder"], shoulder)
    elbow = shoulder + arm_turn @ (
        np.diag([g, g, s["humerus"]]) @ ((joints["elbow"] - joints["shoulder"]) * sign)
    )
    reach = joints["lunate"] - joints["elbow"]
    if pose.arms == "on_body":
        side_x = -1.0 if side == "right" else 1.0
        goal = skeleton.trunk([side_x * 95.0, -95.0, -20.0])
        goal[1] -= 14.0
        turn = turning(reach * sign, goal - elbow)
        fore_turn = turn @ _mirror_turn(rotation("z", -65.0), side)
        hand_turn = fore_turn
    else:
        swing = rotation("x", -pose.elbow_bend[i]) @ rotation("y", 0.35 * pose.arm_spread[i])
        fore_turn = _mirror_turn(swing, side)
        hand_turn = fore_turn @ _mirror_turn(rotation("y", -8.0), side)
    fore = Placement(fore_turn @ np.diag([g, g, s["ulna"]]), joints["elbow"], elbow)
    wrist = elbow + fore_turn @ (np.diag([g, g, s["ulna"]]) @ (reach * sign))
    h = s["hand"]
    hand = Placement(hand_turn * h, joints["lunate"], wrist)
    skeleton.joints |= {f"elbow_{side}": elbow, f"wrist_{side}": wrist}
    for name, place in (("upper_arm", upper), ("forearm", fore), ("hand", hand)):
        skeleton.places[f"{name}_{side}"] = _sided(place, side)
    _limb(
        skeleton,
        template,
        "humerus",
        side,
        upper,
        zones.long_bone("humerus", side, growth, s["humerus"]),
        "upper_arm",
        8,
    )
    for bone in ("radius", "ulna"):
        _limb(
            skeleton, template, bone, side, fore, zones.long_bone(bone, side, growth, s["ulna"]), "forearm", 6
        )
    carpals = ("scaphoid", "lunate", "triquetrum", "pisiform", "trapezium", "trapezoid", "capitate", "hamate")
    for name, bone in template.bones.items():
        if name in carpals:
            site, part, plate = "carpus", carpals.index(name) + 1, None
        elif name.startswith("metacarpal"):
            site, part, plate = name, 0, ("hand", 0.17 if name.endswith("1") else 0.84)
        elif name.startswith("finger"):
            site, part, plate = "fingers", _phalanx(name, "finger"), ("hand", 0.15)
        else:
            continue
        middle = (bone.low + bone.high) / 2
        start, end = middle.copy(), middle.copy()
        start[2], end[2] = bone.high[2], bone.low[2]
        label = zones.small_bone(
            f"{site}_{side}", part, growth, (start, end), h, plate, 0.12 if plate else 0.45
        )
        _limb(skeleton, template, name, side, hand, label, "hand", 6.5)
