"""Which stacks become the stations of a row, and why each of the others does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from marrowmap.core.exam import Stack
from marrowmap.core.geometry import Grid
from marrowmap.core.volume import Contrast
from marrowmap.imaging.align import correlation
from marrowmap.imaging.grids import resample
from marrowmap.imaging.quality import ghost_level
from marrowmap.imaging.seams import FOREGROUND_SHARE, MIN_FOREGROUND, bright_level

Load = Callable[[Stack], npt.NDArray]

REPEAT_SHARE = 0.80
"""Two stacks that share this part of their space are the same station, taken twice (ours)."""

INSIDE_SHARE = 0.80
"""A stack of another protocol that lies this far inside the row adds nothing to it (ours)."""

SAME_PICTURE = 0.4
"""Correlation under which two stacks at the same stated place do not show the same body part (ours)."""

GHOST_MARGIN = 1.25
"""A repeat is called better only when the other has this many times its signal outside the body (ours)."""

SCANNER_COMPOSED = "station kept; the scanner's composed series is used"


@dataclass
class Choice:
    """stations: stacks that make up the row. reasons: why each other stack is not in it. warnings: to be said."""

    stations: list[Stack] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def usable(stack: Stack) -> bool:
    """Whether a stack may become part of a volume: measured images, or what the scanner joined from them."""
    if stack.contrast in (Contrast.LOCALIZER, Contrast.OTHER):
        return False
    if stack.contrast is Contrast.DWI:
        return stack.b_value is not None and not stack.b_computed
    if stack.contrast is Contrast.ADC:
        return True
    return not stack.derived or stack.composed_by_scanner


def choose_stations(stacks: Sequence[Stack], load: Load) -> Choice:
    """Stations of one row among stacks of one contrast and plane.

    What the scanner composed comes first; then the family of alike stacks that reaches furthest along the body;
    then whatever lies mostly outside those. Of repeated stations the one with less signal outside the body is
    used, or the later one when they are alike.
    """
    choice = Choice()
    for stack in sorted((s for s in stacks if s.composed_by_scanner), key=lambda s: -length_mm(s.grid)):
        if share_inside(stack.grid, [s.grid for s in choice.stations]) >= INSIDE_SHARE:
            choice.reasons[stack.id] = "kept; another composed series of the scanner covers the same place"
        else:
            choice.stations.append(stack)
    composed = [s.grid for s in choice.stations]
    single = [s for s in stacks if not s.composed_by_scanner]
    for family in families(single):
        grids = [s.grid for s in choice.stations]
        members = []
        for stack in family:
            if composed and share_inside(stack.grid, composed) >= INSIDE_SHARE:
                choice.reasons[stack.id] = SCANNER_COMPOSED
            elif share_inside(stack.grid, grids) >= INSIDE_SHARE:
                choice.reasons[stack.id] = (
                    "kept in its own plane and resolution; the row of stations covers its place"
                )
            else:
                members.append(stack)
        choice.stations.extend(without_repeats(members, load, choice))
    return choice


def families(stacks: Sequence[Stack]) -> list[list[Stack]]:
    """Groups of stacks acquired alike (voxel size, sequence times), the one with the longest reach first."""
    groups: dict[tuple[object, ...], list[Stack]] = {}
    for stack in stacks:
        a = stack.acquisition
        spacing = tuple(round(mm, 1) for mm in stack.grid.spacing)
        times = tuple(None if ms is None else round(ms, -1) for ms in (a.te_ms, a.ti_ms))
        groups.setdefault((spacing, times), []).append(stack)
    return sorted(groups.values(), key=lambda g: -reach_mm([s.grid for s in g]))


def without_repeats(stacks: Sequence[Stack], load: Load, choice: Choice) -> list[Stack]:
    """One stack per place; the reason for each one left out goes into ``choice``."""
    kept: list[Stack] = []
    for stack in sorted(stacks, key=lambda s: (s.series_number or 0, s.id)):
        twin = next((k for k in kept if mutual_share(stack.grid, k.grid) >= REPEAT_SHARE), None)
        if twin is None:
            kept.append(stack)
            continue
        first, second = load(twin), load(stack)
        again, _ = resample(second, stack.grid, twin.grid)
        if likeness(np.asarray(first, dtype=np.float32), again) < SAME_PICTURE:
            choice.reasons[stack.id] = (
                f"kept, not joined: its stated position is that of {twin.id}, its picture is not"
            )
            choice.warnings.append(
                f"{stack.id} and {twin.id} state the same position but show different pictures: table positions "
                "are not comparable between them; only the first is in the volume"
            )
            continue
        better, worse, why = better_repeat(twin, first, stack, second)
        kept = [better if k is twin else k for k in kept]
        choice.reasons[worse.id] = f"repeat of {better.id}, not used: {why}"
        choice.warnings.append(
            f"{worse.id} and {better.id} show the same station twice; {better.id} is used: {why}"
        )
    return kept


def likeness(a: npt.NDArray, b: npt.NDArray) -> float:
    """Correlation of two arrays inside the body common to both, -1 to 1; 0 when they share no body.

    The air is left out: any two bodies correlate when the silhouette may help.
    """
    common = (a > FOREGROUND_SHARE * bright_level(a)) & (b > FOREGROUND_SHARE * bright_level(b))
    return correlation(a[common], b[common]) if int(common.sum()) >= MIN_FOREGROUND else 0.0


def better_repeat(a: Stack, a_array: npt.NDArray, b: Stack, b_array: npt.NDArray) -> tuple[Stack, Stack, str]:
    """Which of two takes of one station to use: (better, worse, why). ``b`` is the later one."""
    size_a, size_b = np.prod(a.grid.shape) * a.grid.voxel_ml, np.prod(b.grid.shape) * b.grid.voxel_ml
    if abs(size_a - size_b) > 0.1 * max(size_a, size_b):
        return (a, b, "it covers more") if size_a > size_b else (b, a, "it covers more")
    ghosts_a, ghosts_b = ghost_level(a_array), ghost_level(b_array)
    if ghosts_b > GHOST_MARGIN * ghosts_a:
        return a, b, "less signal outside the body (ghosts, motion)"
    if ghosts_a > GHOST_MARGIN * ghosts_b:
        return b, a, "less signal outside the body (ghosts, motion)"
    return b, a, "both look alike, the later one is taken"


def lattice(grid: Grid, n: int = 9) -> npt.NDArray[np.float64]:
    """Points spread through the space of a stack, shape (n, n, n, 3) flattened to (n**3, 3), LPS mm."""
    steps = [(np.arange(n) + 0.5) / n * size - 0.5 for size in grid.shape]
    places = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    points: npt.NDArray[np.float64] = places @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return points


def share_inside(grid: Grid, others: Sequence[Grid]) -> float:
    """Share (0 to 1) of a stack's space that lies inside any of the others."""
    points = lattice(grid)
    inside = np.zeros(len(points), dtype=bool)
    for other in others:
        places = np.linalg.solve(other.affine[:3, :3], (points - other.affine[:3, 3]).T).T
        inside |= np.all((places >= -0.5) & (places <= np.array(other.shape) - 0.5), axis=1)
    return float(inside.mean())


def mutual_share(a: Grid, b: Grid) -> float:
    """The larger of the shares of each stack inside the other."""
    return max(share_inside(a, [b]), share_inside(b, [a]))


def z_range(grid: Grid) -> tuple[float, float]:
    """Lowest and highest LPS z reached by voxel edges, millimetres."""
    low, high = grid.extent_mm()
    return low.z, high.z


def length_mm(grid: Grid) -> float:
    """Extent along the body, millimetres."""
    low, high = z_range(grid)
    return high - low


def reach_mm(grids: Sequence[Grid]) -> float:
    """Length of body that the stacks cover together, without counting overlaps twice, millimetres."""
    total, top = 0.0, -np.inf
    for low, high in sorted(z_range(g) for g in grids):
        total += max(0.0, high - max(low, top))
        top = max(top, high)
    return total
