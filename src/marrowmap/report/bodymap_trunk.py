"""Head, chest, shoulder girdle and pelvis of the body map, and the outline of the skin."""

from __future__ import annotations

from marrowmap.report.bodymap_curves import Knot, Point, ellipse, knots, mirrored, ribbon
from marrowmap.report.bodymap_kit import Sheet, Tone, View, symmetric

SKIN = knots(
    """0,8 28,11 53,27 67,54 69,84 66,100 70.5,104 71,116 65.5,128 61,131 56.5,150 46,170 36.5,179 34.5,189
       40,199 64,206 100,209 124,217 138.6,238 143,268 149,310 157,352 167,390 180,438 190,482 196,508
       204,524 217,546 220.5,560 213,558 208,553 213,580 211.6,602 203,611 191,609.6 179.4,598 170,572
       163.6,545 160,515 150,476 137,436 127.6,402 121.6,362 115,318 109.4,276 106.6,266 103.6,276
       100.5,318 95.6,356 90,392 87.6,420 92,450 102.6,486 111,530 114.6,566 114,608 107,660 98,706
       87.4,742 83.4,770 86,806 89.2,838 85.6,882 77.6,926 74.4,956 77.6,980 83,1010 85,1032 81,1046
       69,1053 50,1058.6 34,1059 26.6,1050 27.4,1030 32,1004 34,982 33.6,956 30.4,924 25.6,880 24.6,838
       29.4,800 29.6,772 25.4,738 19.6,700 11,650 4.4,612 0,604"""
)


def draw_skin(sheet: Sheet) -> None:
    """Silhouette behind everything."""
    sheet.middle(None, symmetric(SKIN), z=0, tone=Tone.BODY)


def draw_head(sheet: Sheet) -> None:
    """Skull and mandible."""
    if sheet.view is View.BACK:
        _head_back(sheet)
    else:
        _head_front(sheet)


_CRANIUM = knots("0,20 24,22.4 45,36 57.6,58 59.4,80 55.6,98 51.6,108")


def _head_front(sheet: Sheet) -> None:
    face: list[Knot] = [
        *_CRANIUM,
        (50.6, 115.5),
        (46.6, 122.6),
        (39.6, 126.8),
        (34.4, 131.2),
        (30.6, 138),
        (28.6, 144.2),
        (26.4, 148.0, 1),
        (16, 150.2),
        (0, 151.0),
    ]
    sheet.middle("skull", symmetric(face), z=40, tone=Tone.ROUND)
    orbit = knots("9,99.6 16,92.6 27,91.6 36.6,96 38.8,104.6 34.4,113.6 24,117.2 13.4,113.4")
    sheet.pair(None, orbit, z=41, tone=Tone.HOLE)
    nose = knots("0,115.2 3.4,118.6 7.4,127.4 7.6,132.2 4.2,134.4 1,131.8 0,132.6")
    sheet.middle(None, symmetric(nose), z=41, tone=Tone.HOLE)
    lines: list[list[Knot]] = [
        knots("6.6,88.6 17,85 31,86 41,92.6"),
        knots("45.6,100 51.4,84 50,64 42,50"),
        knots("41.6,107 45.6,112.6 44.6,119.4 37,124.6"),
        [(27.4, 124.0), (21.4, 131.0), (22.4, 138.6)],
    ]
    for line in lines:
        sheet.pair(None, line, z=41, tone=Tone.LINE, open_=True)
    sheet.middle(None, knots("0,34 0.8,52 -0.6,70 0,84"), z=41, tone=Tone.LINE, open_=True)
    sheet.middle(None, [(-4.6, 97), (0, 94.4), (4.6, 97)], z=41, tone=Tone.LINE, open_=True)
    jaw = knots(
        """0.5,173.8! 10,173.4 19,170.6 30,164.4 39.6,155.6 44.4,145 47,132 49.4,122.6 46.6,119.2 43,123.4
           41,129.4 37.4,127.6 33.6,132.6 33.2,141 31,148.6 26.6,154.6 20,157.8 10,159.4 0.5,159.8!"""
    )
    sheet.pair("mandible_left", jaw, z=39, tone=Tone.TUBE)
    mouth = knots("0,148 14,148 25,146.6 24,152 18,158 8,162 0,162.6")
    sheet.middle(None, symmetric(mouth), z=38.5, tone=Tone.HOLE)
    _teeth(sheet)
    sheet.pair(None, [(8, 168.6), (11.0, 166.8), (13.4, 168.0)], z=42, tone=Tone.LINE, open_=True)
    sheet.pair(None, ellipse(20.6, 163.4, 1.2, 0.9), z=42, tone=Tone.SHADE)


