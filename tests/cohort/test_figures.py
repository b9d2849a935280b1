"""Each figure shows the numbers of the records, its unit and the synthetic mark; without records it says why."""

from datetime import date
from xml.etree import ElementTree

import pytest

from marrowmap.cohort.choices import RemissionChoice
from marrowmap.cohort.figures import all_figures, write_figures
from marrowmap.cohort.figures.body import bone_group, patients_by_bone
from marrowmap.cohort.figures.flow import treatment_paths
from marrowmap.cohort.figures.overlap import _distance, _shared
from marrowmap.cohort.figures.patterns import pattern_shares
from marrowmap.core.rules.patterns import Pattern
from marrowmap.core.site import site


@pytest.fixture(scope="module")
def drawn(demo_cohort):
    return {f.id: f for f in all_figures(demo_cohort)}


NAMES = [
    "bodymap",
    "overlap",
    "treatment_sankey",
    "treatment_tree",
    "swimmer",
    "survival",
    "course",
    "patterns",
]


@pytest.mark.parametrize("name", NAMES)
def test_each_figure_is_svg_with_its_unit_and_mark(drawn, name):
    figure = drawn[name]
    words = " ".join(ElementTree.fromstring(figure.svg).itertext())
    assert figure.title in words
    assert "Unit: patient" in words or "Unit: lesion" in words
    assert "Synthetic: made-up records, no patients." in words
    assert figure.caption
    assert figure.data


def _words(figure):
    return " ".join(t.strip() for t in ElementTree.fromstring(figure.svg).itertext())


def test_the_overlap_shows_its_three_numbers(drawn):
    words = _words(drawn["overlap"])
    assert "131" in words
    assert "Painful sites: 180" in words
    assert "of them not painful: 41" in words


def test_the_flow_shows_how_many_went_which_way(drawn, demo_cohort):
    words = _words(drawn["treatment_sankey"])
    for label in ("NSAID (30)", "remission (26)", "lost to follow-up (3)", "no remission (1)"):
        assert label in words
    paths = treatment_paths(demo_cohort, RemissionChoice())
    assert sum(paths.values()) == 30
    assert paths["NSAID", "remission"] == 14
    assert sum(n for p, n in paths.items() if "bisphosphonate" in " ".join(p)) == 15
    assert sum(n for p, n in paths.items() if any("TNF" in s for s in p)) == 4
    assert "remission: 14" in _words(drawn["treatment_tree"])


def test_the_curve_names_events_and_censoring(drawn):
    assert "30 patients, 26 remissions, 4 censored" in _words(drawn["survival"])
    assert "Number at risk" in _words(drawn["survival"])


def test_circles_share_the_area_they_should():
    for area in (0.0, 100.0, 2000.0):
        assert _shared(50, 40, _distance(50, 40, area)) == pytest.approx(area, abs=0.01)
    assert _shared(50, 40, 5) == pytest.approx(3.14159265 * 1600)


def test_the_body_map_counts_a_child_once_per_bone(build):
    rows = [
        {"patient_id": "A", "kind": "imaging", "site_id": s, "lesion_id": s}
        for s in (
            "tibia_distal_metaphysis_left",
            "tibia_distal_metaphysis_right",
            "vertebra_t6",
            "vertebra_t9",
        )
    ]
    shares = patients_by_bone(build(["A", "B"], lesions=rows))
    assert (shares["tibia"].count, shares["tibia"].of) == (1, 2)
    assert shares["thoracic spine"].count == 1
    assert shares["femur"].count == 0
    assert [bone_group(site(s)) for s in ("sacrum_s1", "vertebra_c1", "calcaneus_left")] == [
        "sacrum",
        "cervical spine",
        "tarsus",
    ]


def test_patterns_follow_the_core(build):
    def lesion(patient, unit):
        return {"patient_id": patient, "kind": "imaging", "site_id": unit, "lesion_id": f"{patient}{unit}"}

    rows = [
        lesion("A", "clavicle_medial_left"),
        lesion("A", "tibia_distal_metaphysis_right"),
        lesion("B", "clavicle_medial_left"),
        lesion("B", "vertebra_t4"),
        lesion("C", "tibia_distal_metaphysis_left"),
        lesion("C", "femur_distal_metaphysis_left"),
    ]
    shares = pattern_shares(build(["A", "B", "C", "D"], lesions=rows))
    assert {p: s.count for p, s in shares.items()} == {
        Pattern.CROSSOVER: 1,
        Pattern.PAUCIFOCAL: 1,
        Pattern.APPENDICULAR: 1,
        Pattern.NONE: 0,
    }
    assert shares[Pattern.NONE].missing == 1


def test_drugs_begun_together_are_one_step(build):
    def given(drug, day):
        return {"patient_id": "A", "drug": drug, "start_date": day}

    rows = [
        given("naproxen", date(2020, 1, 1)),
        given("pamidronate", date(2020, 1, 20)),
        given("methotrexate", date(2020, 2, 10)),
        given("etanercept", date(2021, 1, 1)),
    ]
    paths = treatment_paths(build(["A"], treatments=rows), RemissionChoice())
    assert list(paths) == [("NSAID", "bisphosphonate + DMARD", "TNF inhibitor", "no remission")]


def test_nothing_to_draw_is_said_and_written(build, tmp_path):
    figures = all_figures(build(["A"]))
    assert all(f.why_missing and not f.svg for f in figures)
    names = write_figures(tmp_path / "f", figures)
    assert all(n.endswith(".html") for n in names)
    assert "Not drawn: " in (tmp_path / "f" / "survival.html").read_text()


def test_files_are_svg_pdf_and_html(drawn, tmp_path):
    names = write_figures(tmp_path / "f", [drawn["patterns"], drawn["bodymap"]])
    assert names == [f"{n}.{e}" for n in ("bodymap", "patterns") for e in ("html", "pdf", "svg")]
    assert (tmp_path / "f" / "bodymap.pdf").read_bytes().startswith(b"%PDF")
    assert "<details>" in (tmp_path / "f" / "patterns.html").read_text()
