# ruff: noqa: RUF005
"""Make the skeleton asset of the phantom from the meshes of the PyPI package ``myo-sim`` (Apache-2.0).

Run it in an environment of its own that holds myo-sim, trimesh, networkx, numpy and scipy::

    python tools/build_skeleton_asset.py src/marrowmap/assets/skeleton.npz

Every bone becomes a signed-distance grid (int8, fifths of a millimetre, negative inside) in one
assembled adult frame: millimetres, +x to the left, +y to the back, +z to the head, origin that of the
source's pelvis frame. Only right limbs are stored; the left side is their mirror image. Credits stand in NOTICE.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import trimesh
from scipy import ndimage
from scipy.spatial import ConvexHull, Delaunay

TORSO = np.array([-100.7, 81.5, 0.0])
"""The source's torso frame in its pelvis frame, millimetres (x forward, y up, z right)."""
HIP = np.array([-56.3, -78.5, 77.3])
KNEE = HIP + [0.0, -404.4, -1.3]
ANKLE = KNEE + [-10.0, -400.0, 0.0]
CALCANEUS = ANKLE + [-48.77, -41.95, 7.92]
TOES = CALCANEUS + [178.8, -2.0, 1.08]
PATELLA = HIP + [-8.1, -408.0, 0.0]
SHOULDER = TORSO + [-3.2, 371.5, 170.0]
ELBOW = SHOULDER + [6.1, -290.4, -12.3]
RADIUS = ELBOW + [0.4, -11.5, 20.0]
LUNATE = RADIUS + [18.0, -242.0, 25.0]
CAPITATE = LUNATE + [3.992, -15.054, 2.327]
TRAPEZIUM = CAPITATE + [15.293, -4.569, -10.308]

CARPALS = {
    "scaphoid": LUNATE + [12.345, -4.464, -1.254],
    "lunate": LUNATE,
    "triquetrum": LUNATE + [-10.784, -7.499, -1.289],
    "pisiform": LUNATE + [-10.784, -7.499, -1.289] + np.array([-2.6, -2.4, -9.3]),
    "trapezium": TRAPEZIUM,
    "trapezoid": CAPITATE + [9.143, -4.062, -2.464],
    "capitate": CAPITATE,
    "hamate": CAPITATE + [-10.969, -2.495, -0.75],
}
METACARPALS = {
    1: TRAPEZIUM + [7.2, -5.4, -2.5],
    2: CAPITATE + [14.685, -37.62, 5.032],
    3: CAPITATE + [0.477, -39.239, 7.377],
    4: CAPITATE + [-12.046, -40.519, 3.513],
    5: CAPITATE + [-21.896, -34.683, -4.218],
}
FINGERS = {
    1: [("thumbprox", [16.5, -29.2, -12.7]), ("thumbdist", [14.0, -25.9, -10.1])],
    2: [
        ("2proxph", [3.501, -28.243, 3.62]),
        ("2midph", [7.51, -41.273, 7.326]),
        ("2distph", [3.333, -24.888, 1.22]),
    ],
    3: [
        ("3proxph", [0.24, -26.29, 1.778]),
        ("3midph", [1.65, -44.211, 6.23]),
        ("3distph", [1.365, -29.047, 1.954]),
    ],
    4: [
        ("4proxph", [-1.83, -23.689, -0.173]),
        ("4midph", [-3.528, -40.255, 1.345]),
        ("4distph", [-2.317, -24.789, 0.563]),
    ],
    5: [
        ("5proxph", [-1.597, -21.431, -1.496]),
        ("5midph", [-5.279, -35.563, -2.879]),
        ("5distph", [-2.871, -20.677, -2.243]),
    ],
}
MARGIN = 8.0
"""Room around each bone, and the largest distance stored outside it, in millimetres."""
STEP = 0.2
"""Millimetres per stored unit of distance."""


def to_lps(points: np.ndarray) -> np.ndarray:
    """Source axes (forward, up, right) to (left, back, head)."""
    return np.stack([-points[..., 2], -points[..., 0], points[..., 1]], axis=-1)


