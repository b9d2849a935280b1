"""Painful places against lesions, joints.csv, and the rows of Table 2."""

import json
from pathlib import Path

import pytest
from clinical_cases import lesion
from hypothesis import given
from hypothesis import strategies as st

from marrowmap.core.record.joints import counts_with_parents, listed_places, place, table2_row, table2_rows
from marrowmap.core.record.pain import PainMatch, match_pain
from marrowmap.core.record.visit import PainfulSite
from marrowmap.core.site import all_sites, sites_by_id
from marrowmap.errors import InvalidRecord


def match(places, units):
    return match_pain(tuple(PainfulSite(p) for p in places), tuple(lesion(u) for u in units))


def test_painful_knee_matches_the_distal_femur_and_the_acromion_is_subclinical():
    found = match(["knee_left"], ["femur_distal_metaphysis_left", "scapula_left"])
    assert found.pairs == ((0, 0),)
    assert found.subclinical == {1}
    assert match(["knee_left"], ["femur_distal_metaphysis_right"]).pairs == ()


def test_figures_of_the_belgian_cohort():
    """180 painful sites, 131 matched, 172 lesions: 49 and 41 stand alone, 221 in all."""
    found = PainMatch(180, 172, tuple((i, i) for i in range(131)), frozenset())
    assert (found.painful_without_lesion, found.lesions_without_pain, found.union) == (49, 41, 221)


def test_two_lesions_in_one_painful_knee():
    found = match(["knee_left"], ["femur_distal_metaphysis_left", "tibia_proximal_metaphysis_left"])
    assert len(found.pairs) == 1
    assert len(found.also_covered) == 1
    assert found.subclinical == frozenset()


def test_the_largest_matching_is_found():
    found = match(
        ["knee_left", "distal_femur_left"], ["femur_distal_metaphysis_left", "tibia_proximal_metaphysis_left"]
    )
    assert len(found.pairs) == 2


PLACES = st.lists(st.sampled_from(sorted(listed_places())), unique=True, max_size=6)
UNITS = st.lists(st.sampled_from([s.id for s in all_sites()]), unique=True, max_size=6)


@given(PLACES, UNITS)
def test_counts_add_up(places, units):
    found = match(places, units)
    assert len(found.pairs) + found.painful_without_lesion == len(places)
    assert len(found.pairs) + found.lesions_without_pain == len(units)
    assert len({i for i, _ in found.pairs}) == len({j for _, j in found.pairs}) == len(found.pairs)
    for i, j in found.pairs:
        assert units[j] in place(places[i]).units


def test_left_and_right_places_mirror_each_other():
    for name, one in listed_places().items():
        if one.side == "left":
            other = listed_places()[name.replace("_left", "_right")]
            assert {u.replace("_left", "_right") for u in one.units} == other.units
            assert one.table2_row == other.table2_row


def test_every_unit_and_row_of_a_place_exists():
    rows = {r.row for r in table2_rows()} | {""}
    for one in listed_places().values():
        assert one.units <= set(sites_by_id())
        assert one.table2_row in rows
    assert {s.table2_row for s in all_sites()} <= rows


def test_unknown_place():
    with pytest.raises(InvalidRecord) as error:
        PainfulSite("left_knee")
    assert "left_knee" in error.value.why


def test_a_unit_is_widened_to_its_row_and_side():
    assert place("femur_distal_metaphysis_left").units == {
        "femur_distal_metaphysis_left", "femur_distal_epiphysis_left"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "joint", "row"),
    [
        ("ilium_left", "sacroiliac_left", "Sacroiliac joint"),
        ("ilium_left", "", "Ilium"),
        ("humerus_proximal_epiphysis_left", "shoulder_left", "Shoulder"),
        ("skull", "", ""),
        ("tibia_proximal_metaphysis_left", "", "Proximal tibia"),
    ],
)
def test_lesions_are_filed_in_table2(unit, joint, row):
    assert table2_row(lesion(unit, joint=joint)) == row


def test_parents_count_their_children():
    counts = counts_with_parents(["Distal femur", "Knee", "Proximal tibia", "Ilium", "Pelvis", ""])
    assert (counts["Knee region"], counts["Pelvis"], counts["Ilium"], counts[""]) == (3, 2, 1, 1)


FIGURES = Path(__file__).parents[4] / "shared" / "domain" / "published_figures.json"


@pytest.mark.skipif(not FIGURES.exists(), reason="published figures lie beside the project")
def test_rows_and_parents_match_the_published_table():
    table = json.loads(FIGURES.read_text())["seed_003"]["table2"]["rows"]
    printed = [(r["site"], None) for r in table]
    nested = [(c["site"], r["site"]) for r in table for c in r["children"]]
    ours = [(r.printed, r.parent) for r in table2_rows()]
    assert [p for p, parent in ours if not parent] == [p for p, _ in printed]
    assert [(p, parent.removesuffix(" region")) for p, parent in ours if parent] == nested
    for column, total in (("clinical", 180), ("radiology", 172)):
        leaves = []
        for row in table:
            for part in row["children"] or [row]:
                name = next(r.row for r in table2_rows() if r.printed == part["site"] and
                            (not row["children"] or r.parent))  # fmt: skip
                leaves += [name] * part[column]["n"]
        counts = counts_with_parents(leaves)
        assert sum(counts[r.row] for r in table2_rows() if not r.parent) == total == len(leaves)
        assert counts["Knee region"] == next(r for r in table if r["site"] == "Knee")[column]["n"]
