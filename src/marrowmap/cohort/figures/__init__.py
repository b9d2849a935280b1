"""One file per figure; :func:`all_figures` draws them all."""

from __future__ import annotations

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


def all_figures(cohort: Cohort, choice: RemissionChoice | None = None) -> tuple[Figure, ...]:
    """Every figure of one cohort. A figure for which the records do not suffice says so in ``why_missing``."""
    return (
        bodymap_figure(cohort),
        overlap_figure(cohort),
        sankey_figure(cohort, choice),
        tree_figure(cohort, choice),
        swimmer_figure(cohort, choice),
        survival_figure(cohort, choice),
        course_figure(cohort),
        patterns_figure(cohort),
    )


__all__ = ["Figure", "all_figures", "write_figures"]
