"""The volumes of a study ready to be drawn: turned, trimmed of empty margins, with one window each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marrowmap.core.geometry import Grid, Plane
from marrowmap.core.volume import Contrast, Volume
from marrowmap.report.figures import Window, window_of
from marrowmap.report.picture_plane import turned

WHOLE_BODY_MM = 700.0
"""Coronal volumes at least this tall are laid out as whole-body pictures (ours)."""
MARGIN_MM = 15.0
"""Air kept around the body in whole-body pictures."""


class Gallery:
    """Views and windows by volume key, made once."""

    def __init__(self, volumes: Mapping[str, Volume], extra: Mapping[str, Volume] | None = None) -> None:
        self.volumes = dict(volumes)
        self.extra = {
            name: stack
            for name, stack in dict(extra or {}).items()
            if not any(_same(stack, v) for v in volumes.values())
        }
        self._views: dict[str, Volume] = {}
        self._windows: dict[str, Window] = {}

    def view(self, name: str) -> Volume:
        """The volume in radiological order."""
        if name not in self._views:
            self._views[name] = turned(self.volumes[name] if name in self.volumes else self.extra[name])
        return self._views[name]

    def window(self, name: str) -> Window:
        """The window all pictures of this volume share."""
        if name not in self._windows:
            self._windows[name] = window_of(self.view(name))
        return self._windows[name]

    def is_whole_body(self, name: str) -> bool:
        """Coronal and tall enough for the whole-body layout."""
        grid = self.view(name).grid
        return (
            name in self.volumes
            and grid.plane is Plane.CORONAL
            and grid.shape[1] * grid.spacing[1] >= WHOLE_BODY_MM
        )

    def fluid(self) -> str | None:
        """The fluid-sensitive volume: STIR, else T2 with fat suppression, else Dixon water."""
        return next((n for n in ("STIR", "T2FS", "DIXON_WATER") if n in self.volumes), None)

    def t1(self) -> str | None:
        """T1."""
        return "T1" if "T1" in self.volumes else None

    def adc(self) -> str | None:
        """Our ADC map, else the scanner's."""
        return next((n for n in ("ADC", "ADC_scanner") if n in self.volumes), None)

    def high_b(self) -> str | None:
        """The diffusion volume with the highest b-value above 200 s/mm2."""
        found = [(v.b_value or 0.0, n) for n, v in self.volumes.items() if v.contrast is Contrast.DWI]
        return max(found)[1] if found and max(found)[0] > 200 else None


def _same(one: Volume, other: Volume) -> bool:
    """Whether a stack is shown already, as the volume it became."""
    return one.contrast is other.contrast and one.b_value == other.b_value and one.grid == other.grid


def trimmed(view: Volume, margin_mm: float = MARGIN_MM) -> Volume:
    """The volume without rows and columns of mere air around the body."""
    step = max(1, round(8.0 / view.grid.spacing[0]))
    flat = view.array[::step].max(axis=0).astype(np.float32)
    floor = 0.10 * float(np.percentile(flat, 98))
    body = flat > max(floor, 1e-6)
    rows = np.flatnonzero(body.mean(axis=1) > 0.03)
    columns = np.flatnonzero(body.mean(axis=0) > 0.015)
    if not len(rows) or not len(columns):
        return view
    pads = [round(margin_mm / s) for s in view.grid.spacing[1:]]
    r0, r1 = max(rows[0] - pads[0], 0), min(rows[-1] + pads[0] + 1, view.grid.shape[1])
    c0, c1 = max(columns[0] - pads[1], 0), min(columns[-1] + pads[1] + 1, view.grid.shape[2])
    return cut(view, int(r0), int(r1), int(c0), int(c1))


def cut(view: Volume, r0: int, r1: int, c0: int, c1: int) -> Volume:
    """Rows r0 to r1 and columns c0 to c1 of every slice; the grid moves along."""
    affine = np.array(view.grid.affine)
    affine[:3, 3] += affine[:3, 1] * r0 + affine[:3, 2] * c0
    array = view.array[:, r0:r1, c0:c1]
    covered = None if view.covered is None else view.covered[:, r0:r1, c0:c1]
    return Volume(array, Grid(array.shape, affine), view.contrast, covered=covered, b_value=view.b_value)
