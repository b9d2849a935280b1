"""From a request to a folder: a digital child, its lesions, its exam, and the truth about it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np

from marrowmap import __version__
from marrowmap.core.volume import Contrast
from marrowmap.errors import InvalidRecord, OutputExists
from marrowmap.phantom.acquire import Measured, Scanner, measure
from marrowmap.phantom.analytic import analytic_body
from marrowmap.phantom.analytic.growth import AGES, HEIGHT_CM
from marrowmap.phantom.anatomy import mesh_body
from marrowmap.phantom.artefacts import Imperfections
from marrowmap.phantom.body import Body, BodyKind, ChildSpec
from marrowmap.phantom.dicom import MARK, ExamHeader, WrittenSeries, write_series
from marrowmap.phantom.findings import Finding, Kind
from marrowmap.phantom.followup import Event, later
from marrowmap.phantom.healthy import draw_healthy, draw_mimic
from marrowmap.phantom.lesions import Difficulty, Surroundings, draw_lesions, lesion_at
from marrowmap.phantom.plan import Resolution, Stack, Timing, plan_exam
from marrowmap.phantom.rods import rod_body
from marrowmap.phantom.scene import Scene, clouds_of
from marrowmap.phantom.truth import (
    ExamTruth,
    FindingTruth,
    measure_finding,
    measure_in_labels,
    unit_records,
    write_json,
    write_labels,
)
from marrowmap.phantom.vendors import STYLES, Vendor

BODIES: dict[BodyKind, Callable[[ChildSpec], Body]] = {
    "mesh": mesh_body,
    "analytic": analytic_body,
    "rods": rod_body,
}


@dataclass(frozen=True)
class ExamRequest:
    """Which exam to make.

    age_years, sex, vendor, field_t: None draws from the seed. lesions: "cno" draws them from the published
    frequencies, "none" makes a healthy child, a number draws that many, a tuple of unit ids puts one in each;
    a mimic's name makes that disease. months: time since the first exam. small: a coarse exam for tests.
    """

    seed: int
    age_years: float | None = None
    sex: Literal["F", "M"] | None = None
    lesions: str | int | tuple[str, ...] = "cno"
    difficulty: Difficulty = "clinical"
    body: BodyKind = "mesh"
    field_t: float | None = None
    vendor: Vendor | None = None
    small: bool = False
    tilt: bool = False
    months: int = 0

    def settled(self) -> ExamRequest:
        """The same request with everything drawn that was left open."""
        rng = np.random.default_rng([self.seed, 1])
        age = float(np.clip(rng.normal(10.6, 3.0), 5, 17))
        sex: Literal["F", "M"] = "F" if rng.uniform() < 0.68 else "M"
        field_t = 1.5 if rng.uniform() < 0.7 else 3.0
        vendor: Vendor = ("siemens", "philips", "ge")[int(rng.choice(3, p=[0.6, 0.22, 0.18]))]  # type: ignore[assignment]
        return replace(
            self,
            age_years=round(age, 2) if self.age_years is None else self.age_years,
            sex=sex if self.sex is None else self.sex,
            field_t=field_t if self.field_t is None else self.field_t,
            vendor=vendor if self.vendor is None else self.vendor,
        )


def make_body(request: ExamRequest) -> Body:
    """The child of a settled request at the time of the exam; at a later month the same child, grown."""
    assert request.age_years is not None
    assert request.sex is not None
    build = BODIES[request.body]
    first = build(ChildSpec(request.seed, request.age_years, request.sex))
    if request.months == 0:
        return first
    age = min(request.age_years + request.months / 12, 18.0)
    growth = float(np.divide(*(np.interp(a, AGES, HEIGHT_CM[request.sex]) for a in (age, request.age_years))))
    facts = first.facts
    return build(
        ChildSpec(
            request.seed,
            age,
            request.sex,
            height_cm=round(facts.height_cm * growth, 1),
            bmi=facts.weight_kg / (facts.height_cm / 100) ** 2,
            scoliosis_cobb_deg=facts.scoliosis_cobb_deg,
            thoracic_levels=sum(level.startswith("T") for level in facts.numbering.levels),
            transitional=facts.numbering.transitional,  # type: ignore[arg-type]
        )
    )


def make_findings(request: ExamRequest, around: Surroundings) -> list[Finding]:
    """Lesions and look-alikes of the child at its first exam."""
    lesions = _lesions(request, around)
    first = max((f.id for f in lesions), default=0) + 1
    return lesions + draw_healthy(request.seed, around, max(first, 1001))


def _lesions(request: ExamRequest, around: Surroundings) -> list[Finding]:
    wanted = request.lesions
    if wanted == "none":
        return []
    if wanted == "cno":
        return draw_lesions(request.seed, around, request.difficulty)
    if isinstance(wanted, int):
        return draw_lesions(request.seed, around, request.difficulty, wanted)
    if isinstance(wanted, tuple):
        return [
            lesion_at(request.seed, i, name, around, request.difficulty)
            for i, name in enumerate(wanted, start=1)
        ]
    mimics = (Kind.DIFFUSE_MARROW, Kind.DESTRUCTIVE_MASS, Kind.SYMMETRIC_METAPHYSEAL)
    if wanted in mimics:
        return draw_mimic(request.seed, around, Kind(wanted), 2001)
    names = ", ".join(mimics)
    raise InvalidRecord(
        f"lesions {wanted!r}", "not known", f"Use cno, none, a number, unit ids or one of {names}"
    )


def make_scene(request: ExamRequest) -> Scene:
    """Body and findings of a request, whatever its month."""
    request = request.settled()
    body = make_body(request)
    clouds = clouds_of(body)
    return Scene(body, make_findings(request, Surroundings.of(body, clouds)))


def make_course(
    request: ExamRequest, months: Sequence[int]
) -> Iterator[tuple[ExamRequest, Scene, tuple[Event, ...]]]:
    """(request, scene, what happened since the exam before) at month 0 and at each of ``months``, in
    order."""
    request = request.settled()
    scene = make_scene(request)
    yield request, scene, ()
    around = Surroundings.of(scene.body, clouds_of(scene.body))
    passed = 0
    for month in sorted(months):
        at = replace(request, months=month)
        body = make_body(at)
        then = Surroundings.of(body, clouds_of(body))
        change = later(
            request.seed, month - passed, scene.findings, around, then, request.difficulty, scene.collapsed
        )
        scene = Scene(body, change.findings, change.collapsed)
        yield at, scene, change.events
        around, passed = then, month


def make_scanner(request: ExamRequest) -> Scanner:
    """The scanner of a settled request, with its own imperfections."""
    assert request.field_t is not None
    rng = np.random.default_rng([request.seed, 81, request.months])
    strong = 1.25 if request.field_t > 2 else 1.0
    if request.body == "analytic":  # the held-out domain has its own noise as well
        how = Imperfections(
            rng.uniform(0.035, 0.1), 0.22, 0.2 * strong, 0.3, rng.uniform(0, 0.05), 0.05, 9.0 * strong
        )
    else:
        how = Imperfections(
            rng.uniform(0.035, 0.075),
            0.15,
            0.14 * strong,
            0.22,
            rng.uniform(0.005, 0.035),
            0.12,
            6.5 * strong,
        )
    assert request.age_years is not None
    braces = request.age_years >= 10 and rng.uniform() < 0.15
    return Scanner(request.field_t, how, bool(braces))


def write_exam(request: ExamRequest, out: Path) -> ExamTruth:
    """Write one exam: ``out/dicom/``, ``out/truth.json`` and label volumes; the folder appears whole or
    not at all.

    Raises OutputExists when ``out`` holds anything, InvalidRecord for a request that cannot be made.
    """
    if out.exists() and any(out.iterdir()):
        raise OutputExists(str(out), "the folder is not empty", "Choose another folder or empty this one")
    request = request.settled()
    scene = make_scene(request)
    return write_scene(request, scene, out)


def write_course(request: ExamRequest, months: Sequence[int], out: Path) -> list[ExamTruth]:
    """Write the first exam and one at each of ``months`` later, each in a folder ``exam_MM`` of ``out``.

    Each ``truth.json`` holds ``changes``: the fate of every lesion of the exam before. Errors as
    ``write_exam``.
    """
    if any(month <= 0 for month in months):
        raise InvalidRecord(
            "follow-up", "months must be positive", "Give months since the first exam, such as 6,12"
        )
    if out.exists() and any(out.iterdir()):
        raise OutputExists(str(out), "the folder is not empty", "Choose another folder or empty this one")
    written = []
    for at, scene, events in make_course(request, sorted(set(months))):
        extra = {"changes": [event.record() for event in events]}
        written.append(write_scene(at, scene, out / f"exam_{at.months:02d}", extra))
    return written


def write_scene(
    request: ExamRequest, scene: Scene, out: Path, extra: dict[str, Any] | None = None
) -> ExamTruth:
    """Write the exam of an existing scene; see ``write_exam``. extra: added to ``truth.json``."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        header = _header(request, scene.body)
        series = _measure_and_write(request, scene, header, partial / "dicom")
        labels, grid = write_labels(scene, partial, (5.0, 5.0, 5.0) if request.small else (2.5, 2.5, 2.5))
        findings = tuple(
            measure_in_labels(f, labels.others, grid) if f.kind.fills_bones else measure_finding(scene, f)
            for f in scene.findings
        )
        record = _record(request, scene, header, series, findings) | (extra or {})
        record["units"] = unit_records(clouds_of(scene.body), labels.maps.site, grid)
        write_json(record, partial / "truth.json")
        if out.exists():
            out.rmdir()
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return ExamTruth(out, record, findings)


