"""Composing a whole-body exam beside a composition made with SimpleITK resampling, in one run.

    python benchmarks/compose.py EXAM [--runs 3]

EXAM is a folder of DICOM. Reading is left out on both sides: the stacks are in memory. Prints ratios; seconds are
only there to judge them by. SimpleITK resamples each coronal station onto the same union grid and averages where
stations overlap, without gain matching; it composes less (no DWI, no ADC) and is compared on STIR and T1 alone.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from marrowmap.core.exam import Exam, Stack
from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.volume import Contrast
from marrowmap.exchange.dicom_exam import open_exam
from marrowmap.imaging.compose import compose_exam


def as_image(array: np.ndarray, grid: Grid) -> sitk.Image:
    """A stack as a SimpleITK image, whose axes run column, row, slice."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    spacing = np.array(grid.spacing)
    directions = grid.affine[:3, :3] / spacing
    image.SetSpacing([float(mm) for mm in spacing[::-1]])
    image.SetDirection(directions[:, ::-1].ravel().tolist())
    image.SetOrigin(grid.affine[:3, 3].tolist())
    return image


def peer(stacks: list[Stack], arrays: dict[str, np.ndarray], target: Grid) -> np.ndarray:
    """Mean of the stations resampled onto ``target``."""
    total = np.zeros(target.shape, dtype=np.float32)
    weight = np.zeros(target.shape, dtype=np.float32)
    reference = sitk.Image([int(n) for n in target.shape[::-1]], sitk.sitkUInt8)
    spacing = np.array(target.spacing)
    reference.SetSpacing([float(mm) for mm in spacing[::-1]])
    reference.SetDirection((target.affine[:3, :3] / spacing)[:, ::-1].ravel().tolist())
    reference.SetOrigin(target.affine[:3, 3].tolist())
    for stack in stacks:
        image = as_image(arrays[stack.id].astype(np.float32), stack.grid)
        moved = sitk.Resample(image, reference, sitk.Transform(), sitk.sitkLinear, -1.0, sitk.sitkFloat32)
        signal = sitk.GetArrayFromImage(moved)
        seen = signal >= 0
        total += np.where(seen, signal, 0)
        weight += seen
    return total / np.maximum(weight, 1)


def timed(what: Callable[[], Any]) -> tuple[float, float, Any]:
    """Wall seconds, CPU seconds and result of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = what()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def seam_step(volume: np.ndarray, station: np.ndarray) -> float:
    """Largest median log step from row to row within five rows of a change of station."""
    worst = 0.0
    bright = np.percentile(volume[::2, ::4, ::4], 99)
    for row in np.flatnonzero(np.diff(station)):
        for r in range(max(row - 30, 0), min(row + 30, volume.shape[1] - 1)):
            a, b = volume[:, r].astype(np.float32), volume[:, r + 1].astype(np.float32)
            both = (a > 0.15 * bright) & (b > 0.15 * bright)
            if both.sum() > 200:
                worst = max(worst, abs(float(np.median(np.log(b[both] / a[both])))))
    return worst


def only(exam: Exam, contrasts: set[Contrast]) -> Exam:
    """The exam with coronal stacks of some contrasts."""
    stacks = tuple(s for s in exam.stacks if s.contrast in contrasts and s.plane is Plane.CORONAL)
    return Exam(exam.patient, exam.scanner, exam.exam_date, exam.study_uid, stacks, (), 0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("exam", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with open_exam(options.exam) as source:
        exam = source.exam
        arrays = {s.id: source.array(s) for s in exam.stacks}

    def load(stack: Stack) -> np.ndarray:
        return arrays[stack.id]

    structural = only(exam, {Contrast.STIR, Contrast.T1})
    rows: dict[str, list[tuple[float, float]]] = {"all": [], "ours": [], "peer": []}
    for _ in range(options.runs):
        wall, cpu, whole = timed(lambda: compose_exam(exam, load))
        rows["all"].append((wall, cpu))
        wall, cpu, done = timed(lambda: compose_exam(structural, load))
        rows["ours"].append((wall, cpu))
        grid = done.volumes["STIR"].grid
        groups = [[s for s in structural.stacks if s.contrast is c] for c in (Contrast.STIR, Contrast.T1)]
        wall, cpu, made = timed(lambda g=groups, at=grid: [peer(row, arrays, at) for row in g if row])
        rows["peer"].append((wall, cpu))
    median = {k: tuple(statistics.median(v[i] for v in runs) for i in (0, 1)) for k, runs in rows.items()}
    print(f"{len(exam.stacks)} stacks, {exam.images_in} images; STIR grid {whole.volumes['STIR'].grid.shape}")
    print(f"{'':44}{'wall s':>8}{'cpu s':>8}{'x SimpleITK (cpu)':>20}")
    for key, name in (
        ("peer", "SimpleITK resample and mean, STIR + T1"),
        ("ours", "marrowmap, STIR + T1, gains, seams, feathering"),
        ("all", "marrowmap, whole exam with DWI and ADC"),
    ):
        wall, cpu = median[key]
        print(f"{name:46}{wall:6.2f}{cpu:8.2f}{cpu / median['peer'][1]:20.2f}")
    stir = done.volumes["STIR"]
    station = stir.station if stir.station.ndim == 1 else stir.station.max(axis=(0, 2))
    print(f"largest step between rows near seams, STIR: SimpleITK {seam_step(made[0], station):.3f}, "
          f"marrowmap {seam_step(stir.array, station):.3f} (natural log)")  # fmt: skip


if __name__ == "__main__":
    main()
