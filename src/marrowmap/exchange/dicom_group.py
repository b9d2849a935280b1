"""Images into stacks: by geometry and contrast, never by series number or description alone.

A series may mix planes, echoes, b-values or components, and one stack may be spread over several series.
Every image comes out in a pile or among the images set aside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from marrowmap.core.geometry import FloatArray, Grid
from marrowmap.exchange.dicom_contrast import Decision, decide
from marrowmap.exchange.dicom_header import ImageHeader, Settings
from marrowmap.exchange.dicom_spacing import regular_runs

IN_PLANE_TOLERANCE_MM = 0.5
"""Slices of one stack share their in-plane corner within this distance."""
SAME_PLACE_MM = 0.05
ORIENTATION_TOLERANCE = 2e-3
"""Largest difference of a direction cosine within one stack (about 0.1 degree)."""


@dataclass
class Pile:
    """Images that form one regular stack, in slice order.

    missing: indices of slices of ``grid`` for which no image exists.
    """

    headers: list[ImageHeader]
    decision: Decision
    grid: Grid
    missing: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)
    time_point: tuple[int, int] | None = None

    @property
    def settings(self) -> Settings:
        return self.headers[0].settings


@dataclass
class Doubled:
    """An image that is there already."""

    header: ImageHeader
    kept: ImageHeader


PixelsAlike = Callable[[ImageHeader, ImageHeader], bool]


class _Orientations:
    """Gives equal orientations (within tolerance) one number."""

    def __init__(self) -> None:
        self._known: list[FloatArray] = []
        self._cache: dict[tuple[float, ...], int] = {}

    def number(self, orientation: tuple[float, ...]) -> int:
        found = self._cache.get(orientation)
        if found is None:
            values = np.array(orientation)
            for index, known in enumerate(self._known):
                if np.abs(known - values).max() <= ORIENTATION_TOLERANCE:
                    found = index
                    break
            else:
                found = len(self._known)
                self._known.append(values)
            self._cache[orientation] = found
        return found


class Grouper:
    """Forms piles from the images of one exam."""

    def __init__(self, pixels_alike: PixelsAlike) -> None:
        self._alike = pixels_alike
        self._orientations = _Orientations()
        self._decisions: dict[int, Decision] = {}
        self.doubled: list[Doubled] = []
        self.warnings: list[str] = []

    def piles(self, headers: Iterable[ImageHeader]) -> list[Pile]:
        """All piles; every header has a position, an orientation and a pixel spacing."""
        single = self._without_copies(headers)
        families: dict[tuple[object, ...], list[ImageHeader]] = defaultdict(list)
        keys: dict[int, tuple[object, ...]] = {}
        for header in single:
            s = header.settings
            key = keys.get(id(s))
            if key is None:
                key = keys[id(s)] = self._family(s)
            families[(*key, header.stack_label)].append(header)
        piles: list[Pile] = []
        for family in _reunited(families).values():
            for line in self._lines(family):
                piles.extend(self._stacks_of_line(line))
        return piles

    def decision(self, s: Settings) -> Decision:
        found = self._decisions.get(id(s))
        if found is None:
            found = self._decisions[id(s)] = decide(s)
        return found

    def _family(self, s: Settings) -> tuple[object, ...]:
        """What all images of one stack have in common; the series comes last (see ``_reunited``)."""
        assert s.orientation is not None
        assert s.pixel_spacing is not None
        d = self.decision(s)
        return (
            d.contrast, d.b_value, d.b_computed, d.derived, s.component, s.image_type[2:],
            s.echo_number if s.te_ms is None else round(s.te_ms, 2), s.ti_ms, s.scan_options,
            s.contrast_agent,
            s.rows, s.columns, round(s.pixel_spacing[0], 3), round(s.pixel_spacing[1], 3),
            None if s.thickness_mm is None else round(s.thickness_mm, 2),
            self._orientations.number(s.orientation), s.signed, s.bits_allocated, s.mosaic_tiles,
            s.series_uid,
        )  # fmt: skip

    def _without_copies(self, headers: Iterable[ImageHeader]) -> list[ImageHeader]:
        """Leaves out a file that is there twice: same SOP instance, same place, same pixels."""
        seen: dict[tuple[object, ...], ImageHeader] = {}
        kept = []
        for header in headers:
            key = (
                header.sop_uid,
                header.frame,
                header.position,
                header.settings.rows,
                header.settings.columns,
            )
            other = seen.setdefault(key, header) if header.sop_uid else header
            if other is not header and self._alike(header, other):
                self.doubled.append(Doubled(header, other))
            else:
                kept.append(header)
        return kept

    def _lines(self, family: list[ImageHeader]) -> list[list[ImageHeader]]:
        """Splits images of one orientation into columns of slices with a common in-plane corner."""
        if len(family) == 1:
            return [family]
        places = np.array([h.position for h in family])
        row, column, _ = axes(family[0].settings)
        groups = [np.arange(len(family))]
        for axis in (row, column):
            groups = [part for g in groups for part in _clusters(g, places[g] @ axis)]
        if len(groups) == len(family) >= 3 and _evenly_spaced_line(places):
            return [family]  # slices stacked along a direction that leans away from their normal
        return [[family[i] for i in g] for g in groups]

    def _stacks_of_line(self, line: list[ImageHeader]) -> list[Pile]:
        """Regular stacks out of one column of slices: repetitions, overlapping stations, gaps."""
        nx, ny, nz = (float(v) for v in axes(line[0].settings)[2])
        depth = {
            id(h): nx * h.position[0] + ny * h.position[1] + nz * h.position[2] for h in line if h.position
        }
        line = sorted(
            line, key=lambda h: (depth[id(h)], h.acquisition or 0, h.instance or 0, h.file, h.frame)
        )
        line = self._without_equal_neighbours(line, depth)
        parts, times = _separated(line, depth)
        piles = []
        for number, part in enumerate(parts):
            for run, missing in regular_runs([depth[id(h)] for h in part]):
                headers = [part[i] for i in run]
                pile = Pile(
                    headers, self.decision(headers[0].settings), _grid(headers, len(missing)), missing
                )
                if times:
                    pile.time_point = (number + 1, len(parts))
                piles.append(pile)
        return piles

    def _without_equal_neighbours(
        self, line: list[ImageHeader], depth: dict[int, float]
    ) -> list[ImageHeader]:
        """Leaves out doubled slices: same place and same pixels under another instance UID."""
        kept: list[ImageHeader] = []
        for header in line:
            for other in reversed(kept):
                if depth[id(header)] - depth[id(other)] > SAME_PLACE_MM:
                    kept.append(header)
                    break
                if header.settings.series_uid == other.settings.series_uid and self._alike(header, other):
                    self.doubled.append(Doubled(header, other))
                    break
            else:
                kept.append(header)
        return kept


def axes(s: Settings) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Unit vectors along a row (rising column index), along a column (rising row index), and their normal."""
    assert s.orientation is not None
    row, column = np.array(s.orientation[:3]), np.array(s.orientation[3:])
    row, column = row / np.linalg.norm(row), column / np.linalg.norm(column)
    normal = np.cross(row, column)
    return row, column, normal / np.linalg.norm(normal)


