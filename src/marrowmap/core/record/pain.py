"""Painful places against imaging lesions, at the level of the region: which agree, and which stand alone."""

from __future__ import annotations

from dataclasses import dataclass

from marrowmap.core.lesion import Lesion
from marrowmap.core.reading import Reading
from marrowmap.core.record.visit import PainfulSite, Visit


@dataclass(frozen=True)
class PainMatch:
    """Pairs one to one, and what is left on either side.

    pairs: (index of painful site, index of lesion), the largest possible number of pairs.
    also_covered: lesions without a partner of their own that lie in a painful region all the same.
    """

    n_painful: int
    n_lesions: int
    pairs: tuple[tuple[int, int], ...]
    also_covered: frozenset[int]

    @property
    def painful_without_lesion(self) -> int:
        """Painful places that no lesion answers to."""
        return self.n_painful - len(self.pairs)

    @property
    def lesions_without_pain(self) -> int:
        """Lesions without a painful place of their own (the paper's "subclinical" lesions)."""
        return self.n_lesions - len(self.pairs)

    @property
    def subclinical(self) -> frozenset[int]:
        """Lesions that lie in no painful region at all."""
        matched = {lesion for _, lesion in self.pairs}
        return frozenset(range(self.n_lesions)) - matched - self.also_covered

    @property
    def union(self) -> int:
        """Places that hurt or show a lesion, each counted once."""
        return self.n_painful + self.n_lesions - len(self.pairs)


def match_pain(painful: tuple[PainfulSite, ...], lesions: tuple[Lesion, ...]) -> PainMatch:
    """Match painful places with lesions whose units lie in the region of the pain."""
    units = [p.place.units for p in painful]
    reach = [
        [j for j, lesion in enumerate(lesions) if units[i] & {s.id for s in lesion.sites}]
        for i in range(len(painful))
    ]
    partner: dict[int, int] = {}
    for i in range(len(painful)):
        _augment(i, reach, partner, set())
    covered = {j for row in reach for j in row} - set(partner)
    pairs = tuple(sorted((i, j) for j, i in partner.items()))
    return PainMatch(len(painful), len(lesions), pairs, frozenset(covered))


def match_of(visit: Visit | None, reading: Reading | None) -> PainMatch | None:
    """The match of a visit and a reading; None when pain was not asked for by site, or nothing was imaged."""
    if visit is None or visit.painful_sites is None or reading is None:
        return None
    return match_pain(visit.painful_sites, reading.lesions)


def _augment(i: int, reach: list[list[int]], partner: dict[int, int], tried: set[int]) -> bool:
    """One step of Kuhn's bipartite matching."""
    for j in reach[i]:
        if j in tried:
            continue
        tried.add(j)
        if j not in partner or _augment(partner[j], reach, partner, tried):
            partner[j] = i
            return True
    return False
