"""Running the shipped networks with ONNX Runtime on the CPU, some thousand voxels at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from scipy import ndimage
from scipy.special import expit

from marrowmap.imaging.label_classes import BONE, DISC, MUSCLE
from marrowmap.imaging.label_features import UNIT_LATTICES
from marrowmap.imaging.normalise import normalise, tissue_level
from marrowmap.imaging.silhouette import silhouette_at, silhouette_of
from marrowmap.imaging.surroundings import features_at, levels_of
from marrowmap.imaging.working import Working, double, halve

Float = npt.NDArray[np.float32]
T = TypeVar("T")
Read = Callable[[npt.NDArray[np.intp]], Float]
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
    options.intra_op_num_threads = 1  # chunks run side by side instead, with what they read
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    data = resources.files("marrowmap.assets").joinpath(f"{name}.onnx").read_bytes()
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True)
class Bones:
    """What the unit network says of an exam on its working grid.

    bone, disc, muscle: probability, float16, [slice, row, column]. places: (n, 3) voxels that may be bone;
    classes: probabilities of the bone classes there given that they are bone, (n, classes), float16; order:
    vertebral level or ray there.
    """

    bone: npt.NDArray[np.float16]
    disc: npt.NDArray[np.float16]
    muscle: npt.NDArray[np.float16]
    places: npt.NDArray[np.intp]
    classes: npt.NDArray[np.floating]
    order: npt.NDArray[np.float16]

    def above(self, share: float) -> Bones:
        """Without the places whose bone probability stays below ``share``."""
        kept = self.bone[tuple(self.places.T)] > share
        return replace(self, places=self.places[kept], classes=self.classes[kept], order=self.order[kept])


MAYBE = 0.02
"""Voxels whose bone probability stays below this are never bone; the outline network decides on the others."""
CHUNK = 8_000
"""Voxels asked at once: larger arrays are given back to the system and fetched anew each time, which takes longer."""
SOME_TISSUE = 0.3
"""Share of the voxels around that must show signal where a fat-bright sequence would show marrow."""
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


REGIONAL = "units_regional"
"""Network trained on parts of the body, which sees their outline beside what surrounds a voxel."""
WHOLE_BODY_MM = 600.0
"""An exam that shows less of the body's length is regional (ours)."""


def is_regional(work: Working) -> bool:
    """Whether the exam shows a part of the body only."""
    rows = np.flatnonzero(work.body.any(axis=(0, 2)))
    length_mm = float(np.ptp(rows) + 1) * work.grid.spacing[1] if len(rows) else 0.0
    return length_mm < WHOLE_BODY_MM


def _reader(channels: Float, work: Working, name: str) -> Read:
    """What the network called ``name`` sees of voxels."""
    levels = levels_of(channels, work.grid.spacing, UNIT_LATTICES)
    if name != REGIONAL:
        return lambda places: features_at(levels, places)
    outline = silhouette_of(work.tissue, work.grid.spacing)
    return lambda places: np.concatenate(
        [features_at(levels, places), silhouette_at(outline, places)], axis=1
    )


def _ask(
    net: ort.InferenceSession,
    read: Read,
    places: npt.NDArray[np.intp],
    maps: list[npt.NDArray[np.float16]],
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Run the unit network at ``places``; fills the maps and returns what may be bone."""

    def ask(chunk: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        part = places[chunk]
        fine, coarse = net.run(None, {"x": read(part)})
        probability = softmax(fine.T)
        for target, number in zip(maps, (BONE, DISC, MUSCLE), strict=True):
            target[tuple(part.T)] = probability[number]
        some = probability[BONE] > MAYBE
        return part[some], softmax(coarse[some, :-1].T).T.astype(np.float16), coarse[some, -1]

    return in_chunks(ask, len(places))


def in_chunks(ask: Callable[[slice], T], count: int) -> list[T]:
    """``ask`` for all of ``count`` voxels, CHUNK at a time and two chunks side by side; answers in order."""
    chunks = [slice(start, start + CHUNK) for start in range(0, count, CHUNK)]
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as threads:
        return list(threads.map(ask, chunks))


def find_bones(work: Working, network: str = "units") -> Bones:
    """Run the unit network called ``network`` on whatever sequences there are."""
    fluid, fatty = (
        next((work.signal[n] for n in names if n in work.signal), None) for names in (FLUID, FATTY)
    )
    if fluid is None and fatty is None:
        fluid = next(iter(work.signal.values()))
    channels = unit_channels(fluid, fatty, work.grid.spacing)
    read = _reader(channels, work, network)
    maps = [np.zeros(work.grid.shape, dtype=np.float16) for _ in range(3)]
    body = work.body
    if fatty is not None:  # with fat suppressed alone, marrow itself may be black
        body = body & (channels[2] > SOME_TISSUE)
    first = np.zeros_like(body)
    first[:, ::2, ::2] = body[:, ::2, ::2]
    net = session(network)
    kept = _ask(net, read, np.argwhere(first), maps)
    near = ndimage.maximum_filter(maps[0][:, ::2, ::2].astype(np.float32), (1, 3, 3)) > WORTH_A_LOOK
    near = np.asarray(double(near, body.shape), dtype=bool)
    for target in maps[1:]:
        coarse = np.asarray(double(target[:, ::2, ::2], body.shape))
        np.copyto(target, coarse, where=body & ~first)
    kept += _ask(net, read, np.argwhere(near & body & ~first), maps)
    found, classes, order = (np.concatenate([k[i] for k in kept]) for i in range(3))
    return Bones(maps[0], maps[1], maps[2], found, classes, order.astype(np.float16))


def softmax(logits: Float) -> Float:
    """Over the first axis."""
    shifted = np.exp(logits - logits.max(axis=0, keepdims=True))
    out: Float = shifted / shifted.sum(axis=0, keepdims=True)
    return out


class Worthwhile(Protocol):
    """What a network of one answer sees of an exam: ``worth`` marks the voxels to ask, ``at`` gives their features."""

    @property
    def worth(self) -> npt.NDArray[np.bool_]: ...

    def at(self, places: npt.NDArray[np.intp]) -> Float: ...


def probability(name: str, view: Worthwhile) -> Float:
    """Answer of the network ``name`` where it is worth asking, 0 elsewhere."""
    net = session(name)
    out = np.zeros(view.worth.shape, dtype=np.float32)
    places = np.argwhere(view.worth)

    def ask(chunk: slice) -> None:
        part = places[chunk]
        (logit,) = net.run(None, {"x": view.at(part)})
        out[tuple(part.T)] = expit(logit[:, 0])

    in_chunks(ask, len(places))
    return out