def _reunited(
    families: dict[tuple[object, ...], list[ImageHeader]],
) -> dict[tuple[object, ...], list[ImageHeader]]:
    """Joins families that differ in the series alone where the series says nothing.

    Some anonymisers give every image a series of its own; some archives split one stack by odd and even
    slices. Series that each hold a real block of slices stay apart: they may be stations.
    """
    relatives: dict[tuple[object, ...], list[tuple[object, ...]]] = defaultdict(list)
    for key in families:
        relatives[(*key[:-2], key[-1])].append(key)
    result = {}
    for keys in relatives.values():
        pools = [families[k] for k in keys]
        if len(pools) > 1 and (max(map(len, pools)) <= 2 or _interleaved(pools)):
            result[keys[0]] = [h for pool in pools for h in pool]
        else:
            result.update(zip(keys, pools, strict=True))
    return result


def _interleaved(pools: list[list[ImageHeader]]) -> bool:
    """Whether slices of several series alternate: together evenly spaced, each alone with wider gaps."""
    if len(pools) > 4 or min(map(len, pools)) < 3:
        return False
    normal = axes(pools[0][0].settings)[2]
    depths = [np.sort([float(np.dot(normal, h.position)) for h in p if h.position]) for p in pools]
    together = np.diff(np.sort(np.concatenate(depths)))
    step = float(np.median(together))
    if step <= SAME_PLACE_MM or np.abs(together - step).max() > 0.05 * step:
        return False
    corners = np.array([h.position for p in pools for h in p])
    row, column, _ = axes(pools[0][0].settings)
    in_plane = max(np.ptp(corners @ row), np.ptp(corners @ column))
    wide = all(abs(np.median(np.diff(d)) / step - len(pools)) < 0.1 for d in depths)
    return wide and in_plane <= IN_PLANE_TOLERANCE_MM


