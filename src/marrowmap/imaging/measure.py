"""Measurements of an outlined region, each with its uncertainty.

Definitions: volume, largest diameter and share of the unit from the outline (``measure_outline``); signal ratio = mean
of the region over median of muscle of the same station, same sequence, no rescaling in between (definitions, 9.2); ADC
mean and 10th percentile in 1e-6 mm2/s (``measure_signal``). Uncertainties are one standard deviation and PROPOSED.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid
from marrowmap.core.lesion import Measured
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.errors import InputError
from marrowmap.imaging.measure_outline import DRAWN, GROWN, Edge, OutlineMeasures, measure_outline
from marrowmap.imaging.measure_signal import FLUID, Signals
from marrowmap.imaging.muscle import MuscleReference, muscle_mask, muscle_reference
from marrowmap.imaging.vertebral_heights import vertebral_heights
from marrowmap.imaging.working import enlarge, prepare

__all__ = [
    "DRAWN",
    "GROWN",
    "MARGIN_MM",
    "Box",
    "Edge",
    "RegionMeasures",
    "exam_muscle",
    "measure_in_box",
    "measure_region",
    "vertebral_heights",
]

Bool = npt.NDArray[np.bool_]
Box = tuple[slice, slice, slice]
MARGIN_MM = 20.0
PERIOSTEAL_MM, SOFT_TISSUE_MM = (0.0, 3.0), (4.0, 15.0)
"""From and to, outside all bone."""


@dataclass(frozen=True)
class RegionMeasures(OutlineMeasures):
    """What is measured of one region: of its outline and, with the images, of its signal.

    periosteal_ratio, soft_tissue_ratio: fluid-sensitive signal over muscle in the 3 mm next to the bone and the 4 to
    15 mm beside it, near the region.
    """

    si_ratio: Measured
    t1_ratio: Measured
    adc: Measured
    adc_p10: Measured
    periosteal_ratio: Measured
    soft_tissue_ratio: Measured


def exam_muscle(volumes: dict[str, Volume], skeleton: Skeleton) -> MuscleReference:
    """Muscle reference of an exam; computed once and handed to every ``measure_region``."""
    work = prepare(volumes)
    bone = enlarge(skeleton.labels, skeleton.grid, work.grid) > 0
    return muscle_reference(work, muscle_mask(work, bone))


def measure_region(
    volumes: dict[str, Volume],
    skeleton: Skeleton,
    mask: Bool,
    *,
    muscle: MuscleReference | None = None,
    unit_volumes: npt.NDArray[np.int64] | None = None,
    edge: Edge = DRAWN,
) -> RegionMeasures:
    """Measure the voxels of ``mask`` (bool, shape of the skeleton's grid).

    muscle: from ``exam_muscle``; made here when None. unit_volumes: voxels of every label, to save time. edge: how
    far the outline may be off.
    Raises InputError when the mask is empty or of another shape.
    """
    if mask.shape != skeleton.grid.shape:
        raise InputError(
            "outline", f"has shape {mask.shape}, the exam {skeleton.grid.shape}", "draw it on STIR"
        )
    if not mask.any():
        raise InputError("outline", "is empty", "outline at least one voxel")
    if muscle is None:
        muscle = exam_muscle(volumes, skeleton)
    counts = unit_volumes if unit_volumes is not None else np.bincount(skeleton.labels.ravel(), minlength=130)
    box = box_around(mask, skeleton.grid)
    return measure_in_box(volumes, skeleton, mask[box], box, muscle, counts, edge)


def measure_in_box(
    volumes: dict[str, Volume],
    skeleton: Skeleton,
    region: Bool,
    box: Box,
    muscle: MuscleReference,
    counts: npt.NDArray[np.int64],
    edge: Edge = DRAWN,
) -> RegionMeasures:
    """As ``measure_region``, for a region given inside ``box`` of the skeleton's grid (with a margin around it)."""
    outline = measure_outline(skeleton, region, box, counts, edge)
    signals = Signals(volumes, region, box, skeleton.grid, muscle)
    adc, adc_p10 = signals.adc()
    return RegionMeasures(
        **vars(outline),
        si_ratio=signals.ratio(FLUID),
        t1_ratio=signals.ratio(("T1",)),
        adc=adc,
        adc_p10=adc_p10,
        periosteal_ratio=signals.beside(skeleton.labels[box], PERIOSTEAL_MM),
        soft_tissue_ratio=signals.beside(skeleton.labels[box], SOFT_TISSUE_MM),
    )


def box_around(mask: Bool, grid: Grid) -> Box:
    """What a mask takes of the grid, with MARGIN_MM around it."""
    out = []
    for axis in range(3):
        hit = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        pad = int(np.ceil(MARGIN_MM / grid.spacing[axis]))
        out.append(slice(max(0, int(hit[0]) - pad), min(mask.shape[axis], int(hit[-1]) + pad + 1)))
    return out[0], out[1], out[2]
