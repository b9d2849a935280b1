"""The patient record: everything a CNO registry asks for, with visits over time.

Every finding is PRESENT, ABSENT or NOT_ASSESSED, and every number may be None; neither is ever filled in.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum

from marrowmap.core.exam import Sex
from marrowmap.core.lesion import Assessment
from marrowmap.core.record.checks import no_repeats, not_after_today, not_before, number_in, stated
from marrowmap.core.record.drugs import Treatment
from marrowmap.core.record.joints import place
from marrowmap.core.record.visit import Visit
from marrowmap.errors import InvalidRecord

_UNKNOWN = Assessment.NOT_ASSESSED


@dataclass(frozen=True, order=True)
class YearMonth:
    """A month: birth dates are kept no finer. Its ``middle`` stands for it; ages are right to two weeks."""

    year: int
    month: int

    def __post_init__(self) -> None:
        number_in("year of birth", self.year, 1900, 2200)
        number_in("month of birth", self.month, 1, 12)

    @property
    def first_day(self) -> date:
        """First day of the month."""
        return date(self.year, self.month, 1)

    @property
    def middle(self) -> date:
        """The 15th of the month."""
        return date(self.year, self.month, 15)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True)
class ExtraOsseous:
    """Conditions beside the bone disease, ever."""

    psoriasis: Assessment = _UNKNOWN
    palmoplantar_pustulosis: Assessment = _UNKNOWN
    severe_acne: Assessment = _UNKNOWN
    eczema: Assessment = _UNKNOWN
    pyoderma_gangrenosum: Assessment = _UNKNOWN
    crohn_disease: Assessment = _UNKNOWN
    ulcerative_colitis: Assessment = _UNKNOWN
    other_inflammatory_bowel_disease: Assessment = _UNKNOWN
    arthritis: Assessment = _UNKNOWN
    sacroiliitis: Assessment = _UNKNOWN
    uveitis: Assessment = _UNKNOWN
    oral_ulcers: Assessment = _UNKNOWN
    takayasu_arteritis: Assessment = _UNKNOWN
    sapho_syndrome: Assessment = _UNKNOWN
    renal_disease: Assessment = _UNKNOWN
    other: str = ""


@dataclass(frozen=True)
class FamilyHistory:
    """Diseases in first- or second-degree relatives."""

    cno: Assessment = _UNKNOWN
    rheumatic_disease: Assessment = _UNKNOWN
    psoriasis: Assessment = _UNKNOWN
    inflammatory_bowel_disease: Assessment = _UNKNOWN
    other_autoimmune_or_autoinflammatory: Assessment = _UNKNOWN
    other: str = ""


@dataclass(frozen=True)
class Serology:
    """Tests done once; PRESENT means positive."""

    hla_b27: Assessment = _UNKNOWN
    antinuclear_antibodies: Assessment = _UNKNOWN
    rheumatoid_factor: Assessment = _UNKNOWN


class Specimen(StrEnum):
    """What was cultured."""

    BLOOD = "blood"
    SYNOVIAL_FLUID = "synovial_fluid"
    BONE = "bone"
    OTHER = "other"


@dataclass(frozen=True)
class Culture:
    """One culture. growth: NOT_ASSESSED while the result is out. on_antibiotics: at the time of sampling."""

    specimen: Specimen
    taken_on: date | None = None
    growth: Assessment = _UNKNOWN
    organism: str = ""
    on_antibiotics: Assessment = _UNKNOWN


class HistologyStage(StrEnum):
    """Stages of Fig. 1 of Nico 2022: neutrophils; plasma cells with monocytes; fibrosis or sclerosis."""

    EARLY = "early"
    INTERMEDIATE = "intermediate"
    LATER = "later"
    NOT_STATED = "not_stated"


@dataclass(frozen=True)
class Biopsy:
    """One bone biopsy. site_id: bone unit or place. culture_growth: of this specimen."""

    taken_on: date | None = None
    site_id: str = ""
    inflammation: Assessment = _UNKNOWN
    neutrophils: Assessment = _UNKNOWN
    plasma_cells: Assessment = _UNKNOWN
    monocytes_macrophages_lymphocytes: Assessment = _UNKNOWN
    osteoclasts: Assessment = _UNKNOWN
    fibrosis: Assessment = _UNKNOWN
    sclerosis: Assessment = _UNKNOWN
    malignancy: Assessment = _UNKNOWN
    culture_growth: Assessment = _UNKNOWN
    on_antibiotics: Assessment = _UNKNOWN
    stage: HistologyStage = HistologyStage.NOT_STATED
    report: str = ""

    def __post_init__(self) -> None:
        if self.site_id:
            place(self.site_id)


class Density(StrEnum):
    """Density of a lesion on a radiograph or CT."""

    LYTIC = "lytic"
    SCLEROTIC = "sclerotic"
    MIXED = "mixed"
    NORMAL = "normal"
    NOT_ASSESSED = "not_assessed"


class RadiographKind(StrEnum):
    """What the density was read on."""

    RADIOGRAPH = "radiograph"
    CT = "ct"


@dataclass(frozen=True)
class Radiograph:
    """Findings at one place on one radiograph or CT (attributes of the Belgian cohort)."""

    place_id: str
    taken_on: date | None = None
    kind: RadiographKind = RadiographKind.RADIOGRAPH
    density: Density = Density.NOT_ASSESSED
    periosteal_reaction: Assessment = _UNKNOWN
    hyperostosis: Assessment = _UNKNOWN
    cortical_expansion: Assessment = _UNKNOWN
    ill_defined_margin: Assessment = _UNKNOWN
    marginal_sclerosis: Assessment = _UNKNOWN

    def __post_init__(self) -> None:
        place(self.place_id)


class ImagingKind(StrEnum):
    """Imaging that was done, for the share of children who had each kind."""

    RADIOGRAPH = "radiograph"
    CT = "ct"
    TARGETED_MRI = "targeted_mri"
    WHOLE_BODY_MRI = "whole_body_mri"
    BONE_SCINTIGRAPHY = "bone_scintigraphy"


@dataclass(frozen=True)
class ImagingDone:
    """One imaging examination. coverage and parameters: in words. reading_id: its reading, "" if none."""

    kind: ImagingKind
    done_on: date | None = None
    coverage: str = ""
    parameters: str = ""
    reading_id: str = ""


class ComplicationKind(StrEnum):
    """Complications and sequelae met in the sources."""

    VERTEBRAL_COMPRESSION_FRACTURE = "vertebral_compression_fracture"
    OTHER_FRACTURE = "other_fracture"
    KYPHOSIS = "kyphosis"
    SCOLIOSIS = "scoliosis"
    LEG_LENGTH_DISCREPANCY = "leg_length_discrepancy"
    PHYSEAL_BAR = "physeal_bar"
    SPINE_SURGERY = "spine_surgery"
    OTHER_SURGERY = "other_surgery"
    PSYCHOLOGICAL_SUPPORT = "psychological_support"
    OTHER = "other"


@dataclass(frozen=True)
class Complication:
    """A complication that was looked for. state ABSENT records that it was looked for and not there.

    genant_grade: 0 to 3, for a vertebral fracture. length_difference_mm: for leg length.
    """

    kind: ComplicationKind
    state: Assessment = Assessment.PRESENT
    found_on: date | None = None
    site_id: str = ""
    genant_grade: int | None = None
    length_difference_mm: float | None = None
    comment: str = ""

    def __post_init__(self) -> None:
        if self.site_id:
            place(self.site_id)
        if self.genant_grade not in (None, 0, 1, 2, 3):
            raise InvalidRecord(
                "genant_grade", f"{self.genant_grade!r} is not accepted", "Accepted: 0, 1, 2 or 3"
            )
        number_in("length_difference_mm", self.length_difference_mm, 0, 300, "mm")


@dataclass(frozen=True)
class Exclusions:
    """Diseases that would explain the picture; PRESENT means confirmed.

    cured_by_antibiotics_alone: complete and lasting response to antimicrobials without other treatment.
    """

    malignancy: Assessment = _UNKNOWN
    infection: Assessment = _UNKNOWN
    vitamin_c_deficiency: Assessment = _UNKNOWN
    hypophosphatasia: Assessment = _UNKNOWN
    cured_by_antibiotics_alone: Assessment = _UNKNOWN
    other_mimicker: Assessment = _UNKNOWN


@dataclass(frozen=True)
class PatientRecord:
    """Everything known of one child.

    key: pseudonym; no name, no id of the hospital. onset, diagnosed: dates of first symptom and diagnosis.
    painful_sites_at_onset: count of painful places at the first symptom; None: not known.
    lost_on: last contact of a child who was lost to follow-up; None: not lost. seen_until: last contact.
    remission_on: start of remission as the physician recorded it; ``core.rules.remission`` derives its own.
    synthetic: made up; shown wherever the record is shown.
    Raises InvalidRecord when dates contradict each other.
    """

    key: str
    sex: Sex = Sex.UNKNOWN
    birth: YearMonth | None = None
    onset: date | None = None
    diagnosed: date | None = None
    painful_sites_at_onset: int | None = None
    exclusions: Exclusions = field(default_factory=Exclusions)
    extra_osseous: ExtraOsseous = field(default_factory=ExtraOsseous)
    family_history: FamilyHistory = field(default_factory=FamilyHistory)
    serology: Serology = field(default_factory=Serology)
    cultures: tuple[Culture, ...] = ()
    biopsies: tuple[Biopsy, ...] = ()
    biopsy_done: Assessment = _UNKNOWN
    radiographs: tuple[Radiograph, ...] = ()
    imaging: tuple[ImagingDone, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    complications: tuple[Complication, ...] = ()
    visits: tuple[Visit, ...] = ()
    remission_on: date | None = None
    seen_until: date | None = None
    lost_on: date | None = None
    synthetic: bool = False
    comment: str = ""

    def __post_init__(self) -> None:
        stated("key", self.key)
        number_in("painful_sites_at_onset", self.painful_sites_at_onset, 0, 200)
        born = self.birth.first_day if self.birth else None
        for name, value in self.all_dates():
            not_before(name, value, "the month of birth", born)
        not_before("diagnosed", self.diagnosed, "onset", self.onset)
        not_before("remission_on", self.remission_on, "onset", self.onset)
        no_repeats("visit id", [v.id for v in self.visits])
        if self.biopsies and self.biopsy_done is Assessment.ABSENT:
            raise InvalidRecord(
                "biopsy_done", "is 'absent' while a biopsy is listed", "Accepted: present, or no biopsy"
            )

    def all_dates(self) -> tuple[tuple[str, date | None], ...]:
        """Every date of the record with the name of its field."""
        single = tuple(
            (name, getattr(self, name))
            for name in ("onset", "diagnosed", "remission_on", "seen_until", "lost_on")
        )
        many = (
            *(("date of visit " + v.id, v.date) for v in self.visits),
            *((f"start of {t.drug}", t.start) for t in self.treatments),
            *((f"stop of {t.drug}", t.stop) for t in self.treatments),
            *(("taken_on of biopsy", b.taken_on) for b in self.biopsies),
            *((f"taken_on of {c.specimen} culture", c.taken_on) for c in self.cultures),
            *((f"taken_on of {r.kind}", r.taken_on) for r in self.radiographs),
            *((f"done_on of {i.kind}", i.done_on) for i in self.imaging),
            *((f"found_on of {c.kind}", c.found_on) for c in self.complications),
        )
        return (*single, *many)

    def check_dates(self, today: date) -> None:
        """Raise InvalidRecord when any date lies after ``today``. Called where records come in."""
        if self.birth is not None:
            not_after_today("birth", self.birth.first_day, today)
        for name, value in self.all_dates():
            # A planned stop lies in the future by its nature.
            if not name.startswith("stop of "):
                not_after_today(name, value, today)

    def age_on(self, day: date | None) -> float | None:
        """Age in years on ``day``, from the middle of the month of birth; None when either is unknown."""
        if self.birth is None or day is None:
            return None
        return max(0.0, (day - self.birth.middle).days / 365.25)

    @property
    def age_at_onset(self) -> float | None:
        """Age in years at the first symptom."""
        return self.age_on(self.onset)

    @property
    def visits_in_order(self) -> tuple[Visit, ...]:
        """Visits, earliest first."""
        return tuple(sorted(self.visits, key=lambda v: (v.date, v.id)))

    def ever(self, symptom: str) -> Assessment:
        """An item of Table 1 over all visits: PRESENT once is PRESENT; ABSENT needs one visit that asked."""
        return any_of(*(getattr(v.symptoms, symptom) for v in self.visits))

    def complication(self, kind: ComplicationKind) -> Assessment:
        """Whether this complication ever occurred; NOT_ASSESSED when nobody recorded looking for it."""
        return any_of(*(c.state for c in self.complications if c.kind is kind))

    @property
    def had_biopsy(self) -> Assessment:
        """Whether a bone biopsy was done."""
        return Assessment.PRESENT if self.biopsies else self.biopsy_done


def any_of(*states: Assessment) -> Assessment:
    """PRESENT when any is; else ABSENT when any was assessed; else NOT_ASSESSED."""
    if Assessment.PRESENT in states:
        return Assessment.PRESENT
    return Assessment.ABSENT if Assessment.ABSENT in states else Assessment.NOT_ASSESSED


def any_strict(*states: Assessment) -> Assessment:
    """PRESENT when any is; ABSENT only when every one was assessed; else NOT_ASSESSED."""
    if Assessment.PRESENT in states:
        return Assessment.PRESENT
    return Assessment.NOT_ASSESSED if Assessment.NOT_ASSESSED in states or not states else Assessment.ABSENT


def states_of(record: object) -> dict[str, Assessment]:
    """Every tri-state field of a record such as ``ExtraOsseous`` by its name."""
    values = {f.name: getattr(record, f.name) for f in fields(record)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if isinstance(value, Assessment)}
