"""What a machine proposes (candidate) and what a person states (lesion)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from marrowmap.core.geometry import PointMm
from marrowmap.core.site import Region, Site, site


class Assessment(StrEnum):
    """A finding that can be seen, not seen, or not looked for. NOT_ASSESSED never becomes ABSENT."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_ASSESSED = "not_assessed"

    @classmethod
    def of(cls, value: bool | None) -> Assessment:
        """True, False and None as PRESENT, ABSENT and NOT_ASSESSED."""
        return cls.NOT_ASSESSED if value is None else (cls.PRESENT if value else cls.ABSENT)

    def as_bool(self) -> bool | None:
        """PRESENT, ABSENT and NOT_ASSESSED as True, False and None."""
        return {Assessment.PRESENT: True, Assessment.ABSENT: False}.get(self)


@dataclass(frozen=True)
class Measured:
    """A number with its spread. value None: could not be measured; ``why_missing`` says why.

    uncertainty: one standard deviation in the unit of ``value``; None when unknown. note: what must be said with the
    number, to follow its unit; "" when nothing.
    """

    value: float | None
    unit: str
    uncertainty: float | None = None
    why_missing: str = ""
    note: str = ""


NOT_RECORDED = Measured(None, "ratio", None, "not recorded in this study")
"""A ratio that studies of earlier versions do not hold."""


@dataclass(frozen=True)
class UnitShare:
    """One unit that a candidate lies in, and how much of the unit's imaged volume it takes, in percent."""

    site_id: str
    share: Measured


@dataclass(frozen=True)
class VertebralHeights:
    """Heights of one vertebral body in mm; None: not measured. ``reference``: see scores.genant."""

    anterior_mm: float | None = None
    middle_mm: float | None = None
    posterior_mm: float | None = None
    reference_mm: float | None = None


@dataclass(frozen=True)
class MeasuredHeights:
    """Heights of one vertebral body in mm with their spread. reference: mean back height of the bodies beside it."""

    anterior_mm: Measured
    middle_mm: Measured
    posterior_mm: Measured
    reference_mm: Measured

    @property
    def plain(self) -> VertebralHeights:
        """The numbers alone, as a reading keeps them and scores take them."""
        return VertebralHeights(
            self.anterior_mm.value, self.middle_mm.value, self.posterior_mm.value, self.reference_mm.value
        )


@dataclass(frozen=True)
class Candidate:
    """A place the machine proposes to look at. It suggests; it never counts as a lesion by itself.

    site_id: bone unit from the labels. level_uncertain: the vertebral level may be wrong by one.
    centre_mm: LPS mm, always inside the outline. volume_ml, max_diameter_mm, extent_percent: of the outline;
        extent is the share of the unit's imaged volume. si_ratio: mean signal over muscle of the same
        station. adc, adc_p10: 1e-6 mm2/s. score: 0..1, calibrated on synthetic children only.
    label: value of this candidate in ``candidates.nii.gz``.
    periosteal_ratio, soft_tissue_ratio: fluid-sensitive signal over muscle next to the bone and in the tissue beside
        it. heights: of the vertebra it lies in; None elsewhere. units: every unit touched, the main one first.
        Studies of earlier versions hold none of the four: NOT_RECORDED, None and ().
    """

    id: str
    site_id: str
    centre_mm: PointMm
    volume_ml: Measured
    max_diameter_mm: Measured
    extent_percent: Measured
    si_ratio: Measured
    t1_ratio: Measured
    adc: Measured
    adc_p10: Measured
    score: float
    reasons: tuple[str, ...]
    label: int
    level_uncertain: bool = False
    healthy_prevalence: str = ""
    periosteal_ratio: Measured = NOT_RECORDED
    soft_tissue_ratio: Measured = NOT_RECORDED
    heights: MeasuredHeights | None = None
    units: tuple[UnitShare, ...] = ()

    @property
    def site(self) -> Site:
        """The bone unit."""
        return site(self.site_id)


