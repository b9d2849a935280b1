"""Training cases: digital children painted once at working resolution, before any scanner fault is added.

Each case is one ``.npz``: noise-free signals at 3 mm in plane with partial volume from 1.5 mm, the truth, and
who the child is. Faults, contrasts and cuts are drawn anew every time a case is used.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid
from marrowmap.imaging.working import working_grid
from marrowmap.phantom.acquire import shifted
from marrowmap.phantom.exam import ExamRequest, make_body, make_scene
from marrowmap.phantom.findings import Kind
from marrowmap.phantom.plan import Timing
from marrowmap.phantom.scene import Scene, body_grid
from marrowmap.phantom.signal import signal_of_codes

TRAIN_SEEDS = range(100_000, 200_000)
"""Seeds of training children; bench seeds lie elsewhere (see ``phantom.sets``)."""
ROD_SEEDS = range(130_000, 140_000)
"""Those among them that are children of rods."""
FINE_MM = 1.5
"""Pixel of the paintings that are averaged to 3 mm; ``--quick`` paints at 3 mm, twice, a quarter voxel apart."""
SIGNALS = ("stir", "fat", "t1", "b50", "b800")


@dataclass(frozen=True)
class Case:
    """signal: name -> float16 [slice, row, column] in units of muscle on STIR, "fat" being the full fat signal.

    tissue, site: uint8. part: uint8. lesion: uint8, share of the voxel in a lesion, 0 to 255. other: uint8, the
    same for look-alikes. spacing in mm. A case may have no signals (``make_shape``).
    """

    signal: dict[str, npt.NDArray[np.float16]]
    tissue: npt.NDArray[np.uint8]
    site: npt.NDArray[np.uint8]
    part: npt.NDArray[np.uint8]
    lesion: npt.NDArray[np.uint8]
    lesion_id: npt.NDArray[np.uint8]
    other: npt.NDArray[np.uint8]
    spacing: tuple[float, float, float]
    usual_spine: bool


def request_of(seed: int) -> ExamRequest:
    """Which child a training seed stands for: ages 3 to 18, a quarter healthy, difficulties mixed."""
    rng = np.random.default_rng([seed, 7])
    kind = rng.choice(["cno", "none", "diffuse_marrow", "symmetric_metaphyseal"], p=[0.8, 0.14, 0.03, 0.03])
    level = rng.choice(["easy", "clinical", "hard"], p=[0.2, 0.6, 0.2])
    return ExamRequest(
        seed,
        age_years=round(float(rng.uniform(3, 18)), 2),
        lesions=str(kind),
        difficulty=str(level),  # type: ignore[arg-type]
        body="rods" if seed in ROD_SEEDS else "mesh",
    ).settled()


def make_case(request: ExamRequest, slice_mm: float, quick: bool = False) -> Case:
    """Paint one child. quick: at 3 mm instead of 1.5; a healthy child is then left without any finding."""
    bare = quick and request.lesions == "none"
    scene = Scene(make_body(request), ()) if bare else make_scene(request)
    step = 2 * FINE_MM if quick else FINE_MM
    fine = body_grid(scene.body, (slice_mm, step, step), margin=9.0)
    fine = Grid((fine.shape[0], fine.shape[1] // 2 * 2, fine.shape[2] // 2 * 2), fine.affine)
    grid = working_grid(fine)
    rng = np.random.default_rng([request.seed, 8])
    assert request.field_t is not None
    lesions = [f.id for f in scene.findings if f.kind is Kind.CNO_LESION]
    signals, lesion, other = _signals(scene, fine, Timing.draw(request.field_t, rng), request.field_t)
    coarse = scene.paint(grid, fine=False)
    maps = coarse.maps
    return Case(
        {k: v.astype(np.float16) for k, v in signals.items()},
        maps.tissue,
        maps.site,
        maps.part,
        np.rint(255 * lesion).astype(np.uint8),
        np.where(np.isin(coarse.lesions, lesions), np.minimum(coarse.lesions, 255), 0).astype(np.uint8),
        np.rint(255 * other).astype(np.uint8),
        grid.spacing,
        scene.body.facts.numbering.is_usual,
    )


def make_shape(request: ExamRequest, slice_mm: float) -> Case:
    """Body of one child alone, without signals and findings: in seconds, for what learns from shapes."""
    body = make_body(request)
    grid = working_grid(body_grid(body, (slice_mm, 2 * FINE_MM, 2 * FINE_MM), margin=9.0))
    maps = body.paint(grid)
    none = np.zeros(grid.shape, np.uint8)
    usual = body.facts.numbering.is_usual
    return Case({}, maps.tissue, maps.site, maps.part, none, none, none, grid.spacing, usual)


def _signals(
    scene: Scene, fine: Grid, timing: Timing, field_t: float
) -> tuple[dict[str, npt.NDArray[np.float32]], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Signals, share of lesion and share of look-alikes, from two paintings in the depth of the slice."""
    out: dict[str, npt.NDArray[np.float32]] = {}
    lesions = [f.id for f in scene.findings if f.kind is Kind.CNO_LESION]
    lesion = other = np.float32(0)
    scans = {"stir": timing.stir, "t1": timing.t1, "b50": timing.dwi[0], "b800": timing.dwi[1]}
    tables = {k: signal_of_codes(s, field_t) for k, s in scans.items()}
    muscle = {k: float(t[0][3]) for k, t in tables.items()}
    muscle["b800"] = muscle["b50"]
    aside = 0.25 if fine.spacing[1] > 2 else 0.0
    offsets = ((-0.25, -aside, aside), (0.25, aside, -aside))
    for offset in offsets:
        painted = scene.paint(shifted(fine, offset))
        codes = painted.codes
        lesion = lesion + _to_3_mm(np.isin(painted.lesions, lesions).astype(np.float32), fine) / len(offsets)
        other = other + _to_3_mm((painted.others > 0).astype(np.float32), fine) / len(offsets)
        for name, (table, fat) in tables.items():
            for key, lut in ((name, table), ("fat", fat)) if name == "stir" else ((name, table),):
                part = _to_3_mm((lut / muscle[name]).astype(np.float32)[codes], fine) / len(offsets)
                out[key] = out[key] + part if key in out else part
    return out, np.asarray(lesion), np.asarray(other)


