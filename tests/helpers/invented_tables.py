"""Score tables with obviously invented numbers, for tests alone: no paper says these points."""

from __future__ import annotations

RINBO = """
system = "rinbo"
citation = "INVENTED FOR TESTS"
place = "nowhere"
entered_by = "A. Tester"
entered_on = 2026-01-31
[items.n_ral]
bands = [{at_least = 0, points = 0}, {at_least = 1, points = 101}, {at_least = 4, points = 102}]
[items.max_size_mm]
bands = [{at_least = 0, points = 0}, {at_least = 30, points = 1001}]
[items.extramedullary]
present = 7
absent = 0
[items.spinal]
present = 11
absent = 0
"""


def rinbo(n_ral: str, max_size_mm: str) -> str:
    """The table with other bands for the number of active lesions and the largest size."""
    lines = iter(RINBO.split("\n"))
    bands = iter((n_ral, max_size_mm))
    return "\n".join(f"bands = [{next(bands)}]" if line.startswith("bands") else line for line in lines)
