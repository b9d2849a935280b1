"""How well lesions keep their identity from exam to exam, how often a change is named right, and how repeatable
the numbers are. On digital children with known truth; nothing here was measured on patients."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from marrowmap.bench.followup_baselines import deformable, nearest_centres, rigid
from marrowmap.bench.followup_pairs import (
    FATE_CLASS,
    FIRST_SEED,
    ExamPair,
    PairExam,
    make_pair,
    true_class,
)
from marrowmap.bench.followup_repeat import repeatability
from marrowmap.bench.followup_spread import Spread
from marrowmap.bench.own_labels import labels_mark
from marrowmap.core.followup.change import Change, ChangeClass, Circumstances
from marrowmap.core.followup.comparison import Comparison, compare
from marrowmap.core.followup.limits import DEFAULT_LIMITS
from marrowmap.core.followup.matching import propose_pairs
from marrowmap.core.lesion import Activity, Assessment, Features, Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.core.site import all_sites
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.errors import InputError
from marrowmap.imaging.body_fit import body_fit
from marrowmap.imaging.bone_frame import units_of
from marrowmap.imaging.label import METHOD, label_skeleton
from marrowmap.imaging.lesion_places import Outline, lesion_places
from marrowmap.imaging.measure import exam_muscle
from marrowmap.imaging.near_muscle import exam_signals
from marrowmap.imaging.place_signal import signal_ratio_at
from marrowmap.imaging.skeleton_fit import SkeletonFit
from marrowmap.phantom.body import BodyKind

N_PAIRS = 40
N_REGISTERED = 4
"""Pairs that are also registered as images; each takes minutes."""
MISSING = ("feet", "head and neck", "arms")
"""Parts cut away from the later exam, in turn, to see that nothing breaks."""
GOALS = {"pairing_f1": 0.93, "pairing_f1_true_labels": 0.98, "change_accuracy": 0.90}
BODIES: dict[str, BodyKind] = {"test": "mesh", "held_out": "analytic"}
"""Body of each set: bones from surface models, or from formulas, which the network never saw."""
Say = Callable[[str], None]


@dataclass
class Tally:
    """Pairs right, wrong and missed, and changes named right, of one method."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    named: int = 0
    named_right: int = 0
    fate_right: int = 0
    seconds: float = 0.0
    n_pairs: int = 0
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)
    spread: Spread = field(default_factory=Spread)

    @property
    def f1(self) -> float | None:
        """2 x right / (2 x right + wrong + missed); None when there was nothing to pair."""
        whole = 2 * self.right + self.wrong + self.missed
        return None if whole == 0 else 2 * self.right / whole

    @property
    def accuracy(self) -> float | None:
        """Changes named right over changes; None when no change was named."""
        return None if self.named == 0 else self.named_right / self.named

    def count(self, got: set[tuple[int, int]], true: set[tuple[int, int]]) -> None:
        """Add the pairs of one pair of exams."""
        self.right += len(got & true)
        self.wrong += len(got - true)
        self.missed += len(true - got)
        self.n_pairs += 1

    def add(self, other: Tally) -> None:
        """Count what another tally counted."""
        for name in ("right", "wrong", "missed", "named", "named_right", "fate_right", "seconds", "n_pairs"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.confused.update(other.confused)

    def record(self) -> dict[str, Any]:
        """For JSON; shares rounded to four digits."""
        answer: dict[str, Any] = {
            "pairing_f1": _rounded(self.f1),
            "pairs_right": self.right,
            "pairs_wrong": self.wrong,
            "pairs_missed": self.missed,
            "n_pairs": self.n_pairs,
            "seconds_per_pair": round(self.seconds / max(self.n_pairs, 1), 2),
        }
        if self.named:
            answer |= {
                "change_accuracy": _rounded(self.accuracy),
                "changes": self.named,
                "agrees_with_fate": _rounded(self.fate_right / self.named),
                "confused": {f"{a} called {b}": n for (a, b), n in self.confused.most_common()},
            }
        return answer


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def bench_followup(
    n_pairs: int = N_PAIRS,
    n_registered: int = N_REGISTERED,
    *,
    name: str = "test",
    first: int = 0,
    keep: Path | None = None,
    say: Say | None = None,
) -> dict[str, Any]:
    """The whole bench. keep: folder in which made pairs are kept for the next run; None keeps nothing.

    name: "test" (children of the main generator) or "held_out" (another kind of body). first: number of the first
    pair. Raises InputError for no pair at all or an unknown set.
    """
    if name not in BODIES:
        raise InputError("set", f"{name!r} has no pairs of exams", f"Choose one of {', '.join(BODIES)}")
    if n_pairs < 1:
        raise InputError("pairs", f"{n_pairs} is too few", "Ask for at least one")
    product, truth = Tally(), Tally()
    registered = {
        "rigid registration, nearest centre": Tally(),
        "deformable registration, nearest centre": Tally(),
    }
    broken: list[str] = []
    resolved_unseen = 0
    begun = time.monotonic()
    for k, pair in enumerate(_pairs(range(first, first + n_pairs), BODIES[name], keep)):
        if say:
            say(f"pair {k + 1} of {n_pairs}")
        follow(pair, (pair.before.skeleton(), pair.after.skeleton()), truth)
        follow(pair, _labelled(pair, keep), product)
        if k < n_registered:
            _register(pair, registered)
        try:
            resolved_unseen += missing_part(pair, MISSING[k % len(MISSING)])
        except Exception as error:  # the bench must tell of a crash, not die of it
            broken.append(f"pair {pair.number}: {type(error).__name__}: {error}")
    return {
        "pairing_f1": _rounded(product.f1),
        "change_accuracy": _rounded(product.accuracy),
        "n_pairs": n_pairs,
        "set": name,
        "pairing_f1_true_labels": _rounded(truth.f1),
        "change_accuracy_true_labels": _rounded(truth.accuracy),
        "goals": GOALS,
        "product_labels": {"method": METHOD, **product.record()},
        "true_labels": truth.record(),
        "spread": product.spread.record(),
        "baselines": {name: tally.record() for name, tally in registered.items()},
        "missing_parts": {
            "crashes": broken,
            "unseen_called_resolved_or_new": resolved_unseen,
            "exams": n_pairs,
        },
        "test_retest": repeatability(),
        "seeds": f"{FIRST_SEED + first} to {FIRST_SEED + first + n_pairs - 1}",
        "limits": [*DEFAULT_LIMITS.of_matching(), *DEFAULT_LIMITS.of_change()],
        "synthetic": "digital children; lesion outlines are the true ones at the resolution of an exam",
        "seconds": round(time.monotonic() - begun, 1),
    }


def _pairs(numbers: range, body: BodyKind, keep: Path | None) -> Iterator[ExamPair]:
    for number in numbers:
        yield make_pair(number, body) if keep is None else _kept(number, body, keep)


def _kept(number: int, body: BodyKind, folder: Path) -> ExamPair:
    """A pair from the folder, made and put there when it is not there yet. Only for files made here."""
    import pickle

    path = folder / f"{body}-{number:03d}.pkl"
    if path.is_file():
        return pickle.loads(path.read_bytes())  # type: ignore[no-any-return]  # noqa: S301
    pair = make_pair(number, body)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(pair))
    return pair


