"""How well candidates find lesions, with the product's own labels, beside plain baselines and ablations.

When a mark hits a lesion, ``bench.overlap`` says. Lesions under 0.5 ml are neither missed nor false; sclerotic ones
are no active lesions and left out alike. Marks on look-alikes are false.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.bench.calibration import calibration
from marrowmap.bench.exams import BenchExam, exams, kind_of
from marrowmap.bench.overlap import lesions_hit, verdict
from marrowmap.bench.own_labels import own_labels
from marrowmap.bench.statistics import interval, mean, median, share
from marrowmap.core.site import Region, site_of_label
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.imaging.bone_profile import PLACE_FACTS
from marrowmap.imaging.candidates import scored_spots
from marrowmap.imaging.candidates_rank import shown
from marrowmap.imaging.candidates_zscore import unusual
from marrowmap.imaging.lesion_features import UNIT_FACTS
from marrowmap.imaging.muscle import local_muscle, muscle_mask
from marrowmap.imaging.working import Working, enlarge, prepare
from marrowmap.phantom.sets import SetName

Say = Callable[[str], None]
Marks = list[tuple[float, npt.NDArray[np.bool_], int]]
"""(score, mask on the working grid, unit label) by falling score."""
RATES = (0.5, 1.0, 2.0, 3.0, 4.0, 8.0)
"""False marks per exam at which sensitivity is read off."""


@dataclass
class LesionRecord:
    """One true lesion: best score and best Dice of the marks that hit it."""

    site: str
    region: str
    in_hand_or_foot: bool
    volume_ml: float
    strength: float
    score: float | None = None
    dice: float = 0.0
    labelled: bool = True


class Place(StrEnum):
    """What a false mark lies on: a look-alike of the truth, other bone, or mostly no bone at all."""

    LOOK_ALIKE = "look_alike"
    BONE = "bone"
    NO_BONE = "no_bone"


@dataclass(frozen=True)
class FalseMark:
    """A mark that hits no lesion. region: of the unit it is named after; "" without one."""

    score: float
    in_hand_or_foot: bool
    on: Place
    region: str = ""


@dataclass
class ExamRecord:
    """One exam and one method. false: the marks that hit nothing.

    judged: score of every mark and whether it hits a lesion; marks on nothing but lesions left out are left out.
    """

    kind: str
    group: dict[str, str]
    lesions: list[LesionRecord] = field(default_factory=list)
    false: list[FalseMark] = field(default_factory=list)
    judged: list[tuple[float, bool]] = field(default_factory=list)
    seconds: float = 0.0


def truth_on(exam: BenchExam, work: Working) -> npt.NDArray[np.uint16]:
    """Lesion numbers on the working grid."""
    return enlarge(exam.lesions, exam.grid, work.grid).astype(np.uint16)


def compare_marks(exam: BenchExam, work: Working, marks: Marks, labels: npt.NDArray[np.uint8]) -> ExamRecord:
    """Match marks with lesions."""
    truth = truth_on(exam, work)
    alike = enlarge(exam.others > 0, exam.grid, work.grid).astype(bool)
    bone = enlarge(exam.sites > 0, exam.grid, work.grid).astype(bool)
    record = ExamRecord(kind_of(exam.request), exam.group)
    size = np.bincount(truth.ravel(), minlength=1)
    counted = exam.counted
    best: dict[int, LesionRecord] = {}
    for t in exam.truth:
        unit = site_of_label(t.label)
        if unit is None or t.number not in counted or t.number >= len(size) or size[t.number] == 0:
            continue
        seen = bool((labels[truth == t.number] > 0).mean() > 0.3)
        best[t.number] = LesionRecord(
            unit.id, str(unit.region), unit.in_hand_or_foot, t.volume_ml, t.strength, labelled=seen
        )
    for score, mask, label in marks:
        inside = truth[mask]
        hit = lesions_hit(inside, size)
        for k, shared in hit.items():
            lesion = best.get(k)
            if lesion is None:
                continue
            lesion.score = max(score, lesion.score or 0.0)
            lesion.dice = max(lesion.dice, 2 * float(shared) / float(size[k] + inside.size))
        right = verdict(hit, counted)
        if right is not None:
            record.judged.append((score, right))
        if not hit:
            unit = site_of_label(label)
            on = (
                Place.LOOK_ALIKE
                if alike[mask].mean() >= 0.1
                else Place.BONE
                if bone[mask].mean() >= 0.5
                else Place.NO_BONE
            )
            hand_foot, region = (False, "") if unit is None else (unit.in_hand_or_foot, str(unit.region))
            record.false.append(FalseMark(score, hand_foot, on, region))
    record.lesions = list(best.values())
    return record


HIDDEN = {
    "mirror side": (*(n for n in (*UNIT_FACTS, *PLACE_FACTS) if "twin" in n), "twin"),
    "healthy-child prior": ("strict", "prone"),
}
"""Ablations: what the network and the ranker are then not told.

