"""A weak guess at the part of the body a stack shows: the body part element, names, extent.

It never decides what is assessed: coverage is computed from positions. UNKNOWN where nothing tells.
"""

from __future__ import annotations

import re

from marrowmap.core.exam import BodyRegion
from marrowmap.core.geometry import Grid, Plane
from marrowmap.exchange.dicom_header import Settings

WHOLE_BODY_MM = 900.0
"""A stack that reaches further than this from head to foot shows more than one region (our choice)."""

_PARTS = {
    "WHOLEBODY": BodyRegion.WHOLE_BODY, "HEAD": BodyRegion.HEAD_NECK, "NECK": BodyRegion.HEAD_NECK,
    "HEADNECK": BodyRegion.HEAD_NECK, "SKULL": BodyRegion.HEAD_NECK, "BRAIN": BodyRegion.HEAD_NECK,
    "CSPINE": BodyRegion.SPINE, "TSPINE": BodyRegion.SPINE, "LSPINE": BodyRegion.SPINE,
    "SPINE": BodyRegion.SPINE, "WHOLESPINE": BodyRegion.SPINE, "CHEST": BodyRegion.CHEST,
    "THORAX": BodyRegion.CHEST, "ABDOMEN": BodyRegion.ABDOMEN, "PELVIS": BodyRegion.PELVIS,
    "PROSTATE": BodyRegion.PELVIS, "HIP": BodyRegion.PELVIS, "SIJOINT": BodyRegion.PELVIS,
    "SACRUM": BodyRegion.PELVIS, "ARM": BodyRegion.ARM, "HUMERUS": BodyRegion.ARM,
    "ELBOW": BodyRegion.ARM, "HAND": BodyRegion.HAND, "WRIST": BodyRegion.HAND,
    "THIGH": BodyRegion.THIGHS, "FEMUR": BodyRegion.THIGHS, "UPRLEG": BodyRegion.THIGHS,
    "KNEE": BodyRegion.KNEES, "LEG": BodyRegion.LOWER_LEGS, "LOWLEG": BodyRegion.LOWER_LEGS,
    "TIBIA": BodyRegion.LOWER_LEGS, "CALF": BodyRegion.LOWER_LEGS, "ANKLE": BodyRegion.FEET,
    "FOOT": BodyRegion.FEET, "FEET": BodyRegion.FEET,
}  # fmt: skip
_NAMES = (
    (r"spine|wirbels|rachis|\b[ctl]ws\b|column|sagittal.?sp", BodyRegion.SPINE),
    (r"feet|foot|fuss|fu[sß]+e|pied|ankle", BodyRegion.FEET),
    (r"knee|knie|genou", BodyRegion.KNEES),
    (r"pelvi|becken|bassin|\bhips?\b|sacroil|\bisg\b", BodyRegion.PELVIS),
    (r"thigh|oberschenkel|cuisse", BodyRegion.THIGHS),
    (r"lower.?leg|calf|calves|unterschenkel|jambe", BodyRegion.LOWER_LEGS),
    (r"hand|wrist", BodyRegion.HAND),
    (r"chest|thora", BodyRegion.CHEST),
    (r"abdom", BodyRegion.ABDOMEN),
    (r"head|neck|kopf|skull|\bt[eê]te\b", BodyRegion.HEAD_NECK),
)


def guess_region(s: Settings, grid: Grid, plane: Plane) -> BodyRegion:
    """Region from extent, names and the body part element, in this order of trust."""
    low, high = grid.extent_mm()
    if high.z - low.z > WHOLE_BODY_MM:
        return BodyRegion.WHOLE_BODY
    name = f"{s.description} {s.protocol}".lower()
    for pattern, region in _NAMES:
        if re.search(pattern, name):
            return region
    part = re.sub(r"[^A-Z]", "", s.body_part)
    found = _PARTS.get(part) or _PARTS.get(part.rstrip("S")) or BodyRegion.UNKNOWN
    if found is BodyRegion.WHOLE_BODY:
        # One station of a whole-body exam: the element names the exam, not the station.
        return BodyRegion.UNKNOWN
    return found
