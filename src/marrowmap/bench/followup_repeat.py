"""Test-retest: the same children scanned twice, with different noise and nothing else different."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from marrowmap.core.site import all_sites
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.volume import Volume
from marrowmap.imaging.grow import grow_region
from marrowmap.imaging.measure import exam_muscle
from marrowmap.phantom.acquire import Scanner
from marrowmap.phantom.artefacts import Imperfections, receive
from marrowmap.phantom.body import Tissue
from marrowmap.phantom.exam import ExamRequest, make_scene
from marrowmap.phantom.truth import measure_finding
from marrowmap.phantom.volumes import Simulated, simulate_volumes

FIRST_SEED = 7900
N_CHILDREN = 3
SPACING = (5.0, 2.0, 2.0)
SMALLEST_ML = 1.0
VOLUME_LIMIT, RATIO_LIMIT = 10.0, 5.0
"""Percent (goals)."""


def repeatability(n_children: int = N_CHILDREN, first: int = FIRST_SEED) -> dict[str, Any]:
    """Differences in percent between two scans, of every lesion of 1 ml and more.

    The outline grows from the lesion's centre in each scan by itself, as after a reader's click. Bodies of the
    quick body model; noise of a usual 1.5 T scan, Rician.
    """
    volume, ratio = [], []
    for seed in range(first, first + n_children):
        for difference in _child(seed):
            volume.append(difference[0])
            ratio.append(difference[1])
    return {
        "lesions": len(volume),
        "children": n_children,
        "smallest_ml": SMALLEST_ML,
        "volume_percent": _spread(volume, VOLUME_LIMIT),
        "signal_ratio_percent": _spread(ratio, RATIO_LIMIT),
        "what": "absolute difference of two scans over their mean; outlines grown from a click in each scan",
    }


def _spread(values: list[float], limit: float) -> dict[str, float | None]:
    if not values:
        return {"median": None, "p95": None, "largest": None, "limit": limit, "share_within": None}
    array = np.abs(values)
    return {
        "median": round(float(np.median(array)), 2),
        "p95": round(float(np.percentile(array, 95)), 2),
        "largest": round(float(array.max()), 2),
        "limit": limit,
        "share_within": round(float((array <= limit).mean()), 3),
    }


def _child(seed: int) -> list[tuple[float, float]]:
    scene = make_scene(ExamRequest(seed, body="analytic", difficulty="clinical"))
    still = Scanner(1.5, Imperfections(noise=0.0))
    made = simulate_volumes(scene.body, scene.findings, SPACING, still, seed=seed)
    lesions = [measure_finding(scene, f) for f in scene.findings if f.kind.is_lesion]
    present = {int(v) for v in np.unique(made.sites)}
    coverage = {s.id: Coverage.COVERED if s.label in present else Coverage.NOT_COVERED for s in all_sites()}
    skeleton = Skeleton(made.sites, made.grid, "true labels", coverage=coverage)
    scans = [noisy(made, [seed, k]) for k in (1, 2)]
    muscles = [exam_muscle(v, skeleton) for v in scans]
    found = []
    for lesion in lesions:
        if lesion.volume_ml < SMALLEST_ML or lesion.finding.features.sclerotic:
            continue
        grown = [
            grow_region(v, skeleton, lesion.centre_mm, muscle=m).measures
            for v, m in zip(scans, muscles, strict=True)
        ]
        sizes = [g.volume_ml.value for g in grown]
        ratios = [g.si_ratio.value for g in grown]
        if None in sizes or None in ratios or max(sizes) < SMALLEST_ML:  # type: ignore[type-var]
            continue
        found.append((_difference(sizes), _difference(ratios)))  # type: ignore[arg-type]
    return found


def _difference(pair: list[float]) -> float:
    return 100 * (pair[1] - pair[0]) / (0.5 * (pair[0] + pair[1]))


def noisy(made: Simulated, seed: list[int]) -> dict[str, Volume]:
    """STIR and T1 of a scan without noise, with the noise of a usual scan added (Rician)."""
    rng = np.random.default_rng(seed)
    volumes = {}
    for name, share in (("STIR", 1.0), ("T1", 0.5)):
        volume = made.volumes[name]
        muscle = float(np.median(volume.array[made.tissue == Tissue.MUSCLE]))
        sigma = Imperfections().noise * muscle * share
        volumes[name] = replace(volume, array=receive(volume.array, rng, sigma, 0.0))
    return volumes
