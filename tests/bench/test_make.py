"""The sheet of an evaluation set, on an exam made by hand, and the seed ranges that keep sets apart."""

import csv

import numpy as np

from marrowmap.bench import make
from marrowmap.bench.exams import BenchExam, TrueLesion
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import site
from marrowmap.phantom.sets import SHEETS, bench_set


def hand_made(request, _cache):
    grid = Grid.coronal((2, 2, 2), (5, 2, 2), PointMm(0, 0, 0))
    empty = np.zeros(grid.shape, np.uint16)
    truth = (TrueLesion(1, site("vertebra_t8").label, 1.25, 0.5, False),) if request.lesions == "cno" else ()
    return BenchExam(request, {}, grid, empty.astype(np.uint8), empty, empty, truth)


def test_the_sheet_says_what_each_exam_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(make, "exam_of", hand_made)
    sheet = make.make_set("test", tmp_path / "sets", 6, lambda _: None)

    rows = list(csv.DictReader(sheet.open(encoding="utf-8")))

    assert [int(r["seed"]) for r in rows] == [r.seed for r in bench_set("test", 6)]
    for row in rows:
        with_cno = row["kind"] in ("easy", "clinical", "hard")
        assert row["n_lesions"] == ("1" if with_cno else "0")
        assert row["units"] == ("vertebra_t8" if with_cno else "")
    assert not list((tmp_path / "sets").glob("*.partial"))


def test_no_child_is_in_two_sets():
    seeds = [r.seed for name in SHEETS for r in bench_set(name)]

    assert len(seeds) == len(set(seeds))
    assert all(len(bench_set(name)) == sheet.size for name, sheet in SHEETS.items())
