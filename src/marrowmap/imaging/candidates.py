"""Places in the marrow that a reader should look at, with measurements and reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from marrowmap.core.lesion import Candidate
from marrowmap.core.site import site_of_label
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.bone_profile import BoneProfiles
from marrowmap.imaging.candidates_rank import ranker, shown
from marrowmap.imaging.candidates_reasons import Child, prevalence_of, reasons
from marrowmap.imaging.candidates_spots import Spot, find_spots
from marrowmap.imaging.candidates_zscore import Unusual, unusual
from marrowmap.imaging.lesion_features import lesion_view
from marrowmap.imaging.measure import GROWN, MARGIN_MM, Box, RegionMeasures, measure_in_box
from marrowmap.imaging.muscle import muscle_mask, muscle_reference
from marrowmap.imaging.network import probability, weights_there
from marrowmap.imaging.working import Working, enlarge, nearest_index, prepare

Progress = Callable[..., None]
MOST = 60


@dataclass(frozen=True)
class CandidateSet:
    """Candidates by falling score. labels: uint16 on the skeleton's grid, value ``Candidate.label``."""

    candidates: tuple[Candidate, ...]
    labels: npt.NDArray[np.uint16]
    warnings: tuple[str, ...] = ()


def find_candidates(
    volumes: dict[str, Volume],
    skeleton: Skeleton,
    *,
    progress: Progress | None = None,
) -> CandidateSet:
    """Propose places whose marrow is unusual for this child. Suggests only; an empty set is not "normal".

    Age is not told: what marrow looks like at an age is read off the same child's other bones.

    Without a fluid-sensitive volume nothing is proposed and a warning says so.
    """
    labels = np.zeros(skeleton.grid.shape, dtype=np.uint16)
    if not any(v.contrast.is_fluid_sensitive for v in volumes.values()):
        return CandidateSet((), labels, ("No fluid-sensitive sequence: no candidates were looked for.",))
    work = prepare(_judged(volumes))
    if progress:
        progress("looking at marrow", 0, 1)
    judged = scored_spots(work, skeleton)
    worth_a_look = [(score, spot) for score, spot in judged.spots if shown(spot, score)]
    proposed = worth_a_look[:MOST]
    reference = muscle_reference(work, judged.muscle)
    counts = np.bincount(skeleton.labels.ravel(), minlength=130)
    found: list[tuple[Candidate, RegionMeasures, Spot]] = []
    for number, (score, spot) in enumerate(proposed, start=1):
        box, region = _on_full_grid(spot, work, skeleton)
        if not region.any():  # smaller than a voxel of a coarse exam
            continue
        measures = measure_in_box(volumes, skeleton, region, box, reference, counts, GROWN)
        unit = site_of_label(spot.label)
        if unit is None:
            continue
        labels[box][region & (labels[box] == 0)] = number
        site_id = measures.site_id or unit.id
        candidate = Candidate(
            id=f"c{number}",
            site_id=site_id,
            centre_mm=measures.centre_mm,
            volume_ml=measures.volume_ml,
            max_diameter_mm=measures.max_diameter_mm,
            extent_percent=measures.extent_percent,
            si_ratio=measures.si_ratio,
            t1_ratio=measures.t1_ratio,
            adc=measures.adc,
            adc_p10=measures.adc_p10,
            periosteal_ratio=measures.periosteal_ratio,
            soft_tissue_ratio=measures.soft_tissue_ratio,
            heights=measures.heights,
            units=measures.units,
            score=round(score, 3),
            reasons=(),
            label=number,
            level_uncertain=site_id in skeleton.uncertain_levels,
            healthy_prevalence=prevalence_of(site_id),
        )
        found.append((candidate, measures, spot))
        if progress:
            progress("measuring candidates", number, len(proposed))
    marked = {candidate.site_id: candidate.id for candidate, _, _ in reversed(found)}
    child = Child(
        work.main,
        judged.labels,
        work.grid.voxel_ml,
        judged.values,
        judged.profiles,
        skeleton.coverage,
        marked,
    )
    told = tuple(
        replace(candidate, reasons=reasons(candidate, measures, spot.whole(work.grid.shape), child))
        for candidate, measures, spot in found
    )
    return CandidateSet(told, labels, (*_warnings(skeleton), *_left_out(len(worth_a_look) - len(proposed))))


def _judged(volumes: dict[str, Volume]) -> dict[str, Volume]:
    """Without the diffusion images of lower b-values: lesions are judged on the highest and on ADC."""
    highest = max((v.b_value or 0 for v in volumes.values() if v.contrast is Contrast.DWI), default=0)
    return {k: v for k, v in volumes.items() if v.contrast is not Contrast.DWI or (v.b_value or 0) == highest}


@dataclass(frozen=True)
class Judged:
    """Every spot with its score, by falling score, and what it was judged by: arrays on the working grid."""

    spots: list[tuple[float, Spot]]
    values: Unusual
    labels: npt.NDArray[np.uint8]
    muscle: npt.NDArray[np.bool_]
    profiles: BoneProfiles


def scored_spots(work: Working, skeleton: Skeleton, hide: frozenset[str] = frozenset()) -> Judged:
    """All spots of an exam. hide: what is left out of the judgement, see ``lesion_view`` (for ablations)."""
    small = enlarge(skeleton.labels, skeleton.grid, work.grid).astype(np.uint8)
    muscle = muscle_mask(work, small > 0)
    values = unusual(work, small, muscle)
    view = lesion_view(work, small, values, hide=hide)
    if weights_there("lesions"):
        likely = probability("lesions", view)
    else:
        likely = (1 / (1 + np.exp(-(values.multi - 4.0)))).astype(np.float32) * (small > 0)
    judge = ranker().without(hide)
    spots = [(judge.score(s), s) for s in find_spots(work, small, likely, values)]
    return Judged(sorted(spots, key=lambda s: -s[0]), values, small, muscle, view.profiles)


def _on_full_grid(spot: Spot, work: Working, skeleton: Skeleton) -> tuple[Box, npt.NDArray[np.bool_]]:
    """A box of the exam's grid around the spot, with a margin, and the spot's mask in it."""
    index = nearest_index(work.grid, skeleton.grid)
    box, inside = [], []
    for axis in range(3):
        near = np.flatnonzero((index[axis] >= spot.box[axis].start) & (index[axis] < spot.box[axis].stop))
        pad = int(np.ceil(MARGIN_MM / skeleton.grid.spacing[axis]))
        low = max(0, int(near[0]) - pad) if near.size else 0
        high = min(skeleton.grid.shape[axis], int(near[-1]) + pad + 1) if near.size else 1
        box.append(slice(low, high))
        inside.append(index[axis][low:high])
    return (box[0], box[1], box[2]), spot.whole(work.grid.shape)[np.ix_(*inside)]


def _warnings(skeleton: Skeleton) -> tuple[str, ...]:
    missed = sum(c is Coverage.NOT_COVERED for c in skeleton.coverage.values())
    return (f"{missed} bone units were not assessed (not in view or not found).",) if missed else ()


def _left_out(more: int) -> tuple[str, ...]:
    if not more:
        return ()
    places = "place" if more == 1 else "places"
    return (
        f"Only the {MOST} candidates of highest score are listed; {more} more {places} would have been proposed.",
    )
