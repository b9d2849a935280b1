"""The patient's side from geometry: which side of the midline a voxel lies on.

The grid is in patient coordinates, so no picture is ever asked for left and right; only the midline is found
from the bones that lie on it (definitions: side is the patient's).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Float = npt.NDArray[np.float64]
APART_MM = 60.0
"""Legs nearer together than this are taken for one leg in view."""


def midline(
    points: Float, on_midline: npt.NDArray[np.bool_], is_leg: npt.NDArray[np.bool_]
) -> tuple[Float, Float, bool]:
    """x of the midline by z: (z knots descending, x, sure).

    points: (n, 3) LPS mm of bone; on_midline: voxels of spine, sacrum, sternum, skull; is_leg: femur to foot.
    Below the lowest midline bone the middle between both legs counts. sure is False when neither was seen, and
    then x is 0, the scanner's middle.
    """
    if not len(points):
        return np.array([0.0]), np.array([0.0]), False
    top, bottom = float(points[:, 2].max()), float(points[:, 2].min())
    knots = np.arange(top, bottom - 10, -10.0)
    values = np.full(len(knots), np.nan)
    low = np.inf
    middle = points[on_midline]
    if len(middle):
        low = float(np.percentile(middle[:, 2], 1))
    legs = points[is_leg]
    for i, z in enumerate(knots):
        near = middle[np.abs(middle[:, 2] - z) < 15]
        if len(near) >= 10:
            values[i] = np.median(near[:, 0])
            continue
        if z < low:
            beside = legs[np.abs(legs[:, 2] - z) < 25][:, 0]
            if len(beside) >= 10:
                left, right = np.percentile(beside, 95), np.percentile(beside, 5)
                gap = np.sort(beside)
                widest = float(np.diff(gap).max()) if len(gap) > 1 else 0.0
                if left - right > APART_MM and widest > 8:
                    k = int(np.argmax(np.diff(gap)))
                    values[i] = (gap[k] + gap[k + 1]) / 2
    known = np.isfinite(values)
    if not known.any():
        return knots, np.zeros(len(knots)), False
    filled = np.interp(np.arange(len(knots)), np.flatnonzero(known), values[known])
    return knots, ndimage.median_filter(filled, 5, mode="nearest"), True


def is_left(points: Float, line: tuple[Float, Float, bool]) -> npt.NDArray[np.bool_]:
    """Whether each point lies to the patient's left (+x) of the midline."""
    knots, x, _ = line
    at = np.interp(-points[:, 2], -knots, x)
    return points[:, 0] > at
