from collections import Counter

import pytest

from marrowmap.core.site import VERTEBRAL_LEVELS, Region, Side, all_sites, mirror, site, site_of_label

# Section 2.3 of the definitions, counted there: the sum of the groups is the length of the list.
GROUPS = {
    "skull": 1,
    "mandible": 2,
    "clavicle": 4,
    "scapula": 2,
    "sternum": 2,
    "ribs": 2,
    "vertebra": 24,
    "sacrum": 2,
    "pelvic": 6,
    "five_part": 30,
    "three_part": 18,
    "hand": 14,
    "knee_foot": 20,
    "trochanter": 2,
}


def group(unit):
    if unit.is_vertebra:
        return "vertebra"
    if unit.segment == "apophysis":
        return "trochanter"
    if unit.bone in ("ilium", "ischium", "pubis"):
        return "pelvic"
    if unit.bone in ("humerus", "femur", "tibia"):
        return "five_part"
    if unit.bone in ("radius", "ulna", "fibula"):
        return "three_part"
    if unit.region is Region.HAND:
        return "hand"
    if unit.region is Region.FOOT or unit.bone == "patella":
        return "knee_foot"
    return unit.bone


def test_units_are_those_of_the_definitions():
    assert Counter(group(s) for s in all_sites()) == GROUPS


def test_labels_are_the_row_numbers():
    assert [s.label for s in all_sites()] == list(range(1, len(all_sites()) + 1))
    assert all(site_of_label(s.label) is s for s in all_sites())
    assert site_of_label(0) is None


def test_ids_and_names_are_unique_and_say_the_side():
    assert len({s.id for s in all_sites()}) == len({s.name for s in all_sites()}) == len(all_sites())
    for s in all_sites():
        if s.side is not Side.MIDLINE:
            assert s.id.endswith(f"_{s.side}")
            assert s.name.startswith(f"{s.side} ")


def test_mirror_is_its_own_inverse_and_changes_only_the_side():
    for s in all_sites():
        twin = mirror(s)
        if s.side is Side.MIDLINE:
            assert twin is None
        else:
            assert twin is not None
            assert mirror(twin) is s
            assert (twin.bone, twin.segment, twin.region) == (s.bone, s.segment, s.region)
            assert {s.side, twin.side} == {Side.LEFT, Side.RIGHT}


def test_vertebrae_run_from_c1_to_l5():
    assert tuple(s.level for s in all_sites() if s.is_vertebra) == VERTEBRAL_LEVELS


def test_an_unknown_unit_is_named():
    with pytest.raises(KeyError, match="femur_middle"):
        site("femur_middle")
