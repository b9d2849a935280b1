"""Running the shipped networks with ONNX Runtime on the CPU, window by window."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from scipy import ndimage

from marrowmap.imaging.label_classes import BONE, DISC, MUSCLE
from marrowmap.imaging.label_features import Level, features_at, levels_of
from marrowmap.imaging.normalise import normalise, tissue_level
from marrowmap.imaging.working import Working, double, halve

Float = npt.NDArray[np.float32]
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
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    data = resources.files("marrowmap.assets").joinpath(f"{name}.onnx").read_bytes()
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True)
class Bones:
    """What the unit network says of an exam on its working grid.

    bone, disc, muscle: probability, float16, [slice, row, column]. places: (n, 3) voxels that may be bone;
    classes: float16 probabilities of the bone classes there given that they are bone, (n, classes); order:
    vertebral level or ray there.
    """

    bone: npt.NDArray[np.float16]
    disc: npt.NDArray[np.float16]
    muscle: npt.NDArray[np.float16]
    places: npt.NDArray[np.intp]
    classes: npt.NDArray[np.float16]
    order: npt.NDArray[np.float16]


MAYBE = 0.15
"""Voxels whose bone probability stays below this are never bone."""
CHUNK = 30_000
WORTH_A_LOOK = 0.04
"""Every fourth voxel is asked first; where none around reaches this bone probability, the rest is not asked."""


def unit_channels(fluid: Float | None, fatty: Float | None, spacing: tuple[float, float, float]) -> Float:
    """The three channels the unit network reads; a sequence that is missing is 0."""
    there = [s for s in (fluid, fatty) if s is not None]
    shape = there[0].shape
    zero = np.zeros(shape, dtype=np.float32)
    body = np.zeros(shape, dtype=bool)
    for signal in there:
        body |= double(halve(signal) > 0.35 * tissue_level(signal), shape).astype(bool)
    parts = [zero if s is None else normalise(s, spacing) for s in (fluid, fatty)]
    return np.stack([*parts, ndimage.uniform_filter(body.astype(np.float32), (1, 3, 3))])


def _ask(
    levels: list[Level], places: npt.NDArray[np.intp], maps: list[npt.NDArray[np.float16]]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Run the unit network at ``places``; fills the maps and returns what may be bone."""
    net = session("units")
    kept = []
    for start in range(0, len(places), CHUNK):
        part = places[start : start + CHUNK]
        fine, coarse = net.run(None, {"x": features_at(levels, part)})
        probability = softmax(fine.T)
        for target, number in zip(maps, (BONE, DISC, MUSCLE), strict=True):
            target[tuple(part.T)] = probability[number]
        some = probability[BONE] > MAYBE
        kept.append((part[some], softmax(coarse[some, :-1].T).T.astype(np.float16), coarse[some, -1]))
    return kept


def find_bones(work: Working) -> Bones:
    """Run the unit network on whatever sequences there are."""
    fluid, fatty = (
        next((work.signal[n] for n in names if n in work.signal), None) for names in (FLUID, FATTY)
    )
    if fluid is None and fatty is None:
        fluid = next(iter(work.signal.values()))
    channels = unit_channels(fluid, fatty, work.grid.spacing)
    levels = levels_of(channels, work.grid.spacing)
    maps = [np.zeros(work.grid.shape, dtype=np.float16) for _ in range(3)]
    body = (channels[2] > 0.3) & work.body
    first = np.zeros_like(body)
    first[:, ::2, ::2] = body[:, ::2, ::2]
    kept = _ask(levels, np.argwhere(first), maps)
    near = ndimage.maximum_filter(maps[0][:, ::2, ::2].astype(np.float32), (1, 3, 3)) > WORTH_A_LOOK
    near = np.asarray(double(near, body.shape), dtype=bool)
    for target in maps[1:]:
        coarse = np.asarray(double(target[:, ::2, ::2], body.shape))
        np.copyto(target, coarse, where=body & ~first)
    kept += _ask(levels, np.argwhere(near & body & ~first), maps)
    found, classes, order = (np.concatenate([k[i] for k in kept]) for i in range(3))
    return Bones(maps[0], maps[1], maps[2], found, classes, order.astype(np.float16))


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
