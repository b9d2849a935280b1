"""A study of a digital child whose labels and candidates are the truth, so that pages do not depend on networks."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np

from marrowmap.core.lesion import Candidate
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Volume
from marrowmap.exchange.nifti import read_labels
from marrowmap.imaging.candidates import CandidateSet
from marrowmap.imaging.grids import labels_onto
from marrowmap.imaging.measure import exam_muscle, measure_region
from marrowmap.phantom.truth import ExamTruth
from marrowmap.pipeline import ReadRequest, read_study


def write_known_study(truth: ExamTruth, out: Path) -> None:
    """Read the exam with its true label map; every true lesion, and nothing else, is a candidate."""
    from marrowmap.web.pages_of_study import write_pages

    def found(volumes: dict[str, Volume], skeleton: Skeleton, **_: object) -> CandidateSet:
        return true_candidates(truth.folder, volumes, skeleton)

    labels = truth.folder / "sites.nii.gz"
    request = ReadRequest(
        truth.folder / "dicom", out, labels=labels, command="marrowmap read EXAM --out STUDY"
    )
    with patch("marrowmap.pipeline.find_candidates", found):
        read_study(request, additions=[write_pages])


def true_candidates(folder: Path, volumes: dict[str, Volume], skeleton: Skeleton) -> CandidateSet:
    """The lesions of ``lesions.nii.gz``, the largest first, measured as candidates are."""
    lesions = labels_onto(*read_labels(folder / "lesions.nii.gz"), skeleton.grid)
    muscle = exam_muscle(volumes, skeleton)
    counts = np.bincount(lesions.ravel())
    labels = np.zeros(lesions.shape, np.uint16)
    candidates = []
    for number, value in enumerate((v for v in np.argsort(-counts) if v and counts[v]), start=1):
        mask = lesions == value
        labels[mask] = number
        found = measure_region(volumes, skeleton, mask, muscle=muscle)
        measured = {
            name: getattr(found, name)
            for name in (
                "volume_ml",
                "max_diameter_mm",
                "extent_percent",
                "si_ratio",
                "t1_ratio",
                "adc",
                "adc_p10",
                "periosteal_ratio",
                "soft_tissue_ratio",
                "heights",
                "units",
            )
        }
        candidates.append(
            Candidate(
                f"c{number}", found.site_id, found.centre_mm, **measured, score=round(0.95 - 0.1 * number, 3),
                reasons=("STIR is brighter than muscle of the same station.",), label=number,
            )
        )  # fmt: skip
    return CandidateSet(tuple(candidates), labels)
