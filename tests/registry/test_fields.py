"""One list of variables: the page, the database and the core agree with it."""

from pathlib import Path

import pytest

from marrowmap.core.record.drugs import Drug
from marrowmap.core.record.visit import TABLE1_ITEMS
from marrowmap.registry.fields import TABLES, all_fields, fields_of, key_of
from marrowmap.registry.fields_page import fields_markdown
from marrowmap.registry.values import BadCell, read_cell, write_cell

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "import-format.md"


def test_the_page_lists_every_variable_as_it_is():
    assert PAGE.read_text(encoding="utf-8").endswith(fields_markdown())


def test_names_are_unique_and_keys_come_first():
    for table in TABLES:
        names = list(fields_of(table))
        assert len(set(names)) == len(names)
        assert key_of(table) == names[0]
        assert fields_of(table)[names[0]].required
    with pytest.raises(KeyError, match="unknown table 'diary'"):
        fields_of("diary")


def test_symptoms_and_drugs_are_those_of_the_core():
    assert set(TABLE1_ITEMS) <= set(fields_of("visits"))
    assert set(fields_of("treatments")["drug"].choices) == {str(d) for d in Drug}


def test_whatever_names_a_child_or_a_day_is_identifying():
    for variable in all_fields():
        if variable.kind in ("id", "ref", "text", "date", "month"):
            assert variable.identifying, variable.name


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("fever_above_38_5", "yes", True),
        ("fever_above_38_5", "", None),
        ("crp_mg_per_l", "0.4", 0.4),
        ("chaq", "2", 2.0),
    ],
)
def test_cells_are_read_and_written(name, text, value):
    variable = fields_of("visits")[name]
    assert read_cell(variable, text) == value
    assert read_cell(variable, write_cell(value)) == value


def test_numbers_survive_writing_exactly():
    variable = fields_of("visits")["crp_mg_per_l"]
    for number in (0.1 + 0.2, 1 / 3, 112.0, 1e-7, 999.999999):
        assert read_cell(variable, write_cell(number)) == number


def test_a_needed_cell_must_not_be_empty():
    with pytest.raises(BadCell, match="is empty"):
        read_cell(fields_of("visits")["visit_date"], " ")
