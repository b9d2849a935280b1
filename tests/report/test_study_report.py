"""The HTML report of an invented exam: self-contained, on the right sides, honest about what is missing."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from invented_exam import CANDIDATE_SITES, GRID
from PIL import Image

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.lesion import Measured
from marrowmap.core.protocol import ProtocolReport, ProtocolStatus
from marrowmap.core.site import all_sites, site
from marrowmap.core.study import VALIDATION, Study
from marrowmap.core.volume import Contrast, Volume
from marrowmap.report import wording
from marrowmap.report.candidate_map import CandidateMap
from marrowmap.report.coverage_figure import body_scale, coverage_columns
from marrowmap.report.figures import ADC_WINDOW, Window, window_of
from marrowmap.report.gallery import Gallery, trimmed
from marrowmap.report.html import candidate_marks, not_assessed, study_report
from marrowmap.report.panels import candidate_panels, whole_body_panels


class Outline(HTMLParser):
    """Tags, their attributes and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def page(invented_study: Study) -> str:
    return study_report(invented_study)


def test_page_needs_nothing_beside_it(page: str) -> None:
    outline = Outline(page)
    assert not [t for t, _ in outline.tags if t in ("script", "link", "iframe", "object")]
    for _, attributes in outline.tags:
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/")), attributes
    assert len(page.encode()) < 8e6
    assert "url(http" not in page


def test_page_is_structured_for_screen_readers(page: str) -> None:
    outline = Outline(page)
    assert [t for t, _ in outline.tags].count("h1") == 1
    assert {a["scope"] for t, a in outline.tags if t == "th"} == {"col", "row"}
    for tag, attributes in outline.tags:
        if tag == "svg":
            assert attributes.get("aria-label")
    ids = [a["id"] for _, a in outline.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in outline.tags:
        if (attributes.get("href") or "").startswith("#"):
            assert attributes["href"][1:] in ids


def test_what_the_page_says(page: str, invented_study: Study) -> None:
    text = Outline(page).text
    for words in (
        "9.4 years · female · 136 cm · 2024-05-06 · Acme Ring <1> 1.5 T",
        "4 candidates in 4 bone units.",
        f"126 of {len(all_sites())} bone units covered, 1 partly, 2 not covered or not found.",
        "SYNTHETIC: a digital child, not a patient",
        VALIDATION,
        "Suggests, never diagnoses",
        "feet read on coronal pictures only",
        "toes outside the field of view",
        "marrowmap read EXAM --out STUDY",
        "right toes",
        "27 images found, 27 accounted for.",
        "+22 %",
        "not measured: no T1 here",
        "level may be wrong by one",
    ):
        assert words in text, words
    assert invented_study.exam.patient.key not in text


def test_a_real_exam_carries_no_synthetic_mark_and_no_candidate_is_not_normal(patient_study: Study) -> None:
    text = Outline(study_report(patient_study)).text
    assert "SYNTHETIC" not in text
    assert "No candidate." in text
    assert "This is not a statement that the marrow is normal" in text


def test_table_and_map_put_each_candidate_on_its_own_side(page: str, invented_study: Study) -> None:
    rows = re.findall(r'href="#candidate-(\d+)".*?</td><td>(\w+)</td>', page)
    assert rows == [(str(i), site(s).side.value) for i, s in enumerate(CANDIDATE_SITES, start=1)]
    marks = candidate_marks(invented_study)
    assert [marks[s].label for s in CANDIDATE_SITES] == ["1", "2", "3", "4"]
    assert marks["toes_left"].pattern == "hatch"
    assert marks["skull"].pattern == "dots"
    assert "tibia_distal_metaphysis_right" not in marks


def test_outline_of_a_left_candidate_lies_on_the_right_half_of_the_picture(invented_study: Study) -> None:
    places = CandidateMap(invented_study)
    view = Gallery(invented_study.volumes).view("STIR")
    width = view.grid.shape[2] * view.grid.spacing[2]
    outlines = {o.number: o for o in places.projected(view.grid)}
    assert set(outlines) == {"1", "2", "3", "4"}
    assert outlines["1"].at[0] > width / 2 > outlines["2"].at[0]
    xs = [float(n) for n in re.findall(r"[ML](-?[\d.]+) ", outlines["1"].path)]
    assert min(xs) > width / 2


def test_pictures_stay_right_when_the_volume_is_stored_the_other_way_round(invented_study: Study) -> None:
    """Columns stored left to right of the *viewer's* mirror image: the page looks the same."""
    affine = np.array(GRID.affine)
    affine[:3, 3] += affine[:3, 2] * (GRID.shape[2] - 1)
    affine[:3, 2] *= -1
    flipped = {
        name: Volume(v.array[:, :, ::-1], Grid(GRID.shape, affine), v.contrast, b_value=v.b_value)
        for name, v in invented_study.volumes.items()
    }
    places = CandidateMap(invented_study)
    first = whole_body_panels(invented_study, Gallery(invented_study.volumes), places)
    second = whole_body_panels(replace(invented_study, volumes=flipped), Gallery(flipped), places)
    assert [p.svg for p in first[0]] == [p.svg for p in second[0]]


def embedded(svg: str) -> np.ndarray:
    data = re.search(r"data:image/jpeg;base64,([^\"]+)", svg).group(1)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).astype(float)