def _labelled(pair: ExamPair, folder: Path | None) -> tuple[Skeleton, Skeleton]:
    """The product's labels of both exams; kept beside the pair, by the network that made them."""
    import pickle

    if folder is None:
        return label_skeleton(pair.before.volumes), label_skeleton(pair.after.volumes)
    path = folder / f"{pair.before.request.body}-{pair.number:03d}-labels-{labels_mark()}.pkl"
    if path.is_file():
        return pickle.loads(path.read_bytes())  # type: ignore[no-any-return]  # noqa: S301
    made = label_skeleton(pair.before.volumes), label_skeleton(pair.after.volumes)
    path.write_bytes(pickle.dumps(made))
    return made


# ---------------------------------------------------------------- our way


def follow(pair: ExamPair, skeletons: tuple[Skeleton, Skeleton], tally: Tally) -> Comparison:
    """Pair and compare one pair of exams with these labels, and count what came out right."""
    begun = time.monotonic()
    whole = body_fit(pair.before.volumes["STIR"], pair.after.volumes["STIR"])
    fit = SkeletonFit(*skeletons, whole)
    before, after = _marked(pair.before, skeletons[0]), _marked(pair.after, skeletons[1])
    places = lesion_places(fit, (skeletons[0], before), (skeletons[1], after))
    proposals = propose_pairs(*places)
    tally.seconds += time.monotonic() - begun
    readings = reading_of(pair.before, skeletons[0]), reading_of(pair.after, skeletons[1])
    more = Circumstances(
        growth=fit.growth(),
        partly=_partly(skeletons),
        signals=(
            exam_signals(pair.before.volumes, skeletons[0], before),
            exam_signals(pair.after.volumes, skeletons[1], after),
        ),
    )
    answer = compare(*readings, proposals, more)
    tally.count({(int(p.before_id), int(p.after_id)) for p in proposals}, pair.true_pairs())
    _names(pair, answer.changes, tally)
    tally.spread.count(pair, answer.changes, more.signals)
    return answer


