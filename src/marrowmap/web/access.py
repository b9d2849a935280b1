"""Who may see and do what. Every page and every JSON twin asks here, and nowhere else.

On one machine a name is enough: the pages are served to this machine only. Requests that a foreign web site
makes the browser send are refused by host and origin.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from fastapi import Request

from marrowmap.web.problems import NotAllowed

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
    return Person(unquote(request.headers.get(READER_HEADER, "")).strip()[:60])


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
