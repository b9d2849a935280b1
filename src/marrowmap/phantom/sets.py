"""The fixed evaluation sets: seeds by range, so that nothing trained or tuned has seen a test child.

| set | seeds | body |
|---|---|---|
| train | 100000 and up | mesh; 130000 to 139999 rods |
| validation | 20000 to 29999 | mesh |
| test | 90000 to 99999 | mesh |
| held_out | 70000 to 79999 | analytic: other bodies, other noise |

Seeds below 20000 are for demonstrations and tests of the program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from marrowmap.phantom.body import BodyKind
from marrowmap.phantom.exam import ExamRequest
from marrowmap.phantom.lesions import Difficulty

SetName = Literal["train", "validation", "test", "held_out"]


@dataclass(frozen=True)
class SetSheet:
    """What a set holds: first seed, body, children with CNO by difficulty, healthy children, mimics."""

    name: str
    first_seed: int
    body: BodyKind
    easy: int
    clinical: int
    hard: int
    healthy: int
    mimics: int

    @property
    def size(self) -> int:
        """Number of exams."""
        return self.easy + self.clinical + self.hard + self.healthy + self.mimics


SHEETS: dict[str, SetSheet] = {
    "train": SetSheet("train", 100000, "mesh", 20, 40, 20, 20, 0),
    "validation": SetSheet("validation", 20000, "mesh", 4, 8, 4, 6, 0),
    "test": SetSheet("test", 90000, "mesh", 8, 14, 8, 10, 3),
    "held_out": SetSheet("held_out", 70000, "analytic", 4, 8, 4, 6, 2),
}
MIMICS = ("diffuse_marrow", "destructive_mass", "symmetric_metaphyseal")


def bench_set(name: SetName, limit: int | None = None) -> list[ExamRequest]:
    """The exams of a set, kinds mixed evenly so that a short ``limit`` still holds some of each.

    Raises KeyError for an unknown name.
    """
    sheet = SHEETS[name]
    kinds: list[tuple[float, str, Difficulty]] = []
    for count, lesions, difficulty in (
        (sheet.easy, "cno", "easy"),
        (sheet.clinical, "cno", "clinical"),
        (sheet.hard, "cno", "hard"),
        (sheet.healthy, "none", "clinical"),
        *((1, mimic, "clinical") for mimic in MIMICS[: sheet.mimics]),
    ):
        kinds += [((i + 0.5) / count, lesions, difficulty) for i in range(count)]  # type: ignore[misc]
    kinds.sort(key=lambda k: k[0])
    requests = [
        request_of(sheet.first_seed + i, lesions, difficulty, sheet.body)
        for i, (_, lesions, difficulty) in enumerate(kinds)
    ]
    return requests[:limit]


def request_of(seed: int, lesions: str, difficulty: Difficulty, body: BodyKind) -> ExamRequest:
    """One exam of a set; ages spread evenly from 5 to 17."""
    rng = np.random.default_rng([seed, 2])
    return ExamRequest(
        seed, age_years=round(float(rng.uniform(5, 17)), 2), lesions=lesions, difficulty=difficulty, body=body
    ).settled()
