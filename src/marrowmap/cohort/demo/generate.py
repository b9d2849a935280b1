"""Make the 30 children: solve for counts and places, then give them days, visits and treatments.

Run ``python -m marrowmap.cohort.demo.generate FOLDER`` to write the records anew.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from marrowmap.cohort.demo import children as roles
from marrowmap.cohort.demo import places
from marrowmap.cohort.demo.ages import MONTH, YEAR, Target, ages_and_delays, draw_with_mean
from marrowmap.cohort.demo.published import Published, published_figures
from marrowmap.cohort.demo.timeline import CRP_LIMIT, ESR_LIMIT, Course, Drugs, treatments_of, visits_of
from marrowmap.core.record.visit import TABLE1_ITEMS
from marrowmap.core.site import Side
from marrowmap.registry.longfiles import write_long_files

SEED = 3
Rows = dict[str, list[dict[str, Any]]]

_PLAIN = [
    "oral_ulcers",
    "severe_acne",
    "psoriasis",
    "eczema",
    "crohn_disease",
    "takayasu_arteritis",
    "sapho_syndrome",
    "family_rheumatic_disease",
    "family_psoriasis",
    "family_inflammatory_bowel_disease",
    "family_cno",
    "vertebral_compression_fracture",
    "spine_surgery",
    "leg_length_discrepancy",
    "psychological_support",
    "physical_therapy",
]


def generate(seed: int = SEED) -> Rows:
    """Rows of the long tables of 30 made-up children."""
    figures = published_figures()
    random = np.random.default_rng(seed)
    has = roles.solve_children(_counts(figures), seed)
    painless = next(c for c in range(roles.N) if not has[c]["bone_pain"])
    hla = next(c for c in range(23, roles.N) if has[c]["hla_b27_found"])
    where = places.solve_places(
        {
            r: (figures.n(f"table2.{r}.clinical"), figures.n(f"table2.{r}.imaging"))
            for r in places.leaf_rows()
        },
        figures.n("cross.confirmed"),
        [bool(h["vertebral"]) for h in has],
        painless,
        hla,
        (
            int(figures.value("lesion_course.course", "max")),
            int(figures.value("lesion_course.imaging", "max")),
        ),
        seed,
    )
    courses = _courses(figures, has, random)
    rows: Rows = {t: [] for t in ("patients", "visits", "exams", "lesions", "treatments")}
    onset_counts = _onset_counts(
        figures, [sum(s.both + s.pain_only for s in w.values()) for w in where], random
    )
    drugs = _drugs(figures, has, random)
    for child, course in enumerate(courses):
        rows["patients"].append(_patient(child, course, has[child]))
        rows["visits"] += visits_of(course, random)
        rows["treatments"] += treatments_of(course, drugs[child], child >= 16, random)
        rows["exams"] += _exams(course, has[child])
        rows["lesions"] += _lesions(child, course, where[child], onset_counts[child], random)
    _mark_features(figures, rows["lesions"], random)
    return rows


def _counts(figures: Published) -> dict[str, int]:
    counts = {name: figures.n(f"table1.{name}") for name in TABLE1_ITEMS}
    counts |= {n: figures.n(n) for n in _PLAIN}
    counts["female"] = figures.n("female")
    counts["extraosseous"] = figures.n("extraosseous")
    counts["crp_elevated"], counts["esr_elevated"] = figures.n("crp_elevated"), figures.n("esr_elevated")
    counts["hla_b27_tested"], counts["hla_b27_found"] = figures.of("hla_b27"), figures.n("hla_b27")
    counts["ana_tested"] = figures.of("antinuclear_antibodies")
    counts["rf_tested"] = figures.of("rheumatoid_factor")
    for name in ("blood_culture", "synovial_fluid", "bone_biopsy"):
        counts[name] = figures.n(f"{name}_done")
    counts["whole_body_mri"], counts["targeted_mri"] = figures.n("whole_body_mri"), figures.n("targeted_mri")
    counts["vertebral"] = figures.n("vertebral_involvement")
    return counts


def _target(figures: Published, name: str, mean_places: int, range_places: int) -> Target:
    mean, low, high = (float(figures.value(name, k)) for k in ("mean", "min", "max"))
    return Target(mean, low, high, mean_places, range_places)


def _courses(figures: Published, has: list[dict[str, int]], random: np.random.Generator) -> list[Course]:
    ages, delays = ages_and_delays(
        random,
        roles.N,
        _target(figures, "age_onset", 1, 1),
        _target(figures, "age_diagnosis", 1, 1),
        _target(figures, "delay", 0, 1),
    )
    order = random.permutation(roles.N)
    crp = _peaks(random, [h["crp_elevated"] for h in has], CRP_LIMIT, 0.4, 112.0, 1)
    esr = _peaks(random, [h["esr_elevated"] for h in has], ESR_LIMIT, 12.0, 101.0, 0)
    months = _months_to_remission(figures, random)
    courses = []
    for child in range(roles.N):
        birth = date(int(random.integers(1988, 2006)), int(random.integers(1, 13)), 15)
        onset = birth + timedelta(days=round(ages[order[child]] * YEAR))
        diagnosis = onset + timedelta(days=max(1, round(delays[order[child]] * MONTH)))
        remission = (
            None if months[child] is None else diagnosis + timedelta(days=round(months[child] * MONTH))
        )
        after = int(random.integers(220, 700))
        follow_up = timedelta(days=int(random.integers(240, 900)) if child in _LOST else 2400)
        last = remission + timedelta(days=after) if remission else diagnosis + follow_up
        symptoms = {n: has[child][n] for n in TABLE1_ITEMS}
        courses.append(
            Course(
                f"SYN-{child + 1:02d}",
                birth,
                onset,
                diagnosis,
                remission,
                last,
                crp[child],
                esr[child],
                symptoms,
            )
        )
    return courses


_LOST, _NEVER = (12, 13, 14), 15
"""Children on pamidronate alone who were lost, and the one who was followed without remission."""


def _months_to_remission(figures: Published, random: np.random.Generator) -> list[float | None]:
    reached = [c for c in range(roles.N) if c not in (*_LOST, _NEVER)]
    target = _target(figures, "time_to_remission", 1, 0)
    months = np.sort(draw_with_mean(random, len(reached), target, lambda r, k: r.beta(1.6, 3.2, k)))
    # children who needed more treatment took longer, with some noise
    rank = np.argsort([c + 9 * random.random() for c in reached])[::-1]
    found: list[float | None] = [None] * roles.N
    for place, value in zip(rank, months, strict=True):
        found[reached[place]] = float(value)
    return found


def _peaks(
    random: np.random.Generator, high: list[int], limit: float, lowest: float, highest: float, decimals: int
) -> list[float]:
    """Highest value of each child: above the limit where elevated; the ends of the printed range occur."""
    values = [
        round(
            float(limit + 1 + (highest - limit - 2) * random.beta(1.2, 3))
            if h
            else float(random.uniform(lowest, limit)),
            decimals,
        )
        for h in high
    ]
    values[next(c for c, h in enumerate(high) if not h)] = lowest
    values[next(c for c, h in enumerate(high) if h)] = highest
    return values


def _onset_counts(figures: Published, course: list[int], random: np.random.Generator) -> list[int]:
    """Painful sites at onset: as many children with one as printed, the rest up to the printed largest."""
    several = roles.N - figures.n("unifocal_onset")
    largest = int(figures.value("lesion_course.onset", "max"))
    total = round(float(figures.value("lesion_course.onset", "mean")) * roles.N) - figures.n("unifocal_onset")
    candidates = sorted((c for c in range(roles.N) if course[c] >= 3), key=lambda c: -course[c])[:several]
    counts = [1] * roles.N
    for child in candidates:
        counts[child] = 2
    counts[candidates[0]] = largest
    left = total - sum(counts[c] for c in candidates)
    while left > 0:
        child = int(random.choice(candidates[1:]))
        if counts[child] < min(course[child], largest - 1):
            counts[child] += 1
            left -= 1
    return counts


def _drugs(figures: Published, has: list[dict[str, int]], random: np.random.Generator) -> list[Drugs]:
    cycles = _cycles(figures, random)
    found = []
    for child in range(roles.N):
        with_tnf = child == roles.SAPHO or child in roles.ARTHRITIS_TNF
        steroid = {roles.SAPHO: "sapho_syndrome", roles.CROHN: "crohn_disease", roles.BRIDGING: "bridging"}
        dmard = "azathioprine" if child == roles.CROHN else "methotrexate" if child <= roles.OTHER_MTX else ""
        found.append(
            Drugs(
                cycles=cycles.get(child, 0),
                pamidronate_response="insufficient" if child <= roles.OTHER_MTX else "improved",
                combined=child in roles.COMBINED_FROM_START,
                dmard=dmard,
                dmard_response="insufficient" if with_tnf else "remission" if dmard else "",
                dmard_dose=float([10, 15, 12.5, 10, 0, 15, 12.5][child]) if dmard else 0.0,
                steroid="arthritis" if child in roles.ARTHRITIS_TNF else steroid.get(child, ""),
                steroid_dose=(0.2, 0.3, 0.25)[child % 3],
                etanercept=("insufficient" if child == roles.TOCILIZUMAB else "remission")
                if with_tnf
                else "",
                tocilizumab=child == roles.TOCILIZUMAB,
                vertebral=bool(has[child]["vertebral"]),
            )
        )
    return found


def _cycles(figures: Published, random: np.random.Generator) -> dict[int, int]:
    mean, low, high = (float(figures.value("bisphosphonate_cycles", k)) for k in ("mean", "min", "max"))
    who = list(roles.WITH_PAMIDRONATE)
    values = [int(low), int(high)] + [int(low) + 1] * (len(who) - 2)
    left = round(mean * len(who)) - sum(values)
    while left > 0:
        child = int(random.integers(2, len(who)))
        if values[child] < high - 1:
            values[child] += 1
            left -= 1
    random.shuffle(who)
    return dict(zip(who, values, strict=True))


def _patient(child: int, course: Course, has: dict[str, int]) -> dict[str, Any]:
    return {
        "patient_id": course.patient_id,
        "sex": "F" if has["female"] else "M",
        "birth_month": f"{course.birth:%Y-%m}",
        "onset_date": course.onset,
        "diagnosis_date": course.diagnosis,
        "last_seen_date": course.last,
        "lost_to_follow_up": child in _LOST,
        **{n: bool(has[n]) for n in _PLAIN},
        "palmoplantar_pustulosis": child == roles.SAPHO,
        "uveitis": False,
        "hla_b27": bool(has["hla_b27_found"]) if has["hla_b27_tested"] else None,
        "antinuclear_antibodies": False if has["ana_tested"] else None,
        "rheumatoid_factor": False if has["rf_tested"] else None,
        "blood_culture": "sterile" if has["blood_culture"] else "not_done",
        "synovial_fluid": "sterile" if has["synovial_fluid"] else "not_done",
        "bone_biopsy": "compatible" if has["bone_biopsy"] else "not_done",
    }


def _exams(course: Course, has: dict[str, int]) -> list[dict[str, Any]]:
    kinds = ["radiograph", *(k for k in ("whole_body_mri", "targeted_mri") if has[k])]
    return [
        {
            "exam_id": f"{course.patient_id}-E{number + 1}",
            "patient_id": course.patient_id,
            "exam_date": course.diagnosis - timedelta(days=0 if number else 7) + timedelta(days=10 * number),
            "kind": kind,
        }
        for number, kind in enumerate(kinds)
    ]


def _lesions(
    child: int, course: Course, spots: dict[str, places.Spots], at_onset: int, random: np.random.Generator
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for row, spot in spots.items():
        free = _free_places(child, row, random)
        for number in range(spot.both + spot.pain_only + spot.imaging_only):
            site_id, place = free[number % len(free)]
            kinds = ["clinical"] if spot.both <= number < spot.both + spot.pain_only else ["imaging"]
            if number < spot.both:
                kinds = ["clinical", "imaging"]
            pair = f"{course.patient_id}-P{len(rows) + 1:02d}" if len(kinds) == 2 else None
            for kind in kinds:
                rows.append(
                    {
                        "patient_id": course.patient_id,
                        "kind": kind,
                        "site_id": site_id if kind == "imaging" or not place else None,
                        "place": place or None,
                        "pair_id": pair,
                    }
                )
    painful = [r for r in rows if r["kind"] == "clinical"]
    early = {int(n) for n in random.permutation(len(painful))[:at_onset]}
    span = (course.last - course.diagnosis).days
    for number, row in enumerate(painful):
        row["at_onset"] = number in early
        row["first_seen_date"] = (
            course.onset
            if number in early
            else course.diagnosis + timedelta(days=int(span * 0.6 * random.random()))
        )
    for number, row in enumerate(rows):
        row["lesion_id"] = f"{course.patient_id}-L{number + 1:02d}"
        if row["kind"] == "imaging":
            row["first_seen_date"] = course.diagnosis + timedelta(days=int(span * 0.6 * random.random()))
    return rows


def _free_places(child: int, row: str, random: np.random.Generator) -> list[tuple[str, str]]:
    """Places for the lesions of one row; both sides in turn in a symmetric child, one side otherwise."""
    if row in places.MIDLINE_ROWS:
        found = places.places_in(row, Side.MIDLINE)
        random.shuffle(found)
        return found
    sides = [Side.RIGHT, Side.LEFT]
    random.shuffle(sides)  # type: ignore[arg-type]
    first, second = (places.places_in(row, s) for s in sides)
    if child not in places.SYMMETRIC:
        start = int(random.integers(0, len(first)))
        return first[start:] + first[:start]
    return [p for pair in zip(first, second, strict=True) for p in pair]


def _mark_features(figures: Published, lesions: list[dict[str, Any]], random: np.random.Generator) -> None:
    imaging = [r for r in lesions if r["kind"] == "imaging"]
    _mark_radiographs(figures, imaging, random)
    for row in imaging:
        for name in (
            "mri_periosteal_reaction",
            "mri_cortical_involvement",
            "mri_soft_tissue_oedema",
            "mri_synovitis",
        ):
            row[name] = False
    painful = [r for r in imaging if r["pair_id"]]
    silent = [r for r in imaging if not r["pair_id"]]
    for name in ("mri_periosteal_reaction", "mri_cortical_involvement"):
        n = round(float(figures.value(name, "percent")) / 100 * len(imaging))
        # mostly in painful lesions, as the text says
        for row in [*_some(random, painful, n - 1), *_some(random, silent, 1)]:
            row[name] = True
    for row in _some(random, imaging, figures.n("mri_soft_tissue_oedema")):
        row["mri_soft_tissue_oedema"] = True
    joints = {(r["patient_id"], r["place"]): r for r in imaging if r["place"]}
    for row in _some(random, list(joints.values()), figures.n("synovitis_joints")):
        row["mri_synovitis"] = True


def _mark_radiographs(figures: Published, imaging: list[dict[str, Any]], random: np.random.Generator) -> None:
    """Fifty lesions were seen on radiographs: with 50, every printed percentage is a whole number of lesions."""
    seen = _some(random, imaging, 50)
    words = [w for w in ("lytic", "sclerotic", "mixed") for _ in range(_of_fifty(figures, f"density_{w}"))]
    for row, word in zip(seen, words, strict=True):
        row["radiograph_density"] = word
    for name in ("radiograph_periosteal_reaction", "radiograph_hyperostosis", "radiograph_ill_defined"):
        chosen = {id(r) for r in _some(random, seen, _of_fifty(figures, name))}
        for row in seen:
            row[name] = id(row) in chosen


def _of_fifty(figures: Published, name: str) -> int:
    return round(float(figures.value(name, "percent")) / 2)


def _some(random: np.random.Generator, rows: list[dict[str, Any]], n: int) -> list[dict[str, Any]]:
    return [rows[int(i)] for i in random.permutation(len(rows))[:n]]


def main(folder: str) -> None:
    """Write the records of the default seed into a new folder."""
    write_long_files(Path(folder), generate())


if __name__ == "__main__":
    main(sys.argv[1])
