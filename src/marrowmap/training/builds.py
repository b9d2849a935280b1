"""A case of another build: stretched, sheared and bent, every bone in its own way too, so that the network does not
know one body only."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.site import Side, Site, all_sites
from marrowmap.training.cases import Case

Float = npt.NDArray[np.float32]

SPREAD = 0.11
"""Standard deviation of the logarithm of the stretch along each axis."""
BEND_MM, BEND_EVERY_MM = 6.0, 75.0
"""Standard deviation of the bends, and the distance over which they change."""
MOST_VOXELS = 14_000_000
APART = 0.7
"""Share of the builds in which every bone is moved, turned and sized by itself."""
REACH_MM, KNOT_MM = 16.0, 12.0
"""How far a bone takes what is around it along, and the grid on which that is worked out."""
MOVE_MM, TURN, SIZE = 5.0, 0.1, 0.2
"""Standard deviations of a bone's own shift, turn (radians) and logarithm of size along each axis; turn and size are
drawn smaller for long bones, so that no end moves more than FAR_MM by them on average."""
FAR_MM = 9.0
LIMBS = {
    "arm": (("humerus", "radius", "ulna", "carpus", "metacarpal_", "fingers"), "top", 0.18, 0.12),
    "leg": (
        ("femur", "patella", "tibia", "fibula", "talus", "calcaneus", "tarsals", "metatarsal_", "toes"),
        "top",
        0.08,
        0.05,
    ),
    "head": (("skull", "vertebra_c"), "bottom", 0.12, 0.06),
}
"""Bones that move together, about which end of them; standard deviations of the logarithm of their length and of their
turn in the coronal plane (radians): arms lie higher or lower beside the trunk, and nearer to it or farther away."""


def warp(case: Case, rng: np.random.Generator, signals: tuple[str, ...], growth: float | None = None) -> Case:
    """The same child with another build; only tissue, units and the named signals are made."""
    shown = {k: case.signal[k].astype(np.float32) for k in signals}
    made, (site, tissue) = warp_arrays(shown, (case.site, case.tissue), case.spacing, rng, growth)
    return replace(case, signal={k: v.astype(np.float16) for k, v in made.items()}, tissue=tissue, site=site)


def warp_arrays(
    signals: dict[str, Float],
    labels: tuple[npt.NDArray[np.uint8], ...],
    spacing: tuple[float, float, float],
    rng: np.random.Generator,
    growth: float | None = None,
) -> tuple[dict[str, Float], tuple[npt.NDArray[np.uint8], ...]]:
    """Arrays of one body stretched along each axis, sheared and bent by a smooth random field, on voxels of the same
    ``spacing`` (mm); left and right stay what they are. labels: those of bone units first. growth: logarithm of the
    stretch common to all axes; drawn if None."""
    shape = np.array(labels[0].shape)
    drawn = rng.uniform(-0.15, 0.25) if growth is None else growth
    stretch = np.exp(drawn + rng.normal(0, SPREAD if growth is None else 0.07, 3))
    stretch = stretch.clip(0.72, 1.4 if growth is None else 1.7)
    out = np.maximum(np.round(shape * stretch).astype(int), 4)
    if out.prod() > MOST_VOXELS:
        stretch *= (MOST_VOXELS / out.prod()) ** (1 / 3)
        out = np.maximum(np.round(shape * stretch).astype(int), 4)
    step = np.array(spacing)
    shear = rng.normal(0, 0.06, (3, 3)) * (step[None, :] / step[:, None])
    matrix = (np.eye(3) + shear * (1 - np.eye(3))) / stretch[None, :]
    middle = (shape - 1) / 2 - matrix @ ((out - 1) / 2)
    axes = [np.arange(n, dtype=np.float32) for n in out]
    at = np.empty((3, *out), np.float32)
    for k in range(3):
        ramps = [np.float32(matrix[k, j]) * axes[j] for j in range(3)]
        at[k] = (
            np.float32(middle[k])
            + ramps[0][:, None, None]
            + ramps[1][None, :, None]
            + ramps[2][None, None, :]
        )
        at[k] += _bend(rng, out, step) * np.float32(1 / step[k])
    if rng.random() < APART:
        _take_apart(at, labels[0], step, rng)
    made = {k: ndimage.map_coordinates(v, at, order=1) for k, v in signals.items()}
    return made, tuple(ndimage.map_coordinates(v, at, order=0) for v in labels)


def _bend(rng: np.random.Generator, shape: npt.NDArray[np.intp], spacing: Float) -> Float:
    """A smooth field in millimetres, zero on average."""
    knots = np.maximum(np.ceil(shape * spacing / BEND_EVERY_MM).astype(int), 2) + 1
    coarse = ndimage.zoom(rng.normal(0, BEND_MM, knots).astype(np.float32), 4, order=3)
    return _fill(coarse, shape)


def _fill(coarse: Float, shape: npt.NDArray[np.intp]) -> Float:
    """Linear interpolation to ``shape``, corner to corner."""
    index = [np.linspace(0, n - 1, m, dtype=np.float32) for n, m in zip(coarse.shape, shape, strict=True)]
    for axis, places in enumerate(index):
        low = np.minimum(places.astype(int), coarse.shape[axis] - 2)
        share = (places - low).reshape([-1 if a == axis else 1 for a in range(3)])
        coarse = coarse.take(low, axis) * (1 - share) + coarse.take(low + 1, axis) * share
    return coarse


def _take_apart(at: Float, sites: npt.NDArray[np.uint8], step: Float, rng: np.random.Generator) -> None:
    """Change the places ``at`` (3, ...), in voxels of ``sites``, so that every bone has its own shift, turn and
    size, and takes what is around it along."""
    every = np.maximum(np.round(KNOT_MM / step).astype(int), 1)
    knots = [np.arange(e // 2, n, e) for n, e in zip(sites.shape, every, strict=True)]
    own, weight = _own_ways(sites, every, step, rng)
    field = own / (weight + 0.02)
    thin = tuple(slice(None, None, e) for e in every)
    places = at[(slice(None), *thin)]
    inner = [(places[k] - knots[k][0]) / every[k] for k in range(3)]
    for k in range(3):
        moved = ndimage.map_coordinates(field[k], inner, order=1, mode="nearest").astype(np.float32)
        if min(moved.shape) > 1:
            at[k] += _fill(moved, np.array(at.shape[1:])) / np.float32(step[k])


def _own_ways(
    sites: npt.NDArray[np.uint8], every: npt.NDArray[np.intp], step: Float, rng: np.random.Generator
) -> tuple[Float, Float]:
    """Sum of the displacements (3, ...) in mm that bones want on the coarse grid, each by its weight, and weights."""
    thin = sites[tuple(slice(e // 2, None, e) for e in every)]
    spacing = every * step
    where = np.stack(
        np.meshgrid(*[np.arange(n) * s for n, s in zip(thin.shape, spacing, strict=True)], indexing="ij")
    )
    own, total = np.zeros((3, *thin.shape), np.float32), np.zeros(thin.shape, np.float32)
    group = _groups()[thin]
    limbs = _limbs(group, where, rng)
    for number in np.unique(group)[1:]:
        mask = group == number
        inside = where[:, mask]
        middle = inside.mean(axis=1)
        half = np.maximum(np.abs(inside - middle[:, None]).max(axis=1), 1.0)
        size = rng.normal(0, 1, 3) * np.minimum(SIZE, FAR_MM / half)
        turn = rng.normal(0, min(TURN, FAR_MM / float(half.max())), 3)
        matrix = np.array(
            [[size[0], -turn[2], turn[1]], [turn[2], size[1], -turn[0]], [-turn[1], turn[0], size[2]]]
        )
        wish = np.einsum("ij,j...->i...", matrix, where - middle[:, None, None, None])
        wish += rng.normal(0, MOVE_MM, 3)[:, None, None, None]
        if number in limbs:
            pivot, matrix = limbs[int(number)]
            wish += np.einsum("ij,j...->i...", matrix, where - pivot[:, None, None, None])
        weight = ndimage.gaussian_filter(mask.astype(np.float32), REACH_MM / spacing)
        own += weight * wish
        total += weight
    return own, total


def _limbs(
    group: npt.NDArray[np.intp], where: npt.NDArray[np.float64], rng: np.random.Generator
) -> dict[int, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """(fixed point, matrix of the displacement in mm) of the limb that each group of bones belongs to."""
    out = {}
    for bones, end, length, turn in LIMBS.values():
        both = rng.normal(0, 1)  # the two sides of a child differ less than two children
        for side in Side:
            members = [n for n, (bone, of) in enumerate(_names(), start=1) if bone in bones and of is side]
            inside = np.isin(group, members)
            if not inside.any():
                continue
            rows = where[1][inside]
            edge = rows.min() if end == "top" else rows.max()
            at_edge = inside & (np.abs(where[1] - edge) <= 2 * KNOT_MM)
            pivot = where[:, at_edge].mean(axis=1)
            longer, about = length * (0.8 * both + 0.6 * rng.normal()), rng.normal(0, turn)
            matrix = np.array([[0, 0, 0], [0, np.expm1(longer), -about], [0, about, 0]])
            out.update(dict.fromkeys(members, (pivot, matrix)))
    return out


@cache
def _names() -> tuple[tuple[str, Side], ...]:
    """Bone and side of each group; rays of a hand or foot and vertebrae of a region stay together."""
    return tuple(sorted({(_bone(s), s.side) for s in all_sites()}))


def _bone(site: Site) -> str:
    return site.bone.rstrip("0123456789")


def _groups() -> npt.NDArray[np.intp]:
    """Number of the group, from 1, that each label belongs to."""
    out = np.zeros(256, dtype=np.intp)
    for site in all_sites():
        out[site.label] = 1 + _names().index((_bone(site), site.side))
    return out