def _to_3_mm(array: npt.NDArray[np.float32], grid: Grid) -> npt.NDArray[np.float32]:
    if grid.spacing[1] > 2:
        return array
    s, r, c = array.shape
    pooled: npt.NDArray[np.float32] = array.reshape(s, r // 2, 2, c // 2, 2).mean(axis=(2, 4))
    return pooled


def save(case: Case, path: Path) -> None:
    """Write to a temporary sibling, then rename."""
    partial = path.with_suffix(".tmp.npz")
    write = np.savez if case.signal else np.savez_compressed
    write(
        partial,
        tissue=case.tissue,
        site=case.site,
        part=case.part,
        lesion=case.lesion,
        lesion_id=case.lesion_id,
        other=case.other,
        spacing=np.array(case.spacing),
        usual=np.array(case.usual_spine),
        **case.signal,
    )
    partial.rename(path)


@lru_cache(maxsize=80)
def load(path: Path) -> Case:
    """Read a case written by ``save``; the last eighty stay in memory (about 70 MB each)."""
    with np.load(path) as d:
        s = d["spacing"]
        return Case(
            {k: d[k] for k in SIGNALS if k in d},
            d["tissue"],
            d["site"],
            d["part"],
            d["lesion"],
            d["lesion_id"],
            d["other"],
            (float(s[0]), float(s[1]), float(s[2])),
            bool(d["usual"]),
        )


def main(argv: list[str] | None = None) -> None:
    """Paint training cases into a folder; those that are there already are kept."""
    parser = argparse.ArgumentParser(prog="python -m marrowmap.training cases")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=TRAIN_SEEDS.start)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--quick", action="store_true", help="coarser paintings, five times faster")
    parser.add_argument(
        "--bare", action="store_true", help="bodies without findings, for the unit network alone"
    )
    parser.add_argument("--shape", action="store_true", help="bodies without signals, for names from shape")
    parser.add_argument("--minutes", type=float, default=1e9)
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    start = time.time()
    for seed in range(args.first, args.first + args.count):
        path = args.out / f"{seed}.npz"
        if path.exists() or time.time() - start > 60 * args.minutes:
            continue
        request = request_of(seed)
        if args.bare:
            request = replace(request, lesions="none")
        if args.quick and request.lesions not in ("cno", "none"):
            continue
        slice_mm = float(np.random.default_rng([seed, 9]).uniform(4.2, 6.2))
        begun = time.time()
        made = make_shape(request, slice_mm) if args.shape else make_case(request, slice_mm, args.quick)
        save(made, path)
        print(f"{seed} age {request.age_years} {request.lesions} {time.time() - begun:.1f} s", flush=True)
