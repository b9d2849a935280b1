"""The printed reading: tagged, complete, the same bytes each time, and honest about what was not assessed."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from marrowmap.core.lesion import Activity, Assessment, Features, Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES
from marrowmap.core.scores.catalogue import CATALOGUE
from marrowmap.core.scores.result import State
from marrowmap.core.site import Side, all_sites, site
from marrowmap.core.study import Study
from marrowmap.errors import MissingExtra
from marrowmap.report.bodymap import PALETTE
from marrowmap.report.bodymap_pictures import main as write_pictures
from marrowmap.report.candidate_map import CandidateMap
from marrowmap.report.gallery import Gallery
from marrowmap.report.panels import candidate_panels
from marrowmap.report.pdf import reading_data, reading_pdf
from marrowmap.report.plain_language import plain_language, plain_site
from marrowmap.report.reading_html import reading_html
from marrowmap.report.reading_view import (
    ReadingReport,
    ReportPicture,
    lesion_rows,
    not_applicable_scores,
    reading_marks,
    score_rows,
    units_by_region,
)

YES, NO = Assessment.PRESENT, Assessment.ABSENT


def lesion(number: int, site_id: str, **more: object) -> Lesion:
    return Lesion(f"L{number}", (SiteExtent(site_id, 30),), **more)


@pytest.fixture(scope="module")
def reading() -> Reading:
    lesions = (
        lesion(1, "tibia_distal_metaphysis_left", volume_ml=1.2, si_ratio=3.4, symptomatic=NO),
        lesion(
            2, "femur_distal_metaphysis_right", features=Features(periosteal_reaction=YES, cortical_break=NO)
        ),
        lesion(3, "vertebra_t8", features=Features(height_loss=YES), level_uncertain=True),
        lesion(4, "ilium_left", activity=Activity.INACTIVE),
    )
    arms = frozenset(s.id for s in all_sites() if s.region == "upper_limb")
    draft = Reading(
        "r1", "1.2.3", "k7", "Dr A", date(2024, 5, 6), lesions, arms, frozenset({"toes_left", "toes_right"}),
        contrasts=frozenset({"STIR", "T1"}), waived={"hands": "known bruise [*#$ \\"}, comment="Seen with Dr B <ok>",
    )  # fmt: skip
    return draft.signed(datetime(2024, 5, 7, 9, 30, tzinfo=UTC))


@pytest.fixture(scope="module")
def report(reading: Reading, invented_study: Study) -> ReadingReport:
    gallery, places = Gallery(invented_study.volumes), CandidateMap(invented_study)
    pictures = {
        x.id: tuple(
            ReportPicture(p.title, f"{p.title}, lesion", p.svg) for p in candidate_panels(gallery, c, places)
        )
        for x, c in zip(reading.lesions, invented_study.candidates, strict=True)
    }
    scores = tuple(listing.compute(Case(reading=reading), DEFAULT_RULES) for listing in CATALOGUE)
    return ReadingReport(
        reading, invented_study.exam.patient, invented_study.exam.scanner, scores, pictures,
        coverage=("Coronal STIR from head to feet.",), comparison=("Two lesions are new.",), version="0.1.0",
    )  # fmt: skip


@pytest.fixture(scope="module")
def pdf(report: ReadingReport) -> bytes:
    pytest.importorskip("typst", reason="typst is an optional extra")
    return reading_pdf(report)


def streams(pdf: bytes) -> bytes:
    out = b""
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.S):
        try:
            out += zlib.decompress(match.group(1))
        except zlib.error:
            out += match.group(1)
    return out


def test_pdf_is_tagged_and_says_so(pdf: bytes) -> None:
    everything = pdf + streams(pdf)
    assert pdf.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in everything
    assert b"/StructTreeRoot" in everything
    assert re.search(rb"pdfuaid:part>1<", everything)
    assert b"/TH" in everything  # table headers
    assert b"/Alt" in everything  # words for pictures
    assert b"/Lang" in everything


def test_pdf_is_the_same_each_time_and_follows_its_input(
    pdf: bytes, report: ReadingReport, reading: Reading
) -> None:
    assert reading_pdf(report) == pdf
    assert reading_pdf(replace(report, reading=replace(reading, comment="other"))) != pdf


def test_draft_without_lesions_or_pictures_prints(reading: Reading) -> None:
    pytest.importorskip("typst", reason="typst is an optional extra")
    empty = Reading("r2", "1.2.3", "k7", "Dr A", whole_body=False)
    assert reading_pdf(ReadingReport(empty)).startswith(b"%PDF")


def test_without_typst_the_remedy_is_named(report: ReadingReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    with pytest.raises(MissingExtra, match=r"marrowmap\[pdf\]"):
        reading_pdf(report)


def test_what_is_printed(report: ReadingReport, tmp_path) -> None:
    data = reading_data(report, tmp_path)
    assert data["synthetic"] is True
    assert data["state"] == "Signed by Dr A on 2024-05-07 09:30+00:00"
    assert data["patient"][:3] == ["patient k7", "9.4 years", "female"]
    unstated = data["counts"]["unstated"]
    assert data["counts"]["normal"] + data["counts"]["not_covered"] + unstated + 4 == data["counts"]["all"]
    assert [p["number"] for p in data["pictures"]] == ["1", "2", "3", "4"]
    for entry in data["pictures"]:
        assert [p["title"] for p in entry["pictures"]] == ["STIR", "T1", "DWI, b 800 s/mm²", "ADC"]
        assert all((tmp_path / p["file"]).stat().st_size > 500 for p in entry["pictures"])
    assert "lesion 1: left tibia, distal metaphysis, active" in data["map_alt"]
    draft = replace(report.reading, signed_at=None, state=type(report.reading.state).DRAFT)
    assert reading_data(replace(report, reading=draft), tmp_path)["state"] == "DRAFT, not signed"


def test_synthetic_mark_comes_from_either_reading_or_patient(reading: Reading, report: ReadingReport) -> None:
    assert not ReadingReport(reading).synthetic
    assert ReadingReport(replace(reading, synthetic=True)).synthetic
    assert report.synthetic


def test_lesion_table_says_what_was_not_measured(reading: Reading) -> None:
    first, second, third, fourth = lesion_rows(reading)
    assert (first["volume"], first["adc"], first["symptomatic"]) == ("1.20", "not measured", "no")
    assert second["symptomatic"] == "not assessed"
    assert (second["present"], second["absent"]) == ("periosteal reaction", "cortical break")
    assert third["site"].endswith("(level may be wrong by one)")
    assert third["grade"] == "not assessed"
    assert fourth["activity"] == "inactive"


def test_map_of_a_reading(reading: Reading) -> None:
    marks = reading_marks(reading)
    assert marks["tibia_distal_metaphysis_left"].fill == PALETTE["lesion"]
    assert marks["ilium_left"].fill == PALETTE["inactive"]
    assert marks["toes_left"].pattern == "hatch"
    assert marks["skull"].pattern == "dots"
    assert "humerus_diaphysis_left" not in marks  # stated normal: plain bone
    assert "tibia_distal_metaphysis_right" in marks
    assert marks["tibia_distal_metaphysis_right"].fill is None


def test_scores_that_do_not_apply_are_listed_apart(report: ReadingReport) -> None:
    shown = {r["name"] for r in score_rows(report.scores)}
    apart = {text.split(":")[0] for text in not_applicable_scores(report.scores)}
    assert shown.isdisjoint(apart)
    assert len(shown) + len(apart) == len(report.scores)
    assert any(s.state is State.NOT_APPLICABLE for s in report.scores)
    for row in score_rows(report.scores):
        assert row["source"]
        assert row["trust"]


def test_units_are_grouped_in_the_order_of_the_list() -> None:
    rows = units_by_region({"toes_left", "skull", "toes_right"})
    assert rows == [
        {"region": "head", "units": "skull vault"},
        {"region": "foot", "units": "right toes; left toes"},
    ]


def test_plain_paragraph(reading: Reading) -> None:
    assert plain_language(reading, comparison=("Two lesions are new.",)) == (
        "The MRI of 2024-05-06 covered the body from head to feet. The reader found active bone lesions in three "
        "places: the left tibia (shin bone), at the ankle, beside the growth plate; the right femur (thigh bone), at "
        "the knee, beside the growth plate; and vertebra T8. One older lesion without active signal: the left ilium "
        "(wing of the pelvis). Loss of height: vertebra T8. One of the active lesions is not painful. Two bone units "
        "lie outside the pictures (foot); nothing can be said about them. Two lesions are new."
    )


def test_plain_paragraph_never_calls_silence_normal() -> None:
    empty = Reading("r", "e", "k", "Dr A", whole_body=False)
    text = plain_language(empty)
    assert "covered only a part of the body" in text
    assert "states no bone lesion" in text
    assert "normal" not in text
    assert plain_language(replace(empty, synthetic=True)).startswith("This is a synthetic exam")


def test_activity_that_was_not_assessed_is_said() -> None:
    open_ = Reading(
        "r", "e", "k", "Dr A", lesions=(lesion(1, "calcaneus_right", activity=Activity.NOT_ASSESSED),)
    )
    assert "Whether the right heel bone is active was not assessed." in plain_language(open_)


def test_many_lesions_are_counted_by_region() -> None:
    names = [s.id for s in all_sites() if s.region == "foot"][:9]
    many = Reading("r", "e", "k", "Dr A", lesions=tuple(lesion(i, n) for i, n in enumerate(names)))
    assert "active bone lesions in nine places. Nine in the foot." in plain_language(many)


@pytest.mark.parametrize("unit", all_sites(), ids=lambda u: u.id)
def test_every_unit_has_plain_words_with_its_side(unit) -> None:
    words = plain_site(unit)
    assert "_" not in words
    assert words.startswith(("left ", "right ")) is (unit.side is not Side.MIDLINE)
    if unit.side is not Side.MIDLINE:
        assert words.startswith(unit.side.value)


def test_plain_words_of_all_units_differ() -> None:
    assert len({plain_site(s) for s in all_sites()}) == len(all_sites())
    assert plain_site(site("metatarsal_5_right")) == "right fifth metatarsal bone"


def test_pictures_for_the_documentation(tmp_path) -> None:
    pytest.importorskip("typst", reason="typst is an optional extra")
    assert write_pictures([str(tmp_path)]) == 0
    assert all((tmp_path / f"bodymap-{t}.png").read_bytes().startswith(b"\x89PNG") for t in ("light", "dark"))
    assert write_pictures([]) == 2


def test_html_reading_holds_the_same_content_and_nothing_outside(report: ReadingReport, tmp_path) -> None:
    page = reading_html(report)
    assert page == reading_html(report)
    assert page.lstrip().startswith("<!doctype html>")
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=\"(?!#|data:image/)", page)
    assert "Seen with Dr B &lt;ok&gt;" in page
    assert "Signed by Dr A on 2024-05-07 09:30+00:00" in page
    assert "SYNTHETIC" in page
    data = reading_data(report, tmp_path)
    for row in data["lesions"]:
        assert row["site"] in page
    for row in data["scores"]:
        assert row["name"] in page
    assert page.count('class="crop"') == 16
    ids = re.findall(r"\sid=\"([^\"]+)\"", page)
    assert len(ids) == len(set(ids))


def test_html_reading_takes_pixel_pictures(reading: Reading) -> None:
    picture = ReportPicture("STIR", "STIR, lesion 1", data=b"\x89PNG123")
    page = reading_html(ReadingReport(reading, pictures={"L1": (picture,)}))
    assert 'src="data:image/png;base64,' in page
    assert 'alt="STIR, lesion 1"' in page
