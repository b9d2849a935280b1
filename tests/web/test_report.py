"""The report of a reading: PDF, HTML and JSON say the same, the same when made again, also after others changed."""

import json
import shutil
from datetime import date

import invented_tables
import pytest
from fastapi.testclient import TestClient

from marrowmap.web.app import create_app

READER = {"X-Marrowmap-Reader": "Dr A"}


@pytest.fixture(scope="module")
def data(known_study, tmp_path_factory):
    """The exam, and an earlier one of the same child half a year before."""
    folder = tmp_path_factory.mktemp("two-exams")
    (folder / "now").symlink_to(known_study)
    (folder / "before").mkdir()
    for part in known_study.iterdir():
        if part.name != "study.json":
            (folder / "before" / part.name).symlink_to(part)
    study = json.loads((known_study / "study.json").read_text("utf-8"))
    day = date.fromisoformat(study["exam"]["date"])
    study["exam"] |= {"date": day.replace(year=day.year - 1).isoformat(), "study_uid": "2.25.4711"}
    (folder / "before" / "study.json").write_text(json.dumps(study), "utf-8")
    return folder


@pytest.fixture
def client(data, tmp_path):
    for study in data.iterdir():
        (tmp_path / study.name).symlink_to(study)
    yield TestClient(create_app(tmp_path), base_url="http://localhost")
    shutil.rmtree(tmp_path / "readings", ignore_errors=True)


def state(client, name):
    return client.get(f"/api/studies/{name}/reading", headers=READER).json()


def lesion(unit, **given):
    return {"id": "L1", "extents": [{"site_id": unit, "percent": 40.0}], **given}


def sign(client, name, **changes):
    """Store the changes, waive what is open, sign."""
    now = state(client, name)
    body = {"base": now["version"], "what": "read", "content": {**now["content"], **changes}}
    client.put(f"/api/studies/{name}/reading", headers=READER, json=body).raise_for_status()
    now = state(client, name)
    asked = client.get(f"/api/studies/{name}/reading/answers", headers=READER).json()["questions"]
    content = {**now["content"], "waived": now["content"]["waived"] | {q["key"]: "a test" for q in asked}}
    body = {"base": now["version"], "what": "signed", "content": content}
    answer = client.post(f"/api/studies/{name}/reading/sign", headers=READER, json=body)
    answer.raise_for_status()
    return answer.json()


def report(client, name, kind=""):
    answer = client.get(f"/api/studies/{name}/reading/report{kind}", headers=READER)
    answer.raise_for_status()
    return answer.content if kind else answer.json()


def test_paper_page_and_json_are_the_same_when_made_again(client):
    sign(client, "now", lesions=[lesion("vertebra_t8", comment="seen <twice>")], plain_text="In plain words.")

    for kind in (".pdf", ".html"):
        assert report(client, "now", kind) == report(client, "now", kind)
    told = report(client, "now")
    page = report(client, "now", ".html").decode()
    assert told == report(client, "now")
    assert told["synthetic"] is True
    assert told["plain"] == "In plain words."
    assert told["lesions"][0]["comment"] == "seen <twice>"
    assert "seen &lt;twice&gt;" in page
    for text in (told["state"], told["plain"], told["lesions"][0]["site"], told["coverage"][0]):
        assert text in page
    assert "<script" not in page


def test_a_first_reading_has_nothing_to_compare_with(client):
    sign(client, "now")

    assert report(client, "now")["comparison"] == []


def test_a_signed_report_keeps_the_comparison_it_was_signed_with(client):
    unit = "tibia_proximal_metaphysis_left"
    sign(client, "before", lesions=[lesion(unit)])
    everything = [s["id"] for s in client.get("/api/studies/now").json()["sites"]]
    signed = sign(
        client,
        "now",
        normal=[u for u in everything if u not in state(client, "now")["content"]["not_covered"]],
    )

    said = report(client, "now")["comparison"]
    assert any("left tibia, proximal metaphysis (L1 before): resolved" in line for line in said)
    assert any("PROPOSED" in line for line in said)
    assert signed["content"]["comparison"] == said
    assert report(client, "before")["comparison"] == []

    client.post("/api/studies/before/reading/amend", headers=READER).raise_for_status()
    sign(client, "before", lesions=[])
    assert report(client, "now")["comparison"] == said

    client.post("/api/studies/now/reading/amend", headers=READER).raise_for_status()
    assert report(client, "now")["comparison"] != said


def test_a_comparison_cannot_come_from_the_browser(client):
    now = state(client, "now")
    body = {"base": 0, "what": "x", "content": {**now["content"], "comparison": ["all well"]}}
    client.put("/api/studies/now/reading", headers=READER, json=body).raise_for_status()

    assert report(client, "now")["comparison"] == []


def test_heights_come_from_the_labels_and_are_graded_by_the_published_rule(client):
    heights = client.get("/api/studies/now/heights", params={"site": "vertebra_l2"}).json()
    assert heights["posterior_mm"] is None or 5 < heights["posterior_mm"] < 40
    assert client.get("/api/studies/now/heights", params={"site": "ilium_left"}).status_code == 422

    crushed = {"anterior_mm": 14.0, "middle_mm": 18.0, "posterior_mm": 20.0, "reference_mm": 20.0}
    assert client.post("/api/genant", json=crushed).json() == {
        "grade": 2,
        "text": "Genant 2 (moderate, wedge), height loss 30 %",
    }
    assert client.post("/api/genant", json={}).json()["grade"] is None


RINBO = invented_tables.rinbo(
    "{at_least = 0, points = 0}, {at_least = 1, points = 101}",
    "{at_least = 0, points = 0}",
)


def test_a_table_entered_at_the_site_is_used_and_named_while_reading_and_on_paper(
    client, tmp_path, monkeypatch
):
    from marrowmap.exchange.score_tables import default_folder, import_table

    monkeypatch.setenv("MARROWMAP_HOME", str(tmp_path / "home"))
    (tmp_path / "mine.toml").write_text(RINBO)
    here = "/api/studies/now/reading"
    looked = {"periosteal_reaction": "absent", "soft_tissue_oedema": "absent"}
    units = {s["id"] for s in client.get("/api/studies/now").json()["sites"]} - {"vertebra_t8"}
    normal = sorted(units - set(state(client, "now")["content"]["not_covered"]))
    sign(client, "now", normal=normal, lesions=[lesion("vertebra_t8", features=looked, max_diameter_mm=14.0)])

    def rinbo():
        live = client.get(f"{here}/answers", headers=READER).json()["answers"]
        on_paper = next(s for s in report(client, "now")["scores"] if s["name"] == "RINBO")
        return next(a for a in live if a["id"] == "rinbo"), on_paper

    live, on_paper = rinbo()
    assert live["value"] == "not computable"
    assert on_paper["trust"] == "components only (GAP)"

    table = import_table(tmp_path / "mine.toml", default_folder())
    live, on_paper = rinbo()
    assert (live["value"], on_paper["result"]) == ("112", "112")
    assert live["verified"] is False
    for text in (
        live["source"],
        on_paper["trust"],
        on_paper["sentence"],
        report(client, "now", ".html").decode(),
    ):
        assert table.sha256[:12] in text
        assert "not checked" in text
    assert "A. Tester" in on_paper["sentence"]
