"""Piles into stacks: what only shows when the stacks of an exam are seen side by side."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

from marrowmap.core.exam import Acquisition, Stack
from marrowmap.core.volume import Contrast
from marrowmap.exchange.dicom_contrast import fat_suppressed
from marrowmap.exchange.dicom_group import Pile
from marrowmap.exchange.dicom_region import guess_region

LOCALIZER_MAX_SLICES = 5
LOCALIZER_MAX_SPREAD_SLICES = 20
DYNAMIC_MIN_TIME_POINTS = 3
COMPOSED_SLACK_MM = 10.0


def finish(piles: list[Pile], files: Sequence[str]) -> list[tuple[Stack, Pile]]:
    """Stacks with stable ids, in the order of the exam (series number, contrast, b-value, place)."""
    _mark_localizers(piles)
    _mark_dynamics(piles)
    piles = sorted(piles, key=_order)
    made = [(_stack(pile, f"s{i:03d}", files), pile) for i, pile in enumerate(piles, start=1)]
    stacks = _mark_composed([stack for stack, _ in made])
    return list(zip(stacks, piles, strict=True))


def _order(pile: Pile) -> tuple[object, ...]:
    s = pile.settings
    return (
        s.series_number if s.series_number is not None else 1 << 30, s.series_uid,
        str(pile.decision.contrast),
        pile.decision.b_value or 0.0, s.te_ms or 0.0, pile.time_point or (0, 0), str(pile.grid.plane),
        _place(pile), pile.headers[0].sop_uid,
    )  # fmt: skip


def _place(pile: Pile) -> tuple[float, ...]:
    """Sorts stations from head to feet, then from front to back, then from right to left."""
    x, y, z = (round(float(v), 2) for v in pile.grid.affine[:3, 3])
    return (-z, y, x)


def _mark_localizers(piles: list[Pile]) -> None:
    """A series of a few slices in two or three planes is a localizer, whatever its contrast."""
    by_series: dict[str, list[Pile]] = defaultdict(list)
    for pile in piles:
        by_series[pile.settings.series_uid].append(pile)
    for uid, members in by_series.items():
        if uid and len({p.grid.plane for p in members}) >= 2 and all(map(_may_localize, members)):
            for pile in members:
                if pile.decision.contrast is not Contrast.LOCALIZER:
                    why = f"a few slices in several planes of one series; {pile.decision.why}"
                    pile.decision = dataclasses.replace(pile.decision, contrast=Contrast.LOCALIZER, why=why)


def _may_localize(pile: Pile) -> bool:
    """Few slices, or some more that lie far apart; and no contrast that is ever made to localize."""
    if pile.decision.contrast.is_fluid_sensitive or pile.decision.contrast in (Contrast.DWI, Contrast.ADC):
        return False
    count = len(pile.headers)
    far_apart = pile.grid.spacing[0] >= 2 * (pile.settings.thickness_mm or float("inf"))
    return count <= LOCALIZER_MAX_SLICES or (count <= LOCALIZER_MAX_SPREAD_SLICES and far_apart)


def _mark_dynamics(piles: list[Pile]) -> None:
    """Time points of a dynamic series are no stations and no repetitions to compose."""
    for pile in piles:
        if pile.time_point is None or pile.decision.contrast in (Contrast.DWI, Contrast.LOCALIZER):
            continue
        number, count = pile.time_point
        if count >= DYNAMIC_MIN_TIME_POINTS:
            why = f"time point {number} of {count} of a dynamic series; {pile.decision.why}"
            pile.decision = dataclasses.replace(pile.decision, contrast=Contrast.OTHER, why=why)


def _stack(pile: Pile, name: str, files: Sequence[str]) -> Stack:
    s, d = pile.settings, pile.decision
    echo_times = {h.settings.tr_ms for h in pile.headers if h.settings.tr_ms is not None}
    sequence = " ".join(p for p in ("\\".join(s.scanning_sequence), s.sequence_name) if p)
    return Stack(
        id=name,
        contrast=d.contrast,
        plane=pile.grid.plane,
        grid=pile.grid,
        n_images=len(pile.headers),
        derived=d.derived,
        why="; ".join([d.why, *pile.notes]),
        b_value=d.b_value if d.contrast is Contrast.DWI else None,
        b_computed=d.b_computed,
        composed_by_scanner=any(t.startswith("COMP") and not t.startswith("COMPUTE") for t in s.image_type),
        body_region=guess_region(s, pile.grid, pile.grid.plane),
        acquisition=Acquisition(
            sequence=sequence,
            tr_ms=sum(echo_times) / len(echo_times) if echo_times else None,
            te_ms=s.te_ms,
            ti_ms=s.ti_ms,
            flip_degrees=s.flip_degrees,
            fat_suppressed=fat_suppressed(s),
            slice_thickness_mm=s.thickness_mm,
        ),
        series_number=s.series_number,
        series_description=s.description,
        series_uid=s.series_uid,
        frame_of_reference=s.frame_of_reference,
        files=tuple(dict.fromkeys(files[h.file] for h in pile.headers)),
        missing_slices=pile.missing,
    )


def _mark_composed(stacks: list[Stack]) -> list[Stack]:
    """A stack that spans the union of the others of its contrast and plane was composed by the scanner."""
    alike: dict[tuple[object, ...], list[tuple[Stack, float, float]]] = defaultdict(list)
    for stack in stacks:
        low, high = stack.grid.extent_mm()
        alike[stack.contrast, stack.plane, stack.b_value].append((stack, low.z, high.z))
    composed = set()
    for members in alike.values():
        for stack, low_z, high_z in members:
            reach = high_z - low_z
            parts = [(a, b) for other, a, b in members if other is not stack and b - a < 0.75 * reach]
            if stack.contrast is not Contrast.LOCALIZER and _are_stations_of(parts, low_z, high_z):
                composed.add(stack.id)
    return [_composed(stack) if stack.id in composed else stack for stack in stacks]


def _are_stations_of(parts: list[tuple[float, float]], low_z: float, high_z: float) -> bool:
    """Whether head-foot extents at two or more heights fill the extent of one stack and stay within it."""
    if len({round(a / 50) for a, _ in parts}) < 2:
        return False
    bottom, top = min(a for a, _ in parts), max(b for _, b in parts)
    inside = bottom >= low_z - COMPOSED_SLACK_MM and top <= high_z + COMPOSED_SLACK_MM
    return inside and top - bottom >= 0.8 * (high_z - low_z)


def _composed(stack: Stack) -> Stack:
    if stack.composed_by_scanner:
        return stack
    why = f"{stack.why}; spans the stations of its contrast: composed by the scanner"
    return dataclasses.replace(stack, composed_by_scanner=True, derived=True, why=why)
