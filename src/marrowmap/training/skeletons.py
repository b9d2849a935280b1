"""Skeletons as the outline network may draw them, made from painted children alone: no scanner, no first look.

What names bone from its shape must have seen many shapes. Simulating an exam takes minutes, bending a painted child
seconds: the outlines, and what is wrong with them, are drawn here instead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.imaging.naming import ShapeView, shape_view
from marrowmap.phantom.body import Tissue
from marrowmap.training.builds import warp
from marrowmap.training.cases import Case
from marrowmap.training.samples import Sample

Float = npt.NDArray[np.float32]

VOXELS = 6_000
"""Voxels drawn from one skeleton, units evenly."""
CUT = 0.2
"""Share of the skeletons of which only a part is in view."""
UNSEEN_BONE = 0.03
"""Share of the units that are hardly seen at all."""
COARSE = 0.5
"""Share of the skeletons whose bones are thicker in places and thinner in others than they were painted."""
LOST, FALSE = 0.14, 0.012
"""Largest share of bone that is lost in patches, and of soft tissue near bone that is taken for it (outlines of bodies
of another kind lose 0.07 to 0.09 of the bone, and a hundredth of what they draw is none)."""


def sample(case: Case, rng: np.random.Generator) -> Sample:
    """Features (float16) and label of voxels of true bone of one skeleton of another build.

    The features are those of shape and place alone: first names, which come after them, are not told.
    """
    case = warp(case, rng, ())
    site, tissue = case.site, case.tissue
    if rng.random() < CUT:
        rows = site.shape[1]
        size = int(rng.uniform(0.15, 0.7) * rows)
        start = int(rng.integers(0, rows - size))
        site, tissue = site[:, start : start + size], tissue[:, start : start + size]
    if rng.random() < 0.5:
        site, tissue = site[..., ::-1], tissue[..., ::-1]
    view = drawn(site, tissue, case.spacing, rng)
    label = site[tuple(view.places.T)]
    bone = np.flatnonzero(label)
    share = 1 / np.sqrt(np.bincount(label[bone], minlength=256)[label[bone]])
    chosen = bone[rng.choice(len(bone), min(VOXELS, 2 * len(bone)), p=share / share.sum())]
    return {"x": view.at(chosen).astype(np.float16), "label": label[chosen].astype(np.uint8)}


def drawn(
    site: npt.NDArray[np.uint8],
    tissue: npt.NDArray[np.uint8],
    spacing: tuple[float, float, float],
    rng: np.random.Generator,
) -> ShapeView:
    """What the naming network would see of a skeleton whose outlines are blurred, too wide or too narrow in places,
    and partly lost."""
    seen = (site > 0).astype(np.float32)
    units = np.flatnonzero(np.bincount(site.ravel(), minlength=256)[1:]) + 1
    dim = np.ones(256, dtype=np.float32)
    unseen = units[rng.random(len(units)) < UNSEEN_BONE]
    dim[unseen] = rng.uniform(0, 0.5, len(unseen))
    seen *= dim[site]
    if rng.random() < COARSE:
        swollen = ndimage.gaussian_filter(seen, (0.4, 0.8, 0.8))
        seen = (swollen > 0.3 + 0.12 * _field(rng, site.shape, spacing, 40.0)).astype(np.float32)
    width = rng.uniform(0.1, 0.7)
    across = rng.uniform(0, 0.25)
    bone = ndimage.gaussian_filter(seen, (across, width, width))
    near = ndimage.uniform_filter(seen, (3, 9, 9)) > 0
    bone *= 1 + 0.3 * _field(rng, site.shape, spacing, 25.0)
    lost = _field(rng, site.shape, spacing, rng.uniform(8, 30))
    inside = seen > 0
    if inside.any():
        bone *= lost > np.quantile(lost[inside], rng.uniform(0, LOST))
    alien = _field(rng, site.shape, spacing, rng.uniform(5, 12))
    outside = near & (site == 0) & (tissue > 0)
    if outside.any():
        bone += 0.8 * (alien > np.quantile(alien[outside], 1 - rng.uniform(0, FALSE))) * outside
    grain = rng.normal(0, 0.06) + 0.06 * rng.standard_normal(site.shape, dtype=np.float32)
    bone = np.where(bone > 0.05, bone + grain, 0).clip(0, 1).astype(np.float32)
    disc = np.isin(tissue, (Tissue.DISC, Tissue.DISC_NUCLEUS)).astype(np.float32)
    disc = ndimage.gaussian_filter(disc, (0.2, 0.5, 0.5)) * (1 + 0.4 * _field(rng, site.shape, spacing, 25.0))
    disc = (disc * rng.uniform(0.4, 1.3)).clip(0, 1).astype(np.float32)
    return shape_view(bone, disc, tissue > 0, spacing)


def _field(
    rng: np.random.Generator, shape: tuple[int, ...], spacing: tuple[float, float, float], every_mm: float
) -> Float:
    """A smooth random field, about standard normal, that changes over ``every_mm``."""
    knots = [int(np.ceil(n * s / every_mm)) + 2 for n, s in zip(shape, spacing, strict=True)]
    small = rng.standard_normal(knots, dtype=np.float32)
    out = small
    for axis, (n, k) in enumerate(zip(shape, knots, strict=True)):
        places = np.linspace(0, k - 1.001, n, dtype=np.float32)
        low = places.astype(int)
        part = (places - low).reshape([-1 if a == axis else 1 for a in range(3)])
        out = out.take(low, axis) * (1 - part) + out.take(low + 1, axis) * part
    return 1.6 * out
