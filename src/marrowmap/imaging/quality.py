"""Checks of what came in and what became of it: signal outside the body, images in = images accounted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from marrowmap.core.exam import Exam


def ghost_level(array: npt.NDArray) -> float:
    """Signal in the air relative to signal in the body; higher means more noise, ghosts or motion.

    The air is what lies under a tenth of the bright level (99th percentile). No unit; 0 for an empty array.
    """
    sample = np.asarray(array, dtype=np.float32)[:, ::2, ::2]
    if not sample.size:
        return 0.0
    bright = float(np.percentile(sample, 99))
    body = sample[sample > 0.1 * bright]
    air = sample[sample <= 0.1 * bright]
    if bright <= 0 or not body.size or not air.size:
        return 0.0
    return float(air.mean() / np.median(body))


def unaccounted(exam: Exam, used: Mapping[str, str]) -> list[str]:
    """Sentences about anything that went missing: stacks without a word of use, images without a place."""
    said = [f"{s.id} ({s.contrast}, {s.n_images} images) has no stated use" for s in exam.stacks
            if not used.get(s.id)]  # fmt: skip
    missing = exam.images_in - exam.images_accounted
    if missing:
        said.append(f"{missing} of {exam.images_in} images have no place in any stack and no reason")
    return said
