"""The analytic child is human: dimensions by age, shapes of single bones, sides, joints and cavities.

Ranges are wide ones around adult osteology scaled to the child's height and children's growth charts.
"""

import functools

import numpy as np
import pytest
from scipy import ndimage

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import all_sites, mirror, site
from marrowmap.phantom.analytic import analytic_body
from marrowmap.phantom.body import ChildSpec, Tissue
from marrowmap.phantom.scene import body_grid

MM = 2.0
AGES = {6: "F", 10: "M", 16: "M"}
LONG_BONE = (
    "proximal_epiphysis",
    "proximal_metaphysis",
    "diaphysis",
    "distal_metaphysis",
    "distal_epiphysis",
)
MANY = ("ribs", "carpus", "tarsals", "fingers", "toes")


@functools.cache
def child(age):
    """(body, maps at 2 mm) of a child of median height with a straight usual spine."""
    spec = ChildSpec(
        3,
        float(age),
        AGES[age],
        height_cm={6: 116.0, 10: 139.0, 16: 174.0}[age],
        thoracic_levels=12,
        transitional="none",
        scoliosis_cobb_deg=0.0,
        arms="beside",
    )
    body = analytic_body(spec)
    return body, body.paint(body_grid(body, (MM, MM, MM)))


def of(maps, *names):
    return np.isin(maps.site, [site(name).label for name in names])


def extent(mask):
    """Millimetres (x across, y deep, z tall)."""
    index = np.argwhere(mask)
    y, z, x = (index.max(axis=0) - index.min(axis=0) + 1) * MM
    return x, y, z


def places(mask, grid):
    return np.argwhere(mask) @ grid.affine[:3, :3].T + grid.affine[:3, 3]


def around(body, name, half, shift=(0.0, 0.0, 0.0), step=1.0):
    """Maps of a fine block around a landmark; half extents and shift in mm along x, y and z."""
    middle = np.array(tuple(body.landmarks[name])) + shift
    shape = tuple(int(2 * half[i] / step) for i in (1, 2, 0))
    start = PointMm(middle[0] - half[0], middle[1] - half[1], middle[2] + half[2])
    return body.paint(Grid.coronal(shape, (step, step, step), start))


@pytest.mark.parametrize(
    ("names", "axis", "ranges"),
    [
        (("skull",), 0, {6: (125, 142), 10: (132, 150), 16: (140, 158)}),  # with the cheek bones
        (("ilium_right", "ilium_left"), 0, {6: (155, 185), 10: (190, 220), 16: (245, 285)}),
        (("ribs_right", "ribs_left"), 0, {6: (155, 185), 10: (190, 220), 16: (245, 285)}),
        (("scapula_left",), 2, {6: (85, 110), 10: (105, 132), 16: (140, 170)}),
        (("sacrum_s1",), 0, {6: (70, 90), 10: (84, 105), 16: (105, 125)}),
        (("sternum_manubrium", "sternum_body"), 2, {6: (80, 110), 10: (98, 130), 16: (135, 165)}),
        (("ilium_left", "ischium_left", "pubis_left"), 2, {6: (130, 160), 10: (160, 190), 16: (200, 235)}),
    ],
)
@pytest.mark.parametrize("age", AGES)
def test_bones_have_the_size_of_the_age(names, axis, ranges, age):
    low, high = ranges[age]
    assert low <= extent(of(child(age)[1], *names))[axis] <= high


@pytest.mark.parametrize(
    ("age", "wide", "deep", "tall"), [(10, (33, 41), (24, 31), (17, 24)), (16, (42, 50), (31, 38), (22, 29))]
)
def test_third_lumbar_body_has_the_size_of_the_age(age, wide, deep, tall):
    maps = child(age)[1]
    found = extent(of(maps, "vertebra_l3") & (maps.part == 1))
    for value, (low, high) in zip(found, (wide, deep, tall), strict=True):
        assert low <= value <= high


@pytest.mark.parametrize("age", AGES)
def test_long_bones_keep_their_shares_of_height(age):
    body, maps = child(age)
    height = body.facts.height_cm * 10
    shares = {
        "femur": (0.235, 0.285),
        "tibia": (0.18, 0.235),
        "humerus": (0.165, 0.21),
    }
    tall = {}
    for bone, (low, high) in shares.items():
        tall[bone] = extent(of(maps, *(f"{bone}_{part}_left" for part in LONG_BONE)))[2]
        assert low < tall[bone] / height < high, bone
    assert 1.15 < tall["femur"] / tall["tibia"] < 1.4
    across = extent(of(maps, "clavicle_medial_left", "clavicle_lateral_left"))
    assert 0.07 < np.hypot(*across[:2]) / height < 0.1


