"""Follow-up on the pages: which lesion of this exam is which of an earlier one, decided pair by pair."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from marrowmap.core.followup.pairs import PairState, with_identity
from marrowmap.errors import InvalidRecord
from marrowmap.exchange.reading_json import reading_to_dict
from marrowmap.exchange.records import encode
from marrowmap.exchange.study_reader import StoredReading, read_study_folder
from marrowmap.followup import (
    VOLUMES,
    FollowUp,
    Side,
    follow_up,
    followup_to_dict,
    response_sentences,
    side_of,
    spots,
    with_decisions,
)
from marrowmap.registry.journal import Journal
from marrowmap.registry.journal import State as Saved
from marrowmap.report.followup import followup_report
from marrowmap.report.timeline import course_of, timeline_svg
from marrowmap.web.access import Person, may_change, may_open, person_of
from marrowmap.web.blinded import BlindableShelf
from marrowmap.web.desk import Desk
from marrowmap.web.outlines import mask_from_json
from marrowmap.web.problems import NotAllowed, NotThere

Asker = Annotated[Person, Depends(person_of)]
LEAST_SCORE = 0.5
"""Candidates below this do not stand in for lesions where the person has not read an exam yet."""


class Decisions(BaseModel):
    """Every pair with its state. base: the state of the decisions that these were made from."""

    base: int = Field(ge=0)
    pairs: list[dict[str, Any]] = Field(max_length=2000)


@dataclass(frozen=True)
class FollowUpDesk:
    """A person's decisions on pairs, kept in a journal of their own, state by state."""

    shelf: BlindableShelf
    desk: Desk
    journal: Journal

    def compared(self, earlier: str, later: str, person: Person) -> tuple[FollowUp, Saved]:
        """The comparison with the person's decisions, and their last state (version 0 before the first).

        Raises NotThere, NotAllowed and InvalidRecord.
        """
        self._check(earlier, later, person)
        sides = self._side(earlier, person), self._side(later, person)
        saved = self.journal.latest(_name(earlier, later, person))
        proposed = follow_up(*sides)
        if not saved.version:
            return proposed, saved
        known = {x.id for x in sides[0].reading.lesions}, {x.id for x in sides[1].reading.lesions}
        decided = [
            p
            for p in with_decisions(proposed.comparison.pairs, saved.content["pairs"])
            if p.before_id in known[0] and p.after_id in known[1]  # a lesion may have been removed since
        ]
        touched = {(p.before_id, p.after_id) for p in decided}
        fresh = [p for p in proposed.comparison.pairs if (p.before_id, p.after_id) not in touched]
        return follow_up(*sides, [*decided, *fresh]), saved

    def decide(self, earlier: str, later: str, person: Person, new: Decisions) -> tuple[FollowUp, Saved]:
        """Keep decisions; a confirmed pair then shares its identity in the person's draft of the later exam.

        A signed reading stays as it is: amend it to take the identity in. Raises EditConflict besides the above.
        """
        result, _ = self.compared(earlier, later, person)
        pairs = with_decisions(result.comparison.pairs, new.pairs)
        for pair in pairs:
            if pair.state is not PairState.PROPOSED and (
                result.before.provisional or result.after.provisional
            ):
                raise NotAllowed(
                    f"pair {pair.before_id} and {pair.after_id}",
                    "one of the exams has no reading of yours yet, and candidates are no lesions",
                    "Read both exams first",
                )
        checked = follow_up(result.before, result.after, pairs)
        content = {"earlier": earlier, "later": later, "pairs": encode(checked.comparison.pairs)}
        sure = sum(p.state is PairState.CONFIRMED for p in pairs)
        saved = self.journal.save(
            _name(earlier, later, person), content, base=new.base, who=person.name,
            what=f"{sure} of {len(pairs)} pairs confirmed",
        )  # fmt: skip
        self._share_identity(later, person, checked)
        return checked, saved

    def _share_identity(self, later: str, person: Person, result: FollowUp) -> None:
        state = self.desk.reading(later, person)
        if state.signed or not state.version:
            return
        answer = result.comparison
        _, then = with_identity(answer.before, answer.after, answer.pairs)
        content = {**state.content, "lesions": reading_to_dict(then)["lesions"]}
        if content["lesions"] != state.content["lesions"]:
            self.desk.save(
                later, person, content, base=state.version, what="identity of lesions from follow-up"
            )

    def _check(self, earlier: str, later: str, person: Person) -> None:
        if not may_open(self.shelf, person, earlier):
            raise NotAllowed(
                "exam", "is one that you read blinded", "Open it from the page of the reading study"
            )
        keys = [self.shelf.study(n)["exam"]["patient"]["key"] for n in (earlier, later)]
        if earlier == later or not keys[0] or keys[0] != keys[1]:
            raise NotThere(f"follow-up of {earlier} and {later}", "they are not two exams of one child")

    def _side(self, name: str, person: Person) -> Side:
        study = read_study_folder(self.shelf.folder(name), VOLUMES)
        state = self.desk.reading(name, person)
        if not state.version:
            return side_of(study, None, LEAST_SCORE)
        masks = {}
        if study.skeleton is not None:
            for lesion, outline in state.content.get("outlines", {}).items():
                try:
                    masks[lesion] = mask_from_json(outline, study.skeleton.grid.shape)
                except InvalidRecord:
                    continue  # its centre and volume stand in
        return side_of(study, StoredReading(self.desk.as_reading(state.content), masks), LEAST_SCORE)


def _name(earlier: str, later: str, person: Person) -> str:
    """One journal for two exams and a person; names are inside, as they may be too long together."""
    told = "\n".join((earlier, later, person.name.casefold()))
    return f"pairs-{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def follow_up_routes(shelf: BlindableShelf, desk: Desk, journal: Journal) -> APIRouter:
    """The routes below ``/api/studies/{name}/follow-up/{earlier}``."""
    router = APIRouter(prefix="/api/studies/{name}/follow-up/{earlier}")
    decisions = FollowUpDesk(shelf, desk, journal)

    @router.get("")
    def compared(name: str, earlier: str, person: Asker) -> dict[str, Any]:
        return _answer(*decisions.compared(earlier, name, person))

    @router.put("")
    def decide(name: str, earlier: str, new: Decisions, person: Asker) -> dict[str, Any]:
        return _answer(*decisions.decide(earlier, name, may_change(person), new))

    @router.get("/page.html")
    def page(name: str, earlier: str, person: Asker) -> Response:
        result, _ = decisions.compared(earlier, name, person)
        return Response(page_of(result), media_type="text/html; charset=utf-8")

    return router


def _answer(result: FollowUp, saved: Saved) -> dict[str, Any]:
    return {"version": saved.version, "what": saved.what, "comparison": followup_to_dict(result)}


def page_of(result: FollowUp) -> str:
    """The comparison as one self-contained page."""
    answer = result.comparison
    return followup_report(
        answer,
        (result.before.study, result.after.study),
        spots=spots(result),
        sentences=response_sentences(answer.response),
        legs=[legs.sentence() for legs in result.legs if legs is not None],
        notes=result.notes,
        timeline=timeline_svg(course_of((answer.before, answer.after), (answer,), None)),
    )
