"""Where the brain lies, from the label of the skull: tissue that is normal in both exams of a child."""

from __future__ import annotations

import numpy as np

from marrowmap.core.site import sites_by_id
from marrowmap.core.skeleton import Skeleton
from marrowmap.imaging.bone_frame import Points

FEWEST = 200
"""Voxels of skull below which nothing is said."""
HALF_WIDTH_MM = (45.0, 95.0)
"""Half the width of a skull; outside it the label is not that of a whole skull (ours)."""
CAP, INNER = 1.6, 0.6
"""Height of the brain case below its top, and radius of the ball within it, in half widths (ours)."""


def brain_points(skeleton: Skeleton) -> Points | None:
    """Points of a ball in the middle of the brain, LPS mm; None without a whole skull."""
    voxels = np.argwhere(skeleton.labels == sites_by_id()["skull"].label)
    if len(voxels) < FEWEST:
        return None
    skull = voxels @ skeleton.grid.affine[:3, :3].T + skeleton.grid.affine[:3, 3]
    half = float(np.ptp(np.percentile(skull[:, 0], (1, 99)))) / 2
    if not HALF_WIDTH_MM[0] <= half <= HALF_WIDTH_MM[1]:
        return None
    top = float(np.percentile(skull[:, 2], 99.5))
    case = skull[skull[:, 2] > top - CAP * half]
    front, back = np.percentile(case[:, 1], (2, 98))
    steps = np.linspace(-1, 1, 15)
    ball = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    ball = ball[(ball**2).sum(axis=1) <= 1] * INNER * half
    points: Points = ball + np.array([np.median(case[:, 0]), (front + back) / 2, top - half])
    return points
