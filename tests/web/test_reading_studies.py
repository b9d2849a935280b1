"""Blinded reads on the pages, filing on signing, and the cohort: who may see what, and one line end to end."""

import json

import pytest
from fastapi.testclient import TestClient

from marrowmap.registry.database import open_registry
from marrowmap.registry.filing import Signed, file_readings
from marrowmap.registry.schema import LONG_TABLES, readings
from marrowmap.registry.studies import Case, open_study
from marrowmap.web.app import create_app
from marrowmap.web.blinded import blind_name

CASE = blind_name("pilot", "case 1")
ONE, TWO, JUDGE = "Dr One", "Dr Two", "Prof Judge"


def as_(name):
    return {"X-Marrowmap-Reader": name}


@pytest.fixture
def data(known_study, tmp_path):
    (tmp_path / "child").symlink_to(known_study)
    open_registry(tmp_path / "registry.db").close()
    return tmp_path


@pytest.fixture
def client(data):
    return TestClient(create_app(data), base_url="http://localhost")


@pytest.fixture
def exam(known_study):
    return json.loads((known_study / "study.json").read_text("utf-8"))["exam"]


@pytest.fixture
def study(data, exam, client):
    opened = open_registry(data / "registry.db")
    client_sign(client, "child", "Dr Clinic", ["tibia_distal_metaphysis_left"])
    patient = opened.rows(LONG_TABLES["patients"])[0]["patient_id"]
    cases = [Case("case 1", exam["study_uid"], patient)]
    open_study(opened, "pilot", "Two readers", cases, [ONE, TWO], "Org", seed=1, adjudicator=JUDGE)
    opened.close()
    return client


def client_sign(client, name, person, units, **features):
    """Mark one lesion in each unit, state all other covered units normal, waive what is open, sign."""
    place = f"/api/studies/{name}/reading"
    now = client.get(place, headers=as_(person)).json()
    lesions = [
        {"id": f"L{n}", "extents": [{"site_id": u, "percent": 40.0}], "features": features}
        for n, u in enumerate(units, start=1)
    ]
    content = {**now["content"], "lesions": lesions}
    body = {"base": now["version"], "what": "read", "content": content}
    client.put(place, headers=as_(person), json=body).raise_for_status()
    now = client.get(place, headers=as_(person)).json()
    asked = client.get(f"{place}/answers", headers=as_(person)).json()["questions"]
    content = {**now["content"], "waived": {q["key"]: "a test" for q in asked}}
    body = {"base": now["version"], "what": "signed", "content": content}
    answer = client.post(f"{place}/sign", headers=as_(person), json=body)
    answer.raise_for_status()
    return answer.json()


def test_a_signed_reading_is_in_the_tables_at_once(client, data, exam):
    answer = client_sign(client, "child", "Dr A", ["tibia_distal_metaphysis_left", "vertebra_t6"])
    assert answer["registry"]["stored"] is True
    assert "2 imaging lesions" in answer["registry"]["why"]

    shown = client.get("/api/cohort", headers=as_("Dr A")).json()
    table2 = next(t for t in shown["tables"] if t["id"] == "table2")
    cells = {r["id"]: r["cells"] for r in table2["rows"]}
    assert (shown["patients"], shown["synthetic"]) == (1, True)
    assert sum(c["imaging"]["n"] for i, c in cells.items() if c and not _part(table2, i)) == 2
    opened = open_registry(data / "registry.db")
    (row,) = opened.rows(LONG_TABLES["exams"])
    assert (row["study_uid"], str(row["exam_date"])) == (exam["study_uid"], exam["date"])
    opened.close()


def _part(table, row_id):
    return next(r["level"] for r in table["rows"] if r["id"] == row_id) > 0


