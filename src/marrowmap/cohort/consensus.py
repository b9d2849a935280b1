"""Where blinded readers differ, and the consensus reading that an adjudicator states. Pure.

Marks of several readers that share a bone unit are one question. Where all readers marked a lesion with the same
findings, nothing is to decide; elsewhere the adjudicator takes one reader's account or says that nothing is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from marrowmap.core.imaging_signs import ImagingSigns
from marrowmap.core.lesion import Assessment, Features, Lesion
from marrowmap.core.reading import Reading, ReadingState, UnitState
from marrowmap.core.site import all_sites, site
from marrowmap.errors import InvalidRecord

NOBODY = "nobody"
"""Answer to a question: no lesion is there."""


@dataclass(frozen=True)
class Question:
    """One place that at least one reader marked.

    id: its bone units, joined. marks: reader -> lesions there, () for none. states: reader -> what the reader
    says of the units: lesion, normal or not_assessed. differs: in words; empty when all readers agree.
    """

    id: str
    units: tuple[str, ...]
    marks: Mapping[str, tuple[Lesion, ...]]
    states: Mapping[str, str]
    differs: tuple[str, ...]

    @property
    def title(self) -> str:
        """The bone units in words."""
        return ", ".join(site(u).name for u in self.units)

    def data(self) -> dict[str, Any]:
        """For JSON: no measurements, only what readers state."""
        return {
            "id": self.id,
            "title": self.title,
            "units": list(self.units),
            "readers": {
                reader: {"state": self.states[reader], "lesions": [_told(x) for x in marks]}
                for reader, marks in self.marks.items()
            },
            "differs": list(self.differs),
        }


def questions(readings: Sequence[Reading]) -> tuple[Question, ...]:
    """Every marked place of one case, in the order of the list of bone units."""
    groups: list[set[str]] = []
    for reading in readings:
        for lesion in reading.lesions:
            units = {s.id for s in lesion.sites}
            touching = [g for g in groups if g & units]
            groups = [g for g in groups if not g & units] + [units.union(*touching)]
    order = {s.id: n for n, s in enumerate(all_sites())}
    found = [_question(sorted(g, key=order.__getitem__), readings) for g in groups]
    return tuple(sorted(found, key=lambda q: order[q.units[0]]))


def consensus(
    readings: Sequence[Reading],
    answers: Mapping[str, str],
    adjudicator: str,
    reading_id: str,
    *,
    one_normal_is_enough: bool = False,
    comment: str = "",
) -> Reading:
    """The consensus reading, not yet signed. answers: question id -> name of a reader, or ``NOBODY``.

    A unit that nobody marked is normal when every reader stated so, or with ``one_normal_is_enough`` at least
    one. Signs of the whole exam are kept where all readers say the same. Raises InvalidRecord for an open
    question and for an answer that fits none.
    """
    asked = questions(readings)
    _check(asked, answers, readings)
    lesions: list[Lesion] = []
    normal: set[str] = set()
    marked = {u for q in asked for u in q.units}
    for question in asked:
        taken = answers.get(question.id, readings[0].reader)
        own = question.marks.get(taken, ())
        lesions += own
        rest = set(question.units) - {s.id for x in own for s in x.sites}
        stated = {r.reader: r.normal for r in readings}
        normal |= rest if taken == NOBODY else rest & stated[taken]
    enough = any if one_normal_is_enough else all
    for unit in all_sites():
        if unit.id not in marked and enough(unit.id in r.normal for r in readings):
            normal.add(unit.id)
    placed = {s.id for x in lesions for s in x.sites}
    first = readings[0]
    return Reading(
        id=reading_id,
        exam_uid=first.exam_uid,
        patient_key=first.patient_key,
        reader=adjudicator,
        exam_date=first.exam_date,
        lesions=tuple(replace(x, id=f"c{n}", candidate_id="") for n, x in enumerate(lesions, start=1)),
        normal=frozenset(normal - placed),
        not_covered=frozenset.union(*(r.not_covered for r in readings)) - placed - normal,
        signs=_signs(readings),
        contrasts=frozenset.union(*(r.contrasts for r in readings)),
        whole_body=all(r.whole_body for r in readings),
        synthetic=any(r.synthetic for r in readings),
        state=ReadingState.DRAFT,
        comment=comment or f"Consensus of {', '.join(r.reader for r in readings)}.",
    )


def _question(units: Sequence[str], readings: Sequence[Reading]) -> Question:
    inside = set(units)
    marks = {r.reader: tuple(x for x in r.lesions if {s.id for s in x.sites} & inside) for r in readings}
    states = {r.reader: _state(r, units) for r in readings}
    return Question("+".join(units), tuple(units), marks, states, _differences(marks, states, units))


def _state(reading: Reading, units: Sequence[str]) -> str:
    found = {reading.unit_state(u) for u in units}
    if UnitState.LESION in found:
        return str(UnitState.LESION)
    return str(UnitState.NORMAL if found == {UnitState.NORMAL} else UnitState.NOT_ASSESSED)


def _differences(
    marks: Mapping[str, tuple[Lesion, ...]], states: Mapping[str, str], units: Sequence[str]
) -> tuple[str, ...]:
    out = []
    if len(set(states.values())) > 1:
        out.append("; ".join(f"{reader}: {state.replace('_', ' ')}" for reader, state in states.items()))
    seen = {reader: found for reader, found in marks.items() if found}
    if len({len(found) for found in seen.values()}) > 1:
        out.append("lesions: " + ", ".join(f"{reader} {len(found)}" for reader, found in seen.items()))
    where = {reader: frozenset(s.id for x in found for s in x.sites) for reader, found in seen.items()}
    if len(set(where.values())) > 1:
        told = (f"{r} {', '.join(site(u).name for u in units if u in w)}" for r, w in where.items())
        out.append("bone units: " + "; ".join(told))
    told_by = {reader: _findings(found) for reader, found in seen.items()}
    for name in dict.fromkeys(n for found in told_by.values() for n in found):
        values = {reader: found[name] for reader, found in told_by.items()}
        if len(set(values.values())) > 1:
            out.append(f"{name}: " + ", ".join(f"{reader} {value}" for reader, value in values.items()))
    return tuple(out)


def _findings(lesions: Sequence[Lesion]) -> dict[str, str]:
    """What is stated of the lesions of one place, the worst of several."""
    found = {"activity": "/".join(dict.fromkeys(str(x.activity).replace("_", " ") for x in lesions))}
    grades = [x.features.signal_grade for x in lesions if x.features.signal_grade is not None]
    found["signal grade"] = str(max(grades)) if grades else "not assessed"
    for f in fields(Features):
        states = [getattr(x.features, f.name) for x in lesions]
        if isinstance(states[0], Assessment):
            worst = Assessment.PRESENT if Assessment.PRESENT in states else states[0]
            found[f.name.replace("_", " ")] = str(worst).replace("_", " ")
    return found


def _told(lesion: Lesion) -> dict[str, Any]:
    return {
        "id": lesion.id,
        "sites": [s.name for s in lesion.sites],
        "activity": str(lesion.activity).replace("_", " "),
        "findings": {k: v for k, v in _findings([lesion]).items() if v != "not assessed" and k != "activity"},
        "comment": lesion.comment,
    }


def _check(asked: Sequence[Question], answers: Mapping[str, str], readings: Sequence[Reading]) -> None:
    accepted = [*(r.reader for r in readings), NOBODY]
    open_ = [q.title for q in asked if q.differs and q.id not in answers]
    if open_:
        raise InvalidRecord(
            "consensus",
            f"{len(open_)} place(s) are not decided: {'; '.join(open_[:3])}",
            "Decide each of them",
        )
    known = {q.id for q in asked}
    for key, value in answers.items():
        if key not in known:
            raise InvalidRecord(
                f"answer {key!r}", "fits no marked place", f"Accepted: {', '.join(sorted(known))}"
            )
        if value not in accepted:
            raise InvalidRecord(
                f"answer to {key}", f"{value!r} is not accepted", f"Accepted: {', '.join(accepted)}"
            )


def _signs(readings: Sequence[Reading]) -> ImagingSigns:
    agreed = {}
    for f in fields(ImagingSigns):
        values = {getattr(r.signs, f.name) for r in readings}
        if len(values) == 1:
            agreed[f.name] = values.pop()
    return ImagingSigns(**agreed)
