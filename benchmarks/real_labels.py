"""Bones that the product's own labels name in real exams of adults, of a part of the body.

    python benchmarks/real_labels.py [--network units] [--unlimited] [--picture FILE.png]

Legs of an adult volunteer (three stations of axial Dixon water, ``../shared/data/legs_stations``): bone is cut out by
its dark marrow as in ``real_texture.py``, and named slice by slice: the largest section of a leg is femur above the
knee and tibia below it, the next one below the knee is fibula. The patella and what lies within 24 mm of the joint
are left out. Pelvis (T2, ``../shared/data/pelvis_study_0000``): what is named, no truth. Prints JSON;
the picture shows the legs.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from colorsys import hsv_to_rgb
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from real_texture import LEGS, bones_of, legs
from scipy import ndimage

from marrowmap.core.site import all_sites
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.volume import Contrast, Volume
from marrowmap.exchange.dicom_exam import open_exam
from marrowmap.imaging import label
from marrowmap.imaging.grids import labels_onto
from marrowmap.imaging.label import coronal_volumes, label_skeleton

PELVIS = LEGS.parent / "pelvis_study_0000"
JOINT_SLICE, BESIDE = 46, 4
"""Slice of the knee joints (read off the images), and slices beside it that are left out."""
SMALLEST_MM2 = 40.0
NAMES = ("femur", "tibia", "fibula")


def named_sections(volume: Volume) -> npt.NDArray[np.uint8]:
    """1 + index in NAMES for the patient's right, 4 + index for the left, 255 for bone that is left out, else 0."""
    cut_out = bones_of(volume)[0] > 0
    out = np.where(cut_out, 255, 0).astype(np.uint8)
    half = volume.array.shape[2] // 2
    pixel = volume.grid.spacing[1] * volume.grid.spacing[2]
    for z in range(len(cut_out)):
        if abs(z - JOINT_SLICE) < BESIDE:
            continue
        for first, columns in ((1, slice(0, half)), (4, slice(half, None))):
            pieces, n = ndimage.label(ndimage.binary_opening(cut_out[z, :, columns]))
            sizes = np.bincount(pieces.ravel(), minlength=n + 1)[1:] * pixel
            order = [k for k in np.argsort(-sizes) if sizes[k] > SMALLEST_MM2]
            bones = NAMES[:1] if z > JOINT_SLICE else NAMES[1:]
            for bone, k in zip(bones, order, strict=False):
                part = out[z, :, columns]
                part[pieces == k + 1] = first + NAMES.index(bone)
    return out


def legs_record(network: str | None) -> tuple[dict[str, object], Volume, Skeleton]:
    """What is found, and under which name."""
    volume = legs()
    truth = named_sections(volume)
    exam = coronal_volumes({"DIXON_WATER": volume})
    assert exam is not None
    skeleton = label_skeleton(exam, network=network)
    true = labels_onto(truth, volume.grid, skeleton.grid)
    found = skeleton.labels
    ml = skeleton.grid.voxel_ml
    names = [""] + [f"{s.bone} {s.side}" for s in all_sites()]
    out: dict[str, object] = {}
    right = named = 0
    for side, first in (("right", 1), ("left", 4)):
        for k, bone in enumerate(NAMES):
            inside = true == first + k
            said = Counter(names[v] for v in found[inside] if v)
            right += said[f"{bone} {side}"]
            named += said.total()
            out[f"{bone} {side}"] = {
                "ml": round(float(inside.sum()) * ml, 1),
                "share_found": round(said.total() / max(int(inside.sum()), 1), 3),
                "name_and_side_right_of_found": round(said[f"{bone} {side}"] / said.total(), 3)
                if said
                else None,
                "taken_for": {b: round(n * ml, 1) for b, n in said.most_common(4) if b != f"{bone} {side}"},
            }
    bone_here = true > 0
    known = bone_here & (true < 255)
    out["share_found"] = round(float((found > 0)[known].mean()), 3)
    out["name_and_side_right_of_found"] = round(right / named, 3) if named else None
    near = ndimage.binary_dilation(bone_here, np.ones((3, 3, 3)))
    out["labelled_ml"] = round(float((found > 0).sum()) * ml, 1)
    out["labelled_beyond_one_voxel_of_bone_ml"] = round(float(((found > 0) & ~near).sum()) * ml, 1)
    strange = Counter(names[v] for v in found[found > 0])
    legs_only = ("femur", "tibia", "fibula", "patella", "talus", "calcaneus", "tarsals")
    out["named_what_is_not_in_view_ml"] = {
        b: round(n * ml, 1) for b, n in strange.most_common() if not b.startswith(legs_only)
    }
    out["said"] = skeleton.method
    return out, exam["DIXON_WATER"], skeleton