def _clusters(indices: FloatArray, values: FloatArray) -> list[FloatArray]:
    """Parts of ``indices`` whose values lie closer together than the in-plane tolerance."""
    order = np.argsort(values, kind="stable")
    cuts = np.flatnonzero(np.diff(values[order]) > IN_PLANE_TOLERANCE_MM) + 1
    return [np.sort(indices[part]) for part in np.split(order, cuts)]


def _evenly_spaced_line(places: FloatArray) -> bool:
    ordered = places[np.argsort(places @ (places[-1] - places[0]), kind="stable")]
    steps = np.diff(ordered, axis=0)
    length = float(np.linalg.norm(steps.mean(axis=0)))
    return length > SAME_PLACE_MM and bool(np.abs(steps - steps.mean(axis=0)).max() < 0.05 * length)


def _separated(line: list[ImageHeader], depth: dict[int, float]) -> tuple[list[list[ImageHeader]], bool]:
    """(parts, whether the parts are time points): images at the same place are told apart.

    Tried in this order: temporal position, acquisition number, trigger time, frame of reference, series,
    acquisition time; then the order of instance numbers.
    """
    if _is_regular([depth[id(h)] for h in line]):
        return [line], False
    for name, value in _DISCRIMINATORS:
        parts: dict[object, list[ImageHeader]] = defaultdict(list)
        for header in line:
            parts[value(header)].append(header)
        if 1 < len(parts) <= len(line) // 2 and all(
            _is_regular([depth[id(h)] for h in p]) for p in parts.values()
        ):
            ordered = sorted(
                parts.values(), key=lambda p: (p[0].temporal or 0, p[0].time, p[0].instance or 0)
            )
            extents = {(round(depth[id(p[0])], 1), len(p)) for p in ordered}
            return ordered, name != "frame of reference" and len(extents) == 1 and len(ordered) > 2
    places: list[list[ImageHeader]] = []
    for header in line:
        if places and depth[id(header)] - depth[id(places[-1][0])] <= SAME_PLACE_MM:
            places[-1].append(header)
        else:
            places.append([header])
    most = max(map(len, places))
    if most == 1:
        return [line], False
    for place in places:
        place.sort(key=lambda h: (h.instance or 0, h.file, h.frame))
    return [[p[k] for p in places if len(p) > k] for k in range(most)], most > 2


_DISCRIMINATORS: Sequence[tuple[str, Callable[[ImageHeader], object]]] = (
    ("temporal position", lambda h: h.temporal),
    ("acquisition number", lambda h: h.acquisition),
    ("trigger time", lambda h: h.trigger_ms),
    ("frame of reference", lambda h: h.settings.frame_of_reference),
    ("series", lambda h: h.settings.series_uid),
    ("acquisition time", lambda h: h.time),
)


def _is_regular(depths: list[float]) -> bool:
    runs = regular_runs(depths)
    return len(runs) == 1 and not runs[0][1]


def _grid(headers: list[ImageHeader], n_missing: int) -> Grid:
    """Grid of slices in order along their normal; the slice axis follows the measured positions."""
    first, last, n = headers[0], headers[-1], len(headers) + n_missing
    s = first.settings
    assert s.pixel_spacing is not None
    row, column, normal = axes(s)
    affine = np.eye(4)
    if n > 1:
        affine[:3, 0] = (np.array(last.position) - np.array(first.position)) / (n - 1)
    else:
        affine[:3, 0] = normal * (s.spacing_between_mm or s.thickness_mm or 1.0)
    affine[:3, 1] = column * s.pixel_spacing[0]
    affine[:3, 2] = row * s.pixel_spacing[1]
    affine[:3, 3] = first.position
    return Grid((n, s.rows, s.columns), affine)
