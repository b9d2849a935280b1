"""Facts that several scores ask for, each drawn from a case once and in one way."""

from __future__ import annotations

from collections.abc import Callable

from marrowmap.core.counted import counted
from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.reading import Reading
from marrowmap.core.record.joints import place
from marrowmap.core.record.patient import any_of, any_strict
from marrowmap.core.record.units import Analyte
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import Limits
from marrowmap.core.rules.evidence import Evidence, Fact, of_lesions, open_fact
from marrowmap.core.site import Side, Site, all_sites, mirror

NO_READING = "no reading of an examination is given"
NO_VISIT = "no visit is given"
NO_PATIENT = "no patient record is given"


def multifocal(case: Case) -> Fact:
    """More than one lesion. One or none counts as "not more" only when the whole body was imaged."""
    if case.reading is None:
        return open_fact(NO_READING)
    evidence = of_lesions(case.lesions)
    if len(case.lesions) > 1:
        return Fact(Assessment.PRESENT, evidence)
    if not case.reading.not_whole:
        return Fact(Assessment.ABSENT, evidence)
    return Fact(Assessment.NOT_ASSESSED, evidence, case.reading.not_whole)


def bones_involved(lesions: tuple[Lesion, ...]) -> frozenset[tuple[str, Side]]:
    """Bones with their side; vertebrae count one by one, the midline as its own side."""
    return frozenset((s.bone, s.side) for lesion in lesions for s in lesion.sites)


def lesion_in(case: Case, what: str, belongs: Callable[[Site], bool]) -> Fact:
    """A lesion in any unit that ``belongs``. ABSENT only when all those units were looked at."""
    reading = case.reading
    if reading is None:
        return open_fact(NO_READING)
    found = tuple(le for le in case.lesions if any(belongs(s) for s in le.sites))
    if found:
        return Fact(Assessment.PRESENT, of_lesions(found))
    units = [s for s in all_sites() if belongs(s)]
    left_open = reading.left_open()
    unseen = [s for s in units if s.id in left_open or not _looked_at(reading, s)]
    if unseen:
        return open_fact(f"{what}: {len(unseen)} of {len(units)} units were not imaged or not assessed")
    return Fact(Assessment.ABSENT)


def _looked_at(reading: Reading, unit: Site) -> bool:
    if unit.id in reading.not_covered:
        return False
    return reading.whole_body or unit.id in reading.normal


def is_vertebra(unit: Site) -> bool:
    """One of the 24 mobile vertebrae."""
    return unit.is_vertebra


def is_clavicle(unit: Site) -> bool:
    """Either part of either clavicle."""
    return unit.bone == "clavicle"


def is_sternum(unit: Site) -> bool:
    """Manubrium or body."""
    return unit.bone == "sternum"


def is_femur(unit: Site) -> bool:
    """Any part of either femur, greater trochanter included."""
    return unit.bone == "femur"


def paired_lesions(lesions: tuple[Lesion, ...]) -> tuple[tuple[Lesion, Lesion], ...]:
    """Pairs (right, left) of lesions in the same unit of both sides (ours).

    Midline units never pair. A lesion may stand in several pairs.
    """
    pairs = []
    for right in lesions:
        mirrored = {m.id for s in right.sites if s.side is Side.RIGHT and (m := mirror(s)) is not None}
        pairs += [(right, left) for left in lesions if any(s.id in mirrored for s in left.sites)]
    return tuple(pairs)


def symmetric(case: Case) -> Fact:
    """At least one pair of active lesions in the same bone and segment of both sides (ours)."""
    reading = case.reading
    if reading is None:
        return open_fact(NO_READING)
    pairs = paired_lesions(case.active_lesions)
    if pairs:
        members = tuple(dict.fromkeys(lesion for pair in pairs for lesion in pair))
        return Fact(Assessment.PRESENT, of_lesions(members))
    partners = [m for le in case.active_lesions for s in le.sites if (m := mirror(s)) is not None]
    left_open = reading.left_open()
    unseen = [m for m in partners if m.id in left_open or not _looked_at(reading, m)]
    if unseen or reading.not_whole:
        return open_fact("the other side was not imaged or not assessed for every lesion")
    if any(le.activity.value == "not_assessed" for le in case.lesions):
        return open_fact("activity of a lesion is not assessed")
    return Fact(Assessment.ABSENT)


def marginal_sclerosis(case: Case) -> Fact:
    """Read on radiograph or CT; an MRI alone leaves it open (ours). ABSENT needs a look at every lesion."""
    pictures = case.patient.radiographs if case.patient else ()
    states = [p.marginal_sclerosis for p in pictures]
    evidence = [
        Evidence("radiograph", p.place_id, "marginal sclerosis")
        for p in pictures
        if p.marginal_sclerosis is Assessment.PRESENT
    ]
    for lesion in case.lesions:
        own = lesion.features.marginal_sclerosis
        there = [p.marginal_sclerosis for p in pictures if lesion.site.id in place(p.place_id).units]
        states.append(any_of(own, *there))
        if own is Assessment.PRESENT:
            evidence.append(Evidence("lesion", lesion.id, f"{lesion.site.name}: marginal sclerosis"))
    if Assessment.PRESENT in states:
        return Fact(Assessment.PRESENT, tuple(evidence))
    unread = states.count(Assessment.NOT_ASSESSED)
    if not states or unread == len(states):
        return open_fact("not read on a radiograph or CT")
    if unread:
        return open_fact(
            f"{counted(unread, 'lesion or radiograph', 'lesions or radiographs')} not read for it"
        )
    return Fact(Assessment.ABSENT)


