"""The questions that the Belgian cohort asks of its data, put to any cohort."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from marrowmap.cohort.choices import RemissionChoice
from marrowmap.cohort.cohort import CLINICAL, IMAGING, Cohort
from marrowmap.cohort.statistics import (
    Answer,
    Floats,
    fisher,
    mann_whitney,
    median_and_range,
    p_text,
    spearman,
    wilcoxon_signed_rank,
)
from marrowmap.cohort.survival import cox, followed, log_rank
from marrowmap.cohort.tables.treatments import given, second_line, vertebral_involvement
from marrowmap.core.record.drugs import DrugGroup

_FEW = "too few values"


def answer_all(cohort: Cohort, choice: RemissionChoice | None = None) -> tuple[Answer, ...]:
    """Every question. p values are not corrected for their number."""
    chosen = choice or RemissionChoice()
    askers: tuple[Callable[[], Answer], ...] = (
        lambda: _markers_and_lesions(cohort, "crp_mg_per_l", "CRP"),
        lambda: _markers_and_lesions(cohort, "esr_mm_per_h", "ESR"),
        lambda: _markers_and_biologics(cohort),
        lambda: _nsaid_and_lesions(cohort),
        lambda: _nsaid_and_arthritis(cohort),
        lambda: _global_over_time(cohort),
        lambda: _remission_and_spine(cohort, chosen),
        lambda: _remission_model(cohort, chosen),
    )
    return tuple(ask() for ask in askers)


def _answer(
    cohort: Cohort, id_: str, question: str, method: str, known: int, found: tuple | None, **more
) -> Answer:
    statistic, p = found if found else ({}, None)
    why = "" if found else more.pop("why", _FEW)
    more.pop("why", None)
    return Answer(
        id_,
        question,
        method,
        "patient",
        known,
        cohort.n_patients - known,
        statistic,
        p,
        why_missing=why,
        synthetic=cohort.extract.synthetic,
        **more,
    )


def _counts(cohort: Cohort, kind: str) -> Floats:
    return cohort.per_patient(cohort.lesions(kind)).values


def _markers_and_lesions(cohort: Cohort, marker: str, name: str) -> Answer:
    values, lesions = cohort.highest(marker, "").values, _counts(cohort, IMAGING)
    return _answer(
        cohort,
        f"{name.lower()}_and_lesions",
        f"Does the highest {name} go with the number of imaging lesions?",
        "Spearman's rank correlation",
        int((~np.isnan(values)).sum()),
        spearman(values, lesions),
    )


def _two_groups(
    cohort: Cohort, id_: str, question: str, values: Floats, member: np.ndarray, names: tuple[str, str]
) -> Answer:
    groups = {n: median_and_range(values[m]) for n, m in zip(names, (member, ~member), strict=True)}
    return _answer(
        cohort,
        id_,
        question,
        "Mann-Whitney U test, two-sided",
        int((~np.isnan(values)).sum()),
        mann_whitney(values[member], values[~member]),
        groups=groups,
        why="one of the groups is empty",
    )


def _markers_and_biologics(cohort: Cohort) -> Answer:
    biologic = (given(cohort, DrugGroup.TNF_INHIBITOR) | given(cohort, DrugGroup.OTHER_BIOLOGIC)).mask
    return _two_groups(
        cohort,
        "crp_and_biologics",
        "Was the highest CRP (mg/L) higher in children given a biologic?",
        cohort.highest("crp_mg_per_l", "mg/L").values,
        biologic,
        ("given a biologic", "not given"),
    )


def _nsaid_and_lesions(cohort: Cohort) -> Answer:
    return _two_groups(
        cohort,
        "nsaid_and_lesions",
        "Had children with second-line treatment more painful sites than those with NSAID alone?",
        _counts(cohort, CLINICAL),
        second_line(cohort).mask,
        ("second line", "NSAID alone"),
    )


def _nsaid_and_arthritis(cohort: Cohort) -> Answer:
    finding = cohort.at_visits("associated_arthritis").ever()
    known, arthritis = finding.assessed.mask, finding.present.mask
    second = second_line(cohort).mask
    cells = [int((known & a & b).sum()) for a in (arthritis, ~arthritis) for b in (second, ~second)]
    enough = min(sum(cells[:2]), sum(cells[2:]), cells[0] + cells[2], cells[1] + cells[3]) > 0
    return _answer(
        cohort,
        "nsaid_and_arthritis",
        "Does associated arthritis go with second-line treatment?",
        "Fisher's exact test, two-sided",
        int(known.sum()),
        fisher(*cells) if enough else None,
        groups={
            "with arthritis": f"{cells[0]} of {cells[0] + cells[1]} had second-line treatment",
            "without arthritis": f"{cells[2]} of {cells[2] + cells[3]} had second-line treatment",
        },
        why="one of the groups is empty",
    )


def _global_over_time(cohort: Cohort) -> Answer:
    owner, values = cohort.column("visits", "patient"), cohort.column("visits", "physician_global")
    rows = np.flatnonzero(~np.isnan(values))
    first, last = np.full(cohort.n_patients, np.nan), np.full(cohort.n_patients, np.nan)
    first[owner[rows][::-1]] = values[rows][::-1]
    last[owner[rows]] = values[rows]
    several = np.bincount(owner[rows], minlength=cohort.n_patients) > 1
    first[~several] = last[~several] = np.nan
    return _answer(
        cohort,
        "global_over_time",
        "Did the physician's global judgement change from the first to the last visit?",
        "Wilcoxon signed-rank test, two-sided; unchanged pairs dropped",
        int(several.sum()),
        wilcoxon_signed_rank(first, last),
        groups={"first visit": median_and_range(first), "last visit": median_and_range(last)},
        why="no child has two visits with a judgement that differ",
    )


def _remission_and_spine(cohort: Cohort, choice: RemissionChoice) -> Answer:
    known, months, reached = followed(cohort, choice)
    spine = vertebral_involvement(cohort).mask[known]
    both = bool(spine.any() and (~spine).any())
    found = None
    if both:
        result = log_rank(months, reached, spine)
        found = ({"chi2 (1 df)": result["chi2"]}, result["p"])
    return _answer(
        cohort,
        "remission_and_spine",
        "Does vertebral involvement go with another time to remission?",
        f"Log-rank test; remission: reading '{choice.reading}', months from {choice.origin}",
        int(known.sum()),
        found,
        groups={
            "vertebral involvement": f"{int(reached[spine].sum())} of {int(spine.sum())} in remission",
            "none": f"{int(reached[~spine].sum())} of {int((~spine).sum())} in remission",
        },
        why="one of the groups is empty",
    )


def _remission_model(cohort: Cohort, choice: RemissionChoice) -> Answer:
    known, months, reached = followed(cohort, choice)
    columns = {
        "age at onset (years)": np.asarray(cohort.column("patients", "age_onset_years"), float),
        "vertebral involvement": vertebral_involvement(cohort).mask.astype(float),
        "imaging lesions": _counts(cohort, IMAGING),
    }
    complete = known.copy()
    for values in columns.values():
        complete &= ~np.isnan(values)
    inside = complete[known]
    question = "What goes with an earlier remission?"
    method = f"Cox regression; remission: reading '{choice.reading}', months from {choice.origin}"
    n_events = int(reached[inside].sum())
    if n_events < 5 * len(columns):
        why = f"{n_events} remissions are too few for {len(columns)} covariates (ours: at least 5 each)"
        return _answer(cohort, "remission_model", question, method, int(complete.sum()), None, why=why)
    try:
        rows = cox(months[inside], reached[inside], {n: v[complete] for n, v in columns.items()})
    except ValueError as error:
        return _answer(cohort, "remission_model", question, method, int(complete.sum()), None, why=str(error))
    broken = [r["covariate"] for r in rows if r["proportional_p"] < 0.05]
    checks = ", ".join(f"{r['covariate']} p {p_text(r['proportional_p'])}" for r in rows)
    verdict = f"does not hold for {', '.join(broken)}" if broken else "not contradicted"
    return _answer(
        cohort,
        "remission_model",
        question,
        method,
        int(complete.sum()),
        ({f"hazard ratio of {r['covariate']}": r["hazard_ratio"] for r in rows}, None),
        groups={
            r[
                "covariate"
            ]: f"hazard ratio {r['hazard_ratio']:.2f} ({r['low']:.2f} to {r['high']:.2f}), p {p_text(r['p'])}"
            for r in rows
        },
        assumption=f"Proportional hazards (Schoenfeld residuals against ranked time): {verdict}; {checks}.",
    )
