"""A person's readings: opened from a study, saved state by state, answered and signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from marrowmap.core.case import Case
from marrowmap.core.completeness import open_questions
from marrowmap.core.configuration import DEFAULT_RULES
from marrowmap.core.reading import Decision, Reading
from marrowmap.core.scores.catalogue import CATALOGUE
from marrowmap.core.scores.result import CONFIDENCE_WORDS, ScoreResult, State
from marrowmap.core.site import all_sites
from marrowmap.exchange.reading_json import reading_from_dict, reading_to_dict
from marrowmap.registry.journal import EMPTY, Journal
from marrowmap.registry.journal import State as Saved
from marrowmap.web.access import Person, reading_name
from marrowmap.web.problems import NotComplete
from marrowmap.web.shelf import Shelf

OUTLINES = "outlines"
"""Masks of the lesions; kept beside the reading, whose file format knows no images."""


@dataclass(frozen=True)
class Desk:
    """Readings of all persons over all studies of a shelf."""

    shelf: Shelf
    journal: Journal

    def line(self, name: str, person: Person) -> dict[str, Any]:
        """One line of the worklist."""
        study = self.shelf.study(name)
        exam = study["exam"]
        scanner = exam["scanner"]
        state = self.journal.latest(reading_name(name, person)) if person.name else EMPTY
        decisions = state.content.get("decisions", {}).values()
        return {
            "name": name,
            "synthetic": study["synthetic"],
            "date": exam["date"],
            "age_years": exam["patient"]["age_years"],
            "sex": exam["patient"]["sex"],
            "scanner": f"{scanner['manufacturer']} {scanner['model']} {scanner['field_tesla'] or '?'} T",
            "status": study["protocol"]["status"],
            "images": study["images_in"],
            "candidates": len(study["candidates"]),
            "warnings": len(study["warnings"]),
            "reading": {
                "state": "signed" if state.signed else "draft" if state.version else "none",
                "decided": sum(d != Decision.UNDECIDED for d in decisions),
                "lesions": len(state.content.get("lesions", [])),
                "who": state.who,
                "when": state.when.isoformat() if state.when else None,
            },
        }

    def reading(self, name: str, person: Person) -> Saved:
        """The person's last state, or a fresh reading (version 0) that nothing was said in yet."""
        state = self.journal.latest(reading_name(name, person)) if person.name else EMPTY
        if state.version:
            return state
        fresh = {**reading_to_dict(self.fresh(name, person)), OUTLINES: {}}
        return Saved(0, fresh, person.name, None, "not begun")

    def fresh(self, name: str, person: Person) -> Reading:
        """An empty reading; units outside the coverage are not covered from the start."""
        study = self.shelf.study(name)
        covered = study["coverage"]
        day = study["exam"]["date"]
        return Reading(
            id=reading_name(name, person) if person.name else f"{name}.nobody",
            exam_uid=study["exam"]["study_uid"],
            patient_key=study["exam"]["patient"]["key"],
            reader=person.name,
            exam_date=date.fromisoformat(day) if day else None,
            not_covered=frozenset(s.id for s in all_sites() if covered.get(s.id) != "covered"),
            contrasts=frozenset(v["contrast"] for v in study["volumes"]),
            whole_body=study["protocol"]["status"] != "regional",
            synthetic=study["synthetic"],
        )

    def save(self, name: str, person: Person, content: dict[str, Any], *, base: int, what: str) -> Saved:
        """Keep a changed reading. Raises InvalidRecord, EditConflict or Frozen; then nothing was stored."""
        kept = self._checked(name, person, content)
        return self.journal.save(reading_name(name, person), kept, base=base, who=person.name, what=what)

    def sign(self, name: str, person: Person, content: dict[str, Any], *, base: int) -> Saved:
        """Freeze the reading. Raises NotComplete while a question is open."""
        reading = self._reading(self._checked(name, person, content))
        questions = open_questions(reading, self._candidates(name))
        if questions:
            raise NotComplete(
                "reading",
                f"{len(questions)} open: {questions[0].text}",
                "Answer each, or waive it with a reason",
            )
        signed = {**reading_to_dict(reading.signed(datetime.now(UTC))), OUTLINES: content.get(OUTLINES, {})}
        return self.journal.save(
            reading_name(name, person), signed, base=base, who=person.name, what="signed", signed=True
        )

    def answers(self, name: str, person: Person) -> dict[str, Any]:
        """Scores and patterns of the stored reading, and what is open before signing."""
        reading = self._reading(self.reading(name, person).content)
        case = Case(reading=reading)
        shown = [
            listing.compute(case, DEFAULT_RULES)
            for listing in CATALOGUE
            if listing.group in ("burden", "distribution")
        ]
        return {
            "answers": [_answer(result) for result in shown],
            "questions": [
                {"key": q.key, "text": q.text} for q in open_questions(reading, self._candidates(name))
            ],
        }

    def _candidates(self, name: str) -> list[str]:
        return [c["id"] for c in self.shelf.study(name)["candidates"]]

    def _checked(self, name: str, person: Person, content: dict[str, Any]) -> dict[str, Any]:
        """The content with identity and coverage taken from the study, never from the browser."""
        fresh = reading_to_dict(self.fresh(name, person))
        fixed = (
            "id",
            "exam_uid",
            "patient_key",
            "reader",
            "exam_date",
            "not_covered",
            "contrasts",
            "synthetic",
        )
        merged = {**fresh, **content, **{key: fresh[key] for key in fixed}}
        reading = self._reading(merged)
        return {**reading_to_dict(reading), OUTLINES: content.get(OUTLINES, {})}

    @staticmethod
    def _reading(content: dict[str, Any]) -> Reading:
        return reading_from_dict({k: v for k, v in content.items() if k != OUTLINES})


def _answer(result: ScoreResult) -> dict[str, Any]:
    known = {State.COMPUTED: result.range_text or result.answer.replace("_", " ")}
    return {
        "title": result.system.name,
        "value": known.get(result.state, str(result.state).replace("_", " ")),
        "detail": [*result.sentences, *(f"missing: {m}" for m in result.missing), *result.ours],
        "source": f"{result.system.citation} ({CONFIDENCE_WORDS[result.system.confidence]})",
        "verified": result.verified,
        "lesions": list(result.lesion_ids),
    }
