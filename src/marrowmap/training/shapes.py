"""Train the network that names bone from the shape of the skeleton alone, on skeletons of many builds."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from marrowmap.imaging.naming import CLASSES, PLACE, SHAPE_LATTICES, SHAPES
from marrowmap.training.cases import load
from marrowmap.training.names import name_loss
from marrowmap.training.samples import keep
from marrowmap.training.skeletons import sample
from marrowmap.training.voxels import Dense, LeaveOut, lattice_of_feature, learn, options, settle

COUNT = SHAPES + PLACE


class ShapeNet(nn.Module):
    """Features of a voxel -> logits of the classes, and level or ray."""

    BLIND = (0.01, 0.015, 0.025, 0.045, 0.09, 0.15)
    """While training, how often all boxes of a size are left out; small to large."""
    NO_PLACE = 0.15
    """The same for the place in the body."""

    def __init__(self, hidden: tuple[int, int] = (256, 170)) -> None:
        super().__init__()
        group = lattice_of_feature(SHAPE_LATTICES) + [len(SHAPE_LATTICES)] * PLACE
        self.unseen = LeaveOut(group, [*self.BLIND, self.NO_PLACE], 0.0)
        self.body = Dense(COUNT, hidden, noise=0.02, drop=0.1)
        self.name = nn.Linear(hidden[1], CLASSES + 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.name(self.body(self.unseen(x)))
        return out


def loss_of(net: nn.Module, some: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy of the class, distance of level or ray."""
    return name_loss(net(some["x"].float()).float(), some["label"].long())


def main(argv: list[str] | None = None) -> None:
    """Draw skeletons, train, export. Samples of ``namings`` in the same folder are learned from as well."""
    parser = options("shapes", epochs=10)
    parser.add_argument("--cases", type=Path, required=True, help="painted children; signals are not needed")
    parser.add_argument("--skeletons", type=int, default=1000)
    args = parser.parse_args(argv)
    settle(args)
    draw(args.cases, args.voxels, args.skeletons, args.seed)
    learn(ShapeNet(), loss_of, args, COUNT, ["name"])


def draw(cases: Path, voxels: Path, skeletons: int, seed: int) -> None:
    """Fill ``voxels`` with samples; number n is fixed by (seed, n) and the case it takes."""
    paths = sorted(cases.glob("[0-9]*[0-9].npz"))
    for number in range(skeletons):
        path = voxels / f"{seed:03d}-{number:04d}.npz"
        if path.exists():
            continue
        begun = time.time()
        rng = np.random.default_rng([seed, number, 9])
        keep(sample(load(paths[int(rng.integers(len(paths)))]), rng), path)
        print(f"{path.name} {time.time() - begun:.1f} s", flush=True)
