"""A proportion that cannot lose its denominator, and its Wilson interval."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from statistics import NormalDist


def wilson_interval(count: int, of: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Wilson score interval of ``count`` in ``of``, as shares in 0..1; None when ``of`` is 0.

    Source: Wilson 1927; method 3 of Newcombe, Stat Med 1998;17:857-872 (no continuity correction).
    Raises ValueError unless 0 <= count <= of and 0 < confidence < 1.
    """
    if not 0 <= count <= of:
        raise ValueError(f"count must lie in 0 to {of}, got {count}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    if of == 0:
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = count / of
    centre = share + z * z / (2 * of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    low = 0.0 if count == 0 else max(0.0, (centre - half) / scale)
    high = 1.0 if count == of else min(1.0, (centre + half) / scale)
    return low, high


def round_half_up(value: float, decimals: int = 0) -> float:
    """``value`` rounded as papers do it: a half goes away from zero (Python rounds a half to even)."""
    step = Decimal(1).scaleb(-decimals)
    return float(Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Proportion:
    """``count`` of ``of`` things of one ``unit``, with ``missing`` things that could not be judged.

    ``of`` never includes the missing ones. Raises ValueError when the numbers cannot be.
    """

    count: int
    of: int
    unit: str
    missing: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of:
            raise ValueError(f"{self.count} of {self.of} {self.unit} is impossible")
        if self.missing < 0:
            raise ValueError(f"missing must not be negative, got {self.missing}")

    @property
    def percent(self) -> float | None:
        """Percent, unrounded; None when nothing could be judged."""
        return None if self.of == 0 else 100 * self.count / self.of

    @property
    def interval_percent(self) -> tuple[float, float] | None:
        """95 % Wilson interval in percent; None when nothing could be judged."""
        interval = wilson_interval(self.count, self.of)
        return None if interval is None else (100 * interval[0], 100 * interval[1])
