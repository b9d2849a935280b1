"""The commands of registry, audit and cohort, from files to tables."""

import json
from datetime import UTC, date, datetime

import pytest
from typer.testing import CliRunner

from marrowmap.cli.audit import audit
from marrowmap.cli.cohort import cohort
from marrowmap.cli.registry import registry
from marrowmap.cohort.demo.records import records
from marrowmap.core.lesion import Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.core.site import all_sites
from marrowmap.errors import MarrowmapError
from marrowmap.exchange.reading_json import reading_to_dict
from marrowmap.registry.database import open_registry
from marrowmap.registry.longfiles import write_long_files
from marrowmap.registry.studies import Case, begin_adjudication, hand_in, open_study

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def run(app, *words):
    return CliRunner().invoke(app, [str(w) for w in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    write_long_files(folder / "files", records())
    result = run(
        registry, "import", folder / "files", "--registry", folder / "r.db", "--who", "anna", "--json"
    )
    assert json.loads(result.output)["added"]["patients"] == 30
    return folder


def test_importing_again_changes_nothing(place):
    result = run(registry, "import", place / "files", "--registry", place / "r.db", "--json")
    data = json.loads(result.output)
    assert (data["added"], data["changed"]) == ({}, {})


def test_audit_says_intact_and_then_not(place, tmp_path):
    import shutil
    import sqlite3

    result = run(audit, "verify", "--registry", place / "r.db", "--json")
    assert json.loads(result.output)["intact"] is True
    opened = open_registry(place / "r.db")
    opened.close()
    shutil.copy(place / "r.db", tmp_path / "copy.db")
    with sqlite3.connect(tmp_path / "copy.db") as link:
        link.execute("UPDATE patients SET sex = 'O' WHERE patient_id = 'SYN-01'")
    result = run(audit, "verify", "--registry", tmp_path / "copy.db")
    assert result.exit_code == 1
    assert "patients SYN-01: was changed without an event" in result.output


def test_export_and_import_round_trip(place, tmp_path):
    for options in ([], ["--redcap"], ["--parquet"]):
        source = tmp_path / "-".join(["out", *options])
        run(registry, "export", "--out", source, "--registry", place / "r.db", *options)
        back = source / "records.csv" if "--redcap" in options else source
        result = run(registry, "import", back, "--registry", place / "r.db", "--json")
        assert (json.loads(result.output)["added"], json.loads(result.output)["changed"]) == ({}, {})


def test_tables_from_registry_and_from_extract_are_the_same(place, tmp_path):
    run(cohort, "freeze", "--registry", place / "r.db", "--out", tmp_path / "extract")
    run(cohort, "tables", "--registry", place / "r.db", "--out", tmp_path / "one")
    run(cohort, "tables", "--extract", tmp_path / "extract", "--out", tmp_path / "two")
    for name in ("table1.csv", "table2.csv", "cross.csv", "outcomes.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert "Synthetic" in (tmp_path / "one" / "tables.html").read_text()


def test_figures_and_statistics_come_from_the_extract_alone(place, tmp_path):
    run(cohort, "freeze", "--registry", place / "r.db", "--out", tmp_path / "extract")
    run(cohort, "figures", "--registry", place / "r.db", "--out", tmp_path / "one")
    run(cohort, "figures", "--extract", tmp_path / "extract", "--out", tmp_path / "two")
    names = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert len(names) == 8 * 3
    assert {n.split(".")[1] for n in names} == {"svg", "pdf", "html"}
    assert names == sorted(p.name for p in (tmp_path / "two").iterdir())
    for name in ("overlap.svg", "treatment_tree.svg", "survival.svg", "patterns.svg"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    one = run(cohort, "statistics", "--registry", place / "r.db", "--json").output
    two = run(cohort, "statistics", "--extract", tmp_path / "extract", "--json").output
    assert json.loads(one) == json.loads(two)


def test_the_other_reading_of_remission_can_be_asked_for(place, tmp_path):
    words = ["tables", "--registry", place / "r.db", "--remission", "all", "--from", "onset", "--json"]
    data = json.loads(run(cohort, *words, "--out", tmp_path / "t").output)
    outcomes = next(t for t in data["tables"] if t["id"] == "outcomes")
    row = next(r for r in outcomes["rows"] if r["id"] == "remission")
    assert row["cells"]["all"]["n"] < 26
    assert "reading 'all'" in outcomes["notes"][0]


def test_one_source_must_be_given(tmp_path):
    with pytest.raises(MarrowmapError, match="either --registry or --extract"):
        run(cohort, "tables", "--out", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_demo_agrees_and_prints_json():
    data = json.loads(run(cohort, "demo", "--json").output)
    assert data["all_agree"] is True
    assert all(f["agrees"] for f in data["figures"])
    words = run(cohort, "demo").output
    assert "179 of 179 figures agree" in words
    assert "misprint S3-04" in words


def test_the_redcap_dictionary_is_printed():
    assert run(registry, "dictionary").output.startswith("Variable / Field Name,")


def _file(folder, name, reader, case, sites, signed_at=NOON):
    lesions = tuple(Lesion(f"l{n}", (SiteExtent(s),)) for n, s in enumerate(sites))
    normal = frozenset(s.id for s in all_sites()) - set(sites)
    reading = Reading(name, f"exam-{case}", "SYN-01", reader, date(2010, 1, 1), lesions, normal)
    if signed_at:
        reading = reading.signed(signed_at)
    path = folder / f"{name}-{len(list(folder.iterdir()))}.json"
    path.write_text(json.dumps(reading_to_dict(reading)))
    return path


def test_signed_readings_and_their_agreement(place, tmp_path):
    sites = ["tibia_distal_metaphysis_left", "vertebra_t6", "clavicle_medial_right"]
    files = [
        _file(tmp_path, f"{r}-{n}", r, n, sites[: n + k])
        for k, r in enumerate(("one", "two"))
        for n in range(3)
    ]
    result = run(registry, "sign", *files, "--registry", place / "r.db")
    assert "6 stored, 0 there already" in result.output
    assert "0 stored, 6 there already" in run(registry, "sign", *files, "--registry", place / "r.db").output
    clash = _file(tmp_path, "one-0", "one", 0, ["vertebra_t7"])
    with pytest.raises(MarrowmapError, match="signed by one already"):
        run(registry, "sign", clash, "--registry", place / "r.db")
    draft = _file(tmp_path, "three-0", "three", 0, [], signed_at=None)
    with pytest.raises(MarrowmapError, match="is a draft"):
        run(registry, "sign", draft, "--registry", place / "r.db")
    opened = open_registry(place / "r.db")
    open_study(
        opened, "S", "t", [Case(f"c{n}", f"exam-{n}", "SYN-01") for n in range(3)], ["one", "two"], "o", 1
    )
    for reader in ("one", "two"):
        for n in range(3):
            hand_in(opened, "S", f"c{n}", reader, f"{reader}-{n}")
    with pytest.raises(MarrowmapError, match="still being read"):
        run(cohort, "agreement", "--registry", place / "r.db", "--study", "S")
    begin_adjudication(opened, "S", "o")
    opened.close()
    data = json.loads(run(cohort, "agreement", "--registry", place / "r.db", "--study", "S", "--json").output)
    first = data["sites"][0]
    assert (data["cases"], first["compared"], first["involved"]) == (3, 3 * len(all_sites()), 6)
    assert first["overall"][0]["value"] > first["only_involved"][1]["value"]
    assert "involved only" in run(cohort, "agreement", "--registry", place / "r.db", "--study", "S").output
