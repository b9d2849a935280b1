"""What the body map is drawn with: a shape, and a sheet that collects shapes of one view."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from marrowmap.core.site import Side, mirror, site
from marrowmap.report.bodymap_curves import Knot, mirrored, outline, placed


class View(StrEnum):
    """A picture of the body map. SPINE is seen from the patient's right: front of the body to the left."""

    FRONT = "front"
    BACK = "back"
    SPINE = "spine"


CANVAS: dict[View, tuple[int, int]] = {
    View.FRONT: (480, 1080),
    View.BACK: (480, 1080),
    View.SPINE: (300, 1080),
}
"""Width and height of each view in canvas units; the midline of front and back lies at half the width."""


class Tone(StrEnum):
    """How a shape is shaded."""

    TUBE = "tube"
    """Lit along its long side."""
    BLOCK = "block"
    """Lit from left to right whatever its proportions: a vertebra with its processes."""
    ROUND = "round"
    FLAT = "flat"
    FAR = "far"
    """A bone that lies behind others."""
    CARTILAGE = "cartilage"
    HOLE = "hole"
    LINE = "line"
    SHADE = "shade"
    TOOTH = "tooth"
    BODY = "body"
    """Silhouette of the skin."""


@dataclass(frozen=True)
class Shape:
    """One path. site_id None: decoration, which takes no clicks."""

    view: View
    site_id: str | None
    path: str
    z: float
    tone: Tone


@dataclass
class Sheet:
    """Shapes of one view. Drawn as the patient's left side at x > 0 around a midline at x = 0.

    In the front view x > 0 is the right half of the picture; the back view is turned over.
    """

    view: View
    shapes: list[Shape] = field(default_factory=list)

    def _put(
        self, site_id: str | None, pieces: Sequence[Sequence[Knot]], z: float, tone: Tone, open_: bool
    ) -> None:
        middle = CANVAS[self.view][0] / 2
        sign = -1.0 if self.view is View.BACK else 1.0
        moved = [placed(p, lambda x, y: (middle + sign * x, y)) for p in pieces]
        path = "".join(outline(p, closed=not open_) for p in moved)
        self.shapes.append(Shape(self.view, site_id, path, z, tone))

    def pair(
        self,
        left_id: str | None,
        *pieces: Sequence[Knot],
        z: float,
        tone: Tone = Tone.TUBE,
        open_: bool = False,
    ) -> None:
        """A left-sided shape and its mirror; ``left_id`` is the left unit."""
        right_id = None
        if left_id is not None:
            unit = site(left_id)
            assert unit.side is Side.LEFT, left_id
            other = mirror(unit)
            right_id = other.id if other else None
        self._put(left_id, pieces, z, tone, open_)
        self._put(right_id, [mirrored(p) for p in pieces], z, tone, open_)

    def middle(
        self,
        site_id: str | None,
        *pieces: Sequence[Knot],
        z: float,
        tone: Tone = Tone.TUBE,
        open_: bool = False,
    ) -> None:
        """A shape drawn as it is."""
        self._put(site_id, pieces, z, tone, open_)


def symmetric(half: Iterable[Knot]) -> list[Knot]:
    """Closed outline from its left half, given from top midline to bottom midline (both at x = 0)."""
    points = list(half)
    return [*points, *mirrored(points[-2:0:-1])]
