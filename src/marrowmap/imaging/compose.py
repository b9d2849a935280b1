"""From the stacks of one exam to one volume per contrast: the entry to this package.

Two layouts. ``coronal``: a coronal fluid-sensitive row exists (or a long coronal row of another contrast); every
volume lies on one upright coronal grid, so voxels correspond. ``native``: a regional exam without such a row; each
contrast stays in the plane and on the grid it was measured, nothing is reformatted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from marrowmap.core.exam import Exam, Stack
from marrowmap.core.geometry import Plane
from marrowmap.core.seam import Seam
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.choose import reach_mm, usable
from marrowmap.imaging.compose_diffusion import body_parts, compose_diffusion, diffusion_stations
from marrowmap.imaging.diffusion import AdcAgreement, AdcMap
from marrowmap.imaging.quality import unaccounted
from marrowmap.imaging.rows import Station, in_plane, join, settle
from marrowmap.imaging.workbench import (
    Load,
    Workbench,
    best_plane,
    checked_union,
    keep_untouched,
    stations_of,
    upright_reference,
)


class Progress(Protocol):
    """Told what is being done, and how many of how many steps are done."""

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None: ...


STRUCTURAL = (
    Contrast.STIR,
    Contrast.T2FS,
    Contrast.DIXON_WATER,
    Contrast.DIXON_FAT,
    Contrast.T1,
    Contrast.T2,
    Contrast.PD,
)
MAIN_ORDER = ("STIR", "T2FS", "DIXON_WATER", "T2", "T1", "PD", "DIXON_FAT")
"""Volume that the others follow: the first of these that exists."""

LONG_ROW_MM = 500.0
"""A coronal row of a contrast that is not fluid-sensitive sets the common grid from this length on (ours)."""


@dataclass(frozen=True)
class Composition:
    """What became of the stacks.

    volumes: by key: ``STIR``, ``T1``, ``T2FS``, ``DIXON_WATER``, ``DIXON_FAT``, ``T2``, ``PD``, ``DWI_b<value>``,
        ``ADC`` (ours), ``ADC_scanner``. layout: ``coronal`` (one grid for all) or ``native``.
    main: key of the volume that lesions are looked for on; "" when there is none.
    stations: volume key -> stack ids in the order of ``Volume.station``. gains: the factor each was given.
    axial: DWI and ADC composed in the plane they were measured in (their own resolution), same keys.
    used: a sentence for every stack of the exam. warnings: what a reader must know.
    """

    volumes: dict[str, Volume]
    layout: str
    main: str
    seams: tuple[Seam, ...]
    stations: dict[str, tuple[str, ...]]
    gains: dict[str, tuple[float, ...]]
    axial: dict[str, Volume]
    used: dict[str, str]
    warnings: tuple[str, ...]
    adc: AdcMap | None = None
    adc_agreement: AdcAgreement | None = None


def compose_exam(exam: Exam, load: Load, progress: Progress | None = None) -> Composition:
    """Compose every contrast of ``exam``; ``load`` gives the array of a stack, [slice, row, column].

    Stacks are not changed. Raises StationsDoNotMeet when the stated positions cannot belong to one body.
    """
    tell = progress or silent
    bench = Workbench(exam, load)
    rows = coronal_rows(bench)
    lead = leading_contrast(rows)
    if lead is None:
        compose_native(bench, tell)
        layout = "native"
    else:
        compose_coronal(bench, rows, lead, tell)
        layout = "coronal"
    say_the_rest(bench)
    tell("composed", 1, 1)
    main = next((key for key in MAIN_ORDER if key in bench.volumes), next(iter(bench.volumes), ""))
    return Composition(
        bench.volumes,
        layout,
        main,
        tuple(bench.seams),
        bench.stations,
        bench.gains,
        bench.axial,
        {s.id: bench.used[s.id] for s in exam.stacks},
        tuple(dict.fromkeys(bench.warnings)),
        bench.adc,
        bench.agreement,
    )


def silent(step: str, done: int = 0, total: int = 0) -> None:
    """Progress that nobody watches."""


def coronal_rows(bench: Workbench) -> dict[Contrast, list[Stack]]:
    """Stations of each structural contrast that has coronal stacks."""
    rows = {}
    for contrast in STRUCTURAL:
        stacks = [s for s in bench.exam.stacks
                  if s.contrast is contrast and s.plane is Plane.CORONAL and usable(s)]  # fmt: skip
        if stacks:
            rows[contrast] = stacks
    return rows


def leading_contrast(rows: dict[Contrast, list[Stack]]) -> Contrast | None:
    """The contrast whose grid the others follow; None asks for the native layout."""
    for contrast in STRUCTURAL:
        if contrast in rows:
            reach = reach_mm([s.grid for s in rows[contrast]])
            if contrast.is_fluid_sensitive or reach >= LONG_ROW_MM:
                return contrast
    return None


def compose_coronal(
    bench: Workbench, rows: dict[Contrast, list[Stack]], lead: Contrast, tell: Progress
) -> None:
    """All contrasts on the one upright grid of the leading coronal row."""
    tell("reading stations")
    stations = {contrast: stations_of(bench, stacks) for contrast, stacks in rows.items()}
    diffusion_row = diffusion_stations(bench)
    low_b = next(iter(diffusion_row.values()), [])
    reference = upright_reference(stations[lead])
    every = [s.grid for row in stations.values() for s in row]
    along = body_parts(low_b)
    target = checked_union(reference, every, along)
    settled = {contrast: settle(row, target) for contrast, row in stations.items()}
    if any(s.moved_mm for row, _ in settled.values() for s in row):
        every = [s.grid for row, _ in settled.values() for s in row]
        target = checked_union(reference, every, along)
    for i, (contrast, (row, shifts)) in enumerate(settled.items()):
        tell(f"composing {contrast}", i, len(settled) + 1)
        joined = join(row, shifts, target, contrast.value)
        bench.keep(contrast.value, joined, joined.volume, "composed into the whole-body volume")
        del joined
    stations.clear()
    tell("composing diffusion", len(settled), len(settled) + 1)
    settled.clear()
    compose_diffusion(bench, diffusion_row, target)


def compose_native(bench: Workbench, tell: Progress) -> None:
    """Each contrast in the plane that shows most of the body, on its own grid."""
    for i, contrast in enumerate(STRUCTURAL):
        tell(f"composing {contrast}", i, len(STRUCTURAL) + 1)
        stacks = [s for s in bench.exam.stacks if s.contrast is contrast and usable(s)]
        if not stacks:
            continue
        plane = best_plane(stacks)
        in_this = [s for s in stacks if s.plane is plane]
        for other in stacks:
            if other.plane is not plane:
                bench.used[other.id] = (
                    f"shown in its own plane ({other.plane}); the {contrast} volume is the {plane} one"
                )
        compose_in_plane(bench, stations_of(bench, in_this), plane, contrast.value)
    tell("composing diffusion", len(STRUCTURAL), len(STRUCTURAL) + 1)
    compose_diffusion(bench, diffusion_stations(bench), None)


def compose_in_plane(bench: Workbench, stations: list[Station], plane: Plane, key: str) -> None:
    """One volume in ``plane``: the untouched stack when there is one, else the joined row."""
    if len(stations) == 1:
        keep_untouched(bench, stations[0].stack, stations[0].array, key)
        return
    row, shifts = settle(stations, checked_union(upright_reference(stations), [s.grid for s in stations]))
    target = checked_union(upright_reference(row), [s.grid for s in row])
    joined = join(row, shifts, target, key)
    bench.keep(key, joined, in_plane(joined.volume, plane), f"composed in its own plane ({plane})")


def say_the_rest(bench: Workbench) -> None:
    """A sentence for every stack that went into no volume, and warnings about the exam as a whole."""
    for stack in bench.exam.stacks:
        bench.used.setdefault(stack.id, why_not(stack))
    frames = {s.frame_of_reference for s in bench.exam.stacks if s.frame_of_reference}
    joined = {i for ids in bench.stations.values() for i in ids}
    frames_joined = {
        s.frame_of_reference for s in bench.exam.stacks if s.id in joined and s.frame_of_reference
    }
    if len(frames_joined) > 1:
        checked = [s for s in bench.seams if s.shift_mm is not None]
        worst = max((abs(s.shift_mm or 0.0) for s in checked), default=None)
        proof = (
            f"positions stay comparable: the overlaps agree within {worst:.1f} mm"
            if worst is not None
            else "their overlaps could not be checked; positions are taken as stated"
        )
        bench.warnings.append(
            f"{len(frames_joined)} of {len(frames)} frames of reference are joined; {proof}"
        )
    for seam in bench.seams:
        if "gap of" in seam.note or "clearly wrong" in seam.note:
            bench.warnings.append(f"{seam.contrast}, between {seam.upper} and {seam.lower}: {seam.note}")
    bench.warnings.extend(unaccounted(bench.exam, bench.used))


def why_not(stack: Stack) -> str:
    """Why a stack is in no volume."""
    if stack.contrast is Contrast.LOCALIZER:
        return "kept; a localiser is not read"
    if stack.contrast is Contrast.OTHER:
        return "kept; its contrast is not one that is read"
    if stack.b_computed:
        return "kept; a computed b-value is not measured and enters no ADC"
    if not usable(stack):
        return "kept; derived by the scanner from other images"
    return f"shown in its own plane ({stack.plane}); not part of a composed volume"
