"""Follow-up from the pages: pairs are proposed, a reader decides, and only a confirmed pair shares its identity."""

import json
import shutil

import pytest
from fastapi.testclient import TestClient

from marrowmap.web.app import create_app

READER = {"X-Marrowmap-Reader": "Dr A"}
OTHER = {"X-Marrowmap-Reader": "Dr B"}
URL = "/api/studies/later/follow-up/earlier"


@pytest.fixture
def client(known_study, tmp_path):
    for name, uid, day in (("earlier", "1.2.1", "2020-01-01"), ("later", "1.2.2", "2021-01-01")):
        shutil.copytree(known_study, tmp_path / name)
        record = json.loads((tmp_path / name / "study.json").read_text("utf-8"))
        record["exam"] |= {"study_uid": uid, "date": day}
        (tmp_path / name / "study.json").write_text(json.dumps(record), "utf-8")
    return TestClient(create_app(tmp_path), base_url="http://localhost")


def read(client, name, headers=READER, signed=False):
    """A reading in which every candidate was confirmed."""
    state = client.get(f"/api/studies/{name}/reading", headers=headers).json()
    found = client.get(f"/api/studies/{name}").json()["study"]["candidates"]
    lesions = [
        {
            "id": f"L{k}",
            "extents": [{"site_id": c["site"], "percent": None}],
            "activity": "active",
            "candidate_id": c["id"],
            "centre_mm": c["centre_mm"],
            "volume_ml": 2.0,
        }
        for k, c in enumerate(found)
    ]
    content = {**state["content"], "lesions": lesions}
    body = {"base": state["version"], "what": "read", "content": content}
    answer = client.put(f"/api/studies/{name}/reading", headers=headers, json=body)
    assert answer.status_code == 200, answer.json()


def decide(client, base, pairs, headers=READER):
    return client.put(URL, headers=headers, json={"base": base, "pairs": pairs})


def uids(client, name):
    content = client.get(f"/api/studies/{name}/reading", headers=READER).json()["content"]
    return {x["id"]: x.get("tracking_uid", "") for x in content["lesions"]}


def test_pairs_are_proposed_decided_and_kept(client, tmp_path):
    read(client, "earlier")
    read(client, "later")
    first = client.get(URL, headers=READER).json()
    pairs = first["comparison"]["pairs"]

    assert first["version"] == 0
    assert {(p["before_id"], p["after_id"]) for p in pairs} >= {("L0", "L0"), ("L1", "L1")}
    assert {p["state"] for p in pairs} == {"proposed"}
    assert "PROPOSED" in " ".join(first["comparison"]["limits"])

    told = [{**p, "state": "confirmed" if p["before_id"] == "L0" else "rejected"} for p in pairs]
    answer = decide(client, 0, told)

    assert answer.status_code == 200, answer.json()
    kept = client.get(URL, headers=READER).json()
    assert kept["version"] == 1
    states = {(p["before_id"], p["after_id"]): p["state"] for p in kept["comparison"]["pairs"]}
    assert states[("L0", "L0")] == "confirmed"
    assert states[("L1", "L1")] == "rejected"
    restarted = TestClient(create_app(tmp_path), base_url="http://localhost")  # has computed nothing yet
    assert restarted.get(URL, headers=READER).json() == kept


def test_only_a_confirmed_pair_shares_its_identity(client):
    read(client, "earlier")
    read(client, "later")
    pairs = client.get(URL, headers=READER).json()["comparison"]["pairs"]
    decide(client, 0, [{**p, "state": "confirmed" if p["before_id"] == "L0" else "proposed"} for p in pairs])

    earlier, later = uids(client, "earlier"), uids(client, "later")
    assert later["L0"].startswith("2.25.")
    assert len(set(later.values())) == len(later)
    page = client.get(f"{URL}/page.html", headers=READER)
    assert "1 pair confirmed" in page.text
    assert not earlier["L1"] or earlier["L1"] != later["L1"]


def test_a_lesion_changed_meanwhile_is_compared_as_it_is_now(client):
    read(client, "earlier")
    read(client, "later")
    before = client.get(URL, headers=READER).json()["comparison"]
    state = client.get("/api/studies/later/reading", headers=READER).json()
    content = {**state["content"], "lesions": state["content"]["lesions"][1:]}
    body = {"base": state["version"], "what": "removed", "content": content}
    client.put("/api/studies/later/reading", headers=READER, json=body).raise_for_status()
    after = client.get(URL, headers=READER).json()["comparison"]

    assert "L0" in {p["after_id"] for p in before["pairs"]}
    assert "L0" not in {p["after_id"] for p in after["pairs"]}


def test_another_reader_sees_nothing_of_it(client):
    read(client, "earlier")
    read(client, "later")
    pairs = client.get(URL, headers=READER).json()["comparison"]["pairs"]
    decide(client, 0, [{**p, "state": "confirmed"} for p in pairs])

    answer = client.get(URL, headers=OTHER).json()
    assert answer["version"] == 0
    assert answer["comparison"]["provisional"] is True


def test_candidates_are_no_lesions_and_cannot_be_confirmed(client):
    pairs = client.get(URL, headers=READER).json()["comparison"]["pairs"]
    answer = decide(client, 0, [{**p, "state": "confirmed"} for p in pairs])

    assert answer.status_code == 403
    assert client.get(URL, headers=READER).json()["version"] == 0


def test_a_decision_on_an_old_state_is_not_stored(client):
    read(client, "earlier")
    read(client, "later")
    pairs = client.get(URL, headers=READER).json()["comparison"]["pairs"]
    decide(client, 0, pairs)

    assert decide(client, 0, pairs).status_code == 409
    assert decide(client, 1, [{**pairs[0], "before_id": "L99"}]).status_code == 422
    assert client.put(URL, json={"base": 1, "pairs": pairs}).status_code == 403


def test_an_exam_of_another_child_is_refused(client):
    assert client.get("/api/studies/later/follow-up/later", headers=READER).status_code == 404
    assert client.get("/api/studies/later/follow-up/nothing", headers=READER).status_code == 404
