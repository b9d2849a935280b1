"""How far readers agree: kappas, intraclass correlation, Krippendorff's alpha.

Agreement on mostly normal units looks better than it is. :func:`involved` picks the units in which at least
one reader saw something, so that every figure can be given overall and on involved units only.

A coefficient that is not defined (nothing to compare, or all ratings in one category) has the value None
and says why; it is never reported as 0 or 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval", "ratio"]
Weights = Literal["none", "linear", "quadratic"]


@dataclass(frozen=True)
class Coefficient:
    """One coefficient of agreement.

    value: None when it is not defined; ``why_missing`` says why. observed, expected: agreement as shares
    0..1 (disagreement for alpha). n: units that entered. interval: 95 %, large-sample; None when unknown.
    """

    name: str
    value: float | None
    n: int
    observed: float | None = None
    expected: float | None = None
    interval: tuple[float, float] | None = None
    why_missing: str = ""


@dataclass(frozen=True)
class IntraclassCorrelation:
    """The six forms of Shrout and Fleiss; None where a form is not defined.

    one-way (1,1), two-way random (2,1), two-way mixed (3,1), and the same for the mean of all readers.
    """

    icc1: float | None
    icc2: float | None
    icc3: float | None
    icc1_mean: float | None
    icc2_mean: float | None
    icc3_mean: float | None
    n: int
    readers: int
    mean_squares: dict[str, float]
    why_missing: str = ""


def confusion(first: npt.ArrayLike, second: npt.ArrayLike, categories: int | None = None) -> Floats:
    """Counts [category of first reader, category of second reader]; pairs with a NaN are left out.

    Ratings are category numbers 0, 1, 2, ... ValueError when lengths differ or a number is no category.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"two rows of equal length are needed, got {a.shape} and {b.shape}")
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    if a.size and (np.any(a != np.floor(a)) or np.any(b != np.floor(b)) or min(a.min(), b.min()) < 0):
        raise ValueError("ratings must be category numbers 0, 1, 2, ...")
    size = int(max(a.max(), b.max())) + 1 if a.size else 1
    size = max(size, categories or 0)
    table = np.zeros((size, size))
    np.add.at(table, (a.astype(int), b.astype(int)), 1)
    return table


def agreement_weights(categories: int, kind: Weights) -> Floats:
    """Weights [category, category]: 1 on the diagonal, falling with distance (Cicchetti, Fleiss-Cohen)."""
    if kind == "none":
        return np.eye(categories)
    steps = np.abs(np.subtract.outer(np.arange(categories), np.arange(categories))) / max(categories - 1, 1)
    return np.asarray(1 - (steps if kind == "linear" else steps**2), float)


def cohen_kappa(table: npt.ArrayLike, weights: Weights | npt.ArrayLike = "none") -> Coefficient:
    """Cohen's kappa of two readers from their table of counts, weighted if asked.

    weights: a kind, or agreement weights [category, category] with 1 for full agreement.
    Sources: Cohen 1960 (kappa), Cohen 1968 (weighted); interval: Fleiss, Cohen and Everitt 1969.
    """
    counts = _square(table)
    w = agreement_weights(len(counts), weights) if isinstance(weights, str) else np.asarray(weights, float)  # type: ignore[arg-type]
    n = int(counts.sum())
    if n == 0:
        return Coefficient("Cohen kappa", None, 0, why_missing="no unit was rated by both readers")
    p = counts / n
    rows, columns = p.sum(1), p.sum(0)
    observed = float((w * p).sum())
    expected = float((w * np.outer(rows, columns)).sum())
    if np.isclose(expected, 1):
        return Coefficient(
            "Cohen kappa", None, n, observed, expected, why_missing="both readers used a single category"
        )
    kappa = (observed - expected) / (1 - expected)
    marginal = np.add.outer(w @ columns, w.T @ rows)
    spread = float((p * (w - marginal * (1 - kappa)) ** 2).sum()) - (kappa - expected * (1 - kappa)) ** 2
    error = sqrt(max(spread, 0.0) / n) / (1 - expected)
    return Coefficient("Cohen kappa", kappa, n, observed, expected, _interval(kappa, error))


