"""Tables say their unit, denominator and missing values in every form, and refuse what does not add up."""

import csv
import io
import json
from datetime import date

import pytest

from marrowmap.cohort.table import Count, NotComputable, cell_text, number_text
from marrowmap.cohort.tables import (
    all_tables,
    cross_table,
    imaging_table,
    outcomes_table,
    sites_table,
    treatments_table,
)
from marrowmap.cohort.write import facts, table_csv, table_latex, table_plain, tables_html, write_tables
from marrowmap.core.statistics.proportion import Proportion
from marrowmap.errors import InvalidRecord, OutputExists


def test_identities_of_the_cross_table_hold(demo_cohort):
    table = cross_table(demo_cohort)
    get = {r.id: r.cells[0] for r in table.rows}
    assert get["confirmed"].count + get["unconfirmed"].count == get["painful_sites"].n == 180
    assert get["confirmed"].count + get["subclinical"].count == get["imaging_lesions"].n == 172
    assert get["union"].n == 221
    assert "131 + 49 = 180" in table.notes[0]


def test_pairs_that_do_not_match_are_refused(build):
    lesions = [
        {"patient_id": "A", "kind": "clinical", "place": "knee_left", "lesion_id": "1", "pair_id": "x"},
        {"patient_id": "A", "kind": "imaging", "site_id": "clavicle_medial_left", "lesion_id": "2"},
    ]
    with pytest.raises(InvalidRecord, match="1 painful sites but 0 imaging lesions are paired"):
        cross_table(build(["A"], lesions=lesions))


def test_rows_with_parts_add_up(demo_cohort):
    table = sites_table(demo_cohort)
    for column in ("clinical", "imaging"):
        for parent in ("Pelvis", "Knee region", "Spine"):
            index = next(n for n, r in enumerate(table.rows) if r.id == parent)
            parts = 0
            for row in table.rows[index + 1 :]:
                if row.level == 0:
                    break
                parts += row.cells[[c for c, _ in table.columns].index(column)].count
            assert parts == table.cell(parent, column).count
        top = sum(
            r.cells[[c for c, _ in table.columns].index(column)].count for r in table.rows if r.level == 0
        )
        assert top == table.rows[0].cells[[c for c, _ in table.columns].index(column)].of


def test_left_and_right_are_told_apart(build):
    def lesion(side, n):
        return {
            "patient_id": "A",
            "kind": "clinical",
            "site_id": f"tibia_distal_metaphysis_{side}",
            "lesion_id": n,
        }

    from marrowmap.cohort.tables import lesion_course_table

    both = lesion_course_table(build(["A"], lesions=[lesion("left", "1"), lesion("right", "2")]))
    one = lesion_course_table(build(["A"], lesions=[lesion("left", "1"), lesion("left", "2")]))
    assert both.cell("asymmetric", "all").count == 0
    assert one.cell("asymmetric", "all").count == 1


@pytest.mark.parametrize(
    "form", [tables_html, lambda t: table_csv(t[0]), lambda t: table_latex(t[0]), lambda t: table_plain(t[0])]
)
def test_every_form_prints_unit_denominator_and_missing(demo_cohort, form):
    for table in all_tables(demo_cohort):
        text = form([table])
        assert "Unit:" in text
        assert "Denominator:" in text
        assert "Missing:" in text
        assert "ynthetic" in text


def test_facts_leave_real_cohorts_unmarked(build):
    assert not any("ynthetic" in line for line in facts(sites_table(build())))


def test_files_are_written_once_and_can_be_read(demo_cohort, tmp_path):
    tables = all_tables(demo_cohort)
    names = write_tables(tmp_path / "out", tables)
    assert {"tables.html", "tables.json", "table1.csv", "table1.tex"} <= set(names)
    data = json.loads((tmp_path / "out" / "tables.json").read_text())
    assert data[1]["rows"][0]["cells"]["all"] == {
        "n": 29, "of": 30, "percent": pytest.approx(96.67, abs=0.01), "missing": 0, "unit": "patients",
        "wilson_95_percent": [pytest.approx(83.3, abs=0.1), pytest.approx(99.4, abs=0.1)],
    }  # fmt: skip
    lines = list(csv.DictReader(io.StringIO((tmp_path / "out" / "table1.csv").read_text())))
    assert (lines[0]["row"], lines[0]["n"], lines[0]["of"]) == ("bone_pain", "29", "30")
    with pytest.raises(OutputExists):
        write_tables(tmp_path / "out", tables)


