"""What is gathered while an exam is composed, and the small steps that every contrast shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from marrowmap.core.exam import Exam, Stack
from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.seam import Seam
from marrowmap.core.volume import Volume
from marrowmap.errors import StationsDoNotMeet
from marrowmap.imaging.choose import Choice, choose_stations
from marrowmap.imaging.diffusion import AdcAgreement, AdcMap
from marrowmap.imaging.grids import standard_orientation, union_grid
from marrowmap.imaging.rows import Row, Station, head_first

Load = Callable[[Stack], npt.NDArray]

TALLEST_MM = 2600.0
"""No body is longer: a union grid beyond this means that positions are not comparable (ours)."""


@dataclass
class Workbench:
    """What is being gathered while an exam is composed."""

    exam: Exam
    load: Load
    used: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    volumes: dict[str, Volume] = field(default_factory=dict)
    axial: dict[str, Volume] = field(default_factory=dict)
    seams: list[Seam] = field(default_factory=list)
    stations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    gains: dict[str, tuple[float, ...]] = field(default_factory=dict)
    adc: AdcMap | None = None
    agreement: AdcAgreement | None = None

    def choose(self, stacks: Sequence[Stack]) -> list[Stack]:
        """Stations among ``stacks``; notes the reasons for the others."""
        choice: Choice = choose_stations(stacks, self.load)
        self.used.update(choice.reasons)
        self.warnings.extend(choice.warnings)
        return choice.stations

    def keep(self, key: str, row: Row, volume: Volume, what: str) -> None:
        """Store a composed row under ``key``."""
        self.volumes[key] = volume
        self.stations[key] = row.stations
        self.gains[key] = row.gains
        self.seams.extend(row.seams)
        n = len(row.stations)
        for i, stack_id in enumerate(row.stations):
            self.used[stack_id] = (
                f"{what} ({key}), station {i + 1} of {n} from the head" if n > 1 else f"{what} ({key})"
            )


def stations_of(bench: Workbench, stacks: Sequence[Stack]) -> list[Station]:
    """Chosen stations with their arrays."""
    return [Station(s, bench.load(s), s.grid) for s in bench.choose(stacks)]


def upright_reference(stations: Sequence[Station]) -> Grid:
    """Grid (coronal order) whose spacing and phase a union follows: the finest of the stations."""
    grids = [standard_orientation(s.array, s.grid, Plane.CORONAL)[1] for s in head_first(stations)]
    return min(grids, key=lambda g: round(g.voxel_ml, 6))


def checked_union(reference: Grid, grids: Sequence[Grid], only_z: Sequence[Grid] = ()) -> Grid:
    """Union grid in coronal order; raises StationsDoNotMeet when it is taller than any body."""
    grid = union_grid(Plane.CORONAL, reference, grids, only_z)
    if grid.shape[1] * grid.spacing[1] > TALLEST_MM:
        raise StationsDoNotMeet(
            "The stations of this exam",
            f"their stated positions span {grid.shape[1] * grid.spacing[1] / 1000:.1f} m, more than any body",
            "Check that all images belong to one exam and that table positions were kept by the archive",
        )
    return grid


PLANE_WEIGHTS = {Plane.CORONAL: 2.0, Plane.AXIAL: 1.3}


def best_plane(stacks: Sequence[Stack]) -> Plane:
    """Plane whose stacks cover most volume, with a preference for coronal, then axial.

    Right and left side are seen at once on those two (weights are ours).
    """
    volume: dict[Plane, float] = {}
    for stack in stacks:
        ml = float(np.prod(stack.grid.shape)) * stack.grid.voxel_ml
        volume[stack.plane] = volume.get(stack.plane, 0.0) + ml * PLANE_WEIGHTS.get(stack.plane, 1.0)
    return max(volume, key=lambda plane: volume[plane])


def keep_untouched(bench: Workbench, stack: Stack, array: npt.NDArray, key: str) -> None:
    """A stack that is its volume as it is."""
    station = np.zeros((stack.grid.shape[1],), dtype=np.int16)
    covered = None
    if stack.missing_slices:
        covered = np.ones(stack.grid.shape, dtype=bool)
        covered[list(stack.missing_slices)] = False
    bench.volumes[key] = Volume(array, stack.grid, stack.contrast, covered, station, stack.b_value)
    bench.stations[key] = (stack.id,)
    bench.gains[key] = (1.0,)
    bench.used[stack.id] = f"used as it is, on its own {stack.plane} grid ({key})"