def _measure_and_write(
    request: ExamRequest, scene: Scene, header: ExamHeader, folder: Path
) -> list[WrittenSeries]:
    assert request.field_t is not None
    rng = np.random.default_rng([request.seed, 82, request.months])
    timing = Timing.draw(request.field_t, rng)
    resolution = Resolution.coarse() if request.small else Resolution()
    if request.tilt:
        resolution = replace(resolution, tilt_degrees=float(rng.uniform(3, 9)))
    stacks = plan_exam(scene.body, timing, resolution, rng)
    scanner = make_scanner(request)
    seed = [request.seed, 83, request.months]
    numbers = _series_numbers(stacks)
    written: list[WrittenSeries] = []
    localizers: list[tuple[Stack, list[Measured]]] = []
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for stack, measured in zip(
            stacks, pool.map(lambda s: measure(scene, s, scanner, seed), stacks), strict=True
        ):
            if stack.key == "localizer":
                localizers.append((stack, measured))
                continue
            if localizers:
                written += write_series(folder, 1, header, localizers)
                localizers = []
            for contrast in dict.fromkeys(m.contrast for m in measured):
                images = [m for m in measured if m.contrast is contrast]
                written += write_series(folder, numbers[(stack.order, contrast)], header, [(stack, images)])
    return written


