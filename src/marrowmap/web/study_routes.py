"""Reading studies on the pages: a reader's cases, the progress, and the adjudication."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from marrowmap.web.access import Person, may_adjudicate, may_organise, may_see_marks, person_of
from marrowmap.web.blinded import BlindableShelf, blind_name
from marrowmap.web.problems import NotAllowed, NotThere
from marrowmap.web.registry_link import RegistryLink

Asker = Annotated[Person, Depends(person_of)]


class Settlement(BaseModel):
    """Answers of the adjudicator: question -> name of a reader, or "nobody"."""

    answers: dict[str, str]
    one_normal_is_enough: bool = False
    comment: str = Field(default="", max_length=2000)


def study_routes(link: RegistryLink, shelf: BlindableShelf) -> APIRouter:
    """The routes below ``/api/reading-studies``."""
    router = APIRouter(prefix="/api/reading-studies")

    @router.get("")
    def studies(person: Asker) -> dict[str, Any]:
        if not link.configured:
            return {"configured": False, "studies": []}
        from marrowmap.registry.studies import all_studies

        mine = [s for s in all_studies(link.open()) if _roles(s, person)]
        return {"configured": True, "studies": [_line(s, person) for s in mine]}

    @router.get("/{study}")
    def one(study: str, person: Asker) -> dict[str, Any]:
        from marrowmap.registry.studies import study_info, worklist

        info = study_info(link.open(), study)
        roles = _roles(info, person)
        if not roles:
            raise NotAllowed(
                f"study {study}", "you have no part in it", "Enter your name as the study spells it"
            )
        answer = _line(info, person) | {"synthetic": _synthetic(link, shelf, study)}
        if "reader" in roles:
            answer["worklist"] = [
                {
                    "case": c.case_id,
                    "position": c.position,
                    "done": c.done,
                    "name": blind_name(study, c.case_id),
                    "here": bool(shelf.of_exam(c.exam_uid)),
                }
                for c in worklist(link.open(), study, person.name)
            ]
        if roles - {"reader"}:
            answer["progress"] = [
                {"reader": r, "done": n, "of": len(info.cases)} for r, n in info.done.items()
            ]
        if may_see_marks(person, info):
            from marrowmap.cohort.adjudication import questions_by_case

            places = questions_by_case(link.open(), study, person.name)
            answer["marks"] = [_marks(case, found, case in info.agreed) for case, found in places.items()]
        return answer

    @router.post("/{study}/adjudication")
    def adjudicate(study: str, person: Asker) -> dict[str, Any]:
        from marrowmap.registry.studies import begin_adjudication, study_info

        may_organise(person, study_info(link.open(), study))
        begin_adjudication(link.open(), study, person.name)
        return {"state": study_info(link.open(), study).state}

    @router.get("/{study}/agreement")
    def agreement(study: str, person: Asker) -> dict[str, Any]:
        from marrowmap.cohort.readers import study_agreement
        from marrowmap.registry.studies import study_info

        if not may_see_marks(person, study_info(link.open(), study)):
            raise NotAllowed("agreement", "is hidden while the study is being read, and from its readers")
        return study_agreement(link.open(), study).data()

    @router.get("/{study}/cases/{case}")
    def case_of(study: str, case: str, person: Asker) -> dict[str, Any]:
        from marrowmap.cohort.adjudication import case_readings
        from marrowmap.cohort.consensus import questions
        from marrowmap.registry.studies import cases_of, study_info

        info = study_info(link.open(), study)
        may_adjudicate(person, info)
        found = case_readings(link.open(), study, person.name)
        if case not in found:
            raise NotThere(f"case {case}", f"is not in study {study}", "Go back to the study")
        uid = next(c.exam_uid for c in cases_of(link.open(), study) if c.case_id == case)
        readings = found[case]
        return {
            "case": case,
            "name": blind_name(study, case) if shelf.of_exam(uid) else "",
            "settled": case in info.agreed,
            "synthetic": any(r.synthetic for r in readings),
            "readers": [
                {"name": r.reader, "lesions": len(r.lesions), "normal": len(r.normal), "comment": r.comment}
                for r in readings
            ],
            "only_some_normal": _only_some(readings),
            "questions": [q.data() for q in questions(readings)],
        }

    @router.post("/{study}/cases/{case}/consensus")
    def settle_case(study: str, case: str, given: Settlement, person: Asker) -> dict[str, Any]:
        from marrowmap.cohort.adjudication import settle
        from marrowmap.registry.studies import study_info

        may_adjudicate(person, study_info(link.open(), study))
        agreed = settle(
            link.open(),
            study,
            case,
            given.answers,
            person.name,
            one_normal_is_enough=given.one_normal_is_enough,
            comment=given.comment,
        )
        return {"reading": agreed.id, "lesions": len(agreed.lesions), "normal": len(agreed.normal)}

    return router


def _synthetic(link: RegistryLink, shelf: BlindableShelf, study: str) -> bool:
    """Whether an exam of the study that lies here is synthetic."""
    from marrowmap.registry.studies import cases_of

    here = [shelf.of_exam(c.exam_uid) for c in cases_of(link.open(), study)]
    return any(bool(shelf.study(name)["synthetic"]) for name in here if name)


def _roles(info: Any, person: Person) -> set[str]:
    found = {"reader"} if person.name in info.readers else set()
    if person.name and person.name == info.organiser:
        found.add("organiser")
    if person.name and person.name == info.adjudicator:
        found.add("adjudicator")
    return found


def _line(info: Any, person: Person) -> dict[str, Any]:
    """What everybody with a part in it may know: no child, no other reader's count of lesions."""
    return {
        "id": info.study_id,
        "title": info.title,
        "state": info.state,
        "roles": sorted(_roles(info, person)),
        "cases": len(info.cases),
        "done": info.done.get(person.name),
        "organiser": info.organiser,
        "adjudicator": info.adjudicator,
        "complete": info.complete,
        "settled": len(info.agreed),
    }


def _marks(case: str, found: Any, settled: bool) -> dict[str, Any]:
    to_decide = sum(bool(q.differs) for q in found)
    return {"case": case, "places": len(found), "to_decide": to_decide, "settled": settled}


def _only_some(readings: Any) -> int:
    """Units without a mark that some readers state normal and others do not."""
    stated = [r.normal for r in readings]
    marked = {s.id for r in readings for x in r.lesions for s in x.sites}
    return len(frozenset.union(*stated) - frozenset.intersection(*stated) - marked)
