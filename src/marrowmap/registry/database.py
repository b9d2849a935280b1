"""Open a registry: a SQLite file by default, PostgreSQL by URL, brought to the newest shape by Alembic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from marrowmap.errors import InputError

_CHAIN_LOCK = 0x6D6172726F77
"""Advisory lock of PostgreSQL under which events are chained, so that two writers cannot fork the chain."""


class RegistryUnavailable(InputError):
    """The registry cannot be opened."""


_WRITES = "marrowmap_writes"


@dataclass(frozen=True)
class Registry:
    """An open registry. ``engine`` is SQLAlchemy's; everything that writes goes through ``writing``."""

    engine: sa.Engine

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction that writes: all of it is stored, or nothing."""
        with self.engine.connect() as plain:
            connection = plain.execution_options(**{_WRITES: True})
            with connection.begin():
                if self.engine.dialect.name == "postgresql":
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
                yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent look at the registry."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        """Every row of a table in key order."""
        with self.reading() as connection:
            found = connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            return [dict(row) for row in found.mappings()]

    def close(self) -> None:
        """Let go of the file or the server."""
        self.engine.dispose()


def open_registry(where: str | Path) -> Registry:
    """Open, or create, the registry at a file path or at a ``postgresql://`` URL, and migrate it.

    Raises RegistryUnavailable when it cannot be reached, is no registry, or comes from a newer version.
    """
    url = _url(where)
    engine = _engine(url)
    shown = url.render_as_string(hide_password=True)
    try:
        _migrate(engine)
    except sa.exc.DBAPIError as error:
        engine.dispose()
        raise RegistryUnavailable(
            shown, str(error.orig).strip().rstrip("."), "Check the path or URL"
        ) from error
    except InputError:
        engine.dispose()
        raise
    return Registry(engine)


def _url(where: str | Path) -> sa.URL:
    text = str(where)
    if text.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        return make_url(text).set(drivername="postgresql+psycopg")
    if text.startswith("sqlite:"):
        return make_url(text)
    if "://" in text:
        raise RegistryUnavailable(text.split("@")[-1], "is neither a file nor a PostgreSQL URL", "Use a path")
    path = Path(text)
    if not path.parent.is_dir():
        raise RegistryUnavailable(text, "its folder does not exist", "Make the folder first")
    return sa.URL.create("sqlite", database=str(path))


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    engine = sa.create_engine(url, connect_args={"timeout": 30})

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:
        # the driver's own BEGIN is deferred and does not cover DDL; ours is explicit
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        if url.database not in (None, "", ":memory:"):
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def alembic_config() -> Config:
    """Alembic's settings for the migrations inside this package."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("marrowmap.registry") / "migrations"))
    return config


def _migrate(engine: sa.Engine) -> None:
    config = alembic_config()
    newest = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect().execution_options(**{_WRITES: True}) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        if current == newest:
            return
        known = {s.revision for s in ScriptDirectory.from_config(config).walk_revisions()}
        if current is not None and current not in known:
            raise RegistryUnavailable(
                "registry", f"its shape {current} is unknown to this version", "Update marrowmap"
            )
        if current is None and sa.inspect(connection).has_table("patients"):
            raise RegistryUnavailable("registry", "holds tables of another program", "Choose another file")
        connection.rollback()
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
