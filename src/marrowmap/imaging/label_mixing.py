"""Names of bone mixed with those around them, so that a lone voxel does not stand against its bone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from marrowmap.imaging.network import Bones

AROUND_MM = 15.0
"""Names are mixed with those of the bone in a box of this size around them."""
CELL = (1, 2, 2)
"""Voxels are gathered in cells of so many."""


def mix_names(bones: Bones, spacing: tuple[float, float, float]) -> Bones:
    """``bones`` whose class probabilities (float32 now) are half their own and half their mean over the bone around.

    spacing: of the working grid, mm. Only occupied cells are gone through: a skeleton fills a fiftieth of its box.
    """
    if not len(bones.places):
        return bones
    cells, of_cell = _cells(bones)
    weight = bones.bone[tuple(bones.places.T)].astype(np.float32) ** 2
    count = np.arange(len(of_cell))
    gather = sparse.csr_array((weight, (of_cell, count)), shape=(len(cells), len(count)))
    around = _neighbours(cells, spacing)
    classes = bones.classes.astype(np.float32)
    mass = around @ (gather @ np.ones(len(count), np.float32)) + 1e-6
    mean = (around @ (gather @ classes)) / mass[:, None]
    return replace(bones, classes=0.5 * (classes + mean[of_cell]))


def _cells(bones: Bones) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """(cells that hold voxels, (n, 3); number of the cell of every voxel)."""
    shape = tuple(-(-n // c) for n, c in zip(bones.bone.shape, CELL, strict=True))
    flat = np.ravel_multi_index(tuple((bones.places // CELL).T), shape)
    found, of_cell = np.unique(flat, return_inverse=True)
    return np.stack(np.unravel_index(found, shape), axis=1), of_cell


def _neighbours(cells: npt.NDArray[np.intp], spacing: tuple[float, float, float]) -> sparse.csr_array:
    """(cell, cell): how much of the other cell lies in the box around the middle of a cell, 0 to 1."""
    shares = [_shares(s * c) for s, c in zip(spacing, CELL, strict=True)]
    reach = np.array([len(share) // 2 for share in shares])
    padded = cells + reach
    shape = padded.max(axis=0) + reach + 1
    number = np.full(shape, -1, dtype=np.int32)
    number[tuple(padded.T)] = np.arange(len(cells))
    rows, columns, values = [], [], []
    for step in np.ndindex(*(len(share) for share in shares)):
        other = number[tuple((cells + step).T)]
        there = np.flatnonzero(other >= 0)
        rows.append(there)
        columns.append(other[there])
        values.append(np.full(len(there), np.prod([a[k] for a, k in zip(shares, step, strict=True)])))
    row, column, value = (np.concatenate(parts) for parts in (rows, columns, values))
    return sparse.csr_array((value.astype(np.float32), (row, column)), shape=(len(cells), len(cells)))


def _shares(step_mm: float) -> npt.NDArray[np.float64]:
    """How much of each cell along one axis lies in the box: all of those inside, a part of the two at its ends."""
    beyond = max(0.0, (AROUND_MM / step_mm - 1) / 2)
    reach = int(np.ceil(beyond))
    away = np.abs(np.arange(-reach, reach + 1))
    return np.clip(beyond + 1 - away, 0, 1)
