"""Train the network that names bones: which voxel is bone, which bone it is, which level or ray.

Voxels are drawn from many appearances of many children, bones evenly; the network reads what surrounds each
voxel (``imaging.label_features``).
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from marrowmap.imaging.label_classes import (
    BONE,
    DISC,
    FINE_NAMES,
    MUSCLE,
    PLATE,
    class_names,
)
from marrowmap.imaging.label_features import COUNT, UNIT_LATTICES
from marrowmap.imaging.network import unit_channels
from marrowmap.imaging.silhouette import SILHOUETTE_COUNT, silhouette_at, silhouette_of
from marrowmap.imaging.surroundings import features_at, levels_of
from marrowmap.imaging.working import double, halve
from marrowmap.phantom.body import Tissue
from marrowmap.training.builds import warp
from marrowmap.training.cases import Case, load
from marrowmap.training.contrasts import Contrasts
from marrowmap.training.names import name_loss
from marrowmap.training.regions import choose_case, region_of
from marrowmap.training.samples import keep
from marrowmap.training.synthesis import SHOWN, Box, choose_box, show
from marrowmap.training.voxels import Dense, LeaveOut, lattice_of_feature, learn, options, settle

VOXELS = {"bone": 14_000, "near": 7_000, "far": 5_000}
"""Voxels drawn from one appearance: in bone (evenly over units), within two voxels of bone, elsewhere in the body."""
REGION_VOXELS = {"bone": 2_400, "near": 1_500, "far": 1_100}
"""The same from an appearance of a part of the body."""
REGION_COUNT = COUNT + SILHOUETTE_COUNT

WARPED = 0.8
"""Share of the appearances in which the child has another build."""


def fine_target(tissue: npt.NDArray[np.uint8], site: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Number in FINE_NAMES of every voxel."""
    table = np.zeros(64, dtype=np.uint8)
    table[[Tissue.DISC, Tissue.DISC_NUCLEUS]] = DISC
    table[[Tissue.PHYSIS, Tissue.CARTILAGE]] = PLATE
    table[Tissue.MUSCLE] = MUSCLE
    table[Tissue.FAT] = FINE_NAMES.index("fat")
    target = table[tissue]
    target[site > 0] = BONE
    return target


def sample(case: Case, rng: np.random.Generator) -> dict[str, npt.NDArray]:
    """One appearance: features (float16), fine target, label and weight of the voxels drawn."""
    if rng.random() < WARPED:
        case = warp(case, rng, SHOWN)
    shape = case.site.shape
    box: Box = tuple(slice(0, n) for n in shape)  # type: ignore[assignment]
    kind = rng.random()
    if kind < 0.25:  # a station or a joint alone
        box = choose_box(case, rng, int(rng.integers(60, 220)), int(rng.integers(70, 170)), shape[0])
    elif kind < 0.4:
        box = choose_box(case, rng, int(rng.integers(200, shape[1])), shape[2], shape[0])
    shown = show(case, box, rng, Contrasts())
    gone = rng.random()
    channels = unit_channels(
        None if 0.25 <= gone < 0.4 else shown.fluid, None if gone < 0.25 else shown.fatty, case.spacing
    )
    site, tissue = case.site[box], case.tissue[box]
    if rng.random() < 0.5:
        channels, site, tissue = channels[..., ::-1], site[..., ::-1], tissue[..., ::-1]
    channels = np.ascontiguousarray(channels)
    places, weight = _draw(site, tissue, rng, VOXELS)
    target = fine_target(tissue, site)
    at = tuple(places.T)
    return {
        "x": features_at(levels_of(channels, case.spacing, UNIT_LATTICES), places).astype(np.float16),
        "fine": target[at],
        "label": site[at],
        "weight": weight.astype(np.float32),
    }


def sample_region(case: Case, adult: bool, rng: np.random.Generator) -> dict[str, npt.NDArray]:
    """One appearance of a part of the body: as ``sample``, with what the outline tells appended."""
    work, fluid, fatty, site, tissue = region_of(case, adult, rng)
    channels = unit_channels(fluid, fatty, case.spacing)
    places, weight = _draw(site, tissue, rng, REGION_VOXELS)
    near = features_at(levels_of(channels, case.spacing, UNIT_LATTICES), places)
    outline = silhouette_at(silhouette_of(work.tissue, case.spacing), places)
    at = tuple(places.T)
    return {
        "x": np.concatenate([near, outline], axis=1).astype(np.float16),
        "fine": fine_target(tissue, site)[at],
        "label": site[at],
        "weight": weight.astype(np.float32),
    }


