"""One exam of a child on the other by the skin alone: the last resort where an exam has no labels that can be used."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from marrowmap.core.volume import Volume
from marrowmap.imaging.body import coarse_body_mask
from marrowmap.imaging.bone_frame import BoneFit, Points, by_surface

MOST_POINTS = 2500
SCALES = (0.7, 1.15)
"""Height before over height now outside these means that the exams show different parts of the child (ours)."""
BODY = "body"


def body_fit(before: Volume, after: Volume) -> BoneFit | None:
    """Map of the later exam onto the earlier one by the outline of the body; None where they show different parts.

    Arms and legs that lie differently are off by centimetres: for a first proposal only.
    """
    p, q = _skin(before), _skin(after)
    if min(len(p), len(q)) < 200:
        return None
    (p_low, p_high), (q_low, q_high) = (np.percentile(x, (0.5, 99.5), axis=0) for x in (p, q))
    scale = (p_high - p_low) / np.maximum(q_high - q_low, 1.0)
    if not SCALES[0] <= scale[2] <= SCALES[1]:
        return None
    scale[:2] = np.clip(scale[:2], 0.85 * scale[2], 1.15 * scale[2])
    matrix = np.diag(scale)
    shift = 0.5 * (p_low + p_high) - matrix @ (0.5 * (q_low + q_high))
    same = np.zeros(len(p), np.uint8), np.zeros(len(q), np.uint8)
    return by_surface(BODY, (p, same[0]), (q, same[1]), matrix, shift)


def _skin(volume: Volume) -> Points:
    """Points of the body's surface, LPS mm, thinned evenly."""
    mask, steps = coarse_body_mask(volume)
    voxels = np.argwhere(mask & ~ndimage.binary_erosion(mask, np.ones((1, 3, 3))))
    if len(voxels) > MOST_POINTS:
        voxels = voxels[np.linspace(0, len(voxels) - 1, MOST_POINTS).astype(np.intp)]
    centres = (voxels + 0.5) * np.array(steps) - 0.5
    points: Points = centres @ volume.grid.affine[:3, :3].T + volume.grid.affine[:3, 3]
    return points