def _marked(exam: PairExam, skeleton: Skeleton) -> dict[str, Outline]:
    """Outlines with the unit that the labels say; where they say none, the one a reader would name."""
    return {
        str(k): v if units_of(skeleton, v.points_mm) else replace(v, site_ids=exam.lesions[k].sites[:1])
        for k, v in exam.outlines.items()
    }


def _partly(skeletons: tuple[Skeleton, Skeleton]) -> frozenset[str]:
    return frozenset(k for s in skeletons for k, v in s.coverage.items() if v is Coverage.PARTIAL)


def reading_of(exam: PairExam, skeleton: Skeleton) -> Reading:
    """What a careful reader with these labels would state: every lesion, and every other covered unit normal.

    The unit is the one the labels say; where they say none, the reader names the true one. A unit in which the
    reader sees a lesion is covered, whatever the labels say.
    """
    plain = {k: v for k, v in exam.volumes.items() if k in ("STIR", "T1")}
    muscle = exam_muscle(plain, skeleton) if plain else None
    lesions = []
    for number, outline in exam.outlines.items():
        finding = exam.lesions[number]
        units = units_of(skeleton, outline.points_mm)
        ratio = exam.truth[number].ratio
        if muscle is not None:
            measured = signal_ratio_at(exam.volumes, outline.points_mm, muscle)
            ratio = measured if measured is not None else ratio
        lesions.append(
            Lesion(
                str(number),
                (SiteExtent(units[0].id if units else finding.sites[0]),),
                activity=Activity.ACTIVE if exam.truth[number].active else Activity.INACTIVE,
                features=Features(
                    periosteal_reaction=Assessment.of(finding.features.periosteal_reaction),
                    soft_tissue_oedema=Assessment.of(finding.features.soft_tissue_oedema),
                ),
                volume_ml=outline.volume_ml,
                si_ratio=ratio,
            )
        )
    seen = {x.site.id for x in lesions}
    hidden = {s.id for s in all_sites() if skeleton.coverage.get(s.id) is not Coverage.COVERED} - seen
    return Reading(
        f"pair-{exam.request.seed}-{exam.request.months}",
        f"exam-{exam.request.seed}-{exam.request.months}",
        f"SYN{exam.request.seed}",
        "truth",
        lesions=tuple(lesions),
        normal=frozenset(s.id for s in all_sites()) - seen - hidden,
        not_covered=frozenset(hidden),
        synthetic=True,
    )