def _draw(
    site: npt.NDArray[np.uint8],
    tissue: npt.NDArray[np.uint8],
    rng: np.random.Generator,
    voxels: dict[str, int],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Voxels and how many voxels of the body each stands for (compressed, so that bone counts more)."""
    near = double(halve(site > 0) > 0, site.shape).astype(bool)
    near[:, 2:] |= near[:, :-2]
    near[:, :-2] |= near[:, 2:]
    near[:, :, 2:] |= near[:, :, :-2]
    near[:, :, :-2] |= near[:, :, 2:]
    count = np.bincount(site.ravel(), minlength=256).astype(float)
    groups = {
        "bone": site > 0,
        "near": near & (site == 0),
        "far": ((tissue > 0) | (rng.random(site.shape, dtype=np.float32) < 0.04)) & ~near,
    }
    places, weights = [], []
    for name, mask in groups.items():
        found = np.argwhere(mask)
        if not len(found):
            continue
        share = np.ones(len(found))
        if name == "bone":
            share = 1 / np.sqrt(count[site[mask]])
        share /= share.sum()
        chosen = rng.choice(len(found), size=min(voxels[name], len(found) * 3), p=share)
        places.append(found[chosen])
        stands_for = 1 / (share[chosen] * len(chosen))
        weights.append(stands_for * (3.0 if name == "bone" else 1.0))
    return np.concatenate(places), np.concatenate(weights)


class UnitNet(nn.Module):
    """Features of a voxel -> (6 kinds of tissue, bone classes and level or ray)."""

    BLIND = ((0.02, 0.0), (0.02, 0.0), (0.03, 0.01), (0.05, 0.02), (0.12, 0.05), (0.18, 0.05))
    """While training a whole body: how often all boxes of a size are left out, and each of them; small to large."""
    NOISE = 0.015

    def __init__(self, hidden: tuple[int, int] = (256, 160), features: int = COUNT) -> None:
        super().__init__()
        whole = features == COUNT
        size = lattice_of_feature(UNIT_LATTICES)
        self.unseen = nn.Sequential(
            LeaveOut(size, [together for together, _ in self.BLIND], 0.5),
            LeaveOut(range(COUNT), [self.BLIND[i][1] for i in size], 0.5),
        )
        if not whole:
            self.unseen = nn.Sequential()
        self.body = Dense(features, hidden, noise=self.NOISE if whole else 0.0)
        self.fine = nn.Linear(hidden[1], len(FINE_NAMES))
        self.coarse = nn.Linear(hidden[1], len(class_names()) + 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.body(self.unseen(x))
        return self.fine(h), self.coarse(h)


class PartNet(UnitNet):
    """As ``UnitNet``, with what the outline tells squeezed to few numbers.

    Some hundred outlines are soon known by heart, rows and all: while training, sizes are scaled and shaken.
    """

    SQUEEZED, SCALED, SHAKEN = 24, 0.12, 0.1

    def __init__(self, hidden: tuple[int, int]) -> None:
        super().__init__(hidden, COUNT + self.SQUEEZED)
        self.outline = nn.Sequential(nn.Linear(SILHOUETTE_COUNT, self.SQUEEZED), nn.Tanh())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        near, outline = x[:, :COUNT], x[:, COUNT:]
        if self.training:
            outline = outline * torch.exp(self.SCALED * torch.randn_like(outline[:, :1]))
            outline = outline + self.SHAKEN * torch.randn_like(outline)
            near = near + 0.04 * torch.randn_like(near)
        return super().forward(torch.cat([near, 0.5 + self.outline(outline)], dim=1))


def loss_of(net: nn.Module, some: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Weighted cross-entropy of tissue; class and order of bone voxels, bones counting alike."""
    x, fine, label = some["x"].float(), some["fine"].long(), some["label"].long()
    weight = some["weight"].clamp(max=400)
    a, b = net(x)
    a, b = a.float(), b.float()
    tissue = (F.cross_entropy(a, fine, reduction="none") * weight).sum() / weight.sum()
    bone = label > 0
    named, parts = name_loss(b[bone], label[bone])
    p = a.softmax(1)[:, BONE] * weight
    t = (fine == BONE).float() * weight
    dice = 1 - 2 * (p * t / weight).sum() / (p.sum() + t.sum())
    return tissue + 0.5 * dice + named, {"tissue": tissue.item(), "dice": dice.item(), **parts}


def main(argv: list[str] | None = None) -> None:
    """Draw voxels, train, export."""
    parser = options("units", epochs=30)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--appearances", type=int, default=120)
    parser.add_argument("--hidden", type=int, default=256, help="width of the first layer")
    parser.add_argument("--share", type=float, default=1.0, help="of the voxels, seen in each pass")
    parser.add_argument("--regional", action="store_true", help="parts of the body, children and adults")
    args = parser.parse_args(argv)
    settle(args)
    if args.appearances:
        draw(args.cases, args.voxels, args.appearances, args.seed, args.regional)
    net_of, features = (PartNet, REGION_COUNT) if args.regional else (UnitNet, COUNT)
    net = net_of((args.hidden, args.hidden * 5 // 8))
    learn(net, loss_of, args, features, ["fine", "coarse"], args.share)


def draw(cases: Path, voxels: Path, appearances: int, seed: int, regional: bool = False) -> None:
    """Fill ``voxels`` with samples; number n is fixed by (seed, n) and the case it takes."""
    for number in range(appearances):
        path = voxels / f"{seed:03d}-{number:04d}.npz"
        if path.exists():
            continue
        paths = sorted(cases.glob("[0-9]*[0-9].npz"))
        begun = time.time()
        rng = np.random.default_rng([seed, number])
        if regional:
            chosen, adult = choose_case(paths, rng)
            made = sample_region(load(chosen), adult, rng)
        else:
            made = sample(load(paths[int(rng.integers(len(paths)))]), rng)
        keep(made, path)
        print(f"{path.name} {len(made['label'])} voxels {time.time() - begun:.1f} s", flush=True)
