"""Time to remission with lifelines: Kaplan-Meier, log-rank and Cox with its assumption checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.cohort.choices import RemissionChoice
from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.remission import remission_times
from marrowmap.errors import MissingExtra


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier estimate. steps: month, share, low, high (95 %); censored: month, share; at_risk: month, n."""

    n: int
    events: int
    median: float | None
    steps: list[dict[str, float]]
    censored: list[dict[str, float]]
    at_risk: list[dict[str, float]]


def followed(cohort: Cohort, choice: RemissionChoice) -> tuple[npt.NDArray, npt.NDArray, npt.NDArray]:
    """(which patients, months, whether remission was reached) of patients whose times are known."""
    times = remission_times(cohort, choice.reading, choice.origin)
    known = ~np.isnan(times.months)
    return known, times.months[known], times.reached[known]


def time_to_remission(cohort: Cohort, choice: RemissionChoice) -> Curve | None:
    """Kaplan-Meier estimate of all patients; None when no time is known."""
    _, months, reached = followed(cohort, choice)
    return kaplan_meier(months, reached) if len(months) else None


def kaplan_meier(months: npt.NDArray, reached: npt.NDArray) -> Curve:
    """Kaplan-Meier estimate with the log-log interval of lifelines. months: float; reached: bool."""
    fitter = _lifelines().KaplanMeierFitter()
    fitter.fit(months, reached)
    table = fitter.survival_function_.iloc[:, 0]
    bounds = fitter.confidence_interval_survival_function_
    steps = [
        {"month": float(t), "share": float(s), "low": float(lo), "high": float(hi)}
        for t, s, lo, hi in zip(table.index, table, bounds.iloc[:, 0], bounds.iloc[:, 1], strict=True)
    ]
    censored = [{"month": float(t), "share": float(fitter.predict(t))} for t in np.sort(months[~reached])]
    last = int(np.ceil(months.max() / 12) * 12)
    at_risk = [{"month": float(m), "n": int((months >= m).sum())} for m in range(0, last + 1, 12)]
    median = float(fitter.median_survival_time_)
    return Curve(
        len(months), int(reached.sum()), None if np.isinf(median) else median, steps, censored, at_risk
    )


def log_rank(months: npt.NDArray, reached: npt.NDArray, group: npt.NDArray) -> dict[str, float]:
    """Log-rank test between two groups (bool): chi2 with one degree of freedom, and p."""
    _lifelines()
    from lifelines.statistics import logrank_test

    found = logrank_test(months[group], months[~group], reached[group], reached[~group])
    return {"chi2": float(found.test_statistic), "p": float(found.p_value)}


def cox(
    months: npt.NDArray, reached: npt.NDArray, covariates: dict[str, npt.NDArray]
) -> list[dict[str, Any]]:
    """Cox model: per covariate hazard ratio, 95 % interval, p, and the p of the proportional-hazards check.

    ``proportional_p``: Schoenfeld residuals against ranked time; below 0.05 the model does not hold for it.
    Raises ValueError when the model does not converge.
    """
    _lifelines()
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError, ConvergenceWarning
    from lifelines.statistics import proportional_hazard_test

    frame = pd.DataFrame({"months": months, "reached": reached.astype(int), **covariates})
    fitter = CoxPHFitter()
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            fitter.fit(frame, "months", "reached")
    except (ConvergenceError, ConvergenceWarning) as error:
        raise ValueError(f"the Cox model does not converge: {str(error).splitlines()[0]}") from None
    check = proportional_hazard_test(fitter, frame, time_transform="rank").summary
    rows = []
    for name, row in fitter.summary.iterrows():
        rows.append(
            {
                "covariate": str(name),
                "hazard_ratio": float(row["exp(coef)"]),
                "low": float(row["exp(coef) lower 95%"]),
                "high": float(row["exp(coef) upper 95%"]),
                "p": float(row["p"]),
                "proportional_p": float(check.loc[name, "p"]),
            }
        )
    return rows


def _lifelines() -> Any:
    try:
        import lifelines
    except ImportError:
        raise MissingExtra("lifelines", "is needed for survival", "pip install 'marrowmap[cohort]'") from None
    return lifelines
