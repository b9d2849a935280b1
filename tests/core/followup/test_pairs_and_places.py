from __future__ import annotations

from datetime import date
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.core.followup.limits import FollowupLimits
from marrowmap.core.followup.matching import assign, propose_pairs, relative_distance, share_inside
from marrowmap.core.followup.pairs import Pair, PairState, decide, from_identity, groups, with_identity
from marrowmap.core.followup.places import LesionPlace, bone_key
from marrowmap.core.lesion import Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.core.site import all_sites, site
from marrowmap.errors import InvalidRecord


def ball(centre: tuple[float, float, float], radius: float) -> np.ndarray:
    steps = np.linspace(-radius, radius, 7)
    points = np.array([[x, y, z] for x in steps for y in steps for z in steps])
    return points[np.linalg.norm(points, axis=1) <= radius] + np.array(centre)


def place(
    name: str, unit: str, centre: tuple[float, float, float] | None, radius: float = 6.0, **more
) -> LesionPlace:
    points = None if centre is None else ball(centre, radius)
    return LesionPlace(name, (unit,), points_mm=points, radius_mm=radius, **more)


def reading(name: str, *lesions: Lesion, **more) -> Reading:
    day = date(2020, 1, 1) if name == "a" else date(2021, 1, 1)
    return Reading(name, f"exam-{name}", "child", "reader", day, lesions, **more)


def lesion(name: str, unit: str = "tibia_distal_metaphysis_left", uid: str = "") -> Lesion:
    return Lesion(name, (SiteExtent(unit),), tracking_uid=uid)


def found(pairs: tuple[Pair, ...]) -> set[tuple[str, str]]:
    return {(p.before_id, p.after_id) for p in pairs}


def test_the_whole_bone_joins_its_segments_and_keeps_sides_apart() -> None:
    assert (
        bone_key(site("tibia_diaphysis_left"))
        == bone_key(site("tibia_distal_epiphysis_left"))
        == "tibia_left"
    )
    assert bone_key(site("tibia_diaphysis_right")) == "tibia_right"
    assert len({bone_key(s) for s in all_sites() if s.is_vertebra}) == 24


def test_the_nearest_lesion_of_the_bone_is_proposed() -> None:
    before = [
        place("1", "tibia_distal_metaphysis_left", (0, 0, 0)),
        place("2", "tibia_diaphysis_left", (0, 0, 90)),
    ]
    after = [
        place("x", "tibia_diaphysis_left", (2, 1, 88)),
        place("y", "tibia_distal_metaphysis_left", (1, 0, 3)),
    ]
    assert found(propose_pairs(before, after)) == {("1", "y"), ("2", "x")}


def test_a_lesion_far_away_in_the_same_bone_is_another_lesion() -> None:
    before = [place("1", "femur_distal_metaphysis_left", (0, 0, 0), 5)]
    after = [place("x", "femur_proximal_metaphysis_left", (0, 0, 250), 5)]
    assert propose_pairs(before, after) == ()


def test_a_split_and_a_merger_are_many_to_many() -> None:
    whole = place("1", "ilium_left", (0, 0, 0), 14)
    parts = [place("x", "ilium_left", (-7, 0, 0), 6), place("y", "ilium_left", (7, 0, 0), 6)]
    assert found(propose_pairs([whole], parts)) == {("1", "x"), ("1", "y")}
    one = place("z", "ilium_left", (0, 0, 0), 14)
    assert found(propose_pairs(parts, [one])) == {("x", "z"), ("y", "z")}


def test_a_neighbour_that_does_not_overlap_stays_a_lesion_of_its_own() -> None:
    before = [place("1", "ilium_left", (0, 0, 0), 8)]
    after = [place("x", "ilium_left", (1, 0, 0), 8), place("y", "ilium_left", (24, 0, 0), 8)]
    assert found(propose_pairs(before, after)) == {("1", "x")}


def test_the_other_side_is_never_a_pair_however_near_the_labels_put_it() -> None:
    for where in (None, (0, 0, 0)):
        assert propose_pairs([place("1", "pubis_left", where)], [place("x", "pubis_right", where)]) == ()


def test_without_outlines_the_unit_decides() -> None:
    before = [place("1", "talus_left", None), place("2", "patella_left", (0, 0, 300))]
    after = [place("x", "talus_left", (5, 5, 5)), place("y", "calcaneus_left", None)]
    pairs = propose_pairs(before, after)
    assert found(pairs) == {("1", "x")}
    assert "no outline" in pairs[0].why


