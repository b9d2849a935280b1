"""The pictures of a study: whole-body slices and projections, native stacks, and a crop of each candidate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid, Voxel
from marrowmap.core.lesion import Candidate
from marrowmap.core.study import Study
from marrowmap.core.volume import Contrast, Volume
from marrowmap.report.candidate_map import CandidateMap
from marrowmap.report.figures import Outline, Window, picture_svg
from marrowmap.report.gallery import Gallery, cut, trimmed
from marrowmap.report.picture_plane import letters_of, slice_of

CROP_MM = 96.0
"""Side of the square around a candidate."""
MOST_CROPS = 40
"""Candidates that get pictures; the table lists all."""
MORE_SLICES = 6


@dataclass(frozen=True)
class Panel:
    """A picture with its words. svg: self-contained. kind: css class."""

    title: str
    caption: str
    svg: str
    kind: str = ""


def volume_title(name: str, volume: Volume) -> str:
    """Words for a volume key: "DWI_b800" is "DWI, b 800"."""
    known = {"T2FS": "T2 with fat suppression", "DIXON_WATER": "Dixon water", "DIXON_FAT": "Dixon fat",
             "ADC": "ADC", "ADC_scanner": "ADC, scanner's map"}  # fmt: skip
    if volume.contrast is Contrast.DWI and volume.b_value is not None:
        return _contrast_title(volume)
    return known.get(name, name.replace("_", " "))


def _contrast_title(volume: Volume) -> str:
    b = f", b {volume.b_value:g} s/mm²" if volume.b_value is not None else ""
    return f"{volume.contrast.value}{b}"


def whole_body_panels(
    study: Study, gallery: Gallery, places: CandidateMap
) -> tuple[list[Panel], list[Panel]]:
    """Large pictures (fluid-sensitive, T1, inverted high-b projection) and further fluid-sensitive slices."""
    large: list[Panel] = []
    further: list[Panel] = []
    fluid, diffusion = gallery.fluid(), gallery.high_b()
    chosen: int | None = None
    for name in [n for n in (fluid, gallery.t1()) if n is not None and gallery.is_whole_body(n)]:
        view = _framed(gallery, name, fluid)
        if chosen is None or chosen >= view.grid.shape[0]:
            chosen = main_slice(view, study)
        large.append(_slice_panel(name, view, gallery.window(name), chosen, places))
    if diffusion is not None and gallery.is_whole_body(diffusion):
        large.append(_mip_panel(diffusion, _framed(gallery, diffusion, fluid), places))
    if fluid is not None and gallery.is_whole_body(fluid):
        view = trimmed(gallery.view(fluid))
        for index in further_slices(view, places, chosen if chosen is not None else 0):
            further.append(_slice_panel(fluid, view, gallery.window(fluid), index, places, small=True))
    return large, further


def _framed(gallery: Gallery, name: str, like: str | None) -> Volume:
    """The view of ``name`` cut to the same rows and columns as the trimmed view of ``like``."""
    view = gallery.view(name)
    if like is None or not gallery.is_whole_body(like) or gallery.view(like).grid != view.grid:
        return trimmed(view)
    frame = trimmed(gallery.view(like)).grid
    start = view.grid.to_voxel(frame.to_mm(Voxel(0, 0, 0))).rounded()
    return cut(view, start[1], start[1] + frame.shape[1], start[2], start[2] + frame.shape[2])


def _tissue_area(view: Volume) -> npt.NDArray[np.float64]:
    """Pixels with tissue in every slice (of a thinned copy)."""
    step = max(1, round(4.0 / view.grid.spacing[1]))
    thin = view.array[:, ::step, ::step].astype(np.float32)
    floor = 0.12 * float(np.percentile(thin, 99.5)) if thin.size else 0.0
    return (thin > max(floor, 1e-6)).sum(axis=(1, 2)).astype(np.float64)


def main_slice(view: Volume, study: Study) -> int:
    """The slice that shows most bone; without labels the one that shows most tissue."""
    area = _tissue_area(view)
    if study.skeleton is not None and study.skeleton.labels.any():
        bone = (study.skeleton.labels[:, ::4, ::4] > 0).sum(axis=(1, 2))
        centre = np.zeros(view.grid.shape[0])
        for k, n in enumerate(bone):
            mm = study.skeleton.grid.affine[:3, :3] @ (
                k,
                study.skeleton.grid.shape[1] / 2,
                study.skeleton.grid.shape[2] / 2,
            )
            mm = mm + study.skeleton.grid.affine[:3, 3]
            place = round(float(np.linalg.solve(view.grid.affine[:3, :3], mm - view.grid.affine[:3, 3])[0]))
            if 0 <= place < len(centre):
                centre[place] += n
        if centre.any():
            return int(np.argmax(centre))
    return int(np.argmax(area))


def further_slices(view: Volume, places: CandidateMap, shown: int) -> list[int]:
    """Slices that together cut every candidate (as far as MORE_SLICES allows), filled up evenly, in order."""
    area = _tissue_area(view)
    useful = np.flatnonzero(area > 0.25 * area.max()) if area.max() > 0 else np.arange(view.grid.shape[0])
    where = places.slices_of(view.grid)
    missing = {name: slices for name, slices in where.items() if slices and shown not in slices}
    chosen: list[int] = []
    while missing and len(chosen) < MORE_SLICES:
        counts = {k: sum(k in s for s in missing.values()) for s in missing.values() for k in s}
        best = max(counts, key=lambda k: (counts[k], -abs(k - shown)))
        chosen.append(best)
        missing = {name: s for name, s in missing.items() if best not in s}
    for k in np.quantile(useful, (0.15, 0.38, 0.62, 0.85)).round().astype(int) if len(useful) else ():
        if len(chosen) >= 4:
            break
        if all(abs(int(k) - c) > 1 for c in (*chosen, shown)):
            chosen.append(int(k))
    return sorted(chosen)


def _depth(view: Volume, index: int) -> str:
    y = view.grid.affine[1, 3] + view.grid.affine[1, 0] * index
    front = view.grid.affine[1, 3] + (
        view.grid.affine[1, 0] * (view.grid.shape[0] - 1) if view.grid.affine[1, 0] < 0 else 0
    )
    return f"slice {index + 1} of {view.grid.shape[0]}, {abs(y - front):.0f} mm behind the foremost"


def _resolution(width_mm: float, small: bool) -> float:
    """Pixels per millimetre so that a picture is sharp at its place on the page but no larger."""
    return min(1.4, (330 if small else 620) / width_mm)


def _slice_panel(
    name: str, view: Volume, window: Window, index: int, places: CandidateMap, small: bool = False
) -> Panel:
    _, dr, dc = view.grid.spacing
    width, where = view.grid.shape[2] * dc, _depth(view, index)
    letter = (0.06 if small else 0.035) * width
    outlines = places.outlines(view.grid, index, letter)
    title = volume_title(name, view)
    told = ", ".join(o.number for o in outlines)
    alt = f"{title}, coronal, {where}. " + (
        f"Candidates outlined: {told}." if told else "No candidate in this slice."
    )
    svg = picture_svg(
        window.grey(view.array[index]), mm_per_pixel=(dr, dc), letters=letters_of(view.grid), alt=alt,
        outlines=outlines, pixels_per_mm=_resolution(width, small), letter_mm=letter,
    )  # fmt: skip
    return Panel(title, where, svg, "small" if small else "large")


def _mip_panel(name: str, view: Volume, places: CandidateMap) -> Panel:
    projection = view.array.max(axis=0)
    outlines = places.projected(view.grid)
    alt = (
        f"{volume_title(name, view)}, maximum intensity projection seen from the front, grey scale inverted. "
        + (f"Candidates outlined: {', '.join(o.number for o in outlines)}." if outlines else "No candidates.")
    )
    _, dr, dc = view.grid.spacing
    svg = picture_svg(
        _mip_window(projection).grey(projection), mm_per_pixel=(dr, dc), letters=letters_of(view.grid),
        alt=alt,
        outlines=[Outline(o.path, o.number, o.at) for o in outlines],
        pixels_per_mm=_resolution(view.grid.shape[2] * dc, False), dark_paper=False,
    )  # fmt: skip
    return Panel(
        f"{volume_title(name, view)}, inverted projection",
        "all slices, brightest voxel on each line",
        svg,
        "large",
    )


def _mip_window(projection: npt.NDArray[np.number]) -> Window:
    values = projection[projection > 0.08 * float(np.percentile(projection, 99.5))].astype(np.float32)
    if values.size == 0:
        return Window(0, 1, True)
    return Window(float(np.percentile(values, 8)) * 0.5, float(np.percentile(values, 99.2)), True)


# ---------------------------------------------------------------- native stacks


def native_panels(gallery: Gallery, places: CandidateMap, count: int = 3) -> list[Panel]:
    """Slices of volumes that are no whole-body pictures, in the plane they were measured in."""
    panels: list[Panel] = []
    for name in [*gallery.volumes, *gallery.extra]:
        view = gallery.view(name)
        if gallery.is_whole_body(name):
            continue
        title = volume_title(name, view) if name in gallery.volumes else name
        _, dr, dc = view.grid.spacing
        width = view.grid.shape[2] * dc
        for index in _spread_slices(view, count):
            where = f"{view.grid.plane}, slice {index + 1} of {view.grid.shape[0]}"
            svg = picture_svg(
                gallery.window(name).grey(view.array[index]), mm_per_pixel=(dr, dc),
                letters=letters_of(view.grid), alt=f"{title}, {where}",
                outlines=places.outlines(view.grid, index, 0.05 * width),
                pixels_per_mm=min(2.2, 430 / width), letter_mm=0.05 * width,
            )  # fmt: skip
            panels.append(Panel(title, where, svg, "native"))
    return panels


def _spread_slices(view: Volume, count: int) -> list[int]:
    area = _tissue_area(view)
    useful = np.flatnonzero(area > 0.4 * area.max()) if area.max() > 0 else np.arange(view.grid.shape[0])
    shares = {1: (0.5,), 2: (0.33, 0.67)}.get(count, (0.22, 0.5, 0.78))
    return sorted({round(float(q)) for q in np.quantile(useful, shares)})


# ---------------------------------------------------------------- one candidate


def candidate_panels(gallery: Gallery, candidate: Candidate, places: CandidateMap) -> list[Panel]:
    """The same square of every contrast around one candidate: fluid-sensitive, T1, high b, ADC."""
    wanted = (gallery.fluid(), gallery.t1(), gallery.high_b(), gallery.adc())
    return [_crop_panel(name, gallery, candidate, places) for name in wanted if name is not None]


def _crop_panel(name: str, gallery: Gallery, candidate: Candidate, places: CandidateMap) -> Panel:
    view = gallery.view(name)
    title = volume_title(name, view)
    index = slice_of(view.grid, candidate.centre_mm)
    if index is None:
        return Panel(title, "outside the field of view", "", "crop")
    _, dr, dc = view.grid.spacing
    place = view.grid.to_voxel(candidate.centre_mm)
    top, left = round(place.row - CROP_MM / 2 / dr), round(place.column - CROP_MM / 2 / dc)
    rows, columns = max(2, round(CROP_MM / dr)), max(2, round(CROP_MM / dc))
    if view.covered is not None and not view.covered[index, round(place.row), round(place.column)]:
        return Panel(title, "not measured at this place", "", "crop")
    picture = _window_cut(view.array[index], top, left, rows, columns)
    labels = places.in_slice(_square(view.grid, top, left, rows, columns), index)
    outline = places.outline_of(candidate, labels, view.grid)
    number = places.numbers[candidate.id]
    svg = picture_svg(
        gallery.window(name).grey(picture), mm_per_pixel=(dr, dc), letters=letters_of(view.grid),
        alt=f"Candidate {number} on {title}, {view.grid.plane} slice {index + 1}, {CROP_MM / 10:g} cm wide",
        outlines=outline, pixels_per_mm=2.4, letter_mm=7.0, scale_mm=20, quality=80,
    )  # fmt: skip
    return Panel(title, f"{view.grid.plane}, slice {index + 1}", svg, "crop")


def _square(grid: Grid, top: int, left: int, rows: int, columns: int) -> Grid:
    affine = np.array(grid.affine)
    affine[:3, 3] += affine[:3, 1] * top + affine[:3, 2] * left
    return Grid((grid.shape[0], rows, columns), affine)


def _window_cut(plane: npt.NDArray, top: int, left: int, rows: int, columns: int) -> npt.NDArray:
    """A part of a picture that may reach over its edges; 0 outside."""
    out = np.zeros((rows, columns), dtype=plane.dtype)
    r0, c0, r1, c1 = (
        max(top, 0),
        max(left, 0),
        min(top + rows, plane.shape[0]),
        min(left + columns, plane.shape[1]),
    )
    if r1 > r0 and c1 > c0:
        out[r0 - top : r1 - top, c0 - left : c1 - left] = plane[r0:r1, c0:c1]
    return out
