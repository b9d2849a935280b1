"""Train the network that sees lesions: marrow unusual for this child, told from healthy bright spots."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional as F  # noqa: N812

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.candidates_inputs import CHANNELS, lesion_inputs
from marrowmap.imaging.candidates_zscore import unusual
from marrowmap.imaging.muscle import muscle_mask
from marrowmap.imaging.working import Working, prepare
from marrowmap.training.cases import Case, load
from marrowmap.training.loop import feed, train
from marrowmap.training.nets import UNet, export
from marrowmap.training.synthesis import Shown, show

WIDTHS = (24, 48, 64, 96)
WINDOW = (16, 80, 80)
CROPS = 24
"""Windows taken from one appearance of a child before another is drawn."""


def volumes_of(
    shown: Shown, spacing: tuple[float, float, float], rng: np.random.Generator | None
) -> dict[str, Volume]:
    """The composed volumes an exam would give; with ``rng``, T1 or diffusion is sometimes missing."""
    assert shown.stir is not None
    assert shown.t1 is not None
    assert shown.b50 is not None
    assert shown.b800 is not None
    grid = Grid.coronal(shown.stir.shape, spacing, PointMm(0, 0, 0))  # type: ignore[arg-type]
    station = shown.station
    out = {"STIR": Volume(shown.stir, grid, Contrast.STIR, station=station)}
    if rng is None or rng.random() > 0.12:
        out["T1"] = Volume(shown.t1, grid, Contrast.T1, station=station)
    if rng is None or rng.random() > 0.2:
        out["DWI_b800"] = Volume(shown.b800, grid, Contrast.DWI, station=station, b_value=800.0)
        out["ADC"] = Volume(_adc(shown.b50, shown.b800), grid, Contrast.ADC, station=station)
    return out


def _adc(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        adc = 1e6 * np.log(low / high) / 750
    return np.where(
        (low > 0.15 * np.percentile(low, 95)) & np.isfinite(adc), np.clip(adc, 0, 4000), 0
    ).astype(np.float32)


def worn_labels(site: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """True labels made as faulty as predicted ones: shifted here and there by a voxel or two, with holes."""
    shape = site.shape
    shifts = []
    for size in (0.6, 1.3, 1.3):
        small = rng.normal(0, size, [max(2, n // 10) for n in shape])
        index = [np.linspace(0, m - 1, n) for m, n in zip(small.shape, shape, strict=True)]
        near = [np.round(i).astype(int) for i in index]
        shifts.append(np.round(ndimage.uniform_filter(small[np.ix_(*near)], 5)).astype(np.int32))
    places = [np.clip(np.indices(shape, sparse=True)[k] + shifts[k], 0, shape[k] - 1) for k in range(3)]
    out = site[places[0], places[1], places[2]]
    holes = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), 2.5)
    out[holes > 1.6 * holes.std()] = 0
    return out


def appearance(case: Case, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(inputs float16, target float16, places worth a window) of a whole child as one scanner shows it."""
    box = tuple(slice(0, n) for n in case.site.shape)
    shown = show(case, box, rng, contrast_mix=0.0)  # type: ignore[arg-type]
    work: Working = prepare(volumes_of(shown, case.spacing, rng))
    labels = worn_labels(case.site, rng) if rng.random() < 0.85 else case.site
    values = unusual(work, labels, muscle_mask(work, labels > 0))
    inputs = lesion_inputs(work, labels, values)
    target = (case.lesion / 255.0).astype(np.float16)
    return inputs, target, _places(case, rng)


def _places(case: Case, rng: np.random.Generator) -> np.ndarray:
    """Window centres: half on lesions, a quarter on look-alikes, the rest anywhere in bone."""
    found = []
    for mask, share in ((case.lesion > 100, 0.5), (case.other > 60, 0.25), (case.site > 0, 1.0)):
        places = np.argwhere(mask)
        want = CROPS - sum(len(f) for f in found) if share == 1.0 else round(CROPS * share)
        if len(places):
            found.append(places[rng.integers(len(places), size=want)])
    return np.concatenate(found)[:CROPS]


class Windows:
    """Cuts windows from appearances; one appearance serves CROPS windows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.left: list[tuple[torch.Tensor, torch.Tensor]] = []

    def __call__(self, rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
        if len(self.left) < CROPS:
            paths = sorted(self.folder.glob("[0-9]*[0-9].npz"))
            inputs, target, places = appearance(load(paths[int(rng.integers(len(paths)))]), rng)
            for place in places:
                self.left.append(self._cut(inputs, target, place, rng))
        return self.left.pop(int(rng.integers(len(self.left))))

    def _cut(
        self, inputs: np.ndarray, target: np.ndarray, place: np.ndarray, rng: np.random.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        box = []
        for at, n, want in zip(place, target.shape, WINDOW, strict=True):
            start = int(
                np.clip(at - want // 2 + rng.integers(-want // 4, want // 4 + 1), 0, max(0, n - want))
            )
            box.append(slice(start, min(n, start + want)))
        x, y = inputs[(slice(None), *box)], target[tuple(box)]
        pad = [(0, w - n) for n, w in zip(y.shape, WINDOW, strict=True)]
        x, y = np.pad(x, [(0, 0), *pad]), np.pad(y, pad)
        if rng.random() < 0.5:
            x, y = x[..., ::-1], y[..., ::-1]
        return (
            torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))[None],
            torch.from_numpy(np.ascontiguousarray(y, dtype=np.float32))[None, None],
        )


def loss_of(net: torch.nn.Module, batch: tuple) -> tuple[torch.Tensor, dict[str, float]]:
    """Weighted cross-entropy and Dice against the share of lesion in each voxel."""
    x, y = batch
    logits = net(x.to(memory_format=torch.channels_last_3d)).float()
    weight = 1 + 4 * y
    cross = (F.binary_cross_entropy_with_logits(logits, y, reduction="none") * weight).mean() * 20
    p = logits.sigmoid()
    dice = 1 - (2 * (p * y).sum() + 30) / ((p * p).sum() + (y * y).sum() + 30)
    return cross + dice, {"cross": cross.item(), "dice": dice.item()}


def make_net() -> UNet:
    """One output: the probability of lesion at 3 mm."""
    return UNet(len(CHANNELS), WIDTHS, 1)


def main(argv: list[str] | None = None) -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(prog="python -m marrowmap.training lesions")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    net = train(
        make_net(),
        loss_of,
        feed(Windows(args.cases), args.seed),
        minutes=args.minutes,
        steps=args.steps,
        rate=args.rate,
        checkpoint=args.out.with_suffix(".pt"),
        device=args.device,
    )
    export(net.cpu(), len(CHANNELS), str(args.out), ["lesion"])
