"""Fates of lesions between two readings, Panwar counts, Kieninger's measures."""

import pytest
from clinical_cases import A, P, inactive, lesion, reading, regional

from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import Limits
from marrowmap.core.scores import kieninger_2022, panwar_counts
from marrowmap.core.scores.change import Fate, compare_lesions
from marrowmap.core.scores.result import State


def fates(before, after):
    return {c.lesion.id: c.fate for c in compare_lesions(before, after, Limits())}


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
    change = compare_lesions(
        reading(grown("ilium_left", 4.0, 6.0)), reading(grown("ilium_left", 2.4, 5.0)), Limits()
    )[0]
    assert change.fate is Fate.IMPROVED
    assert change.si_ratio_percent == pytest.approx(-16.67, abs=0.01)
    signal_only = compare_lesions(
        reading(grown("ilium_left", 4.0, 6.0)), reading(grown("ilium_left", 4.0, 5.0)), Limits()
    )[0]
    assert signal_only.fate is Fate.STABLE


@pytest.mark.parametrize(
    ("volume", "ratio", "fate"),
    [(7.0, 5.0, Fate.IMPROVED), (7.1, 5.0, Fate.STABLE), (13.0, 5.0, Fate.WORSENED), (12.9, 5.0, Fate.STABLE),
     (10.0, 4.0, Fate.IMPROVED), (10.0, 6.0, Fate.WORSENED), (13.0, 4.0, Fate.MIXED),
     (None, None, Fate.NOT_COMPARABLE)],
)  # fmt: skip
def test_limits(volume, ratio, fate):
    before, after = reading(grown("ilium_left", 10.0, 5.0)), reading(grown("ilium_left", volume, ratio))
    assert fates(before, after) == {"ilium_left": fate}


def test_new_height_loss_worsens():
    before = reading(grown("vertebra_t6", 3, 5, height_loss=A))
    assert fates(before, reading(grown("vertebra_t6", 1, 5, height_loss=P))) == {"vertebra_t6": Fate.WORSENED}


def test_resolved_needs_a_statement():
    before = reading(lesion("ilium_left"))
    assert fates(before, reading()) == {"ilium_left": Fate.RESOLVED}
    assert fates(before, reading(inactive("ilium_left"))) == {"ilium_left": Fate.RESOLVED}
    assert fates(before, reading(not_covered={"ilium_left"})) == {"ilium_left": Fate.NOT_COMPARABLE}
    assert fates(before, reading(normal=frozenset())) == {"ilium_left": Fate.NOT_COMPARABLE}


def test_new_needs_an_earlier_look():
    after = reading(lesion("ilium_left"))
    assert fates(reading(), after) == {"ilium_left": Fate.NEW}
    assert fates(regional(lesion("talus_left")), after)["ilium_left"] is Fate.NOT_COMPARABLE


def test_tracking_uid_decides_over_the_unit():
    before = reading(lesion("ilium_left", id="a", tracking_uid="1.2"))
    after = reading(lesion("ilium_left", id="b", tracking_uid="1.3"))
    assert fates(before, after) == {"a": Fate.NOT_COMPARABLE, "b": Fate.NEW}


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
