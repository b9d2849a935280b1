"""The REDCap dictionary follows the list of variables; long CSV goes both ways."""

import csv
import io
import re

import pytest

from marrowmap.registry.fields import TABLES, fields_of
from marrowmap.registry.importing import import_rows
from marrowmap.registry.parsing import check_rows
from marrowmap.registry.problems import ImportRefused
from marrowmap.registry.redcap import dictionary_csv, long_csv, read_redcap, redcap_name, write_redcap
from marrowmap.registry.schema import LONG_TABLES


@pytest.fixture
def entries():
    return list(csv.DictReader(io.StringIO(dictionary_csv())))


def test_the_dictionary_names_every_variable_once(entries):
    names = [e["Variable / Field Name"] for e in entries]
    wanted = [
        redcap_name(v)
        for t in TABLES
        for n, v in fields_of(t).items()
        if t == "patients" or n != "patient_id"
    ]
    assert names == wanted
    assert len(set(names)) == len(names)
    assert names[0] == "record_id"
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", n) for n in names)
    assert len(entries[0]) == 18


def test_units_ranges_choices_and_identifiers_are_carried_over(entries):
    by_name = {e["Variable / Field Name"]: e for e in entries}
    crp = by_name["v_crp_mg_per_l"]
    assert (crp["Text Validation Type OR Show Slider Number"], crp["Text Validation Max"]) == (
        "number",
        "1000",
    )
    assert "mg/L" in crp["Field Note"]
    assert by_name["sex"]["Choices, Calculations, OR Slider Labels"] == "F, F | M, M | O, O"
    assert by_name["v_bone_pain"]["Field Type"] == "yesno"
    assert by_name["birth_month"]["Identifier?"] == "y"
    assert (
        "clavicle_medial_left, left clavicle, medial part"
        in by_name["l_site_id"]["Choices, Calculations, OR Slider Labels"]
    )


def test_long_csv_round_trip(tmp_path, small_cohort):
    rows = check_rows(small_cohort)
    _, records = write_redcap(tmp_path / "redcap", rows)
    again = check_rows(read_redcap(records))
    for table in TABLES:
        filled = [{k: v for k, v in r.items() if v is not None} for r in rows[table]]
        assert [{k: v for k, v in r.items() if v is not None} for r in again[table]] == filled


def test_not_assessed_survives_the_way_to_redcap_and_back(registry, tmp_path, small_cohort):
    import_rows(registry, small_cohort, "anna")
    rows = {t: registry.rows(table) for t, table in LONG_TABLES.items()}
    (tmp_path / "records.csv").write_text(long_csv(rows))
    report = import_rows(registry, read_redcap(tmp_path / "records.csv"), "anna")
    assert report.changes == 0
    fever = [v["fever_above_38_5"] for v in registry.rows(LONG_TABLES["visits"])]
    assert fever == [False, None]


def test_rows_without_an_id_take_record_and_instance(tmp_path):
    header = "record_id,redcap_repeat_instrument,redcap_repeat_instance,sex,v_visit_date"
    text = f"{header}\nP1,,,F,\nP1,visits,1,,2020-01-01\n"
    (tmp_path / "r.csv").write_text(text)
    assert check_rows(read_redcap(tmp_path / "r.csv"))["visits"][0]["visit_id"] == "P1-visits-1"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"record_id,shoe\nP1,3\n", "shoe: is no variable of our dictionary"),
        (b"sex\nF\n", "record_id: is missing"),
        (b"record_id,redcap_repeat_instrument\nP1,diary\n", "'diary' is unknown"),
        (b"record_id,redcap_repeat_instrument,sex\nP1,visits,F\n", "holds a value in a row of visits"),
        (b"record_id,sex\nP\xe9,F\n", "line 2: byte 0xe9 is not UTF-8"),
        (b"record_id,sex\nP1\n", "another number of cells"),
    ],
)
def test_broken_exports_are_refused(tmp_path, content, expected):
    (tmp_path / "r.csv").write_bytes(content)
    with pytest.raises(ImportRefused) as refused:
        read_redcap(tmp_path / "r.csv")
    assert expected in str(refused.value)
