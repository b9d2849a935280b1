"""The name of bone from where it lies among all other bone: a second opinion that hardly reads signals.

The unit network names voxels from the greys around them. Once the outlines are drawn, the skeleton itself and the
silhouette of the body say more: two small networks read their shape near by and far away and name the bone again, one
from shape alone, one told as well what the unit network thought there and along the body.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.imaging.label_classes import class_names
from marrowmap.imaging.network import Bones, in_chunks, session, softmax
from marrowmap.imaging.normalise import POOL
from marrowmap.imaging.outline import OutlineView
from marrowmap.imaging.surroundings import Lattice, Level, count_of, features_at, levels_of
from marrowmap.imaging.working import Working, resample

Float = npt.NDArray[np.float32]

SHAPE_LATTICES = (
    Lattice(6.0, (0,)),
    Lattice(12.0, (0, 1)),
    *(Lattice(size, (0, 1, 2), far=True) for size in (24.0, 48.0)),
    Lattice(96.0, (0, 1, 2), far=True, along=(-4, -3, -2, 2, 3, 4)),
    Lattice(192.0, (0, 2), far=True, along=(-3, -2, 2, 3)),
)
"""Channels: bone, disc, body."""
THOUGHT_MM = (36.0, 120.0)
"""Boxes over which first names are averaged; the larger ones are also read above and below."""
ALONG = (-2, -1, 1, 2)
CLASSES = len(class_names())
SHAPES = count_of(SHAPE_LATTICES)
LEAST = 0.15
"""Share of bone from which a voxel is named."""
EVEN = 1e-3
"""Added to both opinions before they are multiplied, so that neither rules a name out alone."""
PLACE = 5
"""Numbers on the place in the body: see ``_place``."""
THOUGHTS = CLASSES * (2 + 1 + len(ALONG)) + 1
"""What the first network thought: at the voxel, around it and along the body; level or ray."""
COUNT = SHAPES + PLACE + THOUGHTS


@dataclass(frozen=True)
class ShapeView:
    """Shape of a skeleton in its body. places: (n, 3) voxels of the working grid that may be bone."""

    places: npt.NDArray[np.intp]
    levels: list[Level]
    place: Float

    def at(self, which: slice | npt.NDArray[np.intp]) -> Float:
        """Features (n, SHAPES + PLACE) of some of ``places``."""
        return np.concatenate([features_at(self.levels, self.places[which]), self.place[which]], axis=1)


@dataclass(frozen=True)
class NamingView:
    """What the naming network sees of one exam. bone: probability on the working grid."""

    bone: npt.NDArray[np.float16]
    shape: ShapeView
    thought: Float
    thought_around: list[Level]

    @property
    def places(self) -> npt.NDArray[np.intp]:
        """(n, 3) voxels that are named."""
        return self.shape.places

    def at(self, which: slice | npt.NDArray[np.intp]) -> Float:
        """Features (n, COUNT) of some of ``places``."""
        around = [features_at([level], self.places[which]) for level in self.thought_around]
        return np.concatenate([self.shape.at(which), *around, self.thought[which]], axis=1)


def naming_view(
    work: Working, bones: Bones, outline: OutlineView, share: npt.NDArray[np.float16]
) -> NamingView:
    """share: probability of bone on the outline's grid."""
    bone = resample(share, outline.grid, work.grid)
    shape = shape_view(bone, bones.disc.astype(np.float32), work.body, work.grid.spacing)
    thought, around = _thoughts(work, bones, bone, shape.places)
    return NamingView(bone.astype(np.float16), shape, thought, around)


def shape_view(
    bone: Float, disc: Float, body: npt.NDArray[np.bool_], spacing: tuple[float, float, float]
) -> ShapeView:
    """bone, disc: probability on the working grid of ``spacing`` (mm). body: bool there."""
    around = ndimage.uniform_filter(body.astype(np.float32), (1, 3, 3))
    places = np.argwhere(bone > LEAST)
    levels = levels_of(np.stack([bone, disc, around]), spacing, SHAPE_LATTICES)
    return ShapeView(places, levels, _place(body, spacing, places))