Left in without the mirror side: the yardstick. z-values compare a voxel with the marrow of its kind of place on both
sides together (``candidates_zscore``), in every method here but the global threshold. Left in without the prior: which
kind of bone it is, by which a network can tell feet, hands and knees.
"""


def learned(
    work: Working, skeleton: Skeleton, hide: frozenset[str] = frozenset()
) -> tuple[Marks, npt.NDArray[np.uint8], Marks]:
    """Every mark of the product, the labels on the working grid, and only the marks it would show."""
    judged = scored_spots(work, skeleton, hide)
    marks = [(score, spot.whole(work.grid.shape), spot.label) for score, spot in judged.spots]
    shown_marks = [m for m, (score, spot) in zip(marks, judged.spots, strict=True) if shown(spot, score)]
    return marks, judged.labels, shown_marks


def z_scores(work: Working, labels: npt.NDArray[np.uint8]) -> Marks:
    """Baseline: STIR, T1 and DWI z-values per unit, no learning."""
    values = unusual(work, labels, muscle_mask(work, labels > 0))
    return _components(ndimage.gaussian_filter(values.multi, (0.3, 0.7, 0.7)), labels, work, 3.0, 10.0)


def global_threshold(work: Working, labels: npt.NDArray[np.uint8]) -> Marks:
    """Baseline: STIR over local muscle above one threshold in all bone."""
    muscle = muscle_mask(work, labels > 0)
    ratio = work.signal[work.main] / local_muscle(work, muscle, work.main)
    return _components(np.where(labels > 0, ratio, 0).astype(np.float32), labels, work, 2.0, 8.0)


def _components(
    value: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8], work: Working, low: float, high: float
) -> Marks:
    parts, _ = ndimage.label((value > low) & (labels > 0))
    out: Marks = []
    for index, box in enumerate(ndimage.find_objects(parts), start=1):
        inside = parts[box] == index
        if inside.sum() * work.grid.voxel_ml < 0.15:
            continue
        height = float(np.percentile(value[box][inside], 90))
        mask = np.zeros(labels.shape, dtype=bool)
        mask[box] = inside
        out.append((min(1.0, height / high), mask, int(np.bincount(labels[box][inside]).argmax())))
    return sorted(out, key=lambda m: -m[0])[:150]


def without(volumes: dict[str, Volume], what: str) -> dict[str, Volume]:
    """The exam without diffusion ("DWI") or without T1 ("T1")."""
    names = {"DWI": ("DWI", "ADC"), "T1": ("T1",)}[what]
    return {k: v for k, v in volumes.items() if not k.startswith(names)}


def bench_candidates(
    name: SetName,
    limit: int | None = None,
    cache: Path | None = None,
    ablations: bool = True,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Run the product and the baselines over a set and summarise."""
    records: dict[str, list[ExamRecord]] = {}
    for exam in exams(name, limit, cache):
        own = own_labels(exam, cache)
        skeleton = own.skeleton
        begun = time.perf_counter()
        work = prepare(exam.volumes)
        marks, labels, proposed = learned(work, skeleton)
        seconds = own.seconds + time.perf_counter() - begun
        methods: dict[str, Marks] = {"product": marks, "shown": proposed}
        methods["baseline: z per unit"] = z_scores(work, labels)
        methods["baseline: global threshold"] = global_threshold(work, labels)
        if ablations:
            for what in ("DWI", "T1"):
                poor = prepare(without(exam.volumes, what))
                methods[f"without {what}"] = learned(poor, skeleton)[0]
            for what, hide in HIDDEN.items():
                methods[f"without {what}"] = learned(work, skeleton, frozenset(hide))[0]
        for method, found in methods.items():
            record = compare_marks(exam, work, found, labels)
            record.seconds = seconds
            records.setdefault(method, []).append(record)
        r = records["shown"][-1]
        hits = sum(x.score is not None for x in r.lesions)
        say(
            f"{exam.request.seed} {kind_of(exam.request)}: {hits} of {len(r.lesions)} lesions, {len(r.false)} false"
        )
    return summary(records, name)


