"""Where two stations meet: how their signal differs in the overlap, and the gain that removes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.imaging.grids import Placed

FOREGROUND_SHARE = 0.15
"""Share of the bright level (99th percentile) above which a voxel counts as body (ours)."""

MIN_FOREGROUND = 200
"""Fewer common body voxels than this say nothing about gain or position (ours)."""


@dataclass(frozen=True)
class OverlapMatch:
    """Signal of two stations in their common box: log ratio for the gain, and one held out for checking."""

    log_ratio: float
    log_ratio_held_out: float
    n_voxels: int


def common_box(a: Placed, b: Placed) -> tuple[slice, slice, slice] | None:
    """Target box that both fill; None when they do not meet."""
    box = []
    for one, other in zip(a.box, b.box, strict=True):
        start, stop = max(one.start, other.start), min(one.stop, other.stop)
        if stop <= start:
            return None
        box.append(slice(start, stop))
    return box[0], box[1], box[2]


def cut(placed: Placed, box: tuple[slice, slice, slice]) -> tuple[npt.NDArray, npt.NDArray | None]:
    """Signal and validity of a station inside a target box that it fills."""
    own = tuple(
        slice(want.start - has.start, want.stop - has.start)
        for want, has in zip(box, placed.box, strict=True)
    )
    return placed.array[own], None if placed.valid is None else placed.valid[own]


def bright_level(array: npt.NDArray) -> float:
    """99th percentile of a sparse sample: the level that thresholds are set against."""
    return float(np.percentile(np.asarray(array)[::2, ::4, ::4], 99)) if array.size else 0.0


def match_overlap(a: Placed, b: Placed) -> OverlapMatch | None:
    """Median log ratio a / b where both show body; None when too few voxels do."""
    box = common_box(a, b)
    if box is None:
        return None
    # a margin of one tenth of the rows is left out: slice profiles and coil edges are worst there
    rows = box[1].stop - box[1].start
    margin = rows // 10
    box = (box[0], slice(box[1].start + margin, box[1].stop - margin), box[2])
    (x, valid_x), (y, valid_y) = cut(a, box), cut(b, box)
    used = (x > FOREGROUND_SHARE * bright_level(a.array)) & (y > FOREGROUND_SHARE * bright_level(b.array))
    if valid_x is not None:
        used &= valid_x
    if valid_y is not None:
        used &= valid_y
    halves = []
    for first in (0, 1):
        mask = used[..., first::2]
        if int(mask.sum()) < MIN_FOREGROUND // 2:
            return None
        ratio = x[..., first::2][mask].astype(np.float32) / y[..., first::2][mask].astype(np.float32)
        halves.append(float(np.median(np.log(ratio))))
    return OverlapMatch(halves[0], halves[1], int(used.sum()))


def solve_gains(n: int, matches: dict[tuple[int, int], OverlapMatch]) -> npt.NDArray[np.float64]:
    """Gain per station, by least squares over all overlaps; their geometric mean is 1.

    Stations without any usable overlap keep gain 1.
    """
    if not matches:
        return np.ones(n)
    rows, values = [], []
    for (i, j), match in matches.items():
        row = np.zeros(n)
        weight = np.sqrt(min(match.n_voxels, 20_000))
        row[i], row[j] = weight, -weight
        rows.append(row)
        values.append(-match.log_ratio * weight)
    logs, *_ = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)
    return np.asarray(np.exp(logs))
