"""A study folder read back into core objects; ``study_folder`` writes it.

What is not in the folder stays unknown: files and series of the stacks, and which station a row came from (so
muscle is then compared over the whole exam).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.core.exam import Acquisition, BodyRegion, Exam, Leftover, Patient, Scanner, Sex, Stack
from marrowmap.core.geometry import Grid, Plane, PointMm
from marrowmap.core.lesion import Candidate, Measured, MeasuredHeights, UnitShare
from marrowmap.core.protocol import ItemState, ProtocolItem, ProtocolReport, ProtocolStatus
from marrowmap.core.reading import Reading
from marrowmap.core.seam import Seam
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.study import Study
from marrowmap.core.volume import Contrast, Volume
from marrowmap.errors import InputError, InvalidRecord
from marrowmap.exchange.nifti import read_labels, read_volume
from marrowmap.exchange.reading_json import read_json, reading_from_dict

READING = "reading.json"
OUTLINES = "outlines"
"""Key beside a reading's own: lesion id -> mask, as the reading room saves it."""
FORMAT, VERSION = "marrowmap-study", 1


def read_study_folder(folder: Path, volumes: Collection[str] | None = None) -> Study:
    """The study in a folder. volumes: names to load ("STIR", ...); None loads all.

    Raises InputError when the folder holds no study, a file is missing or of another size than stated.
    """
    record = study_record(folder)
    try:
        return _study(record, folder, volumes)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            str(folder / "study.json"),
            f"is not complete ({type(error).__name__}: {error})",
            "Read the exam again",
        ) from None


def study_record(folder: Path) -> dict[str, Any]:
    """The content of ``study.json``. Raises InputError."""
    path = folder / "study.json"
    if not path.is_file():
        raise InputError(
            str(folder), "is no study folder: it has no study.json", "Make one with marrowmap read"
        )
    try:
        record = json.loads(path.read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"is not JSON: {error}", "Read the exam again") from None
    if (
        not isinstance(record, dict)
        or record.get("format") != FORMAT
        or record.get("format_version") != VERSION
    ):
        raise InputError(
            str(path), "is not a study of this version", f"Accepted: {FORMAT}, version {VERSION}"
        )
    return record


@dataclass(frozen=True)
class StoredReading:
    """A reading with the outlines that were saved beside it: lesion id -> bool mask on the study's grid."""

    reading: Reading
    outlines: dict[str, npt.NDArray[np.bool_]]


def read_stored_reading(
    folder: Path, grid: Grid | None = None, path: Path | None = None
) -> StoredReading | None:
    """The reading of a study folder (``reading.json``), or the one at ``path``; None when there is none.

    grid: of the labels, needed for outlines. Raises InputError and InvalidRecord naming the file.
    """
    place = path or folder / READING
    if path is None and not place.is_file():
        return None
    data = read_json(place)
    held = data.pop(OUTLINES, {}) if isinstance(data, dict) else {}
    try:
        reading = reading_from_dict(data)
    except InvalidRecord as error:
        raise InvalidRecord(f"{place}: {error.what}", error.why, error.remedy) from None
    outlines = (
        {} if grid is None else {k: mask for k, v in held.items() if (mask := _mask(v, grid)) is not None}
    )
    return StoredReading(reading, outlines)


def _mask(data: Any, grid: Grid) -> npt.NDArray[np.bool_] | None:
    """A mask from its box and bits; None when it does not fit the grid."""
    try:
        origin, shape = [int(v) for v in data["origin"]], [int(v) for v in data["shape"]]
        bits = np.unpackbits(np.frombuffer(base64.b64decode(data["bits"]), dtype=np.uint8))
        box = bits[: int(np.prod(shape))].reshape(shape).astype(bool)
    except (KeyError, TypeError, ValueError):
        return None
    ends = [o + n for o, n in zip(origin, shape, strict=True)]
    if min(origin) < 0 or any(e > n for e, n in zip(ends, grid.shape, strict=True)):
        return None
    mask = np.zeros(grid.shape, dtype=bool)
    mask[tuple(slice(o, e) for o, e in zip(origin, ends, strict=True))] = box
    return mask


# ---------------------------------------------------------------- study.json


def _study(record: dict[str, Any], folder: Path, volumes: Collection[str] | None) -> Study:
    skeleton = _skeleton(record, folder)
    candidate_labels = None
    if skeleton is not None and (folder / "candidates.nii.gz").is_file():
        candidate_labels, grid = read_labels(folder / "candidates.nii.gz")
        _same_grid(folder / "candidates.nii.gz", grid, skeleton.grid)
    return Study(
        exam=_exam(record),
        protocol=_protocol(record["protocol"]),
        volumes={
            v["name"]: _volume(v, folder)
            for v in record["volumes"]
            if volumes is None or v["name"] in volumes
        },
        seams=tuple(_seam(s) for s in record["seams"]),
        skeleton=skeleton,
        candidates=tuple(_candidate(c) for c in record["candidates"]),
        candidate_labels=candidate_labels,
        warnings=tuple(record["warnings"]),
        version=record["software"]["version"],
        command=record["software"]["command"],
    )


