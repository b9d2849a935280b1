"""Hands and feet of the body map, bone by bone."""

from __future__ import annotations

from collections.abc import Sequence

from marrowmap.report.bodymap_curves import Knot, Point, ellipse, frame, knots, placed
from marrowmap.report.bodymap_kit import Sheet, Tone, View

Ray = tuple[Point, Point]


def short_bone(start: Point, end: Point, base: float, waist: float, head: float) -> list[Knot]:
    """A metacarpal, metatarsal or phalanx: wider at both ends, waisted between."""
    length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
    k: list[Knot] = [
        (0, base * 0.55),
        (length * 0.06, base),
        (length * 0.22, (base + waist) / 2),
        (length * 0.5, waist),
        (length * 0.78, (head + waist) / 2),
        (length * 0.93, head),
        (length, head * 0.5),
    ]
    back: list[Knot] = [(u, -v) for u, v in reversed(k)]
    return placed([*k, *back], frame(start, end))


def _chain(start: Point, toward: Point, lengths: Sequence[float], gap: float) -> list[Ray]:
    """Bones in a row from ``start`` in the direction of ``toward``."""
    dx, dy = toward[0] - start[0], toward[1] - start[1]
    norm = (dx * dx + dy * dy) ** 0.5
    dx, dy = dx / norm, dy / norm
    at, rays = 0.0, []
    for length in lengths:
        a = (start[0] + dx * at, start[1] + dy * at)
        at += length
        rays.append((a, (start[0] + dx * at, start[1] + dy * at)))
        at += gap
    return rays


_CARPALS: tuple[tuple[float, float, float, float, float], ...] = (
    # u, v, half length, half width, tilt in the hand's frame
    (4.6, 6.0, 3.2, 4.0, 20),
    (4.8, -0.6, 3.2, 3.0, 0),
    (5.6, -6.6, 2.8, 2.7, 0),
    (10.8, 10.6, 2.5, 2.6, 0),
    (11.8, 5.6, 2.6, 2.0, 0),
    (11.8, 0.9, 3.3, 2.4, 0),
    (12.0, -4.7, 2.9, 2.8, 20),
)

# base (u, v), head (u, v) of each metacarpal; phalanges aim on from the head
_METACARPALS: tuple[tuple[Point, Point], ...] = (
    ((13.6, 11.4), (25.6, 21.0)),
    ((16.6, 6.2), (39.0, 10.2)),
    ((16.8, 1.6), (39.4, 3.0)),
    ((16.6, -2.8), (37.8, -4.0)),
    ((16.2, -6.8), (35.4, -10.2)),
)
_PHALANGES: tuple[tuple[float, ...], ...] = (
    (11.4, 8.6),
    (14.6, 9.0, 6.6),
    (16.0, 10.2, 7.0),
    (15.0, 9.6, 6.8),
    (11.6, 7.0, 6.0),
)
_FINGER_AIM: tuple[Point, ...] = ((42, 33), (80, 17.0), (80, 4.6), (80, -8.0), (80, -19.5))


def draw_hands(sheet: Sheet) -> None:
    """Palms face forward, so thumbs point away from the body."""
    move = frame((172.8, 516.0), (194.0, 600.0))
    carpals = [placed(ellipse(u, v, ru, rv, tilt, 8), move) for u, v, ru, rv, tilt in _CARPALS]
    sheet.pair("carpus_left", *carpals, z=32, tone=Tone.ROUND)
    fingers: list[list[Knot]] = []
    for i, (base, head) in enumerate(_METACARPALS):
        width = 2.7 if i else 2.9
        sheet.pair(
            f"metacarpal_{i + 1}_left",
            placed(short_bone(base, head, width, 1.55, width * 0.96), move),
            z=31,
        )
        gap = 1.3
        dx, dy = _FINGER_AIM[i][0] - head[0], _FINGER_AIM[i][1] - head[1]
        norm = (dx * dx + dy * dy) ** 0.5
        start = (head[0] + dx / norm * gap, head[1] + dy / norm * gap)
        for j, (a, b) in enumerate(_chain(start, _FINGER_AIM[i], _PHALANGES[i], gap)):
            w = (2.45, 2.0, 1.75)[j]
            fingers.append(placed(short_bone(a, b, w, w * 0.62, w * 0.86), move))
    sheet.pair("fingers_left", *fingers, z=31, tone=Tone.FLAT)


