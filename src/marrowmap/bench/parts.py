"""How well bones are named in exams of a part of the body: whole exams cut to it, each network beside the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.bench.exams import BenchExam, exams
from marrowmap.bench.statistics import interval, share
from marrowmap.core.geometry import Grid
from marrowmap.core.site import all_sites
from marrowmap.core.volume import Volume
from marrowmap.errors import InputError
from marrowmap.imaging.label import label_skeleton
from marrowmap.imaging.network import REGIONAL, WHOLE_BODY_MM, weights_there
from marrowmap.phantom.sets import SetName

Say = Callable[[str], None]
LONGEST_MM = WHOLE_BODY_MM - 15.0
PARTS: dict[str, tuple[tuple[str, ...], float]] = {
    "legs": (("femur_diaphysis", "tibia_diaphysis", "fibula_shaft"), 0.0),
    "knees": (("femur_distal_epiphysis", "tibia_proximal_epiphysis"), 90.0),
    "pelvis": (("ilium", "ischium"), 40.0),
    "thorax": (("clavicle", "ribs"), 20.0),
}
"""Part -> (beginnings of the ids of the units it spans, millimetres shown beyond them)."""


@dataclass(frozen=True)
class PartRecord:
    """Pairs are (right, of), in voxels. bone: found bone of true bone; false: no bone of labelled; name: bone and
    side right of labelled bone; unit: the same with segment and level; side: side right of paired bone; exam: named.
    """

    bone: tuple[float, float]
    false: tuple[float, float]
    name: tuple[float, float]
    unit: tuple[float, float]
    side: tuple[float, float]
    exam: tuple[float, float]


def cut_to(exam: BenchExam, part: str) -> BenchExam:
    """The rows of the exam that show ``part``, at most LONGEST_MM of them. Raises InputError for an unknown part."""
    if part not in PARTS:
        raise InputError(f"--part {part}", "is no part of the body", f"use one of {', '.join(PARTS)}")
    begins, beyond = PARTS[part]
    inside = [s.label for s in all_sites() if s.id.startswith(begins)]
    rows = np.flatnonzero(np.isin(exam.sites, inside).any(axis=(0, 2)))
    mm = exam.grid.spacing[1]
    low = max(0, int(rows[0] - beyond / mm))
    high = min(exam.sites.shape[1], int(rows[-1] + 1 + beyond / mm))
    low = max(low, high - int(LONGEST_MM / mm))
    kept = slice(low, high)
    slices, _, columns = exam.grid.shape
    grid = exam.grid.part((slice(0, slices), kept, slice(0, columns)))
    return replace(
        exam,
        volumes={k: _cut(v, kept, grid) for k, v in exam.volumes.items()},
        grid=grid,
        sites=exam.sites[:, kept],
        lesions=exam.lesions[:, kept],
        others=exam.others[:, kept],
    )


def _cut(volume: Volume, kept: slice, grid: Grid) -> Volume:
    station = volume.station
    if station is not None:
        station = station[kept] if station.ndim == 1 else station[:, kept]
    covered = None if volume.covered is None else volume.covered[:, kept]
    return replace(volume, array=volume.array[:, kept], grid=grid, station=station, covered=covered)


def compare(truth: npt.NDArray[np.uint8], found: npt.NDArray[np.uint8]) -> PartRecord:
    """Truth and labels on the same grid."""
    bone, hit = truth > 0, found > 0
    both = bone & hit
    t, f = truth[both], found[both]
    names, sides = _tables()
    paired = (sides[t] > 0) & (sides[f] > 0)
    return PartRecord(
        (float(both.sum()), float(bone.sum())),
        (float((hit & ~bone).sum()), float(hit.sum())),
        (float((names[t] == names[f]).sum()), float(len(t))),
        (float((t == f).sum()), float(len(t))),
        (float((sides[t] == sides[f])[paired].sum()), float(paired.sum())),
        (float(hit.any()), 1.0),
    )


def _tables() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(bone and side, side) of a label; vertebrae of one region count as one bone, levels being counted elsewhere."""
    names, sides = np.zeros(256, np.int64), np.zeros(256, np.int64)
    known: dict[str, int] = {}
    for unit in all_sites():
        bone = f"vertebra {unit.level[0]}" if unit.is_vertebra and unit.level else unit.bone
        names[unit.label] = known.setdefault(f"{bone} {unit.side}", len(known) + 1)
        sides[unit.label] = {"right": 1, "left": 2}.get(str(unit.side), 0)
    return names, sides


def networks() -> Iterator[tuple[str, str | None]]:
    """(title, network): those that the package ships, and what the product does by itself."""
    for network in ("units", REGIONAL):
        if weights_there(network):
            yield network, network
    yield "product", None


def bench_part(
    name: SetName, part: str, limit: int | None = None, cache: Path | None = None, say: Say = lambda _: None
) -> dict[str, Any]:
    """Every network on the same cut exams: all sequences, and the fluid-sensitive one alone."""
    records: dict[str, list[PartRecord]] = {}
    for exam in exams(name, limit, cache):
        cut = cut_to(exam, part)
        for seen, volumes in (("all sequences", cut.volumes), ("STIR alone", {"STIR": cut.volumes["STIR"]})):
            for title, network in networks():
                found = label_skeleton(volumes, network=network)
                records.setdefault(f"{title}, {seen}", []).append(compare(cut.sites, found.labels))
        say(f"{exam.request.seed} done")
    return {
        "set": name,
        "part": part,
        "n_exams": len(next(iter(records.values()), [])),
        **{k: _summary(v) for k, v in records.items()},
    }


def _summary(records: list[PartRecord]) -> dict[str, Any]:
    def of(key: str) -> dict[str, Any]:
        return interval([getattr(r, key) for r in records], share)

    return {
        "exams_named": of("exam"),
        "bone_recall": of("bone"),
        "bone_and_side_right_in_found_bone": of("name"),
        "unit_right_in_found_bone": of("unit"),
        "side_accuracy": of("side"),
        "labelled_that_is_no_bone": of("false"),
    }
