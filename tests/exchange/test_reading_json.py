"""Readings and visits as JSON: round trips, the contract's schemas and fixtures, errors that name fields."""

import json
from dataclasses import MISSING, fields
from datetime import date, datetime
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.core.geometry import PointMm
from marrowmap.core.lesion import Activity, Assessment, Features, Lesion, SiteExtent, VertebralHeights
from marrowmap.core.reading import Decision, Reading, ReadingState
from marrowmap.core.site import all_sites
from marrowmap.errors import InputError, InvalidRecord
from marrowmap.exchange.contract import write_schemas
from marrowmap.exchange.reading_json import read_reading, reading_from_dict, reading_to_dict
from marrowmap.exchange.visit_json import (
    patient_from_dict,
    patient_to_dict,
    read_visit,
    visit_from_dict,
    visit_to_dict,
)  # fmt: skip

CONTRACT = Path(__file__).parents[2] / "contract"
VALID = sorted((CONTRACT / "fixtures" / "valid").glob("*.json"))
INVALID = sorted((CONTRACT / "fixtures" / "invalid").glob("*.json"))
READ = {"reading": read_reading, "visit": read_visit}


def kind_of(path):
    return path.name.split("_")[0]


def validator(kind):
    schema = json.loads((CONTRACT / f"{kind}.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema)


def test_the_stored_schemas_follow_the_records(tmp_path):
    """When this fails after a change of a record: python -m marrowmap.exchange.contract contract"""
    write_schemas(tmp_path)
    for name in ("reading", "visit"):
        made, stored = tmp_path / f"{name}.schema.json", CONTRACT / f"{name}.schema.json"
        assert stored.read_text() == made.read_text()
        jsonschema.Draft202012Validator.check_schema(json.loads(made.read_text()))


@pytest.mark.parametrize("path", VALID, ids=lambda p: p.stem)
def test_valid_fixtures(path):
    validator(kind_of(path)).validate(json.loads(path.read_text()))
    READ[kind_of(path)](path, today=date(2026, 1, 1))


EXPECTED = {
    "reading_no_unit": "lesions[0]",
    "reading_signal_grade": "lesions[0].features",
    "reading_unknown_format": "format",
    "reading_unknown_site": "femur_left",
    "visit_negative_crp": "-3",
    "visit_not_assessed_as_null": "visit.symptoms.bone_pain",
    "visit_pain_out_of_range": "11",
    "visit_unknown_field": "temprature_c",
    "visit_unknown_unit": "g/L",
}


@pytest.mark.parametrize("path", INVALID, ids=lambda p: p.stem)
def test_invalid_fixtures_are_refused_by_schema_and_by_code(path):
    assert list(validator(kind_of(path)).iter_errors(json.loads(path.read_text())))
    with pytest.raises(InvalidRecord) as error:
        READ[kind_of(path)](path)
    assert EXPECTED[path.stem] in str(error.value)
    assert str(path) in error.value.what
    assert error.value.remedy


TRI = st.sampled_from(list(Assessment))
NUMBER = st.none() | st.floats(0, 1000)
FEATURES = st.builds(
    Features,
    signal_grade=st.sampled_from([None, 0, 1, 2]),
    heights=st.builds(VertebralHeights, NUMBER, NUMBER, NUMBER, NUMBER),
    **{
        f.name: TRI
        for f in fields(Features)
        if f.default is Assessment.NOT_ASSESSED and f.default is not MISSING
    },
)
SITES = st.sampled_from([s.id for s in all_sites()])
LESIONS = st.builds(
    Lesion,
    id=st.text("abc123", min_size=1, max_size=6),
    extents=st.lists(
        st.builds(SiteExtent, SITES, st.none() | st.floats(0, 100)), min_size=1, max_size=3,
        unique_by=lambda e: e.site_id,
    ).map(tuple),
    activity=st.sampled_from(list(Activity)),
    features=FEATURES,
    symptomatic=TRI,
    centre_mm=st.none() | st.builds(PointMm, *[st.floats(-900, 900)] * 3),
    volume_ml=NUMBER,
    max_diameter_mm=NUMBER,
    si_ratio=NUMBER,
    adc=NUMBER,
    comment=st.text(max_size=20),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(LESIONS, max_size=3, unique_by=lambda le: le.id), st.sets(SITES, max_size=5), st.data())
def test_a_reading_comes_back_exactly(lesions, units, data):
    named = {s.id for le in lesions for s in le.sites}
    free = sorted(units - named)
    cut = data.draw(st.integers(0, len(free)))
    made = Reading(
        "r", "1.2", "k", "reader", date(2024, 2, 29), tuple(lesions),
        normal=frozenset(free[:cut]), not_covered=frozenset(free[cut:]),
        decisions={"c1": Decision.REJECTED}, waived={"lesions.a": "movement"}, contrasts=frozenset({"STIR"}),
        state=ReadingState.SIGNED, signed_at=datetime(2024, 3, 1, 12, 30), synthetic=True,
    )  # fmt: skip
    text = json.dumps(reading_to_dict(made), allow_nan=False)
    validator("reading").validate(json.loads(text))
    assert reading_from_dict(json.loads(text)) == made


def test_visits_and_records_come_back_exactly():
    path = next(p for p in VALID if p.stem == "visit_followup")
    file = read_visit(path)
    again = visit_from_dict(json.loads(json.dumps(visit_to_dict(file.visit, file.patient))))
    assert again == file
    assert patient_from_dict(json.loads(json.dumps(patient_to_dict(file.patient)))) == file.patient


def test_crp_is_stored_in_mg_per_l():
    path = next(p for p in VALID if p.stem == "visit_followup")
    entered = next(v for v in json.loads(path.read_text())["visit"]["labs"] if v["analyte"] == "crp")
    assert (entered["value"], entered["unit"]) == (1.2, "mg/dL")
    stored = next(v for v in visit_to_dict(read_visit(path).visit)["visit"]["labs"] if v["analyte"] == "crp")
    assert (stored["value"], stored["unit"], stored["reference_high"]) == (12.0, "mg/L", 5.0)


def test_what_is_not_said_is_written_as_not_assessed():
    file = read_visit(next(p for p in VALID if p.stem == "visit_minimal"))
    written = visit_to_dict(file.visit)["visit"]
    assert set(written["symptoms"].values()) == {"not_assessed"}
    assert written["temperature_c"] is None
    assert written["painful_sites"] is None


def minimal(**visit):
    return {
        "format": "marrowmap-visit", "format_version": 1,
        "visit": {"id": "v", "date": "2024-01-31", **visit},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        (minimal(date="2031-01-01"), "visit.date", "2031-01-01"),
        (minimal(date="31.1.2024"), "visit.date", "31.1.2024"),
        (minimal(temperature_c="warm"), "visit.temperature_c", "warm"),
        (minimal(temperature_c=True), "visit.temperature_c", "True"),
        (minimal(painful_sites=[{"place_id": "nose"}]), "visit.painful_sites[0]", "nose"),
        (minimal(labs=[{"analyte": "crp", "value": 3}]), "visit.labs[0].unit", "missing"),
        (minimal(labs=[{"analyte": "potassium", "value": 3, "unit": "mmol/L"}]), "visit.labs[0].analyte",
         "potassium"),
        ({**minimal(), "patient": {"key": "k", "birth": "2014"}}, "patient.birth", "2014"),
        ({**minimal(), "patient": {"key": "k", "treatments": [
            {"drug": "naproxen", "start": "2024-02-01", "stop": "2024-01-01"}]}},
         "patient.treatments[0]", "2024-01-01"),
        ({**minimal(), "patient": {"key": "k", "treatments": [{"drug": "aspirin", "start": "2024-02-01"}]}},
         "patient.treatments[0].drug", "aspirin"),
        ({**minimal(), "patient": {"key": "k", "birth": "2024-06"}}, "visit.date", "2024-01-31"),
        ([], "file", "JSON object"),
    ],
)  # fmt: skip
def test_bad_input_names_field_value_and_what_is_accepted(data, field, value):
    with pytest.raises(InvalidRecord) as error:
        visit_from_dict(data, today=date(2026, 1, 1))
    assert field in error.value.what
    assert value in str(error.value)
    assert "Accepted" in error.value.remedy


def test_unknown_joint():
    data = json.loads((CONTRACT / "fixtures" / "valid" / "reading_followup.json").read_text())
    data["lesions"][2]["joint"] = "left knee"
    with pytest.raises(InvalidRecord) as error:
        reading_from_dict(data)
    assert error.value.what == "lesions[2].joint"
    assert list(validator("reading").iter_errors(data))


def test_unreadable_files(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_reading(tmp_path / "absent.json")
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        read_reading(broken)
