"""Points of the nine EULAR/ACR domains from a site's own table; without a table nothing here is used."""

from __future__ import annotations

from collections.abc import Mapping

from marrowmap.core.lesion import Assessment
from marrowmap.core.record.patient import any_strict, states_of
from marrowmap.core.record.units import Analyte
from marrowmap.core.rules import findings
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.evidence import Evidence, Fact, of_lesions, open_fact
from marrowmap.core.scores.jansson_2007 import sterile_inflammation
from marrowmap.core.scores.result import Item
from marrowmap.core.scores.table import Entry, ScoreTable
from marrowmap.core.site import Region

DOMAINS: dict[str, str] = {
    "site": "site of the lesions",
    "pattern": "pattern of the lesions",
    "age_at_onset": "age at onset",
    "coexisting_conditions": "coexisting conditions",
    "fever": "fever",
    "biopsy": "bone biopsy",
    "anaemia": "anaemia",
    "crp": "CRP",
    "esr": "ESR",
}
"""The nine weighted domains."""


def weighed(case: Case, table: ScoreTable) -> tuple[Item, ...]:
    """Points of each domain with bounds. The highest-weighted site counts (ours)."""
    entries = table.entries
    return (
        _site(case, entries["site"]),
        _pattern(case, entries["pattern"]),
        _age(case, entries["age_at_onset"]),
        _flag("coexisting_conditions", _conditions(case, entries["coexisting_conditions"].names), entries),
        _flag("fever", _fever(case), entries),
        _biopsy(case, entries["biopsy"]),
        _flag("anaemia", _anaemia(case), entries),
        _lab("crp", case, Analyte.CRP, entries["crp"]),
        _lab("esr", case, Analyte.ESR, entries["esr"]),
    )


def unweighed(case: Case) -> tuple[Item, ...]:
    """What is known for each domain while its weight is missing: values without points."""
    return (
        _known("site", _site_text(case), of_lesions(case.lesions)),
        _known("pattern", _pattern_text(case)),
        _known("age_at_onset", "" if case.age_at_onset is None else f"{case.age_at_onset:.1f} years"),
        _known("coexisting_conditions", _conditions_text(case)),
        _known("fever", _state_text(_fever(case))),
        _known("biopsy", _biopsy_text(case)),
        _known("anaemia", _state_text(_anaemia(case))),
        _known("crp", str(case.lab(Analyte.CRP) or "")),
        _known("esr", str(case.lab(Analyte.ESR) or "")),
    )


def _known(name: str, text: str, evidence: tuple[Evidence, ...] = ()) -> Item:
    state = None if text else Assessment.NOT_ASSESSED
    note = "weight missing" if text else "not recorded; weight missing"
    return Item(name, DOMAINS[name], state, text=text, evidence=evidence, note=note)


def _state_text(fact: Fact) -> str:
    return "" if fact.holds is None else str(fact.state)


def _site_text(case: Case) -> str:
    return ", ".join(sorted({site_option(s.bone, s.region) for le in case.lesions for s in le.sites}))


def _pattern_text(case: Case) -> str:
    multi, pair = findings.multifocal(case), findings.symmetric(case)
    words = {True: "multifocal", False: "unifocal", None: ""}[multi.holds]
    if not words or pair.holds is None:
        return words
    return f"{words}, {'symmetric' if pair.holds else 'not symmetric'}"


def _conditions_text(case: Case) -> str:
    if case.patient is None:
        return ""
    states = states_of(case.patient.extra_osseous)
    found = [n.replace("_", " ") for n, s in states.items() if s is Assessment.PRESENT]
    if found:
        return ", ".join(found)
    return "" if Assessment.NOT_ASSESSED in states.values() else "none"


def _biopsy_text(case: Case) -> str:
    if case.patient is None or case.patient.had_biopsy is Assessment.NOT_ASSESSED:
        return ""
    if case.patient.had_biopsy is Assessment.ABSENT:
        return "not done"
    words = {True: "sterile inflammation", False: "other result", None: "done, result incomplete"}
    return words[sterile_inflammation(case).holds]


def site_option(case_bones: str, region: Region) -> str:
    """The option of the site domain that a bone belongs to."""
    if case_bones in ("clavicle", "mandible", "skull"):
        return case_bones
    return "hand" if region is Region.HAND else "other"


def _open(name: str, entry: Entry, note: str) -> Item:
    return Item(name, DOMAINS[name], Assessment.NOT_ASSESSED, entry.lowest, entry.highest, note=note)