def _teeth(sheet: Sheet) -> None:
    upper = (
        (2.6, 4.8, 6.0),
        (7.4, 4.2, 5.2),
        (11.6, 3.8, 5.4),
        (15.8, 4.2, 4.6),
        (20.2, 4.4, 4.2),
        (24.2, 3.4, 3.6),
    )
    lower = (
        (2.0, 3.6, 4.8),
        (5.8, 3.6, 4.8),
        (9.6, 3.6, 5.0),
        (13.8, 4.4, 4.4),
        (18.6, 4.8, 4.2),
        (23.2, 4.0, 3.6),
    )
    for row, edge, sign in ((upper, 149.4, 1), (lower, 160.4, -1)):
        for x, width, height in row:
            drift = -0.011 * x * x * (0.5 if sign > 0 else 0.55)
            top, w = edge + drift - 0.4 * sign, width / 2 - 0.25
            tooth: list[Knot] = [
                (x - w, top),
                (x + w, top),
                (x + w, top + sign * height * 0.75),
                (x + w * 0.5, top + sign * height),
                (x - w * 0.5, top + sign * height),
                (x - w, top + sign * height * 0.75),
            ]
            sheet.pair(None, tooth, z=40.5 if sign > 0 else 40.4, tone=Tone.TOOTH)


def _head_back(sheet: Sheet) -> None:
    jaw = knots(
        """0.5,172.6! 12,171.6 26,165.6 38.6,155 43.6,143 47,124 41,122 36,138 28,150 14,158 0.5,160!"""
    )
    sheet.pair("mandible_left", jaw, z=14, tone=Tone.FAR)
    back: list[Knot] = [
        *_CRANIUM,
        (50.6, 116),
        (48.0, 126.6),
        (44.0, 134.6),
        (40.0, 131.6),
        (36.6, 126.0),
        (28, 129.4),
        (16, 132.6),
        (0, 133.6),
    ]
    sheet.middle("skull", symmetric(back), z=40, tone=Tone.ROUND)
    sheet.middle(None, knots("0,21 -0.8,40 0.7,56 0,66.4"), z=41, tone=Tone.LINE, open_=True)
    for side in (1, -1):
        lambdoid: list[Knot] = [
            (0, 66.4),
            (9 * side, 72.6),
            (19 * side, 78),
            (29 * side, 87.6),
            (38 * side, 95),
            (46 * side, 106),
        ]
        sheet.middle(None, lambdoid, z=41, tone=Tone.LINE, open_=True)
    sheet.pair(None, knots("2,112.6 14,108.4 28,110.6 39,117.6"), z=41, tone=Tone.LINE, open_=True)
    sheet.middle(None, knots("0,105 1.8,110.6 0,114.4 -1.8,110.6"), z=41, tone=Tone.SHADE)


RIB_HALF_WIDTH = (29.0, 47.0, 59.0, 67.0, 73.0, 77.6, 80.6, 82.0, 82.0, 80.0, 74.0, 50.0)
"""Widest reach of ribs 1 to 12 from the midline."""
_LATERAL_DROP = (8.0, 13.0, 18.0, 22.0, 26.0, 29.0, 32.0, 35.0, 38.0, 40.0, 34.0, 22.0)
_FRONT_END: tuple[Point, ...] = (
    (21, 232),
    (27, 252),
    (30.5, 269),
    (33, 286),
    (36, 304),
    (40, 323),
    (47, 343),
    (55, 361),
    (62, 378),
    (67.6, 393),
)
STERNUM_NOTCH: tuple[Point, ...] = (
    (12.4, 229),
    (9.0, 250.5),
    (8.4, 262.5),
    (8.6, 274),
    (9.0, 285.5),
    (9.0, 296),
    (7.6, 304),
    (0, 0),
    (0, 0),
    (0, 0),
)


