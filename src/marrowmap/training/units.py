"""Train the network that names bones: which voxel is bone, which bone it is, which level or ray."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from marrowmap.imaging.label_classes import (
    BONE,
    DISC,
    FINE_NAMES,
    MUSCLE,
    ORDINAL_STEP,
    PLATE,
    class_names,
    class_of_label,
    ordinal_of_label,
)
from marrowmap.imaging.normalise import normalise
from marrowmap.phantom.body import Tissue
from marrowmap.training.cases import Case, load
from marrowmap.training.loop import feed, train
from marrowmap.training.nets import UNet, export
from marrowmap.training.synthesis import choose_box, show

WIDTHS = (24, 48, 96, 128)
WINDOW = (24, 112, 96)
"""Slices, rows and columns of a training window (about 120 x 340 x 290 mm)."""
FINE_WEIGHT = (1.0, 3.0, 3.0, 3.0, 0.7, 0.7)


def fine_target(tissue: np.ndarray, site: np.ndarray) -> np.ndarray:
    """Number in FINE_NAMES of every voxel."""
    table = np.zeros(64, dtype=np.int64)
    table[[Tissue.DISC, Tissue.DISC_NUCLEUS]] = DISC
    table[[Tissue.PHYSIS, Tissue.CARTILAGE]] = PLATE
    table[Tissue.MUSCLE] = MUSCLE
    table[Tissue.FAT] = FINE_NAMES.index("fat")
    target = table[tissue]
    target[site > 0] = BONE
    return target


def sample(case: Case, rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """(input 1 x 2 x s x r x w, fine target, site at 6 mm in plane)."""
    slices, rows, columns = WINDOW
    kind = rng.random()
    if kind < 0.15:  # small views: knees, pelvis, one limb
        rows, columns = int(rng.integers(4, 8)) * 16, int(rng.integers(4, 7)) * 16
    elif kind < 0.3:
        rows, columns, slices = 192, 144, 24
    box = choose_box(case, rng, rows, columns, slices)
    shown = show(case, box, rng, diffusion=False)
    spacing = case.spacing
    fluid, t1 = (normalise(s, spacing) for s in (shown.stir, shown.t1))
    gone = rng.random()
    if gone < 0.2:
        t1 = np.zeros_like(t1)
    elif gone < 0.35:
        fluid = np.zeros_like(fluid)
    x = np.stack([fluid, t1])
    target = fine_target(case.tissue[box], case.site[box])
    site = case.site[box]
    if rng.random() < 0.5:
        x, target, site = x[..., ::-1], target[..., ::-1], site[..., ::-1]
    pad = [(0, -n % k) for n, k in zip(site.shape, (8, 16, 16), strict=True)]
    x = np.pad(x, [(0, 0), *pad])
    target = np.pad(target, pad)
    site = np.pad(site, pad)
    s, r, w = site.shape
    coarse = site.reshape(s, r // 2, 2, w // 2, 2).max(axis=(2, 4))
    return (
        torch.from_numpy(np.ascontiguousarray(x))[None],
        torch.from_numpy(np.ascontiguousarray(target).astype(np.int64))[None],
        torch.from_numpy(np.ascontiguousarray(coarse).astype(np.int64)),
    )


class Loss:
    """Cross-entropy and Dice of the fine head; class and order of bone voxels alone for the coarse head."""

    def __init__(self) -> None:
        self.classes = torch.from_numpy(class_of_label().astype(np.int64))
        self.ordinal = torch.from_numpy(np.nan_to_num(ordinal_of_label(), nan=-1.0))
        self.fine_weight = torch.tensor(FINE_WEIGHT)

    def __call__(self, net: torch.nn.Module, batch: tuple) -> tuple[torch.Tensor, dict[str, float]]:
        x, target, site = batch
        fine, coarse = net(x.to(memory_format=torch.channels_last_3d))
        fine, coarse = fine.float(), coarse.float()
        cross = F.cross_entropy(fine, target, self.fine_weight.to(fine.device))
        bone = fine.softmax(1)[:, BONE]
        truth = (target == BONE).float()
        dice = 1 - (2 * (bone * truth).sum() + 100) / (bone.sum() + truth.sum() + 100)
        flat = coarse[0].flatten(1)
        labels = site.flatten()
        where = torch.nonzero(labels > 0)[:, 0]
        parts = {"fine": cross.item(), "dice": dice.item()}
        loss = cross + dice
        if len(where) > 50:
            logits = flat[:-1, where].T
            classes = self.classes.to(labels.device)[labels[where]]
            counts = torch.bincount(classes, minlength=logits.shape[1]).float()
            weight = 1 / torch.sqrt(counts + 20)
            name = F.cross_entropy(logits, classes, weight)
            loss = loss + name
            parts["name"] = name.item()
            parts["right"] = float((logits.argmax(1) == classes).float().mean())
            order = self.ordinal.to(labels.device)[labels[where]]
            known = order >= 0
            if known.any():
                off = F.smooth_l1_loss(flat[-1, where][known], order[known] / ORDINAL_STEP, beta=0.25)
                loss = loss + off
                parts["order"] = off.item()
        return loss, parts


def make_net() -> UNet:
    """Two input channels: the fluid-sensitive and the fat-bright sequence; 0 where there is none."""
    return UNet(2, WIDTHS, len(FINE_NAMES), len(class_names()) + 1)


def main(argv: list[str] | None = None) -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(prog="python -m marrowmap.training units")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)

    def make(rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
        paths = sorted(args.cases.glob("[0-9]*[0-9].npz"))
        return sample(load(paths[int(rng.integers(len(paths)))]), rng)

    net = train(
        make_net(),
        Loss(),
        feed(make, args.seed),
        minutes=args.minutes,
        steps=args.steps,
        rate=args.rate,
        checkpoint=args.out.with_suffix(".pt"),
        device=args.device,
    )
    export(net.cpu(), 2, str(args.out), ["fine", "coarse"])
