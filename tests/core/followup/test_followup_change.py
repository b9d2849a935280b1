from __future__ import annotations

from datetime import date

import invented_tables
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.core.followup.change import Change, ChangeClass, Circumstances, SignalNow
from marrowmap.core.followup.comparison import compare
from marrowmap.core.followup.measures import BRAIN_SHARE, ExamSignals
from marrowmap.core.followup.pairs import Pair
from marrowmap.core.lesion import Activity, Assessment, Features, Lesion, SiteExtent, VertebralHeights
from marrowmap.core.reading import Reading
from marrowmap.core.record.patient import PatientRecord
from marrowmap.core.record.units import Analyte, LabValue
from marrowmap.core.record.visit import Visit
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import Rulebook
from marrowmap.core.scores.result import State
from marrowmap.core.scores.table import parse_table
from marrowmap.core.site import all_sites
from marrowmap.errors import InvalidRecord

SHIN = "tibia_distal_metaphysis_left"
FOOT = frozenset(s.id for s in all_sites() if s.region == "foot")


def lesion(
    name: str, unit: str = SHIN, volume: float | None = 4.0, ratio: float | None = 6.0, **more
) -> Lesion:
    return Lesion(name, (SiteExtent(unit),), volume_ml=volume, si_ratio=ratio, **more)


def reading(*lesions: Lesion, later: bool = False, **more) -> Reading:
    day = date(2021, 1, 1) if later else date(2020, 1, 1)
    return Reading("b" if later else "a", "exam", "child", "reader", day, lesions, **more)


def one(old: Lesion | None, new: Lesion | None, more: Circumstances | None = None, **of_later) -> Change:
    before = reading(*([old] if old else []))
    after = reading(*([new] if new else []), later=True, **of_later)
    pairs = [Pair(old.id, new.id)] if old and new else []
    return compare(before, after, pairs, more or Circumstances()).changes[0]


@pytest.mark.parametrize(
    ("volume", "ratio", "kind"),
    [
        (2.4, 5.0, ChangeClass.IMPROVED),  # worked example 1 of section 9: -40 % and -17 %
        (4.0, 5.0, ChangeClass.STABLE),  # -17 % alone lies within the limit
        (2.8, 6.0, ChangeClass.IMPROVED),  # exactly -30 %
        (5.2, 6.0, ChangeClass.WORSENED),  # exactly +30 %
        (5.19, 6.0, ChangeClass.STABLE),
        (4.0, 7.2, ChangeClass.WORSENED),  # exactly +20 %
        (2.0, 8.0, ChangeClass.MIXED),
        (None, 6.1, ChangeClass.STABLE),
        (None, None, ChangeClass.NOT_COMPARABLE),
    ],
)  # fmt: skip
def test_limits_of_volume_and_signal(volume: float | None, ratio: float | None, kind: ChangeClass) -> None:
    assert one(lesion("1"), lesion("x", volume=volume, ratio=ratio)).kind is kind


def test_every_limit_is_printed_and_named_as_ours() -> None:
    answer = compare(reading(lesion("1")), reading(lesion("x"), later=True), [Pair("1", "x")])
    told = " ".join(answer.limits)
    assert "30 %" in told
    assert "20 %" in told
    assert all("PROPOSED" in sentence for sentence in answer.limits)


def test_growth_of_the_bone_is_taken_out_and_both_numbers_stay() -> None:
    grown = one(lesion("1"), lesion("x", volume=5.4), Circumstances(growth={"tibia_left": 1.3}))
    assert grown.kind is ChangeClass.STABLE
    measure = grown.measure("volume")
    assert measure is not None
    assert measure.percent == pytest.approx(35)
    assert measure.corrected_percent == pytest.approx(100 * (5.4 / 1.3 / 4 - 1))
    assert one(lesion("1"), lesion("x", volume=5.4)).kind is ChangeClass.WORSENED


