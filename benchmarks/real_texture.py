"""Lesions put into real bone: does the lesion network, trained on synthetic children only, find them there?

    python benchmarks/real_texture.py [--runs 12] [--picture FILE.png]

Real legs of an adult volunteer (three stations of axial Dixon water, ``../shared/data/legs_stations``) are composed;
bones are cut out by their dark marrow and named by place, and given to the product as an outside label map, for its
own labels name few of them (``real_labels.py``). Only the lesions are synthetic. Prints JSON; says so and ends when
the data do not lie beside the project.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image
from scipy import ndimage

from marrowmap.core.geometry import Grid
from marrowmap.core.site import all_sites, sites_by_id
from marrowmap.core.volume import Contrast, Volume
from marrowmap.imaging.candidates import find_candidates
from marrowmap.imaging.label import coronal_volumes, label_skeleton
from marrowmap.imaging.outside_labels import skeleton_from_outside
from marrowmap.phantom.implant import implant_lesions

LEGS = Path(__file__).parents[2] / "shared" / "data" / "legs_stations"
OVERLAP = 5
SMALLEST_ML = 0.5


def legs() -> Volume:
    """The three stations one after the other, foot to hip, LPS; overlaps are averaged."""
    parts = []
    for number in (3, 4, 5):
        data = np.asarray(nibabel.load(LEGS / f"Join_{number}.nii.gz").dataobj)
        parts.append(np.ascontiguousarray(data[::-1, ::-1].transpose(2, 1, 0).astype(np.float32)))
    n = parts[0].shape[0]
    total = np.zeros((3 * n - 2 * OVERLAP, *parts[0].shape[1:]), np.float32)
    count = np.zeros(len(total), np.float32)
    for i, part in enumerate(parts):
        start = i * (n - OVERLAP)
        total[start : start + n] += part
        count[start : start + n] += 1
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = 6.0, 1.5, 1.5
    affine[:, 3] = (-240.0, -240.0, 0.0, 1.0)
    array = total / count[:, None, None]
    return Volume(array, Grid(array.shape, affine), Contrast.DIXON_WATER)


def bones_of(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """(labels uint8, muscle): dark holes in each slice, joined along the leg, named by side and place."""
    array = volume.array
    tissue = array > 0.12 * np.percentile(array, 99)
    closed = np.stack([ndimage.binary_closing(np.pad(s, 6), iterations=5)[6:-6, 6:-6] for s in tissue])
    leg = np.stack([ndimage.binary_fill_holes(s) for s in closed])
    dark = leg & ~tissue
    disk = ndimage.iterate_structure(ndimage.generate_binary_structure(2, 1), 2)
    opened = np.stack([ndimage.binary_opening(s, disk) for s in dark])
    parts, n = ndimage.label(opened)
    voxel = volume.grid.voxel_ml
    sizes = np.bincount(parts.ravel(), minlength=n + 1) * voxel
    names = sites_by_id()
    labels = np.zeros(array.shape, np.uint8)
    _, _, columns = array.shape
    for side, half in (("right", np.s_[:, :, : columns // 2]), ("left", np.s_[:, :, columns // 2 :])):
        found = [k for k in np.unique(parts[half]) if k and sizes[k] > 3.0]
        places = {k: np.argwhere(parts == k) for k in found}
        found = [k for k in found if (places[k][:, 2].mean() < columns / 2) == (side == "right")]
        if len(found) < 2:
            continue
        femur = max(found, key=lambda k: places[k][:, 0].max() + 1e-3 * sizes[k])
        rest = [k for k in found if k != femur]
        tibia = max(rest, key=lambda k: sizes[k])
        joint = places[femur][:, 0].min()
        steps = {
            femur: ("femur_distal_epiphysis", "femur_distal_metaphysis", "femur_diaphysis"),
            tibia: ("tibia_proximal_epiphysis", "tibia_proximal_metaphysis", "tibia_diaphysis"),
        }
        for bone, segments in steps.items():
            at = places[bone]
            away = np.abs(at[:, 0] - (joint if bone == femur else at[:, 0].max())) * 6.0
            for segment, (low, high) in zip(segments, ((0, 24), (24, 60), (60, 1e9)), strict=True):
                some = at[(away >= low) & (away < high)]
                labels[tuple(some.T)] = names[f"{segment}_{side}"].label
        for k in rest:
            if k == tibia or sizes[k] < 4:
                continue
            at = places[k]
            above = at[:, 0].mean() >= joint - 2
            name = f"patella_{side}" if above else f"fibula_shaft_{side}"
            labels[tuple(at.T)] = names[name].label
    return labels, tissue & leg


def run(runs: int, picture: Path | None) -> dict[str, object]:
    """Implant, look, count."""
    volume = legs()
    labels, muscle = bones_of(volume)
    refused = label_skeleton({"DIXON_WATER": volume})
    out: dict[str, object] = {
        "exam": "legs of an adult volunteer, Dixon water, three stations (real)",
        "bone_ml": round(float((labels > 0).sum()) * volume.grid.voxel_ml, 1),
        "units_cut_out": sorted(s.id for s in sites_by_id().values() if (labels == s.label).any()),
        "own_labels": refused.method,
    }
    hits, dice, false, sizes = 0, [], [], 0
    found_by_size = {"0.5 to 1": [0, 0], "1 to 3": [0, 0], "3 and more": [0, 0]}
    for seed in range(runs + 1):  # run 0: nothing is put in
        done = None
        if seed:
            done = implant_lesions(volume.array, volume.grid, labels > 0, muscle, seed, count=4)
        image = volume.array if done is None else done.image
        truth = np.zeros(labels.shape, np.uint16) if done is None else done.labels
        exam = coronal_volumes({"DIXON_WATER": Volume(image, volume.grid, Contrast.DIXON_WATER)})
        assert exam is not None
        skeleton = skeleton_from_outside(labels, volume.grid, {s.label: (s,) for s in all_sites()}, exam)
        marks = find_candidates(exam, skeleton)
        true = _coarse(truth, volume.grid, skeleton.grid)
        none = 0
        for k in range(1, len(marks.candidates) + 1):
            mask = marks.labels == k
            if mask.any() and (true[mask] > 0).mean() < 0.1:
                none += 1
        false.append(none)
        for number in range(1, int(truth.max()) + 1):
            size = float((truth == number).sum()) * volume.grid.voxel_ml
            mask = true == number
            if size < SMALLEST_ML or not mask.any():
                continue
            group = "0.5 to 1" if size < 1 else "1 to 3" if size < 3 else "3 and more"
            touched = np.bincount(marks.labels[mask], minlength=1)
            touched[0] = 0
            best = int(touched.argmax()) if len(touched) > 1 else 0
            hit = best > 0 and touched[best] >= 0.15 * min(mask.sum(), (marks.labels == best).sum())
            sizes += 1
            hits += hit
            found_by_size[group][0] += int(hit)
            found_by_size[group][1] += 1
            if hit:
                dice.append(2 * touched[best] / (mask.sum() + (marks.labels == best).sum()))
        if picture is not None and seed == 1:
            _draw(exam["DIXON_WATER"].array, true, marks.labels, picture)
    out |= {
        "implanted": sizes,
        "sensitivity": round(hits / sizes, 3) if sizes else None,
        "found_of_by_ml": found_by_size,
        "outline_dice_median": round(float(np.median(dice)), 3) if dice else None,
        "false_marks_untouched_exam": false[0],
        "false_marks_per_run": round(float(np.mean(false[1:])), 2) if runs else None,
    }
    return out


def _coarse(truth: np.ndarray, source: Grid, target: Grid) -> np.ndarray:
    """Nearest neighbour onto the coronal grid."""
    index = np.indices(target.shape).reshape(3, -1)
    matrix = np.linalg.inv(source.affine) @ target.affine
    at = np.round(matrix[:3, :3] @ index + matrix[:3, 3:]).astype(int)
    inside = np.all((at >= 0) & (at < np.array(source.shape)[:, None]), axis=0)
    out = np.zeros(index.shape[1], truth.dtype)
    out[inside] = truth[tuple(at[:, inside])]
    return out.reshape(target.shape)


def _draw(image: np.ndarray, truth: np.ndarray, marks: np.ndarray, path: Path) -> None:
    """Three coronal slices with most lesion: truth outlined in cyan, marks in orange."""
    grey = np.clip(image / np.percentile(image, 99.5), 0, 1) * 255
    panels = []
    best = np.argsort(-(truth > 0).sum(axis=(1, 2)))
    for s in sorted(best[:1].tolist() + best[4:6].tolist()):
        big = np.repeat(np.repeat(grey[s], 3, 0), 3, 1)
        rgb = np.stack([big] * 3, -1)
        for mask, colour in ((truth[s] > 0, (0, 220, 255)), (marks[s] > 0, (255, 140, 0))):
            wide = np.repeat(np.repeat(mask, 3, 0), 3, 1)
            edge = wide & ~ndimage.binary_erosion(wide)
            rgb[edge] = colour
        panels.append(rgb)
    Image.fromarray(np.hstack(panels).astype(np.uint8)).save(path, optimize=True)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    if not LEGS.is_dir():
        sys.exit(f"skipped: {LEGS} does not lie beside the project")
    print(json.dumps(run(args.runs, args.picture), indent=1))


if __name__ == "__main__":
    main()
