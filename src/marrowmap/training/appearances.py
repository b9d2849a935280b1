"""Simulated exams as other scanners might show other children: for the networks that build on the unit network.

Contrast is changed, the child gets another build, a sequence or a part of the body may be missing; the shipped unit
network then says what it thinks, errors included.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.bench.exams import BenchExam
from marrowmap.core.geometry import Grid
from marrowmap.core.volume import Volume
from marrowmap.imaging.label_assemble import name_all
from marrowmap.imaging.label_mixing import mix_names
from marrowmap.imaging.network import Bones, find_bones
from marrowmap.imaging.outline import OutlineView, outline_view
from marrowmap.imaging.working import Working, prepare
from marrowmap.training.builds import warp_arrays
from marrowmap.training.exams import training_exams

ALONE, CHANGED, WARPED, CUT = 0.3, 0.6, 0.85, 0.15
"""Share of the appearances in which one of two sequences is missing, a contrast is not the scanner's, the child has
another build, only a part of the body is in view."""
FEWEST = 6_000
"""Voxels worth asking that an appearance must have."""


@dataclass(frozen=True)
class FirstLook:
    """One appearance and what the unit network made of it. sites: true labels on ``grid``."""

    sites: npt.NDArray[np.uint8]
    grid: Grid
    work: Working
    bones: Bones
    outline: OutlineView


def first_looks(
    exams: Path, voxels: Path, seeds: range, looks: int
) -> Iterator[tuple[str, FirstLook, np.random.Generator]]:
    """(file name, look, generator) of every sample that ``voxels`` lacks; those that name nothing are left out."""
    for seed, exam in training_exams(exams, seeds):
        for number in range(looks):
            name = f"{seed}-{number}.npz"
            if (voxels / name).exists():
                continue
            begun = time.time()
            rng = np.random.default_rng([seed, number, 5])
            volumes, sites, grid = appearance(exam, rng)
            work = prepare(volumes)
            bones = find_bones(work)
            mixed = mix_names(bones, work.grid.spacing)
            outline = outline_view(volumes, work, bones, name_all(work, mixed).labels)
            if int(outline.worth.sum()) >= FEWEST:
                yield name, FirstLook(sites, grid, work, bones, outline), rng
            print(f"{name} {time.time() - begun:.1f} s", flush=True)


def appearance(
    exam: BenchExam, rng: np.random.Generator
) -> tuple[dict[str, Volume], npt.NDArray[np.uint8], Grid]:
    """(STIR and T1 or one of them, true labels, their grid); left and right may be exchanged in all of it."""
    names = ["STIR", "T1"]
    if rng.random() < ALONE:
        names = [names[int(rng.random() < 0.5)]]
    arrays = {n: np.nan_to_num(exam.volumes[n].array).astype(np.float32) for n in names}
    sites, grid = exam.sites, exam.grid
    if rng.random() < CUT:
        rows = grid.shape[1]
        size = int(rng.uniform(0.15, 0.6) * rows)
        start = int(rng.integers(0, rows - size))
        sites = sites[:, start : start + size]
        arrays = {n: a[:, start : start + size] for n, a in arrays.items()}
        grid = grid.part((slice(0, grid.shape[0]), slice(start, start + size), slice(0, grid.shape[2])))
    if rng.random() < WARPED:
        arrays, (sites,) = warp_arrays(arrays, (sites,), grid.spacing, rng)
        grid = Grid((sites.shape[0], sites.shape[1], sites.shape[2]), grid.affine)
    if rng.random() < 0.5:
        arrays, sites = {n: a[..., ::-1] for n, a in arrays.items()}, sites[..., ::-1]
    for name in names:
        if rng.random() < CHANGED:
            arrays[name] = _changed(arrays[name], rng)
    volumes = {n: Volume(np.ascontiguousarray(a), grid, exam.volumes[n].contrast) for n, a in arrays.items()}
    return volumes, np.ascontiguousarray(sites), grid


def _changed(signal: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Another gamma, a curve that is not even monotonous at times, blur and noise."""
    top = max(float(np.percentile(signal[::3, ::3, ::3], 99.5)), 1e-6)
    knots = np.linspace(0, 1, 6)
    curve = knots ** rng.uniform(0.5, 1.8) + np.concatenate([[0], rng.normal(0, 0.08, 5)])
    out = np.interp(signal / top, knots, np.maximum(curve, 0)).astype(np.float32)
    if rng.random() < 0.4:
        out = ndimage.gaussian_filter(out, (0, *(rng.uniform(0.2, 0.8),) * 2))
    noise = np.float32(rng.uniform(0, 0.06))
    real, imaginary = (noise * rng.standard_normal(out.shape, dtype=np.float32) for _ in range(2))
    shown: npt.NDArray[np.float32] = top * np.hypot(out + real, imaginary)
    return shown
