"""Train the network that sees lesions: marrow unusual for this child, told from healthy bright spots.

Voxels come from whole simulated exams through the product's own preparation and labels, so that the network
learns with the errors it will meet. T1 or diffusion is missing in a part of the samples.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from marrowmap.bench.candidates import without
from marrowmap.bench.exams import BenchExam
from marrowmap.core.skeleton import Skeleton
from marrowmap.imaging.candidates_zscore import unusual
from marrowmap.imaging.label import label_skeleton
from marrowmap.imaging.lesion_features import COUNT, lesion_view
from marrowmap.imaging.muscle import muscle_mask
from marrowmap.imaging.working import enlarge, prepare, resample
from marrowmap.training.exams import exam_options, training_exams
from marrowmap.training.samples import Sample, keep
from marrowmap.training.voxels import Dense, learn, options, settle

VOXELS = {"lesion": 9_000, "beside": 5_000, "other": 4_000, "marrow": 12_000}
"""Voxels drawn from one exam: in lesions (evenly over lesions), within two voxels of one, in look-alikes, elsewhere."""
MISSING: tuple[tuple[str, ...], ...] = ((), ("DWI",), ("T1",), ("DWI", "T1"))
MISSING_ODDS = (0.55, 0.2, 0.15, 0.1)


def sample(exam: BenchExam, skeleton: Skeleton, rng: np.random.Generator) -> Sample:
    """Features (float16), share of lesion (float16) and weight of the voxels drawn from one exam."""
    volumes = exam.volumes
    for what in MISSING[int(rng.choice(len(MISSING), p=MISSING_ODDS))]:
        volumes = without(volumes, what)
    work = prepare(volumes)
    labels = enlarge(skeleton.labels, skeleton.grid, work.grid).astype(np.uint8)
    values = unusual(work, labels, muscle_mask(work, labels > 0))
    mirrored = bool(rng.random() < 0.5)
    view = lesion_view(work, labels, values, mirrored=mirrored)
    active = [t.number for t in exam.truth if not t.sclerotic]
    share = resample(np.isin(exam.lesions, active).astype(np.float32), exam.grid, work.grid)
    number = enlarge(exam.lesions, exam.grid, work.grid)
    other = enlarge(exam.others > 0, exam.grid, work.grid) > 0
    sclerotic = (number > 0) & ~np.isin(number, active)
    if mirrored:
        share, number, other, sclerotic = (a[..., ::-1] for a in (share, number, other, sclerotic))
    places, weight = _draw(view.worth & ~sclerotic, share, number, other, rng)
    return {
        "x": view.at(places).astype(np.float16),
        "y": share[tuple(places.T)].astype(np.float16),
        "weight": weight.astype(np.float32),
    }


def _draw(
    worth: npt.NDArray[np.bool_],
    share: npt.NDArray[np.float32],
    number: npt.NDArray[np.generic],
    other: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Voxels, and how many each stands for, compressed so that lesions count more than they fill."""
    lesion = share > 0.3
    beside = lesion.copy()
    for axis, reach in ((0, 1), (1, 2), (2, 2)):
        for step in range(1, reach + 1):
            beside |= np.roll(beside, step, axis) | np.roll(beside, -step, axis)
    groups = {
        "lesion": lesion,
        "beside": beside & ~lesion,
        "other": other & ~beside,
        "marrow": ~beside & ~other,
    }
    places, weights = [], []
    for name, mask in groups.items():
        found = np.argwhere(mask & worth)
        if not len(found):
            continue
        odds = np.ones(len(found))
        if name == "lesion":
            count = np.bincount(number.ravel())
            odds = 1 / np.sqrt(np.maximum(count[number[tuple(found.T)]], 1))
        odds /= odds.sum()
        chosen = rng.choice(len(found), size=min(VOXELS[name], len(found)), p=odds)
        places.append(found[chosen])
        weights.append(np.sqrt(1 / (odds[chosen] * len(chosen))))
    return np.concatenate(places), np.concatenate(weights)


class LesionNet(nn.Module):
    """Features of a voxel -> logit of being in a lesion."""

    def __init__(self, hidden: tuple[int, int] = (256, 128)) -> None:
        super().__init__()
        self.body = Dense(COUNT, hidden, noise=0.2, drop=0.3)
        self.lesion = nn.Linear(hidden[1], 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.lesion(self.body(x))
        return out


def loss_of(net: nn.Module, some: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Weighted cross-entropy and Dice against the share of lesion in each voxel."""
    y, weight = some["y"].float(), some["weight"].clamp(max=20)
    logit = net(some["x"].float()).float()[:, 0]
    cross = (F.binary_cross_entropy_with_logits(logit, y, reduction="none") * weight).sum() / weight.sum()
    p = logit.sigmoid()
    dice = 1 - 2 * (p * y * weight).sum() / ((p * p + y * y) * weight).sum().clamp(min=1e-6)
    found = (logit[y > 0.7] > 0).float().mean().item()
    false = ((logit > 0) & (y < 0.05)).float().mean().item()
    parts = {"cross": cross.item(), "dice": dice.item(), "found": found, "false": false}
    return cross + 0.5 * dice, parts


def draw(exams: Path, voxels: Path, seeds: range, appearances: int) -> None:
    """Fill ``voxels``: sample n of a child is fixed by (seed, n)."""
    wanted = [s for s in seeds if not all(_path(voxels, s, n).exists() for n in range(appearances))]
    for seed in wanted:
        for _, exam in training_exams(exams, range(seed, seed + 1)):
            begun = time.time()
            skeleton = label_skeleton(exam.volumes)
            for n in range(appearances):
                keep(sample(exam, skeleton, np.random.default_rng([seed, n, 5])), _path(voxels, seed, n))
            print(f"{seed}: {appearances} samples, {time.time() - begun:.0f} s", flush=True)


def _path(voxels: Path, seed: int, n: int) -> Path:
    return voxels / f"{seed}-{n}.npz"


def main(argv: list[str] | None = None) -> None:
    """Draw voxels, train, export."""
    args = exam_options(options("lesions", epochs=8, seed=2), count=100, looks=2).parse_args(argv)
    settle(args)
    draw(args.exams, args.voxels, range(args.first, args.first + args.count), args.looks)
    learn(LesionNet(), loss_of, args, COUNT, ["lesion"])
