"""A click in the images: which unit lies there, and the outline that grows there."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from marrowmap.core.geometry import PointMm
from marrowmap.core.lesion import VertebralHeights
from marrowmap.core.scores import genant
from marrowmap.core.site import sites_by_id
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.errors import InputError
from marrowmap.exchange.measures_json import measures_json
from marrowmap.exchange.nifti import read_labels, read_volume
from marrowmap.imaging.grow import grow_region
from marrowmap.imaging.measure import GROWN, RegionMeasures, exam_muscle, measure_region, vertebral_heights
from marrowmap.imaging.muscle import MuscleReference
from marrowmap.imaging.nearest_unit import nearest_unit
from marrowmap.web.outlines import mask_from_json, mask_to_json
from marrowmap.web.packs import FOLDER
from marrowmap.web.shelf import Shelf

NEAR_MM = 6.0
"""A click this close to a bone means the bone; farther away its name is a guess (ours: about one coronal slice)."""


NOTHING: dict[str, Any] = {"measured": {}, "details": None}


class Grower:
    """Answers clicks; the volumes of the last studies stay in memory."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def unit_at(self, name: str, point: PointMm) -> dict[str, Any]:
        """site: the labelled bone unit at or next to a point. near, distance_mm: the nearest one within REACH_MM, be it
        close or not. None when there is none."""
        skeleton = _skeleton(self._shelf.folder(name))
        near = None if skeleton is None else nearest_unit(skeleton, point)
        if near is None:
            return {"site": None, "near": None, "distance_mm": None}
        site = near.unit.id if near.distance_mm <= NEAR_MM else None
        return {"site": site, "near": near.unit.id, "distance_mm": round(near.distance_mm)}

    def grow(self, name: str, point: PointMm) -> dict[str, Any]:
        """Outline and measurements at a point. Raises InputError outside the exam."""
        folder = self._shelf.folder(name)
        skeleton = _skeleton(folder)
        if skeleton is None:
            return {"mask": None, "why": "This exam has no labels to grow on.", **NOTHING}
        volumes, muscle = _images(folder)
        grown = grow_region(volumes, skeleton, point, muscle=muscle)
        if not grown.mask.any():
            return {
                "mask": None,
                "why": "Nothing bright lies here; the site is marked alone.",
                **NOTHING,
            }
        return {"mask": mask_to_json(grown.mask), "why": "", **_answer(grown.measures)}

    def measure(self, name: str, outline: dict[str, Any]) -> dict[str, Any]:
        """Measurements of an outline, be it grown, edited, joined or split. How much of it a reader drew is not known:
        its size is told as uncertain as that of a grown one. Raises InputError."""
        folder = self._shelf.folder(name)
        skeleton = _skeleton(folder)
        if skeleton is None:
            return dict(NOTHING)
        mask = mask_from_json(outline, skeleton.grid.shape)
        volumes, muscle = _images(folder)
        return _answer(measure_region(volumes, skeleton, mask, muscle=muscle, edge=GROWN))

    def heights(self, name: str, site_id: str) -> dict[str, Any]:
        """Heights of a vertebral body from the labels, mm; None where the label is too small. Raises InputError."""
        skeleton = _skeleton(self._shelf.folder(name))
        unit = sites_by_id().get(site_id)
        if unit is None or not unit.is_vertebra:
            raise InputError("site", f"{site_id!r} is no vertebra", "Name a unit such as vertebra_t8")
        found = VertebralHeights() if skeleton is None else vertebral_heights(skeleton, unit)
        return {key: None if mm is None else round(mm, 1) for key, mm in asdict(found).items()}


def genant_of(heights: dict[str, Any]) -> dict[str, Any]:
    """Genant grade of heights in mm. grade None: cannot be computed from what was measured."""
    loss = genant.height_loss(VertebralHeights(**heights))
    if loss.largest is None:
        return {"grade": None, "text": "not computable: a height and one to compare it with are needed"}
    grade = genant.grade(loss.largest)
    shape = f", {loss.shape}" if loss.shape else ""
    text = f"Genant {grade} ({genant.WORDS[grade]}{shape}), height loss {loss.largest:.0f} %"
    return {"grade": grade, "text": text}


def _answer(found: RegionMeasures) -> dict[str, Any]:
    """measured: what a lesion keeps; details: everything, each with its uncertainty, as a candidate has it."""
    return {"measured": _measured(found), "details": {"site": found.site_id, **measures_json(found)}}


def _measured(found: RegionMeasures) -> dict[str, Any]:
    """Measurements in the form a lesion keeps them; None: could not be measured."""
    record: dict[str, Any] = {
        "centre_mm": list(found.centre_mm),
        "volume_ml": found.volume_ml.value,
        "max_diameter_mm": found.max_diameter_mm.value,
        "si_ratio": found.si_ratio.value,
        "adc": found.adc.value,
    }
    if found.site_id:
        record["extents"] = [{"site_id": found.site_id, "percent": found.extent_percent.value}]
    return record


@lru_cache(maxsize=4)
def _skeleton(folder: Path) -> Skeleton | None:
    path = folder / "labels.nii.gz"
    if not path.is_file():
        return None
    labels, grid = read_labels(path)
    return Skeleton(labels.astype(np.uint8), grid, "from the study folder")


@lru_cache(maxsize=2)
def _images(folder: Path) -> tuple[dict[str, Volume], MuscleReference]:
    wanted = {name: Contrast(name) for name in ("STIR", "T2FS", "DIXON_WATER", "T1", "ADC")}
    paths = {name: folder / "volumes" / f"{name}.nii.gz" for name in wanted}
    volumes = {name: read_volume(path, wanted[name]) for name, path in paths.items() if path.is_file()}
    rows = json.loads((folder / FOLDER / "series.json").read_text("utf-8")).get("station_by_row", {})
    for name in volumes:
        if name in rows:  # without it, muscle of another station would be compared with
            volumes[name] = replace(volumes[name], station=np.array(rows[name], dtype=np.int16))
    skeleton = _skeleton(folder)
    muscle = exam_muscle(volumes, skeleton) if skeleton is not None else MuscleReference()
    return volumes, muscle
