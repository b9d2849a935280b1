"""Two-sample, paired and rank tests of scipy, each with its method in words and what was left out.

A test for which there is too little data has no p value and says why. No p value is corrected for the number
of tests; a page of many tests says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """One question with its answer. groups: name -> median, range and n in words.

    p: two-sided; None when it could not be computed, ``why_missing`` says why. missing: patients left out.
    """

    id: str
    question: str
    method: str
    unit: str
    n: int
    missing: int
    statistic: dict[str, float] = field(default_factory=dict)
    p: float | None = None
    groups: dict[str, str] = field(default_factory=dict)
    assumption: str = ""
    why_missing: str = ""
    synthetic: bool = False

    def data(self) -> dict[str, Any]:
        """For JSON; a number that is infinite (an odds ratio with an empty cell) becomes None."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["statistic"] = {k: v if isfinite(v) else None for k, v in self.statistic.items()}
        return plain

    def words(self) -> str:
        """For a terminal."""
        head = f"{self.question}\n  {self.method}; unit: {self.unit}, n={self.n}, {self.missing} missing"
        groups = "".join(f"\n  {name}: {text}" for name, text in self.groups.items())
        if self.why_missing:
            return f"{head}{groups}\n  not computable: {self.why_missing}"
        numbers = ", ".join(f"{k} {v:.3g}" for k, v in self.statistic.items())
        p = "" if self.p is None else f", p {p_text(self.p)}"
        more = f"\n  {self.assumption}" if self.assumption else ""
        mark = "\n  Synthetic: made-up records, no patients." if self.synthetic else ""
        return f"{head}{groups}\n  {numbers}{p}{more}{mark}"


def p_text(p: float) -> str:
    """A p value as papers print it."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def median_and_range(values: Floats) -> str:
    """``median 3.0 (1.0 to 9.0), n=12``; NaN are left out."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return "no value"
    return f"median {np.median(known):.1f} ({known.min():.1f} to {known.max():.1f}), n={len(known)}"


def mann_whitney(first: Floats, second: Floats) -> tuple[dict[str, float], float] | None:
    """Mann-Whitney U, two-sided; exact without ties in small samples, else with tie correction (scipy "auto").

    Also the probability that a value of the first group is the larger one. None with an empty group.
    """
    from scipy.stats import mannwhitneyu

    a, b = first[~np.isnan(first)], second[~np.isnan(second)]
    if len(a) == 0 or len(b) == 0:
        return None
    found = mannwhitneyu(a, b, alternative="two-sided", method="auto")
    return {
        "U": float(found.statistic),
        "P(first larger)": float(found.statistic / (len(a) * len(b))),
    }, float(found.pvalue)


def wilcoxon_signed_rank(before: Floats, after: Floats) -> tuple[dict[str, float], float] | None:
    """Wilcoxon signed-rank test of pairs, two-sided; pairs without change are dropped (Wilcoxon's own rule).

    None when no pair changed.
    """
    from scipy.stats import wilcoxon

    both = ~(np.isnan(before) | np.isnan(after))
    change = (after - before)[both]
    if np.count_nonzero(change) == 0:
        return None
    found = wilcoxon(change, zero_method="wilcox", alternative="two-sided", method="auto")
    return {"W": float(found.statistic), "median change": float(np.median(change))}, float(found.pvalue)


def spearman(first: Floats, second: Floats) -> tuple[dict[str, float], float] | None:
    """Spearman's rank correlation, two-sided; None with fewer than three pairs or a constant side."""
    from scipy.stats import spearmanr

    both = ~(np.isnan(first) | np.isnan(second))
    a, b = first[both], second[both]
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    found = spearmanr(a, b)
    return {"rho": float(found.statistic)}, float(found.pvalue)


def fisher(both: int, first_only: int, second_only: int, neither: int) -> tuple[dict[str, float], float]:
    """Fisher's exact test of a two by two table, two-sided."""
    from scipy.stats import fisher_exact

    found = fisher_exact([[both, first_only], [second_only, neither]])
    return {"odds ratio": float(found.statistic)}, float(found.pvalue)
