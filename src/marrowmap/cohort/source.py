"""Rows of a registry for an extract."""

from __future__ import annotations

from typing import Any

from marrowmap.registry.database import open_registry
from marrowmap.registry.schema import LONG_TABLES

SYNTHETIC_PREFIX = "SYN-"
"""Pseudonyms of made-up children begin like this; one of them marks the whole cohort as synthetic."""


def registry_rows(where: str) -> tuple[dict[str, list[dict[str, Any]]], bool]:
    """Rows of the five long tables, and whether any child in them is made up."""
    registry = open_registry(where)
    try:
        rows = {name: registry.rows(table) for name, table in LONG_TABLES.items()}
    finally:
        registry.close()
    return rows, any(p["patient_id"].startswith(SYNTHETIC_PREFIX) for p in rows["patients"])
