"""All or nothing, the same twice, and a clear line for every row that cannot be taken."""

import contextlib
import tempfile
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marrowmap.errors import InputError
from marrowmap.registry.database import open_registry
from marrowmap.registry.events import verify
from marrowmap.registry.importing import import_rows
from marrowmap.registry.longfiles import (
    RawRow,
    csv_text,
    read_long_files,
    write_long_files,
    write_parquet_files,
)
from marrowmap.registry.parsing import check_rows
from marrowmap.registry.problems import ImportRefused
from marrowmap.registry.schema import LONG_TABLES, events


def _rows(registry, table):
    return registry.rows(LONG_TABLES[table])


def _counts(registry):
    return {t: len(_rows(registry, t)) for t in LONG_TABLES} | {"events": len(registry.rows(events))}


def test_rows_are_stored_with_their_types(registry, small_cohort):
    report = import_rows(registry, small_cohort, "anna")
    assert report.added == {"patients": 2, "visits": 2, "exams": 1, "lesions": 2, "treatments": 1}
    first, second = _rows(registry, "patients")
    assert first["onset_date"] == date(2018, 5, 1)
    assert (first["hla_b27"], second["hla_b27"]) == (None, True)
    visit = _rows(registry, "visits")
    assert (visit[0]["fever_above_38_5"], visit[1]["fever_above_38_5"]) == (False, None)
    assert (visit[0]["crp_mg_per_l"], visit[1]["crp_mg_per_l"]) == (12.0, None)


def test_a_second_import_changes_nothing(registry, small_cohort):
    import_rows(registry, small_cohort, "anna")
    before = _counts(registry)
    report = import_rows(registry, small_cohort, "anna")
    assert report.changes == 0
    assert sum(report.unchanged.values()) == 8
    assert _counts(registry) == before


def test_a_changed_row_is_one_event_with_old_and_new(registry, small_cohort):
    import_rows(registry, small_cohort, "anna")
    small_cohort["patients"][0].cells["sex"] = "O"
    report = import_rows(registry, small_cohort, "ben")
    assert report.changed == {"patients": 1}
    last = registry.rows(events)[-1]
    assert (last["who"], last["entity_id"], last["detail"]) == ("ben", "P1", '{"sex":["F","O"]}')
    with registry.reading() as connection:
        assert verify(connection).intact


def test_a_file_without_a_column_leaves_it_as_it_is(registry, small_cohort):
    import_rows(registry, small_cohort, "anna")
    import_rows(registry, {"patients": [RawRow("patients.csv", 2, {"patient_id": "P2", "sex": "F"})]}, "anna")
    assert _rows(registry, "patients")[1]["hla_b27"] is True