def _series_numbers(stacks: list[Stack]) -> dict[tuple[int, Contrast], int]:
    """Series numbers in the order of acquisition; the localizers share number 1."""
    numbers: dict[tuple[int, Contrast], int] = {}
    following = 2
    for stack in stacks:
        contrasts = [image.contrast for image in stack.images if image.contrast is not Contrast.LOCALIZER]
        if stack.key == "dwi":
            contrasts = [Contrast.DWI, Contrast.ADC]
        for contrast in contrasts:
            numbers[(stack.order, contrast)] = following
            following += 1
    return numbers


def _header(request: ExamRequest, body: Body) -> ExamHeader:
    assert request.age_years is not None
    assert request.field_t is not None
    assert request.sex
    assert request.vendor
    start = date(2019, 1, 7) + timedelta(days=(request.seed * 37) % 1800)
    birth = start - timedelta(days=round(request.age_years * 365.25))
    day = start + timedelta(days=round(request.months * 30.4375))
    when = datetime(day.year, day.month, day.day, 8 + request.seed % 8, (request.seed * 7) % 60)
    return ExamHeader(
        key=f"marrowmap phantom {__version__} {request}",
        patient_id=f"SYN{request.seed:06d}",
        patient_name=f"SYNTHETIC^DIGITAL CHILD {request.seed}",
        sex=request.sex,
        age_years=request.age_years + request.months / 12,
        birth=birth,
        when=when,
        height_m=body.facts.height_cm / 100,
        weight_kg=body.facts.weight_kg,
        field_t=request.field_t,
        style=STYLES[request.vendor],
        vendor=request.vendor,
    )


def _record(
    request: ExamRequest,
    scene: Scene,
    header: ExamHeader,
    series: list[WrittenSeries],
    findings: tuple[FindingTruth, ...],
) -> dict[str, Any]:
    facts = scene.body.facts
    return {
        "synthetic": True,
        "note": MARK + ": nothing here was measured on a person",
        "generator": {"name": "marrowmap phantom", "version": __version__, "body": request.body},
        "request": asdict(request),
        "exam": {
            "date": header.when.date().isoformat(),
            "months_since_first": request.months,
            "vendor": request.vendor,
            "field_t": request.field_t,
            "patient_id": header.patient_id,
            "images": sum(s.images for s in series),
        },
        "child": {
            "age_years": round(header.age_years, 3),
            "sex": request.sex,
            "height_cm": facts.height_cm,
            "weight_kg": facts.weight_kg,
            "arms": facts.arms,
            "scoliosis_cobb_deg": facts.scoliosis_cobb_deg,
            "levels": list(facts.numbering.levels),
            "transitional": facts.numbering.transitional,
            "ribs": facts.numbering.ribs,
            "lengths_mm": {k: round(v, 1) for k, v in facts.lengths_mm.items()},
            "landmarks_mm": {k: [round(v, 1) for v in p] for k, p in scene.body.landmarks.items()},
        },
        "series": [
            {
                "number": s.number,
                "uid": s.uid,
                "folder": f"dicom/{s.folder}",
                "purpose": s.stack.key,
                "contrast": str(s.contrast),
                "plane": str(s.stack.grid.plane),
                "station": s.stack.station,
                "stations": s.stack.stations,
                "b_values": list(s.b_values),
                "images": s.images,
                "shape": list(s.stack.grid.shape),
                "affine_lps": np.round(s.stack.grid.affine, 6).tolist(),
            }
            for s in series
        ],
        "findings": [f.record() for f in findings],
        "lesions": [f.record() for f in findings if f.finding.kind.is_lesion and f.volume_ml > 0],
        "files": {"sites": "sites.nii.gz", "lesions": "lesions.nii.gz", "others": "others.nii.gz"},
    }
