"""The adult skeleton every child is made from: distance grids of single bones in one assembled frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

MIRROR = np.diag([-1.0, 1.0, 1.0])
"""Takes a right bone to the left side."""


@dataclass(frozen=True)
class BoneGrid:
    """Distance grid of one right (or midline) bone, template millimetres.

    sdf: int8, indexed [x, y, z]; times ``scale`` gives millimetres, negative inside, limited outside to 8 mm.
    origin: place of element (0, 0, 0). low, high: corners of the bone itself.
    """

    name: str
    sdf: npt.NDArray[np.int8]
    origin: npt.NDArray[np.float64]
    spacing: float
    scale: float
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    depth: float
    """Largest distance inside, template millimetres."""


@dataclass(frozen=True)
class Template:
    """All bones, the joints between them and the centres of the vertebral bodies."""

    bones: dict[str, BoneGrid]
    joints: dict[str, npt.NDArray[np.float64]]
    vertebrae: dict[str, npt.NDArray[np.float64]]


@cache
def template() -> Template:
    """The asset made by ``tools/build_skeleton_asset.py`` from myo-sim's meshes (see NOTICE)."""
    with resources.files("marrowmap.assets").joinpath("skeleton.npz").open("rb") as stream:
        pack = np.load(stream)
        about = json.loads(pack["about"].tobytes())
        bones = {}
        for name, facts in about["pieces"].items():
            sdf = pack[name]
            origin, spacing = np.array(facts["origin"]), facts["spacing"]
            inside = np.argwhere(sdf < 0)
            low, high = origin + inside.min(0) * spacing, origin + inside.max(0) * spacing
            depth = float(-sdf.min() * facts["scale"])
            bones[name] = BoneGrid(name, sdf, origin, spacing, facts["scale"], low, high, depth)
    joints = {name: np.array(place) for name, place in about["joints"].items()}
    vertebrae = {name: np.array(values) for name, values in about["vertebrae"].items()}
    return Template(bones, joints, vertebrae)