BAD = [
    (
        "lesions",
        {"lesion_id": "L9", "patient_id": "P9", "kind": "imaging", "place": "hip_left"},
        "'P9' is unknown",
    ),
    (
        "treatments",
        {
            "treatment_id": "T9",
            "patient_id": "P1",
            "drug": "naproxen",
            "start_date": "2019-01-02",
            "stop_date": "2019-01-01",
        },
        "stops on 2019-01-01 before it starts on 2019-01-02",
    ),
    (
        "visits",
        {"visit_id": "V9", "patient_id": "P1", "visit_date": "2019-01-01", "crp_mg_per_l": "1.2 mg/dL"},
        "carries the unit 'mg/dL', but this column is in mg/L",
    ),
    (
        "visits",
        {"visit_id": "V9", "patient_id": "P1", "visit_date": "2019-01-01", "crp_mg_per_l": "1,2"},
        "comma",
    ),
    ("visits", {"visit_id": "V9", "patient_id": "P1", "visit_date": "01.02.2019"}, "YYYY-MM-DD"),
    (
        "visits",
        {"visit_id": "V9", "patient_id": "P1", "visit_date": "2001-01-01"},
        "before the month of birth",
    ),
    (
        "visits",
        {"visit_id": "V9", "patient_id": "P1", "visit_date": "2019-01-01", "fever_above_38_5": "perhaps"},
        "neither yes",
    ),
    (
        "visits",
        {"visit_id": "V9", "patient_id": "P1", "visit_date": "2019-01-01", "chaq": "4"},
        "outside 0 to 3",
    ),
    (
        "visits",
        {"visit_id": "V9", "patient_id": "P1", "visit_date": "2019-01-01", "esr_mm_per_h": "nan"},
        "number",
    ),
    (
        "visits",
        {"visit_id": "V1", "patient_id": "P1", "visit_date": "2019-01-01"},
        "stands in line 2 already",
    ),
    ("patients", {"patient_id": ""}, "is empty"),
    ("patients", {"patient_id": "=1+1"}, "begins with '='"),
    ("patients", {"patient_id": "x" * 65}, "longer than 64"),
    ("patients", {"patient_id": "P8", "sex": "female"}, "Accepted: F, M, O"),
    (
        "patients",
        {"patient_id": "P8", "onset_date": "2019-02-02", "diagnosis_date": "2019-02-01"},
        "lies before",
    ),
    ("lesions", {"lesion_id": "L9", "patient_id": "P1", "kind": "imaging"}, "neither site_id nor place"),
    (
        "lesions",
        {"lesion_id": "L9", "patient_id": "P1", "kind": "imaging", "site_id": "bowel"},
        "no bone unit",
    ),
    ("lesions", {"lesion_id": "L9", "patient_id": "P1", "kind": "imaging", "place": "toe_7"}, "no place"),
    (
        "lesions",
        {"lesion_id": "L9", "patient_id": "P1", "kind": "imaging", "place": "hip_left", "pair_id": "A"},
        "must join one clinical and one imaging row, it has 3",
    ),
    (
        "lesions",
        {"lesion_id": "L9", "patient_id": "P2", "kind": "imaging", "place": "hip_left", "exam_id": "E1"},
        "belongs to another patient",
    ),
    ("visits", {"visit_id": "V9", "patient_id": "P1", "visit_date": "2999-01-01"}, "lies in the future"),
    ("patients", {"patient_id": "P8", "birth_month": "2999-01"}, "2999-01 lies in the future"),
    (
        "visits",
        {"visit_id": "V9", "patient_id": "P1", "visit_date": "2019-01-01", "crp_mg_per_l": "-3"},
        "outside 0 to 1000",
    ),
    (
        "treatments",
        {"treatment_id": "T9", "patient_id": "P1", "drug": "naproxen", "start_date": "2999-01-01"},
        "lies in the future",
    ),
]


@pytest.mark.parametrize(("table", "cells", "expected"), BAD)
def test_one_bad_row_stores_nothing(registry, small_cohort, table, cells, expected):
    line = 2 + len(small_cohort[table])
    small_cohort[table].append(RawRow(f"{table}.csv", line, cells))
    with pytest.raises(ImportRefused, match="nothing was stored") as refused:
        import_rows(registry, small_cohort, "anna")
    message = str(refused.value)
    assert expected in message
    assert f"{table}.csv line" in message
    assert set(_counts(registry).values()) == {0}


def test_every_bad_row_is_named(registry, small_cohort):
    for n in range(30):
        small_cohort["visits"].append(RawRow("visits.csv", n + 4, {"visit_id": f"X{n}", "patient_id": "P1"}))
    with pytest.raises(ImportRefused) as refused:
        import_rows(registry, small_cohort, "anna")
    assert len(refused.value.problems) == 30


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("patients.csv", b"patient_id,centre\nP1,K\xf6ln\n", "line 2: byte 0xf6 is not UTF-8"),
        ("patients.csv", b"patient_id;sex\nP1;F\n", "semicolons"),
        ("patients.csv", b"patient_id,shoe_size\nP1,32\n", "shoe_size: is no column"),
        ("patients.csv", b"sex\nF\n", "patient_id: is missing"),
        ("patients.csv", b"patient_id,sex\nP1\n", "line 2: has 1 cells, the header has 2"),
        ("patients.csv", b"patient_id,sex,sex\nP1,F,M\n", "stands twice"),
        ("patients.csv", b"", "is empty"),
        ("patients.csv", b'patient_id\n"P1\n', "no proper CSV"),
        ("patients.csv", b"patient_id\nP\x001\n", "zero bytes"),
        ("patients.parquet", b"PAR1 but not really", "is no Parquet file"),
        (
            "visits.csv",
            b"visit_id,patient_id,visit_date,crp_mg_per_l,crp_mg_per_dl\nV1,P1,2020-01-01,12,\nV2,P1,2020-02-01,,1.2\n",
            "units are mixed: 1 row(s) use crp_mg_per_l, 1 row(s) use crp_mg_per_dl",
        ),
    ],
)
def test_broken_files_are_refused_by_name(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportRefused) as refused:
        read_long_files(tmp_path)
    assert expected in str(refused.value)


