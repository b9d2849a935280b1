"""Where the lesions are: one table of children by rows of the table of sites, solved as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from marrowmap.cohort.demo.solve import Problem
from marrowmap.core.record.joints import listed_places, table2_rows
from marrowmap.core.site import Side, all_sites

UNIFOCAL = {10: "Clavicle", 11: "Distal femur", 17: "Ilium", 18: "Sternum"}
"""Children with one painful site that imaging confirms, and where, as the text lists them."""
SACRAL, ACROMION_ROW = 20, "Scapula"
"""The child whose only painful site is sacral, with a subclinical lesion of the acromion."""
ONE_ON_IMAGING = (12, 21)
SYMMETRIC = (0, 2, 7, 8, 23, 24)
MOST = 7
"""The child with most lesions."""
NSAID_ALONE = range(16, 30)
SPINE = frozenset(r.row for r in table2_rows() if r.parent == "Spine")
JOINT_ROWS = frozenset({"Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle", "Sacroiliac joint"})
MIDLINE_ROWS = SPINE | {"Sternum"}


@dataclass(frozen=True)
class Spots:
    """How many lesions of one child lie in one row: painful and seen, painful only, seen only."""

    both: int
    pain_only: int
    imaging_only: int


def leaf_rows() -> list[str]:
    """Rows of the table of sites that have no parts."""
    parents = {r.parent for r in table2_rows()}
    return [r.row for r in table2_rows() if r.row not in parents]


def room_in(row: str) -> int:
    """How many lesions of one child fit into a row, on one side where it has sides."""
    if row in JOINT_ROWS:
        return 1
    side = Side.MIDLINE if row in MIDLINE_ROWS else Side.LEFT
    units = [s for s in all_sites() if s.table2_row == row and s.side is side]
    return 2 if row == "Ribs" else min(3, len(units))


def solve_places(
    rows: Mapping[str, tuple[int, int]],
    confirmed: int,
    vertebral: Sequence[bool],
    without_bone_pain: int,
    hla_sacroiliac: int,
    largest: tuple[int, int],
    seed: int,
) -> list[dict[str, Spots]]:
    """Per child the lesions in each row. rows: row -> (painful sites, imaging lesions); largest: of one child."""
    problem = Problem(seed)
    leaves, children = leaf_rows(), range(len(vertebral))
    room = {r: room_in(r) for r in leaves}
    both, pain, seen = (
        {(c, r): problem.unknown(0, 2 * room[r]) for c in children for r in leaves} for _ in range(3)
    )
    for r in leaves:
        problem.equal([(g[c, r], 1.0) for c in children for g in (both, pain)], rows[r][0])
        problem.equal([(g[c, r], 1.0) for c in children for g in (both, seen)], rows[r][1])
        for c in children:
            limit = room[r] * (2 if c in SYMMETRIC and r not in MIDLINE_ROWS else 1)
            problem.between([(g[c, r], 1.0) for g in (both, pain, seen)], 0, limit)
    problem.total(both.values(), confirmed)
    painful = {c: [(g[c, r], 1.0) for r in leaves for g in (both, pain)] for c in children}
    imaged = {c: [(g[c, r], 1.0) for r in leaves for g in (both, seen)] for c in children}
    for c in children:
        one_pain, one_seen = c in UNIFOCAL or c == SACRAL, c in UNIFOCAL or c in ONE_ON_IMAGING
        problem.between(painful[c], 1 if one_pain else 2, 1 if one_pain else largest[0] if c == MOST else 13)
        problem.between(imaged[c], 1 if one_seen else 2, 1 if one_seen else largest[1] if c == MOST else 13)
        spinal = [(g[c, r], 1.0) for r in SPINE for g in (both, seen)]
        problem.between(spinal, 1 if vertebral[c] else 0, 20 if vertebral[c] else 0)
    # NSAID alone was not found to go with fewer lesions, so those children have their share of painful sites
    everybody = sum(r[0] for r in rows.values())
    alone = [t for c in NSAID_ALONE for t in painful[c]]
    problem.between(alone, 0.44 * everybody, 0.5 * everybody)
    problem.equal(painful[MOST], largest[0])
    problem.equal(imaged[MOST], largest[1])
    for c, row in {**UNIFOCAL, SACRAL: "Sacral"}.items():
        problem.equal([(both[c, row], 1.0)], 1)
    problem.equal([(seen[SACRAL, ACROMION_ROW], 1.0)], 1)
    problem.equal(imaged[SACRAL], 2)
    # a painful site in a child without bone pain can only be a joint
    problem.equal(
        [(g[without_bone_pain, r], 1.0) for r in leaves if r not in JOINT_ROWS for g in (both, pain)], 0
    )
    problem.between([(g[hla_sacroiliac, "Sacroiliac joint"], 1.0) for g in (both, seen)], 1, 2)
    for c in SYMMETRIC:
        chosen = {r: problem.unknown() for r in leaves if r not in MIDLINE_ROWS and rows[r][1] > 3}
        problem.total(chosen.values(), 1)
        for r, flag in chosen.items():
            problem.between([(both[c, r], 1.0), (flag, -2.0)], 0, 100)
    values = problem.solve()
    return [
        {
            r: Spots(values[both[c, r]], values[pain[c, r]], values[seen[c, r]])
            for r in leaves
            if values[both[c, r]] + values[pain[c, r]] + values[seen[c, r]]
        }
        for c in children
    ]


def places_in(row: str, side: Side) -> list[tuple[str, str]]:
    """(site_id, place) pairs that file a lesion under the row on the side; one of the two is empty or both set."""
    if row in JOINT_ROWS:
        found = [p for p in listed_places().values() if p.kind == "joint" and p.table2_row == row]
        return [(sorted(p.units)[0], p.id) for p in found if p.side is side]
    return [(s.id, "") for s in all_sites() if s.table2_row == row and s.side is side]