def thoracic_y(level: int) -> float:
    """Height of the middle of thoracic vertebra 1 to 12."""
    return 211.5 + 14.6 * (level - 1) + 0.1 * (level - 1) ** 2


def _rib_back(i: int) -> list[Knot]:
    y, x, drop = thoracic_y(i + 1) - 2.0, RIB_HALF_WIDTH[i], _LATERAL_DROP[i]
    if i >= 10:
        return ribbon(
            [(9.6, y), (x * 0.5, y + drop * 0.28), (x * 0.82, y + drop * 0.72), (x, y + drop * 1.2)],
            [2.5, 2.8, 2.5, 1.3],
        )
    return ribbon(
        [
            (9.6, y),
            (x * 0.38, y - 1.5),
            (x * 0.70, y + drop * 0.20),
            (x * 0.92, y + drop * 0.56),
            (x, y + drop),
        ],
        [2.3, 2.7, 2.9, 2.9, 2.7],
    )


def _rib_front(i: int) -> list[Knot]:
    y, x, drop = thoracic_y(i + 1) - 2.0, RIB_HALF_WIDTH[i], _LATERAL_DROP[i]
    ex, ey = _FRONT_END[i]
    sag = (ey - y - drop) * 0.5
    if i == 0:
        return ribbon(
            [(x * 0.93, y + 2), (x, y + drop), (x * 0.96, y + drop + 5), (ex, ey)], [2.2, 3.0, 3.4, 3.6]
        )
    return ribbon(
        [
            (x * 0.985, y + drop * 0.80),
            (x, y + drop),
            (x * 0.985, y + drop + sag * 0.62),
            (ex + (x - ex) * 0.62, y + drop + sag * 1.42),
            (ex, ey),
        ],
        [1.9, 2.6, 3.1, 3.3, 3.4],
    )


def draw_chest(sheet: Sheet) -> None:
    """Ribs, costal cartilage, sternum, clavicles and scapulae."""
    back = sheet.view is View.BACK
    backs, fronts = [_rib_back(i) for i in range(12)], [_rib_front(i) for i in range(10)]
    sheet.pair("ribs_left", *backs, z=21 if back else 10, tone=Tone.TUBE if back else Tone.FAR)
    sheet.pair("ribs_left", *fronts, z=10 if back else 28, tone=Tone.FAR if back else Tone.TUBE)
    _cartilage(sheet, z=9 if back else 27)
    _sternum(sheet, back)
    _clavicle(sheet, back)
    _scapula(sheet, back)


def _cartilage(sheet: Sheet, z: float) -> None:
    bands: list[list[Knot]] = []
    for i in range(7):
        (x, y), (sx, sy) = _FRONT_END[i], STERNUM_NOTCH[i]
        middle = ((x + sx) / 2, (y + sy) / 2 + (0.6 if i < 4 else 0.30 * (y - sy)))
        bands.append(ribbon([(x, y), middle, (sx - 2, sy)], [3.2, 2.8, 2.6], n=9))
    for i in (7, 8, 9):
        (x, y), (px, py) = _FRONT_END[i], _FRONT_END[i - 1]
        target = (px - 9.5, py + 1.6)
        bands.append(
            ribbon(
                [(x, y), ((x + target[0]) / 2 - 3.6, (y + target[1]) / 2 + 3.4), target], [3.1, 2.5, 1.8], n=9
            )
        )
    sheet.pair(None, *bands, z=z, tone=Tone.CARTILAGE)