def summary(records: dict[str, list[ExamRecord]], name: str) -> dict[str, Any]:
    """The bench's answer. "body" means outside hands and feet; sensitivity per lesion of 0.5 ml or more."""
    proposed = records["shown"]
    sick = [r for r in proposed if r.kind == "clinical"]
    healthy = [r for r in proposed if r.kind == "healthy"]
    out: dict[str, Any] = {
        "set": name,
        "n_exams": len(proposed),
        "counted": "lesions >= 0.5 ml outside hands and feet, difficulty clinical, product's own labels",
        "sensitivity_body": interval([_hits(r, False) for r in sick], share),
        "false_marks_per_exam_body": interval([_false(r, False) for r in sick], mean),
        "false_marks_per_healthy_exam": interval([_false(r, None) for r in healthy], mean),
        "false_marks_lie_on": {
            kind: {
                str(p): interval([float(sum(f.on == p for f in r.false)) for r in some], mean) for p in Place
            }
            for kind, some in (("clinical", sick), ("healthy", healthy))
        },
        "outline_dice_median": interval([_dice(r) for r in sick], median),
        "sensitivity_all_bones": interval([_hits(r, None) for r in sick], share),
        "false_marks_per_exam_all_bones": interval([_false(r, None) for r in sick], mean),
        "sensitivity_hands_feet": interval([_hits(r, True) for r in sick], share),
        "false_marks_per_exam_hands_feet": interval([_false(r, True) for r in sick], mean),
        "seconds_per_exam": interval([r.seconds for r in proposed], mean),
        "by_difficulty": _by(proposed, lambda r: r.kind),
        "lost_because_unlabelled": sum(
            1 for r in sick for x in r.lesions if x.score is None and not x.labelled
        ),
    }
    for key in ("age", "vendor", "field_t"):
        out[f"by_{key}"] = _by([r for r in proposed if r.kind == "clinical"], lambda r, key=key: r.group[key])  # type: ignore[misc]
    out["by_region"] = {
        str(g): {
            "sensitivity": interval([_hits_in(r, g) for r in sick], share),
            "false_marks_per_exam": interval([_false_in(r, g) for r in sick], mean),
        }
        for g in Region
    }
    out["healthy_false_marks_by_region"] = {
        str(g): interval([_false_in(r, g) for r in healthy], mean) for g in Region
    }
    out["by_size_ml"] = _by_size(sick)
    out["froc"] = {
        m: froc([r for r in rs if r.kind in ("clinical", "healthy")])
        for m, rs in records.items()
        if m != "shown"
    }
    out["froc_by_difficulty"] = {
        d: froc([r for r in records["product"] if r.kind in (d, "healthy")])
        for d in ("easy", "clinical", "hard")
    }
    out["calibration"] = calibration([r.judged for r in records["product"] if r.kind != "mimic"])
    return out


def _hits(r: ExamRecord, hand_foot: bool | None) -> tuple[float, float]:
    some = [x for x in r.lesions if hand_foot is None or x.in_hand_or_foot == hand_foot]
    return float(sum(x.score is not None for x in some)), float(len(some))


def _false(r: ExamRecord, hand_foot: bool | None) -> float:
    return float(sum(hand_foot is None or f.in_hand_or_foot == hand_foot for f in r.false))


def _dice(r: ExamRecord) -> list[float]:
    return [x.dice for x in r.lesions if x.score is not None and not x.in_hand_or_foot]


def _by(records: list[ExamRecord], key: Callable[[ExamRecord], str]) -> dict[str, Any]:
    out = {}
    for value in sorted({key(r) for r in records}):
        some = [r for r in records if key(r) == value]
        out[value] = {
            "sensitivity_body": interval([_hits(r, False) for r in some], share),
            "false_marks_per_exam_body": interval([_false(r, False) for r in some], mean),
        }
    return out


def _hits_in(r: ExamRecord, region: str) -> tuple[float, float]:
    some = [x for x in r.lesions if x.region == region]
    return float(sum(x.score is not None for x in some)), float(len(some))


def _false_in(r: ExamRecord, region: str) -> float:
    return float(sum(f.region == region for f in r.false))


def _by_size(records: list[ExamRecord]) -> dict[str, Any]:
    out = {}
    for low, high in ((0.5, 1.0), (1.0, 3.0), (3.0, 1000.0)):
        pairs = []
        for r in records:
            some = [x for x in r.lesions if low <= x.volume_ml < high and not x.in_hand_or_foot]
            pairs.append((float(sum(x.score is not None for x in some)), float(len(some))))
        out[f"{low:g} to {high:g}" if high < 1000 else f"{low:g} and more"] = interval(pairs, share)
    return out


def froc(records: list[ExamRecord]) -> dict[str, float | None]:
    """Sensitivity (body, >= 0.5 ml) at fixed rates of false marks per exam (body, healthy exams counted in)."""
    lesions = [x for r in records for x in r.lesions if not x.in_hand_or_foot]
    false = sorted((f.score for r in records for f in r.false if not f.in_hand_or_foot), reverse=True)
    out: dict[str, float | None] = {}
    for rate in RATES:
        allowed = int(rate * len(records))
        threshold = false[allowed] if len(false) > allowed else -1.0
        found = sum(x.score is not None and x.score > threshold for x in lesions)
        out[f"{rate:g}"] = round(found / len(lesions), 3) if lesions else None
    return out