class Source:
    """The meshes of the package, in millimetres and source axes."""

    def __init__(self) -> None:
        spec = find_spec("myo_sim")
        if spec is None or spec.origin is None:
            raise SystemExit("myo-sim is not installed in this environment; pip install myo-sim")
        self.folder = Path(spec.origin).parent / "models" / "meshes"

    def load(self, name: str, offset: np.ndarray | None = None) -> trimesh.Trimesh:
        mesh = trimesh.load(self.folder / f"{name}.stl")
        mesh.apply_scale(1000.0)
        if offset is not None:
            mesh.apply_translation(offset)
        return mesh

    def pieces(self, name: str, offset: np.ndarray, least_faces: int) -> list[trimesh.Trimesh]:
        parts = self.load(name, offset).split(only_watertight=False)
        return [part for part in parts if len(part.faces) >= least_faces]


def distance_grid(
    mesh: trimesh.Trimesh, spacing: float, closing: float = 0.0, smooth: float = 0.7, least: float = 0.1
) -> dict:
    """Signed distance of a mesh, whose holes are closed, on a grid in LPS millimetres.

    A mesh with an opening fills only once the opening is closed, so the closing grows until the solid,
    two voxels deep, is more than ``least`` of the convex outline.
    """
    hull = mesh.convex_hull.volume
    for reach in (closing, closing + 1.5, closing + 3.0, closing + 5.0, closing + 8.0):
        low, solid = filled(mesh, spacing / 2.0, reach)
        deep = ndimage.binary_erosion(solid, iterations=2).sum() * (spacing / 2.0) ** 3
        if deep > least * hull:
            break
    else:
        raise SystemExit(f"a mesh could not be filled: {deep:.0f} of {hull:.0f} mm3")
    fine = spacing / 2.0
    outside = ndimage.distance_transform_edt(~solid, sampling=fine)
    inside = ndimage.distance_transform_edt(solid, sampling=fine)
    # The marked voxels stand half a voxel outside the surface.
    distance = ndimage.gaussian_filter(outside - inside + 0.5 * fine, smooth * 2)
    distance = distance[::2, ::2, ::2]
    values = np.clip(np.round(distance / STEP), -127, round(MARGIN / STEP)).astype(np.int8)
    volume = float((distance < 0).sum() * spacing**3 / 1e3)
    return {"sdf": values, "origin": low, "spacing": spacing, "scale": STEP, "volume_ml": volume}


def filled(mesh: trimesh.Trimesh, fine: float, closing: float) -> tuple[np.ndarray, np.ndarray]:
    """Corner and voxels of the solid a surface encloses after closing gaps up to twice ``closing``."""
    corners = to_lps(np.array(mesh.bounds))
    low, high = corners.min(axis=0) - MARGIN - closing, corners.max(axis=0) + MARGIN + closing
    shape = (np.ceil((high - low) / (2 * fine)).astype(int) + 1) * 2
    count = int(mesh.area / fine**2 * 12) + 2000
    points = to_lps(np.concatenate([trimesh.sample.sample_surface(mesh, count, seed=1)[0], mesh.vertices]))
    index = np.round((points - low) / fine).astype(int)
    solid = np.zeros(shape, bool)
    solid[tuple(index.T)] = True
    if closing:
        solid = ndimage.distance_transform_edt(~solid, sampling=fine) <= closing
    solid = ndimage.binary_fill_holes(ndimage.binary_closing(solid, iterations=1))
    if closing:
        solid = ndimage.distance_transform_edt(solid, sampling=fine) > closing
    return low, solid


def limbs(source: Source) -> dict[str, dict]:
    """Long bones, patella, hand and foot of the right side."""
    out = {}
    for name, at in {
        "r_femur": HIP,
        "r_tibia": KNEE,
        "r_fibula": KNEE,
        "humerus": SHOULDER,
        "ulna": ELBOW,
        "radius": RADIUS,
    }.items():
        out[name.removeprefix("r_")] = distance_grid(source.load(name, at), 1.75)
    out["patella"] = distance_grid(source.load("r_patella", PATELLA), 1.0)
    out["talus"] = distance_grid(source.load("r_talus", ANKLE), 1.0)
    for name, at in CARPALS.items():
        out[name] = distance_grid(source.load(name, at), 0.75, least=0.03)
    for ray, at in METACARPALS.items():
        out[f"metacarpal_{ray}"] = distance_grid(source.load(f"{ray}mc", at), 0.75, least=0.03)
        place = at
        for number, (file, step) in enumerate(FINGERS[ray], start=1):
            place = place + np.array(step)
            kind = number if ray > 1 or number == 1 else 3
            out[f"finger_{ray}_{kind}"] = distance_grid(source.load(file, place), 0.75, least=0.03)
    out.update(foot(source))
    return out


