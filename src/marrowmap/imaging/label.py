"""Which bone unit every voxel belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid, Plane, PointMm
from marrowmap.core.site import all_sites
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.volume import Volume
from marrowmap.errors import InputError
from marrowmap.imaging.grids import is_upright, labels_onto
from marrowmap.imaging.grids import resample as resample_any
from marrowmap.imaging.label_assemble import PART, WHOLE_BODY, Assembled, assemble, name_all
from marrowmap.imaging.label_mixing import mix_names
from marrowmap.imaging.label_rough import CERTAINTY, rough_labels
from marrowmap.imaging.naming import LEAST, name_again, naming_view
from marrowmap.imaging.network import FATTY, FLUID, REGIONAL, Bones, find_bones, is_regional, weights_there
from marrowmap.imaging.outline import bone_share, nearest_units, outline_view
from marrowmap.imaging.working import Working, enlarge, prepare, prepare_main, weights

Progress = Callable[..., None]
EDGE = 0.44
"""Probability at which bone begins on the exam's grid; on validation children the Dice is the same as with 0.5."""
METHOD = "network trained on synthetic children only, not validated on patients"


def label_skeleton(
    volumes: dict[str, Volume], *, progress: Progress | None = None, network: str | None = None
) -> Skeleton:
    """Label every voxel of bone on the grid of the STIR volume (else T1).

    Uses whatever of STIR (or another fluid-sensitive sequence) and T1 (or PD, T2) there is, in any coverage. A
    bone that is missed or out of view is NOT_COVERED, that is not assessed; it is never called normal. network:
    that of the package to ask; if None the one of whole bodies, and where it does not trust itself and only a part
    of the body is in view, the one of parts.
    Raises InputError when there is no volume at all.
    """
    if not volumes:
        raise InputError("volumes", "there is none to label", "compose at least a STIR or a T1 volume")
    if progress:
        progress("finding bones", 0, 3)
    turned = coronal_volumes(volumes)
    if turned is not None:  # the network knows bodies as coronal stacks: turn, label, bring the labels back
        own = prepare(volumes).full
        found = label_skeleton(turned, progress=progress, network=network)
        return replace(found, labels=labels_onto(found.labels, found.grid, own).astype(np.uint8), grid=own)
    work = prepare(_anatomical(volumes))
    if not weights_there("units"):
        return _rough(work)
    asked = network or "units"
    bones, mixed, named = _first_look(work, asked)
    if network is None and not named.labels.any() and is_regional(work) and weights_there(REGIONAL):
        asked = REGIONAL
        bones, mixed, named = _first_look(work, asked)
    labels = np.zeros(work.full.shape, dtype=np.uint8)
    if named.labels.any():
        if progress:
            progress("drawing outlines", 1, 3)
        outline = outline_view(volumes, work, bones, name_all(work, mixed).labels)
        share = bone_share(outline)
        if progress:
            progress("naming bones", 2, 3)
        if asked != REGIONAL:  # the second look knows the first names of whole bodies only
            again = name_again(naming_view(work, bones, outline, share), bones)
            named = assemble(work, mix_names(again, work.grid.spacing))
        labels = _to_full(
            nearest_units(named.labels, work.grid, outline.grid), share, outline.grid, work.full
        )
    method = ". ".join(said.rstrip(".") for said in (METHOD, *named.notes))
    return Skeleton(labels, work.full, method, named.certainty, named.uncertain_levels, named.coverage)


def label_part(volumes: dict[str, Volume]) -> tuple[Skeleton | None, str]:
    """Labels of a regional exam whose volumes lie each in its own plane, and what was said; None where no bone is
    named. Only sequences that the networks know are asked."""
    known = {n: volumes[n] for n in (*FLUID, *FATTY) if n in volumes}
    if not known:
        return None, "No sequence that shows anatomy was found."
    if (
        coronal_volumes(known) is None
    ):  # the main one is upright: the others are read only where they are as well
        known = {n: v for n, v in known.items() if is_upright(v.grid, Plane.CORONAL)}
    found = label_skeleton(known)
    return (found if found.labels.any() else None), found.method


def _anatomical(volumes: dict[str, Volume]) -> dict[str, Volume]:
    """The volumes that labels are read from: those known to show anatomy, and the main one in any case."""
    main = prepare_main(volumes)
    return {n: v for n, v in volumes.items() if n in (*FLUID, *FATTY) or v is main}


def _first_look(work: Working, network: str) -> tuple[Bones, Bones, Assembled]:
    """What may be bone, the same with names mixed, and the names of what is not unlikely to be bone: they tell whether
    the exam is trusted."""
    bones = find_bones(work, network)
    mixed = mix_names(bones, work.grid.spacing)
    return bones, mixed, assemble(work, mixed.above(LEAST), PART if network == REGIONAL else WHOLE_BODY)


def coronal_volumes(volumes: dict[str, Volume]) -> dict[str, Volume] | None:
    """The volumes on an upright coronal grid of 3 mm pixels; None when they are upright coronal already."""
    main = prepare_main(volumes)
    if is_upright(main.grid, Plane.CORONAL):
        return None
    low, high = main.grid.extent_mm()
    step = (3.0 if main.grid.plane is not Plane.CORONAL else main.grid.spacing[0], 3.0, 3.0)
    size = (high.y - low.y, high.z - low.z, high.x - low.x)
    shape = tuple(max(1, round(a / b)) for a, b in zip(size, step, strict=True))
    start = PointMm(low.x + step[2] / 2, low.y + step[0] / 2, high.z - step[1] / 2)
    target = Grid.coronal((shape[0], shape[1], shape[2]), step, start)
    out = {}
    for name, volume in volumes.items():
        array, covered = resample_any(volume.array, volume.grid, target)
        out[name] = replace(volume, array=array, grid=target, covered=covered, station=None)
    return out


def _to_full(
    units: npt.NDArray[np.uint8], bone: npt.NDArray[np.float16], fine: Grid, full: Grid
) -> npt.NDArray[np.uint8]:
    """Labels on the exam's grid: smooth outline from the interpolated probability, unit of the nearest voxel."""
    labels = enlarge(units, fine, full).astype(np.uint8)
    for s, part in enumerate(_slices(bone, fine, full)):
        labels[s][part < EDGE] = 0
    return labels


def _slices(bone: npt.NDArray[np.float16], fine: Grid, full: Grid) -> Iterator[npt.NDArray[np.float32]]:
    """Interpolated bone probability of each slice of the exam's grid, one at a time to save memory."""
    along, down, across = (weights(fine, full, axis) for axis in range(3))
    for row in along:
        near = np.flatnonzero(row)
        mixed = np.tensordot(row[near], bone[near].astype(np.float32), axes=1)
        yield down @ mixed @ across.T


def _rough(work: Working) -> Skeleton:
    small = rough_labels(work)
    labels = enlarge(small, work.grid, work.full).astype(np.uint8)
    present = {int(v) for v in np.unique(labels)}
    coverage = {s.id: Coverage.COVERED if s.label in present else Coverage.NOT_COVERED for s in all_sites()}
    certainty = {s.id: CERTAINTY for s in all_sites() if s.label in present}
    uncertain = frozenset(s.id for s in all_sites() if s.is_vertebra and s.label in present)
    return Skeleton(labels, work.full, "body proportions only (rough)", certainty, uncertain, coverage)
