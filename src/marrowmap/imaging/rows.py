"""One row of stations to one array: positions checked, gains matched, overlaps blended, seams recorded.

Work is done with axes turned to coronal order (front to back, head to feet, right to left) whatever the plane,
so "along the row of stations" is always the second axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from marrowmap.core.exam import Stack
from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.seam import Seam
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.align import Shift, estimate_shift
from marrowmap.imaging.blend import blend, fitting_dtype
from marrowmap.imaging.grids import Placed, place, standard_orientation
from marrowmap.imaging.seams import OverlapMatch, common_box, match_overlap, solve_gains


@dataclass
class Station:
    """A stack at its place. grid: as stated by the header, moved along z when ``moved_mm`` is not 0."""

    stack: Stack
    array: npt.NDArray
    grid: Grid
    moved_mm: float = 0.0


@dataclass
class Row:
    """A composed row. volume: on the target grid. gains: factor applied to each station, in order head to feet."""

    volume: Volume
    stations: tuple[str, ...]
    gains: tuple[float, ...]
    seams: list[Seam] = field(default_factory=list)


def head_first(stations: Sequence[Station]) -> list[Station]:
    """Ordered from head to feet by the centre of each station."""
    return sorted(stations, key=lambda s: -sum(p.z for p in s.grid.extent_mm()))


def moved(grid: Grid, mm: float) -> Grid:
    """The same grid ``mm`` nearer to the head."""
    affine = np.array(grid.affine)
    affine[2, 3] += mm
    return Grid(grid.shape, affine)


def settle(stations: list[Station], target: Grid) -> tuple[list[Station], dict[int, Shift | None]]:
    """Check each station against the one above it; move it, and all below it, where clearly wrong.

    Returns the stations in order head to feet and the shift found between i and i + 1.
    """
    ordered = head_first(stations)
    shifts: dict[int, Shift | None] = {}
    carried = 0.0
    previous = place(ordered[0].array, ordered[0].grid, target, Plane.CORONAL) if len(ordered) > 1 else None
    for i, station in enumerate(ordered[1:]):
        stated = moved(station.grid, carried)
        placed = place(station.array, stated, target, Plane.CORONAL)
        shift = None
        if placed is not None and previous is not None and station.stack.contrast is not Contrast.ADC:
            shift = estimate_shift(previous, placed, target.spacing[1])
        if shift is not None and shift.apply:
            carried += shift.mm
            placed = place(station.array, moved(station.grid, carried), target, Plane.CORONAL)
        ordered[i + 1] = Station(station.stack, station.array, moved(station.grid, carried), carried)
        shifts[i] = shift
        previous = placed
    return ordered, shifts


def place_station(station: Station, target: Grid) -> Placed | None:
    """The station on ``target``; slices that never arrived are not valid there, whatever their array holds."""
    placed = place(station.array, station.grid, target, Plane.CORONAL)
    if placed is None or not station.stack.missing_slices:
        return placed
    arrived = np.ones(station.array.shape, dtype=np.uint8)
    arrived[list(station.stack.missing_slices)] = 0
    mask = place(arrived, station.grid, target, Plane.CORONAL)
    assert mask is not None
    valid = mask.array > 0.99
    return replace(placed, valid=valid if placed.valid is None else valid & placed.valid)


def join(
    stations: list[Station],
    shifts: dict[int, Shift | None],
    target: Grid,
    key: str,
    *,
    match: bool = True,
    gains: npt.NDArray[np.float64] | None = None,
    exact: bool = False,
) -> Row:
    """Compose settled stations (head to feet) on ``target``, an upright grid in coronal order.

    match: estimate gains in the overlaps; ``gains`` given: use those. exact: keep float32.
    """
    placed_all = [place_station(s, target) for s in stations]
    kept = [(s, p) for s, p in zip(stations, placed_all, strict=True) if p is not None]
    placed = [p for _, p in kept]
    matches: dict[tuple[int, int], OverlapMatch] = {}
    if match:
        for i in range(len(placed)):
            for j in range(i + 1, len(placed)):
                found = match_overlap(placed[i], placed[j])
                if found is not None:
                    matches[i, j] = found
    if gains is None:
        gains = solve_gains(len(placed), matches) if match else np.ones(len(placed))
    dtype = fitting_dtype([s.array for s, _ in kept], gains, exact)
    joined = blend(placed, gains, target.shape, dtype)
    first = kept[0][0].stack
    volume = Volume(
        joined.array,
        target,
        first.contrast,
        covered=joined.covered,
        station=joined.station,
        b_value=first.b_value,
    )
    seams = [
        describe_seam(key, kept[i][0], kept[i + 1][0], placed[i], placed[i + 1], shifts.get(i),
                      matches.get((i, i + 1)), gains[i : i + 2], target)
        for i in range(len(kept) - 1)
    ]  # fmt: skip
    return Row(volume, tuple(s.stack.id for s, _ in kept), tuple(float(g) for g in gains), seams)


def describe_seam(
    key: str,
    upper: Station,
    lower: Station,
    upper_placed: Placed,
    lower_placed: Placed,
    shift: Shift | None,
    match: OverlapMatch | None,
    gains: npt.NDArray[np.float64],
    target: Grid,
) -> Seam:
    """The record of one seam, with the sentences that belong to it."""
    overlap = station_ends(lower)[1] - station_ends(upper)[0]
    notes = []
    if overlap < -0.5 * target.spacing[1]:
        notes.append(f"gap of {-overlap:.0f} mm between the stations, left uncovered")
    elif common_box(upper_placed, lower_placed) is None or overlap < 1.5 * target.spacing[1]:
        notes.append("the stations touch without overlap: signal could not be matched, position not checked")
    elif match is None:
        notes.append("too little body in the overlap: signal not matched")
    if shift is not None and shift.apply:
        notes.append(
            f"stated position clearly wrong (correlation {shift.correlation_here:.2f} there, "
            f"{shift.correlation_there:.2f} at {shift.mm:+.1f} mm): this station and those below it were moved"
        )
    elif shift is not None and not shift.clear:
        notes.append("the picture in the overlap is alike at every shift: position not checked")
    if upper.stack.frame_of_reference != lower.stack.frame_of_reference:
        notes.append("frame of reference changes here")
    if upper_placed.interpolated or lower_placed.interpolated:
        notes.append("resampled onto the common grid")
    before = after = None
    if match is not None:
        # upper / lower, in columns that the gain was not estimated from
        before = match.log_ratio_held_out
        after = before + float(np.log(gains[0] / gains[1]))
    mm = shift.mm if shift is not None and shift.clear else None
    return Seam(key, upper.stack.id, lower.stack.id, overlap, mm, before, after, "; ".join(notes))


def station_ends(station: Station) -> tuple[float, float]:
    """LPS z of the foot and head end of a station along its middle (edges of the outer voxels), millimetres."""
    _, grid = standard_orientation(station.array, station.grid, Plane.CORONAL)
    middle = [(n - 1) / 2 for n in grid.shape]
    ends = []
    for row in (-0.5, grid.shape[1] - 0.5):
        ends.append(float((grid.affine @ (middle[0], row, middle[2], 1.0))[2]))
    return min(ends), max(ends)


def in_plane(volume: Volume, plane: Plane) -> Volume:
    """The same volume (coronal order of axes) turned to the standard order of ``plane``; no interpolation."""
    if plane in (Plane.CORONAL, Plane.OBLIQUE):
        return volume
    array, grid = standard_orientation(volume.array, volume.grid, plane)
    covered = None if volume.covered is None else standard_orientation(volume.covered, volume.grid, plane)[0]
    station = volume.station
    if station is not None:
        full = np.broadcast_to(station[None, :, None], volume.grid.shape) if station.ndim == 1 else station
        station = standard_orientation(full, volume.grid, plane)[0]
    return Volume(
        np.ascontiguousarray(array),
        grid,
        volume.contrast,
        covered=None if covered is None else np.ascontiguousarray(covered),
        station=station,
        b_value=volume.b_value,
        notes=volume.notes,
    )
