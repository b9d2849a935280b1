"""The one list of bone units, read from ``sites.csv``.

A unit is what a reader scores: a long-bone segment, a vertebra, half a clavicle, one metatarsal. The list
follows section 2.3 of the definitions and is **ours** (PROPOSED): no published list was readable. The row
number is the value of the unit in every label volume, so rows are only ever appended.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType


class Side(StrEnum):
    """The patient's side, never the viewer's."""

    RIGHT = "right"
    LEFT = "left"
    MIDLINE = "midline"

    @property
    def opposite(self) -> Side:
        """The other side; the midline is its own mirror."""
        return {Side.RIGHT: Side.LEFT, Side.LEFT: Side.RIGHT}.get(self, self)


class Segment(StrEnum):
    """Part of a bone that a unit stands for."""

    WHOLE = "whole"
    PROXIMAL_EPIPHYSIS = "proximal_epiphysis"
    PROXIMAL_METAPHYSIS = "proximal_metaphysis"
    DIAPHYSIS = "diaphysis"
    DISTAL_METAPHYSIS = "distal_metaphysis"
    DISTAL_EPIPHYSIS = "distal_epiphysis"
    APOPHYSIS = "apophysis"
    PROXIMAL_END = "proximal_end"
    SHAFT = "shaft"
    DISTAL_END = "distal_end"
    MEDIAL = "medial"
    LATERAL = "lateral"
    MANUBRIUM = "manubrium"
    BODY = "body"
    VERTEBRA = "vertebra"
    S1 = "s1"
    S2_S5 = "s2_s5"

    @property
    def is_metaphyseal(self) -> bool:
        """Metaphysis of a long bone that has its epiphysis as a unit of its own."""
        return self in (Segment.PROXIMAL_METAPHYSIS, Segment.DISTAL_METAPHYSIS)

    @property
    def is_epiphyseal(self) -> bool:
        """Epiphysis or apophysis."""
        return self in (Segment.PROXIMAL_EPIPHYSIS, Segment.DISTAL_EPIPHYSIS, Segment.APOPHYSIS)


class Region(StrEnum):
    """Body region a unit belongs to."""

    HEAD = "head"
    SHOULDER_GIRDLE = "shoulder_girdle"
    CHEST_WALL = "chest_wall"
    SPINE = "spine"
    PELVIS = "pelvis"
    UPPER_LIMB = "upper_limb"
    HAND = "hand"
    LOWER_LIMB = "lower_limb"
    FOOT = "foot"


@dataclass(frozen=True, slots=True)
class Site:
    """One bone unit.

    label: its value in label volumes, 1 to 255; 0 means no bone.
    id: stable name, for example ``tibia_distal_metaphysis_left``.
    name: for people, for example "left tibia, distal metaphysis".
    bone: the bone without side, shared by all segments (``tibia``; ``vertebra_t8``).
    table2_row: row of Table 2 of the Belgian cohort; "" when the table has none.
    snomed: SNOMED CT code of the bone as found in DICOM's subset; "" when none was found.
    healthy_group: region of the healthy-children series; "none" when it names none.
    strict_threshold: hands, feet and knees, where healthy children often show bright marrow.
    """

    label: int
    id: str
    name: str
    bone: str
    side: Side
    segment: Segment
    region: Region
    table2_row: str
    snomed: str
    healthy_group: str
    strict_threshold: bool

    @property
    def is_vertebra(self) -> bool:
        """One of the 24 mobile vertebrae (not the sacrum)."""
        return self.segment is Segment.VERTEBRA

    @property
    def level(self) -> str | None:
        """Vertebral level such as "T8"; None outside the mobile spine."""
        return self.bone.removeprefix("vertebra_").upper() if self.is_vertebra else None

    @property
    def in_hand_or_foot(self) -> bool:
        """Whether response counts that leave out hands and feet leave this unit out."""
        return self.region in (Region.HAND, Region.FOOT)

    @property
    def is_long_bone(self) -> bool:
        """Humerus, radius, ulna, femur, tibia or fibula."""
        return self.bone in LONG_BONES


LONG_BONES = frozenset({"humerus", "radius", "ulna", "femur", "tibia", "fibula"})


@cache
def _rows() -> tuple[Site, ...]:
    text = resources.files("marrowmap.core").joinpath("sites.csv").read_text(encoding="utf-8")
    return tuple(
        Site(
            label=int(row["label"]),
            id=row["id"],
            name=row["name"],
            bone=row["bone"],
            side=Side(row["side"]),
            segment=Segment(row["segment"]),
            region=Region(row["region"]),
            table2_row=row["table2_row"],
            snomed=row["snomed"],
            healthy_group=row["healthy_group"],
            strict_threshold=row["strict_threshold"] == "1",
        )
        for row in csv.DictReader(text.splitlines())
    )


def all_sites() -> tuple[Site, ...]:
    """Every bone unit, in label order."""
    return _rows()


@cache
def sites_by_id() -> MappingProxyType[str, Site]:
    """Every bone unit by its id."""
    return MappingProxyType({site.id: site for site in _rows()})


def site(site_id: str) -> Site:
    """The unit named ``site_id``. Raises KeyError naming the id when there is none."""
    try:
        return sites_by_id()[site_id]
    except KeyError:
        raise KeyError(f"unknown bone unit {site_id!r}; see sites.csv for the accepted ids") from None


def site_of_label(label: int) -> Site | None:
    """The unit with this label value; None for 0. Raises IndexError beyond the list."""
    if label == 0:
        return None
    if label < 0:
        raise IndexError(f"label values start at 0, got {label}")
    return _rows()[label - 1]


def mirror(unit: Site) -> Site | None:
    """The same unit on the other side; None for midline units."""
    if unit.side is Side.MIDLINE:
        return None
    return sites_by_id()[f"{unit.id.removesuffix(unit.side)}{unit.side.opposite}"]


VERTEBRAL_LEVELS: tuple[str, ...] = tuple(
    [f"C{i}" for i in range(1, 8)] + [f"T{i}" for i in range(1, 13)] + [f"L{i}" for i in range(1, 6)]
)
"""The 24 mobile levels, head to tail."""
