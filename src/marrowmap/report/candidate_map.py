"""Where the candidates of a study lie in a picture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid
from marrowmap.core.lesion import Candidate
from marrowmap.core.study import Study
from marrowmap.report.contours import mask_path
from marrowmap.report.figures import Outline
from marrowmap.report.picture_plane import pixel_of, slice_labels


class CandidateMap:
    """Outlines of candidates in slices and projections; empty without a candidate label volume."""

    def __init__(self, study: Study) -> None:
        self.candidates = study.candidates
        self.numbers = {c.id: str(i) for i, c in enumerate(study.candidates, start=1)}
        self._labels = study.candidate_labels
        self._grid = study.skeleton.grid if study.skeleton is not None else None
        self._by_label = {c.label: c.id for c in study.candidates}
        self._values, self._mm = self._points()

    def _points(self) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.float64]]:
        """Label value and LPS place of every voxel that lies in a candidate."""
        if self._labels is None or self._grid is None:
            return np.zeros(0, dtype=np.int64), np.zeros((0, 3))
        voxels = np.argwhere(self._labels > 0)
        return self._labels[tuple(voxels.T)], voxels @ self._grid.affine[:3, :3].T + self._grid.affine[:3, 3]

    def _places_on(self, grid: Grid) -> npt.NDArray[np.int64]:
        """Nearest (slice, row, column) of ``grid`` of every voxel of ``_points``; may lie outside."""
        offset = self._mm - grid.affine[:3, 3]
        return np.rint(offset @ np.linalg.inv(grid.affine[:3, :3]).T).astype(np.int64)

    def in_slice(self, grid: Grid, index: int) -> npt.NDArray[np.integer]:
        """Candidate labels at the pixels of one slice."""
        if self._labels is None or self._grid is None:
            return np.zeros(grid.shape[1:], dtype=np.uint16)
        return slice_labels(self._labels, self._grid, grid, index)

    def slices_of(self, grid: Grid) -> dict[str, set[int]]:
        """Candidate id -> slices its outline touches; its centre's slice when there is no outline."""
        found: dict[str, set[int]] = {c.id: set() for c in self.candidates}
        slices = self._places_on(grid)[:, 0]
        for value, name in self._by_label.items():
            mine = np.unique(slices[self._values == value])
            found[name] = {int(k) for k in mine if 0 <= k < grid.shape[0]}
        for c in self.candidates:
            if not found[c.id] and grid.contains(c.centre_mm):
                found[c.id] = {round(grid.to_voxel(c.centre_mm).slice)}
        return found

    def outlines(self, grid: Grid, index: int, letter_mm: float | None = None) -> list[Outline]:
        """Numbered outlines of the candidates that one slice cuts."""
        plane = self.in_slice(grid, index)
        masks = {c.id: plane == c.label for c in self.candidates}
        shown = {name for name, where in self.slices_of(grid).items() if index in where}
        return self._numbered(grid, masks, shown, letter_mm)

    def projected(self, grid: Grid) -> list[Outline]:
        """Numbered outlines of all candidates, projected along the slices of ``grid``."""
        where = self.slices_of(grid)
        masks = {c.id: np.zeros(grid.shape[1:], dtype=bool) for c in self.candidates}
        if self._grid is not None and max(self._grid.spacing[1:]) <= 1.05 * min(grid.spacing[1:]):
            _, rows, columns = self._places_on(grid).T
            inside = (rows >= 0) & (rows < grid.shape[1]) & (columns >= 0) & (columns < grid.shape[2])
            for value, name in self._by_label.items():
                mine = inside & (self._values == value)
                masks[name][rows[mine], columns[mine]] = True
        else:  # coarser labels would leave holes between their voxels
            for index in sorted(set().union(*where.values())) if where else ():
                plane = self.in_slice(grid, index)
                for value, name in self._by_label.items():
                    masks[name] |= plane == value
        return self._numbered(grid, masks, {name for name, slices in where.items() if slices})

    def _numbered(
        self,
        grid: Grid,
        masks: dict[str, npt.NDArray[np.bool_]],
        shown: Iterable[str],
        letter_mm: float | None = None,
    ) -> list[Outline]:
        _, dr, dc = grid.spacing
        width = grid.shape[2] * dc
        size = letter_mm or max(4.0, 0.035 * width)
        taken: list[tuple[float, float]] = []
        out = []
        for c in self.candidates:
            if c.id not in shown:
                continue
            row, column = pixel_of(grid, c.centre_mm)
            x, y, reach = (column + 0.5) * dc, (row + 0.5) * dr, 0.0
            if masks[c.id].any():
                columns = np.flatnonzero(masks[c.id].any(axis=0))
                reach = (columns[-1] - columns[0] + 1) * dc / 2
                x = (columns[0] + columns[-1] + 1) * dc / 2
            outward = 1 if x >= width / 2 else -1
            place = _free((x + outward * (reach + 1.0 * size), y), taken, size)
            taken.append(place)
            out.append(Outline(mask_path(masks[c.id], dc, dr), self.numbers[c.id], place))
        return out

    def outline_of(self, candidate: Candidate, plane: npt.NDArray[np.integer], grid: Grid) -> list[Outline]:
        """Outline of one candidate without number, in millimetres of the (cropped) picture ``plane``."""
        _, dr, dc = grid.spacing
        path = mask_path(plane == candidate.label, dc, dr)
        return [Outline(path)] if path else []


def _free(wanted: tuple[float, float], taken: list[tuple[float, float]], size: float) -> tuple[float, float]:
    """The nearest place above or below ``wanted`` that no earlier number covers."""
    x, y = wanted
    for step in range(12):
        for sign in (1, -1):
            at = y + sign * step * 0.65 * size
            if all(abs(x - a) > 1.5 * size or abs(at - b) > 1.22 * size for a, b in taken):
                return x, at
    return wanted
