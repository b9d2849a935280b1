"""Signed readings never change; blinded readers see nothing of each other."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from marrowmap.errors import InvalidRecord
from marrowmap.registry.events import verify
from marrowmap.registry.importing import import_rows
from marrowmap.registry.readings import (
    NewReading,
    confirm_pair,
    get_reading,
    readings_of,
    store_reading,
    store_readings,
)
from marrowmap.registry.schema import events, pairs, readings
from marrowmap.registry.studies import (
    Case,
    NotForYou,
    begin_adjudication,
    consensus_of,
    hand_in,
    marks_by_case,
    may_see,
    open_study,
    state_consensus,
    worklist,
)

NOON = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def filled(registry, small_cohort):
    import_rows(registry, small_cohort, "anna")
    return registry


def _store(
    registry, name="R1", content=None, reader="dr one", signed=NOON, exam="exam-1", patient="P1", **more
):
    new = NewReading(name, patient, exam, reader, content or {"lesions": []}, signed, **more)
    return store_reading(registry, new, reader)


def _intact(registry):
    with registry.reading() as connection:
        return verify(connection).intact


def test_a_draft_changes_until_it_is_signed(filled):
    assert _store(filled, signed=None)
    assert _store(filled, content={"lesions": ["x"]}, signed=None)
    assert _store(filled, content={"lesions": ["y"]})
    stored = get_reading(filled, "R1")
    assert (stored.signed, stored.signed_at, stored.content) == (True, NOON, {"lesions": ["y"]})
    assert _intact(filled)


def test_two_signed_readings_with_one_id_are_refused(filled):
    _store(filled)
    before = len(filled.rows(events))
    with pytest.raises(InvalidRecord, match="is signed by dr one already with another content"):
        _store(filled, content={"lesions": ["other"]})
    assert len(filled.rows(events)) == before
    assert get_reading(filled, "R1").content == {"lesions": []}


def test_two_signed_readings_with_one_id_in_one_go_store_nothing(filled):
    new = [NewReading("R1", "P1", "exam-1", "dr one", {"lesions": [n]}, NOON) for n in ("a", "b")]
    with pytest.raises(InvalidRecord, match="R1: is signed by dr one already with another content"):
        store_readings(filled, new, "anna")
    assert filled.rows(readings) == []
    assert _intact(filled)


def test_storing_the_same_again_changes_nothing(filled):
    assert _store(filled)
    before = len(filled.rows(events))
    assert not _store(filled)
    assert len(filled.rows(events)) == before


@pytest.mark.parametrize("statement", ["UPDATE readings SET content = '{}'", "DELETE FROM readings"])
def test_the_database_itself_keeps_signed_readings(filled, statement):
    _store(filled)
    with pytest.raises(sa.exc.DBAPIError, match="cannot be changed"), filled.writing() as connection:
        connection.execute(sa.text(statement))
    assert get_reading(filled, "R1").content == {"lesions": []}


def test_an_amendment_keeps_both(filled):
    _store(filled)
    _store(filled, "R2", {"lesions": ["more"]}, amends="R1")
    assert [r.id for r in readings_of(filled, "P1")] == ["R1", "R2"]
    assert get_reading(filled, "R2").amends == "R1"
    assert _intact(filled)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"patient": "P9"}, "patient 'P9' is unknown"),
        ({"name": "R2", "amends": "R7"}, "is not signed"),
        ({"name": "R2", "amends": "R1", "exam": "exam-2"}, "is of another exam"),
    ],
)
def test_bad_readings_are_refused(filled, change, why):
    _store(filled)
    with pytest.raises(InvalidRecord, match=why):
        _store(filled, **{"name": "R3", **change})
    assert len(filled.rows(readings)) == 1


def test_pairs_join_signed_readings_of_one_child(filled):
    _store(filled)
    _store(filled, "R2", exam="exam-2")
    _store(filled, "R3", patient="P2", exam="exam-3")
    _store(filled, "R4", exam="exam-4", signed=None)
    confirm_pair(filled, "X", ("R1", "a"), ("R2", "b"), "dr one")
    assert filled.rows(pairs)[0]["confirmed_by"] == "dr one"
    with pytest.raises(InvalidRecord, match="two children"):
        confirm_pair(filled, "Y", ("R1", "a"), ("R3", "b"), "dr one")
    with pytest.raises(InvalidRecord, match="R4: is not signed"):
        confirm_pair(filled, "Z", ("R1", "a"), ("R4", "b"), "dr one")
    assert _intact(filled)


@pytest.fixture
def study(filled):
    cases = [Case(f"case {n}", f"exam-{n}", "P1") for n in range(1, 6)]
    open_study(filled, "S", "Two readers", cases, ["dr one", "dr two"], "organiser", seed=4)
    return filled


def _read(registry, reader, cases=range(1, 6)):
    for n in cases:
        name = f"{reader}-{n}"
        _store(registry, name, {"lesions": [reader]}, reader, exam=f"exam-{n}")
        hand_in(registry, "S", f"case {n}", reader, name)


def test_a_reader_sees_cases_and_nothing_else(study):
    mine = worklist(study, "S", "dr one")
    assert sorted(c.case_id for c in mine) == [f"case {n}" for n in range(1, 6)]
    assert set(mine[0].__dataclass_fields__) == {"case_id", "exam_uid", "position", "done", "prior_allowed"}
    assert "P1" not in repr(mine)
    assert [c.case_id for c in mine] != [c.case_id for c in worklist(study, "S", "dr two")]
    assert worklist(study, "S", "stranger") == []


def test_marks_of_others_are_hidden_until_adjudication(study):
    _read(study, "dr one")
    assert may_see(study, "S", "dr one", "dr one-1")
    assert not may_see(study, "S", "dr two", "dr one-1")
    with pytest.raises(NotForYou):
        marks_by_case(study, "S", "dr two")
    with pytest.raises(InvalidRecord, match=r"5 read\(s\) are missing: case 1 by dr two"):
        begin_adjudication(study, "S", "organiser")
    _read(study, "dr two")
    begin_adjudication(study, "S", "organiser")
    assert may_see(study, "S", "dr two", "dr one-1")
    marks = marks_by_case(study, "S", "judge")
    assert [[r.reader for r in readings] for readings in marks.values()] == [["dr one", "dr two"]] * 5


def test_a_read_is_final_and_must_be_ones_own(study):
    _read(study, "dr one", [1])
    with pytest.raises(InvalidRecord, match="handed in by dr one already"):
        hand_in(study, "S", "case 1", "dr one", "dr one-1")
    with pytest.raises(InvalidRecord, match="no signed reading of this exam by dr two"):
        hand_in(study, "S", "case 1", "dr two", "dr one-1")
    with pytest.raises(InvalidRecord, match="not assigned to stranger"):
        hand_in(study, "S", "case 1", "stranger", "dr one-1")


def test_consensus_closes_the_study(study):
    for reader in ("dr one", "dr two"):
        _read(study, reader)
    with pytest.raises(InvalidRecord, match="not in adjudication"):
        state_consensus(study, "S", "case 1", "dr one-1", "dr one")
    begin_adjudication(study, "S", "organiser")
    for n in range(1, 6):
        _store(study, f"final-{n}", {"lesions": ["agreed"]}, "judge", exam=f"exam-{n}")
        state_consensus(study, "S", f"case {n}", f"final-{n}", "judge")
    assert {c: r.content["lesions"] for c, r in consensus_of(study, "S").items()} == {
        f"case {n}": ["agreed"] for n in range(1, 6)
    }
    with pytest.raises(InvalidRecord, match="not in adjudication"):
        state_consensus(study, "S", "case 1", "final-1", "judge")
    assert _intact(study)


@pytest.mark.parametrize("readers", [["one"], ["one", "one"]])
def test_a_study_needs_two_readers(filled, readers):
    with pytest.raises(InvalidRecord, match="two or more different readers"):
        open_study(filled, "S", "t", [Case("c", "e", "P1")], readers, "o", seed=1)


def test_a_study_needs_cases_and_its_own_id(study):
    with pytest.raises(InvalidRecord, match="needs cases"):
        open_study(study, "T", "t", [], ["a", "b"], "o", seed=1)
    with pytest.raises(InvalidRecord, match="exists already"):
        open_study(study, "S", "t", [Case("c", "e", "P1")], ["a", "b"], "o", seed=1)
