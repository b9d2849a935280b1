"""A number with its noun, for sentences that people read."""

from __future__ import annotations


def counted(n: int, noun: str, many: str = "") -> str:
    """``1 lesion``, ``3 lesions``; many: the plural where it is not the noun with an s."""
    return f"{n} {noun if n == 1 else many or noun + 's'}"
