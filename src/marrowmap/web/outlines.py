"""Outlines as text: the box of a mask and one bit per voxel (frontend/src/lib/viewer/mask.ts)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.errors import InvalidRecord


def mask_to_json(mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """A mask as its box and its bits. Raises ValueError when it is empty."""
    if not mask.any():
        raise ValueError("an empty mask has no box")
    ends = [
        np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))[[0, -1]] for axis in range(3)
    ]
    box = mask[tuple(slice(int(a), int(b) + 1) for a, b in ends)]
    bits = np.packbits(box.ravel()).tobytes()
    return {
        "origin": [int(a) for a, _ in ends],
        "shape": list(box.shape),
        "bits": base64.b64encode(bits).decode("ascii"),
    }


def mask_from_json(outline: dict[str, Any], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """The mask in an array of ``shape``. Raises InvalidRecord when it is malformed, empty or does not fit."""
    try:
        origin, size = [int(v) for v in outline["origin"]], [int(v) for v in outline["shape"]]
        packed = np.frombuffer(base64.b64decode(outline["bits"], validate=True), np.uint8)
        if len(origin) != 3 or len(size) != 3 or min(size) < 1 or int(np.prod(size)) > packed.size * 8:
            raise ValueError("box and bits do not agree")
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise InvalidRecord("outline", f"cannot be read: {error}", "Send origin, shape and bits") from None
    low = [max(0, o) for o in origin]
    high = [min(n, o + s) for n, o, s in zip(shape, origin, size, strict=True)]
    mask = np.zeros(shape, dtype=bool)
    if all(a < b for a, b in zip(low, high, strict=True)):
        box = np.unpackbits(packed)[: int(np.prod(size))].reshape(size).astype(bool)
        there = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        mask[there] = box[tuple(slice(a - o, b - o) for a, b, o in zip(low, high, origin, strict=True))]
    if not mask.any():
        raise InvalidRecord("outline", "holds no voxel of this exam", "Draw at least one voxel")
    return mask