def test_a_misnamed_lesion_is_found_by_the_way_of_another_bone() -> None:
    before = [place("1", "tibia_proximal_metaphysis_left", (0, 0, 0))]
    lost = place("x", "femur_distal_metaphysis_left", (0, 0, 60))
    assert propose_pairs(before, [lost]) == ()
    carried = place("x", "femur_distal_metaphysis_left", (0, 0, 60), others_mm=(ball((0, 0, 4), 6),))
    assert found(propose_pairs(before, [carried])) == {("1", "x")}


def test_a_growth_plate_parts_lesions_more_than_another_border_of_the_bone() -> None:
    here = place("1", "tibia_distal_metaphysis_left", (0, 0, 0))
    epiphysis = relative_distance(here, place("x", "tibia_distal_epiphysis_left", (0, 0, 9)))
    shaft = relative_distance(here, place("x", "tibia_diaphysis_left", (0, 0, 9)))
    assert epiphysis > 2 * shaft


def test_a_part_counts_as_lying_in_the_whole_though_their_middles_are_apart() -> None:
    whole = place("1", "tibia_distal_metaphysis_left", (0, 0, 0), 18)
    part = place("x", "tibia_distal_metaphysis_left", (0, 0, 13), 4)
    beside = place("y", "tibia_distal_metaphysis_left", (0, 0, 31), 4)
    assert relative_distance(whole, part) < 0.5 < relative_distance(whole, beside)


def test_an_uncertain_level_may_be_off_by_one_and_no_more() -> None:
    here = place("1", "vertebra_t7", (0, 0, 0), 5)
    beside = place("x", "vertebra_t8", (0, 0, 14), 5, level_uncertain=True)
    sure = place("x", "vertebra_t8", (0, 0, 14), 5)
    assert relative_distance(here, beside) < relative_distance(here, sure)
    far = place("x", "vertebra_t9", (0, 0, 14), 5, level_uncertain=True)
    assert relative_distance(here, far) == pytest.approx(relative_distance(here, sure))


def test_share_inside_counts_points_within_the_margin() -> None:
    inner = np.array([[0.0, 0, 0], [10, 0, 0]])
    outer = np.array([[1.0, 0, 0]])
    assert share_inside(inner, outer, 2.0) == 0.5
    assert share_inside(inner, outer, 9.0) == 1.0


def test_nothing_before_or_nothing_after_proposes_nothing() -> None:
    assert propose_pairs([], [place("x", "talus_left", None)]) == ()
    assert propose_pairs([place("x", "talus_left", None)], []) == ()


centres = st.lists(st.tuples(*[st.floats(-60, 60)] * 3), min_size=0, max_size=5)


@given(centres, centres)
@settings(deadline=None)
def test_proposals_name_known_lesions_and_none_twice(old, new) -> None:
    before = [place(f"b{i}", "femur_diaphysis_left", c, 4) for i, c in enumerate(old)]
    after = [place(f"a{i}", "femur_diaphysis_left", c, 4) for i, c in enumerate(new)]
    pairs = propose_pairs(before, after)
    assert len(found(pairs)) == len(pairs)
    assert {p.before_id for p in pairs} <= {b.lesion_id for b in before}
    for p in pairs:
        assert 0 <= p.score <= 1
        assert p.state is PairState.PROPOSED


@given(centres)
@settings(deadline=None)
def test_an_exam_compared_with_itself_pairs_every_lesion_with_itself(old) -> None:
    apart = [c for i, c in enumerate(old) if all(np.linalg.norm(np.subtract(c, d)) > 25 for d in old[:i])]
    places = [place(f"b{i}", "femur_diaphysis_left", c, 4) for i, c in enumerate(apart)]
    assert found(propose_pairs(places, places)) == {(p.lesion_id, p.lesion_id) for p in places}


def test_a_moved_bone_frame_changes_nothing() -> None:
    limits = FollowupLimits()
    a, b = place("1", "talus_left", (0, 0, 0)), place("x", "talus_left", (5, 0, 0))
    shift = np.array([300.0, -20, 45])
    c, d = (
        LesionPlace(p.lesion_id, p.site_ids, points_mm=p.points_mm + shift, radius_mm=p.radius_mm)
        for p in (a, b)
    )
    assert relative_distance(a, b, limits) == pytest.approx(relative_distance(c, d, limits))


