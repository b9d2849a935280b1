"""What the report says below the pictures of a candidate."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from marrowmap.core.lesion import Measured, MeasuredHeights, UnitShare
from marrowmap.core.study import Study
from marrowmap.report.html import study_report
from marrowmap.report.wording import heights_text

MM = [Measured(v, "mm", 0.41) for v in (12.0, 15.0, 18.0, 19.0)]


def details(study: Study, number: int) -> dict[str, str]:
    """Name -> text of the details of one candidate."""
    page = study_report(study)
    card = re.split(r'<article class="card" id="candidate-\d+">', page)[number].split("</article>")[0]
    return {html.unescape(k): html.unescape(v) for k, v in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", card)}


@pytest.fixture(scope="module")
def measured(invented_study: Study) -> Study:
    """The invented exam with all measured of its third candidate, T8; the others are of an earlier version."""
    third = replace(
        invented_study.candidates[2],
        extent_percent=Measured(30.0, "%", 3.0, note="of the part in view"),
        periosteal_ratio=Measured(2.44, "ratio", 0.3),
        soft_tissue_ratio=Measured(None, "ratio", None, "too little tissue in view beside the bone"),
        heights=MeasuredHeights(*MM),
        units=(
            UnitShare("vertebra_t8", Measured(30.0, "%", 3.0, note="of the part in view")),
            UnitShare("vertebra_t9", Measured(4.0, "%", 1.0)),
        ),
    )
    candidates = (*invented_study.candidates[:2], third, invented_study.candidates[3])
    return replace(invented_study, candidates=candidates)


def test_tissue_around_heights_and_every_unit_are_listed_with_their_spread(measured: Study) -> None:
    found = details(measured, 3)
    assert found["Next to the bone"] == "2.4 ± 0.3 × muscle"
    assert found["Tissue beside it"] == "not measured: too little tissue in view beside the bone"
    assert found["Heights"].startswith("front 12.0 ± 0.4 mm, middle 15.0 ± 0.4 mm, back 18.0 ± 0.4 mm")
    assert found["Heights"].endswith("back of those beside it 19.0 ± 0.4 mm")
    assert "30.0 ± 3.0 % of the part in view" in found["Lies in"]
    assert "4.0 ± 1.0 %" in found["Lies in"]
    assert "30.0 ± 3.0 % of the part in view" in study_report(measured).split('class="cards"')[0]  # the table


def test_what_an_earlier_study_does_not_hold_was_not_measured(measured: Study) -> None:
    found = details(measured, 1)
    assert found["Next to the bone"] == "not measured: not recorded in this study"
    assert found["Lies in"] == "not measured"
    assert "Heights" not in found  # a tibia has none


def test_heights_that_could_not_be_measured_say_why_once() -> None:
    none = Measured(None, "mm", None, "the images are oblique, 20 degrees against the body's axes")
    assert heights_text(MeasuredHeights(none, none, none, none)) == f"not measured: {none.why_missing}"
    assert heights_text(None) == "not measured"
