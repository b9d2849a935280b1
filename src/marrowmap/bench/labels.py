"""How well the product names bones, against the truth of digital children."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from marrowmap.bench.exams import BenchExam, exams
from marrowmap.bench.own_labels import own_labels
from marrowmap.bench.statistics import interval, mean, share
from marrowmap.core.site import Region, Site, all_sites, site_of_label
from marrowmap.core.skeleton import Skeleton
from marrowmap.imaging.nearest_unit import unit_of
from marrowmap.phantom.sets import SetName

Say = Callable[[str], None]
LESION_SHARES = ("lesion_bone_side_accuracy", "lesion_segment_accuracy")
GROUP_SHARES = {
    "bone_recall": "recall",
    "lesion_bone_side_accuracy": "lesion_bone_side",
    "lesion_segment_accuracy": "lesion_segment",
    "vertebral_level_accuracy": "level",
}
"""What is printed of every group beside its Dice, and where ``LabelRecord`` has it."""


@dataclass
class LabelRecord:
    """What was counted in one exam; pairs are (right, of)."""

    group: dict[str, str]
    dice: dict[str, float] = field(default_factory=dict)
    bone_dice: float = 0.0
    recall: tuple[float, float] = (0, 0)
    side: tuple[float, float] = (0, 0)
    unit_of_bone: tuple[float, float] = (0, 0)
    lesion_bone_side: tuple[float, float] = (0, 0)
    lesion_segment: tuple[float, float] = (0, 0)
    lesion_beside: tuple[float, float] = (0, 0)
    """Lesions that lie in no labelled bone and take the name of the nearest one."""
    lesions_in: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    """Right bone and side, and right segment, of the lesions of each region."""
    body: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Recall, right units and lesions again, of bones outside hands and feet."""
    level: tuple[float, float] = (0, 0)
    level_within_one: tuple[float, float] = (0, 0)
    certain_levels: tuple[float, float] = (0, 0)
    certain_wrong_by_more: float = 0
    seconds: float = 0.0


def compare_labels(exam: BenchExam, skeleton: Skeleton) -> LabelRecord:
    """Truth and labels of one exam on the same grid."""
    truth, found = exam.sites, skeleton.labels
    both = np.bincount(truth[truth == found], minlength=256).astype(float)
    n_truth = np.bincount(truth.ravel(), minlength=256).astype(float)
    n_found = np.bincount(found.ravel(), minlength=256).astype(float)
    record = LabelRecord(exam.group)
    for unit in all_sites():
        if n_truth[unit.label] * exam.grid.voxel_ml >= 0.1:
            record.dice[unit.id] = 2 * both[unit.label] / (n_truth[unit.label] + n_found[unit.label])
    bone, hit = truth > 0, found > 0
    inside = bone & hit
    record.bone_dice = float(2 * inside.sum() / max(bone.sum() + hit.sum(), 1))
    record.recall = (float(inside.sum()), float(bone.sum()))
    record.unit_of_bone = (float((truth[inside] == found[inside]).sum()), float(inside.sum()))
    outside = bone & ~np.isin(truth, [u.label for u in all_sites() if u.in_hand_or_foot])
    seen = outside & hit
    record.body = {
        "bone_recall": (float(seen.sum()), float(outside.sum())),
        "unit_right_in_found_bone": (float((truth[seen] == found[seen]).sum()), float(seen.sum())),
        "lesion_bone_side_accuracy": (0, 0),
        "lesion_segment_accuracy": (0, 0),
    }
    record.side = _sides(truth[inside], found[inside])
    _lesions(exam, skeleton, record)
    _levels(exam, skeleton, record)
    return record


