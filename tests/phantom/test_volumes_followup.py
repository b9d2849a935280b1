"""Composed volumes in memory, the course of a disease, the fixed sets, implants and the command."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from typer.testing import CliRunner

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import site
from marrowmap.errors import InvalidRecord
from marrowmap.phantom.analytic import analytic_body
from marrowmap.phantom.body import ChildSpec, Tissue
from marrowmap.phantom.exam import ExamRequest, make_course
from marrowmap.phantom.findings import Features
from marrowmap.phantom.followup import Fate, later, transfer
from marrowmap.phantom.implant import implant_lesions
from marrowmap.phantom.lesions import Surroundings, draw_lesions, lesion_at
from marrowmap.phantom.scene import clouds_of
from marrowmap.phantom.sets import SHEETS, bench_set
from marrowmap.phantom.volumes import simulate_volumes, station_rows


@pytest.fixture(scope="module")
def simulated(ten_year_old, four_lesions):
    return simulate_volumes(ten_year_old, four_lesions, (5.0, 4.0, 4.0))


def test_volumes_share_one_coronal_grid(simulated):
    assert set(simulated.volumes) == {"STIR", "T1", "DWI_50", "DWI_800", "ADC"}
    for volume in simulated.volumes.values():
        assert volume.grid == simulated.grid
        assert np.isfinite(volume.array).all()
    station = simulated.volumes["STIR"].station
    assert station is not None
    assert station.shape == (simulated.grid.shape[1],)
    assert set(station) == {0, 1, 2, 3, 4}
    assert (np.diff(station) >= 0).all()


def test_signal_order_survives_the_scanner(simulated):
    stir, t1 = (simulated.volumes[name].array for name in ("STIR", "T1"))

    def level(tissue, image):
        return float(np.median(image[simulated.tissue == tissue]))

    lesion = float(np.median(stir[simulated.lesions > 0]))
    assert level(Tissue.CSF, stir) > lesion > level(Tissue.MUSCLE, stir) > level(Tissue.FAT, stir)
    assert level(Tissue.FAT, t1) > level(Tissue.MUSCLE, t1) > level(Tissue.LUNG, t1)


def test_vertebra_is_brighter_than_shaft_in_the_volume(simulated):
    stir = simulated.volumes["STIR"].array
    marrow = (simulated.tissue == Tissue.MARROW) & (simulated.lesions == 0) & (simulated.others == 0)
    vertebra = np.median(stir[marrow & (simulated.sites == site("vertebra_l3").label)])
    shaft = np.median(stir[marrow & (simulated.sites == site("femur_diaphysis_left").label)])
    assert vertebra > 1.2 * shaft


def test_lesion_adc_is_above_that_of_its_bone(simulated):
    adc = simulated.volumes["ADC"].array
    lesion = simulated.lesions == 2
    own = (simulated.sites == site("femur_distal_metaphysis_right").label) & (
        simulated.tissue == Tissue.MARROW
    )
    assert np.median(adc[lesion & (adc > 0)]) > 1.1 * np.median(adc[own & (adc > 0)])


def test_simulation_is_repeatable(ten_year_old, four_lesions, simulated):
    again = simulate_volumes(ten_year_old, four_lesions, (5.0, 4.0, 4.0))
    assert (again.volumes["STIR"].array == simulated.volumes["STIR"].array).all()
    other = simulate_volumes(ten_year_old, four_lesions, (5.0, 4.0, 4.0), seed=9)
    assert (other.volumes["STIR"].array != simulated.volumes["STIR"].array).any()
    assert (other.lesions == simulated.lesions).all()


def test_stations_cover_every_row(simulated):
    rows = station_rows(simulated.grid)
    assert rows[0][0] == 0
    assert rows[-1][1] == simulated.grid.shape[1]
    for (_, end), (start, _) in pairwise(rows):
        assert start < end


def test_a_lesion_keeps_its_place_in_a_grown_body(around):
    older = analytic_body(ChildSpec(3, 12.0, "F", thoracic_levels=12, transitional="none"))
    then = Surroundings.of(older, clouds_of(older, 4.0))
    lesion = lesion_at(5, 1, "tibia_proximal_metaphysis_left", around, "easy")
    moved = transfer(lesion, around, then)
    assert moved.sites == lesion.sites
    cloud = then.clouds[lesion.labels[0]]
    distance = np.sqrt(((cloud.points - np.array(tuple(moved.centre))) ** 2).sum(axis=1)).min()
    assert distance < 1e-3
    assert moved.radii_mm[0] > lesion.radii_mm[0]


def test_course_accounts_for_every_lesion(around):
    lesions = tuple(draw_lesions(77, around, "clinical", 20))
    seen = set()
    for seed in range(12):
        state = later(seed, 12, lesions, around, around, "clinical", {})
        before = [i for e in state.events for i in e.before]
        assert sorted(before) == sorted(f.id for f in lesions)
        after = {f.id for f in state.findings if f.kind.is_lesion}
        assert after == {i for e in state.events for i in e.after}
        seen |= {e.fate for e in state.events}
    assert seen >= {Fate.RESOLVED, Fate.SHRUNK, Fate.STABLE, Fate.GROWN, Fate.NEW, Fate.SPLIT}


def test_resolved_share_follows_the_published_course(around):
    lesions = tuple(draw_lesions(77, around, "clinical", 20))
    events = [
        e for seed in range(40) for e in later(seed, 12, lesions, around, around, "clinical", {}).events
    ]
    old = [e for e in events if e.before]
    assert np.mean([e.fate is Fate.RESOLVED for e in old]) == pytest.approx(0.34, abs=0.08)


def test_vertebral_height_never_comes_back(around):
    lesion = replace(
        lesion_at(5, 1, "vertebra_t8", around, "easy"), features=Features(height=(0.5, 0.6, 0.9))
    )
    for seed in range(15):
        state = later(seed, 12, (lesion,), around, around, "clinical", {})
        kept = state.collapsed["vertebra_t8"]
        assert all(a <= b + 1e-9 for a, b in zip(kept, (0.5, 0.6, 0.9), strict=True))
        for finding in state.findings:
            if finding.sites[0] == "vertebra_t8" and finding.kind.is_lesion:
                assert min(finding.features.height) <= 0.5 + 1e-9


def test_course_of_a_request_grows_the_child():
    request = ExamRequest(31, 8, "F", 3, "clinical", "analytic", 1.5, "siemens", small=True)
    course = list(make_course(request, (12,)))
    assert [r.months for r, _, _ in course] == [0, 12]
    assert course[1][1].body.facts.height_cm > course[0][1].body.facts.height_cm
    assert course[1][2]


def test_sets_do_not_share_seeds_and_keep_their_sheets():
    seeds: set[int] = set()
    for name, sheet in SHEETS.items():
        requests = bench_set(name)
        assert len(requests) == sheet.size
        own = {r.seed for r in requests}
        assert not own & seeds
        seeds |= own
        assert all(r.body == sheet.body for r in requests)
        assert sum(r.lesions == "none" for r in requests) == sheet.healthy
        assert all(5 <= r.age_years <= 17 for r in requests)
    assert bench_set("test", 5) == bench_set("test")[:5]


def test_command_writes_an_exam(tmp_path):
    import typer

    from marrowmap.cli.phantom import months_of, phantom, wanted_lesions

    app = typer.Typer()
    app.command()(phantom)
    out = tmp_path / "exam"
    args = [
        "--seed",
        "3",
        "--age",
        "6",
        "--lesions",
        "calcaneus_left",
        "--body",
        "analytic",
        "--small",
        "--out",
        str(out),
    ]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    assert "SYNTHETIC" in result.output
    assert (out / "truth.json").exists()
    assert months_of("12, 6") == [6, 12]
    assert wanted_lesions("4") == 4
    with pytest.raises(InvalidRecord):
        months_of("six")
    with pytest.raises(InvalidRecord):
        wanted_lesions("calcaneus_left,nose")


def test_implant_brightens_bone_only_and_keeps_its_noise():
    rng = np.random.default_rng(4)
    grid = Grid.coronal((12, 60, 60), (5, 2, 2), PointMm(0, 0, 0))
    image = rng.normal(100, 8, grid.shape).astype(np.float32)
    bone = np.zeros(grid.shape, bool)
    bone[3:9, 8:52, 22:38] = True
    image[bone] -= 60
    done = implant_lesions(image, grid, bone, ~bone, seed=3, count=2, strength=(0.7, 0.9))
    assert len(done.findings) == 2
    inside = done.labels > 0
    assert inside.any()
    assert bone[inside].all()
    assert (done.image[~bone] == image[~bone]).all()
    assert done.image[inside].mean() > image[inside].mean() + 30
    assert done.image[inside].std() > 4
    again = implant_lesions(image, grid, bone, ~bone, seed=3, count=2, strength=(0.7, 0.9))
    assert (again.image == done.image).all()


def test_implant_darkens_t1():
    grid = Grid.coronal((12, 60, 60), (5, 2, 2), PointMm(0, 0, 0))
    image = np.full(grid.shape, 40, np.float32)
    bone = np.zeros(grid.shape, bool)
    bone[3:9, 8:52, 22:38] = True
    image[bone] = 120
    done = implant_lesions(image, grid, bone, ~bone, seed=3, count=1, strength=(0.8, 0.8), t1_weighted=True)
    assert done.image[done.labels > 0].mean() < 100


def test_implant_needs_bone():
    grid = Grid.coronal((4, 4, 4), (5, 2, 2), PointMm(0, 0, 0))
    empty = np.zeros(grid.shape, bool)
    with pytest.raises(InvalidRecord):
        implant_lesions(np.ones(grid.shape), grid, empty, empty, seed=1)
