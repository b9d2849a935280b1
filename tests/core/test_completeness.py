from marrowmap.core.completeness import open_questions
from marrowmap.core.lesion import Features, Lesion, SiteExtent
from marrowmap.core.reading import Decision, Reading
from marrowmap.core.site import Region, all_sites

EVERY_UNIT = frozenset(s.id for s in all_sites())


def reading(**changes):
    return Reading(
        **{"id": "r", "exam_uid": "1", "patient_key": "p", "reader": "A", "normal": EVERY_UNIT, **changes}
    )


def keys(*arguments):
    return {q.key for q in open_questions(*arguments)}


def test_a_reading_that_answers_everything_leaves_nothing_open():
    assert keys(reading(decisions={"c1": Decision.REJECTED}), ["c1"]) == set()


def test_an_undecided_candidate_is_asked_for_until_it_is_waived():
    assert keys(reading(), ["c1"]) == {"candidate:c1"}
    assert keys(reading(waived={"candidate:c1": "motion"}), ["c1"]) == set()
    assert keys(reading(waived={"candidate:c1": "  "}), ["c1"]) == {"candidate:c1"}


def test_units_outside_the_coverage_raise_no_question():
    feet = frozenset(s.id for s in all_sites() if s.region is Region.FOOT)

    assert keys(reading(normal=EVERY_UNIT - feet), []) == {"region:foot"}
    assert keys(reading(normal=EVERY_UNIT - feet, not_covered=feet), []) == set()


def test_a_lesion_is_asked_for_its_grade_its_extent_and_its_level():
    t8 = Lesion(id="L1", extents=(SiteExtent("vertebra_t8"),), level_uncertain=True)
    done = Lesion(id="L1", extents=(SiteExtent("vertebra_t8", 40),), features=Features(signal_grade=2))
    others = EVERY_UNIT - {"vertebra_t8"}

    assert keys(reading(normal=others, lesions=(t8,)), []) == {"signal:L1", "extent:L1", "level:L1"}
    assert keys(reading(normal=others, lesions=(done,)), []) == set()
