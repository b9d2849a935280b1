"""The child of rods: a second skeleton to train on, with every unit on its side and no fixed proportions."""

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import Region, all_sites, mirror, site
from marrowmap.phantom.analytic import analytic_body
from marrowmap.phantom.body import PARTS, Body, ChildSpec, Maps, Tissue
from marrowmap.phantom.exam import make_body
from marrowmap.phantom.rods import RodBody, rod_body
from marrowmap.phantom.rods.foot import foot
from marrowmap.phantom.rods.growth import proportions
from marrowmap.phantom.rods.hand import hand
from marrowmap.phantom.rods.posture import posture
from marrowmap.phantom.scene import body_grid, clouds_of
from marrowmap.phantom.sets import SHEETS, bench_set
from marrowmap.phantom.solids.bone import paint_bone
from marrowmap.training.cases import ROD_SEEDS, request_of


@pytest.mark.parametrize(("age", "sex"), [(4.0, "F"), (15.0, "M")])
def test_every_unit_exists_on_its_side(age, sex):
    body = rod_body(ChildSpec(3, age, sex, thoracic_levels=12, arms="beside"))
    assert isinstance(body, Body)
    clouds = clouds_of(body, 3.0)
    assert set(clouds) == {unit.label for unit in all_sites()}
    for unit in all_sites():
        if mirror(unit) is not None:
            x = np.median(clouds[unit.label].points[:, 0])
            assert np.sign(x) == (1 if unit.side == "left" else -1), unit.id


def test_only_bone_carries_a_unit_and_lies_in_the_body():
    body = rod_body(ChildSpec(7, 9.0, "F"))
    maps = body.paint(body_grid(body, (5.0, 5.0, 5.0)))
    assert set(np.unique(maps.tissue[maps.site > 0])) <= {Tissue.CORTEX, Tissue.MARROW}
    assert (maps.tissue > 0).sum() > 4 * (maps.site > 0).sum()


def test_proportions_differ_more_than_those_of_children():
    shares = np.array(
        [
            [b.facts.lengths_mm[n] / b.facts.lengths_mm["height"] for n in ("femur", "tibia", "humerus")]
            for b in (rod_body(ChildSpec(seed, 10.0, "F")) for seed in range(40))
        ]
    )
    assert (shares.std(axis=0) / shares.mean(axis=0) > 0.05).all()
    hands = [
        rod_body(ChildSpec(seed, 10.0, "F", arms="beside")).landmarks["fingertip_left"] for seed in range(30)
    ]
    assert np.ptp([p.z for p in hands]) > 150


def limb_maps(body: Body, joint: str, step: float = 2.0) -> Maps:
    """The left hand or foot around ``joint``, painted finely."""
    at = body.landmarks[joint]
    size = round(420 / step)
    corner = PointMm(at.x - 160, at.y - 210, at.z + 80)
    return body.paint(Grid.coronal((size, round(320 / step), round(320 / step)), (step,) * 3, corner))


HAND_AND_FOOT = [u for u in all_sites() if u.region in (Region.HAND, Region.FOOT)]


@pytest.mark.parametrize("seed", [130003, 130007, 130011])
def test_hands_and_feet_are_whole_and_mirrored(seed):
    clouds = clouds_of(rod_body(ChildSpec(seed, 10.0, "F")), 2.0)
    for unit in HAND_AND_FOOT:
        cloud = clouds[unit.label]
        assert np.sign(np.median(cloud.points[:, 0])) == (1 if unit.side == "left" else -1), unit.id
        if unit.bone in PARTS:
            assert set(np.unique(cloud.part)) == set(range(1, len(PARTS[unit.bone]) + 1)), unit.id
        other = clouds[mirror(unit).label]
        # both sides are one drawing; a crossed hand may lie on the other one
        assert 0.7 < len(cloud.points) / len(other.points) < 1.4, unit.id


@pytest.mark.parametrize("seed", [130003, 130011])
def test_the_foot_is_laid_out_like_a_foot(seed):
    body = rod_body(ChildSpec(seed, 10.0, "F", arms="beside"))
    clouds = clouds_of(body, 3.0)
    heel, toes = (np.array(tuple(body.landmarks[f"{end}_left"])) for end in ("heel", "toes"))
    assert np.linalg.norm(toes - heel) == pytest.approx(proportions(body.spec).foot, rel=0.08)
    ahead = (toes - heel) / np.linalg.norm(toes - heel)
    assert ahead[1] < -0.4  # to the front
    assert -0.85 < ahead[2] < -0.2  # and slightly down
    middle = {unit.id: clouds[unit.label].points.mean(axis=0) for unit in HAND_AND_FOOT}
    chain = ("calcaneus", "talus", "tarsals", "metatarsal_2", "toes")
    assert (np.diff([middle[f"{name}_left"] @ ahead for name in chain]) > 0).all()
    assert (np.diff([middle[f"metatarsal_{ray}_left"][0] for ray in range(1, 6)]) > 0).all()
    wrist, tip = (np.array(tuple(body.landmarks[f"{end}_left"])) for end in ("wrist", "fingertip"))
    along = (tip - wrist) / np.linalg.norm(tip - wrist)
    chain = ("carpus", "metacarpal_3", "fingers")
    assert (np.diff([middle[f"{name}_left"] @ along for name in chain]) > 0).all()
    assert np.linalg.norm(middle["carpus_left"] - wrist) < 0.2 * proportions(body.spec).hand


