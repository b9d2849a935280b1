"""Where the bone units of a study lie, so that two exams of one child can be looked at in step."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from marrowmap.core.site import site_of_label
from marrowmap.exchange.nifti import read_labels


@lru_cache(maxsize=8)
def unit_centres(study: Path) -> dict[str, list[float]]:
    """Unit id -> mean place of its labelled voxels, LPS mm; empty without labels."""
    path = study / "labels.nii.gz"
    if not path.is_file():
        return {}
    labels, grid = read_labels(path)
    places = np.argwhere(labels)
    values = labels[tuple(places.T)].astype(int)
    counts = np.bincount(values)
    sums = [np.bincount(values, weights=places[:, axis]) for axis in range(3)]
    found: dict[str, list[float]] = {}
    for value in np.flatnonzero(counts):
        unit = site_of_label(int(value))
        mean = np.array([s[value] for s in sums]) / counts[value]
        if unit is not None:
            found[unit.id] = [round(float(v), 2) for v in (grid.affine @ [*mean, 1.0])[:3]]
    return found
