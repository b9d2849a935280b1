"""What is measured of a candidate, written to study.json and read back; and studies of earlier versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from marrowmap.core.exam import Exam, Patient, Scanner, Sex
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.lesion import NOT_RECORDED, Candidate, Measured, MeasuredHeights, UnitShare
from marrowmap.core.protocol import ProtocolReport, ProtocolStatus
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.study import Study
from marrowmap.exchange.study_folder import study_to_dict, write_study
from marrowmap.exchange.study_reader import read_study_folder

SCHEMA = json.loads((Path(__file__).parents[2] / "contract" / "study.schema.json").read_text("utf-8"))
GRID = Grid.coronal((2, 3, 4), (5.0, 2.0, 2.0), PointMm(0, 0, 0))
HEIGHTS = MeasuredHeights(
    Measured(12.0, "mm", 0.4),
    Measured(15.0, "mm", 0.4),
    Measured(18.0, "mm", 0.4),
    Measured(None, "mm", None, "no neighbouring vertebra could be measured"),
)
CANDIDATE = Candidate(
    "c1",
    "vertebra_t8",
    PointMm(1, 2, 3),
    Measured(1.0, "ml", 0.1),
    Measured(14.0, "mm", 2.0),
    Measured(30.0, "%", 3.0, note="of the part in view"),
    Measured(3.4, "ratio", 0.2),
    Measured(None, "ratio", None, "the exam has no T1"),
    Measured(1300.0, "1e-6 mm2/s", 40.0),
    Measured(1100.0, "1e-6 mm2/s", 60.0),
    0.8,
    ("3.4 times muscle on STIR",),
    1,
    periosteal_ratio=Measured(2.4, "ratio", 0.3),
    soft_tissue_ratio=Measured(None, "ratio", None, "too little tissue in view beside the bone"),
    heights=HEIGHTS,
    units=(
        UnitShare("vertebra_t8", Measured(30.0, "%", 3.0, note="of the part in view")),
        UnitShare("vertebra_t9", Measured(2.0, "%", 1.0)),
    ),
)
STUDY = Study(
    Exam(Patient("K", 9.0, Sex.FEMALE, None, True), Scanner("none", "none", 1.5), None, "1.2.3", (), (), 0),
    ProtocolReport(ProtocolStatus.COMPLETE, ()),
    {},
    (),
    Skeleton(np.ones(GRID.shape, np.uint8), GRID, "made"),
    (CANDIDATE,),
    np.ones(GRID.shape, np.uint16),
    (),
    "test",
    "made by a test",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_study(STUDY, tmp_path)
    return tmp_path


def stored(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "study.json").read_text("utf-8")))


def test_all_that_was_measured_of_a_candidate_comes_back(folder: Path) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(stored(folder))
    (back,) = read_study_folder(folder).candidates
    assert back == CANDIDATE


def test_the_file_says_share_heights_and_reasons(folder: Path) -> None:
    (entry,) = stored(folder)["candidates"]
    assert entry["measured"]["periosteal_ratio"]["value"] == 2.4
    assert entry["measured"]["soft_tissue_ratio"]["value"] is None
    assert "too little" in entry["measured"]["soft_tissue_ratio"]["why_missing"]
    assert entry["measured"]["extent_percent"]["note"] == "of the part in view"
    assert entry["heights"]["anterior_mm"] == {
        "value": 12.0, "unit": "mm", "uncertainty": 0.4, "why_missing": "", "note": "",
    }  # fmt: skip
    assert [(u["site"], u["percent"]["value"]) for u in entry["units"]] == [
        ("vertebra_t8", 30.0),
        ("vertebra_t9", 2.0),
    ]


def test_a_study_of_an_earlier_version_is_read_and_says_that_it_holds_less(folder: Path) -> None:
    record = stored(folder)
    (entry,) = record["candidates"]
    del entry["heights"], entry["units"]
    for name in ("periosteal_ratio", "soft_tissue_ratio"):
        del entry["measured"][name]
    for measured in entry["measured"].values():
        del measured["note"]
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    (folder / "study.json").write_text(json.dumps(record), "utf-8")
    (back,) = read_study_folder(folder).candidates
    assert back.periosteal_ratio == back.soft_tissue_ratio == NOT_RECORDED
    assert (back.heights, back.units) == (None, ())
    assert back.extent_percent == Measured(30.0, "%", 3.0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: c["heights"].pop("reference_mm"),
        lambda c: c["heights"].update(width_mm=c["heights"]["middle_mm"]),
        lambda c: c["units"][0].pop("percent"),
        lambda c: c["units"].append("vertebra_t9"),
        lambda c: c["measured"]["si_ratio"].update(uncertainty=-1),
    ],
)
def test_the_contract_refuses_what_is_not_whole(spoil: Any) -> None:
    record = json.loads(json.dumps(study_to_dict(STUDY)))
    spoil(record["candidates"][0])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(record)
