"""A frozen extract says what it is, keeps intervals, and gives the same tables as the registry."""

import csv
import json
from datetime import timedelta

import pytest

from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.columns import Codes
from marrowmap.cohort.extract import extract_in_memory, freeze, open_extract
from marrowmap.cohort.table import table_data
from marrowmap.cohort.tables import all_tables
from marrowmap.errors import InputError, OutputExists


@pytest.fixture
def frozen(demo_rows, tmp_path):
    freeze(tmp_path / "extract", extract_in_memory(demo_rows, True, 0), "all rows")
    return tmp_path / "extract"


def test_tables_from_the_extract_are_those_of_the_records(frozen, demo_cohort):
    again = Cohort(open_extract(frozen))
    assert [table_data(t) for t in all_tables(again)] == [table_data(t) for t in all_tables(demo_cohort)]


def test_the_order_of_patients_does_not_change_a_table(demo_rows, demo_cohort):
    other = Cohort(extract_in_memory(demo_rows, True, shuffle_seed=99))
    for first, second in zip(all_tables(other), all_tables(demo_cohort), strict=True):
        one, two = table_data(first), table_data(second)
        assert json.dumps(one["rows"], default=str)[:200] == json.dumps(two["rows"], default=str)[:200]
        for a, b in zip(first.rows, second.rows, strict=True):
            for x, y in zip(a.cells, b.cells, strict=True):
                counts = [getattr(c, "count", getattr(c, "n", None)) for c in (x, y)]
                assert counts[0] == counts[1]


def test_the_manifest_names_version_query_and_hashes(frozen):
    manifest = json.loads((frozen / "manifest.json").read_text())
    assert manifest["software"].startswith("marrowmap ")
    assert manifest["query"] == "all rows"
    assert manifest["synthetic"] is True
    assert manifest["rows"]["patients"] == 30
    assert len(manifest["sha256"]) == 6


def test_a_changed_file_is_refused(frozen):
    with (frozen / "codebook.csv").open("a") as file:
        file.write("one line more\n")
    with pytest.raises(InputError, match=r"codebook\.csv: was changed after it was frozen"):
        open_extract(frozen)


def test_missing_files_and_folders_are_refused(frozen, tmp_path):
    (frozen / "visits.parquet").unlink()
    with pytest.raises(InputError, match=r"visits\.parquet: is missing"):
        open_extract(frozen)
    with pytest.raises(InputError, match="no frozen extract"):
        open_extract(tmp_path)
    (frozen / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        open_extract(frozen)


def test_nothing_is_written_over(frozen, demo_rows):
    with pytest.raises(OutputExists):
        freeze(frozen, extract_in_memory(demo_rows, True, 0), "again")


def test_no_identifier_and_no_date_is_left(frozen, demo_rows):
    content = b"".join(p.read_bytes() for p in frozen.iterdir())
    import pyarrow.parquet as pq

    for path in frozen.glob("*.parquet"):
        table = pq.read_table(path)
        assert not {"patient_id", "birth_month", "centre", "study_uid", "pair_id"} & set(table.column_names)
        assert not any(str(f.type).startswith(("date", "timestamp")) for f in table.schema)
        text = json.dumps(table.to_pylist())
        assert "SYN-" not in text
        assert "200" + "7-" not in text
    assert b"SYN-01" not in content


def test_intervals_are_kept(frozen, demo_rows):
    cohort = Cohort(open_extract(frozen))
    kept = sorted(cohort.column("patients", "diagnosis_day") - cohort.column("patients", "onset_day"))
    real = sorted((p["diagnosis_date"] - p["onset_date"]) / timedelta(days=1) for p in demo_rows["patients"])
    assert kept == real


def test_the_codebook_explains_every_column(frozen):
    import pyarrow.parquet as pq

    with (frozen / "codebook.csv").open() as file:
        explained = {(r["table"], r["column"]) for r in csv.DictReader(file) if r["meaning"]}
    for path in frozen.glob("*.parquet"):
        assert {(path.stem, c) for c in pq.read_schema(path).names} <= explained


def test_columns_survive_parquet_with_missing_values_and_slices(tmp_path):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from marrowmap.cohort.columns import ParquetTable, _array

    words = pa.array(["b", None, "a", "b"]).dictionary_encode()
    table = pa.table({"flag": [True, None, False, True], "word": words, "number": [1.5, None, 2.0, 0.0]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=3)
    read = ParquetTable(tmp_path / "t.parquet").read(["flag", "word", "number"])
    assert read["flag"].tolist() == [1, -1, 0, 1]
    assert read["word"].texts() == ["b", "", "a", "b"]
    assert np.isnan(read["number"][1])
    for start in range(9):
        column = pa.chunked_array([pa.array([True, False, None] * 7).slice(start, 5), pa.array([None, True])])
        expected = [-1 if v is None else int(v) for v in column.to_pylist()]
        assert _array(column).tolist() == expected


def test_codes_answer_for_unknown_words():
    codes = Codes.of(["a", None, "b"])
    assert codes.is_("z").tolist() == [False] * 3
    assert codes.in_(frozenset({"a", "z"})).tolist() == [True, False, False]
    assert codes.counts() == {"a": 1, "b": 1}
