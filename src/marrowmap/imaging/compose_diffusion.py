"""Diffusion stations to volumes: in the plane they were measured in, on the common grid, and the ADC of both."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from marrowmap.core.exam import Stack
from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.align import Shift
from marrowmap.imaging.blend import store
from marrowmap.imaging.choose import usable
from marrowmap.imaging.diffusion import AdcMap, adc_agreement, adc_map
from marrowmap.imaging.grids import place
from marrowmap.imaging.rows import Row, Station, in_plane, join, settle
from marrowmap.imaging.workbench import (
    Workbench,
    best_plane,
    checked_union,
    keep_untouched,
    stations_of,
    upright_reference,
)


def dwi_key(b: float) -> str:
    """Key of the volume of one b-value, for example ``DWI_b800``."""
    return f"DWI_b{b:g}"


def same_place(a: Stack, b: Stack) -> bool:
    """Whether two stacks of different b-value belong together voxel by voxel."""
    return a.grid.shape == b.grid.shape and bool(np.allclose(a.grid.affine, b.grid.affine, atol=0.05))


def diffusion_stations(bench: Workbench) -> dict[float, list[Station]]:
    """Measured b-value -> stations, lowest b first, in the plane that covers most.

    The stations are chosen on the lowest b-value; every other b-value follows at the same places.
    """
    stacks = [s for s in bench.exam.stacks if s.contrast is Contrast.DWI and usable(s)]
    if not stacks:
        return {}
    plane = best_plane(stacks)
    by_b: dict[float, list[Stack]] = {}
    for stack in stacks:
        if stack.plane is plane and stack.b_value is not None:
            by_b.setdefault(float(round(stack.b_value)), []).append(stack)
        else:
            bench.used[stack.id] = f"shown in its own plane ({stack.plane})"
    lowest = min(by_b)
    chosen = bench.choose(by_b[lowest])
    rows = {lowest: [Station(s, bench.load(s), s.grid) for s in chosen]}
    for b in sorted(by_b)[1:]:
        row, rest = twins(by_b[b], chosen, bench)
        for stack in rest:
            bench.used[stack.id] = f"kept; no station of b {lowest:g} that is in use lies at its place"
        if row:
            rows[b] = row
        if len(row) < len(chosen):
            bench.warnings.append(
                f"b {b:g} was measured at {len(row)} of {len(chosen)} diffusion stations only"
            )
    return rows


def twins(stacks: list[Stack], chosen: list[Stack], bench: Workbench) -> tuple[list[Station], list[Stack]]:
    """Stacks that lie exactly where the chosen stations lie, nearest in series number; and the rest."""
    rest, row = list(stacks), []
    for base in chosen:
        here = [s for s in rest if same_place(s, base)]
        if here:
            twin = min(here, key=lambda s: abs((s.series_number or 0) - (base.series_number or 0)))
            rest.remove(twin)
            row.append(Station(twin, bench.load(twin), twin.grid))
    return row, rest


def body_parts(stations: list[Station]) -> list[Grid]:
    """The stations' grids less the slices at their ends that show no body; none for a station of air alone.

    Diffusion is often planned far beyond the feet; the common grid need not hold that air.
    """
    thin = [s.array[:, ::2, ::2] for s in stations]
    bright = max((float(np.percentile(a, 99.5)) for a in thin), default=0.0)
    parts = []
    for station, array in zip(stations, thin, strict=True):
        shown = np.flatnonzero((array > 0.15 * bright).mean(axis=(1, 2)) > 0.004)
        if shown.size:
            affine = np.array(station.grid.affine)
            affine[:3, 3] += affine[:3, 0] * shown[0]
            n = int(shown[-1] - shown[0] + 1)
            parts.append(Grid((n, station.grid.shape[1], station.grid.shape[2]), affine))
    return parts


def compose_diffusion(bench: Workbench, rows: dict[float, list[Station]], target: Grid | None) -> None:
    """DWI volumes, our ADC and the scanner's map: in their own plane, and on ``target`` where it is given."""
    scanner = scanner_adc_stations(bench)
    if not rows and not scanner:
        return
    lead = rows[min(rows)] if rows else scanner
    plane = lead[0].stack.plane
    if len(lead) == 1 and all(len(row) == 1 for row in rows.values()) and len(scanner) <= 1:
        native_single(bench, rows, scanner)
    else:
        every = [s.grid for row in (*rows.values(), scanner) for s in row]
        settled, shifts = settle(lead, checked_union(upright_reference(lead), every))
        own = checked_union(upright_reference(lead), [*every, *(s.grid for s in settled)])
        signals = join_b_values(bench, rows, settled, shifts, own, plane)
        adc_in_own_plane(bench, signals)
        if scanner:
            follow(scanner, settled)
            row = join(scanner, {}, own, "ADC_scanner", match=False)
            bench.keep("ADC_scanner", row, in_plane(row.volume, plane), f"the scanner's ADC ({plane})")
            bench.seams = [s for s in bench.seams if s.contrast != "ADC_scanner"]
    compare(bench)
    if target is not None:
        for key in [k for k in bench.volumes if k.startswith(("DWI_", "ADC"))]:
            bench.axial[key] = bench.volumes[key]
        onto_common_grid(bench, target)


