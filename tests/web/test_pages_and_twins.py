"""Every page has a JSON twin under the same access rule, and whatever goes wrong is said in one shape."""

import json
import shutil

import pytest
from fastapi.testclient import TestClient

from marrowmap.cohort.demo.records import records
from marrowmap.core.site import all_sites
from marrowmap.registry.database import open_registry
from marrowmap.registry.importing import import_rows
from marrowmap.registry.longfiles import RawRow
from marrowmap.registry.studies import Case, open_study
from marrowmap.registry.values import write_cell
from marrowmap.web.app import create_app
from marrowmap.web.blinded import blind_name

CASE = blind_name("pilot", "case 1")
PEOPLE = ["", "Dr One", "dr one", "Org", "Judge", "Dr Clinic"]
TWINS = {
    "/api/studies/{name}/report.html": "/api/studies/{name}",
    "/api/studies/{name}/reading/report.html": "/api/studies/{name}/reading/report",
    "/api/studies/{name}/reading/report.pdf": "/api/studies/{name}/reading/report",
    "/api/studies/{name}/follow-up/{earlier}/page.html": "/api/studies/{name}/follow-up/{earlier}",
    "/api/cohort/figures/{figure}.pdf": "/api/cohort/figures/{figure}",
    "/api/cohort/tables/{table}.{form}": "/api/cohort",
}
"""What a person opens -> the same as JSON."""
FILLED = {
    "name": "child", "earlier": "before", "key": "nobody", "series": "STIR", "index": "0",
    "reading": "r", "version": "1", "study": "pilot", "case": "case 1", "table": "table2", "form": "csv",
    "figure": "bodymap",
}  # fmt: skip


@pytest.fixture(scope="module")
def data(known_study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("twins")
    (folder / "child").symlink_to(known_study)
    shutil.copytree(known_study, folder / "before")
    record = json.loads((known_study / "study.json").read_text("utf-8"))
    uid = record["exam"]["study_uid"]
    record["exam"] |= {"date": "2001-01-01", "study_uid": "2.25.4711"}
    (folder / "before" / "study.json").write_text(json.dumps(record), "utf-8")
    opened = open_registry(folder / "registry.db")
    raw = {
        table: [RawRow(table, n, {k: write_cell(v) for k, v in row.items()}) for n, row in enumerate(rows)]
        for table, rows in records().items()
    }
    import_rows(opened, raw, "test")
    cases = [Case("case 1", uid, "SYN-01")]
    open_study(
        opened, "pilot", "Two readers", cases, ["Dr One", "Dr Two"], "Org", seed=1, adjudicator="Judge"
    )
    opened.close()
    return folder


@pytest.fixture(scope="module")
def app(data):
    return create_app(data)


def routes(app):
    """(method, path) of every address that the server describes."""
    return [(m.upper(), p) for p, ways in app.openapi()["paths"].items() for m in ways]


def one_shape(answer):
    error = answer.json()["error"]
    assert set(error) == {"status", "what", "why", "remedy"}
    assert error["status"] == answer.status_code
    assert error["what"]
    assert error["why"]


def test_every_page_is_listed_with_its_twin(app):
    paths = {path for method, path in routes(app) if method == "GET"}
    pages = {p for p in paths if p.rsplit("}", 1)[-1].endswith((".html", ".pdf")) or p.endswith(".{form}")}

    assert len(paths) > 20
    assert pages == set(TWINS)
    assert set(TWINS.values()) <= paths


@pytest.mark.parametrize("page", sorted(TWINS))
@pytest.mark.parametrize("name", ["child", CASE])
def test_a_page_opens_to_exactly_those_who_may_have_its_twin(app, page, name):
    client = TestClient(app, base_url="http://localhost")
    seen = {}
    for person in PEOPLE:
        headers = {"X-Marrowmap-Reader": person}
        codes = [client.get(p.format(**FILLED | {"name": name}), headers=headers).status_code
                 for p in (page, TWINS[page])]  # fmt: skip
        seen[person] = [c != 200 for c in codes]
        if page == "/api/studies/{name}/report.html" and name == CASE:
            assert (
                codes[0] == 403
            )  # it tells the child's age: closed to all, while the blinded twin tells nothing
            continue
        assert seen[person][0] == seen[person][1], (person, codes)
    if name == "child" or "follow-up" in page:
        assert seen["Dr One"] == [True, True]  # reads this exam blinded
        assert seen["dr one"] == [True, True]
    if name == "child":
        assert seen["Dr Clinic"] == [False, False]


def test_a_stranger_site_gets_nothing_from_any_address(app):
    client = TestClient(app, base_url="http://elsewhere.example")
    for method, path in routes(app):
        answer = client.request(method, path.format(**FILLED), json={})
        assert answer.status_code == 403, path
        one_shape(answer)


def test_whatever_goes_wrong_has_one_shape(app, monkeypatch):
    client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
    reader = {"X-Marrowmap-Reader": "Dr Clinic"}
    for method, path, status in [
        ("GET", "/api/nothing", 404),
        ("GET", "/api/studies/nothing", 404),
        ("GET", "/api/studies/..%2Fchild", 404),
        ("DELETE", "/api/studies", 405),
        ("GET", "/api/studies/child/site?x=a&y=0&z=0", 422),
        ("PUT", "/api/studies/child/reading", 422),
        ("GET", "/nothing.js", 404),
    ]:
        answer = client.request(method, path, headers=reader)
        assert answer.status_code == status, path
        one_shape(answer)

    def broken(*_):
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr("marrowmap.web.desk.live_answers", broken)
    answer = client.get("/api/studies/child/reading/answers", headers=reader)
    assert answer.status_code == 500
    one_shape(answer)
    assert "secret" not in answer.text


def test_two_readers_of_one_exam_keep_their_own_readings(app):
    client = TestClient(app, base_url="http://localhost")
    units = [s.id for s in all_sites()]
    for person, unit in (("Dr X", units[3]), ("Dr Y", units[4])):
        headers = {"X-Marrowmap-Reader": person}
        now = client.get("/api/studies/before/reading", headers=headers).json()
        content = {
            **now["content"],
            "lesions": [{"id": "L1", "extents": [{"site_id": unit, "percent": None}]}],
        }
        body = {"base": 0, "what": "added", "content": content}
        assert client.put("/api/studies/before/reading", headers=headers, json=body).status_code == 200
    for person, unit in (("Dr X", units[3]), ("Dr Y", units[4])):
        kept = client.get("/api/studies/before/reading", headers={"X-Marrowmap-Reader": person}).json()
        assert [x["extents"][0]["site_id"] for x in kept["content"]["lesions"]] == [unit]
