"""Places in the marrow that a reader should look at, with measurements and reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.lesion import Candidate
from marrowmap.core.site import site_of_label
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.imaging.candidates_reasons import prevalence_of, reasons
from marrowmap.imaging.candidates_zscore import unusual
from marrowmap.imaging.measure import measure_region
from marrowmap.imaging.muscle import muscle_mask, muscle_reference
from marrowmap.imaging.working import Working, enlarge, prepare

Progress = Callable[..., None]
SMALLEST_ML = 0.15
MOST = 60


@dataclass(frozen=True)
class CandidateSet:
    """Candidates by falling score. labels: uint16 on the skeleton's grid, value ``Candidate.label``."""

    candidates: tuple[Candidate, ...]
    labels: npt.NDArray[np.uint16]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spot:
    """A connected place on the working grid before it is measured."""

    mask: npt.NDArray[np.bool_]
    box: tuple[slice, slice, slice]
    score: float
    label: int


def find_candidates(
    volumes: dict[str, Volume],
    skeleton: Skeleton,
    *,
    age_years: float | None = None,
    progress: Progress | None = None,
) -> CandidateSet:
    """Propose places whose marrow is unusual for this child. Suggests only; an empty set is not "normal".

    Without a fluid-sensitive volume nothing is proposed and a warning says so.
    """
    empty = np.zeros(skeleton.grid.shape, dtype=np.uint16)
    if not any(v.contrast.is_fluid_sensitive for v in volumes.values()):
        return CandidateSet((), empty, ("No fluid-sensitive sequence: no candidates were looked for.",))
    work = prepare(volumes)
    small = enlarge(skeleton.labels, skeleton.grid, work.grid).astype(np.uint8)
    muscle = muscle_mask(work, small > 0)
    values = unusual(work, small, muscle)
    spots = _spots(work, small, values.multi)
    reference = muscle_reference(work, muscle)
    counts = np.bincount(skeleton.labels.ravel(), minlength=130)
    found: list[Candidate] = []
    for number, spot in enumerate(spots[:MOST], start=1):
        full = enlarge(_whole(spot, work), work.grid, skeleton.grid).astype(bool)
        if not full.any():  # smaller than a voxel of a coarse exam
            continue
        measures = measure_region(volumes, skeleton, full, muscle=reference, unit_volumes=counts)
        unit = site_of_label(spot.label)
        if unit is None or not measures.site_id:
            continue
        empty[full] = number
        candidate = Candidate(
            id=f"c{number}",
            site_id=measures.site_id,
            centre_mm=measures.centre_mm,
            volume_ml=measures.volume_ml,
            max_diameter_mm=measures.max_diameter_mm,
            extent_percent=measures.extent_percent,
            si_ratio=measures.si_ratio,
            t1_ratio=measures.t1_ratio,
            adc=measures.adc,
            adc_p10=measures.adc_p10,
            score=spot.score,
            reasons=(),
            label=number,
            level_uncertain=measures.site_id in skeleton.uncertain_levels,
            healthy_prevalence=prevalence_of(measures.site_id),
        )
        found.append(
            replace(candidate, reasons=reasons(candidate, measures, values, _whole(spot, work), small))
        )
        if progress:
            progress("measuring candidates", number, min(len(spots), MOST))
    return CandidateSet(tuple(found), empty, ())


def _whole(spot: Spot, work: Working) -> npt.NDArray[np.bool_]:
    out = np.zeros(work.grid.shape, dtype=bool)
    out[spot.box] = spot.mask
    return out


def _spots(work: Working, labels: npt.NDArray[np.uint8], multi: npt.NDArray[np.float32]) -> list[Spot]:
    """Connected unusual places by falling score."""
    mask = (ndimage.gaussian_filter(multi, (0.3, 0.7, 0.7)) > 3.5) & (labels > 0)
    parts, _ = ndimage.label(mask)
    found = []
    for index, box in enumerate(ndimage.find_objects(parts), start=1):
        inside = parts[box] == index
        if inside.sum() * work.grid.voxel_ml < SMALLEST_ML:
            continue
        unit = int(np.bincount(labels[box][inside]).argmax())
        site = site_of_label(unit)
        height = float(np.percentile(multi[box][inside], 80)) - (
            1.5 if site and site.strict_threshold else 0.0
        )
        score = float(1 / (1 + np.exp(-(height - 6.5) / 1.5)))
        found.append(Spot(inside, box, score, unit))
    return sorted(found, key=lambda s: -s.score)
