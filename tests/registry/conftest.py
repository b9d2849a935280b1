"""Each test that takes ``registry`` runs on a SQLite file and on a PostgreSQL server of its own."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from marrowmap.registry.database import open_registry
from marrowmap.registry.longfiles import RawRow
from marrowmap.registry.schema import metadata

_FOLDERS = [f"/usr/lib/postgresql/{v}/bin" for v in range(18, 11, -1)]


def _program(name: str) -> str | None:
    for folder in _FOLDERS:
        if Path(folder, name).exists():
            return str(Path(folder, name))
    return shutil.which(name)


def _other_user() -> dict:
    """PostgreSQL refuses to run as root, so root drops to a user without rights."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return {}


@pytest.fixture(scope="session")
def postgres_url():
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    if not initdb or not pg_ctl:
        pytest.skip("PostgreSQL's own programs initdb and pg_ctl are not installed")
    user = _other_user()
    if os.geteuid() == 0 and not user:
        pytest.skip("running as root and no other user is there to run PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="mm-pg-", dir="/tmp"))
    if user:
        os.chown(folder, user["user"], user["group"])
    data = folder / "data"
    quiet = {"check": True, "capture_output": True, "cwd": folder, "timeout": 60, **user}
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    try:
        subprocess.run(
            [initdb, "-D", data, "-U", "marrowmap", "-A", "trust", "-E", "UTF8", "--no-sync"], **quiet
        )
        subprocess.run([pg_ctl, "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], **quiet)
        yield f"postgresql://marrowmap@/postgres?host={folder}"
        subprocess.run([pg_ctl, "-D", data, "-m", "immediate", "-w", "stop"], **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def registry_place(request, tmp_path):
    """A path or URL where no registry is yet."""
    if request.param == "sqlite":
        return str(tmp_path / "registry.db")
    url = request.getfixturevalue("postgres_url")
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture
def registry(registry_place):
    opened = open_registry(registry_place)
    yield opened
    opened.close()


@pytest.fixture
def small_cohort():
    """Two children as raw rows; tests change it at will."""

    def rows(table, *records):
        return [RawRow(f"{table}.csv", n, dict(r)) for n, r in enumerate(records, start=2)]

    return {
        "patients": rows(
            "patients",
            {
                "patient_id": "P1",
                "sex": "F",
                "birth_month": "2008-03",
                "onset_date": "2018-05-01",
                "hla_b27": "",
            },
            {
                "patient_id": "P2",
                "sex": "M",
                "birth_month": "2010-07",
                "onset_date": "2019-01-10",
                "hla_b27": "1",
            },
        ),
        "visits": rows(
            "visits",
            {
                "visit_id": "V1",
                "patient_id": "P1",
                "visit_date": "2018-06-01",
                "fever_above_38_5": "0",
                "crp_mg_per_l": "12",
            },
            {
                "visit_id": "V2",
                "patient_id": "P2",
                "visit_date": "2019-02-01",
                "fever_above_38_5": "",
                "crp_mg_per_l": "",
            },
        ),
        "exams": rows(
            "exams",
            {"exam_id": "E1", "patient_id": "P1", "exam_date": "2018-06-02", "kind": "whole_body_mri"},
        ),
        "lesions": rows(
            "lesions",
            {"lesion_id": "L1", "patient_id": "P1", "kind": "clinical", "place": "knee_left", "pair_id": "A"},
            {
                "lesion_id": "L2",
                "patient_id": "P1",
                "kind": "imaging",
                "site_id": "femur_distal_metaphysis_left",
                "pair_id": "A",
                "exam_id": "E1",
            },
        ),
        "treatments": rows(
            "treatments",
            {
                "treatment_id": "T1",
                "patient_id": "P1",
                "drug": "naproxen",
                "start_date": "2018-06-02",
                "stop_date": "2018-12-01",
            },
        ),
    }


@pytest.fixture
def shape():
    return metadata
