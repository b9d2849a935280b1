"""One visit to the scanner: who, when, on what, and every stack of images that came out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.volume import Contrast


class Sex(StrEnum):
    """Sex as recorded in the images; UNKNOWN when the field is empty or holds anything else."""

    FEMALE = "F"
    MALE = "M"
    OTHER = "O"
    UNKNOWN = "unknown"


class BodyRegion(StrEnum):
    """What part of the body a stack shows."""

    WHOLE_BODY = "whole_body"
    HEAD_NECK = "head_neck"
    CHEST = "chest"
    ABDOMEN = "abdomen"
    PELVIS = "pelvis"
    SPINE = "spine"
    ARM = "arm"
    HAND = "hand"
    THIGHS = "thighs"
    KNEES = "knees"
    LOWER_LEGS = "lower_legs"
    FEET = "feet"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Patient:
    """What the images say about the child. None means the field is empty or unreadable.

    key: pseudonym made from the patient id, never the id itself; it links exams of one child.
    synthetic: True for a digital child; shown on every page.
    """

    key: str
    age_years: float | None
    sex: Sex
    size_m: float | None = None
    synthetic: bool = False


@dataclass(frozen=True)
class Scanner:
    """The machine; "" or None where the images do not say."""

    manufacturer: str
    model: str
    field_tesla: float | None


@dataclass(frozen=True)
class Acquisition:
    """Acquisition values a contrast is decided from; None where the images do not say. Times in ms."""

    sequence: str = ""
    tr_ms: float | None = None
    te_ms: float | None = None
    ti_ms: float | None = None
    flip_degrees: float | None = None
    fat_suppressed: bool | None = None
    slice_thickness_mm: float | None = None


@dataclass(frozen=True)
class Stack:
    """Images of one contrast on one regular grid: a station, a spine block, one b-value.

    id: stable within the exam, for example ``s012``.
    derived: made by the scanner from other images (ADC map, computed b-value, composed series).
    b_value: s/mm2; for a computed b-value see ``b_computed``. None where it is no diffusion image.
    composed_by_scanner: the scanner has joined stations already; it is not composed again.
    why: how the contrast was decided, in words.
    used_for: what the imaging line did with it, in words; "" before it ran.
    files: paths relative to the exam folder, in slice order; a multi-frame file may stand here once.
    missing_slices: slice numbers of the grid for which no image exists; they hold 0 and are not covered.
    """

    id: str
    contrast: Contrast
    plane: Plane
    grid: Grid
    n_images: int
    derived: bool
    why: str
    b_value: float | None = None
    b_computed: bool = False
    composed_by_scanner: bool = False
    body_region: BodyRegion = BodyRegion.UNKNOWN
    acquisition: Acquisition = field(default_factory=Acquisition)
    series_number: int | None = None
    series_description: str = ""
    series_uid: str = ""
    frame_of_reference: str = ""
    used_for: str = ""
    files: tuple[str, ...] = ()
    missing_slices: tuple[int, ...] = ()


@dataclass(frozen=True)
class Leftover:
    """Images that are in no stack, with the reason: nothing is ever dropped silently."""

    what: str
    n_images: int
    reason: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exam:
    """Everything read from one exam folder.

    images_in: images found (a multi-frame file counts its frames); ``images_accounted`` must equal it.
    """

    patient: Patient
    scanner: Scanner
    exam_date: date | None
    study_uid: str
    stacks: tuple[Stack, ...]
    leftovers: tuple[Leftover, ...]
    images_in: int
    warnings: tuple[str, ...] = ()

    @property
    def images_accounted(self) -> int:
        """Images that lie in a stack or among the leftovers."""
        return sum(s.n_images for s in self.stacks) + sum(rest.n_images for rest in self.leftovers)