def test_left_lesion_is_bright_on_the_right_of_the_stir_picture(invented_study: Study) -> None:
    places = CandidateMap(invented_study)
    large, _ = whole_body_panels(invented_study, Gallery(invented_study.volumes), places)
    assert [p.title for p in large] == ["STIR", "T1", "DWI, b 800 s/mm², inverted projection"]
    stir = embedded(large[0].svg)
    view = trimmed(Gallery(invented_study.volumes).view("STIR"))
    place = view.grid.to_voxel(invented_study.candidates[0].centre_mm)
    row = round(place.row / view.grid.shape[1] * stir.shape[0])
    band = stir[row - 1 : row + 2]
    half = stir.shape[1] // 2
    assert band[:, half:].max() > 200
    assert band[:, :half].max() < 160
    dwi = embedded(large[2].svg)
    assert dwi[row, half:].min() < 80  # inverted: the lesion is dark
    assert dwi[2, 2] > 200  # and air is white


def test_crops_show_the_place_in_every_contrast(invented_study: Study) -> None:
    panels = candidate_panels(
        Gallery(invented_study.volumes), invented_study.candidates[0], CandidateMap(invented_study)
    )
    assert [p.title for p in panels] == ["STIR", "T1", "DWI, b 800 s/mm²", "ADC"]
    assert all('<path d="M' in p.svg for p in panels)
    picture = embedded(panels[0].svg)
    middle = picture[
        picture.shape[0] // 2 - 5 : picture.shape[0] // 2 + 5,
        picture.shape[1] // 2 - 5 : picture.shape[1] // 2 + 5,
    ]
    assert middle.mean() > 200


def test_a_contrast_that_did_not_measure_the_place_shows_no_picture(invented_study: Study) -> None:
    stir = invented_study.volumes["STIR"]
    t1 = replace(invented_study.volumes["T1"], covered=np.zeros(GRID.shape, dtype=bool))
    panels = candidate_panels(
        Gallery({"STIR": stir, "T1": t1}), invented_study.candidates[0], CandidateMap(invented_study)
    )
    assert panels[0].svg
    assert not panels[1].svg
    assert panels[1].caption == "not measured at this place"


def test_a_regional_exam_shows_its_stacks_in_their_own_plane(patient_study: Study) -> None:
    rng = np.random.default_rng(3)
    affine = np.eye(4)
    affine[:3, :3] = [[0, 0, 1.2], [0, 1.2, 0], [5, 0, 0]]
    axial = Volume(rng.integers(50, 200, (6, 60, 80)), Grid((6, 60, 80), affine), Contrast.T2)
    sagittal_affine = np.eye(4)
    sagittal_affine[:3, :3] = [[5, 0, 0], [0, 0, 1.2], [0, -1.2, 0]]
    sagittal = Volume(rng.integers(50, 200, (6, 60, 80)), Grid((6, 60, 80), sagittal_affine), Contrast.T2)
    study = replace(
        patient_study,
        volumes={"T2": axial},
        skeleton=None,
        protocol=ProtocolReport(ProtocolStatus.REGIONAL, ()),
    )
    page = study_report(study, stacks={"T2, sagittal": sagittal})
    text = Outline(page).text
    assert "Regional MRI" in text
    assert "The skeleton could not be labelled" in text
    assert "axial, slice" in text
    assert "sagittal, slice" in text
    assert len(re.findall(r'class="native"', page)) == 6
    assert 'class="bodymap' not in page