def _names(pair: ExamPair, changes: Sequence[Change], tally: Tally) -> None:
    """Whether each true event carries the right name."""
    by_before = {x: c for c in changes for x in c.before}
    by_after = {x: c for c in changes for x in c.after}
    for event in pair.events:
        true = true_class(pair, event)
        old = [str(i) for i in event.before if i in pair.before.outlines]
        new = [str(i) for i in event.after if i in pair.after.outlines]
        if true is None or not (old or new):
            continue
        said = by_before[old[0]] if old else by_after[new[0]]
        tally.named += 1
        tally.named_right += said.kind is true
        tally.fate_right += said.kind is FATE_CLASS[event.fate]
        if said.kind is not true:
            tally.confused[str(true), str(said.kind)] += 1


# ---------------------------------------------------------------- what could go wrong


def missing_part(pair: ExamPair, part: str) -> int:
    """Cut a part away from the later exam; returns how many of its lesions were called resolved or new."""
    whole = pair.after.skeleton()
    cut = _without(whole, part)
    before = pair.before.skeleton()
    gone = {s.id for s in all_sites() if cut.coverage.get(s.id) is not Coverage.COVERED}
    outlines = {
        k: v
        for k, v in pair.after.outlines.items()
        if not ({u.id for u in units_of(whole, v.points_mm)} & gone)
    }
    after = _thin(pair.after, outlines)
    fit = SkeletonFit(before, cut)
    places = lesion_places(fit, (before, _marked(pair.before, before)), (cut, _marked(after, cut)))
    answer = compare(
        reading_of(_thin(pair.before, pair.before.outlines), before),
        reading_of(after, cut),
        propose_pairs(*places),
        Circumstances(growth=fit.growth(), partly=_partly((before, cut))),
    )
    wrong = (ChangeClass.RESOLVED, ChangeClass.NEW)
    return sum(c.site_id in gone and c.kind in wrong for c in answer.changes)


def _thin(exam: PairExam, outlines: dict[int, Any]) -> PairExam:
    return replace(exam, outlines=outlines, volumes={})


def _without(skeleton: Skeleton, part: str) -> Skeleton:
    """The labels with everything of a part of the body gone, as when its station was not acquired."""
    where = np.flatnonzero((skeleton.labels > 0).any(axis=(0, 2)))
    head, feet = int(where[0]), int(where[-1])
    labels = skeleton.labels.copy()
    if part == "feet":
        labels[:, feet - int(0.12 * (feet - head)) :] = 0
    elif part == "head and neck":
        labels[:, : head + int(0.17 * (feet - head))] = 0
    else:
        columns = np.flatnonzero((skeleton.labels > 0).any(axis=(0, 1)))
        middle, reach = (columns[0] + columns[-1]) / 2, 0.26 * (columns[-1] - columns[0])
        labels[:, :, : max(0, int(middle - reach))] = 0
        labels[:, :, int(middle + reach) :] = 0
    before = np.bincount(skeleton.labels.ravel(), minlength=len(all_sites()) + 1)
    left = np.bincount(labels.ravel(), minlength=len(all_sites()) + 1)
    coverage = {}
    for unit in all_sites():
        share = left[unit.label] / max(int(before[unit.label]), 1)
        whole = Coverage.COVERED if share > 0.98 else Coverage.PARTIAL
        coverage[unit.id] = whole if share > 0 else Coverage.NOT_COVERED
    return Skeleton(labels, skeleton.grid, skeleton.method, coverage=coverage)


def _register(pair: ExamPair, tallies: dict[str, Tally]) -> None:
    plain, bent = tallies.values()
    begun = time.monotonic()
    moved = rigid(pair)
    plain.seconds += time.monotonic() - begun
    plain.count(nearest_centres(pair, moved), pair.true_pairs())
    deformed = deformable(pair, moved)
    bent.seconds += time.monotonic() - begun
    bent.count(nearest_centres(pair, deformed), pair.true_pairs())
