"""Train the network that names bone from the shape of the skeleton, on the outlines and first names it will meet."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from marrowmap.imaging.naming import ALONG, CLASSES, COUNT, PLACE, SHAPE_LATTICES, SHAPES, naming_view
from marrowmap.imaging.outline import bone_share
from marrowmap.imaging.working import enlarge
from marrowmap.training.appearances import FirstLook, first_looks
from marrowmap.training.exams import exam_options
from marrowmap.training.names import name_loss
from marrowmap.training.samples import Sample, keep
from marrowmap.training.voxels import (
    Dense,
    LeaveOut,
    lattice_of_feature,
    learn,
    options,
    settle,
)

VOXELS = 24_000
"""Voxels drawn from one appearance, units evenly."""
UNTOLD = 0.4
"""Share of the voxels that are named without being told the first names: the shape alone must do."""


def sample(look: FirstLook, rng: np.random.Generator) -> Sample:
    """Features (float16) and label of voxels of true bone of one appearance."""
    view = naming_view(look.work, look.bones, look.outline, bone_share(look.outline))
    truth = enlarge(look.sites, look.grid, look.work.grid)[tuple(view.places.T)]
    bone = np.flatnonzero(truth > 0)
    share = 1 / np.sqrt(np.bincount(truth[bone], minlength=256)[truth[bone]])
    chosen = bone[rng.choice(len(bone), VOXELS, p=share / share.sum())]
    return {"x": view.at(chosen).astype(np.float16), "label": truth[chosen].astype(np.uint8)}


class NamingNet(nn.Module):
    """Features of a voxel -> logits of the classes, and level or ray."""

    BLIND = (0.01, 0.015, 0.025, 0.045, 0.09, 0.15)
    """While training, how often all boxes of a size are left out; small to large."""
    NO_PLACE, NO_THOUGHT = 0.15, (0.03, 0.12)
    """The same for the place in the body, and for the first names around (near, far)."""

    def __init__(self, hidden: tuple[int, int] = (192, 128)) -> None:
        super().__init__()
        sizes = lattice_of_feature(SHAPE_LATTICES)
        others = (PLACE, CLASSES, CLASSES * (1 + len(ALONG)), CLASSES + 1)
        last = len(SHAPE_LATTICES)
        group = sizes + [last + i for i, n in enumerate(others) for _ in range(n)]
        self.unseen = LeaveOut(group, [*self.BLIND, self.NO_PLACE, *self.NO_THOUGHT, 0.0], 0.0)
        self.body = Dense(COUNT, hidden, noise=0.02, drop=0.1)
        self.name = nn.Linear(hidden[1], CLASSES + 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.unseen(x)
        if self.training:
            told = (torch.rand(len(x), 1) >= UNTOLD).to(x.dtype)
            x = torch.cat([x[:, : SHAPES + PLACE], x[:, SHAPES + PLACE :] * told], dim=1)
        out: Tensor = self.name(self.body(x))
        return out


def loss_of(net: nn.Module, some: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy of the class, distance of level or ray."""
    return name_loss(net(some["x"].float()).float(), some["label"].long())


def main(argv: list[str] | None = None) -> None:
    """Draw voxels, train, export."""
    args = exam_options(options("namings", epochs=12), count=72, looks=2).parse_args(argv)
    settle(args)
    seeds = range(args.first, args.first + args.count)
    for name, look, rng in first_looks(args.exams, args.voxels, seeds, args.looks):
        keep(sample(look, rng), args.voxels / name)
    learn(NamingNet(), loss_of, args, COUNT, ["name"])
