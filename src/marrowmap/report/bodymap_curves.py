"""Smooth outlines for the body map: points in, SVG path text out.

Coordinates are canvas units, x to the right and y down. Path text holds only absolute M, C, L and Z.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
Knot = Sequence[float]
"""(x, y), or (x, y, 1) where the outline turns a sharp corner."""


def knots(text: str) -> list[Knot]:
    """Knots written as "x,y x,y! x,y", where ! marks a sharp corner."""
    out: list[Knot] = []
    for word in text.split():
        x, y = word.removesuffix("!").split(",")
        out.append((float(x), float(y), 1) if word.endswith("!") else (float(x), float(y)))
    return out


SMOOTHING = 1 / 6
"""Catmull-Rom tangents expressed as Bezier handles."""


def _number(value: float) -> str:
    text = f"{value:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return "0" if text == "-0" else text


def _pair(point: npt.NDArray[np.float64]) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _handles(points: npt.NDArray[np.float64], closed: bool) -> npt.NDArray[np.float64]:
    """Tangent at every point; shortened where neighbours are close, so that curves never overshoot."""
    if closed:
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
    else:
        before, after = np.vstack([points[:1], points[:-1]]), np.vstack([points[1:], points[-1:]])
    tangent = (after - before) * SMOOTHING
    reach = np.minimum(
        np.linalg.norm(after - points, axis=1) if closed else _open_reach(points),
        np.linalg.norm(points - before, axis=1) if closed else _open_reach(points),
    )
    length = np.linalg.norm(tangent, axis=1)
    scale = np.minimum(1.0, np.divide(0.42 * reach, length, out=np.ones_like(length), where=length > 0))
    return tangent * scale[:, None]


def _open_reach(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.minimum(np.append(steps, steps[-1]), np.insert(steps, 0, steps[0]))


def _segments(points: npt.NDArray[np.float64], closed: bool) -> str:
    handles = _handles(points, closed)
    last = len(points) if closed else len(points) - 1
    parts = []
    for i in range(last):
        j = (i + 1) % len(points)
        parts.append(f"C{_pair(points[i] + handles[i])} {_pair(points[j] - handles[j])} {_pair(points[j])}")
    return "".join(parts)


def outline(knots: Iterable[Knot], closed: bool = True) -> str:
    """Smooth curve through ``knots``; knots with a third value of 1 stay sharp corners."""
    rows = [tuple(k) for k in knots]
    points = np.array([r[:2] for r in rows], dtype=np.float64)
    corners = [i for i, r in enumerate(rows) if len(r) > 2 and r[2]]
    if not corners:
        return f"M{_pair(points[0])}{_segments(points, closed)}{'Z' if closed else ''}"
    if closed:
        first = corners[0]
        points = np.vstack([np.roll(points, -first, axis=0), points[first]])
        breaks = [c - first for c in corners] + [len(points) - 1]
    else:
        breaks = sorted({0, *corners, len(points) - 1})
    text = f"M{_pair(points[0])}"
    for start, stop in pairwise(breaks):
        piece = points[start : stop + 1]
        text += f"L{_pair(piece[1])}" if len(piece) == 2 else _segments(piece, closed=False)
    return text + ("Z" if closed else "")


def smooth_profile(at: npt.ArrayLike, knots_x: Sequence[float], knots_y: Sequence[float]) -> np.ndarray:
    """Monotone cubic interpolation (Fritsch and Carlson), so that a bone never bulges between its knots."""
    x, y, t = (np.asarray(v, dtype=np.float64) for v in (knots_x, knots_y, at))
    h, slope = np.diff(x), np.diff(y) / np.diff(x)
    tangent = np.concatenate([[slope[0]], (slope[:-1] + slope[1:]) / 2, [slope[-1]]])
    tangent[1:-1][slope[:-1] * slope[1:] <= 0] = 0
    for i, s in enumerate(slope):
        if s == 0:
            tangent[i] = tangent[i + 1] = 0
            continue
        a, b = tangent[i] / s, tangent[i + 1] / s
        norm = np.hypot(a, b)
        if norm > 3:
            tangent[i], tangent[i + 1] = 3 * a / norm * s, 3 * b / norm * s
    k = np.clip(np.searchsorted(x, t) - 1, 0, len(x) - 2)
    u = (t - x[k]) / h[k]
    return (
        (2 * u**3 - 3 * u**2 + 1) * y[k]
        + (u**3 - 2 * u**2 + u) * h[k] * tangent[k]
        + (-2 * u**3 + 3 * u**2) * y[k + 1]
        + (u**3 - u**2) * h[k] * tangent[k + 1]
    )


def ellipse(cx: float, cy: float, rx: float, ry: float, tilt: float = 0.0, n: int = 8) -> list[Point]:
    """Points on an ellipse; tilt in degrees, clockwise on the canvas."""
    a = np.arange(n) * 2 * np.pi / n
    x, y = rx * np.cos(a), ry * np.sin(a)
    c, s = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
    return [(float(p), float(q)) for p, q in zip(cx + x * c - y * s, cy + x * s + y * c, strict=True)]


def ribbon(
    centre: Sequence[Point], half_widths: Sequence[float], n: int = 15, round_ends: bool = True
) -> list[Knot]:
    """Outline of a band along a smooth centre line; half widths are given at the centre points."""
    c = np.array(centre, dtype=np.float64)
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(c, axis=0), axis=1))])
    t = np.linspace(0, along[-1], n)
    line = np.stack([_spline(t, along, c[:, i]) for i in (0, 1)], axis=1)
    half = smooth_profile(t, along.tolist(), list(half_widths))
    direction = np.gradient(line, axis=0)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    one, two = line + normal * half[:, None], (line - normal * half[:, None])[::-1]
    if not round_ends:
        return [
            *((x, y, 1) if i in (0, n - 1) else (x, y) for i, (x, y) in enumerate(one)),
            *((x, y, 1) if i in (0, n - 1) else (x, y) for i, (x, y) in enumerate(two)),
        ]
    end, start = line[-1] + direction[-1] * half[-1] * 0.8, line[0] - direction[0] * half[0] * 0.8
    return [*map(tuple, one), tuple(end), *map(tuple, two), tuple(start)]


def _spline(t: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Cubic Hermite with centred slopes: passes the knots, smooth, no solver needed."""
    slope = np.gradient(y, x)
    k = np.clip(np.searchsorted(x, t) - 1, 0, len(x) - 2)
    h = x[k + 1] - x[k]
    u = (t - x[k]) / h
    return (
        (2 * u**3 - 3 * u**2 + 1) * y[k]
        + (u**3 - 2 * u**2 + u) * h * slope[k]
        + (-2 * u**3 + 3 * u**2) * y[k + 1]
        + (u**3 - u**2) * h * slope[k + 1]
    )


