"""How well candidates find lesions, with the product's own labels, beside plain baselines and ablations.

A lesion is hit when a mark covers at least 15 % of the smaller of both and 10 % of the mark. Lesions under
0.5 ml are neither missed nor false; sclerotic ones are no active lesions and left out alike. Marks on
look-alikes are false.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.bench.exams import SMALLEST_ML, BenchExam, exams, kind_of
from marrowmap.bench.own_labels import own_labels
from marrowmap.bench.statistics import interval, mean, share
from marrowmap.core.site import Site, site_of_label
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.imaging.candidates import scored_spots
from marrowmap.imaging.candidates_rank import shown
from marrowmap.imaging.candidates_zscore import unusual
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
    """One true lesion: best score of a mark that hits it, Dice with the mark that covers most of it."""

    site: str
    region: str
    in_hand_or_foot: bool
    volume_ml: float
    strength: float
    score: float | None = None
    dice: float = 0.0
    labelled: bool = True


@dataclass
class ExamRecord:
    """One exam and one method. false: (score, in hand or foot) of marks that hit nothing."""

    kind: str
    group: dict[str, str]
    lesions: list[LesionRecord] = field(default_factory=list)
    false: list[tuple[float, bool]] = field(default_factory=list)
    threshold_hits: int = 0
    seconds: float = 0.0


def truth_on(exam: BenchExam, work: Working) -> npt.NDArray[np.uint16]:
    """Lesion numbers on the working grid."""
    return enlarge(exam.lesions, exam.grid, work.grid).astype(np.uint16)


def compare_marks(exam: BenchExam, work: Working, marks: Marks, labels: npt.NDArray[np.uint8]) -> ExamRecord:
    """Match marks with lesions."""
    truth = truth_on(exam, work)
    record = ExamRecord(kind_of(exam.request), exam.group)
    size = np.bincount(truth.ravel(), minlength=1)
    ignored = {t.number for t in exam.truth if t.volume_ml < SMALLEST_ML or t.sclerotic}
    best: dict[int, LesionRecord] = {}
    for t in exam.truth:
        unit = site_of_label(t.label)
        if unit is None or t.number in ignored or t.number >= len(size) or size[t.number] == 0:
            continue
        seen = bool((labels[truth == t.number] > 0).mean() > 0.3)
        best[t.number] = LesionRecord(
            unit.id, str(unit.region), unit.in_hand_or_foot, t.volume_ml, t.strength, labelled=seen
        )
    for score, mask, label in marks:
        hit = np.bincount(truth[mask], minlength=len(size))
        hit[0] = 0
        n = int(mask.sum())
        touched = [
            int(k) for k in np.flatnonzero(hit) if hit[k] >= 0.15 * min(size[k], n) and hit[k] >= 0.1 * n
        ]
        for k in touched:
            lesion = best.get(k)
            if lesion is None:
                continue
            lesion.score = max(score, lesion.score or 0.0)
            lesion.dice = max(lesion.dice, 2 * float(hit[k]) / float(size[k] + n))
        if not touched:
            unit = site_of_label(label)
            record.false.append((score, unit is not None and unit.in_hand_or_foot))
    record.lesions = list(best.values())
    return record


HIDDEN = {"mirror side": ("twin_median", "twin_high", "has_twin", "twin"), "healthy-child prior": ("strict",)}
"""Ablations: what the network and the ranker are then not told."""


def learned(
    work: Working, skeleton: Skeleton, hide: frozenset[str] = frozenset()
) -> tuple[Marks, npt.NDArray[np.uint8], Marks]:
    """Every mark of the product, the labels on the working grid, and only the marks it would show."""
    spots, _, labels, _ = scored_spots(work, skeleton, hide)
    marks = [(score, spot.whole(work.grid.shape), spot.label) for score, spot in spots]
    shown_marks = [m for m, (score, spot) in zip(marks, spots, strict=True) if shown(spot, score)]
    return marks, labels, shown_marks


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
        "outline_dice_median": interval([_dice(r) for r in sick], _median),
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
    out["by_region"] = _by_region(sick)
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
    return out


def _hits(r: ExamRecord, hand_foot: bool) -> tuple[float, float]:
    some = [x for x in r.lesions if x.in_hand_or_foot == hand_foot]
    return float(sum(x.score is not None for x in some)), float(len(some))


def _false(r: ExamRecord, hand_foot: bool | None) -> float:
    return float(sum(hand_foot is None or h == hand_foot for _, h in r.false))


def _dice(r: ExamRecord) -> list[float]:
    return [x.dice for x in r.lesions if x.score is not None and not x.in_hand_or_foot]


def _median(groups: Any) -> float | None:
    values = [v for group in groups for v in group]
    return float(np.median(values)) if values else None


def _by(records: list[ExamRecord], key: Callable[[ExamRecord], str]) -> dict[str, Any]:
    out = {}
    for value in sorted({key(r) for r in records}):
        some = [r for r in records if key(r) == value]
        out[value] = {
            "sensitivity_body": interval([_hits(r, False) for r in some], share),
            "false_marks_per_exam_body": interval([_false(r, False) for r in some], mean),
        }
    return out


def _by_region(records: list[ExamRecord]) -> dict[str, Any]:
    regions = sorted({x.region for r in records for x in r.lesions})
    return {
        g: interval(
            [
                (
                    float(sum(x.score is not None for x in r.lesions if x.region == g)),
                    float(sum(x.region == g for x in r.lesions)),
                )
                for r in records
            ],
            share,
        )
        for g in regions
    }


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
    false = sorted((s for r in records for s, h in r.false if not h), reverse=True)
    out: dict[str, float | None] = {}
    for rate in RATES:
        allowed = int(rate * len(records))
        threshold = false[allowed] if len(false) > allowed else -1.0
        found = sum(x.score is not None and x.score > threshold for x in lesions)
        out[f"{rate:g}"] = round(found / len(lesions), 3) if lesions else None
    return out


def is_body(unit: Site) -> bool:
    """Outside hands and feet."""
    return not unit.in_hand_or_foot
