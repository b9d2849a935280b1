"""What all tests share: the folder of helpers is importable, real data are found where they lie beside us."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from marrowmap.phantom.truth import ExamTruth

sys.path.insert(0, str(Path(__file__).parent / "helpers"))

# A busy machine is no failure, and the same examples come each time.
settings.register_profile("same-each-time", deadline=None, derandomize=True)
settings.load_profile("same-each-time")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real MR files; skips where it does not lie beside the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real MR files (../shared/data) do not lie beside the project")
    return SHARED_DATA


@pytest.fixture(scope="session")
def small_exam(tmp_path_factory: pytest.TempPathFactory) -> ExamTruth:
    """A coarse exam of a digital child whose limb lesions are all on the left, made once for all tests."""
    from asymmetric_child import LESIONS

    from marrowmap.phantom.exam import ExamRequest, write_exam

    out = tmp_path_factory.mktemp("phantom") / "exam"
    request = ExamRequest(5, 10, "F", LESIONS, "easy", "analytic", 1.5, "siemens", small=True, tilt=True)
    return write_exam(request, out)


@pytest.fixture(scope="session")
def small_study(small_exam: ExamTruth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Study folder of the small exam, with its pages: what the main job makes, once for all tests."""
    from marrowmap.pipeline import ReadRequest, read_study
    from marrowmap.web.pages_of_study import write_pages

    out = tmp_path_factory.mktemp("data") / "child"
    request = ReadRequest(small_exam.folder / "dicom", out, command="marrowmap read EXAM --out STUDY")
    read_study(request, additions=[write_pages])
    return out


@pytest.fixture(scope="session")
def known_study(small_exam: ExamTruth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Study folder of the small exam whose labels and candidates are the truth: pages without the networks."""
    from known_study import write_known_study

    out = tmp_path_factory.mktemp("known") / "child"
    write_known_study(small_exam, out)
    return out
