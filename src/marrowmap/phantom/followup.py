"""The same child later: what becomes of each lesion.

Shares at about one year under treatment follow Panwar's first cycle (34 % resolved, 7.5 % worsened, 46 new on
279 lesions; definitions, 9.1); the rest improve or stay. Vertebral height never comes back. PROPOSED as a
model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from marrowmap.core.site import site
from marrowmap.phantom.findings import Finding, Kind
from marrowmap.phantom.lesions import Difficulty, Surroundings, draw_lesions


class Fate(StrEnum):
    """What became of a lesion since the exam before."""

    RESOLVED = "resolved"
    SHRUNK = "shrunk"
    STABLE = "stable"
    GROWN = "grown"
    NEW = "new"
    MERGED = "merged"
    SPLIT = "split"
    SCLEROSED = "sclerosed"


ODDS: dict[Fate, float] = {
    Fate.RESOLVED: 0.32,
    Fate.SHRUNK: 0.28,
    Fate.STABLE: 0.19,
    Fate.GROWN: 0.09,
    Fate.SPLIT: 0.05,
    Fate.SCLEROSED: 0.07,
}
NEW_SHARE = 46 / 279
"""New lesions per lesion of the exam before."""
MERGE_WITHIN = 1.1
"""Two lesions of one unit that grow merge when their centres are closer than this times the sum of their
radii."""


@dataclass(frozen=True)
class Event:
    """One line of the course: ids before and after, what happened, and the heights a vertebra keeps."""

    fate: Fate
    before: tuple[int, ...]
    after: tuple[int, ...]
    site: str

    def record(self) -> dict[str, object]:
        """For ``truth.json``."""
        return {
            "fate": str(self.fate),
            "before": list(self.before),
            "after": list(self.after),
            "site": self.site,
        }


@dataclass(frozen=True)
class Later:
    """State at a later exam. collapsed: shares of height that each collapsed vertebra keeps, healed or
    not."""

    findings: tuple[Finding, ...]
    events: tuple[Event, ...]
    collapsed: dict[str, tuple[float, float, float]]


def transfer(finding: Finding, before: Surroundings, after: Surroundings) -> Finding:
    """The same finding in the grown and newly posed body: same place in its bone, grown with it."""
    cloud = after.clouds.get(finding.labels[0])
    if cloud is None:
        return finding
    growth = after.scale / before.scale
    moved = replace(finding, centre=cloud.place(finding.anchor, finding.part))
    return moved.grown(growth) if abs(growth - 1) > 1e-6 else moved


def later(
    seed: int,
    months: int,
    findings: tuple[Finding, ...],
    before: Surroundings,
    after: Surroundings,
    difficulty: Difficulty,
    collapsed: dict[str, tuple[float, float, float]],
) -> Later:
    """Let ``months`` pass: every lesion meets its fate, new ones come, look-alikes move with their bones."""
    rng = np.random.default_rng([seed, 55, months])
    kept: list[Finding] = []
    events: list[Event] = []
    heights = dict(collapsed)
    for f in findings:
        if f.features.height_loss > 0:
            old = heights.get(f.sites[0], (1.0, 1.0, 1.0))
            heights[f.sites[0]] = tuple(min(a, b) for a, b in zip(old, f.features.height, strict=True))  # type: ignore[assignment]
    following = max((f.id for f in findings if f.kind.is_lesion), default=0) + 1
    for f in (transfer(f, before, after) for f in findings):
        if not f.kind.is_lesion:
            if f.kind in (Kind.NUTRIENT_CANAL, Kind.BONE_CYST, Kind.HEALTHY_MAJOR) or rng.uniform() < 0.4:
                kept.append(f)
            continue
        outcome, fate = _meet_fate(f, rng, months, following)
        following += sum(o.id >= following for o in outcome)
        kept += outcome
        events.append(Event(fate, (f.id,), tuple(o.id for o in outcome), f.sites[0]))
    kept, merged = _merge(kept)
    events = [e for e in events if not any(set(e.before) & set(m.before) for m in merged)] + merged
    lesions = sum(f.kind.is_lesion for f in findings)
    fresh = draw_lesions(
        seed * 1000 + months + 17, after, difficulty, int(rng.poisson(NEW_SHARE * max(lesions, 1)))
    )
    taken = {f.labels[0] for f in kept if f.kind.is_lesion}
    for f in fresh:
        if f.labels[0] in taken:
            continue
        kept.append(replace(f, id=following))
        events.append(Event(Fate.NEW, (), (following,), f.sites[0]))
        following += 1
    for i, f in enumerate(kept):
        if f.kind.is_lesion and site(f.sites[0]).is_vertebra and f.sites[0] in heights:
            old, new = heights[f.sites[0]], f.features.height
            less = tuple(min(a, b) for a, b in zip(old, new, strict=True))
            kept[i] = replace(f, features=replace(f.features, height=less))  # type: ignore[arg-type]
    return Later(tuple(kept), tuple(events), heights)


def _meet_fate(
    f: Finding, rng: np.random.Generator, months: int, following: int
) -> tuple[list[Finding], Fate]:
    odds = dict(ODDS)
    pace = min(months / 12.0, 2.0)
    odds[Fate.RESOLVED] *= pace
    odds[Fate.STABLE] *= 2 - min(pace, 1.5)
    fate = Fate(str(rng.choice(list(odds), p=np.array(list(odds.values())) / sum(odds.values()))))
    if fate is Fate.RESOLVED:
        return [], fate
    if fate is Fate.SHRUNK:
        return [
            replace(
                f.grown(float(rng.uniform(0.55, 0.82))), strength=f.strength * float(rng.uniform(0.6, 0.95))
            )
        ], fate
    if fate is Fate.GROWN:
        worse = replace(
            f.grown(float(rng.uniform(1.2, 1.6))),
            strength=min(1.0, f.strength * float(rng.uniform(1.0, 1.25))),
        )
        return [_collapse_more(worse, rng)], fate
    if fate is Fate.SCLEROSED:
        return [
            replace(f.grown(0.9), features=replace(f.features, sclerotic=True, soft_tissue_oedema=False))
        ], fate
    if fate is Fate.SPLIT:
        return _split(f, following), fate
    return [replace(f, strength=float(np.clip(f.strength * rng.uniform(0.93, 1.07), 0, 1)))], fate


def _collapse_more(f: Finding, rng: np.random.Generator) -> Finding:
    if not site(f.sites[0]).is_vertebra or f.features.height_loss == 0:
        return f
    less = float(rng.uniform(0.7, 0.95))
    a, m, p = f.features.height
    return replace(f, features=replace(f.features, height=(a * less, m * less, min(1.0, p * (1 + less) / 2))))


def _split(f: Finding, following: int) -> list[Finding]:
    """Two smaller lesions side by side along the longest half size; the first keeps the id."""
    axis = int(np.argmax(f.radii_mm[:2]))
    step = [0.0, 0.0, 0.0]
    step[axis] = 0.62 * f.radii_mm[axis]
    first, second = f.grown(0.52), f.grown(0.48)
    c = f.centre
    a = replace(first, centre=type(c)(c.x - step[0], c.y - step[1], c.z - step[2]))
    b = replace(
        second,
        id=following,
        centre=type(c)(c.x + step[0], c.y + step[1], c.z + step[2]),
        seed=f.seed + 1,
        parent_ids=(f.id,),
    )
    return [a, b]


def _merge(findings: list[Finding]) -> tuple[list[Finding], list[Event]]:
    kept: list[Finding] = []
    events: list[Event] = []
    for f in findings:
        partner = next(
            (k for k in kept if f.kind.is_lesion and _touch(k, f) and k.id not in f.parent_ids), None
        )
        if partner is None:
            kept.append(f)
            continue
        w = 0.5
        centre = type(f.centre)(*(w * a + (1 - w) * b for a, b in zip(partner.centre, f.centre, strict=True)))
        gap = partner.centre.distance_to(f.centre)
        radii = tuple(max(a, b) + gap / 2 for a, b in zip(partner.radii_mm, f.radii_mm, strict=True))
        joined = replace(
            partner,
            centre=centre,
            radii_mm=radii,
            strength=max(partner.strength, f.strength),
            parent_ids=(partner.id, f.id),
        )  # type: ignore[arg-type]
        kept[kept.index(partner)] = joined
        events.append(Event(Fate.MERGED, (partner.id, f.id), (partner.id,), partner.sites[0]))
    return kept, events


def _touch(a: Finding, b: Finding) -> bool:
    if not a.kind.is_lesion or a.labels[0] != b.labels[0] or a.part != b.part:
        return False
    return a.centre.distance_to(b.centre) < MERGE_WITHIN * 0.5 * (np.mean(a.radii_mm) + np.mean(b.radii_mm))
