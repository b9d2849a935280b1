"""Fixtures of the report's tests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from invented_exam import make_study

from marrowmap.core.study import Study


@pytest.fixture(scope="session")
def invented_study() -> Study:
    return make_study()


@pytest.fixture(scope="session")
def patient_study() -> Study:
    """The same exam as of a real patient, without candidates."""
    study = make_study(synthetic=False)
    return replace(study, candidates=(), candidate_labels=None)
