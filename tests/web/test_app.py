"""The server: images as they were measured, readings that nobody loses, one shape for every problem."""

import base64
import gzip
import json

import numpy as np
import pytest
from fastapi.testclient import TestClient

from marrowmap.core.site import all_sites
from marrowmap.exchange.nifti import read_volume
from marrowmap.web.access import Person, reading_name
from marrowmap.web.app import create_app

READER = {"X-Marrowmap-Reader": "Dr A"}


@pytest.fixture
def client(known_study, tmp_path):
    (tmp_path / "child").symlink_to(known_study)
    return TestClient(create_app(tmp_path), base_url="http://localhost")


def opened(client, headers=READER):
    return client.get("/api/studies/child/reading", headers=headers).json()


def put(client, state, what="changed", headers=READER, **changes):
    content = {**state["content"], **changes}
    body = {"base": state["version"], "what": what, "content": content}
    return client.put("/api/studies/child/reading", headers=headers, json=body)


def test_the_worklist_says_what_a_reader_needs(client):
    (line,) = client.get("/api/studies", headers=READER).json()["studies"]

    assert line["synthetic"] is True
    assert line["status"] == "complete"
    assert line["reading"]["state"] == "none"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_series_travels_as_it_was_composed(client, known_study, encoding):
    study = client.get("/api/studies/child").json()
    series = next(s for s in study["series"] if s["name"] == "STIR")
    volume = read_volume(known_study / "volumes" / "STIR.nii.gz")

    answer = client.get("/" + series["url"] + "/volume", headers={"Accept-Encoding": encoding})
    raw = answer.content if encoding == "gzip" else answer.read()
    sent = np.frombuffer(raw, "<i2").reshape(series["grid"]["shape"]) * series["slope"]

    assert answer.headers["Content-Encoding"] == encoding
    assert np.abs(sent - volume.array).max() <= max(1.0, series["slope"])
    one = client.get("/" + series["url"] + "/slices/3").content
    assert np.array_equal(
        np.frombuffer(one, "<i2"), np.frombuffer(raw, "<i2").reshape(series["grid"]["shape"])[3].ravel()
    )


def test_every_image_of_the_exam_can_be_reached(client):
    answer = client.get("/api/studies/child").json()
    stacks = {s["id"]: s["n_images"] for s in answer["study"]["exam"]["stacks"]}
    native = {s["name"]: s["grid"]["shape"][0] for s in answer["series"] if s["kind"] == "native"}

    assert native == stacks


def test_a_projection_knows_which_slice_made_each_pixel(client):
    answer = client.get("/api/studies/child").json()
    mip = next(s for s in answer["series"] if s["kind"] == "mip")
    dwi = next(s for s in answer["series"] if s["name"].startswith("DWI_b8"))
    shape = mip["grid"]["shape"]

    depth = np.frombuffer(client.get("/" + mip["url"] + "/depth").content, "<u2").reshape(shape[1:])
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    slice_ = np.frombuffer(client.get(f"/{dwi['url']}/slices/{depth[row, column]}").content, "<i2")
    shown = np.frombuffer(client.get("/" + mip["url"] + "/slices/0").content, "<i2")

    assert shown[row * shape[2] + column] * mip["slope"] == pytest.approx(
        slice_[row * shape[2] + column] * dwi["slope"], abs=1.5
    )


def test_outlines_are_those_of_the_candidates(client, known_study):
    answer = client.get("/api/studies/child").json()
    for candidate in answer["study"]["candidates"]:
        mask = answer["masks"][candidate["id"]]
        voxels = np.unpackbits(np.frombuffer(base64.b64decode(mask["bits"]), np.uint8))[
            : np.prod(mask["shape"])
        ].sum()
        spacing = next(s for s in answer["series"] if s["name"] == "STIR")["grid"]["spacing_mm"]
        assert voxels * np.prod(spacing) / 1000 == pytest.approx(candidate["volume_ml"], rel=0.02, abs=0.01)


def test_a_fresh_reading_states_nothing(client):
    content = opened(client)["content"]

    assert content["lesions"] == []
    assert content["normal"] == []
    assert set(content["not_covered"]) <= {s.id for s in all_sites()}


def test_a_change_is_there_after_a_restart(client, known_study, tmp_path):
    unit = next(s.id for s in all_sites() if s.id not in opened(client)["content"]["not_covered"])
    assert put(client, opened(client), normal=[unit]).status_code == 200

    again = TestClient(create_app(tmp_path), base_url="http://localhost")

    assert opened(again)["content"]["normal"] == [unit]
    assert (
        client.get("/api/studies/child/reading/history", headers=READER).json()["readings"][0]["states"][0][
            "what"
        ]
        == "changed"
    )


