"""What the fit of the ranker may and may not learn, on made-up spots."""

from __future__ import annotations

import numpy as np

from marrowmap.imaging.candidates_spots import FEATURES
from marrowmap.training.ranker import AT_MOST, USED, fit


def rows(seed: int, strict_helps: float) -> list[tuple[tuple[float, ...], bool]]:
    """Spots whose odds rise with peak and size, and with ``strict`` as told."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(400):
        values = {name: float(rng.normal()) for name in FEATURES}
        values["strict"], values["prone"] = float(rng.random() < 0.3), float(rng.random() < 0.3)
        odds = 1.5 * values["peak"] + 0.8 * values["log_ml"] + strict_helps * values["strict"]
        out.append((tuple(values[n] for n in FEATURES), bool(rng.random() < 1 / (1 + np.exp(-odds)))))
    return out


def per_unit(fitted: dict) -> dict[str, float]:
    """Log odds that one unit of each feature adds."""
    return {n: w / s for n, w, s in zip(fitted["features"], fitted["weights"], fitted["spread"], strict=True)}


def test_odds_rise_as_they_were_made() -> None:
    odds = per_unit(fit(rows(1, -1.0)))
    assert 1.0 < odds["peak"] < 2.0
    assert 0.4 < odds["log_ml"] < 1.2
    assert -2.0 < odds["strict"] < -0.4
    assert all(odds[n] == 0 for n in FEATURES if n not in USED)


def test_where_healthy_children_show_bright_spots_the_score_falls_whatever_the_spots_say() -> None:
    odds = per_unit(fit(rows(2, +2.0)))
    for name, most in AT_MOST.items():
        assert odds[name] <= most + 1e-3
