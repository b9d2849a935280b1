"""Train the network that draws the edge of bone: on whole simulated exams, with the unit network's own errors."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from marrowmap.imaging.outline import COUNT
from marrowmap.imaging.working import enlarge
from marrowmap.training.appearances import FirstLook, first_looks
from marrowmap.training.exams import exam_options
from marrowmap.training.samples import Sample, keep
from marrowmap.training.voxels import Dense, learn, options, settle

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
    args = exam_options(options("outlines", epochs=12), count=72, looks=1).parse_args(argv)
    settle(args)
    seeds = range(args.first, args.first + args.count)
    for name, look, rng in first_looks(args.exams, args.voxels, seeds, args.looks):
        keep(sample(look, rng), args.voxels / name)
    learn(OutlineNet(), loss_of, args, COUNT, ["bone"])
