"""Labels from body proportions alone: a stick figure scaled to the body outline.

Used only where the trained network cannot run. It knows where bones lie on average and nothing of the child's
own anatomy, so every unit gets a low certainty and every vertebral level is uncertain.
"""

from __future__ import annotations

import numpy as np

from marrowmap.core.site import VERTEBRAL_LEVELS, sites_by_id
from marrowmap.imaging.working import Float, Working

CERTAINTY = 0.2

# Shares of the stature: (x from the midline, z above the soles) of both ends, radius; PROPOSED.
STICKS: tuple[tuple[str, float, float, float, float, float], ...] = (
    ("humerus_proximal_epiphysis", 0.105, 0.80, 0.105, 0.785, 0.016),
    ("humerus_proximal_metaphysis", 0.106, 0.782, 0.11, 0.76, 0.012),
    ("humerus_diaphysis", 0.11, 0.76, 0.125, 0.65, 0.008),
    ("humerus_distal_metaphysis", 0.125, 0.65, 0.128, 0.63, 0.010),
    ("clavicle_medial", 0.015, 0.815, 0.05, 0.82, 0.005),
    ("clavicle_lateral", 0.05, 0.82, 0.09, 0.82, 0.005),
    ("scapula", 0.07, 0.80, 0.06, 0.73, 0.015),
    ("ilium", 0.035, 0.58, 0.06, 0.56, 0.03),
    ("ischium", 0.04, 0.50, 0.04, 0.47, 0.014),
    ("pubis", 0.01, 0.50, 0.035, 0.51, 0.010),
    ("femur_proximal_epiphysis", 0.052, 0.525, 0.052, 0.525, 0.016),
    ("femur_proximal_metaphysis", 0.055, 0.515, 0.07, 0.49, 0.014),
    ("femur_diaphysis", 0.07, 0.49, 0.055, 0.33, 0.010),
    ("femur_distal_metaphysis", 0.055, 0.33, 0.053, 0.305, 0.015),
    ("femur_distal_epiphysis", 0.053, 0.295, 0.053, 0.285, 0.018),
    ("tibia_proximal_epiphysis", 0.053, 0.272, 0.053, 0.266, 0.018),
    ("tibia_proximal_metaphysis", 0.053, 0.258, 0.052, 0.235, 0.014),
    ("tibia_diaphysis", 0.052, 0.235, 0.05, 0.09, 0.009),
    ("tibia_distal_metaphysis", 0.05, 0.09, 0.05, 0.065, 0.011),
    ("tibia_distal_epiphysis", 0.05, 0.055, 0.05, 0.05, 0.012),
    ("fibula_shaft", 0.068, 0.24, 0.066, 0.08, 0.005),
    ("talus", 0.05, 0.04, 0.05, 0.04, 0.012),
    ("calcaneus", 0.05, 0.022, 0.05, 0.022, 0.014),
)


def rough_labels(work: Working) -> np.ndarray:
    """Labels on the working grid, uint8; all zero when no body is found."""
    out = np.zeros(work.grid.shape, dtype=np.uint8)
    rows = np.flatnonzero(work.body.any(axis=(0, 2)))
    if rows.size < 50:
        return out
    _, dr, dc = work.grid.spacing
    stature = (rows[-1] - rows[0]) * dr
    columns = np.arange(work.grid.shape[2])
    torso = work.body[:, rows[0] + int(0.2 * rows.size) : rows[0] + int(0.45 * rows.size)]
    midline = float((torso.sum(axis=(0, 1)) * columns).sum() / max(torso.sum(), 1))
    xs = (columns[None, :] - midline) * dc / stature
    zs = 1 - (np.arange(work.grid.shape[1])[:, None] - rows[0]) * dr / stature
    deep = work.depth_mm > 0.004 * stature
    middle = _middle_slice(work)
    half = max(1, round(0.012 * stature / work.grid.spacing[0]))
    for name, x0, z0, x1, z1, radius in STICKS:
        for sign, side in ((-1, "right"), (1, "left")):
            near = _distance(xs * sign, zs, x0, z0, x1, z1) < radius
            _paint(out, near, middle, half, deep, sites_by_id()[f"{name}_{side}"].label)
    spine = np.linspace(0.905, 0.60, len(VERTEBRAL_LEVELS) + 1)
    for i, level in enumerate(VERTEBRAL_LEVELS):
        near = (np.abs(xs) < 0.012) & (zs < spine[i] - 0.002) & (zs > spine[i + 1])
        _paint(out, near, middle + half, half, deep, sites_by_id()[f"vertebra_{level.lower()}"].label)
    return out


def _middle_slice(work: Working) -> np.ndarray:
    """Mean slice of the body in every row."""
    slices = np.arange(work.grid.shape[0])[:, None]
    count = work.body.sum(axis=2)
    centre = (count * slices).sum(axis=0) / np.maximum(count.sum(axis=0), 1)
    return np.round(centre).astype(int)


def _distance(xs: Float, zs: Float, x0: float, z0: float, x1: float, z1: float) -> Float:
    length = (x1 - x0) ** 2 + (z1 - z0) ** 2
    along = np.clip(((xs - x0) * (x1 - x0) + (zs - z0) * (z1 - z0)) / max(length, 1e-9), 0, 1)
    return np.hypot(xs - x0 - along * (x1 - x0), zs - z0 - along * (z1 - z0)).astype(np.float32)


def _paint(
    out: np.ndarray, near: np.ndarray, middle: np.ndarray, half: int, deep: np.ndarray, label: int
) -> None:
    rows, columns = np.nonzero(near)
    for step in range(-half, half + 1):
        slices = np.clip(middle[rows] + step, 0, out.shape[0] - 1)
        keep = deep[slices, rows, columns]
        out[slices[keep], rows[keep], columns[keep]] = label