def _volume(entry: dict[str, Any], folder: Path) -> Volume:
    place = (folder / entry["file"]).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise InputError(str(entry["file"]), "lies outside the study folder", "Read the exam again")
    stored = read_volume(place, Contrast(entry["contrast"]), entry["b_value"])
    grid = _grid(entry["grid"])  # NIfTI keeps its affine in single precision; study.json does not
    _same_grid(place, stored.grid, grid)
    return Volume(stored.array, grid, stored.contrast, b_value=stored.b_value, notes=tuple(entry["notes"]))


def _skeleton(record: dict[str, Any], folder: Path) -> Skeleton | None:
    labels = record["labels"]
    if labels["file"] is None:
        return None
    array, stored = read_labels(folder / "labels.nii.gz")
    stated = (_grid(v["grid"]) for v in record["volumes"])
    grid = next((g for g in stated if _alike(g, stored)), stored)
    return Skeleton(
        array.astype(np.uint8),
        grid,
        labels["method"],
        uncertain_levels=frozenset(labels["uncertain_levels"]),
        coverage={k: Coverage(v) for k, v in record["coverage"].items()},
    )


def _same_grid(path: Path, found: Grid, stated: Grid) -> None:
    if not _alike(found, stated):
        raise InputError(path.name, "does not lie on the grid that study.json states", "Read the exam again")


def _alike(one: Grid, other: Grid) -> bool:
    return one.shape == other.shape and np.allclose(one.affine, other.affine, atol=0.01)


def _grid(entry: dict[str, Any]) -> Grid:
    return Grid(tuple(entry["shape"]), np.array(entry["affine_lps"], dtype=np.float64))


def _exam(record: dict[str, Any]) -> Exam:
    exam, patient = record["exam"], record["exam"]["patient"]
    scanner = exam["scanner"]
    return Exam(
        patient=Patient(
            patient["key"],
            patient["age_years"],
            Sex(patient["sex"]),
            patient.get("size_m"),
            record["synthetic"],
        ),
        scanner=Scanner(scanner["manufacturer"], scanner["model"], scanner["field_tesla"]),
        exam_date=date.fromisoformat(exam["date"]) if exam["date"] else None,
        study_uid=exam["study_uid"],
        stacks=tuple(_stack(s) for s in exam["stacks"]),
        leftovers=tuple(Leftover(r["what"], r["n_images"], r["reason"]) for r in record["leftovers"]),
        images_in=record["images_in"],
    )


def _stack(entry: dict[str, Any]) -> Stack:
    return Stack(
        id=entry["id"],
        contrast=Contrast(entry["contrast"]),
        plane=Plane(entry["plane"]),
        grid=_grid(entry["grid"]),
        n_images=entry["n_images"],
        derived=entry["derived"],
        why=entry["why"],
        b_value=entry["b_value"],
        b_computed=entry["b_computed"],
        composed_by_scanner=entry["composed_by_scanner"],
        body_region=BodyRegion(entry["body_region"]),
        acquisition=Acquisition(tr_ms=entry["tr_ms"], te_ms=entry["te_ms"], ti_ms=entry["ti_ms"]),
        series_number=entry["series_number"],
        series_description=entry["series_description"],
        used_for=entry["used_for"],
    )


def _protocol(entry: dict[str, Any]) -> ProtocolReport:
    return ProtocolReport(
        status=ProtocolStatus(entry["status"]),
        items=tuple(
            ProtocolItem(i["name"], ItemState(i["state"]), i["required"], i["consequence"])
            for i in entry["items"]
        ),
        sentences=tuple(entry["sentences"]),
    )


def _seam(entry: dict[str, Any]) -> Seam:
    upper, lower = entry["between"]
    step = entry["intensity_step"]
    return Seam(
        entry["contrast"], upper, lower, entry["overlap_mm"], entry["shift_mm"], step["before"], step["after"],
        entry["note"],
    )  # fmt: skip


def _candidate(entry: dict[str, Any]) -> Candidate:
    measured = {k: _measured(v) for k, v in entry["measured"].items()}
    heights = entry.get("heights")  # this and the next are not in studies of earlier versions
    return Candidate(
        id=entry["id"],
        site_id=entry["site"],
        centre_mm=PointMm(*entry["centre_mm"]),
        score=entry["score"],
        reasons=tuple(entry["reasons"]),
        label=entry["label"],
        level_uncertain=entry["level_uncertain"],
        healthy_prevalence=entry["healthy_prevalence"],
        heights=None if heights is None else MeasuredHeights(**{k: _measured(v) for k, v in heights.items()}),
        units=tuple(UnitShare(unit["site"], _measured(unit["percent"])) for unit in entry.get("units", ())),
        **measured,
    )


def _measured(entry: dict[str, Any]) -> Measured:
    return Measured(
        entry["value"], entry["unit"], entry["uncertainty"], entry["why_missing"], entry.get("note", "")
    )
