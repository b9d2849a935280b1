"""A person's readings: opened from a study, saved state by state, signed, and amended by a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from marrowmap.core.completeness import open_questions
from marrowmap.core.reading import Decision, Reading, ReadingState
from marrowmap.core.site import all_sites
from marrowmap.errors import InvalidRecord
from marrowmap.exchange.reading_json import reading_from_dict, reading_to_dict
from marrowmap.registry.journal import EMPTY, Journal
from marrowmap.registry.journal import State as Saved
from marrowmap.web.access import Person, reading_name
from marrowmap.web.comparing import comparison_sentences
from marrowmap.web.live_answers import live_answers
from marrowmap.web.problems import NotAllowed, NotComplete
from marrowmap.web.shelf import Shelf

BESIDE = {"outlines": dict, "merged": dict, "plain_text": str}
"""Masks of the lesions, candidates joined to another's lesion, and the edited paragraph for the clinician:
kept beside the reading, whose file format knows neither images nor candidates."""
COMPARED = "comparison"
"""Sentences frozen with a signed reading: what an earlier reading said then, whatever is amended there later."""
FIXED = ("id", "exam_uid", "patient_key", "reader", "exam_date", "not_covered", "contrasts", "synthetic")
"""What the study decides, never the browser."""


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
        state = self._last(name, person)
        decisions = state.content.get("decisions", {}).values()
        return {
            "name": name,
            "patient_key": exam["patient"]["key"],
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
                "amends": state.content.get("amends", ""),
                "who": state.who,
                "when": state.when.isoformat() if state.when else None,
            },
        }

    def chain(self, name: str, person: Person) -> tuple[str, ...]:
        """Names of the person's readings of a study: the first one, then each amendment; () before the first."""
        if not person.name:
            return ()
        first = reading_name(name, person)
        found: list[str] = []
        while self.journal.latest(_numbered(first, len(found))).version:
            found.append(_numbered(first, len(found)))
        return tuple(found)

    def _current(self, name: str, person: Person) -> str:
        chain = self.chain(name, person)
        return chain[-1] if chain else reading_name(name, person)

    def _last(self, name: str, person: Person) -> Saved:
        return self.journal.latest(self._current(name, person)) if person.name else EMPTY

    def reading(self, name: str, person: Person) -> Saved:
        """The person's last state, or a fresh reading (version 0) that nothing was said in yet."""
        state = self._last(name, person)
        if state.version:
            return state
        fresh = {**reading_to_dict(self.fresh(name, person)), **{key: kind() for key, kind in BESIDE.items()}}
        return Saved(0, fresh, person.name, None, "not begun")

    def signed(self, name: str, person: Person) -> Reading | None:
        """The person's last signed reading; None when none was signed."""
        for reading in reversed(self.chain(name, person)):
            state = self.journal.latest(reading)
            if state.signed:
                return self.as_reading(state.content)
        return None

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
            # Units nobody looked for (a regional exam has no labels) are left to the reader, not called uncovered.
            not_covered=frozenset(s.id for s in all_sites() if covered.get(s.id) == "not_covered"),
            contrasts=frozenset(v["contrast"] for v in study["volumes"]),
            whole_body=study["protocol"]["status"] != "regional",
            synthetic=study["synthetic"],
        )

    def save(self, name: str, person: Person, content: dict[str, Any], *, base: int, what: str) -> Saved:
        """Keep a changed reading. Raises InvalidRecord, EditConflict or Frozen; then nothing was stored."""
        kept = self._checked(name, person, content)
        return self.journal.save(kept["id"], kept, base=base, who=person.name, what=what)

    def sign(self, name: str, person: Person, content: dict[str, Any], *, base: int) -> Saved:
        """Freeze the reading. Raises NotComplete while a question is open."""
        kept = self._checked(name, person, content)
        reading = self.as_reading(kept)
        questions = open_questions(reading, self._candidates(name))
        if questions:
            raise NotComplete(
                "reading",
                f"{len(questions)} open: {questions[0].text}",
                "Answer each, or waive it with a reason",
            )
        compared = {COMPARED: self.comparison(name, person, reading)}
        signed = {**kept, **reading_to_dict(reading.signed(datetime.now(UTC))), **compared}
        return self.journal.save(reading.id, signed, base=base, who=person.name, what="signed", signed=True)

    def amend(self, name: str, person: Person) -> Saved:
        """A new draft that starts as the signed reading and names it; the signed one stays as it is."""
        chain = self.chain(name, person)
        last = self.journal.latest(chain[-1]) if chain else EMPTY
        if not last.signed:
            raise NotAllowed("amendment", "there is no signed reading to amend", "Sign the reading first")
        new = _numbered(chain[0], len(chain))
        changed = {"id": new, "amends": chain[-1], "state": ReadingState.DRAFT, "signed_at": None}
        content = {k: v for k, v in last.content.items() if k != COMPARED} | changed
        return self.journal.save(new, content, base=0, who=person.name, what=f"amends {chain[-1]}")

    def earlier(self, name: str, person: Person) -> str | None:
        """The child's latest exam before this one that the person has signed a reading of; None without one."""
        exam = self.shelf.study(name)["exam"]
        for other in reversed(self.shelf.of_patient(exam["patient"]["key"])):
            day = self.shelf.study(other)["exam"]["date"]
            if other != name and day and exam["date"] and day < exam["date"] and self.signed(other, person):
                return other
        return None

    def comparison(self, name: str, person: Person, reading: Reading) -> list[str]:
        """Sentences about the change since the earlier exam; empty without a signed reading of one."""
        earlier = self.earlier(name, person)
        before = self.signed(earlier, person) if earlier else None
        return comparison_sentences(before, reading) if before else []

    def answers(self, name: str, person: Person) -> dict[str, Any]:
        """Scores, patterns and pathway of the stored reading, and what is open before signing."""
        reading = self.as_reading(self.reading(name, person).content)
        asked = open_questions(reading, self._candidates(name))
        return {**live_answers(reading), "questions": [{"key": q.key, "text": q.text} for q in asked]}

    def _candidates(self, name: str) -> list[str]:
        return [c["id"] for c in self.shelf.study(name)["candidates"]]

    def _checked(self, name: str, person: Person, content: dict[str, Any]) -> dict[str, Any]:
        """The content with identity and coverage taken from the study, never from the browser."""
        fresh = reading_to_dict(self.fresh(name, person))
        stored = self._last(name, person).content
        fixed = {key: fresh[key] for key in FIXED}
        fixed |= {"id": self._current(name, person), "amends": stored.get("amends", "")}
        fixed |= {"state": ReadingState.DRAFT, "signed_at": None}
        reading = self.as_reading({**fresh, **content, **fixed})
        beside = {key: content.get(key, kind()) for key, kind in BESIDE.items()}
        _check_beside(beside, {lesion.id for lesion in reading.lesions})
        return {**reading_to_dict(reading), **beside}

    @staticmethod
    def as_reading(content: dict[str, Any]) -> Reading:
        """The reading in a saved state. Raises InvalidRecord."""
        return reading_from_dict({k: v for k, v in content.items() if k not in BESIDE and k != COMPARED})


def _numbered(first: str, amendments: int) -> str:
    return first if amendments == 0 else f"{first}.{amendments + 1}"


def _check_beside(beside: dict[str, Any], lesions: set[str]) -> None:
    """Outlines and joined candidates speak of lesions of the reading only."""
    for key, kind in BESIDE.items():
        if not isinstance(beside[key], kind):
            raise InvalidRecord(f"reading.{key}", f"must be a {kind.__name__}", "Send what the API describes")
    outlines, merged = beside["outlines"], beside["merged"]
    for key, of in [
        *((f"outline of {k}", k) for k in outlines),
        *((f"joined {k}", v) for k, v in merged.items()),
    ]:
        if of not in lesions:
            raise InvalidRecord(key, "names a lesion that is not in the reading", "Remove it")