def _sides(truth: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Over voxels where both name a paired bone."""
    side = np.zeros(256, dtype=int)
    for unit in all_sites():
        side[unit.label] = {"right": 1, "left": 2}.get(str(unit.side), 0)
    paired = (side[truth] > 0) & (side[found] > 0)
    return float((side[truth] == side[found])[paired].sum()), float(paired.sum())


def _bone(unit: Site) -> str:
    return "vertebra" if unit.is_vertebra else unit.bone


def _lesions(exam: BenchExam, skeleton: Skeleton, record: LabelRecord) -> None:
    for lesion in exam.truth:
        true = site_of_label(lesion.label)
        near = unit_of(skeleton, exam.lesions == lesion.number)
        if true is None:
            continue
        record.lesion_beside = _add(record.lesion_beside, near is not None and near.distance_mm > 0)
        found = None if near is None else near.unit
        same = found is not None and (_bone(true), true.side) == (_bone(found), found.side)
        in_body = not true.in_hand_or_foot
        region = record.lesions_in.setdefault(str(true.region), dict.fromkeys(LESION_SHARES, (0.0, 0.0)))
        region["lesion_bone_side_accuracy"] = _add(region["lesion_bone_side_accuracy"], same)
        record.lesion_bone_side = _add(record.lesion_bone_side, same)
        if in_body:
            record.body["lesion_bone_side_accuracy"] = _add(record.body["lesion_bone_side_accuracy"], same)
        if not true.is_vertebra:
            right = same and found is not None and found.segment is true.segment and found.bone == true.bone
            record.lesion_segment = _add(record.lesion_segment, right)
            region["lesion_segment_accuracy"] = _add(region["lesion_segment_accuracy"], right)
            if in_body:
                record.body["lesion_segment_accuracy"] = _add(record.body["lesion_segment_accuracy"], right)


def _add(pair: tuple[float, float], right: bool) -> tuple[float, float]:
    return pair[0] + float(right), pair[1] + 1


def _levels(exam: BenchExam, skeleton: Skeleton, record: LabelRecord) -> None:
    """Per true vertebra: the level most of its voxels are given. Vertebrae that the labels miss are left out.

    A level is certain unless the labels call the level given to this vertebra uncertain.
    """
    first = next(s.label for s in all_sites() if s.is_vertebra)
    for unit in all_sites():
        if not unit.is_vertebra:
            continue
        inside = skeleton.labels[exam.sites == unit.label]
        votes = np.bincount(inside, minlength=256)[first : first + 24]
        if votes.sum() < 5:
            continue
        given = site_of_label(int(votes.argmax()) + first)
        assert given is not None
        off = abs(given.label - unit.label)
        certain = given.id not in skeleton.uncertain_levels
        record.certain_levels = _add(record.certain_levels, certain)
        record.level_within_one = _add(record.level_within_one, off <= 1)
        if certain:
            record.level = _add(record.level, off == 0)
            record.certain_wrong_by_more += off > 1


def bench_labels(
    name: SetName, limit: int | None = None, cache: Path | None = None, say: Say = lambda _: None
) -> dict[str, Any]:
    """Run the labels over a set and summarise."""
    records = []
    for exam in exams(name, limit, cache):
        own = own_labels(exam, cache)
        record = compare_labels(exam, own.skeleton)
        record.seconds = own.seconds
        records.append(record)
        dice, recall = mean(list(record.dice.values())), share([record.recall])
        say(f"{exam.request.seed}: mean Dice {dice:.2f}, bone recall {recall:.2f}")
    return summary(records, name)


def summary(records: list[LabelRecord], name: str) -> dict[str, Any]:
    """Everything the bench prints; every share says of what in its key."""

    def pairs(key: str) -> dict[str, Any]:
        return interval([getattr(r, key) for r in records], share)

    units = [unit.id for unit in all_sites()]
    per_unit = {u: mean([r.dice[u] for r in records if u in r.dice]) for u in units}
    out: dict[str, Any] = {
        "set": name,
        "n_exams": len(records),
        "grid": "the exam's own (5 x 2 x 2 mm)",
        "mean_dice": interval([mean(list(r.dice.values())) for r in records], mean),
        "whole_skeleton_dice": interval([r.bone_dice for r in records], mean),
        "bone_recall": pairs("recall"),
        "unit_right_in_found_bone": pairs("unit_of_bone"),
        "side_accuracy": pairs("side"),
        "lesion_bone_side_accuracy": pairs("lesion_bone_side"),
        "lesion_segment_accuracy": pairs("lesion_segment"),
        "lesions_named_after_the_nearest_bone": pairs("lesion_beside"),
        "vertebral_level_accuracy": pairs("level"),
        "vertebral_level_within_one": pairs("level_within_one"),
        "vertebral_levels_called_certain": pairs("certain_levels"),
        "certain_levels_wrong_by_more_than_one": sum(r.certain_wrong_by_more for r in records),
        "outside_hands_and_feet": _outside_hands_and_feet(records),
        "seconds_per_exam": interval([r.seconds for r in records], mean),
        "dice_by_region": _by_region(records),
        "dice_by_unit": {k: None if v is None else round(v, 3) for k, v in per_unit.items()},
        "lesion_accuracy_by_region": _lesions_by_region(records),
        "by_group": _by_group(records),
        "accuracy_by_group": _accuracy_by_group(records),
    }
    return out


def _outside_hands_and_feet(records: list[LabelRecord]) -> dict[str, Any]:
    names = {unit.id for unit in all_sites() if not unit.in_hand_or_foot}
    dice = [mean([v for unit, v in r.dice.items() if unit in names]) for r in records]
    keys = dict.fromkeys(key for r in records for key in r.body)
    return {
        "mean_dice": interval(dice, mean),
        **{key: interval([r.body[key] for r in records], share) for key in keys},
    }


def _by_region(records: list[LabelRecord]) -> dict[str, Any]:
    out = {}
    for region in dict.fromkeys(str(s.region) for s in all_sites()):
        names = [s.id for s in all_sites() if s.region == region]
        out[region] = interval([mean([r.dice[n] for n in names if n in r.dice]) for r in records], mean)
    return out


def _lesions_by_region(records: list[LabelRecord]) -> dict[str, Any]:
    none = dict.fromkeys(LESION_SHARES, (0.0, 0.0))
    return {
        str(region): {
            key: interval([r.lesions_in.get(region, none)[key] for r in records], share)
            for key in LESION_SHARES
        }
        for region in Region
    }


def _groups(records: list[LabelRecord]) -> dict[str, list[LabelRecord]]:
    """Records by "age=5-7" and the like."""
    return {
        f"{key}={value}": [r for r in records if r.group[key] == value]
        for key in ("age", "difficulty", "vendor", "field_t")
        for value in sorted({r.group[key] for r in records})
    }


def _by_group(records: list[LabelRecord]) -> dict[str, Any]:
    return {
        name: interval([mean(list(r.dice.values())) for r in some], mean)
        for name, some in _groups(records).items()
    }


def _accuracy_by_group(records: list[LabelRecord]) -> dict[str, Any]:
    return {
        name: {key: interval([getattr(r, at) for r in some], share) for key, at in GROUP_SHARES.items()}
        for name, some in _groups(records).items()
    }
