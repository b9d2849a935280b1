"""What a reading still leaves open: signing waits until each is answered or waived with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from marrowmap.core.lesion import Lesion
from marrowmap.core.reading import Decision, Reading, UnitState
from marrowmap.core.site import Region, all_sites


@dataclass(frozen=True)
class Question:
    """One open point. key: stable, what ``Reading.waived`` names. text: for people."""

    key: str
    text: str


_REGION_NAMES = {
    Region.HEAD: "head",
    Region.SHOULDER_GIRDLE: "shoulder girdle",
    Region.CHEST_WALL: "chest wall",
    Region.SPINE: "spine and sacrum",
    Region.PELVIS: "pelvis",
    Region.UPPER_LIMB: "arms",
    Region.HAND: "hands",
    Region.LOWER_LIMB: "legs",
    Region.FOOT: "feet",
}


def open_questions(reading: Reading, candidates: Iterable[str]) -> tuple[Question, ...]:
    """Everything that is neither answered nor waived.

    candidates: ids the machine proposed. Units outside the coverage are "not assessed" by themselves and
    raise no question; units inside it that nobody spoke of do, one question for each body region.
    """
    asked = [
        *(
            Question(f"candidate:{name}", f"Candidate {name} is neither confirmed nor rejected")
            for name in candidates
            if reading.decisions.get(name, Decision.UNDECIDED) is Decision.UNDECIDED
        ),
        *(q for lesion in reading.lesions for q in _of_lesion(lesion)),
        *_of_regions(reading),
    ]
    return tuple(q for q in asked if not reading.waived.get(q.key, "").strip())


def _of_lesion(lesion: Lesion) -> tuple[Question, ...]:
    name = f"Lesion {lesion.id}, {lesion.site.name}"
    asked = []
    if lesion.features.signal_grade is None:
        asked.append(Question(f"signal:{lesion.id}", f"{name}: signal on STIR is not graded"))
    if lesion.extents[0].percent is None:
        asked.append(Question(f"extent:{lesion.id}", f"{name}: share of the unit is not stated"))
    if lesion.level_uncertain:
        asked.append(Question(f"level:{lesion.id}", f"{name}: the vertebral level is uncertain"))
    return tuple(asked)


def _of_regions(reading: Reading) -> tuple[Question, ...]:
    asked = []
    for region, name in _REGION_NAMES.items():
        units = [s for s in all_sites() if s.region is region and s.id not in reading.not_covered]
        silent = [s for s in units if reading.unit_state(s.id) is UnitState.NOT_ASSESSED]
        if silent:
            text = f"{len(silent)} of {len(units)} covered units of the {name} are neither normal nor with a lesion"
            asked.append(Question(f"region:{region}", text))
    return tuple(asked)