@pytest.mark.parametrize("age", AGES)
def test_vertebral_bodies_grow_from_neck_to_loin(age):
    maps = child(age)[1]
    names = ("vertebra_c4", "vertebra_t4", "vertebra_t10", "vertebra_l2", "vertebra_l5")
    volumes = [(of(maps, name) & (maps.part == 1)).sum() for name in names]
    assert volumes == sorted(volumes)


@pytest.mark.parametrize("age", AGES)
def test_each_rib_is_lower_in_front_than_behind(age):
    _, maps = child(age)
    for side in ("right", "left"):
        reach = []
        for rib in range(1, 13):
            spots = places(of(maps, f"ribs_{side}") & (maps.part == rib), maps.grid)
            along = maps.along[of(maps, f"ribs_{side}") & (maps.part == rib)].astype(float)
            front, back = spots[along > 0.9].mean(axis=0), spots[along < 0.1].mean(axis=0)
            assert front[2] < back[2] - 12, (side, rib)
            if rib <= 10:
                assert front[1] < back[1]
            reach.append(np.abs(spots[:, 0]).max())
        assert reach[0] < reach[2] < reach[6]
        assert reach[11] < reach[7]


def test_the_chest_is_wider_than_deep():
    wide, deep, _ = extent(of(child(10)[1], "ribs_right", "ribs_left", "sternum_body"))
    assert 1.25 < wide / deep < 1.75


@pytest.mark.parametrize("age", AGES)
def test_every_unit_exists_and_both_sides_are_alike(age):
    maps = child(age)[1]
    counts = np.bincount(maps.site.ravel(), minlength=256)
    for unit in all_sites():
        assert counts[unit.label] > 0, unit.id
        twin = mirror(unit)
        if twin is not None and counts[unit.label] > 300:
            assert 0.85 < counts[unit.label] / counts[twin.label] < 1.18, unit.id


def test_no_unit_falls_into_pieces():
    body = analytic_body(ChildSpec(3, 17.5, "M", thoracic_levels=12, transitional="none", arms="beside"))
    maps = body.paint(body_grid(body, (MM, MM, MM)))
    boxes = ndimage.find_objects(maps.site.astype(np.int32))
    for unit in all_sites():
        if unit.id.startswith(MANY):
            continue
        own = maps.site[boxes[unit.label - 1]] == unit.label
        pieces = np.bincount(ndimage.label(own, np.ones((3, 3, 3)))[0].ravel())[1:]
        assert pieces.max() > 0.98 * pieces.sum(), (unit.id, sorted(pieces)[-4:])


@pytest.mark.parametrize("age", AGES)
def test_bones_lie_inside_the_body(age):
    maps = child(age)[1]
    air = maps.tissue == Tissue.AIR
    bone = maps.site > 0
    skin = ndimage.binary_dilation(air) & ~air
    assert not (bone & air).any()
    assert (bone & skin).sum() < 0.01 * bone.sum()


def test_obturator_foramen_is_open():
    body = child(10)[0]
    hip = np.array(tuple(body.landmarks["hip_left"]))
    maps = around(body, "hip_left", (45, 60, 60), (-30, -15, -35))
    ring = of(maps, "ischium_left", "pubis_left").any(axis=0)  # seen from the front
    filled = ndimage.binary_fill_holes(ring)
    hole, count = ndimage.label(filled & ~ring)
    assert count >= 1
    size = np.bincount(hole.ravel())[1:].max()  # square millimetres
    assert 120 < size < 1500
    assert hip[0] > 0


@pytest.mark.parametrize("age", AGES)
def test_spinal_canal_is_free_from_atlas_to_sacrum(age):
    _, maps = child(age)
    soft = np.isin(maps.tissue, [int(t) for t in (Tissue.CSF, Tissue.SPINAL_CORD)])
    for unit in (
        [f"vertebra_c{i}" for i in range(2, 8)]
        + [f"vertebra_t{i}" for i in range(1, 13)]
        + [f"vertebra_l{i}" for i in range(1, 6)]
    ):
        level = np.argwhere(of(maps, unit) & (maps.part == 1))
        row = round(float(np.median(level[:, 1])))
        behind = soft[:, row, :] & (np.arange(soft.shape[0])[:, None] > np.median(level[:, 0]))
        near = behind[:, int(level[:, 2].min()) : int(level[:, 2].max()) + 1]
        assert 50 < near.sum() * MM * MM < 400, unit
    whole, _ = ndimage.label(soft, np.ones((3, 3, 3)))
    top = np.argwhere(maps.tissue == Tissue.SPINAL_CORD)
    low, high = top[np.argmax(top[:, 1])], top[np.argmin(top[:, 1])]
    assert whole[tuple(low)] == whole[tuple(high)]


