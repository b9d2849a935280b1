"""Signed readings become lesions that a cohort counts: once each, by the reading that counts, on both databases."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from alembic import command

from marrowmap.core.lesion import Assessment, Features, Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.exchange.reading_json import reading_from_dict, reading_to_dict
from marrowmap.registry.database import alembic_config, open_registry
from marrowmap.registry.events import verify
from marrowmap.registry.filing import Signed, file_readings, registry_id
from marrowmap.registry.importing import import_rows
from marrowmap.registry.longfiles import RawRow
from marrowmap.registry.schema import LONG_TABLES, events, readings
from marrowmap.registry.studies import (
    Case,
    all_studies,
    hand_in,
    open_study,
    study_info,
)


def _lesion(unit, uid="", **features):
    return Lesion(unit, (SiteExtent(unit, 30),), features=Features(**features), tracking_uid=uid)


def _signed(name, *units, exam="1.2.9", patient="P9", reader="dr", day=1, amends="", synthetic=False):
    lesions = tuple(u if isinstance(u, Lesion) else _lesion(u) for u in units)
    when = datetime(2026, 5, day, 12, tzinfo=UTC)
    taken = date(2026, 4, day)
    reading = Reading(name, exam, patient, reader, taken, lesions, amends=amends, synthetic=synthetic).signed(
        when
    )
    return Signed(reading, reading_to_dict(reading), "F")


def _file(registry, *signed):
    return file_readings(registry, signed, "anna", reading_from_dict)


def _imaging(registry):
    return {r["site_id"]: r for r in registry.rows(LONG_TABLES["lesions"]) if r["kind"] == "imaging"}


def _intact(registry):
    with registry.reading() as connection:
        return verify(connection)


def test_child_exam_and_lesions_appear_and_a_second_run_changes_nothing(registry):
    one = _signed("R1", _lesion("vertebra_t6", periosteal_reaction=Assessment.ABSENT), "ilium_left")
    filed = _file(registry, one)
    assert (filed.stored, filed.patients, filed.lesions) == (1, ("P9",), 2)
    (child,) = registry.rows(LONG_TABLES["patients"])
    (exam,) = registry.rows(LONG_TABLES["exams"])
    assert (child["sex"], exam["kind"], exam["exam_date"]) == ("F", "whole_body_mri", date(2026, 4, 1))
    row = _imaging(registry)["vertebra_t6"]
    assert (row["mri_periosteal_reaction"], row["mri_synovitis"], row["exam_id"]) == (
        False,
        None,
        exam["exam_id"],
    )
    before = len(registry.rows(events))
    assert _file(registry, one).stored == 0
    assert len(registry.rows(events)) == before
    assert _intact(registry).problems == ()


def test_an_amendment_changes_the_lesions_and_both_readings_remain(registry):
    _file(registry, _signed("R1", "vertebra_t6", "ilium_left"))
    _file(registry, _signed("R2", "ilium_left", "ilium_right", day=2, amends="R1"))
    assert set(_imaging(registry)) == {"ilium_left", "ilium_right"}
    assert {r["reading_id"] for r in registry.rows(readings)} == {"R1", "R2"}
    assert _intact(registry).problems == ()


def test_a_lesion_followed_over_two_exams_counts_once(registry):
    _file(registry, _signed("R1", _lesion("ilium_left", "2.25.1")))
    _file(registry, _signed("R2", _lesion("ilium_left", "2.25.1"), "pubis_left", exam="1.2.10", day=9))
    found = _imaging(registry)
    assert set(found) == {"ilium_left", "pubis_left"}
    assert found["ilium_left"]["first_seen_date"] == date(2026, 4, 1)
    assert len(registry.rows(LONG_TABLES["lesions"])) == 2


def test_of_two_readers_of_one_exam_the_one_signed_last_counts(registry):
    _file(registry, _signed("R2", "ilium_right", reader="b", day=2))
    _file(registry, _signed("R1", "ilium_left", reader="a", day=1))
    assert set(_imaging(registry)) == {"ilium_right"}


def test_blinded_reads_do_not_count(registry):
    _file(registry, _signed("R0", "vertebra_t6"))
    open_study(registry, "S", "t", [Case("c", "1.2.9", "P9")], ["a", "b"], "org", seed=1, adjudicator="j")
    info = study_info(registry, "S")
    assert (info.organiser, info.adjudicator, dict(info.done)) == ("org", "j", {"a": 0, "b": 0})
    _file(registry, _signed("R1", "ilium_left", reader="a", day=3))
    hand_in(registry, "S", "c", "a", "R1")
    _file(registry, _signed("R1", "ilium_left", reader="a", day=3))
    assert set(_imaging(registry)) == {"vertebra_t6"}
    assert dict(all_studies(registry)[0].done) == {"a": 1, "b": 0}


def test_lesions_that_people_imported_are_not_counted_again(registry, small_cohort):
    small_cohort["exams"][0].cells["study_uid"] = "1.2.9"
    import_rows(registry, small_cohort, "anna")
    filed = _file(registry, _signed("R1", "femur_distal_metaphysis_left", "ilium_left", patient="other"))
    assert (filed.patients, filed.lesions) == (("P1",), 0)
    assert set(_imaging(registry)) == {"femur_distal_metaphysis_left"}


def test_pain_and_lesion_are_paired_by_region_and_unpaired_when_the_lesion_goes(registry):
    rows = {
        "patients": [RawRow("p", 2, {"patient_id": "P9"})],
        "lesions": [
            RawRow("l", 2, {"lesion_id": "C1", "patient_id": "P9", "kind": "clinical", "place": "knee_left"})
        ],
    }
    import_rows(registry, rows, "anna")
    _file(registry, _signed("R1", "femur_distal_metaphysis_left"))

    def pair_of_pain():
        return next(r["pair_id"] for r in registry.rows(LONG_TABLES["lesions"]) if r["kind"] == "clinical")

    assert pair_of_pain() == _imaging(registry)["femur_distal_metaphysis_left"]["pair_id"] != None  # noqa: E711
    _file(registry, _signed("R2", "femur_distal_metaphysis_right", day=2, amends="R1"))
    assert pair_of_pain() is None
    assert _imaging(registry)["femur_distal_metaphysis_right"]["pair_id"] is None
    assert _intact(registry).problems == ()


def test_a_made_up_child_marks_the_cohort_and_long_names_are_cut(registry):
    name = "a-study-with-a-rather-long-name." + "reader-20" * 5
    filed = _file(registry, _signed(name, "ilium_left", synthetic=True))
    assert filed.patients == ("SYN-P9",)
    (row,) = registry.rows(readings)
    assert row["reading_id"] == registry_id(name)
    assert len(row["reading_id"]) == 64
    assert registry_id("short") == "short"


@pytest.mark.parametrize("patient", [""])
def test_a_reading_of_nobody_is_refused_and_nothing_is_stored(registry, patient):
    with pytest.raises(Exception, match="names no child"):
        _file(
            registry, _signed("R1", "ilium_left"), _signed("R2", "ilium_left", patient=patient, exam="1.2.11")
        )
    assert registry.rows(readings) == []
    assert registry.rows(LONG_TABLES["patients"]) == []


def test_a_registry_of_the_first_version_is_brought_up_and_its_trail_holds(registry_place):
    url = registry_place.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url if "://" in url else f"sqlite:///{url}")
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with engine.begin() as connection:
        names = {c["name"] for c in sa.inspect(connection).get_columns("lesions")}
    engine.dispose()
    assert "reading_id" not in names
    opened = open_registry(registry_place)
    _file(opened, _signed("R1", "ilium_left"))
    assert _imaging(opened)["ilium_left"]["reading_id"] == "R1"
    assert _intact(opened).problems == ()
    opened.close()