def test_new_soft_tissue_signal_is_worse_though_smaller() -> None:
    none = Features(soft_tissue_oedema=Assessment.ABSENT)
    some = Features(soft_tissue_oedema=Assessment.PRESENT)
    change = one(lesion("1", features=none), lesion("x", volume=1.0, features=some))
    assert change.kind is ChangeClass.WORSENED
    assert change.signs_came == ("soft-tissue signal",)
    unknown = one(lesion("1"), lesion("x", features=some))
    assert unknown.kind is ChangeClass.STABLE


def heights(anterior: float) -> Features:
    return Features(heights=VertebralHeights(anterior, 20, 20, 20))


def test_a_rising_genant_grade_is_worse_and_a_falling_one_a_problem_of_measurement() -> None:
    spine = "vertebra_t8"
    worse = one(lesion("1", spine, features=heights(19)), lesion("x", spine, features=heights(14)))
    assert (worse.kind, worse.genant_before, worse.genant_after) == (ChangeClass.WORSENED, 0, 2)
    assert worse.problems == ()
    better = one(lesion("1", spine, features=heights(14)), lesion("x", spine, features=heights(19)))
    assert better.kind is ChangeClass.STABLE
    assert "fault of measurement" in better.problems[0]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (4.0, 5.2, ChangeClass.WORSENED),  # exactly 30 %
        (4.0, 5.19, ChangeClass.STABLE),
        (1.0, 1.3, ChangeClass.STABLE),  # few voxels
        (1.0, 1.35, ChangeClass.WORSENED),
        (1.9, 1.2, ChangeClass.IMPROVED),
        (2.6, 1.75, ChangeClass.STABLE),  # counts as thin when either time does
    ],
)
def test_a_volume_of_few_voxels_must_change_by_more(before: float, after: float, kind: ChangeClass) -> None:
    assert one(lesion("1", volume=before), lesion("x", volume=after)).kind is kind


def imaged(now: float, ml: float = 2.0, brain: tuple[float | None, float | None] = (None, None)) -> Change:
    """A lesion that had 2.0 times the signal of muscle close by and now has ``now``."""
    more = Circumstances(signals=(ExamSignals({"1": 2.0}, brain[0]), ExamSignals({"x": now}, brain[1])))
    return one(lesion("1", volume=ml, ratio=2.0), lesion("x", volume=ml, ratio=1.0), more)


def test_signal_measured_on_images_decides_only_beyond_its_own_spread() -> None:
    assert imaged(1.5).kind is ChangeClass.STABLE  # 25 % darker: less than two exams differ by themselves
    assert imaged(1.3).kind is ChangeClass.IMPROVED
    assert imaged(1.3, ml=0.5).kind is ChangeClass.STABLE
    assert imaged(0.9, ml=0.5).kind is ChangeClass.IMPROVED


def test_where_the_brain_shows_how_the_scanners_differ_a_smaller_change_of_signal_decides() -> None:
    alike = (6.0, 6.0)
    assert imaged(1.5, brain=alike).kind is ChangeClass.IMPROVED  # 25 % darker
    assert imaged(1.7, brain=alike).kind is ChangeClass.STABLE
    assert imaged(1.5, brain=(6.0, None)).kind is ChangeClass.STABLE  # head not in view now
    assert imaged(1.5, ml=0.5, brain=alike).kind is ChangeClass.STABLE


def test_a_change_of_signal_that_the_brain_shares_is_the_scanners() -> None:
    shared = imaged(1.5, brain=(6.0, 6.0 * 0.75 ** (1 / BRAIN_SHARE)))
    assert shared.kind is ChangeClass.STABLE
    measure = shared.measure("signal ratio")
    assert measure is not None
    assert measure.percent == pytest.approx(-50)
    assert measure.corrected_percent == pytest.approx(0, abs=1e-6)
    assert "against muscle close by and the brain" in shared.why
    hidden = imaged(2.0, brain=(6.0, 6.0 * 1.4 ** (1 / BRAIN_SHARE)))
    assert hidden.kind is ChangeClass.IMPROVED  # all else became brighter, this did not


def test_a_lesion_seen_in_both_exams_is_compared_though_its_unit_was_not_found() -> None:
    after = reading(lesion("x"), later=True, not_covered=frozenset({"tibia_proximal_metaphysis_left"}))
    before = reading(lesion("1", "tibia_proximal_metaphysis_left"))
    (change,) = compare(before, after, [Pair("1", "x")]).changes
    assert change.kind is ChangeClass.STABLE


