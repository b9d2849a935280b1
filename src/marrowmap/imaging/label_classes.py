"""What the unit network names: bone classes without side, and how classes become rows of ``sites.csv``.

Sides come from geometry, vertebral levels and rays of hand and foot from ordered numbers, so that one class
stands for many units and left and right teach each other.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from marrowmap.core.site import VERTEBRAL_LEVELS, Side, Site, all_sites

FINE_NAMES = ("other", "bone", "disc", "plate", "muscle", "fat")
"""What the fine head tells apart at 3 mm: "plate" is growth plate and cartilage, "other" includes air."""
BONE, DISC, PLATE, MUSCLE = 1, 2, 3, 4
ORDINAL_STEP = 4.0
"""The network predicts vertebral level (0 for C1) and ray (1 to 5) divided by this."""


def class_name(unit: Site) -> str:
    """Class of a unit: bone and segment without side; vertebrae by region; rays of hand and foot together."""
    if unit.is_vertebra:
        level = unit.level or ""
        return f"vertebra_{level.lower()}" if level in ("C1", "C2") else f"vertebra_{level[0].lower()}"
    if unit.bone.startswith(("metacarpal_", "metatarsal_")):
        return unit.bone.split("_")[0]
    return f"{unit.bone}/{unit.segment}"


@cache
def class_names() -> tuple[str, ...]:
    """All classes in a fixed order."""
    return tuple(dict.fromkeys(class_name(unit) for unit in all_sites()))


@cache
def class_of_label() -> npt.NDArray[np.uint8]:
    """Label value -> class number; 255 for 0 (no bone)."""
    table = np.full(256, 255, dtype=np.uint8)
    names = class_names()
    for unit in all_sites():
        table[unit.label] = names.index(class_name(unit))
    return table


@cache
def ordinal_of_label() -> npt.NDArray[np.float32]:
    """Label value -> vertebral level (C1 is 0) or ray (1 to 5); NaN elsewhere."""
    table = np.full(256, np.nan, dtype=np.float32)
    for unit in all_sites():
        if unit.is_vertebra and unit.level:
            table[unit.label] = VERTEBRAL_LEVELS.index(unit.level)
        elif unit.bone.startswith(("metacarpal_", "metatarsal_")):
            table[unit.label] = int(unit.bone[-1])
    return table


@cache
def label_of_class() -> npt.NDArray[np.uint8]:
    """(class, side) -> label, side 0 right, 1 left, 2 midline; 0 where levels or rays decide."""
    names = class_names()
    table = np.zeros((len(names), 3), dtype=np.uint8)
    column = {Side.RIGHT: 0, Side.LEFT: 1, Side.MIDLINE: 2}
    for unit in all_sites():
        k = names.index(class_name(unit))
        if class_name(unit) in ("vertebra_c", "vertebra_t", "vertebra_l", "metacarpal", "metatarsal"):
            continue
        table[k, column[unit.side]] = unit.label
        if unit.side is Side.MIDLINE:
            table[k, :] = unit.label
    return table


@cache
def is_paired() -> npt.NDArray[np.bool_]:
    """Class -> whether it has a left and a right."""
    names = class_names()
    out = np.zeros(len(names), dtype=bool)
    for unit in all_sites():
        out[names.index(class_name(unit))] |= unit.side is not Side.MIDLINE
    return out
