"""An invented exam for the report: bones painted from the drawn skeleton, no anatomy beyond that."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
from PIL import Image, ImageDraw

from marrowmap.core.exam import BodyRegion, Exam, Patient, Scanner, Sex, Stack
from marrowmap.core.geometry import Grid, PointMm, Voxel
from marrowmap.core.lesion import Candidate, Measured
from marrowmap.core.protocol import ItemState, ProtocolItem, ProtocolReport, ProtocolStatus
from marrowmap.core.seam import Seam
from marrowmap.core.site import all_sites, site
from marrowmap.core.skeleton import Coverage, Skeleton
from marrowmap.core.study import Study
from marrowmap.core.volume import Contrast, Volume
from marrowmap.report.bodymap_kit import View
from marrowmap.report.bodymap_shapes import shapes_of

SHAPE, SPACING = (9, 330, 150), (12.0, 4.0, 3.2)
GRID = Grid.coronal(SHAPE, SPACING, PointMm(-238.4, -48.0, 650.0))
CANDIDATE_SITES = (
    "tibia_distal_metaphysis_left",
    "femur_distal_metaphysis_right",
    "vertebra_t8",
    "ilium_left",
)
NOT_SEEN = ("toes_left", "toes_right")


def _mask(shapes: list[str]) -> np.ndarray:
    picture = Image.new("1", (SHAPE[2], SHAPE[1]))
    draw = ImageDraw.Draw(picture)
    for path in shapes:
        for loop in filter(None, path.split("Z")):
            n = [float(v) for v in re.findall(r"-?\d+(?:\.\d+)?", loop)]
            points = [(x / 480 * SHAPE[2], y / 1080 * SHAPE[1]) for x, y in zip(n[::2], n[1::2], strict=True)]
            draw.polygon(points, fill=1)
    return np.asarray(picture)


def _labels() -> np.ndarray:
    labels = np.zeros(SHAPE, dtype=np.uint8)
    for shape in shapes_of(View.FRONT):
        if shape.site_id is not None and shape.site_id not in NOT_SEEN:
            labels[3:6, _mask([shape.path])] = site(shape.site_id).label
    return labels


def _candidate(number: int, site_id: str, labels: np.ndarray) -> Candidate:
    where = np.argwhere(labels == site(site_id).label)
    middle = np.median(where, axis=0)
    nearest = where[np.argmin(((where - middle) ** 2).sum(axis=1))]
    measured = Measured(1.25, "ml", 0.1)
    return Candidate(
        id=f"c{number:03d}",
        site_id=site_id,
        centre_mm=GRID.to_mm(Voxel(*map(float, nearest))),
        volume_ml=measured,
        max_diameter_mm=Measured(18.0, "mm"),
        extent_percent=Measured(30.0, "%"),
        si_ratio=Measured(3.4, ""),
        t1_ratio=Measured(None, "", why_missing="no T1 here"),
        adc=Measured(1450.0, "1e-6 mm2/s"),
        adc_p10=Measured(900.0, "1e-6 mm2/s"),
        score=0.9 - 0.1 * number,
        reasons=("3.4 times muscle on STIR", "next to the growth plate"),
        label=number,
        level_uncertain=site_id.startswith("vertebra"),
        healthy_prevalence="",
    )


def _stack(number: int, contrast: Contrast, grid: Grid, **more: object) -> Stack:
    return Stack(
        f"s{number:03d}",
        contrast,
        grid.plane,
        grid,
        grid.shape[0],
        False,
        "invented",
        used_for="shown",
        **more,
    )


def make_study(synthetic: bool = True) -> Study:
    """A whole-body study with four candidates, toes outside the coverage."""
    rng = np.random.default_rng(7)
    labels = _labels()
    skin = _mask([s.path for s in shapes_of(View.FRONT) if s.site_id is None][:1])
    body = np.zeros(SHAPE, dtype=bool)
    body[1:8] = skin
    marks = np.zeros(SHAPE, dtype=np.uint16)
    candidates = tuple(_candidate(i, s, labels) for i, s in enumerate(CANDIDATE_SITES, start=1))
    for c in candidates:
        marks[labels == c.site.label] = c.label
    noise = rng.normal(0, 6, SHAPE)

    def volume(base: float, bone: float, lesion: float, contrast: Contrast, b: float | None = None) -> Volume:
        signal = np.where(labels > 0, bone, np.where(body, base, 0.0)) + np.where(marks > 0, lesion, 0.0)
        return Volume(np.maximum(signal + noise * body, 0).astype(np.int16), GRID, contrast, b_value=b)

    volumes = {
        "STIR": volume(90, 60, 330, Contrast.STIR),
        "T1": volume(150, 260, -150, Contrast.T1),
        "DWI_b800": volume(40, 25, 160, Contrast.DWI, 800.0),
        "ADC": volume(1300, 500, 900, Contrast.ADC),
    }
    stacks = (
        _stack(1, Contrast.STIR, GRID, body_region=BodyRegion.WHOLE_BODY),
        _stack(2, Contrast.T1, GRID),
        _stack(3, Contrast.DWI, GRID, b_value=800.0),
    )
    exam = Exam(
        Patient("k7", 9.4, Sex.FEMALE, 1.36, synthetic),
        Scanner("Acme", "Ring <1>", 1.5),
        date(2024, 5, 6),
        "1.2.3",
        stacks,
        (),
        27,
    )
    coverage = {s.id: Coverage.NOT_COVERED if s.id in NOT_SEEN else Coverage.COVERED for s in all_sites()}
    coverage["skull"] = Coverage.PARTIAL
    skeleton = Skeleton(
        labels,
        GRID,
        "painted from the drawing",
        uncertain_levels=frozenset({"vertebra_t8"}),
        coverage=coverage,
    )
    items = (
        ProtocolItem("coronal STIR, head to feet", ItemState.PRESENT, True),
        ProtocolItem(
            "sagittal STIR of the feet", ItemState.MISSING, True, "feet read on coronal pictures only"
        ),
    )
    return Study(
        exam,
        ProtocolReport(ProtocolStatus.LIMITED, items, sentences=("Sagittal feet are missing.",)),
        volumes,
        (Seam("STIR", "s001", "s002", 30.0, 0.0, 0.2, 0.01, "intensities matched"),),
        skeleton,
        candidates,
        marks,
        ("toes outside the field of view",),
        "0.1.0",
        "marrowmap read EXAM --out STUDY",
    )
