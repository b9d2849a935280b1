"""Score tables: complete, monotone, with citation and name; anything else is refused by name."""

import pytest
from invented_tables import RINBO as INVENTED

from marrowmap.core.scores.table import TABLE_SYSTEMS, form_of, parse_table
from marrowmap.errors import InvalidRecord


@pytest.mark.parametrize("system", TABLE_SYSTEMS)
def test_shipped_forms_hold_no_points(system):
    form = form_of(system)
    assert form.slots
    assert form.missing


def test_hash_follows_content_not_layout():
    assert parse_table(INVENTED).sha256 == parse_table("# a comment\n" + INVENTED).sha256
    assert parse_table(INVENTED).sha256 != parse_table(INVENTED.replace("1001", "1002")).sha256


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('citation = "INVENTED FOR TESTS"', 'citation = " "', "citation"),
        ('entered_by = "A. Tester"', "", "entered_by"),
        ("entered_on = 2026-01-31", 'entered_on = "soon"', "entered_on"),
        ('system = "rinbo"', 'system = "cdas"', "system"),
        ("points = 102", "points = 100", "items.n_ral.bands"),
        ("at_least = 4", "at_least = 1", "items.n_ral.bands"),
        ("{at_least = 0, points = 0}, {at_least = 30", "{at_least = 5, points = 0}, {at_least = 30",
         "items.max_size_mm.bands"),
        ("present = 11\nabsent = 0", "present = 11", "items.spinal.absent"),
        ("present = 11\nabsent = 0", "present = 0\nabsent = 1", "items.spinal"),
        ("[items.spinal]\npresent = 11\nabsent = 0", "", "items.spinal"),
        ("[items.spinal]", "[items.spines]", "items.spines"),
        ("present = 7", 'present = "many"', "items.extramedullary.present"),
        ("present = 7", "present = 7\nperhaps = 2", "items.extramedullary.perhaps"),
        ('place = "nowhere"', 'place = "nowhere"\nnotes = "x"', "key 'notes'"),
    ],
)  # fmt: skip
def test_refused(old, new, field):
    assert old in INVENTED
    with pytest.raises(InvalidRecord) as error:
        parse_table(INVENTED.replace(old, new, 1))
    assert error.value.what == field
    assert error.value.remedy


def test_not_toml():
    with pytest.raises(InvalidRecord, match="not TOML"):
        parse_table("system = ")
