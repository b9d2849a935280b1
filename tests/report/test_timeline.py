from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from marrowmap.core.followup.comparison import compare
from marrowmap.core.followup.pairs import Pair
from marrowmap.core.lesion import Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.core.record.patient import PatientRecord
from marrowmap.core.record.units import Analyte, LabValue
from marrowmap.core.record.visit import Visit
from marrowmap.core.site import all_sites
from marrowmap.core.study import VALIDATION
from marrowmap.report.bodymap import bodymap_svg
from marrowmap.report.followup import change_marks
from marrowmap.report.timeline import Course, Span, Track, course_of, timeline_svg

START = date(2019, 1, 5)
FOOT = frozenset(s.id for s in all_sites() if s.region == "foot")


def exam(k: int, *units: str, **more) -> Reading:
    lesions = tuple(Lesion(f"L{i}", (SiteExtent(u),), volume_ml=1.0) for i, u in enumerate(units))
    return Reading(f"r{k}", f"e{k}", "child", "reader", START + timedelta(days=170 * k), lesions, **more)


@pytest.mark.parametrize("count", [2, 20])
def test_two_to_twenty_exams_in_one_valid_figure(count: int) -> None:
    course = course_of([exam(k, "tibia_diaphysis_left") for k in range(count)])
    picture = timeline_svg(course)
    ElementTree.fromstring(picture)
    assert picture.count('fill="#0b5e8a"') == count
    assert len(course.tracks[0].values) == count


def test_a_missing_value_is_a_gap_and_never_a_zero() -> None:
    days = [START + timedelta(days=30 * k) for k in range(5)]
    values = (10.0, 8.0, None, 6.0, 4.0)
    course = Course((), (Track("CRP", "mg/L", tuple(zip(days, values, strict=True))),), ())
    picture = timeline_svg(course)
    assert picture.count("<circle") == 4
    assert len(re.findall(r'<path d="M[^"]*L[^"]*" fill="none"', picture)) == 2
    assert "not measured" in picture


def test_visits_treatments_and_counts_have_their_lanes() -> None:
    visits = tuple(
        Visit(f"v{k}", START + timedelta(days=100 * k), labs=(LabValue(Analyte.CRP, 10.0 - k),))
        for k in range(3)
    )
    record = PatientRecord("child", visits=visits, synthetic=True)
    before, after = (
        exam(0, "tibia_diaphysis_left", "talus_left"),
        exam(1, "tibia_diaphysis_left", "ilium_left"),
    )
    answer = compare(before, after, [Pair("L0", "L0")])
    course = course_of([before, after], [answer], record)
    assert [t.name for t in course.tracks if t.unit == "mg/L"] == ["CRP"]
    assert course.exams[1][1] == "1 new"
    assert "synthetic child" in timeline_svg(course)


def test_a_running_treatment_reaches_the_end_and_a_stopped_one_does_not() -> None:
    later = START + timedelta(days=400)
    course = Course(
        ((START, ""), (later, "")),
        (),
        (Span("a", START, None), Span("b", START, START + timedelta(days=100))),
    )
    picture = timeline_svg(course)
    assert "a: 2019-01-05 to now" in picture
    assert "b: 2019-01-05 to 2019-04-15" in picture


def test_nothing_dated_draws_nothing_and_names_are_escaped() -> None:
    assert timeline_svg(Course((), (), ())) == ""
    assert "<script" not in timeline_svg(Course(((START, "<script>"),), (), (Span("<script>", START, None),)))


def test_the_body_map_colours_change_and_hatches_what_was_not_covered() -> None:
    before = exam(0, "tibia_diaphysis_left", "talus_left")
    after = exam(1, "tibia_diaphysis_left", "ilium_right", not_covered=FOOT)
    marks = change_marks(compare(before, after, [Pair("L0", "L0")]))
    assert marks["ilium_right"].value == "1 new"
    assert marks["tibia_diaphysis_left"].fill is not None
    assert marks["talus_left"].pattern == marks["calcaneus_right"].pattern == "hatch"
    assert "not comparable" in marks["talus_left"].value
    ElementTree.fromstring(bodymap_svg(marks))
    assert "not validated" in VALIDATION