# ---------------------------------------------------------------- what was not seen


def test_foot_lesions_of_an_exam_without_feet_are_not_comparable() -> None:
    old = (lesion("1", "talus_left"), lesion("2", "metatarsal_1_right"), lesion("3"))
    after = reading(later=True, normal=frozenset({SHIN}), not_covered=FOOT)
    kinds = {c.before[0]: c.kind for c in compare(reading(*old), after, []).changes}
    assert kinds["1"] is kinds["2"] is ChangeClass.NOT_COMPARABLE
    assert kinds["3"] is ChangeClass.RESOLVED


def test_a_foot_lesion_after_an_exam_without_feet_is_not_new() -> None:
    before = reading(not_covered=FOOT)
    after = reading(lesion("x", "talus_left"), later=True)
    change = compare(before, after, []).changes[0]
    assert change.kind is ChangeClass.NOT_COMPARABLE
    assert "earlier exam" in change.why


@given(st.sampled_from([s.id for s in all_sites()]), st.booleans())
@settings(deadline=None)
def test_no_unit_outside_one_exam_ever_gives_resolved_or_new(unit: str, lost_later: bool) -> None:
    hidden = frozenset({unit})
    old, new = (lesion("1", unit), None) if lost_later else (None, lesion("x", unit))
    before = reading(*([old] if old else []), not_covered=frozenset() if old else hidden)
    after = reading(*([new] if new else []), later=True, not_covered=hidden if old else frozenset())
    assert compare(before, after, []).changes[0].kind is ChangeClass.NOT_COMPARABLE


def test_a_partly_covered_unit_cannot_show_that_a_lesion_went_or_came() -> None:
    partly = Circumstances(partly=frozenset({SHIN}))
    assert one(lesion("1"), None, partly, normal=frozenset({SHIN})).kind is ChangeClass.NOT_COMPARABLE
    assert one(None, lesion("x"), partly).kind is ChangeClass.NOT_COMPARABLE
    assert one(lesion("1"), lesion("x"), partly).kind is ChangeClass.STABLE


def test_silence_about_a_unit_is_no_resolution() -> None:
    assert one(lesion("1"), None).kind is ChangeClass.NOT_COMPARABLE
    assert one(lesion("1"), None, normal=frozenset({SHIN})).kind is ChangeClass.RESOLVED


def test_signal_of_normal_marrow_resolves_and_brighter_signal_does_not() -> None:
    dark = Circumstances(signal_now={"1": SignalNow(1.2, 1.0, 0.15)}, provisional=True)
    assert one(lesion("1"), None, dark).kind is ChangeClass.RESOLVED
    bright = Circumstances(signal_now={"1": SignalNow(1.4, 1.0, 0.15)}, provisional=True)
    assert one(lesion("1"), None, bright).kind is ChangeClass.NOT_COMPARABLE


def test_a_lesion_that_is_inactive_now_is_resolved_and_one_active_again_is_worse() -> None:
    quiet = {"activity": Activity.INACTIVE}
    assert one(lesion("1"), lesion("x", **quiet)).kind is ChangeClass.RESOLVED
    assert one(lesion("1", **quiet), lesion("x")).kind is ChangeClass.WORSENED
    unsure = one(lesion("1"), lesion("x", activity=Activity.NOT_ASSESSED))
    assert unsure.kind is ChangeClass.NOT_COMPARABLE


# ---------------------------------------------------------------- the whole child


def test_a_count_alone_would_hide_what_happened() -> None:
    """Worked example 4 of section 9."""
    before = reading(lesion("1"), lesion("2", "vertebra_t6"))
    after = reading(
        lesion("x", "vertebra_t6", volume=8.0), lesion("y", "clavicle_medial_right"),
        later=True, normal=frozenset({SHIN}),
    )  # fmt: skip
    answer = compare(before, after, [Pair("2", "x")])
    counts = answer.response.all_lesions
    assert (counts.by_class["resolved"], counts.by_class["worsened"], counts.by_class["new"]) == (1, 1, 1)
    assert counts.lesions_before == counts.lesions_after == 2
    assert answer.months == pytest.approx(12.02, abs=0.01)


