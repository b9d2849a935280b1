"""One clinic visit: what was asked, examined, measured and scored. Nothing said is "not assessed"."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date

from marrowmap.core.lesion import Assessment
from marrowmap.core.record.checks import no_repeats, number_in
from marrowmap.core.record.joints import Place, place
from marrowmap.core.record.units import Analyte, LabValue
from marrowmap.errors import InvalidRecord

_UNKNOWN = Assessment.NOT_ASSESSED


@dataclass(frozen=True)
class Symptoms:
    """The thirteen items of Table 1 of the Belgian cohort, in its order and with its wording."""

    bone_pain: Assessment = _UNKNOWN
    bone_pain_worse_at_night: Assessment = _UNKNOWN
    loss_of_function: Assessment = _UNKNOWN
    morning_stiffness: Assessment = _UNKNOWN
    fever_above_38_5: Assessment = _UNKNOWN
    weight_loss: Assessment = _UNKNOWN
    fatigue: Assessment = _UNKNOWN
    stopped_sport: Assessment = _UNKNOWN
    pain_provoked_by_trigger: Assessment = _UNKNOWN
    pain_on_palpation: Assessment = _UNKNOWN
    bone_swelling: Assessment = _UNKNOWN
    restricted_range_of_motion: Assessment = _UNKNOWN
    associated_arthritis: Assessment = _UNKNOWN


TABLE1_ITEMS: tuple[str, ...] = tuple(f.name for f in fields(Symptoms))
"""Names of the thirteen items, in the order of the table."""

TABLE1_LABELS: dict[str, str] = {
    "bone_pain": "Bone pain",
    "bone_pain_worse_at_night": "Bone pain worsening at night",
    "loss_of_function": "Loss of function",
    "morning_stiffness": "Morning stiffness",
    "fever_above_38_5": "Fever (> 38.5 °C)",
    "weight_loss": "Weight loss",
    "fatigue": "Fatigue",
    "stopped_sport": "Stopped sport activities",
    "pain_provoked_by_trigger": "Pain provoked by trigger (trauma, viral infection, stress)",
    "pain_on_palpation": "Pain on palpation",
    "bone_swelling": "Swelling of the bone",
    "restricted_range_of_motion": "Restricted range of motion",
    "associated_arthritis": "Associated arthritis",
}
"""Words for people."""


@dataclass(frozen=True)
class Examination:
    """General state and warning signs of the day, beyond Table 1.

    prominent_local_inflammation, prominent_systemic_inflammation: the wording of the Bristol criteria.
    pustules_in_infancy and dyserythropoietic_anaemia are history items that point to monogenic disease.
    """

    good_general_health: Assessment = _UNKNOWN
    prominent_local_inflammation: Assessment = _UNKNOWN
    prominent_systemic_inflammation: Assessment = _UNKNOWN
    acute_onset: Assessment = _UNKNOWN
    persistent_high_fever: Assessment = _UNKNOWN
    night_sweats: Assessment = _UNKNOWN
    hepatosplenomegaly: Assessment = _UNKNOWN
    blasts_in_blood_film: Assessment = _UNKNOWN
    restricted_diet: Assessment = _UNKNOWN
    gum_bleeding: Assessment = _UNKNOWN
    early_tooth_loss: Assessment = _UNKNOWN
    short_stature: Assessment = _UNKNOWN
    pustules_in_infancy: Assessment = _UNKNOWN
    dyserythropoietic_anaemia: Assessment = _UNKNOWN
    enthesitis: Assessment = _UNKNOWN


@dataclass(frozen=True)
class PainfulSite:
    """A place where the child has pain: an id of ``joints.csv`` or of ``sites.csv``.

    clinically_active: as judged by the physician (CDAS counts these); None: not judged.
    Raises InvalidRecord for an unknown place.
    """

    place_id: str
    clinically_active: bool | None = None
    since: date | None = None
    comment: str = ""

    def __post_init__(self) -> None:
        place(self.place_id)

    @property
    def place(self) -> Place:
        """The place with its bone units."""
        return place(self.place_id)


CHAQ_DOMAINS: tuple[str, ...] = (
    "dressing_and_grooming",
    "arising",
    "eating",
    "walking",
    "hygiene",
    "reach",
    "grip",
    "activities",
)
"""The eight domains of the CHAQ."""


@dataclass(frozen=True)
class ChaqDomain:
    """Answers of one domain.

    items: 0 no, 1 some, 2 much difficulty, 3 unable; None: not applicable for age.
    aid_or_help: an aid, a device or help from a person is used in this domain; None: not answered.
    Raises InvalidRecord for an unknown domain or an answer outside 0 to 3.
    """

    domain: str
    items: tuple[int | None, ...] = ()
    aid_or_help: bool | None = None

    def __post_init__(self) -> None:
        if self.domain not in CHAQ_DOMAINS:
            raise InvalidRecord(
                "CHAQ domain", f"{self.domain!r} is not known", f"Accepted: {', '.join(CHAQ_DOMAINS)}"
            )
        for answer in self.items:
            if answer not in (None, 0, 1, 2, 3):
                raise InvalidRecord(
                    f"CHAQ {self.domain}", f"{answer!r} is not accepted", "Accepted: 0, 1, 2, 3 or null"
                )


@dataclass(frozen=True)
class Outcomes:
    """Numbers given by the family and the physician; None: not asked.

    pain, patient_global, physician_global: 0 (none) to 10 (worst). chaq: answered domains.
    chaq_index: the index 0 to 3 when only the total was documented; with ``chaq`` it must not be given.
    clinically_active_lesions: the physician's count; None: counted from the painful sites if all are judged.
    """

    pain: float | None = None
    patient_global: float | None = None
    physician_global: float | None = None
    chaq: tuple[ChaqDomain, ...] = ()
    chaq_index: float | None = None
    clinically_active_lesions: int | None = None
    difficulty_using_limb_back_or_jaw: Assessment = _UNKNOWN

    def __post_init__(self) -> None:
        for name in ("pain", "patient_global", "physician_global"):
            number_in(name, getattr(self, name), 0, 10)
        number_in("chaq_index", self.chaq_index, 0, 3)
        number_in("clinically_active_lesions", self.clinically_active_lesions, 0, 206)
        no_repeats("CHAQ domain", [d.domain for d in self.chaq])
        if self.chaq and self.chaq_index is not None:
            raise InvalidRecord(
                "chaq_index", "is given next to the answered domains", "Keep the domains; the index follows"
            )


@dataclass(frozen=True)
class Visit:
    """One visit. painful_sites: None when pain was not asked for by site; () when there was no pain.

    temperature_c: measured body temperature. labs: at most one value of each analyte.
    reading_id: reading of the exam that belongs to this visit; "" when there was none.
    """

    id: str
    date: date
    symptoms: Symptoms = field(default_factory=Symptoms)
    examination: Examination = field(default_factory=Examination)
    painful_sites: tuple[PainfulSite, ...] | None = None
    temperature_c: float | None = None
    labs: tuple[LabValue, ...] = ()
    outcomes: Outcomes = field(default_factory=Outcomes)
    reading_id: str = ""
    comment: str = ""

    def __post_init__(self) -> None:
        number_in("temperature_c", self.temperature_c, 30, 45, "degrees Celsius")
        no_repeats("laboratory value", [str(v.analyte) for v in self.labs])
        no_repeats("painful site", [p.place_id for p in self.painful_sites or ()])

    def lab(self, analyte: Analyte) -> LabValue | None:
        """The value of this analyte; None when it was not measured."""
        return next((v for v in self.labs if v.analyte is analyte), None)

    @property
    def pain_free(self) -> Assessment:
        """Whether the child has no pain: pain score 0, or no painful site, or bone pain stated absent.

        A pain score above 0, a painful site or stated bone pain says no; nothing said is NOT_ASSESSED.
        """
        has_pain = (
            None if self.outcomes.pain is None else self.outcomes.pain > 0,
            None if self.painful_sites is None else bool(self.painful_sites),
            self.symptoms.bone_pain.as_bool(),
        )
        if True in has_pain:
            return Assessment.ABSENT
        return Assessment.PRESENT if False in has_pain else Assessment.NOT_ASSESSED

    @property
    def clinically_active_count(self) -> int | None:
        """The physician's lesion count, or painful sites judged active when every one was judged."""
        if self.outcomes.clinically_active_lesions is not None:
            return self.outcomes.clinically_active_lesions
        if self.painful_sites is None or any(p.clinically_active is None for p in self.painful_sites):
            return None
        return sum(bool(p.clinically_active) for p in self.painful_sites)
