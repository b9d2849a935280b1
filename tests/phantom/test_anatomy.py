"""The digital child's body: units, sides, skin, sizes, levels, growth plates."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import Side, all_sites, mirror, site
from marrowmap.phantom.anatomy import MeshBody, mesh_body
from marrowmap.phantom.anatomy import mesh as mesh_module
from marrowmap.phantom.anatomy.growth import AGES, HEIGHT_CM
from marrowmap.phantom.body import Body, ChildSpec, Maps, Tissue

CHILDREN = ((1, 4.0, "M"), (2, 7.0, "F"), (3, 10.0, "M"), (4, 13.0, "F"), (5, 17.5, "M"))
USUAL = {"thoracic_levels": 12, "transitional": "none"}


def whole_grid(body: MeshBody, spacing: float) -> Grid:
    low, high = (np.array(tuple(v)) for v in body.extent_mm)
    n = np.ceil((high - low) / spacing).astype(int) + 1
    return Grid.coronal((n[1], n[2], n[0]), (spacing,) * 3, PointMm(low[0], low[1], high[2]))


@cache
def child(seed: int, age: float, sex: str) -> tuple[MeshBody, Maps]:
    body = mesh_body(ChildSpec(seed, age, sex, thoracic_levels=12, transitional="none"))
    return body, body.paint(whole_grid(body, 4.0))


@cache
def coordinates(seed: int, age: float, sex: str) -> dict[int, np.ndarray]:
    """Mean place of every unit."""
    _, maps = child(seed, age, sex)
    index = np.argwhere(maps.site > 0)
    places = index @ maps.grid.affine[:3, :3].T + maps.grid.affine[:3, 3]
    labels = maps.site[tuple(index.T)]
    return {int(v): places[labels == v].mean(axis=0) for v in np.unique(labels)}


def test_the_mesh_body_is_a_body():
    assert isinstance(child(*CHILDREN[2])[0], Body)


@pytest.mark.parametrize("who", CHILDREN, ids=str)
def test_every_unit_is_painted_at_whole_coverage(who):
    _, maps = child(*who)
    present = set(np.unique(maps.site).tolist())
    assert [s.id for s in all_sites() if s.label not in present] == []


@pytest.mark.parametrize("who", CHILDREN, ids=str)
def test_left_units_lie_to_the_left_of_their_mirror(who):
    places = coordinates(*who)
    for unit in all_sites():
        if unit.side is Side.LEFT:
            assert places[unit.label][0] > places[mirror(unit).label][0] + 4, unit.id


@pytest.mark.parametrize("who", CHILDREN, ids=str)
def test_units_lie_in_the_order_of_the_body(who):
    z = {s.id: coordinates(*who)[s.label][2] for s in all_sites()}
    column = ["skull"] + [f"vertebra_{n}" for n in ("c2", "c7", "t1", "t6", "t12", "l1", "l5")]
    column += ["sacrum_s1", "sacrum_s2_s5"]
    assert all(z[a] > z[b] for a, b in pairwise(column))
    leg = ["ilium", "femur_proximal_epiphysis", "femur_proximal_metaphysis", "femur_diaphysis"]
    leg += ["femur_distal_metaphysis", "femur_distal_epiphysis", "tibia_proximal_epiphysis"]
    leg += [
        "tibia_proximal_metaphysis",
        "tibia_diaphysis",
        "tibia_distal_metaphysis",
        "tibia_distal_epiphysis",
        "calcaneus",
    ]
    for side in ("right", "left"):
        assert all(z[f"{a}_{side}"] > z[f"{b}_{side}"] for a, b in pairwise(leg))


@pytest.mark.parametrize("seed", range(4))
def test_no_bone_is_painted_outside_the_skin(seed, monkeypatch):
    found = []
    monkeypatch.setattr(
        mesh_module,
        "_clip_to_skin",
        lambda canvas: found.append(int(((canvas.site > 0) & ~canvas.inside).sum())),
    )
    body = mesh_body(ChildSpec(100 + seed, 3.5 + 4 * seed, "FM"[seed % 2]))
    body.paint(whole_grid(body, 4.0))
    assert found == [0]


@pytest.mark.parametrize("who", CHILDREN, ids=str)
def test_maps_agree_with_each_other(who):
    _, maps = child(*who)
    bone = (maps.tissue == Tissue.CORTEX) | (maps.tissue == Tissue.MARROW)
    assert not (maps.site[~bone] > 0).any()
    assert np.isnan(maps.along[maps.site == 0]).all()
    along = maps.along[maps.site > 0].astype(float)
    assert np.isfinite(along).all()
    assert along.min() >= 0
    assert along.max() <= 1
    share = (maps.site[bone] > 0).mean()
    assert share > 0.97


@pytest.mark.parametrize("who", CHILDREN, ids=str)
def test_height_and_segments_fit_the_age(who):
    body, maps = child(*who)
    height = body.facts.height_cm
    assert height == pytest.approx(np.interp(who[1], AGES, HEIGHT_CM[who[2]]), rel=0.10)
    feet = min(body.landmarks[f"heel_{side}"].z for side in ("right", "left"))
    assert body.landmarks["vertex"].z - feet == pytest.approx(height * 10, rel=0.05)
    femur = body.facts.lengths_mm["femur"] / (height * 10)
    tibia = body.facts.lengths_mm["tibia"] / (height * 10)
    assert 0.21 < femur < 0.285
    assert 0.77 < tibia / femur < 0.82
    painted = np.argwhere(np.isin(maps.site, [site(f"femur_{p}_right").label for p in FEMUR]))
    painted = painted @ maps.grid.affine[:3, :3].T + maps.grid.affine[:3, 3]
    span = np.linalg.norm(painted[painted[:, 2].argmax()] - painted[painted[:, 2].argmin()])
    assert span == pytest.approx(body.facts.lengths_mm["femur"], rel=0.12)


FEMUR = ("proximal_epiphysis", "proximal_metaphysis", "diaphysis", "distal_metaphysis", "distal_epiphysis")


def test_leg_share_rises_with_age():
    shares = [mesh_body(ChildSpec(9, age, "F")).facts for age in (3.0, 6.0, 10.0, 13.0)]
    legs = [(f.lengths_mm["femur"] + f.lengths_mm["tibia"]) / f.lengths_mm["height"] for f in shares]
    assert legs == sorted(legs)


def test_the_same_specification_gives_the_same_body():
    spec = ChildSpec(21, 9.0, "F")
    first, second = mesh_body(spec), mesh_body(spec)
    grid = whole_grid(first, 6.0)
    one, two = first.paint(grid), second.paint(grid)
    for name in ("tissue", "site", "part", "along", "to_physis"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    other = mesh_body(ChildSpec(22, 9.0, "F")).paint(grid)
    assert (other.tissue != one.tissue).any()


def test_a_part_of_the_grid_shows_the_same_as_the_whole():
    body, maps = child(*CHILDREN[2])
    corner = PointMm(*(maps.grid.affine @ [20, 200, 40, 1])[:3])
    part = body.paint(Grid.coronal((12, 60, 40), (4.0, 4.0, 4.0), corner))
    same = part.site == maps.site[20:32, 200:260, 40:80]
    assert same.mean() > 0.999


def test_an_oblique_grid_shows_the_same_tissue_at_the_same_place():
    body, maps = child(*CHILDREN[2])
    knee = np.array(tuple(body.landmarks["knee_left"]))
    c, s = np.cos(0.5), np.sin(0.5)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * 4.0
    affine = np.eye(4)
    affine[:3, :3] = turn
    affine[:3, 3] = knee - turn @ [8, 8, 8]
    oblique = body.paint(Grid((17, 17, 17), affine))
    places = np.argwhere(np.ones((17, 17, 17), bool)) @ turn.T + affine[:3, 3]
    index = np.round((places - maps.grid.affine[:3, 3]) @ np.linalg.inv(maps.grid.affine[:3, :3]).T).astype(
        int
    )
    straight = maps.site[tuple(index.T)].reshape(17, 17, 17)
    both = (oblique.site > 0) & (straight > 0)
    assert both.sum() > 100
    assert (oblique.site[both] == straight[both]).mean() > 0.9


@pytest.mark.parametrize("levels", [11, 13])
def test_odd_numbers_of_thoracic_levels_are_told(levels):
    body = mesh_body(ChildSpec(3, 10.0, "F", thoracic_levels=levels, transitional="none"))
    numbering = body.facts.numbering
    assert sum(name.startswith("T") for name in numbering.levels) == levels
    assert len(numbering.levels) == 12 + levels
    assert numbering.ribs == levels
    assert not numbering.is_usual
    maps = body.paint(whole_grid(body, 4.0))
    ribs = np.isin(maps.site, [site("ribs_left").label, site("ribs_right").label])
    assert set(np.unique(maps.part[ribs]).tolist()) == set(range(1, levels + 1))
    has_t12 = bool((maps.site == site("vertebra_t12").label).any())
    assert has_t12 == (levels == 13)


def test_vertebrae_are_separate_and_differ():
    body, _ = child(*CHILDREN[2])
    spine = body.skeleton.spine
    assert len(spine.vertebrae) == 23
    widths = [v.half_width for v in spine.vertebrae]
    assert len(set(np.round(widths, 3))) == 23
    assert spine.named("L5").half_width > 1.4 * spine.named("T6").half_width
    gaps = [
        np.linalg.norm(a.centre - b.centre)
        for a, b in zip(spine.vertebrae, spine.vertebrae[1:], strict=False)
    ]
    needed = [
        a.half_height + b.half_height + 1 for a, b in zip(spine.vertebrae, spine.vertebrae[1:], strict=False)
    ]
    assert all(gap > need for gap, need in zip(gaps, needed, strict=True))


def test_growth_plates_close_with_age():
    young = child(*CHILDREN[2])[1]
    grown_body = mesh_body(ChildSpec(31, 18.0, "F", **USUAL))
    grown = grown_body.paint(whole_grid(grown_body, 4.0))
    assert (young.tissue == Tissue.PHYSIS).sum() > 200
    knee = np.isin(
        grown.site, [site("femur_distal_epiphysis_left").label, site("tibia_proximal_metaphysis_left").label]
    )
    assert knee.any()
    assert np.isnan(grown.to_physis[knee]).all()
    knee = young.site == site("femur_distal_metaphysis_left").label
    assert np.isfinite(young.to_physis[knee]).all()
    assert np.nanmin(young.to_physis[knee].astype(float)) < 5
    assert not (young.site[young.tissue == Tissue.PHYSIS] > 0).any()


def test_small_children_have_more_cartilage_in_their_epiphyses():
    def share(who: tuple[int, float, str]) -> float:
        body, _ = child(*who)
        knee = np.array(tuple(body.landmarks["knee_left"]))
        grid = Grid.coronal((20, 28, 28), (3.0, 3.0, 3.0), PointMm(*(knee + np.array([-40, -30, 40]))))
        tissue = body.paint(grid).tissue
        return float((tissue == Tissue.CARTILAGE).sum() / (tissue == Tissue.MARROW).sum())

    assert share(CHILDREN[0]) > 1.5 * share(CHILDREN[3])


def test_scoliosis_bends_the_spine():
    straight = mesh_body(ChildSpec(8, 12.0, "F", scoliosis_cobb_deg=0.0))
    bent = mesh_body(ChildSpec(8, 12.0, "F", scoliosis_cobb_deg=30.0))

    def spread(body: MeshBody) -> float:
        return float(np.ptp([v.centre[0] for v in body.skeleton.spine.vertebrae]))

    assert spread(straight) < 1
    assert spread(bent) > 12


def test_organs_and_soft_tissue_are_there():
    _, maps = child(*CHILDREN[3])
    present = set(np.unique(maps.tissue).tolist())
    assert {t.value for t in Tissue} - present <= {Tissue.CONNECTIVE, Tissue.SYNOVIAL_FLUID}
    inside = (maps.tissue > 0).sum()
    assert 0.2 < (maps.tissue == Tissue.MUSCLE).sum() / inside < 0.6
    litres = inside * maps.grid.voxel_ml / 1000
    assert litres == pytest.approx(child(*CHILDREN[3])[0].facts.weight_kg, rel=0.30)


def test_an_empty_place_stays_air():
    body, _ = child(*CHILDREN[2])
    maps = body.paint(Grid.coronal((2, 3, 4), (5.0, 5.0, 5.0), PointMm(3000, 0, 0)))
    assert not maps.tissue.any()
    assert np.isnan(maps.along).all()


@pytest.mark.parametrize("wrong", [{"age_years": 2.0}, {"sex": "X"}, {"thoracic_levels": 9}])
def test_an_impossible_child_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must be"):
        ChildSpec(**({"seed": 1, "age_years": 9.0, "sex": "F"} | wrong))
