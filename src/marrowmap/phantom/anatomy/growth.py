"""How children grow: heights, lengths of segments, closure of growth plates. One table for all numbers.

The values are rounded by us after widely printed charts (stature: CDC 2000, median; femur and tibia with
epiphyses: Anderson, Messner and Green 1964); **not checked against the originals**; the rest is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.body import ChildSpec

AGES = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
HEIGHT_CM = {
    "M": (95, 102.5, 109, 115.5, 122, 128, 133.5, 138.5, 143.5, 149, 156, 164, 170, 173.5, 175.5, 176),
    "F": (94, 101, 108, 115, 121.5, 127.5, 133, 138, 144, 151, 157, 160.5, 162, 162.5, 163, 163),
}
BMI = {
    "M": (16.0, 15.6, 15.4, 15.4, 15.5, 15.8, 16.2, 16.6, 17.2, 17.8, 18.4, 19.1, 19.8, 20.5, 21.1, 21.7),
    "F": (15.7, 15.3, 15.2, 15.2, 15.4, 15.8, 16.3, 16.8, 17.4, 18.0, 18.7, 19.3, 19.8, 20.4, 20.8, 21.2),
}
SHARE_AGES = (3, 5, 7, 10, 12, 14, 18)
LENGTH_SHARE = {
    "femur": (0.224, 0.238, 0.248, 0.261, 0.266, 0.268, 0.266),
    "tibia": (0.177, 0.187, 0.195, 0.206, 0.211, 0.213, 0.211),
    "humerus": (0.176, 0.180, 0.183, 0.187, 0.188, 0.189, 0.188),
    "ulna": (0.148, 0.149, 0.150, 0.153, 0.155, 0.157, 0.157),
    "hand": (0.107, 0.107, 0.107, 0.107, 0.107, 0.107, 0.107),
    "foot": (0.158, 0.157, 0.157, 0.156, 0.155, 0.153, 0.151),
}
"""Length over height: bones with epiphyses; hand from wrist crease to fingertip, foot from heel to toe."""
TEMPLATE_LENGTH = {
    "femur": 452.0,
    "tibia": 376.0,
    "humerus": 326.0,
    "ulna": 260.0,
    "hand": 190.0,
    "foot": 275.0,
}
HEAD_SCALE = ((3, 0.905), (5, 0.93), (8, 0.955), (12, 0.975), (18, 1.0))
"""Size of the brain case over the adult's."""
FACE_SCALE = ((3, 0.72), (6, 0.80), (10, 0.88), (14, 0.95), (18, 1.0))

CLOSING_AGE = {
    # bone end: (girls, boys), years
    "femur_proximal": (14.0, 16.5),
    "greater_trochanter": (14.0, 16.0),
    "femur_distal": (15.0, 17.0),
    "tibia_proximal": (15.0, 17.0),
    "tibia_distal": (14.5, 16.5),
    "fibula_proximal": (15.0, 17.0),
    "fibula_distal": (14.5, 16.5),
    "humerus_proximal": (16.0, 18.0),
    "humerus_distal": (13.0, 15.0),
    "radius_proximal": (14.0, 16.0),
    "radius_distal": (16.0, 18.0),
    "ulna_proximal": (14.0, 16.0),
    "ulna_distal": (16.0, 18.0),
    "hand": (14.5, 16.5),
    "foot": (13.5, 15.5),
    "calcaneus": (13.5, 15.5),
    "triradiate": (12.5, 14.5),
}


def by_age(ages: tuple[float, ...], values: tuple[float, ...], age: float) -> float:
    """Linear interpolation in a table of ages."""
    return float(np.interp(age, ages, values))


@dataclass(frozen=True)
class Growth:
    """Sizes of one child.

    height_mm; bmi; bone_age: years, chronological age shifted by at most about 1.5 years.
    scale: length of each segment over the template's. girth: thickness of bones over the template's.
    trunk: height of the trunk over the template's. head, face: sizes over the template's.
    fat: 0 lean to 1 obese. flesh: radius of limbs over an adult's.
    """

    height_mm: float
    bmi: float
    bone_age: float
    scale: dict[str, float]
    girth: float
    trunk: float
    width: float
    head: float
    face: float
    fat: float
    flesh: float
    sex: str

    def is_open(self, plate: str) -> bool:
        """Whether the growth plate is still open at this bone age."""
        girls, boys = CLOSING_AGE[plate]
        return self.bone_age < (girls if self.sex == "F" else boys)

    @property
    def physis_mm(self) -> float:
        """Thickness of an open growth plate."""
        return float(np.interp(self.bone_age, (3, 8, 13, 17), (3.0, 2.6, 2.1, 1.4)))

    @property
    def cartilage_mm(self) -> float:
        """Thickness of unossified cartilage around an epiphysis or small bone."""
        return float(np.interp(self.bone_age, (3, 5, 8, 11, 14, 17), (6.0, 4.2, 2.8, 2.0, 1.5, 1.1)))


def grow(spec: ChildSpec, rng: np.random.Generator) -> Growth:
    """Draw the sizes of a child; what the specification fixes is kept."""
    age, sex = spec.age_years, spec.sex
    median = by_age(AGES, HEIGHT_CM[sex], age)
    z = float(np.clip(rng.normal(), -2, 2))
    height = spec.height_cm if spec.height_cm is not None else median * (1 + 0.042 * z)
    skew = float(np.exp(np.clip(rng.normal(), -1.8, 2.2) * 0.11 + 0.02))
    bmi = spec.bmi if spec.bmi is not None else by_age(AGES, BMI[sex], age) * skew
    bone_age = age + float(np.clip(rng.normal(0, 0.6), -1.5, 1.5))
    share = {
        name: by_age(SHARE_AGES, row, age) * float(np.exp(rng.normal(0, 0.012)))
        for name, row in LENGTH_SHARE.items()
    }
    height_mm = height * 10.0
    scale = {name: share[name] * height_mm / TEMPLATE_LENGTH[name] for name in share}
    ages, heads = zip(*HEAD_SCALE, strict=True)
    head = by_age(ages, heads, age) * (0.975 if sex == "F" else 1.0) * float(np.exp(rng.normal(0, 0.015)))
    ages, faces = zip(*FACE_SCALE, strict=True)
    face = by_age(ages, faces, age) * (0.97 if sex == "F" else 1.0)
    leg = 404.4 * scale["femur"] + 400.0 * scale["tibia"] + 75.0 * scale["foot"]
    trunk = (height_mm - leg - 150.0 * head - 6.0) / 656.0
    width = trunk * by_age((3, 8, 14, 18), (1.05, 1.0, 0.96, 0.98), age) * float(np.exp(rng.normal(0, 0.02)))
    girth = float(np.interp(scale["femur"], (0.4, 1.0), (0.50, 0.98))) * float(np.exp(rng.normal(0, 0.02)))
    fullness = bmi / by_age(AGES, BMI[sex], age)
    fat = float(np.clip(0.35 + 1.3 * (fullness - 1.0) + (0.08 if sex == "F" else 0.0), 0.08, 1.2))
    flesh = trunk * float(np.sqrt(fullness)) * by_age((3, 8, 14, 18), (1.02, 0.94, 0.94, 0.97), age)
    return Growth(height_mm, bmi, bone_age, scale, girth, trunk, width, head, face, fat, flesh, sex)
