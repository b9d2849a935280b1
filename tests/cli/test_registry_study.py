"""Blinded reads and filing on the command line, from files to tables."""

import json
from datetime import UTC, date, datetime

import pytest
from typer.testing import CliRunner

from marrowmap.cli.audit import audit
from marrowmap.cli.cohort import cohort
from marrowmap.cli.registry import registry
from marrowmap.core.lesion import Features, Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.core.site import all_sites
from marrowmap.errors import InputError, MarrowmapError
from marrowmap.exchange.reading_json import reading_to_dict
from marrowmap.registry.journal import Journal

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SITES = ["tibia_distal_metaphysis_left", "vertebra_t6", "clavicle_medial_right"]


def run(*words, app=registry):
    return CliRunner().invoke(app, [str(w) for w in words], catch_exceptions=False)


def _reading(name, exam, reader, sites, patient="P1"):
    lesions = tuple(
        Lesion(f"l{n}", (SiteExtent(s),), features=Features(signal_grade=2)) for n, s in enumerate(sites)
    )
    normal = frozenset(s.id for s in all_sites()) - set(sites)
    return Reading(name, exam, patient, reader, date(2026, 4, 1), lesions, normal).signed(NOON)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "patients.csv").write_text("patient_id,sex,birth_month\nP1,F,2014-03\n")
    exams = "exam_id,patient_id,exam_date,kind,study_uid\n"
    exams += "".join(f"E{n},P1,2026-04-0{n},whole_body_mri,1.2.{n}\n" for n in (1, 2))
    (tmp_path / "files" / "exams.csv").write_text(exams)
    (tmp_path / "files" / "lesions.csv").write_text(
        "lesion_id,patient_id,kind,place\nC1,P1,clinical,ankle_left\n"
    )
    run("import", tmp_path / "files", "--registry", tmp_path / "r.db", "--who", "anna")
    return tmp_path / "r.db"


def test_patients_and_readings_of_the_room_become_tables_in_one_line_each(place, tmp_path):
    room = Journal(tmp_path / "data" / "readings")
    for name, exam, sites in (("one.dr", "1.2.1", SITES[:2]), ("two.dr", "1.2.2", SITES[2:])):
        content = {
            **reading_to_dict(_reading(name, exam, "dr", sites, "a pseudonym")),
            "outlines": {},
            "merged": {},
        }
        room.save(name, content, base=0, who="dr", what="signed", signed=True)
    draft = reading_to_dict(_reading("three.dr", "1.2.3", "dr", SITES))
    room.save("three.dr", draft, base=0, who="dr", what="looked")

    words = ("collect", "--data", tmp_path / "data", "--registry", place)
    assert run(*words).output == "2 stored, 0 there already, 0 refused\n"
    assert json.loads(run(*words, "--json").output) == {"stored": 0, "known": 2, "refused": []}
    out = ("--out", tmp_path / "tables", "--json")
    made = json.loads(run("tables", "--registry", place, *out, app=cohort).output)["tables"]
    cross = next(t for t in made if t["id"] == "cross")
    cells = {r["id"]: r["cells"]["all"] for r in cross["rows"]}
    assert (cells["confirmed"]["n"], cells["confirmed"]["of"]) == (1, 1)
    assert next(t for t in made if t["id"] == "table2")["unit"].startswith("lesion")
    assert run("verify", "--registry", place, app=audit).exit_code == 0


def test_a_reading_that_is_refused_holds_up_no_other(place, tmp_path):
    room = Journal(tmp_path / "data" / "readings")
    for name, exam, patient in (("one.dr", "1.2.1", "x"), ("two.dr", "1.2.77", "")):
        content = reading_to_dict(_reading(name, exam, "dr", SITES, patient))
        room.save(name, content, base=0, who="dr", what="signed", signed=True)
    result = run("collect", "--data", tmp_path / "data", "--registry", place)
    assert result.exit_code == 2
    assert "1 stored, 0 there already, 1 refused" in result.output
    assert "reading two.dr: names no child" in result.output


def test_a_folder_that_is_not_there_is_no_empty_room(place, tmp_path):
    with pytest.raises(InputError, match="is no folder"):
        run("collect", "--data", tmp_path / "nowhere", "--registry", place)
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture
def opened(place, tmp_path):
    readers = ("--reader", "one", "--reader", "two")
    who = ("--who", "org", "--adjudicator", "judge")
    result = run("study", "create", "S", "--registry", place, "--all-exams", *readers, *who)
    assert "2 cases for one, two; judge adjudicates" in result.output
    return place


