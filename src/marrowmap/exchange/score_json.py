"""Scores, patterns, pathway, treatment stage and remission as JSON, for `--json` and for the pages."""

from __future__ import annotations

from typing import Any

from marrowmap.core.record.pain import match_of
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import DEFAULT_RULES, Rulebook
from marrowmap.core.rules.evidence import Evidence
from marrowmap.core.rules.pathway import PathwayResult
from marrowmap.core.rules.red_flags import RedFlag
from marrowmap.core.rules.remission import Remission, both_readings
from marrowmap.core.rules.treatment import TreatmentStage, stage
from marrowmap.core.scores.catalogue import CATALOGUE, RULE_SYSTEMS, score_all
from marrowmap.core.scores.result import CONFIDENCE_WORDS, Item, ScoreResult, System


def listing_to_dict(system: System, group: str) -> dict[str, Any]:
    """One row of the list of systems."""
    return {
        "id": system.id,
        "name": system.name,
        "year": system.year,
        "citation": system.citation,
        "doi": system.doi,
        "state": str(system.state),
        "confidence": str(system.confidence),
        "confidence_in_words": CONFIDENCE_WORDS[system.confidence],
        "group": group,
        "purpose": system.purpose,
        "higher_means": system.higher_means,
        "gap": system.gap,
    }


def catalogue_to_list() -> list[dict[str, Any]]:
    """Every system, scores first, then rules that are no score."""
    rows = [listing_to_dict(entry.system, entry.group) for entry in CATALOGUE]
    return [*rows, *(listing_to_dict(system, "rule") for system in RULE_SYSTEMS)]


def evidence_to_dict(evidence: Evidence) -> dict[str, str]:
    """One entry a fact rests on."""
    return {"kind": evidence.kind, "id": evidence.id, "text": evidence.text}


def item_to_dict(item: Item) -> dict[str, Any]:
    """One part of a score."""
    return {
        "id": item.id,
        "label": item.label,
        "state": None if item.state is None else str(item.state),
        "points_low": item.low,
        "points_high": item.high,
        "text": item.text,
        "note": item.note,
        "confidence": str(item.confidence),
        "evidence": [evidence_to_dict(e) for e in item.evidence],
    }


def result_to_dict(result: ScoreResult) -> dict[str, Any]:
    """One score with everything it rests on."""
    cut, table = result.cut_off, result.table
    return {
        "system": result.system.id,
        "name": result.system.name,
        "year": result.system.year,
        "citation": result.system.citation,
        "confidence": str(result.system.confidence),
        "definition": str(result.system.state),
        "verified": result.verified,
        "state": str(result.state),
        "answer": result.answer,
        "value": result.value,
        "low": result.low,
        "high": result.high,
        "items": [item_to_dict(i) for i in result.items],
        "missing": list(result.missing),
        "rule": result.rule,
        "cut_off": None
        if cut is None
        else {
            "operator": cut.operator,
            "value": cut.value,
            "met": cut.met,
            "not_met": cut.not_met,
            "confidence": str(cut.confidence),
        },
        "ours": list(result.ours),
        "table": None
        if table is None
        else {
            "sha256": table.sha256,
            "entered_by": table.entered_by,
            "entered_on": table.entered_on.isoformat(),
            "citation": table.citation,
            "place": table.place,
        },
        "lesion_ids": list(result.lesion_ids),
        "details": dict(result.details),
        "sentences": list(result.sentences),
    }


def flag_to_dict(flag: RedFlag) -> dict[str, Any]:
    """One red flag with its state."""
    return {
        "id": flag.id,
        "label": flag.label,
        "state": str(flag.fact.state),
        "points_to": flag.points_to,
        "action": flag.action,
        "source": flag.source,
        "confidence": str(flag.confidence),
        "note": flag.fact.note,
        "evidence": [evidence_to_dict(e) for e in flag.fact.evidence],
    }


def pathway_to_dict(result: PathwayResult) -> dict[str, Any]:
    """The pathway with its checklist, flags and differential diagnoses."""
    return {
        "outcome": str(result.outcome),
        "reasons": list(result.reasons),
        "checklist": [item_to_dict(i) for i in result.checklist],
        "red_flags": [flag_to_dict(f) for f in result.flags],
        "next_steps": list(result.next_steps),
        "differential": [
            {
                "id": d.id,
                "name": d.name,
                "towards": list(d.towards),
                "away": list(d.away),
                "textbook_towards": d.textbook_towards,
                "textbook_away": d.textbook_away,
                "confidence": str(d.confidence),
                "source": d.source,
            }
            for d in result.differential
        ],
        "ours": list(result.ours),
        "citation": result.citation,
        "disclaimer": result.disclaimer,
    }


def stage_to_dict(found: TreatmentStage) -> dict[str, Any]:
    """The treatment stage."""
    return {
        "plan": str(found.plan),
        "eligible": str(found.eligible),
        "grounds": list(found.grounds),
        "running": [str(t.drug) for t in found.running],
        "started": None if found.started is None else found.started.isoformat(),
        "assessments": [
            {"month": d.month, "day": d.day.isoformat(), "done": d.done} for d in found.assessments
        ],
        "sentences": list(found.sentences),
        "ours": list(found.ours),
        "citation": found.citation,
        "disclaimer": found.disclaimer,
    }


def remission_to_dict(found: Remission) -> dict[str, Any]:
    """Remission by one reading of the definition."""
    days = {"since": found.since, "reached_on": found.reached_on, "relapse_on": found.relapse_on}
    return {
        "definition": str(found.definition),
        "state": str(found.state),
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
        "months_needed": found.months_needed,
        "sentence": found.sentence,
    }


def pain_to_dict(case: Case) -> dict[str, Any] | None:
    """Painful places against lesions; None when pain by site or imaging is not known."""
    match = match_of(case.visit, case.reading)
    if match is None or case.visit is None:
        return None
    painful = case.visit.painful_sites or ()
    return {
        "painful_sites": match.n_painful,
        "lesions": match.n_lesions,
        "matched": len(match.pairs),
        "painful_without_lesion": match.painful_without_lesion,
        "lesions_without_own_painful_site": match.lesions_without_pain,
        "lesions_outside_every_painful_region": len(match.subclinical),
        "union": match.union,
        "pairs": [[painful[i].place_id, case.lesions[j].id] for i, j in match.pairs],
        "subclinical": [case.lesions[j].id for j in sorted(match.subclinical)],
        "level": "region; matching is ours (PROPOSED)",
    }


def case_to_dict(case: Case, rules: Rulebook = DEFAULT_RULES) -> dict[str, Any]:
    """All scores of a case, with treatment stage and remission when a record is there."""
    readings = tuple(r for r in (case.earlier_reading, case.reading) if r is not None)
    return {
        "format": "marrowmap-scores",
        "format_version": 1,
        "synthetic": case.synthetic,
        "disclaimer": "Suggestions computed from what was entered; not a diagnosis.",
        "reading": None if case.reading is None else case.reading.id,
        "reading_state": None if case.reading is None else str(case.reading.state),
        "visit": None if case.visit is None else case.visit.id,
        "scores": [result_to_dict(r) for r in score_all(case, rules)],
        "pain_and_imaging": pain_to_dict(case),
        "treatment": None if case.patient is None else stage_to_dict(stage(case, rules=rules)),
        "remission": []
        if case.record is None
        else [remission_to_dict(r) for r in both_readings(case.record, readings, rules)],
    }
