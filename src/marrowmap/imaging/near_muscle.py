"""Signal of lesions for comparing exams: over muscle close by, for coils shade within a station; and the brain's, for
another scanner shows every bright tissue brighter or darker."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marrowmap.core.followup.measures import ExamSignals
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.imaging.bone_frame import Points
from marrowmap.imaging.brain import brain_points
from marrowmap.imaging.lesion_places import Outline
from marrowmap.imaging.muscle import muscle_mask
from marrowmap.imaging.place_signal import fluid_sensitive, sample
from marrowmap.imaging.working import enlarge, prepare

REACH_MM = 60.0
"""Muscle within this distance of the middle of a lesion is the reference (ours)."""
FEWEST = 60
EDGE = 0.25
"""Darkest share of the lesion's voxels that is left out: its edge is a mixture of lesion and marrow, and the mixture
changes. Ours: between 0 and 0.6 this left the least spread on development pairs."""


class NearMuscle:
    """Muscle of one exam, voxel by voxel, with its station. Empty without a fluid-sensitive sequence."""

    def __init__(self, volumes: dict[str, Volume], skeleton: Skeleton) -> None:
        found = fluid_sensitive(volumes)
        self._volume = None if found is None else found[1]
        if found is None or self._volume is None:
            return
        work = prepare({name: volumes[name] for name in {found[0], "T1"} & set(volumes)})
        bone = enlarge(skeleton.labels, skeleton.grid, work.grid) > 0
        voxels = np.argwhere(muscle_mask(work, bone))
        places = voxels @ work.grid.affine[:3, :3].T + work.grid.affine[:3, 3]
        self._places, self._signal, self._station = sample(self._volume, places)

    def ratio(self, points_mm: Points) -> float | None:
        """Signal at LPS points over muscle: mean of its brighter three quarters, median of the station's muscle within
        REACH_MM.

        With too little muscle there, that of the whole station; None without any or outside the exam.
        """
        if self._volume is None:
            return None
        _, signal, station = sample(self._volume, points_mm)
        if not len(signal):
            return None
        own = self._station == int(np.bincount(station).argmax())
        apart = np.linalg.norm(self._places - points_mm.mean(axis=0), axis=1)
        near = own & (apart <= REACH_MM)
        use = near if near.sum() >= FEWEST else own
        if use.sum() < FEWEST:
            return None
        level = float(np.median(self._signal[use]))
        bright = np.sort(signal)[int(len(signal) * EDGE) :]
        return float(bright.mean()) / level if level > 0 else None

    def over_all(self, points_mm: Points) -> float | None:
        """Median signal at LPS points over the median of all muscle of the exam; None outside or without muscle."""
        if self._volume is None or len(self._signal) < FEWEST:
            return None
        _, signal, _ = sample(self._volume, points_mm)
        level = float(np.median(self._signal))
        return float(np.median(signal)) / level if len(signal) >= FEWEST and level > 0 else None


def exam_signals(
    volumes: dict[str, Volume], skeleton: Skeleton, outlines: Mapping[str, Outline]
) -> ExamSignals:
    """Every outlined lesion over muscle close by, and the brain over all muscle."""
    near = NearMuscle(volumes, skeleton)
    found = {k: near.ratio(o.points_mm) for k, o in outlines.items()}
    brain = brain_points(skeleton)
    return ExamSignals(
        {k: v for k, v in found.items() if v is not None},
        None if brain is None else near.over_all(brain),
    )
