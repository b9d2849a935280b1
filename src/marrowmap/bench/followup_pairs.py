"""Pairs of exams of one digital child with known truth: which lesion is which, and what became of it.

Between the two exams the child grew, lies differently, was scanned on another scanner with other noise and other
stations, and every lesion met a fate. Synthetic throughout; fixed seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from marrowmap.core.followup.change import ChangeClass
from marrowmap.core.followup.limits import DEFAULT_LIMITS, FollowupLimits
from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import all_sites
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.volume import Volume
from marrowmap.imaging.lesion_places import Outline
from marrowmap.phantom.body import BodyKind, Tissue
from marrowmap.phantom.exam import ExamRequest, make_body, make_findings, make_scanner
from marrowmap.phantom.findings import Finding
from marrowmap.phantom.followup import Event, Fate, later, transfer
from marrowmap.phantom.lesions import Surroundings
from marrowmap.phantom.plan import Timing
from marrowmap.phantom.scene import Scene, body_grid, clouds_of
from marrowmap.phantom.signal import code_of_tissue, signal_of_codes
from marrowmap.phantom.truth import local_grid
from marrowmap.phantom.volumes import simulate_volumes

FIRST_SEED = 7100
"""Seeds of pairs start here; no other set uses them."""
SPACING = (5.0, 3.0, 3.0)
"""Millimetres between (slices, rows, columns) of the composed volumes."""
OUTLINE_MM = (4.5, 1.4, 1.4)
"""Millimetres between (slices, rows, columns) of a reader's outline: the voxels of a usual exam."""
TRUTH_MM = 1.6


@dataclass(frozen=True)
class TrueState:
    """One lesion without noise: volume in ml, signal over muscle on one and the same scanner, activity."""

    volume_ml: float
    ratio: float
    active: bool


@dataclass(frozen=True)
class PairExam:
    """One exam of a pair. volumes: {} when only labels were asked for. lesions: number -> finding.

    outlines: number -> what a reader outlined at the exam's resolution. truth: number -> noise-free state.
    """

    request: ExamRequest
    grid: Grid
    sites: npt.NDArray[np.uint8]
    volumes: dict[str, Volume]
    lesions: dict[int, Finding]
    outlines: dict[int, Outline]
    truth: dict[int, TrueState]
    height_cm: float

    def skeleton(self) -> Skeleton:
        """The true labels."""
        present = {int(v) for v in np.unique(self.sites)}
        coverage = {
            s.id: Coverage.COVERED if s.label in present else Coverage.NOT_COVERED for s in all_sites()
        }
        return Skeleton(self.sites, self.grid, "true labels of a digital child", coverage=coverage)


@dataclass(frozen=True)
class ExamPair:
    """Two exams of one child and what happened between them."""

    number: int
    months: int
    before: PairExam
    after: PairExam
    events: tuple[Event, ...]

    def true_pairs(self) -> set[tuple[int, int]]:
        """(number before, number after) of every lesion seen in both exams, many-to-many."""
        return {
            (a, b)
            for e in self.events
            for a in e.before
            for b in e.after
            if a in self.before.outlines and b in self.after.outlines
        }


def make_pair(number: int, body: BodyKind = "mesh", *, volumes: bool = True) -> ExamPair:
    """Pair ``number`` (0 and up).

    volumes: also simulate the composed volumes (needed for the product's own labels and for signal).
    """
    rng = np.random.default_rng([FIRST_SEED, number])
    months = int(rng.integers(4, 25))
    first = ExamRequest(
        FIRST_SEED + number, age_years=round(float(rng.uniform(5, 15.5)), 2), body=body
    ).settled()
    # another scanner at follow-up in two of three pairs, another field strength in one of four
    fields = (1.5, 3.0)
    field_t = fields[1 - fields.index(first.field_t)] if rng.uniform() < 0.25 else first.field_t  # type: ignore[arg-type]
    then = replace(first, months=months, field_t=field_t)
    one, two = make_body(first), make_body(then)
    around, around_then = Surroundings.of(one, clouds_of(one)), Surroundings.of(two, clouds_of(two))
    findings = tuple(make_findings(first, around))
    change = later(first.seed, months, findings, around, around_then, first.difficulty, {})
    old = [transfer(f, around, around_then) for f in findings if f.kind.is_lesion]
    hidden = {f.id for f in change.findings if _looks_old(f, old, change.events)}
    kept = tuple(f for f in change.findings if f.id not in hidden)
    events = tuple(e for e in change.events if not (e.fate is Fate.NEW and hidden & set(e.after)))
    before = _exam(first, Scene(one, findings), rng, volumes)
    after = _exam(then, Scene(two, kept, change.collapsed), rng, volumes)
    return ExamPair(number, months, before, after, events)


def _looks_old(finding: Finding, old: list[Finding], events: tuple[Event, ...]) -> bool:
    """A new lesion that touches the place of an earlier one in its unit: nobody could tell it from the old one.

    By the definition (9.1) a new lesion lies in a unit without lesion before; those that lie in such a unit but
    apart from the earlier lesion are kept as the hard case they are.
    """
    if not any(e.fate is Fate.NEW and finding.id in e.after for e in events):
        return False
    return any(
        f.labels[0] == finding.labels[0]
        and f.centre.distance_to(finding.centre)
        < 0.8 * float(np.mean(f.radii_mm) + np.mean(finding.radii_mm))
        for f in old
    )


