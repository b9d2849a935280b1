"""Agreement of readers on units, features and numbers, overall and on involved units only."""

import pytest

from marrowmap.cohort.readers import (
    FEATURES,
    agreement_data,
    feature_agreement,
    score_agreement,
    site_agreement,
    unit_states,
)
from marrowmap.core.lesion import Assessment, Features, Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.core.site import all_sites

UNITS = [s.id for s in all_sites()]


def _reading(reader, case, sites, seen=UNITS, **features):
    lesions = tuple(
        Lesion(f"l{n}", (SiteExtent(s),), features=Features(**features)) for n, s in enumerate(sorted(sites))
    )
    normal = frozenset(seen) - set(sites)
    return Reading(f"{reader}-{case}", f"exam-{case}", "P", reader, lesions=lesions, normal=normal)


def test_agreement_overall_flatters_and_involved_does_not():
    cases = {
        f"c{n}": [
            _reading("a", n, {"tibia_distal_metaphysis_left", "vertebra_t6"}),
            _reading("b", n, {"tibia_distal_metaphysis_left", "clavicle_medial_right"}),
        ]
        for n in range(4)
    }
    everything = site_agreement(cases)[0]
    assert (everything.compared, everything.involved) == (4 * len(UNITS), 12)
    free = everything.overall[1].value
    only = everything.only_involved[1].value
    assert free > 0.95
    assert only == pytest.approx((1 / 3 - 0.5) / 0.5)
    cohen = everything.overall[0].value
    assert cohen == pytest.approx(0.4946, abs=0.005)


def test_units_nobody_judged_are_not_compared():
    few = ["tibia_distal_metaphysis_left", "vertebra_t6"]
    cases = {"c": [_reading("a", 1, set(), few), _reading("b", 1, set(), few[:1])]}
    assert site_agreement(cases)[0].compared == 1
    assert unit_states(cases, few).tolist()[0] == [0.0, 0.0]


def test_features_are_compared_where_two_readers_marked():
    site = {"femur_distal_metaphysis_left"}
    cases = {
        "1": [
            _reading("a", 1, site, periosteal_reaction=Assessment.PRESENT),
            _reading("b", 1, site, periosteal_reaction=Assessment.PRESENT),
        ],
        "2": [
            _reading("a", 2, site, periosteal_reaction=Assessment.ABSENT),
            _reading("b", 2, site, periosteal_reaction=Assessment.ABSENT),
        ],
        "3": [_reading("a", 3, site, periosteal_reaction=Assessment.PRESENT), _reading("b", 3, set())],
        "4": [_reading("a", 4, site), _reading("b", 4, site, periosteal_reaction=Assessment.PRESENT)],
    }
    found = {a.question: a for a in feature_agreement(cases)}
    assert found["periosteal reaction"].compared == 2
    assert found["periosteal reaction"].overall[0].value == 1
    assert found["bony expansion"].compared == 0
    assert found["bony expansion"].overall[0].why_missing
    assert len(found) == len(FEATURES) + 1


def test_three_readers_use_fleiss_and_scores_use_icc():
    sites = ["tibia_distal_metaphysis_left", "vertebra_t6", "clavicle_medial_right"]
    cases = {f"{n}": [_reading(r, n, set(sites[:n])) for r in "abc"] for n in range(4)}
    assert site_agreement(cases)[0].overall[0].name == "Fleiss kappa"
    lesions = score_agreement(cases, {"not computable": lambda r: None})
    assert lesions[0].icc.icc2 == pytest.approx(1)
    assert lesions[2].icc.icc2 is None
    assert agreement_data(site_agreement(cases)[0])["compared"] == 4 * len(UNITS)


def test_no_case_gives_no_number():
    assert site_agreement({})[0].overall[0].value is None
    assert score_agreement({})[0].icc.icc1 is None
