"""A frozen extract: Parquet files, codebook and manifest. Every table and figure is made from it alone."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from marrowmap import __version__
from marrowmap.cohort.columns import Codes, MemoryTable, ParquetTable
from marrowmap.cohort.derive import Rows, columns_of, day_columns
from marrowmap.errors import InputError, MissingExtra
from marrowmap.registry.fields import TABLES, fields_of
from marrowmap.registry.longfiles import new_folder

FORMAT = 1
"""Version of the layout of an extract."""

_DERIVED = {
    "patient": ("int32", "", "Number of the child in this extract; row of patients.parquet, counted from 0"),
    "age_onset_years": ("float", "years", "Age at the first symptom, from the 15th of the month of birth"),
    "age_diagnosis_years": ("float", "years", "Age at diagnosis, from the 15th of the month of birth"),
    "table2_row": ("choice", "", "Row of the table of sites; empty: the table has none"),
    "side": ("choice", "", "The patient's side"),
    "region": ("choice", "", "Body region"),
    "paired": ("bool", "", "Joined by a person to a row of the other kind as the same place"),
}


@dataclass(frozen=True, eq=False)
class Extract:
    """Tables by name, and what the manifest says. synthetic: made up; shown wherever results are shown."""

    tables: Mapping[str, MemoryTable | ParquetTable]
    synthetic: bool
    manifest: Mapping[str, Any]


def extract_in_memory(rows: Rows, synthetic: bool, shuffle_seed: int | None = None) -> Extract:
    """An extract that is not written anywhere."""
    return Extract(columns_of(rows, shuffle_seed), synthetic, {"synthetic": synthetic, "format": FORMAT})


def freeze(folder: Path, extract: Extract, query: str) -> dict[str, Any]:
    """Write an extract into a new folder and return its manifest.

    query: what was asked of the registry, in words. Raises OutputExists when the folder holds anything.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("pyarrow", "is needed", "pip install 'marrowmap[cohort]'") from None
    with new_folder(folder) as fresh:
        for name, table in extract.tables.items():
            pq.write_table(_arrow(table), fresh / f"{name}.parquet", compression="zstd", version="2.6")
        (fresh / "codebook.csv").write_text(_codebook(extract), encoding="utf-8")
        manifest = {
            "format": FORMAT,
            "software": f"marrowmap {__version__}",
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "query": query,
            "synthetic": extract.synthetic,
            "deidentified": "no ids, birth months, centres, UIDs or free text; dates are days since day 0",
            "rows": {name: len(table) for name, table in extract.tables.items()},
            "sha256": {p.name: _sha256(p) for p in sorted(fresh.iterdir())},
        }
        (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return manifest


def open_extract(folder: Path, verify: bool = True) -> Extract:
    """Open a frozen extract. verify: compare every file with its hash in the manifest.

    Raises InputError when a file is missing, was changed after freezing, or the layout is newer.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(folder), "holds no manifest.json, so it is no frozen extract") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(str(path), f"cannot be read: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InputError(
            str(path), "has a layout unknown to this version", "Update marrowmap, or freeze again"
        )
    for name, expected in manifest["sha256"].items() if verify else ():
        if not (folder / name).is_file():
            raise InputError(str(folder / name), "is missing", "Freeze the extract again")
        if _sha256(folder / name) != expected:
            raise InputError(
                str(folder / name), "was changed after it was frozen", "Freeze the extract again"
            )
    tables = {name: ParquetTable(folder / f"{name}.parquet") for name in TABLES}
    return Extract(tables, bool(manifest["synthetic"]), manifest)


def _arrow(table: MemoryTable | ParquetTable) -> Any:
    import pyarrow as pa

    arrays = {}
    for name, values in table.read(table.names()).items():
        if isinstance(values, Codes):
            indices = pa.array(values.codes, pa.int32(), mask=values.codes < 0)
            arrays[name] = pa.DictionaryArray.from_arrays(indices, pa.array(values.words, pa.string()))
        elif values.dtype == np.int8:
            arrays[name] = pa.array(values == 1, pa.bool_(), mask=values < 0)
        elif np.issubdtype(values.dtype, np.floating):
            whole = name.endswith("_day")
            filled = np.nan_to_num(values).astype(np.int32) if whole else values
            arrays[name] = pa.array(filled, pa.int32() if whole else pa.float64(), mask=np.isnan(values))
        else:
            arrays[name] = pa.array(values)
    return pa.table(arrays)


def _codebook(extract: Extract) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["table", "column", "kind", "unit", "values", "meaning"])
    for name, table in extract.tables.items():
        days = {day: original for original, day in day_columns(name).items()}
        for column in table.names():
            if column in days:
                meaning = fields_of(name)[days[column]].meaning
                row = ["int32", "days since day 0", "", meaning]
            elif column in _DERIVED:
                kind, unit, meaning = _DERIVED[column]
                row = [kind, unit, "", meaning]
            else:
                variable = fields_of(name)[column]
                row = [variable.kind, variable.unit, " ".join(variable.choices), variable.meaning]
            writer.writerow([name, column, *row])
    return out.getvalue()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
