"""Rows of a registry for an extract."""

from __future__ import annotations

from typing import Any

from marrowmap.registry.database import Registry, open_registry
from marrowmap.registry.filing import SYNTHETIC_PREFIX
from marrowmap.registry.schema import LONG_TABLES


def registry_rows(where: str) -> tuple[dict[str, list[dict[str, Any]]], bool]:
    """Rows of the five long tables, and whether any child in them is made up."""
    registry = open_registry(where)
    try:
        return rows_of_registry(registry)
    finally:
        registry.close()


def rows_of_registry(registry: Registry) -> tuple[dict[str, list[dict[str, Any]]], bool]:
    """The same of a registry that is open."""
    rows = {name: registry.rows(table) for name, table in LONG_TABLES.items()}
    return rows, any(p["patient_id"].startswith(SYNTHETIC_PREFIX) for p in rows["patients"])
