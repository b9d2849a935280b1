"""From a study to its pages: composed volumes, a projection, every measured stack, outlines, muscle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.core.exam import Stack
from marrowmap.core.site import all_sites
from marrowmap.core.study import Study
from marrowmap.core.volume import Contrast, Volume
from marrowmap.exchange.dicom_exam import ExamSource
from marrowmap.imaging.measure import exam_muscle
from marrowmap.pipeline import ProgressCall
from marrowmap.web.outlines import mask_to_json
from marrowmap.web.packs import PackWriter

_TITLES = {
    "ADC": "ADC, ours",
    "ADC_scanner": "ADC, the scanner's",
}


def write_pages(study: Study, source: ExamSource, folder: Path, progress: ProgressCall) -> None:
    """Pack a study for the browser (an addition to ``pipeline.read_study``)."""
    pack = PackWriter(folder)
    for name, volume in study.volumes.items():
        progress("packing images for the pages")
        unit = "10⁻⁶ mm²/s" if volume.contrast is Contrast.ADC else ""
        pack.add(
            name,
            volume.array,
            volume.grid,
            title=_TITLES.get(name, name.replace("_", " ")),
            kind="composed",
            contrast=str(volume.contrast),
            unit=unit,
        )
    high = _highest_b(study)
    if high is not None:
        projection, depth = maximum_projection(study.volumes[high])
        pack.add(
            "DWI_mip",
            projection[None],
            study.volumes[high].grid,
            title=f"MIP of {high.replace('_', ' ')}",
            kind="mip",
            contrast="DWI",
            depth=depth,
        )
    for stack in study.exam.stacks:
        pack.add(
            stack.id,
            source.array(stack),
            stack.grid,
            title=_stack_title(stack),
            kind="native",
            contrast=str(stack.contrast),
        )
    pack.finish(
        {
            "masks": _masks(study),
            "muscle_by_row": _muscle_by_row(study),
            "station_by_row": {
                name: _station_rows(v).tolist() for name, v in study.volumes.items() if v.station is not None
            },
            "sites": [
                {
                    "id": s.id,
                    "name": s.name,
                    "bone": s.bone,
                    "side": str(s.side),
                    "segment": str(s.segment),
                    "region": str(s.region),
                }
                for s in all_sites()
            ],
        }
    )


def maximum_projection(volume: Volume) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint16]]:
    """Brightest signal along the slices, and the slice it lies in; both [row, column]."""
    depth = volume.array.argmax(axis=0)
    return np.take_along_axis(volume.array, depth[None], axis=0)[0], depth.astype(np.uint16)


def _highest_b(study: Study) -> str | None:
    found = [(v.b_value or 0, name) for name, v in study.volumes.items() if v.contrast is Contrast.DWI]
    return max(found)[1] if found else None


def _stack_title(stack: Stack) -> str:
    b = f" b {stack.b_value:g}" if stack.b_value is not None else ""
    region = "" if stack.body_region == "unknown" else f", {stack.body_region.replace('_', ' ')}"
    return f"{stack.id}: {stack.contrast}{b} {stack.plane}{region}"


def _masks(study: Study) -> dict[str, Any]:
    if study.candidate_labels is None:
        return {}
    masks = {c.id: study.candidate_labels == c.label for c in study.candidates}
    return {name: mask_to_json(mask) for name, mask in masks.items() if mask.any()}


def _muscle_by_row(study: Study) -> list[float | None]:
    """Muscle signal of the station each row came from; None where too little muscle was found."""
    volume = study.volumes.get("STIR")
    if volume is None or study.skeleton is None:
        return []
    reference = exam_muscle(study.volumes, study.skeleton)
    rows = _station_rows(volume)
    found = {int(s): reference.of("STIR", int(s)) for s in np.unique(rows)}
    return [float(f[0]) if (f := found[int(s)]) else None for s in rows]


def _station_rows(volume: Volume) -> npt.NDArray[np.int16]:
    """Station of each row of a composed volume, as muscle is compared within one station."""
    if volume.station is None:
        return np.zeros(volume.grid.shape[1], dtype=np.int16)
    return volume.station if volume.station.ndim == 1 else volume.station.max(axis=(0, 2))
