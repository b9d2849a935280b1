"""Which child has what: symptoms, conditions, tests, drugs and outcomes that agree with the printed counts."""

from __future__ import annotations

from collections.abc import Mapping

from marrowmap.cohort.demo.places import SACRAL, UNIFOCAL
from marrowmap.cohort.demo.solve import Problem

N = 30
SAPHO, ARTHRITIS_TNF, CROHN, BRIDGING, OTHER_MTX = 0, (1, 2, 3), 4, 5, 6
TOCILIZUMAB = 1
SECOND_LINE = range(16)
WITH_PAMIDRONATE = (0, 1, 2, 3, 5, *range(6, 16))
COMBINED_FROM_START = (1, 2, 6)
"""Roles that the text of the paper describes child by child; everything else is left to the solver."""

_ANY_OF = (
    "oral_ulcers",
    "severe_acne",
    "psoriasis",
    "eczema",
    "crohn_disease",
    "takayasu_arteritis",
    "sapho_syndrome",
)


def solve_children(counts: Mapping[str, int], seed: int) -> list[dict[str, int]]:
    """One dict of 0/1 per child. counts: how many children have each attribute."""
    problem = Problem(seed)
    names = [n for n in counts if n != "extraosseous"]
    has = {n: [problem.unknown() for _ in range(N)] for n in names}
    for name in names:
        problem.total(has[name], counts[name])
    _symptoms(problem, has)
    _conditions(problem, has, counts["extraosseous"])
    _tests(problem, has)
    _spine(problem, has, counts)
    values = problem.solve()
    return [{n: values[has[n][child]] for n in names} for child in range(N)]


def _fix(problem: Problem, unknown: int, value: int) -> None:
    problem.equal([(unknown, 1.0)], value)


def _symptoms(problem: Problem, has: dict[str, list[int]]) -> None:
    for child in range(N):
        for part in ("bone_pain_worse_at_night", "pain_provoked_by_trigger"):
            problem.implies(has[part][child], has["bone_pain"][child])
        problem.implies(has["stopped_sport"][child], has["loss_of_function"][child])
    for child in ARTHRITIS_TNF:
        _fix(problem, has["associated_arthritis"][child], 1)
    for child in range(16, N):
        # the paper finds NSAIDs effective in children without arthritis
        _fix(problem, has["associated_arthritis"][child], 0)
    # the child without bone pain is one of the milder cases
    for child in (*SECOND_LINE, *UNIFOCAL, SACRAL):
        _fix(problem, has["bone_pain"][child], 1)


def _conditions(problem: Problem, has: dict[str, list[int]], any_count: int) -> None:
    for name in ("sapho_syndrome", "severe_acne", "psychological_support"):
        _fix(problem, has[name][SAPHO], 1)
    _fix(problem, has["crohn_disease"][CROHN], 1)
    whether = [problem.unknown() for _ in range(N)]
    for child in range(N):
        for name in _ANY_OF:
            problem.implies(has[name][child], whether[child])
        problem.between([(has[n][child], 1.0) for n in _ANY_OF] + [(whether[child], -1.0)], 0, 100)
    problem.total(whether, any_count)


def _tests(problem: Problem, has: dict[str, list[int]]) -> None:
    for child in range(N):
        problem.implies(has["hla_b27_found"][child], has["hla_b27_tested"][child])
        problem.implies(has["synovial_fluid"][child], has["associated_arthritis"][child])
        problem.between([(has["whole_body_mri"][child], 1.0), (has["targeted_mri"][child], 1.0)], 1, 2)
    # one of the two children with HLA-B27 had arthritis, the other a sacroiliac lesion
    problem.total([has["hla_b27_found"][c] for c in ARTHRITIS_TNF], 1)
    problem.total([has["hla_b27_found"][c] for c in range(23, N)], 1)


def _spine(problem: Problem, has: dict[str, list[int]], counts: Mapping[str, int]) -> None:
    problem.total([has["vertebral"][c] for c in WITH_PAMIDRONATE], counts["vertebral"] - 5)
    for child in range(N):
        problem.implies(has["vertebral_compression_fracture"][child], has["vertebral"][child])
        problem.implies(has["spine_surgery"][child], has["vertebral_compression_fracture"][child])
    for child in (SAPHO, SACRAL):
        _fix(problem, has["vertebral"][child], 1)
    for child in UNIFOCAL:
        _fix(problem, has["vertebral"][child], 0)