def _sternum(sheet: Sheet, back: bool) -> None:
    z, tone = (11, Tone.FAR) if back else (30, Tone.FLAT)
    manubrium = knots("0,219.6 6.4,217.6 13.6,220.4! 14.6,227.4 12,234 9.6,247.6! 0,248.4")
    body = knots(
        """0,250.4 8.6,249.6! 7.6,257 8.2,262.6 7.4,268 8.6,274 7.8,280 9,285.6 8,291 8.8,296.6 6.6,304.6
           0,306.2"""
    )
    xiphoid = knots("0,308 3,308.4 2.6,315 0,322.4")
    sheet.middle("sternum_manubrium", symmetric(manubrium), z=z, tone=tone)
    sheet.middle("sternum_body", symmetric(body), symmetric(xiphoid), z=z, tone=tone)
    if not back:
        for y in (268, 280, 291):
            sheet.middle(None, [(-5, y), (0, y + 0.6), (5, y)], z=31, tone=Tone.LINE, open_=True)


def _clavicle(sheet: Sheet, back: bool) -> None:
    line = knots("9.5,219 24,219.4 44,213.4 62,207.6 80,206.2 96,208.6 110,208.6")
    half = [6.4, 5.2, 4.2, 3.8, 3.9, 4.6, 4.2]
    full = ribbon(line, half, n=25)
    upper, lower = full[:25], full[26:51][::-1]
    cut = 12
    medial: list[Knot] = [
        *upper[:cut],
        (*upper[cut][:2], 1),
        (*lower[cut][:2], 1),
        *lower[:cut][::-1],
        full[-1],
    ]
    lateral: list[Knot] = [
        (*upper[cut][:2], 1),
        *upper[cut + 1 :],
        full[25],
        *lower[cut + 1 :][::-1],
        (*lower[cut][:2], 1),
    ]
    shifted = [(k[0] + 0.7, *k[1:]) for k in lateral]
    z = 18 if back else 35
    sheet.pair("clavicle_medial_left", medial, z=z, tone=Tone.FAR if back else Tone.TUBE)
    sheet.pair("clavicle_lateral_left", shifted, z=z, tone=Tone.TUBE)


def _scapula(sheet: Sheet, back: bool) -> None:
    blade = knots(
        """58,218.6 66.6,215.4 80,219 92,222 99,222.6 103.4,228 104.6,238 101.4,247 94.4,257 87.6,274
           81.6,292 76.4,304.6 71.4,306.4 66.6,299 61.6,276 58.4,252 56.4,234"""
    )
    if back:
        spine = knots(
            """57.6,238.4 70,232.4 86,224.6 100,216.6 112,208.6 119.6,207.4 124.4,213.4 122.6,221.4
               115.6,221 104,224.6 88,232.4 72,238.8 60,242.6"""
        )
        sheet.pair("scapula_left", blade, z=36, tone=Tone.FLAT)
        sheet.pair("scapula_left", spine, z=37, tone=Tone.TUBE)
        sheet.pair(None, [(63, 250), (68, 274), (74.4, 297)], z=36.5, tone=Tone.LINE, open_=True)
        sheet.pair(None, [(90, 262), (82, 281), (77.6, 296)], z=36.5, tone=Tone.LINE, open_=True)
        return
    acromion = knots("100,216 106,209 113,203.6 121.6,205 125,212 120.4,217.4 112,216 106,220")
    coracoid = knots("90,222 91,214.4 96.6,211.2 102.8,214.6 104.4,220.2 100.6,221.4 97.4,218.6 95,224")
    sheet.pair("scapula_left", blade, z=12, tone=Tone.FAR)
    sheet.pair("scapula_left", acromion, z=33.5, tone=Tone.FLAT)
    sheet.pair("scapula_left", coracoid, z=36, tone=Tone.ROUND)


FORAMEN = (36.6, 567.4, 11.6, 14.4, -28.0)
"""Obturator foramen of the left side: centre, radii, tilt."""


