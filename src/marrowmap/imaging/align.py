"""Is a station where its header says? Compared with its neighbour inside the overlap, along the stacking axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.imaging.grids import Placed
from marrowmap.imaging.seams import MIN_FOREGROUND, common_box, cut

MAX_SHIFT_MM = 25.0
APPLY_OVER_MM = 6.0
APPLY_CORRELATION = 0.80
APPLY_IMPROVEMENT = 0.15
"""A station is moved only when the best place is more than APPLY_OVER_MM away, correlates at least
APPLY_CORRELATION there and APPLY_IMPROVEMENT better than where its header puts it (all ours). Children move by
millimetres between stations; only wrong table positions give more."""


@dataclass(frozen=True)
class Shift:
    """mm: how far the second station should move along rows (positive: towards lower row numbers).

    correlation_there, correlation_here: at the best and at the stated place. clear: the peak is distinct.
    """

    mm: float
    correlation_here: float
    correlation_there: float
    clear: bool

    @property
    def apply(self) -> bool:
        """Whether the stated position is clearly wrong."""
        return (
            self.clear
            and abs(self.mm) > APPLY_OVER_MM
            and self.correlation_there >= APPLY_CORRELATION
            and self.correlation_there - self.correlation_here >= APPLY_IMPROVEMENT
        )


def estimate_shift(upper: Placed, lower: Placed, row_mm: float) -> Shift | None:
    """Correlate both stations in their overlap at whole-row shifts, refined by a parabola.

    None when the overlap is too short (under eight rows) or shows too little body to say.
    """
    box = common_box(upper, lower)
    if box is None or box[1].stop - box[1].start < 8:
        return None
    thin = max(1, (box[2].stop - box[2].start) // 80)
    x, _ = cut(upper, box)
    y, _ = cut(lower, box)
    every = max(1, x.shape[0] // 12)
    x = np.asarray(x[::every, :, ::thin], dtype=np.float32)
    y = np.asarray(y[::every, :, ::thin], dtype=np.float32)
    if x.size < MIN_FOREGROUND or x.std() == 0 or y.std() == 0:
        return None
    rows = x.shape[1]
    most = min(int(MAX_SHIFT_MM / row_mm), rows // 2)
    shifts = np.arange(-most, most + 1)
    scores = np.array([correlation(*at_shift(x, y, int(k))) for k in shifts])
    best = int(np.argmax(scores))
    here = float(scores[most])
    place = float(shifts[best])
    if 0 < best < len(shifts) - 1:
        left, peak, right = scores[best - 1 : best + 2]
        curve = left - 2 * peak + right
        if curve < 0:
            place += float(np.clip(0.5 * (left - right) / curve, -0.5, 0.5))
    # a tube along the body (a leg) correlates alike at every shift: then nothing can be said
    away = scores[np.abs(shifts - shifts[best]) >= max(3, round(4 / row_mm))]
    clear = bool(0 < best < len(shifts) - 1 and away.size and scores[best] - away.max() > 0.02)
    return Shift(place * row_mm, here, float(scores[best]), clear)


def at_shift(x: npt.NDArray, y: npt.NDArray, k: int) -> tuple[npt.NDArray, npt.NDArray]:
    """The parts of both blocks that meet when ``y`` moves by ``k`` rows towards lower row numbers."""
    if k >= 0:
        return x[:, : x.shape[1] - k], y[:, k:]
    return x[:, -k:], y[:, :k]


def correlation(x: npt.NDArray, y: npt.NDArray) -> float:
    """Pearson correlation of two blocks; 0 when one of them is flat."""
    a, b = x.ravel() - x.mean(), y.ravel() - y.mean()
    norm = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    return float(np.dot(a, b)) / norm if norm > 0 else 0.0