# ---------------------------------------------------------------- what a reader makes of proposals


def test_groups_join_what_pairs_link_and_leave_nothing_out() -> None:
    pairs = [Pair("1", "x"), Pair("1", "y"), Pair("2", "z", state=PairState.REJECTED)]
    got = groups(["1", "2", "3"], ["x", "y", "z"], pairs)
    assert [(g.before, g.after) for g in got] == [
        (("1",), ("x", "y")), (("2",), ()), (("3",), ()), ((), ("z",)),
    ]  # fmt: skip


def test_a_pair_that_names_an_unknown_lesion_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="later reading"):
        groups(["1"], ["x"], [Pair("1", "q")])


def test_a_reader_decides_a_proposal_and_adds_one() -> None:
    pairs = decide([Pair("1", "x", 0.7)], "1", "x", PairState.CONFIRMED)
    assert (pairs[0].state, pairs[0].by_reader) == (PairState.CONFIRMED, False)
    pairs = decide(pairs, "2", "y", PairState.CONFIRMED)
    assert (pairs[1].before_id, pairs[1].by_reader) == ("2", True)


def test_only_a_confirmed_pair_shares_its_identity() -> None:
    a, b = reading("a", lesion("1"), lesion("2")), reading("b", lesion("x"), lesion("y"))
    sure = [
        Pair("1", "x", state=PairState.CONFIRMED),
        Pair("2", "y"),
        Pair("1", "y", state=PairState.REJECTED),
    ]
    first, then = with_identity(a, b, sure)
    uid = {le.id: le.tracking_uid for le in (*first.lesions, *then.lesions)}
    assert uid["1"] == uid["x"]
    assert len({uid["1"], uid["2"], uid["y"]}) == 3
    for text in uid.values():
        assert text.startswith("2.25.")
        assert len(text) <= 64
        assert text[5] != "0"
    assert from_identity(first, then) == (
        Pair("1", "x", 1.0, PairState.CONFIRMED, "same tracking UID", by_reader=True),
    )


def test_identity_is_the_same_every_time_and_keeps_what_is_there() -> None:
    a, b = reading("a", lesion("1", uid="1.2.3")), reading("b", lesion("x"), lesion("y"))
    sure = [Pair("1", "x", state=PairState.CONFIRMED), Pair("1", "y", state=PairState.CONFIRMED)]
    once, again = with_identity(a, b, sure), with_identity(a, b, sure)
    assert once == again
    assert {le.tracking_uid for le in (*once[0].lesions, *once[1].lesions)} == {"1.2.3"}
    assert with_identity(*once, sure) == once


def test_taking_a_confirmation_back_takes_the_shared_identity_back() -> None:
    a, b = reading("a", lesion("1")), reading("b", lesion("x"))
    joined = with_identity(a, b, [Pair("1", "x", state=PairState.CONFIRMED)])
    parted = with_identity(*joined, [Pair("1", "x", state=PairState.REJECTED)])
    assert parted[0].lesions[0].tracking_uid == joined[0].lesions[0].tracking_uid
    assert parted[1].lesions[0].tracking_uid != joined[1].lesions[0].tracking_uid


@given(st.integers(1, 5), st.integers(0, 3), st.integers(0, 10_000))
@settings(deadline=None)
def test_the_assignment_is_the_cheapest_of_all(rows: int, more: int, seed: int) -> None:
    cost = np.random.default_rng(seed).uniform(0, 1, (rows, rows + more))
    chosen = assign(cost)
    assert len(set(chosen)) == rows
    best = min(sum(cost[i, j] for i, j in enumerate(p)) for p in permutations(range(rows + more), rows))
    assert sum(cost[i, j] for i, j in enumerate(chosen)) == pytest.approx(best)


def test_two_lesions_close_together_keep_apart() -> None:
    """The nearest pair first would take the wrong one: together the straight pairing is nearer."""
    before = [place("1", "ilium_left", (0, 0, 0), 4), place("2", "ilium_left", (8, 0, 0), 4)]
    after = [place("x", "ilium_left", (5, 0, 0), 4), place("y", "ilium_left", (13, 0, 0), 4)]
    assert found(propose_pairs(before, after)) == {("1", "x"), ("2", "y")}