def _exam(request: ExamRequest, scene: Scene, rng: np.random.Generator, volumes: bool) -> PairExam:
    body = scene.body
    if volumes:
        made = simulate_volumes(
            body, scene.findings, SPACING, make_scanner(request), seed=request.seed * 100 + request.months
        )
        grid, sites, arrays = made.grid, made.sites, made.volumes
    else:
        grid = body_grid(body, (4.0, 4.0, 4.0), margin=float(rng.uniform(6, 12)))
        sites, arrays = scene.paint(grid, fine=False).maps.site, {}
    lesions = {f.id: f for f in scene.findings if f.kind.is_lesion}
    outlines, truth = {}, {}
    for name, finding in lesions.items():
        outline, state = _outline(scene, finding, rng), _state(scene, finding)
        if outline is not None and state is not None:
            outlines[name], truth[name] = outline, state
    seen = {k: v for k, v in lesions.items() if k in outlines}
    return PairExam(request, grid, sites, arrays, seen, outlines, truth, body.facts.height_cm)


def _outline(scene: Scene, finding: Finding, rng: np.random.Generator) -> Outline | None:
    """The lesion's voxels on a small grid of the exam's resolution, laid anyhow; None when it fills none."""
    half = max(finding.radii_mm) * 1.5 + 8.0
    shape = tuple(int(np.ceil(2 * half / step)) for step in OUTLINE_MM)
    jitter = rng.uniform(-0.5, 0.5, 3) * np.array(OUTLINE_MM)
    c = finding.centre
    start = PointMm(c.x - half + jitter[2], c.y - half + jitter[0], c.z + half + jitter[1])
    grid = Grid.coronal((shape[0], shape[1], shape[2]), OUTLINE_MM, start)
    mask = scene.paint(grid, fine=False).lesions == finding.id
    voxels = np.argwhere(mask)
    if not len(voxels):
        return None
    chosen = voxels[np.linspace(0, len(voxels) - 1, min(150, len(voxels))).astype(np.intp)]
    points = chosen @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return Outline(points, len(voxels) * grid.voxel_ml)


def _state(scene: Scene, finding: Finding) -> TrueState | None:
    """Volume and signal on a grid fine enough to hold the lesion; None when its bone left no room for it."""
    for step in (TRUTH_MM, TRUTH_MM / 2):
        painted = scene.paint(local_grid(finding, step), fine=False)
        mask = painted.lesions == finding.id
        if mask.any():
            table = _reference_table()
            muscle = float(table[code_of_tissue(np.array([Tissue.MUSCLE], np.uint8))][0])
            ratio = float(table[painted.codes[mask]].mean()) / muscle
            return TrueState(float(mask.sum()) * step**3 / 1000, ratio, not finding.features.sclerotic)
    return None


def _reference_table() -> npt.NDArray[np.float32]:
    """STIR signal of every code on one usual scanner, for truth."""
    timing = Timing.draw(1.5, np.random.default_rng(0))
    return signal_of_codes(timing.stir, 1.5)[0]


def true_class(pair: ExamPair, event: Event, limits: FollowupLimits = DEFAULT_LIMITS) -> ChangeClass | None:
    """What a perfect measurement would say of one event; None when neither exam shows it.

    Volumes are noise-free and corrected for the growth of the child; the limits are those of the product.
    """
    old = [pair.before.truth[i] for i in event.before if i in pair.before.truth]
    new = [pair.after.truth[i] for i in event.after if i in pair.after.truth]
    old_active, new_active = [s for s in old if s.active], [s for s in new if s.active]
    if not old_active and not new_active:
        return None
    if not old_active:
        return ChangeClass.WORSENED if old else ChangeClass.NEW
    if not new_active:
        return ChangeClass.RESOLVED
    if len(new) != len(old):
        return ChangeClass.MERGED if len(new) < len(old) else ChangeClass.SPLIT
    growth = (pair.after.height_cm / pair.before.height_cm) ** 3
    volume = 100 * (sum(s.volume_ml for s in new) / growth / sum(s.volume_ml for s in old) - 1)
    signal = 100 * (_mean(new) / _mean(old) - 1)
    v = np.sign(volume) * (abs(volume) >= limits.change.volume_change_percent)
    s = np.sign(signal) * (abs(signal) >= limits.change.si_ratio_change_percent)
    if v * s < 0:
        return ChangeClass.MIXED
    way = v or s
    return {1: ChangeClass.WORSENED, -1: ChangeClass.IMPROVED, 0: ChangeClass.STABLE}[int(way)]


FATE_CLASS: Mapping[Fate, ChangeClass] = {
    Fate.RESOLVED: ChangeClass.RESOLVED,
    Fate.SHRUNK: ChangeClass.IMPROVED,
    Fate.STABLE: ChangeClass.STABLE,
    Fate.GROWN: ChangeClass.WORSENED,
    Fate.NEW: ChangeClass.NEW,
    Fate.MERGED: ChangeClass.MERGED,
    Fate.SPLIT: ChangeClass.SPLIT,
    Fate.SCLEROSED: ChangeClass.RESOLVED,
}
"""The name of change that goes with what the phantom did, whatever the bone's outline left of it."""


def _mean(states: list[TrueState]) -> float:
    return float(np.average([s.ratio for s in states], weights=[s.volume_ml for s in states]))
