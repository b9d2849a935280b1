"""`marrowmap score`, `marrowmap scores import` and `marrowmap pathway` as a clinic would call them."""

import json
from pathlib import Path

import invented_tables
import pytest
import typer
from typer.testing import CliRunner

from marrowmap.cli.pathway import pathway
from marrowmap.cli.score import score
from marrowmap.cli.scores_import import scores
from marrowmap.errors import InvalidRecord, OutputExists

FIXTURES = Path(__file__).parents[2] / "contract" / "fixtures" / "valid"
NOW, VISIT = FIXTURES / "reading_followup.json", FIXTURES / "visit_followup.json"
BASE, BASE_VISIT = FIXTURES / "reading_baseline.json", FIXTURES / "visit_baseline.json"

app = typer.Typer()
app.command()(score)
app.command()(pathway)
app.add_typer(scores, name="scores")


def run(*words, env=None, home=None):
    made = CliRunner().invoke(
        app,
        [str(w) for w in words],
        env={"MARROWMAP_HOME": str(home or "/nonexistent"), "COLUMNS": "110", **(env or {})},
        catch_exceptions=False,
    )
    assert made.exit_code == 0, made.output
    return made.output


FIFTEEN = (
    "rinbo", "cromris", "rai_cromris", "pedcno", "jansson_2009", "jansson_2007", "bristol_2016",
    "eular_acr_2025", "nbods_2023", "cdas", "chaq", "genant", "panwar_counts", "kieninger_2022",
    "lesion_extent",
)  # fmt: skip


def test_list_names_every_system_with_its_source_and_state():
    rows = json.loads(run("score", "--list", "--json"))
    by_id = {row["id"]: row for row in rows}
    assert set(FIFTEEN) <= set(by_id)
    for row in rows:
        assert row["name"]
        assert row["citation"]
        assert "year" in row
        assert row["state"] in ("verified", "unverified", "components_only")
    assert by_id["rinbo"]["state"] == by_id["eular_acr_2025"]["state"] == "components_only"
    assert by_id["jansson_2009"]["state"] == by_id["nbods_2023"]["state"] == "verified"
    text = run("score", "--list")
    assert all(row["id"] in text for row in rows)


def test_json_holds_everything():
    data = json.loads(
        run("score", NOW, "--visit", VISIT, "--baseline", BASE, "--baseline-visit", BASE_VISIT, "--json")
    )
    found = {s["system"]: s for s in data["scores"]}
    assert found["rai_cromris"]["value"] == 21
    assert found["jansson_2009"]["value"] == 63
    assert found["pedcno"]["answer"] == "PedCNO50 reached"
    assert found["rinbo"]["state"] == "not_computable"
    assert found["rinbo"]["value"] is None
    assert found["rinbo"]["details"]["n_ral"] == 5
    assert set(found["rai_cromris"]["lesion_ids"]) == {"L1", "L2", "L3", "L4", "L5"}
    assert data["synthetic"] is True
    assert data["treatment"]["plan"] == "plan C"
    assert [r["definition"][0] for r in data["remission"]] == ["A", "B"]
    assert data["pain_and_imaging"]["painful_without_lesion"] == 1
    for result in found.values():
        assert result["citation"]
        assert result["sentences"]
        assert result["verified"] == (result["definition"] == "verified")


def test_text_shows_answer_source_and_what_is_ours():
    text = run("score", NOW, "--visit", VISIT)
    assert "SYNTHETIC" in text
    assert "Jansson clinical score 2009  63" in text
    assert "Source: Jansson AF" in text
    assert "Ours (PROPOSED)" in text
    assert "not assessed: right talus" in text
    assert "left wrist: painful, no lesion" in text
    assert "not a diagnosis" in text


def test_left_and_right_reach_the_page():
    text = run("score", NOW, "--only", "symmetry")
    assert "right tibia, distal metaphysis; left tibia, distal metaphysis" in text
    assert "right clavicle, medial part" in run("score", NOW, "--only", "rai_cromris")


