"""Fates of lesions between two readings, Panwar counts, Kieninger's measures."""

import pytest
from clinical_cases import A, P, inactive, lesion, reading, regional

from marrowmap.core.followup.change import ChangeClass, changes_between
from marrowmap.core.followup.comparison import compare
from marrowmap.core.followup.pairs import plain_pairs
from marrowmap.core.lesion import Lesion, SiteExtent
from marrowmap.core.rules.case import Case
from marrowmap.core.scores import kieninger_2022, panwar_counts
from marrowmap.core.scores.result import State


def fates(before, after):
    return {(c.before or c.after)[0]: c.kind for c in changes_between(before, after)}


def grown(unit, volume, ratio=None, **given):
    return lesion(unit, volume_ml=volume, si_ratio=ratio, **given)


def test_worked_example_counts_hide_nothing():
    before = reading(grown("tibia_diaphysis_left", 2, 5), grown("vertebra_t6", 2, 5), id="1")
    after = reading(grown("vertebra_t6", 3, 5), grown("clavicle_medial_right", 1, 5), id="2")
    result = panwar_counts.score(Case(reading=after, earlier_reading=before))
    assert [result.details[f] for f in ("resolved", "worsened", "new")] == [1, 1, 1]
    assert len(before.lesions) == len(after.lesions)


def test_worked_example_signal_and_volume():
    assert kieninger_2022.si_ratio(420, 70) == 6.0
    assert kieninger_2022.si_ratio(350, 70) == 5.0
    assert kieninger_2022.volume_change(4.0, 2.4) == pytest.approx(-0.4)
    (change,) = changes_between(
        reading(grown("ilium_left", 4.0, 6.0)), reading(grown("ilium_left", 2.4, 5.0))
    )
    assert change.kind is ChangeClass.IMPROVED
    assert change.measure("signal ratio").percent == pytest.approx(-16.67, abs=0.01)
    (signal_only,) = changes_between(
        reading(grown("ilium_left", 4.0, 6.0)), reading(grown("ilium_left", 4.0, 5.0))
    )
    assert signal_only.kind is ChangeClass.STABLE


@pytest.mark.parametrize(
    ("volume", "ratio", "fate"),
    [(7.0, 5.0, "improved"), (7.1, 5.0, "stable"), (13.0, 5.0, "worsened"), (12.9, 5.0, "stable"),
     (10.0, 4.0, "improved"), (10.0, 6.0, "worsened"), (13.0, 4.0, "mixed"), (None, None, "not_comparable")],
)  # fmt: skip
def test_limits(volume, ratio, fate):
    before, after = reading(grown("ilium_left", 10.0, 5.0)), reading(grown("ilium_left", volume, ratio))
    assert fates(before, after) == {"ilium_left": fate}


def test_new_height_loss_worsens():
    before = reading(grown("vertebra_t6", 3, 5, height_loss=A))
    assert fates(before, reading(grown("vertebra_t6", 1, 5, height_loss=P))) == {
        "vertebra_t6": ChangeClass.WORSENED
    }


def test_resolved_needs_a_statement():
    before = reading(lesion("ilium_left"))
    assert fates(before, reading()) == {"ilium_left": ChangeClass.RESOLVED}
    assert fates(before, reading(inactive("ilium_left"))) == {"ilium_left": ChangeClass.RESOLVED}
    assert fates(before, reading(not_covered={"ilium_left"})) == {"ilium_left": ChangeClass.NOT_COMPARABLE}
    assert fates(before, reading(normal=frozenset())) == {"ilium_left": ChangeClass.NOT_COMPARABLE}


def test_new_needs_an_earlier_look():
    after = reading(lesion("ilium_left"))
    assert fates(reading(), after) == {"ilium_left": ChangeClass.NEW}
    assert fates(regional(lesion("talus_left")), after)["ilium_left"] is ChangeClass.NOT_COMPARABLE


def test_tracking_uid_decides_over_the_unit():
    before = reading(lesion("ilium_left", id="a", tracking_uid="1.2"))
    after = reading(lesion("ilium_left", id="b", tracking_uid="1.3"))
    assert fates(before, after) == {"a": ChangeClass.RESOLVED, "b": ChangeClass.NEW}
    same = reading(lesion("vertebra_t6", id="b", tracking_uid="1.2"))
    assert list(fates(before, same)) == ["a"]


def test_a_merger_counts_once_under_how_it_did():
    before = reading(grown("ilium_left", 4, 5, id="a"), grown("ischium_left", 4, 5, id="b"))
    both = (SiteExtent("ilium_left"), SiteExtent("ischium_left"))
    after = reading(Lesion("c", both, volume_ml=12, si_ratio=5))
    result = panwar_counts.score(Case(reading=after, earlier_reading=before))
    assert (result.details["worsened"], sum(result.details.values())) == (1, 1)
    assert "merged, together worsened" in result.items[0].text


def test_the_count_of_the_comparison_is_the_count_of_the_score():
    before = reading(grown("ilium_left", 4, 5), grown("vertebra_t6", 2, 5), grown("talus_left", 2, 5))
    after = reading(grown("ilium_left", 8, 5), grown("clavicle_medial_right", 1, 5))
    score = panwar_counts.score(Case(reading=after, earlier_reading=before)).details
    answer = compare(before, after, plain_pairs(before, after)).response.without_hands_and_feet
    assert {k: v for k, v in answer.course.items() if v} == {
        k: v for k, v in score.items() if v and k != "hands_and_feet_left_out"
    }


def test_hands_and_feet_are_left_out():
    before = reading(lesion("talus_left"), lesion("ilium_left"))
    result = panwar_counts.score(Case(reading=reading(), earlier_reading=before))
    assert result.details["resolved"] == 1
    assert result.details["hands_and_feet_left_out"] == 1


def test_summed_volume_counts_lesions_measured_twice():
    before = reading(grown("ilium_left", 4), grown("vertebra_t6", 6), grown("pubis_left", None))
    after = reading(grown("ilium_left", 2), grown("vertebra_t6", 6), grown("pubis_left", 1))
    result = kieninger_2022.score(Case(reading=after, earlier_reading=before))
    assert result.value == -20
    assert result.details["lesions_measured"] == 2


def test_needs_two_readings():
    assert panwar_counts.score(Case(reading=reading())).state is State.NOT_APPLICABLE


def test_muscle_must_have_signal():
    with pytest.raises(ValueError, match="above 0"):
        kieninger_2022.si_ratio(400, 0)