def _site(case: Case, entry: Entry) -> Item:
    if not case.lesions:
        return _open("site", entry, "no lesion on the reading")
    options = {site_option(s.bone, s.region) for le in case.lesions for s in le.sites}
    best = max(sorted(options), key=entry.points_of)
    worth = entry.points_of(best)
    unseen = "no reading" if case.reading is None else case.reading.not_whole
    return Item(
        "site",
        DOMAINS["site"],
        Assessment.NOT_ASSESSED if unseen else None,
        worth,
        entry.highest if unseen else worth,
        best,
        of_lesions(case.lesions),
        note=unseen,
    )


def _pattern(case: Case, entry: Entry) -> Item:
    multi, pair = findings.multifocal(case), findings.symmetric(case)
    options = {
        True: {"multifocal_symmetric", "multifocal_asymmetric"},
        False: {"unifocal"},
        None: {"multifocal_symmetric", "multifocal_asymmetric", "unifocal"},
    }[multi.holds]
    if pair.holds is True:
        options -= {"multifocal_asymmetric", "unifocal"}
    elif pair.holds is False:
        options -= {"multifocal_symmetric"}
    worths = [entry.points_of(o) for o in options]
    low, high = min(worths), max(worths)
    state = Assessment.NOT_ASSESSED if len(options) > 1 else None
    text = " or ".join(sorted(o.replace("_", " ") for o in options))
    note = "; ".join(n for n in (multi.note, pair.note) if n) if state else ""
    return Item("pattern", DOMAINS["pattern"], state, low, high, text, multi.evidence, note=note)


def _age(case: Case, entry: Entry) -> Item:
    age = case.age_at_onset
    if age is None:
        return _open("age_at_onset", entry, "not recorded")
    worth = entry.points_for(age)
    evidence = (Evidence("patient", "onset", f"onset at {age:.1f} years"),)
    return Item("age_at_onset", DOMAINS["age_at_onset"], None, worth, worth, f"{age:.1f} years", evidence)


def _flag(name: str, fact: Fact, entries: Mapping[str, Entry]) -> Item:
    entry = entries[name]
    if fact.holds is None:
        return _open(name, entry, fact.note)
    worth = entry.points_of("present" if fact.holds else "absent")
    return Item(name, DOMAINS[name], fact.state, worth, worth, str(fact.state), fact.evidence)


def _conditions(case: Case, names: tuple[str, ...]) -> Fact:
    if case.patient is None:
        return open_fact(findings.NO_PATIENT)
    states = {n: getattr(case.patient.extra_osseous, n, Assessment.NOT_ASSESSED) for n in names}
    return findings.from_states(states, "patient", "not all asked about", strict=True)


def _fever(case: Case) -> Fact:
    if case.visit is None:
        return open_fact(findings.NO_VISIT)
    state = any_strict(case.visit.symptoms.fever_above_38_5)
    return Fact(state, note="fever is not recorded" if state is Assessment.NOT_ASSESSED else "")


def _biopsy(case: Case, entry: Entry) -> Item:
    if case.patient is None or case.patient.had_biopsy is Assessment.NOT_ASSESSED:
        return _open("biopsy", entry, "whether a biopsy was done is not recorded")
    if case.patient.had_biopsy is Assessment.ABSENT:
        worth = entry.points_of("not_done")
        return Item("biopsy", DOMAINS["biopsy"], Assessment.ABSENT, worth, worth, "not done")
    fact = sterile_inflammation(case)
    if fact.holds is None:
        return _open("biopsy", entry, fact.note)
    option = "sterile_inflammation" if fact.holds else "other_result"
    worth = entry.points_of(option)
    return Item(
        "biopsy", DOMAINS["biopsy"], fact.state, worth, worth, option.replace("_", " "), fact.evidence
    )


def _anaemia(case: Case) -> Fact:
    value = case.lab(Analyte.HAEMOGLOBIN)
    if value is None or value.is_low is Assessment.NOT_ASSESSED:
        return open_fact("haemoglobin or its reference range is not recorded")
    return Fact(value.is_low, findings.lab_evidence(case, Analyte.HAEMOGLOBIN))


def _lab(name: str, case: Case, analyte: Analyte, entry: Entry) -> Item:
    value = case.lab(analyte)
    if value is None:
        return _open(name, entry, "not recorded")
    evidence = findings.lab_evidence(case, analyte)
    if value.below:
        reachable = [p for start, p in entry.bands if start < value.value or start == 0]
        low, high = min(reachable), max(reachable)
        note = "the laboratory gave only an upper bound" if low != high else ""
        state = Assessment.NOT_ASSESSED if note else None
        return Item(name, DOMAINS[name], state, low, high, str(value), evidence, note=note)
    worth = entry.points_for(value.value)
    return Item(name, DOMAINS[name], None, worth, worth, str(value), evidence)
