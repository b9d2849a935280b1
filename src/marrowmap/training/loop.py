"""What both trainings share: a prefetching feeder, a schedule by time, a running mean of the weights."""

from __future__ import annotations

import copy
import itertools
import math
import multiprocessing
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

Make = Callable[[np.random.Generator], tuple[torch.Tensor, ...]]


def feed(make: Make, seed: int, depth: int = 6, workers: int = 1) -> Iterator[tuple[torch.Tensor, ...]]:
    """Samples made by other processes; sample n of worker w is fixed by (seed, w, n).

    make: callable that can be pickled.
    """
    context = multiprocessing.get_context("spawn")
    line = context.Queue(depth)
    for worker in range(workers):
        context.Process(target=_work, args=(make, seed, worker, line), daemon=True).start()
    while True:
        yield tuple(torch.from_numpy(a) for a in line.get())


def _work(make: Make, seed: int, worker: int, line: Any) -> None:
    torch.set_num_threads(1)
    for number in itertools.count():
        line.put([t.numpy() for t in make(np.random.default_rng([seed, worker, number]))])


class Averaged:
    """Exponential mean of a network's weights; what is shipped."""

    def __init__(self, net: nn.Module, keep: float = 0.995) -> None:
        self.net, self.keep, self.steps = copy.deepcopy(net).eval(), keep, 0

    def update(self, net: nn.Module) -> None:
        self.steps += 1
        keep = min(self.keep, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for mine, other in zip(self.net.parameters(), net.parameters(), strict=True):
                mine.lerp_(other, 1 - keep)


def train(
    net: nn.Module,
    loss_of: Callable[[nn.Module, tuple], tuple[torch.Tensor, dict[str, float]]],
    samples: Iterator[tuple],
    *,
    minutes: float,
    steps: int,
    rate: float,
    checkpoint: Path,
    device: str = "cpu",
) -> nn.Module:
    """Train until the minutes or the steps are over; the rate falls along a cosine. Resumes from ``checkpoint``.

    Returns the averaged network.
    """
    net = net.to(device)
    net = net.to(memory_format=torch.channels_last_3d)
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-4)
    averaged = Averaged(net)
    done = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        net.load_state_dict(state["net"])
        averaged.net.load_state_dict(state["averaged"])
        averaged.steps = done = int(state["step"])
    start = saved = time.time()
    seen: dict[str, float] = {}
    for step in range(1, steps + 1):
        share = max(step / steps, (time.time() - start) / (60 * minutes))
        if share >= 1:
            break
        warm = min(1.0, step / 60)
        for group in optimiser.param_groups:
            group["lr"] = rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
        batch = tuple(t.to(device, non_blocking=True) for t in next(samples))
        with torch.autocast(device.split(":")[0], dtype=torch.bfloat16):
            loss, parts = loss_of(net, batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if not torch.isfinite(nn.utils.clip_grad_norm_(net.parameters(), 5.0)):
            continue
        optimiser.step()
        averaged.update(net)
        for key, value in parts.items():
            seen[key] = value if key not in seen else 0.97 * seen[key] + 0.03 * value
        if step % 20 == 0:
            words = " ".join(f"{k} {v:.3f}" for k, v in seen.items())
            print(f"step {done + step} {time.time() - start:.0f} s {words}", flush=True)
        if time.time() - saved > 120:
            _save(net, averaged, done + step, checkpoint)
            saved = time.time()
    _save(net, averaged, done + step, checkpoint)
    return averaged.net


def _save(net: nn.Module, averaged: Averaged, step: int, path: Path) -> None:
    partial = path.with_suffix(".tmp")
    torch.save({"net": net.state_dict(), "averaged": averaged.net.state_dict(), "step": step}, partial)
    partial.rename(path)