RANGES_ML = {  # at 16 years, wide around what is known of adults (ours)
    "talus": (18, 70),
    "calcaneus": (28, 100),
    "tarsals": (25, 90),
    "metatarsal_1": (7, 30),
    "metatarsal_4": (3, 16),
    "toes": (8, 40),
    "carpus": (6, 30),
    "metacarpal_1": (1.5, 9),
    "metacarpal_3": (2, 10),
    "fingers": (8, 40),
}


@pytest.mark.parametrize("seed", [130003, 130007])
def test_volumes_are_those_of_hands_and_feet_and_grow(seed):
    ml = {}
    for age in (4.0, 16.0):
        body = rod_body(ChildSpec(seed, age, "M", arms="beside"))
        for joint in ("wrist_left", "ankle_left"):
            counted = np.bincount(limb_maps(body, joint).site.ravel(), minlength=256) * 0.008
            for name in RANGES_ML:
                ml[name, age] = max(ml.get((name, age), 0.0), counted[site(f"{name}_left").label])
    for name, (low, high) in RANGES_ML.items():
        assert low < ml[name, 16.0] < high, name
        assert 0.01 * ml[name, 16.0] < ml[name, 4.0] < 0.4 * ml[name, 16.0], name


@pytest.mark.parametrize("part", [hand, foot])
@pytest.mark.parametrize("seed", [130003, 130007, 130011])
def test_bones_of_hand_and_foot_hardly_overlap(part, seed):
    spec = ChildSpec(seed, 15.0, "M", arms="beside")
    p = proportions(spec)
    pose = posture(spec, p)
    at = pose.joints["wrist_left" if part is hand else "ankle_left"]
    grid = Grid.coronal((210, 160, 160), (2.0,) * 3, PointMm(at[0] - 160, at[1] - 210, at[2] + 80))
    deep = np.full(grid.shape, 60.0, np.float32)

    def empty() -> Maps:
        layers = [np.zeros(grid.shape, np.uint8) for _ in range(3)]
        return Maps(grid, *layers, *(np.full(grid.shape, np.nan, np.float16) for _ in range(2)))

    together = empty()
    alone = 0
    for bone in part(spec, p, pose, "left", 1.0):
        paint_bone(bone, together, deep)
        single = empty()
        paint_bone(bone, single, deep)
        size = int((single.tissue > 0).sum())
        assert size > 10
        alone += size
    assert (together.tissue > 0).sum() > 0.93 * alone


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Dice of two masks after their centres are brought together."""
    places = [np.argwhere(mask) for mask in (a, b)]
    first, second = (np.rint(place - place.mean(axis=0)).astype(int) for place in places)
    both = len(set(map(tuple, first)) & set(map(tuple, second)))
    return 2 * both / (len(first) + len(second))


@pytest.mark.parametrize("seed", [130003, 130011])
def test_hands_and_feet_are_not_those_of_the_held_out_child(seed):
    spec = ChildSpec(seed, 10.0, "F", arms="beside", leg_rotation_deg=15, leg_abduction_deg=3)
    bodies = (rod_body(spec), analytic_body(spec))
    for joint in ("wrist_left", "ankle_left"):
        own, foreign = (limb_maps(body, joint) for body in bodies)
        region = Region.HAND if joint == "wrist_left" else Region.FOOT
        units = [u for u in HAND_AND_FOOT if u.region == region and u.side == "left"]
        dice = {u.id: overlap(own.site == u.label, foreign.site == u.label) for u in units}
        assert sum(value < 0.7 for value in dice.values()) >= 5, dice
        assert max(dice.values()) < 0.9, dice


def test_what_lies_before_a_thoracic_vertebra_differs_from_child_to_child():
    t7 = site("vertebra_t7").label
    usual, widths, lungs = [], [], []
    for seed in range(8):
        body = rod_body(ChildSpec(seed, 10.0, "F", thoracic_levels=12, scoliosis_cobb_deg=0))
        maps = body.paint(body_grid(body, (3.0, 3.0, 3.0)))
        bone = np.argwhere((maps.site == t7) & (maps.part == 1))
        middle = bone.mean(axis=0).round().astype(int)
        front = int(bone[:, 0].min())  # slices run backwards
        before = maps.tissue[front - 3 : front, middle[1] - 2 : middle[1] + 3, middle[2] - 4 : middle[2] + 5]
        usual.append(int(np.bincount(before.ravel()).argmax()))
        row = maps.tissue[front - 6, middle[1]]
        widths.append(3.0 * np.abs(np.flatnonzero(row == Tissue.LUNG) - middle[2]).min())
        lungs.append(float((maps.tissue == Tissue.LUNG).sum()) * maps.grid.voxel_ml)
    assert len(set(usual)) >= 2
    assert np.ptp(widths) > 12, widths
    assert set(usual) <= {Tissue.LUNG, Tissue.CONNECTIVE, Tissue.FAT, Tissue.MUSCLE, Tissue.VESSEL}
    assert min(lungs) > 300


def test_it_is_trained_on_and_never_tested_with():
    assert isinstance(make_body(request_of(ROD_SEEDS.start)), RodBody)
    assert request_of(ROD_SEEDS.start - 1).body == "mesh"
    for name, sheet in SHEETS.items():
        requests = bench_set(name, 200)
        assert all(r.body != "rods" for r in requests), sheet
        assert not {r.seed for r in requests} & set(ROD_SEEDS)