def foot(source: Source) -> dict[str, dict]:
    """The lumps of the foot divided into single bones by connected pieces, told apart by their place."""
    pieces = source.pieces("r_foot", CALCANEUS, 50)
    long = sorted((p for p in pieces if len(p.faces) == 220), key=lambda p: p.centroid[2])
    rest = sorted((p for p in pieces if len(p.faces) != 220), key=lambda p: p.centroid[0])
    named = {f"metatarsal_{i}": p for i, p in enumerate(long, start=1)}
    named["calcaneus"] = rest[0]
    middle = rest[1:]
    cuboid = max(middle, key=lambda p: p.centroid[2])
    navicular = min((p for p in middle if p is not cuboid), key=lambda p: p.centroid[0])
    wedges = sorted(
        (p for p in middle if p is not cuboid and p is not navicular), key=lambda p: p.centroid[2]
    )
    named |= {"cuboid": cuboid, "navicular": navicular}
    named |= {f"cuneiform_{i}": p for i, p in enumerate(wedges, start=1)}
    toes = source.pieces("r_bofoot", TOES, 10)
    heads = [p.vertices[np.argmax(p.vertices[:, 0])] for p in long]
    left = list(toes)
    for ray in range(1, 6):
        place = heads[ray - 1]
        for kind in (1, 3) if ray == 1 else (1, 2, 3):
            nearest = min(left, key=lambda p: np.linalg.norm((p.centroid - place) * [1, 1, 2]))
            left.remove(nearest)
            named[f"toe_{ray}_{kind}"] = nearest
            place = nearest.vertices[np.argmax(nearest.vertices[:, 0])]
    return {
        name: distance_grid(mesh, 1.0 if "toe" not in name else 0.75, least=0.02)
        for name, mesh in named.items()
    }


def trunk(source: Source) -> tuple[dict[str, dict], dict[str, list]]:
    """Pelvis, sacrum, ribs, girdle, head; and the centres of the vertebrae."""
    out = {
        "hemipelvis": distance_grid(source.load("r_pelvis"), 1.5, smooth=1.0),
        "sacrum": distance_grid(source.load("sacrum"), 1.5, smooth=1.0),
        "skull": distance_grid(source.load("hat_skull", TORSO), 1.5, closing=9.0, smooth=1.0),
        "mandible": distance_grid(source.load("hat_jaw", TORSO), 1.25, closing=1.5, least=0.01),
    }
    pieces = source.pieces("hat_ribs_scap", TORSO, 90)
    ribs = [p for p in pieces if len(p.faces) < 200]
    right = sorted((p for p in ribs if p.centroid[2] > 0), key=lambda p: -back_end(p)[1])
    for number, piece in enumerate(right, start=1):
        out[f"rib_{number}"] = distance_grid(piece, 1.25, smooth=1.2, least=0.01)
    girdle = {len(p.faces): p for p in pieces if len(p.faces) >= 500 and p.centroid[2] > 0}
    left_scapula = next(p for p in pieces if 1500 < len(p.faces) < 1700)
    mirrored = left_scapula.copy()
    mirrored.vertices = mirrored.vertices * [1, 1, -1]
    out["scapula"] = distance_grid(girdle.get(1592, mirrored), 1.5, smooth=0.8, least=0.01)
    out["clavicle"] = distance_grid(girdle[524], 1.0, least=0.03)
    front = next(p for p in pieces if len(p.faces) == 1450)
    out["costal_cartilage"] = distance_grid(front, 1.5, least=0.01)
    out["cage"] = cage([*ribs, front])
    return out, vertebrae(source)


