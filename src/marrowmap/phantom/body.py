"""What a digital child is to the rest of the phantom: tissues, maps, a specification and a protocol.

A body is painted on any grid; nothing outside this room knows how the body is made. Synthetic throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid, PointMm

Sex = Literal["F", "M"]
ArmPose = Literal["beside", "on_body"]
BodyKind = Literal["mesh", "analytic", "rods"]
"""Whose shapes: the main generator, the held-out one, the plain one that is for training alone."""


class Tissue(IntEnum):
    """What fills a voxel. Values are stored in label volumes, so they are only ever appended."""

    AIR = 0
    """Outside the body."""
    SKIN = 1
    FAT = 2
    """Subcutaneous and deep fat, between muscles and around organs."""
    MUSCLE = 3
    FASCIA = 4
    """Fascia, tendons, ligaments, menisci: nearly no signal."""
    BRAIN_GREY = 5
    BRAIN_WHITE = 6
    CSF = 7
    """Cerebrospinal fluid: ventricles, around the brain and in the spinal canal."""
    EYE = 8
    LUNG = 9
    HEART = 10
    """Heart muscle."""
    VESSEL = 11
    """Blood in heart chambers, arteries and veins."""
    LIVER = 12
    SPLEEN = 13
    KIDNEY = 14
    BLADDER = 15
    """Urine."""
    BOWEL = 16
    """Bowel wall and solid content."""
    DISC = 17
    CARTILAGE = 18
    """Joint cartilage, cartilaginous epiphyses, costal cartilage, triradiate cartilage."""
    PHYSIS = 19
    """Growth plate, open."""
    CORTEX = 20
    """Cortical bone, endplates."""
    MARROW = 21
    SYNOVIAL_FLUID = 22
    SPINAL_CORD = 23
    AIRWAY = 24
    """Air inside the body: sinuses, mouth, trachea, bowel gas."""
    BOWEL_FLUID = 25
    STOMACH = 26
    """Stomach content."""
    TOOTH = 27
    GLAND = 28
    """Glands and nodes: thyroid, thymus, parotid, lymph nodes, pancreas, uterus, prostate."""
    CONNECTIVE = 29
    """Loose soft tissue that is none of the others: tongue base, mediastinum, joint capsules, perineum."""
    DISC_NUCLEUS = 30
    """Nucleus pulposus."""


BONE_TISSUES = (Tissue.CORTEX, Tissue.MARROW)
"""The tissues that carry a bone unit in ``Maps.site``."""


@dataclass(frozen=True)
class Maps:
    """One body painted on one grid; all arrays have the shape of the grid, indexed [slice, row, column].

    tissue: uint8, values of Tissue.
    site: uint8, label of the bone unit (``core/sites.csv``) in cortex and marrow, 0 elsewhere (growth
        plate 0).
    part: uint8, finer bone inside a unit that holds several (rib number, phalanx, carpal or tarsal bone;
        see PARTS), 0 where the unit is one bone.
    along: float16, 0 at the proximal or cranial end of the bone to 1 at the distal or caudal end; NaN
        outside bone.
    to_physis: float16, millimetres to the nearest open growth plate of the same bone; NaN without one.
    """

    grid: Grid
    tissue: npt.NDArray[np.uint8]
    site: npt.NDArray[np.uint8]
    part: npt.NDArray[np.uint8]
    along: npt.NDArray[np.float16]
    to_physis: npt.NDArray[np.float16]


PARTS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "ribs": tuple(f"rib {i}" for i in range(1, 14)),
        "carpus": (
            "scaphoid",
            "lunate",
            "triquetrum",
            "pisiform",
            "trapezium",
            "trapezoid",
            "capitate",
            "hamate",
        ),
        "tarsals": (
            "navicular",
            "cuboid",
            "medial cuneiform",
            "intermediate cuneiform",
            "lateral cuneiform",
        ),
        "fingers": tuple(
            f"{phalanx} phalanx of finger {ray}"
            for ray in range(1, 6)
            for phalanx in ("proximal", "middle", "distal")
            if not (ray == 1 and phalanx == "middle")
        ),
        "toes": tuple(
            f"{phalanx} phalanx of toe {ray}"
            for ray in range(1, 6)
            for phalanx in ("proximal", "middle", "distal")
            if not (ray == 1 and phalanx == "middle")
        ),
        "skull": ("vault", "face", "base"),
        "vertebra": ("body", "arch"),
    }
)
"""Names of the finer bones, by ``Site.bone`` ("vertebra" for all levels); ``Maps.part`` p is entry p - 1."""


@dataclass(frozen=True)
class ChildSpec:
    """Which child to make. The same values make the same body.

    seed: everything that is not given below is drawn from it.
    age_years: 3 to 18. sex: "F" or "M".
    height_cm, bmi: None draws a plausible value for age and sex.
    arms: "beside" the trunk or hands "on_body"; None draws.
    leg_rotation_deg: outward rotation of both legs in degrees; leg_abduction_deg: spread. None draws.
    scoliosis_cobb_deg: greatest lateral bend of the spine in degrees, 0 for straight; None draws (mostly 0).
    thoracic_levels: 11, 12 or 13; None draws with realistic odds.
    transitional: "sacralised_l5", "lumbarised_s1" or "none"; None draws.
    """

    seed: int
    age_years: float
    sex: Sex
    height_cm: float | None = None
    bmi: float | None = None
    arms: ArmPose | None = None
    leg_rotation_deg: float | None = None
    leg_abduction_deg: float | None = None
    scoliosis_cobb_deg: float | None = None
    thoracic_levels: int | None = None
    transitional: Literal["none", "sacralised_l5", "lumbarised_s1"] | None = None

    def __post_init__(self) -> None:
        if not 3.0 <= self.age_years <= 18.0:
            raise ValueError(f"age_years must be 3 to 18, got {self.age_years}")
        if self.sex not in ("F", "M"):
            raise ValueError(f"sex must be 'F' or 'M', got {self.sex!r}")
        if self.thoracic_levels not in (None, 11, 12, 13):
            raise ValueError(f"thoracic_levels must be 11, 12 or 13, got {self.thoracic_levels}")


@dataclass(frozen=True)
class Numbering:
    """The truth about the spine's levels.

    levels: mobile vertebrae head to tail by true name; "T13" may appear, "T12" may be missing. A site label
        exists only for C1 to L5: a T13 is painted as ``vertebra_t12`` together with T12 (see ``labels``).
    labels: the ``core/sites.csv`` label painted for each entry of ``levels``.
    transitional: "none", "sacralised_l5" (L5 joined to the sacrum) or "lumbarised_s1" (S1 free).
    ribs: pairs of ribs.
    """

    levels: tuple[str, ...]
    labels: tuple[int, ...]
    transitional: str = "none"
    ribs: int = 12

    @property
    def is_usual(self) -> bool:
        """Whether this is 7 cervical, 12 thoracic and 5 lumbar levels without a transitional vertebra."""
        return len(self.levels) == 24 and self.ribs == 12 and self.transitional == "none"


@dataclass(frozen=True)
class BodyFacts:
    """Values a body was made with, drawn where the specification left them open."""

    height_cm: float
    weight_kg: float
    numbering: Numbering
    arms: str = "beside"
    scoliosis_cobb_deg: float = 0.0
    lengths_mm: MappingProxyType[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Largest lengths of long bones without side, such as ``femur``, and ``height``."""


@runtime_checkable
class Body(Protocol):
    """A digital child lying supine, head first: +x to the patient's left, +y to the back, +z to the head."""

    spec: ChildSpec
    facts: BodyFacts
    landmarks: dict[str, PointMm]
    """Named places: vertex, chin, c2, t1, t12, l5_s1, sternal_notch and, each with ``_right`` / ``_left``,
    shoulder, elbow, wrist, fingertip, hip (femoral head centre), knee, ankle, heel, toes."""

    @property
    def extent_mm(self) -> tuple[PointMm, PointMm]:
        """Smallest and largest coordinates of the skin."""
        ...

    def paint(self, grid: Grid) -> Maps:
        """All maps of the body on ``grid``, which may be oblique and of any spacing."""
        ...