def test_brief_and_only():
    assert len(run("score", NOW, "--brief").splitlines()) < 45
    assert json.loads(run("score", NOW, "--only", "genant", "--json"))["value"] == 2
    with pytest.raises(InvalidRecord, match="Accepted: lesion_extent"):
        run("score", NOW, "--only", "wishful")


def test_pathway():
    data = json.loads(run("pathway", NOW, "--visit", VISIT, "--json"))
    assert data["outcome"] == "typical"
    assert data["disclaimer"] == "A checklist with its sources, not a diagnosis."
    text = run("pathway", NOW, "--visit", VISIT)
    assert "Red flags" in text
    assert "What to obtain next" in text


def test_nothing_given_and_files_of_two_children(tmp_path):
    with pytest.raises(InvalidRecord, match="neither a reading nor a visit"):
        run("score")
    other = json.loads(NOW.read_text())
    other["patient_key"] = "another-child"
    path = tmp_path / "other.json"
    path.write_text(json.dumps(other))
    with pytest.raises(InvalidRecord, match="different children"):
        run("score", path, "--visit", VISIT)


TABLE = invented_tables.rinbo(
    "{at_least = 0, points = 0}, {at_least = 1, points = 101}",
    "{at_least = 0, points = 0}",
)


def test_import_a_table_and_see_it_named_on_the_result(tmp_path):
    source, home = tmp_path / "mine.toml", tmp_path / "home"
    source.write_text(TABLE)
    text = run("scores", "import", source, home=home)
    assert "A. Tester" in text
    assert (home / "score-tables" / "rinbo.toml").read_text() == TABLE
    data = json.loads(run("score", NOW, "--only", "rinbo", "--json", home=home))
    assert data["value"] == 101 + 7 + 11
    assert data["verified"] is False
    assert len(data["table"]["sha256"]) == 64
    assert "A. Tester" in run("score", NOW, "--only", "rinbo", home=home)
    run("scores", "import", source, home=home)
    source.write_text(TABLE.replace("101", "102"))
    with pytest.raises(OutputExists, match="--replace"):
        run("scores", "import", source, home=home)
    run("scores", "import", source, "--replace", home=home)
    assert "102" in (home / "score-tables" / "rinbo.toml").read_text()


def test_a_wrong_table_leaves_nothing_behind(tmp_path):
    source, home = tmp_path / "mine.toml", tmp_path / "home"
    source.write_text(TABLE.replace("present = 7", "present = -7"))
    with pytest.raises(InvalidRecord, match=r"items\.extramedullary\.present"):
        run("scores", "import", source, home=home)
    assert not home.exists()


def test_limits_that_are_ours_can_be_changed_and_are_named(tmp_path):
    file = tmp_path / "limits.toml"
    file.write_text("paucifocal_max_lesions = 6")
    text = run("score", NOW, "--only", "andronikou_patterns", "--limits", file)
    assert "at most 6 lesions" in text
    for wrong in ("paucifocal_max = 6", 'low_adc = "low"', "paucifocal_max_lesions = 4.5", "low_adc = -1"):
        file.write_text(wrong)
        with pytest.raises(InvalidRecord, match="Accepted"):
            run("score", NOW, "--limits", file)


def test_the_scored_visit_counts_for_the_course(tmp_path):
    data = json.loads(run("score", NOW, "--visit", VISIT, "--json"))
    month_0 = data["treatment"]["assessments"][0]
    assert month_0 == {"month": 0, "day": "2025-03-01", "done": True}


def test_a_draft_says_so():
    assert "Draft reading" in run("score", NOW, "--brief")


def test_a_result_with_a_site_table_is_not_called_components_only(tmp_path):
    source, home = tmp_path / "mine.toml", tmp_path / "home"
    source.write_text(TABLE)
    assert "components only: definition not found" in run("score", NOW, "--only", "rinbo", home=home)
    run("scores", "import", source, home=home)
    sha = json.loads(run("score", NOW, "--only", "rinbo", "--json", home=home))["table"]["sha256"]
    text = run("score", NOW, "--only", "rinbo", home=home)
    assert f"with table {sha[:12]} of your site, not checked" in text
    assert "components only" not in text
