"""The patient's side from geometry: which side of the midline a voxel lies on.

The grid is in patient coordinates, so no picture is ever asked for left and right; only the midline is found:
a straight line through the bones that lie on it and the middle of the body's outline, fitted so that a part of
the places may be wrong (Theil-Sen).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
KNOT_MM = 12.0
FEWEST_ROWS = 8
"""Rows of two legs that make a midline."""
STEEPEST = 0.12
"""Greatest tilt of the midline (mm sideways per mm along the body) that is believed."""


def midline(
    points: Float, on_midline: npt.NDArray[np.bool_], outline: Float, legs: Float | None = None
) -> tuple[float, float, bool]:
    """Midline as x = a + b * z in LPS mm; (a, b, sure).

    points: (n, 3) bone voxels; on_midline: those of spine, sacrum, sternum, skull. outline: (m, 3) columns x of
    the body's left and right edge and z: (left x, right x, z). legs: (k, 2) x midway between two legs, and z.
    sure is False when neither bone of the midline nor two legs are in view; then the outline's middle counts,
    and a view of one limb alone falls back on the scanner's middle.
    """
    z, x = [], []
    middle = points[on_midline]
    if len(middle):
        bins = np.round(middle[:, 2] / KNOT_MM).astype(int)
        for b in np.unique(bins):
            inside = middle[bins == b]
            if len(inside) >= 12:
                z.append(b * KNOT_MM)
                x.append(float(np.median(inside[:, 0])))
    sure = len(z) >= 3
    if legs is not None and len(legs) >= FEWEST_ROWS:  # in a part of the body a bone is more easily mistaken
        sure, z, x = True, z + list(legs[:, 1]), x + list(legs[:, 0])
    if not sure:
        wide = outline[(outline[:, 0] - outline[:, 1]) > 180.0] if len(outline) else outline
        if not len(wide):
            return 0.0, 0.0, False
        z, x = list(wide[:, 2]), list((wide[:, 0] + wide[:, 1]) / 2)
    zs, xs = np.array(z), np.array(x)
    i, j = np.triu_indices(len(zs), 1)
    far = np.abs(zs[i] - zs[j]) > 60
    slope = float(np.median(((xs[i] - xs[j]) / (zs[i] - zs[j]))[far])) if far.any() else 0.0
    slope = float(np.clip(slope, -STEEPEST, STEEPEST))
    return float(np.median(xs - slope * zs)), slope, sure


def is_left(points: Float, line: tuple[float, float, bool]) -> npt.NDArray[np.bool_]:
    """Whether each point lies to the patient's left (+x) of the midline."""
    return points[:, 0] > line[0] + line[1] * points[:, 2]