def scanner_adc_stations(bench: Workbench) -> list[Station]:
    """The scanner's own ADC maps."""
    stacks = [s for s in bench.exam.stacks if s.contrast is Contrast.ADC]
    if not stacks:
        return []
    plane = best_plane(stacks)
    for stack in stacks:
        if stack.plane is not plane:
            bench.used[stack.id] = f"shown in its own plane ({stack.plane})"
    return stations_of(bench, [s for s in stacks if s.plane is plane])


def follow(scanner: list[Station], settled: list[Station]) -> None:
    """Move ADC stations with the diffusion station they were made from, and put them in its order."""
    for station in scanner:
        base = min(settled, key=lambda s: abs(s.stack.grid.affine[2, 3] - station.stack.grid.affine[2, 3]))
        mm = base.moved_mm
        if mm:
            affine = np.array(station.grid.affine)
            affine[2, 3] += mm
            station.grid, station.moved_mm = Grid(station.grid.shape, affine), mm
    scanner.sort(key=lambda s: -sum(p.z for p in s.grid.extent_mm()))


def native_single(bench: Workbench, rows: dict[float, list[Station]], scanner: list[Station]) -> None:
    """One diffusion stack per b-value: nothing to join, the measured arrays are the volumes."""
    for b, row in rows.items():
        keep_untouched(bench, row[0].stack, row[0].array, dwi_key(b))
    if scanner:
        keep_untouched(bench, scanner[0].stack, scanner[0].array, "ADC_scanner")
    if len(rows) >= 2:
        first = bench.volumes[dwi_key(min(rows))]
        signals = {b: bench.volumes[dwi_key(b)].array for b in rows
                   if bench.volumes[dwi_key(b)].grid == first.grid}  # fmt: skip
        if len(signals) >= 2:
            store_adc(bench, signals, first)
    elif rows:
        bench.warnings.append("one b-value only: no ADC can be computed")


def join_b_values(
    bench: Workbench,
    rows: dict[float, list[Station]],
    settled: list[Station],
    shifts: dict[int, Shift | None],
    own: Grid,
    plane: Plane,
) -> dict[float, Volume]:
    """Join each b-value with the gains of the lowest one: their ratio, the ADC, must not change."""
    signals: dict[float, Volume] = {}
    gains: npt.NDArray[np.float64] | None = None
    for b, row in sorted(rows.items()):
        if gains is None:
            joined = join(settled, shifts, own, dwi_key(b), exact=True)
            gains = np.array(joined.gains)
        else:
            twin = {i: s for i, base in enumerate(settled) for s in row if same_place(s.stack, base.stack)}
            order = list(twin)
            stations = [
                Station(s.stack, s.array, settled[i].grid, settled[i].moved_mm) for i, s in twin.items()
            ]
            joined = join(stations, {}, own, dwi_key(b), gains=gains[order], exact=True)
        signals[b] = joined.volume
        keep_joined(bench, dwi_key(b), joined, plane)
    return signals


def keep_joined(bench: Workbench, key: str, row: Row, plane: Plane) -> None:
    """Store a joined diffusion row in its plane."""
    bench.keep(key, row, in_plane(row.volume, plane), f"composed in its own plane ({plane})")


def adc_in_own_plane(bench: Workbench, signals: dict[float, Volume]) -> None:
    """Our ADC from the joined signal, at the resolution it was measured in."""
    if len(signals) < 2:
        if signals:
            bench.warnings.append("one b-value only: no ADC can be computed")
        return
    first = bench.volumes[dwi_key(min(signals))]
    store_adc(bench, {b: bench.volumes[dwi_key(b)].array for b in signals}, first)


def store_adc(bench: Workbench, signals: dict[float, npt.NDArray], like: Volume) -> None:
    """Compute the ADC of aligned arrays and keep it as volume ``ADC``, with its limits said."""
    covered = like.covered
    for b in signals:
        other = bench.volumes[dwi_key(b)].covered
        if other is not None:
            covered = other if covered is None else covered & other
    result = adc_map(signals, covered)
    bench.adc = result
    bench.volumes["ADC"] = adc_volume(result, like)
    if not result.reliable:
        bench.warnings.append(f"ADC: {result.why}")


def adc_volume(result: AdcMap, like: Volume) -> Volume:
    """An ADC map as a volume of whole 1e-6 mm2/s; not covered where it was not computed."""
    share = float(result.lower_bound.sum()) / max(int(result.valid.sum()), 1)
    notes = (
        result.why,
        f"{100 * share:.1f} % of the computed voxels are lower bounds (high-b signal at the noise)",
    )
    values = np.empty(like.grid.shape, dtype=np.int16)
    store(values, result.values, None)
    return Volume(values, like.grid, Contrast.ADC, covered=result.valid, station=like.station, notes=notes)


