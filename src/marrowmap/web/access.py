"""Who may see and do what. Every page and every JSON twin asks here, and nowhere else.

On one machine a name is enough: the pages are served to this machine only. Requests that a foreign web site
makes the browser send are refused by host and origin.

In a blinded study a reader opens cases under neutral names and nothing else of these children: not their exams
under their own names, not the cohort. The organiser begins adjudication, the adjudicator states the consensus.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from fastapi import Request

from marrowmap.web.problems import NotAllowed

if TYPE_CHECKING:
    from marrowmap.registry.studies import StudyInfo
    from marrowmap.web.blinded import BlindableShelf

READER_HEADER = "x-marrowmap-reader"
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1", "testserver"})


@dataclass(frozen=True)
class Person:
    """The one who asks; an empty name may look but not change."""

    name: str


def person_of(request: Request) -> Person:
    """Who asks. Raises NotAllowed for requests that did not come from our own pages."""
    host = request.url.hostname or ""
    if host not in _LOCAL:
        raise NotAllowed("host", f"{host!r} is not this machine", "Open the pages on localhost")
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).hostname not in _LOCAL:
        raise NotAllowed("request", "it came from another web site", "Use the pages on localhost")
    name = unquote(request.headers.get(READER_HEADER, "")).strip()[:60]
    shelf: BlindableShelf = request.app.state.shelf
    # a name in other letters is the same person, so that nobody reads around a blinding by it
    known = {x.casefold(): x for x in shelf.blinding.people()}
    person = Person(known.get(name.casefold(), name))
    _keep_blind(shelf, person, request.path_params, request.url.path)
    return person


def _keep_blind(shelf: BlindableShelf, person: Person, asked: Mapping[str, str], path: str) -> None:
    """Raise NotAllowed for what a blinded study hides from this person."""
    name, child = asked.get("name", ""), asked.get("key", "")
    case = shelf.blinding.case(name)
    if case is not None:
        judges = person.name == case.adjudicator and case.state != "open"
        if person.name not in case.readers and not judges:
            raise NotAllowed("case", "is not assigned to you", "Enter your name as the study spells it")
        if path.endswith((f"/{name}/report.html", "/reading/amend")):
            raise NotAllowed(
                "case", "is read blinded: no report of the exam, no amendment", "A read is final"
            )
        return
    names = (name,) if name else shelf.of_patient(child) if child else ()
    if not all(may_open(shelf, person, n) for n in names):
        raise NotAllowed("exam", "is one that you read blinded", "Open it from the page of the reading study")


def may_open(shelf: BlindableShelf, person: Person, name: str) -> bool:
    """Whether a person may open an exam under its own name: not one that they still read blinded."""
    hidden = shelf.blinding.reading_blind(person.name)
    return not hidden or name not in shelf.names() or shelf.exam_uid(name) not in hidden


def may_see_cohort(shelf: BlindableShelf, person: Person) -> Person:
    """The person, if they may see what is known of the children. Raises NotAllowed for a blinded reader."""
    if shelf.blinding.reading_blind(person.name):
        raise NotAllowed("cohort", "you read exams of it blinded", "Hand in your cases first")
    return person


def may_organise(person: Person, study: StudyInfo) -> Person:
    """The person, if they may see the progress of a study and begin adjudication."""
    if not person.name or person.name not in (study.organiser, study.adjudicator):
        raise NotAllowed("study", "you neither organise nor adjudicate it", f"Ask {study.organiser}")
    return person


def may_adjudicate(person: Person, study: StudyInfo) -> Person:
    """The person, if they may see all marks and state a consensus; nobody may while reading goes on."""
    if not person.name or person.name != study.adjudicator:
        raise NotAllowed("study", f"{study.adjudicator or 'nobody'} adjudicates it", "Ask the organiser")
    if study.state == "open":
        raise NotAllowed("marks", "are hidden while the study is being read", "Begin adjudication first")
    return person


def may_see_marks(person: Person, study: StudyInfo) -> bool:
    """Whether the marks of all readers are open to this person: to its people once reading is over."""
    return study.state != "open" and person.name in (study.organiser, study.adjudicator)


def may_change(person: Person) -> Person:
    """The person, if they may change a reading. Raises NotAllowed without a name."""
    if not person.name:
        raise NotAllowed("reading", "nobody is named as its reader", "Enter your name at the top of the page")
    return person


def reading_name(study: str, person: Person) -> str:
    """Name of this person's reading of a study: each reader has their own and sees no other's marks."""
    safe = "".join(c if c.isalnum() and c.isascii() else f"-{ord(c):x}" for c in person.name.lower())
    room = 74 - len(study)
    if len(safe) > room:  # cut, but never so that two readers meet in one name
        digest = hashlib.sha256(safe.encode("ascii")).hexdigest()[:10]
        safe = f"{safe[: max(0, room - 10)]}{digest}"
    return f"{study}.{safe}"
