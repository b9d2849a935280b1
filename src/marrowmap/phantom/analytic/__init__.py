"""A second, independent digital child whose bones are formulas: the held-out domain of the bench."""

from marrowmap.phantom.analytic.body import AnalyticBody, analytic_body

__all__ = ["AnalyticBody", "analytic_body"]