def test_a_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no table"):
        read_long_files(tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        read_long_files(tmp_path / "nowhere")


def test_crp_in_mg_per_dl_is_stored_in_mg_per_l(tmp_path):
    (tmp_path / "patients.csv").write_text("patient_id\nP1\n")
    (tmp_path / "visits.csv").write_text(
        "visit_id,patient_id,visit_date,crp_mg_per_dl\nV1,P1,2020-01-01,1.2\n"
    )
    assert check_rows(read_long_files(tmp_path))["visits"][0]["crp_mg_per_l"] == 12.0


def test_csv_and_parquet_round_trip(tmp_path, small_cohort):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = check_rows(small_cohort)
    write_long_files(tmp_path / "csv", rows)
    assert check_rows(read_long_files(tmp_path / "csv")) == _complete(rows)
    (tmp_path / "parquet").mkdir()
    for table, records in _complete(rows).items():
        pq.write_table(pa.Table.from_pylist(records), tmp_path / "parquet" / f"{table}.parquet")
    assert check_rows(read_long_files(tmp_path / "parquet")) == _complete(rows)


def test_a_planned_stop_may_lie_in_the_future(registry, small_cohort):
    small_cohort["treatments"][0].cells["stop_date"] = "2999-01-01"
    import_rows(registry, small_cohort, "anna")
    assert _rows(registry, "treatments")[0]["stop_date"] == date(2999, 1, 1)


def test_parquet_keeps_types_and_comes_back(registry, tmp_path, small_cohort):
    import pyarrow.parquet as pq

    import_rows(registry, small_cohort, "anna")
    rows = {t: registry.rows(table) for t, table in LONG_TABLES.items()}
    files = write_parquet_files(tmp_path / "parquet", rows)
    assert {f.name for f in files} == {f"{t}.parquet" for t in LONG_TABLES}
    kinds = {f.name: str(f.type) for f in pq.read_schema(tmp_path / "parquet" / "visits.parquet")}
    names = ("visit_date", "crp_mg_per_l", "bone_pain")
    assert [kinds[n] for n in names] == ["date32[day]", "double", "bool"]
    visits = pq.read_table(tmp_path / "parquet" / "visits.parquet").to_pylist()
    assert [v["fever_above_38_5"] for v in visits] == [False, None]
    assert import_rows(registry, read_long_files(tmp_path / "parquet"), "anna").changes == 0


def _complete(rows):
    from marrowmap.registry.fields import fields_of

    return {t: [{n: r.get(n) for n in fields_of(t)} for r in found] for t, found in rows.items()}


def test_nothing_is_written_over(tmp_path, small_cohort):
    rows = check_rows(small_cohort)
    write_long_files(tmp_path / "csv", rows)
    with pytest.raises(Exception, match="not empty"):
        write_long_files(tmp_path / "csv", rows)
    assert csv_text("patients", []).startswith("patient_id,sex,")


def test_migrations_give_the_shape_of_the_schema(registry, shape):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with registry.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), shape) == []


def test_opening_twice_keeps_everything(registry, registry_place, small_cohort):
    import_rows(registry, small_cohort, "anna")
    again = open_registry(registry_place)
    assert _counts(again) == _counts(registry)
    again.close()


def test_a_registry_of_a_newer_version_is_refused(registry, registry_place):
    with registry.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    registry.close()
    with pytest.raises(InputError, match="unknown to this version"):
        open_registry(registry_place)


def test_what_is_no_registry_is_refused(tmp_path):
    (tmp_path / "notes.db").write_bytes(b"these are notes and no database at all" * 100)
    with pytest.raises(InputError, match=r"notes\.db"):
        open_registry(tmp_path / "notes.db")
    with pytest.raises(InputError, match="folder does not exist"):
        open_registry(tmp_path / "nowhere" / "r.db")
    with pytest.raises(InputError, match="neither a file nor"):
        open_registry("mysql://user:secret@host/db")


@given(st.binary(max_size=300), st.sampled_from(["patients.csv", "visits.csv", "lesions.parquet"]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_either_rows_or_refused(tmp_path, content, name):
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    (folder / name).write_bytes(content)
    with contextlib.suppress(InputError):
        check_rows(read_long_files(folder))


@given(st.lists(st.text(max_size=12), min_size=3, max_size=3))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cells_are_either_stored_or_refused_by_name(cells):
    raw = {
        "patients": [
            RawRow("patients.csv", 2, dict(zip(("patient_id", "sex", "onset_date"), cells, strict=True)))
        ]
    }
    problems = ()
    with contextlib.suppress(ImportRefused):
        rows = check_rows(raw)
        assert rows["patients"][0]["patient_id"] == cells[0].strip()
        return
    try:
        check_rows(raw)
    except ImportRefused as refused:
        problems = refused.problems
    assert problems
    assert all(p.source == "patients.csv" and p.line == 2 and p.column for p in problems)