def test_units_outside_the_coverage_are_listed_by_region(invented_study: Study) -> None:
    listed = not_assessed(invented_study)
    assert listed == {"head": ["skull vault (partly covered)"], "foot": ["right toes", "left toes"]}


def test_coverage_follows_the_labelled_bones(invented_study: Study) -> None:
    scale = body_scale(invented_study)
    assert scale.how == "placed by the labelled bones"
    for unit, y in (("tibia_distal_metaphysis_left", 940.0), ("vertebra_t8", 318.0)):
        z = next(c for c in invented_study.candidates if c.site_id == unit).centre_mm.z
        assert abs(scale.y(z) - y) < 15
    columns = coverage_columns(invented_study.exam.stacks)
    assert [(c, p) for c, p, _, _ in columns] == [("STIR", "coronal"), ("T1", "coronal"), ("DWI", "coronal")]
    assert columns[0][3] == [(pytest.approx(GRID.extent_mm()[0].z), pytest.approx(GRID.extent_mm()[1].z))]


def test_coverage_is_anchored_at_crown_and_feet_when_both_were_reached(invented_study: Study) -> None:
    reached = replace(invented_study.protocol, vertex_reached=True, soles_reached=True)
    scale = body_scale(replace(invented_study, protocol=reached))
    assert scale.how == "placed by crown and feet"
    z = invented_study.candidates[0].centre_mm.z  # left distal tibia
    assert abs(scale.y(z) - 940) < 25
    assert scale.y(GRID.extent_mm()[1].z) < 20


def test_windows() -> None:
    assert Window(0, 100).grey(np.array([-5, 0, 50, 100, 300])).tolist() == [0, 0, 128, 255, 255]
    assert Window(0, 100, inverted=True).grey(np.array([0, 100])).tolist() == [255, 0]
    grid = Grid.coronal((2, 4, 4), (5, 1, 1), PointMm(0, 0, 0))
    assert window_of(Volume(np.full((2, 4, 4), 700), grid, Contrast.ADC)) == ADC_WINDOW
    empty = window_of(Volume(np.zeros((2, 4, 4)), grid, Contrast.STIR))
    assert empty.high > empty.low


def test_numbers_in_words() -> None:
    assert wording.measured_text(Measured(3.14159, "ml", 0.21), 2) == "3.14 ± 0.21 ml"
    assert wording.measured_text(Measured(16.149, "ml", 5.93), 2) == "16.1 ± 5.9 ml"
    assert wording.measured_text(Measured(161.4, "ml", 59.3), 2) == "161 ± 59 ml"
    assert wording.measured_text(Measured(3.0, "ml", 0.0), 2) == "3.00 ± 0.00 ml"
    assert wording.measured_text(Measured(None, "ml", why_missing="no outline")) == "not measured: no outline"
    assert wording.age_text(1.5) == "18 months"
    assert wording.age_text(None) == "age not stated"
    assert wording.count(0, "candidate") == "no candidate"
    assert wording.signal_step(np.log(1.2)) == "+20 %"
    assert wording.signal_step(-0.001) == "0 %"
    assert wording.listed(list("abcd"), most=2) == "a, b and 2 more"


def test_the_report_is_the_same_each_time(invented_study: Study, page: str) -> None:
    assert study_report(invented_study) == page


def test_an_exam_without_any_usable_picture_still_gets_its_page(patient_study: Study) -> None:
    nothing = replace(
        patient_study, volumes={}, seams=(), skeleton=None, warnings=("No series could be read.",)
    )
    text = Outline(study_report(nothing)).text
    assert "No series could be read." in text
    assert "The skeleton could not be labelled" in text


def test_blank_volumes_do_not_break_the_page(invented_study: Study) -> None:
    blank = {n: replace(v, array=np.zeros_like(v.array)) for n, v in invented_study.volumes.items()}
    assert "Candidates" in study_report(replace(invented_study, volumes=blank))
