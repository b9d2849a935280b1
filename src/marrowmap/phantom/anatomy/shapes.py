"""Signed distances (millimetres, negative inside) of simple shapes; coordinates may broadcast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
Coordinates = tuple[Field, Field, Field]
Triple = Sequence[float] | npt.NDArray[np.floating]


def shifted(p: Coordinates, centre: Triple) -> Coordinates:
    """Coordinates relative to ``centre``."""
    return p[0] - np.float32(centre[0]), p[1] - np.float32(centre[1]), p[2] - np.float32(centre[2])


def turned(p: Coordinates, centre: Triple, rotation: npt.NDArray[np.floating]) -> Coordinates:
    """Coordinates in a frame at ``centre`` whose axes are the columns of ``rotation``."""
    x, y, z = shifted(p, centre)
    r = rotation.astype(np.float32)
    return (
        r[0, 0] * x + r[1, 0] * y + r[2, 0] * z,
        r[0, 1] * x + r[1, 1] * y + r[2, 1] * z,
        r[0, 2] * x + r[1, 2] * y + r[2, 2] * z,
    )


def ellipsoid(p: Coordinates, centre: Triple, radii: Triple, power: float = 2.0) -> Field:
    """Approximate distance to an ellipsoid; ``power`` above 2 makes it boxier."""
    x, y, z = shifted(p, centre)
    if power == 2.0:
        rho = np.sqrt((x / radii[0]) ** 2 + (y / radii[1]) ** 2 + (z / radii[2]) ** 2)
    else:
        rho = (
            np.abs(x / radii[0]) ** power + np.abs(y / radii[1]) ** power + np.abs(z / radii[2]) ** power
        ) ** (1 / power)
    return ((rho - 1.0) * np.float32(min(radii))).astype(np.float32)


def capsule(p: Coordinates, a: Triple, b: Triple, ra: float, rb: float | None = None) -> Field:
    """Distance to a rod from ``a`` to ``b`` whose radius runs from ``ra`` to ``rb``."""
    rb = ra if rb is None else rb
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    d = b - a
    x, y, z = shifted(p, a)
    t = np.clip((x * d[0] + y * d[1] + z * d[2]) / max(float(d @ d), 1e-6), 0, 1)
    distance = np.sqrt((x - t * d[0]) ** 2 + (y - t * d[1]) ** 2 + (z - t * d[2]) ** 2)
    return (distance - (ra + t * np.float32(rb - ra))).astype(np.float32)


def chain(p: Coordinates, points: npt.NDArray[np.floating], radii: Sequence[float]) -> Field:
    """Distance to a bent rod through ``points`` with a radius at each."""
    out = capsule(p, points[0], points[1], radii[0], radii[1])
    for i in range(1, len(points) - 1):
        out = np.minimum(out, capsule(p, points[i], points[i + 1], radii[i], radii[i + 1]))
    return out


def smooth_min(a: Field, b: Field, k: float) -> Field:
    """Union of two shapes with a fillet of about ``k`` millimetres."""
    h = np.maximum(k - np.abs(a - b), 0) / k
    return np.minimum(a, b) - h * h * np.float32(k * 0.25)


def smooth_max(a: Field, b: Field, k: float) -> Field:
    """Intersection of two shapes with a rounded edge."""
    return -smooth_min(-a, -b, k)


def rotation(axis: str, degrees: float) -> npt.NDArray[np.float64]:
    """Rotation matrix about a coordinate axis."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    out = np.eye(3)
    out[i, i] = out[j, j] = c
    out[i, j], out[j, i] = -s, s
    return out


def turning(a: Triple, b: Triple) -> npt.NDArray[np.float64]:
    """Smallest rotation that takes direction ``a`` to direction ``b``."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    v, c = np.cross(a, b), float(a @ b)
    k = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.eye(3) + k + k @ k / (1.0 + c)
