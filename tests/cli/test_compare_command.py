"""Two study folders compared end to end; the studies are painted from digital children, so the truth is known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from marrowmap.bench.followup_pairs import ExamPair, PairExam, make_pair
from marrowmap.cli.compare import compare
from marrowmap.core.exam import Exam, Patient, Scanner, Sex
from marrowmap.core.geometry import PointMm
from marrowmap.core.lesion import Candidate, Lesion, Measured, SiteExtent
from marrowmap.core.protocol import ProtocolReport, ProtocolStatus
from marrowmap.core.reading import Reading
from marrowmap.core.site import Region, all_sites, site
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.study import Study
from marrowmap.core.volume import Contrast, Volume
from marrowmap.errors import InputError, InvalidRecord, OutputExists
from marrowmap.exchange.reading_json import reading_to_dict
from marrowmap.exchange.study_folder import study_to_dict, write_study
from marrowmap.exchange.study_reader import read_stored_reading, read_study_folder
from marrowmap.followup import follow_up, open_side, side_of
from marrowmap.imaging.bone_frame import units_of

runner = CliRunner()
app = typer.Typer()
app.command()(compare)


def study_of(exam: PairExam, day: date) -> Study:
    """A study as `read` would make it, with the true labels and the true lesions as candidates."""
    skeleton = exam.skeleton()
    marks = np.zeros(exam.grid.shape, np.uint16)
    candidates = []
    for number, outline in exam.outlines.items():
        units = units_of(skeleton, outline.points_mm)
        voxels = np.rint(
            (outline.points_mm - exam.grid.affine[:3, 3]) @ np.linalg.inv(exam.grid.affine[:3, :3]).T
        ).astype(int)
        marks[tuple(voxels.T)] = number
        none = Measured(None, "", None, "not measured")
        candidates.append(
            Candidate(
                f"c{number}", units[0].id, PointMm(*outline.points_mm.mean(axis=0)),
                Measured(outline.volume_ml, "ml", 0.1), none, Measured(20.0, "%"),
                Measured(exam.truth[number].ratio, "ratio"), none, none, none, 0.9, ("made",), number,
            )
        )  # fmt: skip
    signal = np.where(exam.sites > 0, 60, 30).astype(np.float32)
    signal[marks > 0] = 200
    volume = Volume(signal, exam.grid, Contrast.STIR)
    return Study(
        Exam(Patient("SYN1", 9.0, Sex.FEMALE, None, True), Scanner("none", "none", 1.5), day, f"1.2.{day:%Y%m%d}",
             (), (), 0),
        ProtocolReport(ProtocolStatus.COMPLETE, ()), {"STIR": volume}, (), skeleton, tuple(candidates), marks,
        (), "test", "made by a test",
    )  # fmt: skip


@pytest.fixture(scope="module")
def pair() -> ExamPair:
    return make_pair(3, "analytic", volumes=False)


@pytest.fixture(scope="module")
def studies(pair: ExamPair) -> tuple[Study, Study]:
    return study_of(pair.before, date(2020, 1, 1)), study_of(pair.after, date(2021, 1, 1))


@pytest.fixture(scope="module")
def folders(studies: tuple[Study, Study], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made = []
    for study in studies:
        folder = tmp_path_factory.mktemp("study")
        write_study(study, folder)
        made.append(folder)
    return made[0], made[1]


def reading_for(study: Study, reader: str = "reader") -> Reading:
    lesions = tuple(
        Lesion(f"L{c.label}", (SiteExtent(c.site_id),), candidate_id=c.id, centre_mm=c.centre_mm,
               volume_ml=c.volume_ml.value, si_ratio=c.si_ratio.value)
        for c in study.candidates
    )  # fmt: skip
    seen = {x.site.id for x in lesions}
    return Reading(
        f"r-{study.exam.study_uid}", study.exam.study_uid, "SYN1", reader, study.exam.exam_date, lesions,
        normal=frozenset(s.id for s in all_sites()) - seen, synthetic=True,
    )  # fmt: skip


def test_a_study_folder_comes_back_as_it_was_written(
    studies: tuple[Study, Study], folders: tuple[Path, Path]
) -> None:
    for study, folder in zip(studies, folders, strict=True):
        back = read_study_folder(folder)
        assert study_to_dict(back) == study_to_dict(study)
        assert np.array_equal(back.volumes["STIR"].array, study.volumes["STIR"].array)
        assert back.skeleton is not None
        assert study.skeleton is not None
        assert np.array_equal(back.skeleton.labels, study.skeleton.labels)
        assert np.array_equal(back.candidate_labels, study.candidate_labels)


def test_a_folder_without_a_study_and_a_broken_one_are_told(
    tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    with pytest.raises(InputError, match=r"no study\.json"):
        read_study_folder(tmp_path)
    record = json.loads((folders[0] / "study.json").read_text())
    del record["candidates"]
    (tmp_path / "study.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"not complete|no such file"):
        read_study_folder(tmp_path)


def test_a_file_outside_the_folder_is_not_read(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    record = json.loads((folders[0] / "study.json").read_text())
    record["volumes"][0]["file"] = "../../somewhere.nii.gz"
    record["labels"]["file"] = None
    (tmp_path / "study.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="outside"):
        read_study_folder(tmp_path)


def test_the_true_pairs_are_proposed_and_nothing_is_confirmed(
    pair: ExamPair, studies: tuple[Study, Study]
) -> None:
    result = follow_up(*(side_of(s, None) for s in studies))
    got = {(int(p.before_id[1:]), int(p.after_id[1:])) for p in result.comparison.pairs}
    assert got == pair.true_pairs()
    assert result.comparison.provisional
    assert not any(c.confirmed for c in result.comparison.changes)


def test_the_command_writes_page_pairs_and_readings_without_shared_identity(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "compared"
    done = runner.invoke(app, [str(folders[0]), str(folders[1]), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer == json.loads((out / "comparison.json").read_text())
    assert answer["synthetic"] is True
    assert answer["provisional"] is True
    assert any("PROPOSED" in text for text in answer["limits"])
    page = (out / "followup.html").read_text()
    for text in ("SYNTHETIC", "machine candidates", "30 %", "<svg"):
        assert text in page
    readings = [json.loads((out / f"{name}_reading.json").read_text()) for name in ("baseline", "followup")]
    uids = [{x["tracking_uid"] for x in r["lesions"]} for r in readings]
    assert not uids[0] & uids[1]
    assert runner.invoke(app, [str(folders[0]), str(folders[1])]).exit_code == 0


def test_a_reader_confirms_one_pair_and_rejects_another(
    studies: tuple[Study, Study], folders: tuple[Path, Path], tmp_path: Path
) -> None:
    files = []
    for study, name in zip(studies, ("a", "b"), strict=True):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(reading_to_dict(reading_for(study))))
        files.append(file)
    given = ["--baseline-reading", str(files[0]), "--followup-reading", str(files[1])]
    out = tmp_path / "first"
    assert runner.invoke(app, [*map(str, folders), *given, "--out", str(out)]).exit_code == 0
    pairs = json.loads((out / "pairs.json").read_text())
    pairs[0]["state"], pairs[1]["state"] = "confirmed", "rejected"
    chosen = tmp_path / "pairs.json"
    chosen.write_text(json.dumps(pairs))
    again = tmp_path / "second"
    done = runner.invoke(app, [*map(str, folders), *given, "--pairs", str(chosen), "--out", str(again)])
    assert done.exit_code == 0, done.output
    uid = {}
    for name in ("baseline", "followup"):
        held = json.loads((again / f"{name}_reading.json").read_text())["lesions"]
        uid |= {(name, x["id"]): x["tracking_uid"] for x in held}
    for k, same in ((0, True), (1, False)):
        one, two = uid["baseline", pairs[k]["before_id"]], uid["followup", pairs[k]["after_id"]]
        assert (one == two) is same
    with pytest.raises(OutputExists):
        runner.invoke(
            app, [*map(str, folders), "--out", str(again)], catch_exceptions=False, standalone_mode=False
        )


def test_pairs_of_another_comparison_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    chosen = tmp_path / "pairs.json"
    chosen.write_text(json.dumps([{"before_id": "nobody", "after_id": "c1", "state": "confirmed"}]))
    with pytest.raises(InvalidRecord, match="earlier reading"):
        runner.invoke(
            app, [*map(str, folders), "--pairs", str(chosen)], catch_exceptions=False, standalone_mode=False
        )


def test_a_reading_of_another_exam_is_refused(
    studies: tuple[Study, Study], folders: tuple[Path, Path], tmp_path: Path
) -> None:
    file = tmp_path / "r.json"
    file.write_text(json.dumps(reading_to_dict(reading_for(studies[1]))))
    with pytest.raises(InvalidRecord, match="not of"):
        open_side(folders[0], file)


def test_outlines_saved_beside_a_reading_are_used(studies: tuple[Study, Study], tmp_path: Path) -> None:
    grid = studies[0].volumes["STIR"].grid
    box = {"origin": [2, 3, 4], "shape": [1, 2, 4], "bits": "8A=="}  # 1111 0000
    data = {**reading_to_dict(reading_for(studies[0])), "outlines": {"L1": box, "L2": {"origin": "wrong"}}}
    (tmp_path / "reading.json").write_text(json.dumps(data))
    stored = read_stored_reading(tmp_path, grid)
    assert stored is not None
    assert list(stored.outlines) == ["L1"]
    assert stored.outlines["L1"].sum() == 4
    assert stored.outlines["L1"][2, 3, 4:8].all()


# ---------------------------------------------------------------- what was not covered


def without_feet(study: Study) -> Study:
    assert study.skeleton is not None
    feet = [s for s in all_sites() if s.region is Region.FOOT]
    rows = np.flatnonzero(np.isin(study.skeleton.labels, [s.label for s in feet]).any(axis=(0, 2)))
    labels = study.skeleton.labels.copy()
    labels[:, rows[0] :] = 0
    left = {int(v) for v in np.unique(labels)}
    coverage = {s.id: Coverage.COVERED if s.label in left else Coverage.NOT_COVERED for s in all_sites()}
    kept = tuple(c for c in study.candidates if coverage[c.site_id] is Coverage.COVERED)
    skeleton = Skeleton(labels, study.skeleton.grid, "cut", coverage=coverage)
    return replace(study, skeleton=skeleton, candidates=kept)


def test_foot_lesions_of_an_exam_without_feet_are_never_resolved_or_new(studies: tuple[Study, Study]) -> None:
    foot = next(s.id for s in all_sites() if s.id == "talus_left")
    skeleton = studies[0].skeleton
    assert skeleton is not None
    voxel = np.argwhere(skeleton.labels == site(foot).label)[0]
    place = PointMm(*(skeleton.grid.affine[:3, :3] @ voxel + skeleton.grid.affine[:3, 3]))
    extra = replace(studies[0].candidates[0], id="c900", site_id=foot, centre_mm=place, label=900)
    with_foot = replace(studies[0], candidates=(*studies[0].candidates, extra))
    cut = without_feet(studies[1])
    lost = follow_up(side_of(with_foot, None), side_of(cut, None)).comparison
    found = {c.site_id: c.kind for c in lost.changes}
    assert found[foot] == "not_comparable"


@pytest.mark.parametrize("which", [0, 1])
def test_an_exam_without_any_label_is_compared_by_units_alone(
    studies: tuple[Study, Study], which: int
) -> None:
    readings = [reading_for(s) for s in studies]
    bare = [
        replace(s, skeleton=None, candidate_labels=None) if k == which else s for k, s in enumerate(studies)
    ]
    from marrowmap.exchange.study_reader import StoredReading

    result = follow_up(*(side_of(s, StoredReading(r, {})) for s, r in zip(bare, readings, strict=True)))
    assert result.fit is None
    assert result.legs[which] is None
    assert "unit that was stated alone" in result.notes[0]
    assert result.comparison.changes


def test_an_exam_that_shows_one_leg_alone_does_not_break_it(studies: tuple[Study, Study]) -> None:
    skeleton = studies[1].skeleton
    assert skeleton is not None
    keep = [s.label for s in all_sites() if s.bone == "tibia" and s.side == "left"]
    labels = np.where(np.isin(skeleton.labels, keep), skeleton.labels, 0).astype(np.uint8)
    coverage = {s.id: Coverage.COVERED if s.label in keep else Coverage.NOT_COVERED for s in all_sites()}
    small = Skeleton(labels, skeleton.grid, "cut", coverage=coverage)
    study = replace(studies[1], skeleton=small, candidates=(), candidate_labels=None)
    result = follow_up(side_of(studies[0], None), side_of(study, None))
    kinds = {c.kind for c in result.comparison.changes if not c.site_id.startswith("tibia")}
    assert kinds <= {"not_comparable"}
    assert "not measured" in result.legs[1].sentence()  # type: ignore[union-attr]
