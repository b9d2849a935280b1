"""Outlines of regions in a picture as SVG path text."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def mask_path(mask: npt.NDArray[np.bool_], sx: float = 1.0, sy: float = 1.0) -> str:
    """Closed outlines around the True pixels of ``mask`` (shape rows x columns), corners cut.

    Pixel (row r, column c) covers x from c * sx to (c + 1) * sx and y from r * sy to (r + 1) * sy.
    "" for an empty mask. Inside lies to the right of the direction of travel, holes are outlined too.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return ""
    corner = int(columns[0]), int(rows[0])
    following = _edges(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    text = []
    while following:
        start = next(iter(following))
        loop, at, came = [start], start, (0, 0)
        while True:
            choices = following[at]
            # where two regions touch at a corner, turn right: they stay apart
            step = (
                min(choices, key=lambda d: (came[0] * d[1] - came[1] * d[0]) * -1)
                if came != (0, 0)
                else choices[0]
            )
            choices.remove(step)
            if not choices:
                del following[at]
            at, came = (at[0] + step[0], at[1] + step[1]), step
            if at == start:
                break
            loop.append(at)
        text.append(_rounded(np.array(loop, dtype=np.float64) + corner, sx, sy))
    return "".join(text)


def _edges(mask: npt.NDArray[np.bool_]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Corner -> unit steps along pixel borders, as (dx, dy), with the region on the right-hand side."""
    m = np.pad(mask.astype(bool), 1)
    here = m[1:-1, 1:-1]
    steps: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for other, dx0, dy0, step in (
        (m[:-2, 1:-1], 0, 0, (1, 0)),
        (m[1:-1, 2:], 1, 0, (0, 1)),
        (m[2:, 1:-1], 1, 1, (-1, 0)),
        (m[1:-1, :-2], 0, 1, (0, -1)),
    ):
        for r, c in np.argwhere(here & ~other):
            steps.setdefault((int(c) + dx0, int(r) + dy0), []).append(step)
    return steps


def _rounded(points: npt.NDArray[np.float64], sx: float, sy: float) -> str:
    """The loop through the middles of its edges, straight runs merged."""
    middle = (points + np.roll(points, -1, axis=0)) / 2
    before, after = np.roll(middle, 1, axis=0), np.roll(middle, -1, axis=0)
    a, b = middle - before, after - middle
    bend = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) > 1e-9
    kept = middle[bend] if bend.sum() >= 3 else middle
    return "M" + "L".join(f"{x * sx:.1f} {y * sy:.1f}" for x, y in kept) + "Z"
