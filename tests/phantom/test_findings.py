"""Lesions and look-alikes: where they may lie, what they change, published rates."""

import numpy as np
import pytest

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import site
from marrowmap.phantom.body import Tissue
from marrowmap.phantom.findings import Features, Kind
from marrowmap.phantom.healthy import AREAS, CHILDREN, draw_healthy, draw_mimic
from marrowmap.phantom.lesions import draw_lesions, lesion_at, unit_weights
from marrowmap.phantom.scene import Scene
from marrowmap.phantom.truth import local_grid, measure_finding


def test_every_lesion_lies_inside_its_bone_units(ten_year_old, four_lesions):
    scene = Scene(ten_year_old, four_lesions)
    for lesion in four_lesions:
        painted = scene.paint(local_grid(lesion, 2.0), fine=False)
        inside = painted.lesions == lesion.id
        assert inside.any(), lesion.sites
        assert set(np.unique(painted.maps.site[inside])) <= set(lesion.labels)
        assert set(np.unique(painted.maps.tissue[inside])) <= {Tissue.MARROW, Tissue.CORTEX}


def test_lesion_is_the_same_on_different_grids(ten_year_old, four_lesions):
    scene = Scene(ten_year_old, four_lesions)
    lesion = four_lesions[1]
    fine = measure_finding(scene, lesion).volume_ml
    grid = local_grid(lesion, 1.25)
    affine = grid.affine.copy()
    affine[:3, 0], affine[:3, 2] = (-1.25, 0, 0), (0, 1.25, 0)  # the same block cut sagittally
    affine[0, 3] = grid.affine[0, 3] + 1.25 * (grid.shape[2] - 1)
    sagittal = scene.paint(Grid(grid.shape, affine), fine=False)
    volume = (sagittal.lesions == lesion.id).sum() * grid.voxel_ml
    assert volume == pytest.approx(fine, rel=0.02)


def test_lesion_is_brighter_than_its_bone(ten_year_old, four_lesions):
    from marrowmap.phantom.signal import Scan, Sequence, signal_of_codes

    stir, _ = signal_of_codes(Scan(Sequence.INVERSION_RECOVERY, 5000, 60, 159), 1.5)
    lesion = four_lesions[0]
    painted = Scene(ten_year_old, four_lesions).paint(local_grid(lesion, 2.0), fine=False)
    signal = stir[painted.codes]
    own = (painted.maps.site == site(lesion.sites[0]).label) & (painted.maps.tissue == Tissue.MARROW)
    inside = painted.lesions == lesion.id
    assert signal[inside].mean() > 1.5 * np.median(signal[own & ~inside])


def test_numbers_and_sites_follow_the_published_frequencies(around):
    children = [draw_lesions(seed, around, "clinical") for seed in range(150)]
    counts = [len(lesions) for lesions in children]
    assert 7.0 < np.mean(counts) < 11.5  # 9.7 in von Kalle
    assert min(counts) >= 1
    assert max(counts) <= 27

    def share(bones):
        return np.mean([any(site(f.sites[0]).bone in bones for f in lesions) for lesions in children])

    assert share({"tibia"}) == pytest.approx(0.68, abs=0.14)
    assert share({"clavicle"}) == pytest.approx(0.38, abs=0.12)
    assert share({"femur"}) > 0.43 - 0.1
    assert share({"mandible"}) < 0.2


def test_weights_are_a_probability():
    for pattern in ("tibio_appendicular", "crossover", "claviculo_spinal", "other"):
        units, odds = unit_weights(pattern)
        assert odds.sum() == pytest.approx(1)
        assert len(units) == len(set(units))


def test_difficulty_orders_strength(around):
    means = [
        np.mean([f.strength for seed in range(20) for f in draw_lesions(seed, around, difficulty)])
        for difficulty in ("hard", "clinical", "easy")
    ]
    assert means[0] < means[1] < means[2]


def test_healthy_spots_keep_the_published_means(around):
    children = [draw_healthy(seed, around, 1001) for seed in range(400)]
    spots = np.mean([sum(f.kind in (Kind.HEALTHY_SPOT, Kind.HEALTHY_MAJOR) for f in c) for c in children])
    major = np.mean([sum(f.kind is Kind.HEALTHY_MAJOR for f in c) for c in children])
    assert spots == pytest.approx(sum(a for a, _ in AREAS.values()) / CHILDREN, rel=0.15)
    assert major == pytest.approx(sum(m for _, m in AREAS.values()) / CHILDREN, rel=0.2)
    limb = {"hand", "foot", "upper_limb", "lower_limb"}
    with_limb = np.mean(
        [any(f.kind is Kind.HEALTHY_MAJOR and site(f.sites[0]).region in limb for f in c) for c in children]
    )
    assert with_limb == pytest.approx(0.587, abs=0.08)


def test_no_look_alike_counts_as_lesion(around):
    for finding in draw_healthy(4, around, 1001) + draw_mimic(4, around, Kind.SYMMETRIC_METAPHYSEAL, 2001):
        assert not finding.kind.is_lesion


def test_periosteal_reaction_and_oedema_stay_outside_the_mask(ten_year_old, around):
    from dataclasses import replace

    plain = replace(lesion_at(5, 1, "clavicle_medial_left", around, "easy"), features=Features())
    loud = replace(plain, features=Features(periosteal_reaction=True, soft_tissue_oedema=True))
    grid = local_grid(plain, 2.0)
    quiet, swollen = (Scene(ten_year_old, [f]).paint(grid, fine=False) for f in (plain, loud))
    assert (quiet.lesions == swollen.lesions).all()
    changed = quiet.codes != swollen.codes
    assert changed.sum() > 20
    assert (swollen.maps.site[changed] == 0).all()


def test_expansion_widens_the_bone(ten_year_old, around):
    from dataclasses import replace

    plain = replace(lesion_at(5, 1, "clavicle_medial_left", around, "easy"), features=Features())
    grid = local_grid(plain, 1.5)
    sizes = [
        (Scene(ten_year_old, [replace(plain, features=f)]).paint(grid).maps.site == plain.labels[0]).sum()
        for f in (Features(), Features(expansion=True))
    ]
    assert sizes[1] > 1.05 * sizes[0]


def test_height_loss_shortens_one_vertebra(ten_year_old, around):
    from dataclasses import replace

    lesion = lesion_at(5, 1, "vertebra_t8", around, "easy")
    lesion = replace(lesion, part=1, features=Features(height=(0.5, 0.55, 0.9)))
    truth = measure_finding(Scene(ten_year_old, [lesion]), lesion)
    assert truth.heights_mm is not None
    assert truth.original_heights_mm is not None
    assert truth.heights_mm[0] == pytest.approx(0.5 * truth.original_heights_mm[0], abs=2.6)
    assert truth.heights_mm[2] > truth.heights_mm[0]


def test_point_outside_the_grid_changes_nothing(ten_year_old, four_lesions):
    grid = Grid.coronal((6, 6, 6), (4, 4, 4), PointMm(0, 0, 600))
    assert not Scene(ten_year_old, four_lesions).paint(grid).lesions.any()
