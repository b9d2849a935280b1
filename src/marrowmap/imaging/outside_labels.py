"""A label map that somebody else made, as bone units of an exam.

A structure that is one unit is taken as it is. A whole bone ("left femur", "right hip") is divided: each voxel
gets the nearest unit of that bone by our own labels; a long bone that ours did not find is divided along its axis
by fixed shares, which are ours. What cannot be divided stays without a label, that is not assessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid
from marrowmap.core.site import Segment, Side, Site, all_sites
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.volume import Volume
from marrowmap.errors import InputError
from marrowmap.imaging.grids import labels_onto
from marrowmap.imaging.label_assemble import body_outline
from marrowmap.imaging.label_sides import is_left, midline
from marrowmap.imaging.working import prepare

Mask = npt.NDArray[np.bool_]
Units = Mapping[int, Sequence[Site]]

FOUND_SHARE = 0.05
"""Our own labels divide a bone when they name at least this share of it (ours)."""
SHARES: Mapping[tuple[Segment, ...], tuple[float, ...]] = {
    (
        Segment.PROXIMAL_EPIPHYSIS,
        Segment.PROXIMAL_METAPHYSIS,
        Segment.DIAPHYSIS,
        Segment.DISTAL_METAPHYSIS,
        Segment.DISTAL_EPIPHYSIS,
    ): (0.06, 0.14, 0.60, 0.14, 0.06),
    (Segment.PROXIMAL_END, Segment.SHAFT, Segment.DISTAL_END): (0.18, 0.64, 0.18),
}
"""Shares of a long bone's length from its proximal end; ours (PROPOSED)."""
NEIGHBOURS = {
    "humerus": ("scapula", "clavicle"),
    "radius": ("humerus",),
    "ulna": ("humerus",),
    "femur": ("ilium", "ischium", "sacrum"),
    "tibia": ("femur",),
    "fibula": ("femur",),
}
"""Bones at whose side the proximal end of a long bone lies."""


def skeleton_from_outside(
    labels: npt.NDArray[Any],
    grid: Grid,
    units: Units,
    volumes: dict[str, Volume],
    own: Callable[[], Skeleton] | None = None,
) -> Skeleton:
    """Bone units on the exam's grid from an outside map of the same exam, in any orientation of its own.

    units: value -> units the structure may stand for; a value that is no key is not bone. own: makes our labels on
    the exam's grid; asked only when a structure has more than one unit; None: such structures are divided by shares
    or left out. Raises InputError when there is no volume, nothing overlaps, or left and right are exchanged.
    """
    if not volumes:
        raise InputError("volumes", "there is none to label", "compose at least a STIR or a T1 volume")
    work = prepare(volumes)
    placed = labels_onto(labels, grid, work.full)
    there = [int(v) for v in np.unique(placed) if v and units.get(int(v))]
    if not there:
        known = any(units.get(int(v)) for v in np.unique(labels) if v)
        why = "does not overlap the exam" if known else "names no bone"
        raise InputError("label map", why, "give a map of the same exam in the same frame, and say its names")
    _check_sides(placed, work.full, units, there)
    out = np.zeros(placed.shape, np.uint8)
    whole = []
    for value in there:
        if len(units[value]) == 1:
            out[placed == value] = units[value][0].label
        else:
            whole.append(value)
    notes, uncertain = ["label map from outside"], frozenset[str]()
    if whole:
        ours = own() if own else None
        line = midline(*_midline_points(out, work.full, ours), body_outline(work))
        divider = _Divider(out, ours, work.full, line)
        for value in whole:
            divider.divide(placed == value, units[value])
        notes += divider.notes()
        uncertain = ours.uncertain_levels if ours and divider.asked_levels else uncertain
    present = {int(v) for v in np.unique(out)}
    coverage = {s.id: Coverage.COVERED if s.label in present else Coverage.NOT_COVERED for s in all_sites()}
    return Skeleton(out, work.full, ". ".join(notes), {}, uncertain, coverage)


def _check_sides(placed: npt.NDArray[Any], grid: Grid, units: Units, there: list[int]) -> None:
    """Left must lie at greater x than right, bone by bone."""
    places: dict[str, dict[Side, float]] = {}
    for value in there:
        sides = {u.side for u in units[value]}
        if len(sides) == 1 and Side.MIDLINE not in sides:
            at = np.argwhere(placed == value)
            x = float((at @ grid.affine[0, :3]).mean() + grid.affine[0, 3])
            places.setdefault(units[value][0].bone, {}).setdefault(sides.pop(), x)
    wrong = [b for b, x in places.items() if len(x) == 2 and x[Side.LEFT] < x[Side.RIGHT]]
    if wrong:
        raise InputError(
            "label map",
            f"left and right are exchanged: {', '.join(sorted(wrong))}",
            "Check the map's orientation and names; nothing was read from it.",
        )


