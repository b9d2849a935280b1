"""Which number stands for which bone in label maps of other tools.

Only bones are listed; every other number of such a map is not bone. Sources: ``class_map`` of TotalSegmentator 2
(Wasserthal et al.), vertebra numbering of SPINEPS (Möller et al., as in TPTBox: body by number, discs from 100,
endplates from 200).
"""

from __future__ import annotations

from collections.abc import Mapping

from marrowmap.core.site import VERTEBRAL_LEVELS, all_sites

_FROM_BELOW = [f"vertebrae_{level}" for level in reversed(VERTEBRAL_LEVELS)]
_TRUNK = ["humerus", "scapula", "clavicula", "femur", "hip"]


def _pairs(first: int, bones: list[str]) -> dict[int, str]:
    """Left and right of each bone in turn, numbered from ``first``."""
    return {
        first + k: name for k, name in enumerate(f"{b}_{side}" for b in bones for side in ("left", "right"))
    }


LABEL_SETS: Mapping[str, Mapping[int, str]] = {
    "marrowmap": {s.label: s.id for s in all_sites()},
    "totalsegmentator_mr": {18: "sacrum", 19: "vertebrae"} | _pairs(30, _TRUNK),
    "totalsegmentator_vertebrae_mr": {1: "sacrum"} | dict(enumerate(_FROM_BELOW, start=2)),
    "totalsegmentator_appendicular_mr": {
        1: "patella", 2: "tibia", 3: "fibula", 4: "tarsal", 5: "metatarsal", 6: "phalanges_feet", 7: "ulna",
        8: "radius",
    },
    "totalsegmentator_ct": {25: "sacrum", 26: "vertebrae_S1"}
    | dict(enumerate(_FROM_BELOW, start=27))
    | _pairs(69, _TRUNK)
    | {91: "skull"}
    | {92 + k: f"rib_{side}_{n}" for k, (side, n) in enumerate((s, n) for s in ("left", "right") for n in range(1, 13))}
    | {116: "sternum"},
    "spineps": dict(enumerate(VERTEBRAL_LEVELS, start=1))
    | {25: "L6", 26: "S1", 28: "T13"}
    | {27 + k: f"S{k}" for k in range(2, 6)},
}  # fmt: skip
"""Name of the set -> number -> name of the structure, as ``units_called`` takes it."""