def test_without_a_registry_signing_works_and_says_so(known_study, tmp_path):
    (tmp_path / "child").symlink_to(known_study)
    client = TestClient(create_app(tmp_path), base_url="http://localhost")
    answer = client_sign(client, "child", "Dr A", ["vertebra_t6"])
    assert answer["registry"] == {"stored": False, "why": "no registry is configured"}
    assert client.get("/api/cohort", headers=as_("Dr A")).json() == {"configured": False}
    assert client.get("/api/reading-studies", headers=as_("Dr A")).json()["configured"] is False


def test_the_pages_stay_shut_while_nobody_can_say_who_reads_blinded(known_study, tmp_path):
    (tmp_path / "child").symlink_to(known_study)
    client = TestClient(create_app(tmp_path, str(tmp_path / "nowhere" / "r.db")), base_url="http://localhost")
    refused = client.get("/api/studies", headers=as_("Dr A"))
    assert refused.status_code == 422
    assert "folder does not exist" in refused.json()["error"]["why"]


def test_a_blinded_case_tells_nothing_of_the_child(study, exam):
    answer = study.get(f"/api/studies/{CASE}", headers=as_(ONE))
    record = answer.json()["study"]
    assert record["blinded"] is True
    assert record["exam"]["patient"] == {
        "key": "blinded",
        "age_years": None,
        "sex": "unknown",
        "size_m": None,
    }
    assert answer.json()["others"] == []
    texts = [answer.text, study.get(f"/api/studies/{CASE}/reading", headers=as_(ONE)).text]
    for text in texts:
        assert exam["patient"]["key"] not in text
        assert exam["date"] not in text
        ages = _values(json.loads(text), "age_years")
        assert set(ages) <= {None}
    assert exam["patient"]["age_years"]
    page = study.get("/api/reading-studies/pilot", headers=as_(ONE)).json()
    assert page["worklist"] == [{"case": "case 1", "position": 1, "done": False, "name": CASE, "here": True}]
    assert "progress" not in page
    assert "marks" not in page
    whole = next(s for s in answer.json()["series"] if s["name"] == "STIR")
    assert study.get(f"/{whole['url']}/slices/3", headers=as_(ONE)).status_code == 200


def _values(found, key):
    """Everything that stands under a key, however deep."""
    parts = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [x for name, part in parts for x in ([part] if name == key else _values(part, key))]


@pytest.mark.parametrize("name", [ONE, ONE.upper()])
def test_a_blinded_reader_cannot_reach_the_child_by_another_way(study, exam, name):
    assert study.get("/api/studies", headers=as_(name)).json()["studies"] == []
    for path in (
        "/api/studies/child",
        "/api/studies/child/report.html",
        "/api/studies/child/reading",
        f"/api/studies/{CASE}/report.html",
        f"/api/patients/{exam['patient']['key']}",
        "/api/cohort",
        "/api/cohort/figures/bodymap",
        "/api/reading-studies/pilot/cases/case 1",
        "/api/reading-studies/pilot/agreement",
    ):
        assert study.get(path, headers=as_(name)).status_code == 403, path


def test_strangers_and_other_readers_are_kept_out(study):
    assert study.get(f"/api/studies/{CASE}", headers=as_("Dr Clinic")).status_code == 403
    assert study.get("/api/reading-studies/pilot", headers=as_("Dr Clinic")).status_code == 403
    assert study.get(f"/api/studies/{CASE}", headers=as_(JUDGE)).status_code == 403
    assert study.post("/api/reading-studies/pilot/adjudication", headers=as_(ONE)).status_code == 403
    assert study.get("/api/studies/child", headers=as_("Dr Clinic")).status_code == 200