def compare(bench: Workbench) -> None:
    """Our ADC against the scanner's on the same voxels."""
    ours, scanner = bench.volumes.get("ADC"), bench.volumes.get("ADC_scanner")
    if ours is None or scanner is None or ours.covered is None:
        return
    if ours.grid != scanner.grid:
        bench.warnings.append(
            "the scanner's ADC map lies on another grid than its diffusion images: not compared"
        )
        return
    low = min((k for k in bench.volumes if k.startswith("DWI_b")), key=lambda k: float(k[5:]))
    valid = ours.covered if scanner.covered is None else ours.covered & scanner.covered
    bench.agreement = adc_agreement(ours.array, valid, scanner.array, bench.volumes[low].array)
    if bench.agreement is not None and abs(bench.agreement.median_difference) > 0.05:
        bench.warnings.append(
            f"our ADC differs from the scanner's by {100 * bench.agreement.median_difference:+.0f} % (median in "
            "tissue): check which b-values its map was made from"
        )


def onto_common_grid(bench: Workbench, target: Grid) -> None:
    """Bring the diffusion volumes onto the common coronal grid; the ADC is computed again from signal there."""
    note = (
        "reformatted from its own plane onto the common coronal grid; the measured stack is kept in `axial`"
    )
    signals: dict[float, npt.NDArray[np.float32]] = {}
    like: Volume | None = None
    for key, source in list(bench.axial.items()):
        if key == "ADC":
            continue
        array, covered, station = reformat(source, target)
        volume = Volume(
            compact(array), target, source.contrast, covered=covered, station=station, b_value=source.b_value,
            notes=(note,),
        )  # fmt: skip
        bench.volumes[key] = volume
        if source.contrast is Contrast.DWI and source.b_value is not None:
            signals[float(key[5:])] = array
            like = like or volume
    if "ADC" in bench.axial and like is not None:
        covered = like.covered
        for b in signals:
            other = bench.volumes[dwi_key(b)].covered
            covered = other if covered is None or other is covered else covered & other
        result = adc_map(signals, covered)
        volume = adc_volume(result, like)
        bench.volumes["ADC"] = Volume(
            volume.array, target, Contrast.ADC, covered=volume.covered, station=like.station,
            notes=(*volume.notes, "computed from signal reformatted onto the common coronal grid"),
        )  # fmt: skip
    if bench.axial:
        cut_off(bench, target)


def reformat(
    source: Volume, target: Grid
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.int16]]:
    """Signal (float32), covered and station (per row) of ``source`` on the coronal ``target``."""
    array = np.zeros(target.shape, dtype=np.float32)
    covered = np.zeros(target.shape, dtype=bool)
    station = np.full(target.shape[1], -1, dtype=np.int16)
    placed = place(source.array, source.grid, target, Plane.CORONAL)
    if placed is None:
        return array, covered, station
    array[placed.box] = placed.array
    covered[placed.box] = True if placed.valid is None else placed.valid
    if source.covered is not None and not source.covered.all():
        mask = place(source.covered.view(np.uint8), source.grid, target, Plane.CORONAL)
        if mask is not None:
            covered[mask.box] &= mask.array > 0.99
    if not covered[placed.box].all():
        array[~covered] = 0
    # station per row: of the source slice nearest to the row's head-foot place
    middle = [(n - 1) / 2 for n in target.shape]
    rows = np.arange(*placed.rows)
    points = target.affine @ np.stack([np.full(len(rows), middle[0]), rows, np.full(len(rows), middle[2]),
                                       np.ones(len(rows))])  # fmt: skip
    places = np.linalg.solve(source.grid.affine, points)[:3]
    index = [
        np.clip(np.round(p).astype(int), 0, n - 1) for p, n in zip(places, source.grid.shape, strict=True)
    ]
    if source.station is not None:
        own = source.station
        station[rows] = own[index[1]] if own.ndim == 1 else own[index[0], index[1], index[2]]
    return array, covered, station


def compact(array: npt.NDArray[np.float32]) -> npt.NDArray:
    """int16 where rounding loses little, else float32 as it is."""
    top = float(array.max(initial=0.0))
    if 1000 <= top <= 32767:
        whole = np.empty(array.shape, dtype=np.int16)
        store(whole, array, None)
        return whole
    return array


def cut_off(bench: Workbench, target: Grid) -> None:
    """Say when diffusion was measured outside the common grid."""
    key = next(iter(bench.axial))
    low, high = bench.axial[key].grid.extent_mm()
    t_low, t_high = target.extent_mm()
    if low.x < t_low.x - 30 or high.x > t_high.x + 30 or low.y < t_low.y - 30 or high.y > t_high.y + 30:
        bench.warnings.append(
            "diffusion images reach further sideways or front to back than the coronal volume; what lies outside "
            "it is seen in their own plane only"
        )