def _hand_in(place, tmp_path, reader, changes):
    rows = json.loads(run("study", "worklist", "S", "--registry", place, "--reader", reader, "--json").output)
    for row in rows:
        sites = changes.get(row["exam_uid"], SITES[:2])
        reading = _reading(f"{reader}-{row['exam_uid']}", row["exam_uid"], reader, sites, "blinded")
        file = tmp_path / f"{reading.id}.json"
        file.write_text(json.dumps(reading_to_dict(reading)))
        words = ("study", "hand-in", "S", row["case"], file, "--registry", place)
        assert "handed in" in run(*words).output
        assert "was there already" in run(*words).output
    return rows


def test_a_study_from_assignment_to_export(opened, tmp_path):
    rows = _hand_in(opened, tmp_path, "one", {})
    assert {tuple(sorted(r)) for r in rows} == {("case", "done", "exam_uid", "position")}
    assert "P1" not in run("study", "worklist", "S", "--registry", opened, "--reader", "two").output
    for words in (("agreement", "S"), ("differences", "S", "--who", "two")):
        with pytest.raises(MarrowmapError, match="still being read"):
            run("study", *words, "--registry", opened)
    with pytest.raises(MarrowmapError, match="2 read"):
        run("study", "adjudicate", "S", "--registry", opened, "--who", "org")
    _hand_in(opened, tmp_path, "two", {"1.2.1": [SITES[0], SITES[2]]})
    run("study", "adjudicate", "S", "--registry", opened, "--who", "org")

    data = json.loads(run("study", "agreement", "S", "--registry", opened, "--json").output)
    assert (data["sites"][0]["compared"], data["sites"][0]["involved"]) == (2 * len(all_sites()), 5)
    questions = {s["question"] for s in data["scores"]}
    assert "active lesions" in questions
    assert any(q.startswith("RAI-CROMRIS") for q in questions)
    words = run("study", "agreement", "S", "--registry", opened).output
    assert "involved only" in words
    assert "signal grade" in words
    assert words == run("agreement", "--registry", opened, "--study", "S", app=cohort).output

    found = json.loads(run("study", "differences", "S", "--registry", opened, "--json").output)
    open_ = {case: [q["id"] for q in questions if q["differs"]] for case, questions in found.items()}
    assert sorted(map(len, open_.values())) == [0, 2]
    for case, questions in open_.items():
        answers = tmp_path / "answers.json"
        answers.write_text(json.dumps(dict.fromkeys(questions, "two")))
        words = ("study", "consensus", "S", case, "--registry", opened, "--answers", answers)
        with pytest.raises(MarrowmapError, match="adjudicated by judge, not by org"):
            run(*words, "--who", "org")
        assert "2 lesions" in run(*words, "--who", "judge").output
    assert "closed" in run("study", "progress", "S", "--registry", opened).output
    run("study", "export", "S", "--registry", opened, "--out", tmp_path / "out")
    files = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert files == ["agreement.json", "consensus-001.json", "consensus-002.json"]
    made = json.loads(
        run("tables", "--registry", opened, "--out", tmp_path / "t", "--json", app=cohort).output
    )["tables"]
    text = (tmp_path / "t" / "table2.csv").read_text()
    assert made
    assert "# Unit: lesion" in text
    assert run("verify", "--registry", opened, app=audit).exit_code == 0


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({}, r"2 place\(s\) are not decided"),
        ({"vertebra_t6": "three", "clavicle_medial_right": "one"}, "'three' is not accepted"),
        ({"pubis_left": "one"}, "fits no marked place|not decided"),
    ],
)
def test_a_consensus_with_an_open_or_wrong_answer_is_refused(opened, tmp_path, answers, why):
    rows = _hand_in(opened, tmp_path, "one", {})
    _hand_in(opened, tmp_path, "two", {"1.2.1": [SITES[0], SITES[2]]})
    run("study", "adjudicate", "S", "--registry", opened, "--who", "org")
    case = next(r["case"] for r in rows if r["exam_uid"] == "1.2.1")
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(answers))
    with pytest.raises(MarrowmapError, match=why):
        run("study", "consensus", "S", case, "--registry", opened, "--answers", file, "--who", "judge")
    progress = json.loads(run("study", "progress", "S", "--registry", opened, "--json").output)
    assert progress["settled"] == []


def test_cases_come_from_a_file_whose_gaps_are_named(place, tmp_path):
    file = tmp_path / "cases.csv"
    file.write_text("case_id,exam_uid,patient_id\nc1,1.2.1,P1\nc2,,P1\n")
    words = ("study", "create", "S", "--registry", place, "--reader", "a", "--reader", "b")
    with pytest.raises(InputError, match="line 3: exam_uid is empty"):
        run(*words, "--cases", file)
    with pytest.raises(InputError, match="either --cases FILE or --all-exams"):
        run(*words)
    file.write_text("case_id,exam_uid,patient_id\nc1,1.2.1,P1\n")
    run(*words, "--cases", file, "--title", "Pilot")
    assert run("study", "list", "--registry", place).output == "S: Pilot, open, 1 cases\n"