def draw_pelvis(sheet: Sheet) -> None:
    """Ilium, ischium and pubis around the open obturator foramen, apart at the hip socket."""
    back = sheet.view is View.BACK
    ilium = knots(
        """27,489 29.6,477.6 37,466.6 48.6,458.6 62,455.4 75,458.6 86.4,467.6 94.4,480 98.6,493
           97,499.6 92.4,501.4 88.4,506 86.6,511.4 88.4,516.4 85.6,521 85.4,526.4 81.4,530!
           75.6,526.2 67,524 58.6,525.8 51.6,530.2! 46.6,527.4 39.4,524.4 34,521.6 31.6,513.6
           28.4,502"""
    )
    ring = ellipse(*FORAMEN, n=16)
    pubis: list[Knot] = [
        (52.6, 533.0, 1),
        (45, 539.4),
        (34, 545.2),
        (22, 550.0),
        (12, 552.2),
        (4.2, 554.6),
        (2.2, 562),
        (2.6, 572),
        (6.0, 577.4),
        (12.6, 582.6),
        (19.6, 589.6, 1),
        *_arc(ring, (27.8, 581.0), (53.0, 551.6), through_low=False),
        (59.6, 545.4, 1),
        (56.2, 539.2),
    ]
    ischium: list[Knot] = [
        (61.0, 546.6, 1),
        (66.4, 551.4),
        (69.6, 557.6),
        (68.0, 566),
        (66.4, 576),
        (62.4, 588.0),
        (54.6, 596.4),
        (45.4, 598.8),
        (35.6, 597.4),
        (27.2, 593.6),
        (21.2, 590.4, 1),
        *_arc(ring, (29.2, 582.6), (53.8, 553.4), through_low=True),
    ]
    if back:
        sheet.pair("pubis_left", pubis, z=15, tone=Tone.FAR)
        sheet.pair("ischium_left", ischium, z=28, tone=Tone.TUBE)
        sheet.pair("ilium_left", ilium, z=23, tone=Tone.FLAT)
        sheet.pair(None, [(38, 476), (46, 492), (50, 512)], z=23.5, tone=Tone.LINE, open_=True)
        sheet.pair(None, [(60, 468), (72, 486), (74, 506)], z=23.5, tone=Tone.LINE, open_=True)
        return
    sheet.pair("ischium_left", ischium, z=23, tone=Tone.TUBE)
    sheet.pair("ilium_left", ilium, z=24, tone=Tone.FLAT)
    sheet.pair("pubis_left", pubis, z=25, tone=Tone.TUBE)
    sheet.pair(
        None, knots("36.6,484 45,471.4 60,464.6 76,468 88.6,482.6"), z=24.5, tone=Tone.LINE, open_=True
    )
    sheet.pair(None, [(31, 514.6), (42, 519), (52, 526.6)], z=24.5, tone=Tone.LINE, open_=True)
    sheet.middle(None, symmetric(knots("0,555.4 1.5,557 1.6,571 0,573.4")), z=24, tone=Tone.CARTILAGE)


def _arc(ring: list[Point], start: Point, end: Point, through_low: bool) -> list[Knot]:
    """Points of ``ring`` between those next to ``start`` and ``end``; the lower way round or the upper."""

    def nearest(p: Point) -> int:
        return min(range(len(ring)), key=lambda i: (ring[i][0] - p[0]) ** 2 + (ring[i][1] - p[1]) ** 2)

    n, a, b = len(ring), nearest(start), nearest(end)
    forward = [ring[(a + k) % n] for k in range((b - a) % n + 1)]
    backward = [ring[(a - k) % n] for k in range((a - b) % n + 1)]
    lower = max((forward, backward), key=lambda way: sum(p[1] for p in way) / len(way))
    chosen = lower if through_low else (backward if lower is forward else forward)
    return [(*chosen[0], 1), *chosen[1:-1], (*chosen[-1], 1)]


def both_sides(knots: list[Knot]) -> tuple[list[Knot], list[Knot]]:
    """A left-sided outline and its mirror."""
    return knots, mirrored(knots)