def test_two_tabs_cannot_overwrite_each_other(client):
    first = opened(client)
    put(client, first, comment="one")
    late = put(client, first, comment="two")

    assert late.status_code == 409
    assert "Dr A" in late.json()["error"]["why"]
    assert opened(client)["content"]["comment"] == "one"


def test_readers_do_not_see_each_others_marks(client):
    put(client, opened(client), comment="mine")

    assert opened(client, {"X-Marrowmap-Reader": "Dr B"})["content"]["comment"] == ""


def test_identity_and_coverage_cannot_come_from_the_browser(client):
    state = opened(client)
    saved = put(client, state, patient_key="somebody else", not_covered=[], reader="Dr X").json()["content"]

    assert saved["patient_key"] == state["content"]["patient_key"]
    assert saved["not_covered"] == state["content"]["not_covered"]
    assert saved["reader"] == "Dr A"


def test_nothing_is_stored_of_a_bad_reading(client):
    refused = put(client, opened(client), normal=["atlantis"])

    assert refused.status_code == 422
    assert set(refused.json()["error"]) == {"status", "what", "why", "remedy"}
    assert opened(client)["version"] == 0


def test_signing_waits_for_answers_and_then_freezes(client):
    state = opened(client)
    refused = client.post(
        "/api/studies/child/reading/sign",
        headers=READER,
        json={"base": 0, "what": "signed", "content": state["content"]},
    )
    assert refused.status_code == 422
    assert "open" in refused.json()["error"]["why"]

    questions = client.get("/api/studies/child/reading/answers", headers=READER).json()["questions"]
    waived = {q["key"]: "test of the server" for q in questions}
    signed = client.post(
        "/api/studies/child/reading/sign",
        headers=READER,
        json={"base": 0, "what": "signed", "content": {**state["content"], "waived": waived}},
    )
    assert signed.json()["signed"] is True
    assert put(client, signed.json(), comment="later").status_code == 409


def test_nobody_changes_a_reading_without_a_name(client):
    assert put(client, opened(client, {}), headers={}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}],
    ids=["rebound host", "foreign site"],
)
def test_other_sites_get_nothing(client, headers):
    assert client.get("/api/studies", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/api/studies/..%2Fsecret", "/api/studies/none", "/api/nothing", "/api/studies/child/series/x/volume"],
)
def test_what_is_not_there_is_said_in_one_shape(client, path):
    answer = client.get(path)

    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"status", "what", "why", "remedy"}


def test_a_click_in_a_bone_names_it_and_grows_an_outline(client, small_exam):
    lesion = next(x for x in small_exam.record["lesions"] if x["site"].startswith("tibia"))
    grown = client.post("/api/studies/child/grow", json={"point_mm": lesion["centre_mm"]}).json()

    assert grown["mask"] is not None
    assert grown["measured"]["volume_ml"] > 0
    details = grown["details"]
    assert details["site"] == grown["measured"]["extents"][0]["site_id"]
    assert details["measured"]["volume_ml"]["value"] == grown["measured"]["volume_ml"]
    for name, value in details["measured"].items():
        assert (value["uncertainty"] or 0) > 0 if value["value"] is not None else value["why_missing"], name
    assert {"periosteal_ratio", "soft_tissue_ratio", "t1_ratio", "adc_p10"} <= set(details["measured"])
    again = client.post("/api/studies/child/measure", json=grown["mask"]).json()
    assert again == {"measured": grown["measured"], "details": details}
    assert client.post("/api/studies/child/grow", json={"point_mm": [9000, 0, 0]}).status_code == 422


def test_a_place_beside_bone_is_told_with_its_distance_and_not_called_the_bone(client, small_exam):
    x, y, z = next(i for i in small_exam.record["lesions"] if i["site"].startswith("tibia"))["centre_mm"]
    asked = [
        client.get("/api/studies/child/site", params={"x": x, "y": y - away, "z": z}).json()
        for away in (0, *range(6, 60, 2))
    ]
    beside = [found for found in asked if found["near"] and not found["site"]]

    assert asked[0] == {"site": asked[0]["near"], "near": asked[0]["site"], "distance_mm": 0}
    assert beside
    assert all(6 < found["distance_mm"] <= 18 for found in beside)
    assert asked[-1] == {"site": None, "near": None, "distance_mm": None}


