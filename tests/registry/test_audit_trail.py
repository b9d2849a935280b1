"""Tampering shows, in whatever way it is tried."""

import pytest
import sqlalchemy as sa

from marrowmap.registry.events import GENESIS, verify
from marrowmap.registry.importing import import_rows


@pytest.fixture
def filled(registry, small_cohort):
    import_rows(registry, small_cohort, "anna")
    return registry


def _audit(registry, head=""):
    with registry.reading() as connection:
        return verify(connection, head)


def _sql(registry, *statements):
    with registry.writing() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def _free_events(registry):
    if registry.engine.dialect.name == "sqlite":
        _sql(registry, "DROP TRIGGER events_no_update", "DROP TRIGGER events_no_delete")
    else:
        _sql(registry, "DROP TRIGGER events_no_update ON events", "DROP TRIGGER events_no_delete ON events")


def test_an_untouched_registry_is_intact(filled):
    audit = _audit(filled)
    assert audit.intact
    assert (audit.events, audit.rows) == (8, 8)


def test_an_empty_registry_is_intact(registry):
    assert _audit(registry).head == GENESIS


def test_a_row_changed_behind_the_program_shows(filled):
    _sql(filled, "UPDATE patients SET sex = 'M' WHERE patient_id = 'P1'")
    assert _audit(filled).problems == ("patients P1: was changed without an event",)


def test_a_deleted_row_shows(filled):
    _sql(filled, "DELETE FROM treatments")
    assert _audit(filled).problems == ("treatments T1: was deleted without an event",)


def test_an_added_row_shows(filled):
    _sql(filled, "INSERT INTO patients (patient_id) VALUES ('P3')")
    assert _audit(filled).problems == ("patients P3: no event tells of this row",)


@pytest.mark.parametrize("statement", ["UPDATE events SET who = 'eve'", "DELETE FROM events"])
def test_the_database_refuses_to_change_events(filled, statement):
    with pytest.raises(sa.exc.DBAPIError, match="cannot be changed"):
        _sql(filled, statement)
    assert _audit(filled).intact


def test_a_changed_event_shows(filled):
    _free_events(filled)
    _sql(filled, "UPDATE events SET who = 'eve' WHERE seq = 3")
    assert any("event 3" in p and "changed after it was written" in p for p in _audit(filled).problems)


def test_a_removed_event_shows(filled):
    _free_events(filled)
    _sql(filled, "DELETE FROM events WHERE seq = 3")
    assert any("event 3 is missing" in p for p in _audit(filled).problems)


def test_a_forged_event_with_a_fresh_hash_breaks_the_chain(filled):
    from marrowmap.registry.events import event_hash
    from marrowmap.registry.schema import events

    _free_events(filled)
    with filled.writing() as connection:
        event = dict(connection.execute(sa.select(events).where(events.c.seq == 3)).mappings().one())
        event["who"] = "eve"
        forged = event_hash(event)
        connection.execute(events.update().where(events.c.seq == 3).values(who="eve", hash=forged))
    assert any("event 4" in p and "does not follow" in p for p in _audit(filled).problems)


def test_events_cut_off_with_their_rows_show_against_a_noted_head(filled):
    head = _audit(filled).head
    _free_events(filled)
    _sql(filled, "DELETE FROM treatments", "DELETE FROM events WHERE seq = 8")
    assert _audit(filled).intact
    assert any("cut off" in p for p in _audit(filled, head).problems)


def test_two_writers_do_not_fork_the_chain(filled, registry_place, small_cohort):
    from concurrent.futures import ThreadPoolExecutor

    from marrowmap.registry.database import open_registry
    from marrowmap.registry.longfiles import RawRow

    def write(n):
        own = open_registry(registry_place)
        for k in range(5):
            import_rows(own, {"patients": [RawRow("p", 2, {"patient_id": f"W{n}-{k}"})]}, f"writer {n}")
        own.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    audit = _audit(filled)
    assert audit.intact
    assert audit.rows == 28
