"""Train the network that names bone from the shape of the skeleton, on the outlines and first names it will meet."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from marrowmap.imaging.label_classes import ORDINAL_STEP, class_names, class_of_label, ordinal_of_label
from marrowmap.imaging.naming import COUNT, PLACE, SHAPES, naming_view
from marrowmap.imaging.outline import bone_share
from marrowmap.imaging.working import enlarge
from marrowmap.training.appearances import FirstLook, first_looks
from marrowmap.training.exams import FIRST
from marrowmap.training.voxels import Dense, Sample, export, fit, keep

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

    def __init__(self, hidden: tuple[int, int] = (192, 128)) -> None:
        super().__init__()
        self.body = Dense(COUNT, hidden, noise=0.02, drop=0.1)
        self.name = nn.Linear(hidden[1], len(class_names()) + 1)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            told = (torch.rand(len(x), 1) >= UNTOLD).to(x.dtype)
            x = torch.cat([x[:, : SHAPES + PLACE], x[:, SHAPES + PLACE :] * told], dim=1)
        out: Tensor = self.name(self.body(x))
        return out


def loss_of(net: nn.Module, some: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy of the class, distance of level or ray."""
    x, label = some["x"].float(), some["label"].long()
    truth = torch.from_numpy(class_of_label().astype(np.int64))[label]
    order = torch.from_numpy(np.nan_to_num(ordinal_of_label(), nan=-1.0))[label]
    out = net(x).float()
    name = F.cross_entropy(out[:, :-1], truth, label_smoothing=0.02)
    known = order >= 0
    off = F.smooth_l1_loss(out[known, -1], order[known] / ORDINAL_STEP, beta=0.25)
    right = (out[:, :-1].argmax(1) == truth).float().mean().item()
    return name + off, {"name": name.item(), "right": right, "order": off.item()}


def main(argv: list[str] | None = None) -> None:
    """Draw voxels, train, export."""
    parser = argparse.ArgumentParser(prog="python -m marrowmap.training namings")
    parser.add_argument(
        "--exams", type=Path, required=True, help="folder of simulated exams; filled when short"
    )
    parser.add_argument(
        "--voxels", type=Path, required=True, help="folder of drawn voxels; filled when short"
    )
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file")
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--count", type=int, default=72)
    parser.add_argument("--looks", type=int, default=2, help="appearances of each exam")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--draw-only", action="store_true")
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    for name, look, rng in first_looks(
        args.exams, args.voxels, range(args.first, args.first + args.count), args.looks
    ):
        keep(sample(look, rng), args.voxels / name)
    if not args.draw_only:
        net = fit(
            NamingNet(),
            loss_of,
            args.voxels,
            epochs=args.epochs,
            rate=args.rate,
            seed=1,
            checkpoint=args.out.with_suffix(".pt"),
        )
        export(net, COUNT, args.out, ["name"])