def pelvis_labels(network: str | None) -> tuple[Volume, Skeleton]:
    """The coronal T2 of a real pelvis, and its labels."""
    with open_exam(PELVIS) as source:
        stack = next(s for s in source.exam.stacks if s.contrast is Contrast.T2 and str(s.plane) == "coronal")
        volume = Volume(source.array(stack).astype(np.float32), stack.grid, Contrast.T2)
    exam = coronal_volumes({"T2": volume}) or {"T2": volume}
    return exam["T2"], label_skeleton(exam, network=network)


def draw(volume: Volume, skeleton: Skeleton, path: Path) -> None:
    """Three coronal slices, each without and with its labels, and the names of the colours."""
    array, labels, mm = volume.array, skeleton.labels, volume.grid.spacing
    inside = np.flatnonzero((array > 0.1 * array.max()).any(axis=(0, 1)))
    across = slice(max(0, inside[0] - 4), inside[-1] + 5)
    units = [s for s in all_sites() if (labels == s.label).any()]
    colour = np.zeros((256, 3))
    for k, unit in enumerate(units):
        colour[unit.label] = [round(255 * c) for c in hsv_to_rgb(k * 0.382 % 1, 0.75, 1.0)]
    low, high = np.percentile(array, (1, 99.5))
    tiles = []
    for s in _slices(labels, array):
        grey = np.clip((array[s][:, across] - low) / (high - low), 0, 1)[..., None] * np.full(3, 255.0)
        lab = labels[s][:, across]
        shown = np.where(lab[..., None] > 0, 0.45 * grey + 0.55 * colour[lab], grey)
        tiles.append(np.concatenate([grey, shown], axis=1))
    rows = np.concatenate(tiles, axis=1).astype(np.uint8)
    size = (round(rows.shape[1] * mm[2] * 0.75), round(rows.shape[0] * mm[1] * 0.75))
    big = Image.fromarray(rows).resize(size)
    font = ImageFont.load_default(13)
    sheet = Image.new("RGB", (big.width, big.height + 12 + 20 * ((len(units) + 3) // 4)))
    sheet.paste(big, (0, 0))
    pen = ImageDraw.Draw(sheet)
    for k, unit in enumerate(units):
        x, y = 10 + (k % 4) * big.width // 4, big.height + 8 + 20 * (k // 4)
        pen.rectangle((x, y, x + 12, y + 12), fill=tuple(int(c) for c in colour[unit.label]))
        pen.text((x + 18, y - 1), unit.id.replace("_", " "), fill=(235, 235, 235), font=font)
    sheet.save(path, optimize=True)


def _slices(labels: npt.NDArray[np.uint8], array: npt.NDArray[np.float32]) -> list[int]:
    """Slices with the most labels, some apart; where nothing is named, those with the most body."""
    count = (labels > 0).sum(axis=(1, 2))
    if not count.any():
        count = (array > 0.2 * array.max()).sum(axis=(1, 2))
    chosen: list[int] = []
    for s in np.argsort(-count):
        if len(chosen) < 3 and all(abs(int(s) - c) >= 4 for c in chosen):
            chosen.append(int(s))
    return sorted(chosen)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", help="units or units_regional; chosen by the view if not given")
    parser.add_argument("--unlimited", action="store_true", help="name bones however doubtful")
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    if not LEGS.is_dir():
        raise SystemExit(f"skipped: {LEGS} does not lie beside the project")
    if args.unlimited:
        label.PART = replace(label.PART, unit=0.0, exam=0.0)
    record, water, skeleton = legs_record(args.network)
    _, other = pelvis_labels(args.network)
    ml = other.grid.voxel_ml
    names = {s.id: round(float((other.labels == s.label).sum()) * ml, 1) for s in all_sites()}
    pelvis = {"said": other.method, "ml": {k: v for k, v in names.items() if v}}
    print(json.dumps({"legs": record, "pelvis (no truth)": pelvis}, indent=1))
    if args.picture:
        draw(water, skeleton, args.picture)


if __name__ == "__main__":
    main()