def wave(v0: float, v1: float, u: float, amplitude: float, bumps: float = 2.0, n: int = 9) -> list[Point]:
    """Growth-plate line from offset v0 to v1 at length u, as (u, v) pairs in a bone's own frame.

    The line always follows one function of v, so both sides of a plate fit each other.
    """
    v = np.linspace(v0, v1, n)
    width = max(abs(v0), abs(v1), 1e-6)
    return [(float(u + amplitude * np.cos(np.pi * bumps * q / width / 1.25)), float(q)) for q in v]


def placed(knots: Iterable[Knot], move: Callable[[float, float], Point]) -> list[Knot]:
    """The knots after ``move``; corner marks are kept."""
    return [(*move(k[0], k[1]), *k[2:]) for k in knots]


def frame(start: Point, end: Point) -> Callable[[float, float], Point]:
    """Bone frame: u runs from start to end in canvas units, v to the outer side (+x for a hanging bone)."""
    (x0, y0), (x1, y1) = start, end
    length = float(np.hypot(x1 - x0, y1 - y0))
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    return lambda u, v: (x0 + u * dx + v * dy, y0 + u * dy - v * dx)


def mirrored(knots: Iterable[Knot]) -> list[Knot]:
    """The knots on the other side of x = 0."""
    return [(-k[0], *k[1:]) for k in knots]
