"""One small exam and one composed body, made once for all tests of the digital child."""

from __future__ import annotations

from pathlib import Path

import pytest

from marrowmap.phantom.analytic import analytic_body
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.exam import ExamRequest, write_exam
from marrowmap.phantom.lesions import Surroundings, lesion_at
from marrowmap.phantom.scene import clouds_of
from marrowmap.phantom.truth import ExamTruth

ASYMMETRIC = ("tibia_proximal_metaphysis_left", "femur_distal_metaphysis_left", "ilium_right", "vertebra_t8")


@pytest.fixture(scope="session")
def small_exam(tmp_path_factory: pytest.TempPathFactory) -> ExamTruth:
    """A coarse Siemens exam of the analytic child with four lesions, all limb lesions on the left."""
    out = tmp_path_factory.mktemp("phantom") / "exam"
    request = ExamRequest(5, 10, "F", ASYMMETRIC, "easy", "analytic", 1.5, "siemens", small=True, tilt=True)
    return write_exam(request, out)


@pytest.fixture(scope="session")
def ten_year_old():
    """Analytic body of ten years with twelve thoracic levels."""
    return analytic_body(ChildSpec(3, 10.0, "F", thoracic_levels=12, transitional="none"))


@pytest.fixture(scope="session")
def around(ten_year_old) -> Surroundings:
    """Its marrow points."""
    return Surroundings.of(ten_year_old, clouds_of(ten_year_old, 4.0))


@pytest.fixture(scope="session")
def four_lesions(around: Surroundings):
    """One strong lesion in each of four units."""
    return [lesion_at(5, i, name, around, "easy") for i, name in enumerate(ASYMMETRIC, start=1)]


@pytest.fixture(scope="session")
def small_dicom(small_exam: ExamTruth) -> Path:
    """Folder of the small exam's images."""
    return small_exam.folder / "dicom"