def symptom(case: Case, name: str) -> Assessment:
    """An item of Table 1 at this visit or at any earlier one of the record."""
    states = [getattr(case.visit.symptoms, name)] if case.visit else []
    record = case.record
    if record is not None:
        day = case.day
        states += [getattr(v.symptoms, name) for v in record.visits if day is None or v.date <= day]
    return any_of(*states)


def lab_evidence(case: Case, *analytes: Analyte) -> tuple[Evidence, ...]:
    """These laboratory values of the visit as evidence; those not measured are left out."""
    values = [v for a in analytes if (v := case.lab(a)) is not None]
    return tuple(Evidence("laboratory", str(v.analyte), f"{_NAMES[v.analyte]} {v}") for v in values)


_NAMES = {
    Analyte.CRP: "CRP",
    Analyte.ESR: "ESR",
    Analyte.LEUKOCYTES: "leucocytes",
    Analyte.NEUTROPHILS: "neutrophils",
    Analyte.BAND_NEUTROPHILS: "band neutrophils",
    Analyte.HAEMOGLOBIN: "haemoglobin",
    Analyte.PLATELETS: "platelets",
    Analyte.ALP: "alkaline phosphatase",
    Analyte.LDH: "LDH",
    Analyte.ASCORBATE: "ascorbate",
    Analyte.PLP: "pyridoxal phosphate",
}


def normal_blood_count(case: Case) -> Fact:
    """Leucocytes, haemoglobin and platelets all inside the laboratory's own range (ours)."""
    if case.visit is None:
        return open_fact(NO_VISIT)
    count = (Analyte.LEUKOCYTES, Analyte.HAEMOGLOBIN, Analyte.PLATELETS)
    values = [case.lab(a) for a in count]
    states = [Assessment.NOT_ASSESSED if v is None else v.is_normal for v in values]
    evidence = lab_evidence(case, *count)
    if Assessment.ABSENT in states:
        return Fact(Assessment.ABSENT, evidence)
    if Assessment.NOT_ASSESSED in states:
        lacking = [_NAMES[a] for a, s in zip(count, states, strict=True) if s is Assessment.NOT_ASSESSED]
        return Fact(
            Assessment.NOT_ASSESSED, evidence, f"value or reference range missing: {', '.join(lacking)}"
        )
    return Fact(Assessment.PRESENT, evidence)


def normal_temperature(case: Case, limits: Limits) -> Fact:
    """A measured temperature below the limit; without one, the fever item of Table 1 decides (ours)."""
    if case.visit is None:
        return open_fact(NO_VISIT)
    measured = case.visit.temperature_c
    if measured is not None:
        entry = Evidence("visit", "temperature_c", f"{measured:g} °C")
        return Fact(Assessment.of(measured < limits.normal_temperature_below), (entry,))
    fever = case.visit.symptoms.fever_above_38_5
    if fever is Assessment.NOT_ASSESSED:
        return open_fact("body temperature is not recorded")
    word = "fever above 38.5 °C" if fever is Assessment.PRESENT else "no fever above 38.5 °C"
    entry = Evidence("visit", "fever_above_38_5", word)
    return Fact(Assessment.of(fever is Assessment.ABSENT), (entry,))


def lab_at_least(case: Case, analyte: Analyte, limit: float) -> Fact:
    """A laboratory value at or above ``limit`` (stored unit)."""
    return _lab_fact(case, analyte, lambda: case.lab(analyte).at_least(limit))  # type: ignore[union-attr]


def lab_above(case: Case, analyte: Analyte, limit: float) -> Fact:
    """A laboratory value above ``limit`` (stored unit)."""
    return _lab_fact(case, analyte, lambda: case.lab(analyte).above(limit))  # type: ignore[union-attr]


def lab_at_most(case: Case, analyte: Analyte, limit: float) -> Fact:
    """A laboratory value at or below ``limit`` (stored unit)."""
    above = lab_above(case, analyte, limit)
    return Fact(Assessment.of(None if above.holds is None else not above.holds), above.evidence, above.note)


def _lab_fact(case: Case, analyte: Analyte, ask: Callable[[], bool | None]) -> Fact:
    if case.lab(analyte) is None:
        return open_fact(f"{_NAMES[analyte]} is not recorded")
    state = Assessment.of(ask())
    note = "the laboratory gave only an upper bound" if state is Assessment.NOT_ASSESSED else ""
    return Fact(state, lab_evidence(case, analyte), note)


def from_states(states: dict[str, Assessment], kind: str, note: str, *, strict: bool = False) -> Fact:
    """Whether any of the named findings is PRESENT. strict: ABSENT needs every one of them assessed."""
    combine = any_strict if strict else any_of
    state = combine(*states.values())
    evidence = tuple(
        Evidence(kind, name, name.replace("_", " ")) for name, s in states.items() if s is Assessment.PRESENT
    )
    return Fact(state, evidence, note if state is Assessment.NOT_ASSESSED else "")
