"""What the unit network sees of a voxel: three channels, from 3 mm boxes to 96 mm boxes.

Channels: the fluid-sensitive and the fat-bright sequence, each over its surroundings (``normalise``), and the
body mask. The largest boxes reach further along the body.
"""

from __future__ import annotations

from marrowmap.imaging.surroundings import Lattice, count_of

_ALL = (0, 1, 2)
UNIT_LATTICES = (
    *(Lattice(size, _ALL) for size in (3.0, 6.0, 12.0)),
    *(Lattice(size, _ALL, far=True) for size in (24.0, 48.0)),
    Lattice(96.0, _ALL, far=True, along=(-4, -3, -2, 2, 3, 4)),
)
COUNT = count_of(UNIT_LATTICES)
"""Number of features of a voxel."""
