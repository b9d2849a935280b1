"""Which bone unit each voxel belongs to, and which units an exam shows at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid
from marrowmap.core.site import Site, all_sites, site_of_label


class Coverage(StrEnum):
    """Whether a unit was imaged. PARTIAL and NOT_COVERED are never read as normal."""

    COVERED = "covered"
    PARTIAL = "partial"
    NOT_COVERED = "not_covered"


@dataclass(frozen=True)
class Skeleton:
    """A label volume whose values are rows of ``sites.csv``.

    labels: uint8, shape ``grid.shape``; 0 is no bone.
    certainty: site id -> 0..1, how sure the labelling is of this unit; missing means unknown.
    uncertain_levels: vertebrae whose level may be wrong by one (11 or 13 thoracic, partial view).
    coverage: site id -> whether it was imaged; a unit that is not a key was not looked for.
    method: how the labels were made, in words shown to the reader.
    """

    labels: npt.NDArray[np.uint8]
    grid: Grid
    method: str
    certainty: dict[str, float] = field(default_factory=dict)
    uncertain_levels: frozenset[str] = frozenset()
    coverage: dict[str, Coverage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.labels.shape != self.grid.shape:
            raise ValueError(f"labels must have the grid's shape {self.grid.shape}, got {self.labels.shape}")
        if self.labels.size and int(self.labels.max()) > len(all_sites()):
            raise ValueError(f"label {int(self.labels.max())} is not in sites.csv")

    def mask(self, site: Site) -> npt.NDArray[np.bool_]:
        """Voxels of one unit, bool, shape ``grid.shape``."""
        return np.equal(self.labels, site.label)

    def sites_present(self) -> tuple[Site, ...]:
        """Units with at least one voxel, in label order."""
        found = (site_of_label(int(v)) for v in np.unique(self.labels) if v)
        return tuple(s for s in found if s is not None)

    def volume_ml(self, site: Site) -> float:
        """Volume of one unit inside the field of view, in millilitres."""
        return float(np.count_nonzero(self.labels == site.label)) * self.grid.voxel_ml