_METATARSALS: tuple[Ray, ...] = (
    ((42.0, 1003.5), (36.0, 1028.0)),
    ((48.6, 1001.5), (45.0, 1028.5)),
    ((54.6, 1002.0), (53.0, 1027.5)),
    ((60.6, 1003.0), (60.8, 1025.5)),
    ((66.4, 1003.5), (68.6, 1022.5)),
)
_TOES: tuple[tuple[float, ...], ...] = (
    (11.0, 9.4),
    (8.2, 4.2, 4.4),
    (7.8, 4.0, 4.2),
    (7.2, 3.6, 4.0),
    (6.4, 3.2, 3.8),
)
_TOE_AIM: tuple[Point, ...] = ((33.6, 1060), (43.0, 1060), (53.0, 1060), (63.0, 1060), (74.0, 1056))
_TARSALS: tuple[tuple[float, float, float, float, float], ...] = (
    (46.6, 989.6, 8.0, 3.7, 6),
    (40.8, 998.4, 3.4, 4.5, 8),
    (47.6, 997.4, 2.9, 3.8, 4),
    (53.4, 997.6, 2.8, 4.0, 0),
    (62.0, 996.0, 5.4, 6.4, 18),
)


def draw_feet(sheet: Sheet) -> None:
    """Front: seen on the instep, toes down. Back: seen on the sole, heel towards the reader."""
    sole = sheet.view is View.BACK
    talus = knots(
        """40.8,966.6 50.6,964.6 60,966.6 62.2,972.6 57.4,978.4 55.4,985 48,987 40.6,984.2 40.2,977
           38.6,972"""
    )
    if sole:
        heel = knots(
            """43.4,976.4 52,972.6 62.4,973.6 67.4,981 68.2,991.4 63.8,999.4 54,1001.4 45.4,998.4 42.4,988"""
        )
        sheet.pair("talus_left", talus, z=24, tone=Tone.ROUND)
        sheet.pair("calcaneus_left", heel, z=36, tone=Tone.ROUND)
        sheet.pair(None, [(47, 993.6), (55, 996.4), (63.6, 993.6)], z=36.5, tone=Tone.LINE, open_=True)
    else:
        heel = knots("60.6,974.6 66.6,975.2 70.6,981 70.2,988 65.4,991 59.4,989.4 57.8,982")
        sheet.pair("calcaneus_left", heel, z=23, tone=Tone.ROUND)
        sheet.pair("talus_left", talus, z=25, tone=Tone.ROUND)
    drop = 8.0 if sole else 0.0

    def down(x: float, y: float) -> Point:
        return x, y + drop

    tarsals = [placed(ellipse(x, y, rx, ry, tilt, 8), down) for x, y, rx, ry, tilt in _TARSALS]
    sheet.pair("tarsals_left", *tarsals, z=24, tone=Tone.ROUND)
    toes: list[list[Knot]] = []
    for i, (base, head) in enumerate(_METATARSALS):
        width = (3.6, 2.6, 2.5, 2.4, 2.5)[i]
        sheet.pair(
            f"metatarsal_{i + 1}_left",
            placed(short_bone(base, head, width, width * 0.55, width * 0.98), down),
            z=25,
        )
        aim = _TOE_AIM[i]
        dx, dy = aim[0] - head[0], aim[1] - head[1]
        norm = (dx * dx + dy * dy) ** 0.5
        start = (head[0] + dx / norm * 1.2, head[1] + dy / norm * 1.2)
        for j, (a, b) in enumerate(_chain(start, aim, _TOES[i], 1.1)):
            w = (3.0, 2.7, 2.2)[j] if i == 0 else (2.0, 1.8, 1.6)[j]
            toes.append(placed(short_bone(a, b, w, w * 0.68, w * 0.9), down))
    sheet.pair("toes_left", *toes, z=25, tone=Tone.FLAT)
