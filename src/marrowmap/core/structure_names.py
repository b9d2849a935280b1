"""What other tools call a bone, and which of our units it covers.

An outside label map often knows whole bones ("femur_left", "hip_right", "vertebrae_T5"). A name gives all units
that it may stand for; which of them a voxel belongs to is decided where the images are.
"""

from __future__ import annotations

import re
from functools import cache

from marrowmap.core.site import VERTEBRAL_LEVELS, Segment, Side, Site, all_sites, sites_by_id

SIDES = {"left": Side.LEFT, "l": Side.LEFT, "right": Side.RIGHT, "r": Side.RIGHT}
BONES: dict[str, tuple[str, ...]] = {
    "skull": ("skull",), "cranium": ("skull",), "mandible": ("mandible",), "jaw": ("mandible",),
    "clavicle": ("clavicle",), "clavicula": ("clavicle",), "collarbone": ("clavicle",), "scapula": ("scapula",),
    "sternum": ("sternum",), "rib": ("ribs",), "ribs": ("ribs",), "sacrum": ("sacrum",),
    "hip": ("ilium", "ischium", "pubis"), "hip bone": ("ilium", "ischium", "pubis"),
    "pelvis": ("ilium", "ischium", "pubis"), "os coxae": ("ilium", "ischium", "pubis"),
    "ilium": ("ilium",), "ischium": ("ischium",), "pubis": ("pubis",),
    "humerus": ("humerus",), "radius": ("radius",), "ulna": ("ulna",), "femur": ("femur",), "tibia": ("tibia",),
    "fibula": ("fibula",), "patella": ("patella",), "talus": ("talus",), "calcaneus": ("calcaneus",),
    "tarsal": ("talus", "calcaneus", "tarsals"), "tarsals": ("talus", "calcaneus", "tarsals"),
    "metatarsal": tuple(f"metatarsal_{k}" for k in range(1, 6)),
    "metatarsals": tuple(f"metatarsal_{k}" for k in range(1, 6)),
    "phalanges feet": ("toes",), "toes": ("toes",), "carpal": ("carpus",), "carpals": ("carpus",),
    "carpus": ("carpus",), "metacarpal": tuple(f"metacarpal_{k}" for k in range(1, 6)),
    "metacarpals": tuple(f"metacarpal_{k}" for k in range(1, 6)),
    "phalanges hand": ("fingers",), "fingers": ("fingers",),
}  # fmt: skip
_LEVEL = re.compile(r"(?:vertebrae?|vertebral body|spine)?\s*([ctls]\d{1,2})")
_ALL_VERTEBRAE = {"vertebra", "vertebrae", "vertebral body", "vertebrae body", "spine"}


def units_called(name: str) -> tuple[Site, ...]:
    """Units that a structure of this name covers, in label order; () when it is none of our bones.

    Takes ids and names of our own units, English and Latin names of bones with or without a side ("femur_left",
    "left femur", "tibia"), vertebral levels ("vertebrae_T5", "L3") and the names of TotalSegmentator and SPINEPS.
    Without a side both sides are given. A thirteenth thoracic or sixth lumbar vertebra has no unit and gives ().
    """
    plain = " ".join(re.split(r"[\s_,\-]+", name.strip().lower()))
    exact = _own_names().get(plain)
    if exact is not None:
        return (exact,)
    level = _LEVEL.fullmatch(plain)
    if level:
        return _of_level(level.group(1).upper())
    if plain in _ALL_VERTEBRAE:
        return tuple(s for s in all_sites() if s.is_vertebra)
    words = plain.split()
    said = {SIDES[w] for w in words if w in SIDES}
    rest = " ".join(w for w in words if w not in SIDES and not w.isdigit())
    bones = BONES.get(rest)
    if bones is None or len(said) > 1:
        return ()
    side = next(iter(said), None)
    return tuple(s for s in all_sites() if s.bone in bones and side in (None, s.side))


@cache
def _own_names() -> dict[str, Site]:
    """Our units by id and by name, written plainly."""
    named = {" ".join(s.name.lower().replace(",", "").split()): s for s in all_sites()}
    return named | {key.replace("_", " "): s for key, s in sites_by_id().items()}


def _of_level(level: str) -> tuple[Site, ...]:
    if level in VERTEBRAL_LEVELS:
        return (sites_by_id()[f"vertebra_{level.lower()}"],)
    if level[0] != "S":
        return ()
    wanted = Segment.S1 if level == "S1" else Segment.S2_S5
    return tuple(s for s in all_sites() if s.bone == "sacrum" and s.segment is wanted)
