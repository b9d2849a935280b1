"""The vertebral column of the body map: from the front, from the back, and from the side."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from marrowmap.core.site import VERTEBRAL_LEVELS
from marrowmap.report.bodymap_curves import Knot, Point, ellipse, knots, placed, smooth_profile
from marrowmap.report.bodymap_kit import Sheet, Tone, View, symmetric
from marrowmap.report.bodymap_trunk import thoracic_y


def level_y(level: str) -> tuple[float, float]:
    """Middle and height of a vertebra in the front and back views."""
    number = int(level[1:])
    if level[0] == "C":
        return 137.0 + 10.2 * (number - 1) + 0.25 * number, 7.4
    if level[0] == "T":
        return thoracic_y(number), 11.2 + 0.17 * number
    return 400.6 + 17.4 * (number - 1), 13.4


def _half_width(level: str) -> float:
    number = int(level[1:])
    return {"C": 8.6 + 0.35 * number, "T": 9.6 + 0.30 * number, "L": 13.6 + 0.75 * number}[level[0]]


def draw_spine(sheet: Sheet) -> None:
    """All levels and the sacrum, front or back."""
    back = sheet.view is View.BACK
    for level in VERTEBRAL_LEVELS:
        y, height = level_y(level)
        half = _half_width(level)
        sheet.middle(
            f"vertebra_{level.lower()}", symmetric(_outline(level, y, height, half)), z=20, tone=Tone.BLOCK
        )
        if back:
            _neural_arch(sheet, level, y, height, half)
        elif level[0] != "C":
            sheet.pair(None, ellipse(half * 0.56, y - height * 0.08, 1.7, 2.5), z=20.4, tone=Tone.SHADE)
            sheet.middle(None, ellipse(0, y + height * 0.22, 1.0, 2.6), z=20.4, tone=Tone.SHADE)
    _sacrum(sheet, back)


def _outline(level: str, y: float, height: float, half: float) -> list[Knot]:
    """Right half of a vertebra seen from the front: body with waist and transverse process."""
    h = height / 2
    if level == "C1":
        return [
            (0, y - 2.6),
            (8, y - 2.0),
            (15, y - 3.4),
            (22.6, y - 1.0),
            (24.6, y + 1.8),
            (19.6, y + 3.6),
            (10, y + 2.4),
            (0, y + 3.0),
        ]
    if level == "C2":
        return [
            (0, y - 8.4),
            (2.6, y - 7.0),
            (2.8, y - 2.8),
            (9, y - 3.0),
            (13.6, y - 1.2),
            (14.4, y + 2.2),
            (9.6, y + h),
            (0, y + h),
        ]
    reach = {"C": 5.4, "T": 7.4 - 0.35 * int(level[1:]), "L": 15.6 - abs(3 - int(level[1:])) * 1.2}[level[0]]
    up = -0.36 if level[0] != "C" else -0.30
    return [
        (0, y - h),
        (half, y - h, 1),
        (half - 1.4, y + h * up * 0.9),
        (half + reach * 0.6, y + h * (up - 0.12)),
        (half + reach, y + h * (up - 0.10)),
        (half + reach + 0.4, y + h * (up + 0.36)),
        (half + reach * 0.4, y + h * (up + 0.62)),
        (half - 1.5, y + h * 0.36),
        (half, y + h, 1),
        (0, y + h),
    ]


def _neural_arch(sheet: Sheet, level: str, y: float, height: float, half: float) -> None:
    if level == "C1":
        return
    kind = level[0]
    length = {"C": 5.4, "T": 9.6, "L": 7.4}[kind]
    width = {"C": 2.3, "T": 2.3, "L": 2.9}[kind]
    arch: list[Knot] = [
        (0, y - height * 0.34),
        (half * 0.46, y - height * 0.44),
        (half * 0.62, y - height * 0.10),
        (half * 0.54, y + height * 0.36),
        (half * 0.28, y + height * 0.30),
        (0, y + height * 0.2),
    ]
    process: list[Knot] = [
        (0, y - height * 0.26),
        (width, y - height * 0.05),
        (width * 0.9, y + length * 0.45),
        (width * 1.1, y + length * 0.85),
        (0, y + length),
    ]
    site_id = f"vertebra_{level.lower()}"
    sheet.middle(site_id, symmetric(arch), z=20.5, tone=Tone.FLAT)
    sheet.middle(site_id, symmetric(process), z=21.5 + 0.01 * (100 - y / 10), tone=Tone.TUBE)


def _sacrum(sheet: Sheet, back: bool) -> None:
    s1 = knots("0,486.4 11,485.4 20,487.4! 25.6,485 31.6,488.4 31.4,497 28.6,505! 14,504 0,504.6")
    s2 = knots("0,506.2 14,505.6 28.2,506.6! 26.4,517 21.6,529 14,540.6 7.4,546.6 0,547.6")
    coccyx = knots("0,549 3,549.2 2.2,552.4 0,554.4")
    z = 26 if back else 22
    sheet.middle("sacrum_s1", symmetric(s1), z=z, tone=Tone.FLAT)
    sheet.middle("sacrum_s2_s5", symmetric(s2), symmetric(coccyx), z=z, tone=Tone.FLAT)
    for y, x in ((500.6, 14.4), (513, 13.0), (524.4, 11.0), (534.6, 8.6)):
        sheet.pair(None, ellipse(x, y, 2.1, 1.8), z=z + 0.4, tone=Tone.SHADE)
    for y, x in ((517.4, 12), (528.4, 10), (538, 7)):
        sheet.middle(None, [(-x, y), (0, y + 0.8), (x, y)], z=z + 0.3, tone=Tone.LINE, open_=True)
    if back:
        crest = knots("0,488 2,492 1.8,520 1.2,534 0,537")
        sheet.middle(None, symmetric(crest), z=z + 0.5, tone=Tone.SHADE)


# ---------------------------------------------------------------- side view

_SIDE_Y = (110.0, 132, 226, 312, 410, 526, 632, 714, 798, 880, 925)
_SIDE_X = (128.0, 126, 120, 138, 162, 172, 160, 142, 126, 128, 138)
"""Middle of the vertebral bodies from C2 to S1: neck and loin bend forward (left), chest backward."""


def side_levels() -> dict[str, tuple[Point, float, float, float]]:
    """Level -> centre of the body, half depth, height, tilt in degrees, in the side view."""
    weights = [_side_height(level) for level in VERTEBRAL_LEVELS[1:]]
    gaps = [_side_gap(level) for level in VERTEBRAL_LEVELS[1:]]
    total = sum(weights) + sum(gaps)
    top, bottom, out, y = 128.0, 922.0, {}, 0.0
    scale = (bottom - top) / total
    for level, height, gap in zip(VERTEBRAL_LEVELS[1:], weights, gaps, strict=True):
        centre = top + (y + height / 2) * scale
        y += height + gap
        x = float(smooth_profile([centre], _SIDE_Y, _SIDE_X)[0])
        ahead = float(smooth_profile([centre + 6], _SIDE_Y, _SIDE_X)[0])
        behind = float(smooth_profile([centre - 6], _SIDE_Y, _SIDE_X)[0])
        tilt = float(np.rad2deg(np.arctan2(-(ahead - behind), 12.0)))
        out[level] = ((x, centre), _side_depth(level), height * scale, tilt)
    return out


def _side_height(level: str) -> float:
    number = int(level[1:])
    return {"C": 13.0 if number > 2 else 15.0, "T": 17.0 + 0.75 * number, "L": 27.0 + 0.4 * number}[level[0]]


def _side_gap(level: str) -> float:
    return {"C": 3.6, "T": 3.4, "L": 7.0}[level[0]]


def _side_depth(level: str) -> float:
    number = int(level[1:])
    return {"C": 11.0 + 0.2 * number, "T": 12.6 + 0.62 * number, "L": 20.6 + 0.4 * number}[level[0]]


def _turn(centre: Point, tilt: float, knots: list[Knot]) -> list[Knot]:
    c, s = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
    return placed(knots, lambda x, y: (centre[0] + x * c - y * s - 150, centre[1] + x * s + y * c))


def draw_side(sheet: Sheet) -> None:
    """Column from the side; the front of the body is on the left of the picture."""
    levels = side_levels()
    for level, (centre, depth, height, tilt) in levels.items():
        h = height / 2
        posterior = _side_arch(level, depth, h)
        sheet.middle(
            f"vertebra_{level.lower()}",
            _turn(centre, tilt, posterior),
            z=18 + 0.01 * centre[1] / 10,
            tone=Tone.FLAT,
        )
        body: list[Knot] = [
            (-depth, -h, 1),
            (0, -h + height * 0.035),
            (depth, -h, 1),
            (depth - 1.4, 0),
            (depth, h, 1),
            (0, h - height * 0.035),
            (-depth, h, 1),
            (-depth + 1.9, 0),
        ]
        if level == "C2":
            body = [
                (-depth, h, 1),
                (-depth + 1.6, -h * 0.1),
                (-depth + 3.0, -h),
                (-depth + 3.0, -h - 13),
                (-depth + 7.6, -h - 17),
                (-depth + 12, -h - 13),
                (-depth + 13, -h),
                (depth, -h * 0.4),
                (depth, h, 1),
                (0, h - 1),
            ]
        sheet.middle(f"vertebra_{level.lower()}", _turn(centre, tilt, body), z=20, tone=Tone.BLOCK)
    _side_discs(sheet, levels)
    _side_atlas(sheet, levels)
    _side_sacrum(sheet)


def _side_arch(level: str, depth: float, h: float) -> list[Knot]:
    """Pedicle, joint processes and spinous process as one outline."""
    kind, number = level[0], int(level[1:])
    if kind == "C":
        reach = 19 + (9 if number in (2, 7) else 1.4 * max(0, number - 3))
        return [
            (depth - 2, -h * 0.7, 1),
            (depth + 5, -h * 1.0),
            (depth + 10, -h * 0.55),
            (depth + 15, h * 0.0),
            (depth + reach, h * 0.55),
            (depth + reach + 1.5, h * 1.3),
            (depth + reach - 4, h * 1.45),
            (depth + 13, h * 1.0),
            (depth + 8, h * 1.5),
            (depth + 3.4, h * 0.9),
            (depth - 2, h * 0.3, 1),
        ]
    if kind == "T":
        drop = (1.5, 1.7, 1.9, 2.2, 2.4, 2.5, 2.5, 2.4, 2.1, 1.7, 1.3, 1.0)[number - 1]
        reach = (32, 32, 31, 29, 28, 27, 27, 27, 27, 27, 27, 27)[number - 1]
        return [
            (depth - 2, -h * 0.75, 1),
            (depth + 4, -h * 0.85),
            (depth + 7.4, -h * 1.35),
            (depth + 10.6, -h * 1.1),
            (depth + 11.4, -h * 0.2),
            (depth + reach * 0.62, h * drop * 0.36),
            (depth + reach, h * drop * 0.86),
            (depth + reach + 1, h * drop * 1.05),
            (depth + reach - 4, h * drop * 1.06),
            (depth + 13, h * 0.95),
            (depth + 10.2, h * 1.2),
            (depth + 7.0, h * 0.9),
            (depth + 3.6, -h * 0.02),
            (depth - 2, h * 0.0, 1),
        ]
    return [
        (depth - 2, -h * 0.72, 1),
        (depth + 4, -h * 0.7),
        (depth + 7.4, -h * 1.3),
        (depth + 11.6, -h * 1.2),
        (depth + 13, -h * 0.3),
        (depth + 24, -h * 0.32),
        (depth + 34, -h * 0.1),
        (depth + 36, h * 0.62),
        (depth + 31, h * 0.98),
        (depth + 21, h * 0.74),
        (depth + 15.4, h * 0.84),
        (depth + 13.4, h * 1.42),
        (depth + 9.6, h * 1.3),
        (depth + 7.2, h * 0.4),
        (depth + 3.4, h * 0.05),
        (depth - 2, h * 0.08, 1),
    ]


def _side_discs(sheet: Sheet, levels: dict[str, tuple[Point, float, float, float]]) -> None:
    discs: list[list[Knot]] = []
    names = list(levels)
    for upper, lower in pairwise(names):
        (c0, d0, h0, t0), (c1, d1, h1, t1) = levels[upper], levels[lower]
        a, b = _turn(c0, t0, [(-d0 + 1, h0 / 2 + 0.7), (d0 - 1, h0 / 2 + 0.7)])
        c, d = _turn(c1, t1, [(d1 - 1, -h1 / 2 - 0.7), (-d1 + 1, -h1 / 2 - 0.7)])
        discs.append([(*a, 1), (*b, 1), (*c, 1), (*d, 1)])
    (c0, d0, h0, t0) = levels["L5"]
    a, b = _turn(c0, t0, [(-d0 + 1, h0 / 2 + 0.7), (d0 - 1, h0 / 2 + 0.7)])
    discs.append([(*a, 1), (*b, 1), (160.5 - 150, 926.5, 1), (119.5 - 150, 937.5, 1)])
    sheet.middle(None, *discs, z=17, tone=Tone.CARTILAGE)


def _side_atlas(sheet: Sheet, levels: dict[str, tuple[Point, float, float, float]]) -> None:
    (x, y), depth, height, _ = levels["C2"]
    top = y - height / 2
    front = ellipse(x - depth - 1.4 - 150, top - 9.6, 2.8, 5.0, 4)
    arch: list[Knot] = [
        (x - 150 + 3.4, top - 14),
        (x - 150 + 12, top - 15.6),
        (x - 150 + 22, top - 11),
        (x - 150 + 33, top - 8.6),
        (x - 150 + 36, top - 4.6),
        (x - 150 + 31, top - 3.4),
        (x - 150 + 20, top - 6.4),
        (x - 150 + 11, top - 5.0),
        (x - 150 + 4, top - 6),
    ]
    sheet.middle("vertebra_c1", front, arch, z=20, tone=Tone.ROUND)


def _side_sacrum(sheet: Sheet) -> None:
    s1 = knots("-31,939! 11,927.6! 17,936 30,936 33,944 27,955 21,960.4! -15,973.6! -24,956")
    rest = knots(
        """-14,975.6! 22,962.2! 36,964 42,978 47,1002 45,1022 38,1036 28,1043! 20,1030 13,1014 2,996"""
    )
    coccyx = knots("28.5,1045.4 37,1039.6 36,1050 28,1059 19,1064 20,1057")
    sheet.middle("sacrum_s1", s1, z=20, tone=Tone.BLOCK)
    sheet.middle("sacrum_s2_s5", rest, coccyx, z=20, tone=Tone.BLOCK)
    for a, b in (((4, 996), (42, 979)), ((14, 1014.4), (46, 1003)), ((22, 1031), (44.6, 1022))):
        sheet.middle(
            None,
            [(*a,), ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 + 1), (*b,)],
            z=20.5,
            tone=Tone.LINE,
            open_=True,
        )
