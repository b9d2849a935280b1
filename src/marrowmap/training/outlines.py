"""Train the network that draws the edge of bone: on whole simulated exams, with the unit network's own errors.

The exams are shown in many contrasts, so that the edge is learned and not one scanner's greys.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from marrowmap.bench.exams import BenchExam
from marrowmap.core.volume import Volume
from marrowmap.imaging.label_assemble import assemble
from marrowmap.imaging.network import find_bones
from marrowmap.imaging.outline import COUNT, outline_view
from marrowmap.imaging.working import enlarge, prepare
from marrowmap.training.exams import FIRST, training_exams
from marrowmap.training.voxels import Dense, Sample, export, fit, keep

VOXELS = 60_000
"""Voxels drawn from one appearance, units evenly."""
ALONE = 0.3
"""Share of the appearances in which one of the two sequences is missing."""
CHANGED = 0.6
"""Share of the appearances whose contrast is not what the scanner made of it."""


def sample(exam: BenchExam, rng: np.random.Generator) -> Sample | None:
    """Features (float16), bone or not, and weight of the voxels drawn; None when the labels name nothing."""
    volumes = _shown(exam, rng)
    work = prepare(volumes)
    bones = find_bones(work)
    named = assemble(work, bones)
    view = outline_view(volumes, work, bones, named.labels)
    truth = enlarge(exam.sites, exam.grid, view.grid)
    places = np.argwhere(view.worth)
    if len(places) < VOXELS // 10:
        return None
    unit = np.where(truth > 0, truth, view.nearest)[view.worth]
    share = 1 / np.sqrt(np.bincount(unit, minlength=256)[unit])
    share /= share.sum()
    chosen = rng.choice(len(places), VOXELS, p=share)
    at = tuple(places[chosen].T)
    return {
        "x": view.at(places[chosen]).astype(np.float16),
        "y": (truth[at] > 0).astype(np.uint8),
    }


def _shown(exam: BenchExam, rng: np.random.Generator) -> dict[str, Volume]:
    """STIR and T1 of the exam, one of them at times, as another scanner might show them."""
    names = ["STIR", "T1"]
    if rng.random() < ALONE:
        names = [names[int(rng.random() < 0.5)]]
    out = {}
    for name in names:
        volume = exam.volumes[name]
        array = np.nan_to_num(volume.array).astype(np.float32)
        if rng.random() < CHANGED:
            array = _changed(array, rng)
        out[name] = replace(volume, array=array)
    return out


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


class OutlineNet(nn.Module):
    """Features of a voxel -> logit of bone."""

    def __init__(self, hidden: tuple[int, int] = (128, 64)) -> None:
        super().__init__()
        self.body = Dense(COUNT, hidden, noise=0.02)
        self.bone = nn.Linear(hidden[1], 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bone(self.body(x))
        return out


def loss_of(net: nn.Module, some: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy and soft Dice of bone."""
    x, y = some["x"].float(), some["y"].float()
    logit = net(x)[:, 0].float()
    entropy = F.binary_cross_entropy_with_logits(logit, y)
    p = logit.sigmoid()
    dice = 1 - 2 * (p * y).sum() / (p.sum() + y.sum())
    return entropy + 0.5 * dice, {"entropy": entropy.item(), "dice": dice.item()}


def main(argv: list[str] | None = None) -> None:
    """Draw voxels, train, export."""
    parser = argparse.ArgumentParser(prog="python -m marrowmap.training outlines")
    parser.add_argument("--exams", type=Path, required=True, help="folder of simulated exams; filled when short")
    parser.add_argument("--voxels", type=Path, required=True, help="folder of drawn voxels; filled when short")
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file")
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--count", type=int, default=72)
    parser.add_argument("--looks", type=int, default=1, help="appearances of each exam")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--draw-only", action="store_true")
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    draw(args.exams, args.voxels, range(args.first, args.first + args.count), args.looks)
    if not args.draw_only:
        net = fit(
            OutlineNet(),
            loss_of,
            args.voxels,
            epochs=args.epochs,
            rate=args.rate,
            seed=1,
            checkpoint=args.out.with_suffix(".pt"),
        )
        export(net, COUNT, args.out, ["bone"])


def draw(exams: Path, voxels: Path, seeds: range, looks: int) -> None:
    """Fill ``voxels``; every sample is fixed by (seed, look)."""
    for seed, exam in training_exams(exams, seeds):
        for look in range(looks):
            path = voxels / f"{seed}-{look}.npz"
            if path.exists():
                continue
            begun = time.time()
            made = sample(exam, np.random.default_rng([seed, look, 5]))
            if made is not None:
                keep(made, path)
            print(f"{path.name} {'nothing' if made is None else ''} {time.time() - begun:.1f} s", flush=True)