def test_from_blinded_reads_to_a_consensus_in_the_cohort(study, data):
    left, right = "tibia_distal_metaphysis_left", "tibia_distal_metaphysis_right"
    first = client_sign(study, CASE, ONE, ["vertebra_t6", left], signal_grade=2)
    assert first["registry"]["why"] == "handed in as case 1 of study pilot"
    assert study.get(f"/api/studies/{CASE}/reading", headers=as_(TWO)).json()["content"]["lesions"] == []
    assert study.post(f"/api/studies/{CASE}/reading/amend", headers=as_(ONE)).status_code == 403
    early = study.post("/api/reading-studies/pilot/adjudication", headers=as_("Org"))
    assert early.status_code == 422
    assert "case 1 by Dr Two" in early.json()["error"]["why"]
    client_sign(study, CASE, TWO, ["vertebra_t6", right], signal_grade=2)
    progress = study.get("/api/reading-studies/pilot", headers=as_("Org")).json()
    assert [(p["reader"], p["done"]) for p in progress["progress"]] == [(ONE, 1), (TWO, 1)]
    hidden = study.get("/api/reading-studies/pilot/cases/case 1", headers=as_(JUDGE))
    assert hidden.status_code == 403

    assert study.post("/api/reading-studies/pilot/adjudication", headers=as_("Org")).json() == {
        "state": "adjudication"
    }
    case = study.get("/api/reading-studies/pilot/cases/case 1", headers=as_(JUDGE)).json()
    asked = {q["id"]: bool(q["differs"]) for q in case["questions"]}
    assert asked == {"vertebra_t6": False, left: True, right: True}
    assert case["name"] == CASE
    assert study.get(f"/api/studies/{CASE}", headers=as_(JUDGE)).status_code == 200
    agreement = study.get("/api/reading-studies/pilot/agreement", headers=as_(JUDGE)).json()
    assert (agreement["sites"][0]["involved"], agreement["sites"][0]["unit"]) == (1, "bone unit of a case")

    place = "/api/reading-studies/pilot/cases/case 1/consensus"
    open_ = study.post(place, headers=as_(JUDGE), json={"answers": {left: ONE}})
    assert open_.status_code == 422
    assert "1 place(s) are not decided: right tibia" in open_.json()["error"]["why"].lower()
    settled = study.post(place, headers=as_(JUDGE), json={"answers": {left: ONE, right: "nobody"}})
    assert settled.json()["lesions"] == 2
    again = study.post(place, headers=as_(JUDGE), json={"answers": {left: ONE, right: "nobody"}})
    assert again.status_code == 422
    assert study.get("/api/reading-studies/pilot", headers=as_(JUDGE)).json()["state"] == "closed"

    opened = open_registry(data / "registry.db")
    units = {r["site_id"] for r in opened.rows(LONG_TABLES["lesions"])}
    assert units == {"vertebra_t6", left}
    agreed = next(r for r in opened.rows(readings) if r["reader"] == JUDGE)
    content = json.loads(agreed["content"])
    assert right in content["normal"]
    opened.close()


def test_figures_and_files_of_the_cohort(client):
    client_sign(client, "child", "Dr A", ["tibia_distal_metaphysis_left"])
    found = client.get("/api/cohort/figures/bodymap", headers=as_("Dr A")).json()
    assert found["svg"].startswith("<svg")
    assert "Synthetic" in found["svg"]
    assert client.get("/api/cohort/figures/bodymap.pdf", headers=as_("Dr A")).content.startswith(b"%PDF")
    assert client.get("/api/cohort/figures/nothing", headers=as_("Dr A")).status_code == 404
    csv = client.get("/api/cohort/tables/table2.csv", headers=as_("Dr A"))
    assert csv.text.startswith("row,label,level")
    assert client.get("/api/cohort/tables/table2.doc", headers=as_("Dr A")).status_code == 404


def test_a_draft_is_never_filed(data, client):
    from marrowmap.errors import InvalidRecord
    from marrowmap.exchange.reading_json import reading_from_dict

    draft = client.get("/api/studies/child/reading", headers=as_("Dr A")).json()["content"]
    content = {k: v for k, v in draft.items() if k not in ("outlines", "merged", "plain_text", "comparison")}
    opened = open_registry(data / "registry.db")
    with pytest.raises(InvalidRecord, match="is a draft"):
        file_readings(opened, [Signed(reading_from_dict(content), content)], "x", reading_from_dict)
    assert opened.rows(LONG_TABLES["patients"]) == []
    opened.close()
