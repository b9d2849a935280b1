"""Differential diagnoses with the features of this case that point to each, and those that point to CNO.

Only features that are present are listed; a feature that was not assessed points nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from marrowmap.core.lesion import Assessment
from marrowmap.core.record.units import Analyte
from marrowmap.core.rules import findings
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.scores.result import Confidence


@dataclass(frozen=True)
class Differential:
    """One condition. towards, away: features present in this case. textbook_*: what the sources list."""

    id: str
    name: str
    towards: tuple[str, ...]
    away: tuple[str, ...]
    textbook_towards: str
    textbook_away: str
    confidence: Confidence
    source: str


@dataclass(frozen=True)
class _Row:
    id: str
    name: str
    towards: tuple[str, ...]
    away: tuple[str, ...]
    text_towards: str
    text_away: str
    confidence: Confidence
    source: str


_CNO = ("multifocal", "clavicle", "mild_inflammation", "long_course")
_ROWS: tuple[_Row, ...] = (
    _Row("bacterial", "bacterial osteomyelitis",
         ("acute", "fever", "solitary", "crp_above_55", "abscess", "sequestrum", "fistula", "crosses_disc",
          "culture_growth"), _CNO,
         "acute, fever, one site, CRP above 55 mg/L, abscess, sequestrum, fistula, disc crossed (weak)",
         "multifocal, clavicle, mild inflammation, weeks to years", Confidence.V, "Nico 2022, NBODS 2023"),
    _Row("leukaemia", "leukaemia or lymphoma",
         ("cytopenia", "ldh_raised", "diffuse_marrow", "low_t1", "low_adc", "weight_loss"),
         ("focal_juxtaphyseal", "high_adc", "normal_count"),
         "cytopenia, raised LDH, diffuse marrow, low T1, low ADC",
         "focal, next to a growth plate, high ADC, normal count", Confidence.M_HIGH, "Belgian cohort, in part"),
    _Row("sarcoma", "Ewing sarcoma or osteosarcoma",
         ("solitary", "soft_tissue_mass", "aggressive_periosteum", "cortical_break"), 
         ("multifocal", "no_mass"),
         "single, soft-tissue mass, aggressive periosteum", "several lesions, no mass",
         Confidence.M_HIGH, ""),
    _Row("lch", "Langerhans cell histiocytosis", ("lytic", "skull", "vertebra_plana", "under_10"),
         ("marginal_sclerosis", "metaphysis", "symmetric"),
         "sharply lytic, skull, vertebra plana, age often under 10; CNO also makes vertebra plana",
         "marginal sclerosis, metaphysis, symmetric", Confidence.M_HIGH, ""),
    _Row("fibrous_dysplasia", "fibrous dysplasia", ("little_oedema", "expansion"), ("oedema",),
         "ground-glass, expansile, lasting, little oedema", "oedema that changes over time",
         Confidence.M_HIGH, ""),
    _Row("hypophosphatasia", "hypophosphatasia", ("low_alp", "high_plp", "tooth_loss", "short_stature"),
         ("normal_alp",),
         "low alkaline phosphatase, raised pyridoxal phosphate, metaphyseal oedema mainly in the legs",
         "normal alkaline phosphatase", Confidence.V, "Girschick 2007, BMC Pediatr 7:3"),
    _Row("scurvy", "scurvy (vitamin C deficiency)",
         ("all_metaphyses", "subperiosteal_blood", "gum_bleeding", "restricted_diet", 
          "low_ascorbate", "anaemia"),
         ("asymmetric", "older_child"),
         "signal in all metaphyses on both sides, subperiosteal blood, gum bleeding, anaemia, low ascorbate",
         "patchy, asymmetric in part, older child", Confidence.V, "doi 10.1007/s00247-016-3726-4"),
    _Row("sapho", "SAPHO", ("adolescent", "diaphysis", "chest_wall", "acne", "pustulosis"),
         ("metaphysis", "childhood"),
         "adolescent or adult, diaphysis, anterior chest wall, acne, pustulosis; one spectrum with CNO",
         "metaphysis, childhood", Confidence.V, "Nico 2022"),
    _Row("jia", "JIA or enthesitis-related arthritis", ("arthritis", "effusion", "enthesitis", "hla_b27"),
         ("away_from_joints",), "effusion, synovitis, enthesitis", "oedema away from joints",
         Confidence.V, "doi 10.3390/jcm13040998"),
    _Row("majeed", "Majeed syndrome (LPIN2)", ("early_onset", "dyserythropoietic"), (),
         "onset before 2 to 3 years, dyserythropoietic anaemia", "", Confidence.V, "Nico 2022"),
    _Row("dira", "DIRA (IL1RN)", ("early_onset", "infant_pustules"), (),
         "neonatal pustules, osteitis of ribs",
         "", Confidence.V, "Nico 2022"),
    _Row("papa", "PAPA (PSTPIP1)", ("pyoderma", "acne", "arthritis"), (),
         "destructive sterile arthritis, pyoderma, acne", "", Confidence.M_HIGH, ""),
    _Row("stress", "stress reaction or fracture", ("linear_band", "solitary"), ("multifocal",),
         "linear low T1 band, sport, single typical site", "no line", Confidence.M_HIGH, ""),
    _Row("red_marrow", "residual red marrow", ("mild_signal_only", "symmetric"), ("fluid_like",),
         "symmetric flame-like metaphyseal zones, T1 brighter than muscle, mild STIR", "focal, brighter",
         Confidence.M_HIGH, ""),
    _Row("normal_growth", "normal growing skeleton", ("mild_signal_only", "hands_feet_knees_only"),
         ("spine", "clavicle", "fluid_like"),
         "feet, knees, hands: 58.7 % of 196 healthy children had a conspicuous limb finding",
         "clavicle, spine, fluid-like signal", Confidence.V, "Eur J Radiol 2022;153:110365"),
)  # fmt: skip

WORDS: dict[str, str] = {
    "crp_above_55": "CRP above 55 mg/L",
    "mild_inflammation": "CRP at most 55 mg/L",
    "long_course": "course of more than 6 weeks",
    "low_alp": "low alkaline phosphatase",
    "normal_alp": "normal alkaline phosphatase",
    "high_plp": "raised pyridoxal phosphate",
    "low_adc": "restricted diffusion",
    "high_adc": "high ADC",
    "low_t1": "low T1 signal",
    "vertebra_plana": "vertebral height loss",
    "hla_b27": "HLA-B27 positive",
    "fluid_like": "fluid-like signal",
    "under_10": "age under 10",
    "crosses_disc": "disc crossed (weak: also in 26 % of spinal CNO)",
    "ldh_raised": "raised LDH",
    "focal_juxtaphyseal": "lesion next to a growth plate",
    "hands_feet_knees_only": "lesions only in hands, feet and knees",
    "all_metaphyses": "signal in all metaphyses",
}


def differential(case: Case, rules: Rulebook = DEFAULT_RULES) -> tuple[Differential, ...]:
    """Every condition; those with most features pointing their way come first."""
    present = features_present(case, rules)
    rows = [
        Differential(
            row.id,
            row.name,
            tuple(_word(f) for f in row.towards if f in present),
            tuple(_word(f) for f in row.away if f in present),
            row.text_towards,
            row.text_away,
            row.confidence,
            row.source,
        )
        for row in _ROWS
    ]
    return tuple(sorted(rows, key=lambda d: len(d.away) - 2 * len(d.towards)))


def _word(feature: str) -> str:
    return WORDS.get(feature, feature.replace("_", " "))


def features_present(case: Case, rules: Rulebook = DEFAULT_RULES) -> frozenset[str]:
    """Features that are known to be there in this case."""
    holds: dict[str, bool | None] = {
        **_from_lesions(case),
        **_from_signs(case),
        **_from_visit(case),
        **_from_patient(case),
        "marginal_sclerosis": findings.marginal_sclerosis(case).holds,
    }
    return frozenset(name for name, value in holds.items() if value)


def _from_lesions(case: Case) -> dict[str, bool | None]:
    lesions = case.lesions
    if case.reading is None:
        return {}
    bones = {s.bone for le in lesions for s in le.sites}
    segments = {s.segment.value for le in lesions for s in le.sites}
    present = Assessment.PRESENT
    grades = [le.features.signal_grade for le in lesions]
    losses = [le.features.height_loss is present for le in lesions]
    pair = findings.symmetric(case).holds
    return {
        "multifocal": findings.multifocal(case).holds,
        "solitary": findings.multifocal(case).holds is False and len(lesions) == 1,
        "clavicle": "clavicle" in bones,
        "skull": "skull" in bones,
        "chest_wall": bool(bones & {"clavicle", "sternum", "ribs"}),
        "spine": any(le.is_spinal for le in lesions),
        "metaphysis": bool(segments & {"proximal_metaphysis", "distal_metaphysis"}),
        "diaphysis": bool(segments & {"diaphysis", "shaft"}),
        "symmetric": pair,
        "asymmetric": pair is False,
        "vertebra_plana": any(losses),
        "soft_tissue_mass": any(le.features.soft_tissue_mass is present for le in lesions),
        "no_mass": bool(lesions) and all(le.features.soft_tissue_mass is Assessment.ABSENT for le in lesions),
        "cortical_break": any(le.features.cortical_break is present for le in lesions),
        "low_t1": any(le.features.t1_low is present for le in lesions),
        "low_adc": any(le.features.diffusion_restricted is present for le in lesions),
        "high_adc": any(le.features.diffusion_restricted is Assessment.ABSENT for le in lesions),
        "effusion": any(le.features.joint_effusion_or_synovitis is present for le in lesions),
        "expansion": any(le.features.bony_expansion is present for le in lesions),
        "focal_juxtaphyseal": any(le.features.next_to_physis is present for le in lesions),
        "oedema": bool(case.active_lesions),
        "fluid_like": 2 in grades,
        "mild_signal_only": bool(grades) and all(g == 1 for g in grades),
        "hands_feet_knees_only": bool(lesions) and all(le.site.strict_threshold for le in lesions),
        "away_from_joints": "diaphysis" in segments,
    }


def _from_signs(case: Case) -> dict[str, bool | None]:
    if case.reading is None:
        return {}
    signs = case.reading.signs
    return {
        "abscess": signs.abscess.as_bool(),
        "sequestrum": signs.sequestrum.as_bool(),
        "fistula": signs.fistula.as_bool(),
        "crosses_disc": signs.crosses_disc.as_bool(),
        "aggressive_periosteum": signs.aggressive_periosteal_reaction.as_bool(),
        "diffuse_marrow": signs.diffuse_marrow_replacement.as_bool(),
        "all_metaphyses": signs.all_metaphyses_symmetric.as_bool(),
        "subperiosteal_blood": signs.subperiosteal_blood.as_bool(),
        "linear_band": signs.linear_low_t1_band.as_bool(),
        "little_oedema": signs.lesion_without_oedema.as_bool(),
    }


def _from_visit(case: Case) -> dict[str, bool | None]:
    visit = case.visit
    if visit is None:
        return {}

    def low(analyte: Analyte) -> bool | None:
        value = case.lab(analyte)
        return None if value is None else value.is_low.as_bool()

    crp, ldh = case.lab(Analyte.CRP), case.lab(Analyte.LDH)
    alp, plp = case.lab(Analyte.ALP), case.lab(Analyte.PLP)
    lines = [
        low(a) for a in (Analyte.LEUKOCYTES, Analyte.NEUTROPHILS, Analyte.HAEMOGLOBIN, Analyte.PLATELETS)
    ]
    seen = visit.examination
    return {
        "crp_above_55": None if crp is None else crp.above(55),
        "mild_inflammation": None if crp is None else crp.above(55) is False,
        "ldh_raised": None if ldh is None else ldh.is_raised.as_bool(),
        "cytopenia": True in lines or seen.blasts_in_blood_film.as_bool(),
        "normal_count": findings.normal_blood_count(case).holds,
        "anaemia": low(Analyte.HAEMOGLOBIN),
        "low_ascorbate": low(Analyte.ASCORBATE),
        "low_alp": low(Analyte.ALP),
        "normal_alp": None if alp is None else alp.is_low is Assessment.ABSENT,
        "high_plp": None if plp is None else plp.is_raised.as_bool(),
        "fever": visit.symptoms.fever_above_38_5.as_bool(),
        "weight_loss": visit.symptoms.weight_loss.as_bool(),
        "arthritis": visit.symptoms.associated_arthritis.as_bool(),
        "acute": seen.acute_onset.as_bool(),
        "enthesitis": seen.enthesitis.as_bool(),
        "gum_bleeding": seen.gum_bleeding.as_bool(),
        "restricted_diet": seen.restricted_diet.as_bool(),
        "tooth_loss": seen.early_tooth_loss.as_bool(),
        "short_stature": seen.short_stature.as_bool(),
        "dyserythropoietic": seen.dyserythropoietic_anaemia.as_bool(),
        "infant_pustules": seen.pustules_in_infancy.as_bool(),
    }


def _from_patient(case: Case) -> dict[str, bool | None]:
    patient = case.patient
    if patient is None:
        return {}
    age = patient.age_on(case.day)
    onset = patient.age_at_onset
    growth = [c.growth.as_bool() for c in patient.cultures] + [
        b.culture_growth.as_bool() for b in patient.biopsies
    ]
    lasting = patient.onset and case.day and (case.day - patient.onset).days >= 42
    return {
        "culture_growth": True in growth,
        "lytic": any(p.density.value == "lytic" for p in patient.radiographs),
        "acne": patient.extra_osseous.severe_acne.as_bool(),
        "pustulosis": patient.extra_osseous.palmoplantar_pustulosis.as_bool(),
        "pyoderma": patient.extra_osseous.pyoderma_gangrenosum.as_bool(),
        "hla_b27": patient.serology.hla_b27.as_bool(),
        "early_onset": None if onset is None else onset < 3,
        "under_10": None if age is None else age < 10,
        "childhood": None if age is None else age < 13,
        "older_child": None if age is None else age >= 5,
        "adolescent": None if age is None else age >= 13,
        "long_course": bool(lasting),
    }
