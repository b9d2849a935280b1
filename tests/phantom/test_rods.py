"""The child of rods: a second skeleton to train on, with every unit on its side and no fixed proportions."""

import numpy as np
import pytest

from marrowmap.core.site import all_sites, mirror
from marrowmap.phantom.body import Body, ChildSpec, Tissue
from marrowmap.phantom.exam import make_body
from marrowmap.phantom.rods import RodBody, rod_body
from marrowmap.phantom.scene import body_grid, clouds_of
from marrowmap.phantom.sets import SHEETS, bench_set
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


def test_it_is_trained_on_and_never_tested_with():
    assert isinstance(make_body(request_of(ROD_SEEDS.start)), RodBody)
    assert request_of(ROD_SEEDS.start - 1).body == "mesh"
    for name, sheet in SHEETS.items():
        requests = bench_set(name, 200)
        assert all(r.body != "rods" for r in requests), sheet
        assert not {r.seed for r in requests} & set(ROD_SEEDS)