def test_mergers_and_splits_are_one_line_with_the_course_of_the_whole() -> None:
    before = reading(
        lesion("1", volume=2), lesion("2", "ilium_left", volume=3), lesion("3", "ilium_left", volume=3)
    )
    after = reading(
        lesion("x", volume=0.5), lesion("y", volume=0.5), lesion("z", "ilium_left", volume=9), later=True
    )
    pairs = [Pair("1", "x"), Pair("1", "y"), Pair("2", "z"), Pair("3", "z")]
    answer = compare(before, after, pairs)
    named = {c.before: (c.kind, c.course) for c in answer.changes}
    assert named[("1",)] == (ChangeClass.SPLIT, ChangeClass.IMPROVED)
    assert named[("2", "3")] == (ChangeClass.MERGED, ChangeClass.WORSENED)
    assert {x for c in answer.changes for x in c.before} == {"1", "2", "3"}
    assert {x for c in answer.changes for x in c.after} == {"x", "y", "z"}


def test_counts_with_and_without_hands_and_feet() -> None:
    before = reading(lesion("1"), lesion("2", "talus_left"))
    after = reading(later=True, normal=frozenset({SHIN, "talus_left"}))
    answer = compare(before, after, []).response
    assert answer.all_lesions.by_class["resolved"] == 2
    assert answer.without_hands_and_feet.by_class["resolved"] == 1
    assert answer.without_hands_and_feet.lesions_before == 1


def test_scores_follow_the_pairs_in_use_and_rinbo_stays_without_points() -> None:
    before, after = reading(lesion("1", volume=4)), reading(lesion("x", volume=1), later=True)
    answer = compare(before, after, [Pair("1", "x")]).response
    assert answer.kieninger.value == pytest.approx(-75)
    assert answer.rai.state in (State.COMPUTED, State.INDETERMINATE)
    assert answer.rinbo.state is State.NOT_COMPUTABLE
    assert "not computable" in answer.rinbo_sentence()
    assert after.lesions[0].tracking_uid == ""


def test_a_table_of_the_site_gives_both_points_and_is_named() -> None:
    rules = Rulebook(tables={"rinbo": parse_table(invented_tables.RINBO)})
    before = reading(lesion("1", volume=4), lesion("2", volume=2))
    after = reading(lesion("x", volume=1), later=True)
    told = compare(before, after, [Pair("1", "x")], rules=rules).response
    assert told.rinbo.table is not None
    assert "points before" in told.rinbo_sentence()
    assert "INVENTED FOR TESTS" in told.rinbo_sentence()
    assert rules.tables["rinbo"].sha256[:12] in told.rinbo_sentence()


def test_pedcno_and_remission_come_from_visits() -> None:
    def visit(name: str, day: date, esr: float) -> Visit:
        return Visit(name, day, labs=(LabValue(Analyte.ESR, esr),))

    first, now = visit("v1", date(2020, 1, 2), 40), visit("v2", date(2021, 1, 2), 10)
    record = PatientRecord("child", visits=(first, now))
    answer = compare(
        reading(lesion("1")), reading(lesion("x"), later=True), [Pair("1", "x")],
        case=Case(visit=now, patient=record, earlier_visit=first),
    ).response  # fmt: skip
    assert next(i for i in answer.pedcno.items if i.id == "esr").text.startswith("40 to 10")
    assert len(answer.remission) == 2
    assert compare(reading(), reading(later=True), []).response.remission == ()


def test_two_children_and_exams_in_the_wrong_order_are_refused() -> None:
    other = Reading("b", "exam", "another child", "reader", date(2021, 1, 1))
    with pytest.raises(InvalidRecord, match="different children"):
        compare(reading(), other, [])
    with pytest.raises(InvalidRecord, match="later than"):
        compare(reading(later=True), reading(), [])


def test_two_empty_readings_compare_to_nothing() -> None:
    answer = compare(reading(), reading(later=True), [])
    assert answer.changes == ()
    assert answer.response.all_lesions.lines == 0
