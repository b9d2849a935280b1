"""How far measured change lies from true change: what the limits of follow-up must allow for.

Of lesions seen once in both exams. Errors are natural logarithms of measured over true change, shown in percent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from marrowmap.bench.followup_pairs import ExamPair
from marrowmap.core.followup.change import Change
from marrowmap.core.followup.limits import DEFAULT_LIMITS
from marrowmap.core.followup.measures import ExamSignals, contrast

FAR_CHANGE = 0.7
"""Logarithm of a true signal change beyond which no limit is near; such lesions are left out."""


@dataclass
class Spread:
    """Errors of signal against muscle close by (plain), the same with the brain, and of volume with its ml."""

    plain: list[float] = field(default_factory=list)
    signal: list[float] = field(default_factory=list)
    volume: list[tuple[float, float]] = field(default_factory=list)

    def count(self, pair: ExamPair, changes: Sequence[Change], seen: tuple[ExamSignals, ExamSignals]) -> None:
        """Add the lesions of one pair of exams."""
        growth = (pair.after.height_cm / pair.before.height_cm) ** 3
        by_scanner = contrast(*seen)
        for change in changes:
            if len(change.before) != 1 or len(change.after) != 1:
                continue
            old, new = int(change.before[0]), int(change.after[0])
            if (old, new) not in pair.true_pairs():
                continue
            first, then = pair.before.truth[old], pair.after.truth[new]
            measure = change.measure("volume")
            if measure is not None and measure.deciding_percent is not None:
                true = then.volume_ml / growth / first.volume_ml
                measured = 1 + measure.deciding_percent / 100
                self.volume.append((min(first.volume_ml, then.volume_ml), float(np.log(measured / true))))
            near = seen[0].near_muscle.get(str(old)), seen[1].near_muscle.get(str(new))
            true_change = float(np.log(then.ratio / first.ratio))
            small = min(first.volume_ml, then.volume_ml) < DEFAULT_LIMITS.small_ml
            if None in near or by_scanner is None or small or abs(true_change) > FAR_CHANGE:
                continue
            off = float(np.log(near[1] / near[0])) - true_change  # type: ignore[operator]
            self.plain.append(off)
            self.signal.append(off - float(np.log(by_scanner)))

    def record(self) -> dict[str, Any]:
        """For JSON: root mean square in percent; None where nothing was counted."""
        thin = DEFAULT_LIMITS.thin_ml
        return {
            "lesions_for_signal": len(self.signal),
            "signal_against_muscle_percent": _rms(self.plain),
            "signal_with_brain_percent": _rms(self.signal),
            "lesions_for_volume": len(self.volume),
            f"volume_below_{thin:g}_ml_percent": _rms([e for ml, e in self.volume if ml < thin]),
            f"volume_from_{thin:g}_ml_percent": _rms([e for ml, e in self.volume if ml >= thin]),
        }


def _rms(errors: list[float]) -> float | None:
    return round(100 * float(np.sqrt(np.mean(np.square(errors)))), 1) if errors else None
