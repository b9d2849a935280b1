"""A smooth known body, cut into stations for tests of composing."""

from __future__ import annotations

from datetime import date

import numpy as np
from scipy import ndimage

from marrowmap.core.exam import Exam, Patient, Scanner, Sex, Stack
from marrowmap.core.geometry import Grid, Plane, PointMm
from marrowmap.core.volume import Contrast

SPACING = (6.0, 3.0, 3.0)
SHAPE = (10, 300, 60)
WHOLE = Grid.coronal(SHAPE, SPACING, PointMm(-88.5, -27.0, 450.0))


def body(shape=SHAPE, seed=3, margin_rows=8):
    """Signal between 100 and 1000 inside an ellipse with a bright spot on the patient's left, 0 outside."""
    rng = np.random.default_rng(seed)
    texture = ndimage.gaussian_filter(rng.normal(size=shape), (1.0, 2.5, 2.5))
    texture = 500 + 220 * np.clip(texture / texture.std(), -1.8, 1.8)
    s, r, c = np.indices(shape, dtype=float)
    inside = ((s - shape[0] / 2 + 0.5) / (0.42 * shape[0])) ** 2 + (
        (c - shape[2] / 2 + 0.5) / (0.38 * shape[2])
    ) ** 2 < 1
    inside &= (r >= margin_rows) & (r < shape[1] - margin_rows)
    out = np.where(inside, texture, 0.0)
    out[shape[0] // 2, shape[1] // 2 - 2 : shape[1] // 2 + 2, 42:45] = (
        2000  # columns grow to the patient's left
    )
    return out


def cut(array, grid, rows, columns=None, slices=None):
    """A block of a volume as (array, grid)."""
    s0, s1 = slices or (0, grid.shape[0])
    c0, c1 = columns or (0, grid.shape[2])
    part = array[s0:s1, rows[0] : rows[1], c0:c1]
    affine = np.array(grid.affine)
    affine[:3, 3] += affine[:3, :3] @ (s0, rows[0], c0)
    return np.array(part), Grid(part.shape, affine)


class Made:
    """Collects stacks with arrays and gives an exam and a loader."""

    def __init__(self):
        self.stacks = []
        self.arrays = {}

    def add(self, array, grid, contrast=Contrast.STIR, **more):
        key = f"s{len(self.stacks) + 1:03d}"
        more.setdefault("series_number", len(self.stacks) + 1)
        plane = more.pop("plane", grid.plane)
        derived = more.pop("derived", False)
        stack = Stack(key, contrast, plane, grid, grid.shape[0], derived, "made", **more)
        self.stacks.append(stack)
        self.arrays[key] = array
        return stack

    @property
    def exam(self):
        n = sum(s.n_images for s in self.stacks)
        patient = Patient("test", 10.0, Sex.FEMALE, synthetic=True)
        return Exam(patient, Scanner("", "", 1.5), date(2020, 1, 1), "1.2", tuple(self.stacks), (), n)

    def load(self, stack):
        return self.arrays[stack.id]


def coronal_exam(gains=(1.0, 1.3, 0.8, 1.1), overlap=12, order=None, whole=None):
    """Four coronal STIR stations of ``body()``; returns (Made, whole array)."""
    whole = body() if whole is None else whole
    made = Made()
    n = len(gains)
    length = (SHAPE[1] + (n - 1) * overlap) // n + 1
    places = []
    for i in range(n):
        start = i * (length - overlap)
        places.append((start, min(start + length, SHAPE[1])))
    for i in order or range(n):
        array, grid = cut(whole * gains[i], WHOLE, places[i])
        made.add(np.round(array).astype(np.int16), grid)
    return made, whole


def axial_of(whole, grid, rows):
    """Axial stack (feet to head, front to back, right to left) of rows of a coronal volume, by reordering."""
    array, own = cut(whole, grid, rows)
    affine = np.array(own.affine)[:, [1, 0, 2, 3]]
    affine[:3, 3] += affine[:3, 0] * (array.shape[1] - 1)
    affine[:3, 0] *= -1
    turned = array[:, ::-1, :].transpose(1, 0, 2)
    assert Plane.AXIAL is Grid(turned.shape, affine).plane
    return np.ascontiguousarray(turned), Grid(turned.shape, affine)
