"""Label maps of bones or lesions that others made: NIfTI with or without names, or DICOM segmentation.

A NIfTI map may carry its names in a header extension, as TotalSegmentator writes them. A DICOM SEG names its
segments (DICOM PS3.3 C.8.20); it is read with highdicom (MIT).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.core.geometry import Grid
from marrowmap.core.label_sets import LABEL_SETS
from marrowmap.errors import InputError, MissingExtra
from marrowmap.exchange.nifti import BONE_UNITS, read_labels

_NAMED_LABEL = re.compile(rb'<Label\s+Key="(\d{1,5})"[^>]*>\s*(?:<!\[CDATA\[)?\s*([^<\]]{1,80})')
"""One entry of a label table in a NIfTI header extension; read as text, so that no XML of strangers is parsed."""


@dataclass(frozen=True)
class LabelMap:
    """labels: uint16 of shape ``grid.shape``, 0 is nothing. names: number -> structure; {}: numbers only."""

    labels: npt.NDArray[np.uint16]
    grid: Grid
    names: Mapping[int, str] = field(default_factory=dict)


def read_label_map(path: Path, names: str | None = None) -> LabelMap:
    """Read a label map and what its numbers mean.

    names: one of ``LABEL_SETS``, or a CSV file with the columns ``value,name``; None takes the names that the file
    itself carries, {} when it carries none. Raises InputError for a file that is no label map or an unknown set of
    names, and MissingExtra when a DICOM SEG is given and highdicom is not installed.
    """
    if not path.is_file():
        raise InputError(path.name, "there is no such file", "Check the path.")
    if _is_dicom(path):
        labels, grid, carried = _segmentation(path)
    else:
        labels, grid = read_labels(path)
        carried = _carried_names(path)
    return LabelMap(labels, grid, carried if names is None else _named(names))


def _named(names: str) -> Mapping[int, str]:
    known = LABEL_SETS.get(names)
    if known is not None:
        return known
    table = Path(names)
    if not table.is_file():
        accepted = ", ".join(LABEL_SETS)
        raise InputError(
            "label names",
            f"{names!r} is neither a known set nor a file",
            f"Give one of {accepted}, or a CSV file.",
        )
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            return {int(row["value"]): row["name"].strip() for row in csv.DictReader(file)}
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error):
        raise InputError(
            table.name, "it is no table of names", "Write the columns value,name: a whole number and a bone."
        ) from None


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def bone_map(path: Path, names: str | None = None) -> LabelMap:
    """``read_label_map`` for bones: refuses a map that does not say what its numbers mean.

    Numbers alone are never guessed: 36 is a vertebra in one tool's list and a femur in another's.
    """
    found = read_label_map(path, names)
    if not found.names:
        accepted = ", ".join(LABEL_SETS)
        raise InputError(
            path.name,
            "it does not say which number is which bone",
            f"Add --label-names with one of {accepted}, or a CSV file with the columns value,name.",
        )
    return found


def _carried_names(path: Path) -> Mapping[int, str]:
    import nibabel

    header: Any = nibabel.load(path).header  # type: ignore[attr-defined]
    if BONE_UNITS in bytes(header["descrip"]).decode("ascii", "replace"):
        return LABEL_SETS["marrowmap"]
    found = {}
    for extension in getattr(header, "extensions", ()):
        content = extension.get_content()
        text = content if isinstance(content, bytes) else str(content).encode()
        found |= {int(k): name.decode("utf-8", "replace").strip() for k, name in _NAMED_LABEL.findall(text)}
    return {k: v for k, v in found.items() if k}


def _segmentation(path: Path) -> tuple[npt.NDArray[np.uint16], Grid, Mapping[int, str]]:
    try:
        import highdicom
    except ImportError:
        raise MissingExtra(
            path.name, "a DICOM segmentation needs highdicom", "pip install 'marrowmap[seg]'"
        ) from None
    try:
        found = highdicom.seg.segread(path)
        volume = found.get_volume(combine_segments=True, skip_overlap_checks=False)
        names = {n: str(found.get_segment_description(n).segment_label) for n in found.segment_numbers}
    except Exception as error:  # whatever highdicom says of it, the file cannot be used
        reason = str(error).split("\n")[0][:160]
        raise InputError(
            path.name,
            f"it is no DICOM segmentation that can be laid out in space ({reason})",
            "Give a binary or labelmap SEG whose segments do not overlap.",
        ) from None
    array = np.ascontiguousarray(volume.array).astype(np.uint16)
    shape = (array.shape[0], array.shape[1], array.shape[2])
    return array, Grid(shape, np.asarray(volume.affine, dtype=np.float64)), names
