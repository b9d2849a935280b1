"""Exams cut to a part of the body, and what is counted there."""

from __future__ import annotations

import numpy as np
import pytest

from marrowmap.bench.exams import BenchExam
from marrowmap.bench.parts import LONGEST_MM, compare, cut_to
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import mirror, sites_by_id
from marrowmap.core.volume import Contrast, Volume
from marrowmap.errors import InputError
from marrowmap.phantom.exam import ExamRequest

SITES = sites_by_id()
ILIUM, SHIN = SITES["ilium_left"], SITES["tibia_diaphysis_left"]


@pytest.fixture
def exam() -> BenchExam:
    grid = Grid.coronal((4, 400, 20), (5.0, 2.0, 2.0), PointMm(0, 0, 0))
    sites = np.zeros(grid.shape, np.uint8)
    sites[1:3, 100:140, 5:15] = ILIUM.label
    sites[1:3, 200:380, 5:15] = SHIN.label
    rows = np.broadcast_to(np.arange(400, dtype=np.float32)[None, :, None], grid.shape).copy()
    volume = Volume(rows, grid, Contrast.STIR, station=np.zeros(400, np.int16))
    none = np.zeros(grid.shape, np.uint16)
    request = ExamRequest(1, age_years=9.0).settled()
    return BenchExam(request, {"STIR": volume}, grid, sites, none, none, ())


def test_rows_of_the_part_keep_their_place_in_the_patient(exam: BenchExam) -> None:
    cut = cut_to(exam, "pelvis")
    volume = cut.volumes["STIR"]
    assert np.unique(cut.sites).tolist() == [0, ILIUM.label]
    assert volume.array.shape == cut.sites.shape == cut.grid.shape
    first = int(volume.array[0, 0, 0])
    z_of_row = exam.grid.affine[2, 3] + first * exam.grid.affine[2, 1]
    assert cut.grid.affine[2, 3] == pytest.approx(z_of_row)
    assert first == 100 - 20


def test_no_part_is_as_long_as_a_whole_body(exam: BenchExam) -> None:
    exam.sites[1:3, 10:390, 5:15] = SHIN.label
    cut = cut_to(exam, "legs")
    assert cut.grid.shape[1] * 2 <= LONGEST_MM


def test_an_unknown_part_is_refused(exam: BenchExam) -> None:
    with pytest.raises(InputError, match="tail"):
        cut_to(exam, "tail")


def test_swapped_sides_and_bone_named_in_air_are_counted(exam: BenchExam) -> None:
    twin = mirror(SHIN)
    assert twin is not None
    found = np.where(exam.sites == SHIN.label, twin.label, exam.sites).astype(np.uint8)
    found[0, 0, 0] = ILIUM.label
    record = compare(exam.sites, found)
    n_ilium, n_shin = (float((exam.sites == u.label).sum()) for u in (ILIUM, SHIN))
    assert record.bone == (n_ilium + n_shin, n_ilium + n_shin)
    assert record.name == record.side == (n_ilium, n_ilium + n_shin)
    assert record.false == (1.0, n_ilium + n_shin + 1)
