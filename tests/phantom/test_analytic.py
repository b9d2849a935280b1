"""The analytic child: all units, sides, growth, any grid."""

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import all_sites, mirror, site
from marrowmap.phantom.analytic import analytic_body
from marrowmap.phantom.body import Body, ChildSpec, Tissue
from marrowmap.phantom.scene import body_grid, clouds_of


@pytest.mark.parametrize(("age", "sex"), [(5.0, "M"), (10.0, "F"), (17.0, "M")])
def test_every_unit_exists_on_its_side(age, sex):
    body = analytic_body(ChildSpec(3, age, sex, thoracic_levels=12, arms="beside"))
    assert isinstance(body, Body)
    clouds = clouds_of(body, 3.0)
    assert set(clouds) == {unit.label for unit in all_sites()}
    for unit in all_sites():
        twin = mirror(unit)
        if twin is not None:
            x = np.median(clouds[unit.label].points[:, 0])
            assert np.sign(x) == (1 if unit.side == "left" else -1), unit.id


def test_bone_lies_under_the_skin(ten_year_old):
    grid = body_grid(ten_year_old, (4.0, 4.0, 4.0))
    maps = ten_year_old.paint(grid)
    bone = maps.site > 0
    air = maps.tissue == Tissue.AIR
    touching = np.zeros_like(bone)
    for axis in range(3):
        for step in (1, -1):
            touching |= np.roll(air, step, axis=axis)
    assert (bone & air).sum() == 0
    assert (bone & touching).sum() < 0.03 * bone.sum()  # shin and fingers lie close


def test_only_bone_carries_a_unit(ten_year_old):
    maps = ten_year_old.paint(body_grid(ten_year_old, (5.0, 5.0, 5.0)))
    assert set(np.unique(maps.tissue[maps.site > 0])) <= {Tissue.CORTEX, Tissue.MARROW}
    assert (maps.site[maps.tissue == Tissue.PHYSIS] == 0).all()
    along = maps.along[maps.site > 0].astype(float)
    assert np.nanmin(along) >= 0
    assert np.nanmax(along) <= 1


def test_painting_does_not_depend_on_the_grid(ten_year_old):
    knee = ten_year_old.landmarks["knee_left"]
    block = Grid.coronal((20, 20, 20), (3, 3, 3), PointMm(knee.x - 30, knee.y - 30, knee.z + 30))
    affine = block.affine.copy()
    turned = np.stack([affine[:3, 2], affine[:3, 0], affine[:3, 1]], axis=1)  # the same voxels, axes renamed
    affine[:3, :3] = turned
    other = ten_year_old.paint(Grid(block.shape, affine))
    assert (other.tissue.transpose(1, 2, 0) == ten_year_old.paint(block).tissue).mean() > 0.999


def test_a_child_grows():
    heights = [analytic_body(ChildSpec(8, age, "F")).facts.height_cm for age in (5, 8, 11, 14)]
    assert heights == sorted(heights)
    assert heights[0] == pytest.approx(108, rel=0.09)
    assert heights[2] == pytest.approx(144, rel=0.09)


@pytest.mark.parametrize("thoracic", [11, 13])
def test_unusual_numbering_is_told(thoracic):
    body = analytic_body(ChildSpec(2, 9, "F", thoracic_levels=thoracic))
    assert not body.facts.numbering.is_usual
    assert body.facts.numbering.ribs == thoracic
    assert ("T12" in body.facts.numbering.levels) == (thoracic != 11)
    body.paint(body_grid(body, (8.0, 8.0, 8.0)))


def test_plates_are_open_in_children_and_closed_in_adolescents():
    child, grown = (analytic_body(ChildSpec(3, age, "F")) for age in (9.0, 17.5))
    counts = [(b.paint(body_grid(b, (4.0, 4.0, 4.0))).tissue == Tissue.PHYSIS).sum() for b in (child, grown)]
    assert counts[0] > 100
    assert counts[1] < 0.2 * counts[0]


def test_marrow_of_a_vertebra_is_redder_than_of_a_shaft(ten_year_old):
    from marrowmap.phantom.marrow import Marrow

    maps = ten_year_old.paint(body_grid(ten_year_old, (4.0, 4.0, 4.0)))
    fat = Marrow(ten_year_old.spec).fat_fraction(maps)
    marrow = maps.tissue == Tissue.MARROW
    means = {
        name: fat[marrow & (maps.site == site(name).label)].mean()
        for name in ("vertebra_l3", "femur_diaphysis_left", "tibia_diaphysis_left", "calcaneus_left")
    }
    assert 0.15 < means["vertebra_l3"] < 0.35
    assert means["vertebra_l3"] < means["femur_diaphysis_left"] < means["tibia_diaphysis_left"]
    assert means["calcaneus_left"] > 0.6
