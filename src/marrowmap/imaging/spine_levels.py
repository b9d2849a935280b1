"""Which vertebra of the earlier exam a vertebra of the later one is, whatever the two labellings counted.

A level may be named wrong by one in either exam. The trunk as a whole is a better measure: between the ilia and the
skull, which are hard to confuse, every vertebra keeps its share of the way in another pose and after growth.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marrowmap.core.site import VERTEBRAL_LEVELS
from marrowmap.imaging.bone_frame import BonePoints

NAMES = tuple(f"vertebra_{level.lower()}" for level in VERTEBRAL_LEVELS)
ILIA, HEAD = ("ilium_right", "ilium_left"), "skull"
FEWEST = 6
"""Vertebrae that both exams must show before the way is trusted."""
FARTHEST = 2
"""Levels that a labelling may be off."""
WINDOW = 3
"""Vertebrae on either side that vote on how far the names of one are off: names are wrong in runs."""


def earlier_levels(before: Mapping[str, BonePoints], after: Mapping[str, BonePoints]) -> dict[str, str]:
    """Later vertebra -> the earlier vertebra it is, by name of ``bone_key``.

    Without ilia and skull in both exams, or with too few vertebrae, every vertebra is the one of its name.
    """
    there, here = _shares(before), _shares(after)
    same = {name: name for name in NAMES if name in before and name in after}
    if len(there) < FEWEST or len(here) < FEWEST:
        return same
    off = {}
    for name, share in here.items():
        k = NAMES.index(name)
        near = [n for n in there if abs(NAMES.index(n) - k) <= FARTHEST]
        if near:
            off[name] = NAMES.index(min(near, key=lambda n: abs(there[n] - share))) - k
    found = {}
    for name in off:
        k = NAMES.index(name)
        votes = [off[n] for n in NAMES[max(0, k - WINDOW) : k + WINDOW + 1] if n in off]
        other = k + round(float(np.median(votes)))
        if 0 <= other < len(NAMES) and NAMES[other] in before:
            found[name] = NAMES[other]
    return found


def _shares(bones: Mapping[str, BonePoints]) -> dict[str, float]:
    """Share of the way from the ilia (0) to the skull (1), head to foot, of each vertebra; {} without both ends."""
    low = [_height(bones[n]) for n in ILIA if n in bones]
    if not low or HEAD not in bones:
        return {}
    foot, head = float(np.mean(low)), _height(bones[HEAD])
    whole = max(head - foot, 1e-6)
    return {n: (_height(bones[n]) - foot) / whole for n in NAMES if n in bones}


def _height(points: BonePoints) -> float:
    return float(np.median(points.places_mm[:, 2]))
