"""Train the network that draws the edge of bone: on whole simulated exams, with the unit network's own errors."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from marrowmap.imaging.outline import COUNT
from marrowmap.imaging.working import enlarge
from marrowmap.training.appearances import FirstLook, first_looks
from marrowmap.training.exams import FIRST
from marrowmap.training.voxels import Dense, Sample, export, fit, keep

VOXELS = 60_000
"""Voxels drawn from one appearance, units evenly."""


def sample(look: FirstLook, rng: np.random.Generator) -> Sample:
    """Features (float16) of voxels of one appearance, and whether they are bone."""
    view = look.outline
    places = np.argwhere(view.worth)
    truth = enlarge(look.sites, look.grid, view.grid)
    unit = np.where(truth > 0, truth, view.nearest)[view.worth]
    share = 1 / np.sqrt(np.bincount(unit, minlength=256)[unit])
    chosen = places[rng.choice(len(places), VOXELS, p=share / share.sum())]
    return {
        "x": view.at(chosen).astype(np.float16),
        "y": (truth[tuple(chosen.T)] > 0).astype(np.uint8),
    }


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
    parser.add_argument(
        "--exams", type=Path, required=True, help="folder of simulated exams; filled when short"
    )
    parser.add_argument(
        "--voxels", type=Path, required=True, help="folder of drawn voxels; filled when short"
    )
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
    for name, look, rng in first_looks(exams, voxels, seeds, looks):
        keep(sample(look, rng), voxels / name)
