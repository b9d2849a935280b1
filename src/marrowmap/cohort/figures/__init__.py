"""One file per figure; :func:`all_figures` draws them all."""

from __future__ import annotations

from collections.abc import Callable

from marrowmap.cohort.choices import RemissionChoice
from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.figures.body import bodymap_figure
from marrowmap.cohort.figures.course import course_figure
from marrowmap.cohort.figures.figure import Figure, write_figures
from marrowmap.cohort.figures.flow import sankey_figure, tree_figure
from marrowmap.cohort.figures.overlap import overlap_figure
from marrowmap.cohort.figures.patterns import patterns_figure
from marrowmap.cohort.figures.survival import survival_figure
from marrowmap.cohort.figures.swimmer import swimmer_figure

FIGURES: dict[str, Callable[[Cohort, RemissionChoice | None], Figure]] = {
    "bodymap": lambda cohort, choice: bodymap_figure(cohort),
    "overlap": lambda cohort, choice: overlap_figure(cohort),
    "treatment_sankey": sankey_figure,
    "treatment_tree": tree_figure,
    "swimmer": swimmer_figure,
    "survival": survival_figure,
    "course": lambda cohort, choice: course_figure(cohort),
    "patterns": lambda cohort, choice: patterns_figure(cohort),
}
"""Id of a figure -> what draws it. A figure for which the records do not suffice says so in ``why_missing``."""


def all_figures(cohort: Cohort, choice: RemissionChoice | None = None) -> tuple[Figure, ...]:
    """Every figure of one cohort."""
    return tuple(make(cohort, choice) for make in FIGURES.values())


__all__ = ["FIGURES", "Figure", "all_figures", "write_figures"]