def free_marginal_kappa(counts: npt.ArrayLike) -> Coefficient:
    """Free-marginal kappa: chance is 1 / number of categories, whatever the readers' habits.

    counts: [unit, category], how many readers chose the category; units with fewer than two readers are left
    out, numbers of readers may differ. All categories on offer must have a column, also unused ones.
    Sources: Brennan and Prediger 1981 (two readers), Randolph 2005 (several).
    """
    table = _rated_twice(counts)
    if len(table) == 0:
        return Coefficient("free-marginal kappa", None, 0, why_missing="no unit was rated by two readers")
    per_unit = _pair_agreement(table)
    observed, expected = float(per_unit.mean()), 1 / table.shape[1]
    if table.shape[1] < 2:
        return Coefficient(
            "free-marginal kappa",
            None,
            len(table),
            observed,
            expected,
            why_missing="only one category exists",
        )
    kappa = (observed - expected) / (1 - expected)
    error = float(per_unit.std(ddof=1)) / sqrt(len(table)) / (1 - expected) if len(table) > 1 else None
    interval = None if error is None else _interval(kappa, error)
    return Coefficient("free-marginal kappa", kappa, len(table), observed, expected, interval)


def fleiss_kappa(counts: npt.ArrayLike) -> Coefficient:
    """Fleiss' kappa of several readers from counts [unit, category].

    Every unit must have the same number of readers (ValueError otherwise).
    Source: Fleiss 1971; interval under the hypothesis of no agreement beyond chance is not given here.
    """
    table = _rated_twice(counts)
    if len(table) == 0:
        return Coefficient("Fleiss kappa", None, 0, why_missing="no unit was rated by two readers")
    raters = table.sum(1)
    if np.any(raters != raters[0]):
        raise ValueError("Fleiss' kappa needs the same number of readers for each unit; use alpha instead")
    observed = float(_pair_agreement(table).mean())
    shares = table.sum(0) / table.sum()
    expected = float((shares**2).sum())
    if np.isclose(expected, 1):
        return Coefficient(
            "Fleiss kappa", None, len(table), observed, expected, why_missing="a single category was used"
        )
    return Coefficient("Fleiss kappa", (observed - expected) / (1 - expected), len(table), observed, expected)


def category_counts(ratings: npt.ArrayLike, categories: int) -> npt.NDArray[np.int64]:
    """Counts [unit, category] from ratings [reader, unit] (NaN: not rated)."""
    values = np.asarray(ratings, float)
    return np.stack([(values == c).sum(0) for c in range(categories)], axis=1).astype(np.int64)


def intraclass_correlation(ratings: npt.ArrayLike) -> IntraclassCorrelation:
    """ICC of ratings [unit, reader]; units with a NaN are left out.

    Source: Shrout and Fleiss, Psychol Bull 1979;86:420-428, Table 4.
    """
    values = np.asarray(ratings, float)
    if values.ndim != 2:
        raise ValueError(f"ratings must be [unit, reader], got {values.ndim} dimensions")
    values = values[~np.isnan(values).any(1)]
    n, k = values.shape
    if n < 2 or k < 2:
        empty = dict.fromkeys(("units", "readers", "residual", "within"), float("nan"))
        why = "at least two units and two readers are needed"
        return IntraclassCorrelation(None, None, None, None, None, None, n, k, empty, why)
    grand = values.mean()
    units = k * ((values.mean(1) - grand) ** 2).sum()
    readers = n * ((values.mean(0) - grand) ** 2).sum()
    total = ((values - grand) ** 2).sum()
    bms, jms = units / (n - 1), readers / (k - 1)
    ems = (total - units - readers) / ((n - 1) * (k - 1))
    wms = (total - units) / (n * (k - 1))
    squares = {"units": float(bms), "readers": float(jms), "residual": float(ems), "within": float(wms)}
    return IntraclassCorrelation(
        icc1=_ratio(bms - wms, bms + (k - 1) * wms),
        icc2=_ratio(bms - ems, bms + (k - 1) * ems + k * (jms - ems) / n),
        icc3=_ratio(bms - ems, bms + (k - 1) * ems),
        icc1_mean=_ratio(bms - wms, bms),
        icc2_mean=_ratio(bms - ems, bms + (jms - ems) / n),
        icc3_mean=_ratio(bms - ems, bms),
        n=n,
        readers=k,
        mean_squares=squares,
        why_missing="" if total > 0 else "all ratings are equal",
    )


