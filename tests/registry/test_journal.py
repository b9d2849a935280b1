import pytest

from marrowmap.errors import InvalidRecord
from marrowmap.registry.journal import EMPTY, EditConflict, Frozen, Journal


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "readings")


def test_states_come_back_in_order_after_a_restart(journal, tmp_path):
    first = journal.save("r1", {"lesions": []}, base=0, who="A", what="opened")
    journal.save("r1", {"lesions": ["x"]}, base=first.version, who="A", what="confirmed x")

    again = Journal(tmp_path / "readings")

    assert again.latest("r1").content == {"lesions": ["x"]}
    assert [s.what for s in again.history("r1")] == ["opened", "confirmed x"]
    assert again.readings() == ("r1",)


def test_nothing_saved_is_empty(journal):
    assert journal.latest("r1") == EMPTY


def test_the_second_of_two_tabs_is_told_who_was_first(journal):
    journal.save("r1", {"n": 1}, base=0, who="A", what="first")

    with pytest.raises(EditConflict, match="changed by A"):
        journal.save("r1", {"n": 2}, base=0, who="B", what="second")

    assert journal.latest("r1").content == {"n": 1}


def test_two_writers_at_the_same_moment_cannot_both_win(journal, monkeypatch):
    journal.save("r1", {"n": 1}, base=0, who="A", what="first")
    stale = journal.at("r1", 1)
    monkeypatch.setattr(journal, "latest", lambda _: stale)
    Journal(journal._root).save("r1", {"n": 2}, base=1, who="A", what="quick")

    with pytest.raises(EditConflict):
        journal.save("r1", {"n": 3}, base=1, who="B", what="late")


def test_a_signed_reading_is_frozen(journal):
    journal.save("r1", {}, base=0, who="A", what="signed", signed=True)

    with pytest.raises(Frozen, match="Amend"):
        journal.save("r1", {"n": 1}, base=1, who="A", what="afterwards")


def test_a_state_that_cannot_be_written_leaves_nothing(journal, tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        journal.save("r1", {"n": float("nan")}, base=0, who="A", what="bad")

    assert journal.latest("r1") == EMPTY
    assert list((tmp_path / "readings" / "r1").iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden"])
def test_names_cannot_leave_the_folder(journal, name):
    with pytest.raises(InvalidRecord):
        journal.latest(name)