def test_latex_and_html_escape_what_is_special(demo_cohort):
    assert "\\%" in table_latex(all_tables(demo_cohort)[1])
    assert "&lt;script&gt;" in tables_html(
        [all_tables(demo_cohort)[0].__class__("x", "<script>", "u", "d", (("all", "A"),), ())]
    )


def test_texts_of_cells():
    assert cell_text(Proportion(29, 30, "patients")) == "29/30 (97 %)"
    assert cell_text(Proportion(0, 0, "patients", 4)) == "not assessed; 4 missing"
    assert cell_text(Count(5, "joints")) == "5"
    assert cell_text(NotComputable("no limit is printed")) == "not computable: no limit is printed"
    assert number_text(None) == "–"
    assert number_text(0.25, 1) == "0.3"


def test_synovitis_counts_joints_and_not_lesions(build):
    lesion = {"patient_id": "A", "kind": "imaging", "mri_synovitis": True}
    rows = [
        {**lesion, "lesion_id": "1", "place": "knee_left"},
        {**lesion, "lesion_id": "2", "place": "knee_left"},
        {**lesion, "lesion_id": "3", "place": "knee_right"},
    ]
    assert imaging_table(build(["A"], lesions=rows)).cell("synovitis_joints", "all").n == 2


def test_a_drug_given_twice_counts_once(build):
    given = {"patient_id": "A", "drug": "pamidronate", "cycles": 2}
    rows = [{**given, "start_date": date(2020, 1, 1)}, {**given, "start_date": date(2021, 1, 1)}]
    table = treatments_table(build(["A", "B"], treatments=rows))
    assert (table.cell("bisphosphonate", "all").count, table.cell("bisphosphonate", "all").of) == (1, 2)
    assert table.cell("bisphosphonate_cycles", "all").mean == 4


def _quiet(day, **more):
    return {
        "patient_id": "A",
        "visit_date": day,
        "bone_pain": False,
        "crp_mg_per_l": 1.0,
        "crp_upper_mg_per_l": 5.0,
        "esr_mm_per_h": 5.0,
        "esr_upper_mm_per_h": 20.0,
        **more,
    }


@pytest.mark.parametrize(
    ("visits", "either", "every"),
    [
        ([_quiet(date(2020, 1, 1), imaging_clear=False), _quiet(date(2020, 8, 1), imaging_clear=False)], 1, 0),
        ([_quiet(date(2020, 1, 1), imaging_clear=True), _quiet(date(2020, 8, 1), imaging_clear=True)], 1, 1),
        ([_quiet(date(2020, 1, 1), imaging_clear=True), _quiet(date(2020, 4, 1), imaging_clear=True)], 0, 0),
        (
            [
                _quiet(date(2020, 1, 1), imaging_clear=True),
                _quiet(date(2020, 4, 1), bone_pain=True, imaging_clear=False),
                _quiet(date(2020, 8, 1), imaging_clear=True),
            ],
            0,
            0,
        ),
        (
            [
                _quiet(date(2020, 1, 1), bone_pain=True, imaging_clear=True),
                _quiet(date(2020, 8, 1), bone_pain=True, imaging_clear=True),
            ],
            1,
            0,
        ),
    ],
)  # fmt: skip
def test_the_two_readings_of_remission_differ(build, visits, either, every):
    from marrowmap.cohort.choices import RemissionChoice, RemissionReading

    cohort = build(
        [{"patient_id": "A", "onset_date": date(2019, 1, 1), "diagnosis_date": date(2019, 6, 1)}], visits
    )
    for reading, expected in ((RemissionReading.EITHER, either), (RemissionReading.ALL, every)):
        table = outcomes_table(cohort, RemissionChoice(reading))
        assert table.cell("remission", "all").count == expected
        assert str(reading) in table.notes[0]


def test_time_to_remission_starts_with_the_stretch(build):
    patient = {"patient_id": "A", "onset_date": date(2019, 1, 1), "diagnosis_date": date(2019, 1, 1)}
    visits = [_quiet(date(2020, 1, 1)), _quiet(date(2020, 9, 1))]
    months = outcomes_table(build([patient], visits)).cell("time_to_remission", "all")
    assert months.mean == pytest.approx(12.0, abs=0.05)


def test_without_a_limit_blood_is_not_judged(build):
    from marrowmap.cohort.tables import laboratory_table

    visit = {"patient_id": "A", "crp_mg_per_l": 50.0}
    assert laboratory_table(build(["A"], [visit])).cell("crp_elevated", "all").missing == 1
