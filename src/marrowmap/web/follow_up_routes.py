"""Follow-up on the pages: which lesion of this exam is which of an earlier one, decided pair by pair."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
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
    decided_anew,
    follow_up,
    followup_to_dict,
    page_of,
    side_of,
    with_decisions,
)
from marrowmap.registry.journal import Journal
from marrowmap.registry.journal import State as Saved
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


@dataclass
class LastAsked:
    """The last comparison and what it was made from; one alone, for it holds the images of two exams."""

    kept: tuple[str, FollowUp] | None = None


@dataclass(frozen=True)
class FollowUpDesk:
    """A person's decisions on pairs, kept in a journal of their own, state by state."""

    shelf: BlindableShelf
    desk: Desk
    journal: Journal
    last: LastAsked = field(default_factory=LastAsked)

    def compared(self, earlier: str, later: str, person: Person) -> tuple[FollowUp, Saved]:
        """The comparison with the person's decisions, and their last state (version 0 before the first).

        Raises NotThere, NotAllowed and InvalidRecord.
        """
        self._check(earlier, later, person)
        proposed = self._proposed(earlier, later, person)
        saved = self.journal.latest(_name(earlier, later, person))
        if not saved.version:
            return proposed, saved
        known = ({x.id for x in side.reading.lesions} for side in (proposed.before, proposed.after))
        earlier_ids, later_ids = known
        decided = [
            p
            for p in with_decisions(proposed.comparison.pairs, saved.content["pairs"])
            if p.before_id in earlier_ids and p.after_id in later_ids  # a lesion may have been removed since
        ]
        touched = {(p.before_id, p.after_id) for p in decided}
        fresh = [p for p in proposed.comparison.pairs if (p.before_id, p.after_id) not in touched]
        return decided_anew(proposed, [*decided, *fresh]), saved

    def _proposed(self, earlier: str, later: str, person: Person) -> FollowUp:
        """What is proposed for the readings as they stand; the last one asked for is kept.

        A shared identity is no change of what the images show, so that a reader who goes from pair to pair waits
        for them once.
        """
        names = earlier, later
        states = [self.desk.reading(name, person) for name in names]
        changed = [(self.shelf.folder(name) / "study.json").stat().st_mtime_ns for name in names]
        key = json.dumps([names, person.name, changed, [_without_identity(s) for s in states]])
        kept = self.last.kept
        if kept is None or kept[0] != key:
            kept = key, follow_up(self._side(earlier, person), self._side(later, person))
            self.last.kept = kept
        result = kept[1]
        sides = [
            side if side.provisional else replace(side, reading=self.desk.as_reading(state.content))
            for side, state in zip((result.before, result.after), states, strict=True)
        ]
        return replace(result, before=sides[0], after=sides[1])

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
        checked = decided_anew(result, pairs)
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


def _without_identity(state: Saved) -> dict[str, Any]:
    """A saved reading without what identity over time changes in it."""
    lesions = [{**x, "tracking_uid": ""} for x in state.content["lesions"]]
    return {**state.content, "lesions": lesions, "begun": bool(state.version)}


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
