"""Join placed stations into one array: feathered overlaps, gains applied, gaps left uncovered."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.imaging.grids import Placed

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Blended:
    """array: joined signal, 0 where not covered. covered: bool, same shape.

    station: int16, index of the station that contributes most, -1 where none; shape (rows,) when every row
    belongs to one station throughout, else the full shape.
    """

    array: npt.NDArray
    covered: npt.NDArray[np.bool_]
    station: npt.NDArray[np.int16]


def blend(
    placed: Sequence[Placed], gains: npt.NDArray[np.float64], shape: tuple[int, int, int], dtype: np.dtype
) -> Blended:
    """Weighted mean of the stations wherever several cover a voxel; a plain copy wherever one does.

    The weight of a station falls to zero towards its own head and foot end across the rows it shares with a
    neighbour, so no edge of a station is seen. placed: in order along the rows.
    """
    out = np.zeros(shape, dtype=dtype)
    covered = np.zeros(shape, dtype=bool)
    by_row = all(p.valid is None and p.box[0] == placed[0].box[0] and p.box[2] == placed[0].box[2]
                 for p in placed)  # fmt: skip
    station = np.full((shape[1],) if by_row else shape, -1, dtype=np.int16)
    ramps = [ramp_rows(i, placed) for i in range(len(placed))]
    cuts = sorted({row for p in placed for row in p.rows})
    for first, last in itertools.pairwise(cuts):
        active = [i for i, p in enumerate(placed) if p.rows[0] <= first and p.rows[1] >= last]
        if len(active) == 1:
            copy_rows(
                out, covered, station, placed[active[0]], float(gains[active[0]]), active[0], first, last
            )
        elif active:
            mix_rows(out, covered, station, placed, gains, ramps, active, first, last)
    return Blended(out, covered, station)


def ramp_rows(i: int, placed: Sequence[Placed]) -> tuple[int, int]:
    """Rows that station ``i`` shares with its neighbours towards the first and towards the last row."""
    first, last = placed[i].rows
    above = [p.rows[1] - first for j, p in enumerate(placed) if j != i and p.rows[0] < first < p.rows[1]]
    below = [last - p.rows[0] for j, p in enumerate(placed) if j != i and p.rows[0] < last < p.rows[1]
             and p.rows[1] > last]  # fmt: skip
    length = last - first
    return min(max(above, default=0), length), min(max(below, default=0), length)


def store(target: npt.NDArray, values: npt.NDArray, mask: npt.NDArray[np.bool_] | None) -> None:
    """Write float values into an array of any type, rounding for whole-number types."""
    if target.dtype.kind in "iu" and values.dtype.kind == "f":
        limits = np.iinfo(target.dtype)
        # one layer at a time: a rounded copy of a whole volume would double the memory
        for i, layer in enumerate(values):
            whole = np.rint(layer)
            np.clip(whole, limits.min, limits.max, out=whole)
            if mask is None:
                target[i] = whole
            else:
                np.copyto(target[i], whole, where=mask[i], casting="unsafe")
    elif mask is None:
        target[...] = values
    else:
        np.copyto(target, values.astype(target.dtype, copy=False), where=mask)


def rows_of(placed: Placed, first: int, last: int) -> tuple[npt.NDArray, npt.NDArray | None]:
    """Signal and validity of a station in target rows ``first`` to ``last``."""
    start = placed.rows[0]
    rows = (slice(None), slice(first - start, last - start))
    return placed.array[rows], None if placed.valid is None else placed.valid[rows]


def copy_rows(
    out: npt.NDArray,
    covered: npt.NDArray,
    station: npt.NDArray,
    placed: Placed,
    gain: float,
    index: int,
    first: int,
    last: int,
) -> None:
    """Rows that one station alone covers."""
    box = (placed.box[0], slice(first, last), placed.box[2])
    values, valid = rows_of(placed, first, last)
    if gain != 1.0:
        values = values * np.float32(gain)
    store(out[box], values, valid)
    covered[box] = True if valid is None else valid
    if station.ndim == 1:
        station[first:last] = index
    else:
        np.copyto(station[box], np.int16(index), where=True if valid is None else valid)


def mix_rows(
    out: npt.NDArray,
    covered: npt.NDArray,
    station: npt.NDArray,
    placed: Sequence[Placed],
    gains: npt.NDArray[np.float64],
    ramps: Sequence[tuple[int, int]],
    active: Sequence[int],
    first: int,
    last: int,
) -> None:
    """Rows that several stations cover."""
    shape = (out.shape[0], last - first, out.shape[2])
    total = np.zeros(shape, dtype=np.float32)
    weights = np.zeros(shape, dtype=np.float32)
    strongest = np.zeros(shape, dtype=np.float32)
    winner = np.full(shape, -1, dtype=np.int16)
    for i in active:
        values, valid = rows_of(placed[i], first, last)
        weight = row_weights(placed[i], ramps[i], first, last)
        if valid is not None:
            weight = weight * valid
        box = (placed[i].box[0], slice(None), placed[i].box[2])
        total[box] += values * (weight * np.float32(gains[i]))
        weights[box] += weight
        better = weight > strongest[box]
        winner[box][better] = i
        np.maximum(strongest[box], weight, out=strongest[box])
    seen = weights > 0
    np.divide(total, weights, out=total, where=seen)
    rows = (slice(None), slice(first, last))
    store(out[rows], total, seen)
    covered[rows] = seen
    if station.ndim == 1:
        station[first:last] = winner[placed[0].box[0].start, :, placed[0].box[2].start]
    else:
        station[rows] = winner


def row_weights(placed: Placed, ramp: tuple[int, int], first: int, last: int) -> FloatArray:
    """Feathering weight in target rows ``first`` to ``last``; shape (1, rows, 1), or the box for tilted stations."""
    if placed.valid is None:
        from_top = (np.arange(first, last) - placed.rows[0] + 0.5)[None, :, None]
        from_end = (placed.rows[1] - np.arange(first, last) - 0.5)[None, :, None]
    else:
        depth = np.cumsum(placed.valid, axis=1, dtype=np.int32)
        start = placed.rows[0]
        part = depth[:, first - start : last - start]
        from_top = part - 0.5
        from_end = depth[:, -1:] - part + 0.5
    weight = np.ones(np.broadcast_shapes(from_top.shape, from_end.shape), dtype=np.float32)
    if ramp[0]:
        weight *= np.clip(from_top / ramp[0], 1e-3, 1)
    if ramp[1]:
        weight *= np.clip(from_end / ramp[1], 1e-3, 1)
    return weight


def fitting_dtype(
    arrays: Sequence[npt.NDArray], gains: npt.NDArray[np.float64], exact: bool = False
) -> np.dtype:
    """Smallest type for the joined signal: whole numbers stay whole where rounding loses little.

    arrays: as they came from the scanner, before any interpolation.

    exact: keep float32 whatever the range (diffusion signal, whose ratios are wanted).
    """
    if exact or any(a.dtype.kind == "f" for a in arrays):
        return np.dtype(np.float32)
    top = max(float(a.max()) * float(g) for a, g in zip(arrays, gains, strict=True))
    low = min(float(a.min()) * float(g) for a, g in zip(arrays, gains, strict=True))
    if top <= 250 and not np.allclose(gains, 1):
        return np.dtype(np.float32)
    if top <= 32767 and low >= -32768:
        return np.dtype(np.int16)
    if top <= 65535 and low >= 0:
        return np.dtype(np.uint16)
    return np.dtype(np.float32)
