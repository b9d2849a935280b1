"""When a mark hits a lesion: one rule for the synthetic bench, a centre's own exams and the ranker.

Both share at least 15 % of the smaller of them and 10 % of the mark. A mark is judged against every lesion by
itself: crumbs of several lesions do not add up to a hit.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

OF_SMALLER = 0.15
OF_MARK = 0.1


def lesions_hit(inside: npt.NDArray[Any], size: npt.NDArray[np.int64]) -> dict[int, int]:
    """Lesions that one mark hits, by number: voxels they share.

    inside: lesion number at every voxel of the mark, 0 where there is none. size: voxels of each lesion, by number.
    """
    shared = np.bincount(inside.ravel(), minlength=len(size))
    shared[0] = 0
    n = inside.size
    return {
        int(k): int(shared[k])
        for k in np.flatnonzero(shared)
        if shared[k] >= OF_SMALLER * min(size[k], n) and shared[k] >= OF_MARK * n
    }


def verdict(hit: Iterable[int], counted: Container[int]) -> bool | None:
    """Of a mark that hits these lesions: True when one of them counts, False when it hits none.

    None: it hits only lesions that do not count, and is neither right nor false.
    """
    numbers = list(hit)
    if not numbers:
        return False
    return True if any(k in counted for k in numbers) else None
