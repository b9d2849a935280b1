"""Samples: voxels drawn from one child, kept in a file each, so that drawing can stop and go on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

Sample = dict[str, npt.NDArray]
"""Arrays with one row per voxel: features "x" (float16) and what is to be learned of them."""


def keep(sample: Sample, path: Path) -> None:
    """Write to a temporary sibling, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp.npz")
    np.savez(partial, **sample)  # type: ignore[arg-type]
    partial.rename(path)


def join(files: list[Path], width: int | None = None) -> dict[str, npt.NDArray]:
    """All samples one after the other, in memory once. width: of the features; more of them are left out."""
    sizes = {}
    like: dict[str, tuple[tuple[int, ...], np.dtype]] = {}
    for f in files:
        with np.load(f) as d:
            sizes[f] = len(d["x"])
            like = like or {k: (d[k].shape[1:], d[k].dtype) for k in d.files}
    if width is not None:
        like["x"] = ((width,), like["x"][1])
    out = {k: np.empty((sum(sizes.values()), *shape), dtype) for k, (shape, dtype) in like.items()}
    at = 0
    for f, n in sizes.items():
        with np.load(f) as d:
            for k, array in out.items():
                some = d[k]
                array[at : at + n] = some[:, : array.shape[1]] if array.ndim > 1 else some
        at += n
    return out
