"""The made-up cohort meets every printed figure; the tables do not know them."""

import json
from pathlib import Path

import pytest

import marrowmap.cohort
from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.demo.compare import compare
from marrowmap.cohort.demo.generate import generate
from marrowmap.cohort.demo.published import published_figures
from marrowmap.cohort.demo.run import run_demo
from marrowmap.cohort.extract import extract_in_memory
from marrowmap.cohort.tables import all_tables

SHARED = Path(__file__).parents[3] / "shared" / "domain" / "published_figures.json"


@pytest.fixture(scope="module")
def result():
    return run_demo()


def test_every_printed_figure_agrees(result):
    assert [f.id for f in result.figures if not f.agrees] == []
    assert len(result.figures) == 179


@pytest.mark.parametrize(
    ("figure", "published", "recomputed"),
    [
        ("table1.bone_pain", "29/30 (97 %)", "29/30 (97 %)"),
        ("cross.confirmed", "131/180", "131/180"),
        ("cross.subclinical", "41/172", "41/172"),
        ("sex_ratio", "ratio 2.8", "ratio 2.8"),
        ("time_to_remission", "mean 37.6, range 7 to 96", "mean 37.6, range 7 to 96"),
        ("table2.Knee region.clinical", "33/180 (18 %)", "33/180 (18 %)"),
    ],
)
def test_figures_are_shown_side_by_side(result, figure, published, recomputed):
    found = next(f for f in result.figures if f.id == figure)
    assert (found.published, found.recomputed) == (published, recomputed)


def test_the_misprint_is_shown_as_one(result):
    found = next(f for f in result.figures if f.known_misprint)
    assert (found.published, found.recomputed, found.known_misprint) == (
        "11/16 (68 %)",
        "11/16 (69 %)",
        "S3-04",
    )
    assert "68.75" in found.note


def test_all_inconsistencies_of_the_paper_are_listed(result):
    assert [i["id"] for i in result.inconsistencies] == [f"S3-{n:02d}" for n in range(1, 19)]
    assert result.inconsistencies[1]["recomputed"]["table2/Pelvis/imaging"] == "28/172 (16 %)"


def test_json_has_the_promised_keys(result):
    data = json.loads(json.dumps(result.data()))
    assert data["synthetic"] is True
    assert all({"id", "published", "recomputed", "agrees", "note"} <= set(f) for f in data["figures"])


def test_one_changed_record_breaks_its_figures(demo_rows):
    """The tables follow the records: nothing printed is built in."""
    rows = {t: [dict(r) for r in found] for t, found in demo_rows.items()}
    spoiled = rows["patients"][0]["patient_id"]
    rows["visits"] = [v for v in rows["visits"] if v["patient_id"] != spoiled]
    rows["lesions"] = rows["lesions"][1:]
    cohort = Cohort(extract_in_memory({**rows}, synthetic=True, shuffle_seed=0))
    with pytest.raises(Exception, match=r"paired"):
        all_tables(cohort)
    rows["lesions"] = [r for r in rows["lesions"] if r["pair_id"] != demo_rows["lesions"][0]["pair_id"]]
    figures = compare(all_tables(Cohort(extract_in_memory(rows, True, 0))), published_figures())
    wrong = {f.id for f in figures if not f.agrees}
    assert {"table1.bone_pain", "cross.confirmed", "cross.painful_sites", "crp_elevated"} & wrong
    assert "female" not in wrong


def test_the_tables_do_not_know_the_printed_numbers():
    folder = Path(marrowmap.cohort.__file__).parent
    for path in [*folder.glob("*.py"), *(folder / "tables").glob("*.py"), *(folder / "figures").glob("*.py")]:
        text = path.read_text()
        assert "cohort.demo" not in text, path
        assert "belgian_cohort" not in text, path
        for number in ("131", "180", "172", "37.6", "97 %"):
            assert f" {number} " not in text.replace("(", " ").replace(")", " "), (path, number)


def test_solved_anew_the_records_meet_every_figure(demo_rows):
    fresh = generate()
    cohort = Cohort(extract_in_memory(fresh, synthetic=True, shuffle_seed=0))
    assert all(f.agrees for f in compare(all_tables(cohort), published_figures()))
    assert len(fresh["lesions"]) == len(demo_rows["lesions"]) == 180 + 172


def test_another_seed_gives_other_children_that_agree_as_well(demo_rows):
    other = generate(seed=11)
    cohort = Cohort(extract_in_memory(other, synthetic=True, shuffle_seed=0))
    assert all(f.agrees for f in compare(all_tables(cohort), published_figures()))
    assert other["patients"] != demo_rows["patients"]


@pytest.mark.shared
def test_our_file_holds_every_number_of_the_source():
    if not SHARED.exists():
        pytest.skip("the source figures lie beside the project")
    source = json.loads(SHARED.read_text())["seed_003"]
    ours = published_figures()
    table2 = source["table2"]["rows"]
    leaves = [r for top in table2 for r in [top, *top["children"]]]
    for row in leaves:
        name = {"Ileum": "Ilium"}.get(row["site"], row["site"])
        name = "Knee region" if row["site"] == "Knee" and row.get("children") else name
        for theirs, mine in (("clinical", "clinical"), ("radiology", "imaging")):
            assert ours.n(f"table2.{name}.{mine}") == row[theirs]["n"]
            assert ours.value(f"table2.{name}.{mine}", "percent") == str(row[theirs]["pct_printed"])
    for entry in source["table1_clinical_data"]:
        assert any(
            f.id.startswith("table1.")
            and f.printed["n"] == entry["n"]
            and f.printed["percent"] == str(entry["pct_printed"])
            for f in ours.figures
        )