def _midline_points(labels: npt.NDArray[np.uint8], grid: Grid, own: Skeleton | None) -> tuple[Any, Mask]:
    middle = [s.label for s in all_sites() if s.side is Side.MIDLINE]
    at = [np.argwhere(np.isin(labels, middle))]
    if own is not None:
        at.append(np.argwhere(np.isin(own.labels, middle)))
    voxels = np.concatenate(at)
    points = voxels @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return points, np.ones(len(points), bool)


class _Divider:
    """Divides whole bones into units, into ``out``; remembers how."""

    def __init__(
        self,
        out: npt.NDArray[np.uint8],
        own: Skeleton | None,
        grid: Grid,
        line: tuple[float, float, bool],
    ) -> None:
        self.out, self.own, self.grid, self.line = out, own, grid, line
        self.by_ours: set[str] = set()
        self.by_shares: set[str] = set()
        self.left_out: set[str] = set()
        self.asked_levels = False

    def notes(self) -> list[str]:
        """In words, for the reader."""
        told = (
            ("whole bones divided into units by our own labels", self.by_ours),
            ("divided along the bone by fixed shares, which are ours", self.by_shares),
            ("could not be divided and are not assessed", self.left_out),
        )
        return [f"{words}: {', '.join(sorted(bones))}" for words, bones in told if bones]

    def divide(self, mask: Mask, units: Sequence[Site]) -> None:
        """Give every voxel of the mask one of the units, the sides apart."""
        sides = {u.side for u in units} - {Side.MIDLINE}
        if len(sides) < 2:
            self._one_side(mask, units)
            return
        at = np.argwhere(mask)
        left = np.zeros(mask.shape, bool)
        left[tuple(at.T)] = is_left(at @ self.grid.affine[:3, :3].T + self.grid.affine[:3, 3], self.line)
        for side, part in ((Side.LEFT, mask & left), (Side.RIGHT, mask & ~left)):
            if part.any():
                self._one_side(part, [u for u in units if u.side is side])

    def _one_side(self, mask: Mask, units: Sequence[Site]) -> None:
        if len(units) == 1:
            self.out[mask] = units[0].label
            return
        names = {_called(u) for u in units}
        self.asked_levels |= any(u.is_vertebra for u in units)
        if self._nearest(mask, units):
            self.by_ours |= names
            return
        bones = {u.bone for u in units}
        if len(bones) == 1 and self._along(mask, units):
            self.by_shares |= names
        else:
            self.left_out |= names

    def _nearest(self, mask: Mask, units: Sequence[Site]) -> bool:
        """The nearest unit that our own labels give this bone; False when they hardly found it."""
        if self.own is None:
            return False
        box = ndimage.find_objects(mask.astype(np.uint8))[0]
        inside = mask[box]
        ours = np.where(
            inside & np.isin(self.own.labels[box], [u.label for u in units]), self.own.labels[box], 0
        )
        if np.count_nonzero(ours) < FOUND_SHARE * np.count_nonzero(inside):
            return False
        at = ndimage.distance_transform_edt(
            ours == 0, sampling=self.grid.spacing, return_distances=False, return_indices=True
        )
        self.out[box][inside] = ours[tuple(at)][inside]
        return True

    def _along(self, mask: Mask, units: Sequence[Site]) -> bool:
        """By shares of the length of a long bone that lies whole inside the exam; False otherwise."""
        by_segment = {u.segment: u for u in units}
        segments = next((s for s in SHARES if set(s) <= set(by_segment)), None)
        at = np.argwhere(mask)
        if segments is None or at[:, 1].min() == 0 or at[:, 1].max() == mask.shape[1] - 1:
            return False
        points = at @ self.grid.affine[:3, :3].T + self.grid.affine[:3, 3]
        axis = np.linalg.svd(points - points.mean(0), full_matrices=False)[2][0]
        along = (points - points.mean(0)) @ axis
        if (self._start(units[0]) - points.mean(0)) @ axis > 0:
            along = -along
        share = (along - along.min()) / max(float(np.ptp(along)), 1e-6)
        which = np.searchsorted(np.cumsum(SHARES[segments])[:-1], share, side="right")
        self.out[tuple(at.T)] = np.array([by_segment[s].label for s in segments], np.uint8)[which]
        return True

    def _start(self, unit: Site) -> npt.NDArray[np.float64]:
        """A point on the proximal side: the bone next to it, else far above."""
        near = [
            s.label
            for s in all_sites()
            if s.bone in NEIGHBOURS.get(unit.bone, ()) and s.side in (unit.side, Side.MIDLINE)
        ]
        at = np.argwhere(np.isin(self.out, near))
        if len(at):
            return np.asarray(at.mean(0) @ self.grid.affine[:3, :3].T + self.grid.affine[:3, 3])
        return np.array([0.0, 0.0, 1e6])


def _called(unit: Site) -> str:
    bone = "vertebrae" if unit.is_vertebra else unit.bone.replace("_", " ")
    return bone if unit.side is Side.MIDLINE else f"{unit.side} {bone}"