def _thoughts(
    work: Working, bones: Bones, bone: Float, places: npt.NDArray[np.intp]
) -> tuple[Float, list[Level]]:
    """(first names at ``places``, their averages over larger boxes)."""
    index = np.full(work.grid.shape, -1, dtype=np.int32)
    index[tuple(bones.places.T)] = np.arange(len(bones.places))
    found = index[tuple(places.T)]
    thought = np.zeros((len(places), CLASSES + 1), dtype=np.float32)
    known = found >= 0
    thought[known, :CLASSES] = bones.classes[found[known]]
    thought[known, CLASSES] = bones.order[found[known]]
    small = tuple(-(-n // s) for n, s in zip(work.grid.shape, (1, POOL, POOL), strict=True))
    at = np.ravel_multi_index(tuple((bones.places // (1, POOL, POOL)).T), small)
    weight = bone[tuple(bones.places.T)] + 1e-3
    total = np.bincount(at, weights=weight, minlength=np.prod(small)).reshape(small).astype(np.float32)
    step_mm = np.array(work.grid.spacing) * (1, POOL, POOL)
    steps = [tuple(max(1, round(size / s)) for s in step_mm) for size in THOUGHT_MM]
    masses = [ndimage.uniform_filter(total, step) + 1e-4 for step in steps]

    def around(k: int) -> list[Level]:
        some = np.bincount(at, weights=weight * bones.classes[:, k], minlength=np.prod(small))
        mean = some.reshape(small).astype(np.float32)
        return [
            _column(ndimage.uniform_filter(mean, step) / mass, step, ALONG if size == THOUGHT_MM[-1] else ())
            for size, step, mass in zip(THOUGHT_MM, steps, masses, strict=True)
        ]

    with ThreadPoolExecutor(2) as threads:  # the filters leave the interpreter's lock
        by_class = list(threads.map(around, range(CLASSES)))
    levels = [found[i] for i in range(len(THOUGHT_MM)) for found in by_class]
    return thought, levels


def _column(mean: Float, step: tuple[int, ...], along: tuple[int, ...]) -> Level:
    """A level that reads the box at a voxel and those above and below it."""
    pad = max((abs(k) for k in along), default=0) * step[1]
    padded = np.pad(mean, [(0, 0), (pad, pad), (0, 0)])
    steps = np.array([k * step[1] * padded.shape[2] for k in (0, *along)])
    return Level(padded.ravel(), padded.shape, (0, pad, 0), POOL, steps)


def _place(
    body: npt.NDArray[np.bool_], spacing: tuple[float, float, float], places: npt.NDArray[np.intp]
) -> Float:
    """Metres below the top and above the bottom of what is in view, length in view, and decimetres from the body's
    middle sideways and to the front (sides are alike: left and right are not told apart here)."""
    rows = np.flatnonzero(body.any(axis=(0, 2)))
    top, bottom = (rows[0], rows[-1]) if len(rows) else (0, body.shape[1] - 1)
    step = np.array(spacing) / 1000
    columns = np.arange(body.shape[2])
    middle = np.average(columns, weights=body.sum(axis=(0, 1)) + 1e-6)
    depth = body.sum(axis=2).astype(float)  # [slice, row]
    front = (depth * np.arange(body.shape[0])[:, None]).sum(0) / np.maximum(depth.sum(0), 1e-6)
    out = np.stack(
        [
            (places[:, 1] - top) * step[1],
            (bottom - places[:, 1]) * step[1],
            np.full(len(places), (bottom - top) * step[1]),
            np.abs(places[:, 2] - middle) * step[2] * 10,
            (places[:, 0] - front[places[:, 1]]) * step[0] * 10,
        ],
        axis=1,
    )
    return out.astype(np.float32)


def name_again(view: NamingView, bones: Bones) -> Bones:
    """``bones`` with outlines and names of the second look: the geometric mean of what the shape alone says and of what
    shape and first names say together. First names do not count once more: where a body is of another kind, they are
    what is wrong."""
    alone, together = session("shape"), session("naming")
    classes = np.zeros((len(view.places), CLASSES), dtype=np.float16)
    order = np.zeros(len(view.places), dtype=np.float16)

    def ask(part: slice) -> None:
        seen = view.at(part)
        (by_shape,) = alone.run(None, {"x": seen[:, : SHAPES + PLACE]})
        (told,) = together.run(None, {"x": seen})
        one, other = (softmax(logits[:, :-1].T).T + EVEN for logits in (by_shape, told))
        both = np.sqrt(one * other)
        classes[part], order[part] = both / both.sum(axis=1, keepdims=True), told[:, -1]

    in_chunks(ask, len(view.places))
    return replace(bones, bone=view.bone, places=view.places, classes=classes, order=order)
