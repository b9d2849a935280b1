"""A calibrated score from a spot's features: logistic, with coefficients learned on synthetic children."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import numpy as np

from marrowmap.imaging.candidates_spots import FEATURES, Spot

SHOWN = 0.35
"""Spots below this score are not proposed. Chosen on the exams that the ranker was fitted to: there it found 0.94 of
the clinical lesions at 0.25 false marks, with 0.7 in a healthy child; in children of rods 0.86 at 1.9, with 0.25."""
SHOWN_STRICT = 0.45
"""The same in feet, hands and knees, where healthy children often show bright marrow (definitions, 6.4)."""


@dataclass(frozen=True)
class Ranker:
    """weights: one per feature, after subtracting ``mean`` and dividing by ``spread``."""

    weights: tuple[float, ...]
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    bias: float

    def without(self, names: frozenset[str]) -> Ranker:
        """The ranker that does not look at these features."""
        kept = tuple(0.0 if f in names else w for f, w in zip(FEATURES, self.weights, strict=True))
        return replace(self, weights=kept)

    def score(self, spot: Spot) -> float:
        """0 to 1."""
        x = (np.array(spot.features) - self.mean) / np.array(self.spread)
        return float(1 / (1 + np.exp(-(x @ np.array(self.weights) + self.bias))))


PLAIN = Ranker(
    tuple({"peak": 1.0, "log_ml": 0.4, "strict": -0.4, "prone": -0.2}.get(name, 0.0) for name in FEATURES),
    (0.0,) * len(FEATURES),
    (1.0,) * len(FEATURES),
    -1.0,
)
"""Used when the package ships no learned ranker."""


@cache
def ranker() -> Ranker:
    """The shipped ranker, else PLAIN."""
    file = resources.files("marrowmap.assets").joinpath("ranker.json")
    if not file.is_file():
        return PLAIN
    d = json.loads(file.read_text(encoding="utf-8"))
    if tuple(d["features"]) != FEATURES:
        return PLAIN
    return Ranker(tuple(d["weights"]), tuple(d["mean"]), tuple(d["spread"]), float(d["bias"]))


def shown(spot: Spot, score: float) -> bool:
    """Whether a spot is proposed to the reader."""
    strict = bool(spot.features[FEATURES.index("strict")])
    return score >= (SHOWN_STRICT if strict else SHOWN)