def back_end(mesh: trimesh.Trimesh) -> np.ndarray:
    """The vertex of a rib nearest to the spine."""
    return mesh.vertices[np.argmin(np.abs(mesh.vertices[:, 2]) + 0.3 * mesh.vertices[:, 0])]


def cage(pieces: list[trimesh.Trimesh]) -> dict:
    """The room inside the ribs: the convex outline of the ribs, level by level, filled."""
    points = to_lps(np.concatenate([trimesh.sample.sample_surface(p, 3000, seed=1)[0] for p in pieces]))
    spacing = 4.0
    low, high = points.min(axis=0) - 16, points.max(axis=0) + 16
    shape = np.ceil((high - low) / spacing).astype(int) + 1
    plane = np.stack(np.meshgrid(*(np.arange(n) for n in shape[:2]), indexing="ij"), -1).reshape(-1, 2)
    solid = np.zeros(shape, bool)
    for k in range(shape[2]):
        height = low[2] + k * spacing
        near = points[np.abs(points[:, 2] - height) < 14, :2]
        if len(near) < 60 or height < points[:, 2].min() or height > points[:, 2].max():
            continue
        hull = near[ConvexHull(near).vertices]
        inside = Delaunay(hull).find_simplex(low[:2] + plane * spacing) >= 0
        solid[:, :, k] = inside.reshape(shape[:2])
    distance = ndimage.distance_transform_edt(~solid) - ndimage.distance_transform_edt(solid)
    distance = ndimage.gaussian_filter(distance * spacing, 1.0)
    values = np.clip(np.round(distance * 2), -127, 32).astype(np.int8)
    volume = float(solid.sum() * spacing**3 / 1e3)
    return {"sdf": values, "origin": low, "spacing": spacing, "scale": 0.5, "volume_ml": volume}


def vertebrae(source: Source) -> dict[str, list]:
    """Centre of the front half of each vertebra (its body), adult frame, LPS millimetres."""
    centres: dict[str, list] = {}
    for file, letter, count, faces in (
        ("hat_cervical", "C", 7, 200),
        ("hat_thoracic", "T", 12, 200),
        ("hat_lumbar", "L", 5, 200),
    ):
        pieces = source.pieces(file, TORSO, faces)
        pieces.sort(key=lambda p: -body_height(p))
        print(letter, len(pieces), [len(p.faces) for p in pieces])
        for number, piece in enumerate(pieces[:count], start=1):
            front = piece.vertices[piece.vertices[:, 0] > np.quantile(piece.vertices[:, 0], 0.6)]
            low, high = front.min(axis=0), front.max(axis=0)
            place = to_lps((low + high) / 2)
            size = to_lps(high - low)
            centres[f"{letter}{number}"] = [*np.round(place, 2).tolist(), *np.abs(np.round(size, 2)).tolist()]
    return centres


def body_height(mesh: trimesh.Trimesh) -> float:
    """Height of the middle of the vertebral body."""
    front = mesh.vertices[mesh.vertices[:, 0] > np.quantile(mesh.vertices[:, 0], 0.6)]
    return float(front[:, 1].mean())


def main() -> None:
    target = Path(sys.argv[1])
    source = Source()
    grids = limbs(source)
    torso, centres = trunk(source)
    grids |= torso
    joints = {
        "hip": HIP,
        "knee": KNEE,
        "ankle": ANKLE,
        "shoulder": SHOULDER,
        "elbow": ELBOW,
        "lunate": LUNATE,
    }
    about = {
        "vertebrae": centres,
        "joints": {name: np.round(to_lps(place), 2).tolist() for name, place in joints.items()},
        "pieces": {
            name: {"origin": np.round(g["origin"], 3).tolist(), "spacing": g["spacing"], "scale": g["scale"]}
            for name, g in grids.items()
        },
    }
    arrays = {name: g["sdf"] for name, g in grids.items()}
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez_compressed(target, **arrays)
    for name, g in grids.items():
        print(f"{name:18s} {g['sdf'].shape!s:18s} {g['volume_ml']:8.1f} ml")
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB")
    print(json.dumps(centres))


if __name__ == "__main__":
    main()
