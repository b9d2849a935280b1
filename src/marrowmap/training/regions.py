"""Appearances of a part of the body, child or adult, for the network that names bones of regional exams."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import all_sites
from marrowmap.imaging.working import Working
from marrowmap.phantom.body import Tissue
from marrowmap.training.builds import warp
from marrowmap.training.cases import Case, request_of
from marrowmap.training.contrasts import Contrasts
from marrowmap.training.synthesis import SHOWN, show

Float = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]

ADULT = 0.65
"""Share of the appearances of adult size and contrast; painted children are 3 to 18 years old."""
GROWN_YEARS = 12.0
ADULT_MM = (1550.0, 1920.0)
ANCHORS = (("femur", 0.25), ("tibia", 0.2), ("ilium", 0.2), ("", 0.35))
"""Bone that an appearance shows, and how often; "" is any unit."""
LENGTH_MM = (130.0, 590.0)
MARGIN_MM = 45.0
NOISE = (0.004, 0.12)
"""Standard deviation over the signal of muscle: exams of a joint or limb have far less than whole-body ones."""
CHILD_ODDS = Contrasts(no_physics=0.08)
ADULT_ODDS = Contrasts(mix=0.6, water=0.6, yellow=0.9, no_physics=0.08)


def choose_case(paths: list[Path], rng: np.random.Generator) -> tuple[Path, bool]:
    """A case, and whether it is to be shown as an adult; then it is one of the older children."""
    adult = bool(rng.random() < ADULT)
    old = [p for p in paths if (request_of(int(p.stem)).age_years or 0) >= GROWN_YEARS]
    chosen = old if adult and old else paths
    return chosen[int(rng.integers(len(chosen)))], adult


def region_of(
    case: Case, adult: bool, rng: np.random.Generator
) -> tuple[Working, Float | None, Float | None, Labels, Labels]:
    """(working exam, fluid, fatty, site, tissue) of one appearance of a part of the body, all on one grid."""
    cut = _stretched(case, adult, rng)
    if adult:
        cut = _closed(cut)
    if rng.random() < 0.5:
        cut = replace(
            cut,
            signal={k: cut.signal[k][..., ::-1] for k in SHOWN},
            tissue=cut.tissue[..., ::-1],
            site=cut.site[..., ::-1],
        )
    box = _view(cut, rng)
    noise = float(np.exp(rng.uniform(*np.log(NOISE))))
    shown = show(cut, box, rng, ADULT_ODDS if adult else CHILD_ODDS, noise)
    axis, thick = _plane(rng)
    fluid, fatty = (_thick(a, axis, thick) for a in (shown.fluid, shown.fatty))
    gone = rng.random()
    if gone < (0.5 if adult else 0.35):
        kept: tuple[Float | None, Float | None] = (fluid, None)
    elif gone < 0.7:
        kept = (None, fatty)
    else:
        kept = (fluid, fatty)
    site, tissue = (np.ascontiguousarray(a[box]) for a in (cut.site, cut.tissue))
    shape = (site.shape[0], site.shape[1], site.shape[2])
    grid = Grid.coronal(shape, case.spacing, PointMm(0.0, 0.0, 0.0))
    signal = {k: s for k, s in zip(("STIR", "T1"), kept, strict=True) if s is not None}
    work = Working(grid, grid, signal, {}, np.zeros(shape, np.int16))
    return work, kept[0], kept[1], site, tissue


def _stretched(case: Case, adult: bool, rng: np.random.Generator) -> Case:
    """Rows around a bone, of another build; the rows at both ends that the warp may have emptied are gone."""
    row_mm = case.spacing[1]
    seen = np.flatnonzero(case.tissue[::2, :, ::4].any(axis=(0, 2)))
    stature = float(np.ptp(seen) + 1) * row_mm
    grown = float(np.log(rng.uniform(*ADULT_MM) / stature)) if adult else float(rng.uniform(-0.15, 0.2))
    margin = int(MARGIN_MM / row_mm)
    length = int(rng.uniform(*LENGTH_MM) / np.exp(grown) / row_mm)
    at = _anchor_row(case, rng)
    start = int(at - rng.uniform(0.1, 0.9) * length)
    low = max(0, start - margin)
    high = min(case.site.shape[1], start + length + margin)
    rows = slice(low, high)
    part = replace(
        case,
        signal={k: case.signal[k][:, rows] for k in SHOWN},
        tissue=case.tissue[:, rows],
        site=case.site[:, rows],
    )
    warped = warp(part, rng, SHOWN, grown)
    ratio = warped.site.shape[1] / (high - low)
    first = int(max(0, start - low) * ratio) if low > 0 else 0
    last = int(min(high - low, start + length - low) * ratio) if high < case.site.shape[1] else None
    kept = slice(first, last)
    return replace(
        warped,
        signal={k: v[:, kept] for k, v in warped.signal.items()},
        tissue=warped.tissue[:, kept],
        site=warped.site[:, kept],
    )


def _anchor_row(case: Case, rng: np.random.Generator) -> int:
    names = [a for a, _ in ANCHORS]
    bone = names[int(rng.choice(len(names), p=[p for _, p in ANCHORS]))]
    labels = [s.label for s in all_sites() if not bone or s.bone == bone]
    rows = np.flatnonzero(np.isin(case.site[::2, :, ::2], int(rng.choice(labels))).any(axis=(0, 2)))
    if not len(rows):
        rows = np.flatnonzero((case.site[::2, :, ::2] > 0).any(axis=(0, 2)))
    return int(rng.choice(rows))


def _view(case: Case, rng: np.random.Generator) -> tuple[slice, slice, slice]:
    """Field of view: mostly the whole width and depth, else a narrow one or a slab, around bone."""
    slices, rows, columns = case.site.shape
    places = np.argwhere(case.site[::2, ::4, ::2] > 0)
    centre = (
        places[int(rng.integers(len(places)))] * (2, 4, 2) if len(places) else np.array(case.site.shape) // 2
    )
    body = np.flatnonzero(case.tissue[::2, ::4].any(axis=(0, 1)))
    middle = int(body.mean()) if len(body) else columns // 2
    box = [slice(0, slices), slice(0, rows), slice(0, columns)]
    kind = rng.random()
    if kind < 0.25:
        box[2] = _around(middle, rng.uniform(180, 420) / case.spacing[2], columns)
    elif kind < 0.42:
        box[2] = _around(int(centre[2]), rng.uniform(130, 260) / case.spacing[2], columns)
    if rng.random() < 0.3:
        box[0] = _around(int(centre[0]), rng.uniform(90, 200) / case.spacing[0], slices)
    return box[0], box[1], box[2]


def _around(at: int, width: float, n: int) -> slice:
    size = min(n, max(4, int(width)))
    start = int(np.clip(at - size // 2, 0, n - size))
    return slice(start, start + size)


def _plane(rng: np.random.Generator) -> tuple[int, int]:
    """(axis across the slices, voxels in a slice's thickness) of the scan that was resliced to coronal."""
    kind = rng.random()
    if kind < 0.45:
        return 0, 1
    return (1, int(rng.integers(1, 4))) if kind < 0.85 else (2, int(rng.integers(1, 3)))


def _thick(array: Float, axis: int, thick: int) -> Float:
    """As if scanned in slices of ``thick`` voxels along ``axis``, then interpolated."""
    n = array.shape[axis]
    if thick < 2 or n < 2 * thick:
        return array
    moved = np.moveaxis(array, axis, 0)
    count = n // thick
    slices = moved[: count * thick].reshape(count, thick, *moved.shape[1:]).mean(axis=1)
    at = np.clip((np.arange(n) + 0.5) / thick - 0.5, 0, count - 1)
    low = np.minimum(at.astype(int), count - 2)
    share = (at - low).astype(np.float32).reshape(-1, 1, 1)
    return np.ascontiguousarray(np.moveaxis(slices[low] * (1 - share) + slices[low + 1] * share, 0, axis))


def _closed(case: Case) -> Case:
    """Growth plates turned to marrow of the bone beside them."""
    plate = case.tissue == Tissue.PHYSIS
    marrow = case.tissue == Tissue.MARROW
    if not plate.any() or not marrow.any():
        return case
    near = ndimage.grey_dilation(case.site, size=(3, 3, 3))
    filled = plate & (near > 0)
    signal = {}
    for name, array in case.signal.items():
        changed = array.copy()
        changed[filled] = np.median(array[marrow])
        signal[name] = changed
    tissue = np.where(filled, np.uint8(Tissue.MARROW), case.tissue)
    return replace(
        case, signal=signal, tissue=tissue, site=np.where(filled & (case.site == 0), near, case.site)
    )
