"""Lesions put into real MR bone, so that a detector meets real texture, real noise and real artefacts.

Only the lesion is synthetic. Its target signal follows muscle of the same neighbourhood, so steps between
stations stay; the fine grain of the image stays, so the noise in a lesion is that of its surroundings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.errors import InvalidRecord
from marrowmap.phantom.body import Maps, Tissue
from marrowmap.phantom.findings import MASK_SHARE, Finding, Kind
from marrowmap.phantom.texture import Field

FLUID_TO_MUSCLE = 4.0
"""Signal of a lesion of strength 1 against muscle on STIR (Kieninger's lesions: 5.6 to 7.2 times muscle at
baseline; taken lower because strength 1 is rarely reached; PROPOSED)."""
T1_TO_MUSCLE = 1.05
NEIGHBOURHOOD_MM = 40.0
GRAIN_MM = 4.0


@dataclass(frozen=True)
class Implanted:
    """image: as given, with lesions. labels: uint16, number of the lesion, 0 elsewhere. findings: what was put in."""

    image: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint16]
    findings: tuple[Finding, ...]


def implant_lesions(
    image: npt.NDArray[np.floating],
    grid: Grid,
    bone: npt.NDArray[np.bool_],
    muscle: npt.NDArray[np.bool_],
    seed: int,
    count: int = 3,
    strength: tuple[float, float] = (0.35, 0.75),
    radius_mm: tuple[float, float] = (5.0, 13.0),
    t1_weighted: bool = False,
    preferred: npt.NDArray[np.bool_] | None = None,
) -> Implanted:
    """Put ``count`` lesions into ``bone``.

    image: fluid-sensitive (or T1-weighted) signal, shape of ``grid``. bone, muscle: masks of the same shape.
    preferred: where lesions should be centred, for example near growth plates; None allows all bone. Returns
    the changed image and labels; the same seed gives the same lesions. Raises InvalidRecord without bone or muscle.
    """
    if not bone.any() or not muscle.any():
        raise InvalidRecord(
            "implant", "there is no bone or no muscle in the masks", "Give masks that hold voxels"
        )
    rng = np.random.default_rng([seed, 95])
    inner = ndimage.binary_erosion(bone)
    inner = inner if inner.any() else bone
    nowhere = np.full(grid.shape, np.nan, np.float16)
    tissue = np.where(inner, np.uint8(Tissue.MARROW), np.uint8(Tissue.MUSCLE))
    maps = Maps(grid, tissue, inner.astype(np.uint8), np.zeros(grid.shape, np.uint8), nowhere, nowhere)
    level = _local_level(image, muscle, grid)
    spots = np.argwhere(inner & preferred if preferred is not None and (inner & preferred).any() else inner)
    result = np.asarray(image, np.float32).copy()
    smooth = ndimage.gaussian_filter(result, [GRAIN_MM / step / 2 for step in grid.spacing])
    grain = result - smooth
    labels = np.zeros(grid.shape, np.uint16)
    findings = []
    for number in range(1, count + 1):
        spot = spots[int(rng.integers(len(spots)))]
        centre = grid.affine[:3, :3] @ spot + grid.affine[:3, 3]
        radii = rng.uniform(*radius_mm) * rng.uniform(0.75, 1.35, 3)
        finding = Finding(
            number,
            Kind.CNO_LESION,
            ("implant",),
            (1,),
            PointMm(*map(float, centre)),
            (float(radii[0]), float(radii[1]), float(radii[2])),
            float(rng.uniform(*strength)),
            int(rng.integers(1 << 31)),
        )
        cover = finding.cover(grid, maps)
        mask = (cover > MASK_SHARE) & (labels == 0)
        if not mask.any():
            continue
        labels[mask] = number
        mottle = 1 + np.float32(0.16) * Field([finding.seed, 3], (3.0, 3.0, 4.0)).on(grid)
        share = np.clip(finding.strength * cover * mottle, 0, 1)
        goal = level * np.float32(T1_TO_MUSCLE if t1_weighted else FLUID_TO_MUSCLE)
        smooth = smooth + share * (goal - smooth)
        findings.append(finding)
    touched = labels > 0
    soft_edge = ndimage.binary_dilation(touched, iterations=2) & inner
    result = np.where(soft_edge, np.maximum(smooth + grain, 0), result).astype(np.float32)
    return Implanted(result, labels, tuple(findings))


def _local_level(
    image: npt.NDArray[np.floating], muscle: npt.NDArray[np.bool_], grid: Grid
) -> npt.NDArray[np.float32]:
    """Mean signal of muscle around every voxel."""
    sigma = [NEIGHBOURHOOD_MM / step for step in grid.spacing]
    weight = ndimage.gaussian_filter(muscle.astype(np.float32), sigma)
    total = ndimage.gaussian_filter(np.where(muscle, image, 0).astype(np.float32), sigma)
    overall = np.float32(np.asarray(image)[muscle].mean())
    return np.where(weight > 1e-3, total / np.maximum(weight, 1e-6), overall).astype(np.float32)
