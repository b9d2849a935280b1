"""Who and when: ages, dates, pseudonyms."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marrowmap.exchange.dicom_header import Settings
from marrowmap.exchange.dicom_patient import age_years, describe_patient, parse_date, patient_key, scrubbed


@pytest.mark.parametrize(
    ("age", "years"),
    [("009Y", 9), ("108M", 9), ("000Y", None), ("", None), ("9", None), ("365D", 1.0), ("026W", 0.5)],
)
def test_age_strings(age, years):
    assert age_years(Settings(age=age), None) == (None if years is None else pytest.approx(years, abs=0.01))


def test_age_from_birth_date_when_the_age_is_missing():
    s = Settings(birth_date="20150701")
    assert age_years(s, date(2024, 7, 1)) == pytest.approx(9.0, abs=0.01)
    assert age_years(s, None) is None
    assert age_years(Settings(birth_date="***"), date(2024, 7, 1)) is None


@pytest.mark.parametrize("value", ["", "***", "********", "00010101", "20241301", "2024", "19000101"])
def test_dates_that_are_none(value):
    assert parse_date(value) is None


def test_dates():
    assert parse_date("20240229") == date(2024, 2, 29)
    assert parse_date("2024.02.29") == date(2024, 2, 29)


@given(st.text(min_size=1, max_size=30))
def test_a_pseudonym_depends_on_id_and_salt_alone_and_shows_neither(identity):
    key = patient_key(Settings(patient_id=identity))
    assert key == patient_key(Settings(patient_id=identity, patient_name="another", study_uid="1.2"))
    assert key != patient_key(Settings(patient_id=identity), b"another salt")
    assert len(key) == 12
    assert int(key, 16) >= 0


def test_without_id_the_name_stands_in_and_without_both_nobody_is_known():
    assert patient_key(Settings()) == "unknown"
    assert patient_key(Settings(patient_name="A")) != patient_key(Settings(patient_name="B"))


def test_settings_do_not_print_a_person():
    shown = repr(
        Settings(patient_id="ID77", patient_name="Anna", birth_date="20150101", patient_comments="mother")
    )
    assert not any(word in shown for word in ("ID77", "Anna", "2015", "mother"))
    assert (
        scrubbed("x/anna_ID77/1.dcm", [Settings(patient_name="ANNA", patient_id="ID77")]) == "x/***_***/1.dcm"
    )


def test_sex_that_is_no_code_is_unknown():
    assert describe_patient([Settings(sex="W")], None).sex == "unknown"
    assert describe_patient([Settings(sex="F")], None).sex == "F"