class Activity(StrEnum):
    """Whether a lesion shows STIR signal now; an old sclerotic lesion is INACTIVE."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    NOT_ASSESSED = "not_assessed"


class Origin(StrEnum):
    """Who found it."""

    CANDIDATE = "candidate"
    READER = "reader"
    IMPORT = "import"


@dataclass(frozen=True)
class SiteExtent:
    """One unit a lesion lies in, and how much of the unit it takes (percent, None: not assessed)."""

    site_id: str
    percent: float | None = None

    def __post_init__(self) -> None:
        site(self.site_id)
        if self.percent is not None and not 0 <= self.percent <= 100:
            raise ValueError(f"percent of {self.site_id} must lie in 0 to 100, got {self.percent}")


@dataclass(frozen=True)
class Features:
    """What a reader states about a lesion; every item may be "not assessed".

    signal_grade: 0 none, 1 mild (below fluid), 2 fluid-like; None: not assessed (CROMRIS grade, M-low).
    """

    signal_grade: int | None = None
    periosteal_reaction: Assessment = Assessment.NOT_ASSESSED
    soft_tissue_oedema: Assessment = Assessment.NOT_ASSESSED
    bony_expansion: Assessment = Assessment.NOT_ASSESSED
    physis_crossed: Assessment = Assessment.NOT_ASSESSED
    next_to_physis: Assessment = Assessment.NOT_ASSESSED
    joint_effusion_or_synovitis: Assessment = Assessment.NOT_ASSESSED
    height_loss: Assessment = Assessment.NOT_ASSESSED
    cortical_break: Assessment = Assessment.NOT_ASSESSED
    soft_tissue_mass: Assessment = Assessment.NOT_ASSESSED
    t1_low: Assessment = Assessment.NOT_ASSESSED
    diffusion_restricted: Assessment = Assessment.NOT_ASSESSED
    marginal_sclerosis: Assessment = Assessment.NOT_ASSESSED
    heights: VertebralHeights = field(default_factory=VertebralHeights)

    def __post_init__(self) -> None:
        if self.signal_grade not in (None, 0, 1, 2):
            raise ValueError(f"signal_grade must be 0, 1, 2 or None, got {self.signal_grade}")


@dataclass(frozen=True)
class Lesion:
    """A lesion a reader states, in one exam.

    id: unique in the reading. tracking_uid: DICOM Tracking UID, shared by the same lesion in other exams
        only after a person confirmed the pair. extents: units it lies in, the main one first.
    joint: id of a joint region (``joints.csv``) when the reader files it there, as Table 2 of the Belgian
        cohort does for shoulder, elbow, wrist, hip, knee, ankle and sacroiliac joint; "" otherwise.
    Measurements are None when there is no outline or the sequence is missing.
    """

    id: str
    extents: tuple[SiteExtent, ...]
    activity: Activity = Activity.ACTIVE
    origin: Origin = Origin.READER
    features: Features = field(default_factory=Features)
    symptomatic: Assessment = Assessment.NOT_ASSESSED
    tracking_uid: str = ""
    candidate_id: str = ""
    joint: str = ""
    centre_mm: PointMm | None = None
    volume_ml: float | None = None
    max_diameter_mm: float | None = None
    si_ratio: float | None = None
    adc: float | None = None
    level_uncertain: bool = False
    comment: str = ""

    def __post_init__(self) -> None:
        if not self.extents:
            raise ValueError(f"lesion {self.id} must name at least one bone unit")
        names = [e.site_id for e in self.extents]
        if len(set(names)) != len(names):
            raise ValueError(f"lesion {self.id} names a bone unit twice: {names}")
        for name in ("volume_ml", "max_diameter_mm", "si_ratio", "adc"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} of lesion {self.id} must not be negative, got {value}")

    @property
    def site(self) -> Site:
        """Main bone unit."""
        return site(self.extents[0].site_id)

    @property
    def sites(self) -> tuple[Site, ...]:
        """Every bone unit it lies in."""
        return tuple(site(e.site_id) for e in self.extents)

    @property
    def is_active(self) -> bool:
        """Whether it counts as radiologically active."""
        return self.activity is Activity.ACTIVE

    @property
    def is_spinal(self) -> bool:
        """Whether any of its units is a vertebra or the sacrum."""
        return any(s.region is Region.SPINE for s in self.sites)

    @property
    def is_extramedullary(self) -> Assessment:
        """Periosteal or soft-tissue signal: PRESENT when either is, ABSENT when both were looked for."""
        both = (self.features.periosteal_reaction, self.features.soft_tissue_oedema)
        if Assessment.PRESENT in both:
            return Assessment.PRESENT
        return Assessment.NOT_ASSESSED if Assessment.NOT_ASSESSED in both else Assessment.ABSENT
