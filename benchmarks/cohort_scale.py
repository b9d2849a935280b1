"""Table 1, Table 2 and the cross table of a large cohort, beside pandas + tableone, Polars and DuckDB.

All read the same frozen extract from Parquet, in one run, each in a process of its own; times are medians and
include reading the files, not importing the libraries. Needs the extra ``bench`` and Polars:

    python benchmarks/cohort_scale.py --patients 1000000
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SYMPTOMS = [
    "bone_pain",
    "bone_pain_worse_at_night",
    "loss_of_function",
    "morning_stiffness",
    "fever_above_38_5",
    "weight_loss",
    "fatigue",
    "stopped_sport",
    "pain_provoked_by_trigger",
    "pain_on_palpation",
    "bone_swelling",
    "restricted_range_of_motion",
    "associated_arthritis",
]
VISITS_PER_PATIENT, LESIONS_PER_PATIENT = 2, 6
ENGINES = ("marrowmap", "polars", "duckdb", "pandas_tableone")


def make_extract(folder: Path, n: int, seed: int = 1) -> None:
    """A frozen extract of made-up patients with two visits and six lesions each."""
    from marrowmap.cohort.columns import Codes, MemoryTable
    from marrowmap.cohort.extract import Extract, freeze
    from marrowmap.core.record.joints import table2_rows
    from marrowmap.registry.fields import TABLES

    random = np.random.default_rng(seed)
    visits, pairs = n * VISITS_PER_PATIENT, n * LESIONS_PER_PATIENT // 2
    visit_columns = {"patient": np.repeat(np.arange(n, dtype=np.int32), VISITS_PER_PATIENT)}
    for k, name in enumerate(SYMPTOMS):
        chance = 0.05 + 0.9 * k / len(SYMPTOMS)
        values = (random.random(visits) < chance).astype(np.int8)
        values[random.random(visits) < 0.05] = -1
        visit_columns[name] = values
    words = tuple(sorted(r.row for r in table2_rows()))
    owner = np.repeat(np.arange(n, dtype=np.int32), LESIONS_PER_PATIENT)
    kind = np.tile(np.array([0, 1], np.int32), pairs)
    paired = np.repeat((random.random(pairs) < 0.7).astype(np.int8), 2)
    lesions = {
        "patient": owner,
        "kind": Codes(kind, ("clinical", "imaging")),
        "table2_row": Codes(random.integers(0, len(words), len(owner)).astype(np.int32), words),
        "paired": paired,
    }
    tables = {t: MemoryTable({"patient": np.zeros(0, np.int32)}, 0) for t in TABLES}
    sex = Codes(random.integers(0, 2, n).astype(np.int32), ("F", "M"))
    tables |= {
        "patients": MemoryTable({"sex": sex}, n),
        "visits": MemoryTable(visit_columns, visits),
        "lesions": MemoryTable(lesions, len(owner)),
    }
    freeze(folder, Extract(tables, True, {}), "made up for a benchmark")


def run_marrowmap(folder: Path) -> dict:
    """The three tables as ``marrowmap cohort tables`` makes them."""
    from marrowmap.cohort.cohort import Cohort
    from marrowmap.cohort.extract import open_extract
    from marrowmap.cohort.tables import cross_table, sites_table, symptoms_table

    cohort = Cohort(open_extract(folder, verify=False))
    table1, table2, cross = symptoms_table(cohort), sites_table(cohort), cross_table(cohort)
    return {
        "table1": {r.id: [r.cells[0].count, r.cells[0].of] for r in table1.rows},
        "table2": {r.id: [c.count for c in r.cells] for r in table2.rows},
        "cross": [cross.cell("confirmed", "all").count, cross.cell("unconfirmed", "all").count],
    }


def run_polars(folder: Path) -> dict:
    """The same numbers with lazy scans."""
    import polars as pl

    ever = (
        pl.scan_parquet(folder / "visits.parquet")
        .group_by("patient")
        .agg([pl.col(s).max() for s in SYMPTOMS])
        .select(
            [pl.col(s).sum().alias(f"{s}_n") for s in SYMPTOMS]
            + [pl.col(s).count().alias(f"{s}_of") for s in SYMPTOMS]
        )
        .collect()
        .row(0, named=True)
    )
    lesions = pl.scan_parquet(folder / "lesions.parquet")
    sites = lesions.group_by("table2_row", "kind").len().collect()
    cross = lesions.group_by("kind", "paired").len().collect()
    counts = {(r[0], r[1]): r[2] for r in sites.iter_rows()}
    pairs = {(r[0], r[1]): r[2] for r in cross.iter_rows()}
    return _collect({s: [ever[f"{s}_n"], ever[f"{s}_of"]] for s in SYMPTOMS}, counts, pairs)


def run_duckdb(folder: Path) -> dict:
    """The same numbers with SQL."""
    import duckdb

    link = duckdb.connect()
    link.execute("SET enable_progress_bar=false")
    per_patient = ", ".join(f"bool_or({s}) AS {s}" for s in SYMPTOMS)
    totals = ", ".join(f"count(*) FILTER ({s}), count({s})" for s in SYMPTOMS)
    row = link.execute(
        f"SELECT {totals} FROM (SELECT {per_patient} FROM '{folder}/visits.parquet' GROUP BY patient)"
    ).fetchone()
    ever = {s: [row[2 * k], row[2 * k + 1]] for k, s in enumerate(SYMPTOMS)}
    query = f"SELECT {{}}, count(*) FROM '{folder}/lesions.parquet' GROUP BY ALL"
    counts = {(r[0], r[1]): r[2] for r in link.execute(query.format("table2_row, kind")).fetchall()}
    pairs = {(r[0], r[1]): r[2] for r in link.execute(query.format("kind, paired")).fetchall()}
    return _collect(ever, counts, pairs)


def run_pandas_tableone(folder: Path) -> dict:
    """What is done by hand today: reduce visits to patients with pandas, then TableOne for each table."""
    import pandas as pd
    from tableone import TableOne

    # nullable types keep "not assessed" apart and let pandas reduce without Python objects
    visits = pd.read_parquet(folder / "visits.parquet", dtype_backend="numpy_nullable")
    ever = visits.groupby("patient")[SYMPTOMS].max()
    TableOne(ever, columns=SYMPTOMS, categorical=SYMPTOMS, missing=True)
    lesions = pd.read_parquet(folder / "lesions.parquet", columns=["table2_row", "kind", "paired"])
    TableOne(lesions, columns=["table2_row"], categorical=["table2_row"], groupby="kind")
    TableOne(lesions, columns=["paired"], categorical=["paired"], groupby="kind")
    counts = lesions.groupby(["table2_row", "kind"], observed=True).size().to_dict()
    pairs = lesions.groupby(["kind", "paired"], observed=True).size().to_dict()
    return _collect({s: [int(ever[s].sum()), int(ever[s].notna().sum())] for s in SYMPTOMS}, counts, pairs)


def _collect(ever: dict, counts: dict, pairs: dict) -> dict:
    from marrowmap.core.record.joints import table2_rows

    table2 = {r.row: [counts.get((r.row, k), 0) for k in ("clinical", "imaging")] for r in table2_rows()}
    for entry in table2_rows():
        if entry.parent:
            for column, kind in enumerate(("clinical", "imaging")):
                table2[entry.parent][column] += counts.get((entry.row, kind), 0)
    return {"table1": ever, "table2": table2, "cross": [pairs["clinical", True], pairs["clinical", False]]}


def measure(engine: str, folder: Path, repeats: int) -> dict:
    """Median seconds, peak memory of the process in GiB, and the numbers."""
    run = globals()[f"run_{engine}"]
    run_once = run(folder)  # imports and the disc cache are warm from here on
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run(folder)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": statistics.median(seconds), "peak_gib": peak, "numbers": run_once}


def main() -> None:
    """Make the extract, measure each engine in a fresh process, check that all agree, print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        engine, folder = options.measure
        repeats = 1 if engine == "pandas_tableone" else options.repeats
        print(json.dumps(measure(engine, Path(folder), repeats)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "extract"
        make_extract(folder, options.patients)
        found = {}
        for engine in ENGINES:
            command = [
                sys.executable,
                __file__,
                "--repeats",
                str(options.repeats),
                "--measure",
                engine,
                str(folder),
            ]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[engine] = json.loads(done.stdout.splitlines()[-1])
    ours = found["marrowmap"]
    for name, parts in found.items():
        for table in ("table1", "cross"):
            assert parts["numbers"][table] == ours["numbers"][table], f"{name} differs in {table}"
        assert all(ours["numbers"]["table2"][r] == n for r, n in parts["numbers"]["table2"].items()), name
    result = {
        "patients": options.patients,
        "visits": options.patients * VISITS_PER_PATIENT,
        "lesions": options.patients * LESIONS_PER_PATIENT,
        "engines": {
            name: {
                "seconds": round(parts["seconds"], 3),
                "ratio_to_marrowmap": round(parts["seconds"] / ours["seconds"], 2),
                "peak_gib": round(parts["peak_gib"], 2),
            }
            for name, parts in found.items()
        },
    }
    if options.json:
        print(json.dumps(result))
        return
    print(f"{result['patients']} patients, {result['visits']} visits, {result['lesions']} lesions; all agree")
    for name, parts in result["engines"].items():
        seconds, ratio, peak = parts["seconds"], parts["ratio_to_marrowmap"], parts["peak_gib"]
        print(f"{name:<16} {seconds:8.3f} s   x{ratio:<8} {peak:.2f} GiB")


if __name__ == "__main__":
    main()
