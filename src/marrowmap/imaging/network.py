"""Running the shipped networks with ONNX Runtime on the CPU, window by window."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from marrowmap.imaging.label_classes import BONE, DISC, MUSCLE
from marrowmap.imaging.normalise import normalise
from marrowmap.imaging.working import Working

Float = npt.NDArray[np.float32]
ROWS, OVERLAP = 224, 64
"""Rows of a window and rows shared by neighbouring windows (672 and 192 mm)."""
FLUID = ("STIR", "T2FS", "DIXON_WATER")
FATTY = ("T1", "PD", "T2", "DIXON_FAT")


def weights_there(name: str) -> bool:
    """Whether the package ships this network."""
    return resources.files("marrowmap.assets").joinpath(f"{name}.onnx").is_file()


@cache
def session(name: str) -> ort.InferenceSession:
    """The network ``name`` of the package, loaded once."""
    options = ort.SessionOptions()
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.intra_op_num_threads = min(2, os.cpu_count() or 1)
    options.log_severity_level = 3
    data = resources.files("marrowmap.assets").joinpath(f"{name}.onnx").read_bytes()
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True)
class Bones:
    """What the unit network says of an exam on its working grid.

    bone, disc, muscle: probability, float16, [slice, row, column]. classes: float16 probabilities of the bone
    classes given that a voxel is bone, (classes, slice, row / 2, column / 2); order: level or ray there.
    """

    bone: npt.NDArray[np.float16]
    disc: npt.NDArray[np.float16]
    muscle: npt.NDArray[np.float16]
    classes: npt.NDArray[np.float16]
    order: npt.NDArray[np.float16]


def find_bones(work: Working) -> Bones:
    """Run the unit network on whatever sequences there are."""
    inputs = np.stack([_channel(work, FLUID), _channel(work, FATTY)])
    depth, rows, columns = work.grid.shape
    inputs = np.pad(inputs, [(0, 0), (0, -depth % 8), (0, -rows % 16), (0, -columns % 16)])
    net = session("units")
    padded = inputs.shape[1:]
    coarse_shape = (padded[0], padded[1] // 2, padded[2] // 2)
    fine = np.zeros((3, *padded), dtype=np.float16)
    classes: npt.NDArray[np.float16] | None = None
    order = np.zeros(coarse_shape, dtype=np.float16)
    for start, keep in windows(padded[1], ROWS, OVERLAP):
        stop = min(start + ROWS, padded[1])
        out_fine, out_coarse = net.run(None, {"x": inputs[None, :, :, start:stop]})
        probability = softmax(out_fine[0])
        here = slice(keep.start - start, keep.stop - start)
        fine[:, :, keep] = probability[[BONE, DISC, MUSCLE]][:, :, here]
        half = slice(keep.start // 2, keep.stop // 2)
        here_half = slice(half.start - start // 2, half.stop - start // 2)
        names = softmax(out_coarse[0, :-1][:, :, here_half])
        if classes is None:
            classes = np.zeros((len(names), *coarse_shape), dtype=np.float16)
        classes[:, :, half] = names
        order[:, half] = out_coarse[0, -1][:, here_half]
    assert classes is not None
    crop = np.s_[:depth, :rows, :columns]
    return Bones(fine[0][crop], fine[1][crop], fine[2][crop], classes, order)


def _channel(work: Working, names: tuple[str, ...]) -> Float:
    name = next((n for n in names if n in work.signal), None)
    if name is None:
        return np.zeros(work.grid.shape, dtype=np.float32)
    return normalise(work.signal[name], work.grid.spacing)


def windows(rows: int, size: int, overlap: int) -> list[tuple[int, slice]]:
    """(first row, rows to keep) of windows that tile ``rows``; all starts are multiples of 16."""
    if rows <= size:
        return [(0, slice(0, rows))]
    step = size - overlap
    starts = [*range(0, rows - size, step), rows - size]
    starts = [s // 16 * 16 for s in starts]
    out = []
    for i, start in enumerate(starts):
        low = 0 if i == 0 else (start + starts[i - 1] + size) // 2 // 16 * 16
        high = rows if i == len(starts) - 1 else (starts[i + 1] + start + size) // 2 // 16 * 16
        out.append((start, slice(low, high)))
    return out


def softmax(logits: Float) -> Float:
    """Over the first axis."""
    shifted = np.exp(logits - logits.max(axis=0, keepdims=True))
    out: Float = shifted / shifted.sum(axis=0, keepdims=True)
    return out


LESION_WINDOW = (16, 80, 80)
LESION_STEP = (10, 56, 56)


def lesion_probability(
    inputs: npt.NDArray[np.float16], bone: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """Run the lesion network in windows that hold bone; windows are blended with a centre-heavy weight.

    inputs: (channels, slices, rows, columns) from ``lesion_inputs``. Returns probability, 0 where no bone is near.
    """
    net = session("lesions")
    shape = bone.shape
    pad = [(0, max(0, w - n)) for n, w in zip(shape, LESION_WINDOW, strict=True)]
    x = np.pad(inputs, [(0, 0), *pad])
    there = np.pad(bone, pad)
    total = np.zeros(x.shape[1:], dtype=np.float32)
    weight = np.zeros(x.shape[1:], dtype=np.float32)
    bump = _bump()
    for s in _starts(x.shape[1], LESION_WINDOW[0], LESION_STEP[0]):
        for r in _starts(x.shape[2], LESION_WINDOW[1], LESION_STEP[1]):
            for c in _starts(x.shape[3], LESION_WINDOW[2], LESION_STEP[2]):
                box = np.s_[s : s + LESION_WINDOW[0], r : r + LESION_WINDOW[1], c : c + LESION_WINDOW[2]]
                if not there[box].any():
                    continue
                (logits,) = net.run(None, {"x": x[(slice(None), *box)][None].astype(np.float32)})
                total[box] += bump / (1 + np.exp(-logits[0, 0]))
                weight[box] += bump
    probability = total / np.maximum(weight, 1e-6)
    return probability[: shape[0], : shape[1], : shape[2]]


def _starts(n: int, window: int, step: int) -> list[int]:
    return sorted({*range(0, max(1, n - window), step), n - window})


def _bump() -> Float:
    axes = [np.clip(np.minimum(np.arange(n) + 1, n - np.arange(n)) / (n / 4), 0.05, 1) for n in LESION_WINDOW]
    return (axes[0][:, None, None] * axes[1][None, :, None] * axes[2][None, None, :]).astype(np.float32)
