"""One body, made once for all tests of the digital child."""

from __future__ import annotations

from pathlib import Path

import pytest
from asymmetric_child import LESIONS

from marrowmap.phantom.analytic import analytic_body
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.lesions import Surroundings, lesion_at
from marrowmap.phantom.scene import clouds_of
from marrowmap.phantom.truth import ExamTruth


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
    return [lesion_at(5, i, name, around, "easy") for i, name in enumerate(LESIONS, start=1)]


@pytest.fixture(scope="session")
def small_dicom(small_exam: ExamTruth) -> Path:
    """Folder of the small exam's images."""
    return small_exam.folder / "dicom"
