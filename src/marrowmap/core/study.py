"""The result of the imaging line: machine work that can be made again and is never edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from marrowmap.core.exam import Exam
from marrowmap.core.lesion import Candidate
from marrowmap.core.protocol import ProtocolReport
from marrowmap.core.seam import Seam
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume

VALIDATION = "Labels and candidates: trained on synthetic children, not validated on patients."
"""Shown wherever a label or a candidate is shown."""


@dataclass(frozen=True)
class Study:
    """One exam with everything the machine found in it.

    volumes: by name ("STIR", "T1", "DWI_b800", "ADC", ...). skeleton: None when nothing could be labelled.
    candidate_labels: uint16 on the skeleton's grid, value ``Candidate.label``; None without candidates.
    command: what a person would type to make this study again.
    """

    exam: Exam
    protocol: ProtocolReport
    volumes: dict[str, Volume]
    seams: tuple[Seam, ...]
    skeleton: Skeleton | None
    candidates: tuple[Candidate, ...]
    candidate_labels: npt.NDArray[Any] | None
    warnings: tuple[str, ...]
    version: str
    command: str
