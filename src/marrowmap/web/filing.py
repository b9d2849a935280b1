"""A signed reading goes into the registry: at once when one is configured, or later all together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marrowmap.core.counted import counted
from marrowmap.core.reading import Reading
from marrowmap.errors import MarrowmapError
from marrowmap.registry.journal import State
from marrowmap.web.blinded import BlindableShelf, BlindCase
from marrowmap.web.desk import Desk
from marrowmap.web.registry_link import RegistryLink


@dataclass(frozen=True)
class Filing:
    """Files the readings of a desk into a registry."""

    link: RegistryLink
    shelf: BlindableShelf
    desk: Desk

    def signed(self, name: str, state: State) -> dict[str, Any]:
        """File one reading just signed. The signature stands whatever happens here; ``why`` says what failed."""
        if not self.link.configured:
            return {"stored": False, "why": "no registry is configured"}
        try:
            return {"stored": True, "why": self._file(name, state)}
        except MarrowmapError as error:
            return {"stored": False, "why": str(error)}

    def collect(self) -> dict[str, Any]:
        """File every signed reading of the data folder; a second run changes nothing.

        Returns ``stored``, ``known`` and ``refused`` (one line each). One that is refused holds up no other.
        """
        stored = known = 0
        refused = []
        for reading in self.desk.journal.readings():
            state = self.desk.journal.latest(reading)
            if not state.signed:
                continue
            try:
                if self._file(reading.split(".")[0], state) == _THERE:
                    known += 1
                else:
                    stored += 1
            except MarrowmapError as error:
                refused.append(str(error))
        return {"stored": stored, "known": known, "refused": refused}

    def _file(self, name: str, state: State) -> str:
        reading = self.desk.as_reading(state.content)
        case = self.shelf.blinding.case(name)
        return self._hand_in(case, reading) if case else self._count(name, reading)

    def _hand_in(self, case: BlindCase, reading: Reading) -> str:
        from marrowmap.cohort.adjudication import hand_in_signed

        new = hand_in_signed(self.link.open(), case.study_id, case.case_id, reading)
        return f"handed in as {case.case_id} of study {case.study_id}" if new else _THERE

    def _count(self, name: str, reading: Reading) -> str:
        from marrowmap.exchange.reading_json import reading_from_dict, reading_to_dict
        from marrowmap.registry.filing import Signed, file_readings

        sex = str(self.shelf.study(name)["exam"]["patient"]["sex"]) if name in self.shelf.names() else ""
        one = Signed(reading, reading_to_dict(reading), sex if sex in ("F", "M", "O") else "")
        filed = file_readings(self.link.open(), [one], reading.reader, reading_from_dict)
        if not filed.stored:
            return _THERE
        return f"child {filed.patients[0]}: {counted(filed.lesions, 'imaging lesion')} count in the cohort"


_THERE = "was there already"
