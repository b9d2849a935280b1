"""What is true about a synthetic exam: every bone unit, every lesion, every look-alike; ``truth.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from marrowmap.core.geometry import Grid, PointMm
from marrowmap.core.site import all_sites, site, site_of_label
from marrowmap.exchange.nifti import BONE_UNITS
from marrowmap.exchange.nifti import write_labels as write_label_map
from marrowmap.phantom.findings import Finding
from marrowmap.phantom.scene import Painted, Scene, UnitCloud, body_grid
from marrowmap.phantom.vertebra import heights_of

FINE_MM = 1.25
"""Voxel size at which volumes of findings are measured."""
MOST_VOXELS = 130
"""Along each side of the grid they are measured on."""


@dataclass(frozen=True)
class FindingTruth:
    """One finding as it lies in the body. volume_ml: 0 when its bone left no room; heights_mm: anterior,
    middle,
    posterior of the vertebral body, None elsewhere; original_heights_mm: before the loss."""

    finding: Finding
    volume_ml: float
    max_diameter_mm: float
    centre_mm: PointMm
    heights_mm: tuple[float, float, float] | None = None
    original_heights_mm: tuple[float, float, float] | None = None

    def record(self) -> dict[str, Any]:
        """For ``truth.json``."""
        f = self.finding
        unit = site(f.sites[0])
        return {
            "id": f.id,
            "kind": str(f.kind),
            "site": unit.id,
            "side": str(unit.side),
            "segment": str(unit.segment),
            "sites": list(f.sites),
            "centre_mm": [round(v, 2) for v in self.centre_mm],
            "volume_ml": round(self.volume_ml, 3),
            "max_diameter_mm": round(self.max_diameter_mm, 1),
            "strength": round(f.strength, 3),
            "features": {
                "periosteal_reaction": f.features.periosteal_reaction,
                "soft_tissue_oedema": f.features.soft_tissue_oedema,
                "expansion": f.features.expansion,
                "crosses_physis": len(f.sites) > 1,
                "effusion": f.features.effusion,
                "sclerotic": f.features.sclerotic,
                "height_loss": round(f.features.height_loss, 3),
            },
            "heights_mm": self.heights_mm and [round(v, 1) for v in self.heights_mm],
            "original_heights_mm": self.original_heights_mm
            and [round(v, 1) for v in self.original_heights_mm],
            "parent_ids": list(f.parent_ids),
        }


def local_grid(finding: Finding, spacing: float = FINE_MM) -> Grid:
    """Fine coronal grid around a finding; coarser for one that fills a whole bone."""
    half = max(finding.radii_mm) * 1.5 + 8.0
    spacing = max(spacing, 2 * half / MOST_VOXELS)
    n = int(np.ceil(2 * half / spacing))
    c = finding.centre
    return Grid.coronal((n, n, n), (spacing,) * 3, PointMm(c.x - half, c.y - half, c.z + half))


def measure_finding(scene: Scene, finding: Finding) -> FindingTruth:
    """Volume, extent and centre of one finding of ``scene``, on a fine grid around it."""
    grid = local_grid(finding)
    painted = scene.paint(grid, fine=False)
    mask = (painted.lesions if finding.kind.is_lesion else painted.others) == finding.id
    heights = original = None
    if site(finding.sites[0]).is_vertebra:
        heights, original = _heights(scene, finding)
    return _from_mask(finding, mask, grid, heights, original)


def measure_in_labels(finding: Finding, others: np.ndarray, grid: Grid) -> FindingTruth:
    """The same, coarser, for a look-alike that fills whole bones: from its label volume."""
    return _from_mask(finding, others == finding.id, grid, None, None)


def _from_mask(
    finding: Finding,
    mask: np.ndarray,
    grid: Grid,
    heights: tuple[float, float, float] | None,
    original: tuple[float, float, float] | None,
) -> FindingTruth:
    if not mask.any():
        return FindingTruth(finding, 0.0, 0.0, finding.centre, heights, original)
    index = np.argwhere(mask)
    points = index @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    centre = points.mean(axis=0)
    nearest = points[np.argmin(((points - centre) ** 2).sum(axis=1))]
    return FindingTruth(
        finding,
        float(len(index)) * grid.voxel_ml,
        _diameter(points) + grid.spacing[1],
        PointMm(*map(float, nearest)),
        heights,
        original,
    )


def _heights(
    scene: Scene, finding: Finding
) -> tuple[tuple[float, float, float] | None, tuple[float, float, float] | None]:
    label = site(finding.sites[0]).label
    half = 34.0
    c = finding.centre
    grid = Grid.coronal((54, 68, 54), (half / 27, 1.0, half / 27), PointMm(c.x - half, c.y - half, c.z + 34))
    before = heights_of(scene.body.paint(grid), label)
    after = heights_of(scene.paint(grid, fine=False).maps, label)
    return after, before


def _diameter(points: np.ndarray) -> float:
    """Largest distance between two points, from the extreme points along 26 directions."""
    directions = np.array(
        [[i, j, k] for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1) if (i, j, k) > (0, 0, 0)]
    )
    extreme = np.vstack([points[[np.argmin(points @ d), np.argmax(points @ d)]] for d in directions])
    return float(np.sqrt(((extreme[:, None] - extreme[None]) ** 2).sum(axis=-1)).max())


@dataclass(frozen=True)
class ExamTruth:
    """All that is known about a written exam. folder: where ``truth.json`` lies; record: its content."""

    folder: Path
    record: Mapping[str, Any]
    findings: tuple[FindingTruth, ...]

    @property
    def lesions(self) -> tuple[FindingTruth, ...]:
        """The lesions of the disease, without look-alikes."""
        return tuple(f for f in self.findings if f.finding.kind.is_lesion)


def unit_records(clouds: Mapping[int, UnitCloud], labels: np.ndarray, grid: Grid) -> list[dict[str, Any]]:
    """Every bone unit of the list: whether this body has it, its volume (marrow and cortex) and its
    middle."""
    counts = np.bincount(labels.ravel(), minlength=256)
    found = []
    for unit in all_sites():
        cloud = clouds.get(unit.label)
        found.append(
            {
                "site": unit.id,
                "label": unit.label,
                "side": str(unit.side),
                "segment": str(unit.segment),
                "present": cloud is not None,
                "volume_ml": round(float(counts[unit.label]) * grid.voxel_ml, 2),
                "centre_mm": [round(float(v), 1) for v in np.median(cloud.points, axis=0)]
                if cloud is not None
                else None,
            }
        )
    return found


def write_labels(scene: Scene, folder: Path, spacing: tuple[float, float, float]) -> tuple[Painted, Grid]:
    """Write sites.nii.gz, lesions.nii.gz and others.nii.gz; returns the painted scene and its grid."""
    grid = body_grid(scene.body, spacing)
    painted = scene.paint(grid, fine=False)
    mark = "SYNTHETIC DIGITAL CHILD"
    write_label_map(folder / "sites.nii.gz", painted.maps.site, grid, description=f"{mark}, {BONE_UNITS}")
    write_label_map(folder / "lesions.nii.gz", painted.lesions, grid, description=mark)
    write_label_map(folder / "others.nii.gz", painted.others, grid, description=mark)
    return painted, grid


def write_json(record: Mapping[str, Any], path: Path) -> None:
    """Write ``record`` with sorted keys, so that the same exam gives the same bytes."""
    path.write_text(json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def names_of(labels: np.ndarray) -> list[str]:
    """Ids of the bone units found in a label volume."""
    return [unit.id for value in np.unique(labels) if (unit := site_of_label(int(value))) is not None]
