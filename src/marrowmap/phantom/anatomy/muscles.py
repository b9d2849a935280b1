"""Muscle bellies with fascia and fat between them (limbs and trunk)."""

from __future__ import annotations


def paint(canvas, body) -> None:
    return None
