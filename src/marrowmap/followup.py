"""Follow-up as one line of steps: two study folders in, a comparison out, for the command and the pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from marrowmap.core.followup.change import Circumstances, SignalNow
from marrowmap.core.followup.comparison import Comparison, compare
from marrowmap.core.followup.limits import DEFAULT_LIMITS, FollowupLimits
from marrowmap.core.followup.matching import propose_pairs
from marrowmap.core.followup.measures import NO_SIGNALS, ExamSignals
from marrowmap.core.followup.pairs import Pair, PairState, from_identity
from marrowmap.core.followup.places import LesionPlace, bone_key
from marrowmap.core.followup.provisional import partly_covered, reading_of_candidates
from marrowmap.core.followup.response import Response
from marrowmap.core.geometry import PointMm
from marrowmap.core.lesion import Lesion
from marrowmap.core.reading import Reading
from marrowmap.core.record.patient import PatientRecord
from marrowmap.core.rules.case import Case
from marrowmap.core.site import site
from marrowmap.core.study import Study
from marrowmap.errors import InvalidRecord
from marrowmap.exchange.records import encode
from marrowmap.exchange.score_tables import rulebook
from marrowmap.exchange.study_reader import StoredReading, read_stored_reading, read_study_folder
from marrowmap.imaging.body_fit import body_fit
from marrowmap.imaging.bone_frame import BoneFit
from marrowmap.imaging.leg_length import LegLengths, leg_lengths
from marrowmap.imaging.lesion_places import Outline, lesion_places, outline_of_ball, outline_of_mask
from marrowmap.imaging.measure import exam_muscle
from marrowmap.imaging.near_muscle import exam_signals
from marrowmap.imaging.place_signal import fluid_sensitive, signal_now
from marrowmap.imaging.skeleton_fit import SkeletonFit
from marrowmap.report.followup import followup_report
from marrowmap.report.timeline import course_of, timeline_svg

VOLUMES = ("STIR", "T2FS", "DIXON_WATER", "T1")
"""Volumes a comparison looks at."""


@dataclass(frozen=True)
class Side:
    """One of the two exams: study, reading (a reader's, else made of candidates) and outlines by lesion id."""

    study: Study
    reading: Reading
    outlines: dict[str, Outline]
    provisional: bool


@dataclass(frozen=True)
class FollowUp:
    """A comparison with what the images add (more). fit: None when one exam has no labels."""

    before: Side
    after: Side
    fit: SkeletonFit | None
    places: tuple[tuple[LesionPlace, ...], tuple[LesionPlace, ...]]
    comparison: Comparison
    more: Circumstances
    legs: tuple[LegLengths | None, LegLengths | None]
    notes: tuple[str, ...]


def open_side(folder: Path, reading: Path | None = None, least_score: float = 0.0) -> Side:
    """One exam from its study folder. reading: a reading file; None takes ``reading.json`` of the folder, and
    without one the machine's candidates of at least ``least_score``.

    Raises InputError, InvalidRecord.
    """
    study = read_study_folder(folder, VOLUMES)
    grid = study.skeleton.grid if study.skeleton is not None else None
    stored = read_stored_reading(folder, grid, reading)
    return side_of(study, stored, least_score)


def side_of(study: Study, stored: StoredReading | None, least_score: float = 0.0) -> Side:
    """One exam from a study and the reading of it."""
    if stored is None:
        made = reading_of_candidates(study, least_score)
        return Side(study, made, _outlines(study, made, {}), True)
    if stored.reading.exam_uid != study.exam.study_uid:
        raise InvalidRecord(
            f"reading {stored.reading.id}",
            f"is of exam {stored.reading.exam_uid}, not of {study.exam.study_uid}",
            "Give the reading of this exam",
        )
    return Side(study, stored.reading, _outlines(study, stored.reading, stored.outlines), False)


def follow_up(
    before: Side,
    after: Side,
    decided: Sequence[Pair] | None = None,
    *,
    case: Case | None = None,
    limits: FollowupLimits = DEFAULT_LIMITS,
) -> FollowUp:
    """Compare two exams. decided: pairs a reader went through; None proposes them.

    Pairs that share a tracking UID already are confirmed. Raises InvalidRecord (see ``compare``).
    """
    notes = []
    fit, places = None, ((), ())
    one, two = before.study.skeleton, after.study.skeleton
    if one is not None and two is not None:
        fit = SkeletonFit(one, two, _by_body(before.study, after.study))
        places = lesion_places(fit, (one, before.outlines), (two, after.outlines))
    else:
        notes.append("One exam has no labels of bones: lesions are paired by the unit that was stated alone.")
    pairs = _pairs(before.reading, after.reading, places, limits) if decided is None else tuple(decided)
    provisional = before.provisional or after.provisional
    if provisional:
        notes.append(
            "No reader's reading was found for at least one exam: machine candidates stand in for lesions. "
            "Nothing below is a finding."
        )
    more = Circumstances(
        growth=fit.growth() if fit is not None else {},
        partly=partly_covered(before.study) | partly_covered(after.study),
        signal_now=_signals(before, after, fit, pairs),
        signals=(_exam_signals(before), _exam_signals(after)),
        provisional=provisional,
    )
    answer = compare(before.reading, after.reading, pairs, more, case=case, limits=limits, rules=rulebook())
    legs = tuple(leg_lengths(s) if s is not None else None for s in (one, two))
    return FollowUp(before, after, fit, places, answer, more, (legs[0], legs[1]), tuple(notes))


def decided_anew(
    result: FollowUp, pairs: Sequence[Pair], *, limits: FollowupLimits = DEFAULT_LIMITS
) -> FollowUp:
    """The same two exams with other pairs: what the images say of their bones is kept, which takes most of the time.

    Lesions and outlines must be those of ``result``. Raises InvalidRecord (see ``compare``).
    """
    more, (before, after) = result.more, (result.before, result.after)
    if _lonely(before, pairs) != _lonely(before, result.comparison.pairs):
        more = replace(more, signal_now=_signals(before, after, result.fit, pairs))
    answer = compare(before.reading, after.reading, pairs, more, limits=limits, rules=rulebook())
    return replace(result, comparison=answer, more=more)


def _lonely(before: Side, pairs: Sequence[Pair]) -> list[Lesion]:
    """Active earlier lesions with an outline and no counterpart."""
    paired = {p.before_id for p in pairs if p.holds}
    return [x for x in before.reading.active_lesions if x.id not in paired and x.id in before.outlines]


def _pairs(
    before: Reading, after: Reading, places: tuple[tuple[LesionPlace, ...], ...], limits: FollowupLimits
) -> tuple[Pair, ...]:
    known = from_identity(before, after)
    taken = {p.before_id for p in known}, {p.after_id for p in known}
    first = _with_stated(before, places[0]), _with_stated(after, places[1])
    proposed = propose_pairs(
        [p for p in first[0] if p.lesion_id not in taken[0]],
        [p for p in first[1] if p.lesion_id not in taken[1]],
        limits,
    )
    return (*known, *proposed)


def _with_stated(reading: Reading, places: tuple[LesionPlace, ...]) -> list[LesionPlace]:
    """Places of all lesions: those the images gave, and for the rest the units that were stated."""
    known = {p.lesion_id: p for p in places}
    return [
        known.get(x.id) or LesionPlace(x.id, tuple(s.id for s in x.sites), level_uncertain=x.level_uncertain)
        for x in reading.lesions
    ]


def _outlines(study: Study, reading: Reading, masks: dict[str, Any]) -> dict[str, Outline]:
    found = {x.id: _outline(study, x, masks.get(x.id)) for x in reading.lesions}
    return {k: v for k, v in found.items() if v is not None}


def _outline(study: Study, lesion: Lesion, mask: Any) -> Outline | None:
    """From its mask, else the candidate it came from, else a ball at its centre; None without a centre."""
    units = tuple(s.id for s in lesion.sites)
    if study.skeleton is not None:
        if mask is not None:
            return outline_of_mask(mask, study.skeleton.grid, units, lesion.level_uncertain)
        own = next((c for c in study.candidates if c.id == lesion.candidate_id), None)
        if own is not None and study.candidate_labels is not None:
            found = outline_of_mask(
                study.candidate_labels == own.label, study.skeleton.grid, units, lesion.level_uncertain
            )
            if found is not None:
                return found
    if lesion.centre_mm is None:
        return None
    return outline_of_ball(lesion.centre_mm, lesion.volume_ml, units, lesion.level_uncertain)


def _signals(
    before: Side, after: Side, fit: SkeletonFit | None, pairs: Sequence[Pair]
) -> dict[str, SignalNow]:
    """Signal now at the places of earlier lesions that have no counterpart."""
    lonely = _lonely(before, pairs)
    skeleton = after.study.skeleton
    if fit is None or skeleton is None or not lonely or not after.study.volumes:
        return {}
    muscle = exam_muscle(after.study.volumes, skeleton)
    marked = [o.points_mm for o in after.outlines.values()]
    found = {}
    for lesion in lonely:
        own = fit.of_earlier(bone_key(lesion.site))
        if own is None:
            continue
        there = own.to_after(before.outlines[lesion.id].points_mm)
        told = signal_now(
            after.study.volumes, skeleton, there, lesion.site, muscle, np.vstack(marked) if marked else None
        )
        if told is not None:
            found[lesion.id] = told
    return found


def _by_body(before: Study, after: Study) -> BoneFit | None:
    """The later exam on the earlier one by the skin; None without a fluid-sensitive sequence in both."""
    first, then = fluid_sensitive(dict(before.volumes)), fluid_sensitive(dict(after.volumes))
    return None if first is None or then is None else body_fit(first[1], then[1])


def _exam_signals(side: Side) -> ExamSignals:
    if side.study.skeleton is None or not side.study.volumes or not side.outlines:
        return NO_SIGNALS
    return exam_signals(dict(side.study.volumes), side.study.skeleton, side.outlines)


def spots(result: FollowUp) -> tuple[tuple[PointMm | None, PointMm | None], ...]:
    """For each change the place of the lesion in the earlier and in the later exam, LPS mm of each exam.

    Where a lesion is seen in one exam alone, the other place is where its bone says it would lie; None: unknown.
    """
    found = []
    for change in result.comparison.changes:
        one = _middle([result.before.outlines[x] for x in change.before if x in result.before.outlines])
        two = _middle([result.after.outlines[x] for x in change.after if x in result.after.outlines])
        if result.fit is not None:
            fit = result.fit.of_earlier(bone_key(site(change.site_id)))
            if two is None and one is not None and fit is not None:
                two = fit.to_after(one[None])[0]
            if one is None and two is not None:
                mapped, _ = result.fit.to_before(two[None], bone_key(site(change.site_id)))
                one = None if mapped is None else mapped[0]
        found.append((_point(one), _point(two)))
    return tuple(found)


def _middle(outlines: list[Outline]) -> Any:
    return np.vstack([o.points_mm for o in outlines]).mean(axis=0) if outlines else None


def _point(place: Any) -> PointMm | None:
    return None if place is None else PointMm(*(float(v) for v in place))


def followup_to_dict(result: FollowUp) -> dict[str, Any]:
    """The comparison as JSON values: pairs, changes, response, leg lengths, limits, notes."""
    answer = result.comparison
    response = answer.response
    return {
        "format": "marrowmap-comparison",
        "format_version": 1,
        "synthetic": answer.before.synthetic or answer.after.synthetic,
        "provisional": answer.provisional,
        "notes": list(result.notes),
        "patient_key": answer.before.patient_key,
        "baseline": _exam_line(result.before),
        "followup": _exam_line(result.after),
        "months": None if answer.months is None else round(answer.months, 1),
        "pairs": encode(answer.pairs),
        "places": {
            name: [
                {
                    "lesion": p.lesion_id,
                    "bone": p.bone,
                    "along": _round(p.along),
                    "radial_mm": _round(p.radial_mm),
                }
                for p in places
            ]
            for name, places in zip(("baseline", "followup"), result.places, strict=True)
        },
        "changes": [
            {**encode(c), "measures": [{**encode(m), "percent": m.percent} for m in c.measures]}
            for c in answer.changes
        ],
        "response": {
            "all_lesions": encode(response.all_lesions),
            "without_hands_and_feet": encode(response.without_hands_and_feet),
            "sentences": response_sentences(response),
            "remission": encode(response.remission),
        },
        "leg_length": {
            name: None if legs is None else encode(legs)
            for name, legs in zip(("baseline", "followup"), result.legs, strict=True)
        },
        "limits": list(answer.limits),
    }


def page_of(result: FollowUp, patient: PatientRecord | None = None) -> str:
    """The comparison as one self-contained page. patient: adds treatments and laboratory values to the course."""
    answer = result.comparison
    return followup_report(
        answer,
        (result.before.study, result.after.study),
        spots=spots(result),
        sentences=response_sentences(answer.response),
        legs=[legs.sentence() for legs in result.legs if legs is not None],
        notes=result.notes,
        timeline=timeline_svg(course_of((answer.before, answer.after), (answer,), patient)),
    )


def response_sentences(response: Response) -> list[str]:
    """The response of the child in sentences, each score with its own words."""
    scores = (response.rai, response.pedcno, response.kieninger)
    said = [s for score in scores for s in (score.sentences or (f"{score.system.name}: {score.answer}",))]
    return [
        f"All lesions: {response.all_lesions.sentence()}",
        f"Without hands and feet: {response.without_hands_and_feet.sentence()}",
        response.rinbo_sentence(),
        *said,
        *(r.sentence for r in response.remission),
    ]


def _exam_line(side: Side) -> dict[str, Any]:
    day = side.study.exam.exam_date
    return {
        "exam_uid": side.study.exam.study_uid,
        "date": day.isoformat() if day else None,
        "reading": side.reading.id,
        "reader": side.reading.reader,
        "lesions": len(side.reading.lesions),
        "active_lesions": len(side.reading.active_lesions),
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def with_decisions(pairs: Sequence[Pair], data: Any) -> tuple[Pair, ...]:
    """Pairs from the content of a pairs file. Raises InvalidRecord naming what is wrong."""
    if not isinstance(data, list):
        raise InvalidRecord("pairs", "is not a list", "Take pairs.json of an earlier comparison")
    kept = []
    for k, entry in enumerate(data):
        try:
            kept.append(
                Pair(
                    str(entry["before_id"]), str(entry["after_id"]), float(entry.get("score", 1.0)),
                    PairState(entry.get("state", "proposed")), str(entry.get("why", "")),
                    bool(entry.get("by_reader", False)),
                )
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidRecord(
                f"pairs[{k}]", f"cannot be used ({error})", "Accepted: before_id, after_id and a state"
            ) from None
    known = {(p.before_id, p.after_id): p for p in pairs}
    return tuple(
        replace(p, why=p.why or known[(p.before_id, p.after_id)].why)
        if (p.before_id, p.after_id) in known
        else p
        for p in kept
    )
