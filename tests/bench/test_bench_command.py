"""What ``marrowmap bench`` tells of itself and how it prints."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from marrowmap.bench.candidates import HIDDEN
from marrowmap.cli.bench import _print, bench_app


def test_help_names_every_ablation():
    told = CliRunner().invoke(bench_app, ["candidates", "--help"], env={"COLUMNS": "200"}).stdout
    told = " ".join(told.replace("│", " ").split())
    for what in ("DWI", "T1", *HIDDEN):
        assert what in told


@pytest.mark.parametrize("as_json", [True, False])
def test_own_exams_say_once_what_a_hit_is(known_study, small_exam, as_json):
    arguments = ["own", str(known_study), "--truth", str(small_exam.folder / "lesions.nii.gz")]
    told = CliRunner().invoke(bench_app, [*arguments, *(["--json"] if as_json else [])]).stdout
    assert told.count("15 % of the smaller of both") == 1
    assert told.count("Measured on the exams given") == 1
    if as_json:
        assert json.loads(told)["sensitivity"]["value"] == 1.0


def test_groups_within_groups_are_set_in(capsys):
    two = {"value": 0.5, "ci95": [0.25, 1.0], "n_exams": 2}
    _print({"by_region": {"spine": {"sensitivity": two}}}, as_json=False)
    assert (
        "by_region: \n  spine: \n    sensitivity: 0.500 (0.250 to 1.000; 2 exams)\n"
        in capsys.readouterr().out
    )
