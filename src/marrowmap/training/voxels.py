"""Training on voxels: samples are drawn into files once, then a small dense network is fitted to all of them.

Drawing voxels instead of whole windows is what makes training possible in minutes on a CPU: a convolutional
network saw a hundredth of the bones and lesions in the same time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from marrowmap.imaging.surroundings import Lattice, count_of
from marrowmap.training.samples import join

Loss = Callable[[nn.Module, dict[str, Tensor]], tuple[Tensor, dict[str, float]]]


class Dense(nn.Module):
    """The body of both networks: features -> hidden, with one residual layer. Features lie around 0.5.

    noise, drop: standard deviation added to the features, and share of hidden values left out, while training.
    """

    def __init__(self, features: int, hidden: tuple[int, int], noise: float = 0.0, drop: float = 0.0) -> None:
        super().__init__()
        self.noise = noise
        self.enter = nn.Sequential(
            nn.Linear(features, hidden[0]),
            nn.GELU(),
            nn.Dropout(drop),
            nn.Linear(hidden[0], hidden[1]),
            nn.GELU(),
        )
        self.more = nn.Sequential(nn.Dropout(drop), nn.Linear(hidden[1], hidden[1]), nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.noise:
            x = x + self.noise * torch.randn_like(x)
        h = self.enter(x - 0.5)
        out: Tensor = h + self.more(h)
        return out


def lattice_of_feature(lattices: Sequence[Lattice]) -> list[int]:
    """Place in ``lattices`` of the one that each feature comes from."""
    return [i for i, lattice in enumerate(lattices) for _ in range(count_of((lattice,)))]


class LeaveOut(nn.Module):
    """While training, features are left out together, so that no single view of a body becomes indispensable.

    group: of each feature; odds: how often each group is left out of a voxel; blank: what stands in its place.
    """

    def __init__(self, group: Sequence[int], odds: Sequence[float], blank: float) -> None:
        super().__init__()
        self.group, self.odds, self.blank = torch.tensor(group), torch.tensor(odds), blank

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = (torch.rand(len(x), len(self.odds)) >= self.odds)[:, self.group]
        return torch.where(kept, x, torch.full_like(x, self.blank))


def fit(
    net: nn.Module,
    loss_of: Loss,
    folder: Path,
    features: int,
    *,
    epochs: int,
    rate: float,
    seed: int,
    checkpoint: Path,
    batch: int = 4096,
    share: float = 1.0,
) -> nn.Module:
    """Train on every sample in ``folder``; the last twelfth of the files is only watched, never learned.

    features: the first ones of each voxel are read. share: of the voxels that a pass sees, drawn anew for each. Goes
    on from ``checkpoint`` if it is there, and writes it after each pass.
    """
    files = [f for f in sorted(folder.glob("*.npz")) if "tmp" not in f.name]
    watch = max(1, len(files) // 12)
    train, held = (_tensors(some, features) for some in (files[:-watch], files[-watch:]))
    if checkpoint.exists():
        net.load_state_dict(torch.load(checkpoint, weights_only=True))
    size = len(train["x"])
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=2e-3)
    steps = max(1, int(share * size) // batch)
    total = epochs * steps
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=total, pct_start=0.08)
    rng = np.random.default_rng(seed)
    for epoch in range(epochs):
        order = torch.from_numpy(rng.permutation(size))
        begun, seen = time.time(), []
        net.train()
        for i in range(steps):
            some = {k: v[order[i * batch : (i + 1) * batch]] for k, v in train.items()}
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss, told = loss_of(net, some)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            seen.append(list(told.values()))
        net.eval()
        with torch.no_grad():
            _, other = loss_of(net, held)
        words = " ".join(
            f"{k} {a:.3f}/{b:.3f}" for k, a, b in zip(told, np.mean(seen, 0), other.values(), strict=True)
        )
        print(f"pass {epoch} {time.time() - begun:.0f} s {words}", flush=True)
        torch.save(net.state_dict(), checkpoint)
    return net


def _tensors(files: list[Path], features: int) -> dict[str, Tensor]:
    return {k: torch.from_numpy(v) for k, v in join(files, features).items()}


def options(step: str, *, epochs: int, seed: int = 1) -> argparse.ArgumentParser:
    """The options that every step has which trains a network on voxels."""
    parser = argparse.ArgumentParser(prog=f"python -m marrowmap.training {step}")
    parser.add_argument(
        "--voxels", type=Path, required=True, help="folder of drawn voxels; filled when short"
    )
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--draw-only", action="store_true")
    parser.add_argument("--begin", type=Path, help="ONNX file of this step whose weights are trained on")
    parser.add_argument(
        "--keep", type=float, default=0.0, help="share of the weights of --begin in the mean that is exported"
    )
    return parser


def settle(args: argparse.Namespace) -> None:
    """Threads and seed, before anything is drawn or made."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)


def learn(
    net: nn.Module,
    loss_of: Loss,
    args: argparse.Namespace,
    features: int,
    outputs: list[str],
    share: float = 1.0,
) -> None:
    """Fit ``net`` as ``args`` of ``options`` say, and export it; nothing with --draw-only."""
    if args.draw_only:
        return
    checkpoint = args.out.with_suffix(".pt")
    before = weights_of(args.begin) if args.begin else {}
    if before:
        net.load_state_dict(before)
    fitted = fit(
        net,
        loss_of,
        args.voxels,
        features,
        epochs=args.epochs,
        rate=args.rate,
        seed=args.seed,
        checkpoint=checkpoint,
        share=share,
    )
    if before:
        fitted.load_state_dict(between(before, fitted.state_dict(), args.keep))
    export(fitted, features, args.out, outputs)


def weights_of(path: Path) -> dict[str, Tensor]:
    """The weights in an ONNX file written by ``export``, by their names in the network."""
    graph = onnx.load(str(path)).graph
    return {w.name: torch.from_numpy(numpy_helper.to_array(w).copy()) for w in graph.initializer}


def between(before: dict[str, Tensor], after: dict[str, Tensor], keep: float) -> dict[str, Tensor]:
    """Mean of two sets of weights, ``keep`` of the first: it forgets less of what only the first one saw."""
    return {name: keep * before[name] + (1 - keep) * weight for name, weight in after.items()}


def export(net: nn.Module, features: int, path: Path, outputs: list[str]) -> None:
    """Write an ONNX file with a free number of voxels."""
    axes = {name: {0: "n"} for name in ("x", *outputs)}
    torch.onnx.export(
        net.eval(),
        (torch.zeros(8, features),),
        str(path),
        input_names=["x"],
        output_names=outputs,
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
