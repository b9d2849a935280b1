"""The exams a bench runs on: made in memory from the fixed sets, with their truth; kept in a folder if asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid
from marrowmap.core.volume import Contrast, Volume
from marrowmap.phantom.exam import ExamRequest, make_body, make_findings, make_scanner
from marrowmap.phantom.findings import Finding, Kind
from marrowmap.phantom.lesions import Surroundings
from marrowmap.phantom.scene import clouds_of
from marrowmap.phantom.sets import SetName, bench_set
from marrowmap.phantom.volumes import Simulated, simulate_volumes

SPACING = (5.0, 2.0, 2.0)
"""Millimetres between (slices, rows, columns) of bench exams."""
SMALLEST_ML = 0.5
"""Lesions under this volume do not count as missed (and marks on them not as false)."""


@dataclass(frozen=True)
class TrueLesion:
    """One lesion of the truth: its number in ``BenchExam.lesions``, main unit label, volume and features."""

    number: int
    label: int
    volume_ml: float
    strength: float
    sclerotic: bool


@dataclass(frozen=True)
class BenchExam:
    """Volumes of one exam with truth on the same grid. lesions, others: uint16 numbers; sites: uint8 labels."""

    request: ExamRequest
    volumes: dict[str, Volume]
    grid: Grid
    sites: npt.NDArray[np.uint8]
    lesions: npt.NDArray[np.uint16]
    others: npt.NDArray[np.uint16]
    truth: tuple[TrueLesion, ...]

    @property
    def is_healthy(self) -> bool:
        """A child without disease (mimics are neither)."""
        return self.request.lesions == "none"

    @property
    def counted(self) -> frozenset[int]:
        """Numbers of the lesions that count: of ``SMALLEST_ML`` or more, and not sclerotic (no active lesion)."""
        return frozenset(t.number for t in self.truth if t.volume_ml >= SMALLEST_ML and not t.sclerotic)

    @property
    def group(self) -> dict[str, str]:
        """By what results are broken down. Ages are named by what the sets hold: from 5 to 17 years."""
        r = self.request
        assert r.age_years is not None
        age = "5-7" if r.age_years < 8 else "8-12" if r.age_years < 13 else "13-17"
        return {"age": age, "difficulty": r.difficulty, "vendor": str(r.vendor), "field_t": str(r.field_t)}


def exams(
    name: SetName, limit: int | None = None, cache: Path | None = None, only: str | None = None
) -> Iterator[BenchExam]:
    """The exams of a set, one at a time. only: "easy", "clinical", "hard", "healthy" or "mimic"."""
    for request in bench_set(name, limit):
        if only is not None and kind_of(request) != only:
            continue
        yield exam_of(request, cache)


def kind_of(request: ExamRequest) -> str:
    """Difficulty of a child with CNO, else "healthy" or "mimic"."""
    if request.lesions == "cno":
        return request.difficulty
    return "healthy" if request.lesions == "none" else "mimic"


def exam_of(
    request: ExamRequest, cache: Path | None = None, spacing: tuple[float, float, float] = SPACING
) -> BenchExam:
    """Simulate one exam, or read it from ``cache``. spacing: mm between (slices, rows, columns)."""
    path = (
        cache / f"{request.body}-{request.seed}-{request.lesions}-{request.difficulty}.npz" if cache else None
    )
    if path is not None and path.exists():
        return _read(request, path)
    body = make_body(request)
    findings = make_findings(request, Surroundings.of(body, clouds_of(body)))
    made = simulate_volumes(body, findings, spacing, make_scanner(request), subsamples=1)
    exam = BenchExam(
        request,
        {_name(k): v for k, v in made.volumes.items()},
        made.grid,
        made.sites,
        made.lesions,
        made.others,
        _truth(made, findings),
    )
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(exam, path)
    return exam


def _name(key: str) -> str:
    return key.replace("DWI_", "DWI_b") if key.startswith("DWI_") and "b" not in key[4:] else key


def _truth(made: Simulated, findings: list[Finding]) -> tuple[TrueLesion, ...]:
    out = []
    for finding in findings:
        inside = made.lesions == finding.id
        if finding.kind is not Kind.CNO_LESION or not inside.any():
            continue
        labels = np.bincount(made.sites[inside], minlength=256)
        labels[0] = 0
        if labels.max() == 0:
            continue
        out.append(
            TrueLesion(
                finding.id,
                int(labels.argmax()),
                float(inside.sum()) * made.grid.voxel_ml,
                float(finding.strength),
                finding.features.sclerotic,
            )
        )
    return tuple(out)


def _write(exam: BenchExam, path: Path) -> None:
    partial = path.with_suffix(".tmp.npz")
    station = exam.volumes["STIR"].station
    np.savez(
        partial,
        affine=exam.grid.affine,
        sites=exam.sites,
        lesions=exam.lesions,
        others=exam.others,
        station=np.zeros(0) if station is None else station,
        truth=np.array(json.dumps([asdict(t) for t in exam.truth])),
        **{f"v_{k}": v.array.astype(np.float16) for k, v in exam.volumes.items()},
    )
    partial.rename(path)


def _read(request: ExamRequest, path: Path) -> BenchExam:
    with np.load(path) as d:
        grid = Grid(d["sites"].shape, d["affine"])
        station = d["station"].astype(np.int16) if d["station"].size else None
        volumes = {}
        for key in d.files:
            if key.startswith("v_"):
                name = key[2:]
                contrast = Contrast.DWI if name.startswith("DWI") else Contrast(name)
                b = float(name[5:]) if contrast is Contrast.DWI else None
                own = station if name in ("STIR", "T1") else None
                volumes[name] = Volume(d[key].astype(np.float32), grid, contrast, station=own, b_value=b)
        truth = tuple(TrueLesion(**t) for t in json.loads(str(d["truth"])))
        return BenchExam(request, volumes, grid, d["sites"], d["lesions"], d["others"], truth)
