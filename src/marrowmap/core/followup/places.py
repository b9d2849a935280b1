"""Where a lesion lies in its bone, so that two exams can be compared in another pose and after growth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.site import Side, Site, site

Points = npt.NDArray[np.float64]


def bone_key(unit: Site) -> str:
    """The whole bone a unit is a segment of: ``tibia_left``, ``vertebra_t8``, ``sternum``."""
    return unit.bone if unit.side is Side.MIDLINE else f"{unit.bone}_{unit.side}"


@dataclass(frozen=True)
class LesionPlace:
    """One lesion in bone-local coordinates.

    site_ids: its units, the main one first. bone: ``bone_key`` of the main unit.
    along: 0 at the proximal (cranial, medial) end of the bone to 1 at the distal end; None: not known.
    radial_mm: distance from the bone's axis; None: not known.
    points_mm: (n, 3), a sample of its outline's voxels in a frame shared by both exams: the bone of the
        *earlier* exam, in its patient millimetres; None when the bone or the outline is missing.
    others_mm: the same points carried there by other bones close by, in case the unit is misnamed.
    radius_mm: of the ball with the same volume. uncertainty_mm: of the frame (one standard deviation).
    level_uncertain: the vertebral level may be wrong by one.
    """

    lesion_id: str
    site_ids: tuple[str, ...]
    along: float | None = None
    radial_mm: float | None = None
    points_mm: Points | None = None
    others_mm: tuple[Points, ...] = ()
    radius_mm: float = 0.0
    uncertainty_mm: float = 0.0
    level_uncertain: bool = False

    def __post_init__(self) -> None:
        if not self.site_ids:
            raise ValueError(f"place of lesion {self.lesion_id} must name a bone unit")
        for name in self.site_ids:
            site(name)

    @property
    def bone(self) -> str:
        """The whole bone of the main unit."""
        return bone_key(site(self.site_ids[0]))

    @property
    def centre_mm(self) -> Points | None:
        """Middle of the points; None without points."""
        return None if self.points_mm is None or not len(self.points_mm) else self.points_mm.mean(axis=0)
