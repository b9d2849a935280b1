"""Whole-number unknowns under linear conditions, solved by HiGHS through scipy."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

Terms = Iterable[tuple[int, float]]
"""(unknown, factor) pairs."""


class Problem:
    """Collects unknowns and conditions. A random objective picks one of the many solutions."""

    def __init__(self, seed: int) -> None:
        self._low: list[float] = []
        self._high: list[float] = []
        self._rows: list[tuple[list[tuple[int, float]], float, float]] = []
        self._random = np.random.default_rng(seed)

    def unknown(self, low: int = 0, high: int = 1) -> int:
        """A new whole number between two bounds; its index."""
        self._low.append(low)
        self._high.append(high)
        return len(self._low) - 1

    def between(self, terms: Terms, low: float, high: float) -> None:
        """The sum of factor times unknown lies between two numbers."""
        self._rows.append((list(terms), low, high))

    def equal(self, terms: Terms, total: float) -> None:
        """The sum is exactly this."""
        self.between(terms, total, total)

    def total(self, unknowns: Iterable[int], total: float) -> None:
        """These unknowns add to this."""
        self.equal(((u, 1.0) for u in unknowns), total)

    def implies(self, first: int, second: int) -> None:
        """A yes of the first needs a yes of the second."""
        self.between([(second, 1.0), (first, -1.0)], 0, np.inf)

    def solve(self) -> list[int]:
        """Values of all unknowns. Raises RuntimeError when no solution exists."""
        at, which, factors = [], [], []
        for row, (terms, _, _) in enumerate(self._rows):
            for unknown, factor in terms:
                at.append(row)
                which.append(unknown)
                factors.append(factor)
        matrix = coo_array((factors, (at, which)), shape=(len(self._rows), len(self._low))).tocsr()
        limits = LinearConstraint(matrix, [r[1] for r in self._rows], [r[2] for r in self._rows])
        result = milp(
            self._random.random(len(self._low)),
            constraints=limits,
            bounds=Bounds(self._low, self._high),
            integrality=np.ones(len(self._low)),
            options={"mip_rel_gap": 0.05, "time_limit": 120},
        )
        if result.x is None:
            raise RuntimeError(f"no records agree with these figures: {result.message}")
        return [round(v) for v in result.x]
