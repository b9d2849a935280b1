"""What all tests share: the folder of helpers is importable, real data are found where they lie beside us."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "helpers"))

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real MR files; skips where it does not lie beside the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real MR files (../shared/data) do not lie beside the project")
    return SHARED_DATA
