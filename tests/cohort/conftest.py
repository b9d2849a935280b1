"""The made-up cohort, and a way to build tiny cohorts by hand."""

from datetime import date

import pytest

from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.demo.records import records
from marrowmap.cohort.extract import extract_in_memory


@pytest.fixture(scope="session")
def demo_rows():
    return records()


@pytest.fixture(scope="session")
def demo_cohort(demo_rows):
    return Cohort(extract_in_memory(demo_rows, synthetic=True, shuffle_seed=0))


@pytest.fixture
def build():
    """Cohort from rows given by table; ids of rows are made up, patients are named by their rows."""

    def make(patients=(), visits=(), exams=(), lesions=(), treatments=()):
        rows = {
            "patients": [{"patient_id": p} if isinstance(p, str) else p for p in patients],
            "visits": [{"visit_date": date(2020, 1, 1), **v} for v in visits],
            "exams": list(exams),
            "lesions": list(lesions),
            "treatments": list(treatments),
        }
        return Cohort(extract_in_memory(rows, synthetic=False, shuffle_seed=1))

    return make
