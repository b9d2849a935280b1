"""Cases of blinded studies under neutral names, and what is left of an exam when nothing clinical is told.

A case is served under a name made from a hash, so that neither the address nor the pages say whose exam it is.
Who may open what is decided in ``access``; this module knows the cases and hides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from marrowmap.web.registry_link import RegistryLink
from marrowmap.web.shelf import Shelf

PREFIX = "blind-"
NO_CHILD = "blinded"
"""Stands for the pseudonym of the child in a blinded exam."""


@dataclass(frozen=True)
class BlindCase:
    """One exam of a study. name: under which the pages serve it. state: of the study."""

    name: str
    study_id: str
    case_id: str
    exam_uid: str
    readers: frozenset[str]
    organiser: str
    adjudicator: str
    state: str


class Blinding:
    """Cases of the studies in a registry; nothing when there is no registry."""

    def __init__(self, link: RegistryLink) -> None:
        self._link = link
        self._at = -1
        self._cases: dict[str, BlindCase] = {}

    def cases(self) -> dict[str, BlindCase]:
        """Name -> case, of all studies."""
        if not self._link.configured:
            return {}
        head = self._link.head()
        if head != self._at:
            self._cases, self._at = dict(self._read()), head
        return self._cases

    def _read(self) -> Iterable[tuple[str, BlindCase]]:
        from marrowmap.registry.studies import all_studies, cases_of

        registry = self._link.open()
        for study in all_studies(registry):
            for case in cases_of(registry, study.study_id):
                name = blind_name(study.study_id, case.case_id)
                yield (
                    name,
                    BlindCase(
                        name,
                        study.study_id,
                        case.case_id,
                        case.exam_uid,
                        frozenset(study.readers),
                        study.organiser,
                        study.adjudicator,
                        study.state,
                    ),
                )

    def case(self, name: str) -> BlindCase | None:
        """The case that is served under a name."""
        return self.cases().get(name) if name.startswith(PREFIX) else None

    def people(self) -> frozenset[str]:
        """Names of everybody who has a part in a study, as the study spells them."""
        found = self.cases().values()
        return frozenset(x for c in found for x in (*c.readers, c.organiser, c.adjudicator) if x)

    def reading_blind(self, person: str) -> frozenset[str]:
        """Study UIDs of the exams that this person still reads blinded."""
        return frozenset(
            c.exam_uid for c in self.cases().values() if c.state == "open" and person in c.readers
        )


@dataclass(frozen=True)
class BlindableShelf(Shelf):
    """A shelf that also holds the cases of blinded studies, without what is known of the child."""

    blinding: Blinding

    def real_name(self, name: str) -> str:
        """Name of the study folder behind a case; any other name as it is."""
        case = self.blinding.case(name)
        return name if case is None else self.of_exam(case.exam_uid) or name

    def of_exam(self, exam_uid: str) -> str:
        """Name of the study folder that holds an exam; "" when none does."""
        return next((n for n in self.names() if self.exam_uid(n) == exam_uid), "")

    def exam_uid(self, name: str) -> str:
        """Study UID of the exam in a folder."""
        return str(super().study(name)["exam"]["study_uid"])

    def folder(self, name: str) -> Any:
        """Folder of a study or of a case. Raises NotThere for any other name."""
        return super().folder(self.real_name(name))

    def study(self, name: str) -> dict[str, Any]:
        """``study.json``; of a blinded case only what says nothing of the child."""
        record = super().study(name)
        return record if self.blinding.case(name) is None else without_child(record)


def blind_name(study_id: str, case_id: str) -> str:
    """The name under which the pages serve a case."""
    return PREFIX + hashlib.sha256(f"{study_id}/{case_id}".encode()).hexdigest()[:20]


def without_child(record: dict[str, Any]) -> dict[str, Any]:
    """A study record without age, sex, size, date, pseudonym, file names and free text of the scanner."""
    exam = record["exam"]
    return {
        **{k: v for k, v in record.items() if k not in ("software", "leftovers", "warnings")},
        "software": {k: v for k, v in record["software"].items() if k != "command"},
        "leftovers": [],
        "warnings": [],
        "blinded": True,
        "exam": {
            "study_uid": exam["study_uid"],
            "patient": {"key": NO_CHILD, "age_years": None, "sex": "unknown", "size_m": None},
            "date": None,
            "scanner": exam["scanner"],
            "stacks": [{**s, "series_description": ""} for s in exam["stacks"]],
        },
    }