def test_packs_are_written_once_and_agree(known_study):
    raw = (known_study / "pages" / "STIR.i16").read_bytes()

    assert gzip.decompress((known_study / "pages" / "STIR.i16.gz").read_bytes()) == raw
    assert json.loads((known_study / "pages" / "series.json").read_text())["series"][0]["name"] == "STIR"


def sign_with_waivers(client, headers=READER):
    state = opened(client, headers)
    questions = client.get("/api/studies/child/reading/answers", headers=headers).json()["questions"]
    waived = state["content"]["waived"] | {q["key"]: "test of the server" for q in questions}
    content = {**state["content"], "waived": waived}
    body = {"base": state["version"], "what": "signed", "content": content}
    return client.post("/api/studies/child/reading/sign", headers=headers, json=body).json()


def test_an_amendment_is_a_new_reading_and_both_are_kept(client):
    assert client.post("/api/studies/child/reading/amend", headers=READER).status_code == 403
    first = sign_with_waivers(client)

    draft = client.post("/api/studies/child/reading/amend", headers=READER).json()
    assert draft["signed"] is False
    assert draft["content"]["amends"] == first["content"]["id"]
    assert put(client, draft, comment="seen again").json()["content"]["amends"] == first["content"]["id"]
    second = sign_with_waivers(client)

    kept = client.get("/api/studies/child/reading/history", headers=READER).json()["readings"]
    assert [r["id"] for r in kept] == [first["content"]["id"], second["content"]["id"]]
    assert [r["states"][-1]["signed"] for r in kept] == [True, True]
    old = client.get(f"/api/studies/child/reading/history/{kept[0]['id']}/{first['version']}", headers=READER)
    assert old.json()["content"] == first["content"]


def test_a_reader_cannot_look_into_anothers_history(client):
    sign_with_waivers(client)
    kept = client.get("/api/studies/child/reading/history", headers=READER).json()["readings"]
    other = {"X-Marrowmap-Reader": "Dr B"}

    assert (
        client.get(f"/api/studies/child/reading/history/{kept[0]['id']}/1", headers=other).status_code == 404
    )


def test_an_outline_of_no_lesion_is_refused(client):
    refused = put(
        client, opened(client), outlines={"L9": {"origin": [0, 0, 0], "shape": [1, 1, 1], "bits": "gA=="}}
    )

    assert refused.status_code == 422
    assert "L9" in refused.json()["error"]["what"]


def test_the_report_of_a_reading_is_the_same_when_made_again(client):
    sign_with_waivers(client)
    one, two = (client.get("/api/studies/child/reading/report.pdf", headers=READER).content for _ in range(2))

    assert one.startswith(b"%PDF")
    assert one == two


def test_the_exams_of_one_child_are_found_by_the_pseudonym(client, tmp_path, known_study):
    (tmp_path / "earlier").symlink_to(known_study)
    answer = client.get("/api/studies/child").json()

    assert [o["name"] for o in answer["others"]] == ["earlier"]
    key = answer["study"]["exam"]["patient"]["key"]
    assert [e["name"] for e in client.get(f"/api/patients/{key}").json()["exams"]] == ["child", "earlier"]
    assert client.get("/api/patients/nobody").status_code == 404


def test_unit_centres_keep_the_patients_sides(client):
    centres = client.get("/api/studies/child/centres").json()["centres"]

    assert centres["femur_distal_metaphysis_left"][0] > centres["femur_distal_metaphysis_right"][0]
    assert centres["vertebra_t8"][2] > centres["femur_distal_metaphysis_left"][2]


def test_long_names_of_readers_never_meet_in_one_reading():
    names = {reading_name("s" * 40, Person(f"{'ж' * 59}{last}")) for last in "абв"}

    assert len(names) == 3
    assert all(len(n) <= 80 for n in names)


def test_the_demo_exam_is_offered_and_made_once(tmp_path):
    empty = TestClient(create_app(tmp_path), base_url="http://localhost")

    assert empty.get("/api/demo").json()["state"] == "none"


def test_an_outline_is_measured_again_after_it_was_edited(client):
    study = client.get("/api/studies/child").json()
    candidate = study["study"]["candidates"][0]

    answer = client.post("/api/studies/child/measure", json=study["masks"][candidate["id"]]).json()

    assert answer["measured"]["volume_ml"] == pytest.approx(candidate["volume_ml"], rel=0.01)
    assert answer["measured"]["si_ratio"] == pytest.approx(candidate["si_ratio"], rel=0.1)
    bad = client.post(
        "/api/studies/child/measure", json={"origin": [0, 0, 0], "shape": [9, 9, 9], "bits": "gA=="}
    )
    assert bad.status_code == 422