def test_dens_stands_in_the_ring_of_the_atlas():
    body = child(10)[0]
    maps = around(body, "c2", (45, 45, 40), (0, 0, 8), 0.8)
    atlas, axis = of(maps, "vertebra_c1"), of(maps, "vertebra_c2") & (maps.part == 1)
    row = round(float(np.median(np.argwhere(atlas)[:, 1])))
    ring, dens = np.argwhere(atlas[:, row]), np.argwhere(axis[:, row])
    assert len(dens)
    assert (ring.min(axis=0) < dens.min(axis=0)).all()
    assert (ring.max(axis=0) > dens.max(axis=0)).all()


@pytest.mark.parametrize("bone", ["femur", "tibia"])
def test_growth_plate_lies_between_epiphysis_and_metaphysis(bone):
    body = child(10)[0]
    maps = around(body, "knee_left", (50, 40, 60))
    sense = 1 if bone == "femur" else -1
    heights = {
        part: np.median(places(of(maps, f"{bone}_{end}_{part}_left"), maps.grid)[:, 2]) * sense
        for end in ("distal" if bone == "femur" else "proximal",)
        for part in ("epiphysis", "metaphysis")
    }
    knee = body.landmarks["knee_left"].z
    plate = places(maps.tissue == Tissue.PHYSIS, maps.grid)
    own = plate[(plate[:, 2] - knee) * sense > 0][:, 2] * sense
    assert heights["epiphysis"] < np.median(own) < heights["metaphysis"]


def test_femoral_neck_rises_to_a_head_inside_the_socket():
    body = child(10)[0]
    hip = np.array(tuple(body.landmarks["hip_left"]))
    maps = around(body, "hip_left", (60, 45, 60))
    head = places(of(maps, "femur_proximal_epiphysis_left"), maps.grid)
    assert np.linalg.norm(head.mean(axis=0) - hip) < 9
    trochanter = places(of(maps, "greater_trochanter_left"), maps.grid).mean(axis=0)
    assert trochanter[0] > hip[0] + 30
    roof = places(of(maps, "ilium_left"), maps.grid)
    above = roof[(np.abs(roof[:, :2] - hip[:2]) < 5).all(axis=1)]
    assert 0 < above[:, 2].min() - head[:, 2].max() < 12
    assert not of(maps, "ilium_left", "ischium_left", "pubis_left")[
        tuple(
            np.rint((hip - maps.grid.affine[:3, 3]) @ np.linalg.inv(maps.grid.affine[:3, :3]).T).astype(int)
        )
    ]


@pytest.mark.parametrize(("age", "is_open"), [(10, True), (17.5, False)])
def test_triradiate_cartilage_is_open_in_the_young(age, is_open):
    body = analytic_body(ChildSpec(3, float(age), "M", thoracic_levels=12))
    maps = around(body, "hip_left", (40, 30, 30))
    ilium = of(maps, "ilium_left")
    below = of(maps, "ischium_left", "pubis_left")
    touching = (ndimage.binary_dilation(ilium, iterations=2) & below).any()
    assert touching != is_open


def test_iliac_fossa_is_thinner_than_the_crest():
    body, _ = child(16)
    maps = around(body, "hip_left", (75, 95, 90), (0, 20, 70))
    wing = of(maps, "ilium_left")
    inner = ndimage.distance_transform_edt(wing)
    up = places(wing, maps.grid)[:, 2] - body.landmarks["hip_left"].z
    thick = inner[wing]
    crest = np.percentile(thick[up > np.percentile(up, 92)], 99)
    middle = (up > 55) & (up < 80)
    y = places(wing, maps.grid)[:, 1] - body.landmarks["hip_left"].y
    fossa = np.percentile(thick[middle & (np.abs(y) < 15)], 95)
    assert fossa < 5.0  # half of it
    assert fossa < 0.8 * crest


def test_legs_are_apart_below_the_perineum():
    body, maps = child(10)
    hip = body.landmarks["hip_left"].z
    inverse = np.linalg.inv(maps.grid.affine)
    for drop, joined in ((40, True), (110, False), (180, False)):
        row = round(float((inverse @ [0, 0, hip - drop, 1])[1]))
        column = round(float((inverse @ [0, 0, 0, 1])[2]))
        middle = maps.tissue[:, row, column]
        assert (middle != Tissue.AIR).any() == joined, drop


def test_eyes_brain_and_jaw_lie_where_they_belong():
    _, maps = child(10)
    eye, brain, jaw = (
        places(mask, maps.grid).mean(axis=0)
        for mask in (
            maps.tissue == Tissue.EYE,
            np.isin(maps.tissue, [Tissue.BRAIN_GREY, Tissue.BRAIN_WHITE]),
            of(maps, "mandible_right", "mandible_left"),
        )
    )
    assert jaw[2] < eye[2] - 40
    assert eye[2] < brain[2]
    assert eye[1] < brain[1] - 40
    volume = np.isin(maps.tissue, [Tissue.BRAIN_GREY, Tissue.BRAIN_WHITE]).sum() * MM**3 / 1000
    assert 900 < volume < 1700  # millilitres