def krippendorff_alpha(ratings: npt.ArrayLike, level: Level = "nominal") -> Coefficient:
    """Krippendorff's alpha of ratings [reader, unit] (NaN: not rated); any number of readers.

    observed, expected: disagreement. Source: Krippendorff, Computing Krippendorff's alpha-reliability, 2011.
    """
    values = np.asarray(ratings, float)
    rated = (~np.isnan(values)).sum(0)
    values = values[:, rated >= 2]
    n_units = values.shape[1]
    if n_units == 0:
        return Coefficient("Krippendorff alpha", None, 0, why_missing="no unit was rated by two readers")
    found = np.unique(values[~np.isnan(values)])
    counts = np.stack([(values == v).sum(0) for v in found], axis=1).astype(float)
    m = counts.sum(1)
    coincidence = (counts.T / (m - 1)) @ counts - np.diag((counts / (m - 1)[:, None]).sum(0))
    totals = coincidence.sum(1)
    n = totals.sum()
    distance = _distance(found, totals, level)
    observed = float((coincidence * distance).sum() / n)
    expected = float((np.outer(totals, totals) * distance).sum() / (n * (n - 1)))
    if np.isclose(expected, 0):
        return Coefficient(
            "Krippendorff alpha", None, n_units, observed, expected, why_missing="all ratings are equal"
        )
    return Coefficient("Krippendorff alpha", 1 - observed / expected, n_units, observed, expected)


def involved(ratings: npt.ArrayLike, normal: float = 0) -> npt.NDArray[np.bool_]:
    """Which units of ratings [reader, unit] at least one reader rated other than ``normal``."""
    values = np.asarray(ratings, float)
    return np.asarray(((values != normal) & ~np.isnan(values)).any(0))


def _square(table: npt.ArrayLike) -> Floats:
    counts = np.asarray(table, float)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"a square table of counts is needed, got shape {counts.shape}")
    if np.any(counts < 0):
        raise ValueError("counts must not be negative")
    return counts


def _rated_twice(counts: npt.ArrayLike) -> Floats:
    table = np.asarray(counts, float)
    if table.ndim != 2:
        raise ValueError(f"counts must be [unit, category], got {table.ndim} dimensions")
    return np.asarray(table[table.sum(1) >= 2], float)


def _pair_agreement(table: Floats) -> Floats:
    raters = table.sum(1)
    return np.asarray(((table**2).sum(1) - raters) / (raters * (raters - 1)), float)


def _interval(value: float, error: float) -> tuple[float, float]:
    return max(-1.0, value - 1.959964 * error), min(1.0, value + 1.959964 * error)


def _ratio(above: float, below: float) -> float | None:
    return None if np.isclose(below, 0) else float(above / below)


def _distance(values: Floats, totals: Floats, level: Level) -> Floats:
    if level == "nominal":
        return np.asarray(values[:, None] != values[None, :], float)
    if level == "interval":
        return np.asarray((values[:, None] - values[None, :]) ** 2, float)
    if level == "ratio":
        sums = values[:, None] + values[None, :]
        return np.asarray(
            np.divide(values[:, None] - values[None, :], sums, out=np.zeros_like(sums), where=sums != 0) ** 2,
            float,
        )
    upto = np.cumsum(totals)
    between = np.abs(upto[:, None] - upto[None, :])
    first = np.minimum.outer(np.arange(len(values)), np.arange(len(values)))
    last = np.maximum.outer(np.arange(len(values)), np.arange(len(values)))
    # sum of totals from the lower to the higher rank, less half of both ends
    span = between + totals[first] - (totals[first] + totals[last]) / 2
    return np.asarray(np.where(first == last, 0.0, span) ** 2, float)
